package breeze

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"paperport/breezewire"
	"paperport/secret"
)

// What pages say when they refuse. Only the first two are recorded anywhere (5.5); the rest is worded widely, because a
// class only decides which sentence the user reads: every refusal ends the login all the same.
var (
	invalidWords  = late(`(?i)invalid request|pageerror`)
	captchaWords  = late(`(?i)captcha|` + breezewire.TextCaptcha)
	staticIPWords = late(`(?i)\bstatic ip\b|\bip( address)? (is |was )?(not |un)(registered|allowed|authori[sz]ed|whitelisted)|\bregistered ip\b`)
	outageWords   = late(`(?i)currently unavailable|temporarily unavailable|service unavailable|under maintenance|faithfully yours|error occurred`)
	lockWords     = late(`(?i)\b(locked|blocked|suspended|disabled|deactivated|frozen)\b|(exceed|maximum|too many)[^.]{0,40}\battempts?\b`)
	// lockWarning is a lock that has not happened: "will be locked after two more attempts".
	lockWarning = late(`(?i)\b(will|would|may|might|could|shall|can|to avoid|gets?)\b[^.]{0,30}\b(lock|block|suspend|disabl|deactivat)\w*`)
	whatIsWrong = `(password|\bpin\b|user ?id|user ?name|login|log in|credentials?)`
	howIsWrong  = `(invalid|incorrect|wrong|mismatch|not valid|not match|does ?n.t match|unrecogni[sz]ed)`
	wrongWords  = late(`(?i)` + whatIsWrong + `[^.]{0,60}` + howIsWrong + `|` + howIsWrong + `[^.]{0,60}` + whatIsWrong)
	termsWords  = late(`(?i)terms (and|&) conditions`)
	smsWords    = late(`(?i)\b(sent|send|received?|enter)\b[^.]{0,60}\b(sms|mobile|e-?mail|phone)\b`)
)

// late compiles an expression when it is first used: most processes never log in, and all of them start.
func late(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// early makes the error of a page or request before anything secret has left.
func (l *login) early(ctx context.Context, p page, err error) error {
	switch {
	case errors.Is(err, errNotPinned):
		return l.failAt(p, p.earlyClass(), err)
	case errors.Is(err, ErrForeignKey):
		return l.fail(LoginForeignKey, err, "")
	case errors.Is(ctx.Err(), context.Canceled):
		return l.fail(LoginStopped, errors.Join(ctx.Err(), err), "")
	case errors.Is(err, ErrGarbled):
		return l.fail(LoginPageChanged, err, "")
	default:
		return l.fail(LoginUnreachable, err, "")
	}
}

// earlyClass classes a page that is not as it should be, by status and words.
func (p *page) earlyClass() LoginClass {
	words := p.allWords()
	switch {
	case strings.Contains(words, breezewire.TextNoKey):
		return LoginUnknownKey
	case staticIPWords().MatchString(words):
		return LoginStaticIP
	case p.status >= 500 && p.isHTML && words != "":
		return LoginOutage
	case p.status >= 500 || p.status == http.StatusRequestTimeout:
		return LoginUnreachable
	case p.isCaptchaShown() || captchaWords().MatchString(words):
		return LoginCaptcha
	case isLocked(words) && p.doc.Find("input[type='password']").Length() == 0: // beside one it is the small print
		return LoginLocked
	case outageWords().MatchString(words):
		return LoginOutage
	case invalidWords().MatchString(words), p.status == http.StatusBadRequest, p.status == http.StatusUnauthorized, p.status == http.StatusForbidden:
		return LoginRefused
	default:
		return LoginPageChanged
	}
}

func isLocked(words string) bool {
	return lockWords().MatchString(lockWarning().ReplaceAllString(words, ""))
}

// panelOf reads the answer to the password, by structure first.
func (l *login) panelOf(p page) (codePanel, error) {
	if strings.Contains(p.text, breezewire.TextCaptcha) || p.isCaptchaShown() || captchaWords().MatchString(p.allWords()) {
		return codePanel{}, l.failAt(p, LoginCaptcha, nil)
	}
	if p.doc.Find("#"+breezewire.IDOTPPanel).Length() == 0 {
		return codePanel{}, l.failAt(p, p.passwordClass(), nil)
	}
	panel, err := p.codePanel()
	switch {
	case err != nil:
		return codePanel{}, l.failAt(p, LoginPageChanged, err)
	case !panel.isTOTP(p.allWords()):
		return codePanel{}, l.failAt(p, LoginSMS, nil)
	default:
		return panel, nil
	}
}

// isTOTP reports whether a panel wants the authenticator's code: its flag says so or, if the flag is empty, its text does.
// Which values the flag takes is not recorded (5.2); what is no plain "no" counts as yes only with the text.
func (c *codePanel) isTOTP(words string) bool {
	switch strings.ToLower(strings.TrimSpace(valueOf(c.fields, breezewire.IDIsTOTP))) {
	case "y", "yes", "1", "true", "t":
		return true
	case "n", "no", "0", "false", "f":
		return false
	default:
		return strings.Contains(words, breezewire.TextTOTP) && !smsWords().MatchString(words)
	}
}

// passwordClass classes an answer to the password that asks for no code.
func (p *page) passwordClass() LoginClass {
	words := p.allWords()
	switch {
	case p.status >= 500 || p.status == http.StatusRequestTimeout || words == "":
		return LoginUncertain
	case staticIPWords().MatchString(words):
		return LoginStaticIP
	case isLocked(words):
		return LoginLocked
	case termsWords().MatchString(words):
		return LoginPageChanged // we ticked them; so what we sent was not what was meant
	case wrongWords().MatchString(words):
		return LoginWrongPassword
	case smsWords().MatchString(words):
		return LoginSMS
	case outageWords().MatchString(words):
		return LoginUncertain
	case p.status/100 == 3 || p.doc.Find("input, form").Length() > 0:
		return LoginPageChanged
	default:
		return LoginRefused
	}
}

// isAPISession reports whether a text looks like an API session: digits in every sample, "alpha-numeric" by the documents
// (1.5), so 6 to 256 of what a URL may hold.
func isAPISession(text string) bool {
	for _, c := range []byte(text) {
		isAlphanumeric := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !isAlphanumeric && !strings.ContainsRune("._%=+/-", rune(c)) {
			return false
		}
	}
	return len(text) >= 6 && len(text) <= 256
}

// sessionOf reads the answer to a code: the API session, or what became of the code.
func (l *login) sessionOf(p page) (secret.Text, error) {
	found := map[string]bool{}
	for _, value := range p.apiSessions() {
		found[value] = true
		l.held = append(l.held, secret.New(value))
	}
	if len(found) > 1 {
		return secret.Text{}, l.fail(LoginPageChanged, notPinned("%d sessions in one answer", len(found)), "")
	}
	for value := range found {
		return secret.New(value), nil
	}
	failed := l.failAt(p, p.codeClass(), nil)
	failed.Text = longNumber().ReplaceAllString(failed.Text, secret.Masked) // it may be a session in a form we do not know
	return secret.Text{}, failed
}

// longNumber is what samples of sessions are: 7 or 8 digits (1.5).
var longNumber = late(`[0-9]{6,}`)

// codeClass classes an answer to a code that holds no session.
func (p *page) codeClass() LoginClass {
	words := p.allWords()
	switch {
	case p.status >= 500 || p.status == http.StatusRequestTimeout || p.text == "" && p.location == "":
		return LoginUncertain
	case isLocked(words):
		return LoginLocked
	case p.isCaptchaShown() || captchaWords().MatchString(words):
		return LoginCaptcha
	default:
		return LoginCodeRefused
	}
}

// apiSessions are the sessions in an answer, in the three forms of 5.1: a redirect, an input to be posted, a script. The
// address they lead to is the user's own and is never visited.
func (p *page) apiSessions() []string {
	var values []string
	keep := func(value string) {
		if value = strings.TrimSpace(value); isAPISession(value) {
			values = append(values, value)
		}
	}
	addresses := append(p.scriptAddresses(), p.location)
	for _, address := range addresses {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil {
			continue
		}
		for name, value := range u.Query() {
			if isSessionName(name) {
				keep(value[0])
			}
		}
	}
	for _, input := range p.doc.Find("input").EachIter() {
		if isSessionName(input.AttrOr("id", "")) || isSessionName(input.AttrOr("name", "")) {
			keep(input.AttrOr("value", ""))
		}
	}
	return values
}

func isSessionName(name string) bool {
	return strings.EqualFold(name, breezewire.QueryAPISession) || strings.EqualFold(name, breezewire.IDAPISession)
}

// offersAgain reports whether an answer that refused a code still asks for one, and with which fields: a fresh panel's,
// or those before when the answer is only the line that the page puts beside its panel.
func (p *page) offersAgain(before codePanel) (codePanel, bool) {
	if panel, err := p.codePanel(); err == nil {
		return panel, panel.isTOTP(p.allWords())
	}
	isLine := p.status == http.StatusOK && p.doc.Find("#"+breezewire.IDOTPError).Length() == 1 && p.doc.Find("input, form").Length() == 0
	return before, isLine
}
