package margin

import (
	"cmp"
	"math"
	"slices"

	"paperport/instrument"
	"paperport/money"
)

// legLimit bounds every product of a leg, so that sums over LegsMax legs and the calendar charge cannot overflow and the
// scan may use plain arithmetic.
const legLimit = math.MaxInt64 / (8 * LegsMax)

// Rows of the scan beside the scenarios: no scan risk, the short option minimum, and a margin of nothing.
const (
	rowNoRisk = ScanPoints + iota
	rowShortMin
	rowNothing
)

// end is one extreme of what may become of a contract.
type end struct {
	qty      money.Qty
	span     [rowNothing + 1]int64 // in Price x Qty, per row of the scan
	exposure money.Paise
	expiry   money.Paise
	delivery money.Paise
	premium  money.Paise
}

// view is a contract with its net position and the range its quantity may reach.
type view struct {
	c           *Contract
	net         money.Qty
	buys, sells money.Qty
	premium     money.Paise
	isApart     bool
	// ends are: no order filled, every sale, every purchase, all of them; those that there are. A sale's proceeds are not
	// counted until they are there.
	ends []end
}

// pick is the dearest end of a view in a row of the scan.
func (v *view) pick(row int) *end {
	best, most := &v.ends[0], v.ends[0].cost(row)
	for i := 1; i < len(v.ends); i++ {
		if cost := v.ends[i].cost(row); cost > most {
			best, most = &v.ends[i], cost
		}
	}
	return best
}

// low and high bound what the quantity may become.
func (v *view) low() money.Qty  { return v.net - v.sells }
func (v *view) high() money.Qty { return v.net + v.buys }

// cost is everything an end costs in a row, in Price x Qty.
func (e *end) cost(row int) int64 {
	return e.span[row] + int64(e.exposure+e.expiry+e.delivery+e.premium)*money.PricePerPaisa
}

// require is the most that a portfolio may hold, whichever of its orders fill. Without orders it is exactly what the
// positions hold; with orders it is the worst outcome, scenario by scenario: a margin is convex in each quantity, so only
// the ends of each contract's range matter. The calendar charge is an upper bound then, exact where one rate holds for all
// pairs of expiries.
func (t *Tables) require(p Portfolio) (Parts, []*view, error) {
	rates, err := t.derivativeRates(p.IsIndex, p.Date)
	if err != nil {
		return Parts{}, nil, err
	}
	rates.overlay(&p.Underlying)
	views, err := viewsOf(p)
	if err != nil {
		return Parts{}, nil, err
	}
	for _, v := range views {
		v.isApart = rates.apart > 0 && v.c.Expiry == p.Date
		if err := v.fill(&p.Underlying, rates); err != nil {
			return Parts{}, nil, err
		}
	}
	calendarCharge, err := spreadCharge(p.Spreads, views)
	if err != nil {
		return Parts{}, nil, err
	}
	discount, err := spreadDiscount(views, rates)
	if err != nil {
		return Parts{}, nil, err
	}
	parts := worst(views, calendarCharge, p.ShortMin > 0)
	parts.Exposure -= discount
	if len(views) > 0 {
		parts.Label = p.Label
	}
	return parts, views, nil
}

// worst picks the dearest of: scenarios with the calendar charge, the short option minimum, nothing.
func worst(views []*view, calendarCharge int64, hasShortMin bool) Parts {
	best := sum(views, func(*view) int { return rowNothing })
	if !slices.ContainsFunc(views, (*view).canOwe) {
		return best.parts(0)
	}
	charge := int64(0)
	// Contracts that expire today are scanned by themselves: the file's two scan tiers.
	together, apart := worstRow(views, false), worstRow(views, true)
	risk := sum(views, func(v *view) int {
		if v.isApart {
			return apart
		}
		return together
	})
	risk.span += calendarCharge
	if risk.cost() > best.cost() {
		best, charge = risk, calendarCharge
	}
	if hasShortMin {
		if least := sum(views, func(*view) int { return rowShortMin }); least.cost() > best.cost() {
			best, charge = least, 0
		}
	}
	return best.parts(charge)
}

// worstRow is the scenario in which a tier costs most, or rowNoRisk.
func worstRow(views []*view, isApart bool) int {
	row, most := rowNoRisk, int64(math.MinInt64)
	for j := range rowNoRisk + 1 {
		total := int64(0)
		for _, v := range views {
			if v.isApart == isApart {
				total += v.pick(j).cost(j)
			}
		}
		if total > most {
			row, most = j, total
		}
	}
	return row
}

// totals are the sums of chosen ends; span is in Price x Qty.
type totals struct {
	span                                int64
	exposure, expiry, delivery, premium money.Paise
}

func sum(views []*view, row func(*view) int) totals {
	var s totals
	for _, v := range views {
		j := row(v)
		e := v.pick(j)
		s.span += e.span[j]
		s.exposure += e.exposure
		s.expiry += e.expiry
		s.delivery += e.delivery
		s.premium += e.premium
	}
	return s
}

func (s totals) cost() int64 {
	return s.span + int64(s.exposure+s.expiry+s.delivery+s.premium)*money.PricePerPaisa
}

func (s totals) parts(charge int64) Parts {
	return Parts{
		Span: upToPaise(s.span), Calendar: upToPaise(charge), Exposure: s.exposure,
		Expiry: s.expiry, Delivery: s.delivery, Premium: s.premium,
	}
}

// upToPaise rounds Price x Qty up to paise.
func upToPaise(v int64) money.Paise {
	if v > 0 {
		v += money.PricePerPaisa - 1
	}
	return money.Paise(v / money.PricePerPaisa)
}

// viewsOf nets legs and orders by contract, in the order of their ids.
func viewsOf(p Portfolio) ([]*view, error) {
	if len(p.Legs)+len(p.Orders) > LegsMax || p.Spot <= 0 && len(p.Legs)+len(p.Orders) > 0 {
		return nil, ErrPortfolio
	}
	byID := make(map[instrument.ID]*view, len(p.Legs)+len(p.Orders))
	views := make([]*view, 0, len(p.Legs)+len(p.Orders))
	of := func(c *Contract) *view {
		v := byID[c.ID]
		if v == nil {
			v = &view{c: c}
			byID[c.ID], views = v, append(views, v)
		}
		return v
	}
	for i := range p.Legs {
		if err := of(&p.Legs[i].Contract).add(&p.Legs[i]); err != nil {
			return nil, err
		}
	}
	for i := range p.Orders {
		o := &p.Orders[i]
		if err := of(&o.Contract).addOrder(o); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(views, func(a, b *view) int { return cmp.Compare(a.c.ID, b.c.ID) })
	return views, nil
}

// units turns a quantity into what prices are multiplied by.
func (l *Leg) units() (money.Qty, error) {
	if l.Kind != instrument.Future && l.Kind != instrument.Option || l.Multiplier < 1 || l.Array.Price < 0 {
		return 0, ErrPortfolio
	}
	n, err := money.MulDiv(int64(l.Qty), l.Multiplier, 1, money.Down)
	if err == nil && (n > legLimit || n < -legLimit) {
		err = money.ErrOverflow
	}
	return money.Qty(n), err
}

func (v *view) add(l *Leg) error {
	units, err := l.units()
	v.net += units
	return err
}

func (v *view) addOrder(o *Working) error {
	units, err := o.units()
	if err != nil {
		return err
	}
	if units < 0 {
		v.sells -= units
		return nil
	}
	v.buys += units
	premium, err := o.premium()
	v.premium += premium
	return err
}

// premium is what a purchased option pays at its limit.
func (o *Working) premium() (money.Paise, error) {
	if o.Kind != instrument.Option || o.Qty <= 0 {
		return 0, nil
	}
	paid, err := money.Turnover(o.Limit, o.Qty, o.Multiplier, money.Up)
	if err == nil && (paid < 0 || paid > legLimit/money.PricePerPaisa) {
		err = money.ErrOverflow
	}
	return paid, err
}

// canOwe reports whether a contract may leave more to lose than was paid: a future, or an option that may be short.
func (v *view) canOwe() bool {
	return v.low() < 0 || v.c.Kind == instrument.Future && (v.low() != 0 || v.high() != 0)
}

// fill works out the ends.
func (v *view) fill(u *Underlying, r *rates) error {
	v.ends = append(make([]end, 0, 1), end{qty: v.net})
	if v.sells > 0 {
		v.ends = append(v.ends, end{qty: v.low()})
	}
	if v.buys > 0 {
		v.ends = append(v.ends, end{qty: v.high(), premium: v.premium})
	}
	if v.buys > 0 && v.sells > 0 {
		v.ends = append(v.ends, end{qty: v.net + v.buys - v.sells, premium: v.premium})
	}
	for i := range v.ends {
		if err := v.c.scan(&v.ends[i], u.ShortMin); err != nil {
			return err
		}
		if err := r.addOns(&v.ends[i], v.c, u); err != nil {
			return err
		}
	}
	return nil
}

// scan fills the rows of an end: what its quantity loses, less what the options are worth.
func (c *Contract) scan(e *end, shortMin money.Price) error {
	value := c.Array.Price
	if c.Kind == instrument.Future {
		value, shortMin = 0, 0
	}
	most := value + shortMin
	for _, loss := range c.Array.Losses {
		if loss > legLimit || loss < -legLimit {
			return money.ErrOverflow
		}
		most = max(most, loss-value, value-loss)
	}
	if n, err := money.MulDiv(int64(most), int64(e.qty), 1, money.Down); err != nil || n > legLimit || n < -legLimit {
		return money.ErrOverflow
	}
	qty := int64(e.qty)
	for j, loss := range c.Array.Losses {
		e.span[j] = qty * int64(loss-value)
	}
	e.span[rowNoRisk] = -qty * int64(value)
	e.span[rowShortMin] = -qty*int64(value) + max(0, -qty)*int64(shortMin)
	return nil
}
