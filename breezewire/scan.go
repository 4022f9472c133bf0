package breezewire

import "paperport/money"

// digitsMax is the most digits a whole part may have: 10^14 in ten-thousandths still fits with room for arithmetic.
const digitsMax = 14

// scaleOf is the factor that turns a number with so many decimals into ten-thousandths.
var scaleOf = [...]int64{money.PriceScale, 1000, 100, 10, 1}

// scanNumber reads a decimal number at b[i] into ten-thousandths, rounded half away from zero at the fifth decimal (a
// float's noise), and returns the index behind it. The index is i when there is no number: a bare sign or point, more
// than 14 whole digits. An exponent is not read: the caller stumbles over its letter.
func scanNumber(b []byte, i int) (v int64, next int) {
	start := i
	isNegative := i < len(b) && b[i] == '-'
	if isNegative {
		i++
	}
	first := i
	for i < len(b) {
		d := b[i] - '0'
		if d > 9 {
			break
		}
		v = v*10 + int64(d)
		i++
	}
	if n := i - first; n == 0 || n > digitsMax {
		return 0, start
	}
	if i < len(b) && b[i] == '.' {
		if v, i = scanFraction(b, i+1, v); i == 0 {
			return 0, start
		}
	} else {
		v *= money.PriceScale
	}
	if isNegative {
		v = -v
	}
	return v, i
}

// scanFraction appends the decimals at b[i] to the whole number v and scales it. The index is 0 when there are none.
func scanFraction(b []byte, i int, v int64) (scaled int64, next int) {
	from, end := i, min(i+4, len(b))
	for i < end {
		d := b[i] - '0'
		if d > 9 {
			break
		}
		v = v*10 + int64(d)
		i++
	}
	n := i - from
	if n == 0 {
		return 0, 0
	}
	v *= scaleOf[n]
	if n < 4 || i == len(b) || b[i]-'0' > 9 {
		return v, i
	}
	if b[i] >= '5' {
		v++
	}
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return v, i
}
