package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"paperport/store"
)

// Jobs keeps which slots of named jobs were run.
type Jobs struct {
	db    rows
	write Write
}

var _ store.Jobs = (*Jobs)(nil)

// ClaimRun takes a slot; only one caller ever gets true for it.
func (j *Jobs) ClaimRun(ctx context.Context, job string, due, at time.Time) (isMine bool, err error) {
	err = j.write(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
		result, err := steady{tx}.ExecContext(ctx, `INSERT INTO job_runs (job, due_at, started_at, finished_at, status) VALUES ($1, $2, $3, 0, '')
			ON CONFLICT (job, due_at) DO NOTHING`, job, micros(due), micros(at))
		if err != nil {
			return fmt.Errorf("sqlstore: claim a run of %s: %w", job, err)
		}
		n, err := result.RowsAffected()
		isMine = n == 1
		return err
	})
	return isMine && err == nil, err
}

// FinishRun stores how a claimed slot ended; ErrAbsent when nobody claimed it.
func (j *Jobs) FinishRun(ctx context.Context, job string, due, at time.Time, status string) error {
	return j.write(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
		return newUserTx(tx, nil).one(ctx, "finish a run", `UPDATE job_runs SET finished_at = $3, status = $4 WHERE job = $1 AND due_at = $2`,
			job, micros(due), micros(at), status)
	})
}

// LastRun is the claimed slot that was due last.
func (j *Jobs) LastRun(ctx context.Context, job string) (r store.JobRun, err error) {
	var due, started, finished int64
	err = j.db.QueryRowContext(ctx, `SELECT job, due_at, started_at, finished_at, status FROM job_runs WHERE job = $1 ORDER BY due_at DESC LIMIT 1`,
		job).Scan(&r.Job, &due, &started, &finished, &r.Status)
	if errors.Is(err, sql.ErrNoRows) {
		return store.JobRun{}, store.ErrAbsent
	}
	r.Due, r.StartedAt, r.FinishedAt = fromMicros(due), fromMicros(started), timeOf(finished)
	return r, absent(err, "read the last run")
}
