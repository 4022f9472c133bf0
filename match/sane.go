package match

import (
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// IsSane reports whether a quote can be traded on (product.md 2.10 rule 7): not crossed, last price inside the day's
// range, every price inside the circuit, an option at least at one tick and not showing its spot's value (above half of
// its strike: no listed strike is that deep).
func IsSane(i *instrument.Instrument, q *market.Quote) bool {
	if q.Bid < 0 || q.Ask < 0 || q.BidQty < 0 || q.AskQty < 0 || q.Last < 0 || q.Volume < 0 {
		return false
	}
	if q.Bid > 0 && q.Ask > 0 && q.Bid >= q.Ask {
		return false
	}
	if q.Last > 0 && ((q.High > 0 && q.Last > q.High) || q.Last < q.Low) {
		return false
	}
	if i.Kind == instrument.Option && !isOptionSane(i, q) {
		return false
	}
	return isInside(q, q.Last) && isInside(q, q.Bid) && isInside(q, q.Ask)
}

func isOptionSane(i *instrument.Instrument, q *market.Quote) bool {
	if q.Last > 0 && q.Last < i.Terms.TickSize {
		return false
	}
	half := i.Strike / 2
	return i.Strike == 0 || (q.Last <= half && q.Bid <= half && q.Ask <= half)
}

// isInside holds a price (0: not sent) against the circuit (0: not known).
func isInside(q *market.Quote, p money.Price) bool {
	return p == 0 || (p >= q.LowerCircuit && (q.UpperCircuit == 0 || p <= q.UpperCircuit))
}

// isDepthSane reports whether a ladder is ordered, best first, and not crossed.
func isDepthSane(d *market.Depth) bool {
	if d.BidLevels > market.MaxLevels || d.AskLevels > market.MaxLevels {
		return false
	}
	for n := range d.BidLevels {
		if l := d.Bids[n]; l.Price <= 0 || l.Qty < 0 || (n > 0 && l.Price >= d.Bids[n-1].Price) {
			return false
		}
	}
	for n := range d.AskLevels {
		if l := d.Asks[n]; l.Price <= 0 || l.Qty < 0 || (n > 0 && l.Price <= d.Asks[n-1].Price) {
			return false
		}
	}
	return d.BidLevels == 0 || d.AskLevels == 0 || d.Bids[0].Price < d.Asks[0].Price
}
