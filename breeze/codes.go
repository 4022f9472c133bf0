package breeze

import (
	"slices"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/instrument"
)

// Codes says how Breeze names instruments on one day, in both directions. It is built by ImportMaster, then immutable
// and safe for concurrent use; the next day has Codes of its own. It costs about 20 bytes an instrument.
type Codes struct {
	// On is the day of the master.
	On       calendar.Date
	registry *instrument.View
	// stockCodes and stockIndex intern ISEC codes; stocks and tokens are by ID-1, a stock of 0 meaning no code.
	stockCodes []string
	stockIndex map[string]uint32
	stocks     []uint32
	tokens     []token
	// prefixes are the X of the stream token, by ID-1.
	prefixes []uint8
	// names are the tokens that are no numbers, byName their holders.
	names  []string
	byName map[namedRoom]instrument.ID
	// byNumber is a hash table of ids by room prefix and numeric token with open addressing; 0 is a free slot.
	byNumber []instrument.ID
	numbered int
	// shared counts tokens that a second instrument had too.
	shared int
	// roots finds what a code stands for: the share or index in a cash exchange, the underlying's symbol in F&O.
	roots map[rootKey]root
}

type rootKey struct {
	exchange breezewire.ExchangeCode
	stock    uint32
}

type root struct {
	id         instrument.ID
	underlying string
}

type namedRoom struct {
	prefix uint8
	name   string
}

// token is a number, or namedToken plus an index into names.
type token uint64

const namedToken token = 1 << 63

func newCodes(on calendar.Date, registry *instrument.View) *Codes {
	return &Codes{
		On: on, registry: registry, stockCodes: []string{""}, stockIndex: map[string]uint32{},
		byName: map[namedRoom]instrument.ID{}, roots: map[rootKey]root{},
	}
}

// Code returns how Breeze names an instrument on that day; false when it has no code then.
func (c *Codes) Code(id instrument.ID) (breezewire.Code, bool) {
	if id == 0 || int(id) > len(c.stocks) || c.stocks[id-1] == 0 {
		return breezewire.Code{}, false
	}
	in, ok := c.registry.AsOf(id, c.On)
	if !ok {
		return breezewire.Code{}, false
	}
	code := breezewire.Code{
		StockCode: c.stockCodes[c.stocks[id-1]], ExchangeCode: breezewire.ExchangeCodeOf(in.Exchange, in.Segment),
		Product: breezewire.Cash, Expiry: in.Expiry, Strike: in.Strike, Right: in.Right, Token: c.tokenText(c.tokens[id-1]),
	}
	switch in.Kind {
	case instrument.Future:
		code.Product = breezewire.Futures
	case instrument.Option:
		code.Product = breezewire.Options
	case instrument.Equity, instrument.Index:
	}
	return code, true
}

// StockCode returns the ISEC code of an instrument, "" when it has none. It is a word people search by.
func (c *Codes) StockCode(id instrument.ID) string {
	if id == 0 || int(id) > len(c.stocks) {
		return ""
	}
	return c.stockCodes[c.stocks[id-1]]
}

// ByRoom returns the instrument streamed under a token such as "4.1!2885", whatever its level; a candle room of BFO
// (prefix 2) is that of its quotes.
func (c *Codes) ByRoom(room breezewire.Room) (instrument.ID, bool) {
	const bfoCandles, bfoQuotes = 2, 8
	prefix := room.Prefix
	if prefix == bfoCandles {
		prefix = bfoQuotes
	}
	if n, ok := numericToken(room.Token); ok {
		id := c.find(prefix, n)
		return id, id != 0
	}
	id, ok := c.byName[namedRoom{prefix, room.Token}]
	return id, ok
}

// ByCode returns the instrument that a request or answer names; Token is not looked at.
func (c *Codes) ByCode(code breezewire.Code) (instrument.ID, bool) {
	stock, ok := c.stockIndex[code.StockCode]
	if !ok {
		return 0, false
	}
	r, ok := c.roots[rootKey{code.ExchangeCode, stock}]
	if !ok {
		return 0, false
	}
	if code.Product == breezewire.Cash || code.Product == "" {
		return r.id, r.id != 0
	}
	exchange, segment := code.ExchangeCode.Board()
	in := instrument.Instrument{Exchange: exchange, Segment: segment, Kind: instrument.Future, Underlying: r.underlying, Expiry: code.Expiry}
	if code.Product == breezewire.Options {
		in.Kind, in.Strike, in.Right = instrument.Option, code.Strike, code.Right
	}
	id, ok := c.registry.Find(in)
	if !ok || int(id) > len(c.stocks) || c.stocks[id-1] != stock {
		return 0, false
	}
	return id, true
}

// add records the code of an id; the first holder of a token keeps it, as in the SDKs (4.3).
func (c *Codes) add(id instrument.ID, in *instrument.Instrument, stockCode, tokenText string) {
	for int(id) > len(c.stocks) {
		c.stocks = append(c.stocks, 0)
		c.tokens = append(c.tokens, 0)
		c.prefixes = append(c.prefixes, 0)
	}
	stock, ok := c.stockIndex[stockCode]
	if !ok {
		stock = uint32(len(c.stockCodes))
		c.stockCodes = append(c.stockCodes, stockCode)
		c.stockIndex[stockCode] = stock
	}
	c.stocks[id-1], c.prefixes[id-1] = stock, roomPrefix(in)
	c.addToken(id, tokenText)
	code := breezewire.ExchangeCodeOf(in.Exchange, in.Segment)
	if in.Kind == instrument.Equity || in.Kind == instrument.Index {
		c.roots[rootKey{code, stock}] = root{id: id}
	} else {
		c.roots[rootKey{code, stock}] = root{underlying: in.Underlying}
	}
}

// clip gives back what growing left over.
func (c *Codes) clip() {
	c.stocks, c.tokens, c.prefixes, c.stockCodes = slices.Clone(c.stocks), slices.Clone(c.tokens), slices.Clone(c.prefixes), slices.Clone(c.stockCodes)
}

func (c *Codes) addToken(id instrument.ID, text string) {
	prefix := c.prefixes[id-1]
	if n, ok := numericToken(text); ok {
		c.tokens[id-1] = n
		if c.find(prefix, n) == 0 {
			c.insert(id)
		} else {
			c.shared++
		}
		return
	}
	c.names = append(c.names, text)
	c.tokens[id-1] = namedToken | token(len(c.names)-1)
	if key := (namedRoom{prefix, text}); c.byName[key] == 0 {
		c.byName[key] = id
	}
}

// roomPrefix is the X of the stream token of an instrument's quotes (3.3).
func roomPrefix(in *instrument.Instrument) uint8 {
	switch breezewire.ExchangeCodeOf(in.Exchange, in.Segment) {
	case breezewire.NSE, breezewire.NFO:
		return 4
	case breezewire.BSE:
		return 1
	case breezewire.BFO:
		return 8
	case breezewire.MCX:
		return 6
	case breezewire.NDX:
		return 13
	default:
		return 0
	}
}

// numericToken reads a token that is a number without leading zeros, at most 18 digits.
func numericToken(text string) (token, bool) {
	if text == "" || text[0] == '0' || len(text) > 18 {
		return 0, false
	}
	var n token
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + token(text[i]-'0')
	}
	return n, true
}

func (c *Codes) tokenText(t token) string {
	if t&namedToken != 0 {
		return c.names[t&^namedToken]
	}
	if t == 0 {
		return ""
	}
	var digits [20]byte
	i := len(digits)
	for ; t > 0; t /= 10 {
		i--
		digits[i] = byte('0' + t%10)
	}
	return string(digits[i:])
}

func (c *Codes) find(prefix uint8, t token) instrument.ID {
	if len(c.byNumber) == 0 {
		return 0
	}
	mask := uint64(len(c.byNumber) - 1)
	for i := tokenHash(prefix, t) & mask; ; i = (i + 1) & mask {
		id := c.byNumber[i]
		if id == 0 || (c.tokens[id-1] == t && c.prefixes[id-1] == prefix) {
			return id
		}
	}
}

// insert adds an id whose token is set, growing the table at three quarters full.
func (c *Codes) insert(id instrument.ID) {
	const slotsMin = 1024
	if (c.numbered+1)*4 > len(c.byNumber)*3 {
		old := c.byNumber
		c.byNumber = make([]instrument.ID, max(slotsMin, 2*len(old)))
		for _, held := range old {
			if held != 0 {
				c.put(held)
			}
		}
	}
	c.put(id)
	c.numbered++
}

func (c *Codes) put(id instrument.ID) {
	mask := uint64(len(c.byNumber) - 1)
	i := tokenHash(c.prefixes[id-1], c.tokens[id-1]) & mask
	for c.byNumber[i] != 0 {
		i = (i + 1) & mask
	}
	c.byNumber[i] = id
}

// tokenHash mixes a room's prefix with a numeric token.
func tokenHash(prefix uint8, t token) uint64 {
	h := (uint64(t) ^ uint64(prefix)<<56) * 0x9E3779B97F4A7C15
	return h ^ h>>29
}
