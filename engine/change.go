package engine

import (
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
	w, d := e.find(a, c.Order)
	switch {
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
	print := newFingerprint('u').num(int64(m.Order)).num(int64(m.Qty)).num(int64(m.LimitPrice)).num(int64(m.Type)).num(int64(m.Validity)).sum()
	r := Receipt{RequestID: m.RequestID, Order: m.Order, Fingerprint: print}
	if e.isAnswered(a, m.RequestID, print) {
		return
	}
	w, d := e.find(a, m.Order)
	if w == nil {
		if d.Code == risk.OrderUnknown {
			r.Order = 0
		}
		e.answer(a, r, d)
		return
	}
	next, d := e.changed(w, m)
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
	d := amend(&n, m)
	if d.IsDenied() {
		return nil, d
	}
	p := order.Place{
		Account: n.o.Account, Instrument: n.o.Instrument, Side: n.o.Side, Product: n.o.Product, Type: n.o.Type,
		Validity: n.o.Validity, Qty: n.o.OrderQty, LimitPrice: n.o.LimitPrice,
	}
	if n.o.Type == order.Market && w.o.Type != order.Market {
		fresh := e.draft(w.acct, w.inst, &p)
		n.o.LimitPrice, p.LimitPrice = fresh.o.LimitPrice, m.LimitPrice
	} else if n.o.Type == order.Market {
		p.Type = order.Limit // it works at the limit it was given when it was taken
	}
	if d := e.check(&n, &p); d.IsDenied() {
		return nil, d
	}
	return &n, risk.Denial{}
}

// amend applies the fields of a change.
func amend(n *working, m *order.Modify) risk.Denial {
	before := n.o
	switch {
	case m.Qty < 0:
		return risk.Deny(risk.QtyInvalid, "qty", qtyText(m.Qty))
	case m.LimitPrice < 0 || (m.Type == order.Market && m.LimitPrice != 0):
		return risk.Deny(risk.PriceInvalid, "price", m.LimitPrice.String())
	}
	if m.Type != 0 {
		n.o.Type = m.Type
	}
	if m.Validity != 0 {
		n.o.Validity = m.Validity
	}
	if m.LimitPrice != 0 {
		n.o.LimitPrice = m.LimitPrice
		if m.Type == 0 {
			n.o.Type = order.Limit
		}
	}
	if m.Qty != 0 && m.Qty != n.o.OrderQty {
		if n.o.Resize(m.Qty) != nil {
			return risk.Deny(risk.QtyBelowFilled, "qty", qtyText(m.Qty), "filled", qtyText(n.o.CumQty))
		}
	}
	if n.o == before {
		return risk.Deny(risk.NothingToChange)
	}
	return risk.Denial{}
}

// change puts checked new terms in force. Less of the same keeps its place in the queue; anything else travels to the
// exchange again and joins at the end.
func (e *Engine) change(w, next *working) {
	o, n := &w.o, &next.o
	isOnlyLess := o.Type == n.Type && o.Validity == n.Validity && o.LimitPrice == n.LimitPrice && n.OrderQty < o.OrderQty
	o.Type, o.Validity, o.LimitPrice = n.Type, n.Validity, n.LimitPrice
	o.OrderQty, o.LeavesQty = n.OrderQty, n.LeavesQty
	o.Touch(e.now)
	w.blockPrice, w.closing = next.blockPrice, next.closing
	e.reserve(w)
	if isOnlyLess && w.at == resting {
		w.rest.Leaves = o.LeavesQty
	} else if !isOnlyLess {
		e.take(w)
		e.send(w)
	}
	if w.style() == margin.Margined {
		e.reblock(w)
	}
	e.touch(w.acct)
	e.tell(w, "modified")
}
