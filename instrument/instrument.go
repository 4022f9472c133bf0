// Package instrument holds the identity and contract terms of what can be traded: lot, tick, band, freeze quantity,
// multiplier, expiry, strike, each as of a date, and finds instruments by the words traders use. It knows no broker and
// no price feed; broker codes are dated attributes kept beside an instrument, opaque to it.
//
// Invariants: an ID is allocated once per contract key and never reused; a Terms value is valid for one date; quantities
// are units, never lots.
package instrument

import (
	"strings"

	"paperport/calendar"
	"paperport/money"
)

// ID is our key for one contract, dense from 1, append-only, one space for all venues. Zero means none.
type ID uint32

// Kind is what sort of contract an instrument is.
type Kind uint8

// The kinds. An ETF is an Equity whose Terms say so (its tick ladder and charges differ).
const (
	Equity Kind = iota + 1
	Index
	Future
	Option
)

// String returns "equity", "index", "future" or "option".
func (k Kind) String() string {
	switch k {
	case Equity:
		return "equity"
	case Index:
		return "index"
	case Future:
		return "future"
	case Option:
		return "option"
	default:
		return "?"
	}
}

// Right is the side of an option.
type Right uint8

// The rights. NoRight is for everything that is not an option.
const (
	NoRight Right = iota
	Call
	Put
)

// String returns "CE", "PE" or "".
func (r Right) String() string {
	switch r {
	case Call:
		return "CE"
	case Put:
		return "PE"
	case NoRight:
		return ""
	default:
		return "?"
	}
}

// Instrument is one tradable contract with the terms of one day.
type Instrument struct {
	ID       ID
	Exchange calendar.Exchange
	Segment  calendar.Segment
	Kind     Kind
	Right    Right
	// Symbol is the exchange's trading symbol: RELIANCE, NIFTY26DECFUT, NIFTY26DEC24000CE. Unique within exchange and segment on a day.
	Symbol string
	// Name is the company's or contract's long name, as the exchange writes it.
	Name string
	// ISIN and Series are set for shares ("INE002A01018", "EQ"), empty otherwise.
	ISIN, Series string
	// Underlying is the exchange symbol of the underlying (NIFTY, RELIANCE); for shares and indices their own Symbol.
	Underlying string
	// UnderlyingID is the share or index behind a derivative, 0 when not listed with us.
	UnderlyingID ID
	// Expiry is the last trading day, zero for shares and indices.
	Expiry calendar.Date
	// Strike is zero for everything that is not an option.
	Strike money.Price
	Terms  Terms
}

// Terms are the contract terms in force on one date.
type Terms struct {
	// LotSize is the units of one lot, 1 for shares. Orders are multiples of it.
	LotSize money.Qty
	// FreezeQty is the largest quantity of one order, in units; 0 means no limit known.
	FreezeQty money.Qty
	// TickSize is the price step. A share's tier is fixed for the month (india-rules 2.1).
	TickSize money.Price
	// Multiplier turns price x qty into money where the quotation unit differs; 1 except for some commodities.
	Multiplier int64
	// HasDerivatives says that a share has derivatives: it then trades in the closing auction and its band is dynamic.
	HasDerivatives bool
	// IsETF marks exchange traded funds.
	IsETF bool
	// IsIntradayBarred marks series without MIS (BE, BZ, trade-to-trade).
	IsIntradayBarred bool
	// UnderlyingIsIndex is set on derivatives of an index.
	UnderlyingIsIndex bool
}

// Board returns the timetable the instrument trades on.
func (i *Instrument) Board() calendar.Board {
	return calendar.Board{Exchange: i.Exchange, Segment: i.Segment, Auction: i.Kind == Equity && i.Terms.HasDerivatives}
}

// IsOrderable reports whether orders are possible at all: an index is only watched.
func (i *Instrument) IsOrderable() bool { return i.Kind != Index }

// Key returns the contract key that an ID is allocated for: "NSE:RELIANCE" keyed by ISIN when known
// ("NSE:INE002A01018:EQ"), "NSE:index:NIFTY", "NSE:NIFTY:2026-12-29:FUT", "NSE:NIFTY:2026-12-29:24000.00:CE".
func (i *Instrument) Key() string {
	parts := []string{i.Exchange.String()}
	switch i.Kind {
	case Index:
		parts = append(parts, "index", i.Symbol)
	case Future:
		parts = append(parts, i.Underlying, i.Expiry.String(), "FUT")
	case Option:
		parts = append(parts, i.Underlying, i.Expiry.String(), i.Strike.String(), i.Right.String())
	case Equity:
		if i.ISIN != "" {
			parts = append(parts, i.ISIN, i.Series)
		} else {
			parts = append(parts, i.Symbol, i.Series)
		}
	}
	return strings.Join(parts, ":")
}

// ExchangeCode is the tag traders know: NSE, BSE, NFO, BFO, MCX or CDS.
func (i *Instrument) ExchangeCode() string {
	switch {
	case i.Segment == calendar.FNO && i.Exchange == calendar.NSE:
		return "NFO"
	case i.Segment == calendar.FNO && i.Exchange == calendar.BSE:
		return "BFO"
	case i.Segment == calendar.Currency:
		return "CDS"
	default:
		return i.Exchange.String()
	}
}
