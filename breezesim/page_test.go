package breezesim

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"paperport/breezewire"
)

var generations = []breezewire.LoginGeneration{breezewire.LoginHex, breezewire.LoginPEM}

// TestLoginWays logs in through both generations and all ways to the redirect URL.
func TestLoginWays(t *testing.T) {
	b := mustStart(t, start)
	const to = "https://paper.example/api/auth/breeze-callback?from=demo&x=%22%3C"
	for i, generation := range generations {
		for j, c := range []struct {
			finish Finish
			status int
			want   string
		}{
			{FinishForm, 200, `<form name="frmapi" id="frmapi" action="https://paper.example/api/auth/breeze-callback?from=demo&amp;x=%22%3C" method="post"><input type="hidden" id="API_Session" name="API_Session" value="`},
			{FinishScript, 200, `<script>window.location = "https://paper.example/api/auth/breeze-callback?apisession=`},
			{FinishRedirect, 302, `https://paper.example/api/auth/breeze-callback?apisession=`},
		} {
			t.Run(fmt.Sprintf("generation %d by %s", generation, c.finish), func(t *testing.T) {
				b.mustSwitch(LoginSwitches{Generation: generation, Finish: c.finish})
				a := b.Account(fmt.Sprintf("ways%d%d", i, j))
				if err := b.SetRedirectURL(a.Tag, to); err != nil {
					t.Fatal(err)
				}
				w := b.browser().mustReach(a).fill(a.UserID.Reveal(), a.Password.Reveal())
				wantText(t, "panel", w.submit().text, `id="pnlOTP"`, breezewire.TextTOTP, `tg-nm="otp" tg-ord="first"`, `id="otperr"`)
				answer := w.code(a.CodeAt(b.clock.Now()).Reveal())
				if answer.status != c.status || answer.apiSession() == "" {
					t.Fatalf("got %d %s %s", answer.status, answer.location, answer.text)
				}
				wantText(t, "finish", answer.location+answer.text, c.want)
				wantText(t, "exchange", string(b.exchange(a, answer.apiSession())), `"idirect_userid":"`+a.UserID.Reveal())
			})
		}
	}
}

// exchange asks customerdetails.
func (b *bench) exchange(a Account, apiSession string) []byte {
	b.t.Helper()
	body, err := breezewire.Marshal(breezewire.CustomerRequest{SessionToken: breezewire.Text(apiSession), AppKey: breezewire.Text(a.Key.Reveal())})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send("GET", v1+"customerdetails", string(body), nil)
}

// TestFirstPage tells the first page's refusals.
func TestFirstPage(t *testing.T) {
	b := mustStart(t, start)
	a := b.Account("ada")
	wantText(t, "no key", b.browser().open("").text, breezewire.TextNoKey)
	wantText(t, "a stranger's key", b.browser().open("DEMOada&%+AAAAAAAAAAAAAAAAAAAAAA").text, breezewire.TextNoKey)
	page := b.browser().do("POST", breezewire.PathLogin, url.Values{"api_key": {a.Key.Reveal()}}.Encode(), nil)
	wantText(t, "by POST", page.text, `<form name="frmLog"`, `action="/apiuser/tradelogin" method="post"`, "document.frmLog.submit()")
	other := b.Account("bob")
	for name, c := range map[string]struct {
		spoil func(*browser)
		want  string
	}{
		"nothing spoilt":         {func(*browser) {}, "dvloginmain"},
		"4 min 59 s later":       {func(*browser) { b.clock.Advance(299 * time.Second) }, "dvloginmain"},
		"5 min 1 s later":        {func(*browser) { b.clock.Advance(301 * time.Second) }, breezewire.TextInvalid},
		"used before":            {func(w *browser) { w.next() }, breezewire.TextInvalid},
		"another key":            {func(w *browser) { w.first.Set("AppKey", other.Key.Reveal()) }, breezewire.TextInvalid},
		"another time":           {func(w *browser) { w.first.Set("time_stamp", "20261125110001") }, breezewire.TextInvalid},
		"no checksum":            {func(w *browser) { w.first.Del("checksum") }, breezewire.TextInvalid},
		"a checksum too short":   {func(w *browser) { w.first.Set("checksum", "0123456789abcdef") }, breezewire.TextInvalid},
		"without any cookie":     {func(w *browser) { w.client.Jar = nil }, breezewire.TextInvalid},
		"without the first page": {func(w *browser) { w.client.Jar = b.browser().client.Jar }, breezewire.TextInvalid},
	} {
		w := b.browser()
		w.open(a.Key.Reveal())
		c.spoil(w)
		wantText(t, name, w.next().text, c.want)
	}
	wantText(t, "by GET", b.browser().do("GET", breezewire.PathTradeLogin, "", nil).text, breezewire.TextInvalid)
}

// TestPasswordRefusals are the requests that ICICI's getotp refuses (5.1, 5.3, 5.5), in both generations. What is refused
// for its form counts no password.
func TestPasswordRefusals(t *testing.T) {
	b := mustStart(t, start)
	a := b.Account("ada")
	type spoiler struct {
		name  string
		only  breezewire.LoginGeneration // 0 both
		spoil func(*browser, *http.Request)
		want  string
	}
	form := func(f func(url.Values)) func(*browser, *http.Request) {
		return func(w *browser, _ *http.Request) { f(w.fields) }
	}
	head := func(f func(*http.Request)) func(*browser, *http.Request) {
		return func(_ *browser, r *http.Request) {
			if r != nil {
				f(r)
			}
		}
	}
	cases := []spoiler{
		{"nothing spoilt", 0, form(func(url.Values) {}), breezewire.IDOTPPanel},
		{"by name", 0, form(func(v url.Values) {
			v.Set("User/Login Id", v.Get(breezewire.IDUser))
			v.Set("Password", v.Get(breezewire.IDPassword))
			for id := range v {
				if strings.HasPrefix(id, "hid") {
					v.Set("ctl00$ContentPlaceHolder1$"+id, v.Get(id))
				}
				if !strings.ContainsAny(id, "$/") && id != "Password" {
					v.Del(id)
				}
			}
		}), breezewire.TextInvalid + "."},
		{"password in clear", 0, form(func(v url.Values) { v.Set(breezewire.IDPassword, a.Password.Reveal()) }), breezewire.TextInvalid},
		{"date of birth not masked", breezewire.LoginPEM, form(func(v url.Values) { v.Set(breezewire.IDBirth, "") }), breezewire.TextInvalid},
		{"hidden value changed", 0, form(func(v url.Values) { v.Set(breezewire.IDPlain, "x") }), breezewire.TextInvalid},
		{"hidden value left out", 0, form(func(v url.Values) { v.Del(breezewire.IDRedirect) }), breezewire.TextInvalid},
		{"hidden value twice", 0, form(func(v url.Values) { v.Add(breezewire.IDSlash, v.Get(breezewire.IDSlash)) }), breezewire.TextInvalid},
		{"empty hidden value left out", breezewire.LoginHex, form(func(v url.Values) { v.Del("hiddob") }), breezewire.TextInvalid},
		{"no X-Requested-With", breezewire.LoginPEM, head(func(r *http.Request) { r.Header.Del("X-Requested-With") }), breezewire.TextInvalid},
		{"no X-Requested-With, first generation", breezewire.LoginHex, head(func(r *http.Request) { r.Header.Del("X-Requested-With") }), breezewire.IDOTPPanel},
		{"no Origin", breezewire.LoginPEM, head(func(r *http.Request) { r.Header.Del("Origin") }), breezewire.TextInvalid},
		{"another Referer", breezewire.LoginPEM, head(func(r *http.Request) { r.Header.Set("Referer", r.Header.Get("Origin")+"/") }), breezewire.TextInvalid},
		{"by GET", 0, head(func(r *http.Request) { r.Method = "GET" }), breezewire.TextInvalid},
		{"not a form", 0, head(func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }), breezewire.TextInvalid},
		{"20 minutes later", 0, form(func(url.Values) { b.clock.Advance(20*time.Minute + time.Second) }), breezewire.TextInvalid},
	}
	for _, name := range []string{breezewire.CookieBalancer, breezewire.CookieSticky, breezewire.CookieServer} {
		cases = append(cases, spoiler{"without " + name, 0, func(w *browser, r *http.Request) {
			if r == nil {
				w.dropCookie(name)
			}
		}, breezewire.TextInvalid})
	}
	for _, generation := range generations {
		b.mustSwitch(LoginSwitches{Generation: generation})
		for _, c := range cases {
			if c.only != 0 && c.only != generation {
				continue
			}
			before, _ := b.Submissions(a.Tag)
			w := b.browser().mustReach(a).fill(a.UserID.Reveal(), a.Password.Reveal())
			c.spoil(w, nil)
			got := w.do("POST", breezewire.PathGetOTP, w.fields.Encode(), func(r *http.Request) { c.spoil(&browser{fields: url.Values{}}, r) })
			wantText(t, fmt.Sprintf("generation %d, %s", generation, c.name), got.text, c.want)
			after, _ := b.Submissions(a.Tag)
			if isCounted := c.want == breezewire.IDOTPPanel; (after != before) != isCounted {
				t.Errorf("generation %d, %s: %d passwords counted", generation, c.name, after-before)
			}
		}
	}
}

// dropCookie forgets one cookie.
func (w *browser) dropCookie(name string) {
	w.b.t.Helper()
	at, err := url.Parse(w.b.http.URL + "/apiuser/")
	if err != nil {
		w.b.t.Fatal(err)
	}
	w.client.Jar.SetCookies(at, []*http.Cookie{{Name: name, Path: "/apiuser", MaxAge: -1}})
}

// TestWrongPasswords are submissions that are taken, judged and counted.
func TestWrongPasswords(t *testing.T) {
	b := mustStart(t, start)
	for _, generation := range generations {
		b.mustSwitch(LoginSwitches{Generation: generation})
		for i, c := range []struct {
			name  string
			spoil func(*browser, Account)
			want  string
			wrong int
		}{
			{"wrong", func(w *browser, a Account) { w.fill(a.UserID.Reveal(), "wrong") }, textWrongPassword, 1},
			{"textbook RSA", func(w *browser, a Account) { w.fields.Set(breezewire.IDEncrypted, w.textbook(a.Password.Reveal())) }, textWrongPassword, 1},
			{"encoded for the other generation", func(w *browser, a Account) { w.fields.Set(breezewire.IDEncrypted, w.reencode()) }, textWrongPassword, 1},
			{"upper-case hex or broken base64", func(w *browser, _ Account) {
				w.fields.Set(breezewire.IDEncrypted, "A"+strings.ToUpper(w.fields.Get(breezewire.IDEncrypted))[1:])
			}, textWrongPassword, 1},
			{"not encrypted", func(w *browser, a Account) { w.fields.Set(breezewire.IDEncrypted, a.Password.Reveal()) }, textWrongPassword, 1},
			{"empty", func(w *browser, _ Account) { w.fields.Set(breezewire.IDEncrypted, "") }, textWrongPassword, 1},
			{"terms not ticked", func(w *browser, _ Account) { w.fields.Del(breezewire.IDTerms) }, "terms and conditions", 0},
			{"user in small letters", func(w *browser, a Account) { w.fields.Set(breezewire.IDUser, strings.ToLower(a.UserID.Reveal())) }, breezewire.TextTOTP, 0},
		} {
			a := b.Account(fmt.Sprintf("g%dc%d", generation, i))
			w := b.browser().mustReach(a).fill(a.UserID.Reveal(), a.Password.Reveal())
			c.spoil(w, a)
			wantText(t, fmt.Sprintf("generation %d, %s", generation, c.name), w.submit().text, c.want)
			if got := b.Counts(a.Tag); got.Passwords != 1 || got.Wrong != c.wrong {
				t.Errorf("generation %d, %s: counts %+v, want 1 password, %d wrong", generation, c.name, got, c.wrong)
			}
		}
	}
}

// textbook is RSA without padding, which some public programs do (5.3).
func (w *browser) textbook(password string) string {
	key := w.key()
	out := new(big.Int).Exp(new(big.Int).SetBytes([]byte(password)), big.NewInt(int64(key.E)), key.N).FillBytes(make([]byte, key.Size()))
	if w.fields.Has(breezewire.IDKeyHex) {
		return hex.EncodeToString(out)
	}
	return base64.StdEncoding.EncodeToString(out)
}

// reencode writes a password in the other generation's form.
func (w *browser) reencode() string {
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, w.key(), []byte("x"))
	if err != nil {
		w.b.t.Fatal(err)
	}
	if w.fields.Has(breezewire.IDKeyHex) {
		return base64.StdEncoding.EncodeToString(sealed)
	}
	return hex.EncodeToString(sealed)
}
