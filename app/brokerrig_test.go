package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/clock"
	"paperport/secret"
	"paperport/store"
	"paperport/store/sqlstore"
)

const (
	client   auth.UserID = "0000000000000000000000000000000a"
	intruder auth.UserID = "0000000000000000000000000000000b"
)

// rig is a broker side over a real database with a scripted bank, a scripted live side and a clock that stands still.
type rig struct {
	*Brokers
	t        *testing.T
	dir      string
	db       *sqlstore.Store
	rows     *mortal
	jobs     store.Jobs
	bank     *bank
	live     *stage
	seals    *drawer
	clock    *clock.Manual
	signedIn map[auth.TokenHash]bool
	log      *slog.Logger
}

// mortal is a database whose process can die: afterwards nothing more is written.
type mortal struct {
	store.Brokers
	mu   sync.Mutex
	dead bool
}

var errDead = errors.New("the process is dead")

func (m *mortal) die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
}

func (m *mortal) WriteBrokers(ctx context.Context, f func(store.BrokerTx) error) error {
	m.mu.Lock()
	dead := m.dead
	m.mu.Unlock()
	if dead {
		return errDead
	}
	return m.Brokers.WriteBrokers(ctx, f)
}

// drawer seals by turning the text round behind its place; a locked one does neither.
type drawer struct{ isLocked bool }

func (d *drawer) IsLocked() bool { return d.isLocked }
func (d *drawer) Note() string   { return "The key is in keys/master.key: back it up." }

func (d *drawer) Seal(plain secret.Text, place SealPlace) ([]byte, error) {
	if d.isLocked {
		return nil, ErrLocked
	}
	text := []byte(plain.Reveal())
	slices.Reverse(text)
	return []byte(fmt.Sprintf("PPS01kid1%v|%s", place, text)), nil
}

func (d *drawer) Open(blob []byte, place SealPlace) (secret.Text, error) {
	if d.isLocked {
		return secret.Text{}, ErrLocked
	}
	text, isHere := strings.CutPrefix(string(blob), fmt.Sprintf("PPS01kid1%v|", place))
	if !isHere {
		return secret.Text{}, errors.New("sealed for another place")
	}
	turned := []byte(text)
	slices.Reverse(turned)
	return secret.New(string(turned)), nil
}

// bank is a broker that counts what reaches it.
type bank struct {
	mu sync.Mutex
	// password is the right one; early fails a login before, late after the password left; atCode refuses the code.
	password            string
	early, late, atCode *BrokerFailure
	// codeTries is how many codes the login sends before it gives up.
	codeTries int
	// onPassword runs when a password has arrived.
	onPassword                           func()
	logins, passwords, exchanges, probes int
	codes                                []int64
	keysSeen                             []string
	identity                             string
	apiSessions                          map[string]bool
	tokens                               map[string]bool
	exchangeErr, probeErr                *BrokerFailure
	issued                               int
	now                                  func() time.Time
	popupRefusal                         string
}

func (k *bank) fail(f *BrokerFailure) error {
	if f == nil {
		return nil
	}
	copied := *f
	return &copied
}

func (k *bank) Login(ctx context.Context, keys BrokerKeys, login BrokerLogin, before func(context.Context, string) error) (LoginWon, error) {
	k.mu.Lock()
	k.logins++
	k.keysSeen = append(k.keysSeen, keys.APIKey.Reveal())
	early, late, atCode, hook := k.early, k.late, k.atCode, k.onPassword
	k.mu.Unlock()
	if early != nil {
		return LoginWon{}, k.fail(early)
	}
	if err := before(ctx, "password"); err != nil {
		return LoginWon{}, err
	}
	k.mu.Lock()
	k.passwords++
	isRight := login.Password.Reveal() == k.password
	k.mu.Unlock()
	if hook != nil {
		hook()
	}
	switch {
	case late != nil:
		return LoginWon{}, k.fail(late)
	case !isRight:
		return LoginWon{}, &BrokerFailure{Class: FailedPassword, IsSubmitted: true}
	}
	step := max(k.now().Unix()/30, login.LastCode+1)
	for try := range max(1, k.codeTries) {
		if err := before(ctx, "code"); err != nil {
			return LoginWon{}, fmt.Errorf("login stopped: %w", err)
		}
		step += int64(try)
		if err := login.BeforeCode(ctx, step); err != nil {
			return LoginWon{}, err
		}
		k.mu.Lock()
		k.codes = append(k.codes, step)
		k.mu.Unlock()
	}
	if atCode != nil {
		f := *atCode
		f.IsSubmitted, f.CodeStep = true, step
		return LoginWon{}, &f
	}
	return LoginWon{APISession: secret.New(k.open()), CodeStep: step}, nil
}

// open issues an API session, as a login page does.
func (k *bank) open() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.issued++
	api := fmt.Sprintf("5000%04d", k.issued)
	k.apiSessions[api] = true
	return api
}

func (k *bank) Exchange(_ context.Context, keys BrokerKeys, apiSession secret.Text) (BrokerToken, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.exchanges++
	k.keysSeen = append(k.keysSeen, keys.APIKey.Reveal())
	if k.exchangeErr != nil {
		return BrokerToken{}, k.fail(k.exchangeErr)
	}
	if !k.apiSessions[apiSession.Reveal()] {
		return BrokerToken{}, &BrokerFailure{Class: FailedNoToken, Text: "No session token in response"}
	}
	token := fmt.Sprintf("token-%s-%d", apiSession.Reveal(), k.exchanges)
	k.tokens[token] = true
	return BrokerToken{Token: secret.New(token), Identity: secret.New(k.identity)}, nil
}

func (k *bank) Probe(_ context.Context, _ BrokerKeys, token secret.Text) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.probes++
	if k.probeErr != nil {
		return k.fail(k.probeErr)
	}
	if !k.tokens[token.Reveal()] {
		return &BrokerFailure{Class: FailedSession}
	}
	return nil
}

// killAll ends every session at the bank.
func (k *bank) killAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.tokens)
	clear(k.apiSessions)
}

func (k *bank) count() (logins, passwords, codes int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.logins, k.passwords, len(k.codes)
}

func (k *bank) LoginAddress(keys BrokerKeys) (secret.Text, error) {
	return secret.New("https://bank.example/login?api_key=" + keys.APIKey.Reveal()), nil
}
func (k *bank) PopupRefusal(store.BrokerID) string { return k.popupRefusal }
func (k *bank) DemoAccount(context.Context, auth.UserID) (BrokerFields, error) {
	return BrokerFields{APIKey: secret.New("DEMOKEY1")}, nil
}
func (k *bank) Requests(auth.UserID, store.BrokerID) Budget {
	k.mu.Lock()
	defer k.mu.Unlock()
	return Budget{DayUsed: k.probes + k.exchanges, DayMax: 5000}
}

// stage is a live side that remembers what it was told.
type stage struct {
	mu    sync.Mutex
	began []LiveSession
	ended []string
}

func (s *stage) Began(_ context.Context, l LiveSession) (VenueID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = append(s.began, l)
	return LiveID(l.User, l.Keys.Broker), nil
}

func (s *stage) Ended(_ auth.UserID, _ store.BrokerID, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, why)
}

func (s *stage) last() LiveSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.began[len(s.began)-1]
}

func (s *stage) counts() (began, ended int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.began), len(s.ended)
}

const goodTOTP = "GUZ2ASKWSB2M2ZVX3PMSSJHA"

var monday = calendar.NewDate(2026, time.November, 23)

// mustRig is a broker side on Monday 2026-11-23, 07:00 IST, with nothing stored.
func mustRig(t *testing.T) *rig {
	t.Helper()
	return mustRigAt(t, monday.At(7*time.Hour).Time())
}

func mustRigAt(t *testing.T, now time.Time) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), live: &stage{}, seals: &drawer{}, clock: clock.NewManual(now), signedIn: map[auth.TokenHash]bool{}}
	r.openRows()
	t.Cleanup(func() {
		if err := r.db.Close(); err != nil {
			t.Error(err)
		}
	})
	r.bank = &bank{password: "right", identity: "XY604721", apiSessions: map[string]bool{}, tokens: map[string]bool{}, now: r.clock.Now}
	r.restart()
	t.Cleanup(func() { r.work.Wait() })
	return r
}

// openRows opens the data directory.
func (r *rig) openRows() {
	r.t.Helper()
	db, err := sqlstore.Open(r.t.Context(), sqlstore.Options{Dir: r.dir})
	if err != nil {
		r.t.Fatal(err)
	}
	r.db, r.rows, r.jobs = db, &mortal{Brokers: db.Brokers()}, db.Jobs()
}

// reopen ends the program and starts it anew on its data directory.
func (r *rig) reopen() {
	r.t.Helper()
	r.work.Wait()
	if err := r.db.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.openRows()
	r.restart()
}

// restart starts the program anew on the same database.
func (r *rig) restart() {
	r.t.Helper()
	r.rows = &mortal{Brokers: r.rows.Brokers}
	r.Brokers = r.second()
	r.start(r.t.Context())
}

// second is another program on the same database.
func (r *rig) second() *Brokers {
	c, err := calendar.Load(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return NewBrokers(BrokersOptions{Rows: r.rows, Jobs: r.jobs, Seals: r.seals, Gateway: r.bank, Live: r.live, Clock: r.clock, Calendar: c,
		Log: r.log, IsSignedIn: func(h auth.TokenHash) bool { return r.signedIn[h] }, RedirectURL: "http://localhost:8000/api/auth/breeze-callback"})
}

// settle looks once and waits until nothing is under way.
func (r *rig) settle() {
	r.t.Helper()
	r.look(r.t.Context())
	r.work.Wait()
}

// until goes to an instant in steps, looking at each.
func (r *rig) until(to calendar.Instant, step time.Duration) {
	r.t.Helper()
	for r.clock.Now().Before(to.Time()) {
		next := r.clock.Now().Add(step)
		if next.After(to.Time()) {
			next = to.Time()
		}
		r.clock.Set(next)
		r.settle()
	}
}

func (r *rig) actor(user auth.UserID) Actor {
	hash := auth.HashToken("sign-in of " + string(user))
	r.signedIn[hash] = true
	return Actor{User: auth.User{ID: user}, Login: auth.Login{User: user, TokenHash: hash}}
}

// soak is how often a test repeats: few in make test, all in make soak.
func soak(few, all int) int {
	if os.Getenv("PAPERPORT_SOAK") != "" {
		return all
	}
	return few
}

func secretOf(text string) secret.Text { return secret.New(text) }

func fields(apiKey, secretKey, loginID, password, totp string) BrokerFields {
	wrap := func(text string) secret.Text {
		if text == "" {
			return secret.Text{}
		}
		return secret.New(text)
	}
	return BrokerFields{APIKey: wrap(apiKey), SecretKey: wrap(secretKey), LoginID: wrap(loginID), Password: wrap(password), TOTP: wrap(totp)}
}

func (r *rig) mustSave(f BrokerFields) string {
	r.t.Helper()
	text, err := r.SaveCredentials(r.t.Context(), r.actor(client), f, From{})
	if err != nil {
		r.t.Fatal(err)
	}
	return text
}

// mustConnect stores all five fields, the password as given.
func (r *rig) mustConnect(password string) {
	r.t.Helper()
	r.mustSave(fields("43Xk29!bH7", "Mn92@pL5z", "nagender4512", password, goodTOTP))
}

func (r *rig) mustGenerate() {
	r.t.Helper()
	text, err := r.Generate(r.t.Context(), r.actor(client), false, From{})
	if err != nil || text != "Session generated automatically" {
		r.t.Fatalf("Generate = %q, %v", text, err)
	}
}

func (r *rig) state() BrokerState {
	r.t.Helper()
	st, err := r.State(r.t.Context(), client)
	if err != nil {
		r.t.Fatal(err)
	}
	return st
}

func (r *rig) wantPhase(want BrokerPhase) {
	r.t.Helper()
	if st := r.state(); st.Phase != want {
		r.t.Errorf("phase %s at %s, want %s", st.Phase, r.clock.Now().In(calendar.IST), want)
	}
}

// refusal is the refusal in an error, of which the code must be as given.
func (r *rig) refusal(err error, code RefusalCode) *Refusal {
	r.t.Helper()
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Code != code {
		r.t.Fatalf("%v, want %s", err, code)
	}
	return refusal
}

func (r *rig) wantRefusal(err error, code RefusalCode) {
	r.t.Helper()
	_ = r.refusal(err, code)
}

// unseen are the kinds of the notices not yet acknowledged, newest first.
func (r *rig) unseen() (kinds []string) {
	r.t.Helper()
	list, err := r.Notices(r.t.Context(), client)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, n := range list {
		if n.AckedAt.IsZero() {
			kinds = append(kinds, n.Kind)
		}
	}
	return kinds
}

// audited counts the lines of a user's trail by action.
func (r *rig) audited() map[string]int {
	r.t.Helper()
	rows, err := r.rows.AuditOf(r.t.Context(), client, 0, 10_000)
	if err != nil {
		r.t.Fatal(err)
	}
	counts := map[string]int{}
	for _, row := range rows {
		counts[row.Action]++
	}
	return counts
}

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}
