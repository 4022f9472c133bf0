package calendar

// Exchange is where a contract is listed. Broker codes such as NFO and BFO map to Exchange and Segment at the edge.
type Exchange uint8

// The exchanges we know.
const (
	NSE Exchange = iota + 1
	BSE
	MCX
)

// String returns "NSE", "BSE" or "MCX".
func (e Exchange) String() string {
	switch e {
	case NSE:
		return "NSE"
	case BSE:
		return "BSE"
	case MCX:
		return "MCX"
	default:
		return "?"
	}
}

// Segment is the part of an exchange with rules of its own.
type Segment uint8

// The segments we know.
const (
	Equity Segment = iota + 1
	FNO
	Currency
	Commodity
)

// String returns "equity", "fno", "currency" or "commodity".
func (s Segment) String() string {
	switch s {
	case Equity:
		return "equity"
	case FNO:
		return "fno"
	case Currency:
		return "currency"
	case Commodity:
		return "commodity"
	default:
		return "?"
	}
}

// Board is a set of instruments that share one timetable: an exchange, a segment, and for shares whether they take
// part in the closing auction (CAS: shares with derivatives, since 2026-08-03).
type Board struct {
	Exchange Exchange
	Segment  Segment
	Auction  bool
}

// String returns for example "NSE equity" or "NSE equity with closing auction".
func (b Board) String() string {
	s := b.Exchange.String() + " " + b.Segment.String()
	if b.Auction {
		s += " with closing auction"
	}
	return s
}

// Phase is the part of the trading day a board is in.
type Phase uint8

// The phases. Orders are taken and fill only in Open; in every other one they are denied, with the next opening, until the
// auctions are built.
const (
	Closed Phase = iota
	PreOpen
	Open
	ClosingAuction
	PostClose
)

// String returns the word shown to users, lower case: "closed", "pre-open", "open", "closing auction", "post-close".
func (p Phase) String() string {
	switch p {
	case PreOpen:
		return "pre-open"
	case Open:
		return "open"
	case ClosingAuction:
		return "closing auction"
	case PostClose:
		return "post-close"
	case Closed:
		return "closed"
	default:
		return "?"
	}
}
