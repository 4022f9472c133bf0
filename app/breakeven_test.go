package app

import (
	"fmt"
	"testing"
	"time"

	"paperport/calendar"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// reverse buys and sells (or the other way round) ten shares, entering at the given price and leaving at another one,
// and returns what the books made of it: booked profit less all charges.
func (b *bourse) reverse(a Account, id string, entry order.Side, enter, leave money.Price) money.Paise {
	b.t.Helper()
	before, err := b.app.Funds(b.t.Context(), trader, a.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	sides := []order.Side{entry, order.Sell}
	if entry == order.Sell {
		sides[1] = order.Buy
	}
	for n, price := range []money.Price{enter, leave} {
		p := b.order(a, fmt.Sprintf("%s-%d-%d", id, entry, n), 10, price)
		p.Side, p.Product = sides[n], order.MIS
		b.quoteAt(p.Side, price)
		b.fillAt(mustPlace(b.t, b.app, p).Order, p)
	}
	after, err := b.app.Funds(b.t.Context(), trader, a.ID)
	if err != nil || after.Blocked != 0 {
		b.t.Fatalf("%+v, %v", after, err)
	}
	return after.Cash - before.Cash
}

// quoteAt lets a second pass and shows price to whoever trades on a side, and a tick beyond it on the other one.
func (b *bourse) quoteAt(side order.Side, price money.Price) {
	b.clock.Advance(time.Second)
	bid, ask := price, price+money.PriceScale/10
	if side == order.Buy {
		bid, ask = price-money.PriceScale/10, price
	}
	b.feed.Quote(market.Quote{Instrument: b.reliance, At: calendar.FromTime(b.clock.Now()), Last: price, PrevClose: 1_290 * money.PriceScale,
		Bid: bid, BidQty: 500, Ask: ask, AskQty: 500})
}

func (b *bourse) fillAt(id order.ID, p order.Place) {
	b.t.Helper()
	await(b.t, "the fill", func() ([]Order, error) {
		b.quoteAt(p.Side, p.LimitPrice)
		return b.app.Orders(b.t.Context(), trader, p.Account, 0)
	}, func(list []Order) bool { return list[0].ID == id && list[0].Status == order.Executed })
}

// TestBreakEvenIsWhatTheBooksSay: leaving at the price of the preview loses nothing, leaving one tick worse does.
func TestBreakEvenIsWhatTheBooksSay(t *testing.T) {
	b := mustBourse(t)
	mine := b.mustAccount(trader)
	enter, tick := money.Price(1_300*money.PriceScale), money.Price(money.PriceScale/10)
	for side, worse := range map[order.Side]money.Price{order.Buy: -tick, order.Sell: tick} {
		b.quoteAt(side, enter)
		ask := b.order(mine, "", 10, enter)
		ask.Side, ask.Product = side, order.MIS
		p, err := b.app.PreviewOrder(t.Context(), trader, ask)
		if err != nil || p.Code != "" || p.BreakEven.Price == 0 || p.BreakEven.Charges <= p.Charges.Total() {
			t.Fatalf("preview %+v, %v", p, err)
		}
		at := p.BreakEven.Price
		if made := b.reverse(mine, "at-break-even", side, enter, at); made < 0 {
			t.Errorf("entry %d: break-even %s loses %s", side, at, made)
		}
		if made := b.reverse(mine, "one-tick-worse", side, enter, at+worse); made >= 0 {
			t.Errorf("entry %d: one tick worse than %s makes %s", side, at, made)
		}
	}
}

// TestNoBreakEven: without a price there is nothing to break even with.
func TestNoBreakEven(t *testing.T) {
	b := mustBourse(t)
	mine := b.mustAccount(trader)
	p, err := b.app.PreviewOrder(t.Context(), trader, b.order(mine, "", 0, 1_300*money.PriceScale))
	if err != nil || p.BreakEven != (BreakEven{}) {
		t.Errorf("preview of nothing: %+v, %v", p, err)
	}
}
