package app

import (
	"errors"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"paperport/auth"
	"paperport/clock"
	"paperport/store/sqlstore"
)

const proofPassword = "violet kettle under rain"

// door is the entry side over a database that outlives it.
type door struct {
	t     *testing.T
	store *sqlstore.Store
	clock *clock.Manual
	users *Users
}

func mustDoor(t *testing.T) *door {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	d := &door{t: t, store: s, clock: clock.NewManual(opening.Time())}
	d.restart()
	return d
}

// restart forgets what is in memory.
func (d *door) restart() {
	d.t.Helper()
	hasher, err := auth.NewHasher(auth.FloorCost)
	if err != nil {
		d.t.Fatal(err)
	}
	span := auth.Span{Until: 23*time.Hour + 59*time.Minute, Zone: time.FixedZone("IST", 19800), Idle: 8 * time.Hour, Max: 24 * time.Hour}
	d.users = NewUsers(UsersOptions{Rows: d.store.Users(), Hasher: hasher, Clock: d.clock, Span: span})
}

func (d *door) mustOwner() string {
	d.t.Helper()
	in, err := d.users.CreateOwner(d.t.Context(), NewUser{Username: "owner", Password: proofPassword}, From{})
	if err != nil {
		d.t.Fatal(err)
	}
	return in.Token
}

func (d *door) mustWho(token string) Actor {
	d.t.Helper()
	a, err := d.users.Who(d.t.Context(), token)
	if err != nil {
		d.t.Fatal(err)
	}
	return a
}

func (d *door) isFresh(token string) bool { return d.users.IsFresh(d.mustWho(token)) }

// prove returns the code of the refusal, "" when it was taken.
func (d *door) prove(token, password, code string) RefusalCode {
	d.t.Helper()
	err := d.users.Prove(d.t.Context(), d.mustWho(token), password, code, From{IP: "192.0.2.1"})
	var refusal *Refusal
	if err != nil && !errors.As(err, &refusal) {
		d.t.Fatal(err)
	}
	if err == nil {
		return ""
	}
	return refusal.Code
}

// TestSignInIsAProof for fifteen minutes, also across a restart; saying the password again is one for fifteen more.
func TestSignInIsAProof(t *testing.T) {
	d := mustDoor(t)
	token := d.mustOwner()
	d.clock.Advance(ProofSpan)
	if !d.isFresh(token) {
		t.Error("not fresh 15 minutes after sign-in")
	}
	d.restart()
	if !d.isFresh(token) {
		t.Error("not fresh after a restart")
	}
	d.clock.Advance(time.Second)
	if d.isFresh(token) {
		t.Error("fresh for longer than 15 minutes")
	}
	if code := d.prove(token, "something else", ""); code != PasswordWrong || d.isFresh(token) {
		t.Errorf("wrong password: %s, fresh %v", code, d.isFresh(token))
	}
	if code := d.prove(token, proofPassword, ""); code != "" || !d.isFresh(token) {
		t.Errorf("right password: %s, fresh %v", code, d.isFresh(token))
	}
	d.clock.Advance(ProofSpan)
	if !d.isFresh(token) {
		t.Error("not fresh 15 minutes after the proof")
	}
	d.restart()
	if d.isFresh(token) {
		t.Error("a proof outlived the process: only the sign-in should")
	}
}

// TestProofIsSlowedDown: guesses at the password wait as at sign-in, and a right one forgets them.
func TestProofIsSlowedDown(t *testing.T) {
	d := mustDoor(t)
	token := d.mustOwner()
	for range 5 {
		if code := d.prove(token, "a guess", ""); code != PasswordWrong {
			t.Fatalf("guess: %s", code)
		}
	}
	if code := d.prove(token, proofPassword, ""); code != SlowDown {
		t.Errorf("right after five guesses: %s, want SLOW_DOWN", code)
	}
	d.clock.Advance(time.Hour)
	if code := d.prove(token, proofPassword, ""); code != "" {
		t.Errorf("an hour later: %s", code)
	}
	for range 5 {
		if code := d.prove(token, "a guess", ""); code != PasswordWrong {
			t.Errorf("guess after a right one: %s", code)
		}
	}
}

// TestProofWithCode: whoever has two-step sign-in on says a code, too, and no code counts twice.
func TestProofWithCode(t *testing.T) {
	d := mustDoor(t)
	token := d.mustOwner()
	start, err := d.users.StartTwoStep(t.Context(), d.mustWho(token), proofPassword, From{})
	if err != nil {
		t.Fatal(err)
	}
	code := func() string {
		text, err := totp.GenerateCode(start.Secret, d.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	recovery, in, err := d.users.ConfirmTwoStep(t.Context(), d.mustWho(token), code(), From{})
	if err != nil {
		t.Fatal(err)
	}
	token = in.Token
	d.clock.Advance(ProofSpan + time.Second)
	used := code()
	for _, row := range []struct {
		name, password, code string
		want                 RefusalCode
	}{
		{"no code", proofPassword, "", CodeRequired},
		{"wrong password with a right code", "a guess", used, PasswordWrong},
		{"wrong code", proofPassword, "000000", CodeWrong},
		{"both right", proofPassword, used, ""},
		{"the code again", proofPassword, used, CodeWrong},
		{"a recovery code", proofPassword, recovery[0], ""},
		{"the recovery code again", proofPassword, recovery[0], CodeWrong},
	} {
		if got := d.prove(token, row.password, row.code); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
		if row.name == "wrong code" && d.isFresh(token) {
			t.Error("fresh after a wrong code")
		}
	}
	if !d.isFresh(token) {
		t.Error("not fresh after a right proof")
	}
}
