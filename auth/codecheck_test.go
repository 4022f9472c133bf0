package auth

import (
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

func TestCodeStepsOff(t *testing.T) {
	secret := StartTwoStep().Secret
	now := time.Date(2026, time.November, 24, 4, 0, 7, 0, time.UTC)
	for _, off := range []int{0, 1, -1, 4, -10, 11} {
		code, err := totp.GenerateCode(secret, now.Add(time.Duration(off)*30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		steps, isFound := CodeStepsOff(secret, code, now, 10)
		if isFound != (off <= 10) || isFound && steps != off {
			t.Errorf("a code %d steps off: %d, %t", off, steps, isFound)
		}
	}
	if _, isFound := CodeStepsOff("not base32!", "000000", now, 10); isFound {
		t.Error("a secret that is none matched")
	}
}
