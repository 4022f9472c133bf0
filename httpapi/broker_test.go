package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/store"
)

func post(path, body, cookie string) ask {
	return ask{method: "POST", path: path, body: body, cookie: cookie}
}

// brokerChanges are the changes of a connection with a valid body each; proven is set where a fresh proof is needed.
var brokerChanges = []struct {
	method, path, body string
	proven             bool
}{
	{"POST", "/api/broker/credentials", `{"api_key":"k"}`, true},
	{"POST", "/api/broker/code-check", `{"code":"123456"}`, false},
	{"POST", generatePath, `{"is_confirmed":true}`, true},
	{"POST", "/api/broker/popup", `{}`, true},
	{"POST", "/api/broker/session", `{"token":"12345678"}`, true},
	{"POST", "/api/broker/test", `{}`, false},
	{"POST", "/api/broker/disconnect", `{}`, true},
	{"PUT", "/api/broker/hold", `{"is_held":true}`, false},
	{"PUT", "/api/broker/every-day", `{"is_on":true}`, false},
}

// TestProofInPlace: an old sign-in is asked for its password, and the same request then goes through.
func TestProofInPlace(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	for _, c := range brokerChanges {
		what := c.method + " " + c.path
		request := ask{method: c.method, path: c.path, body: c.body, cookie: owner}
		w.clock.Advance(app.ProofSpan + time.Second)
		if !c.proven {
			expect(t, what+" without proof", w.do(request), 200, "")
			continue
		}
		expect(t, what+" stale", w.do(request), 403, "PROOF_REQUIRED")
		expect(t, what+", wrong password", w.do(post("/api/me/proof", `{"password":"something else"}`, owner)), 403, "PASSWORD_WRONG")
		expect(t, what+" still stale", w.do(request), 403, "PROOF_REQUIRED")
		expect(t, what+", prove", w.do(post("/api/me/proof", `{"password":"`+goodPassword+`"}`, owner)), 204, "")
		expect(t, what+" fresh", w.do(request), 200, "")
		w.clock.Advance(app.ProofSpan)
		expect(t, what+" after 15 minutes", w.do(request), 200, "")
	}
}

// TestProofIsAskedBeforeTheBody: what a stale page sends is not read, so nothing can be learnt from the answer.
func TestProofIsAskedBeforeTheBody(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	w.clock.Advance(app.ProofSpan + time.Second)
	expect(t, "broken body", w.do(post("/api/broker/credentials", `{"api_key":`, owner)), 403, "PROOF_REQUIRED")
}

// TestProofOfOneBrowser: a proof counts for the sign-in it was made on alone.
func TestProofOfOneBrowser(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	other := w.mustLogin("owner")
	w.clock.Advance(app.ProofSpan + time.Second)
	w.mustDo(204, post("/api/me/proof", `{"password":"`+goodPassword+`"}`, owner))
	expect(t, "the other browser", w.do(post("/api/broker/disconnect", `{}`, other)), 403, "PROOF_REQUIRED")
	expect(t, "this browser", w.do(post("/api/broker/disconnect", `{}`, owner)), 200, "")
}

func TestBrokerStateOnTheWire(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	at := w.clock.Now()
	attempt := store.Attempt{ID: "hidden", At: at, Trigger: "08:00", Way: "browser", Outcome: "ok", Text: "Session generated automatically"}
	w.broker.state.LastRenewal, w.broker.state.Attempts = &attempt, []store.Attempt{attempt}
	w.broker.state.ExpiresAt = at.Add(24 * time.Hour)
	w.broker.state.Requests = app.Budget{MinuteUsed: 1, MinuteMax: 100, DayUsed: 2, DayMax: 5000}
	got := read[map[string]any](w, owner, "/api/broker")
	want := map[string]any{"phase": "keys_stored", "broker": "icici", "broker_name": "ICICI Breeze", "expires_at": "2026-11-25T06:00:00Z",
		"issued_at": "", "next_renewal": "", "redirect_url": testRedirect, "popup_refusal": "", "venue": "", "is_active": false}
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s is %v, want %v", key, got[key], value)
		}
	}
	keys := slices.Sorted(maps.Keys(got))
	contract := strings.Fields("attempts broker broker_name budget expires_at expiry_text fields has_auto_login has_keys identity_hint is_active is_every_day " +
		"is_held issued_at key_note last_renewal missing next_renewal next_text phase popup_refusal redirect_url requests session_text venue")
	if !slices.Equal(keys, contract) {
		t.Errorf("keys %v, want %v", keys, contract)
	}
	text, _ := json.Marshal([]any{got["last_renewal"], got["fields"], got["missing"], got["budget"], got["requests"]})
	const parts = `[{"at":"2026-11-24T06:00:00Z","outcome":"ok","text":"Session generated automatically","trigger":"08:00","way":"browser"},` +
		`[{"field":"api_key","hint":"k1","is_stored":true,"set_at":""}],["login_id"],` +
		`{"broker_max":5,"day":"2026-11-24","is_confirmation_needed":false,"max":2,"rejected":0,"used":0},` +
		`{"day_max":5000,"day_used":2,"minute_max":100,"minute_used":1}]`
	if string(text) != parts {
		t.Errorf("parts\n%s, want\n%s", text, parts)
	}
	w.broker.state.LastRenewal = nil
	if got := read[map[string]any](w, owner, "/api/broker"); got["last_renewal"] != nil {
		t.Errorf("never renewed: last_renewal %v, want null", got["last_renewal"])
	}
}

// TestChangesAnswerWithTheConnection: each change says its sentence and shows the state after it.
func TestChangesAnswerWithTheConnection(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	w.broker.message = "Credentials saved! Auto-login is enabled"
	var answer BrokerAnswer
	mustJSON(t, w.mustDo(200, post("/api/broker/credentials", `{"api_key":"a","secret_key":"b","login_id":"c","password":" d ","totp_secret":"e"}`, owner)), &answer)
	if answer.Message != w.broker.message || answer.Broker.Phase != "keys_stored" {
		t.Errorf("answer %+v", answer)
	}
	f := w.broker.fields
	if got := []string{f.APIKey.Reveal(), f.SecretKey.Reveal(), f.LoginID.Reveal(), f.Password.Reveal(), f.TOTP.Reveal()}; !slices.Equal(got, []string{"a", "b", "c", " d ", "e"}) {
		t.Errorf("typed fields arrived as %q", got)
	}
	mustJSON(t, w.mustDo(200, ask{method: "PUT", path: "/api/broker/hold", body: `{"is_held":true}`, cookie: owner}), &answer)
	if !answer.Broker.IsHeld || answer.Message != "Automatic login is paused." {
		t.Errorf("hold: %+v", answer)
	}
	mustJSON(t, w.mustDo(200, ask{method: "PUT", path: "/api/broker/every-day", body: `{"is_on":true}`, cookie: owner}), &answer)
	if !answer.Broker.IsEveryDay {
		t.Errorf("every day: %+v", answer)
	}
	var check CodeCheck
	mustJSON(t, w.mustDo(200, post("/api/broker/code-check", `{"code":"123456"}`, owner)), &check)
	if check.Result != "clock_off" || check.Steps != -2 {
		t.Errorf("code check %+v", check)
	}
}

// TestBrokerRefusals: every refusal keeps its code, its status and what helps.
func TestBrokerRefusals(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	const failed = "Auto session failed. Browser flow: Login ID or Password not provided"
	rows := []struct {
		err    error
		status int
		code   string
		facts  map[string]string
	}{
		{&app.Refusal{Code: app.AutoSessionFailed, Text: failed, Next: "Fill in Login ID."}, 502, "AUTO_SESSION_FAILED", map[string]string{"next": "Fill in Login ID."}},
		{&app.Refusal{Code: app.BrokerFieldBad, Text: "0, 1, 8 and 9 cannot occur.", Field: "totp_secret"}, 400, "BROKER_FIELD_BAD", map[string]string{"field": "totp_secret"}},
		{&app.Refusal{Code: app.ConfirmSubmission, Text: "3 of 5 are left today."}, 409, "CONFIRM_SUBMISSION", nil},
		{&app.Refusal{Code: app.SessionRefused, Text: "Refused."}, 422, "SESSION_REFUSED", nil},
		{&app.Refusal{Code: app.BrokerFailed, Text: "No answer."}, 502, "BROKER_FAILED", nil},
		{&app.Refusal{Code: app.BrokerMissing, Text: "No key."}, 409, "BROKER_MISSING", nil},
		{&app.Refusal{Code: app.PopupRefused, Text: "No."}, 409, "POPUP_REFUSED", nil},
		{&app.Refusal{Code: app.KeyLocked, Text: "Locked."}, 503, "KEY_LOCKED", nil},
		{&app.Refusal{Code: app.NoLiveData, Text: "No live data: connect Breeze."}, 503, "NO_LIVE_DATA", nil},
		{fmt.Errorf("app: test: %w", &app.BrokerFailure{Class: app.FailedOutage, Text: "The broker is down.", Next: "Wait.", Wait: time.Minute}), 502, "BROKER_FAILED", map[string]string{"next": "Wait."}},
		{app.ErrUnavailable, 503, "UNAVAILABLE", nil},
		{errors.New("a cause"), 500, "INTERNAL", nil},
	}
	for _, row := range rows {
		w.broker.err = row.err
		r := w.do(post(generatePath, `{"is_confirmed":false}`, owner))
		expect(t, row.code, r, row.status, row.code)
		var p Problem
		mustJSON(t, r, &p)
		if len(p.Context) != len(row.facts) {
			t.Errorf("%s: context %v, want %v", row.code, p.Context, row.facts)
		}
		for key, value := range row.facts {
			if p.Context[key] != value {
				t.Errorf("%s: context %v, want %s=%s", row.code, p.Context, key, value)
			}
		}
	}
}

// TestNoBrokerSide: without one its routes say so, and nothing falls over.
func TestNoBrokerSide(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	w.server.Brokers = nil
	for _, c := range brokerChanges {
		expect(t, c.path, w.do(ask{method: c.method, path: c.path, body: c.body, cookie: owner}), 503, "UNAVAILABLE")
	}
	for _, path := range []string{"/api/broker", "/api/broker/demo", "/api/broker/popup/x", "/api/notices", "/api/me/trail", "/api/system"} {
		expect(t, path, w.do(ask{path: path, cookie: owner}), 503, "UNAVAILABLE")
	}
	expect(t, "popup", w.do(ask{path: "/api/broker/popup/x/open", cookie: owner}), 503, "")
	expect(t, "callback", w.do(ask{path: callbackPath + "?apisession=12345678"}), 403, "")
	w.mustDial(w.mustListen(), owner)
}

// TestCredentialsNeverComeBack: what was typed is in no answer; the connection shows booleans, dates and two characters.
func TestCredentialsNeverComeBack(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	r := w.mustDo(200, post("/api/broker/credentials", `{"api_key":"`+canary("key")+`","password":"`+canary("password")+`"}`, owner))
	mustHold(t, w, "save", r)
	mustHold(t, w, "read", w.mustDo(200, ask{path: "/api/broker", cookie: owner}))
	for _, path := range []string{"/api/broker/credentials", "/api/broker/session"} {
		expect(t, "GET "+path, w.do(ask{path: path, cookie: owner}), 405, "METHOD_NOT_ALLOWED")
	}
}

const canaryMark = "cAnArY7f3a"

func canary(name string) string { return canaryMark + name }

// mustHold checks that neither the answer nor the log shows a canary.
func mustHold(t *testing.T, w *world, what string, r *httptest.ResponseRecorder) {
	t.Helper()
	head := fmt.Sprint(r.Header())
	for place, text := range map[string]string{"body": r.Body.String(), "headers": head, "log": w.log.String()} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(canaryMark)) {
			t.Errorf("%s: the %s shows what was typed: %.600s", what, place, text)
		}
	}
}

// TestRefusalsRepeatNothing sends secrets in every wrong way to every route that takes one.
func TestRefusalsRepeatNothing(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	c := canary("x")
	fields := map[string][]string{
		"/api/broker/credentials": {"api_key", "secret_key", "login_id", "password", "totp_secret"},
		"/api/broker/code-check":  {"code"},
		"/api/broker/session":     {"token"},
		"/api/me/proof":           {"password", "code"},
	}
	for path, names := range fields {
		for _, name := range names {
			bodies := map[string]string{
				"in an array":       `{"` + name + `":["` + c + `"]}`,
				"in an object":      `{"` + name + `":{"` + c + `":"` + c + `"}}`,
				"as the key":        `{"` + c + `":"x"}`,
				"under another key": `{"` + name + `x":"` + c + `"}`,
				"key in capitals":   `{"` + strings.ToUpper(name) + `":"` + c + `"}`,
				"key twice":         `{"` + c + `":1,"` + c + `":2}`,
				"field twice":       `{"` + name + `":"` + c + `","` + name + `":"` + c + `"}`,
				"too long":          `{"` + name + `":"` + strings.Repeat(c, 400) + `"}`,
				"far too long":      `{"` + name + `":"` + strings.Repeat(c, 9000) + `"}`,
				"cut off":           `{"` + name + `":"` + c,
				"not JSON":          c,
				"a bare string":     `"` + c + `"`,
				"raw control":       "{\"" + name + "\":\"" + c + "\x01\"}",
				"not UTF-8":         "{\"" + name + "\":\"" + c + "\xff\"}",
				"a bad escape":      `{"` + name + `":"` + c + `\x"}`,
				"something behind":  `{"` + name + `":"x"} ` + c,
			}
			for kind, body := range bodies {
				r := w.do(post(path, body, owner))
				if r.Code < 400 || r.Code >= 500 {
					t.Errorf("%s %s %s: got %d", path, name, kind, r.Code)
				}
				mustHold(t, w, path+" "+name+" "+kind, r)
			}
			r := w.do(post(path+"?"+name+"="+c, `{"`+name+`":"x"}`, owner))
			mustHold(t, w, path+" in the query", r)
		}
	}
	panicking := errors.New("app: something of ours")
	w.broker.err = panicking
	mustHold(t, w, "trouble of ours", w.do(post("/api/broker/session", `{"token":"`+c+`"}`, owner)))
}

// TestGenerateMayTakeLong: only this request has more time than the others, and it outlives its page.
func TestGenerateMayTakeLong(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	w.mustDo(200, post(generatePath, `{"is_confirmed":false}`, owner))
	if w.broker.deadline < 80*time.Second || w.broker.deadline > generateMax {
		t.Errorf("it may take %s, want %s", w.broker.deadline, generateMax)
	}
}

func TestPopupNeedsTheRightOrigin(t *testing.T) {
	public := func(address string) func(*Options) {
		return func(o *Options) { o.PublicURL = mustURL(t, address) }
	}
	rows := []struct {
		name, host, redirect string
		edit                 func(*Options)
		says                 string // "" when the popup can work
	}{
		{"local", "localhost:8000", testRedirect, nil, ""},
		{"local, redirect without its port", "localhost:8000", "http://localhost" + callbackPath, nil, "http://localhost"},
		{"at an address", "127.0.0.1:8000", testRedirect, nil, "http://localhost:8000"},
		{"hosted", "paper.example.org", "https://paper.example.org" + callbackPath, public("https://paper.example.org"), ""},
		{"hosted, port written", "paper.example.org:443", "https://paper.example.org" + callbackPath, public("https://paper.example.org"), ""},
		{"hosted, opened locally", "localhost:8000", "https://paper.example.org" + callbackPath, public("https://paper.example.org"), "https://paper.example.org"},
		{"over plain http in the network", "192.168.1.5:8000", "http://192.168.1.5:8000" + callbackPath, public("http://192.168.1.5:8000"), "needs https"},
		{"no redirect URL", "localhost:8000", "", nil, "PAPERPORT_PUBLIC_URL"},
	}
	for _, row := range rows {
		w := newWorld(t, func(o *Options) {
			if row.edit != nil {
				row.edit(o)
			}
		})
		r := w.do(ask{method: "POST", path: "/api/setup", body: credentials("owner")})
		if r.Code != 201 {
			r = w.do(post("/api/setup", `{"username":"owner","password":"`+goodPassword+`","link":"`+w.users.NewSetupToken()+`"}`, ""))
		}
		header := map[string]string{"Cookie": cookiePlain + "=" + tokenOf(r) + "; " + cookieSecure + "=" + tokenOf(r)}
		w.broker.state.RedirectURL = row.redirect
		var state Broker
		mustJSON(t, w.mustDo(200, ask{path: "/api/broker", host: row.host, header: header}), &state)
		if (state.PopupRefusal == "") != (row.says == "") || !strings.Contains(state.PopupRefusal, row.says) {
			t.Errorf("%s: refusal %q, want it to name %q", row.name, state.PopupRefusal, row.says)
		}
		r = w.do(ask{method: "POST", path: "/api/broker/popup", body: "{}", host: row.host, header: header})
		if row.says == "" {
			expect(t, row.name, r, 200, "")
			continue
		}
		expect(t, row.name, r, 409, "POPUP_REFUSED")
		if r.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: a refused popup sets %q", row.name, r.Header().Get("Set-Cookie"))
		}
	}
}

// TestPopupOpens: the broker's address is in the Location of the popup alone, for the user whose popup it is.
func TestPopupOpens(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	other, _ := w.mustUser(owner, "other", auth.Trader)
	var start PopupStart
	r := w.mustDo(200, post("/api/broker/popup", "{}", owner))
	mustJSON(t, r, &start)
	if start.Address != "/api/broker/popup/attempt-1/open" || start.ExpiresAt != "2026-11-24T06:10:00Z" {
		t.Errorf("start %+v", start)
	}
	if body := r.Body.String(); strings.Contains(body, "the-key") || strings.Contains(body, w.broker.binding.Reveal()) {
		t.Errorf("the answer shows the address or the binding: %s", body)
	}
	r = w.do(ask{path: start.Address, cookie: owner})
	if r.Code != 303 || r.Header().Get("Location") != "https://broker.example/apiuser/login?api_key=the-key" || r.Body.Len() > 0 || r.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("open: %d %v %s", r.Code, r.Header(), r.Body)
	}
	if strings.Contains(w.log.String(), "the-key") {
		t.Error("the log shows the broker's address")
	}
	for name, cookie := range map[string]string{"another user": other, "nobody": ""} {
		r := w.do(ask{path: start.Address, cookie: cookie})
		if r.Code < 400 || r.Header().Get("Location") != "" {
			t.Errorf("%s: %d to %q", name, r.Code, r.Header().Get("Location"))
		}
	}
	expect(t, "another user asks", w.do(ask{path: "/api/broker/popup/attempt-1", cookie: other}), 404, "NOT_FOUND")
	if p := read[Popup](w, owner, "/api/broker/popup/attempt-1"); p != (Popup{ID: "attempt-1"}) {
		t.Errorf("waiting popup %+v", p)
	}
}

func TestNoticesTrailAndSystem(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	if got := read[NoticeList](w, owner, "/api/notices").Notices; len(got) != 1 || got[0] != (Notice{ID: "n1", At: "2026-11-24T06:00:00Z", Kind: "renewal-failed",
		Text: "The login at 08:00 failed.", Action: "popup"}) {
		t.Errorf("notices %+v", got)
	}
	expect(t, "seen", w.do(post("/api/notices/n1/ack", "{}", owner)), 204, "")
	expect(t, "somebody else's", w.do(post("/api/notices/n2/ack", "{}", owner)), 404, "NOT_FOUND")
	page := read[Trail](w, owner, "/api/me/trail?limit=5")
	if len(page.Rows) != 5 || page.Next != 3 || page.Rows[0] != (TrailRow{Number: 7, At: "2026-11-24T06:00:00Z", Action: "sign-in", Detail: "password", Result: "ok", IP: "127.0.0.1"}) {
		t.Errorf("first page %+v", page)
	}
	if page = read[Trail](w, owner, "/api/me/trail?limit=5&before=3"); len(page.Rows) != 2 || page.Next != 0 {
		t.Errorf("last page %+v", page)
	}
	for _, query := range []string{"limit=0", "limit=201", "before=-1", "before=x"} {
		expect(t, query, w.do(ask{path: "/api/me/trail?" + query, cookie: owner}), 400, "BAD_FIELD")
	}
	if got := read[System](w, owner, "/api/system"); got != (System{KeyState: "locked", KeyNote: "The key is not there.", ClockOffsetMs: 1500}) {
		t.Errorf("system %+v", got)
	}
	if got := read[DemoCredentials](w, owner, "/api/broker/demo"); got.APIKey != "DEMO-key" || got.TOTPSecret == "" {
		t.Errorf("demo credentials %+v", got)
	}
	w.broker.err = app.ErrUnavailable
	expect(t, "demo switched off", w.do(ask{path: "/api/broker/demo", cookie: owner}), 503, "UNAVAILABLE")
}

// TestStreamTellsOfTheBroker: a change of the connection reaches the user's pages, and no others.
func TestStreamTellsOfTheBroker(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	other, _ := w.mustUser(owner, "other", auth.Trader)
	base := w.mustListen()
	mine, theirs := w.mustDial(base, owner), w.mustDial(base, other)
	id := read[Me](w, owner, "/api/me").User.ID
	if err := w.broker.change(auth.UserID(id)); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, message := range mine.mustReadAll() {
		kinds = append(kinds, message["t"].(string))
	}
	if !slices.Equal(kinds, []string{"broker", "notices"}) {
		t.Errorf("told of %v", kinds)
	}
	theirs.mustSend(`{"op":"ping"}`)
	if message := theirs.mustRead(); message["t"] != "pong" {
		t.Errorf("another user is told %v", message)
	}
	_ = mine.ws.CloseNow()
	await(t, "the page is forgotten", func() error { return w.broker.change(auth.UserID(id)) }, func(err error) bool { return err != nil })
}

// mustReadAll reads one frame: an object, or an array of them.
func (p *page) mustReadAll() (messages []map[string]any) {
	p.t.Helper()
	_, data, err := p.ws.Read(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal(data, &messages); err != nil {
		p.t.Fatalf("frame %q: %v", data, err)
	}
	return messages
}

// TestOtherSitesCannotTouchTheBroker sends every change from another site, as every kind of body.
func TestOtherSitesCannotTouchTheBroker(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	changes := append(brokerChanges, []struct {
		method, path, body string
		proven             bool
	}{{"POST", "/api/me/proof", `{"password":"` + goodPassword + `"}`, false}, {"POST", "/api/notices/n1/ack", "{}", false}}...)
	for _, c := range changes {
		for _, kind := range []string{"application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
			for name, header := range map[string]map[string]string{
				"cross-site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example", "Content-Type": kind},
				"old":        {"Origin": "https://evil.example", "Content-Type": kind},
				"null":       {"Origin": "null", "Content-Type": kind},
			} {
				r := w.do(ask{method: c.method, path: c.path, body: c.body, cookie: owner, header: header})
				if r.Code != http.StatusForbidden && r.Code != http.StatusUnsupportedMediaType {
					t.Errorf("%s %s as %s, %s: got %d", c.method, c.path, kind, name, r.Code)
				}
			}
		}
		r := w.do(ask{path: c.path, cookie: owner, header: map[string]string{"X-HTTP-Method-Override": c.method}})
		if r.Code != http.StatusMethodNotAllowed && r.Code != http.StatusNotFound {
			t.Errorf("GET %s with an override: got %d", c.path, r.Code)
		}
	}
	if !w.broker.fields.APIKey.IsEmpty() || w.broker.state.IsHeld || !w.broker.binding.IsEmpty() {
		t.Error("a foreign request changed something")
	}
}
