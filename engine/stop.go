package engine

import (
	"strconv"
	"time"

	"paperport/calendar"
	"paperport/match"
	"paperport/money"
	"paperport/order"
	"paperport/risk"
)

// park lets a stop that has reached the exchange wait for its trigger. What the last price has reached meanwhile goes
// off at once.
func (e *Engine) park(w *working) {
	e.must(w.o.Park(e.now), "order-status")
	w.o.Code, w.o.Reason = "", ""
	e.standStop(w)
	e.tell(w, "trigger-pending")
	e.trigger(w.inst)
}

// standStop puts a stop among those that wait in its book.
func (e *Engine) standStop(w *working) {
	w.at = parked
	w.inst.book.AddStop(w.stopOf())
}

// stopOf is the order as the book's stops know it.
func (w *working) stopOf() *match.Stop {
	w.stop = match.Stop{ID: w.o.ID, Side: w.o.Side, Trigger: w.o.TriggerPrice}
	return &w.stop
}

// trigger sets off the stops that the last traded price has reached, and reports whether there were any. They travel to
// the exchange again, as new orders would, after a latency of their own.
func (e *Engine) trigger(x *inst) bool {
	if !x.book.IsStopReached() || e.whyWait(x) != risk.OK || !e.isLastFresh(x) {
		return false
	}
	for _, s := range x.book.Triggered() {
		w, last := e.orders[s.ID], &x.book.Top
		w.at = 0
		e.must(w.o.Trigger(e.now), "order-status")
		d := risk.Deny(risk.Triggered, "last", last.Last.String(), "trigger", w.o.TriggerPrice.String(), "frame", strconv.FormatUint(last.Seq, 10))
		w.o.Code, w.o.Reason = d.Code.String(), d.Reason()
		e.repriceStop(w)
		if d := e.entry.Protected(x.book.Instrument, w.o.TradingDate, w.o.Side, w.o.LimitPrice, x.book.Reference(e.now)); d.IsDenied() {
			e.tell(w, "triggered")
			e.end(w, order.Rejected, "rejected", d)
			continue
		}
		e.send(w)
		e.tell(w, "triggered")
	}
	return true
}

// isLastFresh reports whether the last price came after the last gap and is young enough to act on.
func (e *Engine) isLastFresh(x *inst) bool {
	at := x.book.Top.ReceivedAt
	return at > x.board.gapAt && e.now.Sub(at) <= e.rules.BookAgeMax
}

// lastFor is the last price that a new or changed trigger is held against; 0 when there is none that may be believed,
// and for a trigger that stands already.
func (e *Engine) lastFor(w *working) money.Price {
	if before := e.orders[w.o.ID]; before != nil && before.o.Type == w.o.Type && before.o.TriggerPrice == w.o.TriggerPrice {
		return 0
	}
	if e.whyWait(w.inst) != risk.OK || !e.isLastFresh(w.inst) {
		return 0
	}
	return w.inst.book.Top.Last
}

// repriceStop gives a stop-market order that was set off the aggressive limit of the price that did it. Where free money
// does not cover that, it keeps the limit that money was blocked for.
func (e *Engine) repriceStop(w *working) {
	if w.o.Type != order.SLM {
		return
	}
	next := *w
	next.o.LimitPrice = w.inst.book.AggressiveLimit(w.o.Side)
	next.blockPrice = blockPriceOf(w.o.Side, next.o.LimitPrice, w.inst)
	more, isKnown, err := e.more(&next)
	if err != nil || !isKnown || next.o.LimitPrice <= 0 || more > max(0, w.acct.funds().Free) {
		return
	}
	w.o.LimitPrice, w.blockPrice = next.o.LimitPrice, next.blockPrice
	e.reserve(w)
}

// expiryOf is when an order for minutes ends that starts them now; 0 for other orders.
func expiryOf(o *order.Order, now calendar.Instant) calendar.Instant {
	if o.Validity != order.Minutes {
		return 0
	}
	return now.Add(time.Duration(o.Minutes) * time.Minute)
}

func (e *Engine) scheduleExpiry(w *working) {
	if w.o.ExpiresAt != 0 {
		e.addDue(due{at: w.o.ExpiresAt, id: w.o.ID, kind: dueExpiry})
	}
}

func (e *Engine) unscheduleExpiry(w *working) {
	if w.o.ExpiresAt != 0 {
		e.removeDue(due{at: w.o.ExpiresAt, id: w.o.ID, kind: dueExpiry})
	}
}
