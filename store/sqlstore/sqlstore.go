// Package sqlstore keeps the store contract in SQLite through hand-written portable SQL: WAL, synchronous FULL, one
// writer connection beside a pool of readers, one committer that stores waiting batches of all venues in one transaction.
//
// Invariants: what Submit or Write answered with nil survives kill -9 and power loss; one process owns a data directory;
// an I/O error ends all writing. Known limits: no network file systems; the lock exists on Unix only; on a database of
// more than checkBytesMax the start-up check runs beside the first requests and ends the program if it fails.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver
)

const (
	fileName      = "paperport.db"
	readersMax    = 8
	checkBytesMax = 32 << 20
	dsnWriter     = "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=wal_autocheckpoint(4000)&_txlock=immediate"
	dsnReader     = "?_pragma=busy_timeout(5000)&_pragma=query_only(1)&_pragma=foreign_keys(1)"
)

// Options says where and how to open.
type Options struct {
	// Dir is the data directory; it is made (0700) when missing.
	Dir string
	Log *slog.Logger
	// Fatal is called once, from the committer or the background check, when nothing may be written any more. The
	// process must exit 74 (70 is not used); nil panics instead.
	Fatal func(error)
	// Committed, when set, is told how long each transaction of the committer took. It must not block.
	Committed func(time.Duration)
}

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	write, read *sql.DB
	path        string // of the database
	lock        *os.File
	auditKey    *auditKey
	log         *slog.Logger
	fatal       func(error)
	committed   func(time.Duration)
	jobs        chan *job
	quit        chan struct{}
	done        sync.WaitGroup
	closeOnce   sync.Once
	closing     sync.RWMutex // guards isClosed against a job on its way into jobs
	isClosed    bool
	closeErr    error
}

// Open locks the directory, opens, checks and migrates the database and starts the committer. Errors: store.ErrLocked,
// store.ErrNewerSchema, store.ErrCorrupt, or what the file system said.
func Open(ctx context.Context, o Options) (*Store, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("sqlstore: making the data directory: %w", err)
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	s := &Store{path: filepath.Join(o.Dir, fileName), lock: lock, log: o.Log, fatal: o.Fatal, committed: o.Committed, jobs: make(chan *job, jobsMax), quit: make(chan struct{})}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.open(ctx, s.path); err != nil {
		s.closeFiles()
		return nil, err
	}
	s.done.Go(s.commitLoop)
	return s, nil
}

func (s *Store) open(ctx context.Context, path string) (err error) {
	if err := keepPrivate(path); err != nil {
		return err
	}
	size := int64(0)
	if info, err := os.Stat(path); err == nil {
		size = info.Size()
	}
	if s.write, err = sql.Open("sqlite", "file:"+path+dsnWriter); err != nil {
		return fmt.Errorf("sqlstore: opening: %w", err)
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", "file:"+path+dsnReader); err != nil {
		return fmt.Errorf("sqlstore: opening: %w", err)
	}
	s.read.SetMaxOpenConns(readersMax)
	s.read.SetMaxIdleConns(readersMax)
	if size > 0 && size <= checkBytesMax {
		if err := quickCheck(ctx, s.write); err != nil {
			return err
		}
	}
	if err := migrate(ctx, s.write); err != nil {
		return err
	}
	if err := makeInstall(ctx, s.write); err != nil {
		return err
	}
	if s.auditKey, err = makeAuditKey(filepath.Dir(path)); err != nil {
		return err
	}
	if err := startAudit(ctx, s.write, s.auditKey); err != nil {
		return err
	}
	if size > checkBytesMax {
		s.done.Go(s.checkBeside)
	}
	return nil
}

// keepPrivate makes the database file, or takes it from others, before SQLite opens it: it holds password hashes and
// one-time secrets. SQLite gives the files beside it the same mode.
func keepPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("sqlstore: opening: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("sqlstore: opening: %w", err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(path+suffix, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sqlstore: keeping the database private: %w", err)
		}
	}
	return nil
}

// checkBeside is the start-up check of a large database.
func (s *Store) checkBeside() {
	ctx, cancel := context.WithCancel(context.Background())
	finished := make(chan struct{})
	go func() {
		defer cancel()
		select {
		case <-s.quit:
		case <-finished:
		}
	}()
	err := quickCheck(ctx, s.read)
	isClosing := ctx.Err() != nil
	close(finished)
	if err != nil && !isClosing {
		s.fail(err)
	}
}

// Close waits for what was submitted, closes the files and gives up the lock. It may be called twice.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.closing.Lock()
		s.isClosed = true
		s.closing.Unlock()
		close(s.quit)
		s.done.Wait()
		s.closeErr = s.closeFiles()
	})
	return s.closeErr
}

func (s *Store) closeFiles() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// Reader is the pool for reading; its connections refuse writes.
func (s *Store) Reader() *sql.DB { return s.read }

// Users returns the user tables.
func (s *Store) Users() *Users {
	return &Users{userRows: userRows{s.read}, write: s.Write, key: s.auditKey}
}

// Brokers returns the tables of broker connections.
func (s *Store) Brokers() *Brokers {
	return &Brokers{brokerRows: brokerRows{s.read}, write: s.Write, key: s.auditKey}
}

// Jobs returns the table of job runs.
func (s *Store) Jobs() *Jobs { return &Jobs{db: s.read, write: s.Write} }

func (s *Store) fail(err error) {
	s.log.Error("storage failed: the process must stop", "err", err)
	if s.fatal == nil {
		panic("sqlstore: " + err.Error())
	}
	s.fatal(err)
}
