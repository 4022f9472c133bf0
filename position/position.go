// Package position holds what an account owns and owes: positions of the day and net, settled holdings in FIFO lots,
// average prices and booked profit. It knows no margin and no charges.
package position

import (
	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
)

// Position is the open net quantity of one account in one instrument and product, and what the day did to it.
// A position stays visible with NetQty 0 until the day ends.
type Position struct {
	Account    order.AccountID
	Instrument instrument.ID
	Product    order.Product
	// NetQty is signed units; the sum of all signed fills since it was opened.
	NetQty money.Qty
	// AvgPrice is the average entry price of the open quantity, 1/10000 rupee, rounded half up for showing; CostPaise is exact.
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

// Holding is settled and settling delivery stock of one account. UsableQty may be sold today; T1Qty settles later.
type Holding struct {
	Account    order.AccountID
	Instrument instrument.ID
	Qty        money.Qty
	T1Qty      money.Qty
	// SoldToday reduces what may still be sold; it is taken out of Qty when the day ends.
	SoldToday money.Qty
	Cost      money.Paise
	AvgPrice  money.Price
	Lots      []Lot
	UpdatedAt calendar.Instant
}

// Lot is one purchase still held, oldest first in Holding.Lots.
type Lot struct {
	Qty       money.Qty
	Price     money.Price
	Cost      money.Paise
	Bought    calendar.Date
	SettlesOn calendar.Date
}
