package breeze

import (
	"time"
)

// LoginClass says how a login ended; it decides whether anything may be tried again.
type LoginClass string

// The classes. Up to LoginForeignKey no password and no code has left, unless LoginError.Submitted says so.
const (
	// LoginMissing: a key is empty or unusable; Text says which.
	LoginMissing LoginClass = "missing"
	// LoginUnreachable: no answer, a time-out, an HTTP error, or a spent request budget.
	LoginUnreachable LoginClass = "unreachable"
	// LoginOutage: the broker shows a page that says it is down.
	LoginOutage LoginClass = "outage"
	// LoginUnknownKey: the broker does not know the API key.
	LoginUnknownKey LoginClass = "unknown_key"
	// LoginStaticIP: the API key is registered with another address.
	LoginStaticIP LoginClass = "static_ip"
	// LoginClockOff: the broker's clock is more than 60 s from ours, so every code would be wrong.
	LoginClockOff LoginClass = "clock_off"
	// LoginPageChanged: a page is not as the pinned list says, so what to send is not known.
	LoginPageChanged LoginClass = "page_changed"
	// LoginForeignKey: the key belongs to another broker than the host (ErrForeignKey).
	LoginForeignKey LoginClass = "foreign_key"
	// LoginStopped: the caller stopped it, by Before or by its context.
	LoginStopped LoginClass = "stopped"
	// LoginWrongPassword: user or password was refused.
	LoginWrongPassword LoginClass = "wrong_password"
	// LoginLocked: the broker says that the account is locked.
	LoginLocked LoginClass = "locked"
	// LoginSMS: the account gets its code by SMS or e-mail, not from an authenticator.
	LoginSMS LoginClass = "sms_otp"
	// LoginCaptcha: the broker wants a picture read; one login by hand clears it.
	LoginCaptcha LoginClass = "captcha"
	// LoginCodeRefused: a code was submitted and no session returned.
	LoginCodeRefused LoginClass = "code_refused"
	// LoginRefused: a refusal that fits no class; Text is the page's, word for word.
	LoginRefused LoginClass = "refused"
	// LoginUncertain: something was submitted and what became of it is unknown.
	LoginUncertain LoginClass = "uncertain"
)

// LoginError is how a login ended without a session. Its Error never holds a page's words; Text does, made safe.
type LoginError struct {
	Class LoginClass
	// Text is one line of the page, at most 512 bytes without markup, controls or anything we hold; or our own sentence
	// for LoginMissing. It may be empty.
	Text string
	// Submitted: a password or code may have left.
	Submitted bool
	// CodeStep is the time step of the last code that may have left, 0 when none did.
	CodeStep int64
	// Generation is that of the page, 1 or 2; 0 when none was recognised.
	Generation int
	// Offset is how far the broker's clock is ahead of ours.
	Offset time.Duration

	cause error
}

// Error names the class in our own words.
func (e *LoginError) Error() string {
	text := "breeze: login: " + e.Class.sentence()
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns what caused it, or nil.
func (e *LoginError) Unwrap() error { return e.cause }

func (c LoginClass) sentence() string {
	switch c {
	case LoginMissing:
		return "a key is missing or unusable"
	case LoginUnreachable:
		return "the login pages cannot be reached"
	case LoginOutage:
		return "the broker says that it is down"
	case LoginUnknownKey:
		return "the broker does not know this API key"
	case LoginStaticIP:
		return "the API key is registered with another address"
	case LoginClockOff:
		return "our clock and the broker's differ too much for a code"
	case LoginPageChanged:
		return "the login page is not as we know it"
	case LoginForeignKey:
		return "the key belongs to another broker"
	case LoginStopped:
		return "stopped"
	case LoginWrongPassword:
		return "user or password was refused"
	case LoginLocked:
		return "the broker says that the account is locked"
	case LoginSMS:
		return "the broker wants a code by SMS or e-mail"
	case LoginCaptcha:
		return "the broker wants a CAPTCHA solved"
	case LoginCodeRefused:
		return "a code was submitted but no session returned"
	case LoginRefused:
		return "the broker refused"
	case LoginUncertain:
		return "submitted, and the outcome is unknown"
	default:
		return string(c)
	}
}

// fail makes the error of a class. text is the page's, still as it came.
func (l *login) fail(class LoginClass, cause error, text string) *LoginError {
	return &LoginError{Class: class, Text: l.safe(text), cause: cause}
}

// failAt makes the error of a class with what a page says of it.
func (l *login) failAt(p page, class LoginClass, cause error) *LoginError {
	return l.fail(class, cause, p.words(class))
}

// safe makes a page's text fit to be shown.
func (l *login) safe(text string) string {
	if text == "" {
		return ""
	}
	m := l.client.mask()
	m.hide(l.held...)
	return m.line(text)
}
