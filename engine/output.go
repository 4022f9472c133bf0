package engine

import (
	"paperport/calendar"
	"paperport/charges"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/money"
	"paperport/order"
	"paperport/position"
)

// Output is one thing that came of an input. Exactly one of the pointers is set. Cause is the Seq of the input.
// Outputs carry whole rows as they stand afterwards, so that storing them is an upsert.
type Output struct {
	Cause uint64
	At    calendar.Instant

	Receipt  *Receipt
	Order    *OrderEvent
	Trade    *TradeEvent
	Entry    *ledger.Entry
	Position *position.Position
	Holding  *position.Holding
	Funds    *Funds
	// Watch asks the caller to send (or stop sending) market data of an instrument.
	Watch *Watch
	// Fault reports a broken invariant; the caller halts the venue.
	Fault *Fault
}

// Receipt is the one answer to a command. It is kept with the request id, so a repeated command gets the same receipt.
type Receipt struct {
	Account   order.AccountID
	RequestID string
	// Order is the order concerned, 0 when none was made.
	Order order.ID
	// Code is empty when the command was taken, else the denial code; Reason is its sentence with key=value context.
	Code   string
	Reason string
	At     calendar.Instant
	// IsRepeat marks the answer to a command that was answered before; its other fields are those of the first answer.
	IsRepeat bool
	// Fingerprint is a hash of the command's kind and fields, kept to tell a repeat from a reused id.
	Fingerprint uint64
}

// OrderEvent is one step of an order's life, with the order as it stands afterwards.
type OrderEvent struct {
	// Kind is one of accepted, denied, opened, filled, modified, modify-denied, cancelled, expired,
	// rejected, waiting, restarted, reserved (only what it blocks changed).
	Kind  string
	Order order.Order
}

// TradeEvent is one fill with its charge note.
type TradeEvent struct {
	Trade   order.Trade
	Charges charges.Note
	// RealisedPnL is what closing part of a position booked, before charges; 0 for an opening fill.
	RealisedPnL money.Paise
}

// Funds is an account's money as it stands: Total = Free + Blocked.
type Funds struct {
	Account order.AccountID
	// Cash is the ledger balance; Blocked is what orders and positions hold of it; Free = Cash - Blocked.
	Cash, Blocked, Free money.Paise
	// OrderBlocked and PositionBlocked are the parts of Blocked.
	OrderBlocked, PositionBlocked money.Paise
}

// Watch is a request for market data.
type Watch struct {
	Instrument instrument.ID
	IsWanted   bool
	// IsStale asks for one fresh quote and depth over REST: an order waits because the book is too
	// old or missing, or has seen no frame for 2 s since it arrived.
	IsStale bool
}

// Fault is a broken invariant or a panic in Step.
type Fault struct {
	Invariant string
	Detail    string
}
