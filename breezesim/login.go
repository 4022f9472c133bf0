package breezesim

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

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

// DefaultRedirectURL is where logins lead when nobody says otherwise: PaperPort as the setup guide has it.
const DefaultRedirectURL = "http://localhost:8000/api/auth/breeze-callback"

// login knows the accounts and who is logged in.
type login struct {
	book     *book
	logins   *logins
	switches *switches
	counts   *counts
	visits   *visits
	redirect func(tag string) string
}

func newLogin(o Options) *login {
	b := &book{seed: o.AccountSeed, houseKey: o.Key, houseSecret: o.Secret}
	if b.seed == [32]byte{} {
		_, _ = rand.Read(b.seed[:]) // it never fails
	}
	l := &login{book: b, logins: newLogins(b), switches: newSwitches(), counts: newCounts(), visits: newVisits(), redirect: o.RedirectURL}
	if l.redirect == nil {
		l.redirect = func(string) string { return DefaultRedirectURL }
	}
	return l
}

// Credentials issues the demo market's own API session, without a login, and returns it with the house account's key and
// secret. Such a session has no end of its own. Earlier ones stay in force.
func (s *Server) Credentials() Credentials {
	l := s.login
	i := l.logins.issue(issued{key: House, user: House, day: s.brokerNow().Date(), isLasting: true})
	return Credentials{Key: l.book.key(House), Secret: l.book.secret(House), APISession: i.api}
}

// KillSessions ends every login through an account's key, and those of all keys but the demo market's own when tag is
// "": REST refuses them, and sockets are cut and refused.
func (s *Server) KillSessions(tag string) {
	s.login.logins.kill(tag)
	s.rooms.cut(func(i issued) bool { return !s.isInForce(i) })
}

// SetRedirectURL changes the redirect URL registered with an account's app; with tag "" that of every account. ErrSwitch
// says that it is not IsRedirectURL.
func (s *Server) SetRedirectURL(tag, to string) error {
	if !IsRedirectURL(to) || (tag != "" && !IsTag(tag)) {
		return ErrSwitch
	}
	s.login.switches.mu.Lock()
	defer s.login.switches.mu.Unlock()
	put(s.login.switches.urls, tag, to)
	return nil
}

// IsRedirectURL reports whether a text can be registered with an app: an absolute http or https URL without a fragment.
func IsRedirectURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && u.Fragment == "" && (u.Scheme == "http" || u.Scheme == "https")
}

func (l *login) redirectURL(tag string) string {
	l.switches.mu.Lock()
	to := of(l.switches.urls, tag)
	l.switches.mu.Unlock()
	if to == "" {
		to = l.redirect(tag)
	}
	return to
}

// brokerNow is the broker's own clock, which SetSkew puts off.
func (s *Server) brokerNow() calendar.Instant {
	s.login.switches.mu.Lock()
	defer s.login.switches.mu.Unlock()
	return s.now().Add(s.login.switches.skew)
}

func (s *Server) isInForce(i issued) bool {
	return s.login.logins.isInForce(i, s.brokerNow(), s.login.switches.loginOf(i.key).Life)
}

// tokenOf finds the login in force behind a session of an account's key.
func (s *Server) tokenOf(key string, session breezewire.Session) (issued, bool) {
	user, ok := userTag(session.User)
	if !ok || session.User != userOf(user) {
		return issued{}, false
	}
	i, ok := s.login.logins.find(key, user, session.Key, s.brokerNow().Date())
	return i, ok && s.isInForce(i)
}

// allowsSocket reads the auth payload of a stream (3.1). It names no key, so the token is looked for under every key that
// issued one to this user, his own first.
func (s *Server) allowsSocket(auth []byte) (issued, bool) {
	var a struct{ User, Token breezewire.Text }
	if json.Unmarshal(auth, &a) != nil {
		return issued{}, false
	}
	user, ok := userTag(string(a.User))
	if !ok || string(a.User) != userOf(user) {
		return issued{}, false
	}
	for _, key := range s.login.logins.keysOf(user) {
		if i, ok := s.tokenOf(key, breezewire.Session{User: string(a.User), Key: string(a.Token)}); ok {
			return i, true
		}
	}
	return issued{}, false
}

// check verifies a signed v1 request (1.2) over its raw body. It returns nil or the answer to give.
func (s *Server) check(r *http.Request, body []byte) *answer {
	key := r.Header.Get(breezewire.HeaderAppKey)
	tag, ok := s.login.book.keyTag(key)
	switch {
	case key == "":
		return badChecksum()
	case !ok:
		return failure(breezewire.TextUnknownKey)
	}
	stamp := r.Header.Get(breezewire.HeaderTimestamp)
	at, err := breezewire.ParseTimestamp(stamp)
	if err != nil || calendar.FromTime(at).Sub(s.brokerNow()).Abs() > breezewire.SkewMax {
		return badChecksum()
	}
	want := breezewire.Checksum(stamp, body, s.login.book.secret(tag))
	if !same(r.Header.Get(breezewire.HeaderChecksum), want) || !s.allowsToken(tag, r) {
		return badChecksum()
	}
	return nil
}

// checkV2 verifies a v2 request (1.4): key and session only.
func (s *Server) checkV2(r *http.Request) *answer {
	tag, ok := s.login.book.keyTag(r.Header.Get(breezewire.HeaderKeyV2))
	if !ok || !s.allowsToken(tag, r) {
		return badChecksum()
	}
	return nil
}

func (s *Server) allowsToken(key string, r *http.Request) bool {
	session, err := breezewire.ParseSession(r.Header.Get(breezewire.HeaderSession))
	if err != nil {
		return false
	}
	_, ok := s.tokenOf(key, session)
	return ok
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// customer answers customerdetails (1.5, 2.2), the only unsigned call.
func (s *Server) customer(q breezewire.CustomerRequest) *answer {
	tag, ok := s.login.book.keyTag(string(q.AppKey))
	if !ok {
		return failure(breezewire.TextUnknownKey)
	}
	i, before, ok := s.login.logins.exchange(tag, string(q.SessionToken), s.brokerNow().Date())
	if !ok {
		return failure(breezewire.TextInvalidSession)
	}
	if !s.isInForce(i) {
		return failure(breezewire.TextNotAvailable)
	}
	session := breezewire.Session{User: userOf(i.user), Key: i.token}.Encode()
	if before > 0 && !i.isLasting {
		switch s.login.switches.loginOf(tag).DirectAPI {
		case DirectNoToken:
			session = ""
		case DirectRefused:
			return failure(breezewire.TextInvalidSession)
		case DirectDefault, DirectWorks:
		}
	}
	return success(s.details(i, session))
}

func (s *Server) details(i issued, session string) breezewire.Customer {
	now := s.brokerNow()
	date := breezewire.FormatDate(now.Date())
	dates := map[string]string{}
	for _, exchange := range []string{"NSE", "BSE", "FNO", "NDX"} {
		dates[exchange] = date
	}
	return breezewire.Customer{
		TradeDates: dates, Status: map[string]string{"NSE": "O", "BSE": "O", "FNO": "Y", "NDX": "X"},
		Segments: map[string]string{"Trading": "Y", "Equity": "Y", "Derivatives": "Y", "Currency": "Z"}, UserID: breezewire.Text(userOf(i.user)),
		SessionToken: breezewire.Text(session), UserName: "DEMO TRADER", OrderType: "N",
		LastLogin: breezewire.Text(breezewire.FormatTime(now)), HoldingPopup: "N", MCXStatus: "N", MCXDate: breezewire.Text(date), MCXAllowed: "N",
	}
}

// wait sleeps on the simulator's clock, unless the request or the simulator ends before.
func (s *Server) wait(r *http.Request, seconds int) {
	select {
	case <-s.clock.After(time.Duration(seconds) * time.Second):
	case <-r.Context().Done():
	case <-s.done:
	}
}
