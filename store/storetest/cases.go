package storetest

import (
	"errors"
	"sync"
	"testing"

	"paperport/calendar"
	"paperport/engine"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/money"
	"paperport/order"
	"paperport/store"
)

func mustState(t *testing.T, s store.Books) store.VenueState {
	t.Helper()
	state, err := s.VenueState(t.Context(), venue)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func opened(t *testing.T, s store.Books) {
	t.Helper()
	mustVenue(t, s)
	mustSubmit(t, s, &store.Batch{Venue: venue, Accounts: []store.Account{account(first), account(second)}})
}

func batchComesBack(t *testing.T, s store.Books) {
	ctx := t.Context()
	opened(t, s)
	b := full(1)
	mustSubmit(t, s, b)
	state := mustState(t, s)
	equal(t, "orders", state.Orders, b.Orders)
	equal(t, "trades", state.Trades, b.Trades)
	equal(t, "positions", state.Positions, b.Positions)
	equal(t, "holdings", state.Holdings, b.Holdings)
	equal(t, "funds", state.Funds, b.Funds)
	equal(t, "last numbers", []int64{int64(state.LastOrder), int64(state.LastTrade), state.LastEntry}, []int64{1, 1, 1})
	steps, err := s.OrderEvents(ctx, first, 1)
	equal(t, "steps", steps, b.Events)
	entries, err2 := s.EntriesBefore(ctx, first, 0, 10)
	equal(t, "entries", entries, b.Entries)
	receipts, err3 := s.Receipts(ctx, venue)
	equal(t, "receipts", receipts, b.Receipts)
	boards, err4 := s.Boards(ctx, venue)
	equal(t, "boards", boards, b.Boards)
	balances, err5 := s.Balances(ctx, venue)
	equal(t, "balances", balances, []store.Balance{{Account: first, Book: "cash", Amount: 100}, {Account: first, Book: "pnl", Amount: -100}})
	last, err6 := s.LastJournal(ctx, venue)
	equal(t, "journal", &last, b.Journal)
	accounts, err7 := s.Accounts(ctx)
	equal(t, "accounts", accounts, []store.Account{account(first), account(second)})
	if err := errors.Join(err, err2, err3, err4, err5, err6, err7); err != nil {
		t.Error(err)
	}
	if _, err := s.Order(ctx, second, 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another account's order: %v, want ErrNotFound", err)
	}
}

func rowsAreReplaced(t *testing.T, s store.Books) {
	opened(t, s)
	mustSubmit(t, s, full(1))
	b := &store.Batch{Venue: venue, Orders: full(1).Orders, Positions: full(1).Positions, Holdings: full(1).Holdings, Funds: full(1).Funds,
		Receipts: full(1).Receipts}
	b.Orders[0].Status, b.Orders[0].CancelledQty, b.Orders[0].LeavesQty = order.Cancelled, 65, 0
	b.Positions[0].NetQty, b.Holdings[0].Qty, b.Funds[0].Cash = 0, 3, 1
	b.Receipts[0].Code = "LATER"
	mustSubmit(t, s, b)
	state := mustState(t, s)
	equal(t, "orders", state.Orders, b.Orders)
	equal(t, "positions", state.Positions, b.Positions)
	equal(t, "holdings", state.Holdings, b.Holdings)
	equal(t, "funds", state.Funds, b.Funds)
	receipts, err := s.Receipts(t.Context(), venue)
	if err != nil || len(receipts) != 1 || receipts[0].Code != "" {
		t.Errorf("a second receipt of one request replaced the first: %+v, %v", receipts, err)
	}
}

func refusedBatchLeavesNothing(t *testing.T, s store.Books) {
	opened(t, s)
	mustSubmit(t, s, full(1))
	again := full(2)
	again.Trades[0].Trade.ID = 1
	if err := submit(s, again); !errors.Is(err, store.ErrConflict) {
		t.Fatalf("a trade number given out twice: %v, want ErrConflict", err)
	}
	if state := mustState(t, s); len(state.Orders) != 1 || state.LastEntry != 1 {
		t.Errorf("a refused batch left rows: %+v", state)
	}
	mustSubmit(t, s, full(2))
}

func journalMustContinue(t *testing.T, s store.Books) {
	opened(t, s)
	mustSubmit(t, s, full(1))
	for _, seq := range []uint64{1, 3} {
		b := &store.Batch{Venue: venue, Journal: &store.Journal{First: seq, Last: seq, Payload: []byte{}}}
		if err := submit(s, b); !errors.Is(err, store.ErrConflict) {
			t.Errorf("input %d after 1: %v, want ErrConflict", seq, err)
		}
	}
	mustSubmit(t, s, &store.Batch{Venue: venue, Journal: &store.Journal{First: 2, Last: 9, Payload: []byte{}}})
	mustSubmit(t, s, &store.Batch{Venue: venue, Journal: &store.Journal{First: 10, Last: 10, Payload: []byte{}}})
}

// waitingBatchesApart submits good and bad batches at once: each has its own answer.
func waitingBatchesApart(t *testing.T, s store.Books) {
	opened(t, s)
	var waits sync.WaitGroup
	answers := make([]error, 200)
	for i := range answers {
		waits.Add(1)
		f := engine.Funds{Account: order.AccountID(rune('a' + i%2)), Cash: 1}
		b := &store.Batch{Venue: venue, Funds: []engine.Funds{f}, Entries: []ledger.Entry{{Number: int64(i), Account: "a"}}}
		if i%3 == 0 {
			b.Entries = append(b.Entries, b.Entries[0])
		}
		s.Submit(b, func(err error) { answers[i] = err; waits.Done() })
	}
	waits.Wait()
	for i, err := range answers {
		if isBad := i%3 == 0; isBad != errors.Is(err, store.ErrConflict) || !isBad && err != nil {
			t.Errorf("batch %d: %v", i, err)
		}
	}
	entries, err := s.EntriesBefore(t.Context(), "a", 0, 1000)
	if err != nil || len(entries) != 133 {
		t.Errorf("%d entries stored, want 133; %v", len(entries), err)
	}
}

func ledgerPages(t *testing.T, s store.Books) {
	opened(t, s)
	for i := range uint64(5) {
		mustSubmit(t, s, full(i+1))
	}
	var seen []int64
	for before := int64(0); ; {
		page, err := s.EntriesBefore(t.Context(), first, before, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			seen = append(seen, e.Number)
			equal(t, "postings", e.Postings, full(1).Entries[0].Postings)
		}
		if len(page) < 2 {
			break
		}
		before = page[1].Number
	}
	equal(t, "pages", seen, []int64{5, 4, 3, 2, 1})
}

// entriesOfADay: those of the date alone, in order and with their postings, whatever stands between them.
func entriesOfADay(t *testing.T, s store.Books) {
	opened(t, s)
	for i := range uint64(5) {
		b := full(i + 1)
		if i%2 == 1 {
			b.Entries[0].TradingDate = day + 1
		}
		mustSubmit(t, s, b)
	}
	for date, want := range map[calendar.Date][]int64{day - 1: nil, day: {1, 3, 5}, day + 1: {2, 4}} {
		found, err := s.EntriesOn(t.Context(), first, date)
		if err != nil {
			t.Fatal(err)
		}
		var numbers []int64
		for _, e := range found {
			numbers = append(numbers, e.Number)
			equal(t, "postings", e.Postings, full(1).Entries[0].Postings)
		}
		equal(t, "entries of "+date.String(), numbers, want)
	}
}

func mustSnapshot(t *testing.T, s store.Books, seq uint64) {
	t.Helper()
	mustSubmit(t, s, &store.Batch{Venue: venue, Snapshot: &store.Snapshot{Seq: seq, At: 1, Version: 1, State: []byte{byte(seq)}, Hash: [32]byte{1}, StateHash: [32]byte{2}}})
}

func twoSnapshotsStay(t *testing.T, s store.Books) {
	opened(t, s)
	for _, seq := range []uint64{1, 5, 9} {
		mustSnapshot(t, s, seq)
	}
	got, err := s.Snapshots(t.Context(), venue)
	if err != nil || len(got) != 2 || got[0].Seq != 9 || got[1].Seq != 5 || got[0].State[0] != 9 || got[0].StateHash != [32]byte{2} {
		t.Errorf("got %+v, %v; want snapshots 9 and 5", got, err)
	}
}

func pruningKeepsTail(t *testing.T, s store.Books) {
	opened(t, s)
	for seq := range uint64(6) {
		mustSubmit(t, s, &store.Batch{Venue: venue, Journal: &store.Journal{First: seq + 1, Last: seq + 1, At: 10, Payload: []byte{}}})
	}
	mustSnapshot(t, s, 3)
	if err := s.PruneJournal(t.Context(), venue, 100); err != nil {
		t.Fatal(err)
	}
	equal(t, "rows with one snapshot", journalSeqs(t, s), []uint64{1, 2, 3, 4, 5, 6})
	mustSnapshot(t, s, 5)
	if err := s.PruneJournal(t.Context(), venue, 10); err != nil {
		t.Fatal(err)
	}
	equal(t, "rows younger than the limit", journalSeqs(t, s), []uint64{1, 2, 3, 4, 5, 6})
	if err := s.PruneJournal(t.Context(), venue, 11); err != nil {
		t.Fatal(err)
	}
	equal(t, "rows after the second-newest snapshot", journalSeqs(t, s), []uint64{4, 5, 6})
}

func journalSeqs(t *testing.T, s store.Books) (seqs []uint64) {
	t.Helper()
	err := s.JournalAfter(t.Context(), venue, 0, func(j store.Journal) error {
		seqs = append(seqs, j.First)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return seqs
}

func watchlists(t *testing.T, s store.Books) {
	w := store.Watchlist{Owner: "u", Number: 2, Name: "Banks", Venue: venue, Instruments: []uint32{9, 1}}
	for range 2 {
		if err := s.PutWatchlist(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		got, err := s.Watchlists(t.Context(), "u")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "lists", got, []store.Watchlist{w})
		w.Name, w.Instruments = "Other", []uint32{}
	}
	elsewhere := store.Watchlist{Owner: "u", Number: 2, Name: "2", Venue: venue + "-x", Instruments: []uint32{7}}
	if err := s.PutWatchlist(t.Context(), elsewhere); err != nil {
		t.Fatal(err)
	}
	got, err := s.Watchlists(t.Context(), "u")
	if err != nil {
		t.Fatal(err)
	}
	w.Name, w.Instruments = "Other", []uint32{}
	equal(t, "lists of two venues", got, []store.Watchlist{w, elsewhere})
}

func instruments(t *testing.T, s store.Books) {
	rows := make([]instrument.Stored, 2500)
	for i := range rows {
		rows[i] = instrument.Stored{From: day, Source: instrument.Source(i % 2), Instrument: instrument.Instrument{ID: instrument.ID(i + 1), Exchange: calendar.NSE,
			Segment: calendar.FNO, Kind: instrument.Option, Right: instrument.Put, Symbol: "NIFTY26DEC24000PE", Name: "NIFTY", ISIN: "I",
			Series: "S", Underlying: "NIFTY", UnderlyingID: 3, Expiry: day + 9, Strike: 24_000 * money.PriceScale,
			Terms: instrument.Terms{LotSize: 65, FreezeQty: 1800, TickSize: 500, Multiplier: 1, IsETF: i%2 == 0, UnderlyingIsIndex: i%3 == 0}}}
	}
	for _, part := range [][]instrument.Stored{rows[:3], rows[3:]} {
		if err := s.AddInstruments(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Instruments(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "instruments", got, rows)
}

func dayCash(t *testing.T, s store.Books) {
	opened(t, s)
	mustSubmit(t, s, full(1))
	mustSubmit(t, s, full(2))
	got, err := s.DayCash(t.Context(), venue, day)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "cash of the day", got, []store.DayCash{{Account: first, Kind: "trade", Amount: 200}})
	if got, err := s.DayCash(t.Context(), venue, day+1); err != nil || got != nil {
		t.Errorf("another day: %v, %v", got, err)
	}
}

func settingsAndFault(t *testing.T, s store.Books) {
	opened(t, s)
	if err := s.AddVenue(t.Context(), store.Venue{ID: venue}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a second venue of one id: %v, want ErrConflict", err)
	}
	fault := "postings do not balance"
	mustSubmit(t, s, &store.Batch{Venue: venue, Settings: []byte("{1}"), Fault: &fault})
	venues, err := s.Venues(t.Context())
	if err != nil || len(venues) != 1 || string(venues[0].Settings) != "{1}" || venues[0].Fault != fault {
		t.Errorf("got %+v, %v", venues, err)
	}
}
