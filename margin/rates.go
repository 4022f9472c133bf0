package margin

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

//go:embed tables/derivatives.csv
var derivativesCSV string

// deliveryDays is how many trading days before expiry the delivery margin begins.
const deliveryDays = 4

// derivativeRow is one dated rate of tables/derivatives.csv.
type derivativeRow struct {
	item, class string
	from, to    calendar.Date
	rate        money.Rate
}

// rates are what tables/derivatives.csv says of a class on a date.
type rates struct {
	exposure, exposureLong, exposureDeep, deepBeyond money.Rate
	spreadFar, calendar, expiryELM, apart            money.Rate
	delivery                                         [deliveryDays + 1]money.Rate
}

func loadDerivatives() ([]derivativeRow, error) {
	lines, err := readTable("derivatives.csv", derivativesCSV)
	if err != nil {
		return nil, err
	}
	var rows []derivativeRow
	for _, c := range lines {
		x := derivativeRow{item: c[0], class: c[1]}
		var errs [3]error
		x.from, errs[0] = calendar.ParseDate(c[2])
		errs[1] = x.to.UnmarshalText([]byte(c[3]))
		x.rate, errs[2] = money.ParsePercent(c[4])
		if err := errors.Join(errs[:]...); err != nil {
			return nil, fmt.Errorf("margin: derivatives.csv: %w", err)
		}
		rows = append(rows, x)
	}
	return rows, nil
}

// readTable returns the lines of an embedded table without its heading.
func readTable(name, text string) ([][]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment = '#'
	lines, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("margin: %s: %w", name, err)
	}
	return lines[1:], nil
}

// derivativeRates returns the rates of a class on a date. The error is ErrNoRate.
func (t *Tables) derivativeRates(isIndex bool, date calendar.Date) (*rates, error) {
	class := "stock"
	if isIndex {
		class = "index"
	}
	of := func(item string) money.Rate {
		for _, r := range t.derivatives {
			if r.item == item && r.class == class && date >= r.from && (r.to == 0 || date <= r.to) {
				return r.rate
			}
		}
		return 0
	}
	r := &rates{
		exposure: of("exposure"), exposureLong: of("exposure_long"), exposureDeep: of("exposure_deep"),
		deepBeyond: of("deep_beyond"), spreadFar: of("spread_far"), calendar: of("calendar"),
		expiryELM: of("expiry_elm"), apart: of("apart"),
	}
	for i := range r.delivery {
		r.delivery[i] = of("delivery_" + string(rune('0'+i)))
	}
	if r.exposure == 0 {
		return nil, ErrNoRate
	}
	return r, nil
}

// overlay lays an exchange file's exposure rates over the table's.
func (r *rates) overlay(u *Underlying) {
	if u.Exposure > 0 {
		r.exposure = u.Exposure
	}
	if u.ExposureDeep > 0 {
		r.exposureDeep = u.ExposureDeep
	}
}

// addOns fills what an end holds beside SPAN.
func (r *rates) addOns(e *end, c *Contract, u *Underlying) (err error) {
	if e.qty == 0 {
		return nil
	}
	if c.Kind == instrument.Future {
		if c.Array.Price <= 0 {
			return ErrPortfolio
		}
		e.exposure, err = share(r.exposure, c.Array.Price, abs(e.qty), money.Up)
		return err
	}
	if e.qty > 0 {
		e.delivery, err = r.deliveryOf(c, u, e.qty)
		return err
	}
	rate, err := r.exposureOf(c, u)
	if err != nil {
		return err
	}
	if e.exposure, err = share(rate, u.Spot, -e.qty, money.Up); err != nil {
		return err
	}
	if c.Expiry == u.Date {
		e.expiry, err = share(r.expiryELM, u.Spot, -e.qty, money.Up)
	}
	return err
}

// exposureOf is the exposure rate of a short option: the highest that applies.
func (r *rates) exposureOf(c *Contract, u *Underlying) (money.Rate, error) {
	rate := r.exposure
	if isBeyondNineMonths(u.Date, c.Expiry) {
		rate = max(rate, r.exposureLong)
	}
	from := u.Close
	if from <= 0 {
		from = u.Spot
	}
	beyond, err := money.MulDiv(int64(from), int64(r.deepBeyond), money.RateScale, money.HalfUp)
	if err != nil {
		return 0, err
	}
	away := c.Strike - from
	if c.Right == instrument.Put {
		away = -away
	}
	if away > money.Price(beyond) {
		rate = max(rate, r.exposureDeep)
	}
	return rate, nil
}

// isBeyondNineMonths reports whether an expiry is more than nine months after a date.
func isBeyondNineMonths(date, expiry calendar.Date) bool {
	year, month, day := date.YMD()
	return expiry > calendar.NewDate(year, month+9, day)
}

// deliveryOf is the delivery margin of a long stock option that is in the money in the days before its expiry.
func (r *rates) deliveryOf(c *Contract, u *Underlying, qty money.Qty) (money.Paise, error) {
	isPut := c.Right == instrument.Put
	if c.DaysLeft < 0 || c.DaysLeft > deliveryDays || (c.DaysLeft == 0) != (c.Expiry == u.Date) ||
		isPut && u.Spot >= c.Strike || !isPut && u.Spot <= c.Strike {
		return 0, nil
	}
	full, err := share(u.DeliveryRate, c.Strike, qty, money.Up)
	if err != nil {
		return 0, err
	}
	return r.delivery[c.DaysLeft].Of(full, money.Up)
}

// spreadDiscount is what n units of a calendar spread pay less exposure than its legs apart, rounded against the account.
func (r *rates) spreadDiscount(near, far money.Price, n money.Qty) (money.Paise, error) {
	whole, err := share(r.exposure, near, n, money.Down)
	if err != nil {
		return 0, err
	}
	part, err := share(r.exposure, far, n, money.Down)
	if err != nil {
		return 0, err
	}
	part, err = (money.RateScale - r.spreadFar).Of(part, money.Down)
	return whole + part, err
}

// share is a rate of price x qty, within what a leg may hold.
func share(rate money.Rate, price money.Price, qty money.Qty, rounding money.Rounding) (money.Paise, error) {
	value, err := money.Turnover(price, qty, 1, rounding)
	if err != nil {
		return 0, err
	}
	part, err := rate.Of(value, rounding)
	if err == nil && part > legLimit/money.PricePerPaisa {
		err = money.ErrOverflow
	}
	return part, err
}
