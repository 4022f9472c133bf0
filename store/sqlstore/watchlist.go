package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"paperport/auth"
	"paperport/store"
)

// PutWatchlist replaces one list of one venue.
func (s *Store) PutWatchlist(ctx context.Context, w store.Watchlist) error {
	ids, err := json.Marshal(w.Instruments)
	if err != nil {
		return fmt.Errorf("sqlstore: encoding a watch list: %w", err)
	}
	return s.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO watchlists (owner, number, name, venue, instruments) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (owner, venue, number) DO UPDATE SET name = excluded.name, instruments = excluded.instruments`,
			string(w.Owner), int64(w.Number), w.Name, string(w.Venue), ids)
		if err != nil {
			return fmt.Errorf("sqlstore: storing a watch list: %w", err)
		}
		return nil
	})
}

// Watchlists lists a user's lists by venue and number.
func (s *Store) Watchlists(ctx context.Context, owner auth.UserID) ([]store.Watchlist, error) {
	scan := func(scan func(...any) error) (w store.Watchlist, err error) {
		var ids []byte
		if err := scan(&w.Owner, &w.Number, &w.Name, &w.Venue, &ids); err != nil {
			return w, err
		}
		return w, json.Unmarshal(ids, &w.Instruments)
	}
	return list(ctx, s.read, "watch lists", scan,
		`SELECT owner, number, name, venue, instruments FROM watchlists WHERE owner = $1 ORDER BY venue, number`, string(owner))
}
