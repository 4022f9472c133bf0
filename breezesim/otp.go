package breezesim

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"paperport/breezewire"
)

// posted reads a request of the password page's script: a visit's, keyed by id, complete, with every hidden value as it
// was sent. The caller holds the lock of the visits.
func (s *Server) posted(w http.ResponseWriter, r *http.Request) (*visit, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, bodyMax)
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		return nil, false
	}
	v, ok := s.login.visits.of(r, s.brokerNow())
	if !ok || !echoes(r, v.hidden) || !v.isMasked(r) {
		return nil, false
	}
	if _, has := r.PostForm[breezewire.IDUser+v.suffix]; !has {
		return nil, false
	}
	return v, true
}

// isMasked reports whether what was typed in clear was overwritten.
func (v *visit) isMasked(r *http.Request) bool {
	ids := []string{breezewire.IDPassword}
	if v.generation == breezewire.LoginPEM {
		ids = append(ids, breezewire.IDBirth)
	}
	for _, id := range ids {
		if r.PostForm.Get(id+v.suffix) != breezewire.MaskedPassword {
			return false
		}
	}
	return true
}

// isScripted asks for the headers that the second generation needs (5.1, step 3).
func (v *visit) isScripted(r *http.Request) bool {
	if v.generation == breezewire.LoginHex {
		return true
	}
	origin, referer := r.Header.Get("Origin"), r.Header.Get("Referer")
	return r.Header.Get("X-Requested-With") == "XMLHttpRequest" && origin != "" && referer == origin+breezewire.PathTradeLogin
}

// serveGetOTP takes user and password and answers the OTP panel.
func (s *Server) serveGetOTP(w http.ResponseWriter, r *http.Request) {
	if s.isBroken(w, r, s.login.switches.loginOf(s.visitor(r))) {
		return
	}
	s.login.visits.mu.Lock()
	defer s.login.visits.mu.Unlock()
	v, ok := s.posted(w, r)
	if !ok || !v.isScripted(r) {
		refuse(w)
		return
	}
	v.user, v.panel = "", nil
	showFragment(w, s.takePassword(v, r))
}

// visitor is the tag of the key of a request's visit, "" when it has none.
func (s *Server) visitor(r *http.Request) string {
	s.login.visits.mu.Lock()
	defer s.login.visits.mu.Unlock()
	if v, ok := s.login.visits.of(r, s.brokerNow()); ok {
		return v.key
	}
	return ""
}

// takePassword counts and judges one password; it returns the fragment to show.
func (s *Server) takePassword(v *visit, r *http.Request) string {
	fault := s.login.switches.loginOf(v.key).Fault
	user, isUser := userTag(r.PostForm.Get(breezewire.IDUser + v.suffix))
	encrypted := r.PostForm.Get(breezewire.IDEncrypted + v.suffix)
	if r.PostForm.Get(breezewire.IDTerms+v.suffix) != breezewire.TermsAccepted {
		s.countPassword(user, isUser)
		return termsMarkup(textTerms)
	}
	if demand := v.challenge(fault, r.PostForm.Get("txtcaptcha")); demand != "" {
		s.countPassword(user, isUser)
		return demand
	}
	if !isUser {
		return errorMarkup(textWrongPassword)
	}
	password, isSealed := decrypt(v.generation, encrypted)
	isRight := isSealed && same(password, strings.TrimSpace(s.login.book.account(user).Password.Reveal())) && fault != LoginWrongPassword
	var isLocked bool
	now := s.brokerNow()
	s.login.counts.with(user, func(c *record) {
		c.Passwords++
		isLocked = c.isLocked(now)
		if !isLocked && !isRight && fault != LoginLocked {
			c.failed(now)
			isLocked = c.IsLocked
		}
	})
	switch {
	case isLocked || fault == LoginLocked:
		return errorMarkup(textLocked)
	case !isRight:
		return errorMarkup(textWrongPassword)
	}
	v.user, v.encrypted = user, encrypted
	v.ask(fault)
	v.panelAt = now
	return v.otpPanel("")
}

func (s *Server) countPassword(user string, isUser bool) {
	if isUser {
		s.login.counts.with(user, func(c *record) { c.Passwords++ })
	}
}

// challenge returns the fragment that demands a CAPTCHA, or "" when none is due or the right letters came.
func (v *visit) challenge(fault LoginFault, typed string) string {
	isDue := fault == LoginCaptcha || fault == LoginCaptchaPage
	switch {
	case !isDue:
		return ""
	case v.letters != "" && strings.EqualFold(strings.TrimSpace(typed), v.letters):
		return ""
	case fault == LoginCaptchaPage && v.letters != "":
		return errorMarkup("Invalid captcha. Please type the letters shown.")
	default:
		v.letters = captchaLetters()
		return captchaMarkup(v.letters, true)
	}
}

// ask makes the values of a new OTP panel.
func (v *visit) ask(fault LoginFault) {
	isTOTP := breezewire.IsTOTP
	v.sms, v.panelSuffix = "", ""
	if fault == LoginSMS {
		v.sms, isTOTP = fmt.Sprintf("%06d", randomBelow(1_000_000)), "N"
	}
	if fault == LoginChangedOTP {
		v.panelSuffix = "New"
	}
	v.panel = []hidden{{ID: breezewire.IDCode, isOpen: true}, {ID: breezewire.IDToken, Value: rand.Text()}, {ID: breezewire.IDDevice, Value: rand.Text()},
		{ID: breezewire.IDOTPSecret, Value: rand.Text()}, {ID: breezewire.IDIsTOTP, Value: isTOTP}, {ID: breezewire.IDForOTP, Value: "N"}}
	for i := range v.panel {
		v.panel[i].Suffix = v.panelSuffix
	}
}

// otpPanel renders the panel with six empty boxes and an error.
func (v *visit) otpPanel(text string) string {
	title, note := breezewire.TextTOTP, "Enter the six digits that your authenticator shows."
	if v.sms != "" {
		title, note = "Verify OTP", "A code was sent to your mobile number and e-mail. The demo's telephone shows "+v.sms+"."
	}
	return panelMarkup(v, title, note, text)
}

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

// serveValidateUser takes the code, together with all that went before.
func (s *Server) serveValidateUser(w http.ResponseWriter, r *http.Request) {
	if s.isBroken(w, r, s.login.switches.loginOf(s.visitor(r))) {
		return
	}
	s.login.visits.mu.Lock()
	defer s.login.visits.mu.Unlock()
	v, ok := s.posted(w, r)
	now := s.brokerNow()
	if !ok || v.user == "" || !echoes(r, v.panel) || now.Sub(v.panelAt) > hiddenAge ||
		r.PostForm.Get(breezewire.IDEncrypted+v.suffix) != v.encrypted || (v.finish != FinishRedirect && !v.isScripted(r)) {
		refuse(w)
		return
	}
	fragment, isRight := s.takeCode(v, r.PostForm.Get(breezewire.IDCode+v.panelSuffix))
	switch {
	case isRight:
		s.finishLogin(w, v)
	case v.finish == FinishRedirect && r.Header.Get("X-Requested-With") == "":
		showVisit(w, v, r, fragment)
	default:
		showFragment(w, fragment)
	}
}

// takeCode counts and judges one code; it returns the fragment to show when it is wrong.
func (s *Server) takeCode(v *visit, code string) (fragment string, isRight bool) {
	set := s.login.switches.loginOf(v.key)
	now := s.brokerNow()
	step := stepOf(now.Time())
	var isLocked bool
	s.login.counts.with(v.user, func(c *record) {
		c.submitted(code, step)
		isLocked = c.isLocked(now)
		matched, isGood := s.matchCode(v, code, step, set.Window)
		isRight = !isLocked && isGood && (v.sms != "" || matched > c.usedStep) && set.Fault != LoginWrongCode && set.Fault != LoginLocked
		switch {
		case isRight:
			c.Wrong, c.usedStep = 0, max(c.usedStep, matched)
			c.Logins++
		case !isLocked && set.Fault != LoginLocked:
			c.failed(now)
			isLocked = c.IsLocked
		}
	})
	switch {
	case isRight:
		return "", true
	case isLocked || set.Fault == LoginLocked:
		v.user, v.panel = "", nil
		return errorMarkup(textLocked), false
	}
	text := textWrongTOTP
	if v.sms != "" {
		text = textWrongOTP
	}
	v.ask(set.Fault)
	return v.otpPanel(text), false
}

// matchCode finds the half minute that a code belongs to.
func (s *Server) matchCode(v *visit, code string, step int64, window int) (int64, bool) {
	if !sixDigits.MatchString(code) {
		return 0, false
	}
	if v.sms != "" {
		return 0, same(code, v.sms)
	}
	key := s.login.book.totp(v.user)
	for at := step - int64(window); at <= step+int64(window); at++ {
		if same(code, totpCode(key, at)) {
			return at, true
		}
	}
	return 0, false
}

// finishLogin issues the API session and leads the browser to the app's redirect URL.
func (s *Server) finishLogin(w http.ResponseWriter, v *visit) {
	set := s.login.switches.loginOf(v.key)
	s.login.visits.end(v)
	if set.Fault == LoginNoSession {
		showFragment(w, errorMarkup(textNoSession))
		return
	}
	if v.letters != "" {
		s.clearCaptcha(v.key)
	}
	now := s.brokerNow()
	i := s.login.logins.issue(issued{key: v.key, user: v.user, day: now.Date(), at: now})
	to, err := url.Parse(s.login.redirectURL(v.key))
	if err != nil {
		panic("breezesim: the redirect URL is no URL")
	}
	if v.finish == FinishForm {
		showFragment(w, formMarkup(to.String(), i.api))
		return
	}
	query := to.Query()
	query.Set(breezewire.QueryAPISession, i.api)
	to.RawQuery = query.Encode()
	if v.finish == FinishRedirect {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Location", to.String())
		w.WriteHeader(http.StatusFound)
		return
	}
	showFragment(w, scriptMarkup(to.String()))
}

// clearCaptcha is what a login by hand does: no more CAPTCHA for this account.
func (s *Server) clearCaptcha(tag string) {
	s.login.switches.mu.Lock()
	defer s.login.switches.mu.Unlock()
	set := of(s.login.switches.login, tag)
	if set.Fault == LoginCaptcha || set.Fault == LoginCaptchaPage {
		set.Fault = LoginWell
		s.login.switches.login[tag] = set
	}
}
