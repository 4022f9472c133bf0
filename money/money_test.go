package money

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestParsePrice(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Price
		err  error
	}{
		{"1047.60", 10_476_000, nil},
		{"88.4125", 884_125, nil},
		{"-0.05", -500, nil},
		{"0", 0, nil},
		{"1.00000", 10_000, nil},
		{"1.00001", 0, ErrSyntax},
		{"", 0, ErrSyntax},
		{".5", 0, ErrSyntax},
		{"5.", 0, ErrSyntax},
		{"+5", 0, ErrSyntax},
		{"1e3", 0, ErrSyntax},
		{"NaN", 0, ErrSyntax},
		{"922337203685477.5807", 0, ErrOverflow},
		{"922337203685478", 0, ErrOverflow},
		{"99999999999999999999", 0, ErrSyntax},
	} {
		got, err := ParsePrice(c.in)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("ParsePrice(%q) = %d, %v; want %d, %v", c.in, got, err, c.want, c.err)
		}
	}
}

func TestString(t *testing.T) {
	for in, want := range map[Price]string{10_476_000: "1047.60", 884_125: "88.4125", -500: "-0.05", 0: "0.00", 884_100: "88.41", 884_120: "88.4120"} {
		if got := in.String(); got != want {
			t.Errorf("Price(%d).String() = %q, want %q", in, got, want)
		}
	}
	if got := Paise(math.MinInt64).String(); got != "-92233720368547758.08" {
		t.Errorf("smallest Paise prints %q", got)
	}
}

// TestMulDivAgainstBig holds MulDiv against exact rational arithmetic.
func TestMulDivAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b"), rapid.Int64Range(1, math.MaxInt64).Draw(t, "c")
		mode := Rounding(rapid.IntRange(0, 2).Draw(t, "mode"))
		got, err := MulDiv(a, b, c, mode)
		want := bigMulDiv(a, b, c, mode)
		if !want.IsInt64() || want.Int64() == math.MinInt64 {
			if err == nil {
				t.Fatalf("MulDiv(%d,%d,%d) = %d, want overflow of %s", a, b, c, got, want)
			}
			return
		}
		if err != nil || got != want.Int64() {
			t.Fatalf("MulDiv(%d,%d,%d,%d) = %d, %v; want %s", a, b, c, mode, got, err, want)
		}
	})
}

func bigMulDiv(a, b, c int64, mode Rounding) *big.Int {
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	neg := n.Sign() < 0
	n.Abs(n)
	q, rem := new(big.Int).QuoRem(n, big.NewInt(c), new(big.Int))
	twice := new(big.Int).Lsh(rem, 1)
	if (mode == HalfUp && twice.Cmp(big.NewInt(c)) >= 0) || (mode == Up && rem.Sign() > 0) {
		q.Add(q, big.NewInt(1))
	}
	if neg {
		q.Neg(q)
	}
	return q
}

func TestTurnover(t *testing.T) {
	got, err := Turnover(1_205_000, 65, 1, HalfUp)
	if err != nil || got != 783_250 {
		t.Errorf("65 x 120.50 = %v, %v; want 7832.50", got, err)
	}
	// 31 x 1190112520884487201 is 2^65 - 1: its half rounds up to 2^64.
	if v, err := MulDiv(31, 1190112520884487201, 2, HalfUp); !errors.Is(err, ErrOverflow) {
		t.Errorf("a quotient that rounding would wrap: %d, %v; want ErrOverflow", v, err)
	}
	if _, err := Turnover(math.MaxInt64, math.MaxInt64, 1, HalfUp); !errors.Is(err, ErrOverflow) {
		t.Errorf("overflow not reported: %v", err)
	}
}

func TestRoundTo(t *testing.T) {
	for in, want := range map[Paise]Paise{16_150: 16_200, 16_149: 16_100, -16_150: -16_200} {
		if got := in.RoundTo(100, HalfUp); got != want {
			t.Errorf("%d to the rupee = %d, want %d", in, got, want)
		}
	}
}

func TestAddOverflow(t *testing.T) {
	if _, err := Add(math.MaxInt64, 1); !errors.Is(err, ErrOverflow) {
		t.Error("MaxInt64+1 not reported")
	}
	if _, err := Add(math.MinInt64, -1); !errors.Is(err, ErrOverflow) {
		t.Error("MinInt64-1 not reported")
	}
}
