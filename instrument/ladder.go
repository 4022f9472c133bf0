package instrument

import (
	"bytes"
	_ "embed" // the tick ladder
	"encoding/csv"
	"fmt"

	"paperport/calendar"
	"paperport/money"
)

//go:embed tables/tick_ladder.csv
var tickLadderCSV []byte

// TickRule names a column of the exchanges' tick size table.
type TickRule string

// The rules of the tick ladder. A stock future follows the ladder of shares.
const (
	ShareTick       TickRule = "share"
	ETFTick         TickRule = "etf"
	IndexFutureTick TickRule = "index future"
	IndexOptionTick TickRule = "index option"
	StockOptionTick TickRule = "stock option"
)

// Ladder is the dated table of price steps (india-rules 2.1). It is immutable.
type Ladder struct{ tiers []tier }

type tier struct {
	rule TickRule
	from calendar.Date
	// upTo is the highest price of the tier, inclusive; zero means no limit.
	upTo, tick money.Price
}

// NewLadder returns the embedded ladder. It panics when the embedded table is broken, which a test excludes.
func NewLadder() *Ladder {
	l, err := parseLadder(tickLadderCSV)
	if err != nil {
		panic(err.Error())
	}
	return l
}

func parseLadder(table []byte) (*Ladder, error) {
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("instrument: read tick ladder: %w", err)
	}
	l := &Ladder{}
	for i, r := range rows[min(1, len(rows)):] {
		t := tier{rule: TickRule(r[0])}
		if t.from, err = calendar.ParseDate(r[1]); err != nil {
			return nil, fmt.Errorf("instrument: tick ladder row %d: %w", i+1, err)
		}
		if r[2] != "" {
			if t.upTo, err = money.ParsePrice(r[2]); err != nil {
				return nil, fmt.Errorf("instrument: tick ladder row %d: %w", i+1, err)
			}
		}
		if t.tick, err = money.ParsePrice(r[3]); err != nil || t.tick <= 0 {
			return nil, fmt.Errorf("instrument: tick ladder row %d: tick %q: %w", i+1, r[3], err)
		}
		l.tiers = append(l.tiers, t)
	}
	return l, nil
}

// TickSize returns the price step in force on a date for a reference price: for shares and stock futures the close of
// the last trading day of the month before (see TickReferenceDay), for stock options the underlying's, for index futures
// the index. It returns false when the table knows no step for that date.
func (l *Ladder) TickSize(rule TickRule, reference money.Price, on calendar.Date) (money.Price, bool) {
	var from calendar.Date
	for _, t := range l.tiers {
		if t.rule == rule && t.from <= on {
			from = max(from, t.from)
		}
	}
	for _, t := range l.tiers {
		if t.rule == rule && t.from == from && from != 0 && (t.upTo == 0 || reference <= t.upTo) {
			return t.tick, true
		}
	}
	return 0, false
}

// TickReferenceDay returns the day whose close fixes the tick tier of a whole month: the last trading day of the month
// before the one of d. Zero when the calendar knows none.
func TickReferenceDay(c *calendar.Calendar, b calendar.Board, d calendar.Date) calendar.Date {
	year, month, _ := d.YMD()
	return c.PrevTradingDay(b, calendar.NewDate(year, month, 1))
}
