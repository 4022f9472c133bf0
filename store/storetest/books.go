// Package storetest is the suite that every implementation of store must pass: books, their atomicity and order, and
// what is read back. It opens nothing itself.
package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"paperport/calendar"
	"paperport/charges"
	"paperport/engine"
	"paperport/ledger"
	"paperport/order"
	"paperport/position"
	"paperport/store"
)

// Books runs the suite. open returns an empty store; the caller closes it.
func Books(t *testing.T, open func(t *testing.T) store.Books) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, store.Books)
	}{
		{"batch comes back", batchComesBack},
		{"rows are replaced", rowsAreReplaced},
		{"refused batch leaves nothing", refusedBatchLeavesNothing},
		{"journal must continue", journalMustContinue},
		{"waiting batches are stored apart", waitingBatchesApart},
		{"ledger pages", ledgerPages},
		{"entries of a day", entriesOfADay},
		{"two snapshots stay", twoSnapshotsStay},
		{"pruning keeps the tail", pruningKeepsTail},
		{"watch lists", watchlists},
		{"instruments", instruments},
		{"cash of a day", dayCash},
		{"settings and fault", settingsAndFault},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

const (
	venue  = store.VenueID("demo")
	first  = order.AccountID("0000000000000000000000000000000a")
	second = order.AccountID("0000000000000000000000000000000b")
	day    = calendar.Date(20_000)
)

func mustSubmit(t *testing.T, s store.Books, b *store.Batch) {
	t.Helper()
	if err := submit(s, b); err != nil {
		t.Fatalf("Submit: %v", err)
	}
}

func submit(s store.Books, b *store.Batch) error {
	answer := make(chan error, 1)
	s.Submit(b, func(err error) { answer <- err })
	return <-answer
}

func mustVenue(t *testing.T, s store.Books) {
	t.Helper()
	if err := s.AddVenue(t.Context(), store.Venue{ID: venue, Kind: "demo", Name: "Demo", CreatedAt: 1, Settings: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

func account(id order.AccountID) store.Account {
	return store.Account{ID: id, Owner: "owner", Venue: venue, Name: "Main", Plan: "flat20", Profile: "realistic", Capital: 100, OpenedAt: 5}
}

func working(id order.ID) order.Order {
	return order.Order{ID: id, Account: first, ClientOrderID: "client-0001", Instrument: 7, Side: order.Sell, Product: order.NRML,
		Type: order.Limit, Validity: order.Day, OrderQty: 130, CumQty: 65, LeavesQty: 65, LimitPrice: 1_234_500, AvgPrice: 1_234_567,
		Status: order.Open, Reserved: 9, AcceptedAt: 10, ActiveAt: 11, UpdatedAt: 12, TradingDate: day, Revision: 2, Tag: "tag",
		TriggerPrice: 1_234_000, TriggeredAt: 12, Minutes: 5, ExpiresAt: 300}
}

// full is a batch with a row of everything; its journal covers one input.
func full(seq uint64) *store.Batch {
	o := working(order.ID(seq))
	trade := order.Trade{ID: order.TradeID(seq), Order: o.ID, Account: first, Instrument: 7, Side: order.Sell, Product: order.NRML, Qty: 65,
		Price: 1_234_567, At: 11, TradingDate: day, Evidence: order.Evidence{QuoteSeq: 3, Bid: 1, Ask: 2, Rule: "walks-depth", IsFromBars: true}}
	return &store.Batch{
		Venue:   venue,
		Journal: &store.Journal{First: seq, Last: seq, At: 10, Version: 1, Payload: []byte{1, 2, 3}, Hash: [32]byte{byte(seq)}},
		Orders:  []order.Order{o},
		Events: []store.OrderEvent{{Seq: seq, N: 0, Kind: "accepted", At: 10, Order: o},
			{Seq: seq, N: 1, Kind: "filled", At: 11, Order: o}},
		Trades: []store.Trade{{Seq: seq, TradeEvent: engine.TradeEvent{Trade: trade, RealisedPnL: -4,
			Charges: charges.Note{Turnover: 1, Brokerage: 2, STT: 3, Exchange: 4, SEBIFee: 5, StampDuty: 6, GST: 7, CTT: 8, DPCharge: 9}}}},
		Entries: []ledger.Entry{{Number: int64(seq), Account: string(first), Kind: "trade", Ref: "trade:1", Text: "Sold", At: 11, TradingDate: day,
			Postings: []ledger.Posting{{Book: "cash", Amount: 100}, {Book: "pnl", Amount: -100}}, Balance: 77}},
		Positions: []position.Position{{Account: first, Instrument: 7, Product: order.NRML, NetQty: -65, Cost: -5, SellQty: 65, SellValue: 5, TradingDate: day, CarriedQty: 3, FromHoldings: 4}},
		Holdings: []position.Holding{{Account: first, Instrument: 8, Qty: 10, Cost: 1000, AvgPrice: 10_000,
			Lots: []position.Lot{{Qty: 10, Price: 10_000, Cost: 1000, Bought: day, SettlesOn: day + 1}}, DPChargedOn: day}},
		Funds:    []engine.Funds{{Account: first, Cash: 77, Blocked: 7, Free: 70, OrderBlocked: 3, PositionBlocked: 4}},
		Receipts: []store.Receipt{{Seq: seq, Receipt: engine.Receipt{Account: first, RequestID: "client-000" + string(rune('0'+seq)), Order: o.ID, At: 10, Fingerprint: 1<<63 + seq}}},
		Boards: []store.Board{{Board: calendar.Board{Exchange: calendar.NSE, Segment: calendar.Equity, Auction: true}, Phase: calendar.Open,
			TradingDate: day, EndedDate: day - 1, IsSquaredOff: true, Reason: "open"}},
	}
}
