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

// TestStopTriggersOnce: a stop is parked, set off once and then works as any order; what is no stop is never parked.
func TestStopTriggersOnce(t *testing.T) {
	o := Order{OrderQty: 5, LeavesQty: 5, Status: Pending, Type: SL, TriggerPrice: 100}
	if err := o.Trigger(1); !errors.Is(err, ErrBroken) {
		t.Errorf("triggered before it was parked: %v", err)
	}
	if err := o.Park(2); err != nil || o.Status != TriggerPending || o.Status.IsClosed() || !o.IsWaitingForTrigger() {
		t.Fatalf("%v: %+v, want trigger pending", err, o)
	}
	if err := o.Trigger(3); err != nil || o.Status != Pending || o.TriggeredAt != 3 || o.IsWaitingForTrigger() {
		t.Fatalf("%v: %+v, want pending again", err, o)
	}
	if o.Trigger(4) == nil || o.Park(4) == nil {
		t.Error("a stop that was set off was parked or set off again")
	}
	plain := Order{OrderQty: 5, LeavesQty: 5, Status: Pending, Type: Limit}
	if err := plain.Park(1); !errors.Is(err, ErrBroken) {
		t.Errorf("parked a limit order: %v", err)
	}
}

// TestMachine: whatever is tried, quantities agree and a closed order never changes.
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := money.Qty(rapid.Int64Range(1, 50).Draw(t, "qty"))
		kind := rapid.SampledFrom([]Type{Limit, SL, SLM}).Draw(t, "type")
		o := Order{OrderQty: q, LeavesQty: q, Status: Pending, Type: kind}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			before := o
			var err error
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				err = o.Activate(1)
			case 1:
				err = o.Fill(money.Qty(rapid.Int64Range(-1, 60).Draw(t, "fill")), 0, 1)
			case 2:
				err = o.Resize(money.Qty(rapid.Int64Range(-1, 60).Draw(t, "size")))
			case 3:
				err = o.Close(Status(rapid.IntRange(1, 8).Draw(t, "status")), 1)
			case 4:
				err = o.Park(1)
			case 5:
				err = o.Trigger(1)
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
