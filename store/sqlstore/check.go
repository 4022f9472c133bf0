package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
)

// CheckBeside checks a database's schema and its file, also beside a running server, and returns the schema's version. It
// changes nothing. Errors: store.ErrNewerSchema, store.ErrCorrupt, fs.ErrNotExist.
func CheckBeside(ctx context.Context, dir string) (version int64, err error) {
	path, err := existing(dir)
	if err != nil {
		return 0, err
	}
	db, err := sql.Open("sqlite", "file:"+path+dsnReader)
	if err != nil {
		return 0, fmt.Errorf("sqlstore: opening to check: %w", err)
	}
	defer db.Close()
	if version, err = schemaVersion(ctx, db); err != nil {
		return 0, err
	}
	if err := checkSchema(ctx, db); err != nil {
		return version, err
	}
	return version, quickCheck(ctx, db)
}
