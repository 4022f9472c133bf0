package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"paperport/store"
)

const (
	partPrefix = ".paperport-backup-"
	partAgeMax = 24 * time.Hour
	dsnCopy    = "?mode=ro&immutable=1"
	dsnRestore = "?_pragma=busy_timeout(5000)&_pragma=journal_mode(DELETE)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate"
)

// BackupTo writes a copy of the database as it stands at one instant to a file, which it replaces, while the store is
// read and written. The copy is complete, durable and passes SQLite's own check when the answer is nil; else the file is
// as it was. It holds the sealed secrets, but neither the vault's key nor audit.key.
func (s *Store) BackupTo(ctx context.Context, path string) error {
	return backup(ctx, s.path, path)
}

// BackupBeside is BackupTo from another process than the server's.
func BackupBeside(ctx context.Context, dir, path string) error {
	from, err := existing(dir)
	if err != nil {
		return err
	}
	return backup(ctx, from, path)
}

func backup(ctx context.Context, from, to string) (err error) {
	part, err := makePart(filepath.Dir(to))
	if err != nil {
		return fmt.Errorf("sqlstore: backing up: %w", err)
	}
	for _, step := range []func() error{
		func() error { return vacuumInto(ctx, from, part) },
		func() error { return syncFile(part) },
		func() error { return checkCopy(ctx, part) },
		func() error { return renameDurably(part, to) },
	} {
		if err := step(); err != nil {
			_ = os.Remove(part)
			return fmt.Errorf("sqlstore: backing up: %w", classifyCopy(err))
		}
	}
	return nil
}

// makePart makes an empty private file (SQLite fills it and leaves its mode) and removes those that a killed backup left
// there a day ago.
func makePart(dir string) (string, error) {
	old, err := filepath.Glob(filepath.Join(dir, partPrefix+"*"))
	if err != nil {
		return "", err
	}
	for _, path := range old {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > partAgeMax {
			_ = os.Remove(path)
		}
	}
	f, err := os.CreateTemp(dir, partPrefix)
	if err != nil {
		return "", err
	}
	path, err := filepath.Abs(f.Name())
	return path, errors.Join(err, f.Close())
}

// vacuumInto copies on a connection of its own: writers go on, and the copy is of one instant.
func vacuumInto(ctx context.Context, from, to string) error {
	db, err := sql.Open("sqlite", uri(from)+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, to)
	return errors.Join(err, db.Close())
}

// uri names a file whose path is the user's choice.
func uri(path string) string {
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// classifyCopy is classify for failures of another file than ours: a full disk may be told, but nothing of it means that
// the database in use is broken.
func classifyCopy(err error) error {
	if is := classify(err); errors.Is(is, store.ErrDiskFull) {
		return is
	}
	return err
}

// checkCopy fails with store.ErrCorrupt unless SQLite finds every page and index of a closed file sound.
func checkCopy(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", uri(path)+dsnCopy)
	if err != nil {
		return err
	}
	var found string
	err = db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found)
	switch err = errors.Join(err, db.Close()); {
	case err != nil:
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	case found != "ok":
		return fmt.Errorf("%s: %w", found, store.ErrCorrupt)
	}
	return nil
}

// BackupInfo says what a backup file holds.
type BackupInfo struct {
	Schema int64 // version; at most that of this program
	Books  Books
	// Faults are those of VerifyBeside: a file can be whole and its books wrong.
	Faults []string
}

// CheckBackup looks at a file that BackupTo wrote. Errors: store.ErrCorrupt when it is damaged or no database of ours,
// store.ErrNewerSchema when a newer version of the program wrote it.
func CheckBackup(ctx context.Context, path string) (info BackupInfo, err error) {
	if _, err := os.Stat(path); err != nil {
		return info, fmt.Errorf("sqlstore: checking a backup: %w", err)
	}
	if err := checkCopy(ctx, path); err != nil {
		return info, fmt.Errorf("sqlstore: checking a backup: %w", err)
	}
	db, err := sql.Open("sqlite", uri(path)+dsnCopy)
	if err != nil {
		return info, fmt.Errorf("sqlstore: checking a backup: %w", err)
	}
	defer db.Close()
	if info.Schema, err = schemaVersion(ctx, db); err != nil {
		return info, err
	}
	newest, err := newestSchema()
	switch {
	case err != nil:
		return info, err
	case info.Schema > newest:
		return info, fmt.Errorf("sqlstore: the backup has schema %d, this program knows %d: %w", info.Schema, newest, store.ErrNewerSchema)
	case info.Schema == 0:
		return info, fmt.Errorf("sqlstore: %s is no backup of PaperPort: %w", path, store.ErrCorrupt)
	}
	info.Books, info.Faults, err = verifyBooks(ctx, db)
	return info, err
}

// Restore makes a data directory's database from a backup, brought to this version, with all automatic broker logins
// held: a copy must never fight the original for a broker session. The directory must be free (store.ErrLocked) and
// without a database (fs.ErrExist); what a dead one left beside it is removed. Killed at any point, it leaves the
// directory without a database or with a whole one. The caller puts the key files back himself.
func Restore(ctx context.Context, dir, backup string) (BackupInfo, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return BackupInfo{}, fmt.Errorf("sqlstore: making the data directory: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return BackupInfo{}, err
	}
	defer lock.Close()
	path := filepath.Join(dir, fileName)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return BackupInfo{}, fmt.Errorf("sqlstore: restoring: there is a database in %s already; name another directory or move it away: %w",
			dir, errors.Join(err, fs.ErrExist))
	}
	info, err := CheckBackup(ctx, backup)
	if err != nil {
		return info, err
	}
	part := path + ".part"
	for _, step := range []func() error{
		func() error { return removeAll(part, part+"-journal") },
		func() error { return copyFile(backup, part) },
		func() error { return settleCopy(ctx, part) },
		func() error { return removeAll(path+"-wal", path+"-shm", path+"-journal") },
		func() error { return renameDurably(part, path) },
	} {
		if err := step(); err != nil {
			_ = removeAll(part, part+"-journal")
			return info, fmt.Errorf("sqlstore: restoring: %w", err)
		}
	}
	return info, nil
}

// settleCopy migrates a copy and makes it stand aside.
func settleCopy(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", uri(path)+dsnRestore)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	err = migrate(ctx, db)
	if err == nil {
		err = writeBeside(db)(ctx, func(tx *sql.Tx) error { return standAside(ctx, tx) })
	}
	return errors.Join(err, db.Close(), syncFile(path))
}

// standAside keeps a restored copy away from the brokers of the original: no automatic login, and no use of its session.
func standAside(ctx context.Context, tx *sql.Tx) error {
	if err := newBrokerTx(tx, nil).HoldAll(ctx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM broker_sessions`); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM broker_secrets WHERE field = $1`, string(store.FieldSession))
	return err
}

func removeAll(paths ...string) error {
	var errs []error
	for _, path := range paths {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// copyFile makes a new private file.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
