package engine

import (
	"slices"

	"paperport/calendar"
	"paperport/charges"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/match"
	"paperport/money"
	"paperport/order"
	"paperport/position"
	"paperport/risk"
)

// The rules of fills that no book made.
const (
	// DayEndMark: what was left of an intraday position closes at the mark of the day's end.
	DayEndMark = "day-end-mark"
	// ExpirySettlement: a long option is paid its intrinsic value, a short one pays it, a future closes at the underlying's
	// final price.
	ExpirySettlement = "expiry-settlement"
)

// squareOff cancels what works intraday on a board and sends a market order for each open intraday position.
func (e *Engine) squareOff(s *SquareOff) {
	b := e.board(s.Board)
	if b.isSquaredOff || s.TradingDate != b.tradingDate {
		return
	}
	b.isSquaredOff = true
	e.isMarginLate = true // once for all the slices, at the end of the Step
	defer func() { e.isMarginLate = false }()
	for _, a := range e.accounts {
		for _, w := range slices.Clone(a.orders) {
			if w.inst.board == b && w.o.Product == order.MIS {
				e.end(w, order.Cancelled, "cancelled", risk.Deny(risk.SquaredOff))
			}
		}
		for _, p := range slices.Clone(a.positions) {
			if x := e.inst(p.Instrument); x.board == b && p.Product == order.MIS && p.NetQty != 0 && !x.isOver() {
				e.exit(a, x, p)
			}
		}
	}
	e.runDue(e.now)
}

// exit sends market orders that close a position, none above the freeze quantity. Without a last price it sends none:
// the position is closed at the mark of the day's end.
func (e *Engine) exit(a *account, x *inst, p *position.Position) {
	left := max(p.NetQty, -p.NetQty)
	for left > 0 {
		qty := left
		if freeze := x.book.Instrument.Terms.FreezeQty; freeze > 0 {
			lot := x.book.Instrument.Terms.LotSize
			qty = min(qty, max(lot, freeze-freeze%lot))
		}
		w := e.system(a, x, p, qty)
		if w.o.LimitPrice <= 0 {
			return
		}
		e.lastOrder++
		w.o.ID = e.lastOrder
		w.o.ClientOrderID = "square-off-" + qtyText(money.Qty(w.o.ID))
		w.closing = closingFor(a, w)
		e.accept(w)
		left -= qty
	}
}

// system drafts an order of our own against a position.
func (e *Engine) system(a *account, x *inst, p *position.Position, qty money.Qty) *working {
	side := order.Sell
	if p.NetQty < 0 {
		side = order.Buy
	}
	w := e.draft(a, x, &order.Place{
		Instrument: p.Instrument, Side: side, Product: p.Product, Type: order.Market, Validity: order.Day, Qty: qty, Tag: "system",
	})
	w.blockPrice = blockPriceOf(side, w.o.LimitPrice, x)
	e.must(e.schedule(w), "charges")
	return w
}

// force closes a whole position at a price that no book made.
func (e *Engine) force(a *account, x *inst, p *position.Position, price money.Price, rule string) {
	w := e.system(a, x, p, max(p.NetQty, -p.NetQty))
	w.o.LimitPrice, w.blockPrice = price, price
	if rule == ExpirySettlement {
		w.sched = charges.Schedule{}
	}
	e.lastOrder++
	w.o.ID = e.lastOrder
	w.o.ClientOrderID = rule + "-" + qtyText(money.Qty(w.o.ID))
	w.o.ActiveAt = e.now
	w.closing = w.o.LeavesQty
	e.add(w)
	e.reserve(w)
	e.tell(w, "accepted")
	e.fill(w, match.Fill{Qty: w.o.LeavesQty, Price: price, Rule: rule})
}

// dayEnd closes a trading date for a board.
func (e *Engine) dayEnd(d *DayEnd) {
	b := e.board(d.Board)
	if b.tradingDate > d.TradingDate {
		return // ended before
	}
	for _, a := range e.accounts {
		for _, w := range slices.Clone(a.orders) {
			if w.inst.board == b {
				e.end(w, order.Expired, "expired", risk.Deny(risk.DayEnded))
			}
		}
	}
	b.tradingDate = d.TradingDate
	e.expire(d.Board, d.TradingDate, nil) // the day's closing prices are not those of the expiry instant
	for _, a := range e.accounts {
		e.closeIntraday(a, b, d.Marks)
		e.roll(a, b, d)
	}
	for id, c := range e.closed { // any order: entries are only deleted
		if c.date < d.TradingDate {
			delete(e.closed, id)
		}
	}
	if b.phase != calendar.Closed || b.reason == "" { // else why it is closed is known better: "Sunday"
		b.reason = "day ended"
	}
	b.phase, b.tradingDate, b.isSquaredOff = calendar.Closed, d.Next, false
	b.epoch++
}

// closeIntraday closes what is left of intraday positions at the marks, or at the last price seen.
func (e *Engine) closeIntraday(a *account, b *board, marks []Mark) {
	for _, p := range slices.Clone(a.positions) {
		x := e.inst(p.Instrument)
		if x.board != b || p.Product != order.MIS || p.NetQty == 0 || x.isOver() && isCashSettled(x.book.Instrument) {
			continue // the last: waits for its settlement price
		}
		price := markOf(marks, p.Instrument)
		if price <= 0 {
			price = x.book.Top.Last
		}
		if price > 0 {
			e.force(a, x, p, price, DayEndMark)
		}
	}
}

// markOf returns the mark of an instrument, 0 when there is none. Marks are ordered by instrument.
func markOf(marks []Mark, id instrument.ID) money.Price {
	for _, m := range marks {
		if m.Instrument == id {
			return m.Price
		}
	}
	return 0
}

// roll turns the day's deliveries into holdings and starts the next day's figures.
func (e *Engine) roll(a *account, b *board, d *DayEnd) {
	settles := d.Settles
	if settles == 0 {
		settles = d.Next
	}
	kept := make([]*position.Position, 0, len(a.positions))
	for _, p := range a.positions {
		x := e.inst(p.Instrument)
		if x.board != b {
			kept = append(kept, p)
			continue
		}
		if p.Product == order.CNC && p.NetQty > 0 {
			h := a.makeHolding(p.Instrument)
			lot := position.Lot{Qty: p.NetQty, Price: p.AvgPrice, Cost: p.Cost, Bought: d.TradingDate, SettlesOn: settles}
			e.must(h.EndDay(d.TradingDate, lot, e.now), "holding")
			e.tellHolding(h)
			p.NetQty, p.Cost, p.AvgPrice = 0, 0, 0
		}
		e.markToMarket(a, x, p, d.Marks)
		p.Roll(d.Next, e.now)
		e.must(p.Check(), "position")
		e.tellPosition(p)
		if p.NetQty != 0 {
			kept = append(kept, p)
		}
	}
	a.positions = kept
	e.settleHoldings(a, b, d)
	e.touch(a)
}

// markToMarket pays the day's profit of an open future and carries it on at the mark, or at the last price of the day.
// Without either it is carried on as it is, and the next day's settlement pays for both.
func (e *Engine) markToMarket(a *account, x *inst, p *position.Position, marks []Mark) {
	i := x.book.Instrument
	price := markOf(marks, p.Instrument)
	if top := &x.book.Top; price <= 0 && top.ReceivedAt.Date() == x.board.tradingDate {
		price = top.Last
	}
	if i.Kind != instrument.Future || p.NetQty == 0 || price <= 0 {
		return
	}
	value, err := money.Turnover(price, max(p.NetQty, -p.NetQty), i.Terms.Multiplier, money.HalfUp)
	e.must(err, "turnover")
	if p.NetQty < 0 {
		value = -value
	}
	profit := p.Mark(value)
	e.post(a, entry{
		kind: "mark-to-market", ref: "day:" + x.board.tradingDate.String(), text: "Daily settlement of " + i.Symbol + " at " + price.String(),
		date: x.board.tradingDate, postings: postings(ledger.Cash, profit, ledger.PnL, -profit),
	})
	e.tellPosition(p)
}

// settleHoldings takes out what was sold and delivers what is due, where roll has not done so with a purchase.
func (e *Engine) settleHoldings(a *account, b *board, d *DayEnd) {
	kept := a.holdings[:0:0]
	for _, h := range a.holdings {
		x := e.inst(h.Instrument)
		if x.board == b && (h.SoldToday > 0 || isDue(h, d.TradingDate)) {
			e.must(h.EndDay(d.TradingDate, position.Lot{}, e.now), "holding")
			e.tellHolding(h)
		}
		if x.board != b || h.Qty+h.T1Qty > 0 {
			kept = append(kept, h)
		}
	}
	a.holdings = kept
}

// isDue reports whether a settling lot is delivered on date.
func isDue(h *position.Holding, date calendar.Date) bool {
	if h.T1Qty == 0 {
		return false
	}
	var due money.Qty
	for _, lot := range h.Lots {
		if lot.SettlesOn <= date {
			due += lot.Qty
		}
	}
	return due > h.Qty
}

// expire ends the trading of contracts whose last day is date or earlier, and settles those for whose underlying there
// is a mark.
func (e *Engine) expire(on calendar.Board, date calendar.Date, marks []Mark) {
	b := e.board(on)
	b.expired = max(b.expired, date)
	for _, x := range e.insts {
		if x == nil || x.board != b || x.isExpired || x.book.Instrument.Expiry == 0 || x.book.Instrument.Expiry > date {
			continue
		}
		e.expireOrders(x)
		settle := markOf(marks, x.book.Instrument.UnderlyingID)
		if settle <= 0 {
			continue
		}
		x.isExpired = true
		for _, a := range e.accounts {
			e.expireFor(a, x, settle)
		}
	}
}

// expireOrders ends what works in a contract that has stopped trading.
func (e *Engine) expireOrders(x *inst) {
	for _, a := range e.accounts {
		for _, w := range slices.Clone(a.orders) {
			if w.inst == x {
				e.end(w, order.Expired, "expired", risk.Deny(risk.ContractExpired, "expiry", x.book.Instrument.Expiry.String()))
			}
		}
	}
}

// isCashSettled reports whether the contract is settled in cash at the underlying's price; other contracts are delivered.
func isCashSettled(i *instrument.Instrument) bool {
	return isDerivative(i) && i.Terms.UnderlyingIsIndex
}

func (e *Engine) expireFor(a *account, x *inst, settle money.Price) {
	i := x.book.Instrument
	if !isCashSettled(i) && (i.Kind != instrument.Option || intrinsic(i, settle) > 0) {
		return // delivery of shares is not built; the position stays as it is
	}
	for _, product := range [...]order.Product{order.MIS, order.NRML} {
		p := a.position(i.ID, product, 0)
		switch {
		case p == nil || p.NetQty == 0:
		case i.Kind == instrument.Future:
			e.force(a, x, p, settle, ExpirySettlement)
		case p.NetQty < 0:
			e.force(a, x, p, intrinsic(i, settle), ExpirySettlement)
		default:
			e.payIntrinsic(a, x, p, settle)
		}
	}
}

// intrinsic is what exercising an option brings per unit; 0 below one tick, when it is not exercised (india-rules 6.3).
func intrinsic(i *instrument.Instrument, settle money.Price) money.Price {
	worth := settle - i.Strike
	if i.Right == instrument.Put {
		worth = i.Strike - settle
	}
	if worth < i.Terms.TickSize {
		return 0
	}
	return worth
}

// payIntrinsic exercises a long option: its value in cash, less STT on that value.
func (e *Engine) payIntrinsic(a *account, x *inst, p *position.Position, settle money.Price) {
	i := x.book.Instrument
	worth := intrinsic(i, settle)
	value, err := money.Turnover(worth, p.NetQty, i.Terms.Multiplier, money.HalfUp)
	e.must(err, "turnover")
	stt, err := e.tables.ExerciseSTT(i, i.Expiry, value)
	e.must(err, "charges")
	e.force(a, x, p, worth, ExpirySettlement)
	if stt > 0 {
		p.Charges += stt
		e.post(a, entry{
			kind: "charges", ref: e.tradeRef(), text: "STT on exercise", date: x.board.tradingDate,
			postings: postings(ledger.Cash, -stt, ledger.STT, stt),
		})
		e.tellPosition(p)
	}
}
