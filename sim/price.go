package sim

import (
	"math"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/options"
)

// pricer turns the underlying's log price into a contract's price within one minute. Carry, time to expiry and volatility
// stand still within the minute, so the price rises (or for puts falls) with the log price and the extremes of a minute
// are the prices at the extremes of the underlying.
type pricer struct {
	kind         instrument.Kind
	factor       float64 // spot to the contract's price or forward
	option       options.Option
	tick         money.Price
	lower, upper money.Price // 0, 0 = unbounded
}

const yearSeconds = 365 * 86_400

// pricer returns the pricer of c for the minute that begins at start; lower and upper are left open.
func (m *Market) pricer(c Contract, tick money.Price, start int64) pricer {
	u := &m.rows[c.Row]
	p := pricer{kind: c.Kind, factor: 1, tick: tick}
	switch c.Kind {
	case instrument.Index:
	case instrument.Equity:
		if c.Exchange != u.Exchange {
			p.factor = 1 + bseApart*height(m.contractSeed(c), 0, start/60)
		}
	case instrument.Future, instrument.Option:
		years := float64(secondOf(m.ExpiresAt(c))-start) / yearSeconds
		years = math.Max(years, 0)
		p.factor = math.Exp(Rate * years)
		if c.Kind == instrument.Option {
			p.option = m.option(c, start, years, p.factor)
		}
	}
	return p
}

// bseApart is how far BSE's price of a share strays from NSE's, as a fraction.
const bseApart = 0.0001

func (m *Market) option(c Contract, start int64, years, carry float64) options.Option {
	u := &m.rows[c.Row]
	forward := carry * math.Exp(m.minuteLogs(u, start).open)
	strike := rupees(c.Strike)
	return options.Option{
		IsPut: c.Right == instrument.Put, Underlying: forward, Strike: strike, Years: years, Rate: Rate,
		Vol: m.vol(u, start, math.Log(strike/forward), years),
	}
}

// vol is the implied volatility at log moneyness: the index's level for everyone, scaled by the underlying's own
// volatility, with a smile. Shape: our choice.
func (m *Market) vol(u *Underlying, start int64, moneyness, years float64) float64 {
	vix := &m.rows[m.vixRow]
	level := math.Exp(m.minuteLogs(vix, start).open) / 100
	atm := level * u.vol / marketVol
	if !u.IsIndex {
		atm = u.vol * math.Sqrt(252) * math.Sqrt(level*100/vix.base)
	}
	x := moneyness / (atm * math.Sqrt(years+0.02))
	x = math.Max(-3, math.Min(3, x))
	return atm * (1 - 0.05*x + 0.025*x*x)
}

// price is the contract's price at a log price of its underlying, on its tick and within its limits.
func (p *pricer) price(log float64) money.Price {
	v := math.Exp(log) * p.factor
	if p.kind == instrument.Option {
		o := p.option
		o.Underlying = v
		v = options.Price(o)
	}
	price := toPrice(v, p.tick)
	if p.upper > 0 {
		price = max(p.lower, min(p.upper, price))
	}
	return price
}

// bar is the price part of a candle.
func (p *pricer) bar(l logs) bar {
	a, b := p.price(l.high), p.price(l.low)
	return bar{open: p.price(l.open), high: max(a, b), low: min(a, b), close: p.price(l.close)}
}

// rupeesAt is the underlying's price at a second, unrounded.
func (m *Market) rupeesAt(u *Underlying, second int64) float64 {
	n := newMinute(u, minuteOf(second))
	return math.Exp(n.at(second))
}

// logAt is the log price of u at a second.
func logAt(u *Underlying, second int64) float64 {
	n := newMinute(u, minuteOf(second))
	return n.at(second)
}

func (m *Market) contractSeed(c Contract) uint64 {
	h := mix(m.seed, 7+uint64(c.Row))
	h = mix(h, uint64(c.Exchange)<<16|uint64(c.Kind)<<8|uint64(c.Right))
	return mix(mix(h, uint64(c.Expiry)), uint64(c.Strike))
}

func rupees(p money.Price) float64 { return float64(p) / money.PriceScale }

// tick is the price step of c on date. Cash and stock futures take the ladder of india-rules 2.1; its tier is fixed for a
// month, and where the month's opening tier and a day's own disagree we take the coarser one, which is on both ladders.
func (m *Market) tick(c Contract, date calendar.Date) money.Price {
	u := &m.rows[c.Row]
	switch {
	case c.Kind == instrument.Index:
		return indexStep(u)
	case c.Kind == instrument.Option && u.IsIndex:
		return 5 * money.PricePerPaisa
	case c.Kind == instrument.Option:
		if m.ladderRupees(u, date) < 250 {
			return money.PricePerPaisa
		}
		return 5 * money.PricePerPaisa
	case u.IsIndex:
		return indexFutureTick(m.ladderRupees(u, date))
	case u.IsFund():
		return money.PricePerPaisa
	default:
		return ladderTick(m.ladderRupees(u, date))
	}
}

func indexStep(u *Underlying) money.Price {
	if u.Exchange == calendar.BSE || u.Symbol == "INDIAVIX" {
		return money.PricePerPaisa
	}
	return 5 * money.PricePerPaisa
}

// ladderRupees is the price that decides the tick: the highest close from the last of the month before up to the day before date.
func (m *Market) ladderRupees(u *Underlying, date calendar.Date) float64 {
	return m.ladders.get(rowDay{u.Row, date}, func() float64 {
		_, _, day := date.YMD()
		board := m.Board(Contract{Row: u.Row, Exchange: u.Exchange, Kind: instrument.Equity})
		highest := 0.0
		for back := range day {
			if s, ok := m.before(board, date.Add(-back)); ok {
				highest = math.Max(highest, m.rupeesAt(u, secondOf(s.Close)-1))
			}
		}
		return highest
	})
}

// ladderTick is the step of a share or stock future at a price. Source: Fyers, Angel; effective 2025-04-15 (india-rules 2.1).
func ladderTick(price float64) money.Price {
	switch {
	case price < 250:
		return money.PricePerPaisa
	case price <= 1000:
		return 5 * money.PricePerPaisa
	case price <= 5000:
		return 10 * money.PricePerPaisa
	case price <= 10_000:
		return 50 * money.PricePerPaisa
	case price <= 20_000:
		return 100 * money.PricePerPaisa
	default:
		return 500 * money.PricePerPaisa
	}
}

// indexFutureTick is the step of an index future at an index level. Source: Fyers; effective 2025-04-15 (india-rules 2.1).
func indexFutureTick(level float64) money.Price {
	switch {
	case level <= 15_000:
		return 5 * money.PricePerPaisa
	case level <= 30_000:
		return 10 * money.PricePerPaisa
	default:
		return 20 * money.PricePerPaisa
	}
}
