package charges

import (
	"errors"
	"fmt"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
)

// ErrNoRate says that the tables have no row for what was asked: a plan, a kind of contract or a date they do not cover.
var ErrNoRate = errors.New("charges: no rate")

// Leg is what rates depend on: one side of one order on one trading date.
type Leg struct {
	Instrument *instrument.Instrument
	Side       order.Side
	Product    order.Product
	Date       calendar.Date
	// Plan is the ID of a Plan.
	Plan string
}

// Schedule is the rates of one Leg, ready to work out notes. The zero value charges nothing.
type Schedule struct {
	stt, ctt, exchange, sebi, stamp, gst money.Rate
	brokerage                            brokerage
	lotSize                              money.Qty
}

// brokerage is the price of one order: a share of turnover up to a cap (0: none), or a flat sum, or a sum per lot.
type brokerage struct {
	rate         money.Rate
	cap          money.Paise
	flat, perLot money.Paise
}

// Schedule finds the rates of a leg. The error wraps ErrNoRate and names what is missing.
func (t *Tables) Schedule(leg Leg) (Schedule, error) {
	k, err := keyOf(leg)
	if err != nil {
		return Schedule{}, err
	}
	s, err := t.schedule(leg.Plan, k)
	s.lotSize = leg.Instrument.Terms.LotSize
	return s, err
}

func (t *Tables) schedule(plan string, k key) (s Schedule, err error) {
	for _, item := range []struct {
		name string
		rate *money.Rate
	}{{"stt", &s.stt}, {"ctt", &s.ctt}, {"exchange", &s.exchange}, {"sebi", &s.sebi}, {"stamp", &s.stamp}, {"gst", &s.gst}} {
		if *item.rate, err = t.rate(item.name, k); err != nil {
			return Schedule{}, err
		}
	}
	s.brokerage, err = t.brokerage(plan, k)
	return s, err
}

// Note is the charge note of one order of that turnover (paise, >= 0) and quantity. ErrOverflow of package money says
// that the turnover is beyond any real order.
func (s *Schedule) Note(turnover money.Paise, qty money.Qty) (Note, error) {
	n := Note{Turnover: turnover}
	if turnover <= 0 || qty <= 0 {
		return n, nil
	}
	var m sums
	n.Brokerage = s.brokerage.of(&m, turnover, s.lots(qty))
	n.Exchange = m.of(s.exchange, turnover)
	n.SEBIFee = m.of(s.sebi, turnover)
	n.GST = m.of(s.gst, n.Brokerage+n.Exchange+n.SEBIFee)
	n.STT = m.rupees(s.stt, turnover)
	n.CTT = m.rupees(s.ctt, turnover)
	n.StampDuty = m.rupees(s.stamp, turnover)
	return n, m.err
}

// Unrounded is what the lines that a note rounds to the rupee are to the paisa: STT or CTT, and stamp duty.
func (s *Schedule) Unrounded(turnover money.Paise) (tax, stamp money.Paise, err error) {
	var m sums
	tax = m.of(s.stt, turnover) + m.of(s.ctt, turnover)
	return tax, m.of(s.stamp, turnover), m.err
}

func (s *Schedule) lots(qty money.Qty) int64 {
	if s.lotSize <= 1 {
		return int64(qty)
	}
	return int64((qty + s.lotSize - 1) / s.lotSize)
}

func (b brokerage) of(m *sums, turnover money.Paise, lots int64) money.Paise {
	fee := b.flat + m.of(b.rate, turnover)
	if b.perLot > 0 {
		fee += m.times(b.perLot, lots)
	}
	if b.cap > 0 && fee > b.cap {
		return b.cap
	}
	return fee
}

// ExerciseSTT is what the buyer of an option pays when it is exercised, on its intrinsic value (paise, >= 0).
func (t *Tables) ExerciseSTT(i *instrument.Instrument, date calendar.Date, intrinsic money.Paise) (money.Paise, error) {
	k, err := keyOf(Leg{Instrument: i, Side: order.Buy, Product: order.NRML, Date: date})
	if err != nil {
		return 0, err
	}
	rate, err := t.rate("exercise", k)
	if err != nil {
		return 0, err
	}
	var m sums
	return m.rupees(rate, intrinsic), m.err
}

// Delivery is the charge note of one side of a stock derivative that is settled in shares: value is the strike (futures:
// the final settlement price) times the quantity, in paise, >= 0. STT on it replaces the STT on exercise.
func (t *Tables) Delivery(plan string, i *instrument.Instrument, side order.Side, date calendar.Date, value money.Paise) (Note, error) {
	k, err := keyOf(Leg{Instrument: i, Side: side, Product: order.NRML, Date: date})
	if err != nil {
		return Note{}, err
	}
	isDerivative := i.Kind == instrument.Future || i.Kind == instrument.Option
	if !isDerivative || i.Terms.UnderlyingIsIndex || i.Segment != calendar.FNO {
		return Note{}, fmt.Errorf("%w: %s is not settled in shares", ErrNoRate, i.Symbol)
	}
	k.class = "physical"
	s, err := t.schedule(plan, k)
	if err != nil {
		return Note{}, err
	}
	return s.Note(value, 1)
}

// DPCharge is the depository's fee of a plan for selling one share out of holdings on one day, GST included.
func (t *Tables) DPCharge(plan string, i *instrument.Instrument, date calendar.Date) (money.Paise, error) {
	k, err := keyOf(Leg{Instrument: i, Side: order.Sell, Product: order.CNC, Date: date})
	if err != nil {
		return 0, err
	}
	gst, err := t.rate("gst", k)
	if err != nil {
		return 0, err
	}
	for _, p := range t.plans {
		if p.ID == plan {
			var m sums
			return p.dpFee + m.of(gst, p.dpFee), m.err
		}
	}
	return 0, fmt.Errorf("%w: plan %q", ErrNoRate, plan)
}

// sums keeps the first overflow of a chain of roundings.
type sums struct{ err error }

func (m *sums) keep(v money.Paise, err error) money.Paise {
	if err != nil && m.err == nil {
		m.err = err
	}
	return v
}

// of is rate of amount, half up to the paisa.
func (m *sums) of(rate money.Rate, amount money.Paise) money.Paise {
	if rate == 0 {
		return 0
	}
	return m.keep(rate.Of(amount, money.HalfUp))
}

// rupees is rate of amount, half up to the rupee in one step.
func (m *sums) rupees(rate money.Rate, amount money.Paise) money.Paise {
	if rate == 0 {
		return 0
	}
	v, err := money.MulDiv(int64(amount), int64(rate), money.RateScale*money.PaiseScale, money.HalfUp)
	return m.keep(money.Paise(v)*money.PaisePerRupee, err)
}

func (m *sums) times(amount money.Paise, n int64) money.Paise {
	v, err := money.MulDiv(int64(amount), n, 1, money.HalfUp)
	return m.keep(money.Paise(v), err)
}
