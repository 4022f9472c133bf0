package match

import (
	"slices"

	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// Spent is what one account already took of one displayed level. It is forgotten when a later frame shows the level
// gone or with another size than the one it was taken from.
type Spent struct {
	Account int32
	// Side is the side of the book that was taken from.
	Side  order.Side
	Price money.Price
	// Size is what the level showed when it was taken from; Used is how much of it is gone for the account.
	Size, Used money.Qty
}

func (b *Book) left(account int32, side order.Side, level market.Level) money.Qty {
	if i := b.spentAt(account, side, level.Price); i >= 0 {
		return max(0, level.Qty-b.Spent[i].Used)
	}
	return level.Qty
}

func (b *Book) spend(account int32, side order.Side, level market.Level, qty money.Qty) {
	if i := b.spentAt(account, side, level.Price); i >= 0 {
		b.Spent[i].Used += qty
		b.Spent[i].Size = level.Qty
		return
	}
	b.Spent = append(b.Spent, Spent{Account: account, Side: side, Price: level.Price, Size: level.Qty, Used: qty})
}

func (b *Book) spentAt(account int32, side order.Side, price money.Price) int {
	for i := range b.Spent {
		if s := &b.Spent[i]; s.Account == account && s.Price == price && s.Side == side {
			return i
		}
	}
	return -1
}

// refreshTop forgets what the top of a new quote shows to be another book than that of the last one.
func (b *Book) refreshTop(now *market.Quote) {
	if len(b.Spent) == 0 {
		return
	}
	before := &b.Top
	b.refreshBest(order.Sell, market.Level{Price: before.Ask, Qty: before.AskQty}, market.Level{Price: now.Ask, Qty: now.AskQty})
	b.refreshBest(order.Buy, market.Level{Price: before.Bid, Qty: before.BidQty}, market.Level{Price: now.Bid, Qty: now.BidQty})
}

func (b *Book) refreshBest(side order.Side, before, now market.Level) {
	if before == now {
		return
	}
	b.Spent = slices.DeleteFunc(b.Spent, func(s Spent) bool {
		switch {
		case s.Side != side:
			return false
		case now.Price == 0 || isWorse(side, now.Price, s.Price):
			return true // better than the best shown: gone
		default:
			return s.Price == now.Price && s.Size != now.Qty
		}
	})
}

// refreshDepth forgets what a new ladder shows to be another book. A level beyond the last one shown stays remembered.
func (b *Book) refreshDepth(before, now *market.Depth) {
	if len(b.Spent) == 0 {
		return
	}
	b.refreshLadder(order.Sell, before.Asks[:before.AskLevels], now.Asks[:now.AskLevels])
	b.refreshLadder(order.Buy, before.Bids[:before.BidLevels], now.Bids[:now.BidLevels])
}

func (b *Book) refreshLadder(side order.Side, before, now []market.Level) {
	b.Spent = slices.DeleteFunc(b.Spent, func(s Spent) bool {
		if s.Side != side {
			return false
		}
		size, isShown := sizeAt(now, s.Price)
		if isShown {
			old, wasShown := sizeAt(before, s.Price)
			return s.Size != size && (!wasShown || old != size)
		}
		isBeyond := len(now) == market.MaxLevels && isWorse(side, s.Price, now[len(now)-1].Price)
		return !isBeyond
	})
}

func sizeAt(levels []market.Level, price money.Price) (money.Qty, bool) {
	for _, l := range levels {
		if l.Price == price {
			return l.Qty, true
		}
	}
	return 0, false
}
