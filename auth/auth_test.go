package auth

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

func mustHasher(t *testing.T, cost Cost) *Hasher {
	t.Helper()
	h, err := NewHasher(cost)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestPasswordHash(t *testing.T) {
	ctx := context.Background()
	h := mustHasher(t, FloorCost)
	phc, err := h.Hash(ctx, "an honest sentence")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored form %q", phc)
	}
	dearer := mustHasher(t, Cost{MemoryKiB: 20 * 1024, Passes: 2, Lanes: 1})
	rows := []struct {
		name, stored, password string
		hasher                 *Hasher
		want                   Check
	}{
		{"right", phc, "an honest sentence", h, Check{IsMatch: true}},
		{"wrong", phc, "an honest sentencE", h, Check{}},
		{"unknown user", "", "an honest sentence", h, Check{}},
		{"right, cost raised since", phc, "an honest sentence", dearer, Check{IsMatch: true, IsOutdated: true}},
	}
	for _, row := range rows {
		got, err := row.hasher.Verify(ctx, row.stored, row.password)
		if err != nil || got != row.want {
			t.Errorf("%s: got %+v, %v, want %+v", row.name, got, err, row.want)
		}
	}
	for _, bad := range []string{"x", "$argon2id$v=19$m=1,t=0,p=1$AAAA$AAAA", "$2b$10$abcdefgh"} {
		if _, err := h.Verify(ctx, bad, "x"); err == nil {
			t.Errorf("damaged hash %q was accepted", bad)
		}
	}
}

func TestHasherRefusesCheapCost(t *testing.T) {
	if _, err := NewHasher(Cost{MemoryKiB: 8 * 1024, Passes: 2, Lanes: 1}); err == nil {
		t.Error("8 MiB was accepted")
	}
}

func TestHasherQueueIsBounded(t *testing.T) {
	h := mustHasher(t, FloorCost)
	for range hashSlots {
		if _, err := h.acquire(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	h.waiting.Store(hashSlots + hashQueueMax)
	if _, err := h.Hash(context.Background(), "p"); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	h.waiting.Store(hashSlots)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Hash(ctx, "p"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestCheckPassword(t *testing.T) {
	rows := []struct {
		password string
		isOK     bool
	}{
		{"violet kettle under rain", true},
		{"पहाड़ और समुद्र के बीच", true},
		{strings.Repeat("ab1Z-", 51), true},
		{strings.Repeat("ab1Z-", 52), false},
		{"elevenchars", false},
		{"aaaaaaaaaaaa", false},
		{"abababababab", false},
		{"123456789012", false},
		{"abcdefghijklm", false},
		{"password12345", false},
		{"PasswordPassword1", false},
		{"1qaz2wsx3edc4rfv", false},
		{"correct horse battery staple", false},
		{"jaishreeram2026", false},
		{"my asha secret door", false},
		{"bad \xff bytes in here", false},
	}
	for _, row := range rows {
		if got := CheckPassword(row.password, "asha"); (got == "") != row.isOK {
			t.Errorf("%q: got %q, want accepted %v", row.password, got, row.isOK)
		}
	}
}

func TestCheckUsername(t *testing.T) {
	for name, isOK := range map[string]bool{
		"asha": true, "A.b-c_9": true, "a": false, strings.Repeat("a", 33): false, "a b": false, "ashа": false, "<b>x": false,
	} {
		if got := CheckUsername(name); (got == "") != isOK {
			t.Errorf("%q: got %q, want accepted %v", name, got, isOK)
		}
	}
}

func TestTwoStepCode(t *testing.T) {
	now := time.Date(2026, 11, 24, 6, 0, 10, 0, time.UTC)
	start := StartTwoStep()
	codeAt := func(at time.Time) string {
		code, err := totp.GenerateCode(start.Secret, at)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	for offset, want := range map[int]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		at := now.Add(time.Duration(offset) * 30 * time.Second)
		if _, ok := start.Use(codeAt(at), now); ok != want {
			t.Errorf("step %+d: accepted %v, want %v", offset, ok, want)
		}
	}
	used, ok := start.Use(codeAt(now), now)
	if !ok {
		t.Fatal("current code refused")
	}
	if _, ok := used.Use(codeAt(now), now); ok {
		t.Error("the same code was accepted twice")
	}
	if _, ok := used.Use(codeAt(now.Add(-30*time.Second)), now); ok {
		t.Error("an older code was accepted after a newer one")
	}
	if _, ok := (TwoStep{}).Use("", now); ok {
		t.Error("no secret accepted an empty code")
	}
	if got := start.URI("asha"); !strings.HasPrefix(got, "otpauth://totp/PaperPort:asha?issuer=PaperPort&secret="+start.Secret) {
		t.Errorf("URI %q", got)
	}
}

func TestRecoveryCodes(t *testing.T) {
	codes, hashes := NewRecoveryCodes()
	seen := map[string]bool{}
	for i, code := range codes {
		if HashRecoveryCode(strings.ToUpper(strings.ReplaceAll(code, "-", " "))) != hashes[i] {
			t.Errorf("code %d: another spelling has another hash", i)
		}
		if !LooksLikeRecoveryCode(code) || seen[code] {
			t.Errorf("code %d: %q repeats or does not look like one", i, code)
		}
		seen[code] = true
	}
	if len(codes) != RecoveryCodeCount || LooksLikeRecoveryCode("123456") {
		t.Errorf("%d codes", len(codes))
	}
}

func TestLoginSpan(t *testing.T) {
	ist := time.FixedZone("IST", 19800)
	span := Span{Until: 23*time.Hour + 59*time.Minute, Zone: ist, Idle: 8 * time.Hour, Max: 24 * time.Hour}
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, ist) }
	for _, row := range []struct{ now, want time.Time }{
		{at(24, 9, 0), at(24, 23, 59)},
		{at(24, 0, 0), at(24, 23, 59)},
		{at(24, 22, 59), at(24, 23, 59)},
		{at(24, 23, 0), at(25, 23, 0)},
		{at(24, 23, 59), at(25, 23, 59)},
	} {
		if got := span.ExpiresAt(row.now); !got.Equal(row.want) {
			t.Errorf("login at %v ends %v, want %v", row.now, got.In(ist), row.want)
		}
	}
	l := Login{LastSeenAt: at(24, 9, 0), ExpiresAt: at(24, 23, 59)}
	for _, row := range []struct {
		now  time.Time
		want bool
	}{{at(24, 16, 59), false}, {at(24, 17, 0), true}, {at(24, 23, 59), true}} {
		if got := span.IsOver(l, row.now); got != row.want {
			t.Errorf("at %v: over %v, want %v", row.now, got, row.want)
		}
	}
}

func TestTriesSlowDownAndNeverLock(t *testing.T) {
	now := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	start := now
	var tries Tries
	count := 0
	for now.Sub(start) < 10*time.Minute {
		now = now.Add(tries.Wait(now))
		if now.Sub(start) >= 10*time.Minute {
			break
		}
		tries = tries.Fail(now)
		count++
	}
	if count > 10 {
		t.Errorf("%d tries fit into ten minutes, want at most 10", count)
	}
	if wait := tries.Wait(now); wait > 5*time.Minute {
		t.Errorf("wait %v, want at most 5m", wait)
	}
	if wait := tries.Wait(now.Add(triesForget)); wait != 0 {
		t.Errorf("after a rest the wait is %v", wait)
	}
}

func TestTokensAreStoredHashed(t *testing.T) {
	token, hash := NewToken()
	if len(token) != 43 || HashToken(token) != hash || strings.Contains(string(hash), token) || len(hash) != 64 {
		t.Errorf("token of %d characters, hash %q", len(token), hash)
	}
	id := NewUserID()
	if parsed, err := ParseUserID(string(id)); err != nil || parsed != id {
		t.Errorf("id %q: %v", id, err)
	}
	for _, bad := range []string{"", strings.Repeat("g", 32), strings.Repeat("A", 32), strings.Repeat("0", 31)} {
		if _, err := ParseUserID(bad); !errors.Is(err, ErrBadID) {
			t.Errorf("id %q: got %v, want ErrBadID", bad, err)
		}
	}
}
