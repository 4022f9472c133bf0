package breezewire

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"paperport/calendar"
	"paperport/money"
)

// ErrNumber says that a JSON value is not a number of the wanted kind.
var ErrNumber = errors.New("breezewire: not a number")

// The flexible values of 7: they accept a number, a numeric string, "" and null (both zero), and differ in how they are
// written.

// Decimal is a price or amount in ten-thousandths, written as a JSON number.
type Decimal money.Price

// DecimalText is a Decimal written as a JSON string.
type DecimalText money.Price

// Count is a whole number, written as a JSON number.
type Count int64

// CountText is a Count written as a JSON string.
type CountText int64

// Text is a string that may arrive as a number, a boolean or null.
type Text string

// MarshalJSON writes the shortest decimal: 1219.45, 96.
func (d Decimal) MarshalJSON() ([]byte, error) { return AppendDecimal(nil, money.Price(d)), nil }

// UnmarshalJSON reads any of the accepted forms.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	v, err := flexible(b)
	*d = Decimal(v)
	return err
}

// MarshalJSON writes the shortest decimal in quotes.
func (d DecimalText) MarshalJSON() ([]byte, error) {
	return append(AppendDecimal([]byte{'"'}, money.Price(d)), '"'), nil
}

// UnmarshalJSON reads any of the accepted forms.
func (d *DecimalText) UnmarshalJSON(b []byte) error {
	v, err := flexible(b)
	*d = DecimalText(v)
	return err
}

// UnmarshalJSON reads any of the accepted forms; a fraction is refused.
func (c *Count) UnmarshalJSON(b []byte) error {
	v, err := flexible(b)
	if err == nil && v%money.PriceScale != 0 {
		err = ErrNumber
	}
	*c = Count(v / money.PriceScale)
	return err
}

// MarshalJSON writes the number in quotes.
func (c CountText) MarshalJSON() ([]byte, error) {
	return append(strconv.AppendInt([]byte{'"'}, int64(c), 10), '"'), nil
}

// UnmarshalJSON reads any of the accepted forms; a fraction is refused.
func (c *CountText) UnmarshalJSON(b []byte) error {
	var plain Count
	err := plain.UnmarshalJSON(b)
	*c = CountText(plain)
	return err
}

// UnmarshalJSON reads a string, a number, a boolean or null ("").
func (t *Text) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*t = ""
		return nil
	}
	if len(b) > 0 && b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return errors.New("breezewire: not a string")
		}
		*t = Text(s)
		return nil
	}
	if len(b) > 0 && (b[0] == '{' || b[0] == '[') {
		return errors.New("breezewire: not a string")
	}
	*t = Text(b)
	return nil
}

// flexible reads one JSON scalar into ten-thousandths.
func flexible(b []byte) (int64, error) {
	if string(b) == "null" || string(b) == `""` {
		return 0, nil
	}
	if len(b) >= 2 && b[0] == '"' {
		b = b[1 : len(b)-1]
	}
	v, n := scanNumber(b, 0)
	if n != len(b) {
		return 0, ErrNumber
	}
	return v, nil
}

// AppendDecimal appends the shortest decimal form of p.
func AppendDecimal(dst []byte, p money.Price) []byte {
	v := int64(p)
	if v < 0 {
		dst = append(dst, '-')
		v = -v
	}
	dst = strconv.AppendInt(dst, v/money.PriceScale, 10)
	frac := v % money.PriceScale
	if frac == 0 {
		return dst
	}
	dst = append(dst, '.')
	for unit := int64(money.PriceScale / 10); frac > 0; unit /= 10 {
		dst = append(dst, byte('0'+frac/unit))
		frac %= unit
	}
	return dst
}

// The date and time forms of the wire. All are IST wall clock, also those that end in Z (2).
const (
	layoutDate      = "02-Jan-2006"
	layoutShortDate = "02-Jan-06"
	layoutTime      = "02-Jan-2006 15:04:05"
	layoutBar       = "2006-01-02 15:04:05"
	layoutRequest   = "2006-01-02T15:04:05"
)

// FormatDate prints "27-Feb-2025".
func FormatDate(d calendar.Date) string { return dateTime(d).Format(layoutDate) }

// FormatTime prints "05-Feb-2025 09:36:56", "" for the zero Instant.
func FormatTime(i calendar.Instant) string {
	if i == 0 {
		return ""
	}
	return i.IST().Format(layoutTime)
}

// RequestTime prints an instant as requests do: IST wall clock followed by a Z that is a lie.
func RequestTime(i calendar.Instant) string { return i.IST().Format(layoutRequest) + ".000Z" }

// RequestDate prints a date as requests do; the time of day is ignored by the broker.
func RequestDate(d calendar.Date) string { return dateTime(d).Format(layoutRequest) + ".000Z" }

// ParseRequestTime reads a request's time: IST wall clock, seconds and what follows optional.
func ParseRequestTime(s string) (calendar.Instant, error) {
	for _, layout := range []string{layoutRequest, "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if len(s) < len(layout) {
			continue
		}
		if t, err := time.ParseInLocation(layout, s[:len(layout)], calendar.IST); err == nil {
			return calendar.FromTime(t), nil
		}
	}
	return 0, errors.New("breezewire: not a time like 2025-02-03T09:20:00.000Z")
}

// ParseDate reads a date in any of the wire's forms; "" is the zero Date.
func ParseDate(s string) (calendar.Date, error) {
	if s == "" {
		return 0, nil
	}
	for _, layout := range []string{layoutDate, layoutShortDate, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return calendar.NewDate(t.Date()), nil
		}
	}
	if len(s) > len(time.DateOnly) {
		if t, err := time.Parse(time.DateOnly, s[:len(time.DateOnly)]); err == nil {
			return calendar.NewDate(t.Date()), nil
		}
	}
	return 0, errors.New("breezewire: not a date like 27-Feb-2025")
}

// ParseTime reads "05-Feb-2025 09:36:56" or a bar's "2025-02-03 09:21:00", IST; "" is the zero Instant.
func ParseTime(s string) (calendar.Instant, error) {
	if s == "" {
		return 0, nil
	}
	for _, layout := range []string{layoutTime, layoutBar, "02-Jan-2006 15:04"} {
		if t, err := time.ParseInLocation(layout, s, calendar.IST); err == nil {
			return calendar.FromTime(t), nil
		}
	}
	return 0, errors.New("breezewire: not a time like 05-Feb-2025 09:36:56")
}

func dateTime(d calendar.Date) time.Time { return time.Date(1970, 1, 1+int(d), 0, 0, 0, 0, time.UTC) }
