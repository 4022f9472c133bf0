package app

import (
	"paperport/charges"
	"paperport/money"
	"paperport/order"
)

// breakEven finds the price that the opposite order must get. entry is the note of the whole order as expected.
func (a *App) breakEven(m *trading, plan string, p order.Place, entry charges.Note) BreakEven {
	i, isThere := m.Instrument(p.Instrument)
	b, hasBook := m.Book(p.Account)
	if !isThere || !hasBook || entry.Turnover <= 0 {
		return BreakEven{}
	}
	leg := charges.Leg{Instrument: i, Side: order.Sell, Product: p.Product, Date: b.TradingDate, Plan: plan}
	spent := entry.Total() + entry.DPCharge
	paid := entry.Turnover + spent
	if p.Side == order.Sell {
		leg.Side, paid = order.Buy, entry.Turnover-spent
	}
	exit, err := a.exit(leg, p.Qty)
	if err != nil {
		return BreakEven{} // the preview itself says what is missing
	}
	price, isThere := exit.BreakEven(paid)
	if !isThere {
		return BreakEven{}
	}
	value, err := money.Turnover(price, p.Qty, exit.Multiplier, money.HalfUp)
	if err != nil {
		return BreakEven{}
	}
	note, err := exit.Schedule.Note(value, p.Qty)
	if err != nil {
		return BreakEven{}
	}
	return BreakEven{Price: price, Charges: spent + note.Total() + exit.Fee}
}

func (a *App) exit(leg charges.Leg, qty money.Qty) (charges.Exit, error) {
	s, err := a.tables.Schedule(leg)
	if err != nil {
		return charges.Exit{}, err
	}
	x := charges.Exit{Schedule: s, Side: leg.Side, Qty: qty, Multiplier: multiplier(leg.Instrument), Tick: leg.Instrument.Terms.TickSize}
	if leg.Product == order.CNC && leg.Side == order.Sell {
		x.Fee, err = a.tables.DPCharge(leg.Plan, leg.Instrument, leg.Date)
	}
	return x, err
}
