// Package ledger is double-entry bookkeeping for paper accounts: every rupee moves by an Entry whose postings sum to
// zero, balances are sums, and reserves block money without moving it. It knows no order types and no prices.
package ledger

import (
	"paperport/calendar"
	"paperport/money"
)

// Entry is one balanced movement of money. Postings sum to zero.
type Entry struct {
	// Number counts the entries of a venue from 1.
	Number int64
	// Account is the trading account concerned (order.AccountID as text).
	Account string
	// Kind is one of opening, payin, payout, trade, charges, dp-charge, settlement.
	Kind string
	// Ref names the trade, order or request that caused it: "trade:17".
	Ref         string
	Text        string
	At          calendar.Instant
	TradingDate calendar.Date
	Postings    []Posting
	// Balance is the account's cash after this entry.
	Balance money.Paise
}

// Posting is one side of an entry: an amount into (> 0) or out of (< 0) a ledger account.
type Posting struct {
	// Book names the ledger account: "cash", "capital", "stock", "pnl", "brokerage", "stt", "exchange", "sebi", "stamp", "gst", "dp".
	Book   string
	Amount money.Paise
}
