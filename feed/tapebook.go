package feed

import (
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// TapeNote is the rule of the book in a sentence for the screen; docs/domain/replay.md states it in full.
const TapeNote = "Book from bars: the real last price of each minute, with a spread and size of ours by moneyness and volume. A minute without a row has no book."

// spreadBand is one row of the rule: how far from the money, the half-spread in hundredths of a percent of the last
// price, and the most lots shown at the best price.
type spreadBand struct {
	moneynessBps int64 // distance of the strike from the index, at most
	halfBps      int64
	lotsMax      int64
}

// spreadBands is our own assumption, not an exchange's rule: no depth of that day exists. Nearest first.
var spreadBands = [...]spreadBand{
	{100, 10, 20},
	{300, 25, 10},
	{600, 50, 4},
	{1 << 40, 100, 1},
}

// A contract that traded nothing in the minute before has three times the half-spread, one that traded less than ten
// lots twice.
const (
	quietFactor = 3
	thinFactor  = 2
	thinLots    = 10
)

// Quote builds the quote of a contract at an instant: its row's last price, a spread around it, sizes by what traded.
// IsKnown is false when the minute has no row.
func (t *Recording) Quote(s *Strip, at calendar.Instant) (q market.Quote, isKnown bool) {
	minute := t.Minute(at)
	now, before := s.find(minute)
	if now == nil {
		return t.empty(s, before)
	}
	lots := int64(-1) // traded in the minute before; -1 when that is not known
	if before != nil && int(before.minute) == minute-1 {
		lots = int64((now.volume - before.volume) / s.Contract.Terms.LotSize)
	}
	tick := s.Contract.Terms.TickSize
	band := t.band(s.Contract.Strike, minute)
	half := max(tick, (now.last*money.Price(band.halfBps*factor(lots))/10_000).RoundToTick(tick, money.Up))
	size := money.Qty(min(max(lots/60, 1), band.lotsMax)) * s.Contract.Terms.LotSize
	q = market.Quote{Instrument: s.Contract.ID, At: at, Last: now.last, Volume: now.volume, OI: now.oi, OIChange: now.oiChange, IsFromBars: true}
	q.Ask, q.AskQty = (now.last+half).RoundToTick(tick, money.Up), size
	if bid := (now.last - half).RoundToTick(tick, money.Down); bid >= tick {
		q.Bid, q.BidQty = bid, size
	}
	q.TotalBid, q.TotalAsk = q.BidQty, q.AskQty
	return q, true
}

func factor(lots int64) int64 {
	switch {
	case lots <= 0:
		return quietFactor
	case lots < thinLots:
		return thinFactor
	default:
		return 1
	}
}

// empty is the quote of a contract in a minute without a row: its last price of before, and nobody buying or selling.
func (t *Recording) empty(s *Strip, before *bar) (market.Quote, bool) {
	if before == nil {
		return market.Quote{}, false
	}
	at := t.From.Add(time.Duration(before.minute+1)*time.Minute - time.Second)
	return market.Quote{Instrument: s.Contract.ID, At: at, Last: before.last, Volume: before.volume, OI: before.oi,
		OIChange: before.oiChange, IsFromBars: true}, false
}

func (t *Recording) band(strike money.Price, minute int) spreadBand {
	spotPrice, _ := t.spotAt(minute)
	if spotPrice == 0 {
		return spreadBands[len(spreadBands)-1]
	}
	away := distanceBps(strike, spotPrice)
	for _, b := range spreadBands {
		if away <= b.moneynessBps {
			return b
		}
	}
	return spreadBands[len(spreadBands)-1]
}

// DepthOf is the one-level ladder of a quote built from bars; empty sides are sent empty.
func DepthOf(q *market.Quote) market.Depth {
	d := market.Depth{Instrument: q.Instrument, At: q.At, IsFromBars: q.IsFromBars}
	if q.Bid > 0 {
		d.BidLevels, d.Bids[0] = 1, market.Level{Price: q.Bid, Qty: q.BidQty}
	}
	if q.Ask > 0 {
		d.AskLevels, d.Asks[0] = 1, market.Level{Price: q.Ask, Qty: q.AskQty}
	}
	return d
}

// Spot is the quote of the index at an instant, false before the first row. It has no book: an index is only watched.
func (t *Recording) Spot(id instrument.ID, at calendar.Instant) (market.Quote, bool) {
	price, _ := t.spotAt(t.Minute(at))
	return market.Quote{Instrument: id, At: at, Last: price, IsFromBars: true}, price != 0
}

// Candles returns bars of a contract (strip) or, when it is nil, of the index, whose start lies in [from, to) and that
// had begun by now, oldest first. A recorded minute knows one price: a one-minute bar has it four times.
func (t *Recording) Candles(s *Strip, length time.Duration, from, to, now calendar.Instant) (candles []market.Candle) {
	add := func(minute int16, price money.Price, traded, oi money.Qty) {
		start := barStart(t.From.Add(time.Duration(minute)*time.Minute), length)
		at := t.From.Add(time.Duration(minute) * time.Minute)
		if start < from || start >= to || at > now {
			return
		}
		if n := len(candles); n > 0 && candles[n-1].Start == start {
			c := &candles[n-1]
			c.High, c.Low, c.Close, c.OI = max(c.High, price), min(c.Low, price), price, oi
			c.Volume += traded
			return
		}
		candles = append(candles, market.Candle{Start: start, Open: price, High: price, Low: price, Close: price, Volume: traded, OI: oi})
	}
	if s == nil {
		for _, p := range t.spots {
			add(p.minute, p.price, 0, 0)
		}
		return candles
	}
	var before money.Qty
	for i, b := range s.bars {
		if i == 0 {
			before = b.volume // what traded before the tape begins is not this minute's
		}
		add(b.minute, b.last, b.volume-before, b.oi)
		before = b.volume
	}
	return candles
}

// barStart is the first instant of the bar that at lies in: counted from 09:15, days from 00:00 IST.
func barStart(at calendar.Instant, length time.Duration) calendar.Instant {
	day := at.Date().At(0)
	if length >= 24*time.Hour {
		return day
	}
	const open = 9*time.Hour + 15*time.Minute
	since := at.Sub(day.Add(open))
	whole := since / length * length
	if since < 0 && since%length != 0 {
		whole -= length
	}
	return day.Add(open + whole)
}
