package match

import (
	"math"
	"slices"

	"paperport/money"
	"paperport/order"
)

// Stop is a stop order that waits at the exchange for its trigger: a buy for a last traded price at it or above, a sale
// for one at it or below. Bids and offers never set it off.
type Stop struct {
	ID      order.ID
	Side    order.Side
	Trigger money.Price
}

// noStopBuy and noStopSell are no last price's.
const (
	noStopBuy  money.Price = math.MaxInt64
	noStopSell money.Price = math.MinInt64
)

// AddStop puts a stop behind those of the same trigger.
func (b *Book) AddStop(s *Stop) {
	list := b.stops(s.Side)
	*list = slices.Insert(*list, stopAt(*list, s), s)
	b.touchStops()
}

// RemoveStop takes a stop out; it reports whether it was there.
func (b *Book) RemoveStop(s *Stop) bool {
	list := b.stops(s.Side)
	for i := stopAt(*list, s); i < len(*list) && (*list)[i].Trigger == s.Trigger; i++ {
		if (*list)[i] == s {
			*list = slices.Delete(*list, i, i+1)
			b.touchStops()
			return true
		}
	}
	return false
}

// HasStops reports whether a stop waits.
func (b *Book) HasStops() bool { return len(b.StopBuys)+len(b.StopSells) > 0 }

// IsStopReached reports whether the last price sets a stop off.
func (b *Book) IsStopReached() bool {
	return b.Top.Last > 0 && (b.Top.Last >= b.stopBuy || b.Top.Last <= b.stopSell)
}

// Triggered takes out the stops that the last price sets off: buys first, the first reached first and the oldest first.
func (b *Book) Triggered() (out []*Stop) {
	for _, list := range [2]*[]*Stop{&b.StopBuys, &b.StopSells} {
		n := len(*list)
		for n > 0 && isReachedBy((*list)[n-1], b.Top.Last) {
			n--
			out = append(out, (*list)[n])
		}
		*list = (*list)[:n]
	}
	b.touchStops()
	return out
}

func isReachedBy(s *Stop, last money.Price) bool {
	if s.Side == order.Buy {
		return last >= s.Trigger
	}
	return last <= s.Trigger
}

func (b *Book) stops(side order.Side) *[]*Stop {
	if side == order.Sell {
		return &b.StopSells
	}
	return &b.StopBuys
}

// stopAt is where a stop of s's trigger begins: the one reached first comes last and, among equals, the oldest last.
func stopAt(list []*Stop, s *Stop) int {
	i, _ := slices.BinarySearchFunc(list, s.Trigger, func(x *Stop, trigger money.Price) int {
		isLater := x.Trigger > trigger
		if s.Side == order.Sell {
			isLater = x.Trigger < trigger
		}
		if isLater {
			return -1
		}
		return 1
	})
	return i
}

// touchStops keeps the trigger that is reached first on either side: all that a quiet quote looks at.
func (b *Book) touchStops() {
	b.stopBuy, b.stopSell = noStopBuy, noStopSell
	if n := len(b.StopBuys); n > 0 {
		b.stopBuy = b.StopBuys[n-1].Trigger
	}
	if n := len(b.StopSells); n > 0 {
		b.stopSell = b.StopSells[n-1].Trigger
	}
}
