package match

import (
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// bounds is what an instrument says about its quotes: an option has at least one tick and at most half its strike (more
// is its spot's value: no listed strike is that deep). Both are 0 where nothing is known.
type bounds struct{ least, most money.Price }

func boundsOf(i *instrument.Instrument) bounds {
	if i.Kind != instrument.Option {
		return bounds{}
	}
	return bounds{least: i.Terms.TickSize, most: i.Strike / 2}
}

// isSane reports whether a quote can be traded on (product.md 2.10 rule 7): not crossed, last price inside the day's
// range, every price inside the circuit, an option's inside its bounds. A price of 0 was not sent.
func (x bounds) isSane(q *market.Quote) bool {
	if q.Bid|q.Ask|q.Last|money.Price(q.BidQty|q.AskQty|q.Volume) < 0 {
		return false
	}
	if q.Bid >= q.Ask && q.Bid > 0 && q.Ask > 0 {
		return false
	}
	if q.Last > 0 && ((q.Last > q.High && q.High > 0) || q.Last < q.Low || q.Last < x.least) {
		return false
	}
	most := q.UpperCircuit
	if x.most > 0 && (most == 0 || x.most < most) {
		most = x.most
	}
	if most > 0 && (q.Last > most || q.Bid > most || q.Ask > most) {
		return false
	}
	return (q.Last >= q.LowerCircuit || q.Last == 0) && (q.Bid >= q.LowerCircuit || q.Bid == 0) && (q.Ask >= q.LowerCircuit || q.Ask == 0)
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
