package options

import (
	"errors"
	"math"
)

// The bounds of an implied volatility: 0.01 % to 500 % a year (india-rules 7.1).
const (
	MinVol = 0.0001
	MaxVol = 5
)

// ErrNoVol says that no volatility within the bounds gives the price: it is below the intrinsic value, above what the
// largest volatility gives, or the option has no time left.
var ErrNoVol = errors.New("options: no implied volatility")

// ImpliedVol returns the volatility at which o is worth price, to about 1e-12; o.Vol is ignored. Newton's method, kept
// inside a bracket that bisection shrinks.
func ImpliedVol(o Option, price float64) (float64, error) {
	if o.Years <= MinYears || o.Underlying <= 0 || o.Strike <= 0 || math.IsNaN(price) {
		return 0, ErrNoVol
	}
	low, high := MinVol, float64(MaxVol)
	if price < at(o, low) || price > at(o, high) || price <= Intrinsic(o) {
		return 0, ErrNoVol
	}
	vol := math.Min(math.Max(math.Sqrt(2*math.Abs(math.Log(o.Underlying/o.Strike))/o.Years), 0.1), 2)
	for range 200 {
		o.Vol = vol
		miss := Price(o) - price
		if miss > 0 {
			high = vol
		} else {
			low = vol
		}
		next := vol - miss/(GreeksOf(o).Vega*100)
		if !(next > low && next < high) {
			next = (low + high) / 2
		}
		if math.Abs(next-vol) < 1e-13 {
			return next, nil
		}
		vol = next
	}
	return vol, nil
}

func at(o Option, vol float64) float64 {
	o.Vol = vol
	return Price(o)
}
