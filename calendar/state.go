package calendar

import (
	"fmt"
	"time"
)

// State is what a board does at an instant.
type State struct {
	Phase Phase
	// Since is when the phase began and Until when it ends (first instant of the next phase). Zero: not within the year
	// before or after.
	Since, Until Instant
	// NextOpen is the next instant, later than the asked one, at which continuous trading begins; zero when unknown.
	NextOpen Instant
	// TradingDate is the day whose books are current: the civil date on a trading day, else the trading day before.
	TradingDate Date
	// Reason is for the screen: "open", "pre-open", "closed until 09:15", "Sunday", "Guru Nanak Jayanti".
	Reason string
}

// searchDays bounds every look forwards or backwards; no market has been closed for so long.
const searchDays = 40

// At returns the state of a board at an instant. A phase holds from its first instant up to, not including, its last.
func (c *Calendar) At(b Board, at Instant) State {
	b = b.normal()
	date, tod := at.Date(), at.TimeOfDay()
	today := c.day(b, date)
	s := State{TradingDate: date}
	if !today.isTrading() {
		s.TradingDate = c.PrevTradingDay(b, date)
	}
	s.NextOpen = c.nextOpen(b, at, &today)
	if i := today.find(tod); i >= 0 {
		p := &today.phases[i]
		s.Phase, s.Reason = p.phase, p.phase.String()
		s.Since, s.Until = date.At(p.start), date.At(p.end)
		return s
	}
	s.Since, s.Until = c.gap(b, date, tod, &today)
	s.Reason = closedReason(date, tod, &today, s.NextOpen)
	return s
}

// IsTradingDay reports whether a board trades at all on a date, special sessions included. A special session whose
// times are not known does not count.
func (c *Calendar) IsTradingDay(b Board, d Date) bool {
	day := c.day(b.normal(), d)
	return day.isTrading()
}

// NextTradingDay returns the first trading day after d, or zero when none is within the search limit of 40 days.
func (c *Calendar) NextTradingDay(b Board, d Date) Date {
	for n := 1; n <= searchDays; n++ {
		if c.IsTradingDay(b, d.Add(n)) {
			return d.Add(n)
		}
	}
	return 0
}

// PrevTradingDay returns the last trading day before d, or zero when none is within the search limit of 40 days.
func (c *Calendar) PrevTradingDay(b Board, d Date) Date {
	for n := 1; n <= searchDays; n++ {
		if c.IsTradingDay(b, d.Add(-n)) {
			return d.Add(-n)
		}
	}
	return 0
}

// SquareOff returns when intraday positions are closed on a trading day, zero on other days.
func (c *Calendar) SquareOff(b Board, d Date) Instant {
	b = b.normal()
	day := c.day(b, d)
	end := day.closeOf(Open)
	if end == 0 {
		return 0
	}
	return d.At(end - c.squareOffBefore(b, d))
}

// DayEnd returns the end of the last phase of a trading day: no order lives longer, books are closed from here. Zero on
// other days.
func (c *Calendar) DayEnd(b Board, d Date) Instant {
	day := c.day(b.normal(), d)
	if !day.isTrading() {
		return 0
	}
	return d.At(day.phases[day.n-1].end)
}

func (c *Calendar) squareOffBefore(b Board, d Date) time.Duration {
	for i := len(c.layers) - 1; i >= 0; i-- {
		for _, s := range c.layers[i].squareOffs {
			if s.board == b && covers(s.from, s.to, d) {
				return s.before
			}
		}
	}
	return 0
}

// nextOpen finds the first start of continuous trading after at.
func (c *Calendar) nextOpen(b Board, at Instant, today *dayPlan) Instant {
	date := at.Date()
	for i := range today.n {
		if p := &today.phases[i]; p.phase == Open && date.At(p.start) > at {
			return date.At(p.start)
		}
	}
	next := c.NextTradingDay(b, date)
	if next == 0 {
		return 0
	}
	day := c.day(b, next)
	return next.At(day.openOf(Open))
}

// gap returns the ends of the closed time around tod.
func (c *Calendar) gap(b Board, date Date, tod time.Duration, today *dayPlan) (since, until Instant) {
	for i := range today.n {
		p := &today.phases[i]
		if p.end <= tod {
			since = date.At(p.end)
		}
		if p.start > tod && until == 0 {
			until = date.At(p.start)
		}
	}
	if since == 0 {
		if prev := c.PrevTradingDay(b, date); prev != 0 {
			since = c.DayEnd(b, prev)
		}
	}
	if until == 0 {
		if next := c.NextTradingDay(b, date); next != 0 {
			day := c.day(b, next)
			until = next.At(day.phases[0].start)
		}
	}
	return since, until
}

func closedReason(date Date, tod time.Duration, today *dayPlan, nextOpen Instant) string {
	if !today.isTrading() {
		return today.reason
	}
	if i := today.after(tod); i >= 0 && today.phases[i].phase == PostClose {
		return "closed, post-close from " + clockText(today.phases[i].start)
	}
	if nextOpen == 0 {
		return "closed"
	}
	text := "closed until " + clockText(nextOpen.TimeOfDay())
	if nextOpen.Date() != date {
		text += nextOpen.IST().Format(" on Mon 2 Jan")
	} else if today.reason != "" {
		text = today.reason + ", " + text
	}
	return text
}

func clockText(tod time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(tod.Hours()), int(tod.Minutes())%60)
}
