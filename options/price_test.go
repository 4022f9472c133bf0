package options

import (
	"errors"
	"math"
	"testing"
)

// The golden values are india-rules 7.2, made with 50-digit arithmetic; the tolerances are named there.
var golden = []struct {
	name  string
	o     Option
	price float64
	want  Greeks
}{
	{"G1", Option{BlackScholes, false, 24000, 24000, 7.0 / 365, 0.065, 0.12}, 174.40860385, Greeks{0.53320216, 0.0009967986507, -13.57364979, 13.21345368, 2.42074253}},
	{"G2", Option{BlackScholes, true, 24000, 24000, 7.0 / 365, 0.065, 0.12}, 144.50943528, Greeks{-0.46679784, 0.0009967986507, -9.30500169, 13.21345368, -2.17626311}},
	{"G3", Option{BlackScholes, false, 24000, 24000, 7.0 / 365, 0.10, 0.12}, 183.00751239, Greeks{0.54922883, 0.000992639516, -14.83978915, 13.15832064, 2.49286002}},
	{"G4", Option{BlackScholes, false, 24000, 24000, 7.0 / 365, 0, 0.12}, 159.11097757, Greeks{0.50331481, 0.001000230281, -11.36480828, 13.25894299, 2.28611265}},
	{"G5", Option{BlackScholes, true, 24000, 23500, 2.0 / 365, 0.065, 0.155}, 3.28824120, Greeks{-0.03062267, 0.000251338359, -4.63308295, 1.22956102, -0.04045108}},
	{"G6", Option{BlackScholes, false, 24000, 24200, 150.0 / 525600, 0.065, 0.18}, 0.07203316, Greeks{0.00324918, 0.0001347029999, -3.45754705, 0.03985733, 0.0002223411}},
	{"G7", Option{BlackScholes, true, 57000, 60000, 28.0 / 365, 0.065, 0.145}, 2846.15211844, Greeks{-0.87138531, 9.172818921e-5, 0.76848177, 33.15016549, -40.28556757}},
	{"G8", Option{Black76, false, 24120, 24000, 30.0 / 365, 0.065, 0.135}, 432.23677364, Greeks{0.55593650, 0.0004204304846, -6.02954209, 27.14007004, -0.35526310}},
	{"G9", Option{Black76, true, 24120, 24000, 30.0 / 365, 0.065, 0.135}, 312.87616006, Greeks{-0.43873528, 0.0004204304846, -6.05079809, 27.14007004, -0.25715849}},
	{"G10", Option{Black76, false, 24120, 24000, 30.0 / 365, 0, 0.135}, 434.55216323, Greeks{0.55891452, 0.0004226826307, -6.13922691, 27.28545294, -0.35716616}},
	{"G11", Option{Black76, true, 57250, 56000, 21.0 / 365, 0.065, 0.16}, 380.05838947, Greeks{-0.27508760, 0.0001516015152, -17.35727192, 45.74050307, -0.21866373}},
	{"G12", Option{Black76, false, 1462, 1500, 25.0 / 365, 0.065, 0.24}, 21.06335095, Greeks{0.35147448, 0.004028209454, -0.67561907, 1.41535432, -0.01442695}},
	{"G13", Option{Black76, false, 5850, 6000, 14.0 / 365, 0.065, 0.38}, 110.67146094, Greeks{0.38000333, 0.0008730449377, -5.89036191, 4.35478881, -0.04244933}},
	{"G14", Option{Black76, false, 24010.5, 24000, 10.0 / 525600, 0.065, 0.25}, 16.52209163, Greeks{0.65603277, 0.01405604468, -693.77852429, 0.38543415, -3.143473e-6}},
	{"G15", Option{Black76, true, 25500, 24000, 400.0 / 365, 0.065, 0.17}, 1029.41291624, Greeks{-0.31078376, 7.464802406e-5, -1.73832710, 90.43045698, -11.28123744}},
	{"G16", Option{BlackScholes, false, 78000, 80000, 3.0 / 365, 0.065, 0.13}, 5.97325849, Greeks{0.01799914, 4.81527523e-5, -7.03120754, 3.13027191, 0.11490080}},
}

var goldenVols = []struct {
	name    string
	o       Option
	price   float64
	percent float64
}{
	{"V1", Option{Black76, false, 23748.46, 23700, 32.0 / 365, 0.07, 0}, 437.65, 14.8336269699},
	{"V2", Option{Black76, true, 23748.46, 23000, 32.0 / 365, 0.07, 0}, 157.10, 15.6960522869},
	{"V3", Option{BlackScholes, false, 23547.75, 23700, 32.0 / 365, 0.10, 0}, 437.65, 14.7495768359},
	{"V4", Option{BlackScholes, false, 23547.75, 23700, 32.0 / 365, 0.07, 0}, 437.65, 15.8629683443},
	{"V5", Option{Black76, false, 24120, 24000, 30.0 / 365, 0, 0}, 450.00, 14.0659718843},
	{"V6", Option{Black76, true, 57250, 56000, 21.0 / 365, 0.065, 0}, 400.00, 16.4340725952},
	{"V7", Option{BlackScholes, false, 24000, 24200, 150.0 / 525600, 0.065, 0}, 3.00, 30.8563757434},
	{"V8", Option{Black76, false, 24010.5, 24000, 10.0 / 525600, 0.065, 0}, 16.00, 23.6391628224},
}

func TestGoldenPricesAndGreeks(t *testing.T) {
	for _, g := range golden {
		t.Run(g.name, func(t *testing.T) {
			if got := Price(g.o); math.Abs(got-g.price) > 1e-8 {
				t.Errorf("price: got %.10f, want %.10f", got, g.price)
			}
			got := GreeksOf(g.o)
			mustBeNear(t, "delta", got.Delta, g.want.Delta)
			mustBeNear(t, "gamma", got.Gamma, g.want.Gamma)
			mustBeNear(t, "theta", got.Theta, g.want.Theta)
			mustBeNear(t, "vega", got.Vega, g.want.Vega)
			mustBeNear(t, "rho", got.Rho, g.want.Rho)
		})
	}
}

// mustBeNear allows 1e-7 of the value, and half of the last printed digit where the table prints fewer.
func mustBeNear(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > math.Max(1e-7*math.Abs(want), 5.01e-9) {
		t.Errorf("%s: got %.12g, want %.12g", what, got, want)
	}
}

func TestGoldenImpliedVols(t *testing.T) {
	for _, g := range goldenVols {
		t.Run(g.name, func(t *testing.T) {
			got, err := ImpliedVol(g.o, g.price)
			if err != nil || math.Abs(got*100-g.percent) > 1e-6 {
				t.Errorf("got %.10f %% (%v), want %.10f %%", got*100, err, g.percent)
			}
		})
	}
}

func TestForwardByParity(t *testing.T) {
	for _, c := range []struct{ rate, want float64 }{{0.065, 23747.72117192}, {0, 23747.45}} {
		if got := ForwardByParity(437.65, 390.20, 23700, 32.0/365, c.rate); math.Abs(got-c.want) > 1e-8 {
			t.Errorf("rate %v: got %.8f, want %.8f", c.rate, got, c.want)
		}
	}
}

func TestImpliedVolRefusesImpossiblePrices(t *testing.T) {
	call := Option{Underlying: 24000, Strike: 23000, Years: 0.1}
	for name, price := range map[string]float64{"below intrinsic": 999, "above the underlying": 24001, "not a number": math.NaN()} {
		if _, err := ImpliedVol(call, price); !errors.Is(err, ErrNoVol) {
			t.Errorf("%s: got %v, want ErrNoVol", name, err)
		}
	}
	call.Years = 0
	if _, err := ImpliedVol(call, 1000); !errors.Is(err, ErrNoVol) {
		t.Errorf("no time left: got %v, want ErrNoVol", err)
	}
}

func TestPriceWithoutTimeIsIntrinsic(t *testing.T) {
	if got := Price(Option{Underlying: 24010, Strike: 24000, Vol: 0.2}); got != 10 {
		t.Errorf("call: got %v, want 10", got)
	}
	if got := Price(Option{IsPut: true, Underlying: 24010, Strike: 24000, Vol: 0.2}); got != 0 {
		t.Errorf("put: got %v, want 0", got)
	}
}
