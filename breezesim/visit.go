package breezesim

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"paperport/breezewire"
	"paperport/calendar"
)

// How long what a page holds is good for; ICICI's times are not known.
const (
	hiddenAge = 5 * time.Minute  // the first page's values, and the OTP panel's
	visitAge  = 20 * time.Minute // without a request; the default of ASP.NET
	visitsMax = 4096
)

// The load balancer's cookies name its nodes, of which there is one here.
const (
	balancerNode = "AQ0000demo.0001"
	stickyNode   = "0a0b0c0d0e0f1011"
)

// visit is one browser on its way through the pages.
type visit struct {
	key        string // tag of the app's account
	generation breezewire.LoginGeneration
	finish     Finish
	suffix     string // behind every id of the password page, when that has changed
	hidden     []hidden
	at         calendar.Instant // of the last request

	// Of the OTP panel, once a password was accepted.
	user        string // tag
	encrypted   string
	panelSuffix string
	panel       []hidden
	panelAt     calendar.Instant
	sms         string // the code that was sent by SMS; "" when TOTP is asked
	letters     string // a demanded CAPTCHA's; "" when none is
}

// hidden is one hidden input; its id on a changed page is ID and Suffix.
type hidden struct {
	ID, Value, Suffix string
	// isOpen values are made by the page's script; the others come back as they were sent.
	isOpen bool
}

// visits are the logins under way.
type visits struct {
	mu   sync.Mutex // guards all, and every visit in it
	all  map[string]*visit
	used map[string]calendar.Instant // checksums of first pages that were used, and when
}

func newVisits() *visits {
	return &visits{all: map[string]*visit{}, used: map[string]calendar.Instant{}}
}

// begin keeps a new visit and returns its cookie.
func (v *visits) begin(one *visit) string {
	for id, old := range v.all {
		if len(v.all) >= visitsMax || one.at.Sub(old.at) > visitAge {
			delete(v.all, id)
		}
	}
	id := rand.Text()
	v.all[id] = one
	return id
}

// of finds the visit of a request by its cookies, all three of which must be there.
func (v *visits) of(r *http.Request, now calendar.Instant) (*visit, bool) {
	if !isSticky(r) {
		return nil, false
	}
	cookie, err := r.Cookie(breezewire.CookieServer)
	if err != nil {
		return nil, false
	}
	found := v.all[cookie.Value]
	if found == nil || now.Sub(found.at) > visitAge {
		return nil, false
	}
	found.at = now
	return found, true
}

func (v *visits) end(one *visit) {
	for id, other := range v.all {
		if other == one {
			delete(v.all, id)
		}
	}
}

// use spends the checksum of a first page; false when it was spent before.
func (v *visits) use(checksum string, now calendar.Instant) bool {
	for old, at := range v.used {
		if now.Sub(at) > 2*hiddenAge {
			delete(v.used, old)
		}
	}
	if _, isUsed := v.used[checksum]; isUsed {
		return false
	}
	v.used[checksum] = now
	return true
}

func isSticky(r *http.Request) bool {
	balancer, err := r.Cookie(breezewire.CookieBalancer)
	if err != nil || balancer.Value != balancerNode {
		return false
	}
	sticky, err := r.Cookie(breezewire.CookieSticky)
	return err == nil && sticky.Value == stickyNode
}

const stampLayout = "20060102150405"

// sign makes the checksum of a first page: a number used once and a proof that stamp and key are ours.
func (b *book) sign(once, stamp, key string) string {
	return once + hex.EncodeToString(b.draw("first page", once+":"+stamp+":"+key))
}

// isSigned checks the three hidden values of a first page at an instant.
func (b *book) isSigned(stamp, checksum, key string, now calendar.Instant) bool {
	const onceLen = 16
	at, err := time.ParseInLocation(stampLayout, stamp, now.IST().Location())
	if err != nil || len(checksum) < onceLen || !hmac.Equal([]byte(checksum), []byte(b.sign(checksum[:onceLen], stamp, key))) {
		return false
	}
	age := now.Sub(calendar.FromTime(at))
	return age >= 0 && age <= hiddenAge
}

// onceText is 16 random hex digits.
func onceText() string {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // it never fails
	return hex.EncodeToString(raw[:])
}

// loginKey encrypts passwords on their way; every process has its own.
var loginKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("breezesim: making the login pages' key: " + err.Error())
	}
	return key
})

// publicKey is the key in the words of a generation (5.3).
func publicKey(g breezewire.LoginGeneration) hidden {
	public := &loginKey().PublicKey
	if g == breezewire.LoginHex {
		return hidden{ID: breezewire.IDKeyHex, Value: fmt.Sprintf("%x~%x", public.E, public.N)}
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic("breezesim: encoding the login pages' key: " + err.Error())
	}
	return hidden{ID: breezewire.IDKeyPEM, Value: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}
}

var lowerHex = regexp.MustCompile(`^[0-9a-f]+$`)

// decrypt opens a password in the form of a generation; false for any other form or padding.
func decrypt(g breezewire.LoginGeneration, text string) (string, bool) {
	var sealed []byte
	var err error
	if g == breezewire.LoginHex {
		if !lowerHex.MatchString(text) {
			return "", false
		}
		sealed, err = hex.DecodeString(text)
	} else {
		sealed, err = base64.StdEncoding.DecodeString(text)
	}
	if err != nil || len(sealed) != loginKey().Size() {
		return "", false
	}
	plain, err := rsa.DecryptPKCS1v15(nil, loginKey(), sealed)
	if err != nil || !utf8.Valid(plain) {
		return "", false
	}
	return string(plain), true
}

// echoes reports whether every hidden value that a page was given comes back as it was, by id.
func echoes(r *http.Request, values []hidden) bool {
	for _, h := range values {
		sent, has := r.PostForm[h.ID+h.Suffix]
		if !has || len(sent) != 1 || (!h.isOpen && strings.ReplaceAll(sent[0], "\r\n", "\n") != h.Value) {
			return false
		}
	}
	return true
}
