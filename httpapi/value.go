package httpapi

import (
	"fmt"
	"strings"
	"unicode"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
)

// known prints a price, "" for none.
func known(p money.Price) string {
	if p == 0 {
		return ""
	}
	return p.String()
}

// checkText refuses what would not show in a name or a note as it was written: control characters, and the marks that
// turn the direction of what follows.
func checkText(field, text string) error {
	isHidden := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
	if strings.ContainsFunc(text, isHidden) {
		return badField(field, field+": leave out control characters and line breaks.")
	}
	return nil
}

// parsePrice reads a price of a request; "" is 0. Only plain positive decimals with at most four places pass.
func parsePrice(field, text string) (money.Price, error) {
	if text == "" {
		return 0, nil
	}
	p, err := money.ParsePrice(text)
	if err != nil || p <= 0 {
		return 0, badField(field, fmt.Sprintf("%s: write a positive amount like 1300.10.", field))
	}
	return p, nil
}

// parseAmount reads a positive amount of money.
func parseAmount(field, text string) (money.Paise, error) {
	amount, err := money.ParsePaise(text)
	if err != nil || amount <= 0 {
		return 0, badField(field, fmt.Sprintf("%s: write a positive amount like 50000.00.", field))
	}
	return amount, nil
}

func parseDate(field, text string) (calendar.Date, error) {
	if text == "" {
		return 0, nil
	}
	date, err := calendar.ParseDate(text)
	if err != nil {
		return 0, badField(field, fmt.Sprintf("%s: write a date like 2026-11-24.", field))
	}
	return date, nil
}

func parseInstant(field, text string) (calendar.Instant, error) {
	var at calendar.Instant
	if err := at.UnmarshalText([]byte(text)); err != nil || at < 0 {
		return 0, badField(field, fmt.Sprintf("%s: write a time like 2026-11-24T03:45:00Z.", field))
	}
	return at, nil
}

// label is the contract as traders say it on a day: "NIFTY 29 DEC 24000 CE", or the share's symbol.
func label(i *instrument.Instrument, on calendar.Date) string {
	if i == nil {
		return ""
	}
	return i.Label(on)
}

func exchangeCode(i *instrument.Instrument) string {
	if i == nil {
		return ""
	}
	return i.ExchangeCode()
}

var sides = map[string]order.Side{"buy": order.Buy, "sell": order.Sell}

var products = map[string]order.Product{"CNC": order.CNC, "MIS": order.MIS, "NRML": order.NRML}

var types = map[string]order.Type{"market": order.Market, "limit": order.Limit, "sl": order.SL, "sl-m": order.SLM}

var validities = map[string]order.Validity{"day": order.Day, "ioc": order.IOC, "minutes": order.Minutes}

func sideText(s order.Side) string {
	switch s {
	case order.Buy:
		return "buy"
	case order.Sell:
		return "sell"
	default:
		return ""
	}
}

func productText(p order.Product) string {
	switch p {
	case order.CNC:
		return "CNC"
	case order.MIS:
		return "MIS"
	case order.NRML:
		return "NRML"
	default:
		return ""
	}
}

func typeText(t order.Type) string {
	switch t {
	case order.Market:
		return "market"
	case order.Limit:
		return "limit"
	case order.SL:
		return "sl"
	case order.SLM:
		return "sl-m"
	default:
		return ""
	}
}

func validityText(v order.Validity) string {
	switch v {
	case order.Day:
		return "day"
	case order.IOC:
		return "ioc"
	case order.Minutes:
		return "minutes"
	default:
		return ""
	}
}

func statusText(s order.Status) string {
	switch s {
	case order.Pending:
		return "pending"
	case order.Open:
		return "open"
	case order.Executed:
		return "executed"
	case order.Cancelled:
		return "cancelled"
	case order.Expired:
		return "expired"
	case order.Rejected:
		return "rejected"
	case order.Denied:
		return "denied"
	case order.TriggerPending:
		return "trigger-pending"
	default:
		return ""
	}
}
