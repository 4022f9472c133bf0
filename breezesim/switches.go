package breezesim

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"paperport/breezewire"
)

// LoginFault is what goes wrong with the login pages. Texts that ICICI was never seen to send are invented (fault.go).
type LoginFault string

// The faults of the login pages, in the order in which a login would meet them.
const (
	// LoginWell: nothing goes wrong.
	LoginWell LoginFault = ""
	// LoginOutage: an HTML page with status 200 in place of every page.
	LoginOutage LoginFault = "outage"
	// LoginDown: status 502 in place of every page.
	LoginDown LoginFault = "5xx"
	// LoginSlow: every page comes late by LoginSwitches.DelaySeconds.
	LoginSlow LoginFault = "slow"
	// LoginStaticIP: the first page says that the caller's address is not registered with the key.
	LoginStaticIP LoginFault = "static_ip"
	// LoginChanged: the password page has other element ids; in a browser it works.
	LoginChanged LoginFault = "changed_page"
	// LoginCaptchaPage: the password page itself demands a CAPTCHA.
	LoginCaptchaPage LoginFault = "captcha_page"
	// LoginCaptcha: a CAPTCHA is demanded once a password was sent; it clears with one login that solves it.
	LoginCaptcha LoginFault = "captcha"
	// LoginLocked: the account is locked, whatever the password.
	LoginLocked LoginFault = "locked"
	// LoginWrongPassword: every password is wrong, and counts towards the lock.
	LoginWrongPassword LoginFault = "wrong_password"
	// LoginSMS: the code comes by SMS. The page shows it, as the demo's telephone.
	LoginSMS LoginFault = "sms_otp"
	// LoginChangedOTP: the OTP panel has other element ids; in a browser it works.
	LoginChangedOTP LoginFault = "changed_otp"
	// LoginWrongCode: every code is wrong, and counts towards the lock.
	LoginWrongCode LoginFault = "wrong_code"
	// LoginNoSession: the code is accepted and the answer holds no API session.
	LoginNoSession LoginFault = "no_session"
)

var loginFaults = []LoginFault{LoginWell, LoginOutage, LoginDown, LoginSlow, LoginStaticIP, LoginChanged, LoginCaptchaPage, LoginCaptcha,
	LoginLocked, LoginWrongPassword, LoginSMS, LoginChangedOTP, LoginWrongCode, LoginNoSession}

// Finish is how a login leads to the redirect URL (5.1).
type Finish string

// The ways: "" is the form for the first generation of pages and the script for the second.
const (
	FinishDefault  Finish = ""
	FinishForm     Finish = "form"
	FinishScript   Finish = "script"
	FinishRedirect Finish = "redirect"
)

// Life is how long a login counts (5.7).
type Life string

// The lives: "" is LifeMidnight.
const (
	LifeDefault  Life = ""
	LifeMidnight Life = "midnight"
	LifeDay      Life = "24h"
)

// DirectAPI is what customerdetails answers when an API session is given to it again.
type DirectAPI string

// The answers: "" works.
const (
	DirectDefault DirectAPI = ""
	DirectWorks   DirectAPI = "works"
	DirectNoToken DirectAPI = "no_token"
	DirectRefused DirectAPI = "refused"
)

// LoginSwitches are how the login of one account, or of all, behaves. The zero value is ICICI's newest page in good health.
type LoginSwitches struct {
	Fault LoginFault `json:"fault"`
	// Generation is LoginHex (1) or LoginPEM (2, also for 0). A login under way keeps its own.
	Generation breezewire.LoginGeneration `json:"generation"`
	Finish     Finish                     `json:"finish"`
	Life       Life                       `json:"life"`
	DirectAPI  DirectAPI                  `json:"direct_api"`
	// Window is how many half minutes a code may be off, either way.
	Window int `json:"window"`
	// DelaySeconds is how late LoginSlow is.
	DelaySeconds int `json:"delay_seconds"`
}

// RESTFault is what goes wrong with REST v1 and v2.
type RESTFault string

// The faults of REST.
const (
	RESTWell RESTFault = ""
	// RESTThrottled: status 429 and a page.
	RESTThrottled RESTFault = "429"
	// RESTMinute and RESTDay: the gateway's own limit texts (1.7).
	RESTMinute RESTFault = "minute_limit"
	RESTDay    RESTFault = "daily_cap"
	// RESTOutage: an HTML page with status 200.
	RESTOutage RESTFault = "outage"
	// RESTDown: status 502.
	RESTDown RESTFault = "5xx"
	// RESTSlow: every answer comes late by RESTSwitches.DelaySeconds.
	RESTSlow RESTFault = "slow"
	// RESTStaticIP: the caller's address is not registered with the key.
	RESTStaticIP RESTFault = "static_ip"
)

var restFaults = []RESTFault{RESTWell, RESTThrottled, RESTMinute, RESTDay, RESTOutage, RESTDown, RESTSlow, RESTStaticIP}

// RESTSwitches are how REST behaves for one account's key, or for all.
type RESTSwitches struct {
	Fault RESTFault `json:"fault"`
	// DelaySeconds is how late RESTSlow is.
	DelaySeconds int `json:"delay_seconds"`
}

// ErrSwitch says that a switch has no such position.
var ErrSwitch = errors.New("breezesim: no such switch position")

const delayMax = 600

func (w LoginSwitches) check() error {
	isKnown := slices.Contains(loginFaults, w.Fault) && w.Generation <= breezewire.LoginPEM &&
		slices.Contains([]Finish{FinishDefault, FinishForm, FinishScript, FinishRedirect}, w.Finish) &&
		slices.Contains([]Life{LifeDefault, LifeMidnight, LifeDay}, w.Life) &&
		slices.Contains([]DirectAPI{DirectDefault, DirectWorks, DirectNoToken, DirectRefused}, w.DirectAPI) &&
		w.Window >= 0 && w.Window <= 10 && w.DelaySeconds >= 0 && w.DelaySeconds <= delayMax
	if !isKnown {
		return ErrSwitch
	}
	return nil
}

func (w RESTSwitches) check() error {
	if !slices.Contains(restFaults, w.Fault) || w.DelaySeconds < 0 || w.DelaySeconds > delayMax {
		return ErrSwitch
	}
	return nil
}

// switches hold what was set for each account; "" is for those without settings of their own.
type switches struct {
	mu    sync.Mutex // guards all
	login map[string]LoginSwitches
	rest  map[string]RESTSwitches
	skew  time.Duration
	// urls are the registered redirect URLs that were changed.
	urls map[string]string
}

func newSwitches() *switches {
	return &switches{login: map[string]LoginSwitches{}, rest: map[string]RESTSwitches{}, urls: map[string]string{}}
}

// of returns what holds for a tag.
func of[T any](set map[string]T, tag string) T {
	if own, ok := set[tag]; ok {
		return own
	}
	return set[""]
}

func (w *switches) loginOf(tag string) LoginSwitches {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := of(w.login, tag)
	if s.Generation == 0 {
		s.Generation = breezewire.LoginPEM
	}
	if s.Finish == FinishDefault {
		s.Finish = FinishScript
		if s.Generation == breezewire.LoginHex {
			s.Finish = FinishForm
		}
	}
	return s
}

func (w *switches) restOf(tag string) RESTSwitches {
	w.mu.Lock()
	defer w.mu.Unlock()
	return of(w.rest, tag)
}

// SetLogin sets the login of an account's app; tag "" is for all accounts and ends what was set for single ones.
// ErrSwitch says that a position does not exist; then nothing changes.
func (s *Server) SetLogin(tag string, w LoginSwitches) error {
	if err := w.check(); err != nil || (tag != "" && !IsTag(tag)) {
		return ErrSwitch
	}
	s.login.switches.mu.Lock()
	defer s.login.switches.mu.Unlock()
	put(s.login.switches.login, tag, w)
	return nil
}

// SetREST sets the answers of REST to an account's key; tag "" is for all accounts and ends what was set for single ones.
// ErrSwitch says that a position does not exist; then nothing changes.
func (s *Server) SetREST(tag string, w RESTSwitches) error {
	if err := w.check(); err != nil || (tag != "" && !IsTag(tag)) {
		return ErrSwitch
	}
	s.login.switches.mu.Lock()
	defer s.login.switches.mu.Unlock()
	put(s.login.switches.rest, tag, w)
	return nil
}

func put[T any](set map[string]T, tag string, w T) {
	if tag == "" {
		maps.DeleteFunc(set, func(string, T) bool { return true })
	}
	set[tag] = w
}

// SetSkew puts the broker's clock off: what Date tells, codes and signatures are checked against, and days end by. Prices
// stay on the true time.
func (s *Server) SetSkew(by time.Duration) {
	s.login.switches.mu.Lock()
	defer s.login.switches.mu.Unlock()
	s.login.switches.skew = by
}
