package engine

import (
	"paperport/calendar"
	"paperport/risk"
)

// onQuote takes a quote in. Most change nothing but the standing book: then nothing is allocated and nothing comes out.
func (e *Engine) onQuote(in *Input) {
	x := e.inst(in.Quote.Instrument)
	if x == nil {
		return
	}
	work := x.book.SetQuote(in.Quote, x.board.epoch)
	if work || len(x.waiting) > 0 {
		e.work(x, work)
	}
}

// onDepth takes a ladder in.
func (e *Engine) onDepth(in *Input) {
	x := e.inst(in.Depth.Instrument)
	if x == nil {
		return
	}
	work := x.book.SetDepth(in.Depth)
	if work || len(x.waiting) > 0 {
		e.work(x, work)
	}
}

// work lets resting orders fill where the frame allows it (canFill), then those that waited for a fresh book enter; last
// the stops that the last price has reached go off.
func (e *Engine) work(x *inst, canFill bool) {
	if e.whyWait(x) != risk.OK {
		return
	}
	if canFill {
		e.fills = x.book.Fill(e.fills[:0])
		e.apply()
	}
	for len(x.waiting) > 0 && e.fault == nil {
		w := x.waiting[0]
		x.waiting = x.waiting[1:]
		w.at = 0
		w.o.Touch(e.now)
		w.o.Code, w.o.Reason = "", ""
		e.tell(w, "opened")
		e.enter(w)
	}
	if len(x.waiting) == 0 {
		x.waiting = nil
	}
	if e.trigger(x) {
		e.runDue(e.now)
	}
}

// onFeed notes that a board's feed died or came back. What waited enters on books that are fresh.
func (e *Engine) onFeed(f *FeedState) {
	b := e.board(f.Board)
	if b.isFeedAlive == f.IsAlive {
		return
	}
	b.isFeedAlive = f.IsAlive
	b.epoch++
	if !f.IsAlive {
		b.gapAt = e.now
		return
	}
	e.workBoard(b)
}

func (e *Engine) workBoard(b *board) {
	for _, x := range e.insts {
		if x != nil && x.board == b && (len(x.waiting) > 0 || x.book.HasStops()) {
			e.work(x, false)
			e.tellWaiting(x)
		}
	}
}

// tellWaiting tells of orders that go on waiting, now for their own book, and asks for it.
func (e *Engine) tellWaiting(x *inst) {
	if len(x.waiting) == 0 || e.whyWait(x) != risk.WaitsForBook {
		return
	}
	for _, w := range x.waiting {
		if code := risk.WaitsForBook; w.o.Code != code.String() {
			w.o.Code, w.o.Reason = code.String(), code.Sentence()
			w.o.Touch(e.now)
			e.tell(w, "waiting")
		}
	}
	e.askFresh(x.waiting[0])
}

// onPhase moves a board through its day.
func (e *Engine) onPhase(p *PhaseChange) {
	b := e.board(p.Board)
	if b.tradingDate != p.TradingDate {
		b.isSquaredOff = false
	}
	if b.phase == calendar.PreOpen && p.Phase == calendar.Open {
		b.gapAt = e.now
	}
	b.phase, b.reason, b.tradingDate, b.nextOpen = p.Phase, p.Reason, p.TradingDate, p.NextOpen
	b.epoch++
	if p.Phase == calendar.Open {
		e.workBoard(b)
	}
}
