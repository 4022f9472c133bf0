package risk

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
)

//go:embed tables/stopmarket.csv
var stopMarketCSV string

//go:embed tables/lpp.csv
var lppCSV string

// Tables are the dated rules of order entry. Read-only after Load.
type Tables struct {
	stopMarket []stopMarketBan
	protection []protection
}

// stopMarketBan says since when a kind of contract takes no stop-market orders.
type stopMarketBan struct {
	exchange, kind, rule string
	from                 calendar.Date
}

// protection is how far from recent trades a price may lie.
type protection struct {
	exchange, class string
	from            calendar.Date
	least           money.Price
	percent         money.Rate
}

// Load reads the embedded tables.
func Load() (*Tables, error) {
	t := &Tables{}
	lines, err := readTable("stopmarket.csv", stopMarketCSV)
	if err != nil {
		return nil, err
	}
	for _, c := range lines {
		x := stopMarketBan{exchange: c[0], kind: c[1], rule: c[3]}
		if x.from, err = calendar.ParseDate(c[2]); err != nil {
			return nil, fmt.Errorf("risk: stopmarket.csv: %w", err)
		}
		t.stopMarket = append(t.stopMarket, x)
	}
	if lines, err = readTable("lpp.csv", lppCSV); err != nil {
		return nil, err
	}
	for _, c := range lines {
		x := protection{exchange: c[0], class: c[1]}
		var errs [3]error
		x.from, errs[0] = calendar.ParseDate(c[2])
		x.least, errs[1] = money.ParsePrice(c[3])
		x.percent, errs[2] = money.ParsePercent(c[4])
		if err := errors.Join(errs[:]...); err != nil {
			return nil, fmt.Errorf("risk: lpp.csv: %w", err)
		}
		t.protection = append(t.protection, x)
	}
	return t, nil
}

// readTable returns the lines of an embedded table without its heading.
func readTable(name, text string) ([][]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment = '#'
	lines, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("risk: %s: %w", name, err)
	}
	return lines[1:], nil
}

// Protected refuses a price that lies further from a reference price than limit price protection allows. A reference of
// 0 is unknown and refuses nothing.
func (t *Tables) Protected(i *instrument.Instrument, date calendar.Date, side order.Side, price, reference money.Price) Denial {
	if t == nil || reference <= 0 {
		return Denial{}
	}
	class := "stock "
	if i.Terms.UnderlyingIsIndex {
		class = "index "
	}
	class += i.Kind.String()
	for _, x := range t.protection {
		if x.exchange != i.Exchange.String() || x.class != class || date < x.from {
			continue
		}
		away, err := money.MulDiv(int64(reference), int64(x.percent), money.RateScale, money.HalfUp)
		if err != nil {
			return Denial{}
		}
		band := max(x.least, money.Price(away))
		low, high := max(0, reference-band), reference+band
		if side == order.Buy && price > high || side == order.Sell && price < low {
			return Deny(PriceOutsideProtection, "price", price.String(), "reference", reference.String(), "low", low.String(), "high", high.String())
		}
		return Denial{}
	}
	return Denial{}
}

// stopMarketBan returns the rule that refuses a stop-market order in a contract on a date; false: none does.
func (t *Tables) stopMarketBan(i *instrument.Instrument, date calendar.Date) (stopMarketBan, bool) {
	if t == nil {
		return stopMarketBan{}, false
	}
	for _, x := range t.stopMarket {
		if x.exchange == i.Exchange.String() && (x.kind == "*" || x.kind == i.Kind.String()) && date >= x.from {
			return x, true
		}
	}
	return stopMarketBan{}, false
}
