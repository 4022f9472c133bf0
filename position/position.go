// Package position holds what an account owns and owes: positions of the day and net, delivered and settling holdings
// in FIFO lots, average prices and booked profit. It knows no margin and no charges.
//
// Invariants: NetQty = CarriedQty + BuyQty - SellQty + FromHoldings; Cost has the sign of NetQty and is 0 with it; the
// lots of a holding add up to Qty + T1Qty; SoldToday never exceeds that sum, so no holding is ever negative.
package position

import (
	"errors"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
)

// ErrBroken says that a change would break an invariant of this package.
var ErrBroken = errors.New("position: books do not agree")

// Position is the open net quantity of one account in one instrument and product, and what the day did to it.
// A position stays visible with NetQty 0 until the day ends.
type Position struct {
	Account    order.AccountID
	Instrument instrument.ID
	Product    order.Product
	// NetQty is signed units. A CNC position is what was bought today and not sold again; it is never below 0.
	NetQty money.Qty
	// CarriedQty is the part of NetQty that earlier days left.
	CarriedQty money.Qty
	// FromHoldings is the part of SellQty that was delivered out of holdings (CNC only).
	FromHoldings money.Qty
	// AvgPrice is the average entry price of the open quantity, 1/10000 rupee, rounded half up for showing; Cost is exact.
	AvgPrice money.Price
	// Cost is the signed money paid for the open quantity (buy > 0, short < 0), before charges.
	Cost money.Paise
	// BuyQty, BuyValue, SellQty, SellValue are the day's fills.
	BuyQty, SellQty     money.Qty
	BuyValue, SellValue money.Paise
	// RealisedPnL is booked on closed quantity today, before charges; Charges are the day's charges on its trades.
	RealisedPnL, Charges money.Paise
	// Blocked is the margin this position holds.
	Blocked     money.Paise
	TradingDate calendar.Date
	UpdatedAt   calendar.Instant
}

// Fill is one execution as a position sees it. Value is price x quantity in paise, > 0.
type Fill struct {
	Side  order.Side
	Qty   money.Qty
	Value money.Paise
	// FromHoldings is the part of a sale that is delivered out of holdings, and HoldingCost what that part had cost.
	FromHoldings money.Qty
	HoldingCost  money.Paise
}

// Change is what a fill did to the money side of a position.
type Change struct {
	// Realised is the profit booked (< 0: loss), before charges, holdings included.
	Realised money.Paise
	// Released is the cost taken out of stock by what was closed (signed as Cost), holdings included.
	Released money.Paise
	// Closed is the quantity that closed something open, holdings included.
	Closed money.Qty
}

// Apply adds a fill. Closing takes cost out in proportion, half up to the paisa; a fill that turns the position round
// closes first and opens with the rest of its value.
func (p *Position) Apply(f Fill) (Change, error) {
	var c Change
	signed, value := f.Qty, f.Value
	if f.Side == order.Sell {
		signed, value = -f.Qty, -f.Value
		p.SellQty += f.Qty
		p.SellValue += f.Value
	} else {
		p.BuyQty += f.Qty
		p.BuyValue += f.Value
	}
	if f.FromHoldings > 0 {
		part, err := share(value, f.FromHoldings, f.Qty)
		if err != nil {
			return c, err
		}
		p.FromHoldings += f.FromHoldings
		c = Change{Realised: -part - f.HoldingCost, Released: f.HoldingCost, Closed: f.FromHoldings}
		signed, value = signed+f.FromHoldings, value-part
	}
	if err := p.move(&c, signed, value); err != nil {
		return c, err
	}
	p.RealisedPnL += c.Realised
	return c, p.Check()
}

// move adds signed units worth value (same sign) to the open quantity.
func (p *Position) move(c *Change, signed money.Qty, value money.Paise) error {
	if signed == 0 {
		return nil
	}
	if p.NetQty != 0 && (p.NetQty > 0) != (signed > 0) {
		closing := min(abs(signed), abs(p.NetQty))
		cost, err := share(p.Cost, closing, abs(p.NetQty))
		if err != nil {
			return err
		}
		part, err := share(value, closing, abs(signed))
		if err != nil {
			return err
		}
		c.Realised += -part - cost
		c.Released += cost
		c.Closed += closing
		p.Cost -= cost
		if signed > 0 {
			p.NetQty, signed = p.NetQty+closing, signed-closing
		} else {
			p.NetQty, signed = p.NetQty-closing, signed+closing
		}
		value -= part
	}
	p.NetQty += signed
	p.Cost += value
	p.AvgPrice = Average(p.Cost, p.NetQty)
	return nil
}

// Mark revalues what is open at a settlement value (signed as NetQty) and returns the profit booked: the average entry
// price becomes the settlement price.
func (p *Position) Mark(value money.Paise) money.Paise {
	profit := value - p.Cost
	p.Cost, p.AvgPrice = value, Average(value, p.NetQty)
	p.RealisedPnL += profit
	return profit
}

// Roll starts the next trading date: the day's figures begin at 0, what is open is carried.
func (p *Position) Roll(next calendar.Date, at calendar.Instant) {
	p.CarriedQty, p.FromHoldings = p.NetQty, 0
	p.BuyQty, p.SellQty, p.BuyValue, p.SellValue = 0, 0, 0, 0
	p.RealisedPnL, p.Charges = 0, 0
	p.TradingDate, p.UpdatedAt = next, at
}

// Check reports ErrBroken when the position's own figures do not agree.
func (p *Position) Check() error {
	isSum := p.NetQty == p.CarriedQty+p.BuyQty-p.SellQty+p.FromHoldings
	isSigned := (p.NetQty != 0 || p.Cost == 0) && (p.NetQty <= 0 || p.Cost >= 0) && (p.NetQty >= 0 || p.Cost <= 0)
	if !isSum || !isSigned || (p.Product == order.CNC && p.NetQty < 0) {
		return ErrBroken
	}
	return nil
}

// Average is |cost / qty| as a price, rounded half up; 0 for no quantity.
func Average(cost money.Paise, qty money.Qty) money.Price {
	if qty == 0 {
		return 0
	}
	v, err := money.MulDiv(abs(int64(cost)), money.PricePerPaisa, int64(abs(qty)), money.HalfUp)
	if err != nil {
		return 0
	}
	return money.Price(v)
}

// share is amount x part / whole, half up to the paisa; all of it when part is whole.
func share(amount money.Paise, part, whole money.Qty) (money.Paise, error) {
	if part == whole {
		return amount, nil
	}
	v, err := money.MulDiv(int64(amount), int64(part), int64(whole), money.HalfUp)
	return money.Paise(v), err
}

func abs[T ~int64](v T) T {
	if v < 0 {
		return -v
	}
	return v
}
