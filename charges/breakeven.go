package charges

import (
	"paperport/money"
	"paperport/order"
)

// Exit is the order that would close what an entry opened: the same quantity on the other side, filled at one price.
type Exit struct {
	// Schedule are the rates of the exit's side.
	Schedule Schedule
	Side     order.Side
	Qty      money.Qty
	// Multiplier is that of the contract, 1 or more; Tick its price step, 0 means a paisa.
	Multiplier int64
	Tick       money.Price
	// Fee is paid beside the note (paise, >= 0): the depository's fee of a delivery sale.
	Fee money.Paise
}

// roundingMax bounds by how much the roundings of one note move its total: three lines to the rupee, the others and
// the turnover to the paisa.
const roundingMax = 2 * money.PaisePerRupee

// ticksMax bounds the search: beyond any price.
const ticksMax = int64(1) << 40

// BreakEven is the worst price on the tick at which the exit does not lose, and at no better price either: roundings to
// the rupee make the gain fall a little here and there, so the first price that does not lose is not always it. entry is
// the money that the entry cost (exit sells) or brought (exit buys), its charges included. False: there is none, as
// when a short sale brings less than it costs.
func (x *Exit) BreakEven(entry money.Paise) (money.Price, bool) {
	if x.Qty <= 0 || entry <= 0 {
		return 0, false
	}
	ticks, better := x.within(entry), int64(1)
	if x.Side == order.Buy {
		better = -1
	}
	if ticks < 0 {
		return 0, false
	}
	for x.gain(ticks-better, entry) >= 0 {
		ticks -= better
	}
	return money.Price(ticks) * x.tick(), ticks > 0
}

// within finds a price in ticks, near the break-even, from which on no better price loses: where the gain is twice what
// roundings can take. -1: there is none. A buyer always has 0.
func (x *Exit) within(entry money.Paise) int64 {
	isGood := func(ticks int64) bool { return x.gain(ticks, entry) >= 2*roundingMax }
	good, bad := int64(0), int64(1)
	switch x.Side {
	case order.Sell:
		for good, bad = 1, 0; !isGood(good); good *= 2 {
			if bad = good; good > ticksMax {
				return -1
			}
		}
	default:
		for ; isGood(bad); bad *= 2 {
			if good = bad; bad > ticksMax {
				return -1
			}
		}
	}
	for good-bad > 1 || bad-good > 1 {
		if middle := (good + bad) / 2; isGood(middle) {
			good = middle
		} else {
			bad = middle
		}
	}
	return good
}

// gain is what both orders together make at an exit price in ticks. Beyond any real amount it is a loss, as it is at no
// price: nobody sells for nothing, and a buyer's walk ends where money does.
func (x *Exit) gain(ticks int64, entry money.Paise) money.Paise {
	const loss = -1
	if ticks <= 0 && x.Side == order.Sell {
		return loss
	}
	value, err := money.Turnover(money.Price(ticks)*x.tick(), x.Qty, max(1, x.Multiplier), money.HalfUp)
	if err != nil {
		return loss
	}
	note, err := x.Schedule.Note(value, x.Qty)
	if err != nil {
		return loss
	}
	cost := note.Total() + x.Fee
	if x.Side == order.Sell {
		return value - cost - entry
	}
	return entry - value - cost
}

func (x *Exit) tick() money.Price {
	if x.Tick <= 0 {
		return money.PricePerPaisa
	}
	return x.Tick
}
