// Package market holds market data as values: Quote, Depth and Candle, and says what of it can be trusted. It knows no
// feed, no broker and no order. Data here is already decoded to integers; a zero Price or Qty means "not sent".
package market

import (
	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// MaxLevels is how many price levels a side of the ladder has at most.
const MaxLevels = 5

// Quote is the state of one instrument as one frame told it.
type Quote struct {
	Instrument instrument.ID
	// Seq counts the frames the feed accepted for this venue; a fill names the Seq of the quote that made it.
	Seq uint64
	// At is the exchange's last-trade time (Breeze ltt, second precision); ReceivedAt is when we got the frame.
	At, ReceivedAt calendar.Instant
	// Bid, BidQty, Ask, AskQty are the best of each side; a zero Bid or Ask means that side is empty.
	Bid, Ask       money.Price
	BidQty, AskQty money.Qty
	// Last is the last traded price, LastQty its size.
	Last    money.Price
	LastQty money.Qty
	// Open, High, Low are of the day; PrevClose is the previous day's close; AvgPrice is the day's VWAP.
	Open, High, Low, PrevClose, AvgPrice money.Price
	// LowerCircuit and UpperCircuit bound the day's orders; zero when not sent (indices).
	LowerCircuit, UpperCircuit money.Price
	// Volume is the day's traded quantity, TotalBid and TotalAsk the displayed totals, all in units.
	Volume, TotalBid, TotalAsk money.Qty
	// OI is the open interest in units, OIChange its change since yesterday; both 0 for shares.
	OI, OIChange money.Qty
	// IsFromBars marks a book built from bars by rule (replay of recorded minutes); every fill of it is marked too.
	IsFromBars bool
}

// Level is one rung of the ladder. Orders is 0 where the exchange does not tell.
type Level struct {
	Price  money.Price
	Qty    money.Qty
	Orders int32
}

// Depth is the visible ladder, best price first; levels beyond BidLevels and AskLevels are zero.
type Depth struct {
	Instrument           instrument.ID
	Seq                  uint64
	At, ReceivedAt       calendar.Instant
	BidLevels, AskLevels uint8
	Bids, Asks           [MaxLevels]Level
	IsFromBars           bool
}

// Candle is one bar. Start is the first instant of the interval (IST-aligned).
type Candle struct {
	Start                  calendar.Instant
	Open, High, Low, Close money.Price
	Volume, OI             money.Qty
}

// Interval is the length of a candle.
type Interval uint8

// The intervals the broker serves.
const (
	Second Interval = iota + 1
	Minute
	FiveMinutes
	ThirtyMinutes
	Day
)

// String returns "1s", "1m", "5m", "30m" or "1d".
func (i Interval) String() string {
	switch i {
	case Second:
		return "1s"
	case Minute:
		return "1m"
	case FiveMinutes:
		return "5m"
	case ThirtyMinutes:
		return "30m"
	case Day:
		return "1d"
	default:
		return "?"
	}
}
