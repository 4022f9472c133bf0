package engine

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/market"
	"paperport/match"
	"paperport/order"
	"paperport/position"
)

// fill gives every field below v a value of its own, so that a forgotten field shows.
func fill(v reflect.Value, n *int64) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.String:
		*n++
		v.SetString(string(rune('a'+*n%26)) + string(rune('A'+*n%23)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		*n++
		v.SetUint(uint64(*n % 200))
	default:
		*n++
		v.SetInt(*n % 100)
	}
}

func roundTrip[T any](t *testing.T, name string, code func(*codec, *T)) {
	t.Helper()
	var in, out T
	n := int64(0)
	fill(reflect.ValueOf(&in).Elem(), &n)
	w := &codec{}
	code(w, &in)
	r := &codec{buf: w.buf, isReading: true}
	code(r, &out)
	if r.err != nil || len(r.buf) != 0 {
		t.Errorf("%s: %v, %d bytes left", name, r.err, len(r.buf))
	}
	isProfile := cmp.FilterValues(func(_, _ *match.Profile) bool { return true }, cmp.Ignore()) // the account's, given again on restoring
	if d := cmp.Diff(in, out, isProfile); d != "" {
		t.Errorf("%s lost (-) or made up (+):\n%s", name, d)
	}
}

// TestCodecKeepsEveryField: a field added to a type and forgotten in its codec fails here.
func TestCodecKeepsEveryField(t *testing.T) {
	roundTrip[order.Order](t, "order", (*codec).order)
	roundTrip[position.Position](t, "position", (*codec).position)
	roundTrip[position.Holding](t, "holding", (*codec).holding)
	roundTrip[ledger.Entry](t, "entry", (*codec).entry)
	roundTrip[match.Top](t, "top", (*codec).top)
	roundTrip[market.Depth](t, "depth", (*codec).depth)
	roundTrip[instrument.Instrument](t, "instrument", (*codec).instrument)
	roundTrip[calendar.Board](t, "board", (*codec).boardOf)
	roundTrip[match.Spent](t, "spent", (*codec).spent)
	roundTrip[match.Resting](t, "resting", (*codec).resting)
	roundTrip[Output](t, "output", (*codec).output)
}
