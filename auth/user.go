// Package auth knows who may use PaperPort and how they prove it: users and
// their roles, password hashes, one-time codes, recovery codes and the random
// tokens of logins, invites and reset links.
//
// It stores nothing and reads no clock of its own: callers hand in the instant
// and keep what it returns. Secrets leave it only as hashes, except for the
// fresh token, password or code that is shown to its owner once.
package auth

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// UserID names a user: 32 lower-case hex digits, 128 random bits. Access is
// decided by ownership, never by an id being hard to guess.
type UserID string

// NewUserID returns a fresh random id.
func NewUserID() UserID { return UserID(randomHex(16)) }

// ParseUserID accepts exactly the form NewUserID makes.
func ParseUserID(text string) (UserID, error) {
	if len(text) != 32 {
		return "", ErrBadID
	}
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", ErrBadID
		}
	}
	return UserID(text), nil
}

// ErrBadID is returned for text that cannot be an id of ours.
var ErrBadID = errors.New("auth: not an id")

// Role says what a user may do in this installation.
type Role string

// The roles, from most to least.
const (
	// Owner runs the installation: everything a trader may, plus users and invites.
	Owner Role = "owner"
	// Trader trades in his own accounts.
	Trader Role = "trader"
	// Viewer reads his own accounts and the markets and changes nothing in them.
	Viewer Role = "viewer"
)

// ParseRole accepts the three role names.
func ParseRole(text string) (Role, error) {
	switch r := Role(text); r {
	case Owner, Trader, Viewer:
		return r, nil
	}
	return "", fmt.Errorf("auth: role %q is none of owner, trader, viewer", text)
}

// CanTrade reports whether the role may place orders and move paper money.
func (r Role) CanTrade() bool { return r == Owner || r == Trader }

// CanManage reports whether the role may invite, disable and change users.
func (r Role) CanManage() bool { return r == Owner }

// User is one person who may sign in.
type User struct {
	ID       UserID
	Username string // as typed at creation; unique without regard to case
	Role     Role
	// PasswordHash is a PHC string (see HashPassword).
	PasswordHash string
	// TwoStep is the second factor; its zero value means it is off.
	TwoStep    TwoStep
	IsDisabled bool
	CreatedAt  time.Time // UTC
}

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand aborts the program instead
	return hex.EncodeToString(b)
}
