package breeze

import (
	"fmt"
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

// Budget is how much of the request budget is used. A Max of Unlimited means no limit.
type Budget struct {
	MinuteUsed, MinuteMax, DayUsed, DayMax int
}

// BudgetError says that we did not send a request because our own budget is spent. It unwraps to ErrRateMinute or ErrRateDay.
type BudgetError struct {
	// RetryAfter is when the next request may go.
	RetryAfter time.Duration
	cause      error
}

// Error says which budget and for how long.
func (e *BudgetError) Error() string {
	return fmt.Sprintf("breeze: request budget spent, next in %s: %v", e.RetryAfter.Round(time.Second), e.cause)
}

// Unwrap returns ErrRateMinute or ErrRateDay.
func (e *BudgetError) Unwrap() error { return e.cause }

// budget counts requests in the last 60 seconds and in the IST day.
type budget struct {
	perMinute, perDay int

	mu   sync.Mutex // guards the rest
	sent []calendar.Instant
	day  calendar.Date
	used int
}

func newBudget(options Options) *budget {
	b := &budget{perMinute: options.PerMinute, perDay: options.PerDay, day: calendar.FromTime(options.Clock.Now()).Date(), used: options.DayUsed}
	if b.perMinute == 0 {
		b.perMinute = defaultPerMinute
	}
	if b.perDay == 0 {
		b.perDay = defaultPerDay
	}
	return b
}

// take spends one request or says why not.
func (b *budget) take(now calendar.Instant) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roll(now)
	if b.perDay >= 0 && b.used >= b.perDay {
		return &BudgetError{RetryAfter: b.day.Add(1).At(0).Sub(now), cause: ErrRateDay}
	}
	if b.perMinute >= 0 && len(b.sent) >= b.perMinute {
		retry := time.Minute
		if len(b.sent) > 0 {
			retry = b.sent[len(b.sent)-b.perMinute].Add(time.Minute).Sub(now)
		}
		return &BudgetError{RetryAfter: retry, cause: ErrRateMinute}
	}
	b.used++
	b.sent = append(b.sent, now)
	return nil
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

// Budget returns what is used now.
func (c *Client) Budget() Budget {
	b := c.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roll(c.now())
	return Budget{MinuteUsed: len(b.sent), MinuteMax: b.perMinute, DayUsed: b.used, DayMax: b.perDay}
}
