package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"paperport/calendar"
	"paperport/ledger"
	"paperport/order"
)

const (
	addEntry = `INSERT INTO entries (account, number, kind, ref, body, at, trading_date, balance)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	addPosting = `INSERT INTO postings (account, entry, n, book, amount) VALUES ($1, $2, $3, $4, $5)`
)

func (t *transaction) entries(list []ledger.Entry) error {
	for i := range list {
		e := &list[i]
		if _, err := t.exec(addEntry, e.Account, e.Number, e.Kind, e.Ref, e.Text, int64(e.At), int64(e.TradingDate), int64(e.Balance)); err != nil {
			return fmt.Errorf("sqlstore: storing entry %d: %w", e.Number, err)
		}
		for n, p := range e.Postings {
			if _, err := t.exec(addPosting, e.Account, e.Number, int64(n), p.Book, int64(p.Amount)); err != nil {
				return fmt.Errorf("sqlstore: storing a posting of entry %d: %w", e.Number, err)
			}
		}
	}
	return nil
}

// EntriesBefore returns at most limit entries below a number (0: the newest), newest first.
func (s *Store) EntriesBefore(ctx context.Context, a order.AccountID, before int64, limit int) ([]ledger.Entry, error) {
	const above = `SELECT account, number, kind, ref, body, at, trading_date, balance FROM entries
 WHERE account = $1 AND (CAST($2 AS BIGINT) = 0 OR number < $2) ORDER BY number DESC LIMIT $3`
	entries, err := list(ctx, s.read, "entries", scanEntry, above, string(a), before, limit)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	return entries, s.addPostings(ctx, a, entries)
}

func scanEntry(scan func(...any) error) (e ledger.Entry, err error) {
	return e, scan(&e.Account, &e.Number, &e.Kind, &e.Ref, &e.Text, &e.At, &e.TradingDate, &e.Balance)
}

// EntriesOn lists the entries of a trading date by number.
func (s *Store) EntriesOn(ctx context.Context, a order.AccountID, d calendar.Date) ([]ledger.Entry, error) {
	entries, err := list(ctx, s.read, "entries", scanEntry,
		`SELECT account, number, kind, ref, body, at, trading_date, balance FROM entries
 WHERE account = $1 AND trading_date = $2 ORDER BY number DESC`, string(a), int64(d))
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	if err := s.addPostings(ctx, a, entries); err != nil {
		return nil, err
	}
	slices.Reverse(entries)
	return entries, nil
}

// addPostings fills in the postings of entries, which are newest first.
func (s *Store) addPostings(ctx context.Context, a order.AccountID, entries []ledger.Entry) error {
	type row struct {
		entry int64
		ledger.Posting
	}
	scan := func(scan func(...any) error) (r row, err error) { return r, scan(&r.entry, &r.Book, &r.Amount) }
	rows, err := list(ctx, s.read, "postings", scan,
		`SELECT entry, book, amount FROM postings WHERE account = $1 AND entry BETWEEN $2 AND $3 ORDER BY entry DESC, n`,
		string(a), entries[len(entries)-1].Number, entries[0].Number)
	if err != nil {
		return err
	}
	i := 0
	for _, r := range rows {
		for i < len(entries) && entries[i].Number > r.entry {
			i++
		}
		if i == len(entries) {
			break
		}
		if entries[i].Number != r.entry { // of an entry between that was not asked for
			continue
		}
		entries[i].Postings = append(entries[i].Postings, r.Posting)
	}
	return nil
}
