// Package calendar knows when Indian exchanges trade: dates and instants in IST, exchanges, segments, boards, holidays,
// phases of the day, square-off times and settlement days. It knows no instrument and no price.
//
// Invariants: a Date is a civil date in IST and is never cut from UTC; an Instant is UTC microseconds; every rule comes
// from an embedded, dated table with its source, over which Load lays files of the caller; Replace swaps all of them at once.
package calendar

import (
	"fmt"
	"time"
)

// IST is Indian Standard Time. India has had no daylight saving since 1945, so a fixed zone needs no zone files.
var IST = time.FixedZone("IST", 5*3600+1800)

// Date is a civil date in IST, as days since 1970-01-01. The zero Date means "none".
type Date int32

// NewDate returns the date of a year, month and day; out-of-range values are normalised as time.Date does.
func NewDate(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDate reads "2006-01-02".
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("calendar: %q is not a date like 2026-11-24", s)
	}
	return Date(t.Unix() / 86400), nil
}

// String prints "2006-01-02", or "" for the zero Date.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return d.utc().Format(time.DateOnly)
}

// YMD returns the parts of the date.
func (d Date) YMD() (int, time.Month, int) { return d.utc().Date() }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Add returns the date n days later (earlier when n < 0).
func (d Date) Add(n int) Date { return d + Date(n) }

// At returns the instant at which IST clocks show the given time of day on d. timeOfDay is counted from 00:00.
func (d Date) At(timeOfDay time.Duration) Instant {
	return Instant(int64(d)*86_400_000_000-istOffsetMicros) + Instant(timeOfDay/time.Microsecond)
}

// MarshalText writes the String form.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDate reads; an empty text is the zero Date.
func (d *Date) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	*d, err = ParseDate(string(b))
	return err
}

func (d Date) utc() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

const istOffsetMicros = (5*3600 + 1800) * 1_000_000

// Instant is a moment in UTC, in microseconds since the Unix epoch. The zero Instant means "never" or "unknown".
type Instant int64

// FromTime returns the instant of t, cut to microseconds.
func FromTime(t time.Time) Instant { return Instant(t.UnixMicro()) }

// Time returns the instant as a time.Time in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// IST returns the instant as a time.Time in IST.
func (i Instant) IST() time.Time { return time.UnixMicro(int64(i)).In(IST) }

// Date returns the civil date in IST.
func (i Instant) Date() Date {
	return Date(floorDiv(int64(i)+istOffsetMicros, 86_400_000_000))
}

// TimeOfDay returns how much of the IST day has passed.
func (i Instant) TimeOfDay() time.Duration {
	micros := int64(i) + istOffsetMicros
	return time.Duration(micros-floorDiv(micros, 86_400_000_000)*86_400_000_000) * time.Microsecond
}

// Add returns the instant d later.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d/time.Microsecond) }

// Sub returns i - j.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i-j) * time.Microsecond }

// String prints RFC 3339 in UTC, or "" for the zero Instant. It is the form on our wire.
func (i Instant) String() string {
	if i == 0 {
		return ""
	}
	return i.Time().Format(time.RFC3339Nano)
}

// MarshalText writes the String form.
func (i Instant) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads RFC 3339; an empty text is the zero Instant.
func (i *Instant) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*i = 0
		return nil
	}
	t, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return fmt.Errorf("calendar: %q is not a time like 2026-11-24T03:45:00Z", b)
	}
	*i = FromTime(t)
	return nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
