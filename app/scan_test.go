package app

import (
	"math"
	"testing"
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/margin"
	"paperport/market"
	"paperport/money"
	"paperport/venue"
)

// TestScannerAgainstThePublishedTable: the arrays that a venue asks for give the margins of india-rules 4.4 within 8 % and
// its exposures within a rupee: one lot of NIFTY on 2026-05-29.
func TestScannerAgainstThePublishedTable(t *testing.T) {
	s, err := newScanner()
	if err != nil {
		t.Fatal(err)
	}
	day, expiry := calendar.NewDate(2026, 5, 29), calendar.NewDate(2026, 6, 30)
	at := day.At(15 * time.Hour)
	price := func(rupees float64) money.Price { return money.Price(math.Round(rupees*20)) * money.PriceScale / 20 }
	contract := func(id instrument.ID, right instrument.Right, strike, mid float64) venue.ScanContract {
		i := &instrument.Instrument{ID: id, Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Option, Right: right, UnderlyingID: 9,
			Expiry: expiry, Strike: price(strike), Terms: instrument.Terms{LotSize: 65, TickSize: 500, Multiplier: 1, UnderlyingIsIndex: true}}
		if right == instrument.NoRight {
			i.Kind = instrument.Future
		}
		return venue.ScanContract{Contract: i, Quote: market.Quote{Last: price(mid)}, ExpiresAt: at.Add(32 * 24 * time.Hour)}
	}
	ask := venue.ScanAsk{Underlying: 9, At: at, Date: day, Spot: market.Quote{Last: price(23547.75)}, Contracts: []venue.ScanContract{
		contract(1, instrument.NoRight, 0, 23748.46), contract(2, instrument.Call, 23700, 437.65), contract(3, instrument.Put, 23000, 157.11),
		contract(4, instrument.Call, 24500, 125.15), contract(5, instrument.Put, 22500, 77.51), contract(6, instrument.Call, 25000, 0),
	}}
	scan, step, ok := s.scan(ask)
	if !ok || len(scan.Contracts) != 5 || !scan.Terms.IsIndex || scan.Terms.Label != margin.Approximate {
		t.Fatalf("scan %+v, %v: want five contracts, without the one that has no quote", scan, ok)
	}
	if got := float64(step) / money.PriceScale; math.Abs(got-23547.75*0.093/6) > 0.01 {
		t.Errorf("half a scan step is %v", got)
	}
	for _, c := range []struct {
		name           string
		lots           map[int]money.Qty // by place in the ask
		span, exposure float64
	}{
		{"long future", map[int]money.Qty{0: 1}, 143_720, 30_873},
		{"short 23700 CE", map[int]money.Qty{1: -1}, 141_673, 30_612},
		{"short 23000 PE", map[int]money.Qty{2: -1}, 100_744, 30_612},
		{"long future and long 23000 PE", map[int]money.Qty{0: 1, 2: 1}, 48_030, 30_873},
	} {
		p := margin.Portfolio{Underlying: scan.Terms}
		for n, lots := range c.lots {
			x := scan.Contracts[n]
			p.Legs = append(p.Legs, margin.Leg{Contract: margin.ContractOf(ask.Contracts[n].Contract, x.Array, x.DaysLeft), Qty: lots * 65})
		}
		got, err := s.tables.Span(p)
		if err != nil {
			t.Fatal(err)
		}
		span, exposure := float64(got.Span)/money.PaiseScale, float64(got.Exposure)/money.PaiseScale
		if math.Abs(span/c.span-1) > 0.08 || math.Abs(exposure-c.exposure) > 1 {
			t.Errorf("%s: SPAN %.2f and exposure %.2f, published %.0f and %.0f", c.name, span, exposure, c.span, c.exposure)
		}
	}
}

// TestScannerBeforeItsTables: on a day that the tables do not reach nothing is made up.
func TestScannerBeforeItsTables(t *testing.T) {
	s, err := newScanner()
	if err != nil {
		t.Fatal(err)
	}
	i := &instrument.Instrument{ID: 1, Kind: instrument.Future, Expiry: calendar.NewDate(2020, 1, 30), Terms: instrument.Terms{UnderlyingIsIndex: true}}
	ask := venue.ScanAsk{Date: calendar.NewDate(2020, 1, 2), Spot: market.Quote{Last: 120_000_000}, Contracts: []venue.ScanContract{{Contract: i, Quote: market.Quote{Last: 120_000_000}}}}
	if scan, _, ok := s.scan(ask); ok {
		t.Errorf("made %+v", scan)
	}
	if _, _, ok := s.scan(venue.ScanAsk{Date: calendar.NewDate(2026, 5, 29)}); ok {
		t.Error("made arrays of nothing")
	}
}
