package calendar

import "time"

// maxPhases bounds the phases of one day; the longest day of the tables has four.
const maxPhases = 8

// dayPlan is the timetable of one board on one date, phases in order of time. Without phases the reason says why.
type dayPlan struct {
	phases [maxPhases]session
	n      int
	reason string
}

func (p *dayPlan) isTrading() bool { return p.openOf(Open) != p.closeOf(Open) }

// find returns the index of the phase that holds tod, or -1.
func (p *dayPlan) find(tod time.Duration) int {
	for i := range p.n {
		if p.phases[i].start <= tod && tod < p.phases[i].end {
			return i
		}
	}
	return -1
}

// after returns the index of the first phase that starts after tod, or -1.
func (p *dayPlan) after(tod time.Duration) int {
	for i := range p.n {
		if p.phases[i].start > tod {
			return i
		}
	}
	return -1
}

func (p *dayPlan) openOf(phase Phase) time.Duration {
	for i := range p.n {
		if p.phases[i].phase == phase {
			return p.phases[i].start
		}
	}
	return 0
}

// closeOf returns the end of the last phase of a kind, 0 when there is none.
func (p *dayPlan) closeOf(phase Phase) (end time.Duration) {
	for i := range p.n {
		if p.phases[i].phase == phase {
			end = p.phases[i].end
		}
	}
	return end
}

// add inserts a phase in order of time; phases beyond maxPhases are dropped.
func (p *dayPlan) add(s session) {
	if p.n == maxPhases {
		return
	}
	i := p.n
	for ; i > 0 && p.phases[i-1].start > s.start; i-- {
		p.phases[i] = p.phases[i-1]
	}
	p.phases[i] = s
	p.n++
}

// commodityEvening is when MCX's evening session begins on split holidays (india-rules 1.3).
const commodityEvening = 17 * time.Hour

// day returns the timetable of a board (normal form) on a date.
func (c *timetable) day(b Board, d Date) (plan dayPlan) {
	special, isSpecial := c.specialOn(b, d)
	if isSpecial && !special.isNormal {
		return muhuratDay(special)
	}
	var free holiday
	if !c.isEveryDay && !isSpecial {
		free = c.holidayOn(b, d)
		weekday := d.Weekday()
		if free.closed == closedDay {
			plan.reason = free.name
			return plan
		}
		if weekday == time.Saturday || weekday == time.Sunday {
			plan.reason = weekday.String()
			return plan
		}
	}
	for _, s := range c.sessionsOn(b, d) {
		if s.board != b || !covers(s.from, s.to, d) || !s.clock.holds(d) {
			continue
		}
		if s = free.closed.cut(s); s.start < s.end {
			plan.add(s)
		}
	}
	switch {
	case plan.n == 0:
		plan.reason = "no timetable for this day"
	case free.closed != closedNot:
		plan.reason = free.name
	}
	return plan
}

func muhuratDay(s special) (plan dayPlan) {
	for _, p := range s.phases {
		plan.add(p)
	}
	if plan.n == 0 {
		plan.reason = s.name + ": times not announced"
	}
	return plan
}

// cut takes the closed half out of a session.
func (c closure) cut(s session) session {
	switch c {
	case closedMorning:
		s.start = max(s.start, commodityEvening)
	case closedEvening:
		s.end = min(s.end, commodityEvening)
	case closedDay:
		s.end = s.start
	case closedNot:
	}
	return s
}

// specialOn finds the special session of a board and date. In one layer it comes before a holiday; a holiday of the override
// comes before our special session.
func (c *timetable) specialOn(b Board, d Date) (special, bool) {
	for i := len(c.layers) - 1; i >= 0; i-- {
		if s, ok := c.layers[i].specials[boardDay{d, b}]; ok {
			return s, true
		}
		if _, ok := c.layers[i].holidays[dayKey{d, b.Exchange, b.Segment}]; ok {
			break
		}
	}
	return special{}, false
}

func (c *timetable) holidayOn(b Board, d Date) holiday {
	for i := len(c.layers) - 1; i >= 0; i-- {
		if h, ok := c.layers[i].holidays[dayKey{d, b.Exchange, b.Segment}]; ok {
			return h
		}
	}
	return holiday{}
}

// sessionsOn returns the sessions of the topmost layer that has any for the board and date.
func (c *timetable) sessionsOn(b Board, d Date) []session {
	for i := len(c.layers) - 1; i >= 0; i-- {
		for _, s := range c.layers[i].sessions {
			if s.board == b && covers(s.from, s.to, d) {
				return c.layers[i].sessions
			}
		}
	}
	return nil
}

func covers(from, to, d Date) bool { return d >= from && (to == 0 || d <= to) }

// holds reports whether sessions of this clock are in force on d. US daylight saving runs from the second Sunday of
// March to the first Sunday of November (Energy Policy Act of 2005, section 110); MCX switches on the Monday after.
func (u usClock) holds(d Date) bool {
	if u == anyClock {
		return true
	}
	year, _, _ := d.YMD()
	isSummer := d > nthSunday(year, time.March, 2) && d <= nthSunday(year, time.November, 1)
	return isSummer == (u == usSummer)
}

func nthSunday(year int, month time.Month, n int) Date {
	first := NewDate(year, month, 1)
	return first.Add((7-int(first.Weekday()))%7 + 7*(n-1))
}
