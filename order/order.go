// Package order holds orders, the commands that make and change them, their events and the status machine. It decides
// nothing about money or prices.
//
// Invariants: OrderQty = CumQty + LeavesQty + CancelledQty; a closed order never changes; ids count up per venue.
package order

import (
	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// ID numbers the orders of one venue from 1. On our wire it is the decimal text.
type ID int64

// TradeID numbers the trades (fills) of one venue from 1.
type TradeID int64

// AccountID is an account's 128-bit random id as 32 lower-case hex digits.
type AccountID string

// Side is Buy or Sell.
type Side uint8

// The sides.
const (
	Buy Side = iota + 1
	Sell
)

// Product says how a position is carried.
type Product uint8

// The products: delivery, intraday, carried derivative.
const (
	CNC Product = iota + 1
	MIS
	NRML
)

// Type is the kind of price condition.
type Type uint8

// The types. A Market order is entered as Breeze's aggressive limit (india-rules 5.5); the unfilled rest stays a limit.
// SL (stop-limit) and SLM (stop-market) wait until the last traded price reaches their trigger, then travel to the
// exchange again as a Limit or a Market order.
const (
	Market Type = iota + 1
	Limit
	SL
	SLM
)

// IsStop reports whether the type has a trigger price.
func (t Type) IsStop() bool { return t == SL || t == SLM }

// HasLimit reports whether the type names a limit price.
func (t Type) HasLimit() bool { return t == Limit || t == SL }

// Validity is how long an order may rest.
type Validity uint8

// Day rests to the end of the trading day; IOC fills what it can at activation and cancels the rest; Minutes rests for
// as many minutes as the order says, counted from its acceptance (or the change that set it), and at most the day.
const (
	Day Validity = iota + 1
	IOC
	Minutes
)

// MinutesMax is the most minutes an order may ask for.
const MinutesMax = 120

// Status is where an order stands.
type Status uint8

// The statuses. Pending: accepted, still on its simulated way to the exchange. Open: working, perhaps partly filled.
// TriggerPending: a stop at the exchange whose trigger was not reached yet.
// Executed, Cancelled, Expired, Rejected and Denied are closed and final. Denied: refused by our own checks; Rejected:
// refused by the simulated exchange after acceptance.
const (
	Pending Status = iota + 1
	Open
	Executed
	Cancelled
	Expired
	Rejected
	Denied
	TriggerPending // last: the numbers are stored
)

// IsClosed reports whether the status is final.
func (s Status) IsClosed() bool { return s >= Executed && s <= Denied }

// Order is the full state of one order. It is a value: outputs carry copies.
type Order struct {
	ID            ID
	Account       AccountID
	ClientOrderID string
	Instrument    instrument.ID
	Side          Side
	Product       Product
	Type          Type
	Validity      Validity
	// OrderQty is asked, CumQty filled, LeavesQty still working, CancelledQty taken back; all in units.
	OrderQty, CumQty, LeavesQty, CancelledQty money.Qty
	// LimitPrice is the limit the order works at; for Market the aggressive limit computed at acceptance, for SLM that of
	// the trigger until the order has triggered.
	LimitPrice money.Price
	// TriggerPrice is what the last traded price must reach, 0 unless Type is a stop; TriggeredAt when it did, 0 before.
	TriggerPrice money.Price
	TriggeredAt  calendar.Instant
	// Minutes is how long the order may work and ExpiresAt when that is over; both 0 unless Validity is Minutes.
	Minutes   int16
	ExpiresAt calendar.Instant
	// AvgPrice is the quantity-weighted fill price, rounded half up to 1/10000 rupee; 0 before the first fill.
	AvgPrice money.Price
	Status   Status
	// Code and Reason say why an order was denied, rejected, cancelled by the system, or what it waits for; empty else.
	Code   string
	Reason string
	// Reserved is the money blocked for what still works, in paise.
	Reserved money.Paise
	// AcceptedAt is when we took it, ActiveAt when it reaches the exchange, UpdatedAt the last change.
	AcceptedAt, ActiveAt, UpdatedAt calendar.Instant
	TradingDate                     calendar.Date
	// Revision counts changes from 1; modify commands may name the revision they saw.
	Revision int32
	Tag      string
}

// IsWaitingForTrigger reports whether the order is a stop whose trigger was not reached yet.
func (o *Order) IsWaitingForTrigger() bool { return o.Type.IsStop() && o.TriggeredAt == 0 }

// Trade is one fill, with the evidence that justifies it.
type Trade struct {
	ID          TradeID
	Order       ID
	Account     AccountID
	Instrument  instrument.ID
	Side        Side
	Product     Product
	Qty         money.Qty
	Price       money.Price
	At          calendar.Instant
	TradingDate calendar.Date
	// Evidence names what made the fill.
	Evidence Evidence
}

// Evidence is what a fill rests on: the frame and the book as it was seen, the level taken and the rule.
type Evidence struct {
	// QuoteSeq is the Seq of the frame; QuoteAt and ReceivedAt its exchange and arrival times.
	QuoteSeq           uint64
	QuoteAt, QuoteRecv calendar.Instant
	Bid, Ask, Last     money.Price
	BidQty, AskQty     money.Qty
	// Level is the ladder rung taken (1 = best), 0 for a resting limit filled at its price.
	Level int8
	// QueueAhead is the displayed quantity still ahead of a resting limit when it filled.
	QueueAhead money.Qty
	// Rule is the sentence id of the matching rule: "walks-depth", "far-quote", "queue-printed".
	Rule string
	// IsFromBars marks a fill on a book built from bars.
	IsFromBars bool
	Profile    string
}
