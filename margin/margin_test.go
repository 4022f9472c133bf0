package margin

import (
	"errors"
	"math"
	"testing"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
	"paperport/position"
)

func TestStyleOf(t *testing.T) {
	for _, c := range []struct {
		kind    instrument.Kind
		product order.Product
		want    Style
	}{
		{instrument.Equity, order.CNC, Paid},
		{instrument.Equity, order.MIS, Margined},
		{instrument.Option, order.NRML, Paid},
		{instrument.Option, order.MIS, Paid},
		{instrument.Future, order.NRML, Modelled},
		{instrument.Index, order.CNC, Modelled},
	} {
		if got := StyleOf(&instrument.Instrument{Kind: c.kind}, c.product); got != c.want {
			t.Errorf("%s with product %d: style %d, want %d", c.kind, c.product, got, c.want)
		}
	}
}

func TestIntradayRate(t *testing.T) {
	tables, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		hasDerivatives bool
		date           calendar.Date
		want           money.Rate
	}{
		{true, calendar.NewDate(2026, 11, 24), 200_000_000},
		{false, calendar.NewDate(2026, 11, 24), 250_000_000},
		{true, calendar.NewDate(2020, 1, 1), money.RateScale},
	} {
		i := &instrument.Instrument{Kind: instrument.Equity, Terms: instrument.Terms{HasDerivatives: c.hasDerivatives}}
		if got := tables.IntradayRate(i, c.date); got != c.want {
			t.Errorf("derivatives %v on %s: %d, want %d", c.hasDerivatives, c.date, got, c.want)
		}
	}
}

func TestOrderBlock(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Order
		want money.Paise
	}{
		{"a purchase: value and charges", Order{Style: Paid, Side: order.Buy, Leaves: 100, Price: 14_500_000, Charges: 17_243}, 14_517_243},
		{"a sale: nothing, its proceeds pay", Order{Style: Paid, Side: order.Sell, Leaves: 100, Price: 15_200_000, Charges: 17_303}, 0},
		{"a sale worth less than its charges", Order{Style: Paid, Side: order.Sell, Leaves: 65, Price: 500, Charges: 2_360}, 2_035},
		{"intraday: the rate of its value, and charges", Order{Style: Margined, Side: order.Sell, Leaves: 200, Price: 8_124_000, Rate: 200_000_000, Charges: 3_468}, 3_253_068},
		{"intraday that closes: nothing", Order{Style: Margined, Side: order.Buy, Leaves: 200, Closing: 200, Price: 8_124_000, Rate: 200_000_000, Charges: 3_468}, 0},
		{"intraday that turns round: what it opens", Order{Style: Margined, Side: order.Buy, Leaves: 300, Closing: 200, Price: 8_124_000, Rate: 200_000_000, Charges: 3_468}, 1_628_268},
		{"part of a paisa counts whole", Order{Style: Margined, Side: order.Buy, Leaves: 1, Price: 10_300, Rate: 200_000_000}, 21},
		{"nothing left", Order{Style: Paid, Side: order.Buy, Price: 14_500_000, Charges: 17_243}, 0},
	} {
		c.o.Multiplier = 1
		got, err := c.o.Block()
		if err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
		}
	}
	if _, err := (Order{Style: Paid, Side: order.Buy, Leaves: math.MaxInt64, Price: math.MaxInt64, Multiplier: 1}).Block(); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("the largest order: %v, want overflow", err)
	}
}

func TestPositionBlock(t *testing.T) {
	short := &position.Position{NetQty: -100, Cost: -8_181_000}
	if got, err := Position(Margined, 200_000_000, short); err != nil || got != 1_636_200 {
		t.Errorf("short 100 at 818.10: %s, %v; want 16362.00", got, err)
	}
	if got, err := Position(Paid, 0, &position.Position{NetQty: 100, Cost: 8_181_000}); err != nil || got != 0 {
		t.Errorf("a paid position: %s, %v; want nothing", got, err)
	}
}
