package breeze

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"paperport/calendar"
)

// Unlimited as a limit of the budget means none.
const Unlimited = -1

// The broker's published limits. Source: Breeze API reference page and support's answer in issue 114 of the Python SDK,
// read 2026-11; which moment ends its day is not documented, we take midnight IST.
const (
	defaultPerMinute = 100
	defaultPerDay    = 5000
)

// purpose says which part of the budget a request may spend.
type purpose bool

const (
	// ordinary requests leave the reserve alone.
	ordinary purpose = false
	// reserved ones prove or win a session: they may spend the last requests of a minute and of a day.
	reserved purpose = true
)

// Budget is how much of the request budget is used. A Max of Unlimited means no limit.
type Budget struct {
	MinuteUsed, MinuteMax, DayUsed, DayMax int
	// Reserve is the part of each limit that only logins, exchanges and probes may use.
	Reserve int
	// PausedUntil is when the broker's own "too many requests" is waited out, 0 when it is not.
	PausedUntil calendar.Instant
}

// Spent is a day's count of requests, for keeping across restarts.
type Spent struct {
	Day  calendar.Date
	Used int
}

// BudgetError says that the request budget is spent: by our own count, and then nothing was sent, or by the broker's. It
// unwraps to ErrRateMinute or ErrRateDay.
type BudgetError struct {
	// RetryAfter is when the next request may go.
	RetryAfter time.Duration
	cause      error
}

// Error says which budget and for how long.
func (e *BudgetError) Error() string {
	return fmt.Sprintf("breeze: request budget spent, next in %s: %v", e.RetryAfter.Round(time.Second), e.cause)
}

// Unwrap returns the cause, which is ErrRateMinute or ErrRateDay.
func (e *BudgetError) Unwrap() error { return e.cause }

// How long a broker's "too many" is waited out: a minute, doubled with every further one, at most pauseMax. What a day's
// limit means is not documented (6.1), so a request of the reserve asks again after as long.
const (
	pauseMin = time.Minute
	pauseMax = 16 * time.Minute
)

// reserveMax is the default reserve: a login is five requests.
const reserveMax = 10

// budget counts requests in the last 60 seconds and in the IST day.
type budget struct {
	perMinute, perDay, reserve int

	mu   sync.Mutex // guards the rest
	sent []calendar.Instant
	day  calendar.Date
	used int
	// until is the end of the broker's pause, dayOver the day it called used up, refusals how many "too many" came in a row.
	until    calendar.Instant
	dayOver  calendar.Date
	refusals int
}

func newBudget(options Options) *budget {
	b := &budget{perMinute: options.PerMinute, perDay: options.PerDay, reserve: options.Reserve, day: calendar.FromTime(options.Clock.Now()).Date(), used: options.DayUsed}
	if b.perMinute == 0 {
		b.perMinute = defaultPerMinute
	}
	if b.perDay == 0 {
		b.perDay = defaultPerDay
	}
	return b
}

// keep is how much of a limit p must leave.
func (b *budget) keep(p purpose, limit int) int {
	switch {
	case p == reserved:
		return 0
	case b.reserve > 0:
		return b.reserve
	default:
		return min(limit/10, reserveMax)
	}
}

// take spends one request or says why not.
func (b *budget) take(now calendar.Instant, p purpose) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.check(now, p, 1); err != nil {
		return err
	}
	b.used++
	b.sent = append(b.sent, now)
	return nil
}

// has says why n requests in a row could not be spent now, or nil.
func (b *budget) has(now calendar.Instant, p purpose, n int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.check(now, p, n)
}

// check needs mu.
func (b *budget) check(now calendar.Instant, p purpose, n int) error {
	b.roll(now)
	isDayOver := b.perDay >= 0 && b.used+n > b.perDay-b.keep(p, b.perDay) || p == ordinary && b.dayOver == b.day
	if isDayOver {
		return &BudgetError{RetryAfter: b.day.Add(1).At(0).Sub(now), cause: ErrRateDay}
	}
	if now < b.until {
		return &BudgetError{RetryAfter: b.until.Sub(now), cause: ErrRateMinute}
	}
	most := b.perMinute - b.keep(p, b.perMinute)
	tooMany := len(b.sent) + n - most
	if b.perMinute < 0 || tooMany <= 0 {
		return nil
	}
	retry := time.Minute
	if tooMany <= len(b.sent) {
		retry = b.sent[tooMany-1].Add(time.Minute).Sub(now)
	}
	return &BudgetError{RetryAfter: retry, cause: ErrRateMinute}
}

// roll forgets what is older than a minute, and the count of a day that is over.
func (b *budget) roll(now calendar.Instant) {
	old := 0
	for old < len(b.sent) && now.Sub(b.sent[old]) >= time.Minute {
		old++
	}
	b.sent = append(b.sent[:0], b.sent[old:]...)
	if day := now.Date(); day != b.day {
		b.day, b.used = day, 0
	}
}

// pause takes note that the broker said "too many" and returns what callers get.
func (b *budget) pause(now calendar.Instant, header http.Header, cause error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	wait := min(pauseMin<<min(b.refusals, 4), pauseMax)
	b.refusals++
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && seconds > 0 {
		wait = min(max(wait, time.Duration(min(seconds, 1<<20))*time.Second), pauseMax)
	}
	b.until = max(b.until, now.Add(wait))
	if errors.Is(cause, ErrRateDay) {
		b.dayOver = now.Date()
		return &BudgetError{RetryAfter: b.dayOver.Add(1).At(0).Sub(now), cause: cause}
	}
	return &BudgetError{RetryAfter: b.until.Sub(now), cause: cause}
}

// accepted ends the doubling: the broker answers again.
func (b *budget) accepted() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refusals = 0
}

// spend takes one request from the budget and tells the day's count.
func (c *Client) spend(p purpose) error {
	if err := c.budget.take(c.now(), p); err != nil {
		return err
	}
	if c.options.OnSpend != nil {
		c.options.OnSpend(c.Spent())
	}
	return nil
}

// Spent returns how many requests today has cost, those before this process included.
func (c *Client) Spent() Spent {
	b := c.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roll(c.now())
	return Spent{Day: b.day, Used: b.used}
}

// Budget returns what is used now.
func (c *Client) Budget() Budget { return c.Meter().Budget(c.now()) }

// Budget returns what is used at an instant; the zero Budget of the zero Meter.
func (m Meter) Budget(now calendar.Instant) Budget {
	b := m.budget
	if b == nil {
		return Budget{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roll(now)
	used := Budget{MinuteUsed: len(b.sent), MinuteMax: b.perMinute, DayUsed: b.used, DayMax: b.perDay}
	if b.perDay >= 0 {
		used.Reserve = b.keep(ordinary, b.perDay)
	}
	if now < b.until {
		used.PausedUntil = b.until
	}
	return used
}
