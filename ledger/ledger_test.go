package ledger

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"paperport/money"
)

func TestPostIsAllOrNothing(t *testing.T) {
	var b Balances
	if err := b.Post([]Posting{{Cash, 1000}, {Capital, -1000}}); err != nil {
		t.Fatal(err)
	}
	before := b
	for name, c := range map[string]struct {
		postings []Posting
		want     error
	}{
		"unbalanced":   {[]Posting{{Cash, 5}, {PnL, -4}}, ErrUnbalanced},
		"unknown book": {[]Posting{{Cash, 5}, {"purse", -5}}, ErrBook},
		"overflow":     {[]Posting{{Cash, math.MaxInt64}, {PnL, -math.MaxInt64}}, money.ErrOverflow},
	} {
		if err := b.Post(c.postings); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if b != before {
			t.Errorf("%s: balances changed", name)
		}
	}
}

func TestConservation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b Balances
		names := Books()
		for range rapid.IntRange(1, 30).Draw(t, "entries") {
			from, to := rapid.SampledFrom(names).Draw(t, "from"), rapid.SampledFrom(names).Draw(t, "to")
			amount := money.Paise(rapid.Int64Range(-1e15, 1e15).Draw(t, "amount"))
			if err := b.Post([]Posting{{from, -amount}, {to, amount}}); err != nil {
				t.Fatal(err)
			}
			if !b.IsBalanced() {
				t.Fatalf("books sum to something: %+v", b)
			}
		}
	})
}
