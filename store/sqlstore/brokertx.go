package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/store"
)

const (
	attemptsKept = 100                 // of a user
	rowsKept     = 90 * 24 * time.Hour // submissions, acknowledged notices, request counts and job runs
	popupsKept   = 24 * time.Hour      // past their expiry
)

// brokerTx is the write side of Brokers within one transaction; the user rows of the same transaction lend it exec, one
// and AddAudit.
type brokerTx struct {
	brokerRows
	user *userTx
}

func newBrokerTx(tx *sql.Tx, key *auditKey) *brokerTx {
	return &brokerTx{brokerRows: brokerRows{steady{tx}}, user: newUserTx(tx, key)}
}

func (t *brokerTx) Users() store.UserTx { return t.user }

func (t *brokerTx) AddAudit(ctx context.Context, a store.Audit) error { return t.user.AddAudit(ctx, a) }

func (t *brokerTx) exec(ctx context.Context, doing, query string, args ...any) error {
	_, err := t.user.exec(ctx, doing, query, args...)
	return err
}

func (t *brokerTx) SetKeyCheck(ctx context.Context, check []byte) error {
	return t.user.one(ctx, "set key check", `UPDATE install SET key_check = $1 WHERE one = 1`, notNil(check))
}

func (t *brokerTx) SaveConnection(ctx context.Context, c store.Connection) error {
	return t.exec(ctx, "save connection", `INSERT INTO broker_connections (user_id, broker, is_held, needs_user, is_every_day, last_code,
		life, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (user_id) DO UPDATE SET broker = excluded.broker,
		is_held = excluded.is_held, needs_user = excluded.needs_user, is_every_day = excluded.is_every_day,
		last_code = excluded.last_code, life = excluded.life, created_at = excluded.created_at`,
		string(c.User), string(c.Broker), flag(c.IsHeld), c.NeedsUser, flag(c.IsEveryDay), c.LastCode, c.Life, microsOf(c.CreatedAt))
}

func (t *brokerTx) RemoveConnection(ctx context.Context, user auth.UserID) error {
	for _, query := range []string{
		`DELETE FROM broker_connections WHERE user_id = $1`,
		`DELETE FROM broker_secrets WHERE user_id = $1`,
		`DELETE FROM broker_sessions WHERE user_id = $1`,
		`DELETE FROM broker_popups WHERE user_id = $1 AND used_at = 0`,
	} {
		if err := t.exec(ctx, "remove connection", query, string(user)); err != nil {
			return err
		}
	}
	return nil
}

func (t *brokerTx) SaveSealed(ctx context.Context, s store.Sealed) error {
	n, err := t.user.exec(ctx, "save sealed field", `INSERT INTO broker_secrets (user_id, broker, field, version, blob, hint, set_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (user_id, broker, field) DO UPDATE SET version = excluded.version,
		blob = excluded.blob, hint = excluded.hint, set_at = excluded.set_at WHERE excluded.version > broker_secrets.version`,
		string(s.User), string(s.Broker), string(s.Field), int64(s.Version), notNil(s.Blob), s.Hint, microsOf(s.SetAt))
	if err == nil && n == 0 {
		return fmt.Errorf("sqlstore: save sealed field: version %d of %s is not a new one: %w", s.Version, s.Field, store.ErrConflict)
	}
	return err
}

func (t *brokerTx) ReplaceSealed(ctx context.Context, old store.Sealed, blob []byte) error {
	return t.user.one(ctx, "replace sealed field", `UPDATE broker_secrets SET blob = $6
		WHERE user_id = $1 AND broker = $2 AND field = $3 AND version = $4 AND blob = $5`,
		string(old.User), string(old.Broker), string(old.Field), int64(old.Version), notNil(old.Blob), notNil(blob))
}

func (t *brokerTx) RemoveSealed(ctx context.Context, user auth.UserID, broker store.BrokerID, field store.SecretField) error {
	return t.exec(ctx, "remove sealed field", `DELETE FROM broker_secrets WHERE user_id = $1 AND broker = $2 AND field = $3`,
		string(user), string(broker), string(field))
}

func (t *brokerTx) SaveBrokerSession(ctx context.Context, s store.BrokerSession) error {
	return t.exec(ctx, "save broker session", `INSERT INTO broker_sessions (user_id, broker, issued_at, proved_at, checked_at, ended_at, way)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (user_id) DO UPDATE SET broker = excluded.broker, issued_at = excluded.issued_at,
		proved_at = excluded.proved_at, checked_at = excluded.checked_at, ended_at = excluded.ended_at, way = excluded.way`,
		string(s.User), string(s.Broker), microsOf(s.IssuedAt), microsOf(s.ProvedAt), microsOf(s.CheckedAt), microsOf(s.EndedAt), s.Way)
}

func (t *brokerTx) RemoveBrokerSession(ctx context.Context, user auth.UserID) error {
	return t.exec(ctx, "remove broker session", `DELETE FROM broker_sessions WHERE user_id = $1`, string(user))
}

func (t *brokerTx) AddSubmission(ctx context.Context, s store.Submission) error {
	return t.exec(ctx, "add submission", `INSERT INTO broker_submissions (id, user_id, broker, day, is_manual, step, at, outcome, settled_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, s.ID, string(s.User), string(s.Broker), int64(s.Day), flag(s.IsManual), s.Step,
		microsOf(s.At), s.Outcome, microsOf(s.SettledAt))
}

func (t *brokerTx) SaveSubmission(ctx context.Context, s store.Submission) error {
	return t.user.one(ctx, "save submission", `UPDATE broker_submissions SET step = $2, outcome = $3, settled_at = $4 WHERE id = $1`,
		s.ID, s.Step, s.Outcome, microsOf(s.SettledAt))
}

func (t *brokerTx) AddAttempt(ctx context.Context, a store.Attempt) error {
	return t.exec(ctx, "add attempt", `INSERT INTO broker_attempts (number, id, user_id, broker, at, trigger_name, way, outcome, body)
		SELECT COALESCE(MAX(number), 0) + 1, CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS TEXT),
		CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS TEXT) FROM broker_attempts`,
		a.ID, string(a.User), string(a.Broker), microsOf(a.At), a.Trigger, a.Way, a.Outcome, a.Text)
}

func (t *brokerTx) AddPopup(ctx context.Context, p store.Popup) error {
	return t.exec(ctx, "add popup", `INSERT INTO broker_popups (`+popupColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		p.ID, string(p.Binding), string(p.User), string(p.Login), string(p.Broker), microsOf(p.CreatedAt), microsOf(p.ExpiresAt),
		microsOf(p.UsedAt), p.Outcome, p.Text)
}

func (t *brokerTx) UsePopup(ctx context.Context, binding auth.TokenHash, at time.Time) (store.Popup, error) {
	return scanPopup(t.db.QueryRowContext(ctx, `UPDATE broker_popups SET used_at = $2
		WHERE binding = $1 AND used_at = 0 AND expires_at > $2 RETURNING `+popupColumns, string(binding), micros(at)).Scan)
}

func (t *brokerTx) SettlePopup(ctx context.Context, id, outcome, text string) error {
	return t.user.one(ctx, "settle popup", `UPDATE broker_popups SET outcome = $2, body = $3 WHERE id = $1`, id, outcome, text)
}

func (t *brokerTx) AddNotice(ctx context.Context, n store.Notice) error {
	return t.exec(ctx, "add notice", `INSERT INTO notices (number, id, user_id, at, kind, body, action, acked_at)
		SELECT COALESCE(MAX(number), 0) + 1, CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT),
		CAST($6 AS TEXT), CAST($7 AS BIGINT) FROM notices`,
		n.ID, string(n.User), microsOf(n.At), n.Kind, n.Text, n.Action, microsOf(n.AckedAt))
}

func (t *brokerTx) AckNotice(ctx context.Context, user auth.UserID, id string, at time.Time) error {
	return t.user.one(ctx, "acknowledge notice", `UPDATE notices SET acked_at = CASE WHEN acked_at = 0 THEN CAST($3 AS BIGINT) ELSE acked_at END
		WHERE id = $1 AND user_id = $2`, id, string(user), micros(at))
}

func (t *brokerTx) SaveRequestsUsed(ctx context.Context, user auth.UserID, broker store.BrokerID, day calendar.Date, used int) error {
	return t.exec(ctx, "save requests used", `INSERT INTO broker_requests (user_id, broker, day, used) VALUES ($1, $2, $3, $4)
		ON CONFLICT (user_id, broker, day) DO UPDATE SET used = excluded.used`, string(user), string(broker), int64(day), int64(used))
}

func (t *brokerTx) HoldAll(ctx context.Context) error {
	return t.exec(ctx, "hold all", `UPDATE broker_connections SET is_held = 1`)
}

func (t *brokerTx) PruneBrokers(ctx context.Context, now time.Time) error {
	old := now.Add(-rowsKept)
	for _, step := range []struct {
		query string
		arg   int64
	}{
		{`DELETE FROM broker_popups WHERE expires_at <= $1`, micros(now.Add(-popupsKept))},
		{`DELETE FROM broker_submissions WHERE at <= $1`, micros(old)},
		{`DELETE FROM notices WHERE acked_at <> 0 AND acked_at <= $1`, micros(old)},
		{`DELETE FROM broker_requests WHERE day <= $1`, int64(calendar.Instant(micros(old)).Date())},
		{`DELETE FROM job_runs WHERE due_at <= $1 AND due_at < (SELECT MAX(due_at) FROM job_runs AS newer WHERE newer.job = job_runs.job)`, micros(old)},
		{`DELETE FROM broker_attempts WHERE number IN (SELECT number FROM (SELECT number, ROW_NUMBER() OVER (PARTITION BY user_id
			ORDER BY number DESC) AS place FROM broker_attempts) AS placed WHERE place > $1)`, attemptsKept},
	} {
		if err := t.exec(ctx, "prune brokers", step.query, step.arg); err != nil {
			return err
		}
	}
	return nil
}

// notNil keeps an empty value from being stored as NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
