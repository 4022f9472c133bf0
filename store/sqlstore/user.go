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

// Write runs f in one durable transaction (or savepoint) of the one writer.
type Write func(ctx context.Context, f func(*sql.Tx) error) error

// Users keeps users, logins, invites, links, codes and the audit trail. It reads through the read pool and writes
// through the one writer.
type Users struct {
	userRows
	write Write
	key   *auditKey
}

var _ store.Users = (*Users)(nil)

// WriteUsers runs f in one transaction. Once begun it ends whatever becomes of ctx: an interrupted statement would take
// the writes of others in the same commit with it.
func (u *Users) WriteUsers(ctx context.Context, f func(store.UserTx) error) error {
	return u.write(context.WithoutCancel(ctx), func(tx *sql.Tx) error { return f(newUserTx(tx, u.key)) })
}

// steady is a transaction whose statements are never interrupted.
type steady struct{ tx *sql.Tx }

func (s steady) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.tx.QueryContext(context.WithoutCancel(ctx), query, args...)
}

func (s steady) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return s.tx.QueryRowContext(context.WithoutCancel(ctx), query, args...)
}

func (s steady) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return s.tx.ExecContext(context.WithoutCancel(ctx), query, args...)
}

// rows is what a pool and a transaction share.
type rows interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

type userRows struct{ db rows }

const userColumns = `id, username, role, password_hash, totp_secret, totp_is_on, totp_last_step, is_disabled, created_at`

func scanUser(scan func(...any) error) (u auth.User, err error) {
	var created int64
	err = scan(&u.ID, &u.Username, &u.Role, &u.PasswordHash, &u.TwoStep.Secret, &u.TwoStep.IsOn, &u.TwoStep.LastStep,
		&u.IsDisabled, &created)
	u.CreatedAt = fromMicros(created)
	return u, absent(err, "read user")
}

// CountUsers counts all users.
func (r userRows) CountUsers(ctx context.Context) (n int, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM users`).Scan(&n)
	return n, absent(err, "count users")
}

// User finds a user by id.
func (r userRows) User(ctx context.Context, id auth.UserID) (auth.User, error) {
	return scanUser(r.db.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users WHERE id = $1`, string(id)).Scan)
}

// UserByName finds a user by name, ignoring case.
func (r userRows) UserByName(ctx context.Context, name string) (auth.User, error) {
	row := r.db.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users WHERE username_key = $1`, strings.ToLower(name))
	return scanUser(row.Scan)
}

// Users lists all users, oldest first.
func (r userRows) Users(ctx context.Context) ([]auth.User, error) {
	found, err := r.db.QueryContext(ctx, `SELECT `+userColumns+` FROM users ORDER BY created_at, id`)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: list users: %w", err)
	}
	return collect(found, scanUser)
}

const loginColumns = `id, user_id, token_hash, created_at, last_seen_at, expires_at, ip, agent`

func scanLogin(scan func(...any) error) (l auth.Login, err error) {
	var created, seen, expires int64
	err = scan(&l.ID, &l.User, &l.TokenHash, &created, &seen, &expires, &l.IP, &l.Agent)
	l.CreatedAt, l.LastSeenAt, l.ExpiresAt = fromMicros(created), fromMicros(seen), fromMicros(expires)
	return l, absent(err, "read login")
}

// Login finds a login by the hash of its token.
func (r userRows) Login(ctx context.Context, token auth.TokenHash) (auth.Login, error) {
	row := r.db.QueryRowContext(ctx, `SELECT `+loginColumns+` FROM logins WHERE token_hash = $1`, string(token))
	return scanLogin(row.Scan)
}

// Logins lists a user's logins, newest first.
func (r userRows) Logins(ctx context.Context, user auth.UserID) ([]auth.Login, error) {
	found, err := r.db.QueryContext(ctx,
		`SELECT `+loginColumns+` FROM logins WHERE user_id = $1 ORDER BY created_at DESC, id`, string(user))
	if err != nil {
		return nil, fmt.Errorf("sqlstore: list logins: %w", err)
	}
	return collect(found, scanLogin)
}

// Invite finds an unused invite.
func (r userRows) Invite(ctx context.Context, token auth.TokenHash) (i auth.Invite, err error) {
	var created, expires int64
	err = r.db.QueryRowContext(ctx,
		`SELECT token_hash, role, created_by, created_at, expires_at FROM invites WHERE token_hash = $1 AND used_at = 0`,
		string(token)).Scan(&i.TokenHash, &i.Role, &i.CreatedBy, &created, &expires)
	i.CreatedAt, i.ExpiresAt = fromMicros(created), fromMicros(expires)
	return i, absent(err, "read invite")
}

// Reset finds an unused reset link.
func (r userRows) Reset(ctx context.Context, token auth.TokenHash) (l auth.Reset, err error) {
	var expires int64
	err = r.db.QueryRowContext(ctx, `SELECT token_hash, user_id, expires_at FROM resets WHERE token_hash = $1 AND used_at = 0`,
		string(token)).Scan(&l.TokenHash, &l.User, &expires)
	l.ExpiresAt = fromMicros(expires)
	return l, absent(err, "read reset link")
}

// Tries returns the failures counted under a key.
func (r userRows) Tries(ctx context.Context, key string) (t auth.Tries, err error) {
	var last int64
	err = r.db.QueryRowContext(ctx, `SELECT failures, last_at FROM login_tries WHERE tries_key = $1`, key).Scan(&t.Failures, &last)
	if errors.Is(err, sql.ErrNoRows) {
		return auth.Tries{}, nil
	}
	t.LastAt = fromMicros(last)
	return t, absent(err, "read tries")
}

func collect[T any](found *sql.Rows, scan func(func(...any) error) (T, error)) ([]T, error) {
	defer found.Close()
	var list []T
	for found.Next() {
		v, err := scan(found.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, found.Err()
}

func absent(err error, doing string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return store.ErrAbsent
	default:
		return fmt.Errorf("sqlstore: %s: %w", doing, err)
	}
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(v int64) time.Time { return time.UnixMicro(v).UTC() }

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
