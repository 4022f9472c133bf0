package engine

import (
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// Input is one thing that happened. Exactly one of the pointers is set. Seq counts the inputs of a venue from 1 without
// gaps; At is when it happened, ReceivedAt when we learned of it. Time passes only through inputs: At never goes back
// (the caller lifts an earlier one).
type Input struct {
	Seq            uint64
	At, ReceivedAt calendar.Instant

	// Market data, only for instruments that have a working order (see Output.Watch) or are about to get one: the caller
	// sends the standing quote and depth before a Place or Modify.
	Quote *market.Quote
	Depth *market.Depth

	// Commands.
	OpenAccount *OpenAccount
	Cash        *Cash
	Place       *order.Place
	Modify      *order.Modify
	Cancel      *order.Cancel

	// Time events.
	Phase *PhaseChange
	// Timer says only that time has passed to At; sent when Engine.NextDue has come.
	Timer bool
	// DayEnd closes a trading date for a board: DAY orders expire, MIS is squared off at the marks given, CNC buys become holdings.
	DayEnd *DayEnd
	// SquareOff starts the forced close of intraday positions; Expire settles contracts whose last day is over.
	SquareOff *SquareOff
	Expire    *Expire

	// Feed says whether a board's feed is alive; while it is not, market orders are denied FEED_STALE and nothing fills.
	Feed *FeedState

	// Reference events.
	Instrument *instrument.Instrument
	Charges    *ChargesEvent
	Scan       *Scan
	Rules      *Rules
}

// OpenAccount opens the books of an account.
type OpenAccount struct {
	Account   order.AccountID
	RequestID string
	// Capital is the starting money, credited by the first posting.
	Capital money.Paise
	// Plan names a brokerage plan of package charges, for example "flat20".
	Plan string
	// Profile names a fidelity profile of match.Profiles: "learner", "realistic" or "pessimistic".
	Profile string
}

// Cash pays money in (> 0) or out (< 0).
type Cash struct {
	Account   order.AccountID
	RequestID string
	Amount    money.Paise
}

// PhaseChange says that a board entered a phase of a trading date.
type PhaseChange struct {
	Board       calendar.Board
	Phase       calendar.Phase
	TradingDate calendar.Date
	// Reason is the words for the screen when closed: "Sunday", "Guru Nanak Jayanti", "opens 09:15".
	Reason string
	// NextOpen is when continuous trading begins next, 0 when unknown.
	NextOpen calendar.Instant
}

// Mark is a price to value a position at.
type Mark struct {
	Instrument instrument.ID
	Price      money.Price
}

// DayEnd ends TradingDate on a board. Marks are the closing prices of everything held there, ordered by instrument.
type DayEnd struct {
	Board       calendar.Board
	TradingDate calendar.Date
	Next        calendar.Date
	// Settles is the settlement date of trades of TradingDate; zero means Next.
	Settles calendar.Date
	Marks   []Mark
}

// SquareOff says that a board's cut-off for intraday positions has come: working MIS orders are cancelled, new ones are
// refused until the day ends, and each MIS position is closed by a market order through the same matcher. The caller
// sends the standing quotes of what is held first. What does not fill is closed at the DayEnd mark.
type SquareOff struct {
	Board       calendar.Board
	TradingDate calendar.Date
}

// Expire says that every contract of a board whose last trading day is TradingDate or earlier has stopped trading: its
// working orders expire, new ones are denied, index options pay or owe their intrinsic value and index futures close. Marks are the final
// settlement prices of the underlyings, those of the instant trading stopped (by underlying instrument, ordered). A
// position whose underlying has none waits as it is until a later Expire brings it.
type Expire struct {
	Board       calendar.Board
	TradingDate calendar.Date
	Marks       []Mark
}

// FeedState is the health of the feed behind a board.
type FeedState struct {
	Board   calendar.Board
	IsAlive bool
}

// Rules are what the installation's settings decide. They come as an input so that a journal replays across a changed
// setting; a new engine has the defaults.
type Rules struct {
	// BookAgeMax is how old an instrument's book may be and still fill an order; 60 s at first.
	BookAgeMax time.Duration
	// OrdersPerSecond is how many orders, changes and cancels an account may send in a calendar second; 0, at first: any.
	OrdersPerSecond int
}

// ChargesEvent replaces the charge tables by a version; the engine keeps the tables it was made with until told.
type ChargesEvent struct {
	Version string
}
