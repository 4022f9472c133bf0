package venue

import (
	"testing"
	"time"

	"paperport/calendar"
	"paperport/engine"
	"paperport/instrument"
	"paperport/margin"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// TestScans: before an order in a contract the engine is told its array; then again when the spot has moved a step, when a
// slot begins and after a restart, and not otherwise. A sold option is margined by it, also when the journal is replayed.
func TestScans(t *testing.T) {
	s := mustStage(t)
	s.venue.Close()
	s.priceAt = func(_ instrument.ID, _ calendar.Instant) (money.Price, bool) { return 0, false }
	asked := 0
	s.scan = func(ask ScanAsk) (engine.Scan, money.Price, bool) {
		asked++
		out := engine.Scan{Underlying: ask.Underlying, Terms: margin.Underlying{Date: ask.Date, IsIndex: true, Spot: ask.Spot.Last, Label: margin.Approximate}}
		for _, c := range ask.Contracts {
			a := margin.Array{Price: c.Quote.Last, Delta: money.RateScale / 2}
			for i := range a.Losses {
				a.Losses[i] = money.Price(8-i) * 100 * money.PriceScale
			}
			out.Contracts = append(out.Contracts, engine.ScanContract{Instrument: c.Contract.ID, Array: a})
		}
		return out, 100 * money.PriceScale, true
	}
	s.start()
	s.pass(2 * time.Second)
	s.quoteOption(call, 24_000)
	s.open()
	sell := buyOption("sell-00001", call, 95)
	sell.Side = order.Sell
	if p, err := s.venue.Preview(t.Context(), sell); err != nil || p.Code != "" || p.Required < 100_000*money.PaiseScale {
		t.Fatalf("preview: %+v, %v", p, err)
	}
	r := s.place(sell)
	if r.Code != "" {
		t.Fatalf("a sold option: %+v", r)
	}
	s.mustOrderAfter(r.Order, order.Executed)
	// Losses of up to 700 a unit and the 95 it is worth; exposure of 2 % of 24,000, and 2 % more on the day of expiry.
	if p := s.book().Positions[0]; p.NetQty != -65 || p.Blocked != ((700+95)*65+24_000*65*4/100)*money.PaiseScale {
		t.Errorf("position %+v", p)
	}
	if asked != 1 {
		t.Errorf("asked %d times for one contract, want once", asked)
	}
	for _, step := range []struct {
		name  string
		at    calendar.Instant
		spot  money.Price
		asked int
	}{
		{"a small move", 0, 24_099, 1},
		{"a step", 0, 24_100, 2},
		{"the same again", 0, 24_100, 2},
		{"half past twelve", begin.Date().At(12*time.Hour + 30*time.Minute), 24_100, 3},
	} {
		if step.at != 0 {
			s.clock.Set(step.at.Time())
		}
		s.quoteOption(call, step.spot)
		s.pass(2 * time.Second)
		if asked != step.asked {
			t.Errorf("%s: asked %d times, want %d", step.name, asked, step.asked)
		}
	}
	s.settle()
	want := s.book().Positions[0].Blocked
	if want != ((700+95)*65+24_100*65*4/100)*money.PaiseScale {
		t.Errorf("at a spot of 24,100 it blocks %s", want)
	}
	s.mustVerify()
	s.restart()
	s.quoteOption(call, 24_100)
	s.pass(2 * time.Second)
	if got := s.book().Positions[0].Blocked; got != want || asked != 4 {
		t.Errorf("after a restart: blocked %s, before %s; asked %d times, want 4", got, want, asked)
	}
	s.feed.Quote(market.Quote{Instrument: nifty, At: calendar.FromTime(s.clock.Now()), Last: 24_100 * money.PriceScale})
	s.mustVerify()
}
