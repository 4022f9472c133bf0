package engine

import (
	"strconv"

	"paperport/instrument"
	"paperport/margin"
	"paperport/money"
	"paperport/order"
	"paperport/risk"
)

// place takes or refuses a new order.
func (e *Engine) place(p *order.Place) {
	a := e.byID[p.Account]
	if a == nil {
		e.answerNobody(p.Account, p.ClientOrderID)
		return
	}
	r := Receipt{RequestID: p.ClientOrderID, Fingerprint: fingerprintOf(p)}
	if !risk.IsClientOrderID(p.ClientOrderID) {
		e.refuse(r, a.id, risk.Deny(risk.ClientOrderIDInvalid))
		return
	}
	if e.isAnswered(a, p.ClientOrderID, r.Fingerprint) {
		return
	}
	rate := e.countCommand(a)
	x := e.inst(p.Instrument)
	if x == nil {
		e.answer(a, r, risk.Deny(risk.InstrumentUnknown))
		return
	}
	w := e.draft(a, x, p)
	d := e.check(w, p)
	if !d.IsDenied() {
		d = rate
	}
	e.lastOrder++
	w.o.ID, r.Order = e.lastOrder, e.lastOrder
	if d.IsDenied() {
		e.deny(w, d)
		e.answer(a, r, d)
		return
	}
	e.accept(w)
	e.answer(a, r, d)
	e.runDue(e.now)
}

// draft makes the order a command asks for, not yet numbered or taken.
func (e *Engine) draft(a *account, x *inst, p *order.Place) *working {
	w := &working{acct: a, inst: x, o: order.Order{
		Account: a.id, ClientOrderID: p.ClientOrderID, Instrument: p.Instrument, Side: p.Side, Product: p.Product,
		Type: p.Type, Validity: p.Validity, OrderQty: p.Qty, LeavesQty: p.Qty, LimitPrice: p.LimitPrice, Tag: p.Tag,
		TriggerPrice: p.TriggerPrice, Minutes: p.Minutes,
		Status: order.Pending, AcceptedAt: e.now, UpdatedAt: e.now, TradingDate: x.board.tradingDate, Revision: 1,
	}}
	switch p.Type {
	case order.Market:
		w.o.LimitPrice = x.book.AggressiveLimit(p.Side)
	case order.SLM:
		w.o.LimitPrice = x.book.AggressiveFrom(p.Side, p.TriggerPrice)
	case order.Limit, order.SL:
	}
	return w
}

// check makes all checks in documented order and, when they pass, readies the order's rates and reserve.
func (e *Engine) check(w *working, p *order.Place) risk.Denial {
	b := w.inst.board
	d := risk.Check(risk.Ask{
		Order: p, Instrument: w.inst.book.Instrument, Phase: b.phase, PhaseReason: b.reason, TradingDate: b.tradingDate,
		IsSquaredOff: b.isSquaredOff, IsExpired: w.inst.isOver(), NextOpen: b.nextOpen, IsFeedAlive: b.isFeedAlive, Limit: w.o.LimitPrice,
		Last: e.lastFor(w), Reference: w.inst.book.Reference(e.now), Tables: e.entry,
		LowerCircuit: w.inst.book.Top.LowerCircuit, UpperCircuit: w.inst.book.Top.UpperCircuit,
	})
	if d.IsDenied() {
		return d
	}
	if err := e.schedule(w); err != nil {
		return risk.Deny(risk.ChargesNotAvailable)
	}
	w.blockPrice = blockPriceOf(w.o.Side, w.o.LimitPrice, w.inst)
	if d := e.checkCover(w); d.IsDenied() {
		return d
	}
	if d := e.checkFree(w); d.IsDenied() {
		return d
	}
	if n := len(w.acct.orders); w.o.ID == 0 && n >= e.opt.WorkingOrdersMax {
		return risk.Deny(risk.LimitReached, "max", strconv.Itoa(e.opt.WorkingOrdersMax))
	}
	return risk.Denial{}
}

// checkCover makes sure that what is sold is there, where selling short is not possible, and that the margin of what a
// derivative makes of its underlying can be worked out.
func (e *Engine) checkCover(w *working) risk.Denial {
	i := w.inst.book.Instrument
	if isDerivative(i) {
		g := e.groupOf(w.acct, i.UnderlyingID, w.o.Product, w)
		if g.isModelled && !isCashSettled(i) && i.UnderlyingID != 0 {
			return risk.Deny(risk.DeliveryNotBuilt)
		}
		if !g.isModelled || g.isKnown || onlyCloses(w) {
			return risk.Denial{}
		}
	}
	if style := w.style(); style == margin.Margined || w.o.Side == order.Buy && style == margin.Paid && !isDerivative(i) {
		return risk.Denial{}
	}
	if i.Kind == instrument.Future || w.o.Side == order.Buy {
		return risk.Deny(risk.SpanNotAvailable)
	}
	have := w.acct.netQty(i.ID, w.o.Product)
	code := risk.SpanNotAvailable
	if w.o.Product == order.CNC {
		code = risk.HoldingTooSmall
		if h := w.acct.holding(i.ID); h != nil {
			have += h.Usable()
		}
	}
	for _, x := range w.acct.orders {
		if x.o.ID != w.o.ID && x.o.Instrument == i.ID && x.o.Product == w.o.Product && x.o.Side == order.Sell {
			have -= x.o.LeavesQty
		}
	}
	if w.o.LeavesQty > have || isDerivative(i) {
		return risk.Deny(code, "have", qtyText(max(0, have)), "need", qtyText(w.o.LeavesQty))
	}
	return risk.Denial{}
}

func qtyText(q money.Qty) string { return strconv.FormatInt(int64(q), 10) }

// checkFree holds what the order would block, beyond what it blocks already, against free money.
func (e *Engine) checkFree(w *working) risk.Denial {
	w.closing = closingFor(w.acct, w)
	more, _, err := e.more(w)
	need := more + w.o.Reserved
	if err != nil || need > risk.ValueMax {
		return risk.Deny(risk.ValueTooLarge, "max", risk.ValueMax.String())
	}
	free := w.acct.funds().Free
	if more > 0 && more > free {
		return risk.Deny(risk.MarginExceedsFree, "need", more.String(), "free", free.String())
	}
	return risk.Denial{}
}

// deny records an order that was refused; it blocks nothing and is closed from the start.
func (e *Engine) deny(w *working, d risk.Denial) {
	w.o.LimitPrice, w.o.TriggerPrice = max(0, w.o.LimitPrice), max(0, w.o.TriggerPrice)
	qty := max(0, w.o.OrderQty)
	w.o.OrderQty, w.o.LeavesQty, w.o.CancelledQty = qty, 0, qty
	w.o.Status, w.o.Code, w.o.Reason = order.Denied, d.Code.String(), d.Reason()
	e.closed[w.o.ID] = closedOrder{w.acct.index, order.Denied, w.o.TradingDate}
	e.tell(w, "denied")
}

// accept blocks the money and sends the order off.
func (e *Engine) accept(w *working) {
	w.o.ExpiresAt = expiryOf(&w.o, e.now)
	e.add(w)
	e.reserve(w)
	e.send(w)
	e.scheduleExpiry(w)
	e.tell(w, "accepted")
}
