package sim

import (
	"strconv"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// Terms are what the security master says of a contract on one date.
type Terms struct {
	// Tick is the price step, Lower and Upper the circuit prices (0 for an index).
	Tick, Lower, Upper money.Price
	// Base is the previous close; for options the underlying's.
	Base money.Price
}

// TermsOf returns the terms of c on date, trading day or not.
func (m *Market) TermsOf(c Contract, date calendar.Date) Terms {
	s, ok := m.session(m.Board(c), date)
	if !ok {
		s = Session{Date: date, Open: date.At(0), Close: date.Add(1).At(0)}
	}
	d := m.makeDay(c, s)
	t := Terms{Tick: d.tick, Lower: d.lower, Upper: d.upper, Base: d.prevClose}
	if c.Kind == instrument.Option {
		u := &m.rows[c.Row]
		spot := m.dayOf(Contract{Row: c.Row, Exchange: u.Exchange, Kind: m.cash(c.Row)[0].Kind}, s)
		t.Base = spot.prevClose
	}
	return t
}

// Derivatives lists the futures and options on a row that trade on date, by expiry, strike and right.
func (m *Market) Derivatives(row int, date calendar.Date) []Contract {
	if !m.rows[row].HasDerivatives() {
		return nil
	}
	return m.appendDerivatives(nil, row, date)
}

// Bucket is a contract's place in the cycle: "1-Mon" for the nearest month, "2-Wek" for the second week.
func (m *Market) Bucket(c Contract, date calendar.Date) string {
	for i, d := range m.calendar.MonthlyExpiries(c.Exchange, date, serialMonths) {
		if d == c.Expiry {
			return strconv.Itoa(i+1) + "-Mon"
		}
	}
	for i, d := range m.calendar.WeeklyExpiries(c.Exchange, date, weeksListed) {
		if d == c.Expiry {
			return strconv.Itoa(i+1) + "-Wek"
		}
	}
	return ""
}
