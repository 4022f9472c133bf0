package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"paperport/auth"
	"paperport/clock"
	"paperport/store"
)

// Refusal is an answer of the entry side (sign-in, users, links) that the user may see: a code and a sentence.
// Wait is set when trying again later may help. Next says what to do, Field which field is wrong; both may be empty.
type Refusal struct {
	Code  RefusalCode
	Text  string
	Next  string
	Field string
	Wait  time.Duration
}

// Error returns the code and sentence.
func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Text }

// RefusalCode names why an entry request was refused.
type RefusalCode string

// The refusals of the entry side.
const (
	LoginFailed    RefusalCode = "LOGIN_FAILED"
	CodeRequired   RefusalCode = "CODE_REQUIRED"
	CodeWrong      RefusalCode = "CODE_WRONG"
	SlowDown       RefusalCode = "SLOW_DOWN"
	NotSignedIn    RefusalCode = "NOT_SIGNED_IN"
	NotAllowed     RefusalCode = "NOT_ALLOWED"
	SetupDone      RefusalCode = "SETUP_DONE"
	SetupLinkOnly  RefusalCode = "SETUP_LINK_ONLY"
	LinkInvalid    RefusalCode = "LINK_INVALID"
	UsernameTaken  RefusalCode = "USERNAME_TAKEN"
	UsernameBad    RefusalCode = "USERNAME_BAD"
	PasswordWeak   RefusalCode = "PASSWORD_WEAK"
	PasswordWrong  RefusalCode = "PASSWORD_WRONG"
	RoleUnknown    RefusalCode = "ROLE_UNKNOWN"
	LastOwner      RefusalCode = "LAST_OWNER"
	UserUnknown    RefusalCode = "USER_UNKNOWN"
	LoginUnknown   RefusalCode = "LOGIN_UNKNOWN"
	TwoStepOn      RefusalCode = "TWO_STEP_ON"
	TwoStepMissing RefusalCode = "TWO_STEP_MISSING"

	// ProofRequired: say the password (and code) again; the last proof is older than 15 minutes.
	ProofRequired RefusalCode = "PROOF_REQUIRED"
	// BrokerFieldBad: a credential is wrong by its own rules; nothing was stored.
	BrokerFieldBad RefusalCode = "BROKER_FIELD_BAD"
	// AutoSessionFailed: neither way gave a session; the text names each way and its reason.
	AutoSessionFailed RefusalCode = "AUTO_SESSION_FAILED"
	// ConfirmSubmission: one more submission needs the user's word; the text says how many are left.
	ConfirmSubmission RefusalCode = "CONFIRM_SUBMISSION"
	// SessionRefused: the broker refused the token that was pasted or tested; nothing was stored.
	SessionRefused RefusalCode = "SESSION_REFUSED"
	// BrokerFailed: the broker could not be asked.
	BrokerFailed RefusalCode = "BROKER_FAILED"
	// BrokerMissing: a field is not stored that this needs.
	BrokerMissing RefusalCode = "BROKER_MISSING"
	// PopupRefused: the popup cannot work from here; the text says why.
	PopupRefused RefusalCode = "POPUP_REFUSED"
	// KeyLocked: the master key is missing or wrong.
	KeyLocked RefusalCode = "KEY_LOCKED"
	// NoLiveData: the live market has no session; orders wait until the broker is connected.
	NoLiveData RefusalCode = "NO_LIVE_DATA"
)

func refuse(code RefusalCode, text string) *Refusal { return &Refusal{Code: code, Text: text} }

// From says where a request came from, for the audit trail and the list of logins.
type From struct{ IP, Agent, RequestID string }

// Actor is a signed-in user on one of his logins.
type Actor struct {
	User  auth.User
	Login auth.Login
	// ProvedAt is when he last proved that it is he: the sign-in, or a Prove since. It is kept in memory: after a restart
	// of the program the sign-in counts.
	ProvedAt time.Time
}

// SignedIn is a fresh login: Token goes into the cookie and is not kept.
type SignedIn struct {
	Actor
	Token string
}

// Users is the entry side of the application: who may come in, and who is in. It keeps live logins in memory, so that
// knowing the caller costs no SQL; every change goes through it. Safe for concurrent use.
type Users struct {
	rows   store.Users
	hasher *auth.Hasher
	clock  clock.Clock
	span   auth.Span
	// edits keeps a change of users and its effect on the live logins in the same order.
	edits sync.Mutex

	mu        sync.Mutex // guards what follows
	live      map[auth.TokenHash]*liveLogin
	changes   uint64 // counts what could make a login just read from the database out of date
	setupHash auth.TokenHash
	hasOwner  bool
	prunedAt  time.Time
	turns     turns // guards itself
}

// UsersOptions is what Users needs.
type UsersOptions struct {
	Rows   store.Users
	Hasher *auth.Hasher
	Clock  clock.Clock
	Span   auth.Span
}

// NewUsers returns the entry side over a database.
func NewUsers(o UsersOptions) *Users {
	return &Users{rows: o.Rows, hasher: o.Hasher, clock: o.Clock, span: o.Span, live: map[auth.TokenHash]*liveLogin{}}
}

// NewUser is what a person says when he creates his user.
type NewUser struct{ Username, Password string }

func (n NewUser) check() error {
	if text := auth.CheckUsername(n.Username); text != "" {
		return refuse(UsernameBad, text)
	}
	if text := auth.CheckPassword(n.Password, n.Username); text != "" {
		return refuse(PasswordWeak, text)
	}
	return nil
}

// NeedsOwner reports whether nobody has been created yet.
func (u *Users) NeedsOwner(ctx context.Context) (bool, error) {
	u.mu.Lock()
	hasOwner := u.hasOwner
	u.mu.Unlock()
	if hasOwner {
		return false, nil
	}
	n, err := u.rows.CountUsers(ctx)
	if err != nil {
		return false, err
	}
	u.mu.Lock()
	u.hasOwner = n > 0
	u.mu.Unlock()
	return n == 0, nil
}

// NewSetupToken returns the secret of the one-time link with which the owner may be created from another machine. A
// new one replaces the old; it dies with the process and with the owner's creation.
func (u *Users) NewSetupToken() string {
	token, hash := auth.NewToken()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.setupHash = hash
	return token
}

// IsSetupToken reports whether a link's secret is the current one.
func (u *Users) IsSetupToken(token string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return token != "" && u.setupHash != "" && auth.HashToken(token) == u.setupHash
}

// CreateOwner creates the first user and signs him in. The caller has checked that the visitor may (loopback, or the
// one-time link).
func (u *Users) CreateOwner(ctx context.Context, n NewUser, from From) (SignedIn, error) {
	needsOwner, err := u.NeedsOwner(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	if !needsOwner {
		return SignedIn{}, setupDone() // before anybody makes us hash a password for nothing
	}
	in, err := u.create(ctx, n, auth.Owner, from, func(tx store.UserTx, _ auth.User) error {
		count, err := tx.CountUsers(ctx)
		if err == nil && count > 1 {
			return setupDone()
		}
		return err
	})
	if err == nil {
		u.mu.Lock()
		u.hasOwner, u.setupHash = true, ""
		u.mu.Unlock()
	}
	return in, err
}

func setupDone() *Refusal { return refuse(SetupDone, "The owner exists already. Sign in.") }

// create stores a new user with a login; also runs in the same transaction, after the user was added.
func (u *Users) create(ctx context.Context, n NewUser, role auth.Role, from From, also func(store.UserTx, auth.User) error) (SignedIn, error) {
	if err := n.check(); err != nil {
		return SignedIn{}, err
	}
	hash, err := u.hash(ctx, n.Password)
	if err != nil {
		return SignedIn{}, err
	}
	user := auth.User{ID: auth.NewUserID(), Username: n.Username, Role: role, PasswordHash: hash, CreatedAt: u.clock.Now()}
	in := u.newLogin(user, from)
	u.edits.Lock()
	defer u.edits.Unlock()
	err = u.rows.WriteUsers(ctx, func(tx store.UserTx) error {
		if err := tx.AddUser(ctx, user); err != nil {
			return err
		}
		if err := also(tx, user); err != nil {
			return err
		}
		if err := tx.AddLogin(ctx, in.Login); err != nil {
			return err
		}
		return tx.AddAudit(ctx, u.audit(user.ID, user.ID, "create-user", string(role), from))
	})
	if errors.Is(err, store.ErrTaken) {
		return SignedIn{}, refuse(UsernameTaken, "This user name is taken.")
	}
	if err != nil {
		return SignedIn{}, fmt.Errorf("app: create user: %w", err)
	}
	u.remember(in)
	return in, nil
}

// hash is Hasher.Hash with its queue error as a refusal.
func (u *Users) hash(ctx context.Context, password string) (string, error) {
	hash, err := u.hasher.Hash(ctx, password)
	if errors.Is(err, auth.ErrBusy) {
		return "", tooBusy()
	}
	return hash, err
}

func tooBusy() *Refusal {
	return &Refusal{Code: SlowDown, Text: "Too many sign-ins at once. Try again in a few seconds.", Wait: 5 * time.Second}
}

func (u *Users) audit(actor, subject auth.UserID, action, detail string, from From) store.Audit {
	return store.Audit{At: u.clock.Now(), Actor: actor, Subject: subject, Action: action, Detail: detail, Result: "ok",
		IP: from.IP, RequestID: from.RequestID}
}
