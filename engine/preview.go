package engine

import (
	"slices"

	"paperport/calendar"
	"paperport/charges"
	"paperport/margin"
	"paperport/market"
	"paperport/match"
	"paperport/money"
	"paperport/order"
	"paperport/risk"
)

// Preview is what would happen to an order if it were sent now. It promises nothing.
type Preview struct {
	// Code and Reason are those the order would be denied with, empty when it would be taken.
	Code, Reason string
	// Required is what the order would block, Available the account's free money before it.
	Required, Available money.Paise
	// Margin are the parts of what a future or sold option would add in its underlying, without charges; zero where nothing
	// is modelled.
	Margin margin.Parts
	// Charges are the estimated charges of the whole order: at the expected prices for what would fill at once, at the
	// limit for what would rest.
	Charges charges.Note
	// Qty would fill at once, at AvgPrice, over Levels rungs of the ladder; all zero when it would rest or the book is old.
	Qty      money.Qty
	AvgPrice money.Price
	Levels   int
	// Slippage is what the fill would cost against the best price shown, in paise, >= 0.
	Slippage money.Paise
	// LimitPrice is the limit the order would work at; for Market the aggressive limit.
	LimitPrice money.Price
	// Note is a sentence for the screen, for example why nothing would fill at once; may be empty.
	Note string
}

// Look is the market a preview is worked out against. Zero fields mean what the engine has: its own time and books.
type Look struct {
	At    calendar.Instant
	Quote *market.Quote
	Depth *market.Depth
}

// Preview works out an order against the standing book. It changes nothing.
func (e *Engine) Preview(p order.Place) Preview { return e.PreviewWith(p, Look{}) }

// PreviewWith is Preview at a time, and against a book, that the engine has not been sent.
func (e *Engine) PreviewWith(p order.Place, l Look) Preview {
	a, x := e.byID[p.Account], e.inst(p.Instrument)
	if a == nil {
		return refused(Preview{}, risk.Deny(risk.AccountUnknown))
	}
	v := Preview{Available: a.funds().Free}
	if x == nil {
		return refused(v, risk.Deny(risk.InstrumentUnknown))
	}
	look := x.lookAt(l)
	w := e.draft(a, look, &p)
	v.LimitPrice = w.o.LimitPrice
	d := e.check(w, &p)
	if d.IsDenied() && d.Code < risk.HoldingTooSmall {
		return refused(v, d)
	}
	more, _, _ := e.more(w)
	v.Required, v.Margin = max(0, more), e.partsOf(w)
	e.expect(&v, w, max(e.now, l.At))
	if w.o.LeavesQty > a.netQty(w.o.Instrument, w.o.Product) { // what was bought today leaves no depository
		v.Charges.DPCharge = e.dpFee(w)
	}
	if d.IsDenied() {
		return refused(v, d)
	}
	return v
}

func refused(v Preview, d risk.Denial) Preview {
	v.Code, v.Reason = d.Code.String(), d.Reason()
	return v
}

// lookAt is the instrument with a book of its own that a preview may spend.
func (x *inst) lookAt(l Look) *inst {
	look := *x
	book := &look.book
	book.Buys, book.Sells, book.Spent = nil, nil, slices.Clone(book.Spent)
	if book.Recent != nil {
		recent := *book.Recent
		book.Recent = &recent
	}
	book.Touch()
	if l.Quote != nil {
		book.SetQuote(l.Quote, book.Epoch)
	}
	if l.Depth != nil {
		book.SetDepth(l.Depth)
	}
	return &look
}

// expect works out the fill and the charges.
func (e *Engine) expect(v *Preview, w *working, at calendar.Instant) {
	x := w.inst
	n, err := e.wholeNote(w, w.o.LimitPrice)
	if err == nil {
		v.Charges = n
	}
	switch {
	case w.o.IsWaitingForTrigger():
		v.Note = "Nothing happens until the last traded price reaches the trigger; the order then travels to the exchange."
		return
	case !x.board.isFeedAlive:
		v.Note = risk.WaitsForFeed.Sentence()
		return
	case !e.isBookFresh(x, at):
		v.Note = risk.WaitsForBook.Sentence()
		return
	}
	r := match.Resting{Account: w.acct.index, Side: w.o.Side, Limit: w.o.LimitPrice, Leaves: w.o.LeavesQty}
	fills := x.book.Enter(&r, nil)
	v.fold(w, fills)
	switch {
	case len(fills) == 0 && w.o.Validity == order.IOC:
		v.Note = "Nothing is offered at this price now: the order would be cancelled at once."
	case len(fills) == 0:
		v.Note = "Nothing is offered at this price now: the order would rest."
	case r.Leaves > 0 && w.o.Validity == order.IOC:
		v.Note = "Only part is offered at this price: the rest would be cancelled."
	case r.Leaves > 0:
		v.Note = "Only part is offered at this price: the rest would rest as a limit order."
	}
}

// fold adds the expected fills up.
func (v *Preview) fold(w *working, fills []match.Fill) {
	if len(fills) == 0 {
		return
	}
	multiplier := w.inst.book.Instrument.Terms.Multiplier
	var value int64
	for _, f := range fills {
		v.Qty += f.Qty
		value += int64(f.Price) * int64(f.Qty)
		cost, err := money.Turnover(f.Price, f.Qty, multiplier, money.HalfUp)
		if err != nil {
			return
		}
		best, err := money.Turnover(fills[0].Price, f.Qty, multiplier, money.HalfUp)
		if err != nil {
			return
		}
		v.Slippage += max(cost-best, best-cost)
		w.charged.Turnover += cost
	}
	avg, err := money.MulDiv(value, 1, int64(v.Qty), money.HalfUp)
	if err != nil {
		return
	}
	v.AvgPrice, v.Levels = money.Price(avg), len(fills)
	rest, err := money.Turnover(w.o.LimitPrice, w.o.LeavesQty-v.Qty, multiplier, money.HalfUp)
	if err != nil {
		return
	}
	if n, err := w.sched.Note(w.charged.Turnover+rest, w.o.OrderQty); err == nil {
		v.Charges = n
	}
}
