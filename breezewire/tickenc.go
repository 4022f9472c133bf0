package breezewire

import (
	"strconv"

	"paperport/market"
	"paperport/money"
)

// AppendQuote appends the array of a quote room (3.4): 21 fields for cash and indices, 23 for derivatives. isIndex sends
// null where an index has nothing: book, sizes, averages and circuits.
func AppendQuote(dst []byte, code Code, q *market.Quote, isIndex bool) []byte {
	room, _ := code.Room(Quotes)
	a := arrayWriter{append(dst, '[')}
	a.text(room.String())
	a.price(q.Open)
	a.price(q.Last)
	a.price(q.High)
	a.price(q.Low)
	a.price(changePercent(q.Last, q.PrevClose))
	if isIndex {
		a.nulls(10)
		a.text(trendOf(q))
		a.nulls(2)
	} else {
		a.book(code, q)
	}
	a.qty(int64(q.At / 1_000_000))
	a.price(q.PrevClose)
	return append(a.b, ']')
}

// book appends fields 6 to 18 or 20.
func (a *arrayWriter) book(code Code, q *market.Quote) {
	a.price(q.Bid)
	a.qty(int64(q.BidQty))
	a.price(q.Ask)
	a.qty(int64(q.AskQty))
	a.qty(int64(q.LastQty))
	a.price(q.AvgPrice)
	if code.ExchangeCode != NSE && code.ExchangeCode != BSE {
		a.qty(int64(q.OI))
		if code.ExchangeCode == BFO {
			a.qty(int64(q.OIChange))
		} else {
			a.nulls(1)
		}
	}
	a.qty(int64(q.Volume))
	a.qty(int64(q.TotalBid))
	a.qty(int64(q.TotalAsk))
	crores := money.Price(turnoverCrores(q.AvgPrice, q.Volume) * (money.PriceScale / 100))
	if code.ExchangeCode == BFO {
		a.price(crores)
	} else {
		a.text(string(AppendDecimal(nil, crores)) + "C")
	}
	a.text("")
	a.price(q.LowerCircuit)
	a.price(q.UpperCircuit)
}

func trendOf(q *market.Quote) string {
	switch {
	case q.Last > q.PrevClose:
		return "+"
	case q.Last < q.PrevClose:
		return "-"
	default:
		return ""
	}
}

// changePercent is (last - base) / base in percent with two decimals, as a Price; 0 without a base.
func changePercent(last, base money.Price) money.Price {
	if base <= 0 {
		return 0
	}
	v, err := money.MulDiv(int64(last-base), 10_000, int64(base), money.HalfUp)
	if err != nil {
		return 0
	}
	return money.Price(v * (money.PriceScale / 100))
}

// AppendDepth appends the array of a depth room (3.5) in the layout of the code's exchange; five levels, missing ones zero.
func AppendDepth(dst []byte, code Code, d *market.Depth) []byte {
	room, _ := code.Room(Ladder)
	a := arrayWriter{append(dst, '[')}
	a.text(room.String())
	a.qty(int64(d.At / 1_000_000))
	a.b = append(a.b, ',', '[')
	for i := range market.MaxLevels {
		if i > 0 {
			a.b = append(a.b, ',')
		}
		a.b = append(a.b, '[')
		a.side(room.Prefix, d.Bids[i])
		a.side(room.Prefix, d.Asks[i])
		a.b = append(a.b, ']')
	}
	return append(a.b, ']', ']')
}

func (a *arrayWriter) side(prefix uint8, l market.Level) {
	a.price(l.Price)
	a.qty(int64(l.Qty))
	if prefix == prefixBSE {
		return
	}
	a.qty(int64(l.Orders))
	if prefix != prefixBFO {
		a.text("")
	}
}

// arrayWriter appends the elements of a JSON array, with commas after the first.
type arrayWriter struct{ b []byte }

func (a *arrayWriter) comma() {
	if a.b[len(a.b)-1] != '[' {
		a.b = append(a.b, ',')
	}
}

func (a *arrayWriter) price(p money.Price) {
	a.comma()
	a.b = AppendDecimal(a.b, p)
}

func (a *arrayWriter) qty(n int64) {
	a.comma()
	a.b = strconv.AppendInt(a.b, n, 10)
}

// text appends a string that needs no escapes: tokens, trends and amounts.
func (a *arrayWriter) text(s string) {
	a.comma()
	a.b = append(a.b, '"')
	a.b = append(a.b, s...)
	a.b = append(a.b, '"')
}

func (a *arrayWriter) nulls(n int) {
	for range n {
		a.comma()
		a.b = append(a.b, "null"...)
	}
}
