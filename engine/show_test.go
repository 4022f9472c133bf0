package engine

import (
	"fmt"
	"strings"

	"paperport/order"
)

// show writes an output as a trader would read it.
func (s *scenario) show(o *Output) string {
	switch {
	case o.Receipt != nil:
		return showReceipt(o.Receipt)
	case o.Order != nil:
		return s.showOrder(o.Order)
	case o.Trade != nil:
		return s.showTrade(o.Trade)
	case o.Entry != nil:
		line := fmt.Sprintf("entry %d %s:", o.Entry.Number, o.Entry.Kind)
		for _, p := range o.Entry.Postings {
			line += fmt.Sprintf(" %s %s,", p.Book, p.Amount)
		}
		return strings.TrimSuffix(line, ",")
	case o.Position != nil:
		p := o.Position
		return fmt.Sprintf("position %s %s net %d cost %s avg %s realised %s charges %s blocked %s", s.names[p.Instrument], productWord(p.Product), p.NetQty, p.Cost, p.AvgPrice, p.RealisedPnL, p.Charges, p.Blocked)
	case o.Holding != nil:
		h := o.Holding
		return fmt.Sprintf("holding %s qty %d t1 %d sold %d cost %s avg %s", s.names[h.Instrument], h.Qty, h.T1Qty, h.SoldToday, h.Cost, h.AvgPrice)
	case o.Funds != nil:
		f := o.Funds
		return fmt.Sprintf("funds %s cash %s free %s orders %s positions %s", f.Account, f.Cash, f.Free, f.OrderBlocked, f.PositionBlocked)
	case o.Watch != nil:
		line := fmt.Sprintf("watch %s %v", s.names[o.Watch.Instrument], o.Watch.IsWanted)
		if o.Watch.IsStale {
			line += " stale"
		}
		return line
	case o.Fault != nil:
		return "FAULT " + o.Fault.Invariant + ": " + o.Fault.Detail
	default:
		return "nothing"
	}
}

func showReceipt(r *Receipt) string {
	line := fmt.Sprintf("receipt %s order %d", r.RequestID, r.Order)
	if r.IsRepeat {
		line += " again"
	}
	if r.Code != "" {
		line += " " + r.Code + ": " + r.Reason
	}
	return line
}

func (s *scenario) showOrder(x *OrderEvent) string {
	o := x.Order
	line := fmt.Sprintf("order %d %s: %s %s %d %s %s at %s, filled %d, left %d, reserved %s", o.ID, x.Kind, statusWord(o.Status),
		sideWord(o.Side), o.OrderQty, s.names[o.Instrument], productWord(o.Product), o.LimitPrice, o.CumQty, o.LeavesQty, o.Reserved)
	if o.TriggerPrice > 0 {
		line += " trigger " + o.TriggerPrice.String()
	}
	if o.CumQty > 0 {
		line += " avg " + o.AvgPrice.String()
	}
	if o.ExpiresAt != 0 {
		line += " until " + o.ExpiresAt.IST().Format("15:04:05")
	}
	if o.Code != "" {
		line += " " + o.Code
	}
	return line
}

func (s *scenario) showTrade(x *TradeEvent) string {
	t := x.Trade
	line := fmt.Sprintf("trade %d of order %d: %s %d %s at %s, %s level %d, charges %s", t.ID, t.Order, sideWord(t.Side), t.Qty, s.names[t.Instrument], t.Price, t.Evidence.Rule, t.Evidence.Level, x.Charges.Total())
	if x.Charges.DPCharge != 0 {
		line += " and DP " + x.Charges.DPCharge.String()
	}
	if x.RealisedPnL != 0 {
		line += " realised " + x.RealisedPnL.String()
	}
	return line
}

func sideWord(s order.Side) string {
	if s == order.Buy {
		return "buy"
	}
	return "sell"
}

func productWord(p order.Product) string {
	switch p {
	case order.CNC:
		return "CNC"
	case order.MIS:
		return "MIS"
	case order.NRML:
		return "NRML"
	default:
		return "?"
	}
}
