package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"paperport/auth"
	"paperport/store"
)

// liveLogin is a login in memory with those who must hear of its end.
type liveLogin struct {
	actor     Actor
	touchedAt time.Time // what the database knows as LastSeenAt
	stops     map[int]func()
	nextStop  int
}

// Limits of logins.
const (
	LoginsMax  = 50          // per user; the oldest gives way
	touchEvery = time.Minute // how far the stored LastSeenAt may lag
	pruneEvery = time.Hour   // how long rows that no longer matter may stay, counted failures of strangers above all
	agentMax   = 200         // characters kept of a browser's name
)

func (u *Users) newLogin(user auth.User, from From) SignedIn {
	token, hash := auth.NewToken()
	now := u.clock.Now()
	login := auth.Login{ID: auth.NewLoginID(), User: user.ID, TokenHash: hash, CreatedAt: now, LastSeenAt: now,
		ExpiresAt: u.span.ExpiresAt(now), IP: from.IP, Agent: printable(from.Agent)}
	return SignedIn{Actor: Actor{User: user, Login: login, ProvedAt: now}, Token: token}
}

// printable is the start of a browser's name without anything that does not print.
func printable(name string) string {
	var b strings.Builder
	n := 0
	for _, r := range name {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			continue
		}
		if n++; n > agentMax {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

func (u *Users) remember(in SignedIn) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.live[in.Login.TokenHash] = &liveLogin{actor: in.Actor, touchedAt: in.Login.LastSeenAt, stops: map[int]func(){}}
}

// Who returns the user behind a cookie's token and counts the login as used; NOT_SIGNED_IN when there is none.
func (u *Users) Who(ctx context.Context, token string) (Actor, error) {
	if token == "" {
		return Actor{}, notSignedIn()
	}
	hash := auth.HashToken(token)
	now := u.clock.Now()
	u.mu.Lock()
	live, isLive := u.live[hash]
	if isLive && !u.span.IsOver(live.actor.Login, now) {
		live.actor.Login.LastSeenAt = now
		actor := live.actor
		u.mu.Unlock()
		return actor, nil
	}
	u.mu.Unlock()
	if isLive {
		return Actor{}, notSignedIn() // Sweep takes it away
	}
	return u.recall(ctx, hash, now)
}

// recall loads a login that was made before this process started. A change of users meanwhile makes it read again.
func (u *Users) recall(ctx context.Context, hash auth.TokenHash, now time.Time) (Actor, error) {
	for {
		u.mu.Lock()
		changes := u.changes
		u.mu.Unlock()
		actor, err := u.load(ctx, hash)
		if err != nil {
			return Actor{}, err
		}
		if actor.User.IsDisabled || u.span.IsOver(actor.Login, now) {
			return Actor{}, notSignedIn()
		}
		seen := actor.Login.LastSeenAt
		actor.Login.LastSeenAt = now
		u.mu.Lock()
		if u.changes == changes {
			if _, isLive := u.live[hash]; !isLive {
				u.live[hash] = &liveLogin{actor: actor, touchedAt: seen, stops: map[int]func(){}}
			}
			u.mu.Unlock()
			return actor, nil
		}
		u.mu.Unlock()
	}
}

func (u *Users) load(ctx context.Context, hash auth.TokenHash) (Actor, error) {
	login, err := u.rows.Login(ctx, hash)
	if errors.Is(err, store.ErrAbsent) {
		return Actor{}, notSignedIn()
	}
	if err != nil {
		return Actor{}, fmt.Errorf("app: find login: %w", err)
	}
	user, err := u.rows.User(ctx, login.User)
	if err != nil {
		return Actor{}, fmt.Errorf("app: find login's user: %w", err)
	}
	return Actor{User: user, Login: login, ProvedAt: login.CreatedAt}, nil
}

func notSignedIn() *Refusal { return refuse(NotSignedIn, "Sign in to go on.") }

// Follow calls stop once, on its own goroutine, when the login ends for whatever reason; the result ends the following.
// It reports false when the login is over already. stop must not block.
func (u *Users) Follow(hash auth.TokenHash, stop func()) (func(), bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	live, isLive := u.live[hash]
	if !isLive {
		return nil, false
	}
	live.nextStop++
	n := live.nextStop
	live.stops[n] = stop
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(live.stops, n)
	}, true
}

// IsSignedIn reports whether a login is still in force; it does not count as use.
func (u *Users) IsSignedIn(ctx context.Context, hash auth.TokenHash) bool {
	now := u.clock.Now()
	u.mu.Lock()
	live, isLive := u.live[hash]
	isLive = isLive && !u.span.IsOver(live.actor.Login, now)
	u.mu.Unlock()
	if isLive {
		return true
	}
	actor, err := u.load(ctx, hash)
	return err == nil && !actor.User.IsDisabled && !u.span.IsOver(actor.Login, now)
}

// Touch counts a login as used: an open event stream calls it now and then.
func (u *Users) Touch(hash auth.TokenHash) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if live, isLive := u.live[hash]; isLive {
		live.actor.Login.LastSeenAt = u.clock.Now()
	}
}

// forget ends the live logins that match and stops who follows them.
func (u *Users) forget(matches func(Actor) bool) {
	u.mu.Lock()
	u.changes++
	var stops []func()
	for hash, live := range u.live {
		if !matches(live.actor) {
			continue
		}
		delete(u.live, hash)
		for _, stop := range live.stops {
			stops = append(stops, stop)
		}
	}
	u.mu.Unlock()
	for _, stop := range stops {
		go stop()
	}
}

// refresh puts a changed user into his live logins.
func (u *Users) refresh(user auth.User) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.changes++
	for _, live := range u.live {
		if live.actor.User.ID == user.ID {
			live.actor.User = user
		}
	}
}

// SignOut ends the login at once.
func (u *Users) SignOut(ctx context.Context, a Actor, from From) error {
	return u.EndLogin(ctx, a, a.Login.ID, from)
}

// EndLogin ends one of the user's own logins.
func (u *Users) EndLogin(ctx context.Context, a Actor, id auth.LoginID, from From) error {
	u.edits.Lock()
	defer u.edits.Unlock()
	err := u.rows.WriteUsers(ctx, func(tx store.UserTx) error {
		if err := tx.RemoveLogin(ctx, a.User.ID, id); err != nil {
			return err
		}
		return tx.AddAudit(ctx, u.audit(a.User.ID, a.User.ID, "sign-out", string(id[:min(8, len(id))]), from))
	})
	if errors.Is(err, store.ErrAbsent) {
		return refuse(LoginUnknown, "There is no such sign-in.")
	}
	if err != nil {
		return fmt.Errorf("app: end login: %w", err)
	}
	u.forget(func(b Actor) bool { return b.User.ID == a.User.ID && b.Login.ID == id })
	return nil
}

// Logins lists the user's logins that are not over, newest first.
func (u *Users) Logins(ctx context.Context, a Actor) ([]auth.Login, error) {
	stored, err := u.rows.Logins(ctx, a.User.ID)
	if err != nil {
		return nil, fmt.Errorf("app: list logins: %w", err)
	}
	now := u.clock.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	logins := stored[:0]
	for _, l := range stored {
		if live, isLive := u.live[l.TokenHash]; isLive {
			l = live.actor.Login
		}
		if !u.span.IsOver(l, now) {
			logins = append(logins, l)
		}
	}
	return logins, nil
}

// Sweep ends logins whose time is over, stores when the others were last used and drops rows that no longer matter.
// The caller runs it every half minute or so.
func (u *Users) Sweep(ctx context.Context) error {
	now := u.clock.Now()
	u.forget(func(a Actor) bool { return u.span.IsOver(a.Login, now) })
	touched := map[auth.LoginID]time.Time{}
	u.mu.Lock()
	for _, live := range u.live {
		if seen := live.actor.Login.LastSeenAt; seen.Sub(live.touchedAt) >= touchEvery {
			touched[live.actor.Login.ID] = seen
			live.touchedAt = seen
		}
	}
	isPruneDue := now.Sub(u.prunedAt) >= pruneEvery
	if isPruneDue {
		u.prunedAt = now
	}
	u.mu.Unlock()
	if len(touched) == 0 && !isPruneDue {
		return nil
	}
	return u.rows.WriteUsers(ctx, func(tx store.UserTx) error {
		for id, at := range touched {
			if err := tx.TouchLogin(ctx, id, at); err != nil {
				return err
			}
		}
		return tx.PruneUsers(ctx, now)
	})
}
