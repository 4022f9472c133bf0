package app

import (
	"context"
	"errors"
	"time"

	"paperport/auth"
	"paperport/store"
)

// ProofSpan is how long a proof counts: whoever signed in, or said his password again, so recently may change and
// connect a broker without being asked.
const ProofSpan = 15 * time.Minute

// Prove takes the acting user's password again, and a code where he has two-step sign-in on. PASSWORD_WRONG,
// CODE_REQUIRED, CODE_WRONG and SLOW_DOWN as at sign-in. A proof lives in memory and ends with the login.
func (u *Users) Prove(ctx context.Context, a Actor, password, code string, from From) error {
	if err := u.prove(ctx, a, password, from); err != nil {
		return err
	}
	if !a.User.TwoStep.IsOn {
		return u.proved(ctx, a, "", from)
	}
	if code == "" {
		return refuse(CodeRequired, codeRequiredText)
	}
	key := triesKey("code", string(a.User.ID), "")
	done, err := u.turns.take(ctx, key)
	if err != nil {
		return err
	}
	defer done()
	if err := u.mayTry(ctx, key); err != nil {
		return err
	}
	err = u.proved(ctx, a, code, from)
	if errors.Is(err, errProofCode) {
		return u.failed(ctx, a.User.ID, errProofCode, from, key)
	}
	return err
}

var errProofCode = refuse(CodeWrong, "This code is wrong, too old or already used.")

// proved spends the code, where there is one, writes the trail and marks the login.
func (u *Users) proved(ctx context.Context, a Actor, code string, from From) error {
	tries := []string{triesKey("prove", string(a.User.ID), "")}
	_, err := u.change(ctx, a.User.ID, a.User.ID, "prove", from, func(user *auth.User, tx store.UserTx) error {
		if user.TwoStep.IsOn {
			if code == "" {
				return refuse(CodeRequired, codeRequiredText)
			}
			if !u.spendCode(ctx, user, code, tx) {
				return errProofCode
			}
			tries = append(tries, triesKey("code", string(a.User.ID), ""))
		}
		for _, key := range tries {
			if err := tx.SaveTries(ctx, key, auth.Tries{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	live, isLive := u.live[a.Login.TokenHash]
	if !isLive {
		return notSignedIn()
	}
	live.actor.ProvedAt = u.clock.Now()
	return nil
}

// IsFresh reports whether the actor proved within ProofSpan that it is he.
func (u *Users) IsFresh(a Actor) bool {
	age := u.clock.Now().Sub(a.ProvedAt)
	return !a.ProvedAt.IsZero() && age >= 0 && age <= ProofSpan
}
