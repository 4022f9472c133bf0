package calendar

import "time"

// AnySession reports whether anything trades on a date: a session of any segment, or a listed special session whose
// times are not known yet. The reason names the special session or says what closes the day: a holiday before a weekday.
func (c *Calendar) AnySession(d Date) (has bool, reason string) {
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

// LastClose returns when the last segment closes on a date: the end of the day where a special session's times are not
// known, zero when nothing trades.
func (c *Calendar) LastClose(d Date) (last Instant) {
	for _, b := range allBoards() {
		if end := c.DayEnd(b, d); end > last {
			last = end
		} else if _, isSpecial := c.specialOn(b, d); isSpecial && end == 0 {
			last = d.At(24 * time.Hour)
		}
	}
	return last
}
