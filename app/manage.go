package app

import (
	"context"
	"errors"
	"fmt"

	"paperport/auth"
	"paperport/store"
)

// List returns all users, oldest first. Only an owner may ask.
func (u *Users) List(ctx context.Context, a Actor) ([]auth.User, error) {
	if err := mustManage(a); err != nil {
		return nil, err
	}
	return u.rows.Users(ctx)
}

func mustManage(a Actor) error {
	if !a.User.Role.CanManage() {
		return refuse(NotAllowed, "Only the owner of this installation may do this.")
	}
	return nil
}

// SetDisabled locks a user out at once, or lets him in again. The last owner cannot be disabled.
func (u *Users) SetDisabled(ctx context.Context, a Actor, id auth.UserID, isDisabled bool, from From) (auth.User, error) {
	action := "enable"
	if isDisabled {
		action = "disable"
	}
	return u.manage(ctx, a, id, action, from, func(user *auth.User, tx store.UserTx) error {
		user.IsDisabled = isDisabled
		if isDisabled {
			return tx.RemoveLogins(ctx, id)
		}
		return nil
	})
}

// SetRole changes what a user may do, from his next request on. The last owner keeps his role.
func (u *Users) SetRole(ctx context.Context, a Actor, id auth.UserID, role string, from From) (auth.User, error) {
	parsed, err := auth.ParseRole(role)
	if err != nil {
		return auth.User{}, refuse(RoleUnknown, "The role is one of owner, trader, viewer.")
	}
	return u.manage(ctx, a, id, "role", from, func(user *auth.User, _ store.UserTx) error {
		user.Role = parsed
		return nil
	})
}

// SignOutUser ends all logins of a user.
func (u *Users) SignOutUser(ctx context.Context, a Actor, id auth.UserID, from From) (auth.User, error) {
	return u.manage(ctx, a, id, "sign-out-user", from, func(_ *auth.User, tx store.UserTx) error {
		return tx.RemoveLogins(ctx, id)
	})
}

// manage is an owner's change to a user that must leave an enabled owner.
func (u *Users) manage(ctx context.Context, a Actor, id auth.UserID, action string, from From, edit func(*auth.User, store.UserTx) error) (auth.User, error) {
	if err := mustManage(a); err != nil {
		return auth.User{}, err
	}
	return u.change(ctx, a.User.ID, id, action, from, func(user *auth.User, tx store.UserTx) error {
		if err := edit(user, tx); err != nil {
			return err
		}
		if user.Role == auth.Owner && !user.IsDisabled {
			return nil
		}
		return mustKeepOwner(ctx, tx, id)
	})
}

// mustKeepOwner refuses when nobody but the changed user is an enabled owner.
func mustKeepOwner(ctx context.Context, tx store.UserTx, changed auth.UserID) error {
	all, err := tx.Users(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != changed && other.Role == auth.Owner && !other.IsDisabled {
			return nil
		}
	}
	return refuse(LastOwner, "This is the last owner; make another user an owner first.")
}

// Invite makes the secret of a link with which one person can create his user with the role.
func (u *Users) Invite(ctx context.Context, a Actor, role string, from From) (token string, invite auth.Invite, err error) {
	if err := mustManage(a); err != nil {
		return "", invite, err
	}
	parsed, err := auth.ParseRole(role)
	if err != nil {
		return "", invite, refuse(RoleUnknown, "The role is one of owner, trader, viewer.")
	}
	token, hash := auth.NewToken()
	now := u.clock.Now()
	invite = auth.Invite{TokenHash: hash, Role: parsed, CreatedBy: a.User.ID, CreatedAt: now, ExpiresAt: now.Add(auth.InviteSpan)}
	err = u.rows.WriteUsers(ctx, func(tx store.UserTx) error {
		if err := tx.AddInvite(ctx, invite); err != nil {
			return err
		}
		return tx.AddAudit(ctx, u.audit(a.User.ID, "", "invite", role, from))
	})
	if err != nil {
		return "", invite, fmt.Errorf("app: invite: %w", err)
	}
	return token, invite, nil
}

// InviteByToken shows what an unused invite offers.
func (u *Users) InviteByToken(ctx context.Context, token string) (auth.Invite, error) {
	invite, err := u.rows.Invite(ctx, auth.HashToken(token))
	if errors.Is(err, store.ErrAbsent) || err == nil && !invite.ExpiresAt.After(u.clock.Now()) {
		return auth.Invite{}, linkInvalid()
	}
	return invite, err
}

// Accept creates a user by an invite and signs him in.
func (u *Users) Accept(ctx context.Context, token string, n NewUser, from From) (SignedIn, error) {
	invite, err := u.InviteByToken(ctx, token)
	if err != nil {
		return SignedIn{}, err
	}
	in, err := u.create(ctx, n, invite.Role, from, func(tx store.UserTx, user auth.User) error {
		return tx.UseInvite(ctx, invite.TokenHash, user.ID, u.clock.Now())
	})
	if errors.Is(err, store.ErrAbsent) {
		return SignedIn{}, linkInvalid()
	}
	return in, err
}
