package match

import (
	"slices"

	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// Enter lets an arriving order take what is displayed at its limit or better, level by level at the displayed prices,
// less what its account took before. What is left stays in r.Leaves; the caller rests or cancels it. Fills are
// appended to out.
func (b *Book) Enter(r *Resting, out []Fill) []Fill {
	far := opposite(r.Side)
	l := b.side(far)
	for n, level := range l.Levels[:l.N] {
		if r.Leaves == 0 || isWorse(far, level.Price, r.Limit) {
			break
		}
		if qty := b.take(r, far, level); qty > 0 {
			out = append(out, Fill{Order: r, Qty: qty, Price: level.Price, Level: int8(n + 1), Rule: WalksDepth})
		}
	}
	return out
}

func (b *Book) take(r *Resting, far order.Side, level market.Level) money.Qty {
	qty := min(r.Leaves, b.left(r.Account, far, level))
	if qty > 0 {
		b.spend(r.Account, far, level, qty)
		r.Leaves -= qty
	}
	return qty
}

// Fill executes what the last frame allows, best price first and oldest first, appending to out, and drops what is
// done. Call it when SetQuote or SetDepth said so and the book may be believed.
func (b *Book) Fill(out []Fill) []Fill {
	b.printUsed = b.printUsed[:0]
	n := len(out)
	out = b.fillSide(order.Buy, b.Buys, out)
	out = b.fillSide(order.Sell, b.Sells, out)
	if len(out) > n {
		b.Buys = slices.DeleteFunc(b.Buys, isDone)
		b.Sells = slices.DeleteFunc(b.Sells, isDone)
		b.touch()
	}
	b.soldQty, b.boughtQty = 0, 0
	return out
}

func isDone(r *Resting) bool { return r.Leaves == 0 }

func (b *Book) fillSide(side order.Side, orders []*Resting, out []Fill) []Fill {
	printed := b.soldQty
	if side == order.Sell {
		printed = b.boughtQty
	}
	far := b.side(opposite(side))
	for i := len(orders) - 1; i >= 0; i-- {
		r := orders[i]
		isReached := far.N > 0 && !isWorse(opposite(side), far.Levels[0].Price, r.Limit)
		isPrinted := printed > 0 && !isWorse(opposite(side), b.Top.Last, r.Limit)
		if !isReached && !isPrinted {
			break
		}
		if isReached {
			out = b.fillFar(r, &far, out)
		}
		if isPrinted && r.Leaves > 0 && !r.IsSweeping && b.prevAt >= r.JoinedAt && r.profile().Prints != Never {
			out = b.fillPrinted(r, printed, out)
		}
	}
	return out
}

// fillFar fills a resting order at its limit, up to what the other side displays at the price that reaches it or better.
func (b *Book) fillFar(r *Resting, far *Ladder, out []Fill) []Fill {
	if r.IsSweeping {
		return b.Enter(r, out)
	}
	side, reach := opposite(r.Side), r.profile().reachOf(r, b.Instrument.Terms.TickSize)
	var qty money.Qty
	for _, level := range far.Levels[:far.N] {
		if r.Leaves == 0 || isWorse(side, level.Price, reach) {
			break
		}
		qty += b.take(r, side, level)
	}
	if qty > 0 {
		out = append(out, Fill{Order: r, Qty: qty, Price: r.Limit, QueueAhead: r.Queue, Rule: FarQuote})
	}
	return out
}

// fillPrinted lets a print at the limit use up the queue ahead; what it had left, and all of a print through the limit,
// fills the order (AtLimit). Under ThroughLimit a print through the limit uses up the queue too, and only its rest fills.
// One account uses a printed quantity once.
func (b *Book) fillPrinted(r *Resting, printed money.Qty, out []Fill) []Fill {
	p, isThrough := r.profile(), b.Top.Last != r.Limit
	if isThrough && p.Prints == AtLimit {
		r.Queue, r.IsQueueKnown = 0, true
	}
	if !r.IsQueueKnown {
		return out
	}
	printed = printed * p.PrintPercent / 100
	gone := min(r.Queue, printed)
	r.Queue -= gone
	if p.Prints == ThroughLimit && !isThrough {
		return out
	}
	qty := min(r.Leaves, printed-gone-b.printedBefore(r))
	if qty <= 0 {
		return out
	}
	r.Leaves -= qty
	b.usePrint(r, qty)
	return append(out, Fill{Order: r, Qty: qty, Price: r.Limit, QueueAhead: r.Queue, Rule: QueuePrinted})
}

func (b *Book) printedBefore(r *Resting) money.Qty {
	for _, u := range b.printUsed {
		if u.account == r.Account && u.side == r.Side {
			return u.qty
		}
	}
	return 0
}

func (b *Book) usePrint(r *Resting, qty money.Qty) {
	for i := range b.printUsed {
		if u := &b.printUsed[i]; u.account == r.Account && u.side == r.Side {
			u.qty += qty
			return
		}
	}
	b.printUsed = append(b.printUsed, used{r.Account, r.Side, qty})
}

func opposite(s order.Side) order.Side {
	if s == order.Buy {
		return order.Sell
	}
	return order.Buy
}
