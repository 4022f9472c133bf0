package store

import (
	"context"
	"errors"
	"time"

	"paperport/auth"
)

// Errors of the user tables.
var (
	// ErrAbsent says that no such user, login, invite, link or code exists, or that it is spent or expired.
	ErrAbsent = errors.New("store: no such row")
	// ErrTaken says that the user name is in use (names differ without regard to case).
	ErrTaken = errors.New("store: user name taken")
)

// Users keeps who may sign in and who is signed in.
type Users interface {
	UserReader
	// WriteUsers runs f in one transaction: what f did is durable when it returns nil and never happened otherwise.
	// f may be run on another goroutine, but only once and before WriteUsers returns.
	WriteUsers(ctx context.Context, f func(UserTx) error) error
}

// UserReader reads. Single rows that do not exist are ErrAbsent; lists are nil when empty.
type UserReader interface {
	// CountUsers counts all users, disabled ones too.
	CountUsers(ctx context.Context) (int, error)
	User(ctx context.Context, id auth.UserID) (auth.User, error)
	// UserByName ignores case.
	UserByName(ctx context.Context, name string) (auth.User, error)
	// Users lists by creation, oldest first.
	Users(ctx context.Context) ([]auth.User, error)
	// Login finds a login by the hash of its token, whether it is over or not.
	Login(ctx context.Context, token auth.TokenHash) (auth.Login, error)
	// Logins lists a user's logins, newest first.
	Logins(ctx context.Context, user auth.UserID) ([]auth.Login, error)
	// Invite finds an unused invite, whether it is expired or not.
	Invite(ctx context.Context, token auth.TokenHash) (auth.Invite, error)
	// Reset finds an unused reset link by the hash of its secret; it may have expired.
	Reset(ctx context.Context, token auth.TokenHash) (auth.Reset, error)
	// Tries returns the failures counted under a key; the zero value when there are none.
	Tries(ctx context.Context, key string) (auth.Tries, error)
}

// UserTx reads and writes within one transaction.
type UserTx interface {
	UserReader
	// AddUser inserts; ErrTaken when the name is in use.
	AddUser(ctx context.Context, u auth.User) error
	// SaveUser overwrites everything but id, name and creation time.
	SaveUser(ctx context.Context, u auth.User) error

	AddLogin(ctx context.Context, l auth.Login) error
	// TouchLogin notes that a login was used; an absent one is no error.
	TouchLogin(ctx context.Context, id auth.LoginID, at time.Time) error
	// RemoveLogin ends one login of a user.
	RemoveLogin(ctx context.Context, user auth.UserID, id auth.LoginID) error
	// RemoveLogins ends all logins of a user.
	RemoveLogins(ctx context.Context, user auth.UserID) error

	AddInvite(ctx context.Context, i auth.Invite) error
	// UseInvite spends an invite that is unused and unexpired at that time.
	UseInvite(ctx context.Context, token auth.TokenHash, by auth.UserID, at time.Time) error
	AddReset(ctx context.Context, r auth.Reset) error
	// UseReset spends a reset link that is unused and unexpired at that time and says whose it was.
	UseReset(ctx context.Context, token auth.TokenHash, at time.Time) (auth.UserID, error)

	// SaveRecoveryCodes replaces a user's codes.
	SaveRecoveryCodes(ctx context.Context, user auth.UserID, codes []auth.TokenHash) error
	// UseRecoveryCode spends one code of a user.
	UseRecoveryCode(ctx context.Context, user auth.UserID, code auth.TokenHash, at time.Time) error

	// SaveTries stores a failure count; zero failures remove it.
	SaveTries(ctx context.Context, key string, t auth.Tries) error
	AddAudit(ctx context.Context, a Audit) error
	// PruneUsers removes logins, invites, links and failure counts that can no longer matter.
	PruneUsers(ctx context.Context, now time.Time) error
}

// Audit is one line of the trail of who did what to whom; rows are never changed or removed.
type Audit struct {
	At time.Time
	// Actor did it, Subject it was done to; either may be empty.
	Actor, Subject auth.UserID
	// Action is a word such as "sign-in", "invite", "disable"; Detail never holds a secret.
	Action, Detail string
	// Result is "ok" or the code of the refusal.
	Result        string
	IP, RequestID string
}
