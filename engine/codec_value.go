package engine

import (
	"paperport/calendar"
	"paperport/charges"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/market"
	"paperport/match"
	"paperport/order"
	"paperport/position"
)

func (c *codec) order(o *order.Order) {
	num(c, &o.ID)
	text(c, &o.Account)
	text(c, &o.ClientOrderID)
	num(c, &o.Instrument)
	num(c, &o.Side)
	num(c, &o.Product)
	num(c, &o.Type)
	num(c, &o.Validity)
	num(c, &o.OrderQty)
	num(c, &o.CumQty)
	num(c, &o.LeavesQty)
	num(c, &o.CancelledQty)
	num(c, &o.LimitPrice)
	num(c, &o.TriggerPrice)
	num(c, &o.TriggeredAt)
	num(c, &o.Minutes)
	num(c, &o.ExpiresAt)
	num(c, &o.AvgPrice)
	num(c, &o.Status)
	text(c, &o.Code)
	text(c, &o.Reason)
	num(c, &o.Reserved)
	num(c, &o.AcceptedAt)
	num(c, &o.ActiveAt)
	num(c, &o.UpdatedAt)
	num(c, &o.TradingDate)
	num(c, &o.Revision)
	text(c, &o.Tag)
}

func (c *codec) trade(t *order.Trade) {
	num(c, &t.ID)
	num(c, &t.Order)
	text(c, &t.Account)
	num(c, &t.Instrument)
	num(c, &t.Side)
	num(c, &t.Product)
	num(c, &t.Qty)
	num(c, &t.Price)
	num(c, &t.At)
	num(c, &t.TradingDate)
	x := &t.Evidence
	num(c, &x.QuoteSeq)
	num(c, &x.QuoteAt)
	num(c, &x.QuoteRecv)
	num(c, &x.Bid)
	num(c, &x.Ask)
	num(c, &x.Last)
	num(c, &x.BidQty)
	num(c, &x.AskQty)
	num(c, &x.Level)
	num(c, &x.QueueAhead)
	text(c, &x.Rule)
	c.flag(&x.IsFromBars)
	text(c, &x.Profile)
}

func (c *codec) note(n *charges.Note) {
	num(c, &n.Turnover)
	num(c, &n.Brokerage)
	num(c, &n.STT)
	num(c, &n.Exchange)
	num(c, &n.SEBIFee)
	num(c, &n.StampDuty)
	num(c, &n.GST)
	num(c, &n.CTT)
	num(c, &n.DPCharge)
}

func (c *codec) entry(x *ledger.Entry) {
	num(c, &x.Number)
	text(c, &x.Account)
	text(c, &x.Kind)
	text(c, &x.Ref)
	text(c, &x.Text)
	num(c, &x.At)
	num(c, &x.TradingDate)
	list(c, &x.Postings, (*codec).posting)
	num(c, &x.Balance)
}

func (c *codec) posting(p *ledger.Posting) {
	text(c, &p.Book)
	num(c, &p.Amount)
}

func (c *codec) position(p *position.Position) {
	text(c, &p.Account)
	num(c, &p.Instrument)
	num(c, &p.Product)
	num(c, &p.NetQty)
	num(c, &p.CarriedQty)
	num(c, &p.FromHoldings)
	num(c, &p.AvgPrice)
	num(c, &p.Cost)
	num(c, &p.BuyQty)
	num(c, &p.SellQty)
	num(c, &p.BuyValue)
	num(c, &p.SellValue)
	num(c, &p.RealisedPnL)
	num(c, &p.Charges)
	num(c, &p.Blocked)
	num(c, &p.TradingDate)
	num(c, &p.UpdatedAt)
}

func (c *codec) holding(h *position.Holding) {
	text(c, &h.Account)
	num(c, &h.Instrument)
	num(c, &h.Qty)
	num(c, &h.T1Qty)
	num(c, &h.SoldToday)
	num(c, &h.Cost)
	num(c, &h.AvgPrice)
	list(c, &h.Lots, (*codec).lot)
	num(c, &h.UpdatedAt)
	num(c, &h.DPChargedOn)
}

func (c *codec) lot(l *position.Lot) {
	num(c, &l.Qty)
	num(c, &l.Price)
	num(c, &l.Cost)
	num(c, &l.Bought)
	num(c, &l.SettlesOn)
}

func (c *codec) top(q *match.Top) {
	num(c, &q.Seq)
	num(c, &q.At)
	num(c, &q.ReceivedAt)
	num(c, &q.Bid)
	num(c, &q.Ask)
	num(c, &q.Last)
	num(c, &q.BidQty)
	num(c, &q.AskQty)
	num(c, &q.Volume)
	num(c, &q.LowerCircuit)
	num(c, &q.UpperCircuit)
	c.flag(&q.IsFromBars)
}

func (c *codec) depth(d *market.Depth) {
	num(c, &d.Instrument)
	num(c, &d.Seq)
	num(c, &d.At)
	num(c, &d.ReceivedAt)
	num(c, &d.BidLevels)
	num(c, &d.AskLevels)
	for i := range d.Bids {
		c.level(&d.Bids[i])
		c.level(&d.Asks[i])
	}
	c.flag(&d.IsFromBars)
}

func (c *codec) level(l *market.Level) {
	num(c, &l.Price)
	num(c, &l.Qty)
	num(c, &l.Orders)
}

func (c *codec) boardOf(b *calendar.Board) {
	num(c, &b.Exchange)
	num(c, &b.Segment)
	c.flag(&b.Auction)
}

func (c *codec) instrument(i *instrument.Instrument) {
	num(c, &i.ID)
	num(c, &i.Exchange)
	num(c, &i.Segment)
	num(c, &i.Kind)
	num(c, &i.Right)
	text(c, &i.Symbol)
	text(c, &i.Name)
	text(c, &i.ISIN)
	text(c, &i.Series)
	text(c, &i.Underlying)
	num(c, &i.UnderlyingID)
	num(c, &i.Expiry)
	num(c, &i.Strike)
	t := &i.Terms
	num(c, &t.LotSize)
	num(c, &t.FreezeQty)
	num(c, &t.TickSize)
	num(c, &t.Multiplier)
	c.flag(&t.HasDerivatives)
	c.flag(&t.IsETF)
	c.flag(&t.IsIntradayBarred)
	c.flag(&t.UnderlyingIsIndex)
}

func (c *codec) spent(s *match.Spent) {
	num(c, &s.Account)
	num(c, &s.Side)
	num(c, &s.Price)
	num(c, &s.Size)
	num(c, &s.Used)
}

func (c *codec) recent(r *match.Recent) {
	num(c, &r.N)
	for i := range r.Trades {
		num(c, &r.Trades[i].At)
		num(c, &r.Trades[i].Price)
	}
}

func (c *codec) resting(r *match.Resting) {
	num(c, &r.ID)
	num(c, &r.Account)
	num(c, &r.Side)
	num(c, &r.Limit)
	num(c, &r.Leaves)
	num(c, &r.Queue)
	c.flag(&r.IsQueueKnown)
	c.flag(&r.IsSweeping)
	num(c, &r.JoinedAt)
}
