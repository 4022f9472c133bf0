package breezesim

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"html"
	"io"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"paperport/breezewire"
)

// browser walks the login pages as their own script does, and lets a test spoil any request.
type browser struct {
	b      *bench
	client *http.Client
	fields url.Values // of the password page and the OTP panel, by id
	first  url.Values // of the first page, by name
}

func (b *bench) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return &browser{b: b, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// got is what a test looks at.
type got struct {
	status   int
	text     string
	location string
}

func (w *browser) do(method, path, body string, change func(*http.Request)) got {
	w.b.t.Helper()
	r, err := http.NewRequest(method, w.b.http.URL+path, strings.NewReader(body))
	if err != nil {
		w.b.t.Fatal(err)
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	}
	if strings.HasPrefix(path, breezewire.PathTradeLogin+"/") {
		r.Header.Set("X-Requested-With", "XMLHttpRequest")
		r.Header.Set("Origin", w.b.http.URL)
		r.Header.Set("Referer", w.b.http.URL+breezewire.PathTradeLogin)
	}
	if change != nil {
		change(r)
	}
	answer, err := w.client.Do(r)
	if err != nil {
		w.b.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.b.t.Fatal(err)
	}
	return got{answer.StatusCode, string(text), answer.Header.Get("Location")}
}

var inputTag = regexp.MustCompile(`<input type="hidden" (?:id="([^"]*)" )?name="([^"]*)"(?: id="([^"]*)")? value="([^"]*)"`)

// open loads the first page; submit its form with next.
func (w *browser) open(key string) got {
	w.b.t.Helper()
	page := w.do("GET", breezewire.PathLogin+"?api_key="+url.QueryEscape(key), "", nil)
	w.first = url.Values{}
	for _, m := range inputTag.FindAllStringSubmatch(page.text, -1) {
		w.first.Set(m[2], html.UnescapeString(m[4]))
	}
	return page
}

// next submits the first page and reads the password page.
func (w *browser) next() got {
	w.b.t.Helper()
	page := w.do("POST", breezewire.PathTradeLogin, w.first.Encode(), nil)
	w.fields = url.Values{}
	w.read(page.text)
	return page
}

func (w *browser) read(text string) {
	for _, m := range inputTag.FindAllStringSubmatch(text, -1) {
		w.fields.Set(m[1], html.UnescapeString(m[4]))
	}
}

// mustReach opens both pages for an account.
func (w *browser) mustReach(a Account) *browser {
	w.b.t.Helper()
	w.open(a.Key.Reveal())
	if page := w.next(); !strings.Contains(page.text, `id="dvloginmain"`) {
		w.b.t.Fatalf("no password page but %.300s", page.text)
	}
	return w
}

// fill types user and password and does what submitform does before it posts.
func (w *browser) fill(user, password string) *browser {
	w.b.t.Helper()
	w.fields.Set(breezewire.IDUser, user)
	w.fields.Set(breezewire.IDPassword, breezewire.MaskedPassword)
	w.fields.Set(breezewire.IDTerms, breezewire.TermsAccepted)
	if w.fields.Has(breezewire.IDKeyPEM) {
		w.fields.Set(breezewire.IDBirth, breezewire.MaskedPassword)
	}
	w.fields.Set(breezewire.IDEncrypted, w.seal(password))
	return w
}

// seal encrypts with the page's key, in the page's form.
func (w *browser) seal(password string) string {
	w.b.t.Helper()
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, w.key(), []byte(password))
	if err != nil {
		w.b.t.Fatal(err)
	}
	if w.fields.Has(breezewire.IDKeyHex) {
		return hex.EncodeToString(sealed)
	}
	return base64.StdEncoding.EncodeToString(sealed)
}

func (w *browser) key() *rsa.PublicKey {
	w.b.t.Helper()
	if text := w.fields.Get(breezewire.IDKeyHex); text != "" {
		e, n, _ := strings.Cut(text, "~")
		exponent, ok := new(big.Int).SetString(e, 16)
		modulus, isHex := new(big.Int).SetString(n, 16)
		if !ok || !isHex {
			w.b.t.Fatalf("hidenc %.40s", text)
		}
		return &rsa.PublicKey{E: int(exponent.Int64()), N: modulus}
	}
	block, _ := pem.Decode([]byte(w.fields.Get(breezewire.IDKeyPEM)))
	if block == nil {
		w.b.t.Fatal("hidpv is no PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		w.b.t.Fatal(err)
	}
	return key.(*rsa.PublicKey)
}

// submit posts the password and reads the panel that comes.
func (w *browser) submit() got {
	w.b.t.Helper()
	answer := w.do("POST", breezewire.PathGetOTP, w.fields.Encode(), nil)
	w.read(answer.text)
	return answer
}

// code posts a code and reads the panel that comes.
func (w *browser) code(digits string) got {
	w.b.t.Helper()
	w.fields.Set(breezewire.IDCode, digits)
	answer := w.do("POST", breezewire.PathValidateUser, w.fields.Encode(), nil)
	w.read(answer.text)
	return answer
}

var sessionText = regexp.MustCompile(`(?:apisession=|id="API_Session" name="API_Session" value=")([0-9]{8})\b`)

// apiSession finds the API session of an answer, in whichever form.
func (r got) apiSession() string {
	if m := sessionText.FindStringSubmatch(r.location + r.text); m != nil {
		return m[1]
	}
	return ""
}

// mustLogin is a whole login of one account through another's key (or its own).
func (b *bench) mustLogin(app, user Account) string {
	b.t.Helper()
	w := b.browser().mustReach(app).fill(user.UserID.Reveal(), user.Password.Reveal())
	w.submit()
	answer := w.code(user.CodeAt(b.clock.Now()).Reveal())
	if answer.apiSession() == "" {
		b.t.Fatalf("no API session in %.300s", answer.text)
	}
	return answer.apiSession()
}

// mustSwitch sets the login of every account.
func (b *bench) mustSwitch(w LoginSwitches) {
	b.t.Helper()
	if err := b.SetLogin("", w); err != nil {
		b.t.Fatal(err)
	}
}

func wantText(t *testing.T, what, got string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(got, want) {
			t.Errorf("%s: got %.300s, want %q in it", what, got, want)
		}
	}
}
