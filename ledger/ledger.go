// Package ledger is double-entry bookkeeping for paper accounts: every rupee moves by an Entry whose postings sum to
// zero, and balances are sums of postings. It knows no order types and no prices.
//
// Invariants: the balances of an account's books always sum to zero; the balance of "cash" is the account's money.
// Amounts into a book are positive, so income books ("capital", "pnl") stand below zero when the account gains.
package ledger

import (
	"errors"

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
	// Book names the ledger account: "cash", "capital", "stock", "pnl", "brokerage", "stt", "exchange", "sebi", "stamp", "gst", "ctt", "dp".
	Book   string
	Amount money.Paise
}

// The books of an account. "stock" holds what open paid positions and holdings cost.
const (
	Cash      = "cash"
	Capital   = "capital"
	Stock     = "stock"
	PnL       = "pnl"
	Brokerage = "brokerage"
	STT       = "stt"
	Exchange  = "exchange"
	SEBI      = "sebi"
	Stamp     = "stamp"
	GST       = "gst"
	CTT       = "ctt"
	DP        = "dp"
)

// ErrUnbalanced says that the postings of an entry do not sum to zero; ErrBook that a posting names no book of ours.
var (
	ErrUnbalanced = errors.New("ledger: postings do not sum to zero")
	ErrBook       = errors.New("ledger: no such book")
)

// books lists the names in the order of Books, which is the order balances are stored in.
var books = [...]string{Cash, Capital, Stock, PnL, Brokerage, STT, Exchange, SEBI, Stamp, GST, CTT, DP}

// Books returns the names of all books in their fixed order.
func Books() []string { return append([]string(nil), books[:]...) }

// Balances are the sums of all postings of one account, by book. The zero value is an account that never moved.
type Balances struct{ sum [len(books)]money.Paise }

// Of returns the balance of a book; 0 for an unknown one.
func (b *Balances) Of(book string) money.Paise {
	if i := index(book); i >= 0 {
		return b.sum[i]
	}
	return 0
}

// Cash is the account's money.
func (b *Balances) Cash() money.Paise { return b.sum[0] }

// Post applies the postings of an entry: all of them or, on ErrUnbalanced, ErrBook or money.ErrOverflow, none.
func (b *Balances) Post(postings []Posting) error {
	next := b.sum
	var total money.Paise
	for _, p := range postings {
		i := index(p.Book)
		if i < 0 {
			return ErrBook
		}
		var err error
		if next[i], err = money.Add(next[i], p.Amount); err != nil {
			return err
		}
		if total, err = money.Add(total, p.Amount); err != nil {
			return err
		}
	}
	if total != 0 {
		return ErrUnbalanced
	}
	b.sum = next
	return nil
}

// Load sets the balance of a book, as at start-up from stored sums. It reports ErrBook for an unknown one.
func (b *Balances) Load(book string, amount money.Paise) error {
	i := index(book)
	if i < 0 {
		return ErrBook
	}
	b.sum[i] = amount
	return nil
}

// IsBalanced reports whether the books sum to zero.
func (b *Balances) IsBalanced() bool {
	var total money.Paise
	for _, v := range b.sum {
		total += v
	}
	return total == 0
}

func index(book string) int {
	for i, name := range books {
		if name == book {
			return i
		}
	}
	return -1
}
