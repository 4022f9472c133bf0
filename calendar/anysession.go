package calendar

import "time"

// anySession is Calendar.AnySession.
func (c *timetable) anySession(d Date) (has bool, reason string) {
	for _, b := range allBoards() {
		if s, isSpecial := c.specialOn(b, d); isSpecial {
			return true, s.name
		}
		plan := c.day(b, d)
		if plan.isTrading() {
			has = true
		} else if plan.reason != "" && (reason == "" || reason == d.Weekday().String()) {
			reason = plan.reason
		}
	}
	if has && (reason == d.Weekday().String() || reason == "no timetable for this day") {
		reason = ""
	}
	return has, reason
}

// lastClose is Calendar.LastClose.
func (c *timetable) lastClose(d Date) (last Instant) {
	for _, b := range allBoards() {
		if end := c.dayEnd(b, d); end > last {
			last = end
		} else if _, isSpecial := c.specialOn(b, d); isSpecial && end == 0 {
			last = d.At(24 * time.Hour)
		}
	}
	return last
}
