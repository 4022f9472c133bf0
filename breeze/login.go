package breeze

import (
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"paperport/breezewire"
	"paperport/secret"
)

// LoginKeys are what the login pages ask for. TOTP is the Base32 seed of the authenticator (SHA-1, 6 digits, 30 s).
type LoginKeys struct {
	UserID, Password, TOTP secret.Text
}

// LoginStep names a submission.
type LoginStep string

// The submissions of one login, in order.
const (
	StepPassword LoginStep = "password"
	StepCode     LoginStep = "code"
)

// LoginOptions say what a login may do.
type LoginOptions struct {
	// Before is called before each secret leaves, so that the submission can be counted first; nil counts nothing. Its
	// error stops the login with nothing more sent, and is wrapped.
	Before func(ctx context.Context, step LoginStep) error
	// BeforeCode is called after Before(StepCode) with the time step of the code about to leave (Unix seconds / 30), so
	// that it can be kept as the next LastCode even if we die now; nil keeps nothing. Its error stops the login, too.
	BeforeCode func(ctx context.Context, codeStep int64) error
	// LastCode is the time step of the code sent last: neither it nor an earlier one is sent. 0 when there was none.
	LastCode int64
}

// LoginResult is what a login won.
type LoginResult struct {
	// APISession is for Exchange.
	APISession secret.Text
	// CodeStep is the time step of the code that was taken.
	CodeStep int64
	// Generation is 1 or 2, breezewire.LoginHex or LoginPEM.
	Generation int
	// Offset is how far the broker's clock is ahead of ours; 0 when its Date headers agree with ours.
	Offset time.Duration
}

// LoginBase is scheme and host of the login pages as a user's browser sees them, without a secret.
func (c *Client) LoginBase() string {
	if c.options.LoginBase != "" && IsDemoKey(c.options.AppKey) {
		return strings.TrimSuffix(c.options.LoginBase, "/")
	}
	return c.options.Hosts.API
}

// LoginAddress is the URL at which a user's browser begins a login; it holds the API key. ErrForeignKey when the pages
// there are another broker's.
func (c *Client) LoginAddress() (secret.Text, error) {
	u, err := url.Parse(c.LoginBase() + breezewire.PathLogin)
	switch {
	case c.options.AppKey.IsEmpty():
		return secret.Text{}, ErrKey
	case err != nil || u.Host == "":
		return secret.Text{}, errors.New("breeze: the login host is not a URL")
	case newWall(Hosts{}, c.options.AppKey, nil).isForeign(u):
		return secret.Text{}, ErrForeignKey
	}
	return secret.New(u.String() + "?" + loginQuery(c.options.AppKey)), nil
}

// loginQuery escapes the API key fully: seen keys hold & # + and = (5.6).
func loginQuery(key secret.Text) string {
	return breezewire.LoginQueryKey + "=" + url.QueryEscape(key.Reveal())
}

// loginRequests are the most that one login makes: two pages, the password, two codes.
const loginRequests = 5

// login is one login under way.
type login struct {
	client  *Client
	keys    LoginKeys
	options LoginOptions
	http    *http.Client
	base    *url.URL

	generation breezewire.LoginGeneration
	offset     time.Duration // the broker's clock minus ours
	submitted  bool          // a secret may have left
	codeStep   int64         // of the last code that may have left, 0 none
	held       []secret.Text // what no text may show
}

// Login walks the broker's login pages as a browser would and returns the API session they end with. Every error is a
// *LoginError. It submits the password once and a code at most twice, never follows a redirect, and sends nothing to a
// page that is not as the pinned list says. It waits, on the client's clock, until a code has at least 8 s to live.
func (c *Client) Login(ctx context.Context, k LoginKeys, o LoginOptions) (LoginResult, error) {
	l := &login{client: c, keys: k, options: o, held: []secret.Text{k.UserID, k.Password, trimmed(k.Password), k.TOTP, seedOf(k.TOTP)}}
	session, err := l.run(ctx)
	if err == nil {
		return LoginResult{APISession: session, CodeStep: l.codeStep, Generation: int(l.generation), Offset: l.offset}, nil
	}
	var e *LoginError
	if !errors.As(err, &e) {
		e = l.fail(LoginStopped, err, "")
	}
	e.Submitted, e.CodeStep, e.Generation, e.Offset = l.submitted, l.codeStep, int(l.generation), l.offset
	return LoginResult{}, e
}

func (l *login) run(ctx context.Context) (secret.Text, error) {
	if err := l.begin(); err != nil {
		return secret.Text{}, err
	}
	form, err := l.open(ctx)
	if err != nil {
		return secret.Text{}, err
	}
	panel, err := l.submitPassword(ctx, form)
	if err != nil {
		return secret.Text{}, err
	}
	return l.submitCodes(ctx, form, panel)
}

// begin checks what can be checked before anything is sent.
func (l *login) begin() error {
	switch {
	case l.client.options.AppKey.IsEmpty():
		return l.fail(LoginMissing, nil, "API Key not provided")
	case trimmed(l.keys.UserID).IsEmpty(), trimmed(l.keys.Password).IsEmpty():
		return l.fail(LoginMissing, nil, "Login ID or Password not provided")
	case seedOf(l.keys.TOTP).IsEmpty():
		return l.fail(LoginMissing, nil, "TOTP Secret not provided")
	}
	if _, err := codeOf(l.keys.TOTP, 1); err != nil {
		return l.fail(LoginMissing, err, "TOTP Secret is not a Base32 text")
	}
	if err := l.client.budget.has(l.client.now(), reserved, loginRequests); err != nil {
		return l.fail(LoginUnreachable, err, "") // a login that ran dry in the middle would cost a submission for nothing
	}
	base, err := url.Parse(l.client.options.Hosts.API)
	if err != nil || base.Host == "" {
		return l.fail(LoginUnreachable, errors.New("breeze: the API host is not a URL"), "")
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return l.fail(LoginUnreachable, err, "")
	}
	l.base = base
	l.http = &http.Client{Transport: l.client.http.Transport, CheckRedirect: l.client.http.CheckRedirect, Jar: jar}
	return nil
}

// trimmed drops the white space around a text, as the page's own script does before it encrypts a password.
func trimmed(t secret.Text) secret.Text { return secret.New(strings.TrimSpace(t.Reveal())) }

// open walks to the password page and checks it; nothing secret but the API key leaves.
func (l *login) open(ctx context.Context) (passwordPage, error) {
	p, err := l.get(ctx)
	if err != nil {
		return passwordPage{}, l.early(ctx, p, err)
	}
	hidden, err := p.entryFields(l.base)
	if err != nil {
		return passwordPage{}, l.early(ctx, p, err)
	}
	p, err = l.post(ctx, breezewire.PathTradeLogin, hidden)
	if err != nil {
		return passwordPage{}, l.early(ctx, p, err)
	}
	form, err := p.passwordPage(l.base)
	if err != nil {
		return passwordPage{}, l.early(ctx, p, err)
	}
	l.generation = form.generation
	return form, l.checkClock()
}

// submitPassword sends user and password and returns the panel that asks for a code.
func (l *login) submitPassword(ctx context.Context, form passwordPage) (codePanel, error) {
	encrypted, err := form.encrypt(trimmed(l.keys.Password))
	if err != nil {
		return codePanel{}, l.fail(LoginPageChanged, err, "")
	}
	l.held = append(l.held, encrypted)
	form.fill(trimmed(l.keys.UserID), encrypted)
	if err := l.before(ctx, StepPassword); err != nil {
		return codePanel{}, err
	}
	p, err := l.submit(ctx, breezewire.PathGetOTP, form.fields)
	if err != nil {
		return codePanel{}, err
	}
	return l.panelOf(p)
}

// submitCodes sends a code, and a second one in a later step if the page still asks and the caller still allows it.
func (l *login) submitCodes(ctx context.Context, form passwordPage, panel codePanel) (secret.Text, error) {
	session, p, err := l.submitCode(ctx, form, panel)
	var refused *LoginError
	if err == nil || !errors.As(err, &refused) || refused.Class != LoginCodeRefused {
		return session, err
	}
	next, isOffered := p.offersAgain(panel)
	if !isOffered {
		return secret.Text{}, refused
	}
	first := l.codeStep
	session, _, err = l.submitCode(ctx, form, next)
	if err != nil && l.codeStep == first { // the second never left: the refusal of the first is what there is to say
		refused.cause = errors.Join(refused.cause, err)
		return secret.Text{}, refused
	}
	return session, err
}

// before asks whether a secret may leave.
func (l *login) before(ctx context.Context, step LoginStep) error {
	if err := ctx.Err(); err != nil {
		return l.fail(LoginStopped, err, "")
	}
	if l.options.Before == nil {
		return nil
	}
	if err := l.options.Before(ctx, step); err != nil {
		return l.fail(LoginStopped, err, "")
	}
	return nil
}
