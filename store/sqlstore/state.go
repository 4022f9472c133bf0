package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"paperport/calendar"
	"paperport/store"
)

const (
	ofVenue = `account IN (SELECT id FROM accounts WHERE venue = $1)`
	// newestDay is the newest trading date with orders of the account a.
	newestDay = `(SELECT MAX(n.trading_date) FROM orders n WHERE n.account = a.id)`

	// Each part is found through an index of its own; 1, 2 and 8 are order.Pending, Open and TriggerPending.
	workingOrders = `FROM accounts a JOIN orders o ON o.account = a.id AND o.status IN (1, 2, 8) WHERE a.venue = $1`
	newestOrders  = `FROM accounts a JOIN orders o ON o.account = a.id AND o.trading_date = ` + newestDay + ` WHERE a.venue = $1 AND o.status NOT IN (1, 2, 8)`
	workingTrades = `FROM accounts a JOIN orders o ON o.account = a.id AND o.status IN (1, 2, 8)
 JOIN trades t ON t.account = o.account AND t.order_id = o.id WHERE a.venue = $1`
	newestTrades = `FROM accounts a JOIN trades t ON t.account = a.id AND t.trading_date = ` + newestDay + ` WHERE a.venue = $1`
)

// of writes columns as those of a table's alias.
func of(alias, columns string) string {
	parts := strings.Split(columns, ",")
	for i, p := range parts {
		parts[i] = alias + "." + strings.TrimSpace(p)
	}
	return strings.Join(parts, ", ")
}

// VenueState reads the rows a venue starts from, in several statements: nothing of the venue may be on its way.
func (s *Store) VenueState(ctx context.Context, v store.VenueID) (state store.VenueState, err error) {
	id := string(v)
	orders := `SELECT ` + of("o", orderColumns) + ` ` + workingOrders + ` UNION ALL SELECT ` + of("o", orderColumns) + ` ` + newestOrders + ` ORDER BY 1`
	if state.Orders, err = list(ctx, s.read, "orders", scanOrder, orders, id); err != nil {
		return state, err
	}
	trades := `SELECT ` + of("t", tradeColumns) + ` ` + workingTrades + ` UNION SELECT ` + of("t", tradeColumns) + ` ` + newestTrades + ` ORDER BY 2`
	if state.Trades, err = list(ctx, s.read, "trades", scanTrade, trades, id); err != nil {
		return state, err
	}
	state.Positions, err = list(ctx, s.read, "positions", scanPosition, `SELECT `+positionColumns+` FROM positions WHERE `+ofVenue+
		` ORDER BY account, instrument, product`, id)
	if err != nil {
		return state, err
	}
	state.Holdings, err = list(ctx, s.read, "holdings", scanHolding, `SELECT `+holdingColumns+` FROM holdings WHERE `+ofVenue+
		` ORDER BY account, instrument`, id)
	if err != nil {
		return state, err
	}
	state.Funds, err = list(ctx, s.read, "funds", scanFunds, `SELECT `+fundsColumns+` FROM funds WHERE `+ofVenue+` ORDER BY account`, id)
	if err != nil {
		return state, err
	}
	return state, s.lastNumbers(ctx, id, &state)
}

// lastNumbers asks account by account, each answered by the end of an index.
func (s *Store) lastNumbers(ctx context.Context, venue string, state *store.VenueState) error {
	const last = `SELECT CAST(COALESCE(MAX(o), 0) AS BIGINT), CAST(COALESCE(MAX(t), 0) AS BIGINT), CAST(COALESCE(MAX(e), 0) AS BIGINT) FROM (
 SELECT (SELECT MAX(id) FROM orders WHERE account = a.id) AS o, (SELECT MAX(id) FROM trades WHERE account = a.id) AS t,
 (SELECT MAX(number) FROM entries WHERE account = a.id) AS e FROM accounts a WHERE a.venue = $1) AS each_account`
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
