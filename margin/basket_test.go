package margin

import (
	"errors"
	"math"
	"testing"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// sale and purchase make working orders.
func sale(c Contract, qty money.Qty) Working { return Working{Leg: Leg{c, -qty}} }

func purchase(c Contract, qty money.Qty, limit money.Price) Working {
	return Working{Leg: Leg{c, qty}, Limit: limit}
}

// The contracts of these tables: an option is worth 10.00, 30.00 at worst; a future moves by 9.00.
var (
	today     = calendar.NewDate(2026, 11, 24)
	nextWeek  = today.Add(7)
	oneCall   = option(2, instrument.Call, nextWeek)
	onePut    = option(3, instrument.Put, nextWeek)
	oneFuture = flat(1, nextWeek, 1_010_000, 90_000)
	indexOf   = Underlying{Date: today, IsIndex: true, Spot: 1_000_000, Label: Approximate}
)

func TestWithOrder(t *testing.T) {
	short := []Leg{{oneCall, -100}}
	for _, c := range []struct {
		name   string
		legs   []Leg
		orders []Working
		o      Working
		want   Parts
	}{
		{"a future bought", nil, nil, purchase(oneFuture, 100, 0), Parts{Span: 90_000, Exposure: 20_200, Label: Approximate}},
		{"an option bought: its premium at the limit", nil, nil, purchase(oneCall, 100, 110_000), Parts{Premium: 110_000, Label: Approximate}},
		{"an option written", nil, nil, sale(oneCall, 100), Parts{Span: 300_000, Exposure: 20_000, Label: Approximate}},
		{"closing a future adds nothing", []Leg{{oneFuture, 100}}, nil, sale(oneFuture, 100), Parts{Benefit: 110_200, Label: Approximate}},
		{"turning a future round adds nothing either", []Leg{{oneFuture, 100}}, nil, sale(oneFuture, 200), Parts{Benefit: 220_400, Label: Approximate}},
		{"turning it further adds the rest", []Leg{{oneFuture, 100}}, nil, sale(oneFuture, 300), Parts{Span: 90_000, Exposure: 20_200, Benefit: 220_400, Label: Approximate}},
		{"two orders that each close one position", []Leg{{oneFuture, 100}}, []Working{sale(oneFuture, 100)}, sale(oneFuture, 200),
			Parts{Span: 90_000, Exposure: 20_200, Benefit: 110_200, Label: Approximate}},
		{"buying back a short option: its margin pays the premium", short, nil, purchase(oneCall, 100, 110_000), Parts{Benefit: 110_000, Label: Approximate}},
		{"the other side of a straddle: its exposure", short, nil, sale(onePut, 100), Parts{Exposure: 20_000, Benefit: 300_000, Label: Approximate}},
		{"a resting purchase does not pay for a sale", nil, []Working{purchase(oneFuture, 100, 0)}, sale(oneCall, 100), Parts{Span: 210_000, Exposure: -200, Benefit: 110_200, Label: Approximate}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Portfolio{Underlying: indexOf, Legs: c.legs, Orders: c.orders}
			got, err := mustTables(t).WithOrder(p, c.o)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// TestGoldenCondor sends the four legs of the published condor as a basket.
func TestGoldenCondor(t *testing.T) {
	contracts := june(t)
	limit := func(name string) money.Price { return contracts[name].Array.Price }
	orders := []Working{
		purchase(contracts["22500PE"], niftyLot, limit("22500PE")), sale(contracts["23000PE"], niftyLot),
		sale(contracts["24000CE"], niftyLot), purchase(contracts["24500CE"], niftyLot, limit("24500CE")),
	}
	b, err := mustTables(t).Basket(Portfolio{Underlying: niftyUnderlying()}, orders)
	if err != nil {
		t.Fatal(err)
	}
	// Published: SPAN 31,244 and exposure 61,224 once all have filled; the premiums are 77.51 and 125.15 a unit.
	if math.Abs(rupees(b.Final.Span)/31_244-1) > 0.08 || b.Final.Exposure != 6_122_416 || b.Final.Premium != 1_317_290 {
		t.Errorf("final %+v", b.Final)
	}
	// While they rest, only the shorts may fill: the worse of them, less what the other is worth then, and all premiums.
	if b.Required.Total() < b.Final.Total() || b.Benefit != b.Required.Total()-b.Final.Total() || b.Benefit < 8_000_000 {
		t.Errorf("required %+v, benefit %s", b.Required, b.Benefit)
	}
	t.Logf("required %s, final %s, benefit %s", b.Required.Total(), b.Final.Total(), b.Benefit)
}

func TestBlocks(t *testing.T) {
	p := Portfolio{Underlying: indexOf, Legs: []Leg{{oneCall, -100}}, Orders: []Working{
		sale(onePut, 100), purchase(oneCall, 100, 110_000), sale(oneFuture, 100),
	}}
	positions, orders, err := mustTables(t).Blocks(p)
	if err != nil {
		t.Fatal(err)
	}
	// Upwards the short call needs 3,000 and 200 of exposure; the put's sale adds its exposure.
	if positions.Total() != 320_000 || len(orders) != 3 || orders[0].Total() != 20_000 {
		t.Errorf("positions %s, orders %v", positions.Total(), orders)
	}
	// Bought back for 1,100, the call leaves the put alone, which needs 3,200 downwards: 4,300, where 3,400 were blocked.
	if orders[1].Total() != 90_000 {
		t.Errorf("buying the call back adds %s, want 900.00", orders[1].Total())
	}
	// Upwards, call and put unbought, the future loses 900 and needs 202 of exposure: 4,502, where 4,300 are blocked.
	if orders[2].Total() != 20_200 {
		t.Errorf("the future adds %s, want 202.00", orders[2].Total())
	}
}

func TestOrdersOverflow(t *testing.T) {
	tables := mustTables(t)
	dear := purchase(oneCall, math.MaxInt64, math.MaxInt64)
	big := purchase(oneCall, 1<<50, 1<<40)
	for _, o := range []Working{dear, big, sale(oneFuture, math.MaxInt64)} {
		p := Portfolio{Underlying: indexOf}
		if got, err := tables.WithOrder(p, o); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("order of %d: %+v, %v", o.Qty, got, err)
		}
		if _, err := tables.Basket(p, []Working{o}); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("basket of %d: %v", o.Qty, err)
		}
		p.Orders = []Working{o}
		if _, _, err := tables.Blocks(p); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("blocks of %d: %v", o.Qty, err)
		}
	}
}
