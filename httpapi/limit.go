package httpapi

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"paperport/auth"
	"paperport/clock"
)

// limiters bound how often one user, or one address without a login, may ask.
type limiters struct {
	limits Limits
	clock  clock.Clock

	mu        sync.Mutex // guards the maps
	users     map[auth.UserID]*rate.Limiter
	addresses map[netip.Addr]*rate.Limiter
}

// keyMax bounds each map; a full one is emptied, which forgives everybody once.
const keyMax = 10_000

func newLimiters(l Limits, c clock.Clock) *limiters {
	return &limiters{limits: l, clock: c, users: map[auth.UserID]*rate.Limiter{}, addresses: map[netip.Addr]*rate.Limiter{}}
}

// user takes one request of a user and returns how long he has to wait, 0 when he may go on.
func (l *limiters) user(id auth.UserID) time.Duration {
	return take(l, l.users, id, l.limits.APIPerSecond, l.limits.APIBurst)
}

func (l *limiters) address(ip netip.Addr) time.Duration {
	return take(l, l.addresses, ip, l.limits.EntryPerSecond, l.limits.EntryBurst)
}

func take[K comparable](l *limiters, known map[K]*rate.Limiter, key K, perSecond, burst int) time.Duration {
	if perSecond <= 0 {
		return 0
	}
	l.mu.Lock()
	limiter := known[key]
	if limiter == nil {
		if len(known) >= keyMax {
			clear(known)
		}
		limiter = rate.NewLimiter(rate.Limit(perSecond), burst)
		known[key] = limiter
	}
	l.mu.Unlock()
	now := l.clock.Now()
	reservation := limiter.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}

// limitAddress bounds one address's API requests that no login vouches for; nil means go on.
func (s *Server) limitAddress(r *http.Request) *Problem {
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		return nil
	}
	if wait := s.limits.address(requestOf(r.Context()).ip); wait > 0 {
		return slowDown(wait)
	}
	return nil
}
