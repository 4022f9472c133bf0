package venue

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

const (
	nifty     instrument.ID = 2
	call      instrument.ID = 3
	otherCall instrument.ID = 4
)

var (
	niftyIndex = instrument.Instrument{ID: nifty, Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Index, Symbol: "NIFTY 50",
		Terms: instrument.Terms{TickSize: money.PriceScale / 20, Multiplier: 1}}
	callToday = optionOf(call, 24_000)
	callOther = optionOf(otherCall, 24_100)
)

func optionOf(id instrument.ID, strike money.Price) instrument.Instrument {
	return instrument.Instrument{ID: id, Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Option, Right: instrument.Call,
		Symbol: "NIFTY26NOV", Underlying: "NIFTY", UnderlyingID: nifty, Expiry: begin.Date(), Strike: strike * money.PriceScale,
		Terms: instrument.Terms{LotSize: 65, TickSize: money.PriceScale / 20, Multiplier: 1, UnderlyingIsIndex: true}}
}

// extra is one more contract, for the test that sets it.
var extra atomic.Pointer[instrument.Instrument]

func contract(id instrument.ID) (*instrument.Instrument, bool) {
	all := map[instrument.ID]*instrument.Instrument{reliance: &share, nifty: &niftyIndex, call: &callToday, otherCall: &callOther}
	if i := extra.Load(); i != nil {
		all[i.ID] = i
	}
	i, ok := all[id]
	return i, ok
}

// quoteOption sends an index price and a book of an option.
func (s *stage) quoteOption(id instrument.ID, spot money.Price) {
	now := calendar.FromTime(s.clock.Now())
	s.feed.Quote(market.Quote{Instrument: nifty, At: now, Last: spot * money.PriceScale})
	s.feed.Quote(market.Quote{Instrument: id, At: now, Last: 95 * money.PriceScale, Bid: 95 * money.PriceScale, BidQty: 650,
		Ask: 96 * money.PriceScale, AskQty: 650, Volume: 10})
	s.sync()
}

func buyOption(id string, what instrument.ID, limit money.Price) order.Place {
	p := buy(id, 65, limit*money.PriceScale)
	p.Instrument, p.Product = what, order.NRML
	return p
}

// TestExpiryInstant: at 15:40 trading of the contract ends, to the microsecond of our clock, whoever holds it; what is
// held is settled at the price of that instant, also when that price is only learned later or after a restart.
func TestExpiryInstant(t *testing.T) {
	for _, way := range []string{"at once", "price comes later", "down at the instant"} {
		t.Run(way, func(t *testing.T) { testExpiry(t, way) })
	}
}

// TestLateSettlement: a price that is still missing at the day's end is looked for on the days after, also by a new run;
// what expires on that day trades meanwhile.
func TestLateSettlement(t *testing.T) {
	for _, isRestarted := range []bool{false, true} {
		t.Run(fmt.Sprintf("restarted=%t", isRestarted), func(t *testing.T) {
			s := mustStage(t)
			s.venue.Close()
			expiry := begin.Date().At(15*time.Hour + 40*time.Minute)
			isKnown := false
			s.priceAt = func(id instrument.ID, at calendar.Instant) (money.Price, bool) {
				return 24_212 * money.PriceScale, isKnown && id == nifty && at == expiry
			}
			s.clock.Set(expiry.Add(-10 * time.Second).Time())
			s.start()
			s.pass(2 * time.Second)
			s.quoteOption(call, 24_200)
			s.open()
			s.mustOrderAfter(s.place(buyOption("buy-000001", call, 96)).Order, order.Executed)
			s.clock.Set((begin.Date() + 1).At(-time.Minute).Time())
			s.pass(2 * time.Second)
			s.clock.Set((begin.Date() + 1).At(10 * time.Hour).Time())
			s.pass(2 * time.Second)
			s.settle()
			if b := s.book(); len(b.Positions) != 1 || b.Positions[0].NetQty != 65 || b.TradingDate != begin.Date()+1 {
				t.Fatalf("the next morning: %s, %+v", b.TradingDate, b.Positions)
			}
			isKnown = true
			if isRestarted {
				s.restart()
			}
			tomorrow := callToday
			tomorrow.ID, tomorrow.Expiry = 5, begin.Date()+1
			extra.Store(&tomorrow)
			defer extra.Store(nil)
			s.pass(settleAgain + 2*time.Second)
			s.quoteOption(tomorrow.ID, 24_900)
			if r := s.place(buyOption("buy-000002", tomorrow.ID, 96)); r.Code != "" {
				t.Errorf("a contract that expires later today: %+v", r)
			}
			if p := s.book().Positions[0]; p.Instrument != call || p.NetQty != 0 {
				t.Errorf("not settled: %+v", p)
			}
			s.mustVerify()
		})
	}
}

func testExpiry(t *testing.T, way string) {
	s := mustStage(t)
	s.venue.Close()
	expiry := begin.Date().At(15*time.Hour + 40*time.Minute)
	isKnown := way != "price comes later"
	s.priceAt = func(id instrument.ID, at calendar.Instant) (money.Price, bool) {
		return 24_212 * money.PriceScale, isKnown && id == nifty && at == expiry
	}
	s.clock.Set(expiry.Add(-10 * time.Second).Time())
	s.start()
	s.pass(2 * time.Second)
	s.quoteOption(call, 24_200)
	s.open()
	s.mustOrderAfter(s.place(buyOption("buy-000001", call, 96)).Order, order.Executed)
	rests := s.place(buyOption("rests-0001", call, 90)).Order
	cash := s.book().Funds.Cash
	if way == "down at the instant" {
		s.venue.Close()
		s.clock.Set(expiry.Add(2 * time.Hour).Time())
		s.start()
	} else {
		s.clock.Set(expiry.Time())
	}
	if r := s.place(buyOption("late-00001", call, 96)); r.Code != "CONTRACT_EXPIRED" {
		t.Errorf("at the instant: %+v", r)
	}
	s.pass(time.Second)
	s.quoteOption(otherCall, 24_900) // the index goes on; the contract still has a book
	if r := s.place(buyOption("late-00002", otherCall, 96)); r.Code != "CONTRACT_EXPIRED" {
		t.Errorf("a contract nobody had looked at: %+v", r)
	}
	if p, err := s.venue.Preview(t.Context(), buyOption("look-00001", otherCall, 96)); err != nil || p.Code != "CONTRACT_EXPIRED" {
		t.Errorf("preview: %+v, %v", p, err)
	}
	if r, err := s.venue.Modify(t.Context(), order.Modify{Account: account, RequestID: "change-001", Order: rests, LimitPrice: 96 * money.PriceScale}); err != nil || r.Code != "ORDER_CLOSED" {
		t.Errorf("modify: %+v, %v", r, err)
	}
	if o := s.mustOrder(rests, order.Expired); o.Code != "CONTRACT_EXPIRED" {
		t.Errorf("the resting order: %+v", o)
	}
	if !isKnown {
		if p := s.book().Positions[0]; p.NetQty != 65 || s.book().Funds.Cash != cash {
			t.Errorf("settled without a price: %+v", p)
		}
		isKnown = true
		s.pass(settleAgain + 2*time.Second)
		s.settle()
		cash += 100 // of settle
	}
	// 212 x 65 less 0.15 % STT, whole rupees.
	if got, want := s.book().Funds.Cash-cash, money.Paise(1_378_000-2100); got != want || s.book().Positions[0].NetQty != 0 {
		t.Errorf("settlement paid %s, want %s; %+v", got, want, s.book().Positions[0])
	}
	s.mustVerify()
}

func (s *stage) mustOrderAfter(id order.ID, want order.Status) {
	s.t.Helper()
	s.settle()
	s.mustOrder(id, want)
}
