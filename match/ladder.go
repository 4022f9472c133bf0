package match

import (
	"time"

	"paperport/calendar"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// depthLagMax is how much older than the quote a depth frame may be and still be used: the rooms of quote and depth
// are not synchronised (product.md 2.10 rule 3).
const depthLagMax = time.Second

// Ladder is one side of the book as an order may use it, best price first.
type Ladder struct {
	Levels [market.MaxLevels + 1]market.Level
	N      int
	// IsWhole says that nothing stands behind the last level; otherwise what is beyond is unknown.
	IsWhole bool
}

// side returns the ladder of offers to sell (of == order.Sell) or to buy. A newer quote overrules the top of an older
// depth: better levels are gone, its own price has its own size. Depth older than a second counts not at all.
func (b *Book) side(of order.Side) Ladder {
	top := market.Level{Price: b.Top.Ask, Qty: b.Top.AskQty}
	levels, n := &b.Depth.Asks, int(b.Depth.AskLevels)
	if of == order.Buy {
		top = market.Level{Price: b.Top.Bid, Qty: b.Top.BidQty}
		levels, n = &b.Depth.Bids, int(b.Depth.BidLevels)
	}
	var l Ladder
	if !b.isDepthUsable() {
		if top.Price > 0 {
			l.Levels[0], l.N = top, 1
		}
		l.IsWhole = top.Price == 0
		return l
	}
	isQuoteNewer := b.Top.ReceivedAt > b.Depth.ReceivedAt
	l.IsWhole = n < market.MaxLevels
	if isQuoteNewer && top.Price == 0 {
		return Ladder{IsWhole: true}
	}
	if isQuoteNewer {
		l.Levels[0], l.N = top, 1
	}
	for _, level := range levels[:n] {
		if isQuoteNewer && !isWorse(of, level.Price, top.Price) {
			continue
		}
		l.Levels[l.N] = level
		l.N++
	}
	if l.N > market.MaxLevels {
		l.N, l.IsWhole = market.MaxLevels, false
	}
	return l
}

func (b *Book) isDepthUsable() bool {
	return b.Depth.ReceivedAt > 0 && b.Top.ReceivedAt.Sub(b.Depth.ReceivedAt) <= depthLagMax
}

// BookAt is when the data that orders fill on was received: the quote's time, or the depth's where it is newer.
func (b *Book) BookAt() calendar.Instant {
	if b.Top.ReceivedAt == 0 {
		return 0
	}
	return max(b.Top.ReceivedAt, b.Depth.ReceivedAt)
}

// isWorse reports whether price a is worse than b for whoever takes it from that side of the book.
func isWorse(of order.Side, a, b money.Price) bool {
	if of == order.Sell {
		return a > b
	}
	return a < b
}

// Displayed is the quantity shown on side at price, and whether that much is known.
func (b *Book) displayed(side order.Side, price money.Price) (money.Qty, bool) {
	l := b.side(side)
	for _, level := range l.Levels[:l.N] {
		if level.Price == price {
			return level.Qty, true
		}
	}
	if l.N == 0 || isWorse(side, price, l.Levels[l.N-1].Price) {
		return 0, l.IsWhole
	}
	return 0, true
}
