package feed

import (
	"slices"
	"sync"
	"time"

	"paperport/calendar"
)

// TapeClock is the time of a replay: it runs at 1 to 60 times the machine's time, can be paused and jump forwards, and
// stops at its end. It never goes back. Its methods may be called from any goroutine; it starts none.
type TapeClock struct {
	mu       sync.Mutex // guards the rest
	base     calendar.Instant
	since    time.Time // when base was right
	end      calendar.Instant
	speed    int
	isPaused bool
	waiters  []tapeWaiter
	timer    *time.Timer
}

type tapeWaiter struct {
	due calendar.Instant
	ch  chan time.Time
}

// NewTapeClock returns a clock that shows at and stops at end.
func NewTapeClock(at, end calendar.Instant, speed int, isPaused bool) *TapeClock {
	c := &TapeClock{base: at, since: time.Now(), end: end, speed: max(1, speed), isPaused: isPaused}
	c.timer = time.AfterFunc(time.Hour, c.fire)
	c.timer.Stop()
	return c
}

// Now is the time on the tape, in UTC.
func (c *TapeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Time()
}

func (c *TapeClock) now() calendar.Instant {
	if c.isPaused {
		return c.base
	}
	return max(c.base, min(c.end, c.base.Add(time.Since(c.since)*time.Duration(c.speed))))
}

// After delivers once d has passed on the tape; never while it is paused or has ended.
func (c *TapeClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	now := c.now()
	if d <= 0 {
		ch <- now.Time()
		return ch
	}
	c.waiters = append(c.waiters, tapeWaiter{now.Add(d), ch})
	c.arm()
	return ch
}

// Speed returns how it runs.
func (c *TapeClock) Speed() (speed int, isPaused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.speed, c.isPaused
}

// Set changes the speed, pauses or resumes, and jumps to a later instant; at 0, or one behind, stays.
func (c *TapeClock) Set(speed int, isPaused bool, at calendar.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base = min(c.end, max(c.now(), at))
	c.since = time.Now()
	c.speed, c.isPaused = max(1, speed), isPaused
	c.wake()
	c.arm()
}

// Stop ends the timer; waiters are never served again.
func (c *TapeClock) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer.Stop()
	c.waiters = nil
}

func (c *TapeClock) fire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wake()
	c.arm()
}

// wake serves who is due.
func (c *TapeClock) wake() {
	now := c.now()
	c.waiters = slices.DeleteFunc(c.waiters, func(w tapeWaiter) bool {
		if w.due > now {
			return false
		}
		w.ch <- now.Time()
		return true
	})
}

// arm sets the timer to the next waiter.
func (c *TapeClock) arm() {
	if len(c.waiters) == 0 || c.isPaused {
		c.timer.Stop()
		return
	}
	next := slices.MinFunc(c.waiters, func(a, b tapeWaiter) int { return int(min(1, max(-1, a.due-b.due))) })
	if next.due > c.end {
		c.timer.Stop()
		return
	}
	wait := next.due.Sub(c.now())/time.Duration(c.speed) + time.Microsecond
	c.timer.Reset(max(0, wait))
}
