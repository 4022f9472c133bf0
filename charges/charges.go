// Package charges turns a trade into an itemised charge note: brokerage by plan, STT or CTT, exchange charge, SEBI fee,
// stamp duty and GST, from dated embedded tables with their sources, rounded as india-rules 3.5 says.
package charges

import "paperport/money"

// Note is the charges of one order leg or trade, line by line, each in paise and >= 0.
type Note struct {
	Turnover                                               money.Paise
	Brokerage, STT, Exchange, SEBIFee, StampDuty, GST, CTT money.Paise
	// DPCharge is posted on its own (once per ISIN and day of delivery sale) and is not part of Total.
	DPCharge money.Paise
}

// Total is the sum of the lines of the contract note, without DPCharge.
func (n Note) Total() money.Paise {
	return n.Brokerage + n.STT + n.Exchange + n.SEBIFee + n.StampDuty + n.GST + n.CTT
}
