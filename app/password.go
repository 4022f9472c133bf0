package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"paperport/auth"
	"paperport/store"
)

// prove checks the acting user's password again, with the same waits as signing in.
func (u *Users) prove(ctx context.Context, a Actor, password string, from From) error {
	key := triesKey("prove", string(a.User.ID), "")
	done, err := u.turns.take(ctx, key)
	if err != nil {
		return err
	}
	defer done()
	if err := u.mayTry(ctx, key); err != nil {
		return err
	}
	user, err := u.rows.User(ctx, a.User.ID)
	if err != nil {
		return fmt.Errorf("app: check password: %w", err)
	}
	check, err := u.hasher.Verify(ctx, user.PasswordHash, cut(password, 4*auth.PasswordMax))
	if errors.Is(err, auth.ErrBusy) {
		return tooBusy()
	}
	if err != nil {
		return fmt.Errorf("app: check password: %w", err)
	}
	if !check.IsMatch {
		return u.failed(ctx, a.User.ID, refuse(PasswordWrong, "The password is wrong."), from, key)
	}
	return nil
}

// ChangePassword sets a new password, ends all logins of the user and returns a fresh one for this browser.
func (u *Users) ChangePassword(ctx context.Context, a Actor, oldPassword, newPassword string, from From) (SignedIn, error) {
	if text := auth.CheckPassword(newPassword, a.User.Username); text != "" {
		return SignedIn{}, refuse(PasswordWeak, text)
	}
	if err := u.prove(ctx, a, oldPassword, from); err != nil {
		return SignedIn{}, err
	}
	hash, err := u.hash(ctx, newPassword)
	if err != nil {
		return SignedIn{}, err
	}
	return u.renew(ctx, a.User.ID, "change-password", from, func(user *auth.User, tx store.UserTx) error {
		user.PasswordHash = hash
		return tx.SaveTries(ctx, triesKey("prove", string(user.ID), ""), auth.Tries{})
	})
}

// renew changes a user, ends all his logins and makes a fresh one, in one transaction.
func (u *Users) renew(ctx context.Context, id auth.UserID, action string, from From, change func(*auth.User, store.UserTx) error) (SignedIn, error) {
	var in SignedIn
	u.edits.Lock()
	defer u.edits.Unlock()
	err := u.rows.WriteUsers(ctx, func(tx store.UserTx) error {
		user, err := tx.User(ctx, id)
		if err != nil {
			return err
		}
		if err := change(&user, tx); err != nil {
			return err
		}
		in = u.newLogin(user, from)
		if err := tx.SaveUser(ctx, user); err != nil {
			return err
		}
		if err := tx.RemoveLogins(ctx, id); err != nil {
			return err
		}
		if err := tx.AddLogin(ctx, in.Login); err != nil {
			return err
		}
		return tx.AddAudit(ctx, u.audit(id, id, action, "", from))
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("app: %s: %w", action, err)
	}
	u.forget(func(b Actor) bool { return b.User.ID == id })
	u.remember(in)
	return in, nil
}

// NewResetToken makes the secret of a link with which the named user can set a new password within the hour. It is for
// the operator's command line; it works beside a running server.
func (u *Users) NewResetToken(ctx context.Context, name string) (token string, until time.Time, err error) {
	user, err := u.rows.UserByName(ctx, name)
	if errors.Is(err, store.ErrAbsent) {
		return "", until, refuse(UserUnknown, fmt.Sprintf("There is no user %q.", name))
	}
	if err != nil {
		return "", until, fmt.Errorf("app: reset link: %w", err)
	}
	token, hash := auth.NewToken()
	until = u.clock.Now().Add(auth.ResetSpan)
	err = u.rows.WriteUsers(ctx, func(tx store.UserTx) error {
		if err := tx.AddReset(ctx, auth.Reset{TokenHash: hash, User: user.ID, ExpiresAt: until}); err != nil {
			return err
		}
		return tx.AddAudit(ctx, u.audit("", user.ID, "reset-link", "", From{IP: "command line"}))
	})
	return token, until, err
}

// ResetPassword spends a reset link: new password, all logins ended. Two-step sign-in stays on.
func (u *Users) ResetPassword(ctx context.Context, token, password string, from From) error {
	user, err := u.userOfReset(ctx, token)
	if err != nil {
		return err
	}
	if text := auth.CheckPassword(password, user.Username); text != "" {
		return refuse(PasswordWeak, text)
	}
	hash, err := u.hash(ctx, password)
	if err != nil {
		return err
	}
	var id auth.UserID
	u.edits.Lock()
	defer u.edits.Unlock()
	err = u.rows.WriteUsers(ctx, func(tx store.UserTx) error {
		if id, err = tx.UseReset(ctx, auth.HashToken(token), u.clock.Now()); err != nil {
			return err
		}
		user, err := tx.User(ctx, id)
		if err != nil {
			return err
		}
		user.PasswordHash = hash
		if err := tx.SaveUser(ctx, user); err != nil {
			return err
		}
		if err := tx.RemoveLogins(ctx, id); err != nil {
			return err
		}
		return tx.AddAudit(ctx, u.audit(id, id, "reset-password", "", from))
	})
	if errors.Is(err, store.ErrAbsent) {
		return linkInvalid()
	}
	if err != nil {
		return fmt.Errorf("app: reset password: %w", err)
	}
	u.forget(func(a Actor) bool { return a.User.ID == id })
	return nil
}

// userOfReset finds whose reset link it is. It spends nothing; a bad link is refused before a password is hashed.
func (u *Users) userOfReset(ctx context.Context, token string) (auth.User, error) {
	reset, err := u.rows.Reset(ctx, auth.HashToken(token))
	if errors.Is(err, store.ErrAbsent) || err == nil && !reset.ExpiresAt.After(u.clock.Now()) {
		return auth.User{}, linkInvalid()
	}
	if err != nil {
		return auth.User{}, fmt.Errorf("app: reset password: %w", err)
	}
	return u.rows.User(ctx, reset.User)
}

func linkInvalid() *Refusal {
	return refuse(LinkInvalid, "This link was used, has expired or never existed. Ask for a new one.")
}
