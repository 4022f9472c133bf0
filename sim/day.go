package sim

import (
	"math"
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/options"
)

type dayKey struct {
	contract Contract
	date     calendar.Date
}

// day is one contract on one trading date: what stands from its open to its close. Ticks are made at seconds [open, end).
type day struct {
	date         calendar.Date
	open, end    int64
	tick         money.Price
	prevClose    money.Price
	lower, upper money.Price
	lot          money.Qty
	total        money.Qty // units traded by the close
	interest     money.Qty // base of the open interest
	seed         uint64    // of the contract
}

// dayOf returns the day of c in session s; the day is empty (open == end) when c had expired before.
func (m *Market) dayOf(c Contract, s Session) day {
	return m.days.get(dayKey{c, s.Date}, func() day { return m.makeDay(c, s) })
}

func (m *Market) makeDay(c Contract, s Session) day {
	u := &m.rows[c.Row]
	d := day{date: s.Date, open: secondOf(s.Open), end: secondOf(s.Close), tick: m.tick(c, s.Date), lot: 1, seed: m.contractSeed(c)}
	if c.IsDerivative() {
		d.lot = u.Lot
		d.end = max(d.open, min(d.end, secondOf(m.ExpiresAt(c))))
	}
	d.prevClose = m.prevClose(c, s, d.tick)
	d.lower, d.upper = m.limits(c, d)
	d.total, d.interest = m.activity(c, d)
	return d
}

// prevClose is the last trade of the session before s. It is not held to that day's limits: those would need the close
// before, without end. Moves are far smaller than limits, so this changes no number.
func (m *Market) prevClose(c Contract, s Session, tick money.Price) money.Price {
	second := secondOf(s.Open) - 1
	if before, ok := m.before(m.Board(c), s.Date); ok {
		tick = m.tick(c, before.Date)
		second = secondOf(before.Close) - 1
	}
	p := m.pricer(c, tick, minuteOf(second))
	return p.price(logAt(&m.rows[c.Row], second))
}

// limits are the day's circuit prices: a share's band, ten percent for what has derivatives (india-rules 2.6), for
// options what ten percent of the underlying and two fifths of volatility could do; none for an index.
func (m *Market) limits(c Contract, d day) (lower, upper money.Price) {
	u := &m.rows[c.Row]
	band := u.BandPercent
	switch c.Kind {
	case instrument.Index:
		return 0, 0
	case instrument.Option:
		return m.optionLimits(c, d)
	case instrument.Future:
		band = 10
	case instrument.Equity:
	}
	lower = (d.prevClose * money.Price(100-band) / 100).RoundToTick(d.tick, money.Up)
	upper = (d.prevClose * money.Price(100+band) / 100).RoundToTick(d.tick, money.Down)
	return max(lower, d.tick), upper
}

func (m *Market) optionLimits(c Contract, d day) (lower, upper money.Price) {
	early := m.pricer(c, d.tick, d.open).option
	late := m.pricer(c, d.tick, minuteOf(max(d.end-1, d.open))).option
	worst, best := 0.9, 1.1
	if early.IsPut {
		worst, best = best, worst
	}
	late.Underlying, late.Vol = late.Underlying*worst, late.Vol*0.6
	early.Underlying, early.Vol = early.Underlying*best, early.Vol*1.4
	lower = toPrice(options.Price(late), d.tick)
	upper = toPrice(options.Price(early), d.tick) + d.tick
	return max(lower-d.tick, d.tick), max(upper, 4*d.tick)
}

// activity says how much trades on the day and how much stays open, in units, whole lots: plausible sizes, our choice.
func (m *Market) activity(c Contract, d day) (total, interest money.Qty) {
	u := &m.rows[c.Row]
	lots := 0.0
	switch c.Kind {
	case instrument.Index:
		return 0, 0
	case instrument.Equity:
		lots = float64(u.Volume)
		if c.Exchange != u.Exchange {
			lots /= 12
		}
	case instrument.Future:
		lots = futureLots(u) * math.Pow(0.12, math.Floor(float64(c.Expiry-d.date)/30))
	case instrument.Option:
		lots = m.optionLots(c, d)
	}
	busy := math.Exp(0.4 * height(d.seed, 50, int64(d.date)))
	total = money.Qty(math.Max(lots*busy, 20)) * d.lot
	if c.IsDerivative() {
		interest = money.Qty(math.Max(lots*math.Exp(0.5*height(d.seed, 51, 0)), 40)) * d.lot * 4
	}
	return total, interest
}

func futureLots(u *Underlying) float64 {
	if u.IsIndex {
		return 60_000
	}
	return math.Max(float64(u.Volume)/float64(u.Lot)/4, 200)
}

func (m *Market) optionLots(c Contract, d day) float64 {
	u := &m.rows[c.Row]
	lots := 4_000.0
	if u.IsIndex {
		lots = 40_000
	}
	if u.Symbol == "NIFTY" || u.Symbol == "SENSEX" {
		lots = 400_000
	}
	o := m.pricer(c, d.tick, d.open).option
	x := math.Log(o.Strike/o.Underlying) / (o.Vol * math.Sqrt(o.Years+0.01))
	away := float64(c.Expiry-d.date) / 10
	return lots * math.Exp(-x*x/2) / math.Pow(1+away, 1.4)
}

// volume is what traded from the open up to and including second k, in units; it never falls. Time is bent by slow and
// fast random waves whose slopes stay above -1, then by a U over the day.
func (d *day) volume(k int64) money.Qty {
	if d.total == 0 || k < d.open {
		return 0
	}
	span := float64(d.end - d.open)
	t := float64(k-d.open) + 1
	bent := t + 0.12*height(d.seed, 60, k) + wave(d.seed, 61, k, 60) + wave(d.seed, 62, k, 600)
	x := math.Max(0, math.Min(1, bent/span))
	if k >= d.end-1 {
		x = 1
	}
	x += 0.15 * math.Sin(2*math.Pi*x)
	lots := math.Floor(float64(d.total/d.lot) * math.Max(0, math.Min(1, x)))
	return money.Qty(lots) * d.lot
}

// wave is a broken line with a slope within 0.36 either way.
func wave(seed uint64, octave int, k, period int64) float64 {
	i := floorDiv(k, period)
	part := float64(k-i*period) / float64(period)
	a, b := height(seed, octave, i), height(seed, octave, i+1)
	return 0.18 * float64(period) * (a + (b-a)*part)
}

// openInterest is the units open at second k, whole lots.
func (d *day) openInterest(k int64) money.Qty {
	if d.interest == 0 {
		return 0
	}
	day := int64(24 * time.Hour / time.Second)
	drift := wave(d.seed, 70, minuteOf(k), day)/float64(day)/0.18*0.15 + wave(d.seed, 71, minuteOf(k), 1800)/1800/0.18*0.03
	return money.Qty(float64(d.interest/d.lot)*(1+drift)) * d.lot
}
