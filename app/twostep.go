package app

import (
	"context"
	"errors"
	"fmt"

	"paperport/auth"
	"paperport/store"
)

// StartTwoStep makes a secret for the user's authenticator app. Nothing is asked for at sign-in until ConfirmTwoStep.
func (u *Users) StartTwoStep(ctx context.Context, a Actor, password string, from From) (auth.TwoStep, error) {
	if a.User.TwoStep.IsOn {
		return auth.TwoStep{}, refuse(TwoStepOn, "Two-step sign-in is on already. Switch it off first.")
	}
	if err := u.prove(ctx, a, password, from); err != nil {
		return auth.TwoStep{}, err
	}
	start := auth.StartTwoStep()
	_, err := u.change(ctx, a.User.ID, a.User.ID, "two-step-start", from, func(user *auth.User, _ store.UserTx) error {
		if user.TwoStep.IsOn {
			return refuse(TwoStepOn, "Two-step sign-in is on already. Switch it off first.")
		}
		user.TwoStep = start
		return nil
	})
	return start, err
}

// ConfirmTwoStep switches two-step sign-in on with a first code. It returns the recovery codes, shown once, and a fresh
// login for this browser; all others end.
func (u *Users) ConfirmTwoStep(ctx context.Context, a Actor, code string, from From) ([]string, SignedIn, error) {
	key := triesKey("code", string(a.User.ID), "")
	done, err := u.turns.take(ctx, key)
	if err != nil {
		return nil, SignedIn{}, err
	}
	defer done()
	if err := u.mayTry(ctx, key); err != nil {
		return nil, SignedIn{}, err
	}
	codes, hashes := auth.NewRecoveryCodes()
	wrong := refuse(CodeWrong, "This code is wrong. Check that the clock of your phone is right.")
	in, err := u.renew(ctx, a.User.ID, "two-step-on", from, func(user *auth.User, tx store.UserTx) error {
		if user.TwoStep.IsOn || user.TwoStep.Secret == "" {
			return refuse(TwoStepMissing, "Start setting up two-step sign-in first.")
		}
		used, isRight := user.TwoStep.Use(code, u.clock.Now())
		if !isRight {
			return wrong
		}
		used.IsOn = true
		user.TwoStep = used
		return tx.SaveRecoveryCodes(ctx, user.ID, hashes)
	})
	if errors.Is(err, wrong) {
		return nil, SignedIn{}, u.failed(ctx, a.User.ID, wrong, from, key)
	}
	return codes, in, err
}

// TwoStepOff switches two-step sign-in off; it needs the password and a code (or a recovery code).
func (u *Users) TwoStepOff(ctx context.Context, a Actor, password, code string, from From) error {
	if err := u.prove(ctx, a, password, from); err != nil {
		return err
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
	wrong := refuse(CodeWrong, "This code is wrong, too old or already used.")
	_, err = u.change(ctx, a.User.ID, a.User.ID, "two-step-off", from, func(user *auth.User, tx store.UserTx) error {
		if !user.TwoStep.IsOn {
			return refuse(TwoStepMissing, "Two-step sign-in is not on.")
		}
		if !u.spendCode(ctx, user, code, tx) {
			return wrong
		}
		user.TwoStep = auth.TwoStep{}
		return tx.SaveRecoveryCodes(ctx, user.ID, nil)
	})
	if errors.Is(err, wrong) {
		return u.failed(ctx, a.User.ID, wrong, from, key)
	}
	return err
}

// change edits one user in one transaction with its audit row, and refreshes his live logins.
func (u *Users) change(ctx context.Context, actor, id auth.UserID, action string, from From, edit func(*auth.User, store.UserTx) error) (auth.User, error) {
	u.edits.Lock()
	defer u.edits.Unlock()
	var user auth.User
	err := u.rows.WriteUsers(ctx, func(tx store.UserTx) (err error) {
		if user, err = tx.User(ctx, id); err != nil {
			return err
		}
		if err := edit(&user, tx); err != nil {
			return err
		}
		if err := tx.SaveUser(ctx, user); err != nil {
			return err
		}
		return tx.AddAudit(ctx, u.audit(actor, id, action, "", from))
	})
	if errors.Is(err, store.ErrAbsent) {
		return auth.User{}, refuse(UserUnknown, "There is no such user.")
	}
	if err != nil {
		return auth.User{}, fmt.Errorf("app: %s: %w", action, err)
	}
	if user.IsDisabled || action == "sign-out-user" {
		u.forget(func(b Actor) bool { return b.User.ID == id })
	}
	u.refresh(user)
	return user, nil
}
