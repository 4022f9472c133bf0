package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"paperport/store"
)

// OpenUsersBeside opens the user tables of a database that a server may be using: it takes no lock, changes no schema
// and lets the database settle who writes when. The directory must hold a database of this version of the program.
func OpenUsersBeside(ctx context.Context, dir string) (*Users, func(), error) {
	db, key, err := openBeside(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	return &Users{userRows: userRows{db}, write: writeBeside(db), key: key}, func() { _ = db.Close() }, nil
}

// OpenBrokersBeside is OpenUsersBeside for broker connections.
func OpenBrokersBeside(ctx context.Context, dir string) (*Brokers, func(), error) {
	db, key, err := openBeside(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	return &Brokers{brokerRows: brokerRows{db}, write: writeBeside(db), key: key}, func() { _ = db.Close() }, nil
}

func openBeside(ctx context.Context, dir string) (*sql.DB, *auditKey, error) {
	path, err := existing(dir)
	if err != nil {
		return nil, nil, err
	}
	key, err := loadAuditKey(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // without it, reading works and AddAudit refuses
		return nil, nil, err
	}
	db, err := sql.Open("sqlite", "file:"+path+dsnWriter)
	if err != nil {
		return nil, nil, fmt.Errorf("sqlstore: opening beside a server: %w", err)
	}
	db.SetMaxOpenConns(1)
	if err := checkSchema(ctx, db); err != nil {
		_ = db.Close()
		return nil, nil, err
	}
	return db, key, nil
}

// existing is the path of a directory's database.
func existing(dir string) (string, error) {
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("sqlstore: no database in %s: start the server once, or name the right PAPERPORT_DATA_DIR: %w", dir, err)
	}
	return path, nil
}

// writeBeside runs each write in a transaction of its own.
func writeBeside(db *sql.DB) Write {
	return func(ctx context.Context, f func(*sql.Tx) error) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return classify(err)
		}
		if err := f(tx); err != nil {
			_ = tx.Rollback()
			return classify(err)
		}
		return classify(tx.Commit())
	}
}

// checkSchema wants a database of exactly this version.
func checkSchema(ctx context.Context, db *sql.DB) error {
	newest, err := newestSchema()
	if err != nil {
		return err
	}
	switch have, err := schemaVersion(ctx, db); {
	case err != nil:
		return err
	case have > newest:
		return fmt.Errorf("sqlstore: schema %d, this program knows %d: %w", have, newest, store.ErrNewerSchema)
	case have < newest:
		return fmt.Errorf("sqlstore: the database is of an older version: start the server once: %w", store.ErrNotFound)
	}
	return nil
}
