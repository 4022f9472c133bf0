package margin

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/options"
)

// The settlement file of 2026-05-29 as published by marginism and copied in india-rules 4.4: NIFTY lot 65, spot 23547.75,
// June future 23748.46, 32 days to expiry. The premiums of 23700 PE and 24000 CE were inferred there: parity, interpolation.
var (
	settlementDay = calendar.NewDate(2026, 5, 29)
	juneExpiry    = calendar.NewDate(2026, 6, 30)
	julyExpiry    = calendar.NewDate(2026, 7, 28)
)

const (
	niftySpot   = 23547.75
	niftyFuture = 23748.46
	niftyLot    = 65
)

var premiums = map[string]float64{
	"23700CE": 437.65, "23000PE": 157.11, "24500CE": 125.15, "22500PE": 77.51,
	"23700PE": 437.65 - (niftyFuture-23700)*0.9938817, // parity, discounted 32 days at 7 %
	"24000CE": betweenCalls(24000),
}

// betweenCalls prices a call by the implied volatility between those of 23700 CE and 24500 CE.
func betweenCalls(strike float64) float64 {
	o := options.Option{Underlying: niftyFuture, Strike: 23700, Years: 32.0 / 365, Rate: options.ScanRate}
	low, err := options.ImpliedVol(o, 437.65)
	if err != nil {
		panic(err)
	}
	o.Strike = 24500
	high, err := options.ImpliedVol(o, 125.15)
	if err != nil {
		panic(err)
	}
	o.Strike, o.Vol = strike, low+(high-low)*(strike-23700)/800
	return options.Price(o)
}

func mustTables(t testing.TB) *Tables {
	t.Helper()
	tables, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// inPrice turns rupees of a published number into a Price.
func inPrice(rupees float64) money.Price {
	return money.Price(math.Round(rupees*money.PaiseScale)) * money.PricePerPaisa
}

// mustContract makes a NIFTY contract of that file's day: strike 0 is the future.
func mustContract(t testing.TB, id instrument.ID, expiry calendar.Date, forward float64, strike float64, right instrument.Right, price float64) Contract {
	t.Helper()
	years := float64(expiry-settlementDay) / 365
	in := options.ScanInput{
		IsFuture: strike == 0, IsPut: right == instrument.Put, Spot: niftySpot, Forward: forward, Price: price, Strike: strike,
		Years: years, Rate: options.ScanRate, PSR: 0.093, VSR: 0.04,
	}
	a, err := options.Scan(in)
	if err != nil {
		t.Fatalf("scan of %v %v: %v", strike, right, err)
	}
	kind := instrument.Option
	if strike == 0 {
		kind = instrument.Future
	}
	return Contract{
		ID: id, Kind: kind, Right: right, Expiry: expiry, Strike: inPrice(strike), Multiplier: 1, DaysLeft: 22, Array: Array(a),
	}
}

// june gives the contracts of the published table by name.
func june(t testing.TB) map[string]Contract {
	t.Helper()
	return map[string]Contract{
		"FUT":     mustContract(t, 1, juneExpiry, niftyFuture, 0, instrument.NoRight, 0),
		"23700CE": mustContract(t, 2, juneExpiry, niftyFuture, 23700, instrument.Call, premiums["23700CE"]),
		"23700PE": mustContract(t, 3, juneExpiry, niftyFuture, 23700, instrument.Put, premiums["23700PE"]),
		"24000CE": mustContract(t, 4, juneExpiry, niftyFuture, 24000, instrument.Call, premiums["24000CE"]),
		"23000PE": mustContract(t, 5, juneExpiry, niftyFuture, 23000, instrument.Put, premiums["23000PE"]),
		"24500CE": mustContract(t, 6, juneExpiry, niftyFuture, 24500, instrument.Call, premiums["24500CE"]),
		"22500PE": mustContract(t, 7, juneExpiry, niftyFuture, 22500, instrument.Put, premiums["22500PE"]),
	}
}

func niftyUnderlying() Underlying {
	return Underlying{Date: settlementDay, IsIndex: true, Spot: inPrice(niftySpot), Label: Approximate}
}

// legsOf turns {"23700CE": -1} into legs of one lot each.
func legsOf(t testing.TB, lots map[string]int) []Leg {
	t.Helper()
	contracts := june(t)
	var legs []Leg
	for name, n := range lots {
		legs = append(legs, Leg{Contract: contracts[name], Qty: money.Qty(n * niftyLot)})
	}
	return legs
}

var published = []struct {
	name           string
	lots           map[string]int
	span, exposure float64
}{
	{"long June future", map[string]int{"FUT": 1}, 143_720, 30_873},
	{"short 23700 CE", map[string]int{"23700CE": -1}, 141_673, 30_612},
	{"short 23700 PE", map[string]int{"23700PE": -1}, 138_269, 30_612},
	{"short 23700 straddle", map[string]int{"23700CE": -1, "23700PE": -1}, 141_673, 61_224},
	{"short 24000 CE", map[string]int{"24000CE": -1}, 123_105, 30_612},
	{"short 23000 PE", map[string]int{"23000PE": -1}, 100_744, 30_612},
	{"long future and long 23000 PE", map[string]int{"FUT": 1, "23000PE": 1}, 48_030, 30_873},
	{"iron condor 22500/23000/24000/24500", map[string]int{"22500PE": 1, "23000PE": -1, "24000CE": -1, "24500CE": 1}, 31_244, 61_224},
}

// TestPublishedMargins is the acceptance of india-rules 4.4: SPAN within 8 %, exposure within one rupee.
func TestPublishedMargins(t *testing.T) {
	tables := mustTables(t)
	for _, c := range published {
		t.Run(c.name, func(t *testing.T) {
			got, err := tables.Span(Portfolio{Underlying: niftyUnderlying(), Legs: legsOf(t, c.lots)})
			if err != nil {
				t.Fatal(err)
			}
			span, exposure := rupees(got.Span), rupees(got.Exposure)
			t.Logf("SPAN %.2f, published %.0f (%+.1f %%); exposure %.2f, published %.0f; benefit %s", span, c.span, 100*(span/c.span-1), exposure, c.exposure, got.Benefit)
			if math.Abs(span/c.span-1) > 0.08 {
				t.Errorf("SPAN %.2f, published %.0f", span, c.span)
			}
			if math.Abs(exposure-c.exposure) > 1 {
				t.Errorf("exposure %.2f, published %.0f", exposure, c.exposure)
			}
			if got.Label != Approximate || got.Premium != 0 || got.Expiry != 0 || got.Delivery != 0 {
				t.Errorf("other parts: %+v", got)
			}
		})
	}
}

// TestDocumentedErrors holds docs/domain/margin.md to the numbers of TestPublishedMargins.
func TestDocumentedErrors(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "domain", "margin.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(page), ",", "")
	tables := mustTables(t)
	for _, c := range published {
		got, err := tables.Span(Portfolio{Underlying: niftyUnderlying(), Legs: legsOf(t, c.lots)})
		if err != nil {
			t.Fatal(err)
		}
		span := rupees(got.Span)
		if row := fmt.Sprintf("| %.0f | %.0f | %+.1f %% |", c.span, span, 100*(span/c.span-1)); !strings.Contains(text, row) {
			t.Errorf("%s: no row %q", c.name, row)
		}
	}
}

func rupees(p money.Paise) float64 { return float64(p) / money.PaiseScale }
