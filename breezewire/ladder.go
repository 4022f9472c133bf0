package breezewire

import (
	"math"

	"paperport/market"
	"paperport/money"
)

// ladderLayout says where things are in one level of a depth array (3.5, 3.6); -1 means not sent.
type ladderLayout struct {
	length                                                   int
	bidPrice, bidQty, bidOrders, askPrice, askQty, askOrders int
	// flags are the fields that may hold words.
	flags uint32
}

var (
	ladderBSE = ladderLayout{4, 0, 1, -1, 2, 3, -1, 0}
	ladderBFO = ladderLayout{6, 0, 1, 2, 3, 4, 5, 0}
	ladderNSE = ladderLayout{8, 0, 1, 2, 4, 5, 6, 1<<3 | 1<<7}
	ladderMCX = ladderLayout{8, 1, 0, 2, 5, 4, 6, 1<<3 | 1<<7}
)

func ladderOf(prefix uint8) *ladderLayout {
	switch prefix {
	case prefixBSE:
		return &ladderBSE
	case prefixBFO:
		return &ladderBFO
	default:
		return &ladderNSE
	}
}

// decodeDepth reads epoch and levels behind the symbol.
func decodeDepth(b []byte, i int, prefix uint8, d *market.Depth) error {
	f := fields{count: 1}
	i, ok := scanFields(b, i, &f)
	if !ok || f.count != 2 || b[i] != '[' || f.isText != 0 {
		return ErrTick
	}
	var bad int64
	*d = market.Depth{At: f.epoch(1, &bad)}
	if bad != 0 {
		return ErrTick
	}
	i = skipSpace(b, i+1)
	l := ladder{layout: ladderOf(prefix), depth: d}
	if i, ok = l.levels(b, i); !ok {
		return ErrTick
	}
	return closeArrays(b, i, 2)
}

// closeArrays wants n closing brackets and then the end.
func closeArrays(b []byte, i, n int) error {
	for range n {
		if i >= len(b) || b[i] != ']' {
			return ErrTick
		}
		i = skipSpace(b, i+1)
	}
	if i != len(b) {
		return ErrTick
	}
	return nil
}

// ladder collects levels; a level without price or size ends its side.
type ladder struct {
	layout             *ladderLayout
	depth              *market.Depth
	isBidEnd, isAskEnd bool
}

// levels reads the level arrays from b[i] on and returns the index behind the last.
func (l *ladder) levels(b []byte, i int) (next int, ok bool) {
	for i < len(b) && b[i] == '[' {
		if i, ok = l.level(b, i); !ok {
			return 0, false
		}
		i = skipSpace(b, i)
		if i >= len(b) || b[i] != ',' {
			return i, true
		}
		i = skipSpace(b, i+1)
		if i >= len(b) || b[i] != '[' {
			return 0, false
		}
	}
	return i, true
}

// level reads one level array at b[i] and returns the index behind it. Levels beyond MaxLevels are read and dropped.
func (l *ladder) level(b []byte, i int) (next int, ok bool) {
	var f fields
	i = skipSpace(b, i+1)
	if i >= len(b) {
		return 0, false
	}
	if i, ok = scanScalar(b, i, &f); !ok {
		return 0, false
	}
	f.count = 1
	i, ok = scanFields(b, i, &f)
	if !ok || b[i] != ']' || f.count != l.layout.length || f.isText&^l.layout.flags != 0 {
		return 0, false
	}
	var bad int64
	bid := take(&f, l.layout.bidPrice, l.layout.bidQty, l.layout.bidOrders, &bad)
	ask := take(&f, l.layout.askPrice, l.layout.askQty, l.layout.askOrders, &bad)
	if bad != 0 {
		return 0, false
	}
	l.isBidEnd = l.isBidEnd || !isLevel(bid) || l.depth.BidLevels == market.MaxLevels
	if !l.isBidEnd {
		l.depth.Bids[l.depth.BidLevels] = bid
		l.depth.BidLevels++
	}
	l.isAskEnd = l.isAskEnd || !isLevel(ask) || l.depth.AskLevels == market.MaxLevels
	if !l.isAskEnd {
		l.depth.Asks[l.depth.AskLevels] = ask
		l.depth.AskLevels++
	}
	return i + 1, true
}

func isLevel(l market.Level) bool { return l.Price != 0 && l.Qty != 0 }

func take(f *fields, price, qty, orders int, bad *int64) market.Level {
	level := market.Level{Price: f.price(price), Qty: f.qty(qty, bad)}
	if orders < 0 {
		return level
	}
	n := f.qty(orders, bad)
	if n < 0 || n > math.MaxInt32 {
		*bad = 1
		return level
	}
	level.Orders = int32(n)
	return level
}

// mcxScalars is how many fields stand before the levels of an MCX array.
const mcxScalars = 22

// decodeMCX reads an array of 3.6: quote and ladder in one.
func decodeMCX(b []byte, i int, s *Stock) error {
	f := fields{count: 1}
	i, ok := scanFields(b, i, &f)
	if !ok || f.count != mcxScalars {
		return ErrTick
	}
	const words = 1<<2 | 1<<3 | 1<<11 | 1<<16
	if f.isText&^words != 0 {
		return ErrTick
	}
	var bad int64
	s.Kind = BothTick
	s.Quote = market.Quote{
		Volume: f.qty(4, &bad), Last: f.price(5), LastQty: f.qty(6, &bad), At: f.epoch(7, &bad), AvgPrice: f.price(8),
		TotalBid: f.qty(9, &bad), TotalAsk: f.qty(10, &bad), PrevClose: f.price(12), Open: f.price(13), High: f.price(14),
		Low: f.price(15), OI: f.qty(17, &bad),
	}
	s.Depth = market.Depth{At: s.Quote.At}
	if bad != 0 {
		return ErrTick
	}
	l := ladder{layout: &ladderMCX, depth: &s.Depth}
	if i, ok = l.levels(b, i); !ok {
		return ErrTick
	}
	best(&s.Quote, &s.Depth)
	return closeArrays(b, i, 1)
}

// best copies the first level of each side into the quote.
func best(q *market.Quote, d *market.Depth) {
	if d.BidLevels > 0 {
		q.Bid, q.BidQty = d.Bids[0].Price, d.Bids[0].Qty
	}
	if d.AskLevels > 0 {
		q.Ask, q.AskQty = d.Asks[0].Price, d.Asks[0].Qty
	}
}

// turnoverCrores is price x qty in hundredths of a crore, for the display string of a tick; 0 when it does not fit.
func turnoverCrores(p money.Price, q money.Qty) int64 {
	v, err := money.MulDiv(int64(p), int64(q), money.PriceScale*100_000, money.HalfUp)
	if err != nil {
		return 0
	}
	return v
}
