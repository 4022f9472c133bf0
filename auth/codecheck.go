package auth

import (
	"crypto/subtle"
	"time"

	"github.com/pquerna/otp/totp"
)

// CodeStepsOff says by how many steps of 30 s a code of an authenticator app is ahead of now (> 0) or behind it (< 0),
// looking reach steps both ways, the nearest first. It reports false when no step within reach gives the code, or the
// secret (base32) is none. Every step is compared, so that its time does not tell which one matched.
func CodeStepsOff(secret, code string, now time.Time, reach int) (steps int, isFound bool) {
	current := now.Unix() / stepSeconds
	for n := range 2*reach + 1 {
		off := (n + 1) / 2
		if n%2 == 0 {
			off = -off
		}
		want, err := totp.GenerateCode(secret, time.Unix((current+int64(off))*stepSeconds, 0))
		if err != nil {
			return 0, false
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && !isFound {
			steps, isFound = off, true
		}
	}
	return steps, isFound
}
