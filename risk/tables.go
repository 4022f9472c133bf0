package risk

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"

	"paperport/calendar"
	"paperport/instrument"
)

//go:embed tables/stopmarket.csv
var stopMarketCSV string

// Tables are the dated rules of order entry. Read-only after Load.
type Tables struct{ stopMarket []stopMarketBan }

// stopMarketBan says since when a kind of contract takes no stop-market orders.
type stopMarketBan struct {
	exchange, kind, rule string
	from                 calendar.Date
}

// Load reads the embedded tables.
func Load() (*Tables, error) {
	r := csv.NewReader(strings.NewReader(stopMarketCSV))
	r.Comment = '#'
	lines, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("risk: stopmarket.csv: %w", err)
	}
	t := &Tables{}
	for _, c := range lines[1:] {
		x := stopMarketBan{exchange: c[0], kind: c[1], rule: c[3]}
		if x.from, err = calendar.ParseDate(c[2]); err != nil {
			return nil, fmt.Errorf("risk: stopmarket.csv: %w", err)
		}
		t.stopMarket = append(t.stopMarket, x)
	}
	return t, nil
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
