package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
)

// Probe writes something that changes nothing and returns when it is durable, or why it could not be written.
func (s *Store) Probe(ctx context.Context) error {
	err := s.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.WithoutCancel(ctx), `UPDATE install SET id = id WHERE one = 1`)
		return err
	})
	if err != nil {
		return fmt.Errorf("sqlstore: probing: %w", err)
	}
	return nil
}
