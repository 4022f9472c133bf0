package httpapi

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"paperport/auth"
	"paperport/clock"
	"paperport/secret"
)

// Limits of the callback.
const (
	handoffSpan = time.Minute // how long a token waits for its second hop
	handoffsMax = 64          // the oldest gives way
	noteBurst   = 3           // refusals of one address that go into the trail at once, then one a minute
	notesBurst  = 30          // of all addresses together, then one in ten seconds
)

// callback knows which popups may come back, and holds tokens between the two hops; all of it in memory only.
type callback struct {
	clock clock.Clock

	mu       sync.Mutex // guards what follows
	handoffs []handoff  // oldest first
	sweeper  *time.Timer
	isOver   bool
	waiting  map[auth.TokenHash]time.Time // bindings of popups begun here, and until when they may come back
	notes    map[netip.Prefix]*rate.Limiter
	allNotes *rate.Limiter
}

type handoff struct {
	key   auth.TokenHash
	token secret.Text
	until time.Time
}

func newCallback(c clock.Clock) *callback {
	return &callback{clock: c, waiting: map[auth.TokenHash]time.Time{}, notes: map[netip.Prefix]*rate.Limiter{}, allNotes: rate.NewLimiter(rate.Every(10*time.Second), notesBurst)}
}

// expect says that the popup with this binding may come back until then. Popups begun before a restart are not waited
// for: their button has to be pressed again.
func (c *callback) expect(binding secret.Text, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prune()
	c.waiting[auth.HashToken(binding.Reveal())] = until
}

// isExpected reports whether any popup may come back now.
func (c *callback) isExpected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prune()
	return len(c.waiting) > 0
}

// arrive ends the wait for a binding, once; false when nobody waits for it.
func (c *callback) arrive(binding secret.Text) bool {
	key := auth.HashToken(binding.Reveal())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prune()
	_, isWaiting := c.waiting[key]
	delete(c.waiting, key)
	return isWaiting
}

// keep holds a token for handoffSpan and returns the secret that fetches it.
func (c *callback) keep(token secret.Text) string {
	name, key := auth.NewToken()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prune()
	if len(c.handoffs) >= handoffsMax {
		c.handoffs = slices.Delete(c.handoffs, 0, len(c.handoffs)-handoffsMax+1)
	}
	c.handoffs = append(c.handoffs, handoff{key: key, token: token, until: c.clock.Now().Add(handoffSpan)})
	c.plan()
	return name
}

// take gives a token out, once.
func (c *callback) take(name string) (secret.Text, bool) {
	if name == "" {
		return secret.Text{}, false
	}
	key := auth.HashToken(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prune()
	i := slices.IndexFunc(c.handoffs, func(h handoff) bool { return h.key == key })
	if i < 0 {
		return secret.Text{}, false
	}
	token := c.handoffs[i].token
	c.handoffs = slices.Delete(c.handoffs, i, i+1)
	return token, true
}

// prune drops what waited too long.
func (c *callback) prune() {
	now := c.clock.Now()
	c.handoffs = slices.DeleteFunc(c.handoffs, func(h handoff) bool { return !now.Before(h.until) })
	maps.DeleteFunc(c.waiting, func(_ auth.TokenHash, until time.Time) bool { return !now.Before(until) })
}

// plan makes sure that tokens go in time, also when nobody asks.
func (c *callback) plan() {
	if c.sweeper != nil || len(c.handoffs) == 0 || c.isOver {
		return
	}
	c.sweeper = time.AfterFunc(max(c.handoffs[0].until.Sub(c.clock.Now()), time.Millisecond), func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sweeper = nil
		c.prune()
		c.plan()
	})
}

// close forgets everything.
func (c *callback) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isOver, c.handoffs = true, nil
	if c.sweeper != nil {
		c.sweeper.Stop()
	}
}

// mayNote bounds what strangers can write into the trail, by address (of IPv6 the network) and all together.
func (c *callback) mayNote(ip netip.Addr) bool {
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	from, err := ip.Prefix(bits)
	if err != nil || !ip.IsValid() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	limiter := c.notes[from]
	if limiter == nil {
		if len(c.notes) >= keyMax {
			clear(c.notes)
		}
		limiter = rate.NewLimiter(rate.Every(time.Minute), noteBurst)
		c.notes[from] = limiter
	}
	now := c.clock.Now()
	return limiter.AllowN(now, 1) && c.allNotes.AllowN(now, 1)
}
