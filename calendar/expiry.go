package calendar

import "time"

// The rules below are used to make the demo market's contracts and to flag a security master that disagrees. The
// master's own expiry always wins (india-rules 1.7): holidays are added at three days' notice and expiries move.

// weeklyExpiry is Calendar.WeeklyExpiry.
func (c *timetable) weeklyExpiry(e Exchange, d Date) Date {
	for n := range 14 {
		day := d.Add(n)
		weekday, ok := c.expiryWeekday(e, day)
		if !ok || day.Weekday() != weekday {
			continue
		}
		if moved := c.expiryDay(e, day); moved >= d {
			return moved
		}
	}
	return 0
}

// monthlyExpiry is Calendar.MonthlyExpiry.
func (c *timetable) monthlyExpiry(e Exchange, year int, month time.Month) Date {
	last := NewDate(year, month+1, 1).Add(-1)
	for n := range 7 {
		day := last.Add(-n)
		if weekday, ok := c.expiryWeekday(e, day); ok && day.Weekday() == weekday {
			return c.expiryDay(e, day)
		}
	}
	return 0
}

// weeklyExpiries is Calendar.WeeklyExpiries.
func (c *timetable) weeklyExpiries(e Exchange, d Date, n int) []Date {
	var out []Date
	for len(out) < n {
		next := c.weeklyExpiry(e, d)
		if next == 0 {
			break
		}
		out = append(out, next)
		d = next.Add(1)
	}
	return out
}

// monthlyExpiries is Calendar.MonthlyExpiries.
func (c *timetable) monthlyExpiries(e Exchange, d Date, n int) []Date {
	var out []Date
	year, month, _ := d.YMD()
	for i := 0; len(out) < n && i < n+2; i++ {
		if day := c.monthlyExpiry(e, year, month+time.Month(i)); day >= d && day != 0 {
			out = append(out, day)
		}
	}
	return out
}

// expiryAt is Calendar.ExpiryAt.
func (c *timetable) expiryAt(b Board, d Date) Instant {
	b = b.normal()
	day := c.day(b, d)
	end := day.closeOf(Open)
	if end == 0 {
		return 0
	}
	if row, ok := c.expiryTimeOn(b, d); ok {
		end = min(end, row.at)
	}
	return d.At(end)
}

// hasExpired is Calendar.HasExpired.
func (c *timetable) hasExpired(b Board, expiry Date, at Instant) bool {
	switch today := at.Date(); {
	case expiry == 0 || expiry > today:
		return false
	case expiry < today:
		return true
	default:
		end := c.expiryAt(b, expiry)
		return end != 0 && at >= end
	}
}

// settlementDate is Calendar.SettlementDate.
func (c *timetable) settlementDate(e Exchange, trade Date) Date {
	board := Board{Exchange: e, Segment: Equity}
	if e == MCX {
		board.Segment = Commodity
	}
	for n := 1; n <= searchDays; n++ {
		if day := trade.Add(n); c.isBusinessDay(board, day) && !c.isUnsettled(e, day) {
			return day
		}
	}
	return 0
}

// expiryDay moves a scheduled expiry to the business day on or before it. A Muhurat session is no business day: NIFTY's
// expiry of 2025-10-21 was moved to 2025-10-20 (india-rules 2.3).
func (c *timetable) expiryDay(e Exchange, scheduled Date) Date {
	for n := range searchDays {
		if c.isBusinessDay(Board{Exchange: e, Segment: FNO}, scheduled.Add(-n)) {
			return scheduled.Add(-n)
		}
	}
	return 0
}

// isBusinessDay is a weekday that is not a whole holiday; on the demo calendar, every day.
func (c *timetable) isBusinessDay(b Board, d Date) bool {
	weekday := d.Weekday()
	if c.isEveryDay {
		return true
	}
	return weekday != time.Saturday && weekday != time.Sunday && c.holidayOn(b, d).closed != closedDay
}

func (c *timetable) isUnsettled(e Exchange, d Date) bool {
	for _, t := range c.layers {
		if _, ok := t.unsettled[exchangeDay{d, e}]; ok {
			return true
		}
	}
	return false
}

func (c *timetable) expiryWeekday(e Exchange, d Date) (time.Weekday, bool) {
	for i := len(c.layers) - 1; i >= 0; i-- {
		rules := c.layers[i].expiries
		for j := len(rules) - 1; j >= 0; j-- {
			if rules[j].exchange == e && d >= rules[j].from {
				return rules[j].weekday, true
			}
		}
	}
	return 0, false
}
