package margin

import (
	"cmp"
	"slices"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// ModelSpreads are the calendar spreads of an underlying without a file: every pair of the expiries in nearest-first
// order, at one charge, the calendar rate of the far month's future. The files of 2026-05-29 and 2026-06-25 do the same
// (NIFTY 420 and 425, 1.75 % of the third month). Errors: ErrNoRate, money.ErrOverflow.
func (t *Tables) ModelSpreads(isIndex bool, date calendar.Date, expiries []calendar.Date, farMonth money.Price) ([]Spread, error) {
	rates, err := t.derivativeRates(isIndex, date)
	if err != nil {
		return nil, err
	}
	charge, err := money.MulDiv(int64(farMonth), int64(rates.calendar), money.RateScale, money.Up)
	if err != nil {
		return nil, err
	}
	live := slices.DeleteFunc(slices.Clone(expiries), func(e calendar.Date) bool {
		return e < date || rates.apart > 0 && e == date
	})
	slices.Sort(live)
	live = slices.Compact(live)
	var spreads []Spread
	for i := range live {
		for j := i + 1; j < len(live); j++ {
			spreads = append(spreads, Spread{A: live[i], B: live[j], Charge: money.Price(charge)})
		}
	}
	return spreads, nil
}

// reach is how far long and short an expiry's net delta may be, both >= 0.
type reach struct {
	expiry      calendar.Date
	long, short int64
}

// spreadCharge offsets opposite deltas of the spreads' expiries in order of priority and adds up their charges, in Price x
// Qty. Each expiry may reach long and short while orders rest; both count, so that no outcome is charged more.
func spreadCharge(spreads []Spread, views []*view) (int64, error) {
	if len(spreads) == 0 {
		return 0, nil
	}
	reaches, err := reachOf(views)
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for _, s := range spreads {
		a, b := find(reaches, s.A), find(reaches, s.B)
		if a == nil || b == nil || a == b {
			continue
		}
		n, m := min(a.long, b.short), min(a.short, b.long)
		a.long, b.short, a.short, b.long = a.long-n, b.short-n, a.short-m, b.long-m
		charge, err := money.MulDiv(n+m, int64(s.Charge), money.RateScale, money.Up)
		if err != nil || charge < 0 || charge > legLimit || total > legLimit {
			return 0, money.ErrOverflow
		}
		total += charge
	}
	return total, nil
}

// reachOf sums deltas by expiry. Contracts that are scanned apart offset nothing.
func reachOf(views []*view) ([]reach, error) {
	var out []reach
	for _, v := range views {
		if v.isApart {
			continue
		}
		least, most, err := v.deltaRange()
		if err != nil {
			return nil, err
		}
		r := find(out, v.c.Expiry)
		if r == nil {
			out = append(out, reach{expiry: v.c.Expiry})
			r = &out[len(out)-1]
		}
		r.long += most
		r.short -= least
	}
	for i := range out {
		out[i].long, out[i].short = max(0, out[i].long), max(0, out[i].short)
	}
	return out, nil
}

// deltaRange is the range of a contract's delta, in units x Rate.
func (v *view) deltaRange() (least, most int64, err error) {
	var ends [2]int64
	for i, q := range [2]money.Qty{v.low(), v.high()} {
		d, err := money.MulDiv(int64(q), int64(v.c.Array.Delta), 1, money.Down)
		if err != nil || d > legLimit || d < -legLimit {
			return 0, 0, money.ErrOverflow
		}
		ends[i] = d
	}
	return min(ends[0], ends[1]), max(ends[0], ends[1]), nil
}

func find(reaches []reach, expiry calendar.Date) *reach {
	for i := range reaches {
		if reaches[i].expiry == expiry {
			return &reaches[i]
		}
	}
	return nil
}

// spreadDiscount is what futures that offset each other across expiries pay less exposure: the near leg's, and that of
// the far leg but for its share. Only what stays a spread whichever orders fill counts.
func spreadDiscount(views []*view, r *rates) (money.Paise, error) {
	type month struct {
		v    *view
		left money.Qty
	}
	var months []month
	for _, v := range views {
		if v.c.Kind != instrument.Future || v.isApart || v.low() <= 0 && v.high() >= 0 {
			continue
		}
		left := v.low()
		if left < 0 {
			left = v.high()
		}
		months = append(months, month{v, left})
	}
	slices.SortFunc(months, func(a, b month) int { return cmp.Compare(a.v.c.Expiry, b.v.c.Expiry) })
	discount := money.Paise(0)
	for i := range months {
		for j := i + 1; j < len(months); j++ {
			near, far := &months[i], &months[j]
			if near.left == 0 || far.left == 0 || near.left < 0 == (far.left < 0) || near.v.c.Expiry == far.v.c.Expiry {
				continue
			}
			n := min(abs(near.left), abs(far.left))
			less, err := r.spreadDiscount(near.v.c.Array.Price, far.v.c.Array.Price, n)
			if err != nil {
				return 0, err
			}
			discount += less
			near.left, far.left = towardsZero(near.left, n), towardsZero(far.left, n)
		}
	}
	return discount, nil
}

func abs(q money.Qty) money.Qty { return max(q, -q) }

func towardsZero(q, n money.Qty) money.Qty {
	if q < 0 {
		return q + n
	}
	return q - n
}
