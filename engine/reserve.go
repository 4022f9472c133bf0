package engine

import (
	"paperport/charges"
	"paperport/margin"
	"paperport/money"
	"paperport/order"
	"paperport/position"
)

// setReserved changes what an order blocks.
func (e *Engine) setReserved(w *working, amount money.Paise) {
	if w.o.Reserved == amount {
		return
	}
	w.acct.orderBlocked += amount - w.o.Reserved
	w.o.Reserved = amount
	e.touch(w.acct)
}

// reserveOf is what an order blocks for what still works.
func (e *Engine) reserveOf(w *working) (money.Paise, error) {
	cost, err := e.chargesLeft(w)
	if err != nil {
		return 0, err
	}
	i := w.inst.book.Instrument
	m := margin.Order{
		Style: w.style(), Side: w.o.Side, Leaves: w.o.LeavesQty, Closing: w.closing,
		Price: w.blockPrice, Multiplier: i.Terms.Multiplier, Charges: cost,
	}
	if m.Style == margin.Margined {
		m.Rate = e.margin.IntradayRate(i, w.o.TradingDate)
	}
	return m.Block()
}

// chargesLeft is what the rest of an order is expected to cost: the note of the whole order at its block price, less
// what its fills paid, and the depository's fee.
func (e *Engine) chargesLeft(w *working) (money.Paise, error) {
	n, err := e.wholeNote(w, w.blockPrice)
	if err != nil {
		return 0, err
	}
	return max(0, n.Total()-w.charged.Total()) + e.dpFee(w), nil
}

// wholeNote is the note of an order whose rest fills at price.
func (e *Engine) wholeNote(w *working, price money.Price) (charges.Note, error) {
	value, err := money.Turnover(price, w.o.LeavesQty, w.inst.book.Instrument.Terms.Multiplier, money.Up)
	if err != nil {
		return charges.Note{}, err
	}
	total, err := money.Add(w.charged.Turnover, value)
	if err != nil {
		return charges.Note{}, err
	}
	return w.sched.Note(total, w.o.CumQty+w.o.LeavesQty)
}

// reserve sets an order's block to what it should be now; for a future or option, those of its whole underlying.
func (e *Engine) reserve(w *working) {
	switch i := w.inst.book.Instrument; {
	case isDerivative(i) && e.isMarginLate:
		e.remarginLater(w.acct, i.UnderlyingID)
		return
	case isDerivative(i):
		e.remargin(w.acct, i.UnderlyingID, w)
		return
	}
	amount, err := e.reserveOf(w)
	e.must(err, "reserve")
	e.setReserved(w, amount)
}

// reblock recomputes what the orders beside w block, where that depends on the position: intraday orders that close.
// Capacity to close goes to the oldest first.
func (e *Engine) reblock(w *working) {
	if w.style() != margin.Margined {
		return
	}
	net := w.acct.netQty(w.o.Instrument, w.o.Product)
	left := map[order.Side]money.Qty{order.Buy: max(0, -net), order.Sell: max(0, net)}
	for _, x := range w.acct.orders {
		if x.o.Instrument != w.o.Instrument || x.o.Product != w.o.Product {
			continue
		}
		x.closing = min(left[x.o.Side], x.o.LeavesQty)
		left[x.o.Side] -= x.closing
		before := x.o.Reserved
		e.reserve(x)
		if x.o.Reserved != before {
			e.tell(x, "reserved")
		}
	}
}

// closable is the open quantity that orders on w's side could close.
func closable(a *account, w *working) money.Qty {
	net := a.netQty(w.o.Instrument, w.o.Product)
	if w.o.Side == order.Buy {
		net = -net
	}
	return max(0, net)
}

// closingFor is how much of a new or changed order would close, behind the orders that stand before it.
func closingFor(a *account, w *working) money.Qty {
	left := closable(a, w)
	for _, x := range a.orders {
		if x.o.ID != w.o.ID && x.o.Instrument == w.o.Instrument && x.o.Product == w.o.Product && x.o.Side == w.o.Side {
			left -= x.closing
		}
	}
	return min(max(0, left), w.o.LeavesQty)
}

// setPositionBlocked recomputes what a position in a share blocks.
func (e *Engine) setPositionBlocked(a *account, x *inst, p *position.Position) {
	style := margin.StyleOf(x.book.Instrument, p.Product)
	var rate money.Rate
	if style == margin.Margined {
		rate = e.margin.IntradayRate(x.book.Instrument, p.TradingDate)
	}
	amount, err := margin.Position(style, rate, p)
	e.must(err, "position-margin")
	a.positionBlocked += amount - p.Blocked
	p.Blocked = amount
	e.touch(a)
}
