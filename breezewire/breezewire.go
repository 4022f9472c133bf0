// Package breezewire is Breeze's wire in both directions: the response envelope and its errors, request signing, the
// session token, enumerations, request and response bodies, stream tokens, tick, depth, candle and order arrays, and the
// rows of the security master. The client decodes with it, the simulator encodes with it; it opens no connection.
//
// Invariants: a price becomes money.Price from its digits, never through a float; a short, foreign or garbled array is
// an error, never a panic and never a half-filled value; no text of the broker is trusted. The wire is described in the
// reference paper "ICICI Direct Breeze API"; section numbers in comments (1.2, 3.4) are its sections.
package breezewire

import (
	"strings"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// ExchangeCode is Breeze's code for exchange and segment, upper case.
type ExchangeCode string

// The exchange codes (2).
const (
	NSE ExchangeCode = "NSE"
	BSE ExchangeCode = "BSE"
	NFO ExchangeCode = "NFO"
	BFO ExchangeCode = "BFO"
	NDX ExchangeCode = "NDX"
	MCX ExchangeCode = "MCX"
)

// ParseExchangeCode reads a code in any case, with spaces around it. ok is false for what we do not know.
func ParseExchangeCode(s string) (code ExchangeCode, ok bool) {
	code = ExchangeCode(strings.ToUpper(strings.TrimSpace(s)))
	switch code {
	case NSE, BSE, NFO, BFO, NDX, MCX:
		return code, true
	default:
		return "", false
	}
}

// Board returns the exchange and segment a code stands for, zero for an unknown one.
func (e ExchangeCode) Board() (calendar.Exchange, calendar.Segment) {
	switch e {
	case NSE:
		return calendar.NSE, calendar.Equity
	case BSE:
		return calendar.BSE, calendar.Equity
	case NFO:
		return calendar.NSE, calendar.FNO
	case BFO:
		return calendar.BSE, calendar.FNO
	case NDX:
		return calendar.NSE, calendar.Currency
	case MCX:
		return calendar.MCX, calendar.Commodity
	default:
		return 0, 0
	}
}

// ExchangeCodeOf is the inverse of Board; it is "" where Breeze has no code.
func ExchangeCodeOf(exchange calendar.Exchange, segment calendar.Segment) ExchangeCode {
	for _, code := range []ExchangeCode{NSE, BSE, NFO, BFO, NDX, MCX} {
		if e, s := code.Board(); e == exchange && s == segment {
			return code
		}
	}
	return ""
}

// Product is Breeze's product_type in the spelling requests use, lower case.
type Product string

// The products that name a kind of instrument (2). Order products (btst, mtf) are not ours.
const (
	Cash    Product = "cash"
	Futures Product = "futures"
	Options Product = "options"
)

// ParseProduct reads a product in any of Breeze's spellings: "futures", "Future", "F". ok is false for others.
func ParseProduct(s string) (p Product, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "cash", "c":
		return Cash, true
	case "futures", "future", "f":
		return Futures, true
	case "options", "option", "o":
		return Options, true
	default:
		return "", false
	}
}

// RightWord is the word requests use for an option's side: "call", "put", or "others" for everything else.
func RightWord(r instrument.Right) string {
	switch r {
	case instrument.Call:
		return "call"
	case instrument.Put:
		return "put"
	case instrument.NoRight:
		return "others"
	default:
		return "others"
	}
}

// ParseRight reads an option's side in any of Breeze's spellings; "", "others", "*" and "XX" are NoRight.
func ParseRight(s string) (r instrument.Right, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "call", "ce", "c":
		return instrument.Call, true
	case "put", "pe", "p":
		return instrument.Put, true
	case "", "others", "other", "*", "xx":
		return instrument.NoRight, true
	default:
		return instrument.NoRight, false
	}
}

// Code is how Breeze names one instrument on one day: the fields its requests take, and its stream token.
type Code struct {
	// StockCode is the ISEC code of the share, index or underlying: RELIND, NIFTY, CNXBAN.
	StockCode string
	// ExchangeCode says where: NSE, BSE, NFO, BFO, NDX or MCX.
	ExchangeCode ExchangeCode
	// Product is Cash for shares and indices.
	Product Product
	// Expiry, Strike and Right are zero where they do not apply.
	Expiry calendar.Date
	Strike money.Price
	Right  instrument.Right
	// Token is the security master's token as text ("2885", "NIFTY 50"), "" when the instrument is not streamed.
	Token string
}
