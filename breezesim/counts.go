package breezesim

import (
	"maps"
	"slices"
	"sync"
	"time"

	"paperport/calendar"
)

// wrongMax is how many wrong passwords and codes in a row lock an account until the next day in IST (2.3 of the
// design's "reliability"; ICICI's own number).
const wrongMax = 5

// Counts are what one account saw.
type Counts struct {
	// Passwords and Codes were submitted to the login pages, right or wrong, also while the account was locked.
	Passwords int `json:"passwords"`
	Codes     int `json:"codes"`
	// Repeats are the codes among them that had been submitted before in their half minute or the ten minutes after.
	Repeats int `json:"repeats"`
	// Logins gave an API session. Wrong counts towards the lock; IsLocked is the lock.
	Logins   int  `json:"logins"`
	Wrong    int  `json:"wrong"`
	IsLocked bool `json:"is_locked"`
	// Requests came to REST with this account's key, Busiest of them within one minute.
	Requests int `json:"requests"`
	Busiest  int `json:"busiest"`
}

// record is one account's counts and what they are made of.
type record struct {
	Counts
	lockedUntil calendar.Instant
	usedStep    int64            // of the last code that was accepted
	codes       map[string]int64 // recent codes and when, in half minutes, they came
	recent      []calendar.Instant
}

// counts keeps the records; accounts are made up by whoever asks, so their number is bounded.
type counts struct {
	mu  sync.Mutex // guards all
	all map[string]*record
}

const recordsMax = 10_000

func newCounts() *counts { return &counts{all: map[string]*record{}} }

// with calls f on a tag's record under the lock.
func (c *counts) with(tag string, f func(*record)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.all[tag]
	if r == nil {
		r = &record{codes: map[string]int64{}}
		if len(c.all) < recordsMax {
			c.all[tag] = r
		}
	}
	f(r)
}

// isLocked reports the lock, and opens it when its day is over.
func (r *record) isLocked(now calendar.Instant) bool {
	if r.IsLocked && now >= r.lockedUntil {
		r.IsLocked, r.Wrong = false, 0
	}
	return r.IsLocked
}

// failed counts one wrong entry.
func (r *record) failed(now calendar.Instant) {
	r.Wrong++
	if r.Wrong >= wrongMax {
		r.IsLocked, r.lockedUntil = true, (now.Date() + 1).At(0)
	}
}

// repeatSteps is how long a code is remembered, in half minutes.
const repeatSteps = 20

// submitted counts one code.
func (r *record) submitted(code string, step int64) {
	r.Codes++
	maps.DeleteFunc(r.codes, func(_ string, at int64) bool { return at < step-repeatSteps })
	if _, isKnown := r.codes[code]; isKnown {
		r.Repeats++
	}
	r.codes[code] = step
}

// requested counts one call of REST.
func (r *record) requested(now calendar.Instant) {
	r.Requests++
	from, _ := slices.BinarySearch(r.recent, now.Add(-time.Minute)+1)
	r.recent = append(r.recent[from:], now)
	r.Busiest = max(r.Busiest, len(r.recent))
}

// Submissions are how many passwords and codes the login pages were given for an account, right or wrong.
func (s *Server) Submissions(tag string) (passwords, codes int) {
	c := s.Counts(tag)
	return c.Passwords, c.Codes
}

// Counts returns what an account saw since the simulator began.
func (s *Server) Counts(tag string) (c Counts) {
	s.login.counts.with(tag, func(r *record) {
		r.isLocked(s.brokerNow())
		c = r.Counts
	})
	return c
}

// AllCounts returns the counts of every account that saw anything, by tag.
func (s *Server) AllCounts() map[string]Counts {
	now := s.brokerNow()
	s.login.counts.mu.Lock()
	defer s.login.counts.mu.Unlock()
	out := map[string]Counts{}
	for tag, r := range s.login.counts.all {
		r.isLocked(now)
		out[tag] = r.Counts
	}
	return out
}
