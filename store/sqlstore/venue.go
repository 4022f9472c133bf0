package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"paperport/calendar"
	"paperport/store"
)

// AddVenue stores a new venue; an id in use is store.ErrConflict.
func (s *Store) AddVenue(ctx context.Context, v store.Venue) error {
	return s.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO venues (id, kind, name, owner, created_at, settings, fault) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			string(v.ID), v.Kind, v.Name, string(v.Owner), int64(v.CreatedAt), append([]byte{}, v.Settings...), v.Fault)
		if err != nil {
			return fmt.Errorf("sqlstore: storing venue %s: %w", v.ID, err)
		}
		return nil
	})
}

// Venues lists all venues, oldest first.
func (s *Store) Venues(ctx context.Context) ([]store.Venue, error) {
	scan := func(scan func(...any) error) (v store.Venue, err error) {
		return v, scan(&v.ID, &v.Kind, &v.Name, &v.Owner, &v.CreatedAt, &v.Settings, &v.Fault)
	}
	return list(ctx, s.read, "venues", scan,
		`SELECT id, kind, name, owner, created_at, settings, fault FROM venues ORDER BY created_at, id`)
}

// Accounts lists all accounts, oldest first.
func (s *Store) Accounts(ctx context.Context) ([]store.Account, error) {
	scan := func(scan func(...any) error) (a store.Account, err error) {
		return a, scan(&a.ID, &a.Owner, &a.Venue, &a.Name, &a.Plan, &a.Profile, &a.Capital, &a.OpenedAt)
	}
	return list(ctx, s.read, "accounts", scan,
		`SELECT id, owner, venue, name, plan, profile, capital, opened_at FROM accounts ORDER BY opened_at, id`)
}

// Snapshots returns the newest two, newest first.
func (s *Store) Snapshots(ctx context.Context, v store.VenueID) ([]store.Snapshot, error) {
	scan := func(scan func(...any) error) (n store.Snapshot, err error) {
		var hash, stateHash []byte
		err = scan(&n.Seq, &n.At, &n.Version, &hash, &stateHash, &n.State)
		copy(n.Hash[:], hash)
		copy(n.StateHash[:], stateHash)
		return n, err
	}
	return list(ctx, s.read, "snapshots", scan,
		`SELECT seq, at, version, hash, state_hash, state FROM snapshots WHERE venue = $1 ORDER BY seq DESC LIMIT 2`, string(v))
}

const (
	journalColumns = `first_seq, last_seq, at, version, hash, payload`
	journalPage    = 256 // rows read at once, so that a slow replay does not pin the WAL
)

func scanJournal(scan func(...any) error) (j store.Journal, err error) {
	var hash []byte
	err = scan(&j.First, &j.Last, &j.At, &j.Version, &hash, &j.Payload)
	copy(j.Hash[:], hash)
	return j, err
}

// JournalAfter calls f with each row that begins after seq, in order, until f fails.
func (s *Store) JournalAfter(ctx context.Context, v store.VenueID, seq uint64, f func(store.Journal) error) error {
	for {
		page, err := list(ctx, s.read, "journal", scanJournal,
			`SELECT `+journalColumns+` FROM journal WHERE venue = $1 AND first_seq > $2 ORDER BY first_seq LIMIT $3`,
			string(v), int64(seq), journalPage)
		if err != nil {
			return err
		}
		for _, j := range page {
			if err := f(j); err != nil {
				return err
			}
			seq = j.First
		}
		if len(page) < journalPage {
			return nil
		}
	}
}

// LastJournal returns the newest row, its payload included; the zero value when there is none.
func (s *Store) LastJournal(ctx context.Context, v store.VenueID) (store.Journal, error) {
	row := s.read.QueryRowContext(ctx, `SELECT `+journalColumns+` FROM journal WHERE venue = $1 ORDER BY first_seq DESC LIMIT 1`, string(v))
	j, err := scanJournal(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Journal{}, nil
	}
	if err != nil {
		return j, fmt.Errorf("sqlstore: reading the journal's end: %w", classify(err))
	}
	return j, nil
}

// Boards lists where a venue stands on each board.
func (s *Store) Boards(ctx context.Context, v store.VenueID) ([]store.Board, error) {
	scan := func(scan func(...any) error) (b store.Board, err error) {
		return b, scan(&b.Board.Exchange, &b.Board.Segment, &b.Board.Auction, &b.Phase, &b.TradingDate, &b.EndedDate, &b.IsSquaredOff, &b.Reason)
	}
	return list(ctx, s.read, "boards", scan, `SELECT exchange, segment, auction, phase, trading_date, ended_date, squared_off, reason
 FROM boards WHERE venue = $1 ORDER BY exchange, segment, auction`, string(v))
}

// PruneJournal removes rows that end before the second-newest snapshot and before an instant.
func (s *Store) PruneJournal(ctx context.Context, v store.VenueID, before calendar.Instant) error {
	return s.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM journal WHERE venue = $1 AND at < $2 AND last_seq <=
 (SELECT CAST(COALESCE(MIN(seq), 0) AS BIGINT) FROM snapshots WHERE venue = $1) AND (SELECT COUNT(*) FROM snapshots WHERE venue = $1) >= 2`,
			string(v), int64(before))
		if err != nil {
			return fmt.Errorf("sqlstore: pruning the journal of %s: %w", v, err)
		}
		return nil
	})
}
