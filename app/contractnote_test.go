package app

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"paperport/calendar"
	"paperport/charges"
	"paperport/engine"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// noteWorld trades generated days in a share, an option and what they settle to, and keeps what a note is made of.
type noteWorld struct {
	r       *rapid.T
	e       *engine.Engine
	now     calendar.Instant
	date    calendar.Date
	seq     uint64
	trades  map[calendar.Date][]Trade
	entries map[calendar.Date][]ledger.Entry
}

var (
	noteBoards    = []calendar.Board{{Exchange: calendar.NSE, Segment: calendar.Equity}, {Exchange: calendar.NSE, Segment: calendar.FNO}}
	noteContracts = []instrument.Instrument{
		{ID: 1, Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Symbol: "ACME", Terms: instrument.Terms{LotSize: 1, TickSize: 500, Multiplier: 1}},
		{ID: 3, Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Index, Symbol: "NIFTY"},
		{ID: 4, Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Option, Right: instrument.Call, Symbol: "CE", Underlying: "NIFTY", UnderlyingID: 3,
			Expiry: calendar.NewDate(2026, time.November, 25), Strike: 4_000_000, Terms: instrument.Terms{LotSize: 5, TickSize: 500, Multiplier: 1, UnderlyingIsIndex: true}},
	}
)

func newNoteWorld(r *rapid.T) *noteWorld {
	w := &noteWorld{r: r, date: calendar.NewDate(2026, time.November, 24), trades: map[calendar.Date][]Trade{}, entries: map[calendar.Date][]ledger.Entry{}}
	w.e = engine.New(engine.Options{IsLatencyOff: true, WorkingOrdersMax: 50})
	w.now = w.date.At(0)
	for i := range noteContracts {
		w.send(engine.Input{Instrument: &noteContracts[i]})
	}
	plan := rapid.SampledFrom([]string{"flat20", "icici_prime_4999", "icici_neo"}).Draw(r, "plan")
	w.send(engine.Input{OpenAccount: &engine.OpenAccount{Account: "alice", RequestID: "open-0001", Capital: 100_000_000_00, Plan: plan, Profile: DefaultProfile}})
	w.open()
	return w
}

func (w *noteWorld) open() {
	for _, b := range noteBoards {
		w.send(engine.Input{Phase: &engine.PhaseChange{Board: b, Phase: calendar.Open, TradingDate: w.date}})
		w.send(engine.Input{Feed: &engine.FeedState{Board: b, IsAlive: true}})
	}
}

func (w *noteWorld) send(in engine.Input) {
	w.seq++
	w.now = w.now.Add(time.Second)
	in.Seq, in.At, in.ReceivedAt = w.seq, w.now, w.now
	for _, out := range w.e.Step(in) {
		switch {
		case out.Fault != nil:
			w.r.Fatalf("the engine halts: %+v", *out.Fault)
		case out.Trade != nil:
			d := out.Trade.Trade.TradingDate
			i := noteContracts[0]
			if out.Trade.Trade.Instrument == 4 {
				i = noteContracts[2]
			}
			w.trades[d] = append(w.trades[d], Trade{TradeEvent: *out.Trade, Contract: &i})
		case out.Entry != nil:
			w.entries[out.Entry.TradingDate] = append(w.entries[out.Entry.TradingDate], *out.Entry)
		}
	}
}

func (w *noteWorld) trade() {
	id := rapid.SampledFrom([]instrument.ID{1, 1, 4}).Draw(w.r, "instrument")
	price := 500 * money.Price(rapid.Int64Range(1000, 3000).Draw(w.r, "price"))
	w.quote(id, price)
	p := order.Place{Account: "alice", ClientOrderID: fmt.Sprintf("client-%04d", w.seq), Instrument: id, Type: order.Limit, Validity: order.Day,
		Side: rapid.SampledFrom([]order.Side{order.Buy, order.Sell}).Draw(w.r, "side"), Product: rapid.SampledFrom([]order.Product{order.CNC, order.MIS}).Draw(w.r, "product"),
		Qty: money.Qty(rapid.Int64Range(1, 7000).Draw(w.r, "qty")), LimitPrice: price + 500}
	if p.Side == order.Sell {
		p.LimitPrice = price
	}
	if id == 4 {
		p.Product, p.Qty = order.NRML, p.Qty*5
	}
	w.send(engine.Input{Place: &p})
	w.quote(id, price)
}

func (w *noteWorld) quote(id instrument.ID, price money.Price) {
	at := w.now.Add(time.Second)
	w.send(engine.Input{Quote: &market.Quote{Instrument: id, Seq: w.seq + 1, At: at, ReceivedAt: at, Last: price, PrevClose: price, Bid: price, BidQty: 5_000, Ask: price + 500, AskQty: 5_000}})
}

// endDay closes the date; a contract that ends on it is settled first.
func (w *noteWorld) endDay() {
	spot := 500 * money.Price(rapid.Int64Range(7900, 8500).Draw(w.r, "spot"))
	marks := []engine.Mark{{Instrument: 1, Price: 1_000_000}, {Instrument: 3, Price: spot}}
	w.send(engine.Input{Expire: &engine.Expire{Board: noteBoards[1], TradingDate: w.date, Marks: marks}})
	for _, b := range noteBoards {
		w.send(engine.Input{DayEnd: &engine.DayEnd{Board: b, TradingDate: w.date, Next: w.date + 1, Settles: w.date + 1, Marks: marks}})
	}
	w.date++
	w.now = max(w.now, w.date.At(0))
	w.open()
}

// check compares a note with the postings of its date, line by line.
func (w *noteWorld) check(date calendar.Date) ContractNote {
	n := noteOf(w.trades[date], w.entries[date], date)
	want, cash := charges.Note{}, money.Paise(0)
	for i := range w.entries[date] {
		e := &w.entries[date][i]
		said, moved := postedCharges(e)
		want = want.Add(said)
		if e.Kind != "opening" {
			cash += moved
		}
	}
	got := n.Charges
	got.Turnover = 0
	if got != want || n.Ledger != want || n.Difference() != 0 {
		w.r.Fatalf("%s: the note says %+v, the ledger %+v", date, got, want)
	}
	if n.Net != cash || n.Net != n.TradeCash-n.Charges.Total()-n.Charges.DPCharge {
		w.r.Fatalf("%s: net %s, cash moved by %s, trades by %s", date, n.Net, cash, n.TradeCash)
	}
	var sum charges.Note
	var gross money.Paise
	count := 0
	for _, x := range n.Instruments {
		var part charges.Note
		for _, o := range x.Orders {
			count += len(o.Trades)
			part = part.Add(o.Charges)
		}
		if part != x.Charges {
			w.r.Fatalf("%s: orders of %s cost %+v, the contract %+v", date, x.Contract.Symbol, part, x.Charges)
		}
		sum, gross = sum.Add(part), gross+x.RealisedPnL
	}
	for _, o := range n.Others {
		sum = sum.Add(o.Charges)
	}
	if sum != n.Charges || count != len(w.trades[date]) || gross != n.GrossPnL {
		w.r.Fatalf("%s: %d of %d trades, parts %+v of %+v, gross %s of %s", date, count, len(w.trades[date]), sum, n.Charges, gross, n.GrossPnL)
	}
	return n
}

// TestNoteAddsUpWithTheLedger: over generated days of trading, selling out of holdings and expiry.
func TestNoteAddsUpWithTheLedger(t *testing.T) {
	traded, settled := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		w := newNoteWorld(r)
		first := w.date
		for range rapid.IntRange(1, 3).Draw(r, "days") {
			for range rapid.IntRange(0, 12).Draw(r, "orders") {
				w.trade()
			}
			w.endDay()
		}
		for d := first; d < w.date; d++ {
			n := w.check(d)
			traded += len(n.Instruments)
			settled += len(n.Others)
		}
	})
	if traded == 0 || settled == 0 {
		t.Errorf("%d contracts traded, %d charges without a trade: the days say nothing", traded, settled)
	}
}

// TestNoteShowsWhatDoesNotAddUp: a posting that is not what its trade says is a difference.
func TestNoteShowsWhatDoesNotAddUp(t *testing.T) {
	trade := Trade{Contract: &noteContracts[0], TradeEvent: engine.TradeEvent{Trade: order.Trade{ID: 7, Order: 3, Qty: 1, Price: 10_000, Side: order.Buy},
		Charges: charges.Note{Turnover: 100, GST: 5, DPCharge: 9}}}
	entry := func(book string, amount money.Paise) ledger.Entry {
		return ledger.Entry{Kind: "charges", Ref: "trade:7", Postings: []ledger.Posting{{Book: ledger.Cash, Amount: -amount}, {Book: book, Amount: amount}}}
	}
	for name, c := range map[string]struct {
		entries []ledger.Entry
		want    money.Paise
	}{
		"right":      {[]ledger.Entry{entry(ledger.GST, 5), entry(ledger.DP, 9)}, 0},
		"a paisa":    {[]ledger.Entry{entry(ledger.GST, 6), entry(ledger.DP, 9)}, 5},
		"wrong book": {[]ledger.Entry{entry(ledger.STT, 5), entry(ledger.DP, 9)}, 5},
		"no fee":     {[]ledger.Entry{entry(ledger.GST, 5)}, 9},
		"nothing":    {nil, 14},
	} {
		if n := noteOf([]Trade{trade}, c.entries, 0); n.Difference() != c.want {
			t.Errorf("%s: difference %s, want %s", name, n.Difference(), c.want)
		}
	}
}

// TestContractNoteOfAnAccount reads one from the store, with the roundings of the day.
func TestContractNoteOfAnAccount(t *testing.T) {
	b := mustBourse(t)
	mine := b.mustAccount(trader)
	b.pass()
	for n := range 3 {
		b.fill(mine, mustPlace(t, b.app, b.order(mine, fmt.Sprintf("buy-%05d", n), 1, 0)).Order)
	}
	n, err := b.app.ContractNote(t.Context(), trader, mine.ID, 0)
	if err != nil || len(n.Instruments) != 1 || len(n.Instruments[0].Orders) != 3 || n.Difference() != 0 || n.Date != opening.Date() || n.Account.ID != mine.ID {
		t.Fatalf("note %+v, %v", n, err)
	}
	// Each order of 1301.00 pays 1 of STT where 1.30 is exact, and no stamp duty where 0.20 is; one note of the day would
	// pay 4 (3.90) and 1 (0.60).
	if want := (NoteRounding{Tax: -90, Stamp: -60, Day: -200}); n.Rounding != want {
		t.Errorf("rounding %+v, want %+v", n.Rounding, want)
	}
	f, err := b.app.Funds(t.Context(), trader, mine.ID)
	if err != nil || n.Net != f.Cash-DefaultCapital || n.Charges.Total() != f.Charges {
		t.Errorf("net %s, charges %s; funds %+v, %v", n.Net, n.Charges.Total(), f, err)
	}
	if n, err = b.app.ContractNote(t.Context(), trader, mine.ID, opening.Date()-1); err != nil || len(n.Instruments) != 0 || n.Net != 0 {
		t.Errorf("a day without trades: %+v, %v", n, err)
	}
}
