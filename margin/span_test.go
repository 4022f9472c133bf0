package margin

import (
	"errors"
	"math"
	"testing"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// flat is a future whose long unit loses down and gains up by move, and nothing else.
func flat(id instrument.ID, expiry calendar.Date, price, move money.Price) Contract {
	c := Contract{ID: id, Kind: instrument.Future, Expiry: expiry, Multiplier: 1, Array: Array{Price: price, Delta: money.RateScale}}
	c.Array.Losses[10], c.Array.Losses[12] = -move, move
	return c
}

// option is an option of strike 100 at price 10 that a price scan takes to 0 and to 30.
func option(id instrument.ID, right instrument.Right, expiry calendar.Date) Contract {
	c := Contract{ID: id, Kind: instrument.Option, Right: right, Expiry: expiry, Strike: 1_000_000, Multiplier: 1, DaysLeft: 20,
		Array: Array{Price: 100_000, Delta: money.RateScale / 2}}
	up, down := 10, 12
	if right == instrument.Put {
		up, down, c.Array.Delta = down, up, -c.Array.Delta
	}
	c.Array.Losses[up], c.Array.Losses[down] = -200_000, 100_000
	return c
}

func mustSpan(t *testing.T, p Portfolio) Parts {
	t.Helper()
	got, err := mustTables(t).Span(p)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestSpanRules takes one rule a row. The underlying stands at 100.00, futures at 101.00 and 102.00 move by 9.00.
func TestSpanRules(t *testing.T) {
	day := calendar.NewDate(2026, 11, 24)
	near, far, long := day.Add(7), day.Add(35), calendar.NewDate(2027, 9, 28)
	index := Underlying{Date: day, IsIndex: true, Spot: 1_000_000, Label: ExchangeFile}
	stock := Underlying{Date: day, Spot: 1_000_000, DeliveryRate: 125_000_000, Label: ExchangeFile}
	paired := index
	paired.Spreads = []Spread{{A: near, B: far, Charge: 17_500}}
	deep := option(9, instrument.Call, near)
	deep.Strike = 1_100_100
	exact := deep
	exact.Strike = 1_100_000
	deepPut := option(9, instrument.Put, near)
	deepPut.Strike = 899_900
	yesterday := index
	yesterday.Close = 1_200_000
	daysLeft := func(n int, right instrument.Right, strike money.Price) Contract {
		c := option(9, right, day.Add(n))
		c.DaysLeft, c.Strike = n, strike
		return c
	}
	withMin := index
	withMin.ShortMin = 500_000
	withFile := index
	withFile.Exposure, withFile.ExposureDeep = 40_000_000, 60_000_000
	for _, c := range []struct {
		name string
		u    Underlying
		legs []Leg
		want Parts
	}{
		{"nothing", index, nil, Parts{}},
		{"a future, long", index, []Leg{{flat(1, near, 1_010_000, 90_000), 100}}, Parts{Span: 90_000, Exposure: 20_200, Label: ExchangeFile}},
		{"a future, short", index, []Leg{{flat(1, near, 1_010_000, 90_000), -100}}, Parts{Span: 90_000, Exposure: 20_200, Label: ExchangeFile}},
		{"a future of a stock", stock, []Leg{{flat(1, near, 1_010_000, 90_000), 100}}, Parts{Span: 90_000, Exposure: 35_350, Label: ExchangeFile}},
		{"a long option", index, []Leg{{option(2, instrument.Call, near), 100}}, Parts{Label: ExchangeFile}},
		{"a short option: its worst value", index, []Leg{{option(2, instrument.Call, near), -100}}, Parts{Span: 300_000, Exposure: 20_000, Label: ExchangeFile}},
		{"a straddle: the worse side, less what the other is worth then", index, []Leg{{option(2, instrument.Call, near), -100}, {option(3, instrument.Put, near), -100}},
			Parts{Span: 300_000, Exposure: 40_000, Benefit: 300_000, Label: ExchangeFile}},
		{"two legs of one contract are one", index, []Leg{{option(2, instrument.Call, near), -300}, {option(2, instrument.Call, near), 200}},
			Parts{Span: 300_000, Exposure: 20_000, Label: ExchangeFile}},
		{"a contract bought and sold", index, []Leg{{flat(1, near, 1_010_000, 90_000), 100}, {flat(1, near, 1_010_000, 90_000), -100}}, Parts{Label: ExchangeFile}},
		{"a calendar spread: its charge, exposure on a third of the far leg", paired, []Leg{{flat(1, near, 1_010_000, 90_000), 100}, {flat(4, far, 1_020_000, 90_000), -100}},
			Parts{Span: 17_500, Calendar: 17_500, Exposure: 6_800, Benefit: 90_000 + 20_200 + 90_000 + 20_400 - 17_500 - 6_800, Label: ExchangeFile}},
		{"part of a calendar spread", paired, []Leg{{flat(1, near, 1_010_000, 90_000), 300}, {flat(4, far, 1_020_000, 90_000), -100}},
			Parts{Span: 180_000 + 17_500, Calendar: 17_500, Exposure: 40_400 + 6_800, Benefit: 270_000 + 60_600 + 90_000 + 20_400 - 197_500 - 47_200, Label: ExchangeFile}},
		{"the same side: no charge", paired, []Leg{{flat(1, near, 1_010_000, 90_000), 100}, {flat(4, far, 1_020_000, 90_000), 100}},
			Parts{Span: 180_000, Exposure: 40_600, Label: ExchangeFile}},
		{"delta of options counts half", paired, []Leg{{option(2, instrument.Call, near), -100}, {flat(4, far, 1_020_000, 90_000), 100}},
			Parts{Span: 300_000 - 90_000 + 8_750, Calendar: 8_750, Exposure: 20_000 + 20_400, Benefit: 90_000 + 90_000 - 8_750, Label: ExchangeFile}},
		{"long options of two months: no charge either", paired, []Leg{{option(2, instrument.Call, near), 100}, {option(5, instrument.Put, far), 100}}, Parts{Label: ExchangeFile}},
		{"on its expiry day a future offsets nothing", Underlying{Date: day, IsIndex: true, Spot: 1_000_000, Label: ExchangeFile, Spreads: []Spread{{A: day, B: far, Charge: 17_500}}},
			[]Leg{{flat(1, day, 1_000_000, 90_000), 100}, {flat(4, far, 1_020_000, 90_000), -100}}, Parts{Span: 180_000, Exposure: 40_400, Label: ExchangeFile}},
		{"a short index option on its expiry day", index, []Leg{{option(2, instrument.Call, day), -100}}, Parts{Span: 300_000, Exposure: 20_000, Expiry: 20_000, Label: ExchangeFile}},
		{"a short stock option on its expiry day", stock, []Leg{{option(2, instrument.Call, day), -100}}, Parts{Span: 300_000, Exposure: 35_000, Label: ExchangeFile}},
		{"more than 10 % out of the money", index, []Leg{{deep, -100}}, Parts{Span: 300_000, Exposure: 30_000, Label: ExchangeFile}},
		{"10 % out of the money", index, []Leg{{exact, -100}}, Parts{Span: 300_000, Exposure: 20_000, Label: ExchangeFile}},
		{"a put more than 10 % out of the money", index, []Leg{{deepPut, -100}}, Parts{Span: 300_000, Exposure: 30_000, Label: ExchangeFile}},
		{"out of the money by the previous close", yesterday, []Leg{{deep, -100}}, Parts{Span: 300_000, Exposure: 20_000, Label: ExchangeFile}},
		{"10 % out of the money, a stock", stock, []Leg{{deep, -100}}, Parts{Span: 300_000, Exposure: 35_000, Label: ExchangeFile}},
		{"more than nine months", index, []Leg{{option(2, instrument.Call, long), -100}}, Parts{Span: 300_000, Exposure: 50_000, Label: ExchangeFile}},
		{"rates of an ELM file", withFile, []Leg{{option(2, instrument.Call, near), -100}, {deep, -100}}, Parts{Span: 600_000, Exposure: 100_000, Label: ExchangeFile}},
		{"the short option minimum", withMin, []Leg{{option(2, instrument.Call, near), -100}}, Parts{Span: 600_000, Exposure: 20_000, Label: ExchangeFile}},
		{"delivery, E-4", stock, []Leg{{daysLeft(4, instrument.Call, 900_000), 100}}, Parts{Delivery: 11_250, Label: ExchangeFile}},
		{"delivery, E-3", stock, []Leg{{daysLeft(3, instrument.Call, 900_000), 100}}, Parts{Delivery: 28_125, Label: ExchangeFile}},
		{"delivery, E-2, a put", stock, []Leg{{daysLeft(2, instrument.Put, 1_100_000), 100}}, Parts{Delivery: 61_875, Label: ExchangeFile}},
		{"delivery, E-1", stock, []Leg{{daysLeft(1, instrument.Call, 900_000), 100}}, Parts{Delivery: 78_750, Label: ExchangeFile}},
		{"delivery, expiry day", stock, []Leg{{daysLeft(0, instrument.Call, 900_000), 100}}, Parts{Delivery: 112_500, Label: ExchangeFile}},
		{"delivery, E-5", stock, []Leg{{daysLeft(5, instrument.Call, 900_000), 100}}, Parts{Label: ExchangeFile}},
		{"delivery, out of the money", stock, []Leg{{daysLeft(1, instrument.Put, 900_000), 100}}, Parts{Label: ExchangeFile}},
		{"delivery, an index", index, []Leg{{daysLeft(1, instrument.Call, 900_000), 100}}, Parts{Label: ExchangeFile}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := mustSpan(t, Portfolio{Underlying: c.u, Legs: c.legs}); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// TestBrokerMargin compares with the answers of three brokers for one short lot of the NIFTY October 2026 future at 22833.70 on
// 2026-09-30: SPAN 137,425.60, exposure 29,683.81 (Zerodha; Dhan and Groww alike).
func TestBrokerMargin(t *testing.T) {
	future := mustContract(t, 1, calendar.NewDate(2026, 10, 27), 22833.70, 0, instrument.NoRight, 0)
	u := Underlying{Date: calendar.NewDate(2026, 9, 30), IsIndex: true, Spot: inPrice(22721.25), Label: Approximate}
	got := mustSpan(t, Portfolio{Underlying: u, Legs: []Leg{{future, -65}}})
	if math.Abs(rupees(got.Span)/137_425.60-1) > 0.005 || got.Exposure != 2_968_381 {
		t.Errorf("SPAN %s, exposure %s", got.Span, got.Exposure)
	}
}

// TestFileArray takes the array of the NIFTY June future in the file of 2026-06-25 (india-rules 4.4): 2244.36 a unit.
func TestFileArray(t *testing.T) {
	a := Array{Price: 240_518_000, Delta: money.RateScale}
	for j, loss := range []float64{8.72, 8.72, -736.49, -736.49, 753.93, 753.93, -1481.70, -1481.70, 1499.14, 1499.14, -2226.91, -2226.91, 2244.36, 2244.36, -1561.89, 1568.00} {
		a.Losses[j] = inPrice(loss)
	}
	c := Contract{ID: 1, Kind: instrument.Future, Expiry: juneExpiry, Multiplier: 1, Array: a}
	u := Underlying{Date: calendar.NewDate(2026, 6, 25), IsIndex: true, Spot: 240_216_500, Label: ExchangeFile}
	if got := mustSpan(t, Portfolio{Underlying: u, Legs: []Leg{{c, 65}}}); got.Span != 14_588_340 || got.Label != ExchangeFile {
		t.Errorf("long: %+v, want SPAN 145883.40", got)
	}
	if got := mustSpan(t, Portfolio{Underlying: u, Legs: []Leg{{c, -65}}}); got.Span != 14_474_915 {
		t.Errorf("short: %+v, want SPAN 144749.15", got)
	}
}

func TestModelSpreads(t *testing.T) {
	tables := mustTables(t)
	day := calendar.NewDate(2026, 5, 29)
	june, july, august := juneExpiry, julyExpiry, calendar.NewDate(2026, 8, 25)
	got, err := tables.ModelSpreads(true, day, []calendar.Date{august, june, july, june, day, day.Add(-1)}, inPrice(24000))
	if err != nil {
		t.Fatal(err)
	}
	// The file of that day says 420 for every pair.
	want := []Spread{{june, july, 4_200_000}, {june, august, 4_200_000}, {july, august, 4_200_000}}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v: today's expiry pairs with nothing", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("pair %d: %v, want %v", i, got[i], want[i])
		}
	}
	if got, err := tables.ModelSpreads(false, day, []calendar.Date{june, july}, inPrice(1000)); err != nil || len(got) != 1 || got[0].Charge != 220_000 {
		t.Errorf("a stock: %v, %v", got, err)
	}
}

func TestSpanRefuses(t *testing.T) {
	day := calendar.NewDate(2026, 11, 24)
	u := Underlying{Date: day, IsIndex: true, Spot: 1_000_000}
	future := flat(1, day.Add(7), 1_010_000, 90_000)
	noPrice := future
	noPrice.Array.Price = 0
	share := future
	share.Kind = instrument.Equity
	noMultiplier := future
	noMultiplier.Multiplier = 0
	early, noSpot := u, u
	early.Date, noSpot.Spot = calendar.NewDate(2020, 1, 1), 0
	wild := future
	wild.Array.Losses[3] = math.MinInt64
	for _, c := range []struct {
		name string
		p    Portfolio
		want error
	}{
		{"before the tables", Portfolio{Underlying: early, Legs: []Leg{{future, 1}}}, ErrNoRate},
		{"no spot", Portfolio{Underlying: noSpot, Legs: []Leg{{future, 1}}}, ErrPortfolio},
		{"a share", Portfolio{Underlying: u, Legs: []Leg{{share, 1}}}, ErrPortfolio},
		{"a future without a price", Portfolio{Underlying: u, Legs: []Leg{{noPrice, 1}}}, ErrPortfolio},
		{"no multiplier", Portfolio{Underlying: u, Legs: []Leg{{noMultiplier, 1}}}, ErrPortfolio},
		{"too many legs", Portfolio{Underlying: u, Legs: make([]Leg, LegsMax+1)}, ErrPortfolio},
		{"the largest quantity", Portfolio{Underlying: u, Legs: []Leg{{future, math.MaxInt64}}}, money.ErrOverflow},
		{"the smallest quantity", Portfolio{Underlying: u, Legs: []Leg{{future, math.MinInt64}}}, money.ErrOverflow},
		{"a loss beyond money", Portfolio{Underlying: u, Legs: []Leg{{wild, 1}}}, money.ErrOverflow},
		{"a product beyond money", Portfolio{Underlying: u, Legs: []Leg{{future, 1 << 40}}}, money.ErrOverflow},
	} {
		if got, err := mustTables(t).Span(c.p); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v; want %v", c.name, got, err, c.want)
		}
	}
}

func TestContractOf(t *testing.T) {
	i := &instrument.Instrument{ID: 7, Kind: instrument.Option, Right: instrument.Put, Expiry: juneExpiry, Strike: 240_000_000, Terms: instrument.Terms{Multiplier: 100, LotSize: 65}}
	a := Array{Price: 1, Delta: 2}
	want := Contract{ID: 7, Kind: instrument.Option, Right: instrument.Put, Expiry: juneExpiry, Strike: 240_000_000, Multiplier: 100, DaysLeft: 3, Array: a}
	if got := ContractOf(i, a, 3); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestMultiplier: a contract of which a unit is a hundred holds a hundred times as much.
func TestMultiplier(t *testing.T) {
	u := Underlying{Date: calendar.NewDate(2026, 11, 24), IsIndex: true, Spot: 1_000_000}
	one := flat(1, u.Date.Add(7), 1_010_000, 90_000)
	hundred := one
	hundred.Multiplier = 100
	a := mustSpan(t, Portfolio{Underlying: u, Legs: []Leg{{one, 300}}})
	b := mustSpan(t, Portfolio{Underlying: u, Legs: []Leg{{hundred, 3}}})
	if a != b || a.Span != 270_000 {
		t.Errorf("%+v and %+v", a, b)
	}
}

func TestPartsPlus(t *testing.T) {
	a := Parts{Span: 1, Calendar: 2, Exposure: 3, Expiry: 4, Delivery: 5, Premium: 6, Benefit: 7, Label: ExchangeFile}
	got, err := a.Plus(Parts{Span: 10, Calendar: 20, Exposure: 30, Expiry: 40, Delivery: 50, Premium: 60, Benefit: 70, Label: Approximate})
	want := Parts{Span: 11, Calendar: 22, Exposure: 33, Expiry: 44, Delivery: 55, Premium: 66, Benefit: 77, Label: Approximate}
	if err != nil || got != want || got.Total() != 11+33+44+55+66 {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if _, err := a.Plus(Parts{Span: math.MaxInt64}); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("the largest: %v, want overflow", err)
	}
	for l, want := range map[Label]string{Unmodelled: "", Broker: "broker", ExchangeFile: "exchange file", Approximate: "approximate"} {
		if l.String() != want {
			t.Errorf("label %d: %q, want %q", l, l, want)
		}
	}
}
