package calendar

import "time"

// At returns the state of a board at an instant. A phase holds from its first instant up to, not including, its last.
func (c *Calendar) At(b Board, at Instant) State {
	return c.tables.Load().at(b, at)
}

// IsTradingDay reports whether a board trades at all on a date, special sessions included. A special session whose
// times are not known does not count.
func (c *Calendar) IsTradingDay(b Board, d Date) bool {
	return c.tables.Load().isTradingDay(b, d)
}

// NextTradingDay returns the first trading day after d, or zero when none is within the search limit of 40 days.
func (c *Calendar) NextTradingDay(b Board, d Date) Date {
	return c.tables.Load().nextTradingDay(b, d)
}

// PrevTradingDay returns the last trading day before d, or zero when none is within the search limit of 40 days.
func (c *Calendar) PrevTradingDay(b Board, d Date) Date {
	return c.tables.Load().prevTradingDay(b, d)
}

// SquareOff returns when intraday positions are closed on a trading day, zero on other days.
func (c *Calendar) SquareOff(b Board, d Date) Instant {
	return c.tables.Load().squareOff(b, d)
}

// DayEnd returns the end of the last phase of a trading day: no order lives longer, books are closed from here. Zero on
// other days.
func (c *Calendar) DayEnd(b Board, d Date) Instant {
	return c.tables.Load().dayEnd(b, d)
}

// WeeklyExpiry returns the weekly expiry of an exchange's index options on or after d: the exchange's weekday, or the
// trading day before when that is a holiday. Zero when the exchange has no expiry weekday on that date.
func (c *Calendar) WeeklyExpiry(e Exchange, d Date) Date {
	return c.tables.Load().weeklyExpiry(e, d)
}

// MonthlyExpiry returns the monthly expiry (index and stock): the last expiry weekday of the month, moved to the trading
// day before when that is a holiday.
func (c *Calendar) MonthlyExpiry(e Exchange, year int, month time.Month) Date {
	return c.tables.Load().monthlyExpiry(e, year, month)
}

// WeeklyExpiries returns the next n weekly expiries on or after d, monthly ones included, in order.
func (c *Calendar) WeeklyExpiries(e Exchange, d Date, n int) []Date {
	return c.tables.Load().weeklyExpiries(e, d, n)
}

// MonthlyExpiries returns the next n monthly expiries on or after d, in order.
func (c *Calendar) MonthlyExpiries(e Exchange, d Date, n int) []Date {
	return c.tables.Load().monthlyExpiries(e, d, n)
}

// ExpiryAt returns when contracts of a board that expire on d stop trading: the time of expiry_times.csv, or the close
// of continuous trading where that is earlier or no time is known. Zero when the board does not trade on d.
func (c *Calendar) ExpiryAt(b Board, d Date) Instant {
	return c.tables.Load().expiryAt(b, d)
}

// HasExpired reports whether a contract of a board with this last day (zero: none) has stopped trading at an instant.
func (c *Calendar) HasExpired(b Board, expiry Date, at Instant) bool {
	return c.tables.Load().hasExpired(b, expiry, at)
}

// SettlementDate returns when a trade of a date settles: T+1, the next day that is neither a weekend, a trading holiday
// nor a settlement holiday (india-rules 1.6).
func (c *Calendar) SettlementDate(e Exchange, trade Date) Date {
	return c.tables.Load().settlementDate(e, trade)
}

// AnySession reports whether anything trades on a date: a session of any segment, or a listed special session whose
// times are not known yet. The reason names the special session or says what closes the day: a holiday before a weekday.
func (c *Calendar) AnySession(d Date) (has bool, reason string) {
	return c.tables.Load().anySession(d)
}

// LastClose returns when the last segment closes on a date: the end of the day where a special session's times are not
// known, zero when nothing trades.
func (c *Calendar) LastClose(d Date) (last Instant) {
	return c.tables.Load().lastClose(d)
}

// KnownUntil returns the last day of the last year with holidays in the tables: later answers know only weekends. It is
// the zero Date for the demo calendar, which needs none.
func (c *Calendar) KnownUntil() Date {
	return c.tables.Load().knownUntil()
}

// ClosingWindow returns the time whose average price makes the day's close (the reference price of the closing auction
// for shares that take part in it). Zero when the board does not trade or no rule is known: currency and commodities.
func (c *Calendar) ClosingWindow(b Board, d Date) (from, to Instant) {
	from, to, _ = c.tables.Load().closingWindow(b, d)
	return from, to
}
