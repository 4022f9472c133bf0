package match

import (
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
)

// The conversion of market orders by ICICI Breeze: limit = LTP +- max(pct of LTP, least), kept inside the circuit and
// rounded to the tick inward. Source: Breeze SDK README, 2026-04-13 (india-rules 5.5); rounding direction is ours.
const (
	aggressiveEquity money.Rate  = 30_000_000  // 3 %
	aggressiveFuture money.Rate  = 15_000_000  // 1.5 %
	aggressiveOption money.Rate  = 100_000_000 // 10 %
	leastOption      money.Price = 5 * money.PriceScale
	leastOther       money.Price = 500 // 0.05
)

// AggressiveLimit is the limit a market order is entered at, from the last price and the circuit of the book; 0 when
// there is no last price.
func (b *Book) AggressiveLimit(side order.Side) money.Price {
	return b.AggressiveFrom(side, b.Top.Last)
}

// AggressiveFrom is AggressiveLimit from another price than the last one, as for a stop-market order its trigger.
func (b *Book) AggressiveFrom(side order.Side, last money.Price) money.Price {
	i, q := b.Instrument, &b.Top
	tick := i.Terms.TickSize
	if last <= 0 || tick <= 0 {
		return 0
	}
	rate, least := aggressiveEquity, leastOther
	switch i.Kind {
	case instrument.Option:
		rate, least = aggressiveOption, leastOption
	case instrument.Future:
		rate = aggressiveFuture
	case instrument.Equity, instrument.Index:
	}
	diff, err := money.MulDiv(int64(last), int64(rate), money.RateScale, money.HalfUp)
	if err != nil {
		return 0
	}
	away := max(money.Price(diff), least)
	if side == order.Buy {
		limit := last + away
		if q.UpperCircuit > 0 {
			limit = min(limit, q.UpperCircuit)
		}
		return limit.RoundToTick(tick, money.Down)
	}
	limit := max(last-away, q.LowerCircuit, tick)
	return limit.RoundToTick(tick, money.Up)
}
