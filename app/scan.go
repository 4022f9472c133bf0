package app

import (
	"time"

	"paperport/calendar"
	"paperport/engine"
	"paperport/instrument"
	"paperport/margin"
	"paperport/market"
	"paperport/money"
	"paperport/options"
	"paperport/venue"
)

// scanner makes risk arrays without an exchange file: options.Scan at the floors of the scan ranges. What rests on them is
// labelled approximate.
type scanner struct {
	ranges *options.ScanRanges
	tables *margin.Tables
}

// newScanner reads the embedded tables. Its error is of the build, not of the run.
func newScanner() (*scanner, error) {
	ranges, err := options.LoadScanRanges()
	if err != nil {
		return nil, err
	}
	tables, err := margin.Load()
	if err != nil {
		return nil, err
	}
	return &scanner{ranges: ranges, tables: tables}, nil
}

// halfStep is the share of the spot's scan range that makes new arrays worth it: half of the third that the scenarios
// step by.
const halfStep = 6

// scan is venue.Options.Scan. A contract without a quote is left out; so is everything on a day the tables do not reach.
func (s *scanner) scan(ask venue.ScanAsk) (engine.Scan, money.Price, bool) {
	out := engine.Scan{Underlying: ask.Underlying, Terms: margin.Underlying{Date: ask.Date, Spot: ask.Spot.Last, Close: ask.Spot.PrevClose, Label: margin.Approximate}}
	if len(ask.Contracts) == 0 {
		return out, 0, false
	}
	out.Terms.IsIndex = ask.Contracts[0].Contract.Terms.UnderlyingIsIndex
	psr, _, err := s.ranges.Of(scanClass(out.Terms.IsIndex, ask.Contracts[0].Contract, ask.Date), ask.Date, 0)
	if err != nil {
		return out, 0, false
	}
	step := money.Price(float64(ask.Spot.Last) * psr / halfStep)
	forwards := forwardsOf(ask)
	var expiries []calendar.Date
	far, farPrice := calendar.Date(0), ask.Spot.Last
	for _, c := range ask.Contracts {
		array, ok := s.array(ask, c, forwards[c.Contract.Expiry])
		if !ok {
			continue
		}
		expiries = append(expiries, c.Contract.Expiry)
		if c.Contract.Kind == instrument.Future && c.Contract.Expiry > far {
			far, farPrice = c.Contract.Expiry, array.Price
		}
		out.Contracts = append(out.Contracts, engine.ScanContract{Instrument: c.Contract.ID, DaysLeft: int(c.Contract.Expiry - ask.Date), Array: array})
	}
	if out.Terms.Spreads, err = s.tables.ModelSpreads(out.Terms.IsIndex, ask.Date, expiries, farPrice); err != nil {
		return out, 0, false
	}
	return out, step, true
}

// forwardsOf is the price of the future of each expiry, where one was asked for and seen.
func forwardsOf(ask venue.ScanAsk) map[calendar.Date]float64 {
	forwards := map[calendar.Date]float64{}
	for _, c := range ask.Contracts {
		if c.Contract.Kind == instrument.Future && c.Quote.Last > 0 {
			forwards[c.Contract.Expiry] = rupeesOf(middle(c.Quote))
		}
	}
	return forwards
}

func (s *scanner) array(ask venue.ScanAsk, c venue.ScanContract, forward float64) (margin.Array, bool) {
	i, price := c.Contract, middle(c.Quote)
	psr, vsr, err := s.ranges.Of(scanClass(i.Terms.UnderlyingIsIndex, i, ask.Date), ask.Date, 0)
	if err != nil || price <= 0 {
		return margin.Array{}, false
	}
	ends := c.ExpiresAt
	if ends == 0 {
		ends = i.Expiry.At(24 * time.Hour)
	}
	a, err := options.Scan(options.ScanInput{
		IsFuture: i.Kind == instrument.Future, IsPut: i.Right == instrument.Put, Spot: rupeesOf(ask.Spot.Last), Forward: forward,
		Price: rupeesOf(price), Strike: rupeesOf(i.Strike), Years: ends.Sub(ask.At).Hours() / (365 * 24), Rate: options.ScanRate, PSR: psr, VSR: vsr,
	})
	return margin.Array(a), err == nil
}

// scanClass is the row of the scan ranges that a contract falls under.
func scanClass(isIndex bool, i *instrument.Instrument, date calendar.Date) options.ScanClass {
	year, month, day := date.YMD()
	switch {
	case !isIndex:
		return options.StockScan
	case i.Kind == instrument.Option && i.Expiry > calendar.NewDate(year, month+9, day):
		return options.LongIndexScan
	default:
		return options.IndexScan
	}
}

// middle is the middle of bid and offer, or the last price where one of them is missing.
func middle(q market.Quote) money.Price {
	if q.Bid > 0 && q.Ask > 0 {
		return (q.Bid + q.Ask) / 2
	}
	return q.Last
}

func rupeesOf(p money.Price) float64 { return float64(p) / money.PriceScale }
