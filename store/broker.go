package store

import (
	"context"
	"time"

	"paperport/auth"
	"paperport/calendar"
)

// BrokerID names a broker.
type BrokerID string

// The brokers. An API key that begins with DEMO belongs to the demo broker, any other to ICICI.
const (
	NoBroker   BrokerID = ""
	ICICI      BrokerID = "icici"
	DemoBroker BrokerID = "demo"
)

// SecretField names a sealed secret of a connection.
type SecretField string

// The sealed fields. The session field holds the broker token of the day with the API session it was made from.
const (
	FieldAPIKey    SecretField = "api_key"
	FieldSecretKey SecretField = "secret_key"
	FieldLoginID   SecretField = "login_id"
	FieldPassword  SecretField = "password"
	FieldTOTP      SecretField = "totp_secret"
	FieldSession   SecretField = "session_token"
	// FieldIdentity is the broker's name of the user, pinned at the first accepted login.
	FieldIdentity SecretField = "identity"
)

// SealedTable is the table name that the sealed fields are bound to.
const SealedTable = "broker_secrets"

// Install identifies this installation to the vault.
type Install struct {
	// ID is 32 hex digits; Salt is for deriving keys; KeyCheck tells the right master key, nil until one was set.
	ID       string
	Salt     [32]byte
	KeyCheck []byte
}

// Connection is a user's link to a broker; a user has at most one.
type Connection struct {
	User   auth.UserID
	Broker BrokerID
	// IsHeld: the user (or a restore) switched automatic logins off. NeedsUser is the class of the failure after which
	// nothing is sent any more until the user acts, "" when there is none.
	IsHeld    bool
	NeedsUser string
	// IsEveryDay: renewals run on days without any session, too.
	IsEveryDay bool
	// LastCode is the time step (Unix time / 30) of the one-time code sent last.
	LastCode int64
	// Life is how long a session was seen to live: "", "midnight" or "24h".
	Life      string
	CreatedAt time.Time
}

// Sealed is a secret as it is kept. Version grows by one with each change of the field and is bound into Blob.
type Sealed struct {
	User    auth.UserID
	Broker  BrokerID
	Field   SecretField
	Version uint64
	Blob    []byte
	// Hint is at most the last two characters of a secret that is none by itself (API key, login ID), else "".
	Hint  string
	SetAt time.Time
}

// BrokerSession says what is known of the broker session whose secrets are in FieldSession.
type BrokerSession struct {
	User     auth.UserID
	Broker   BrokerID
	IssuedAt time.Time
	// ProvedAt is the last accepted exchange or call; CheckedAt the last try. EndedAt is set once it was refused.
	ProvedAt, CheckedAt, EndedAt time.Time
	// Way is how it was won: "browser", "direct", "popup", "paste".
	Way string
}

// Submission is a use of the day's budget of credentials, written before a password or code leaves. Outcome is "" until
// the answer is known, and stays "" when the process died: that counts as used.
type Submission struct {
	ID        string
	User      auth.UserID
	Broker    BrokerID
	Day       calendar.Date // IST
	IsManual  bool
	Step      string // the last secret that left: "password" or "code"
	At        time.Time
	Outcome   string // "accepted", "rejected", "unknown" or ""
	SettledAt time.Time
}

// Attempt is one try to get a session, as the user sees it.
type Attempt struct {
	ID      string
	User    auth.UserID
	Broker  BrokerID
	At      time.Time
	Trigger string // "button", "08:00", "08:30", "start", "midday", "popup", "paste", "test"
	Way     string // "browser", "direct", "popup", "paste"
	Outcome string // "ok" or a class of failure
	Text    string // safe sentence
}

// Popup is one wait for the broker's login page to come back. Only hashes of its secrets are kept.
type Popup struct {
	ID        string
	Binding   auth.TokenHash // of the cookie
	User      auth.UserID
	Login     auth.TokenHash // the sign-in that began it
	Broker    BrokerID
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero until used
	Outcome   string    // "", "ok" or a class of failure
	Text      string
}

// Notice is a message to a user that stays until he has seen it.
type Notice struct {
	ID   string
	User auth.UserID
	At   time.Time
	Kind string // "renewal-failed", "needs-user", "identity", "session-ended", "key-locked", "backup", "credentials"
	Text string
	// Action names the button: "", "popup", "settings".
	Action  string
	AckedAt time.Time // zero until acknowledged
}

// SealedCount says how many sealed values a key holds.
type SealedCount struct {
	Key [4]byte
	N   int
}

// Brokers keeps users' broker connections.
type Brokers interface {
	BrokerReader
	// WriteBrokers runs f in one transaction, like Users.WriteUsers.
	WriteBrokers(ctx context.Context, f func(BrokerTx) error) error
}

// BrokerReader reads. Single rows that do not exist are ErrAbsent; lists are nil when empty.
type BrokerReader interface {
	Install(ctx context.Context) (Install, error)
	Connection(ctx context.Context, user auth.UserID) (Connection, error)
	Connections(ctx context.Context) ([]Connection, error)
	// SealedOf lists the sealed fields of a user with one broker, by field name.
	SealedOf(ctx context.Context, user auth.UserID, broker BrokerID) ([]Sealed, error)
	BrokerSession(ctx context.Context, user auth.UserID) (BrokerSession, error)
	// Submissions lists those of an IST day, oldest first.
	Submissions(ctx context.Context, user auth.UserID, day calendar.Date) ([]Submission, error)
	// Attempts lists newest first.
	Attempts(ctx context.Context, user auth.UserID, limit int) ([]Attempt, error)
	Popup(ctx context.Context, id string) (Popup, error)
	// Notices lists newest first; unacknowledged ones are the last that limit leaves out.
	Notices(ctx context.Context, user auth.UserID, limit int) ([]Notice, error)
	// RequestsUsed is how many requests of a day were spent with a broker.
	RequestsUsed(ctx context.Context, user auth.UserID, broker BrokerID, day calendar.Date) (int, error)
	// CountSealed counts by key, every table that holds sealed values, in the order of the keys.
	CountSealed(ctx context.Context) ([]SealedCount, error)
	// SealedAfter pages through all sealed values in a fixed order; after is the last one of the page before, nil at first.
	SealedAfter(ctx context.Context, after *Sealed, limit int) ([]Sealed, error)
	// AuditOf lists what a user did and what was done to him, newest first, numbered below before (0: the newest).
	AuditOf(ctx context.Context, user auth.UserID, before int64, limit int) ([]AuditRow, error)
}

// BrokerTx reads and writes within one transaction. To change a row that does not exist is ErrAbsent; to remove it is no
// error. An id given twice is ErrConflict.
type BrokerTx interface {
	BrokerReader
	// Users are the user rows within the same transaction.
	Users() UserTx
	SetKeyCheck(ctx context.Context, check []byte) error
	// SaveConnection inserts or overwrites a user's connection.
	SaveConnection(ctx context.Context, c Connection) error
	// RemoveConnection removes connection, sealed fields, session and waiting popups; attempts, submissions, notices and audit stay.
	RemoveConnection(ctx context.Context, user auth.UserID) error
	// SaveSealed inserts or overwrites one field; ErrConflict unless its version is above the stored one.
	SaveSealed(ctx context.Context, s Sealed) error
	// ReplaceSealed gives a value another blob; ErrAbsent when it is no longer the old one.
	ReplaceSealed(ctx context.Context, old Sealed, blob []byte) error
	RemoveSealed(ctx context.Context, user auth.UserID, broker BrokerID, field SecretField) error
	SaveBrokerSession(ctx context.Context, s BrokerSession) error
	RemoveBrokerSession(ctx context.Context, user auth.UserID) error
	AddSubmission(ctx context.Context, s Submission) error
	// SaveSubmission overwrites step, outcome and settling time of one.
	SaveSubmission(ctx context.Context, s Submission) error
	AddAttempt(ctx context.Context, a Attempt) error
	AddPopup(ctx context.Context, p Popup) error
	// UsePopup marks an unused, unexpired popup as used, in one statement; ErrAbsent when it is neither.
	UsePopup(ctx context.Context, binding auth.TokenHash, at time.Time) (Popup, error)
	// SettlePopup stores how it ended.
	SettlePopup(ctx context.Context, id, outcome, text string) error
	AddNotice(ctx context.Context, n Notice) error
	// AckNotice keeps the time of the first acknowledgement.
	AckNotice(ctx context.Context, user auth.UserID, id string, at time.Time) error
	// SaveRequestsUsed stores the count of a day.
	SaveRequestsUsed(ctx context.Context, user auth.UserID, broker BrokerID, day calendar.Date, used int) error
	AddAudit(ctx context.Context, a Audit) error
	// HoldAll switches automatic logins of everybody off (a restored copy, the owner's command).
	HoldAll(ctx context.Context) error
	// PruneBrokers removes what can no longer matter: old popups, attempts beyond the last hundred of a user, acknowledged
	// notices and submissions of 90 days ago.
	PruneBrokers(ctx context.Context, now time.Time) error
}

// AuditRow is a stored line of the trail.
type AuditRow struct {
	Number int64
	Audit
}

// Jobs remembers which due slots of named jobs were run, so that each runs once, also after a restart.
type Jobs interface {
	// ClaimRun takes a slot; false when somebody has it already.
	ClaimRun(ctx context.Context, job string, due, at time.Time) (bool, error)
	// FinishRun stores how it ended: "ok" or a class of failure.
	FinishRun(ctx context.Context, job string, due, at time.Time, status string) error
	// LastRun is the newest slot claimed of a job; ErrAbsent when there is none.
	LastRun(ctx context.Context, job string) (JobRun, error)
}

// JobRun is one slot of a job.
type JobRun struct {
	Job        string
	Due        time.Time
	StartedAt  time.Time
	FinishedAt time.Time // zero while it runs, or when it died
	Status     string
}
