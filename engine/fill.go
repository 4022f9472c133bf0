package engine

import (
	"strconv"

	"paperport/calendar"
	"paperport/charges"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/margin"
	"paperport/match"
	"paperport/money"
	"paperport/order"
	"paperport/position"
)

// fill books one execution: charges, position and holding, postings, order, reserve.
func (e *Engine) fill(w *working, f match.Fill) {
	i := w.inst.book.Instrument
	value, err := money.Turnover(f.Price, f.Qty, i.Terms.Multiplier, money.HalfUp)
	e.must(err, "turnover")
	w.value += int64(f.Price) * int64(f.Qty)
	note, err := w.sched.Note(w.charged.Turnover+value, w.o.CumQty+f.Qty)
	e.must(err, "charges")
	cost := note.Sub(w.charged)
	w.charged = note

	pos := w.acct.position(i.ID, w.o.Product, w.inst.board.tradingDate)
	pf := position.Fill{Side: w.o.Side, Qty: f.Qty, Value: value}
	hold := e.deliver(w, pos, &pf)
	if hold != nil {
		cost.DPCharge = e.dpCharge(w, hold)
	}
	c, err := pos.Apply(pf)
	e.must(err, "position")
	pos.Charges += cost.Total() + cost.DPCharge
	pos.UpdatedAt = e.now

	e.must(w.o.Fill(f.Qty, w.value, e.now), "order-fill")
	e.lastTrade++
	e.emit(Output{Trade: &TradeEvent{Trade: e.trade(w, f), Charges: cost, RealisedPnL: c.Realised}})
	e.settleFill(w, f.Rule, value, c)
	e.postCharges(w.acct, cost, e.tradeRef(), w.o.TradingDate)
	if !isDerivative(i) {
		e.setPositionBlocked(w.acct, w.inst, pos)
	}
	e.reserve(w)
	e.tell(w, "filled")
	e.tellPosition(pos)
	if hold != nil {
		hold.UpdatedAt = e.now
		e.tellHolding(hold)
	}
	if w.o.Status.IsClosed() {
		if w.at != resting { // the book drops what it filled
			e.take(w)
		}
		e.drop(w)
		return
	}
	e.reblock(w)
}

// deliver works out what a CNC sale takes from holdings: what the day's purchases do not cover. Nil: nothing.
func (e *Engine) deliver(w *working, pos *position.Position, pf *position.Fill) *position.Holding {
	if w.o.Product != order.CNC || w.o.Side != order.Sell || pf.Qty <= pos.NetQty {
		return nil
	}
	h := w.acct.holding(w.o.Instrument)
	if h == nil {
		e.fail("holding", "a delivery sale without a holding")
		return nil
	}
	pf.FromHoldings = pf.Qty - pos.NetQty
	cost, err := h.Sell(pf.FromHoldings)
	e.must(err, "holding")
	pf.HoldingCost = cost
	return h
}

// dpCharge is the depository's fee, once per share and day.
func (e *Engine) dpCharge(w *working, h *position.Holding) money.Paise {
	if h.DPChargedOn == w.o.TradingDate {
		return 0
	}
	fee := e.dpFee(w)
	h.DPChargedOn = w.o.TradingDate
	return fee
}

// dpFee is the depository's fee that a delivery sale may still cause today: 0 without a holding, or when it was charged.
func (e *Engine) dpFee(w *working) money.Paise {
	h := w.acct.holding(w.o.Instrument)
	if w.o.Product != order.CNC || w.o.Side != order.Sell || h == nil || h.DPChargedOn == w.o.TradingDate {
		return 0
	}
	fee, err := e.tables.DPCharge(w.acct.plan, w.inst.book.Instrument, w.o.TradingDate)
	e.must(err, "dp-charge")
	return fee
}

func (e *Engine) trade(w *working, f match.Fill) order.Trade {
	q := &w.inst.book.Top
	return order.Trade{
		ID: e.lastTrade, Order: w.o.ID, Account: w.acct.id, Instrument: w.o.Instrument, Side: w.o.Side, Product: w.o.Product,
		Qty: f.Qty, Price: f.Price, At: e.now, TradingDate: w.o.TradingDate,
		Evidence: order.Evidence{
			QuoteSeq: max(q.Seq, w.inst.book.Depth.Seq), QuoteAt: q.At, QuoteRecv: w.inst.book.BookAt(), Bid: q.Bid, Ask: q.Ask, Last: q.Last,
			BidQty: q.BidQty, AskQty: q.AskQty, Level: f.Level, QueueAhead: f.QueueAhead, Rule: f.Rule,
			IsFromBars: q.IsFromBars || w.inst.book.Depth.IsFromBars, Profile: w.acct.profile.Name,
		},
	}
}

func (e *Engine) tradeRef() string { return "trade:" + strconv.FormatInt(int64(e.lastTrade), 10) }

// settleFill moves the money of a fill: its value where trades are paid, booked profit for intraday shares and futures.
// The stock book follows the cost of what is open, which is below nothing for a sold option.
func (e *Engine) settleFill(w *working, rule string, value money.Paise, c position.Change) {
	x := entry{kind: "trade", ref: e.tradeRef(), date: w.o.TradingDate, text: w.inst.book.Instrument.Symbol}
	isBooked := w.style() == margin.Margined || w.inst.book.Instrument.Kind == instrument.Future
	paid := value // what the trade pays for
	if w.o.Side == order.Sell {
		paid = -value
	}
	switch {
	case isBooked && c.Realised == 0:
		return
	case isBooked:
		x.text = "Profit and loss of " + x.text
		x.postings = postings(ledger.Cash, c.Realised, ledger.PnL, -c.Realised)
	default:
		x.text = "Bought " + x.text
		if w.o.Side == order.Sell {
			x.text = "Sold " + w.inst.book.Instrument.Symbol
		}
		x.postings = append(postings(ledger.Cash, -paid, ledger.Stock, paid+c.Realised), ledger.Posting{Book: ledger.PnL, Amount: -c.Realised})
	}
	if rule == ExpirySettlement {
		x.kind, x.text = "settlement", "Expiry of "+w.inst.book.Instrument.Symbol
	}
	e.post(w.acct, x)
}

func postings(a string, amountA money.Paise, b string, amountB money.Paise) []ledger.Posting {
	return []ledger.Posting{{Book: a, Amount: amountA}, {Book: b, Amount: amountB}}
}

// postCharges posts a charge note, and the depository's fee on its own.
func (e *Engine) postCharges(a *account, n charges.Note, ref string, date calendar.Date) {
	if total := n.Total(); total > 0 {
		e.post(a, entry{kind: "charges", ref: ref, text: "Charges", date: date, postings: []ledger.Posting{
			{Book: ledger.Cash, Amount: -total},
			{Book: ledger.Brokerage, Amount: n.Brokerage}, {Book: ledger.STT, Amount: n.STT}, {Book: ledger.CTT, Amount: n.CTT},
			{Book: ledger.Exchange, Amount: n.Exchange}, {Book: ledger.SEBI, Amount: n.SEBIFee},
			{Book: ledger.Stamp, Amount: n.StampDuty}, {Book: ledger.GST, Amount: n.GST},
		}})
	}
	if n.DPCharge > 0 {
		e.post(a, entry{kind: "dp-charge", ref: ref, text: "Depository fee, GST included", date: date,
			postings: postings(ledger.Cash, -n.DPCharge, ledger.DP, n.DPCharge)})
	}
}

func (e *Engine) tellPosition(p *position.Position) {
	x := *p
	e.emit(Output{Position: &x})
}

func (e *Engine) tellHolding(h *position.Holding) {
	x := *h
	e.emit(Output{Holding: &x})
}
