package feed

import (
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// checkQuote judges q against the standing quote; spot is the underlying's last price, 0 when unknown. s.mu is held. A
// spike is remembered as the suspect. An instrument that never traded has no exchange time: it may be quoted without.
func (f *Feed) checkQuote(s *slot, q *market.Quote, spot money.Price) Reason {
	if reason := checkShape(q); reason != Good {
		return reason
	}
	isUntraded := q.At == 0 && q.Last == 0 && s.quote.At == 0
	if reason := f.checkTime(q.At, s.quote.At, q.ReceivedAt); reason != Good && !isUntraded {
		return reason
	}
	if reason := checkOrder(f.limits, s, q); reason != Good {
		return reason
	}
	if reason := checkPrices(s.facts, q, spot); reason != Good {
		return reason
	}
	return f.checkSpike(s, q)
}

// checkTime judges exchange time against our clock and the standing frame's.
func (f *Feed) checkTime(at, standing, now calendar.Instant) Reason {
	switch {
	case at <= 0:
		return Garbage
	case at > now.Add(f.limits.FutureMax):
		return Future
	case at >= standing:
		return Good
	case at < standing.Add(-f.limits.ReorderMax):
		return Old
	default:
		return Reordered
	}
}

func checkShape(q *market.Quote) Reason {
	prices := int64(q.Bid) | int64(q.Ask) | int64(q.Last) | int64(q.Open) | int64(q.High) | int64(q.Low) |
		int64(q.PrevClose) | int64(q.AvgPrice) | int64(q.LowerCircuit) | int64(q.UpperCircuit)
	sizes := int64(q.BidQty) | int64(q.AskQty) | int64(q.LastQty) | int64(q.Volume) | int64(q.TotalBid) | int64(q.TotalAsk) | int64(q.OI)
	switch {
	case prices|sizes < 0:
		return Garbage
	case q.Last == 0 && q.Bid == 0 && q.Ask == 0:
		return Empty
	default:
		return Good
	}
}

// checkOrder finds late and repeated frames of the same exchange second.
func checkOrder(limits Limits, s *slot, q *market.Quote) Reason {
	standing := &s.quote
	if standing.Seq == 0 || q.At != standing.At {
		return Good
	}
	if q.Volume != 0 && q.Volume < standing.Volume {
		return Reordered
	}
	if sameQuote(q, standing) && q.ReceivedAt.Sub(standing.ReceivedAt) < limits.RepeatMin {
		return Duplicate
	}
	return Good
}

// sameQuote compares everything the exchange said.
func sameQuote(a, b *market.Quote) bool {
	x := *a
	x.Seq, x.ReceivedAt = b.Seq, b.ReceivedAt
	return x == *b
}

func checkPrices(known facts, q *market.Quote, spot money.Price) Reason {
	switch {
	case isBeyond(q.Last, q) || isBeyond(q.Bid, q) || isBeyond(q.Ask, q):
		return OutsideCircuit
	case q.Last != 0 && ((q.High != 0 && q.Last > q.High) || (q.Low != 0 && q.Last < q.Low)):
		return OutsideDay
	case q.Bid != 0 && q.Ask != 0 && q.Bid > q.Ask:
		return Crossed
	case known.kind != instrument.Option || q.Last == 0:
		return Good
	case q.Last < known.tick:
		return BelowTick
	case isSpotValue(known, q.Last, spot):
		return SpotValue
	default:
		return Good
	}
}

// isBeyond reports whether a price is outside the circuit limits the quote itself brings.
func isBeyond(p money.Price, q *market.Quote) bool {
	return p != 0 && ((q.LowerCircuit != 0 && p < q.LowerCircuit) || (q.UpperCircuit != 0 && p > q.UpperCircuit))
}

// isSpotValue: an option within 2 % of its underlying's price, when that is more than a quarter of the underlying above
// what exercising it would bring. Feeds have shown the spot under an option's symbol (product.md 2.10.7).
func isSpotValue(known facts, last, spot money.Price) bool {
	if spot == 0 || distanceBps(last, spot) > 200 {
		return false
	}
	intrinsic := max(0, spot-known.strike)
	if known.right == instrument.Put {
		intrinsic = max(0, known.strike-spot)
	}
	return last > intrinsic+spot/4
}

// distanceBps is |a-b| in hundredths of a percent of b (> 0), rounded down.
func distanceBps(a, b money.Price) int64 {
	v, err := money.MulDiv(int64(max(a-b, b-a)), 10_000, int64(b), money.Down)
	if err != nil {
		return 1 << 62
	}
	return v
}

// spikeFloor is the smallest distance that is ever called a spike: five rupees, so that cheap options may double.
const spikeFloor money.Price = 5 * money.PriceScale

// witnessMin is how much later a frame equal to the suspect must come to count as a second witness: a doubled packet
// comes at once, a source that still says the same is believed.
const witnessMin = 2 * time.Second

// checkSpike lets a price far from the standing one pass only when the frame before it said nearly the same. The circuit
// limits have been checked by then.
func (f *Feed) checkSpike(s *slot, q *market.Quote) Reason {
	bps := f.limits.SpikeBps
	if s.facts.kind == instrument.Option {
		bps = f.limits.OptionSpikeBps
	}
	if !isFar(q.Last, s.quote.Last, bps) {
		s.suspect = market.Quote{}
		return Good
	}
	suspect := &s.suspect
	isRepeated := sameQuote(q, suspect)
	if isRepeated && q.ReceivedAt.Sub(suspect.ReceivedAt) < witnessMin {
		return Spike
	}
	if suspect.Last != 0 && !isFar(q.Last, suspect.Last, bps) {
		s.suspect = market.Quote{}
		return Good
	}
	s.suspect = *q
	return Spike
}

func isFar(price, from money.Price, bps int64) bool {
	if price == 0 || from == 0 || max(price-from, from-price) < spikeFloor {
		return false
	}
	return distanceBps(price, from) > bps
}

// checkDepth judges a ladder against the standing one. s.mu is held.
func (f *Feed) checkDepth(s *slot, d *market.Depth) Reason {
	if reason := f.checkTime(d.At, s.depth.At, d.ReceivedAt); reason != Good {
		return reason
	}
	if d.BidLevels > market.MaxLevels || d.AskLevels > market.MaxLevels {
		return Garbage
	}
	bids, asks := d.Bids[:d.BidLevels], d.Asks[:d.AskLevels]
	if reason := checkLadder(bids, -1); reason != Good {
		return reason
	}
	if reason := checkLadder(asks, 1); reason != Good {
		return reason
	}
	if len(bids) > 0 && len(asks) > 0 && bids[0].Price > asks[0].Price {
		return Crossed
	}
	for _, level := range [2][]market.Level{bids, asks} {
		if len(level) > 0 && (isBeyond(level[0].Price, &s.quote) || isBeyond(level[len(level)-1].Price, &s.quote)) {
			return OutsideCircuit
		}
	}
	if s.depth.Seq != 0 && sameDepth(d, &s.depth) && d.ReceivedAt.Sub(s.depth.ReceivedAt) < f.limits.RepeatMin {
		return Duplicate
	}
	return Good
}

// checkLadder wants positive prices and sizes, strictly away from the market: direction is 1 for asks, -1 for bids.
func checkLadder(levels []market.Level, direction money.Price) Reason {
	for i, level := range levels {
		if level.Price <= 0 || level.Qty <= 0 || level.Orders < 0 {
			return Garbage
		}
		if i > 0 && (level.Price-levels[i-1].Price)*direction <= 0 {
			return Crossed
		}
	}
	return Good
}

func sameDepth(a, b *market.Depth) bool {
	x := *a
	x.Seq, x.ReceivedAt = b.Seq, b.ReceivedAt
	return x == *b
}
