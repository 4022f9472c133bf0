package instrument

import (
	"strconv"

	"paperport/calendar"
	"paperport/money"
)

// monthCodes are the one-letter months of weekly symbols: 1 to 9, then O, N, D (india-rules 8, from memory, unverified).
const monthCodes = "123456789OND"

// Cycle says whether an expiry is the last of its month (monthly) or an earlier one, which symbols spell differently.
type Cycle uint8

// The cycles.
const (
	Monthly Cycle = iota
	Weekly
)

// TradingSymbol returns the symbol of a contract as Indian terminals write it (Kite style, india-rules 8):
// NIFTY26DECFUT, NIFTY26DEC24000CE, and for a weekly expiry NIFTY26D0124000CE.
func TradingSymbol(underlying string, expiry calendar.Date, cycle Cycle, strike money.Price, right Right) string {
	var buffer [64]byte
	return string(appendSymbol(buffer[:0], underlying, expiry, cycle, strike, right))
}

func appendSymbol(b []byte, underlying string, expiry calendar.Date, cycle Cycle, strike money.Price, right Right) []byte {
	b = append(b, underlying...)
	b = appendExpiryCode(b, expiry, cycle)
	if right == NoRight {
		return append(b, "FUT"...)
	}
	b = appendStrike(b, strike)
	return append(b, right.String()...)
}

func appendExpiryCode(b []byte, expiry calendar.Date, cycle Cycle) []byte {
	year, month, day := expiry.YMD()
	b = append(b, byte('0'+year/10%10), byte('0'+year%10))
	if cycle == Monthly {
		return append(b, monthWords[month-1][:3]...)
	}
	return append(b, monthCodes[month-1], byte('0'+day/10), byte('0'+day%10))
}

// Label returns the name a trader reads: "RELIANCE", "NIFTY 29 DEC FUT", "NIFTY 29 DEC 24000 CE", with the year when it is
// not that of today.
func (i *Instrument) Label(today calendar.Date) string {
	if i.Kind == Equity || i.Kind == Index {
		return i.Symbol
	}
	year, month, day := i.Expiry.YMD()
	b := make([]byte, 0, len(i.Underlying)+24)
	b = append(b, i.Underlying...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(day), 10)
	b = append(b, ' ')
	b = append(b, monthWords[month-1][:3]...)
	if thisYear, _, _ := today.YMD(); year != thisYear {
		b = append(b, ' ')
		b = strconv.AppendInt(b, int64(year), 10)
	}
	if i.Kind == Future {
		return string(append(b, " FUT"...))
	}
	b = append(b, ' ')
	b = append(b, strikeText(i.Strike)...)
	b = append(b, ' ')
	return string(append(b, i.Right.String()...))
}

// strikeText prints a strike without superfluous zeros: "24000", "167.5".
func strikeText(p money.Price) string {
	var buffer [24]byte
	return string(appendStrike(buffer[:0], p))
}

func appendStrike(b []byte, p money.Price) []byte {
	b = strconv.AppendInt(b, int64(p/money.PriceScale), 10)
	rest := int64(p % money.PriceScale)
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	for unit := int64(money.PriceScale / 10); rest > 0; unit /= 10 {
		b = append(b, byte('0'+rest/unit))
		rest %= unit
	}
	return b
}

var monthWords = [12]string{"JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE",
	"JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"}
