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
	// SubPhase is the part of an auction, NoSubPhase outside; SubUntil is when it ends at the latest, RandomFrom from when on
	// it may end at any moment, zero when it does not end by chance. They say more of Phase and change nothing about it.
	SubPhase             SubPhase
	SubUntil, RandomFrom Instant
	// NextOpen is the next instant, later than the asked one, at which continuous trading begins; zero when unknown.
	NextOpen Instant
	// TradingDate is the day whose books are current: the civil date on a trading day, else the trading day before.
	TradingDate Date
	// Reason is for the screen: "open", "pre-open", "closed until 09:15", "Sunday", "Guru Nanak Jayanti".
	Reason string
}

// searchDays bounds every look forwards or backwards; no market has been closed for so long.
const searchDays = 40

// at is Calendar.At.
func (c *timetable) at(b Board, at Instant) State {
	b = b.normal()
	date, tod := at.Date(), at.TimeOfDay()
	today := c.day(b, date)
	s := State{TradingDate: date}
	if !today.isTrading() {
		s.TradingDate = c.prevTradingDay(b, date)
	}
	s.NextOpen = c.nextOpen(b, at, &today)
	if i := today.find(tod); i >= 0 {
		p := &today.phases[i]
		s.Phase, s.Reason = p.phase, p.phase.String()
		s.Since, s.Until = date.At(p.start), date.At(p.end)
		c.refine(&s, p, date, tod)
		return s
	}
	s.Since, s.Until = c.gap(b, date, tod, &today)
	s.Reason = closedReason(date, tod, &today, s.NextOpen)
	return s
}

// isTradingDay is Calendar.IsTradingDay.
func (c *timetable) isTradingDay(b Board, d Date) bool {
	day := c.day(b.normal(), d)
	return day.isTrading()
}

// nextTradingDay is Calendar.NextTradingDay.
func (c *timetable) nextTradingDay(b Board, d Date) Date {
	for n := 1; n <= searchDays; n++ {
		if c.isTradingDay(b, d.Add(n)) {
			return d.Add(n)
		}
	}
	return 0
}

// prevTradingDay is Calendar.PrevTradingDay.
func (c *timetable) prevTradingDay(b Board, d Date) Date {
	for n := 1; n <= searchDays; n++ {
		if c.isTradingDay(b, d.Add(-n)) {
			return d.Add(-n)
		}
	}
	return 0
}

// squareOff is Calendar.SquareOff.
func (c *timetable) squareOff(b Board, d Date) Instant {
	b = b.normal()
	day := c.day(b, d)
	end := day.closeOf(Open)
	if end == 0 {
		return 0
	}
	return d.At(end - c.squareOffBefore(b, d))
}

// dayEnd is Calendar.DayEnd.
func (c *timetable) dayEnd(b Board, d Date) Instant {
	day := c.day(b.normal(), d)
	if !day.isTrading() {
		return 0
	}
	return d.At(day.phases[day.n-1].end)
}

func (c *timetable) squareOffBefore(b Board, d Date) time.Duration {
	row, _ := c.squareOffOn(b, d)
	return row.before
}

// nextOpen finds the first start of continuous trading after at.
func (c *timetable) nextOpen(b Board, at Instant, today *dayPlan) Instant {
	date := at.Date()
	for i := range today.n {
		if p := &today.phases[i]; p.phase == Open && date.At(p.start) > at {
			return date.At(p.start)
		}
	}
	next := c.nextTradingDay(b, date)
	if next == 0 {
		return 0
	}
	day := c.day(b, next)
	return next.At(day.openOf(Open))
}

// gap returns the ends of the closed time around tod.
func (c *timetable) gap(b Board, date Date, tod time.Duration, today *dayPlan) (since, until Instant) {
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
		if prev := c.prevTradingDay(b, date); prev != 0 {
			since = c.dayEnd(b, prev)
		}
	}
	if until == 0 {
		if next := c.nextTradingDay(b, date); next != 0 {
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
