package options

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"paperport/calendar"
	"paperport/money"
)

// mustData opens a file of the real-data folder or skips the test: the files are not ours to copy.
func mustData(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "shared", "data", filepath.FromSlash(name)))
	if err != nil {
		t.Skip("no ../../shared/data beside the repository")
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestScanOfAFuture(t *testing.T) {
	a, err := Scan(ScanInput{IsFuture: true, Forward: 23748.46, PSR: 0.093})
	if err != nil {
		t.Fatal(err)
	}
	// 23748.46 x 0.093 = 2208.60678, x 2/3 = 1472.40452, x 1/3 = 736.20226, x 2 x 0.35 = 1546.024746.
	want := [ScanPoints]money.Price{
		0, 0, -7_362_000, -7_362_000, 7_362_000, 7_362_000, -14_724_000, -14_724_000,
		14_724_000, 14_724_000, -22_086_100, -22_086_100, 22_086_100, 22_086_100, -15_460_200, 15_460_200,
	}
	if a.Losses != want || a.Delta != money.RateScale || a.Price != 237_484_600 {
		t.Errorf("got %v, delta %d, price %s", a.Losses, a.Delta, a.Price)
	}
}

func TestScanOfAnOption(t *testing.T) {
	in := ScanInput{Forward: 23748.46, Strike: 23700, Price: 437.65, Years: 32.0 / 365, Rate: ScanRate, PSR: 0.093, VSR: 0.04}
	call, err := Scan(in)
	if err != nil {
		t.Fatal(err)
	}
	// The worst of a short call: 141,673 a lot of 65 in the exchange's file, 147,623 by this method (india-rules 4.4).
	worst := money.Price(0)
	for _, loss := range call.Losses {
		worst = max(worst, call.Price-loss)
	}
	if got := float64(worst) * 65 / money.PriceScale; math.Abs(got-147_623) > 1 {
		t.Errorf("worst value of a lot: %.2f, want 147623", got)
	}
	if call.Price != 4_376_500 || call.Delta%100_000 != 0 || call.Delta < 500_000_000 || call.Delta > 560_000_000 {
		t.Errorf("price %s, delta %d", call.Price, call.Delta)
	}
	in.IsPut, in.Price = true, 390.20
	put, err := Scan(in)
	if err != nil {
		t.Fatal(err)
	}
	if put.Delta >= 0 || put.Losses[10] <= 0 || put.Losses[12] >= 0 {
		t.Errorf("a put loses upwards: delta %d, up %s, down %s", put.Delta, put.Losses[10], put.Losses[12])
	}
	for j, loss := range call.Losses {
		if loss%money.PricePerPaisa != 0 || loss > call.Price {
			t.Errorf("scenario %d: loss %s is not whole paise or more than the price", j+1, loss)
		}
	}
}

func TestScanWithoutAForwardCarriesTheSpot(t *testing.T) {
	got, err := Scan(ScanInput{IsFuture: true, Spot: 23547.75, Years: 32.0 / 365, Rate: ScanRate, PSR: 0.093})
	if err != nil || got.Price != 236_927_100 { // 23547.75 x e^(0.07 x 32/365) = 23692.71
		t.Errorf("got %s, %v", got.Price, err)
	}
}

func TestScanWhereThePriceSaysNothing(t *testing.T) {
	base := ScanInput{Forward: 24000, Strike: 20000, Years: 0.1, Rate: ScanRate, PSR: 0.093, VSR: 0.04}
	for _, c := range []struct {
		name  string
		price float64
		vol   float64
		want  error
	}{
		{"below intrinsic: the least volatility", 3000, 0, nil},
		{"below intrinsic, a volatility given", 3000, 0.2, nil},
		{"no price, a volatility given", 0, 0.2, nil},
		{"no price, no volatility", 0, 0, ErrScan},
		{"not a number", math.NaN(), 0, ErrScan},
		{"infinite", math.Inf(1), 0.2, ErrScan},
		{"more than the underlying", 25000, 0, ErrScan},
	} {
		in := base
		in.Price, in.Vol = c.price, c.vol
		a, err := Scan(in)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err == nil && (a.Price <= 0 || a.Losses[12] <= 0) {
			t.Errorf("%s: price %s, loss on the way down %s", c.name, a.Price, a.Losses[12])
		}
	}
}

func TestScanRefusesNonsense(t *testing.T) {
	good := ScanInput{Forward: 24000, Strike: 24000, Price: 300, Years: 0.1, Rate: ScanRate, PSR: 0.093, VSR: 0.04}
	for name, change := range map[string]func(*ScanInput){
		"no forward and no spot": func(in *ScanInput) { in.Forward = 0 },
		"negative forward":       func(in *ScanInput) { in.Forward = -1 },
		"no scan range":          func(in *ScanInput) { in.PSR = 0 },
		"a range of percents":    func(in *ScanInput) { in.PSR = 9.3 },
		"no strike":              func(in *ScanInput) { in.Strike = 0 },
		"time not a number":      func(in *ScanInput) { in.Years = math.NaN() },
		"beyond what money is":   func(in *ScanInput) { in.IsFuture, in.Forward = true, 1e15 },
	} {
		in := good
		change(&in)
		if _, err := Scan(in); !errors.Is(err, ErrScan) {
			t.Errorf("%s: %v, want ErrScan", name, err)
		}
	}
}

func TestScanOnTheLastDayIsIntrinsic(t *testing.T) {
	a, err := Scan(ScanInput{Forward: 24000, Strike: 24000, Price: 20, Years: 1.0 / 525600, Rate: ScanRate, PSR: 0.093, VSR: 0.04})
	if err != nil {
		t.Fatal(err)
	}
	if a.Losses[0] != 200_000 || a.Losses[10] != 200_000-22_320_000 {
		t.Errorf("unmoved %s, up %s; want 20.00 and -2212.00", a.Losses[0], a.Losses[10])
	}
}

func TestScanRanges(t *testing.T) {
	ranges, err := LoadScanRanges()
	if err != nil {
		t.Fatal(err)
	}
	day := calendar.NewDate(2026, 11, 24)
	for _, c := range []struct {
		class    ScanClass
		sigma    float64
		psr, vsr float64
	}{
		{IndexScan, 0, 0.093, 0.04}, {LongIndexScan, 0, 0.177, 0.04}, {StockScan, 0, 0.142, 0.10},
		{IndexScan, 0.01, 0.093, 0.04},
		{IndexScan, 0.02, 0.16970562748477142, 0.04}, // 6 x 2 % x sqrt 2
	} {
		psr, vsr, err := ranges.Of(c.class, day, c.sigma)
		if err != nil || math.Abs(psr-c.psr) > 1e-12 || vsr != c.vsr {
			t.Errorf("%s, sigma %v: %v, %v, %v; want %v, %v", c.class, c.sigma, psr, vsr, err, c.psr, c.vsr)
		}
	}
	if _, _, err := ranges.Of(IndexScan, calendar.NewDate(2020, 1, 1), 0); !errors.Is(err, ErrNoRange) {
		t.Errorf("before the table: %v", err)
	}
}

func TestDailyVol(t *testing.T) {
	alternating := make([]float64, 100)
	for i := range alternating {
		alternating[i] = 100 * math.Exp(0.01*float64(i%2))
	}
	if got := DailyVol(alternating); math.Abs(got-0.01) > 1e-12 {
		t.Errorf("moves of 1 %%: %v, want 0.01", got)
	}
	// Of two equal halves the later counts more.
	calmThenWild, wildThenCalm := []float64{100}, []float64{100}
	for i := range 400 {
		calm, wild := 0.001, 0.03
		if i >= 200 {
			calm, wild = wild, calm
		}
		up := float64(1 - 2*(i%2))
		calmThenWild = append(calmThenWild, calmThenWild[i]*math.Exp(up*calm))
		wildThenCalm = append(wildThenCalm, wildThenCalm[i]*math.Exp(up*wild))
	}
	if DailyVol(calmThenWild) <= DailyVol(wildThenCalm) {
		t.Error("an old move counts as much as a new one")
	}
	for name, closes := range map[string][]float64{"none": nil, "one": {100}, "a zero": {100, 0, 100}, "not a number": {100, math.NaN()}} {
		if got := DailyVol(closes); got != 0 {
			t.Errorf("%s: %v, want 0", name, got)
		}
	}
}

// TestScanAgainstTheExchange compares Scan with official arrays of NIFTY options, given the ranges of the same file and the
// forward that a call and a put of one strike imply. It bounds the error of the worst scenario for a short option.
func TestScanAgainstTheExchange(t *testing.T) {
	pairs := mustOfficialPairs(t)
	sum, worst, n := 0.0, 0.0, 0
	for _, p := range pairs {
		forward := ForwardByParity(p.call.price, p.put.price, p.strike, p.years, ScanRate)
		for _, o := range [2]official{p.call, p.put} {
			a, err := Scan(ScanInput{
				IsPut: o.isPut, Forward: forward, Price: o.price, Strike: p.strike, Years: p.years, Rate: ScanRate,
				PSR: o.priceScan / forward, VSR: o.volScan, Vol: o.vol,
			})
			if err != nil {
				t.Fatalf("%s %v: %v", p.date, p.strike, err)
			}
			ours, theirs := 0.0, 0.0
			for j, loss := range a.Losses {
				ours = math.Max(ours, float64(a.Price-loss)/money.PriceScale)
				theirs = math.Max(theirs, o.price-o.losses[j])
			}
			miss := ours/theirs - 1
			sum += math.Abs(miss)
			worst = math.Max(worst, math.Abs(miss))
			n++
			if math.Abs(miss) > 0.08 {
				t.Errorf("%s %v, put %v: worst value %.2f, the exchange's %.2f", p.date, p.strike, o.isPut, ours, theirs)
			}
		}
	}
	if sum/float64(n) > 0.04 {
		t.Errorf("mean error %.2f %%, at most 4 %%", 100*sum/float64(n))
	}
	t.Logf("%d options: mean error %.2f %%, worst %.2f %%", n, 100*sum/float64(n), 100*worst)
}

type official struct {
	isPut                          bool
	price, vol, priceScan, volScan float64
	losses                         [ScanPoints]float64
}

type officialPair struct {
	date          string
	strike, years float64
	call, put     official
}

func mustOfficialPairs(t *testing.T) []officialPair {
	t.Helper()
	zip, err := gzip.NewReader(mustData(t, "charges_margin/span_bod_arrays_2021-01-04_2025-09-02.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(zip).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range lines[0] {
		column[name] = i
	}
	number := func(c []string, name string) float64 {
		v, err := strconv.ParseFloat(c[column[name]], 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return v
	}
	byKey := map[string]official{}
	var pairs []officialPair
	for _, c := range lines[1:] {
		o := official{isPut: c[column["option_type"]] == "PUT", price: number(c, "span_price"), vol: number(c, "span_implied_vol"),
			priceScan: number(c, "span_price_scan_range"), volScan: number(c, "span_vol_scan_range")}
		for j := range o.losses {
			o.losses[j] = number(c, "span_s"+strconv.Itoa(j+1))
		}
		date, expiry := c[column["trade_date"]], c[column["actual_expiry_date"]]
		key := date + expiry + c[column["strike"]]
		other, hasOther := byKey[key]
		byKey[key] = o
		if !hasOther || other.isPut == o.isPut {
			continue
		}
		from, err1 := calendar.ParseDate(date)
		to, err2 := calendar.ParseDate(expiry)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		p := officialPair{date: date, strike: number(c, "strike"), years: float64(to-from) / 365, call: other, put: o}
		if other.isPut {
			p.call, p.put = o, other
		}
		pairs = append(pairs, p)
	}
	if len(pairs) == 0 {
		t.Fatal("no pairs")
	}
	return pairs
}
