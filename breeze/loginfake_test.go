package breeze

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"paperport/breezewire"
	"paperport/secret"
)

// Canaries of the login: what may be in no error, whatever a page does with them.
const (
	loginUser     = "XY60canary4721"
	loginPassword = `pA"ss'<w>&\rd %`
	loginSeed     = "GUZ2ASKW SB2M2ZVX-3PMSSJHA"
	wonSession    = "55canary795104"
	stickyCanary  = "sticky-canary-91"
	serverCanary  = "server-canary-17"
)

var pageKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		panic(err)
	}
	return key
})

// reply is what a test has a path answer in place of the page.
type reply struct {
	status   int
	kind     string // Content-Type; "" is HTML
	body     string
	location string
	// isDead: the connection breaks off. isMute: nothing comes.
	isDead, isMute bool
	// raw is sent as it is, in place of HTTP.
	raw string
}

// fakePages plays the broker's login pages of one generation as 5.1 describes them, and judges the client: what it does wrong
// lands in faults.
type fakePages struct {
	t          *testing.T
	generation breezewire.LoginGeneration
	ahead      time.Duration // its clock minus ours
	finish     string        // "redirect", "script" or "form"
	isEager    bool          // true: no panel with a refusal, only the line
	// instead replaces answers by path; change edits the page that would be sent.
	instead map[string]reply
	change  map[string]func(string) string
	// refuseCodes is how many codes are refused before one is taken.
	refuseCodes int

	visits, passwords int
	codes             []string
	faults            []string
}

func (p *fakePages) fault(format string, a ...any) {
	p.faults = append(p.faults, fmt.Sprintf(format, a...))
}

func (p *fakePages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(p.ahead).UTC().Format(http.TimeFormat))
	form := p.count(r)
	if other, ok := p.instead[r.URL.Path]; ok {
		p.answer(w, r, other)
		return
	}
	var page string
	switch r.Method + " " + r.URL.Path {
	case "GET " + breezewire.PathLogin:
		http.SetCookie(w, &http.Cookie{Name: breezewire.CookieBalancer, Value: "b1"})
		http.SetCookie(w, &http.Cookie{Name: breezewire.CookieSticky, Value: stickyCanary, Path: "/"})
		page = p.entry(r)
	case "POST " + breezewire.PathTradeLogin:
		http.SetCookie(w, &http.Cookie{Name: breezewire.CookieServer, Value: serverCanary, Path: "/", HttpOnly: true})
		page = p.passwordPage(form)
	case "POST " + breezewire.PathGetOTP:
		page = p.takePassword(r, form)
	case "POST " + breezewire.PathValidateUser:
		page = p.takeCode(w, r, form)
	default:
		p.fault("%s %s", r.Method, r.URL.Path)
	}
	if change := p.change[r.URL.Path]; change != nil {
		page = change(page)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if w.Header().Get("Location") != "" {
		w.WriteHeader(http.StatusFound)
	}
	_, _ = io.WriteString(w, page)
}

// count reads the form and counts what was submitted, whatever is answered.
func (p *fakePages) count(r *http.Request) url.Values {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		p.fault("reading a form: %v", err)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		p.fault("a form that is none: %v", err)
	}
	switch r.URL.Path {
	case breezewire.PathLogin:
		p.visits++
	case breezewire.PathGetOTP:
		p.passwords++
	case breezewire.PathValidateUser:
		p.codes = append(p.codes, form.Get(breezewire.IDCode))
	}
	return form
}

func (p *fakePages) answer(w http.ResponseWriter, r *http.Request, other reply) {
	switch {
	case other.isDead:
		panic(http.ErrAbortHandler)
	case other.raw != "":
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			p.fault("hijacking: %v", err)
			return
		}
		_, _ = io.WriteString(connection, other.raw)
		_ = connection.Close()
		return
	case other.isMute:
		<-r.Context().Done()
		return
	}
	if other.kind == "" {
		other.kind = "text/html; charset=utf-8"
	}
	w.Header().Set("Content-Type", other.kind)
	if other.location != "" {
		w.Header().Set("Location", other.location)
	}
	w.WriteHeader(other.status)
	_, _ = io.WriteString(w, other.body)
}

func (p *fakePages) entry(r *http.Request) string {
	if got := r.URL.Query().Get(breezewire.LoginQueryKey); got != testAppKey {
		p.fault("the key came as %q", got)
	}
	return `<html><body><form name="frmLog" action="/apiuser/tradelogin" method="post"><input type="hidden" name="AppKey" value="` + html.EscapeString(testAppKey) +
		`"><input type="hidden" name="time_stamp" value="24-Nov-2026 08:00:00"><input type="hidden" name="checksum" value="c+/="></form><script>document.frmLog.submit();</script></body></html>`
}

func (p *fakePages) passwordPage(form url.Values) string {
	if form.Get(breezewire.FieldAppKey) != testAppKey || form.Get(breezewire.FieldChecksum) != "c+/=" || form.Get(breezewire.FieldTimeStamp) == "" {
		p.fault("the entry form came back as %v", form)
	}
	key := &pageKey().PublicKey
	hidden := fmt.Sprintf(`<input type="hidden" id="hidenc" value="%x~%X">`, key.E, key.N)
	if p.generation == breezewire.LoginPEM {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			p.fault("%v", err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		hidden = `<input type="hidden" id="hidpv" value="` + string(text) + `"><input type="hidden" id="txtdob">`
	}
	return `<html><head><script>function captchaLater(){}</script></head><body><form method="post" action="./tradelogin" id="aspnetForm"><div id="dvloginmain">
<input type="hidden" name="__VIEWSTATE" id="__VIEWSTATE" value="v/1=="><input type="text" id="txtuid" name="User/Login Id"><input type="password" id="txtPass" name="Password">
<input type="checkbox" id="chkssTnc" name="tnc" value="Y"> I accept the terms and conditions. Accounts are locked after five wrong passwords.
<input type="button" id="btnSubmit" value="Login"><input type="hidden" id="hidp">` + hidden + `<input type="hidden" id="hidplk" value="opaque-1"><input type="hidden" id="hidredurl" value="https://127.0.0.1/">
<input type="hidden" id="hidPATH" value=""></div><div id="dvgetotp"></div></form></body></html>`
}

// checkScripted judges what both submissions have in common.
func (p *fakePages) checkScripted(r *http.Request, form url.Values) {
	origin := "http://" + r.Host
	if r.Header.Get("X-Requested-With") != "XMLHttpRequest" || r.Header.Get("Referer") != origin+breezewire.PathTradeLogin || r.Header.Get("Origin") != origin {
		p.fault("headers of a script's request: %v", r.Header)
	}
	for name, want := range map[string]string{breezewire.CookieBalancer: "b1", breezewire.CookieSticky: stickyCanary, breezewire.CookieServer: serverCanary} {
		if cookie, err := r.Cookie(name); err != nil || cookie.Value != want {
			p.fault("cookie %s: %v", name, err)
		}
	}
	want := map[string]string{"txtuid": loginUser, "txtPass": "************", "chkssTnc": "Y", "hidplk": "opaque-1", "__VIEWSTATE": "v/1==", "hidredurl": "https://127.0.0.1/"}
	if p.generation == breezewire.LoginHex {
		want["btnSubmit"], want["hidPATH"] = "Login", ""
	} else {
		want["txtdob"] = "************"
	}
	for id, value := range want {
		if !form.Has(id) || form.Get(id) != value {
			p.fault("field %s is %q, want %q", id, form.Get(id), value)
		}
	}
	if form.Has("Password") || form.Has("tnc") || p.generation == breezewire.LoginPEM && form.Has("btnSubmit") {
		p.fault("posted by name: %v", form)
	}
}

func (p *fakePages) takePassword(r *http.Request, form url.Values) string {
	p.checkScripted(r, form)
	sent := form.Get(breezewire.IDEncrypted)
	var sealed []byte
	var err error
	if p.generation == breezewire.LoginHex {
		sealed, err = hex.DecodeString(sent)
		if len(sent) != 2*pageKey().Size() || sent != strings.ToLower(sent) {
			p.fault("hex of %d digits", len(sent))
		}
	} else {
		sealed, err = base64.StdEncoding.DecodeString(sent)
	}
	if err != nil {
		p.fault("the password is not spelled as it should be")
	}
	plain, err := rsa.DecryptPKCS1v15(nil, pageKey(), sealed) //nolint:staticcheck // as the page is
	if err != nil || string(plain) != loginPassword {
		p.fault("the password came as %q, %v", plain, err)
	}
	return p.panel("")
}

func (p *fakePages) panel(message string) string {
	boxes := `<input type="text" tg-nm="otp" tg-ord="first" inputmode="decimal">` + strings.Repeat(`<input type="text" tg-nm="otp" inputmode="decimal">`, 5)
	return `<div id="pnlOTP"><h2>Verify TOTP</h2>` + boxes + `<input type="hidden" id="hiotp"><input type="hidden" id="hitk" value="tk1"><input type="hidden" id="hiistotp" value="Y">
<input type="button" id="Button1" value="Submit"><span id="otperr">` + message + `</span></div>`
}

func (p *fakePages) takeCode(w http.ResponseWriter, r *http.Request, form url.Values) string {
	p.checkScripted(r, form)
	now := time.Now().Add(p.ahead)
	want, err := codeOf(secret.New(loginSeed), now.Unix()/30)
	if err != nil {
		p.fault("%v", err)
	}
	if sent := form.Get(breezewire.IDCode); sent != want.Reveal() {
		p.fault("code %s at %s, want %s", sent, now.UTC(), want.Reveal())
	}
	if left := codePeriod - now.Sub(time.Unix(now.Unix()/30*30, 0)); left < 7*time.Second { // 8, and what a Date header leaves open
		p.fault("a code that lives %s", left)
	}
	if form.Get("hitk") != "tk1" || form.Get(breezewire.IDEncrypted) == "" {
		p.fault("the first page's fields are not with the code: %v", form)
	}
	if before := p.codes[:len(p.codes)-1]; slices.Contains(before, want.Reveal()) {
		p.fault("a code was sent twice")
	}
	if len(p.codes) <= p.refuseCodes {
		if p.isEager {
			return `<span id="otperr">Invalid TOTP</span>`
		}
		return p.panel("Invalid TOTP")
	}
	address := "https://app.example/callback?apisession=" + wonSession
	switch p.finish {
	case "form":
		return `<form action="https://app.example/callback" method="post"><input type="hidden" name="API_Session" id="API_Session" value="` + wonSession + `"></form><script>document.forms[0].submit()</script>`
	case "script":
		return `<script>window.location = "` + strings.ReplaceAll(address, "=", `\u003d`) + `";</script>`
	default:
		w.Header().Set("Location", address)
		return ""
	}
}
