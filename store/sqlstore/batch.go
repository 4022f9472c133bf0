package sqlstore

import (
	"fmt"

	"paperport/store"
)

// batch stores what a venue handed over. The journal row goes first: it refuses a batch that does not continue it.
func (t *transaction) batch(b *store.Batch) error {
	for _, step := range []func() error{
		func() error { return t.journal(b) },
		func() error { return t.accounts(b.Accounts) },
		func() error { return t.orders(b.Orders) },
		func() error { return t.events(b.Events) },
		func() error { return t.trades(b.Trades) },
		func() error { return t.entries(b.Entries) },
		func() error { return t.positions(b.Positions) },
		func() error { return t.holdings(b.Holdings) },
		func() error { return t.funds(b.Funds) },
		func() error { return t.receipts(b.Receipts) },
		func() error { return t.boards(b) },
		func() error { return t.snapshot(b) },
		func() error { return t.venue(b) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// addJournal inserts only right behind the newest row (or the first row of a venue).
const addJournal = `INSERT INTO journal (venue, first_seq, last_seq, at, version, hash, payload)
 SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS BIGINT), $6, $7
 WHERE (SELECT CAST(COALESCE(MAX(last_seq), 0) AS BIGINT) FROM journal WHERE venue = $1 AND first_seq = (SELECT MAX(first_seq) FROM journal WHERE venue = $1)) = CAST($2 AS BIGINT) - 1`

func (t *transaction) journal(b *store.Batch) error {
	j := b.Journal
	if j == nil {
		return nil
	}
	result, err := t.exec(addJournal, string(b.Venue), int64(j.First), int64(j.Last), int64(j.At), int64(j.Version), j.Hash[:], j.Payload)
	if err != nil {
		return fmt.Errorf("sqlstore: storing inputs %d to %d of %s: %w", j.First, j.Last, b.Venue, err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("sqlstore: inputs %d to %d of %s do not continue the journal: %w", j.First, j.Last, b.Venue, store.ErrConflict)
	}
	return nil
}

const addAccount = `INSERT INTO accounts (id, owner, venue, name, plan, profile, capital, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

func (t *transaction) accounts(list []store.Account) error {
	for _, a := range list {
		_, err := t.exec(addAccount, string(a.ID), string(a.Owner), string(a.Venue), a.Name, a.Plan, a.Profile, int64(a.Capital), int64(a.OpenedAt))
		if err != nil {
			return fmt.Errorf("sqlstore: storing account %s: %w", a.ID, err)
		}
	}
	return nil
}

const addReceipt = `INSERT INTO receipts (account, request_id, seq, order_id, code, reason, at, fingerprint) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account, request_id) DO NOTHING`

func (t *transaction) receipts(list []store.Receipt) error {
	for i := range list {
		r := &list[i]
		_, err := t.exec(addReceipt, string(r.Account), r.RequestID, int64(r.Seq), int64(r.Order), r.Code, r.Reason, int64(r.At), int64(r.Fingerprint))
		if err != nil {
			return fmt.Errorf("sqlstore: storing receipt %s: %w", r.RequestID, err)
		}
	}
	return nil
}

const putBoard = `INSERT INTO boards (venue, exchange, segment, auction, phase, trading_date, ended_date, squared_off, reason)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (venue, exchange, segment, auction) DO UPDATE SET phase = excluded.phase,
 trading_date = excluded.trading_date, ended_date = excluded.ended_date, squared_off = excluded.squared_off, reason = excluded.reason`

func (t *transaction) boards(b *store.Batch) error {
	for _, r := range b.Boards {
		_, err := t.exec(putBoard, string(b.Venue), int64(r.Board.Exchange), int64(r.Board.Segment), bit(r.Board.Auction), int64(r.Phase),
			int64(r.TradingDate), int64(r.EndedDate), bit(r.IsSquaredOff), r.Reason)
		if err != nil {
			return fmt.Errorf("sqlstore: storing board %s: %w", r.Board, err)
		}
	}
	return nil
}

func bit(isSet bool) int64 {
	if isSet {
		return 1
	}
	return 0
}

const (
	addSnapshot = `INSERT INTO snapshots (venue, seq, at, version, hash, state_hash, state) VALUES ($1, $2, $3, $4, $5, $6, $7)
 ON CONFLICT (venue, seq) DO UPDATE SET at = excluded.at, version = excluded.version, hash = excluded.hash,
 state_hash = excluded.state_hash, state = excluded.state`
	dropSnapshots = `DELETE FROM snapshots WHERE venue = $1 AND seq NOT IN
 (SELECT seq FROM snapshots WHERE venue = $1 ORDER BY seq DESC LIMIT 2)`
)

func (t *transaction) snapshot(b *store.Batch) error {
	n := b.Snapshot
	if n == nil {
		return nil
	}
	_, err := t.exec(addSnapshot, string(b.Venue), int64(n.Seq), int64(n.At), int64(n.Version), n.Hash[:], n.StateHash[:], n.State)
	if err == nil {
		_, err = t.exec(dropSnapshots, string(b.Venue))
	}
	if err != nil {
		return fmt.Errorf("sqlstore: storing snapshot %d of %s: %w", n.Seq, b.Venue, err)
	}
	return nil
}

func (t *transaction) venue(b *store.Batch) error {
	if b.Settings != nil {
		if _, err := t.exec(`UPDATE venues SET settings = $1 WHERE id = $2`, b.Settings, string(b.Venue)); err != nil {
			return fmt.Errorf("sqlstore: storing settings of %s: %w", b.Venue, err)
		}
	}
	if b.Fault != nil {
		if _, err := t.exec(`UPDATE venues SET fault = $1 WHERE id = $2`, *b.Fault, string(b.Venue)); err != nil {
			return fmt.Errorf("sqlstore: storing the fault of %s: %w", b.Venue, err)
		}
	}
	return nil
}
