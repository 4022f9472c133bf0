package breezewire

import "paperport/money"

// digitsMax is the most digits a whole part may have: 10^14 in ten-thousandths still fits with room for arithmetic.
const digitsMax = 14

// scanNumber reads a decimal number at b[i] into ten-thousandths, rounded half away from zero at the fifth decimal (a
// float's noise), and returns the index behind it. The index is i when there is no number: exponents, a bare sign or
// point and more than 14 whole digits are none.
func scanNumber(b []byte, i int) (v int64, next int) {
	start := i
	isNegative := false
	if i < len(b) && b[i] == '-' {
		isNegative = true
		i++
	}
	first := i
	for i < len(b) && b[i]-'0' <= 9 {
		v = v*10 + int64(b[i]-'0')
		i++
		if i-first > digitsMax {
			return 0, start
		}
	}
	if i == first {
		return 0, start
	}
	v *= money.PriceScale
	if i < len(b) && b[i] == '.' {
		fraction, end := scanFraction(b, i+1)
		if end == i+1 {
			return 0, start
		}
		v += fraction
		i = end
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		return 0, start
	}
	if isNegative {
		v = -v
	}
	return v, i
}

// scanFraction reads the digits behind the point at b[i] as ten-thousandths.
func scanFraction(b []byte, i int) (v int64, next int) {
	unit := int64(money.PriceScale)
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		digit := int64(b[i] - '0')
		switch {
		case unit > 1:
			unit /= 10
			v += digit * unit
		case unit == 1:
			if digit >= 5 {
				v++
			}
			unit = 0
		}
	}
	return v, i
}
