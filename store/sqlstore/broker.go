package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/store"
)

// Brokers keeps broker connections with what belongs to them. It reads through the read pool and writes through the one
// writer.
type Brokers struct {
	brokerRows
	write Write
	key   *auditKey
}

var (
	_ store.Brokers  = (*Brokers)(nil)
	_ store.BrokerTx = (*brokerTx)(nil)
)

// WriteBrokers runs f in one transaction; see Users.WriteUsers.
func (b *Brokers) WriteBrokers(ctx context.Context, f func(store.BrokerTx) error) error {
	return b.write(context.WithoutCancel(ctx), func(tx *sql.Tx) error { return f(newBrokerTx(tx, b.key)) })
}

type brokerRows struct{ db rows }

// Install reads the one row that Open made.
func (r brokerRows) Install(ctx context.Context) (i store.Install, err error) {
	var salt, check []byte
	err = absent(r.db.QueryRowContext(ctx, `SELECT id, salt, key_check FROM install WHERE one = 1`).Scan(&i.ID, &salt, &check), "read install")
	switch {
	case err != nil:
		return store.Install{}, err
	case len(salt) != len(i.Salt):
		return store.Install{}, fmt.Errorf("sqlstore: read install: a salt of %d bytes: %w", len(salt), store.ErrCorrupt)
	case len(check) > 0:
		i.KeyCheck = check
	}
	copy(i.Salt[:], salt)
	return i, nil
}

const connectionColumns = `user_id, broker, is_held, needs_user, is_every_day, last_code, life, created_at`

func scanConnection(scan func(...any) error) (c store.Connection, err error) {
	var created int64
	err = scan(&c.User, &c.Broker, &c.IsHeld, &c.NeedsUser, &c.IsEveryDay, &c.LastCode, &c.Life, &created)
	c.CreatedAt = timeOf(created)
	return c, absent(err, "read connection")
}

// Connection finds a user's connection.
func (r brokerRows) Connection(ctx context.Context, user auth.UserID) (store.Connection, error) {
	return scanConnection(r.db.QueryRowContext(ctx, `SELECT `+connectionColumns+` FROM broker_connections WHERE user_id = $1`, string(user)).Scan)
}

// Connections lists all connections, oldest first.
func (r brokerRows) Connections(ctx context.Context) ([]store.Connection, error) {
	return query(ctx, r.db, "list connections", scanConnection, `SELECT `+connectionColumns+` FROM broker_connections ORDER BY created_at, user_id`)
}

const sealedColumns = `user_id, broker, field, version, blob, hint, set_at`

func scanSealed(scan func(...any) error) (s store.Sealed, err error) {
	var version, set int64
	err = scan(&s.User, &s.Broker, &s.Field, &version, &s.Blob, &s.Hint, &set)
	s.Version, s.SetAt = uint64(version), timeOf(set)
	return s, absent(err, "read sealed field")
}

// SealedOf lists the sealed fields of a user with one broker, by field name.
func (r brokerRows) SealedOf(ctx context.Context, user auth.UserID, broker store.BrokerID) ([]store.Sealed, error) {
	return query(ctx, r.db, "list sealed fields", scanSealed,
		`SELECT `+sealedColumns+` FROM broker_secrets WHERE user_id = $1 AND broker = $2 ORDER BY field`, string(user), string(broker))
}

// BrokerSession finds what is known of a user's session.
func (r brokerRows) BrokerSession(ctx context.Context, user auth.UserID) (s store.BrokerSession, err error) {
	var issued, proved, checked, ended int64
	err = r.db.QueryRowContext(ctx, `SELECT user_id, broker, issued_at, proved_at, checked_at, ended_at, way FROM broker_sessions WHERE user_id = $1`,
		string(user)).Scan(&s.User, &s.Broker, &issued, &proved, &checked, &ended, &s.Way)
	s.IssuedAt, s.ProvedAt, s.CheckedAt, s.EndedAt = timeOf(issued), timeOf(proved), timeOf(checked), timeOf(ended)
	return s, absent(err, "read broker session")
}

// Submissions lists those of an IST day, oldest first.
func (r brokerRows) Submissions(ctx context.Context, user auth.UserID, day calendar.Date) ([]store.Submission, error) {
	scan := func(scan func(...any) error) (s store.Submission, err error) {
		var at, settled int64
		err = scan(&s.ID, &s.User, &s.Broker, &s.Day, &s.IsManual, &s.Step, &at, &s.Outcome, &settled)
		s.At, s.SettledAt = timeOf(at), timeOf(settled)
		return s, absent(err, "read submission")
	}
	return query(ctx, r.db, "list submissions", scan, `SELECT id, user_id, broker, day, is_manual, step, at, outcome, settled_at
		FROM broker_submissions WHERE user_id = $1 AND day = $2 ORDER BY at, id`, string(user), int64(day))
}

// Attempts lists the newest, newest first.
func (r brokerRows) Attempts(ctx context.Context, user auth.UserID, limit int) ([]store.Attempt, error) {
	scan := func(scan func(...any) error) (a store.Attempt, err error) {
		var at int64
		err = scan(&a.ID, &a.User, &a.Broker, &at, &a.Trigger, &a.Way, &a.Outcome, &a.Text)
		a.At = timeOf(at)
		return a, absent(err, "read attempt")
	}
	return query(ctx, r.db, "list attempts", scan, `SELECT id, user_id, broker, at, trigger_name, way, outcome, body
		FROM broker_attempts WHERE user_id = $1 ORDER BY number DESC LIMIT $2`, string(user), limit)
}

const popupColumns = `id, binding, user_id, login, broker, created_at, expires_at, used_at, outcome, body`

func scanPopup(scan func(...any) error) (p store.Popup, err error) {
	var created, expires, used int64
	err = scan(&p.ID, &p.Binding, &p.User, &p.Login, &p.Broker, &created, &expires, &used, &p.Outcome, &p.Text)
	p.CreatedAt, p.ExpiresAt, p.UsedAt = timeOf(created), timeOf(expires), timeOf(used)
	return p, absent(err, "read popup")
}

// Popup finds a popup, used or not.
func (r brokerRows) Popup(ctx context.Context, id string) (store.Popup, error) {
	return scanPopup(r.db.QueryRowContext(ctx, `SELECT `+popupColumns+` FROM broker_popups WHERE id = $1`, id).Scan)
}

// Notices lists newest first; unacknowledged ones are the last that limit leaves out.
func (r brokerRows) Notices(ctx context.Context, user auth.UserID, limit int) ([]store.Notice, error) {
	scan := func(scan func(...any) error) (n store.Notice, err error) {
		var at, acked int64
		err = scan(&n.ID, &n.User, &at, &n.Kind, &n.Text, &n.Action, &acked)
		n.At, n.AckedAt = timeOf(at), timeOf(acked)
		return n, absent(err, "read notice")
	}
	return query(ctx, r.db, "list notices", scan, `SELECT id, user_id, at, kind, body, action, acked_at FROM (
		SELECT * FROM notices WHERE user_id = $1 ORDER BY CASE WHEN acked_at = 0 THEN 0 ELSE 1 END, number DESC LIMIT $2
		) AS chosen ORDER BY number DESC`, string(user), limit)
}

// RequestsUsed is 0 for a day without requests.
func (r brokerRows) RequestsUsed(ctx context.Context, user auth.UserID, broker store.BrokerID, day calendar.Date) (used int, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT used FROM broker_requests WHERE user_id = $1 AND broker = $2 AND day = $3`,
		string(user), string(broker), int64(day)).Scan(&used)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return used, absent(err, "read requests used")
}

// CountSealed counts by key, in the order of the keys. A blob that is too short to name one counts under zeros.
func (r brokerRows) CountSealed(ctx context.Context) ([]store.SealedCount, error) {
	scan := func(scan func(...any) error) (c store.SealedCount, err error) {
		var key []byte
		err = scan(&key, &c.N)
		copy(c.Key[:], key)
		return c, absent(err, "count sealed fields")
	}
	return query(ctx, r.db, "count sealed fields", scan,
		`SELECT SUBSTR(blob, 6, 4) AS key_id, COUNT(*) FROM broker_secrets GROUP BY key_id ORDER BY key_id`)
}

// SealedAfter pages by user, broker and field.
func (r brokerRows) SealedAfter(ctx context.Context, after *store.Sealed, limit int) ([]store.Sealed, error) {
	if after == nil {
		after = &store.Sealed{}
	}
	return query(ctx, r.db, "page sealed fields", scanSealed, `SELECT `+sealedColumns+` FROM broker_secrets
		WHERE (user_id, broker, field) > ($1, $2, $3) ORDER BY user_id, broker, field LIMIT $4`,
		string(after.User), string(after.Broker), string(after.Field), limit)
}

// AuditOf lists what a user did and what was done to him, newest first.
func (r brokerRows) AuditOf(ctx context.Context, user auth.UserID, before int64, limit int) ([]store.AuditRow, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	return query(ctx, r.db, "list audit rows", scanAudit, `SELECT `+auditColumns+` FROM audit
		WHERE (subject = $1 OR actor = $1) AND number < $2 ORDER BY number DESC LIMIT $3`, string(user), before, limit)
}

const auditColumns = `number, at, actor, subject, action, detail, result, ip, request_id`

func scanAudit(scan func(...any) error) (a store.AuditRow, err error) {
	var at int64
	err = scan(&a.Number, &at, &a.Actor, &a.Subject, &a.Action, &a.Detail, &a.Result, &a.IP, &a.RequestID)
	a.At = fromMicros(at)
	return a, absent(err, "read audit row")
}

// query reads a list; rows are closed before it returns.
func query[T any](ctx context.Context, db rows, doing string, scan func(func(...any) error) (T, error), text string, args ...any) ([]T, error) {
	found, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %s: %w", doing, err)
	}
	return collect(found, scan)
}

// microsOf and timeOf keep a zero time as 0.
func microsOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func timeOf(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return fromMicros(v)
}
