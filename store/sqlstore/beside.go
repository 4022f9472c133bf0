package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"paperport/store"
)

// OpenUsersBeside opens the user tables of a database that a server may be using: it takes no lock, changes no schema
// and lets the database settle who writes when. The directory must hold a database of this version of the program.
func OpenUsersBeside(ctx context.Context, dir string) (*Users, func(), error) {
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); err != nil {
		return nil, nil, fmt.Errorf("sqlstore: no database in %s: start the server once, or name the right PAPERPORT_DATA_DIR: %w", dir, err)
	}
	db, err := sql.Open("sqlite", "file:"+path+dsnWriter)
	if err != nil {
		return nil, nil, fmt.Errorf("sqlstore: opening beside a server: %w", err)
	}
	db.SetMaxOpenConns(1)
	if err := checkUserTables(ctx, db); err != nil {
		_ = db.Close()
		return nil, nil, err
	}
	write := func(ctx context.Context, f func(*sql.Tx) error) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return classify(err)
		}
		if err := f(tx); err != nil {
			_ = tx.Rollback()
			return err
		}
		return classify(tx.Commit())
	}
	return NewUsers(db, write), func() { _ = db.Close() }, nil
}

func checkUserTables(ctx context.Context, db *sql.DB) error {
	var n int
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM resets`).Scan(&n); err != nil {
		return fmt.Errorf("%w: %w", store.ErrNotFound, err)
	}
	return nil
}
