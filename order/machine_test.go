package order

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"paperport/money"
)

func TestFillAverages(t *testing.T) {
	o := Order{OrderQty: 1800, LeavesQty: 1800, Status: Pending}
	if err := o.Fill(1350, 1350*73_500, 1); err != nil || o.Status != Open {
		t.Fatalf("%v: %+v", err, o)
	}
	if err := o.Fill(450, 1350*73_500+450*74_000, 2); err != nil || o.Status != Executed || o.AvgPrice != 73_625 {
		t.Fatalf("%v: %+v, want executed at 7.3625", err, o)
	}
	if err := o.Fill(1, 1, 3); !errors.Is(err, ErrClosed) {
		t.Errorf("filled a closed order: %v", err)
	}
	if err := o.Close(Cancelled, 3); !errors.Is(err, ErrClosed) {
		t.Errorf("cancelled a closed order: %v", err)
	}
	if err := o.Resize(2000); !errors.Is(err, ErrClosed) {
		t.Errorf("resized a closed order: %v", err)
	}
}

// TestMachine: whatever is tried, quantities agree and a closed order never changes.
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := money.Qty(rapid.Int64Range(1, 50).Draw(t, "qty"))
		o := Order{OrderQty: q, LeavesQty: q, Status: Pending}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			before := o
			var err error
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				err = o.Activate(1)
			case 1:
				err = o.Fill(money.Qty(rapid.Int64Range(-1, 60).Draw(t, "fill")), 0, 1)
			case 2:
				err = o.Resize(money.Qty(rapid.Int64Range(-1, 60).Draw(t, "size")))
			case 3:
				err = o.Close(Status(rapid.IntRange(1, 7).Draw(t, "status")), 1)
			}
			if before.Status.IsClosed() && o != before {
				t.Fatalf("closed order changed: %+v to %+v", before, o)
			}
			if err == nil && o.Check() != nil {
				t.Fatalf("no error, but %+v", o)
			}
			if err != nil && o.Check() != nil && !errors.Is(err, ErrBroken) {
				t.Fatalf("%v left %+v", err, o)
			}
		}
	})
}
