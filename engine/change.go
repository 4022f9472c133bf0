package engine

import (
	"paperport/calendar"
	"paperport/margin"
	"paperport/order"
	"paperport/risk"
)

// find returns a working order of an account, or why there is none.
func (e *Engine) find(a *account, id order.ID) (*working, risk.Denial) {
	if w := e.orders[id]; w != nil && w.acct == a {
		return w, risk.Denial{}
	}
	if c, isClosed := e.closed[id]; isClosed && c.account == a.index {
		return nil, risk.Deny(risk.OrderClosed, "status", statusWord(c.status))
	}
	return nil, risk.Deny(risk.OrderUnknown)
}

func statusWord(s order.Status) string {
	switch s {
	case order.Pending:
		return "pending"
	case order.Open:
		return "open"
	case order.Executed:
		return "executed"
	case order.Cancelled:
		return "cancelled"
	case order.Expired:
		return "expired"
	case order.Rejected:
		return "rejected"
	case order.Denied:
		return "denied"
	case order.TriggerPending:
		return "trigger-pending"
	default:
		return "?"
	}
}

// cancel takes a working order back, at once and at any hour.
func (e *Engine) cancel(c *order.Cancel) {
	a := e.byID[c.Account]
	if a == nil {
		e.answerNobody(c.Account, c.RequestID)
		return
	}
	r := Receipt{RequestID: c.RequestID, Order: c.Order, Fingerprint: newFingerprint('c').num(int64(c.Order)).sum()}
	if e.isAnswered(a, c.RequestID, r.Fingerprint) {
		return
	}
	rate := e.countCommand(a)
	w, d := e.find(a, c.Order)
	switch {
	case w != nil && rate.IsDenied():
		d = rate
	case w != nil:
		e.end(w, order.Cancelled, "cancelled", risk.Denial{})
	case d.Code == risk.OrderUnknown:
		r.Order = 0
	}
	e.answer(a, r, d)
}

// modify changes a working order. Money for more of it is blocked together with the change, or nothing changes.
func (e *Engine) modify(m *order.Modify) {
	a := e.byID[m.Account]
	if a == nil {
		e.answerNobody(m.Account, m.RequestID)
		return
	}
	print := newFingerprint('u').num(int64(m.Order)).num(int64(m.Qty)).num(int64(m.LimitPrice)).num(int64(m.Type)).
		num(int64(m.Validity)).terms(m.TriggerPrice, m.Minutes).sum()
	r := Receipt{RequestID: m.RequestID, Order: m.Order, Fingerprint: print}
	if e.isAnswered(a, m.RequestID, print) {
		return
	}
	rate := e.countCommand(a)
	w, d := e.find(a, m.Order)
	if w == nil {
		if d.Code == risk.OrderUnknown {
			r.Order = 0
		}
		e.answer(a, r, d)
		return
	}
	next, d := e.changed(w, m)
	if !d.IsDenied() {
		d = rate
	}
	if d.IsDenied() {
		e.tell(w, "modify-denied")
		e.answer(a, r, d)
		return
	}
	e.change(w, next)
	e.answer(a, r, d)
	e.runDue(e.now)
}

// changed is the order as m asks for it, checked as a new one would be; w itself does not change.
func (e *Engine) changed(w *working, m *order.Modify) (*working, risk.Denial) {
	n := *w
	d := amend(&n.o, m, e.now)
	if d.IsDenied() {
		return nil, d
	}
	p := order.Place{
		Account: n.o.Account, Instrument: n.o.Instrument, Side: n.o.Side, Product: n.o.Product, Type: n.o.Type, Validity: n.o.Validity,
		Minutes: n.o.Minutes, Qty: n.o.OrderQty, LimitPrice: n.o.LimitPrice, TriggerPrice: n.o.TriggerPrice,
	}
	switch {
	case n.o.Type == order.Market && w.o.Type != order.Market, n.o.Type == order.SLM && n.o.TriggeredAt == 0:
		p.LimitPrice = 0
		n.o.LimitPrice = e.draft(w.acct, w.inst, &p).o.LimitPrice
	case n.o.Type == order.Market, n.o.TriggeredAt != 0:
		p.Type, p.TriggerPrice = order.Limit, 0 // it works at the limit it was given
	}
	if d := e.check(&n, &p); d.IsDenied() {
		return nil, d
	}
	return &n, risk.Denial{}
}

// amend applies the fields of a change.
func amend(o *order.Order, m *order.Modify, now calendar.Instant) risk.Denial {
	before := *o
	if m.Qty < 0 {
		return risk.Deny(risk.QtyInvalid, "qty", qtyText(m.Qty))
	}
	for _, apply := range [...]func(*order.Order, *order.Modify) risk.Denial{amendType, amendPrices, amendValidity} {
		if d := apply(o, m); d.IsDenied() {
			return d
		}
	}
	if m.Validity == order.Minutes || m.Minutes != 0 {
		o.ExpiresAt = expiryOf(o, now)
	} else if o.Validity != order.Minutes {
		o.ExpiresAt = 0
	}
	if m.Qty != 0 && m.Qty != o.OrderQty {
		if o.Resize(m.Qty) != nil {
			return risk.Deny(risk.QtyBelowFilled, "qty", qtyText(m.Qty), "filled", qtyText(o.CumQty))
		}
	}
	if *o == before {
		return risk.Deny(risk.NothingToChange)
	}
	return risk.Denial{}
}

// amendType applies a change of type. A price alone makes a limit order of a market order, and a stop-limit order of a
// stop-market one.
func amendType(o *order.Order, m *order.Modify) risk.Denial {
	if o.Type.IsStop() && o.TriggeredAt != 0 && (m.TriggerPrice != 0 || m.Type.IsStop()) {
		return risk.Deny(risk.OrderTriggered)
	}
	switch {
	case m.Type != 0:
		o.Type = m.Type
	case m.LimitPrice != 0 && o.Type == order.Market:
		o.Type = order.Limit
	case m.LimitPrice != 0 && o.Type == order.SLM:
		o.Type = order.SL
	}
	if !o.Type.IsStop() {
		o.TriggerPrice, o.TriggeredAt = 0, 0
	}
	return risk.Denial{}
}

func amendPrices(o *order.Order, m *order.Modify) risk.Denial {
	switch {
	case m.LimitPrice < 0 || (m.LimitPrice != 0 && !o.Type.HasLimit()):
		return risk.Deny(risk.PriceInvalid, "price", m.LimitPrice.String())
	case m.TriggerPrice < 0 || (m.TriggerPrice != 0 && !o.Type.IsStop()):
		return risk.Deny(risk.TriggerInvalid, "trigger", m.TriggerPrice.String())
	}
	if m.LimitPrice != 0 {
		o.LimitPrice = m.LimitPrice
	}
	if m.TriggerPrice != 0 {
		o.TriggerPrice = m.TriggerPrice
	}
	return risk.Denial{}
}

func amendValidity(o *order.Order, m *order.Modify) risk.Denial {
	if m.Validity != 0 {
		o.Validity = m.Validity
	}
	if o.Validity != order.Minutes {
		o.Minutes = 0
	}
	if m.Minutes != 0 {
		o.Minutes = m.Minutes // the checks refuse it beside another validity
	}
	return risk.Denial{}
}

// change puts checked new terms in force. Less of the same keeps its place in the queue; anything else travels to the
// exchange again and joins at the end.
func (e *Engine) change(w, next *working) {
	o, n := &w.o, &next.o
	isOnlyLess := o.Type == n.Type && o.Validity == n.Validity && o.LimitPrice == n.LimitPrice && o.TriggerPrice == n.TriggerPrice &&
		o.ExpiresAt == n.ExpiresAt && n.OrderQty < o.OrderQty
	e.unscheduleExpiry(w)
	if !isOnlyLess {
		e.take(w)
	}
	o.Type, o.Validity, o.LimitPrice, o.Minutes, o.ExpiresAt = n.Type, n.Validity, n.LimitPrice, n.Minutes, n.ExpiresAt
	o.TriggerPrice, o.TriggeredAt = n.TriggerPrice, n.TriggeredAt
	o.OrderQty, o.LeavesQty = n.OrderQty, n.LeavesQty
	o.Touch(e.now)
	w.blockPrice, w.closing = next.blockPrice, next.closing
	e.reserve(w)
	e.scheduleExpiry(w)
	if isOnlyLess && w.at == resting {
		w.rest.Leaves = o.LeavesQty
	} else if !isOnlyLess {
		e.send(w)
	}
	if w.style() == margin.Margined {
		e.reblock(w)
	}
	e.touch(w.acct)
	e.tell(w, "modified")
}
