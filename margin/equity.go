package margin

import (
	_ "embed"
	"errors"
	"fmt"

	"paperport/calendar"
	"paperport/money"
)

//go:embed tables/equity.csv
var equityCSV string

// EquityClass is the kind of share that VaR defaults are kept for.
type EquityClass uint8

// The classes. Surveillance stands for ASM, GSM and ESM shares.
const (
	WithDerivatives EquityClass = iota + 1
	OtherShare
	TradeToTrade
	Surveillance
)

// String returns the class as the table spells it.
func (c EquityClass) String() string {
	switch c {
	case WithDerivatives:
		return "derivatives"
	case OtherShare:
		return "other"
	case TradeToTrade:
		return "trade_to_trade"
	case Surveillance:
		return "surveillance"
	default:
		return "unknown"
	}
}

// EquityRates are the exchange's margin rates of a share.
type EquityRates struct {
	VaR, ELM, AdHoc money.Rate
	// Least is what an intraday position holds at least: 20 %.
	Least money.Rate
	// Label is ExchangeFile when the rates come from one, Approximate for defaults.
	Label Label
}

// Applicable is VaR + ELM + ad hoc, at most the whole value.
func (r EquityRates) Applicable() money.Rate {
	return min(r.VaR+r.ELM+r.AdHoc, money.RateScale)
}

// Intraday is the share of its value that an intraday position holds: the higher of Applicable and Least.
func (r EquityRates) Intraday() money.Rate { return max(r.Applicable(), r.Least) }

// MTF is the initial margin of a margin-trading purchase: VaR plus three times ELM for shares with derivatives, else five
// times (india-rules 4.1: from memory, unverified).
func (r EquityRates) MTF(c EquityClass) money.Rate {
	times := money.Rate(5)
	if c == WithDerivatives {
		times = 3
	}
	return min(r.VaR+times*r.ELM+r.AdHoc, money.RateScale)
}

type equityRow struct {
	class    string
	from, to calendar.Date
	vaR, elm money.Rate
}

func loadEquity() ([]equityRow, error) {
	lines, err := readTable("equity.csv", equityCSV)
	if err != nil {
		return nil, err
	}
	var rows []equityRow
	for _, c := range lines {
		x := equityRow{class: c[0]}
		var errs [4]error
		x.from, errs[0] = calendar.ParseDate(c[1])
		errs[1] = x.to.UnmarshalText([]byte(c[2]))
		x.vaR, errs[2] = money.ParsePercent(c[3])
		x.elm, errs[3] = money.ParsePercent(c[4])
		if err := errors.Join(errs[:]...); err != nil {
			return nil, fmt.Errorf("margin: equity.csv: %w", err)
		}
		rows = append(rows, x)
	}
	return rows, nil
}

// EquityDefault is what a share holds without an exchange file: the floors of its class. The error is ErrNoRate.
func (t *Tables) EquityDefault(c EquityClass, date calendar.Date) (EquityRates, error) {
	row, hasRow := t.equityRow(c.String(), date)
	least, hasLeast := t.equityRow("minimum", date)
	if !hasRow || !hasLeast {
		return EquityRates{}, ErrNoRate
	}
	return EquityRates{VaR: row.vaR, ELM: row.elm, Least: least.vaR, Label: Approximate}, nil
}

func (t *Tables) equityRow(class string, date calendar.Date) (equityRow, bool) {
	for _, r := range t.equity {
		if r.class == class && date >= r.from && (r.to == 0 || date <= r.to) {
			return r, true
		}
	}
	return equityRow{}, false
}
