package feed

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"paperport/clock"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// genQuote is mostly nonsense around a sane price, with extremes mixed in.
func genQuote(t *rapid.T) market.Quote {
	price := func(name string) money.Price {
		return money.Price(rapid.OneOf(rapid.Int64Range(95*10000, 105*10000), rapid.SampledFrom([]int64{0, 0, -1, 1, 499, 1 << 62, -1 << 63, 2400000 * 100})).Draw(t, name))
	}
	qty := func(name string) money.Qty {
		return money.Qty(rapid.OneOf(rapid.Int64Range(0, 100), rapid.SampledFrom([]int64{-1, 1 << 62})).Draw(t, name))
	}
	return market.Quote{
		Instrument: instrument.ID(rapid.Uint32Range(0, uint32(lastID)+1).Draw(t, "id")),
		At:         noon.Add(time.Duration(rapid.IntRange(-40, 40).Draw(t, "second")) * time.Second),
		Last:       price("last"), Bid: price("bid"), Ask: price("ask"), BidQty: qty("bidqty"), AskQty: qty("askqty"), Volume: qty("volume"),
		High: price("high"), Low: price("low"), LowerCircuit: price("lower"), UpperCircuit: price("upper"), OI: qty("oi"),
	}
}

// TestNothingInsaneIsEverStored: whatever arrives, in whatever order, what stands is sane, numbered and never goes back.
func TestNothingInsaneIsEverStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := clock.NewManual(noon.Time())
		f := New(Options{Clock: m, Instrument: instrumentOf})
		in := f.ListenAll()
		defer in.Close()
		var standing [lastID + 1]market.Quote
		for range rapid.IntRange(1, 40).Draw(t, "frames") {
			m.Advance(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			f.Quote(genQuote(t))
			in.Drain(func(q *market.Quote, _ *market.Depth) {
				old := standing[q.Instrument]
				standing[q.Instrument] = *q
				kept, _ := f.LastQuote(q.Instrument)
				switch {
				case kept != *q:
					t.Fatalf("delivered %+v, stored %+v", *q, kept)
				case q.Seq <= old.Seq || q.At < old.At || q.ReceivedAt < old.ReceivedAt:
					t.Fatalf("went back from %+v to %+v", old, *q)
				case q.At > q.ReceivedAt.Add(2*time.Second):
					t.Fatalf("from the future: %+v", *q)
				case q.Last < 0 || q.Bid < 0 || q.Ask < 0 || q.BidQty < 0 || q.AskQty < 0 || q.Volume < 0 || q.Last|q.Bid|q.Ask == 0:
					t.Fatalf("garbage: %+v", *q)
				case q.Bid != 0 && q.Ask != 0 && q.Bid > q.Ask:
					t.Fatalf("crossed: %+v", *q)
				case q.Last != 0 && q.High != 0 && q.Last > q.High, q.Last != 0 && q.Last < q.Low:
					t.Fatalf("outside the day: %+v", *q)
				case q.UpperCircuit != 0 && max(q.Last, q.Bid, q.Ask) > q.UpperCircuit:
					t.Fatalf("outside the circuit: %+v", *q)
				}
			})
		}
		var sum uint64
		for _, n := range f.Counts() {
			sum += n
		}
		if sum == 0 || f.Counts()[Good] != f.seq.Load() {
			t.Fatalf("counts %v, seq %d", f.Counts(), f.seq.Load())
		}
	})
}
