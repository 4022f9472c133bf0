package breeze

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"paperport/breezewire"
	"paperport/secret"
)

func loginKeys() LoginKeys {
	return LoginKeys{UserID: secret.New(loginUser), Password: secret.New(" " + loginPassword + " "), TOTP: secret.New(loginSeed)}
}

// mustPages returns fake pages and a client of them.
func mustPages(t *testing.T, change func(*fakePages)) (*fakePages, *Client) {
	t.Helper()
	p := &fakePages{t: t, generation: breezewire.LoginPEM, instead: map[string]reply{}, change: map[string]func(string) string{}}
	if change != nil {
		change(p)
	}
	return p, mustClient(t, p, nil)
}

// mustFail asserts how a login ends and that nothing we hold is in what it says.
func mustFail(t *testing.T, err error, class LoginClass) *LoginError {
	t.Helper()
	synctest.Wait() // for the broker to have seen all there was
	var e *LoginError
	if !errors.As(err, &e) {
		t.Fatalf("a login ended with %v, want class %s", err, class)
	}
	if e.Class != class {
		t.Errorf("class %s (%v), want %s", e.Class, err, class)
	}
	mustBeClean(t, fmt.Sprintf("%v %+v %#v %s", err, err, *e, e.Text))
	if len(e.Text) > safeMax || strings.ContainsAny(e.Text, "\n\r\t\x00\u202e\u200b") {
		t.Errorf("the text is not safe: %q", e.Text)
	}
	return e
}

// mustBeClean looks for every canary in every spelling.
func mustBeClean(t *testing.T, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	canaries := []string{testAppKey, testSecret, loginUser, loginPassword, loginSeed, seedOf(secret.New(loginSeed)).Reveal(), wonSession, stickyCanary, serverCanary, testSession}
	for step := time.Now().Unix()/30 - 4; step < time.Now().Unix()/30+4; step++ {
		code, err := codeOf(secret.New(loginSeed), step)
		if err != nil {
			t.Fatal(err)
		}
		canaries = append(canaries, code.Reveal())
	}
	for _, canary := range canaries {
		for _, form := range []string{canary, url.QueryEscape(canary), base64.StdEncoding.EncodeToString([]byte(canary)), hex.EncodeToString([]byte(canary))} {
			if strings.Contains(lower, strings.ToLower(form)) {
				t.Errorf("%q shows in %q", form, text)
			}
		}
	}
}

// TestLogin: both generations, each way of leading back.
func TestLogin(t *testing.T) {
	for _, generation := range []breezewire.LoginGeneration{breezewire.LoginHex, breezewire.LoginPEM} {
		for _, finish := range []string{"redirect", "script", "form"} {
			synctest.Test(t, func(t *testing.T) {
				p, c := mustPages(t, func(p *fakePages) { p.generation, p.finish = generation, finish })
				var steps []LoginStep
				var noted int64
				won, err := c.Login(t.Context(), loginKeys(), LoginOptions{
					Before:     func(_ context.Context, s LoginStep) error { steps = append(steps, s); return nil },
					BeforeCode: func(_ context.Context, step int64) error { noted = step; return nil },
				})
				if err != nil || len(p.faults) > 0 {
					t.Fatalf("generation %d by %s: %v; the broker saw %v", generation, finish, err, p.faults)
				}
				if won.APISession.Reveal() != wonSession || won.Generation != int(generation) || won.CodeStep != noted || won.CodeStep != time.Now().Unix()/30 || won.Offset != 0 {
					t.Errorf("won %+v, session %q, noted %d", won, won.APISession.Reveal(), noted)
				}
				if !slices.Equal(steps, []LoginStep{StepPassword, StepCode}) || p.visits != 1 || p.passwords != 1 || len(p.codes) != 1 {
					t.Errorf("steps %v; %d visits, %d passwords, %d codes", steps, p.visits, p.passwords, len(p.codes))
				}
				if used := c.Budget().DayUsed; used != 4 {
					t.Errorf("the login cost %d requests, want 4", used)
				}
			})
		}
	}
}

// fixtures are those of test 55: an answer, and how the login must end.
type fixture struct {
	path      string
	reply     reply
	change    func(string) string
	class     LoginClass
	passwords int
	codes     int
	text      string // wanted in Text; "" wants nothing
}

func page200(body string) reply {
	return reply{status: 200, body: "<html><body>" + body + "</body></html>"}
}

func swap(old, new string) func(string) string {
	return func(page string) string {
		if !strings.Contains(page, old) {
			panic("breeze: the fixture does not fit: " + old)
		}
		return strings.ReplaceAll(page, old, new)
	}
}

const outage = `<h1>An error occurred.</h1><p>Sorry, the page you are looking for is currently unavailable.<br/>Please try again later.</p><em>Faithfully yours, nginx.</em>`

func fixtures() map[string]fixture {
	entry, form, password, code := breezewire.PathLogin, breezewire.PathTradeLogin, breezewire.PathGetOTP, breezewire.PathValidateUser
	return map[string]fixture{
		"entry: unknown key":            {path: entry, reply: page200("Public Key does not exist."), class: LoginUnknownKey, text: "Public Key does not exist."},
		"entry: foreign address":        {path: entry, reply: page200("Access denied: use your registered static IP address."), class: LoginStaticIP, text: "static IP"},
		"entry: outage page":            {path: entry, reply: page200(outage), class: LoginOutage, text: "An error occurred. Sorry"},
		"entry: 502":                    {path: entry, reply: reply{status: 502, body: "<h1>502 Bad Gateway</h1>"}, class: LoginOutage, text: "502 Bad Gateway"},
		"entry: 503 without a page":     {path: entry, reply: reply{status: 503, kind: "text/plain"}, class: LoginUnreachable},
		"entry: too many":               {path: entry, reply: reply{status: 429}, class: LoginUnreachable},
		"entry: cut off":                {path: entry, reply: reply{isDead: true}, class: LoginUnreachable},
		"entry: no answer":              {path: entry, reply: reply{isMute: true}, class: LoginUnreachable},
		"entry: empty":                  {path: entry, reply: reply{status: 200}, class: LoginPageChanged},
		"entry: huge":                   {path: entry, reply: reply{status: 200, body: strings.Repeat("x", pageMaxBytes+1)}, class: LoginPageChanged},
		"entry: wrong type":             {path: entry, reply: reply{status: 200, kind: "application/pdf", body: "%PDF"}, class: LoginPageChanged, text: "%PDF"},
		"entry: unknown charset":        {path: entry, reply: reply{status: 200, kind: "text/html; charset=utf-7", body: "+ADw-"}, class: LoginPageChanged},
		"entry: hidden value missing":   {path: entry, change: swap(`name="checksum"`, `name="sum"`), class: LoginPageChanged},
		"entry: asks for more":          {path: entry, change: swap(`</form>`, `<input type="text" name="pan"></form>`), class: LoginPageChanged},
		"entry: two forms":              {path: entry, change: swap(`</body>`, `<form action="/apiuser/tradelogin" method="post"></form></body>`), class: LoginPageChanged},
		"entry: form with another name": {path: entry, change: swap(`frmLog"`, `frmNew"`), class: LoginPageChanged},
		"entry: foreign action":         {path: entry, change: swap(`/apiuser/tradelogin`, `https://evil.example/apiuser/tradelogin`), class: LoginPageChanged},
		"entry: redirect":               {path: entry, reply: reply{status: 302, location: "https://evil.example/"}, class: LoginPageChanged},
		"entry: script leads away":      {path: entry, reply: page200(`<script>window.location="https://evil.example/"</script>`), class: LoginPageChanged},

		"page: invalid request":    {path: form, reply: page200(`<p id="pageerror">Invalid request.</p>`), class: LoginRefused, text: "Invalid request."},
		"page: forbidden":          {path: form, reply: reply{status: 403, body: "No entry <b>today</b>"}, class: LoginRefused, text: "No entry today"},
		"page: HTML 200 error":     {path: form, reply: page200("<h1>Runtime Error</h1>"), class: LoginPageChanged, text: "Runtime Error"},
		"page: locked":             {path: form, reply: page200("Your account has been locked."), class: LoginLocked, text: "locked"},
		"page: captcha":            {path: form, change: swap(`<div id="dvgetotp">`, `<img id="imgCaptcha" src="/c.png"><input type="text" id="txtcap"><div id="dvgetotp">`), class: LoginCaptcha},
		"page: one more question":  {path: form, change: swap(`<div id="dvgetotp">`, `<input type="text" id="txtpan"><div id="dvgetotp">`), class: LoginPageChanged},
		"page: other ids":          {path: form, change: swap(`id="hidp"`, `id="hidpNew"`), class: LoginPageChanged},
		"page: foreign action":     {path: form, change: swap(`./tradelogin`, `//evil.example/apiuser/tradelogin`), class: LoginPageChanged},
		"page: another action":     {path: form, change: swap(`./tradelogin`, `/apiuser/home`), class: LoginPageChanged},
		"page: base address":       {path: form, change: swap(`<head>`, `<head><base href="https://evil.example/">`), class: LoginPageChanged},
		"page: no key":             {path: form, change: swap(`-----BEGIN`, `-----START`), class: LoginPageChanged},
		"page: broken key":         {path: form, change: swap(`MI`, `!!`), class: LoginPageChanged},
		"page: an id stands twice": {path: form, change: swap(`<div id="dvgetotp">`, `<input type="hidden" id="hidp"><div id="dvgetotp">`), class: LoginPageChanged},
		"page: get, not post":      {path: form, change: swap(`method="post"`, `method="get"`), class: LoginPageChanged},
		"page: cut off":            {path: form, reply: reply{isDead: true}, class: LoginUnreachable},

		"password: wrong":             {path: password, reply: page200("Invalid User Id or Password. Your account will be locked after 3 more attempts."), class: LoginWrongPassword, passwords: 1, text: "Invalid User Id"},
		"password: wrong, in a popup": {path: password, reply: page200(`<script>alert('Incorrect \u0070assword, don\'t guess');</script>`), class: LoginWrongPassword, passwords: 1, text: "Incorrect password, don't guess"},
		"password: locked":            {path: password, reply: page200("Your account has been locked due to 5 invalid login attempts."), class: LoginLocked, passwords: 1, text: "locked"},
		"password: captcha":           {path: password, reply: page200(`<div id="SHWCAP"><input id="txtcaptcha"></div>`), class: LoginCaptcha, passwords: 1},
		"password: SMS text":          {path: password, reply: page200("An OTP was sent to your registered mobile."), class: LoginSMS, passwords: 1},
		"password: SMS panel":         {path: password, change: swap(`id="hiistotp" value="Y"`, `id="hiistotp" value="N"`), class: LoginSMS, passwords: 1},
		"password: SMS, no flag": {path: password, change: func(s string) string {
			return swap(`Verify TOTP`, `Enter OTP`)(swap(`id="hiistotp" value="Y"`, `id="hiistotp"`)(s))
		}, class: LoginSMS, passwords: 1},
		"password: terms":           {path: password, reply: page200(`<script>alert("Please accept the terms and conditions.")</script>`), class: LoginPageChanged, passwords: 1, text: "terms and conditions"},
		"password: invalid request": {path: password, reply: page200("Invalid request."), class: LoginRefused, passwords: 1, text: "Invalid request."},
		"password: unknown words":   {path: password, reply: page200("Computer says <b>no</b>."), class: LoginRefused, passwords: 1, text: "Computer says no."},
		"password: four boxes":      {path: password, change: swap(`<input type="text" tg-nm="otp" tg-ord="first" inputmode="decimal">`, ``), class: LoginPageChanged, passwords: 1},
		"password: no code field":   {path: password, change: swap(`id="hiotp"`, `id="hiotpNew"`), class: LoginPageChanged, passwords: 1},
		"password: empty":           {path: password, reply: reply{status: 200}, class: LoginUncertain, passwords: 1},
		"password: 500":             {path: password, reply: reply{status: 500, body: "oops"}, class: LoginUncertain, passwords: 1, text: "oops"},
		"password: outage page":     {path: password, reply: page200(outage), class: LoginUncertain, passwords: 1, text: "An error occurred."},
		"password: cut off":         {path: password, reply: reply{isDead: true}, class: LoginUncertain, passwords: 1},
		"password: no answer":       {path: password, reply: reply{isMute: true}, class: LoginUncertain, passwords: 1},
		"password: huge":            {path: password, reply: reply{status: 200, body: strings.Repeat("x", pageMaxBytes+1)}, class: LoginUncertain, passwords: 1},
		"password: redirect":        {path: password, reply: reply{status: 302, location: "/apiuser/home", body: "<a href=/apiuser/home>here</a>"}, class: LoginPageChanged, passwords: 1, text: "here"},
		"password: too many":        {path: password, reply: reply{status: 429}, class: LoginUncertain, passwords: 1},

		"code: refused for good":     {path: code, reply: page200("Invalid TOTP"), class: LoginCodeRefused, passwords: 1, codes: 1, text: "Invalid TOTP"},
		"code: refused twice":        {path: code, reply: page200(`<span id="otperr">Invalid TOTP</span>`), class: LoginCodeRefused, passwords: 1, codes: 2, text: "Invalid TOTP"},
		"code: locked":               {path: code, reply: page200("Account locked."), class: LoginLocked, passwords: 1, codes: 1, text: "Account locked."},
		"code: leads elsewhere":      {path: code, reply: page200(`<script>location.href='https://evil.example/?session=1234567'</script>`), class: LoginCodeRefused, passwords: 1, codes: 1},
		"code: redirect, no session": {path: code, reply: reply{status: 302, location: "/apiuser/login"}, class: LoginCodeRefused, passwords: 1, codes: 1},
		"code: two sessions":         {path: code, reply: page200(`<input id="API_Session" value="1234567"><input name="api_session" value="7654321">`), class: LoginPageChanged, passwords: 1, codes: 1},
		"code: no session it seems":  {path: code, reply: page200(`<input id="API_Session" value="<b>">`), class: LoginCodeRefused, passwords: 1, codes: 1},
		"code: a number":             {path: code, reply: page200("You are logged in, 55795104."), class: LoginCodeRefused, passwords: 1, codes: 1, text: "You are logged in, [masked]."},
		"code: broken redirect":      {path: code, reply: reply{status: 302, location: "http://[::1/?apisession=" + wonSession}, class: LoginUncertain, passwords: 1, codes: 1},
		"code: not HTTP":             {path: code, reply: reply{raw: "HTTP/9 " + loginPassword + loginUser + "\r\n\r\n"}, class: LoginUncertain, passwords: 1, codes: 1},
		"code: broken header":        {path: code, reply: reply{raw: "HTTP/1.1 200 OK\r\n" + loginUser + " " + stickyCanary + "\r\n\r\n"}, class: LoginUncertain, passwords: 1, codes: 1},
		"code: captcha":              {path: code, reply: page200(`<div id="SHWCAP"></div>`), class: LoginCaptcha, passwords: 1, codes: 1},
		"code: empty":                {path: code, reply: reply{status: 200}, class: LoginUncertain, passwords: 1, codes: 1},
		"code: 502":                  {path: code, reply: reply{status: 502, body: "bad"}, class: LoginUncertain, passwords: 1, codes: 1, text: "bad"},
		"code: cut off":              {path: code, reply: reply{isDead: true}, class: LoginUncertain, passwords: 1, codes: 1},
	}
}

// TestLoginFixtures is test 55: each answer ends the login in its class, with nothing more sent and a safe text.
func TestLoginFixtures(t *testing.T) {
	for name, f := range fixtures() {
		synctest.Test(t, func(t *testing.T) {
			p, c := mustPages(t, func(p *fakePages) {
				if f.change != nil {
					p.change[f.path] = f.change
				} else {
					p.instead[f.path] = f.reply
				}
			})
			_, err := c.Login(t.Context(), loginKeys(), LoginOptions{})
			e := mustFail(t, err, f.class)
			if p.passwords != f.passwords || len(p.codes) != f.codes || e.Submitted != (f.passwords > 0) || (e.CodeStep > 0) != (f.codes > 0) {
				t.Errorf("%d passwords, %d codes, submitted %v, code step %d", p.passwords, len(p.codes), e.Submitted, e.CodeStep)
			}
			if !strings.Contains(e.Text, f.text) || f.text == "" && e.Text != "" {
				t.Errorf("text %q, want %q", e.Text, f.text)
			}
			if len(p.faults) > 0 {
				t.Errorf("the broker saw %v", p.faults)
			}
			if t.Failed() {
				t.Fatalf("fixture %q", name)
			}
		})
	}
}

// TestLoginMasks is the canary test: pages that send back everything they know, in every spelling and on every path.
func TestLoginMasks(t *testing.T) {
	code := func() string {
		c, err := codeOf(secret.New(loginSeed), time.Now().Unix()/30)
		if err != nil {
			t.Fatal(err)
		}
		return c.Reveal()
	}
	for _, path := range []string{breezewire.PathTradeLogin, breezewire.PathGetOTP, breezewire.PathValidateUser} {
		for _, finish := range []string{"visible", "alert", "long", "hidden characters", "plain text"} {
			synctest.Test(t, func(t *testing.T) {
				secrets := []string{testAppKey, testSecret, loginUser, strings.ToUpper(loginUser), loginPassword, seedOf(secret.New(loginSeed)).Reveal(), stickyCanary}
				if path == breezewire.PathValidateUser {
					secrets = append(secrets, code())
				}
				if path != breezewire.PathTradeLogin {
					secrets = append(secrets, serverCanary) // else the page that sets it never came
				}
				var all []string
				for _, s := range secrets {
					all = append(all, s, base64.StdEncoding.EncodeToString([]byte(s)), hex.EncodeToString([]byte(s)), url.QueryEscape(s), url.PathEscape(s))
				}
				told := strings.Join(all, " and ")
				r := reply{status: 200}
				switch finish {
				case "visible":
					r.body = "<p>refused: " + htmlEscape(told) + "</p>"
				case "alert":
					r.body = "<script>alert(\"" + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `<`, `\u003c`, `'`, `\x27`).Replace(told) + "\")</script>"
				case "long":
					r.body = "<p>" + htmlEscape(strings.Repeat(loginPassword, rawMax/len(loginPassword)+2)) + htmlEscape(told) + "</p>"
				case "hidden characters":
					r.body = "<p>" + htmlEscape(loginUser[:4]) + "&#8203;&#8238;" + htmlEscape(loginUser[4:]) + " <b>" + htmlEscape(loginPassword[:3]) + "</b>" + htmlEscape(loginPassword[3:]) + "</p>"
				case "plain text":
					r.kind, r.body = "text/plain", told
				}
				_, c := mustPages(t, func(p *fakePages) { p.instead[path] = r })
				_, err := c.Login(t.Context(), loginKeys(), LoginOptions{})
				var e *LoginError
				if !errors.As(err, &e) {
					t.Fatal(err)
				}
				_ = mustFail(t, err, e.Class)
				if finish != "plain text" && !strings.Contains(e.Text, secret.Masked) {
					t.Errorf("%s at %s: nothing was masked in %q", finish, path, e.Text)
				}
			})
		}
	}
}

func htmlEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// TestLoginGarbledPages: whatever bytes change on whatever page, the login ends, submits no more than it may, and says
// nothing it should not.
func TestLoginGarbledPages(t *testing.T) {
	paths := []string{breezewire.PathLogin, breezewire.PathTradeLogin, breezewire.PathGetOTP, breezewire.PathValidateUser}
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 55))
			garble := func(page string) string {
				b := []byte(page)
				for range 1 + random.IntN(4) {
					if len(b) == 0 {
						break
					}
					switch at := random.IntN(len(b)); random.IntN(3) {
					case 0:
						b[at] = byte(random.IntN(256))
					case 1:
						b = append(b[:at], b[min(len(b), at+1+random.IntN(80)):]...)
					default:
						b = slices.Insert(b, at, []byte(page[random.IntN(len(page)):])...)
					}
				}
				return string(b)
			}
			p, c := mustPages(t, func(p *fakePages) {
				p.generation, p.finish = breezewire.LoginGeneration(1+random.IntN(2)), []string{"form", "script"}[random.IntN(2)]
				p.change[paths[random.IntN(len(paths))]] = garble
			})
			_, err := c.Login(t.Context(), loginKeys(), LoginOptions{})
			var e *LoginError
			if errors.As(err, &e) {
				_ = mustFail(t, err, e.Class)
			}
			if p.passwords > 1 || len(p.codes) > 2 || err != nil && e.Submitted != (p.passwords > 0) {
				t.Errorf("%d passwords, %d codes, %v", p.passwords, len(p.codes), err)
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		})
	}
}

// TestLoginMissing: what is not there is said before anything is sent.
func TestLoginMissing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*LoginKeys)
		text   string
	}{
		"no user":      {func(k *LoginKeys) { k.UserID = secret.Text{} }, "Login ID or Password not provided"},
		"spaces":       {func(k *LoginKeys) { k.Password = secret.New("  ") }, "Login ID or Password not provided"},
		"no seed":      {func(k *LoginKeys) { k.TOTP = secret.Text{} }, "TOTP Secret not provided"},
		"no such seed": {func(k *LoginKeys) { k.TOTP = secret.New("GUZ1ASKW") }, "TOTP Secret is not a Base32 text"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, client := mustPages(t, nil)
			keys := loginKeys()
			c.change(&keys)
			_, err := client.Login(t.Context(), keys, LoginOptions{})
			if e := mustFail(t, err, LoginMissing); e.Text != c.text || e.Submitted || p.visits != 0 {
				t.Errorf("%s: text %q, submitted %v, %d visits", name, e.Text, e.Submitted, p.visits)
			}
		})
	}
}

// TestLoginClock is test 56: clocks apart, steps about to end, and codes already used.
func TestLoginClock(t *testing.T) {
	for name, c := range map[string]struct {
		ahead   time.Duration
		at      time.Duration // into a time step of ours
		lastOff int64         // LastCode relative to our step; 0 none
		class   LoginClass    // "" for a login that works
		waited  time.Duration // at most
	}{
		"agree":                    {at: 10 * time.Second, waited: 0},
		"20 s behind":              {ahead: -20 * time.Second, at: 10 * time.Second, waited: 12 * time.Second},
		"20 s ahead":               {ahead: 20 * time.Second, at: 10 * time.Second, waited: 5 * time.Second},
		"a minute ahead":           {ahead: 59 * time.Second, at: 10 * time.Second, waited: 20 * time.Second},
		"5 min ahead":              {ahead: 5 * time.Minute, at: 10 * time.Second, class: LoginClockOff},
		"5 min behind":             {ahead: -5 * time.Minute, at: 10 * time.Second, class: LoginClockOff},
		"1 s before the step ends": {at: 29 * time.Second, waited: 3 * time.Second},
		"7 s before the step ends": {at: 23 * time.Second, waited: 9 * time.Second},
		"8 s before the step ends": {at: 22 * time.Second, waited: 0},
		"as the step begins":       {at: 0, waited: 2 * time.Second},
		"this code was sent":       {at: 10 * time.Second, lastOff: 1000, waited: 22 * time.Second},
		"the next was sent":        {at: 10 * time.Second, lastOff: 1001, waited: 52 * time.Second},
		"an hour's was sent":       {at: 10 * time.Second, lastOff: 1120, class: LoginClockOff},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Unix(time.Now().Unix()/30*30+60, 0).Add(c.at)))
			p, client := mustPages(t, func(p *fakePages) { p.ahead = c.ahead })
			start := time.Now()
			options := LoginOptions{}
			if c.lastOff != 0 {
				options.LastCode = start.Unix()/30 + c.lastOff - 1000
			}
			won, err := client.Login(t.Context(), loginKeys(), options)
			if len(p.faults) > 0 {
				t.Fatalf("%s: the broker saw %v", name, p.faults)
			}
			if c.class != "" {
				e := mustFail(t, err, c.class)
				if len(p.codes) != 0 || c.ahead != 0 && (p.passwords != 0 || e.Submitted) || (c.ahead-e.Offset).Abs() > time.Second {
					t.Errorf("%s: %d passwords, %d codes, offset %s", name, p.passwords, len(p.codes), e.Offset)
				}
				return
			}
			if err != nil || (won.Offset-c.ahead).Abs() > time.Second || won.CodeStep <= options.LastCode || time.Since(start) > c.waited {
				t.Errorf("%s: %v, offset %s, step %d, waited %s", name, err, won.Offset, won.CodeStep, time.Since(start))
			}
		})
	}
}

// TestLoginSecondCode: a refused code is followed by one of a later step, asked for anew, and by no other password.
func TestLoginSecondCode(t *testing.T) {
	for _, isLine := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p, c := mustPages(t, func(p *fakePages) { p.refuseCodes, p.isEager = 1, isLine })
			var steps []LoginStep
			won, err := c.Login(t.Context(), loginKeys(), LoginOptions{Before: func(_ context.Context, s LoginStep) error { steps = append(steps, s); return nil }})
			if err != nil || won.APISession.Reveal() != wonSession || len(p.faults) > 0 || p.passwords != 1 || len(p.codes) != 2 {
				t.Errorf("%v; %d passwords, %d codes, faults %v", err, p.passwords, len(p.codes), p.faults)
			}
			if !slices.Equal(steps, []LoginStep{StepPassword, StepCode, StepCode}) {
				t.Errorf("asked before %v", steps)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			spent := errors.New("the budget is used up")
			p, c := mustPages(t, func(p *fakePages) { p.refuseCodes, p.isEager = 9, isLine })
			asked := 0
			_, err := c.Login(t.Context(), loginKeys(), LoginOptions{Before: func(_ context.Context, s LoginStep) error {
				if asked++; asked > 2 {
					return spent
				}
				return nil
			}})
			if e := mustFail(t, err, LoginCodeRefused); !errors.Is(err, spent) || e.Text != "Invalid TOTP" || len(p.codes) != 1 || p.passwords != 1 {
				t.Errorf("%v, text %q; %d passwords, %d codes", err, e.Text, p.passwords, len(p.codes))
			}
		})
	}
}

// TestLoginStopped: an error of the caller stops before the secret it was asked about, and cancelling tells the truth.
func TestLoginStopped(t *testing.T) {
	no := errors.New("not today")
	for name, c := range map[string]struct {
		options         func(cancel func()) LoginOptions
		passwords       int
		isSubmitted     bool
		class           LoginClass
		isNo, isContext bool
		muteAt          string
	}{
		"before the password": {options: func(func()) LoginOptions {
			return LoginOptions{Before: func(context.Context, LoginStep) error { return no }}
		}, class: LoginStopped, isNo: true},
		"before the code": {options: func(func()) LoginOptions {
			return LoginOptions{Before: func(_ context.Context, s LoginStep) error {
				if s == StepCode {
					return no
				}
				return nil
			}}
		}, class: LoginStopped, isNo: true, passwords: 1, isSubmitted: true},
		"noting the code": {options: func(func()) LoginOptions {
			return LoginOptions{BeforeCode: func(context.Context, int64) error { return no }}
		}, class: LoginStopped, isNo: true, passwords: 1, isSubmitted: true},
		"cancelled while counting the password": {options: func(cancel func()) LoginOptions {
			return LoginOptions{Before: func(context.Context, LoginStep) error { cancel(); return nil }}
		}, class: LoginStopped, isContext: true},
		"cancelled while waiting for the code": {options: func(cancel func()) LoginOptions {
			go func() { time.Sleep(time.Second); cancel() }()
			return LoginOptions{LastCode: time.Now().Unix() / 30}
		}, class: LoginStopped, isContext: true, passwords: 1, isSubmitted: true},
		"cancelled with the password under way": {options: func(cancel func()) LoginOptions {
			go func() { time.Sleep(time.Second); cancel() }()
			return LoginOptions{}
		}, class: LoginUncertain, isContext: true, passwords: 1, isSubmitted: true, muteAt: breezewire.PathGetOTP},
		"cancelled on the first page": {options: func(cancel func()) LoginOptions {
			go func() { time.Sleep(time.Second); cancel() }()
			return LoginOptions{}
		}, class: LoginStopped, isContext: true, muteAt: breezewire.PathLogin},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, client := mustPages(t, func(p *fakePages) {
				if c.muteAt != "" {
					p.instead[c.muteAt] = reply{isMute: true}
				}
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_, err := client.Login(ctx, loginKeys(), c.options(cancel))
			e := mustFail(t, err, c.class)
			if e.Submitted != c.isSubmitted || p.passwords != c.passwords || len(p.codes) != 0 || e.CodeStep != 0 {
				t.Errorf("%s: submitted %v, %d passwords, %d codes", name, e.Submitted, p.passwords, len(p.codes))
			}
			if errors.Is(err, no) != c.isNo || errors.Is(err, context.Canceled) != c.isContext {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// TestLoginWithoutConnection: what found no connection has not left, even when it was the password.
func TestLoginWithoutConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := mustPages(t, func(p *fakePages) {
			p.change[breezewire.PathTradeLogin] = func(page string) string { return page }
		})
		transport := c.options.Transport.(*http.Transport)
		transport.DisableKeepAlives = true
		dial := transport.DialContext
		_, err := c.Login(t.Context(), loginKeys(), LoginOptions{Before: func(context.Context, LoginStep) error {
			transport.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") }
			return nil
		}})
		transport.DialContext = dial
		if e := mustFail(t, err, LoginUnreachable); e.Submitted || p.passwords != 0 {
			t.Errorf("submitted %v, %d passwords", e.Submitted, p.passwords)
		}
	})
}

// TestLoginBudget is test 62's reserve: a day that calls have used up still has a login in it, and one with fewer
// requests left than a login may take is not begun.
func TestLoginBudget(t *testing.T) {
	for used, class := range map[int]LoginClass{4990: "", 4995: "", 4996: LoginUnreachable, 5000: LoginUnreachable} {
		synctest.Test(t, func(t *testing.T) {
			p := &fakePages{t: t, generation: breezewire.LoginPEM}
			c := mustClient(t, p, func(o *Options) { o.DayUsed = used })
			if _, err := c.Quote(t.Context(), reliance); !errors.Is(err, ErrRateDay) {
				t.Errorf("an ordinary call after %d: %v", used, err)
			}
			_, err := c.Login(t.Context(), loginKeys(), LoginOptions{})
			if class == "" {
				if err != nil || len(p.faults) > 0 {
					t.Errorf("after %d: %v, %v", used, err, p.faults)
				}
				return
			}
			var spent *BudgetError
			e := mustFail(t, err, class)
			if !errors.As(err, &spent) || p.visits != 0 || e.Submitted {
				t.Errorf("after %d: %v, %d visits", used, err, p.visits)
			}
		})
	}
}

// TestLoginForeign: a key at the wrong broker stops at the wall, and its address is not given out.
func TestLoginForeign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := mustPages(t, nil)
		c := mustClient(t, p, func(o *Options) { o.AppKey = secret.New("4f7! an ICICI key") })
		_, err := c.Login(t.Context(), loginKeys(), LoginOptions{})
		_ = mustFail(t, err, LoginForeignKey)
		if !errors.Is(err, ErrForeignKey) || p.visits != 0 {
			t.Errorf("%v, %d visits", err, p.visits)
		}
		if _, err := c.LoginAddress(); !errors.Is(err, ErrForeignKey) {
			t.Errorf("LoginAddress: %v", err)
		}
	})
}

// TestLoginAddress: the key is escaped fully, and only a simulator's pages can be elsewhere.
func TestLoginAddress(t *testing.T) {
	key := "8g791^N029R47I831B0~9&t+#$ %"
	c := New(Options{Hosts: ICICI(), Clock: mustClient(t, nil, nil).options.Clock, AppKey: secret.New(key), LoginBase: "https://elsewhere.example"})
	address, err := c.LoginAddress()
	if err != nil || address.Reveal() != "https://api.icicidirect.com/apiuser/login?api_key=8g791%5EN029R47I831B0~9%26t%2B%23%24+%25" || c.LoginBase() != "https://api.icicidirect.com" {
		t.Errorf("%q, %v", address.Reveal(), err)
	}
	c = mustClient(t, nil, func(o *Options) { o.LoginBase = "https://sim.example/" })
	if address, err := c.LoginAddress(); err != nil || !strings.HasPrefix(address.Reveal(), "https://sim.example/apiuser/login?api_key=DEMO%2B") {
		t.Errorf("%q, %v", address.Reveal(), err)
	}
	c = mustClient(t, nil, func(o *Options) { o.LoginBase = "https://api.icicidirect.com" })
	if _, err := c.LoginAddress(); !errors.Is(err, ErrForeignKey) {
		t.Errorf("a demo key's login at ICICI: %v", err)
	}
	c = mustClient(t, nil, func(o *Options) { o.AppKey = secret.Text{} })
	if _, err := c.LoginAddress(); !errors.Is(err, ErrKey) {
		t.Errorf("no key: %v", err)
	}
}

// TestSafeLine: one line, no controls, no direction marks, cut at a character.
func TestSafeLine(t *testing.T) {
	m := &mask{}
	m.hide(secret.New("aba"), secret.New("héllo wörld"))
	for in, want := range map[string]string{
		"a\r\n\tb\x00c\u202ed\u200be\ufeff":            "a bcde",
		"x ababa y":                                    "x [masked] y",
		"HÉLLO   WÖRLD!":                               "[masked]!",
		strings.Repeat("é", 300):                       strings.Repeat("é", 256),
		"bad \xff utf":                                 "bad utf",
		strings.Repeat("x", rawMax-1) + "aba":          strings.Repeat("x", safeMax),
		strings.Repeat("aba", rawMax/3) + "aba" + "ab": "[masked]",
	} {
		if got := m.line(in); got != want {
			t.Errorf("line(%.40q) = %q, want %q", in, got, want)
		}
	}
	if !bytes.Contains([]byte(m.line("1")), []byte("1")) {
		t.Error("a harmless text changed")
	}
}

// TestLockWords: a threat of a lock is no lock.
func TestLockWords(t *testing.T) {
	for text, want := range map[string]bool{
		"Your account has been locked due to 5 invalid login attempts.":  true,
		"User ID is blocked. Call us.":                                   true,
		"You have exceeded the maximum number of attempts":               true,
		"Invalid password. Your account will be locked after 2 attempts": false,
		"Wrong password. To avoid locking reset it.":                     false,
		"2 attempts left before your account gets locked":                false,
		"Invalid TOTP": false,
	} {
		if got := isLocked(text); got != want {
			t.Errorf("isLocked(%q) = %v", text, got)
		}
	}
}
