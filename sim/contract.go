package sim

import (
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// Contract names one instrument of the market. It is comparable; the zero values of Expiry, Strike and Right are for
// what has none.
type Contract struct {
	// Row is the underlying's row; an index or share names itself.
	Row      int
	Exchange calendar.Exchange
	Kind     instrument.Kind
	Right    instrument.Right
	Expiry   calendar.Date
	Strike   money.Price
}

// IsDerivative reports whether c is a future or an option.
func (c Contract) IsDerivative() bool {
	return c.Kind == instrument.Future || c.Kind == instrument.Option
}

// ExpiresAt is the instant at which derivative c stops trading.
func (m *Market) ExpiresAt(c Contract) calendar.Instant {
	return m.calendar.ExpiryAt(m.Board(c), c.Expiry)
}

// Underlying returns the row behind c. The value is shared and must not be changed.
func (m *Market) Underlying(c Contract) *Underlying { return &m.rows[c.Row] }

// Board is the timetable of c.
func (m *Market) Board(c Contract) calendar.Board {
	u := &m.rows[c.Row]
	if c.IsDerivative() {
		return calendar.Board{Exchange: c.Exchange, Segment: calendar.FNO}
	}
	return calendar.Board{Exchange: c.Exchange, Segment: calendar.Equity, Auction: c.Kind == instrument.Equity && u.HasDerivatives()}
}

// Contracts lists everything that trades on date: indices, shares, then futures and options by underlying, expiry,
// strike and right. It takes tens of milliseconds and keeps nothing.
func (m *Market) Contracts(date calendar.Date) []Contract {
	var all []Contract
	for i := range m.rows {
		all = append(all, m.cash(i)...)
	}
	for i := range m.rows {
		if m.rows[i].HasDerivatives() {
			all = m.appendDerivatives(all, i, date)
		}
	}
	return all
}

func (m *Market) cash(row int) []Contract {
	u := &m.rows[row]
	kind := instrument.Equity
	if u.IsIndex {
		kind = instrument.Index
	}
	all := []Contract{{Row: row, Exchange: u.Exchange, Kind: kind}}
	if u.BSEToken != "" {
		all = append(all, Contract{Row: row, Exchange: calendar.BSE, Kind: kind})
	}
	return all
}

func (m *Market) appendDerivatives(all []Contract, row int, date calendar.Date) []Contract {
	u := &m.rows[row]
	for _, expiry := range m.calendar.MonthlyExpiries(u.Exchange, date, serialMonths) {
		all = append(all, Contract{Row: row, Exchange: u.Exchange, Kind: instrument.Future, Expiry: expiry})
	}
	for _, expiry := range m.OptionExpiries(row, date) {
		low, high := m.strikeRange(u, expiry, date)
		for k := low; k <= high; k += u.StrikeStep {
			c := Contract{Row: row, Exchange: u.Exchange, Kind: instrument.Option, Right: instrument.Call, Expiry: expiry, Strike: k}
			all = append(all, c)
			c.Right = instrument.Put
			all = append(all, c)
		}
	}
	return all
}

// Three serial months are listed (india-rules 2.3). Weekly options exist on NIFTY and SENSEX only.
const (
	serialMonths = 3
	weeksListed  = 5
	// monthDays and weekDays are how long before its expiry a monthly or weekly contract is first listed here.
	monthDays = 100
	weekDays  = 35
)

// OptionExpiries lists the expiries of options on row that are open on date, earliest first.
func (m *Market) OptionExpiries(row int, date calendar.Date) []calendar.Date {
	u := &m.rows[row]
	months := m.calendar.MonthlyExpiries(u.Exchange, date, serialMonths)
	if u.Symbol != "NIFTY" && u.Symbol != "SENSEX" {
		return months
	}
	weeks := m.calendar.WeeklyExpiries(u.Exchange, date, weeksListed)
	all := append([]calendar.Date{}, weeks...)
	for _, d := range months {
		if len(weeks) == 0 || d > weeks[len(weeks)-1] {
			all = append(all, d)
		}
	}
	return all
}

// isExpiry reports whether options (or futures) on row ever expire on date.
func (m *Market) isExpiry(u *Underlying, kind instrument.Kind, date calendar.Date) bool {
	first := m.calendar.MonthlyExpiries(u.Exchange, date, 1)
	if len(first) == 1 && first[0] == date {
		return true
	}
	if kind != instrument.Option || (u.Symbol != "NIFTY" && u.Symbol != "SENSEX") {
		return false
	}
	first = m.calendar.WeeklyExpiries(u.Exchange, date, 1)
	return len(first) == 1 && first[0] == date
}

// strikeRange returns the lowest and highest strike of expiry that is listed on date. The range is centred when the
// contract is first listed and widened every week as the price moves; a strike once listed stays.
func (m *Market) strikeRange(u *Underlying, expiry, date calendar.Date) (low, high money.Price) {
	days := monthDays
	if monthly := m.calendar.MonthlyExpiries(u.Exchange, expiry, 1); len(monthly) == 0 || monthly[0] != expiry {
		days = weekDays
	}
	first := expiry.Add(-days)
	if date < first {
		first = date
	}
	width := u.StrikeStep * money.Price(u.Strikes)
	for d := first; d <= date && d <= expiry; d = d.Add(7) {
		centre := m.spotAt(u, d.At(9*time.Hour)).RoundToTick(u.StrikeStep, money.HalfUp)
		if low == 0 || centre-width < low {
			low = centre - width
		}
		high = max(high, centre+width)
	}
	return max(low, u.StrikeStep), high
}

// IsListed reports whether c is a contract of this market that traded on date or, for derivatives, on any day up to its
// expiry that is not after date.
func (m *Market) IsListed(c Contract, date calendar.Date) bool {
	u := &m.rows[c.Row]
	switch c.Kind {
	case instrument.Equity, instrument.Index:
		return c.Exchange == u.Exchange || (c.Exchange == calendar.BSE && u.BSEToken != "")
	case instrument.Future, instrument.Option:
	}
	if !u.HasDerivatives() || c.Exchange != u.Exchange || !m.isExpiry(u, c.Kind, c.Expiry) {
		return false
	}
	if date < c.Expiry.Add(-monthDays-10) {
		return false
	}
	if c.Kind == instrument.Future {
		return true
	}
	low, high := m.strikeRange(u, c.Expiry, min(date, c.Expiry))
	return c.Strike >= low && c.Strike <= high && c.Strike%u.StrikeStep == 0
}

// spotAt is the underlying's price at an instant, whether or not anything trades then, to a paisa.
func (m *Market) spotAt(u *Underlying, at calendar.Instant) money.Price {
	return toPrice(m.rupeesAt(u, secondOf(at)), money.PricePerPaisa)
}
