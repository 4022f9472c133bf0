package margin

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/options"
)

// world is a market of one index to draw portfolios from: three expiries, the first of them today, a future and strikes each.
type world struct {
	u         Underlying
	contracts []Contract
}

func mustWorld(t testing.TB) world {
	t.Helper()
	day := calendar.NewDate(2026, 6, 30)
	expiries := []calendar.Date{day, day.Add(28), day.Add(56)}
	w := world{u: Underlying{Date: day, IsIndex: true, Spot: inPrice(24000), Label: Approximate}}
	var err error
	if w.u.Spreads, err = mustTables(t).ModelSpreads(true, day, expiries, inPrice(24300)); err != nil {
		t.Fatal(err)
	}
	for _, e := range expiries {
		years := (float64(e-day) + 0.25) / 365
		in := options.ScanInput{Spot: 24000, Years: years, Rate: options.ScanRate, PSR: 0.093, VSR: 0.04, Vol: 0.14}
		in.IsFuture = true
		w.add(t, e, in)
		in.IsFuture = false
		for _, strike := range []float64{21000, 23000, 24000, 25000, 27000} {
			in.Strike = strike
			for _, in.IsPut = range []bool{false, true} {
				w.add(t, e, in)
			}
		}
	}
	return w
}

func (w *world) add(t testing.TB, expiry calendar.Date, in options.ScanInput) {
	t.Helper()
	a, err := options.Scan(in)
	if err != nil {
		t.Fatal(err)
	}
	c := Contract{ID: instrument.ID(len(w.contracts) + 1), Kind: instrument.Future, Expiry: expiry, Strike: inPrice(in.Strike), Multiplier: 1, DaysLeft: 20, Array: Array(a)}
	if !in.IsFuture {
		c.Kind, c.Right = instrument.Option, instrument.Call
		if in.IsPut {
			c.Right = instrument.Put
		}
	}
	w.contracts = append(w.contracts, c)
}

func (w *world) legs(t *rapid.T, label string, most int) []Leg {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Leg {
		return Leg{rapid.SampledFrom(w.contracts).Draw(t, "contract"), 65 * money.Qty(rapid.IntRange(-3, 3).Draw(t, "lots"))}
	}), 0, most).Draw(t, label)
}

func (w *world) orders(t *rapid.T, most int) []Working {
	var orders []Working
	for _, l := range w.legs(t, "orders", most) {
		if l.Qty != 0 {
			orders = append(orders, Working{Leg: l, Limit: l.Array.Price + 50_000})
		}
	}
	return orders
}

// slowSpan is the formula of india-rules 4.3, written out with big numbers: in paise, rounded up.
func slowSpan(p Portfolio) (span, charge money.Paise) {
	risk, nov := new(big.Int), new(big.Int)
	deltas := map[calendar.Date]*big.Int{}
	owes := map[instrument.ID]money.Qty{}
	for _, isToday := range []bool{false, true} {
		var losses [ScanPoints]*big.Int
		for j := range losses {
			losses[j] = new(big.Int)
		}
		for _, l := range p.Legs {
			if (l.Expiry == p.Date) != isToday {
				continue
			}
			qty := big.NewInt(int64(l.Qty))
			for j := range losses {
				losses[j].Add(losses[j], new(big.Int).Mul(qty, big.NewInt(int64(l.Array.Losses[j]))))
			}
			if l.Kind == instrument.Option {
				nov.Add(nov, new(big.Int).Mul(qty, big.NewInt(int64(l.Array.Price))))
			}
			if deltas[l.Expiry] == nil {
				deltas[l.Expiry] = new(big.Int)
			}
			deltas[l.Expiry].Add(deltas[l.Expiry], new(big.Int).Mul(qty, big.NewInt(int64(l.Array.Delta))))
			owes[l.ID] += l.Qty
		}
		worst := new(big.Int)
		for _, l := range losses {
			if l.Cmp(worst) > 0 {
				worst = l
			}
		}
		risk.Add(risk, worst)
	}
	hasRisk := false
	for _, l := range p.Legs {
		hasRisk = hasRisk || owes[l.ID] < 0 || owes[l.ID] != 0 && l.Kind == instrument.Future
	}
	if !hasRisk {
		return 0, 0
	}
	calendarCharge := slowCharge(p.Spreads, deltas)
	total := new(big.Int).Sub(risk.Add(risk, calendarCharge), nov)
	if total.Sign() < 0 {
		return 0, 0
	}
	return upToPaise(total.Int64()), upToPaise(calendarCharge.Int64())
}

func slowCharge(spreads []Spread, deltas map[calendar.Date]*big.Int) *big.Int {
	total := new(big.Int)
	for _, s := range spreads {
		a, b := deltas[s.A], deltas[s.B]
		if a == nil || b == nil || a.Sign()*b.Sign() >= 0 {
			continue
		}
		n := new(big.Int).Abs(a)
		if m := new(big.Int).Abs(b); m.Cmp(n) < 0 {
			n = m
		}
		part := new(big.Int).Mul(n, big.NewInt(int64(s.Charge)))
		part.Add(part, big.NewInt(money.RateScale-1)).Quo(part, big.NewInt(money.RateScale))
		total.Add(total, part)
		step := new(big.Int).Mul(n, big.NewInt(int64(a.Sign())))
		a.Sub(a, step)
		b.Add(b, step)
	}
	return total
}

// charge is the calendar charge of legs alone, in paise.
func (w *world) charge(legs []Leg) money.Paise {
	deltas := map[calendar.Date]*big.Int{}
	for _, l := range legs {
		if deltas[l.Expiry] == nil {
			deltas[l.Expiry] = new(big.Int)
		}
		deltas[l.Expiry].Add(deltas[l.Expiry], new(big.Int).Mul(big.NewInt(int64(l.Qty)), big.NewInt(int64(l.Array.Delta))))
	}
	return upToPaise(slowCharge(w.u.Spreads, deltas).Int64())
}

func TestSpanIsTheFormula(t *testing.T) {
	w, tables := mustWorld(t), mustTables(t)
	rapid.Check(t, func(t *rapid.T) {
		p := Portfolio{Underlying: w.u, Legs: w.legs(t, "legs", 8)}
		got := mustHold(t, tables, p)
		span, charge := slowSpan(p)
		if got.Span != span || span > 0 && got.Calendar != charge {
			t.Fatalf("SPAN %s with charge %s, the formula says %s and %s", got.Span, got.Calendar, span, charge)
		}
	})
}

func mustHold(t *rapid.T, tables *Tables, p Portfolio) Parts {
	got, err := tables.Span(p)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSpanOfPortfolios(t *testing.T) {
	w, tables := mustWorld(t), mustTables(t)
	rapid.Check(t, func(t *rapid.T) {
		p := Portfolio{Underlying: w.u, Legs: w.legs(t, "legs", 8)}
		got := mustHold(t, tables, p)
		if got.Span < 0 || got.Exposure < 0 || got.Expiry < 0 || got.Delivery != 0 || got.Premium != 0 || got.Benefit < 0 {
			t.Fatalf("a part is out of range: %+v", got)
		}
		turned := p
		turned.Legs = rapid.Permutation(p.Legs).Draw(t, "permutation")
		if other := mustHold(t, tables, turned); other != got {
			t.Fatalf("in another order %+v, was %+v", other, got)
		}
		times := money.Qty(rapid.IntRange(2, 50).Draw(t, "times"))
		scaled := p
		scaled.Legs = slices.Clone(p.Legs)
		for i := range scaled.Legs {
			scaled.Legs[i].Qty *= times
		}
		// Rounding is per contract and part; nothing else may differ.
		slack := money.Paise(times) * money.Paise(2*len(p.Legs)+2)
		if other := mustHold(t, tables, scaled); abs(money.Qty(other.Total()-money.Paise(times)*got.Total())) > money.Qty(slack) {
			t.Fatalf("%d times as much: %s, one is %s", times, other.Total(), got.Total())
		}
	})
}

func TestLongOptions(t *testing.T) {
	w, tables := mustWorld(t), mustTables(t)
	rapid.Check(t, func(t *rapid.T) {
		p := Portfolio{Underlying: w.u, Legs: w.legs(t, "legs", 8)}
		c := rapid.SampledFrom(w.contracts).Filter(func(c Contract) bool { return c.Kind == instrument.Option }).Draw(t, "option")
		long := Leg{c, 65 * money.Qty(rapid.IntRange(1, 4).Draw(t, "lots"))}
		alone := mustHold(t, tables, Portfolio{Underlying: w.u, Legs: []Leg{long}})
		if alone.Total() != 0 {
			t.Fatalf("a long option alone holds %+v", alone)
		}
		// It raises SPAN by no more than it raises the calendar charge: what it may lose was paid.
		before, after := mustHold(t, tables, p), mustHold(t, tables, Portfolio{Underlying: w.u, Legs: append(slices.Clone(p.Legs), long)})
		chargeBefore, chargeAfter := w.charge(p.Legs), w.charge(append(slices.Clone(p.Legs), long))
		if after.Span-before.Span > max(0, chargeAfter-chargeBefore)+1 {
			t.Fatalf("SPAN %s to %s, charge %s to %s", before.Span, after.Span, chargeBefore, chargeAfter)
		}
		if after.Exposure > before.Exposure {
			t.Fatalf("exposure rose from %s to %s", before.Exposure, after.Exposure)
		}
	})
}

// TestNoFillIsShort: whatever part of the working orders fills, in whatever sequence, what is then needed and what was paid
// for it were blocked before.
func TestNoFillIsShort(t *testing.T) {
	w, tables := mustWorld(t), mustTables(t)
	rapid.Check(t, func(t *rapid.T) {
		p := Portfolio{Underlying: w.u, Legs: w.legs(t, "legs", 5), Orders: w.orders(t, 5)}
		positions, orders, err := tables.Blocks(p)
		if err != nil {
			t.Fatal(err)
		}
		blocked := positions.Total()
		for i, o := range orders {
			if o.Total() < 0 {
				t.Fatalf("order %d adds %s", i, o.Total())
			}
			blocked += o.Total()
		}
		after, paid := p, money.Paise(0)
		after.Legs, after.Orders = slices.Clone(p.Legs), nil
		for _, o := range p.Orders {
			part := o.Qty * money.Qty(rapid.IntRange(0, 13).Draw(t, "thirteenths")) / 13
			filled, rest := o, o
			filled.Qty, rest.Qty = part, o.Qty-part
			after.Legs = append(after.Legs, filled.Leg)
			if rest.Qty != 0 {
				after.Orders = append(after.Orders, rest)
			}
			premium, err := filled.premium()
			if err != nil {
				t.Fatal(err)
			}
			paid += premium
		}
		then, _, err := tables.require(after)
		if err != nil {
			t.Fatal(err)
		}
		if slack := money.Paise(4 * (len(p.Legs) + len(p.Orders))); then.Total()+paid > blocked+slack {
			t.Fatalf("%s blocked, then %s needed and %s paid", blocked, then.Total(), paid)
		}
	})
}

func TestLastBlockIsWithOrder(t *testing.T) {
	w, tables := mustWorld(t), mustTables(t)
	rapid.Check(t, func(t *rapid.T) {
		p := Portfolio{Underlying: w.u, Legs: w.legs(t, "legs", 4), Orders: w.orders(t, 4)}
		if len(p.Orders) == 0 {
			t.Skip("no order")
		}
		_, blocks, err := tables.Blocks(p)
		if err != nil {
			t.Fatal(err)
		}
		last := len(p.Orders) - 1
		before := p
		before.Orders = p.Orders[:last]
		alone, err := tables.WithOrder(before, p.Orders[last])
		if err != nil || alone.Total() != blocks[last].Total() || alone.Benefit < 0 {
			t.Fatalf("with the order %+v (%v), blocks say %+v", alone, err, blocks[last])
		}
		positions := Portfolio{Underlying: w.u, Legs: p.Legs}
		basket, err := tables.Basket(positions, p.Orders)
		if err != nil || basket.Benefit < -money.Paise(4*(len(p.Legs)+len(p.Orders))) {
			t.Fatalf("basket %+v, %v: filled holds more than sent", basket, err)
		}
	})
}

// TestAnyNumbers: arrays and quantities of any size give an answer or ErrOverflow, never a wrapped number.
func TestAnyNumbers(t *testing.T) {
	tables := mustTables(t)
	anyInt := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1_000_000_000, 1_000_000_000), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 0}))
	rapid.Check(t, func(t *rapid.T) {
		p := Portfolio{Underlying: Underlying{Date: today, IsIndex: rapid.Bool().Draw(t, "index"), Spot: money.Price(anyInt.Draw(t, "spot"))}}
		p.Spreads = []Spread{{today.Add(7), today.Add(35), money.Price(anyInt.Draw(t, "charge"))}}
		for i := range rapid.IntRange(1, 4).Draw(t, "legs") {
			c := Contract{ID: instrument.ID(i + 1), Kind: rapid.SampledFrom([]instrument.Kind{instrument.Future, instrument.Option}).Draw(t, "kind"), Right: instrument.Call,
				Expiry: today.Add(7 + 28*(i%2)), Strike: money.Price(anyInt.Draw(t, "strike")), Multiplier: anyInt.Draw(t, "multiplier")}
			c.Array.Price, c.Array.Delta = money.Price(anyInt.Draw(t, "price")), money.Rate(anyInt.Draw(t, "delta"))
			for j := range c.Array.Losses {
				c.Array.Losses[j] = money.Price(anyInt.Draw(t, "loss"))
			}
			p.Orders = append(p.Orders, Working{Leg{c, money.Qty(anyInt.Draw(t, "qty"))}, money.Price(anyInt.Draw(t, "limit"))})
			p.Legs = append(p.Legs, Leg{c, money.Qty(anyInt.Draw(t, "held"))})
		}
		_, _, err := tables.Blocks(p)
		if err != nil && !errors.Is(err, money.ErrOverflow) && !errors.Is(err, ErrPortfolio) {
			t.Fatal(err)
		}
		got, err := tables.Span(p)
		if err != nil {
			return
		}
		if span, _ := slowSpan(p); got.Span != span {
			t.Fatalf("SPAN %d, the formula says %d", got.Span, span)
		}
	})
}

func BenchmarkSpanOfTwentyLegs(b *testing.B) {
	w, tables := mustWorld(b), mustTables(b)
	p := Portfolio{Underlying: w.u}
	for i := range 20 {
		p.Legs = append(p.Legs, Leg{w.contracts[i+11], 65 * money.Qty(1-2*(i%2))})
	}
	b.Run("scan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := tables.require(p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("with its benefit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := tables.Span(p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("one more order", func(b *testing.B) {
		o := Working{Leg: p.Legs[0]}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := tables.WithOrder(p, o); err != nil {
				b.Fatal(err)
			}
		}
	})
}
