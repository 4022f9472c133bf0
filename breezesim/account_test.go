package breezesim

import (
	"bytes"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paperport/breezewire"
	"paperport/clock"
)

// revealed is what tests compare.
type revealed struct{ Key, Secret, User, Password, TOTP string }

func reveal(a Account) revealed {
	return revealed{a.Key.Reveal(), a.Secret.Reveal(), a.UserID.Reveal(), a.Password.Reveal(), a.TOTPSecret.Reveal()}
}

// mustSeed starts a simulator whose accounts come from a seed.
func mustSeed(t *testing.T, first byte) *bench {
	t.Helper()
	manual := clock.NewManual(start.Time())
	b := &bench{Server: newServer(Options{Seed: 42, Clock: manual, AccountSeed: [32]byte{first, 2, 3}}), t: t, clock: manual}
	b.http = httptest.NewServer(b.Handler())
	t.Cleanup(b.end)
	return b
}

// TestAccountsAreComputed: the same seed and tag give the same account in another process, and nothing else does.
func TestAccountsAreComputed(t *testing.T) {
	one, again, other := mustSeed(t, 1), mustSeed(t, 1), mustSeed(t, 2)
	seen := map[string]string{}
	for _, tag := range []string{"a", "ada", "house", "0", "zzzzzzzzzzzzzzzz"} {
		a := reveal(one.Account(tag))
		if diff := cmp.Diff(a, reveal(again.Account(tag))); diff != "" {
			t.Errorf("%s differs with the same seed:\n%s", tag, diff)
		}
		for _, text := range []string{a.Key, a.Secret, a.User, a.Password, a.TOTP, reveal(other.Account(tag)).Key, reveal(other.Account(tag)).Password} {
			if at, isKnown := seen[text]; isKnown {
				t.Errorf("%s and %s share a text", at, tag)
			}
			seen[text] = tag
		}
		if len(a.Key) != 32 || !strings.HasPrefix(a.Key, "DEMO"+tag) || !strings.ContainsAny(a.Key, "&#+=%!") || len(a.Secret) != 32 {
			t.Errorf("%s: key of %d characters, secret of %d", tag, len(a.Key), len(a.Secret))
		}
		if raw, err := base32.StdEncoding.DecodeString(a.TOTP); err != nil || len(raw) != 20 || len(a.Password) < 10 || strings.TrimSpace(a.Password) != a.Password {
			t.Errorf("%s: TOTP secret of %d bytes, %v; password of %d", tag, len(raw), err, len(a.Password))
		}
		if got, ok := one.login.book.keyTag(a.Key); !ok || got != tag {
			t.Errorf("the key of %s is that of %q, %t", tag, got, ok)
		}
		for _, wrong := range []string{a.Key[:31], a.Key[:31] + "~", a.Key + "A", strings.ToLower(a.Key), reveal(other.Account(tag)).Key} {
			if got, ok := one.login.book.keyTag(wrong); ok && wrong != a.Key {
				t.Errorf("a spoilt key of %s is taken for that of %s", tag, got)
			}
		}
		if text := fmt.Sprintf("%v %+v %#v", one.Account(tag), one.Account(tag), one.Account(tag)); strings.Contains(text, a.Password) || strings.Contains(text, a.Key) {
			t.Errorf("%s prints", tag)
		}
	}
	for _, tag := range []string{"", "A", "a-b", "zzzzzzzzzzzzzzzzz", "é", "a b"} {
		if IsTag(tag) {
			t.Errorf("%q is a tag", tag)
		}
	}
}

// TestLoginSurvivesRestart: a session token given before a restart is in force after it, and its API session is one that
// was exchanged.
func TestLoginSurvivesRestart(t *testing.T) {
	before, after := mustSeed(t, 1), mustSeed(t, 1)
	a := before.Account("ada")
	apiSession := before.mustLogin(a, a)
	token := mustToken(t, before.exchange(a, apiSession))
	if got := string(after.rest(a, token)); !strings.Contains(got, `"Status":200`) {
		t.Errorf("after the restart: %s", got)
	}
	if again := mustToken(t, after.exchange(a, apiSession)); again != token {
		t.Error("the API session gives another token after the restart")
	}
	after.mustSwitch(LoginSwitches{DirectAPI: DirectRefused})
	wantText(t, "exchanged before the restart", string(after.exchange(a, apiSession)), breezewire.TextInvalidSession)
}

func mustToken(t *testing.T, body []byte) string {
	t.Helper()
	var reply struct{ Success breezewire.Customer }
	mustDecode(t, body, &reply)
	if reply.Success.SessionToken == "" {
		t.Fatalf("no token in %.300s", body)
	}
	return string(reply.Success.SessionToken)
}

// rest asks for the holdings with an account's key and any token.
func (b *bench) rest(a Account, token string) []byte {
	b.t.Helper()
	stamp := breezewire.Timestamp(b.brokerNow().Time())
	return b.send("GET", v1+"dematholdings", "{}", http.Header{
		breezewire.HeaderTimestamp: {stamp}, breezewire.HeaderAppKey: {a.Key.Reveal()}, breezewire.HeaderSession: {token},
		breezewire.HeaderChecksum: {breezewire.Checksum(stamp, []byte("{}"), a.Secret.Reveal())},
	})
}

func TestAccountOverLoopback(t *testing.T) {
	b := mustStart(t, start)
	a, err := FetchAccount(t.Context(), b.http.URL, "ada")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(reveal(b.Account("ada")), reveal(a)); diff != "" || a.RedirectURL != DefaultRedirectURL {
		t.Errorf("fetched account differs (redirect to %s):\n%s", a.RedirectURL, diff)
	}
	if _, err := FetchAccount(t.Context(), b.http.URL, "No Tag"); err == nil {
		t.Error("no error for a text that is no tag")
	}
	b.publicHost = "demo.example"
	for name, change := range map[string]func(*http.Request){
		"another machine": func(r *http.Request) { r.RemoteAddr = "192.0.2.1:4000" },
		"a web page":      func(r *http.Request) { r.Header.Set("Origin", "https://example.com") },
		"a proxy":         func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") },
		"the public host": func(r *http.Request) { r.Host = "demo.example" },
	} {
		for _, path := range []string{accountPath + "?tag=ada", handPath} {
			r := httptest.NewRequest("POST", path, nil)
			r.RemoteAddr = "127.0.0.1:4000"
			change(r)
			w := httptest.NewRecorder()
			b.Handler().ServeHTTP(w, r)
			if w.Code != http.StatusForbidden {
				t.Errorf("%s, %s: got %d", path, name, w.Code)
			}
		}
	}
}

// control posts to the control handler of a bench.
func (b *bench) control(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer token")
	w := httptest.NewRecorder()
	b.ControlHandler("token").ServeHTTP(w, r)
	return w
}

func TestControl(t *testing.T) {
	b := mustStart(t, start)
	for _, c := range []struct {
		path, body string
		want       int
	}{
		{"/control/login", `{"fault":"captcha","generation":1}`, 204},
		{"/control/login", `{"tag":"ada","finish":"redirect","life":"24h","direct_api":"no_token","window":1,"delay_seconds":5}`, 204},
		{"/control/login", `{"fault":"nosuch"}`, 400},
		{"/control/login", `{"tag":"No Tag"}`, 400},
		{"/control/login", `{"generation":3}`, 400},
		{"/control/login", `{"life":"12h"}`, 400},
		{"/control/login", `{"foult":"captcha"}`, 400},
		{"/control/login", `captcha`, 400},
		{"/control/rest", `{"fault":"daily_cap"}`, 204},
		{"/control/rest", `{"fault":"captcha"}`, 400},
		{"/control/clock", `{"skew_seconds":-20}`, 204},
		{"/control/sessions", `{"kill":true,"tag":"ada"}`, 204},
		{"/control/sessions", `{"kill":true,"tag":"No Tag"}`, 400},
		{"/control/redirect", `{"url":"https://paper.example/api/auth/breeze-callback"}`, 204},
		{"/control/redirect", `{"url":"javascript:alert(1)"}`, 400},
		{"/control/redirect", `{"url":"/api/auth/breeze-callback"}`, 400},
		{"/control/feed", `{"frozen":false}`, 204},
		{"/control/drop", ``, 204},
		{"/control/nosuch", ``, 404},
	} {
		if got := b.control("POST", c.path, c.body); got.Code != c.want {
			t.Errorf("%s %s: got %d %s, want %d", c.path, c.body, got.Code, got.Body, c.want)
		}
	}
	want := LoginSwitches{Fault: LoginCaptcha, Generation: breezewire.LoginHex, Finish: FinishRedirect, Life: LifeDay, DirectAPI: DirectNoToken, Window: 1, DelaySeconds: 5}
	if diff := cmp.Diff(want, b.login.switches.loginOf("ada")); diff != "" {
		t.Errorf("what was left out did not stay:\n%s", diff)
	}
	if got := b.login.switches.restOf("ada").Fault; got != RESTDay {
		t.Errorf("REST fault %q", got)
	}
	if got := b.Account("ada").RedirectURL; got != "https://paper.example/api/auth/breeze-callback" {
		t.Errorf("redirect URL %s", got)
	}
	if got := b.brokerNow().Sub(b.now()).Seconds(); got != -20 {
		t.Errorf("skew %v s", got)
	}
	b.rest(b.Account("ada"), "x")
	var counts map[string]Counts
	if err := json.Unmarshal(b.control("GET", "/control/counts", "").Body.Bytes(), &counts); err != nil || counts["ada"].Requests != 1 {
		t.Errorf("counts %+v, %v", counts, err)
	}
	r := httptest.NewRequest("POST", "/control/login", strings.NewReader(`{"fault":""}`))
	w := httptest.NewRecorder()
	b.ControlHandler("token").ServeHTTP(w, r)
	if w.Code != http.StatusForbidden || b.login.switches.loginOf("").Fault != LoginCaptcha {
		t.Errorf("without the token: %d", w.Code)
	}
}

// TestPagesHoldNoSecret: no page shows what the account holds, but for the key in the first page's form.
func TestPagesHoldNoSecret(t *testing.T) {
	b := mustStart(t, start)
	a := b.Account("ada")
	var all bytes.Buffer
	w := b.browser()
	w.open(a.Key.Reveal())
	all.WriteString(w.next().text)
	w.fill(a.UserID.Reveal(), a.Password.Reveal())
	all.WriteString(w.submit().text)
	digits := b.wrongCode(a)
	all.WriteString(w.code(digits).text)
	for _, text := range []string{a.Key.Reveal(), url.QueryEscape(a.Key.Reveal()), a.Secret.Reveal(), a.Password.Reveal(), a.TOTPSecret.Reveal(), digits} {
		if strings.Contains(all.String(), text) {
			t.Errorf("a page shows a secret of %d characters", len(text))
		}
	}
}
