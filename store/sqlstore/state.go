package sqlstore

import (
	"context"
	"fmt"

	"paperport/calendar"
	"paperport/store"
)

const (
	ofVenue   = `account IN (SELECT id FROM accounts WHERE venue = $1)`
	isWorking = `status <= 2` // order.Pending and order.Open
	// newestDay is an account's newest trading date with orders.
	newestDay = `(SELECT MAX(trading_date) FROM orders n WHERE n.account = orders.account)`
)

// VenueState reads the rows a venue starts from, as of one moment: the caller's committer must be idle for the venue.
func (s *Store) VenueState(ctx context.Context, v store.VenueID) (state store.VenueState, err error) {
	id := string(v)
	read := func(f func() error) {
		if err == nil {
			err = f()
		}
	}
	read(func() (err error) {
		state.Orders, err = list(ctx, s.read, "orders", scanOrder, `SELECT `+orderColumns+` FROM orders WHERE `+ofVenue+
			` AND (`+isWorking+` OR trading_date = `+newestDay+`) ORDER BY id`, id)
		return err
	})
	read(func() (err error) {
		state.Trades, err = list(ctx, s.read, "trades", scanTrade, `SELECT `+tradeColumns+` FROM trades WHERE `+ofVenue+
			` AND (trading_date = (SELECT MAX(trading_date) FROM orders n WHERE n.account = trades.account)
 OR order_id IN (SELECT id FROM orders o WHERE o.account = trades.account AND o.`+isWorking+`)) ORDER BY id`, id)
		return err
	})
	read(func() (err error) {
		state.Positions, err = list(ctx, s.read, "positions", scanPosition, `SELECT `+positionColumns+` FROM positions WHERE `+ofVenue+
			` ORDER BY account, instrument, product`, id)
		return err
	})
	read(func() (err error) {
		state.Holdings, err = list(ctx, s.read, "holdings", scanHolding, `SELECT `+holdingColumns+` FROM holdings WHERE `+ofVenue+
			` ORDER BY account, instrument`, id)
		return err
	})
	read(func() (err error) {
		state.Funds, err = list(ctx, s.read, "funds", scanFunds, `SELECT `+fundsColumns+` FROM funds WHERE `+ofVenue+` ORDER BY account`, id)
		return err
	})
	read(func() error { return s.lastNumbers(ctx, id, &state) })
	return state, err
}

func (s *Store) lastNumbers(ctx context.Context, venue string, state *store.VenueState) error {
	const last = `SELECT (SELECT CAST(COALESCE(MAX(id), 0) AS BIGINT) FROM orders WHERE ` + ofVenue + `),
 (SELECT CAST(COALESCE(MAX(id), 0) AS BIGINT) FROM trades WHERE ` + ofVenue + `),
 (SELECT CAST(COALESCE(MAX(number), 0) AS BIGINT) FROM entries WHERE ` + ofVenue + `)`
	if err := s.read.QueryRowContext(ctx, last, venue).Scan(&state.LastOrder, &state.LastTrade, &state.LastEntry); err != nil {
		return fmt.Errorf("sqlstore: reading the last numbers: %w", classify(err))
	}
	return nil
}

// Receipts lists all receipts of a venue by input.
func (s *Store) Receipts(ctx context.Context, v store.VenueID) ([]store.Receipt, error) {
	scan := func(scan func(...any) error) (r store.Receipt, err error) {
		var fingerprint int64
		err = scan(&r.Account, &r.RequestID, &r.Seq, &r.Order, &r.Code, &r.Reason, &r.At, &fingerprint)
		r.Fingerprint = uint64(fingerprint)
		return r, err
	}
	return list(ctx, s.read, "receipts", scan, `SELECT account, request_id, seq, order_id, code, reason, at, fingerprint FROM receipts
 WHERE `+ofVenue+` ORDER BY seq, account, request_id`, string(v))
}

// Balances sums all postings of a venue by account and book.
func (s *Store) Balances(ctx context.Context, v store.VenueID) ([]store.Balance, error) {
	scan := func(scan func(...any) error) (b store.Balance, err error) {
		return b, scan(&b.Account, &b.Book, &b.Amount)
	}
	return list(ctx, s.read, "balances", scan, `SELECT account, book, CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM postings
 WHERE `+ofVenue+` GROUP BY account, book ORDER BY account, book`, string(v))
}

// DayCash sums the cash postings of a trading date by account and kind of entry.
func (s *Store) DayCash(ctx context.Context, v store.VenueID, d calendar.Date) ([]store.DayCash, error) {
	scan := func(scan func(...any) error) (c store.DayCash, err error) {
		return c, scan(&c.Account, &c.Kind, &c.Amount)
	}
	return list(ctx, s.read, "the day's cash", scan, `SELECT e.account, e.kind, CAST(COALESCE(SUM(p.amount), 0) AS BIGINT)
 FROM entries e JOIN postings p ON p.account = e.account AND p.entry = e.number AND p.book = 'cash'
 WHERE e.account IN (SELECT id FROM accounts WHERE venue = $1) AND e.trading_date = $2 GROUP BY e.account, e.kind ORDER BY e.account, e.kind`,
		string(v), int64(d))
}
