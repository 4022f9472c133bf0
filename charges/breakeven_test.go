package charges

import (
	"testing"

	"pgregory.net/rapid"

	"paperport/money"
	"paperport/order"
)

// paid is what an entry and an exit together make: what the break-even must turn from loss to none.
func paid(t rapid.TB, x *Exit, entry money.Paise, price money.Price) money.Paise {
	t.Helper()
	value, err := money.Turnover(price, x.Qty, x.Multiplier, money.HalfUp)
	if err != nil {
		t.Fatal(err)
	}
	note, err := x.Schedule.Note(value, x.Qty)
	if err != nil {
		t.Fatal(err)
	}
	if x.Side == order.Sell {
		return value - note.Total() - x.Fee - entry
	}
	return entry - value - note.Total() - x.Fee
}

// TestBreakEven: at it and at any better price nothing is lost, one tick worse something is.
func TestBreakEven(t *testing.T) {
	tables := mustLoad(t)
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.SampledFrom([]string{"share", "bse-share", "etf", "nifty-fut", "nifty-opt", "crude-fut", "usdinr"}).Draw(r, "contract")
		side := rapid.SampledFrom([]order.Side{order.Buy, order.Sell}).Draw(r, "entry side")
		leg := Leg{Instrument: contracts[name], Side: side, Product: order.MIS, Date: mustDate(t, "2026-11-24"), Plan: rapid.SampledFrom(tables.Plans()).Draw(r, "plan").ID}
		x := Exit{Side: other(side), Qty: money.Qty(rapid.Int64Range(1, 5000).Draw(r, "qty")), Multiplier: rapid.SampledFrom([]int64{1, 10}).Draw(r, "multiplier"),
			Tick: money.Price(rapid.SampledFrom([]int64{25, 100, 500, 1000, 10_000}).Draw(r, "tick"))}
		if name == "share" && rapid.Bool().Draw(r, "delivery") {
			leg.Product, x.Fee = order.CNC, 15_34
		}
		entry := x.mustEntry(r, tables, leg, x.Tick*money.Price(rapid.Int64Range(1, 100_000).Draw(r, "entry in ticks")))
		at, isThere := x.BreakEven(entry)
		better := x.Tick
		if x.Side == order.Buy {
			better = -x.Tick
		}
		if !isThere {
			if x.Side == order.Sell {
				r.Fatalf("a buyer without break-even, entry %s", entry)
			}
			if entry > 0 && paid(r, &x, entry, x.Tick) >= 0 {
				r.Fatalf("no break-even, yet buying back at %s makes %s", x.Tick, paid(r, &x, entry, x.Tick))
			}
			return
		}
		if at <= 0 || at%x.Tick != 0 {
			r.Fatalf("break-even %s is not on the tick %s", at, x.Tick)
		}
		if worse := at - better; worse > 0 && paid(r, &x, entry, worse) >= 0 {
			r.Fatalf("%s is one tick worse than %s and makes %s", worse, at, paid(r, &x, entry, worse))
		}
		for n, price := 0, at; n < 3000 && price > 0; n, price = n+1, price+better {
			if made := paid(r, &x, entry, price); made < 0 {
				r.Fatalf("break-even %s, yet %s loses %s", at, price, made)
			}
		}
	})
}

func other(s order.Side) order.Side {
	if s == order.Buy {
		return order.Sell
	}
	return order.Buy
}

// mustEntry gives the exit its rates and returns the money of the entry with its charges.
func (x *Exit) mustEntry(t rapid.TB, tables *Tables, leg Leg, price money.Price) money.Paise {
	t.Helper()
	s, err := tables.Schedule(leg)
	if err != nil {
		t.Fatal(err)
	}
	value, err := money.Turnover(price, x.Qty, x.Multiplier, money.HalfUp)
	if err != nil {
		t.Fatal(err)
	}
	note, err := s.Note(value, x.Qty)
	if err != nil {
		t.Fatal(err)
	}
	leg.Side = x.Side
	if x.Schedule, err = tables.Schedule(leg); err != nil {
		t.Fatal(err)
	}
	if x.Side == order.Buy {
		return value - note.Total()
	}
	return value + note.Total()
}

func TestBreakEvenOfGoldenEntries(t *testing.T) {
	tables, date := mustLoad(t), mustDate(t, "2026-11-24")
	for _, c := range []struct {
		name, contract string
		side           order.Side
		product        order.Product
		qty            money.Qty
		price, tick    money.Price
		fee            money.Paise
		want           money.Price
	}{
		// 145172.43 spent. 100 x 1453.40 less STT 145, 4.46, 0.15, GST 0.83 and the fee 15.34 leaves 145174.22; a tick less 145164.22.
		{"E1", "share", order.Buy, order.CNC, 100, 1450_0000, 1000, 15_34, 1453_4000},
		// 7859.39 spent. 65 x 121.55 less 20, 2.81, 0.01, GST 4.11 and STT 12 leaves 7861.82; a tick less 7858.57.
		{"E5", "nifty-opt", order.Buy, order.NRML, 65, 120_5000, 500, 0, 121_5500},
		// 5491.08 brought. 65 x 84.05 and 20, 1.94, 0.01 and GST 3.95 take 5489.15; a tick more 5492.40.
		{"E6", "nifty-opt", order.Sell, order.NRML, 65, 85_0000, 500, 0, 84_0500},
		{"a premium below its charges", "nifty-opt", order.Sell, order.NRML, 65, 3000, 500, 0, 0},
	} {
		leg := Leg{Instrument: contracts[c.contract], Side: c.side, Product: c.product, Date: date, Plan: "flat20"}
		x := Exit{Side: other(c.side), Qty: c.qty, Multiplier: 1, Tick: c.tick, Fee: c.fee}
		entry := x.mustEntry(t, tables, leg, c.price)
		if got, isThere := x.BreakEven(entry); got != c.want || isThere != (c.want != 0) {
			t.Errorf("%s: break-even %s (%v), want %s", c.name, got, isThere, c.want)
		}
	}
	if _, isThere := (&Exit{Side: order.Sell, Qty: 1}).BreakEven(0); isThere {
		t.Error("nothing paid has a break-even")
	}
}
