package engine

import (
	"paperport/calendar"
	"paperport/charges"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
	"paperport/position"
)

// Rows is the committed state that an engine of another Version starts from (start-up way b): what was decided stays
// decided, only model state restarts at its cautious default. Slices may come in any order.
type Rows struct {
	// Seq and At are those of the last committed input.
	Seq uint64
	At  calendar.Instant
	// LastOrder, LastTrade and LastEntry are the highest numbers given out.
	LastOrder   order.ID
	LastTrade   order.TradeID
	LastEntry   int64
	Boards      []BoardRow
	Instruments []instrument.Instrument
	Accounts    []AccountRow
	// Orders are the working ones (status Pending or Open).
	Orders    []OrderRow
	Positions []position.Position
	Holdings  []position.Holding
	// Receipts are all of the season, with their fingerprints as output.
	Receipts []Receipt
}

// BoardRow is the state of one board as the last PhaseChange and DayEnd left it. Its feed counts as dead until told.
type BoardRow struct {
	Board       calendar.Board
	Phase       calendar.Phase
	TradingDate calendar.Date
	// IsSquaredOff says that the square-off of TradingDate has been: new MIS orders are refused until the day ends.
	IsSquaredOff bool
}

// AccountRow is one account: what OpenAccount said, and the balances of its ledger books (sums of its postings).
type AccountRow struct {
	Account  order.AccountID
	Plan     string
	Profile  string
	Balances []Balance
}

// Balance is the sum of all postings to one book of an account.
type Balance struct {
	Book   string
	Amount money.Paise
}

// OrderRow is a working order and the sum of the charge notes of its trades so far (Turnover included).
type OrderRow struct {
	Order   order.Order
	Charged charges.Note
}
