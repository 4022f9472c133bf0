package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"paperport/store"
)

const (
	jobsMax    = 1024 // waiting jobs; more block the submitter
	groupMax   = 256  // jobs of one transaction
	groupBytes = 4 << 20
)

// job is one unit that is stored whole or not at all.
type job struct {
	apply func(*transaction) error
	done  func(error)
	bytes int
}

// Submit stores a batch; see store.Committer. It blocks only while jobsMax jobs wait.
func (s *Store) Submit(b *store.Batch, done func(error)) {
	size := 0
	if b.Journal != nil {
		size += len(b.Journal.Payload)
	}
	if b.Snapshot != nil {
		size += len(b.Snapshot.State)
	}
	s.enqueue(&job{apply: func(t *transaction) error { return t.batch(b) }, done: done, bytes: size})
}

// Write runs f with the next group and returns when that is durable. f runs on the committer's goroutine, once.
func (s *Store) Write(ctx context.Context, f func(*sql.Tx) error) error {
	answer := make(chan error, 1)
	s.enqueue(&job{apply: func(t *transaction) error { return f(t.tx) }, done: func(err error) { answer <- err }})
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("sqlstore: waiting for the committer: %w", ctx.Err())
	}
}

func (s *Store) enqueue(j *job) {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.isClosed {
		j.done(store.ErrClosed)
		return
	}
	s.jobs <- j
}

// commitLoop is the one writer. It ends when the store is closed and nothing waits, or at the first failure of storage.
func (s *Store) commitLoop() {
	var broken error
	st := &statements{db: s.write, all: make(map[string]*sql.Stmt)}
	defer st.close()
	for {
		group := s.collect()
		if len(group) == 0 {
			return
		}
		if broken != nil {
			answer(group, nil, broken)
			continue
		}
		began := time.Now()
		results, err := s.commit(st, group)
		if s.committed != nil {
			s.committed(time.Since(began))
		}
		answer(group, results, err)
		if errors.Is(err, store.ErrBroken) {
			broken = err
			s.fail(err)
		}
	}
}

// collect waits for a job and takes those that wait behind it.
func (s *Store) collect() (group []*job) {
	select {
	case j := <-s.jobs:
		group = append(group, j)
	case <-s.quit:
	}
	bytes := 0
	for len(group) < groupMax && bytes < groupBytes {
		select {
		case j := <-s.jobs:
			group = append(group, j)
			bytes += j.bytes
		default:
			return group
		}
	}
	return group
}

// answer gives each job its own result, or err when the whole transaction failed.
func answer(group []*job, results []error, err error) {
	for i, j := range group {
		switch {
		case err != nil:
			j.done(err)
		default:
			j.done(results[i])
		}
	}
}

// commit stores a group in one transaction, each job in a savepoint of its own.
func (s *Store) commit(st *statements, group []*job) (results []error, err error) {
	ctx := context.Background()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, classify(fmt.Errorf("sqlstore: beginning: %w", err))
	}
	t := &transaction{ctx: ctx, tx: tx, all: st, own: make(map[string]*sql.Stmt)}
	defer st.keep(ctx, t)
	results = make([]error, len(group))
	failures := 0
	for i, j := range group {
		results[i] = t.guarded(j.apply, len(group) > 1)
		if results[i] != nil {
			failures++
		}
		if errors.Is(results[i], store.ErrDiskFull) || errors.Is(results[i], store.ErrBroken) {
			tx.Rollback()
			return nil, results[i]
		}
	}
	if failures == len(group) {
		tx.Rollback()
		return results, nil
	}
	if err := tx.Commit(); err != nil {
		tx.Rollback()
		return nil, classify(fmt.Errorf("sqlstore: committing: %w", err))
	}
	return results, nil
}
