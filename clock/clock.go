// Package clock is the only way the shell learns the time: a Clock interface, the system clock and a manual one for
// tests. The core (money to engine) never imports it: there, time arrives in inputs.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time and waits. Now is UTC.
type Clock interface {
	Now() time.Time
	// After delivers the time once d has passed; d <= 0 delivers at once.
	After(d time.Duration) <-chan time.Time
}

// System is the machine's clock.
type System struct{}

// Now returns the current time in UTC.
func (System) Now() time.Time { return time.Now().UTC() }

// After is time.After.
func (System) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Manual is a clock that moves only when told. The zero value is not ready: use NewManual.
type Manual struct {
	mu      sync.Mutex // guards now and waiters
	now     time.Time
	waiters []waiter
}

type waiter struct {
	due time.Time
	ch  chan time.Time
}

// NewManual returns a manual clock that shows now.
func NewManual(now time.Time) *Manual { return &Manual{now: now.UTC()} }

// Now returns the time last set.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// After delivers when the clock has been moved by d.
func (m *Manual) After(d time.Duration) <-chan time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	ch := make(chan time.Time, 1)
	due := m.now.Add(d)
	if d <= 0 {
		ch <- m.now
		return ch
	}
	m.waiters = append(m.waiters, waiter{due, ch})
	return ch
}

// Set moves the clock to now, forwards or back, and wakes every waiter that is due.
func (m *Manual) Set(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = now.UTC()
	kept := m.waiters[:0]
	for _, w := range m.waiters {
		if w.due.After(m.now) {
			kept = append(kept, w)
			continue
		}
		w.ch <- m.now
	}
	m.waiters = kept
}

// Advance moves the clock forward by d.
func (m *Manual) Advance(d time.Duration) { m.Set(m.Now().Add(d)) }
