package engine

// output codes one output; the running hash is taken over this form.
func (c *codec) output(o *Output) {
	num(c, &o.Cause)
	num(c, &o.At)
	option(c, &o.Receipt, (*codec).receipt)
	option(c, &o.Order, (*codec).orderEvent)
	option(c, &o.Trade, (*codec).tradeEvent)
	option(c, &o.Entry, (*codec).entry)
	option(c, &o.Position, (*codec).position)
	option(c, &o.Holding, (*codec).holding)
	option(c, &o.Funds, (*codec).funds)
	option(c, &o.Watch, (*codec).watch)
	option(c, &o.Fault, (*codec).faultOf)
}

func (c *codec) receipt(r *Receipt) {
	text(c, &r.Account)
	text(c, &r.RequestID)
	num(c, &r.Order)
	text(c, &r.Code)
	text(c, &r.Reason)
	num(c, &r.At)
	c.flag(&r.IsRepeat)
	num(c, &r.Fingerprint)
}

func (c *codec) orderEvent(e *OrderEvent) {
	text(c, &e.Kind)
	c.order(&e.Order)
}

func (c *codec) tradeEvent(t *TradeEvent) {
	c.trade(&t.Trade)
	c.note(&t.Charges)
	num(c, &t.RealisedPnL)
}

func (c *codec) funds(f *Funds) {
	text(c, &f.Account)
	num(c, &f.Cash)
	num(c, &f.Blocked)
	num(c, &f.Free)
	num(c, &f.OrderBlocked)
	num(c, &f.PositionBlocked)
}

func (c *codec) watch(w *Watch) {
	num(c, &w.Instrument)
	c.flag(&w.IsWanted)
	c.flag(&w.IsStale)
}

func (c *codec) faultOf(f *Fault) {
	text(c, &f.Invariant)
	text(c, &f.Detail)
}
