package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
)

// ledgerChecks find what can never be in sound books; each row found is one fault, in words.
var ledgerChecks = []string{
	`SELECT 'entry ' || account || '/' || entry || ': its postings sum to ' || SUM(amount) || ' paise'
		FROM postings GROUP BY account, entry HAVING SUM(amount) <> 0 ORDER BY account, entry`,
	`SELECT 'entry ' || e.account || '/' || e.number || ': has no postings' FROM entries e
		WHERE NOT EXISTS (SELECT 1 FROM postings p WHERE p.account = e.account AND p.entry = e.number) ORDER BY e.account, e.number`,
	`SELECT 'entry ' || account || '/' || number || ': says balance ' || balance || ', the postings so far give ' || cash FROM (
		SELECT e.account, e.number, e.balance, SUM(COALESCE(p.amount, 0)) OVER (PARTITION BY e.account ORDER BY e.number) AS cash
		FROM entries e LEFT JOIN (SELECT account, entry, SUM(amount) AS amount FROM postings WHERE book = 'cash' GROUP BY account, entry) p
		ON p.account = e.account AND p.entry = e.number) AS running WHERE balance <> cash ORDER BY account, number`,
	`SELECT 'account ' || f.account || ': funds say cash ' || f.cash || ', the postings give ' || COALESCE(p.cash, 0) FROM funds f
		LEFT JOIN (SELECT account, SUM(amount) AS cash FROM postings WHERE book = 'cash' GROUP BY account) p ON p.account = f.account
		WHERE f.cash <> COALESCE(p.cash, 0) ORDER BY f.account`,
	`SELECT 'account ' || account || ': cash ' || cash || ' is not free ' || free || ' plus blocked ' || blocked FROM funds
		WHERE cash <> free + blocked ORDER BY account`,
	`SELECT 'account ' || account || ': blocked ' || blocked || ' is not orders ' || order_blocked || ' plus positions ' || position_blocked
		FROM funds WHERE blocked <> order_blocked + position_blocked ORDER BY account`,
	`SELECT 'order ' || account || '/' || id || ': quantities do not add up' FROM orders
		WHERE order_qty <> cum_qty + leaves_qty + cancelled_qty ORDER BY account, id`,
	`SELECT 'order ' || o.account || '/' || o.id || ': filled ' || o.cum_qty || ', its trades say ' || COALESCE(t.qty, 0) FROM orders o
		LEFT JOIN (SELECT account, order_id, SUM(qty) AS qty FROM trades GROUP BY account, order_id) t ON t.account = o.account AND t.order_id = o.id
		WHERE o.cum_qty <> COALESCE(t.qty, 0) ORDER BY o.account, o.id`,
}

// Books counts what VerifyBeside looked at.
type Books struct{ Accounts, Entries, Orders, Trades int64 }

// VerifyBeside checks all books of a database, also beside a running server, and returns what it looked at and every
// fault in words. It reads one consistent state and changes nothing.
func VerifyBeside(ctx context.Context, dir string) (seen Books, faults []string, err error) {
	path, err := existing(dir)
	if err != nil {
		return seen, nil, err
	}
	db, err := sql.Open("sqlite", "file:"+path+dsnReader)
	if err != nil {
		return seen, nil, fmt.Errorf("sqlstore: opening to verify: %w", err)
	}
	defer db.Close()
	return verifyBooks(ctx, db)
}

func verifyBooks(ctx context.Context, db *sql.DB) (seen Books, faults []string, err error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return seen, nil, fmt.Errorf("sqlstore: verifying: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	err = tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM funds), (SELECT COUNT(*) FROM entries), (SELECT COUNT(*) FROM orders),
		(SELECT COUNT(*) FROM trades)`).Scan(&seen.Accounts, &seen.Entries, &seen.Orders, &seen.Trades)
	if err != nil {
		return seen, nil, fmt.Errorf("sqlstore: verifying: %w", err)
	}
	for _, check := range ledgerChecks {
		rows, err := tx.QueryContext(ctx, check)
		if err != nil {
			return seen, nil, fmt.Errorf("sqlstore: verifying: %w", err)
		}
		found, err := collect(rows, func(scan func(...any) error) (text string, err error) { return text, scan(&text) })
		if err != nil {
			return seen, nil, fmt.Errorf("sqlstore: verifying: %w", err)
		}
		faults = append(faults, found...)
	}
	return seen, faults, nil
}
