package auth

import "time"

// Tries counts recent failures for one key (an address and account, say). It
// slows down and never locks: whoever knows the password gets in after a wait
// (ASVS 5.0 6.1.1 forbids a lockout an enemy can trigger).
type Tries struct {
	Failures int
	LastAt   time.Time
}

// triesForget clears the count after so long without a failure.
const triesForget = 30 * time.Minute

// waits is the pause after the 5th, 6th, ... failure; with it fewer than ten
// tries fit into ten minutes (reliability.md test 88).
var waits = [...]time.Duration{5 * time.Second, 15 * time.Second, 60 * time.Second, 150 * time.Second, 300 * time.Second}

// freeTries is how many failures cost no wait.
const freeTries = 4

// Wait returns how long the next try has to wait, 0 when it may go ahead.
func (t Tries) Wait(now time.Time) time.Duration {
	if t.Failures <= freeTries || now.Sub(t.LastAt) >= triesForget {
		return 0
	}
	i := min(t.Failures-freeTries-1, len(waits)-1)
	return max(0, t.LastAt.Add(waits[i]).Sub(now))
}

// Fail returns the count after one more failure at now.
func (t Tries) Fail(now time.Time) Tries {
	if now.Sub(t.LastAt) >= triesForget {
		t.Failures = 0
	}
	return Tries{Failures: t.Failures + 1, LastAt: now}
}
