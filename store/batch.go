package store

import (
	"paperport/auth"
	"paperport/calendar"
	"paperport/engine"
	"paperport/ledger"
	"paperport/money"
	"paperport/order"
	"paperport/position"
)

// VenueID names a venue: "demo", "replay-" and ten hex digits, or "live-", the broker, "-" and twelve hex digits.
type VenueID string

// Venue is a market that accounts trade in.
type Venue struct {
	ID   VenueID
	Kind string // "demo", "replay", "live"
	Name string
	// Owner is empty for a venue that all users share.
	Owner     auth.UserID
	CreatedAt calendar.Instant
	// Settings is the venue's own JSON: a replay's file, speed and position.
	Settings []byte
	// Fault is why the venue was halted, empty while it may run.
	Fault string
}

// Account is one book of a user in one venue.
type Account struct {
	ID       order.AccountID
	Owner    auth.UserID
	Venue    VenueID
	Name     string
	Plan     string
	Profile  string
	Capital  money.Paise
	OpenedAt calendar.Instant
}

// Journal is a run of consecutive inputs as the venue encoded them.
type Journal struct {
	First, Last uint64 // Seq of the inputs, first <= last
	At          calendar.Instant
	Version     int // engine.Version that stepped them
	Payload     []byte
	Hash        [32]byte // running hash over outputs after Last
}

// Snapshot is an engine's state after input Seq.
type Snapshot struct {
	Seq             uint64
	At              calendar.Instant
	Version         int
	State           []byte
	Hash, StateHash [32]byte
}

// OrderEvent is one step of an order: the order as it stood after input Seq; N counts the events of one input from 0.
type OrderEvent struct {
	Seq   uint64
	N     int
	Kind  string
	At    calendar.Instant
	Order order.Order
}

// Trade is a fill; Seq is its input.
type Trade struct {
	Seq uint64
	engine.TradeEvent
}

// Receipt is the answer to a command; Seq is its input. IsRepeat is not kept.
type Receipt struct {
	Seq uint64
	engine.Receipt
}

// Board is where a venue stands on a board: the phase last told to the engine and the newest trading date it ended.
type Board struct {
	Board       calendar.Board
	Phase       calendar.Phase
	TradingDate calendar.Date
	EndedDate   calendar.Date
	// IsSquaredOff says that the square-off of TradingDate has been.
	IsSquaredOff bool
	Reason       string
}

// Batch is what a venue stores at once. Orders, positions, holdings and funds are whole rows as they stand at its end, each once.
type Batch struct {
	Venue     VenueID
	Journal   *Journal // nil when no input was stepped
	Accounts  []Account
	Orders    []order.Order
	Events    []OrderEvent
	Trades    []Trade
	Entries   []ledger.Entry
	Positions []position.Position
	Holdings  []position.Holding
	Funds     []engine.Funds
	Receipts  []Receipt
	Boards    []Board
	Snapshot  *Snapshot
	// Settings replaces the venue's settings, Fault its fault, unless nil.
	Settings []byte
	Fault    *string
}

// Watchlist is one numbered list of instruments of a user in a venue; every venue has its own numbers.
type Watchlist struct {
	Owner       auth.UserID
	Number      int
	Name        string
	Venue       VenueID
	Instruments []uint32 // instrument ids in the user's order
}
