package sim

import (
	"paperport/calendar"
	"paperport/market"
	"paperport/money"
)

// bar is a span of ticks: its prices, what traded from the day's open to its end, and the money that changed hands in it.
type bar struct {
	open, high, low, close money.Price
	volume                 money.Qty
	turnover               float64 // price units x units
	end                    int64   // first second not in it; 0 = nothing folded yet
}

// add appends the bar that follows b.
func (b *bar) add(next bar) {
	if b.end == 0 {
		*b = next
		return
	}
	b.high, b.low = max(b.high, next.high), min(b.low, next.low)
	b.close, b.volume, b.end = next.close, next.volume, next.end
	b.turnover += next.turnover
}

// average is the price at which the day's volume traded, to a paisa; each minute counts with its own volume at the mean
// of its open, high, low and close.
func (b *bar) average() money.Price {
	if b.volume == 0 {
		return b.close
	}
	p := money.Price(b.turnover/float64(b.volume)/money.PricePerPaisa+0.5) * money.PricePerPaisa
	return max(b.low, min(b.high, p))
}

// span folds the ticks of seconds [from, to) of day d; they must lie within one minute and within the day.
func (m *Market) span(c Contract, d day, from, to int64) bar {
	p := m.pricerOf(c, d, minuteOf(from))
	b := p.bar(m.spanLogs(&m.rows[c.Row], from, to))
	b.volume, b.end = d.volume(to-1), to
	mean := float64(b.open+b.high+b.low+b.close) / 4
	b.turnover = mean * float64(b.volume-d.volume(from-1))
	return b
}

// stretch folds any seconds [from, to) of day d, minute by minute.
func (m *Market) stretch(c Contract, d day, from, to int64) bar {
	var b bar
	for s := from; s < to; {
		next := min(minuteOf(s)+minuteSeconds, to)
		b.add(m.span(c, d, s, next))
		s = next
	}
	return b
}

// running folds the day from its open up to and including second k. Whole minutes are kept, so that following a day costs
// one minute at a time.
func (m *Market) running(c Contract, d day, k int64) bar {
	key := dayKey{c, d.date}
	whole := minuteOf(k + 1)
	b, ok := m.bars.look(key)
	if !ok || b.end > whole {
		b = bar{}
	}
	from := max(b.end, d.open)
	if from < whole {
		next := m.stretch(c, d, from, whole)
		b.add(next)
		m.bars.put(key, b)
	}
	if rest := max(whole, d.open); rest < k+1 {
		b.add(m.stretch(c, d, rest, k+1))
	}
	return b
}

// Range asks for candles whose start lies in [From, To], for days by their dates; Now cuts the market off, so the last candle may be unfinished.
type Range struct {
	Interval      market.Interval
	From, To, Now calendar.Instant
	// Max is the most candles returned, the earliest ones; 0 means no limit.
	Max int
}

// Candles returns the candles of c, oldest first. Intervals are counted from the session's open; a day's candle starts
// at 00:00 IST. A contract that was not listed or had expired has none.
func (m *Market) Candles(c Contract, r Range) []market.Candle {
	var out []market.Candle
	board := m.Board(c)
	last := min(r.To, r.Now)
	for date := r.From.Date(); date <= last.Date(); date = date.Add(1) {
		s, ok := m.session(board, date)
		if !ok || (c.IsDerivative() && date > c.Expiry) || !m.IsListed(c, date) {
			continue
		}
		d := m.dayOf(c, s)
		end := min(d.end, secondOf(r.Now)+1)
		if d.open >= end {
			continue
		}
		if r.Interval == market.Day {
			out = append(out, m.dayCandle(c, d, end))
		} else {
			out = m.appendCandles(out, c, d, end, r)
		}
		if r.Max > 0 && len(out) >= r.Max {
			return out[:r.Max]
		}
	}
	return out
}

func (m *Market) dayCandle(c Contract, d day, end int64) market.Candle {
	b := m.running(c, d, end-1)
	return candle(d.date.At(0), b, b.volume, d.openInterest(end-1))
}

func (m *Market) appendCandles(out []market.Candle, c Contract, d day, end int64, r Range) []market.Candle {
	step := Seconds(r.Interval)
	start := d.open
	if from := secondOf(r.From + 999_999); from > start {
		start += (from - start + step - 1) / step * step
	}
	for ; start < end && instant(start) <= r.To; start += step {
		to := min(start+step, end)
		b := m.stretch(c, d, start, to)
		out = append(out, candle(instant(start), b, b.volume-d.volume(start-1), d.openInterest(to-1)))
		if r.Max > 0 && len(out) >= r.Max {
			break
		}
	}
	return out
}

func candle(start calendar.Instant, b bar, volume, oi money.Qty) market.Candle {
	return market.Candle{Start: start, Open: b.open, High: b.high, Low: b.low, Close: b.close, Volume: volume, OI: oi}
}

// Seconds is the length of an interval shorter than a day, in seconds; it is 86,400 for a day.
func Seconds(i market.Interval) int64 {
	switch i {
	case market.Second:
		return 1
	case market.Minute:
		return 60
	case market.FiveMinutes:
		return 300
	case market.ThirtyMinutes:
		return 1800
	case market.Day:
		return 86_400
	default:
		panic("sim: unknown interval")
	}
}

// Completed returns the candle of c that ended exactly at the instant at, a whole second; false when none did, or for days.
func (m *Market) Completed(c Contract, interval market.Interval, at calendar.Instant) (market.Candle, bool) {
	if interval == market.Day {
		return market.Candle{}, false
	}
	d, _, ok := m.moment(c, at-1_000_000)
	end := secondOf(at)
	if !ok || end <= d.open || end > d.end {
		return market.Candle{}, false
	}
	step := Seconds(interval)
	into := (end - d.open) % step
	if into != 0 && end != d.end {
		return market.Candle{}, false
	}
	from := end - step
	if into != 0 {
		from = end - into
	}
	b := m.stretch(c, d, from, end)
	return candle(instant(from), b, b.volume-d.volume(from-1), d.openInterest(end-1)), true
}
