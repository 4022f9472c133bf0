// Package charges turns a trade into an itemised charge note: brokerage by plan, STT or CTT, exchange charge, SEBI fee,
// stamp duty and GST, from dated embedded tables with their sources, rounded as india-rules 3.5 says: brokerage,
// exchange charge, SEBI fee and GST half up to the paisa for each order, GST on the rounded parts, STT, CTT and stamp
// duty half up to the rupee; and it finds the price at which an order breaks even. It posts nothing.
//
// Invariant: each line of a note never falls when turnover grows, so the notes of an order's fills, taken as
// differences of cumulative notes, are >= 0 and add up to the note of the whole order exactly.
//
// Known limits: a contract note nets a day's trades of one client and rounds once; we round per order. CNC bought and
// sold on one day is charged as delivery. Minimum-brokerage clauses are left out.
package charges

import "paperport/money"

// Note is the charges of one order leg or trade, line by line, each in paise and >= 0.
type Note struct {
	Turnover                                               money.Paise
	Brokerage, STT, Exchange, SEBIFee, StampDuty, GST, CTT money.Paise
	// DPCharge is posted on its own (once per share and day of delivery sale) and is not part of Total.
	DPCharge money.Paise
}

// Total is the sum of the lines of the contract note, without DPCharge.
func (n Note) Total() money.Paise {
	return n.Brokerage + n.STT + n.Exchange + n.SEBIFee + n.StampDuty + n.GST + n.CTT
}

// Sub returns the note of what came since earlier, line by line.
func (n Note) Sub(earlier Note) Note {
	return n.combine(earlier, -1)
}

// Add returns the lines of both notes together.
func (n Note) Add(other Note) Note { return n.combine(other, 1) }

func (n Note) combine(o Note, sign money.Paise) Note {
	return Note{
		Turnover:  n.Turnover + sign*o.Turnover,
		Brokerage: n.Brokerage + sign*o.Brokerage,
		STT:       n.STT + sign*o.STT,
		Exchange:  n.Exchange + sign*o.Exchange,
		SEBIFee:   n.SEBIFee + sign*o.SEBIFee,
		StampDuty: n.StampDuty + sign*o.StampDuty,
		GST:       n.GST + sign*o.GST,
		CTT:       n.CTT + sign*o.CTT,
		DPCharge:  n.DPCharge + sign*o.DPCharge,
	}
}
