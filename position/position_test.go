package position

import (
	"testing"

	"pgregory.net/rapid"

	"paperport/money"
	"paperport/order"
)

func mustApply(t testing.TB, p *Position, f Fill) Change {
	t.Helper()
	c, err := p.Apply(f)
	if err != nil {
		t.Fatalf("Apply(%+v): %v, position %+v", f, err, *p)
	}
	return c
}

func TestTurnRound(t *testing.T) {
	p := Position{Product: order.MIS}
	mustApply(t, &p, Fill{Side: order.Buy, Qty: 100, Value: 1_000_000})
	c := mustApply(t, &p, Fill{Side: order.Sell, Qty: 150, Value: 1_650_000})
	if c.Realised != 100_000 || c.Closed != 100 || p.NetQty != -50 || p.Cost != -550_000 || p.AvgPrice != 1_100_000 {
		t.Errorf("long 100 at 100.00, sold 150 at 110.00: change %+v, position %+v", c, p)
	}
	c = mustApply(t, &p, Fill{Side: order.Buy, Qty: 50, Value: 600_000})
	if c.Realised != -50_000 || p.NetQty != 0 || p.Cost != 0 || p.RealisedPnL != 50_000 {
		t.Errorf("short 50 at 110.00, bought back at 120.00: change %+v, position %+v", c, p)
	}
}

func TestSaleFromHoldings(t *testing.T) {
	p := Position{Product: order.CNC}
	c := mustApply(t, &p, Fill{Side: order.Sell, Qty: 10, Value: 15_200, FromHoldings: 10, HoldingCost: 14_500})
	if c.Realised != 700 || c.Released != 14_500 || p.NetQty != 0 || p.SellQty != 10 || p.FromHoldings != 10 {
		t.Errorf("change %+v, position %+v", c, p)
	}
	if _, err := p.Apply(Fill{Side: order.Sell, Qty: 1, Value: 1}); err == nil {
		t.Error("a CNC position went short")
	}
}

func TestHoldingLotsLeaveOldestFirst(t *testing.T) {
	h := Holding{}
	for _, lot := range []Lot{{Qty: 10, Cost: 1001, SettlesOn: 5}, {Qty: 10, Cost: 3000, SettlesOn: 6}} {
		if err := h.EndDay(5, lot, 0); err != nil {
			t.Fatal(err)
		}
	}
	if h.Qty != 10 || h.T1Qty != 10 || h.Usable() != 20 {
		t.Fatalf("delivered and settling: %+v", h)
	}
	cost, err := h.Sell(12)
	if err != nil || cost != 1001+600 {
		t.Errorf("12 oldest of 10 at 1001 and 10 at 3000 cost %d, %v; want 1601", cost, err)
	}
	if _, err := h.Sell(9); err == nil {
		t.Error("sold more than is held")
	}
	if err := h.EndDay(6, Lot{}, 0); err != nil || h.Qty != 8 || h.Cost != 2400 {
		t.Errorf("after the day: %+v, %v", h, err)
	}
}

// TestPositionIsTheSumOfItsFills: whatever the order of fills, quantity, cost and profit add up to the money that moved.
func TestPositionIsTheSumOfItsFills(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Position{Product: order.NRML}
		var net money.Qty
		var paid, realised money.Paise
		for range rapid.IntRange(1, 20).Draw(t, "fills") {
			f := Fill{
				Side:  rapid.SampledFrom([]order.Side{order.Buy, order.Sell}).Draw(t, "side"),
				Qty:   money.Qty(rapid.Int64Range(1, 5000).Draw(t, "qty")),
				Value: money.Paise(rapid.Int64Range(5000, 1e10).Draw(t, "value")),
			}
			c, err := p.Apply(f)
			if err != nil {
				t.Fatalf("%v: %+v", err, p)
			}
			realised += c.Realised
			if f.Side == order.Buy {
				net, paid = net+f.Qty, paid+f.Value
			} else {
				net, paid = net-f.Qty, paid-f.Value
			}
			if p.NetQty != net || p.Cost-realised != paid || p.RealisedPnL != realised {
				t.Fatalf("net %d paid %d realised %d, position %+v", net, paid, realised, p)
			}
		}
	})
}

func TestHoldingsConserveCost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := Holding{}
		var in, out money.Paise
		for range rapid.IntRange(1, 10).Draw(t, "days") {
			lot := Lot{Qty: money.Qty(rapid.Int64Range(0, 100).Draw(t, "bought")), Cost: money.Paise(rapid.Int64Range(1, 1e6).Draw(t, "cost"))}
			if lot.Qty > 0 {
				in += lot.Cost
			}
			for range 2 {
				if u := h.Usable(); u > 0 {
					cost, err := h.Sell(money.Qty(rapid.Int64Range(1, int64(u)).Draw(t, "sold")))
					if err != nil || cost < 0 {
						t.Fatalf("cost %d, %v", cost, err)
					}
					out += cost
				}
			}
			if err := h.EndDay(0, lot, 0); err != nil {
				t.Fatal(err)
			}
			if h.Cost != in-out {
				t.Fatalf("bought for %d, sold what cost %d, left %d", in, out, h.Cost)
			}
		}
	})
}
