package breezewire

import (
	"errors"

	"paperport/calendar"
	"paperport/market"
	"paperport/money"
)

// ErrTick says that the argument of a "stock" event is not an array we can read; nothing of it may be used.
var ErrTick = errors.New("breezewire: not a tick")

// ErrForeign says that a well-formed "stock" event is none of ours: a strategy, GIFT NIFTY, or an unknown exchange.
var ErrForeign = errors.New("breezewire: foreign tick")

// StockKind says which parts of a Stock are set.
type StockKind uint8

// The kinds.
const (
	QuoteTick StockKind = iota + 1
	DepthTick
	// BothTick: MCX sends quote and ladder in one array.
	BothTick
)

// Stock is one decoded "stock" event. Its Instrument, Seq and ReceivedAt are zero: they are not on the wire.
type Stock struct {
	Kind StockKind
	// Symbol is the room it came from, such as 4.1!2885. It aliases the frame.
	Symbol []byte
	Quote  market.Quote
	Depth  market.Depth
}

// fieldMax is the longest array with fields of its own that we read: MCX's 22 before the levels.
const fieldMax = 24

// fields are the scalars of one array in ten-thousandths.
type fields struct {
	values [fieldMax]int64
	// isText has a bit for every field that is a string with something in it.
	isText uint32
	count  int
}

// qty returns field i as a whole number; bad is raised when it has a fraction.
func (f *fields) qty(i int, bad *int64) money.Qty {
	whole := f.values[i] / money.PriceScale
	*bad |= f.values[i] - whole*money.PriceScale
	return money.Qty(whole)
}

func (f *fields) price(i int) money.Price { return money.Price(f.values[i]) }

func (f *fields) epoch(i int, bad *int64) calendar.Instant {
	seconds := f.values[i] / money.PriceScale
	*bad |= f.values[i] - seconds*money.PriceScale
	return calendar.Instant(seconds * 1_000_000)
}

// DecodeStock reads the argument of a "stock" event (3.4 to 3.7) from its JSON bytes. It allocates nothing, uses no
// float, and returns ErrTick or ErrForeign without touching more than it has read; s is then not to be used.
func DecodeStock(arg []byte, s *Stock) error {
	symbol, i, ok := scanSymbol(arg)
	if !ok {
		return ErrTick
	}
	prefix, level := splitSymbol(symbol)
	if prefix == 0 {
		return ErrForeign
	}
	s.Symbol = symbol
	switch {
	case prefix == prefixMCX:
		return decodeMCX(arg, i, s)
	case level == Ladder:
		s.Kind = DepthTick
		return decodeDepth(arg, i, prefix, &s.Depth)
	default:
		s.Kind = QuoteTick
		return decodeQuote(arg, i, &s.Quote)
	}
}

// scanSymbol reads ["symbol" and returns the index behind it. A symbol holds no escape.
func scanSymbol(b []byte) (symbol []byte, next int, ok bool) {
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '[' {
		return nil, 0, false
	}
	i = skipSpace(b, i+1)
	if i >= len(b) || b[i] != '"' {
		return nil, 0, false
	}
	start := i + 1
	for i = start; i < len(b); i++ {
		switch b[i] {
		case '"':
			return b[start:i], i + 1, true
		case '\\':
			return nil, 0, false
		}
	}
	return nil, 0, false
}

// splitSymbol returns the parts of X.Y!TOKEN, 0 when it is not one we can read.
func splitSymbol(symbol []byte) (prefix uint8, level Level) {
	dot := 1
	if len(symbol) > 2 && symbol[1] != '.' {
		dot = 2
	}
	if len(symbol) < dot+4 || symbol[dot] != '.' || symbol[dot+2] != '!' {
		return 0, 0
	}
	switch {
	case dot == 2 && symbol[0] == '1' && symbol[1] == '3':
		prefix = prefixCurrency
	case dot == 1:
		prefix = symbol[0] - '0'
	}
	level = Level(symbol[dot+1] - '0')
	switch prefix {
	case prefixBSE, prefixNSE, prefixMCX, prefixBFO, prefixCurrency:
		if level == Quotes || level == Ladder {
			return prefix, level
		}
		return 0, 0
	default:
		return 0, 0
	}
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// The layouts of 3.4 behind the common prefix, by length; the length alone selects.
const (
	lengthCash       = 21
	lengthDerivative = 23
)

// textAllowed are the fields that may hold words: the money turnover and the trend.
const (
	textCash       = 1<<15 | 1<<16
	textDerivative = 1<<17 | 1<<18
)

// decodeQuote reads the 20 or 22 scalars behind the symbol.
func decodeQuote(b []byte, i int, q *market.Quote) error {
	var f fields
	f.count = 1
	end, ok := scanFields(b, i, &f)
	if !ok || b[end] != ']' || skipSpace(b, end+1) != len(b) {
		return ErrTick
	}
	shift, allowed := 0, uint32(textCash)
	switch f.count {
	case lengthCash:
	case lengthDerivative:
		shift, allowed = 2, textDerivative
	default:
		return ErrTick
	}
	if f.isText&^allowed != 0 {
		return ErrTick
	}
	return fillQuote(&f, shift, q)
}

func fillQuote(f *fields, shift int, q *market.Quote) error {
	var bad int64
	*q = market.Quote{
		Open: f.price(1), Last: f.price(2), High: f.price(3), Low: f.price(4),
		Bid: f.price(6), BidQty: f.qty(7, &bad), Ask: f.price(8), AskQty: f.qty(9, &bad),
		LastQty: f.qty(10, &bad), AvgPrice: f.price(11),
		Volume: f.qty(12+shift, &bad), TotalBid: f.qty(13+shift, &bad), TotalAsk: f.qty(14+shift, &bad),
		LowerCircuit: f.price(17 + shift), UpperCircuit: f.price(18 + shift),
		At: f.epoch(19+shift, &bad), PrevClose: f.price(20 + shift),
	}
	if shift != 0 {
		q.OI, q.OIChange = f.qty(12, &bad), f.qty(13, &bad)
	}
	if bad != 0 {
		return ErrTick
	}
	return nil
}

// scanFields reads ,value for as long as there are scalars, from f.count on, and stops at the closing bracket or at an
// array. null and "" are zero. It fails on anything else and on more than fieldMax fields.
func scanFields(b []byte, i int, f *fields) (end int, ok bool) {
	for i < len(b) {
		switch b[i] {
		case ',':
		case ']':
			return i, true
		case ' ', '\t', '\n', '\r':
			i++
			continue
		default:
			return 0, false
		}
		i = skipSpace(b, i+1)
		if i >= len(b) || f.count >= fieldMax {
			return 0, false
		}
		if b[i] == '[' {
			return i, true
		}
		if i, ok = scanScalar(b, i, f); !ok {
			return 0, false
		}
		f.count++
	}
	return 0, false
}

// scanScalar reads a number, null or string into field f.count.
func scanScalar(b []byte, i int, f *fields) (next int, ok bool) {
	switch b[i] {
	case '"':
		return scanText(b, i+1, f)
	case 'n':
		if len(b) >= i+4 && b[i+1] == 'u' && b[i+2] == 'l' && b[i+3] == 'l' {
			return i + 4, true
		}
		return 0, false
	default:
		v, next := scanNumber(b, i)
		f.values[f.count] = v
		return next, next != i
	}
}

// scanText reads a string behind its quote: a whole number in quotes counts as a number, "" as null, words are marked.
func scanText(b []byte, i int, f *fields) (next int, ok bool) {
	v, end := scanNumber(b, i)
	if end > i && end < len(b) && b[end] == '"' {
		f.values[f.count] = v
		return end + 1, true
	}
	for start := i; i < len(b); i++ {
		switch b[i] {
		case '"':
			if i > start {
				f.isText |= 1 << f.count
			}
			return i + 1, true
		case '\\':
			return 0, false
		}
	}
	return 0, false
}
