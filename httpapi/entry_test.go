package httpapi

import (
	"context"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"paperport/auth"
)

func TestSetupOverLoopbackOnly(t *testing.T) {
	rows := []struct {
		name    string
		ask     ask
		allowed bool
	}{
		{"loopback", ask{}, true},
		{"loopback, IPv6", ask{remote: "[::1]:40000"}, true},
		{"another machine", ask{remote: "192.168.1.7:40000"}, false},
		{"a proxy on this machine", ask{header: map[string]string{"X-Forwarded-For": "203.0.113.9"}}, false},
		{"a proxy that says only Forwarded", ask{header: map[string]string{"Forwarded": "for=203.0.113.9"}}, false},
		{"another machine that claims loopback", ask{remote: "192.168.1.7:40000", header: map[string]string{"X-Forwarded-For": "127.0.0.1"}}, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			row.ask.path = "/api/setup"
			var state SetupState
			mustJSON(t, w.do(row.ask), &state)
			if !state.NeedsOwner || state.Allowed != row.allowed || (state.Reason == "") != row.allowed {
				t.Errorf("state %+v, want allowed %v", state, row.allowed)
			}
			row.ask.method, row.ask.body = "POST", credentials("owner")
			got := w.do(row.ask)
			if row.allowed {
				expect(t, "create", got, 201, "")
				return
			}
			expect(t, "create", got, 403, "SETUP_LINK_ONLY")
			link := w.users.NewSetupToken()
			row.ask.body = `{"username":"owner","password":"` + goodPassword + `","link":"wrong` + link + `"}`
			expect(t, "create with a wrong link", w.do(row.ask), 403, "SETUP_LINK_ONLY")
			row.ask.body = `{"username":"owner","password":"` + goodPassword + `","link":"` + link + `"}`
			expect(t, "create with the link", w.do(row.ask), 201, "")
			row.ask.body = strings.Replace(row.ask.body, "owner", "second", 1)
			expect(t, "the link again", w.do(row.ask), 409, "SETUP_DONE")
		})
	}
}

func TestSetupIsOnceEvenInParallel(t *testing.T) {
	w := newWorld(t)
	codes := make(chan int, 4)
	for i := range 4 {
		go func() {
			codes <- w.do(ask{method: "POST", path: "/api/setup", body: credentials("owner" + string(rune('a'+i)))}).Code
		}()
	}
	counts := map[int]int{}
	for range 4 {
		counts[<-codes]++
	}
	if counts[201] != 1 || counts[409] != 3 {
		t.Errorf("answers %v, want one 201 and three 409", counts)
	}
}

func TestSignIn(t *testing.T) {
	w := newWorld(t)
	cookie := w.mustOwner()
	login := func(body string) ask { return ask{method: "POST", path: "/api/login", body: body} }
	rows := []struct {
		name   string
		ask    ask
		status int
		code   string
	}{
		{"right", login(credentials("owner")), 200, ""},
		{"name in another case", login(credentials("OWNER")), 200, ""},
		{"wrong password", login(`{"username":"owner","password":"violet kettle under sun"}`), 401, "LOGIN_FAILED"},
		{"unknown user", login(`{"username":"nobody","password":"violet kettle under sun"}`), 401, "LOGIN_FAILED"},
		{"empty", login(`{"username":"","password":""}`), 401, "LOGIN_FAILED"},
		{"no password", login(`{"username":"owner"}`), 400, "BAD_FIELD"},
		{"password as number", login(`{"username":"owner","password":1}`), 400, "BAD_FIELD"},
		{"repeated key", login(`{"username":"x","username":"owner","password":"` + goodPassword + `"}`), 400, "BAD_JSON"},
		{"unknown key", login(`{"username":"owner","password":"` + goodPassword + `","role":"owner"}`), 400, "BAD_JSON"},
		{"key in another case", login(`{"Username":"owner","password":"` + goodPassword + `"}`), 400, "BAD_FIELD"},
		{"password too long", login(`{"username":"owner","password":"` + strings.Repeat("x", 2000) + `"}`), 400, "BAD_FIELD"},
		{"who am I", ask{path: "/api/me/logins", cookie: cookie}, 200, ""},
		{"who am I without a cookie", ask{path: "/api/me"}, 401, "NOT_SIGNED_IN"},
		{"who am I with a made-up cookie", ask{path: "/api/me", cookie: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, 401, "NOT_SIGNED_IN"},
		{"two cookies of the name", ask{path: "/api/me", cookie: cookie + "; " + cookiePlain + "=x"}, 401, "NOT_SIGNED_IN"},
		{"the secure cookie name on plain http", ask{path: "/api/me", header: map[string]string{"Cookie": cookieSecure + "=" + cookie}}, 401, "NOT_SIGNED_IN"},
	}
	for _, row := range rows {
		expect(t, row.name, w.do(row.ask), row.status, row.code)
	}
	unknown := w.do(login(`{"username":"nobody2","password":"violet kettle under sun"}`)).Body.String()
	wrong := w.do(login(`{"username":"owner","password":"violet kettle under sun"}`)).Body.String()
	if unknown != wrong {
		t.Errorf("unknown user and wrong password differ: %s, %s", unknown, wrong)
	}
}

func TestNewTokenAtEverySignIn(t *testing.T) {
	w := newWorld(t)
	setup := w.mustOwner()
	again := tokenOf(w.mustDo(200, ask{method: "POST", path: "/api/login", body: credentials("owner"), cookie: setup}))
	if again == "" || again == setup {
		t.Errorf("sign-in with a cookie kept the token %q", again)
	}
	planted := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	fresh := tokenOf(w.mustDo(200, ask{method: "POST", path: "/api/login", body: credentials("owner"), cookie: planted}))
	if fresh == planted || fresh == "" {
		t.Error("a planted cookie survived sign-in")
	}
	expect(t, "the planted cookie", w.do(ask{path: "/api/me/logins", cookie: planted}), 401, "NOT_SIGNED_IN")
}

func TestCookieForm(t *testing.T) {
	publicURL := mustURL(t, "https://paper.example.org")
	plain := newWorld(t)
	got := plain.mustDo(201, ask{method: "POST", path: "/api/setup", body: credentials("owner")}).Header().Get("Set-Cookie")
	for _, part := range []string{"pp_login=", "Path=/", "HttpOnly", "SameSite=Strict", "Expires=Tue, 24 Nov 2026 18:29:00 GMT"} {
		if !strings.Contains(got, part) {
			t.Errorf("http: cookie %q lacks %q", got, part)
		}
	}
	if strings.Contains(got, "Secure") || strings.Contains(got, "Domain") {
		t.Errorf("http: cookie %q is Secure or has a Domain", got)
	}
	secure := newWorld(t, func(o *Options) {
		o.PublicURL = publicURL
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	link := secure.users.NewSetupToken()
	viaProxy := map[string]string{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
	r := secure.mustDo(201, ask{method: "POST", path: "/api/setup", host: "paper.example.org", header: viaProxy,
		body: `{"username":"owner","password":"` + goodPassword + `","link":"` + link + `"}`})
	got = r.Header().Get("Set-Cookie")
	for _, part := range []string{"__Host-pp_login=", "Path=/", "HttpOnly", "SameSite=Strict", "Secure"} {
		if !strings.Contains(got, part) {
			t.Errorf("https: cookie %q lacks %q", got, part)
		}
	}
	viaProxy["Cookie"] = cookieSecure + "=" + tokenOf(r)
	var logins Logins
	mustJSON(t, secure.mustDo(200, ask{path: "/api/me/logins", host: "paper.example.org", header: viaProxy}), &logins)
	if len(logins.Logins) != 1 || logins.Logins[0].IP != "203.0.113.9" {
		t.Errorf("logins %+v, want one from 203.0.113.9", logins.Logins)
	}
	if got := r.Header().Get("Strict-Transport-Security"); got == "" {
		t.Error("https: no Strict-Transport-Security")
	}
}

// TestBrowserName: the list of logins names the browser of each, the start of its name where that is long, and nothing
// in it that does not print.
func TestBrowserName(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	for _, row := range []struct{ name, agent, want string }{
		{"none", "", ""},
		{"usual", "Mozilla/5.0 (X11; Linux) Firefox/145.0", "Mozilla/5.0 (X11; Linux) Firefox/145.0"},
		{"not printable", "Fire\x00\x1b[31m\xfffox\u202e", "Fire[31mfox"},
		{"long", strings.Repeat("é", 300), strings.Repeat("é", 200)},
	} {
		signIn := ask{method: "POST", path: "/api/login", body: credentials("owner"), header: map[string]string{"User-Agent": row.agent}}
		cookie := tokenOf(w.mustDo(200, signIn))
		var all Logins
		mustJSON(t, w.mustDo(200, ask{path: "/api/me/logins", cookie: cookie}), &all)
		for _, l := range all.Logins {
			if l.IsCurrent && l.Agent != row.want {
				t.Errorf("%s: agent %q, want %q", row.name, l.Agent, row.want)
			}
		}
	}
	w.mustDo(200, ask{path: "/api/me/logins", cookie: owner})
}

func TestEndsOfLogin(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	me := func(cookie string) *httptest.ResponseRecorder {
		return w.do(ask{path: "/api/me/logins", cookie: cookie})
	}
	first, second := w.mustLogin("owner"), w.mustLogin("owner")
	expect(t, "logout", w.do(ask{method: "POST", path: "/api/logout", body: "{}", cookie: first}), 204, "")
	expect(t, "after logout", me(first), 401, "NOT_SIGNED_IN")

	var logins Logins
	mustJSON(t, me(second), &logins)
	if len(logins.Logins) != 2 || !logins.Logins[0].IsCurrent && !logins.Logins[1].IsCurrent {
		t.Fatalf("logins %+v, want two and one current", logins.Logins)
	}
	for _, l := range logins.Logins {
		if !l.IsCurrent {
			expect(t, "end another", w.do(ask{method: "DELETE", path: "/api/me/logins/" + l.ID, cookie: second}), 204, "")
			expect(t, "end it again", w.do(ask{method: "DELETE", path: "/api/me/logins/" + l.ID, cookie: second}), 404, "LOGIN_UNKNOWN")
		}
	}
	expect(t, "the ended one", me(owner), 401, "NOT_SIGNED_IN")

	w.clock.Set(time.Date(2026, 11, 24, 13, 59, 0, 0, time.UTC))
	expect(t, "used within eight hours", me(second), 200, "")
	w.clock.Set(time.Date(2026, 11, 24, 18, 28, 59, 0, time.UTC))
	expect(t, "before 23:59 IST", me(second), 200, "")
	w.clock.Set(time.Date(2026, 11, 24, 18, 29, 0, 0, time.UTC))
	expect(t, "at 23:59 IST", me(second), 401, "NOT_SIGNED_IN")

	third := w.mustLogin("owner")
	w.clock.Advance(8 * time.Hour)
	expect(t, "unused for eight hours", me(third), 401, "NOT_SIGNED_IN")
}

func TestLoginOutlivesTheProcess(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	w.server.Close()
	w.server = New(w.server.Options)
	w.users = mustUsers(t, w.store, w.clock)
	w.server.Attach(w.app, w.users, nil)
	expect(t, "after a restart", w.do(ask{path: "/api/me/logins", cookie: owner}), 200, "")
}

func TestPasswordChange(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	other := w.mustLogin("owner")
	change := func(old, fresh string) *httptest.ResponseRecorder {
		return w.do(ask{method: "POST", path: "/api/me/password", cookie: owner, body: `{"old_password":"` + old + `","new_password":"` + fresh + `"}`})
	}
	expect(t, "wrong old one", change("violet kettle under sun", "amber spoon above snow"), 403, "PASSWORD_WRONG")
	expect(t, "weak new one", change(goodPassword, "password1234"), 400, "PASSWORD_WEAK")
	r := change(goodPassword, "amber spoon above snow")
	expect(t, "right", r, 204, "")
	fresh := tokenOf(r)
	expect(t, "old cookie", w.do(ask{path: "/api/me/logins", cookie: owner}), 401, "NOT_SIGNED_IN")
	expect(t, "other browser", w.do(ask{path: "/api/me/logins", cookie: other}), 401, "NOT_SIGNED_IN")
	expect(t, "new cookie", w.do(ask{path: "/api/me/logins", cookie: fresh}), 200, "")
	expect(t, "old password", w.do(ask{method: "POST", path: "/api/login", body: credentials("owner")}), 401, "LOGIN_FAILED")
}

func TestResetLink(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	token, _, err := w.users.NewResetToken(context.Background(), "Owner")
	if err != nil {
		t.Fatal(err)
	}
	reset := func(token, password string) *httptest.ResponseRecorder {
		return w.do(ask{method: "POST", path: "/api/reset", body: `{"token":"` + token + `","password":"` + password + `"}`})
	}
	expect(t, "made-up link", reset("x"+token, "amber spoon above snow"), 404, "LINK_INVALID")
	expect(t, "weak", reset(token, "short"), 400, "PASSWORD_WEAK")
	expect(t, "right", reset(token, "amber spoon above snow"), 204, "")
	expect(t, "again", reset(token, "amber spoon above snow"), 404, "LINK_INVALID")
	expect(t, "old login", w.do(ask{path: "/api/me/logins", cookie: owner}), 401, "NOT_SIGNED_IN")
	late, _, err := w.users.NewResetToken(context.Background(), "owner")
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	expect(t, "expired", reset(late, "amber spoon above snow"), 404, "LINK_INVALID")
}

func TestTwoStep(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	post := func(path, cookie, body string) *httptest.ResponseRecorder {
		return w.do(ask{method: "POST", path: path, cookie: cookie, body: body})
	}
	expect(t, "confirm before start", post("/api/me/two-step/confirm", owner, `{"code":"123456"}`), 409, "TWO_STEP_MISSING")
	expect(t, "start with a wrong password", post("/api/me/two-step/start", owner, `{"password":"no"}`), 403, "PASSWORD_WRONG")
	r := post("/api/me/two-step/start", owner, `{"password":"`+goodPassword+`"}`)
	expect(t, "start", r, 200, "")
	var secret TwoStepSecret
	mustJSON(t, r, &secret)
	code := func() string {
		text, err := totp.GenerateCode(secret.Secret, w.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	login := func(code string) *httptest.ResponseRecorder {
		return post("/api/login", "", `{"username":"owner","password":"`+goodPassword+`","code":"`+code+`"}`)
	}
	expect(t, "started only: no code asked", login(""), 200, "")
	expect(t, "confirm wrong", post("/api/me/two-step/confirm", owner, `{"code":"000000"}`), 401, "CODE_WRONG")
	r = post("/api/me/two-step/confirm", owner, `{"code":"`+code()+`"}`)
	expect(t, "confirm", r, 200, "")
	var codes RecoveryCodes
	mustJSON(t, r, &codes)
	fresh := tokenOf(r)
	if len(codes.RecoveryCodes) != auth.RecoveryCodeCount || fresh == owner {
		t.Fatalf("%d recovery codes, token changed %v", len(codes.RecoveryCodes), fresh != owner)
	}
	expect(t, "the cookie from before", w.do(ask{path: "/api/me/logins", cookie: owner}), 401, "NOT_SIGNED_IN")

	half := login("")
	expect(t, "no code", half, 401, "CODE_REQUIRED")
	if tokenOf(half) != "" {
		t.Error("half a sign-in set a cookie")
	}
	expect(t, "the code just used", login(code()), 401, "CODE_WRONG")
	w.clock.Advance(30 * time.Second)
	expect(t, "the next code", login(code()), 200, "")
	expect(t, "the same again", login(code()), 401, "CODE_WRONG")
	expect(t, "recovery code", login(codes.RecoveryCodes[3]), 200, "")
	expect(t, "recovery code again", login(codes.RecoveryCodes[3]), 401, "CODE_WRONG")

	w.clock.Advance(30 * time.Second)
	expect(t, "off without code", post("/api/me/two-step/off", fresh, `{"password":"`+goodPassword+`","code":""}`), 401, "CODE_WRONG")
	expect(t, "off", post("/api/me/two-step/off", fresh, `{"password":"`+goodPassword+`","code":"`+code()+`"}`), 204, "")
	expect(t, "no code asked any more", login(""), 200, "")
}

func TestGuessingSlowsDown(t *testing.T) {
	w := newWorld(t)
	w.mustOwner()
	wrong := ask{method: "POST", path: "/api/login", body: `{"username":"owner","password":"violet kettle under sun"}`}
	tries := 0
	for end := w.clock.Now().Add(10 * time.Minute); w.clock.Now().Before(end); {
		r := w.do(wrong)
		switch codeOf(t, r) {
		case "LOGIN_FAILED":
			tries++
		case "SLOW_DOWN":
			if r.Header().Get("Retry-After") == "" {
				t.Fatal("no Retry-After")
			}
			w.clock.Advance(time.Second)
		default:
			t.Fatalf("got %d %s", r.Code, r.Body)
		}
	}
	if tries > 10 {
		t.Errorf("%d guesses in ten minutes, want at most 10", tries)
	}
	right := ask{method: "POST", path: "/api/login", body: credentials("owner"), remote: "192.168.1.7:4000"}
	expect(t, "the owner from elsewhere", w.do(right), 200, "")
	w.clock.Advance(5 * time.Minute)
	right.remote = ""
	expect(t, "the owner from there after the wait", w.do(right), 200, "")
}
