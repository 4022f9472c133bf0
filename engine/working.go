package engine

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"paperport/calendar"
	"paperport/charges"
	"paperport/margin"
	"paperport/match"
	"paperport/money"
	"paperport/order"
	"paperport/risk"
)

// stage says where a working order stands on its way.
type stage uint8

const (
	inFlight stage = iota + 1 // in e.due
	waiting                   // in inst.waiting
	resting                   // in the book
	parked                    // a stop in the book that waits for its trigger
)

// working is an order that is not closed, with what the engine keeps beside it.
type working struct {
	o    order.Order
	acct *account
	inst *inst
	rest match.Resting
	stop match.Stop
	// at is where the order stands.
	at stage
	// sched are its charge rates; charged the cumulative note of its fills; value the sum of price x qty of them.
	sched   charges.Schedule
	charged charges.Note
	value   int64
	// blockPrice is the dearest price the order may reasonably trade at.
	blockPrice money.Price
	// lookAt is when to see whether any frame came since the order arrived; 0: not.
	lookAt calendar.Instant
	// closing is the part of LeavesQty that closes an open margined position.
	closing money.Qty
}

func (w *working) style() margin.Style {
	return margin.StyleOf(w.inst.book.Instrument, w.o.Product)
}

// schedule gives the order the charge rates of its trading date.
func (e *Engine) schedule(w *working) error {
	s, err := e.tables.Schedule(charges.Leg{
		Instrument: w.inst.book.Instrument, Side: w.o.Side, Product: w.o.Product, Date: w.o.TradingDate, Plan: w.acct.plan,
	})
	w.sched = s
	return err
}

// tell emits an order event with the order as it stands.
func (e *Engine) tell(w *working, kind string) {
	e.emit(Output{Order: &OrderEvent{Kind: kind, Order: w.o}})
}

// add makes an order one of the working ones.
func (e *Engine) add(w *working) {
	e.orders[w.o.ID] = w
	w.acct.addOrder(w)
	w.inst.working++
	e.touchInst(w.inst)
	e.touch(w.acct)
}

// drop takes a closed order out of everything.
func (e *Engine) drop(w *working) {
	e.setReserved(w, 0)
	e.look(w, 0)
	e.unscheduleExpiry(w)
	w.acct.removeOrder(w)
	delete(e.orders, w.o.ID)
	e.closed[w.o.ID] = closedOrder{w.acct.index, w.o.Status, w.o.TradingDate}
	w.inst.working--
	e.touchInst(w.inst)
	e.reblock(w)
	if i := w.inst.book.Instrument; isDerivative(i) {
		e.remarginLater(w.acct, i.UnderlyingID)
	}
}

// take removes an order from where it stands: flight, waiting list or book.
func (e *Engine) take(w *working) {
	switch w.at {
	case inFlight:
		e.removeDue(due{at: w.o.ActiveAt, id: w.o.ID})
	case waiting:
		w.inst.waiting = slices.DeleteFunc(w.inst.waiting, func(x *working) bool { return x == w })
	case resting:
		w.inst.book.Remove(&w.rest)
	case parked:
		w.inst.book.RemoveStop(&w.stop)
	}
	w.at = 0
}

// end closes an order that is not executed.
func (e *Engine) end(w *working, s order.Status, kind string, d risk.Denial) {
	e.take(w)
	e.must(w.o.Close(s, e.now), "order-status")
	w.o.Code, w.o.Reason = "", ""
	if d.IsDenied() {
		w.o.Code, w.o.Reason = d.Code.String(), d.Reason()
	}
	e.setReserved(w, 0)
	e.tell(w, kind)
	e.drop(w)
}

// send puts an order on its way to the exchange.
func (e *Engine) send(w *working) {
	w.o.ActiveAt = e.now
	if !e.opt.IsLatencyOff {
		w.o.ActiveAt = e.now.Add(w.acct.profile.Latency(e.opt.Seed, w.o.ID, w.o.Revision))
	}
	w.at = inFlight
	e.look(w, 0)
	e.addDue(due{at: w.o.ActiveAt, id: w.o.ID})
}

func (e *Engine) addDue(d due) {
	i, _ := slices.BinarySearchFunc(e.due, d, compareDue)
	e.due = slices.Insert(e.due, i, d)
}

// removeDue takes out what addDue put in.
func (e *Engine) removeDue(d due) {
	if i, isThere := slices.BinarySearchFunc(e.due, d, compareDue); isThere {
		e.due = slices.Delete(e.due, i, i+1)
	}
}

func compareDue(a, b due) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id), cmp.Compare(a.kind, b.kind))
}

// lookAfter is how long after its arrival an order that saw no frame has one asked for (product.md 2.10 rule 1).
const lookAfter = 2 * time.Second

// iocWait is how long after its arrival an IOC order waits for a fresh book. An exchange would not let it wait at all;
// this is the time that one fresh book, which is asked for, may need to come.
const iocWait = 2 * time.Second

// look sets when an order is looked at again; 0 means never.
func (e *Engine) look(w *working, at calendar.Instant) {
	if w.lookAt != 0 {
		e.removeDue(due{at: w.lookAt, id: w.o.ID, kind: dueLook})
	}
	if w.lookAt = at; at != 0 {
		e.addDue(due{at: at, id: w.o.ID, kind: dueLook})
	}
}

// runDue activates what reaches the exchange up to at, each at its own instant.
func (e *Engine) runDue(at calendar.Instant) {
	for len(e.due) > 0 && e.due[0].at <= at && e.fault == nil {
		d := e.due[0]
		e.due = slices.Delete(e.due, 0, 1)
		e.now = max(e.now, d.at)
		w := e.orders[d.id]
		switch d.kind {
		case dueLook:
			e.lookAgain(w)
		case dueExpiry:
			e.end(w, order.Expired, "expired", risk.Deny(risk.MinutesOver, "minutes", strconv.Itoa(int(w.o.Minutes))))
		case dueArrival:
			w.at = 0
			e.activate(w)
		}
	}
}

// lookAgain ends an IOC order that found no book, and asks for a frame where an order has seen none since it arrived.
func (e *Engine) lookAgain(w *working) {
	w.lookAt = 0
	if w.at == waiting && w.o.Validity == order.IOC {
		e.end(w, order.Cancelled, "cancelled", risk.Deny(risk.IOCNoBook))
		return
	}
	if w.inst.book.BookAt() < w.o.ActiveAt {
		e.askFresh(w)
	}
}

// askFresh asks the caller for one fresh book.
func (e *Engine) askFresh(w *working) {
	e.emit(Output{Watch: &Watch{Instrument: w.o.Instrument, IsWanted: true, IsStale: true}})
}

// activate is the order's arrival at the exchange.
func (e *Engine) activate(w *working) {
	b := w.inst.board
	if b.phase != calendar.Open {
		e.end(w, order.Rejected, "rejected", risk.Deny(risk.MarketClosed, "phase", b.phase.String()))
		return
	}
	if w.o.IsWaitingForTrigger() {
		e.park(w)
		return
	}
	e.must(w.o.Activate(e.now), "order-status")
	w.o.Code, w.o.Reason = "", ""
	if code := e.whyWait(w.inst); code != risk.OK {
		w.at = waiting
		w.inst.waiting = append(w.inst.waiting, w)
		w.o.Code, w.o.Reason = code.String(), code.Sentence()
		e.tell(w, "waiting")
		e.askFresh(w)
		if w.o.Validity == order.IOC {
			e.look(w, w.o.ActiveAt.Add(iocWait))
		}
		return
	}
	e.tell(w, "opened")
	e.enter(w)
	if w.at == resting {
		e.look(w, w.o.ActiveAt.Add(lookAfter))
	}
}

// whyWait is why nothing may fill in an instrument now, or OK.
func (e *Engine) whyWait(x *inst) risk.Code {
	switch {
	case x.board.phase != calendar.Open:
		return risk.MarketClosed
	case !x.board.isFeedAlive:
		return risk.WaitsForFeed
	case !e.isBookFresh(x, e.now):
		return risk.WaitsForBook
	default:
		return risk.OK
	}
}

// isBookFresh reports whether the book may be traded on at an instant: not too old, and seen since the last gap.
func (e *Engine) isBookFresh(x *inst, now calendar.Instant) bool {
	at := x.book.BookAt()
	return at > x.board.gapAt && now.Sub(at) <= e.rules.BookAgeMax
}

// enter lets an order meet a fresh book: it takes what it can, and rests or (IOC) ends.
func (e *Engine) enter(w *working) {
	w.o.Code, w.o.Reason = "", ""
	w.rest = match.Resting{ID: w.o.ID, Account: w.acct.index, Side: w.o.Side, Limit: w.o.LimitPrice, Leaves: w.o.LeavesQty, Profile: w.acct.profile}
	book := &w.inst.book
	e.fills = book.Enter(&w.rest, e.fills[:0])
	e.apply()
	if w.o.Status.IsClosed() {
		return
	}
	if w.o.Validity == order.IOC {
		e.end(w, order.Cancelled, "cancelled", risk.Deny(risk.IOCRemainder))
		return
	}
	w.at = resting
	book.Rest(&w.rest, e.now, match.Fresh)
	e.touch(w.acct)
}

// apply books the fills collected in e.fills.
func (e *Engine) apply() {
	for _, f := range e.fills {
		e.fill(e.orders[f.Order.ID], f)
	}
	e.fills = e.fills[:0]
}

// blockPriceOf is the limit of a purchase; for a sale the best it may hope for now, as the margin of a short grows with
// its price.
func blockPriceOf(side order.Side, limit money.Price, x *inst) money.Price {
	if side == order.Buy {
		return limit
	}
	return max(limit, x.book.Top.Last, x.book.Top.Bid)
}
