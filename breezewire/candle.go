package breezewire

import (
	"errors"
	"strconv"
	"strings"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// ErrCandle says that a text is not a candle of the stream.
var ErrCandle = errors.New("breezewire: not a candle")

// Bar is one candle of the stream with whose it is. Code has no Token: the stream does not send it.
type Bar struct {
	Code     Code
	Interval market.Interval
	Candle   market.Candle
}

// Channel is the event name of an interval's candles; ok is false for Day, which is not streamed.
func Channel(i market.Interval) (name string, ok bool) {
	switch i {
	case market.Second:
		return "1SEC", true
	case market.Minute:
		return "1MIN", true
	case market.FiveMinutes:
		return "5MIN", true
	case market.ThirtyMinutes:
		return "30MIN", true
	case market.Day:
		return "", false
	default:
		return "", false
	}
}

// ParseChannel is the inverse of Channel.
func ParseChannel(name string) (market.Interval, bool) {
	switch name {
	case "1SEC":
		return market.Second, true
	case "1MIN":
		return market.Minute, true
	case "5MIN":
		return market.FiveMinutes, true
	case "30MIN":
		return market.ThirtyMinutes, true
	default:
		return 0, false
	}
}

// EncodeBar prints a candle as the stream sends it (3.8): 9 fields for cash, 11 for futures, 13 for options, in the
// order low, high, open, close. It is the text, not yet a JSON string.
func EncodeBar(b Bar) string {
	channel, _ := Channel(b.Interval)
	parts := []string{string(b.Code.ExchangeCode), b.Code.StockCode}
	if b.Code.Product != Cash {
		parts = append(parts, FormatDate(b.Code.Expiry))
	}
	if b.Code.Product == Options {
		parts = append(parts, decimalWithPoint(b.Code.Strike), b.Code.Right.String())
	}
	c := b.Candle
	parts = append(parts, decimal(c.Low), decimal(c.High), decimal(c.Open), decimal(c.Close), strconv.FormatInt(int64(c.Volume), 10))
	if b.Code.Product != Cash {
		parts = append(parts, strconv.FormatInt(int64(c.OI), 10))
	}
	parts = append(parts, c.Start.IST().Format(layoutBar), channel)
	return strings.Join(parts, ",")
}

func decimal(p money.Price) string { return string(AppendDecimal(nil, p)) }

// decimalWithPoint prints 23550 as "23550.0".
func decimalWithPoint(p money.Price) string {
	s := decimal(p)
	if p%money.PriceScale == 0 {
		s += ".0"
	}
	return s
}

const barMax = 256

// DecodeBar reads the text of a candle event. The number of fields tells the product.
func DecodeBar(text string) (Bar, error) {
	if len(text) > barMax {
		return Bar{}, ErrCandle
	}
	parts := strings.Split(text, ",")
	exchange, ok := ParseExchangeCode(parts[0])
	if !ok {
		return Bar{}, ErrCandle
	}
	b := Bar{Code: Code{ExchangeCode: exchange, Product: Cash}}
	head := 2
	switch len(parts) {
	case 9:
	case 11:
		b.Code.Product, head = Futures, 3
	case 13:
		b.Code.Product, head = Options, 5
	default:
		return Bar{}, ErrCandle
	}
	if !readBarHead(&b.Code, parts[1:head]) || !readBar(&b, parts[head:]) {
		return Bar{}, ErrCandle
	}
	return b, nil
}

// readBarHead reads stock code, and for derivatives expiry, strike and right.
func readBarHead(code *Code, parts []string) bool {
	code.StockCode = parts[0]
	if code.StockCode == "" {
		return false
	}
	if len(parts) == 1 {
		return true
	}
	expiry, err := ParseDate(parts[1])
	if err != nil || expiry == 0 {
		return false
	}
	code.Expiry = expiry
	if len(parts) == 2 {
		return true
	}
	strike, ok := parseDecimal(parts[2])
	right, ok2 := ParseRight(parts[3])
	code.Strike, code.Right = strike, right
	return ok && ok2 && strike > 0 && right != instrument.NoRight
}

// readBar reads low, high, open, close, volume, perhaps open interest, time and channel.
func readBar(b *Bar, parts []string) bool {
	var prices [4]money.Price
	for i := range prices {
		p, ok := parseDecimal(parts[i])
		if !ok || p <= 0 {
			return false
		}
		prices[i] = p
	}
	c := &b.Candle
	c.Low, c.High, c.Open, c.Close = prices[0], prices[1], prices[2], prices[3]
	volume, ok := parseWhole(parts[4])
	if !ok || c.Low > c.High || !isWithin(c.Open, c) || !isWithin(c.Close, c) {
		return false
	}
	c.Volume = volume
	rest := parts[5:]
	if len(rest) == 3 {
		if c.OI, ok = parseWhole(rest[0]); !ok {
			return false
		}
		rest = rest[1:]
	}
	start, err := ParseTime(rest[0])
	c.Start = start
	b.Interval, ok = ParseChannel(rest[1])
	return ok && err == nil && start > 0
}

func isWithin(p money.Price, c *market.Candle) bool { return p >= c.Low && p <= c.High }

func parseDecimal(s string) (money.Price, bool) {
	v, n := scanNumber([]byte(s), 0)
	return money.Price(v), n == len(s) && n > 0
}

func parseWhole(s string) (money.Qty, bool) {
	p, ok := parseDecimal(s)
	return money.Qty(p / money.PriceScale), ok && p >= 0 && p%money.PriceScale == 0
}

// The words of the two REST services for an interval: v1 drops the 1 (2.5), v2 keeps it (2.6).
var intervalWords = [...]struct{ v1, v2 string }{
	market.Second:        {"", "1second"},
	market.Minute:        {"minute", "1minute"},
	market.FiveMinutes:   {"5minute", "5minute"},
	market.ThirtyMinutes: {"30minute", "30minute"},
	market.Day:           {"day", "1day"},
}

// IntervalV1 is the word of historicalcharts v1, "" for seconds, which it does not serve.
func IntervalV1(i market.Interval) string { return intervalWords[i].v1 }

// IntervalV2 is the word of historicalcharts v2.
func IntervalV2(i market.Interval) string { return intervalWords[i].v2 }

// ParseInterval reads the words of either service.
func ParseInterval(word string) (market.Interval, bool) {
	for i, w := range intervalWords {
		if word != "" && (word == w.v1 || word == w.v2) {
			return market.Interval(i), true
		}
	}
	return 0, false
}

// Length returns how long an interval is, in microseconds of Instant; a Day is 24 hours.
func Length(i market.Interval) calendar.Instant {
	switch i {
	case market.Second:
		return 1_000_000
	case market.Minute:
		return 60_000_000
	case market.FiveMinutes:
		return 300_000_000
	case market.ThirtyMinutes:
		return 1_800_000_000
	case market.Day:
		return 86_400_000_000
	default:
		return 0
	}
}
