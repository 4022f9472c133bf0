package breezesim

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"sync"

	"paperport/breezewire"
	"paperport/calendar"
)

// Credentials are what a client needs: the app's key and secret, and an API session as ICICI's login page would give it.
// They print masked.
type Credentials struct {
	Key, Secret, APISession string
}

// String hides all three.
func (Credentials) String() string { return "[masked]" }

// GoString hides all three.
func (Credentials) GoString() string { return "breezesim.Credentials{[masked]}" }

// demoUser is the user id behind every session.
const demoUser = "DEMO0001"

// login knows the app and the sessions it has issued.
type login struct {
	key, secret string

	mu       sync.Mutex        // guards both
	issued   map[string]string // API session to session key
	sessions map[string]bool   // session keys in force
}

func newLogin(o Options) *login {
	l := &login{key: o.Key, secret: o.Secret, issued: map[string]string{}, sessions: map[string]bool{}}
	if l.key == "" {
		l.key = KeyPrefix + rand.Text()
	}
	if l.secret == "" {
		l.secret = rand.Text()
	}
	return l
}

// Credentials issues a new API session, as a login would, and returns it with the app's key and secret. Earlier ones stay
// in force.
func (s *Server) Credentials() Credentials {
	l := s.login
	session, key := digits(), digits()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.issued[session] = key
	l.sessions[key] = true
	return Credentials{Key: l.key, Secret: l.secret, APISession: session}
}

// digits returns eight random digits, the first not 0.
func digits() string {
	n, err := rand.Int(rand.Reader, big.NewInt(90_000_000))
	if err != nil {
		panic("breezesim: no randomness: " + err.Error())
	}
	return fmt.Sprint(n.Int64() + 10_000_000)
}

// exchange turns an API session into its session key; false for an unknown one.
func (l *login) exchange(apiSession string) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key, ok := l.issued[apiSession]
	return key, ok
}

func (l *login) isInForce(session breezewire.Session) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return session.User == demoUser && l.sessions[session.Key]
}

// allowsToken reports whether a value of X-SessionToken is a session in force.
func (l *login) allowsToken(token string) bool {
	session, err := breezewire.ParseSession(token)
	return err == nil && l.isInForce(session)
}

// allowsSocket reads the auth payload of a stream (3.1).
func (l *login) allowsSocket(auth []byte) bool {
	var a struct{ User, Token breezewire.Text }
	return json.Unmarshal(auth, &a) == nil && l.isInForce(breezewire.Session{User: string(a.User), Key: string(a.Token)})
}

// check verifies a signed v1 request (1.2) over its raw body. It returns nil or the answer to give.
func (l *login) check(r *http.Request, body []byte, now calendar.Instant) *answer {
	stamp := r.Header.Get(breezewire.HeaderTimestamp)
	at, err := breezewire.ParseTimestamp(stamp)
	if err != nil || calendar.FromTime(at).Sub(now).Abs() > breezewire.SkewMax {
		return badChecksum()
	}
	want := breezewire.Checksum(stamp, body, l.secret)
	if !same(r.Header.Get(breezewire.HeaderChecksum), want) || !l.allowsToken(r.Header.Get(breezewire.HeaderSession)) {
		return badChecksum()
	}
	if !same(r.Header.Get(breezewire.HeaderAppKey), l.key) {
		return failure(breezewire.TextUnknownKey)
	}
	return nil
}

// checkV2 verifies a v2 request (1.4): key and session only.
func (l *login) checkV2(r *http.Request) *answer {
	if !same(r.Header.Get(breezewire.HeaderKeyV2), l.key) || !l.allowsToken(r.Header.Get(breezewire.HeaderSession)) {
		return badChecksum()
	}
	return nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// customer answers customerdetails (1.5, 2.2), the only unsigned call.
func (s *Server) customer(body []byte) *answer {
	var q breezewire.CustomerRequest
	if json.Unmarshal(body, &q) != nil {
		return failure(breezewire.TextInvalidSession)
	}
	if !same(string(q.AppKey), s.login.key) {
		return failure(breezewire.TextUnknownKey)
	}
	key, ok := s.login.exchange(string(q.SessionToken))
	if !ok {
		return failure(breezewire.TextInvalidSession)
	}
	now := s.now()
	date := breezewire.FormatDate(now.Date())
	dates := map[string]string{}
	for _, exchange := range []string{"NSE", "BSE", "FNO", "NDX"} {
		dates[exchange] = date
	}
	return success(breezewire.Customer{
		TradeDates: dates, Status: map[string]string{"NSE": "O", "BSE": "O", "FNO": "Y", "NDX": "X"},
		Segments: map[string]string{"Trading": "Y", "Equity": "Y", "Derivatives": "Y", "Currency": "Z"}, UserID: demoUser,
		SessionToken: breezewire.Text(breezewire.Session{User: demoUser, Key: key}.Encode()), UserName: "DEMO TRADER", OrderType: "N",
		LastLogin: breezewire.Text(breezewire.FormatTime(now)), HoldingPopup: "N", MCXStatus: "N", MCXDate: breezewire.Text(date), MCXAllowed: "N",
	})
}
