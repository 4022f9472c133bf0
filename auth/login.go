package auth

import "time"

// LoginID names a login in lists; it opens nothing.
type LoginID string

// NewLoginID returns a fresh random id.
func NewLoginID() LoginID { return LoginID(randomHex(16)) }

// Login is one signed-in browser.
type Login struct {
	ID         LoginID
	User       UserID
	TokenHash  TokenHash
	CreatedAt  time.Time
	LastSeenAt time.Time
	// ExpiresAt ends the login whatever happens.
	ExpiresAt time.Time
	IP, Agent string
}

// Span says how long logins last.
type Span struct {
	// Until is the time of day, counted from 00:00 in Zone, at which logins end.
	Until time.Duration
	// Zone is the place whose clocks Until means.
	Zone *time.Location
	// Idle ends a login that was not used for so long; 0 means never. An open
	// event stream counts as use.
	Idle time.Duration
	// Max ends a login so long after sign-in, whatever Until says.
	Max time.Duration
}

// leastSpan is what a login just before the daily end still gets.
const leastSpan = time.Hour

// ExpiresAt returns when a login made at now ends: at the next Until, but not
// within the first hour, and never later than Max.
func (s Span) ExpiresAt(now time.Time) time.Time {
	local := now.In(s.Zone)
	end := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, s.Zone).Add(s.Until)
	for end.Before(now.Add(leastSpan)) {
		end = end.AddDate(0, 0, 1)
	}
	if last := now.Add(s.Max); end.After(last) {
		end = last
	}
	return end.UTC()
}

// IsOver reports whether the login has ended by time or idleness.
func (s Span) IsOver(l Login, now time.Time) bool {
	return !now.Before(l.ExpiresAt) || (s.Idle > 0 && now.Sub(l.LastSeenAt) >= s.Idle)
}

// Invite lets its holder create a user with a role, once.
type Invite struct {
	TokenHash TokenHash
	Role      Role
	CreatedBy UserID
	CreatedAt time.Time
	ExpiresAt time.Time
}

// InviteSpan is how long an invite can be used.
const InviteSpan = 7 * 24 * time.Hour

// Reset lets its holder set a new password for a user, once.
type Reset struct {
	TokenHash TokenHash
	User      UserID
	ExpiresAt time.Time
}

// ResetSpan is how long a reset link can be used.
const ResetSpan = time.Hour
