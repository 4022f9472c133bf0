package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"paperport/auth"
	"paperport/store"
)

// userTx is the write side of Users within one transaction.
type userTx struct {
	userRows
	tx  steady
	key *auditKey
}

func newUserTx(tx *sql.Tx, key *auditKey) *userTx {
	return &userTx{userRows: userRows{steady{tx}}, tx: steady{tx}, key: key}
}

// exec runs one statement and reports how many rows it changed.
func (t *userTx) exec(ctx context.Context, doing, query string, args ...any) (int64, error) {
	result, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("sqlstore: %s: %w", doing, err)
	}
	return result.RowsAffected()
}

// one is exec for statements that must hit a row.
func (t *userTx) one(ctx context.Context, doing, query string, args ...any) error {
	n, err := t.exec(ctx, doing, query, args...)
	if err == nil && n == 0 {
		return store.ErrAbsent
	}
	return err
}

func (t *userTx) AddUser(ctx context.Context, u auth.User) error {
	switch _, err := t.UserByName(ctx, u.Username); {
	case err == nil:
		return store.ErrTaken
	case !errors.Is(err, store.ErrAbsent):
		return err
	}
	return t.one(ctx, "add user", `INSERT INTO users (id, username, username_key, role, password_hash, totp_secret,
		totp_is_on, totp_last_step, is_disabled, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		string(u.ID), u.Username, strings.ToLower(u.Username), string(u.Role), u.PasswordHash, u.TwoStep.Secret,
		flag(u.TwoStep.IsOn), u.TwoStep.LastStep, flag(u.IsDisabled), micros(u.CreatedAt))
}

func (t *userTx) SaveUser(ctx context.Context, u auth.User) error {
	return t.one(ctx, "save user", `UPDATE users SET role = $2, password_hash = $3, totp_secret = $4, totp_is_on = $5,
		totp_last_step = $6, is_disabled = $7 WHERE id = $1`,
		string(u.ID), string(u.Role), u.PasswordHash, u.TwoStep.Secret, flag(u.TwoStep.IsOn), u.TwoStep.LastStep,
		flag(u.IsDisabled))
}

func (t *userTx) AddLogin(ctx context.Context, l auth.Login) error {
	return t.one(ctx, "add login", `INSERT INTO logins (id, user_id, token_hash, created_at, last_seen_at, expires_at,
		ip, agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, string(l.ID), string(l.User), string(l.TokenHash),
		micros(l.CreatedAt), micros(l.LastSeenAt), micros(l.ExpiresAt), l.IP, l.Agent)
}

func (t *userTx) TouchLogin(ctx context.Context, id auth.LoginID, at time.Time) error {
	_, err := t.exec(ctx, "touch login", `UPDATE logins SET last_seen_at = $2 WHERE id = $1`, string(id), micros(at))
	return err
}

func (t *userTx) RemoveLogin(ctx context.Context, user auth.UserID, id auth.LoginID) error {
	return t.one(ctx, "remove login", `DELETE FROM logins WHERE id = $1 AND user_id = $2`, string(id), string(user))
}

func (t *userTx) RemoveLogins(ctx context.Context, user auth.UserID) error {
	_, err := t.exec(ctx, "remove logins", `DELETE FROM logins WHERE user_id = $1`, string(user))
	return err
}

func (t *userTx) AddInvite(ctx context.Context, i auth.Invite) error {
	return t.one(ctx, "add invite", `INSERT INTO invites (token_hash, role, created_by, created_at, expires_at, used_at,
		used_by) VALUES ($1, $2, $3, $4, $5, 0, '')`, string(i.TokenHash), string(i.Role), string(i.CreatedBy),
		micros(i.CreatedAt), micros(i.ExpiresAt))
}

func (t *userTx) UseInvite(ctx context.Context, token auth.TokenHash, by auth.UserID, at time.Time) error {
	return t.one(ctx, "use invite", `UPDATE invites SET used_at = $2, used_by = $3
		WHERE token_hash = $1 AND used_at = 0 AND expires_at > $2`, string(token), micros(at), string(by))
}

func (t *userTx) AddReset(ctx context.Context, r auth.Reset) error {
	return t.one(ctx, "add reset link", `INSERT INTO resets (token_hash, user_id, expires_at, used_at)
		VALUES ($1, $2, $3, 0)`, string(r.TokenHash), string(r.User), micros(r.ExpiresAt))
}

func (t *userTx) UseReset(ctx context.Context, token auth.TokenHash, at time.Time) (auth.UserID, error) {
	err := t.one(ctx, "use reset link", `UPDATE resets SET used_at = $2
		WHERE token_hash = $1 AND used_at = 0 AND expires_at > $2`, string(token), micros(at))
	if err != nil {
		return "", err
	}
	var id auth.UserID
	err = t.tx.QueryRowContext(ctx, `SELECT user_id FROM resets WHERE token_hash = $1`, string(token)).Scan(&id)
	return id, absent(err, "read reset link")
}

func (t *userTx) SaveRecoveryCodes(ctx context.Context, user auth.UserID, codes []auth.TokenHash) error {
	if _, err := t.exec(ctx, "drop recovery codes", `DELETE FROM recovery_codes WHERE user_id = $1`, string(user)); err != nil {
		return err
	}
	for _, code := range codes {
		err := t.one(ctx, "add recovery code", `INSERT INTO recovery_codes (user_id, code_hash, used_at) VALUES ($1, $2, 0)`,
			string(user), string(code))
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *userTx) UseRecoveryCode(ctx context.Context, user auth.UserID, code auth.TokenHash, at time.Time) error {
	return t.one(ctx, "use recovery code", `UPDATE recovery_codes SET used_at = $3
		WHERE user_id = $1 AND code_hash = $2 AND used_at = 0`, string(user), string(code), micros(at))
}

func (t *userTx) SaveTries(ctx context.Context, key string, tries auth.Tries) error {
	if tries.Failures == 0 {
		_, err := t.exec(ctx, "clear tries", `DELETE FROM login_tries WHERE tries_key = $1`, key)
		return err
	}
	return t.one(ctx, "save tries", `INSERT INTO login_tries (tries_key, failures, last_at) VALUES ($1, $2, $3)
		ON CONFLICT (tries_key) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at`,
		key, tries.Failures, micros(tries.LastAt))
}

func (t *userTx) PruneUsers(ctx context.Context, now time.Time) error {
	for _, query := range []string{
		`DELETE FROM logins WHERE expires_at <= $1`,
		`DELETE FROM invites WHERE expires_at <= $1`,
		`DELETE FROM resets WHERE expires_at <= $1`,
		`DELETE FROM login_tries WHERE last_at + 86400000000 <= $1`,
	} {
		if _, err := t.exec(ctx, "prune", query, micros(now)); err != nil {
			return err
		}
	}
	return nil
}
