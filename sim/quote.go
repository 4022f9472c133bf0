package sim

import (
	"math"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// Quote returns the state of c at an instant: the last tick at or before it, of the latest session that has begun. It is
// false when c had not begun to trade. Instrument, Seq and ReceivedAt are left zero. A quote in the middle of a closed
// time is that of the last tick; an expired contract keeps its last one.
func (m *Market) Quote(c Contract, at calendar.Instant) (market.Quote, bool) {
	d, k, ok := m.moment(c, at)
	if !ok {
		return market.Quote{}, false
	}
	b := m.running(c, d, k)
	q := market.Quote{
		At: instant(k), Last: b.close, Open: b.open, High: b.high, Low: b.low, PrevClose: d.prevClose,
		LowerCircuit: d.lower, UpperCircuit: d.upper, Volume: b.volume,
	}
	if c.Kind == instrument.Index {
		return q, true
	}
	q.AvgPrice = b.average()
	q.LastQty = max(b.volume-d.volume(k-1), d.lot)
	book := m.book(c, d, k, b.close)
	q.Bid, q.BidQty = book.Bids[0].Price, book.Bids[0].Qty
	q.Ask, q.AskQty = book.Asks[0].Price, book.Asks[0].Qty
	q.TotalBid, q.TotalAsk = m.totals(d, k, &book)
	if c.IsDerivative() {
		q.OI = d.openInterest(k)
		q.OIChange = q.OI - d.openInterest(d.open-1)
	}
	return q, true
}

// moment finds the day and the second of the tick that stands at an instant.
func (m *Market) moment(c Contract, at calendar.Instant) (day, int64, bool) {
	board := m.Board(c)
	if c.IsDerivative() && at > m.ExpiresAt(c) {
		at = m.ExpiresAt(c)
	}
	s, ok := m.sessionAt(board, at)
	if !ok {
		return day{}, 0, false
	}
	d := m.dayOf(c, s)
	if d.open >= d.end {
		return day{}, 0, false
	}
	return d, min(secondOf(at), d.end-1), true
}

// Depth returns the five levels behind Quote at the same instant. An index has none.
func (m *Market) Depth(c Contract, at calendar.Instant) (market.Depth, bool) {
	d, k, ok := m.moment(c, at)
	if !ok || c.Kind == instrument.Index {
		return market.Depth{}, false
	}
	return m.book(c, d, k, m.last(c, d, k)), true
}

// last is the price of the tick at second k.
func (m *Market) last(c Contract, d day, k int64) money.Price {
	p := m.pricerOf(c, d, minuteOf(k))
	return p.price(logAt(&m.rows[c.Row], k))
}

func (m *Market) pricerOf(c Contract, d day, start int64) pricer {
	p := m.pricer(c, d.tick, start)
	p.lower, p.upper = d.lower, d.upper
	return p
}

// book lays out the ladder around the last price: the spread straddles it, deeper levels hold more.
func (m *Market) book(c Contract, d day, k int64, last money.Price) market.Depth {
	h := mix(d.seed, uint64(k))
	spread := 1 + int64(unit(mix(h, 1))*m.spreadTicks(c, d, last))
	bid := last - money.Price(int64(unit(mix(h, 2))*float64(spread+1)))*d.tick
	bid = max(bid, d.lower)
	ask := min(max(bid+money.Price(spread)*d.tick, last), d.upper)
	gap := money.Price(max(1, spread/2)) * d.tick
	out := market.Depth{At: instant(k)}
	if bid == ask && last == d.lower && last != d.upper {
		bid = 0
	} else if bid == ask {
		ask = 0
	}
	for i := range market.MaxLevels {
		price := bid - money.Price(i)*gap
		if bid == 0 || price < d.lower {
			break
		}
		out.Bids[i], out.BidLevels = m.level(d, h, 10+i, price), uint8(i+1)
	}
	for i := range market.MaxLevels {
		price := ask + money.Price(i)*gap
		if ask == 0 || price > d.upper {
			break
		}
		out.Asks[i], out.AskLevels = m.level(d, h, 20+i, price), uint8(i+1)
	}
	return out
}

// level makes one rung; its size follows the day's turnover so that busy contracts are deep.
func (m *Market) level(d day, h uint64, key int, price money.Price) market.Level {
	lots := math.Sqrt(float64(d.total/d.lot)) * (0.05 + 0.3*unit(mix(h, uint64(key)))) * (1 + 0.4*float64(key%10))
	qty := money.Qty(math.Max(1, lots)) * d.lot
	orders := 1 + int32(unit(mix(h, uint64(key+50)))*math.Sqrt(float64(qty/d.lot)))
	return market.Level{Price: price, Qty: qty, Orders: orders}
}

// spreadTicks is the widest spread beyond one tick, in ticks: our choice, by kind and by how much trades.
func (m *Market) spreadTicks(c Contract, d day, last money.Price) float64 {
	part := 0.0002
	switch c.Kind {
	case instrument.Future:
		part = 0.0003
		if m.rows[c.Row].IsIndex {
			part = 0.00006
		}
	case instrument.Option:
		part = 0.004
	case instrument.Equity, instrument.Index:
	}
	if d.total/d.lot < 5_000 {
		part *= 3
	}
	return 1 + float64(last)/float64(d.tick)*part
}

// totals are the quantities of all buy and sell orders, a multiple of what the ladder shows.
func (m *Market) totals(d day, k int64, book *market.Depth) (bids, asks money.Qty) {
	for i := range market.MaxLevels {
		bids += book.Bids[i].Qty
		asks += book.Asks[i].Qty
	}
	return bids * money.Qty(20+20*unit(mix(d.seed^2, uint64(k/30)))), asks * money.Qty(20+20*unit(mix(d.seed^3, uint64(k/30))))
}
