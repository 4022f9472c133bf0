package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"paperport/auth"
	"paperport/store"
)

// Credentials is what a person says to come in. Code is a one-time or recovery code, empty when not asked for yet.
type Credentials struct{ Username, Password, Code string }

const loginFailedText = "User name or password is wrong. A forgotten password is reset on the server with: paperport user reset-link NAME"

// SignIn checks a name, a password and, where the user has switched it on, a code. Unknown, disabled and wrong answer
// alike and take as long. Failures slow the next try down, per address and name, and for codes per name.
func (u *Users) SignIn(ctx context.Context, c Credentials, from From) (SignedIn, error) {
	key := triesKey("password", c.Username, from.IP)
	done, err := u.turns.take(ctx, key)
	if err != nil {
		return SignedIn{}, err
	}
	defer done()
	if err := u.mayTry(ctx, key, triesKey("address", "", from.IP)); err != nil {
		return SignedIn{}, err
	}
	user, err := u.rows.UserByName(ctx, c.Username)
	if err != nil && !errors.Is(err, store.ErrAbsent) {
		return SignedIn{}, fmt.Errorf("app: sign in: %w", err)
	}
	check, err := u.hasher.Verify(ctx, user.PasswordHash, cut(c.Password, 4*auth.PasswordMax))
	if errors.Is(err, auth.ErrBusy) {
		return SignedIn{}, tooBusy()
	}
	if err != nil {
		return SignedIn{}, fmt.Errorf("app: sign in: %w", err)
	}
	if !check.IsMatch || user.IsDisabled {
		return SignedIn{}, u.failed(ctx, user.ID, refuse(LoginFailed, loginFailedText), from, key, triesKey("address", "", from.IP))
	}
	raised := ""
	if check.IsOutdated {
		if raised, err = u.hash(ctx, c.Password); err != nil {
			return SignedIn{}, err
		}
	}
	if user.TwoStep.IsOn {
		return u.signInByCode(ctx, user, c.Code, raised, key, from)
	}
	return u.finish(ctx, user, from, "password", []string{key}, func(fresh *auth.User, _ store.UserTx) error {
		if fresh.TwoStep.IsOn {
			return refuse(CodeRequired, codeRequiredText)
		}
		return raise(fresh, user, raised)
	})
}

// raise stores a costlier hash of the password just checked, unless the password was changed meanwhile.
func raise(fresh *auth.User, checked auth.User, raised string) error {
	if fresh.PasswordHash != checked.PasswordHash {
		return refuse(LoginFailed, loginFailedText)
	}
	if raised != "" {
		fresh.PasswordHash = raised
	}
	return nil
}

const codeRequiredText = "Enter the six-digit code of your authenticator app, or a recovery code."

// signInByCode is the second step: a one-time code of the app, or a recovery code.
func (u *Users) signInByCode(ctx context.Context, user auth.User, code, raised, passwordKey string, from From) (SignedIn, error) {
	if code == "" {
		return SignedIn{}, refuse(CodeRequired, codeRequiredText)
	}
	key := triesKey("code", string(user.ID), "")
	done, err := u.turns.take(ctx, key)
	if err != nil {
		return SignedIn{}, err
	}
	defer done()
	if err := u.mayTry(ctx, key); err != nil {
		return SignedIn{}, err
	}
	wrong := refuse(CodeWrong, "This code is wrong, too old or already used.")
	in, err := u.finish(ctx, user, from, "two-step", []string{passwordKey, key}, func(fresh *auth.User, tx store.UserTx) error {
		if !u.spendCode(ctx, fresh, code, tx) {
			return wrong
		}
		return raise(fresh, user, raised)
	})
	if errors.Is(err, wrong) {
		return SignedIn{}, u.failed(ctx, user.ID, wrong, from, key)
	}
	return in, err
}

// spendCode uses up a one-time or recovery code within the transaction; the caller saves the user.
func (u *Users) spendCode(ctx context.Context, user *auth.User, code string, tx store.UserTx) bool {
	if auth.LooksLikeRecoveryCode(code) {
		return tx.UseRecoveryCode(ctx, user.ID, auth.HashRecoveryCode(code), u.clock.Now()) == nil
	}
	used, isRight := user.TwoStep.Use(code, u.clock.Now())
	user.TwoStep = used
	return isRight
}

// finish stores the new login and what edit changed, and forgets the failures, in one transaction.
func (u *Users) finish(ctx context.Context, user auth.User, from From, how string, tries []string, edit func(*auth.User, store.UserTx) error) (SignedIn, error) {
	var in SignedIn
	u.edits.Lock()
	defer u.edits.Unlock()
	err := u.rows.WriteUsers(ctx, func(tx store.UserTx) error {
		fresh, err := tx.User(ctx, user.ID)
		if err != nil {
			return err
		}
		if fresh.IsDisabled {
			return refuse(LoginFailed, loginFailedText)
		}
		if err := edit(&fresh, tx); err != nil {
			return err
		}
		if err := tx.SaveUser(ctx, fresh); err != nil {
			return err
		}
		for _, key := range tries {
			if err := tx.SaveTries(ctx, key, auth.Tries{}); err != nil {
				return err
			}
		}
		in = u.newLogin(fresh, from)
		if err := tx.AddLogin(ctx, in.Login); err != nil {
			return err
		}
		return tx.AddAudit(ctx, u.audit(user.ID, user.ID, "sign-in", how, from))
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("app: sign in: %w", err)
	}
	u.remember(in)
	return in, nil
}

// mayTry refuses with SLOW_DOWN while any of the keys still waits.
func (u *Users) mayTry(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		tries, err := u.rows.Tries(ctx, key)
		if err != nil {
			return fmt.Errorf("app: sign in: %w", err)
		}
		if strings.HasPrefix(key, "address|") {
			tries.Failures /= addressShare
		}
		if wait := tries.Wait(u.clock.Now()); wait > 0 {
			seconds := int((wait + time.Second - 1) / time.Second)
			return &Refusal{Code: SlowDown, Text: fmt.Sprintf("Too many failed tries. Try again in %d seconds.", seconds), Wait: wait}
		}
	}
	return nil
}

// addressShare: one address may fail this many times as often over all names as for one name.
const addressShare = 10

// failed counts the failure under every key, writes the trail and returns the refusal.
func (u *Users) failed(ctx context.Context, user auth.UserID, r *Refusal, from From, keys ...string) error {
	err := u.rows.WriteUsers(ctx, func(tx store.UserTx) error {
		for _, key := range keys {
			tries, err := tx.Tries(ctx, key)
			if err != nil {
				return err
			}
			if err := tx.SaveTries(ctx, key, tries.Fail(u.clock.Now())); err != nil {
				return err
			}
		}
		row := u.audit("", user, "sign-in", "", from)
		row.Result = string(r.Code)
		return tx.AddAudit(ctx, row)
	})
	if err != nil {
		return fmt.Errorf("app: sign in: %w", err)
	}
	return r
}

// triesKey is hashed, so that the table holds no name typed by mistake (people type passwords into name fields).
func triesKey(kind, name, ip string) string {
	return kind + "|" + string(auth.HashToken(kind + "|" + strings.ToLower(name) + "|" + ip))[:32]
}

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
