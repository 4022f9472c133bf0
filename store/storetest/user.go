package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"paperport/auth"
	"paperport/store"
)

// Users proves an implementation of the user tables; open returns an empty one.
func Users(t *testing.T, open func(t *testing.T) store.Users) {
	t.Run("names differ without regard to case", func(t *testing.T) { usersByName(t, open(t)) })
	t.Run("a failed transaction leaves nothing", func(t *testing.T) { usersRollback(t, open(t)) })
	t.Run("logins", func(t *testing.T) { userLogins(t, open(t)) })
	t.Run("links and codes work once", func(t *testing.T) { userLinks(t, open(t)) })
	t.Run("failures are counted and pruned", func(t *testing.T) { userTries(t, open(t)) })
}

var at = time.Date(2026, 11, 24, 6, 0, 0, 123_000, time.UTC)

func person(name string) auth.User {
	return auth.User{ID: auth.NewUserID(), Username: name, Role: auth.Trader, PasswordHash: "phc", CreatedAt: at}
}

func mustWrite(t *testing.T, s store.Users, f func(context.Context, store.UserTx) error) {
	t.Helper()
	if err := s.WriteUsers(t.Context(), func(tx store.UserTx) error { return f(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// fails runs f in a transaction that must fail with want.
func fails(t *testing.T, what string, s store.Users, want error, f func(context.Context, store.UserTx) error) {
	t.Helper()
	if err := s.WriteUsers(t.Context(), func(tx store.UserTx) error { return f(t.Context(), tx) }); !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func mustAddUser(t *testing.T, s store.Users, name string) auth.User {
	t.Helper()
	u := person(name)
	mustWrite(t, s, func(ctx context.Context, tx store.UserTx) error { return tx.AddUser(ctx, u) })
	return u
}

func usersByName(t *testing.T, s store.Users) {
	u := mustAddUser(t, s, "Asha")
	fails(t, "the same name", s, store.ErrTaken, func(ctx context.Context, tx store.UserTx) error { return tx.AddUser(ctx, person("ASHA")) })
	got, err := s.UserByName(t.Context(), "aSHa")
	if diff := cmp.Diff(u, got); err != nil || diff != "" {
		t.Errorf("by name: %v\n%s", err, diff)
	}
	u.Role, u.PasswordHash, u.IsDisabled, u.TwoStep = auth.Owner, "other", true, auth.TwoStep{Secret: "ABC", IsOn: true, LastStep: 59_000_000}
	mustWrite(t, s, func(ctx context.Context, tx store.UserTx) error { return tx.SaveUser(ctx, u) })
	got, err = s.User(t.Context(), u.ID)
	if diff := cmp.Diff(u, got); err != nil || diff != "" {
		t.Errorf("saved: %v\n%s", err, diff)
	}
	if _, err := s.User(t.Context(), auth.NewUserID()); !errors.Is(err, store.ErrAbsent) {
		t.Errorf("absent: %v", err)
	}
	fails(t, "save an absent one", s, store.ErrAbsent, func(ctx context.Context, tx store.UserTx) error { return tx.SaveUser(ctx, person("x")) })
}

func usersRollback(t *testing.T, s store.Users) {
	broken := errors.New("broken")
	fails(t, "a step after the first", s, broken, func(ctx context.Context, tx store.UserTx) error {
		return errors.Join(tx.AddUser(ctx, person("asha")), broken)
	})
	if n, err := s.CountUsers(t.Context()); n != 0 || err != nil {
		t.Errorf("%d users, %v", n, err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.WriteUsers(cancelled, func(tx store.UserTx) error { return tx.AddUser(cancelled, person("asha")) }); err != nil {
		t.Errorf("a caller who left: %v", err)
	}
	all, err := s.Users(t.Context())
	if len(all) != 1 || err != nil {
		t.Errorf("users %v, %v", all, err)
	}
}

func userLogins(t *testing.T, s store.Users) {
	u := mustAddUser(t, s, "asha")
	first := auth.Login{ID: auth.NewLoginID(), User: u.ID, TokenHash: auth.HashToken("1"), CreatedAt: at, LastSeenAt: at, ExpiresAt: at.Add(time.Hour), IP: "::1", Agent: "a"}
	second := first
	second.ID, second.TokenHash, second.CreatedAt, second.ExpiresAt = auth.NewLoginID(), auth.HashToken("2"), at.Add(time.Second), at.Add(2*time.Hour)
	mustWrite(t, s, func(ctx context.Context, tx store.UserTx) error {
		return errors.Join(tx.AddLogin(ctx, first), tx.AddLogin(ctx, second), tx.TouchLogin(ctx, first.ID, at.Add(time.Minute)),
			tx.TouchLogin(ctx, "absent", at))
	})
	first.LastSeenAt = at.Add(time.Minute)
	list, err := s.Logins(t.Context(), u.ID)
	if diff := cmp.Diff([]auth.Login{second, first}, list); err != nil || diff != "" {
		t.Errorf("logins: %v\n%s", err, diff)
	}
	fails(t, "end another user's", s, store.ErrAbsent, func(ctx context.Context, tx store.UserTx) error {
		return tx.RemoveLogin(ctx, auth.NewUserID(), first.ID)
	})
	mustWrite(t, s, func(ctx context.Context, tx store.UserTx) error { return tx.PruneUsers(ctx, at.Add(time.Hour)) })
	if _, err := s.Login(t.Context(), first.TokenHash); !errors.Is(err, store.ErrAbsent) {
		t.Errorf("an expired login after pruning: %v", err)
	}
	mustWrite(t, s, func(ctx context.Context, tx store.UserTx) error { return tx.RemoveLogins(ctx, u.ID) })
	if list, err := s.Logins(t.Context(), u.ID); len(list) != 0 || err != nil {
		t.Errorf("logins after removing all: %v, %v", list, err)
	}
}

func userLinks(t *testing.T, s store.Users) {
	u := mustAddUser(t, s, "asha")
	invite := auth.Invite{TokenHash: auth.HashToken("i"), Role: auth.Viewer, CreatedBy: u.ID, CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
	reset := auth.Reset{TokenHash: auth.HashToken("r"), User: u.ID, ExpiresAt: at.Add(time.Hour)}
	code := auth.HashRecoveryCode("aaaa-bbbb-cccc-dddd")
	mustWrite(t, s, func(ctx context.Context, tx store.UserTx) error {
		return errors.Join(tx.AddInvite(ctx, invite), tx.AddReset(ctx, reset), tx.SaveRecoveryCodes(ctx, u.ID, []auth.TokenHash{auth.HashToken("old")}),
			tx.SaveRecoveryCodes(ctx, u.ID, []auth.TokenHash{code}))
	})
	got, err := s.Invite(t.Context(), invite.TokenHash)
	if diff := cmp.Diff(invite, got); err != nil || diff != "" {
		t.Errorf("invite: %v\n%s", err, diff)
	}
	useInvite := func(when time.Time) func(context.Context, store.UserTx) error {
		return func(ctx context.Context, tx store.UserTx) error {
			return tx.UseInvite(ctx, invite.TokenHash, u.ID, when)
		}
	}
	useReset := func(when time.Time) func(context.Context, store.UserTx) error {
		return func(ctx context.Context, tx store.UserTx) error {
			id, err := tx.UseReset(ctx, reset.TokenHash, when)
			if err == nil && id != u.ID {
				t.Errorf("reset of %s, want %s", id, u.ID)
			}
			return err
		}
	}
	useCode := func(user auth.UserID) func(context.Context, store.UserTx) error {
		return func(ctx context.Context, tx store.UserTx) error { return tx.UseRecoveryCode(ctx, user, code, at) }
	}
	fails(t, "expired invite", s, store.ErrAbsent, useInvite(invite.ExpiresAt))
	fails(t, "expired reset", s, store.ErrAbsent, useReset(reset.ExpiresAt))
	fails(t, "somebody else's code", s, store.ErrAbsent, useCode(auth.NewUserID()))
	mustWrite(t, s, useInvite(at))
	mustWrite(t, s, useReset(at))
	mustWrite(t, s, useCode(u.ID))
	fails(t, "used invite", s, store.ErrAbsent, useInvite(at))
	fails(t, "used reset", s, store.ErrAbsent, useReset(at))
	fails(t, "used code", s, store.ErrAbsent, useCode(u.ID))
	fails(t, "replaced code", s, store.ErrAbsent, func(ctx context.Context, tx store.UserTx) error {
		return tx.UseRecoveryCode(ctx, u.ID, auth.HashToken("old"), at)
	})
	if _, err := s.Invite(t.Context(), invite.TokenHash); !errors.Is(err, store.ErrAbsent) {
		t.Errorf("a used invite is still offered: %v", err)
	}
}

func userTries(t *testing.T, s store.Users) {
	want := auth.Tries{Failures: 3, LastAt: at}
	save := func(tries auth.Tries) {
		t.Helper()
		mustWrite(t, s, func(ctx context.Context, tx store.UserTx) error { return tx.SaveTries(ctx, "key", tries) })
	}
	expect := func(what string, want auth.Tries) {
		t.Helper()
		got, err := s.Tries(t.Context(), "key")
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", what, got, err, want)
		}
	}
	expect("none yet", auth.Tries{})
	save(auth.Tries{Failures: 1, LastAt: at})
	save(want)
	expect("saved twice", want)
	mustWrite(t, s, func(ctx context.Context, tx store.UserTx) error {
		return errors.Join(tx.PruneUsers(ctx, at.Add(time.Hour)), tx.AddAudit(ctx, store.Audit{At: at, Action: "a", Result: "ok"}),
			tx.AddAudit(ctx, store.Audit{At: at, Action: "b", Result: "ok"}))
	})
	expect("after an hour", want)
	save(auth.Tries{})
	expect("cleared", auth.Tries{})
	save(want)
	mustWrite(t, s, func(ctx context.Context, tx store.UserTx) error { return tx.PruneUsers(ctx, at.Add(25*time.Hour)) })
	expect("after a day", auth.Tries{})
}
