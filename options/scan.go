package options

import (
	"errors"
	"math"

	"paperport/money"
)

// ScanPoints is the number of scenarios of a risk array.
const ScanPoints = 16

// ScanRate is the interest rate that the exchange's risk files use (india-rules 4.4, 7.1).
const ScanRate = 0.07

// ErrScan says that an array cannot be made: an input is missing or not a number, or the price implies no volatility
// and no other was given.
var ErrScan = errors.New("options: no scan without price, forward and time")

// ScanArray is a risk array: what one long unit loses in each scenario, in the order of the exchange's files (india-rules
// 4.3). It has the same fields as margin.Array, so that one converts to the other. Losses and Price are rounded to whole
// paise, ties away from zero, and Delta to 1e-4: floats end here.
type ScanArray struct {
	// Losses are positive for a loss; the weight of scenarios 15 and 16 is inside.
	Losses [ScanPoints]money.Price
	// Delta is the composite delta: Black-76 of today, where the exchange averages over scenarios. 1 for a future.
	Delta money.Rate
	// Price is what the losses are counted from.
	Price money.Price
}

// ScanInput is what an array depends on. Prices are in rupees, PSR and VSR fractions (0.093, 0.04).
type ScanInput struct {
	// IsFuture takes a future at Forward; the option's fields are then ignored.
	IsFuture, IsPut bool
	// Forward is the price for the contract's own expiry; zero means Spot carried at Rate.
	Spot, Forward float64
	// Price is the option's mid; zero means unknown, and Vol must then be set.
	Price, Strike float64
	// Years is the time to expiry, Rate the annual rate (ScanRate).
	Years, Rate float64
	// PSR is the price scan range as a share of Forward, VSR the volatility scan range in absolute points.
	PSR, VSR float64
	// Vol serves where Price implies no volatility; zero means none.
	Vol float64
}

type scenario struct{ price, vol, weight float64 }

// scenarios are the sixteen points of the exchange's grid: india-rules 4.3, the weight of 15 and 16 derived there from
// the NIFTY Jun-26 array of 2026-06-25.
var scenarios = [ScanPoints]scenario{
	{0, 1, 1}, {0, -1, 1}, {1. / 3, 1, 1}, {1. / 3, -1, 1}, {-1. / 3, 1, 1}, {-1. / 3, -1, 1},
	{2. / 3, 1, 1}, {2. / 3, -1, 1}, {-2. / 3, 1, 1}, {-2. / 3, -1, 1},
	{1, 1, 1}, {1, -1, 1}, {-1, 1, 1}, {-1, -1, 1}, {2, 0, 0.35}, {-2, 0, 0.35},
}

// lookAhead is the day by which the scenarios are later than now (lookAheadYears of the file).
const lookAhead = 1.0 / 365

// Scan makes the array of one contract without an exchange file (india-rules 4.4). It is an approximation and whatever
// rests on it is labelled so. The error is ErrScan.
func Scan(in ScanInput) (ScanArray, error) {
	if in.Forward == 0 {
		in.Forward = in.Spot * math.Exp(in.Rate*math.Max(in.Years, 0))
	}
	if !isAbove(in.Forward, 0) || !isAbove(in.PSR, 0) || in.PSR >= 0.5 {
		return ScanArray{}, ErrScan
	}
	if in.IsFuture {
		return scanFuture(in)
	}
	return scanOption(in)
}

func scanFuture(in ScanInput) (ScanArray, error) {
	a := ScanArray{Delta: money.RateScale}
	var err error
	if a.Price, err = inPaise(in.Forward); err != nil {
		return ScanArray{}, err
	}
	for j, s := range scenarios {
		if a.Losses[j], err = inPaise(-s.weight * in.Forward * s.price * in.PSR); err != nil {
			return ScanArray{}, err
		}
	}
	return a, nil
}

func scanOption(in ScanInput) (ScanArray, error) {
	if !isAbove(in.Strike, 0) || !isAbove(in.VSR, 0) || math.IsNaN(in.Years) || math.IsInf(in.Price, 0) {
		return ScanArray{}, ErrScan
	}
	o := Option{IsPut: in.IsPut, Underlying: in.Forward, Strike: in.Strike, Years: in.Years, Rate: in.Rate}
	vol, err := scanVol(o, in)
	if err != nil {
		return ScanArray{}, err
	}
	o.Vol = vol
	if in.Price <= 0 {
		in.Price = Price(o)
	}
	var a ScanArray
	if a.Price, err = inPaise(in.Price); err != nil {
		return ScanArray{}, err
	}
	a.Delta = money.Rate(math.Round(GreeksOf(o).Delta*1e4)) * (money.RateScale / 1e4)
	o.Years -= lookAhead
	from := float64(a.Price) / money.PriceScale
	for j, s := range scenarios {
		o.Underlying = in.Forward * (1 + s.price*in.PSR)
		o.Vol = math.Max(vol+s.vol*in.VSR, MinVol)
		if a.Losses[j], err = inPaise(s.weight * (from - Price(o))); err != nil {
			return ScanArray{}, err
		}
	}
	return a, nil
}

// scanVol is the volatility that the price implies, else the one given, else the least for a price without time value.
func scanVol(o Option, in ScanInput) (float64, error) {
	if o.Years <= MinYears {
		return MinVol, nil
	}
	if in.Price > 0 {
		if vol, err := ImpliedVol(o, in.Price); err == nil {
			return vol, nil
		}
	}
	if isAbove(in.Vol, 0) {
		return math.Min(in.Vol, MaxVol), nil
	}
	if in.Price > 0 && in.Price <= Intrinsic(o) {
		return MinVol, nil
	}
	return 0, ErrScan
}

// inPaise rounds rupees to whole paise, ties away from zero.
func inPaise(rupees float64) (money.Price, error) {
	paise := math.Round(rupees * money.PaiseScale)
	if math.IsNaN(paise) || math.Abs(paise) > 1e14 {
		return 0, ErrScan
	}
	return money.Price(paise) * money.PricePerPaisa, nil
}

// isAbove reports whether v is a finite number above low.
func isAbove(v, low float64) bool { return v > low && !math.IsInf(v, 0) }
