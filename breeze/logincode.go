package breeze

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"paperport/breezewire"
	"paperport/secret"
)

const (
	// codePeriod is a time step of an authenticator (5.4).
	codePeriod = 30 * time.Second
	// codeLeft is how long a code must still live when it leaves.
	codeLeft = 8 * time.Second
	// codeAge is how long its step must have begun: the broker's clock is known to the second only.
	codeAge = 2 * time.Second
	// offsetMax is how far the broker's clock may be from ours; see LoginClockOff.
	offsetMax = 60 * time.Second
	// stepsMax is how many steps we wait for one that may be used; a LastCode beyond it was made by a wrong clock.
	stepsMax = 3
)

// OffsetWarning is the difference of clocks from which an operator should be told to look at his.
const OffsetWarning = 5 * time.Second

// seedOf is a TOTP secret as it is meant: without the spaces and dashes people group it by, in capitals.
func seedOf(t secret.Text) secret.Text {
	return secret.New(strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, t.Reveal())))
}

// codeOf is the code of a time step.
func codeOf(seed secret.Text, step int64) (secret.Text, error) {
	code, err := totp.GenerateCodeCustom(seedOf(seed).Reveal(), time.Unix(step*int64(codePeriod/time.Second), 0), totp.ValidateOpts{
		Period: uint(codePeriod / time.Second), Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil {
		return secret.Text{}, errors.New("breeze: the TOTP secret is not Base32") // the library's error may quote it
	}
	return secret.New(code), nil
}

// checkClock stops a login whose codes would all be wrong.
func (l *login) checkClock() error {
	if l.offset.Abs() > offsetMax {
		return l.fail(LoginClockOff, fmt.Errorf("breeze: the broker's clock is %s ahead", l.offset.Round(time.Second)), "")
	}
	return nil
}

// now is the broker's time.
func (l *login) now() time.Time { return l.client.options.Clock.Now().Add(l.offset) }

// usableStep waits until a code may be used and returns its step: long enough to live, surely begun, and later than any
// that was ever sent.
func (l *login) usableStep(ctx context.Context) (int64, error) {
	for waits := 0; waits <= stepsMax; waits++ {
		now := l.now()
		step := now.Unix() / int64(codePeriod/time.Second)
		begun := now.Sub(time.Unix(step*int64(codePeriod/time.Second), 0))
		isUsed := step <= max(l.options.LastCode, l.codeStep)
		var wait time.Duration
		switch {
		case isUsed || codePeriod-begun < codeLeft:
			wait = codePeriod - begun + codeAge
		case begun < codeAge:
			wait = codeAge - begun
		default:
			return step, nil
		}
		select {
		case <-ctx.Done():
			return 0, l.fail(LoginStopped, ctx.Err(), "")
		case <-l.client.options.Clock.After(wait):
		}
	}
	return 0, l.fail(LoginClockOff, errors.New("breeze: a code of a later time was already sent"), "")
}

// submitCode sends one code and reads what it won.
func (l *login) submitCode(ctx context.Context, form passwordPage, panel codePanel) (secret.Text, page, error) {
	step, err := l.readyStep(ctx)
	if err != nil {
		return secret.Text{}, page{}, err
	}
	code, err := codeOf(l.keys.TOTP, step)
	if err != nil {
		return secret.Text{}, page{}, l.fail(LoginMissing, err, "")
	}
	l.held = append(l.held, code)
	last := l.codeStep
	l.codeStep = step
	p, err := l.submit(ctx, breezewire.PathValidateUser, panel.fill(form.fields, code))
	if err != nil {
		if errors.Is(err, errNotSent) {
			l.codeStep = last
		}
		return secret.Text{}, page{}, err
	}
	session, err := l.sessionOf(p)
	return session, p, err
}

// readyStep finds a step, asks the caller, and looks at the clock again: asking may take its time.
func (l *login) readyStep(ctx context.Context) (int64, error) {
	step, err := l.usableStep(ctx)
	if err != nil {
		return 0, err
	}
	if err := l.before(ctx, StepCode); err != nil {
		return 0, err
	}
	for range stepsMax {
		if l.options.BeforeCode != nil {
			if err := l.options.BeforeCode(ctx, step); err != nil {
				return 0, l.fail(LoginStopped, err, "")
			}
		}
		again, err := l.usableStep(ctx)
		if err == nil {
			err = l.checkClock()
		}
		if err != nil || again == step {
			return step, err
		}
		step = again
	}
	return 0, l.fail(LoginStopped, errors.New("breeze: noting a code takes longer than it lives"), "")
}
