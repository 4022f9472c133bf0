package engine

import (
	"fmt"
	"testing"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// mustMarket is an engine with open, living boards, n shares at 100.00 and an account with orders resting below.
func mustMarket(t testing.TB, n, orders int) (*Engine, *uint64) {
	t.Helper()
	e := New(Options{Seed: 1, IsLatencyOff: true, WorkingOrdersMax: orders + 1})
	seq := uint64(0)
	day := calendar.NewDate(2026, 11, 24)
	send := func(in Input) {
		seq++
		in.Seq, in.At = seq, calendar.Instant(1_800_000_000_000_000+seq)
		for _, o := range e.Step(in) {
			if o.Fault != nil || (o.Receipt != nil && o.Receipt.Code != "") {
				t.Fatalf("input %d: %+v %+v", seq, o.Fault, o.Receipt)
			}
		}
	}
	for i := range n {
		send(Input{Instrument: &instrument.Instrument{
			ID: instrument.ID(i + 1), Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Symbol: fmt.Sprint("S", i),
			Terms: instrument.Terms{LotSize: 1, TickSize: 500, Multiplier: 1},
		}})
	}
	send(Input{Phase: &PhaseChange{Board: boardNSE, Phase: calendar.Open, TradingDate: day}})
	send(Input{Feed: &FeedState{Board: boardNSE, IsAlive: true}})
	send(Input{OpenAccount: &OpenAccount{Account: "alice", RequestID: "open-alice", Capital: 10_000_000_000_000, Plan: "flat20", Profile: Realistic}})
	for i := range n {
		q := tickOf(i, 0)
		q.ReceivedAt = calendar.Instant(1_800_000_000_000_000 + seq)
		send(Input{Quote: &q})
	}
	for i := range orders {
		send(Input{Place: &order.Place{
			Account: "alice", ClientOrderID: fmt.Sprintf("order-%06d", i), Instrument: instrument.ID(i%n + 1), Side: order.Buy, Product: order.CNC,
			Type: order.Limit, Validity: order.Day, Qty: 10, LimitPrice: money.Price(900_000 + i/n*500),
		}})
	}
	return e, &seq
}

// tickOf is a quote that fills nothing.
func tickOf(i, n int) market.Quote {
	return market.Quote{
		Instrument: instrument.ID(i + 1), Bid: 1_000_000, Ask: 1_000_500, BidQty: 100, AskQty: 100 + money.Qty(n%7), Last: 1_000_000, Volume: money.Qty(n),
	}
}

// quietTicks returns a function that sends one more quote that fills nothing.
func quietTicks(e *Engine, seq *uint64, instruments int) func() int {
	n, q := 0, market.Quote{}
	return func() int {
		n++
		*seq++
		q = tickOf(n%instruments, n)
		q.ReceivedAt = calendar.Instant(1_800_000_000_000_000 + *seq)
		return len(e.Step(Input{Seq: *seq, At: q.ReceivedAt, ReceivedAt: q.ReceivedAt, Quote: &q}))
	}
}

func TestQuietTickAllocatesNothing(t *testing.T) {
	e, seq := mustMarket(t, 100, 1000)
	tick := quietTicks(e, seq, 100)
	outputs := 0
	if got := testing.AllocsPerRun(1000, func() { outputs += tick() }); got != 0 {
		t.Errorf("%v allocations per quiet tick, want 0", got)
	}
	if outputs != 0 {
		t.Errorf("%d outputs of quiet ticks, want none", outputs)
	}
}

func BenchmarkQuietTick(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("resting-%d-per-instrument", n), func(b *testing.B) {
			e, seq := mustMarket(b, 10, n)
			tick := quietTicks(e, seq, 10)
			b.ReportAllocs()
			for b.Loop() {
				tick()
			}
		})
	}
}

// BenchmarkPlaceAndFill is one market order, accepted, filled, charged and posted.
func BenchmarkPlaceAndFill(b *testing.B) {
	e, seq := mustMarket(b, 1, 0)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		q := tickOf(0, n)
		q.AskQty = 1_000_000 + money.Qty(n)
		*seq++
		at := calendar.Instant(1_800_000_000_000_000 + *seq)
		q.ReceivedAt = at
		e.Step(Input{Seq: *seq, At: at, Quote: &q})
		*seq++
		out := e.Step(Input{Seq: *seq, At: at, Place: &order.Place{
			Account: "alice", ClientOrderID: fmt.Sprintf("order-%08d", n), Instrument: 1, Side: order.Buy, Product: order.CNC,
			Type: order.Market, Validity: order.Day, Qty: 1,
		}})
		if len(out) < 6 {
			b.Fatalf("%d outputs, want a fill", len(out))
		}
	}
}

// BenchmarkFill is one resting order filled by a quote: order, position, cash, charges, entries, evidence, hash.
func BenchmarkFill(b *testing.B) {
	const batch = 1000
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		e, seq := mustMarket(b, batch, batch)
		b.StartTimer()
		for i := range batch {
			*seq++
			q := tickOf(i, 1)
			q.Bid, q.Ask, q.Last = 899_500, 900_000, 900_000
			q.ReceivedAt = calendar.Instant(1_800_000_000_000_000 + *seq)
			if out := e.Step(Input{Seq: *seq, At: q.ReceivedAt, Quote: &q}); len(out) < 5 {
				b.Fatalf("%d outputs, want a fill", len(out))
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/fill")
}
