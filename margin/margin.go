// Package margin says what orders and positions hold of an account's money. Delivery shares and long options are exact,
// intraday shares take a rate from a dated table or the exchange's VaR file. Futures and short options take SPAN by risk
// arrays of sixteen scenarios, which come in as data (an exchange file, or options.Scan), plus exposure and what expiry
// and delivery add. It only adds integers: no float, no price model, no ledger, and it moves nothing.
//
// Invariants of the SPAN model: a margin depends on nothing but its arguments; the blocks of positions and orders add up
// to the worst that any fills leave; no part of positions is negative; what does not fit is money.ErrOverflow.
//
// Known limits: positions are not marked, so an open intraday loss does not lower free money until it is booked; no
// inter-commodity credit (NSE's files have none); spreads are one to one (NSE's are); surveillance and concentration
// margins only as far as an exchange file holds them.
package margin

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
	"paperport/position"
)

//go:embed tables/intraday.csv
var intradayCSV string

// Style is how the money of a trade moves.
type Style uint8

// Paid trades move their full value at once (delivery shares, bought options). Margined ones block a part and book
// profit when closed (intraday shares). Modelled ones need SPAN and are not taken.
const (
	Paid Style = iota + 1
	Margined
	Modelled
)

// StyleOf is the style of an instrument held with a product.
func StyleOf(i *instrument.Instrument, p order.Product) Style {
	switch i.Kind {
	case instrument.Equity:
		if p == order.MIS {
			return Margined
		}
		return Paid
	case instrument.Option:
		return Paid
	case instrument.Future, instrument.Index:
		return Modelled
	default:
		return Modelled
	}
}

// Tables are the dated margin rates. Read-only after Load.
type Tables struct {
	rows        []row
	derivatives []derivativeRow
	equity      []equityRow
}

type row struct {
	class    string
	from, to calendar.Date
	rate     money.Rate
}

// Load reads the embedded tables.
func Load() (*Tables, error) {
	r := csv.NewReader(strings.NewReader(intradayCSV))
	r.Comment = '#'
	lines, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("margin: intraday.csv: %w", err)
	}
	t := &Tables{}
	if t.derivatives, err = loadDerivatives(); err != nil {
		return nil, err
	}
	if t.equity, err = loadEquity(); err != nil {
		return nil, err
	}
	for _, c := range lines[1:] {
		x := row{class: c[0]}
		if x.from, err = calendar.ParseDate(c[1]); err != nil {
			return nil, fmt.Errorf("margin: intraday.csv: %w", err)
		}
		if c[2] != "" {
			if x.to, err = calendar.ParseDate(c[2]); err != nil {
				return nil, fmt.Errorf("margin: intraday.csv: %w", err)
			}
		}
		if x.rate, err = money.ParsePercent(c[3]); err != nil {
			return nil, fmt.Errorf("margin: intraday.csv: %w", err)
		}
		t.rows = append(t.rows, x)
	}
	return t, nil
}

// IntradayRate is the share of its value that an intraday position in a share holds on a date. Full value where the
// tables do not say.
func (t *Tables) IntradayRate(i *instrument.Instrument, date calendar.Date) money.Rate {
	class := "other"
	if i.Terms.HasDerivatives {
		class = "derivatives"
	}
	for _, r := range t.rows {
		if r.class == class && date >= r.from && (r.to == 0 || date <= r.to) {
			return r.rate
		}
	}
	return money.RateScale
}

// Order is what a working order is margined by.
type Order struct {
	Style Style
	Side  order.Side
	// Leaves is what still works, Closing the part of it that closes something open.
	Leaves, Closing money.Qty
	// Price is the dearest price the order may reasonably trade at, Multiplier that of the contract.
	Price      money.Price
	Multiplier int64
	// Rate is the intraday rate (Margined only); Charges what the rest of the order is expected to cost.
	Rate    money.Rate
	Charges money.Paise
}

// Block is what the order holds of the account's money. A Paid purchase holds value and charges, a Paid sale only what
// its charges exceed its proceeds by; a Margined order holds margin and charges for what it opens, nothing for what it
// closes. The error is money.ErrOverflow.
func (o Order) Block() (money.Paise, error) {
	if o.Leaves <= 0 {
		return 0, nil
	}
	if o.Style == Margined {
		opening := o.Leaves - o.Closing
		if opening <= 0 {
			return 0, nil
		}
		value, err := money.Turnover(o.Price, opening, o.Multiplier, money.Up)
		if err != nil {
			return 0, err
		}
		part, err := o.Rate.Of(value, money.Up)
		if err != nil {
			return 0, err
		}
		return money.Add(part, o.Charges)
	}
	value, err := money.Turnover(o.Price, o.Leaves, o.Multiplier, money.Up)
	if err != nil {
		return 0, err
	}
	if o.Side == order.Sell {
		return max(0, o.Charges-value), nil
	}
	return money.Add(value, o.Charges)
}

// Position is what an open position holds: nothing when it is paid for, the intraday rate of its cost when margined.
func Position(s Style, rate money.Rate, p *position.Position) (money.Paise, error) {
	if s != Margined {
		return 0, nil
	}
	cost := p.Cost
	if cost < 0 {
		cost = -cost
	}
	return rate.Of(cost, money.Up)
}
