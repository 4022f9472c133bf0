package margin

import (
	"errors"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// ScanPoints is the number of scenarios of a risk array.
const ScanPoints = 16

// LegsMax is the largest number of contracts and orders in one portfolio. It bounds the sums, see legLimit.
const LegsMax = 1000

// Errors of the SPAN model. Overflow is money.ErrOverflow.
var (
	// ErrNoRate says that the tables do not reach back to the date.
	ErrNoRate = errors.New("margin: no rate for that date")
	// ErrPortfolio says that a portfolio cannot be margined: too many legs, a leg that is neither future nor option, or
	// a future or spot without a price.
	ErrPortfolio = errors.New("margin: not a portfolio of futures and options of one underlying")
)

// Label says what a margin rests on. The higher wins when margins are added.
type Label uint8

// The labels. Unmodelled is for margins that need no risk array.
const (
	Unmodelled Label = iota
	Broker
	ExchangeFile
	Approximate
)

// String returns the label as screens show it; "" for Unmodelled.
func (l Label) String() string {
	switch l {
	case Broker:
		return "broker"
	case ExchangeFile:
		return "exchange file"
	case Approximate:
		return "approximate"
	case Unmodelled:
		return ""
	default:
		return ""
	}
}

// Array is what one long unit of a contract loses in each scenario, in the order of the exchange's files (india-rules
// 4.3), positive for a loss. It has the fields of options.ScanArray, so that one converts to the other.
type Array struct {
	Losses [ScanPoints]money.Price
	// Delta is the composite delta, 1 for a future.
	Delta money.Rate
	// Price is what the losses are counted from: an option's value, or the future's price.
	Price money.Price
}

// Contract is what the model must know of a future or option.
type Contract struct {
	ID     instrument.ID
	Kind   instrument.Kind
	Right  instrument.Right
	Expiry calendar.Date
	Strike money.Price
	// Multiplier is that of the contract's terms, >= 1.
	Multiplier int64
	// DaysLeft is the number of trading days to expiry: 0 on the day itself, 1 on E-1. Used by the delivery margin only.
	DaysLeft int
	Array    Array
}

// ContractOf takes the terms of an instrument. daysLeft is the number of trading days to its expiry.
func ContractOf(i *instrument.Instrument, a Array, daysLeft int) Contract {
	return Contract{
		ID: i.ID, Kind: i.Kind, Right: i.Right, Expiry: i.Expiry, Strike: i.Strike,
		Multiplier: i.Terms.Multiplier, DaysLeft: daysLeft, Array: a,
	}
}

// Leg is a quantity of a contract in units, negative when short.
type Leg struct {
	Contract
	Qty money.Qty
}

// Working is an order that may still fill: Qty is what is left of it, negative for a sale.
type Working struct {
	Leg
	// Limit is the dearest price of a purchase; premiums are counted at it. Not used for futures and sales.
	Limit money.Price
}

// Spread is a pair of expiries that offset each other, at a charge per unit of delta.
type Spread struct {
	A, B   calendar.Date
	Charge money.Price
}

// Underlying is what holds for all contracts of one underlying: one reference input per underlying and slot.
type Underlying struct {
	// Date is the trading date the margin is for.
	Date calendar.Date
	// IsIndex selects the rates of indices; otherwise those of stocks.
	IsIndex bool
	// Spot is the underlying's price now, Close its previous close; a zero Close means Spot.
	Spot, Close money.Price
	// Spreads are in order of priority: the file's, or ModelSpreads.
	Spreads []Spread
	// ShortMin is the short option minimum per unit, 0 in NSE's files.
	ShortMin money.Price
	// DeliveryRate is VaR + ELM + ad hoc of the share: EquityRates.Applicable.
	DeliveryRate money.Rate
	// Exposure and ExposureDeep are the ELM file's rates (ReadELM); 0 means the table's.
	Exposure, ExposureDeep money.Rate
	Label                  Label
}

// Portfolio is everything an account has in the futures and options of one underlying. One contract may occur in
// several legs, always with the same array; they are netted. The order of Legs does not matter.
type Portfolio struct {
	Underlying
	Legs []Leg
	// Orders are the working orders, oldest first.
	Orders []Working
}

// Parts are the parts of a margin, in paise.
type Parts struct {
	// Span includes Calendar, the calendar spread charge, which is told apart and not added again.
	Span, Calendar money.Paise
	Exposure       money.Paise
	// Expiry is the extra margin of short index options on their expiry day, Delivery that of long stock options in the
	// money before they are exercised, Premium what purchases will pay.
	Expiry, Delivery, Premium money.Paise
	// Benefit is what the same legs would hold more apart from each other; it is never negative and not part of Total.
	Benefit money.Paise
	Label   Label
}

// Total is what is blocked: all parts but Benefit.
func (p Parts) Total() money.Paise { return p.Span + p.Exposure + p.Expiry + p.Delivery + p.Premium }

// Plus adds the margin of another underlying. The error is money.ErrOverflow.
func (p Parts) Plus(q Parts) (Parts, error) {
	var err error
	add := func(a, b money.Paise) money.Paise {
		sum, e := money.Add(a, b)
		err = errors.Join(err, e)
		return sum
	}
	r := Parts{
		Span: add(p.Span, q.Span), Calendar: add(p.Calendar, q.Calendar), Exposure: add(p.Exposure, q.Exposure),
		Expiry: add(p.Expiry, q.Expiry), Delivery: add(p.Delivery, q.Delivery), Premium: add(p.Premium, q.Premium),
		Benefit: add(p.Benefit, q.Benefit), Label: max(p.Label, q.Label),
	}
	return r, err
}

// minus is the change from q to p, part by part; Benefit is left out.
func (p Parts) minus(q Parts) Parts {
	return Parts{
		Span: p.Span - q.Span, Calendar: p.Calendar - q.Calendar, Exposure: p.Exposure - q.Exposure,
		Expiry: p.Expiry - q.Expiry, Delivery: p.Delivery - q.Delivery, Premium: p.Premium - q.Premium, Label: p.Label,
	}
}

// Span is what the positions of a portfolio hold; its orders are ignored. A long option alone holds nothing: its premium
// is paid. Benefit compares with each contract alone. Errors: ErrNoRate, ErrPortfolio, money.ErrOverflow.
func (t *Tables) Span(p Portfolio) (Parts, error) {
	p.Orders = nil
	parts, views, err := t.require(p)
	if err != nil {
		return Parts{}, err
	}
	apart := money.Paise(0)
	for _, v := range views {
		one := p
		one.Legs = []Leg{{Contract: *v.c, Qty: v.net}}
		one.Legs[0].Multiplier = 1 // net is in units of price already
		alone, _, err := t.require(one)
		if err != nil {
			return Parts{}, err
		}
		apart += alone.Total()
	}
	parts.Benefit = max(0, apart-parts.Total())
	return parts, nil
}

// WithOrder is what a new order adds to a portfolio with its working orders: the worst that any of them, filled or not,
// leaves, less the same without the new one. The total is never negative; a part may be, when the order changes which
// outcome is the worst. Benefit compares with the order alone. Errors as Span.
func (t *Tables) WithOrder(p Portfolio, o Working) (Parts, error) {
	return t.added(p, []Working{o})
}

// added is what orders add to a portfolio while they rest.
func (t *Tables) added(p Portfolio, orders []Working) (Parts, error) {
	before, _, err := t.require(p)
	if err != nil {
		return Parts{}, err
	}
	both := p
	both.Orders = append(append([]Working(nil), p.Orders...), orders...)
	after, _, err := t.require(both)
	if err != nil {
		return Parts{}, err
	}
	apart := money.Paise(0)
	for _, o := range orders {
		alone := p
		alone.Legs, alone.Orders = nil, []Working{o}
		parts, _, err := t.require(alone)
		if err != nil {
			return Parts{}, err
		}
		apart += parts.Total()
	}
	add := after.minus(before)
	add.Benefit = max(0, apart-add.Total())
	return add, nil
}

// Basket is what a set of orders needs.
type Basket struct {
	// Required is what must be free to send them all: the worst of any of them filled or not. Its Benefit compares with
	// each order alone.
	Required Parts
	// Final is what the account holds more once all have filled, with the premiums they pay. It may be negative.
	Final Parts
	// Benefit is Required less Final, what is free again once all have filled.
	Benefit money.Paise
}

// Basket margins orders together. Errors as Span.
func (t *Tables) Basket(p Portfolio, orders []Working) (Basket, error) {
	required, err := t.added(p, orders)
	if err != nil {
		return Basket{}, err
	}
	before, _, err := t.require(p)
	if err != nil {
		return Basket{}, err
	}
	filled := p
	filled.Legs = append([]Leg(nil), p.Legs...)
	premium := money.Paise(0)
	for _, o := range orders {
		filled.Legs = append(filled.Legs, o.Leg)
		paid, err := o.premium()
		if err != nil {
			return Basket{}, err
		}
		premium += paid
	}
	after, _, err := t.require(filled)
	if err != nil {
		return Basket{}, err
	}
	b := Basket{Required: required, Final: after.minus(before)}
	b.Final.Premium += premium
	b.Benefit = required.Total() - b.Final.Total()
	return b, nil
}

// Blocks shares out what a portfolio blocks: positions first, then what each working order adds, oldest first. Their
// totals add up to the worst that any set of fills leaves, so that at unchanged arrays no fill, whole or partial, finds
// too little blocked. Benefits of orders are 0. Errors as Span.
func (t *Tables) Blocks(p Portfolio) (positions Parts, orders []Parts, err error) {
	if positions, err = t.Span(p); err != nil {
		return Parts{}, nil, err
	}
	before := positions
	for i := range p.Orders {
		upTo := p
		upTo.Orders = p.Orders[:i+1]
		after, _, err := t.require(upTo)
		if err != nil {
			return Parts{}, nil, err
		}
		orders = append(orders, after.minus(before))
		before = after
	}
	return positions, orders, nil
}
