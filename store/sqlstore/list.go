package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
)

// list runs a query and scans every row; rows are closed before it returns, so no slow reader pins the WAL.
func list[T any](ctx context.Context, db *sql.DB, what string, scan func(func(...any) error) (T, error), query string, args ...any) (all []T, err error) {
	found, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: reading %s: %w", what, classify(err))
	}
	defer found.Close()
	for found.Next() {
		row, err := scan(found.Scan)
		if err != nil {
			return nil, fmt.Errorf("sqlstore: reading %s: %w", what, classify(err))
		}
		all = append(all, row)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("sqlstore: reading %s: %w", what, classify(err))
	}
	return all, nil
}
