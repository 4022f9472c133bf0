package demo

import (
	"testing"
	"time"

	"paperport/calendar"
	"paperport/clock"
	"paperport/feed"
	"paperport/instrument"
	"paperport/sim"
)

// TestTheFeedTrustsTheDemoMarket sends many seconds of every kind of contract through the feed's checks: the start of a
// day, its middle, its last minutes and the night between. A refusal would be a fill the demo never gives.
func TestTheFeedTrustsTheDemoMarket(t *testing.T) {
	truth := sim.New(sim.Options{Seed: seed})
	day := now.Date()
	var contracts []sim.Contract
	for i, c := range truth.Contracts(day) {
		if c.Kind == instrument.Index || i%397 == 0 {
			contracts = append(contracts, c)
		}
	}
	idOf := map[sim.Contract]instrument.ID{}
	for i, c := range contracts {
		idOf[c] = instrument.ID(i + 1)
	}
	manual := clock.NewManual(day.At(0).Time())
	refused, isAfterHop := 0, false
	f := feed.New(feed.Options{
		Clock: manual, Instrument: func(id instrument.ID) (*instrument.Instrument, bool) {
			return contractOf(truth, contracts, idOf, id, day)
		},
		Refused: func(id instrument.ID, reason feed.Reason) {
			if reason == feed.Duplicate || (reason == feed.Spike && isAfterHop) {
				return
			}
			if refused++; refused < 20 {
				c := contracts[id-1]
				q, _ := truth.Quote(c, calendar.FromTime(manual.Now()))
				t.Errorf("%s %+v at %s: %s\n%+v", truth.Underlying(c).Symbol, c, manual.Now().In(calendar.IST).Format(time.DateTime), reason, q)
			}
		},
	})
	for _, from := range []time.Duration{0, 9*time.Hour + 15*time.Minute, 15*time.Hour + 25*time.Minute, 23*time.Hour + 50*time.Minute, 24 * time.Hour, 33 * time.Hour} {
		for second := time.Duration(0); second < 40*time.Second; second += time.Second {
			at := day.At(from + second)
			manual.Set(at.Time())
			isAfterHop = second < 3*time.Second // the test jumped, prices may have, too
			for _, c := range contracts {
				q, ok := truth.Quote(c, at)
				if !ok {
					continue
				}
				q.Instrument = idOf[c]
				f.Quote(q)
				if d, ok := truth.Depth(c, at); ok {
					d.Instrument = q.Instrument
					f.Depth(d)
				}
			}
		}
	}
	counts := f.Counts()
	if counts[feed.Good] < 10_000 {
		t.Errorf("only %d good frames of %d contracts: %v", counts[feed.Good], len(contracts), counts)
	}
}

// contractOf is the instrument the feed sees behind an id.
func contractOf(truth *sim.Market, contracts []sim.Contract, idOf map[sim.Contract]instrument.ID, id instrument.ID, day calendar.Date) (*instrument.Instrument, bool) {
	if id == 0 || int(id) > len(contracts) {
		return nil, false
	}
	c := contracts[id-1]
	board := truth.Board(c)
	in := &instrument.Instrument{ID: id, Exchange: board.Exchange, Segment: board.Segment, Kind: c.Kind, Right: c.Right, Strike: c.Strike, Expiry: c.Expiry, Terms: instrument.Terms{TickSize: truth.TermsOf(c, day).Tick}}
	if c.Kind == instrument.Option {
		for other, otherID := range idOf {
			if !other.IsDerivative() && other.Exchange == c.Exchange && truth.Underlying(other) == truth.Underlying(c) {
				in.UnderlyingID = otherID
			}
		}
	}
	return in, true
}
