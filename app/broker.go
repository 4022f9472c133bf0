package app

import (
	"context"
	"log/slog"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/clock"
	"paperport/secret"
	"paperport/store"
)

// BrokerPhase is the one name of the state of a connection, used in the API, on the screen and in the log.
type BrokerPhase string

// The states of a connection.
const (
	NoCredentials BrokerPhase = "no_credentials"
	KeysStored    BrokerPhase = "keys_stored"
	Unverified    BrokerPhase = "unverified"
	Active        BrokerPhase = "active"
	Expired       BrokerPhase = "expired"
	Renewing      BrokerPhase = "renewing"
	NeedsUser     BrokerPhase = "needs_user"
	Held          BrokerPhase = "held"
	LockedKey     BrokerPhase = "locked_key"
)

// BrokerState is everything Settings shows of a connection; it holds no secret.
type BrokerState struct {
	Phase  BrokerPhase
	Broker store.BrokerID
	// BrokerName is "ICICI Breeze", "Demo broker" or "".
	BrokerName string
	// Fields are the five of the guide, in its order.
	Fields []BrokerField
	// HasKeys: API Key and Secret Key are stored. HasAutoLogin: Login ID, Password and TOTP Secret, too.
	HasKeys, HasAutoLogin bool
	// Missing are the fields that automatic login still needs.
	Missing []store.SecretField
	// IsActive: a session that an exchange or a call proved and nothing has refused since.
	IsActive bool
	// SessionText is "" or what to say of the session, for example "No Session — enter session token below".
	SessionText string
	// IssuedAt and ExpiresAt are zero without a session; ExpiryText is the sentence about it.
	IssuedAt, ExpiresAt time.Time
	ExpiryText          string
	// IdentityHint is the last two characters of the broker's name of the user.
	IdentityHint string
	// LastRenewal is the newest automatic attempt, nil when there was none.
	LastRenewal *store.Attempt
	// NextRenewal is zero when none is planned; NextText says when and why, or why not.
	NextRenewal time.Time
	NextText    string
	IsHeld      bool
	IsEveryDay  bool
	// Attempts are the last ten, newest first.
	Attempts []store.Attempt
	Budget   SubmissionBudget
	// PopupRefusal says why the popup cannot work here, "" when it can.
	PopupRefusal string
	RedirectURL  string
	// KeyNote says where the master key is and that it must be backed up; or what LOCKED means.
	KeyNote string
	// Venue is the user's live venue with this broker, "" before the first session.
	Venue VenueID
	// Requests is today's count of the broker's budget.
	Requests Budget
}

// BrokerField says what is stored of one field.
type BrokerField struct {
	Field    store.SecretField
	IsStored bool
	SetAt    time.Time
	Hint     string
}

// SubmissionBudget is what may still be submitted today without the user.
type SubmissionBudget struct {
	Day                  calendar.Date
	Used, Max            int // automatic submissions of the day
	Rejected, BrokerMax  int // refused ones of the day, by hand too; the broker locks after BrokerMax in a row
	IsConfirmationNeeded bool
}

// BrokerFields is what a user typed; an empty field keeps what is stored.
type BrokerFields struct {
	APIKey, SecretKey, LoginID, Password, TOTP secret.Text
}

// CodeCheck is the answer to a code from the user's phone.
type CodeCheck struct {
	// Result is "match", "no_match" or "clock_off".
	Result string
	// Steps is by how many steps of 30 s the phone is ahead (> 0) or behind.
	Steps int
	Text  string
}

// PopupStart is a wait for the broker's login page.
type PopupStart struct {
	ID        string
	ExpiresAt time.Time
	// Binding goes into the binding cookie and nowhere else.
	Binding secret.Text
}

// PopupEnd is how it went, for the page in the popup.
type PopupEnd struct {
	ID string
	// IsOK: the token is saved. Text is the sentence for the user.
	IsOK bool
	Text string
}

// BrokerFailure is a failure at the broker's side with its class and a safe sentence; it is shown to the user.
type BrokerFailure struct {
	// Class is one of the Failed… constants.
	Class BrokerClass
	// Text is the guide's sentence, or the broker's words made safe. Next says what to do.
	Text, Next string
	// IsSubmitted: a password or code may have left.
	IsSubmitted bool
	// CodeStep is the time step of the last code that left, 0 when none did.
	CodeStep int64
	// Wait is set when trying again later may help.
	Wait  time.Duration
	Cause error
}

// Error returns class and sentence.
func (f *BrokerFailure) Error() string { return "app: broker: " + string(f.Class) + ": " + f.Text }

// Unwrap returns the cause, which may be nil.
func (f *BrokerFailure) Unwrap() error { return f.Cause }

// BrokerClass classes a failure.
type BrokerClass string

// The classes. Those of a login page are named like the ones of the client.
const (
	FailedMissing       BrokerClass = "missing"        // a field is not stored; nothing was sent
	FailedUnreachable   BrokerClass = "unreachable"    // before anything secret left
	FailedOutage        BrokerClass = "outage"         // the broker's own trouble
	FailedUnknownKey    BrokerClass = "unknown_key"    // the API key does not exist
	FailedPassword      BrokerClass = "wrong_password" // stop
	FailedLocked        BrokerClass = "locked"         // stop
	FailedSMS           BrokerClass = "sms_otp"        // stop: the account wants a code by SMS
	FailedCaptcha       BrokerClass = "captcha"        // stop: one manual login clears it
	FailedCode          BrokerClass = "code_refused"   // TOTP submitted but no session returned
	FailedPage          BrokerClass = "page_changed"   // nothing was sent
	FailedClock         BrokerClass = "clock_off"      // more than 60 s; nothing was sent
	FailedRefused       BrokerClass = "refused"        // a refusal we cannot class, word for word
	FailedUncertain     BrokerClass = "uncertain"      // something left, the answer is unknown
	FailedStaticIP      BrokerClass = "static_ip"      // the API key is registered with another address
	FailedSession       BrokerClass = "session"        // the token or API session is refused
	FailedNoToken       BrokerClass = "no_token"       // No session token in response
	FailedChecksum      BrokerClass = "checksum"       // wrong secret key, clock, or an ended session
	FailedRate          BrokerClass = "rate"           // the request budget is spent
	FailedForeignKey    BrokerClass = "foreign_key"    // a demo key for ICICI or the other way round
	FailedIdentity      BrokerClass = "identity"       // another broker user than the pinned one
	FailedBudget        BrokerClass = "budget"         // our own submission budget is used up
	FailedHeld          BrokerClass = "held"           // automatic login is paused
	FailedNothingHeld   BrokerClass = "nothing_held"   // no API session to try the direct way with
	FailedKeyLocked     BrokerClass = "locked_key"     // the master key is missing or wrong
	FailedAttempt       BrokerClass = "attempt"        // the popup's attempt is unknown, used, over, or another user's
	FailedNotConfigured BrokerClass = "not_configured" // this broker cannot be reached from here
)

// BrokerKeys are what signs and names a user's app.
type BrokerKeys struct {
	// User is whose they are: all his calls share one request budget.
	User              auth.UserID
	Broker            store.BrokerID
	APIKey, SecretKey secret.Text
}

// BrokerLogin are what the login page asks for.
type BrokerLogin struct {
	LoginID, Password, TOTP secret.Text
	// LastCode is the time step of the code sent last: it is never sent again.
	LastCode int64
	// BeforeCode is told the time step of a code before it leaves, so that it is kept even if we die now; an error stops
	// the login, unsent. It may be nil.
	BeforeCode func(ctx context.Context, codeStep int64) error
}

// LoginWon is what a login page gave.
type LoginWon struct {
	APISession secret.Text
	CodeStep   int64
}

// BrokerToken is an exchanged session.
type BrokerToken struct {
	Token, Identity secret.Text
}

// Gateway reaches brokers. Every error it returns that is the broker's doing is a *BrokerFailure. Package broker is it.
type Gateway interface {
	// Login signs in by the browser flow. before is called before each secret leaves, with "password" or "code"; an error
	// from it stops the login, unsent, and is returned.
	Login(ctx context.Context, keys BrokerKeys, login BrokerLogin, before func(ctx context.Context, step string) error) (LoginWon, error)
	// Exchange turns an API session into a token (customerdetails). It sends no password and no code.
	Exchange(ctx context.Context, keys BrokerKeys, apiSession secret.Text) (BrokerToken, error)
	// Probe makes one cheap read-only call.
	Probe(ctx context.Context, keys BrokerKeys, token secret.Text) error
	// LoginAddress is where a browser logs in.
	LoginAddress(keys BrokerKeys) (secret.Text, error)
	// PopupRefusal says why a browser cannot reach this broker's login page, "" when it can.
	PopupRefusal(broker store.BrokerID) string
	// DemoAccount returns the credentials of a user's own account at the demo broker.
	DemoAccount(ctx context.Context, user auth.UserID) (BrokerFields, error)
	// Requests is today's use of the broker's budget.
	Requests(user auth.UserID, broker store.BrokerID) Budget
}

// LiveSide runs live markets on the sessions it is told of. Its methods do not block on the network.
type LiveSide interface {
	// Began starts or goes on with a user's live market.
	Began(ctx context.Context, s LiveSession) (VenueID, error)
	// Ended pauses it; its venue, accounts and books stay.
	Ended(user auth.UserID, broker store.BrokerID, why string)
}

// LiveSession is what a live market runs on.
type LiveSession struct {
	User  auth.UserID
	Keys  BrokerKeys
	Token secret.Text
	// Refused tells that the broker refused the session in a call or socket; it returns at once and may be called often.
	Refused func(cause error)
}

// Seals seals and opens the secrets of a user; package vault is behind it. In LOCKED mode both fail with ErrLocked.
type Seals interface {
	Seal(plain secret.Text, place SealPlace) ([]byte, error)
	Open(blob []byte, place SealPlace) (secret.Text, error)
	// IsLocked: there are sealed values and no key that opens them. Note says where the key is, or what to do.
	IsLocked() bool
	Note() string
}

// SealPlace is where a sealed value belongs.
type SealPlace struct {
	User    auth.UserID
	Broker  store.BrokerID
	Field   store.SecretField
	Version uint64
}

// BrokersOptions say what Brokers stands on; all but Installation, Jitter and Log are needed.
type BrokersOptions struct {
	Rows    store.Brokers
	Jobs    store.Jobs
	Seals   Seals
	Gateway Gateway
	Live    LiveSide
	Clock   clock.Clock
	// Calendar is the exchanges' timetable.
	Calendar *calendar.Calendar
	// IsSignedIn reports whether a PaperPort sign-in is still in force, for the popup's return.
	IsSignedIn func(auth.TokenHash) bool
	// RedirectURL is this installation's own, as it is to be typed into the broker's app settings.
	RedirectURL string
	// Installation adds to SystemState what Brokers does not know: backups and the clock; nil for nothing.
	Installation func(*SystemState)
	// Jitter bounds the random delay of an automatic renewal; 0 for none.
	Jitter time.Duration
	Log    *slog.Logger
}
