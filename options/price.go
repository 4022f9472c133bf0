// Package options prices European options: Black-76 on a forward and Black-Scholes on a spot, with Greeks, implied
// volatility and the forward that put-call parity implies. It knows no market, no calendar and no money: prices are
// floats in rupees and never enter the core except rounded, as data of an input.
//
// Conventions (india-rules 7.1): time in years of 525,600 minutes, delta per point, theta per calendar day, vega and rho
// per one percent. Known limits: no dividends, no early exercise.
package options

import "math"

// Model is the formula a price comes from.
type Model uint8

// The models. Black76 takes a forward of the option's own expiry, BlackScholes a spot.
const (
	Black76 Model = iota
	BlackScholes
)

// MinYears is the shortest time that is priced; at or below it an option is worth its intrinsic value.
const MinYears = 1e-8

// Option is what a price depends on.
type Option struct {
	Model Model
	// IsPut selects the put; the zero value is a call.
	IsPut bool
	// Underlying is the forward (Black76) or the spot (BlackScholes), Strike the exercise price; both in rupees, > 0.
	Underlying, Strike float64
	// Years is the time to expiry, Rate the continuous annual rate (0.065 is 6.5 %), Vol the annual volatility (0.12 is 12 %).
	Years, Rate, Vol float64
}

// Greeks are the sensitivities of one unit of a long option.
type Greeks struct {
	// Delta is per point of the underlying, Gamma the change of delta per point.
	Delta, Gamma float64
	// Theta is per calendar day; Vega and Rho are per one percent.
	Theta, Vega, Rho float64
}

// Price returns the value of o in rupees. With no time or no volatility left it is the discounted intrinsic value.
func Price(o Option) float64 {
	if o.Years <= MinYears || o.Vol <= 0 {
		return Intrinsic(o)
	}
	d1, d2 := o.d()
	under, strike := o.discounts()
	if o.IsPut {
		return o.Strike*strike*normal(-d2) - o.Underlying*under*normal(-d1)
	}
	return o.Underlying*under*normal(d1) - o.Strike*strike*normal(d2)
}

// Intrinsic returns the lowest value o can have, discounted.
func Intrinsic(o Option) float64 {
	under, strike := o.discounts()
	gain := o.Underlying*under - o.Strike*strike
	if o.IsPut {
		gain = -gain
	}
	return math.Max(gain, 0)
}

// GreeksOf returns the sensitivities of o, which must have time and volatility left; otherwise all are zero.
func GreeksOf(o Option) Greeks {
	if o.Years <= MinYears || o.Vol <= 0 {
		return Greeks{}
	}
	d1, d2 := o.d()
	under, strike := o.discounts()
	root := math.Sqrt(o.Years)
	density := math.Exp(-d1*d1/2) / math.Sqrt(2*math.Pi)
	g := Greeks{
		Delta: under * normal(d1),
		Gamma: under * density / (o.Underlying * o.Vol * root),
		Vega:  o.Underlying * under * density * root / 100,
	}
	side := 1.0
	if o.IsPut {
		g.Delta, side = -under*normal(-d1), -1
	}
	decay := -o.Underlying * under * density * o.Vol / (2 * root)
	switch o.Model {
	case Black76:
		price := Price(o)
		g.Theta = (decay + o.Rate*price) / 365
		g.Rho = -o.Years * price / 100
	case BlackScholes:
		g.Theta = (decay - side*o.Rate*o.Strike*strike*normal(side*d2)) / 365
		g.Rho = side * o.Strike * o.Years * strike * normal(side*d2) / 100
	}
	return g
}

// ForwardByParity returns the forward that a call and a put of one strike imply: K + e^(rT)(C - P).
func ForwardByParity(call, put, strike, years, rate float64) float64 {
	return strike + math.Exp(rate*years)*(call-put)
}

// d returns d1 and d2.
func (o Option) d() (d1, d2 float64) {
	drift := 0.0
	if o.Model == BlackScholes {
		drift = o.Rate
	}
	dev := o.Vol * math.Sqrt(o.Years)
	d1 = (math.Log(o.Underlying/o.Strike)+drift*o.Years)/dev + dev/2
	return d1, d1 - dev
}

// discounts returns the factors on the underlying and on the strike.
func (o Option) discounts() (under, strike float64) {
	df := math.Exp(-o.Rate * math.Max(o.Years, 0))
	if o.Model == Black76 {
		return df, df
	}
	return 1, df
}

// normal is the standard normal distribution function.
func normal(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
