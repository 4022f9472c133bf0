// Package app is what a user can do: one method per intent, each taking the acting user and checking that what he names
// is his. It owns the venues and the database's committer and declares the ports (ports.go) through which prices,
// history and instruments reach it.
//
// It is not HTTP: no JSON, no cookies, no status codes; and it decides no fills: engines do. What belongs to somebody
// else is ErrNotFound, never "forbidden". Reads of today's data come from a venue's projection and run no SQL.
package app

import (
	"errors"

	"paperport/calendar"
	"paperport/charges"
	"paperport/engine"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/margin"
	"paperport/market"
	"paperport/money"
	"paperport/order"
	"paperport/position"
	"paperport/store"
)

// Errors callers test with errors.Is. Every other error is trouble of our own (500).
var (
	// ErrNotFound is returned for what does not exist and for what belongs to somebody else (404).
	ErrNotFound = errors.New("app: not found")
	// ErrBusy says that the venue's inbox is full; try again shortly (503).
	ErrBusy = errors.New("app: the venue is busy")
	// ErrDiskFull says that nothing can be stored until space is freed; reads go on (507).
	ErrDiskFull = errors.New("app: the disk is full")
	// ErrHalted says that the venue was stopped by a fault; reads go on (503).
	ErrHalted = errors.New("app: the venue is halted")
	// ErrUnavailable says that the venue or source cannot serve this now: not started, no day file, no history (503).
	ErrUnavailable = errors.New("app: not available")
	// ErrInvalid says that a field is wrong; the text after it names which (400).
	ErrInvalid = errors.New("app: invalid")
)

// VenueID names a venue: "demo", "replay-" and ten hex digits, or a user's live market (LiveID). "replay" alone names the offer of a recorded day:
// opening an account in it makes a replay venue of the account's own.
type VenueID = store.VenueID

// Account is one book of a user in one venue.
type Account struct {
	ID        order.AccountID
	Name      string
	Venue     VenueID
	VenueKind string // "demo", "replay", "live"
	Plan      string
	Profile   string
	Capital   money.Paise
	OpenedAt  calendar.Instant
}

// NewAccount is what a user says when opening an account.
type NewAccount struct {
	Name    string
	Capital money.Paise
	Plan    string // "" is DefaultPlan
	Profile string // "" is DefaultProfile
	Venue   VenueID
}

// Limits of accounts.
const (
	DefaultPlan             = "flat20"
	DefaultCapital          = 10_00_000 * money.PaisePerRupee
	CapitalMax              = 100_00_00_000 * money.PaisePerRupee
	AccountsMax             = 50 // per user
	AccountNameMax          = 40 // characters
	LedgerPageMax           = 200
	WatchlistsMax           = 7
	WatchlistInstrumentsMax = 250
)

// Plan is a charge plan a user may choose.
type Plan struct{ ID, Name, Note string }

// Order is an order with its contract.
type Order struct {
	order.Order
	Contract *instrument.Instrument
}

// Trade is a fill with its charge note, booked profit and contract.
type Trade struct {
	engine.TradeEvent
	Contract *instrument.Instrument
}

// OrderStep is one line of an order's history.
type OrderStep struct {
	At calendar.Instant
	// Kind is that of engine.OrderEvent; Order is the order as it stood after the step.
	Kind  string
	Order order.Order
}

// OrderStory is an order with everything that happened to it, oldest first.
type OrderStory struct {
	Order  Order
	Steps  []OrderStep
	Trades []Trade
}

// Position is a position valued now. Last is 0 when no price is known: UnrealisedPnL then is 0 too and IsStale set.
type Position struct {
	position.Position
	Contract      *instrument.Instrument
	Last          money.Price
	UnrealisedPnL money.Paise
	IsStale       bool
	// Note says why it is still there although its contract has expired, "" in the usual case.
	Note string
}

// Holding is delivery stock valued now. PrevClose is 0 when unknown.
type Holding struct {
	position.Holding
	Contract        *instrument.Instrument
	Last, PrevClose money.Price
	Value, PnL      money.Paise
	IsStale         bool
}

// Funds is an account's money and what the day did to it.
type Funds struct {
	engine.Funds
	// Opening is the cash at the start of the trading date; PayIn and PayOut (> 0) are the day's, as are RealisedPnL (before charges) and Charges.
	Opening, PayIn, PayOut, RealisedPnL, Charges money.Paise
}

// LedgerPage is a page of entries, newest first. Next is 0 on the last page, else the cursor of the next one.
type LedgerPage struct {
	Entries []ledger.Entry
	Next    int64
}

// Watchlist is one of a user's numbered lists.
type Watchlist struct {
	Number      int // 1 to WatchlistsMax
	Name        string
	Venue       VenueID
	Instruments []instrument.ID // in the user's order
}

// Quote is a quote and whether it is too old to trust. The zero At means that nothing was received yet.
type Quote struct {
	market.Quote
	IsStale bool
}

// Preview is what an order would need and do, computed without placing it.
type Preview struct {
	// Code and Reason are those of the denial it would get, empty when it would be taken.
	Code, Reason string
	Required     money.Paise
	Available    money.Paise
	Charges      charges.Note
	// LimitPrice is what the order would work at (a market order's aggressive limit).
	LimitPrice money.Price
	Expected   ExpectedFill
	// Note says what the numbers assume, for example "at the last quote, 3 s old".
	Note string
	// Margin are the parts of what a future or sold option adds; zero where nothing is modelled.
	Margin margin.Parts
	// BreakEven is what the opposite order must get; zero when there is none.
	BreakEven BreakEven
}

// BreakEven is the worst price of one opposite order of the same quantity at which both together do not lose, on the
// contract's tick; no better price loses either.
type BreakEven struct {
	Price money.Price
	// Charges of both orders if the second fills at Price, the depository's fee of a delivery sale included.
	Charges money.Paise
}

// ExpectedFill is what the standing book would give at once. Qty may be less than asked. Slippage is against the best price.
type ExpectedFill struct {
	AvgPrice money.Price
	Qty      money.Qty
	Levels   int
	Slippage money.Paise
}

// VenueState is everything a screen shows about a venue itself.
type VenueState struct {
	ID          VenueID
	Kind        string // "demo", "replay", "live"
	Name        string
	IsAvailable bool
	// UnavailableReason says what to do when it is not: where to put the file, that it is halted and why.
	UnavailableReason string
	// Fault is what halted it, "" while it runs: for the owner, as it may name what is in other users' books.
	Fault           string
	Phase           calendar.Phase
	StatusText      string // "DEMO · open · day ends 23:55"
	Reason          string // why closed: "Sunday"
	Until, NextOpen calendar.Instant
	TradingDate     calendar.Date
	Now             calendar.Instant // the venue's clock
	Feed            FeedState
	Clock           *TapeClock // only for a replay
	BookNote        string     // how the book is made, when it is not the exchange's
	Budget          *Budget    // only where requests are counted
	// BrokerName is whose prices a live venue shows, "" elsewhere. NeedsBroker: it has no session, so no prices either.
	BrokerName  string
	NeedsBroker bool
}

// FeedState is the lamp. Age is of the newest exchange time, not of the socket.
type FeedState struct {
	Lamp   string // "green", "amber", "red", "closed"
	AgeMs  int64  // -1 when nothing was received yet
	Source string // "stream", "polling", "none", "tape"
	Detail string
}

// TapeClock is a replay's clock.
type TapeClock struct {
	Speed    int // 1 to 60
	IsPaused bool
	From, To calendar.Instant // of the tape
}

// ClockChange sets a replay's clock. At is 0 to stay, else a later instant to jump to.
type ClockChange struct {
	Speed    int
	IsPaused bool
	At       calendar.Instant
}

// Budget counts the requests made to the broker.
type Budget struct{ MinuteUsed, MinuteMax, DayUsed, DayMax int }

// Charges is an itemised charge note.
type Charges = charges.Note
