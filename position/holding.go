package position

import (
	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
)

// Holding is delivered and settling stock of one account. Qty is delivered, T1Qty settles later (it may already be
// sold, as buy-today-sell-tomorrow). Both fall by SoldToday only when the day ends.
type Holding struct {
	Account    order.AccountID
	Instrument instrument.ID
	Qty        money.Qty
	T1Qty      money.Qty
	// SoldToday reduces what may still be sold; it is taken out of Qty, then T1Qty, when the day ends.
	SoldToday money.Qty
	// Cost and AvgPrice are of all Lots, what was sold today included.
	Cost      money.Paise
	AvgPrice  money.Price
	Lots      []Lot
	UpdatedAt calendar.Instant
	// DPChargedOn is the last trading date a depository fee was posted for; it is charged once a day.
	DPChargedOn calendar.Date
}

// Lot is one purchase still held, oldest first in Holding.Lots.
type Lot struct {
	Qty       money.Qty
	Price     money.Price
	Cost      money.Paise
	Bought    calendar.Date
	SettlesOn calendar.Date
}

// Usable is what may still be sold today.
func (h *Holding) Usable() money.Qty { return h.Qty + h.T1Qty - h.SoldToday }

// Sell marks qty (> 0, at most Usable) as sold today, oldest lots first, and returns what it had cost.
func (h *Holding) Sell(qty money.Qty) (money.Paise, error) {
	if qty <= 0 || qty > h.Usable() {
		return 0, ErrBroken
	}
	before, err := h.costOfFirst(h.SoldToday)
	if err != nil {
		return 0, err
	}
	after, err := h.costOfFirst(h.SoldToday + qty)
	if err != nil {
		return 0, err
	}
	h.SoldToday += qty
	return after - before, nil
}

// costOfFirst is what the oldest qty units had cost.
func (h *Holding) costOfFirst(qty money.Qty) (money.Paise, error) {
	var cost money.Paise
	for _, lot := range h.Lots {
		if qty <= 0 {
			break
		}
		part, err := share(lot.Cost, min(qty, lot.Qty), lot.Qty)
		if err != nil {
			return 0, err
		}
		cost += part
		qty -= min(qty, lot.Qty)
	}
	return cost, nil
}

// EndDay takes out what was sold, adds the day's purchase (Qty 0: none) and settles what is due on date or earlier.
func (h *Holding) EndDay(date calendar.Date, bought Lot, at calendar.Instant) error {
	if err := h.takeOut(h.SoldToday); err != nil {
		return err
	}
	h.SoldToday = 0
	if bought.Qty > 0 {
		h.Lots = append(h.Lots, bought)
	}
	h.Qty, h.T1Qty, h.Cost, h.UpdatedAt = 0, 0, 0, at
	for _, lot := range h.Lots {
		if lot.SettlesOn <= date {
			h.Qty += lot.Qty
		} else {
			h.T1Qty += lot.Qty
		}
		h.Cost += lot.Cost
	}
	h.AvgPrice = Average(h.Cost, h.Qty+h.T1Qty)
	return h.Check()
}

// takeOut removes the oldest qty units. It makes new lots: older copies of the holding keep theirs.
func (h *Holding) takeOut(qty money.Qty) error {
	var kept []Lot
	for _, lot := range h.Lots {
		gone := min(qty, lot.Qty)
		qty -= gone
		if gone == lot.Qty {
			continue
		}
		cost, err := share(lot.Cost, gone, lot.Qty)
		if err != nil {
			return err
		}
		lot.Qty, lot.Cost = lot.Qty-gone, lot.Cost-cost
		kept = append(kept, lot)
	}
	if qty > 0 {
		return ErrBroken
	}
	h.Lots = kept
	return nil
}

// Check reports ErrBroken when the holding's own figures do not agree.
func (h *Holding) Check() error {
	var qty money.Qty
	var cost money.Paise
	for _, lot := range h.Lots {
		if lot.Qty <= 0 || lot.Cost < 0 {
			return ErrBroken
		}
		qty += lot.Qty
		cost += lot.Cost
	}
	if qty != h.Qty+h.T1Qty || cost != h.Cost || h.Qty < 0 || h.T1Qty < 0 || h.SoldToday < 0 || h.SoldToday > qty {
		return ErrBroken
	}
	return nil
}
