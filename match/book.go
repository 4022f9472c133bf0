package match

import (
	"math"
	"slices"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// Resting is a working order as the matcher sees it.
type Resting struct {
	ID order.ID
	// Account numbers the accounts of a venue; displayed quantity is spent per account.
	Account int32
	Side    order.Side
	Limit   money.Price
	// Leaves is what still works. The book lowers it with every fill and drops the order at 0.
	Leaves money.Qty
	// Queue is the displayed quantity still ahead at Limit; unless IsQueueKnown, Limit lies beyond what we are shown.
	Queue        money.Qty
	IsQueueKnown bool
	// IsSweeping marks an order that took all it could see while the other side still stood at its limit or better: it
	// goes on taking, at displayed prices only, until a frame shows the other side beyond its limit. From then on it rests.
	IsSweeping bool
	JoinedAt   calendar.Instant
	// Profile is how it is treated; nil means Realistic.
	Profile *Profile
}

// Fill is one execution. Level is the rung of the ladder taken, 0 for an order that rested.
type Fill struct {
	Order      *Resting
	Qty        money.Qty
	Price      money.Price
	Level      int8
	QueueAhead money.Qty
	Rule       string
}

// The rules a fill may rest on.
const (
	// WalksDepth: an arriving order takes what is displayed at its limit or better, at the displayed price.
	WalksDepth = "walks-depth"
	// FarQuote: the other side came to a resting limit (or as far beyond it as the profile asks); it fills at the limit, up
	// to what is displayed there or better.
	FarQuote = "far-quote"
	// QueuePrinted: what was ahead of a resting limit has traded; it fills at the limit from what traded beyond, as the
	// profile allows.
	QueuePrinted = "queue-printed"
)

// Book is one instrument's market data and the orders that work in it. Call Define before use. Fields are exported for snapshots.
//
// Assumptions of all profiles: prints are the change of the day's volume between two quotes, all at the last
// price, on the side it lies nearer to; cancels ahead of us are never seen; our orders move nobody.
type Book struct {
	// What a quiet quote touches comes first, so that it lies in four cache lines.

	Top                   Top
	bestBuy, bestSell     money.Price // limits of the best resting orders; 0 and MaxInt64 when none
	hiddenBuy, hiddenSell money.Price // the best limits with an unknown queue; same sentinels
	stopBuy, stopSell     money.Price // the triggers reached first; noStopBuy and noStopSell when none
	soldQty, boughtQty    money.Qty   // printed by the last quote, by side; used up by Fill
	prevAt                calendar.Instant
	Recent                *Recent // nil for shares
	bounds                bounds
	// Epoch is the feed's epoch of Top: across a gap in the feed nothing counts as printed.
	Epoch    uint32
	sweeping int32 // resting orders with IsSweeping
	Spent    []Spent

	Instrument *instrument.Instrument
	// Insane counts frames refused.
	Insane uint64
	Depth  market.Depth
	// Buys and Sells hold resting orders with the best price last and, at one price, the oldest last.
	Buys, Sells []*Resting
	// StopBuys and StopSells hold the stops that wait, the one reached first last and, at one trigger, the oldest last.
	StopBuys, StopSells []*Stop
	printUsed           []used
}

// Top is what a book keeps of the last quote.
type Top struct {
	Seq            uint64
	At, ReceivedAt calendar.Instant
	Bid, Ask, Last money.Price
	BidQty, AskQty money.Qty
	Volume         money.Qty
	// LowerCircuit and UpperCircuit are 0 where not known.
	LowerCircuit, UpperCircuit money.Price
	IsFromBars                 bool
}

type used struct {
	account int32
	side    order.Side
	qty     money.Qty
}

// Define sets the contract and its terms; it may be called again when they change.
func (b *Book) Define(i *instrument.Instrument) {
	b.Instrument, b.bounds, b.Recent = i, boundsOf(i), recentOf(i, b.Recent)
	b.touch()
}

// Touch recomputes what is derived from Buys, Sells and the stops; call it after setting them from a snapshot.
func (b *Book) Touch() { b.touch() }

func (b *Book) touch() {
	b.touchStops()
	b.bestBuy, b.hiddenBuy = 0, 0
	b.bestSell, b.hiddenSell = math.MaxInt64, math.MaxInt64
	if n := len(b.Buys); n > 0 {
		b.bestBuy = b.Buys[n-1].Limit
	}
	if n := len(b.Sells); n > 0 {
		b.bestSell = b.Sells[n-1].Limit
	}
	b.sweeping = 0
	for _, r := range b.Buys {
		b.note(r)
	}
	for _, r := range b.Sells {
		b.note(r)
	}
}

// note counts one resting order in what is derived.
func (b *Book) note(r *Resting) {
	if r.IsSweeping {
		b.sweeping++
	}
	switch {
	case r.IsQueueKnown:
	case r.Side == order.Buy:
		b.hiddenBuy = max(b.hiddenBuy, r.Limit)
	default:
		b.hiddenSell = min(b.hiddenSell, r.Limit)
	}
}

// HasOrders reports whether anything rests.
func (b *Book) HasOrders() bool { return len(b.Buys)+len(b.Sells) > 0 }

// SetQuote takes a frame in and reports whether Fill or Triggered has something to do: three comparisons a side. A frame that is not
// sane, or older than the last one, changes nothing.
func (b *Book) SetQuote(q *market.Quote, epoch uint32) bool {
	if q.ReceivedAt < b.Top.ReceivedAt {
		return false
	}
	if !b.bounds.isSane(q) {
		b.Insane++
		return false
	}
	b.refreshTop(q)
	b.print(q, epoch)
	if b.Recent != nil && q.Last > 0 && (q.Volume > b.Top.Volume || b.Top.ReceivedAt == 0) {
		b.Recent.note(q.ReceivedAt, q.Last)
	}
	b.prevAt = b.Top.ReceivedAt
	b.Epoch = epoch
	b.Top = Top{
		Seq: q.Seq, At: q.At, ReceivedAt: q.ReceivedAt, Bid: q.Bid, Ask: q.Ask, Last: q.Last, BidQty: q.BidQty, AskQty: q.AskQty,
		Volume: q.Volume, LowerCircuit: q.LowerCircuit, UpperCircuit: q.UpperCircuit, IsFromBars: q.IsFromBars,
	}
	if (b.hiddenBuy > 0 && q.Bid <= b.hiddenBuy) || q.Ask >= b.hiddenSell || (q.Ask == 0 && b.hiddenSell < math.MaxInt64) {
		b.resolve()
	}
	if b.sweeping > 0 {
		b.settle()
	}
	isBuy := (q.Ask <= b.bestBuy && q.Ask > 0) || (q.Last <= b.bestBuy && b.soldQty > 0)
	isSell := (q.Bid >= b.bestSell) || (q.Last >= b.bestSell && b.boughtQty > 0)
	isStop := q.Last >= b.stopBuy || q.Last <= b.stopSell
	return isBuy || isSell || isStop
}

// SetDepth takes a ladder in and reports whether Fill has something to do.
func (b *Book) SetDepth(d *market.Depth) bool {
	if d.ReceivedAt < b.Depth.ReceivedAt {
		return false
	}
	if !isDepthSane(d) {
		b.Insane++
		return false
	}
	b.refreshDepth(&b.Depth, d)
	b.Depth = *d
	b.soldQty, b.boughtQty = 0, 0
	if b.hiddenBuy > 0 || b.hiddenSell < math.MaxInt64 {
		b.resolve()
	}
	if b.sweeping > 0 {
		b.settle()
	}
	isBuy := d.AskLevels > 0 && d.Asks[0].Price <= b.bestBuy
	isSell := d.BidLevels > 0 && d.Bids[0].Price >= b.bestSell
	return isBuy || isSell
}

// print works out what traded between the standing quote and q, split by the side that crossed the spread.
func (b *Book) print(q *market.Quote, epoch uint32) {
	b.soldQty, b.boughtQty = 0, 0
	traded := q.Volume - b.Top.Volume
	if traded <= 0 || b.Top.ReceivedAt == 0 || epoch != b.Epoch || q.Last <= 0 {
		return
	}
	toBid, toAsk := q.Last-b.Top.Bid, b.Top.Ask-q.Last
	switch {
	case b.Top.Bid > 0 && (toBid <= 0 || (b.Top.Ask > 0 && toBid < toAsk)):
		b.soldQty = traded
	case b.Top.Ask > 0 && (toAsk <= 0 || (b.Top.Bid > 0 && toAsk < toBid)):
		b.boughtQty = traded
	default:
		b.soldQty, b.boughtQty = traded/2, traded/2
	}
}

// resolve gives orders whose limit has come into view the queue that is displayed there.
func (b *Book) resolve() {
	for _, side := range [2][]*Resting{b.Buys, b.Sells} {
		for i := len(side) - 1; i >= 0; i-- {
			r := side[i]
			if r.IsQueueKnown {
				continue
			}
			queue, isKnown := b.displayed(r.Side, r.Limit)
			if !isKnown {
				break
			}
			r.Queue, r.IsQueueKnown = r.profile().queueOf(queue), true
		}
	}
	b.touch()
}

// settle lets orders rest that the other side has moved away from.
func (b *Book) settle() {
	for _, side := range [2][]*Resting{b.Buys, b.Sells} {
		for _, r := range side {
			if r.IsSweeping && !b.isReached(r) {
				r.IsSweeping = false
				b.sweeping--
			}
		}
	}
}

// isReached reports whether the other side stands at an order's limit or better.
func (b *Book) isReached(r *Resting) bool {
	far := opposite(r.Side)
	l := b.side(far)
	return l.N > 0 && !isWorse(far, l.Levels[0].Price, r.Limit)
}

// Rest puts an order into the book, behind everything displayed at its limit, as its profile counts it. f says whether the
// book may be believed; otherwise the queue is unknown, unless the profile has none.
func (b *Book) Rest(r *Resting, at calendar.Instant, f Freshness) {
	r.JoinedAt = at
	r.Queue, r.IsQueueKnown, r.IsSweeping = 0, false, false
	if f == Fresh {
		r.Queue, r.IsQueueKnown = b.displayed(r.Side, r.Limit)
		r.Queue = r.profile().queueOf(r.Queue)
		r.IsSweeping = b.isReached(r)
	}
	if r.profile().QueuePercent == 0 {
		r.Queue, r.IsQueueKnown = 0, true
	}
	side := &b.Buys
	if r.Side == order.Sell {
		side = &b.Sells
	}
	i, _ := slices.BinarySearchFunc(*side, r.Limit, func(x *Resting, limit money.Price) int {
		if isWorse(r.Side, x.Limit, limit) {
			return -1
		}
		return 1 // the newest comes first among equals
	})
	*side = slices.Insert(*side, i, r)
	b.touchAfter(r)
}

// touchAfter is touch for one more order, without the scan.
func (b *Book) touchAfter(r *Resting) {
	if r.Side == order.Buy {
		b.bestBuy = max(b.bestBuy, r.Limit)
	} else {
		b.bestSell = min(b.bestSell, r.Limit)
	}
	b.note(r)
}

// Remove takes an order out; it reports whether it was there.
func (b *Book) Remove(r *Resting) bool {
	side := &b.Buys
	if r.Side == order.Sell {
		side = &b.Sells
	}
	i, _ := slices.BinarySearchFunc(*side, r.Limit, func(x *Resting, limit money.Price) int {
		if isWorse(r.Side, x.Limit, limit) {
			return -1
		}
		return 1
	})
	for ; i < len(*side) && (*side)[i].Limit == r.Limit; i++ {
		if (*side)[i] == r {
			*side = slices.Delete(*side, i, i+1)
			b.touchBest()
			if !r.IsQueueKnown || r.IsSweeping {
				b.touch()
			}
			return true
		}
	}
	return false
}

func (b *Book) touchBest() {
	b.bestBuy, b.bestSell = 0, math.MaxInt64
	if n := len(b.Buys); n > 0 {
		b.bestBuy = b.Buys[n-1].Limit
	}
	if n := len(b.Sells); n > 0 {
		b.bestSell = b.Sells[n-1].Limit
	}
}

// Freshness says whether a book is young enough to trade on.
type Freshness uint8

// Stale is the zero value: not to be believed.
const (
	Stale Freshness = iota
	Fresh
)
