package order

import (
	"errors"

	"paperport/calendar"
	"paperport/money"
)

// ErrClosed says that a closed order was about to change; ErrBroken that its quantities would no longer agree.
var (
	ErrClosed = errors.New("order: a closed order never changes")
	ErrBroken = errors.New("order: quantities do not agree")
)

// Check reports ErrBroken unless OrderQty = CumQty + LeavesQty + CancelledQty, all >= 0, and a closed order has nothing
// left to work.
func (o *Order) Check() error {
	isSum := o.OrderQty == o.CumQty+o.LeavesQty+o.CancelledQty
	if !isSum || o.OrderQty < 0 || o.CumQty < 0 || o.LeavesQty < 0 || o.CancelledQty < 0 {
		return ErrBroken
	}
	if o.Status.IsClosed() != (o.LeavesQty == 0) {
		return ErrBroken
	}
	return nil
}

// Activate marks a pending order as working at the exchange. An order that is Open already (it was modified and
// travelled again) stays so.
func (o *Order) Activate(at calendar.Instant) error {
	if o.Status.IsClosed() {
		return ErrClosed
	}
	o.Status = Open
	o.change(at)
	return nil
}

// Park marks a stop as standing at the exchange, waiting for its trigger.
func (o *Order) Park(at calendar.Instant) error {
	if o.Status.IsClosed() {
		return ErrClosed
	}
	if !o.IsWaitingForTrigger() {
		return ErrBroken
	}
	o.Status = TriggerPending
	o.change(at)
	return nil
}

// Trigger sets a parked stop off: it travels to the exchange as a new order would.
func (o *Order) Trigger(at calendar.Instant) error {
	if o.Status.IsClosed() {
		return ErrClosed
	}
	if o.Status != TriggerPending || !o.IsWaitingForTrigger() {
		return ErrBroken
	}
	o.Status, o.TriggeredAt = Pending, at
	o.change(at)
	return nil
}

// Fill adds an execution of qty. value is the sum of price x qty over all fills of the order, this one included, in
// 1/10000 rupee. The order is Executed when nothing is left.
func (o *Order) Fill(qty money.Qty, value int64, at calendar.Instant) error {
	if o.Status.IsClosed() {
		return ErrClosed
	}
	if qty <= 0 || qty > o.LeavesQty {
		return ErrBroken
	}
	o.CumQty += qty
	o.LeavesQty -= qty
	avg, err := money.MulDiv(value, 1, int64(o.CumQty), money.HalfUp)
	if err != nil {
		return err
	}
	o.AvgPrice = money.Price(avg)
	o.Status = Open
	if o.LeavesQty == 0 {
		o.Status = Executed
	}
	o.change(at)
	return o.Check()
}

// Close ends the order with a final status other than Executed: what was left counts as cancelled.
func (o *Order) Close(s Status, at calendar.Instant) error {
	if o.Status.IsClosed() {
		return ErrClosed
	}
	if !s.IsClosed() || s == Executed {
		return ErrBroken
	}
	o.CancelledQty += o.LeavesQty
	o.LeavesQty = 0
	o.Status = s
	o.change(at)
	return o.Check()
}

// Resize changes the quantity asked for; it must stay above what is filled.
func (o *Order) Resize(qty money.Qty) error {
	if o.Status.IsClosed() {
		return ErrClosed
	}
	if qty <= o.CumQty {
		return ErrBroken
	}
	o.OrderQty = qty
	o.LeavesQty = qty - o.CumQty - o.CancelledQty
	return o.Check()
}

// Touch counts a change that is none of the above.
func (o *Order) Touch(at calendar.Instant) { o.change(at) }

func (o *Order) change(at calendar.Instant) {
	o.UpdatedAt = at
	o.Revision++
}
