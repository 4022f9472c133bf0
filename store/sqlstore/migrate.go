package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"

	"paperport/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// newestSchema is this program's version.
func newestSchema() (int64, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return 0, fmt.Errorf("sqlstore: reading migrations: %w", err)
	}
	return newestMigration(files)
}

// migrate brings the schema to this program's version. A newer one is refused; an equal one costs a single query.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("sqlstore: reading migrations: %w", err)
	}
	newest, err := newestMigration(files)
	if err != nil {
		return err
	}
	switch have, err := schemaVersion(ctx, db); {
	case err != nil:
		return err
	case have == newest:
		return nil
	case have > newest:
		return fmt.Errorf("sqlstore: schema %d, this program knows %d: %w", have, newest, store.ErrNewerSchema)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("sqlstore: reading migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("sqlstore: migrating: %w", err)
	}
	return nil
}

func newestMigration(files fs.FS) (newest int64, err error) {
	list, err := fs.ReadDir(files, ".")
	if err != nil {
		return 0, fmt.Errorf("sqlstore: reading migrations: %w", err)
	}
	for _, f := range list {
		number, _, _ := strings.Cut(f.Name(), "_")
		v, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("sqlstore: migration %s has no number: %w", f.Name(), err)
		}
		newest = max(newest, v)
	}
	return newest, nil
}

// schemaVersion is 0 for an empty database.
func schemaVersion(ctx context.Context, db *sql.DB) (v int64, err error) {
	var tables int
	const known = `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'goose_db_version'`
	if err := db.QueryRowContext(ctx, known).Scan(&tables); err != nil {
		return 0, classify(fmt.Errorf("sqlstore: reading the schema version: %w", err))
	}
	if tables == 0 {
		return 0, nil
	}
	const newest = `SELECT CAST(COALESCE(MAX(version_id), 0) AS BIGINT) FROM goose_db_version WHERE is_applied`
	if err := db.QueryRowContext(ctx, newest).Scan(&v); err != nil {
		return 0, classify(fmt.Errorf("sqlstore: reading the schema version: %w", err))
	}
	return v, nil
}

// makeInstall gives the installation its id and salt, once.
func makeInstall(ctx context.Context, db *sql.DB) error {
	var id [16]byte
	var salt [32]byte
	_, _ = rand.Read(id[:]) // never fails
	_, _ = rand.Read(salt[:])
	_, err := db.ExecContext(ctx, `INSERT INTO install (one, id, salt, key_check) VALUES (1, $1, $2, $3) ON CONFLICT (one) DO NOTHING`,
		hex.EncodeToString(id[:]), salt[:], []byte{})
	if err != nil {
		return classify(fmt.Errorf("sqlstore: naming the installation: %w", err))
	}
	return nil
}

// quickCheck fails with store.ErrCorrupt unless SQLite finds the file sound.
func quickCheck(ctx context.Context, db *sql.DB) error {
	var found string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&found); err != nil {
		return classify(fmt.Errorf("sqlstore: checking the database: %w", err))
	}
	if found != "ok" {
		return fmt.Errorf("sqlstore: %s: %w", found, store.ErrCorrupt)
	}
	return nil
}
