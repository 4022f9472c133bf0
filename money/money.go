// Package money holds the integer values every number a user sees is made of: Paise, Price, Qty and Rate, with parsing,
// printing, checked arithmetic and named rounding. It knows no market and no rule. Nothing here is a float.
//
// Invariants: a Paise is hundredths of a rupee, a Price ten-thousandths (currency ticks are finer than a paisa), a Qty
// units (never lots), a Rate parts per billion. Arithmetic that could overflow reports it; it never wraps.
package money

import (
	"errors"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Paise is an amount of money in hundredths of a rupee; negative amounts are debits or losses.
type Paise int64

// Price is a price per unit in ten-thousandths of a rupee. Zero means "no price" in market data.
type Price int64

// Qty is a number of units (shares, or contract units: one NIFTY lot of 65 is Qty 65). Signed where a side is implied.
type Qty int64

// Rate is a fraction in parts per billion: 0.1 % is 1_000_000.
type Rate int64

const (
	// PriceScale is the number of Price units in one rupee.
	PriceScale = 10_000
	// PaiseScale is the number of Paise in one rupee.
	PaiseScale = 100
	// PricePerPaisa is the number of Price units in one paisa.
	PricePerPaisa = PriceScale / PaiseScale
	// RateScale is the number of Rate units in 1 (100 %).
	RateScale = 1_000_000_000
	// PaisePerRupee is PaiseScale as an amount.
	PaisePerRupee Paise = PaiseScale
)

// ErrOverflow says that a result does not fit int64. Callers refuse the input; they never clamp.
var ErrOverflow = errors.New("money: overflow")

// ErrSyntax says that a text is not a plain decimal number of the wanted scale.
var ErrSyntax = errors.New("money: not a decimal number")

// Rounding names how a result that falls between two units is settled.
type Rounding uint8

const (
	// HalfUp rounds to the nearest unit, ties away from zero. It is the rule of the contract note (india-rules 3.5).
	HalfUp Rounding = iota
	// Down rounds towards zero.
	Down
	// Up rounds away from zero.
	Up
)

// Add returns a+b, or ErrOverflow.
func Add(a, b Paise) (Paise, error) {
	s := a + b
	if (b > 0 && s < a) || (b < 0 && s > a) {
		return 0, ErrOverflow
	}
	return s, nil
}

// MulDiv returns a*b/c through a 128-bit product, rounded as named. c must be positive.
func MulDiv(a, b, c int64, r Rounding) (int64, error) {
	if c <= 0 {
		panic("money: MulDiv by a non-positive divisor")
	}
	neg := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi >= uint64(c) {
		return 0, ErrOverflow
	}
	q, rem := bits.Div64(hi, lo, uint64(c))
	if q > math.MaxInt64 { // before rounding, which could wrap it
		return 0, ErrOverflow
	}
	switch r {
	case HalfUp:
		if rem >= uint64(c)-rem {
			q++
		}
	case Up:
		if rem > 0 {
			q++
		}
	case Down:
	}
	if q > math.MaxInt64 {
		return 0, ErrOverflow
	}
	if neg {
		return -int64(q), nil
	}
	return int64(q), nil
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return uint64(-(v + 1)) + 1
	}
	return uint64(v)
}

// Turnover is price x qty x multiplier in paise, rounded as named. The sign follows qty.
func Turnover(p Price, q Qty, multiplier int64, r Rounding) (Paise, error) {
	n := int64(q)
	if multiplier != 1 {
		hi, lo := bits.Mul64(magnitude(n), magnitude(multiplier))
		if hi != 0 || lo > math.MaxInt64 {
			return 0, ErrOverflow
		}
		if (n < 0) != (multiplier < 0) {
			n = -int64(lo)
		} else {
			n = int64(lo)
		}
	}
	v, err := MulDiv(int64(p), n, PricePerPaisa, r)
	return Paise(v), err
}

// Of returns the share rate of amount, rounded to paise as named.
func (r Rate) Of(amount Paise, rounding Rounding) (Paise, error) {
	v, err := MulDiv(int64(amount), int64(r), RateScale, rounding)
	return Paise(v), err
}

// RoundTo rounds amount to a multiple of unit (paise, > 0), as named: Paise(16_270).RoundTo(100, HalfUp) is 16_300.
func (p Paise) RoundTo(unit Paise, r Rounding) Paise {
	v, err := MulDiv(int64(p), 1, int64(unit), r)
	if err != nil {
		panic("money: RoundTo overflow")
	}
	return Paise(v) * unit
}

// OnTick reports whether p is a multiple of tick (> 0).
func (p Price) OnTick(tick Price) bool { return tick > 0 && p%tick == 0 }

// RoundToTick rounds p to a multiple of tick (> 0): Down towards zero, Up away from it, HalfUp to the nearest.
func (p Price) RoundToTick(tick Price, r Rounding) Price {
	v, err := MulDiv(int64(p), 1, int64(tick), r)
	if err != nil {
		panic("money: RoundToTick overflow")
	}
	return Price(v) * tick
}

// Paise converts a price to paise, rounded half up.
func (p Price) Paise() Paise {
	v, _ := MulDiv(int64(p), 1, PricePerPaisa, HalfUp)
	return Paise(v)
}

// ParsePaise reads a decimal number of rupees with at most two decimals ("-1047.6").
func ParsePaise(s string) (Paise, error) {
	v, err := parseScaled(s, 2)
	return Paise(v), err
}

// ParsePrice reads a decimal number of rupees with at most four decimals ("88.4125").
func ParsePrice(s string) (Price, error) {
	v, err := parseScaled(s, 4)
	return Price(v), err
}

// ParseQty reads a whole number.
func ParseQty(s string) (Qty, error) {
	v, err := parseScaled(s, 0)
	return Qty(v), err
}

// ParsePercent reads a percentage with at most seven decimals ("0.00307") into a Rate.
func ParsePercent(s string) (Rate, error) {
	v, err := parseScaled(s, 7)
	return Rate(v), err
}

// parseScaled reads [-]digits[.digits] as an integer of 10^-decimals. No exponent, sign +, spaces or bare dot.
func parseScaled(s string, decimals int) (int64, error) {
	body, neg := strings.CutPrefix(s, "-")
	whole, frac, hasDot := strings.Cut(body, ".")
	if whole == "" || (hasDot && frac == "") || len(whole) > 19 {
		return 0, ErrSyntax
	}
	for len(frac) > decimals {
		if frac[len(frac)-1] != '0' {
			return 0, ErrSyntax
		}
		frac = frac[:len(frac)-1]
	}
	var v uint64
	for _, digits := range [2]string{whole, frac} {
		for i := range len(digits) {
			d := digits[i] - '0'
			if d > 9 {
				return 0, ErrSyntax
			}
			if v > (math.MaxInt64-9)/10 {
				return 0, ErrOverflow
			}
			v = v*10 + uint64(d)
		}
	}
	for range decimals - len(frac) {
		if v > math.MaxInt64/10 {
			return 0, ErrOverflow
		}
		v *= 10
	}
	if neg {
		return -int64(v), nil
	}
	return int64(v), nil
}

// String prints rupees with two decimals and no grouping: "1047.60". It is the form on our wire.
func (p Paise) String() string { return format(int64(p), 2, 2) }

// String prints rupees with two decimals, or four where a finer part is set: "1047.60", "88.4125".
func (p Price) String() string { return format(int64(p), 4, 2) }

func format(v int64, scale, least int) string {
	digits := strconv.FormatUint(magnitude(v), 10)
	for len(digits) <= scale {
		digits = "0" + digits
	}
	whole, frac := digits[:len(digits)-scale], digits[len(digits)-scale:]
	for len(frac) > least && strings.HasSuffix(frac, "0") {
		frac = frac[:len(frac)-1]
	}
	if len(frac) > least {
		frac += strings.Repeat("0", scale-len(frac))
	}
	if v < 0 {
		return "-" + whole + "." + frac
	}
	return whole + "." + frac
}

// MarshalText and UnmarshalText put amounts on our wire as decimal strings.

// MarshalText writes the String form.
func (p Paise) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what ParsePaise reads.
func (p *Paise) UnmarshalText(b []byte) (err error) { *p, err = ParsePaise(string(b)); return err }

// MarshalText writes the String form.
func (p Price) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what ParsePrice reads.
func (p *Price) UnmarshalText(b []byte) (err error) { *p, err = ParsePrice(string(b)); return err }
