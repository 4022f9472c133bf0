package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"
)

// TwoStep is a user's second factor: a time-based one-time code (RFC 6238, six
// digits, 30 seconds, SHA-1, as every authenticator app expects).
type TwoStep struct {
	// Secret is base32 without padding, "" when never started.
	Secret string
	// IsOn is set once a first code confirmed the secret.
	IsOn bool
	// LastStep is the newest 30-second step a code was accepted from; that code
	// and all older ones are spent.
	LastStep int64
}

const stepSeconds = 30

// StartTwoStep makes a fresh unconfirmed secret of 160 bits.
func StartTwoStep() TwoStep {
	b := make([]byte, 20)
	rand.Read(b)
	return TwoStep{Secret: base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)}
}

// URI is the otpauth address an authenticator app scans.
func (t TwoStep) URI(username string) string {
	q := url.Values{"secret": {t.Secret}, "issuer": {"PaperPort"}}
	return "otpauth://totp/" + url.PathEscape("PaperPort:"+username) + "?" + q.Encode()
}

// Use checks a code against the step of now and its neighbours and spends it:
// the result carries the new LastStep. It reports false for a wrong, old or
// already used code, and whenever no secret is set.
func (t TwoStep) Use(code string, now time.Time) (TwoStep, bool) {
	code = strings.ReplaceAll(code, " ", "")
	if t.Secret == "" || len(code) != 6 {
		return t, false
	}
	current := now.Unix() / stepSeconds
	found := int64(-1)
	for step := current - 1; step <= current+1; step++ {
		want, err := totp.GenerateCode(t.Secret, time.Unix(step*stepSeconds, 0))
		if err != nil {
			return t, false
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > t.LastStep {
			found = step
		}
	}
	if found < 0 {
		return t, false
	}
	t.LastStep = found
	return t, true
}
