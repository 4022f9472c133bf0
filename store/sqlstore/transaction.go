package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
)

// statements are prepared once on the writer.
type statements struct {
	db  *sql.DB
	all map[string]*sql.Stmt
}

func (s *statements) close() {
	for _, stmt := range s.all {
		stmt.Close()
	}
}

func (s *statements) get(ctx context.Context, tx *sql.Tx, query string) (*sql.Stmt, error) {
	if stmt, ok := s.all[query]; ok {
		return tx.StmtContext(ctx, stmt), nil
	}
	return tx.PrepareContext(ctx, query)
}

// keep prepares what t had to prepare for itself, once t is over and the writer is free.
func (s *statements) keep(ctx context.Context, t *transaction) {
	for query := range t.own {
		if _, ok := s.all[query]; ok {
			continue
		}
		if stmt, err := s.db.PrepareContext(ctx, query); err == nil {
			s.all[query] = stmt
		}
	}
}

// transaction is one open transaction of the committer.
type transaction struct {
	ctx context.Context
	tx  *sql.Tx
	all *statements
	own map[string]*sql.Stmt
}

func (t *transaction) exec(query string, args ...any) (sql.Result, error) {
	stmt, ok := t.own[query]
	if !ok {
		var err error
		if stmt, err = t.all.get(t.ctx, t.tx, query); err != nil {
			return nil, err
		}
		t.own[query] = stmt
	}
	return stmt.ExecContext(t.ctx, args...)
}

// guarded runs apply so that its failure leaves nothing behind. Alone in its transaction it needs no savepoint.
func (t *transaction) guarded(apply func(*transaction) error, needsSavepoint bool) error {
	if !needsSavepoint {
		return classify(t.apply(apply))
	}
	if _, err := t.exec(`SAVEPOINT job`); err != nil {
		return classify(fmt.Errorf("sqlstore: opening a savepoint: %w", err))
	}
	failure := classify(t.apply(apply))
	if failure != nil {
		if _, err := t.exec(`ROLLBACK TO job`); err != nil {
			return classify(fmt.Errorf("sqlstore: undoing a batch: %w", err))
		}
	}
	if _, err := t.exec(`RELEASE job`); err != nil {
		return classify(fmt.Errorf("sqlstore: closing a savepoint: %w", err))
	}
	return failure
}

// apply turns a panic in a caller's function into an error: the committer serves everyone.
func (t *transaction) apply(f func(*transaction) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("sqlstore: write panicked: %v", p)
		}
	}()
	return f(t)
}
