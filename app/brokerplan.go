package app

import (
	"fmt"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/schedule"
	"paperport/store"
)

// Times of the day, IST (setup guide; broker-connection.md 2).
const (
	firstRenewal  = 8 * time.Hour
	secondRenewal = 8*time.Hour + 30*time.Minute
	// nightEnd: between 00:00 and here nothing logs in by itself.
	nightEnd = 6 * time.Hour
	// retriesEnd is when the morning's repetitions end: five minutes before the market opens.
	retriesEnd = 9*time.Hour + 10*time.Minute
	// warnFrom is when a session that will not last to the close is told of: after both renewals had their chance.
	warnFrom = 8*time.Hour + 40*time.Minute
	// bootWait is how long after the start the first look comes.
	bootWait = 15 * time.Second
)

// backoff is how long a renewal waits that failed before anything secret was sent.
var backoff = []time.Duration{30 * time.Second, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute}

// renewalDay reports whether renewals run on a day, and why when it is not an ordinary one: Monday to Saturday as the
// guide says, any other day with a session of any segment, but not a holiday on which nothing trades at all.
func (b *Brokers) renewalDay(conn store.Connection, d calendar.Date) (isOn bool, why string) {
	has, reason := b.opt.Calendar.AnySession(d)
	weekday := d.Weekday()
	switch {
	case has && (weekday == time.Saturday || weekday == time.Sunday):
		return true, reason
	case has || weekday == time.Saturday && reason == weekday.String():
		return true, ""
	case conn.IsEveryDay:
		return true, "every day, as you chose"
	default:
		return false, reason
	}
}

// planOf is when a user's session is renewed.
func (b *Brokers) planOf(conn store.Connection) schedule.Daily {
	return schedule.Daily{Times: []time.Duration{firstRenewal, secondRenewal},
		IsDay: func(d calendar.Date) bool { isOn, _ := b.renewalDay(conn, d); return isOn },
		Until: b.dayEnd, Since: calendar.FromTime(conn.CreatedAt)}
}

// dayEnd is the last close of a day, its end where nothing trades.
func (b *Brokers) dayEnd(d calendar.Date) calendar.Instant {
	if end := b.opt.Calendar.LastClose(d); end != 0 {
		return end
	}
	return d.At(24 * time.Hour)
}

// isUseful reports whether a session would be of use now: something trades later today, or always at the demo broker.
func (b *Brokers) isUseful(conn store.Connection, now time.Time) bool {
	at := calendar.FromTime(now)
	if at.TimeOfDay() < nightEnd {
		return false
	}
	has, _ := b.opt.Calendar.AnySession(at.Date())
	return conn.Broker == store.DemoBroker || conn.IsEveryDay || has && at < b.dayEnd(at.Date())
}

// lasts reports whether a session lives to today's last close, at a planned renewal on a day without one to the day's
// end. Otherwise, where nothing trades any more today, to now is enough.
func (b *Brokers) lasts(s store.BrokerSession, now time.Time, isPlanned bool) bool {
	end := b.opt.Calendar.LastClose(dateOf(now))
	if end == 0 && isPlanned {
		end = b.dayEnd(dateOf(now))
	}
	if end == 0 || !now.Before(end.Time()) {
		return now.Before(expiresAt(s))
	}
	return !expiresAt(s).Before(end.Time())
}

// nextRenewal says when the program will look after the session next and why then, or why it will not.
func (b *Brokers) nextRenewal(user auth.UserID, conn store.Connection, st BrokerState) (time.Time, string, error) {
	switch {
	case !st.HasKeys:
		return time.Time{}, "No broker is connected.", nil
	case b.opt.Seals.IsLocked():
		return time.Time{}, "None: the master key is missing.", nil
	case !st.HasAutoLogin:
		return time.Time{}, "None: automatic login needs " + listNames(st.Missing) + ".", nil
	case conn.IsHeld:
		return time.Time{}, "None: automatic login is paused.", nil
	case conn.NeedsUser != "":
		return time.Time{}, "None until you act: " + sentenceOf(conn.Broker, stopOf(conn)) + ".", nil
	}
	now, today := b.now()
	next := b.planOf(conn).Next(calendar.FromTime(now)).Time()
	text := b.nextText(conn, next, today)
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.seat(user)
	if !s.retryAt.IsZero() && s.retryAt.Before(next) {
		return s.retryAt, fmt.Sprintf("%s %s IST, as the last one failed", asDay(s.retryAt, today), clockText(s.retryAt)), nil
	}
	if s.isBootPending && b.bootDue.Before(next) {
		return b.bootDue, fmt.Sprintf("%s %s IST, after the start", asDay(b.bootDue, today), clockText(b.bootDue)), nil
	}
	return next, text, nil
}

// nextText names the day and time and what is unusual about it: a special session, or a weekday that is passed over.
func (b *Brokers) nextText(conn store.Connection, next time.Time, today calendar.Date) string {
	if next.Unix() == 0 {
		return "None is planned: the calendar knows no trading day."
	}
	text := fmt.Sprintf("%s %s IST", asDay(next, today), clockText(next))
	if _, why := b.renewalDay(conn, dateOf(next)); why != "" {
		text += " (" + why + ")"
	}
	for d := today.Add(1); d < dateOf(next); d = d.Add(1) {
		if isOn, why := b.renewalDay(conn, d); !isOn && d.Weekday() != time.Sunday {
			text += fmt.Sprintf("; %s is passed over: %s, nothing trades", d.At(0).IST().Format("Mon 2 Jan"), why)
		}
	}
	return text
}

// asDay is dayText with a capital.
func asDay(t time.Time, today calendar.Date) string {
	text := dayText(t, today)
	return string(text[0]&^0x20) + text[1:]
}
