package httpapi

import (
	"testing"

	"paperport/app"
	"paperport/order"
)

// TestStepOfFill: a fill's step tells what is filled and its average, every other step what works and its limit.
func TestStepOfFill(t *testing.T) {
	o := order.Order{OrderQty: 65, CumQty: 65, LimitPrice: 649_000, AvgPrice: 591_000, Status: order.Executed}
	if got := wireStep(app.OrderStep{Kind: "filled", Order: o}); got.Qty != 65 || got.Price != "59.10" {
		t.Errorf("filled step: %+v, want 65 at 59.10", got)
	}
	o.CumQty, o.LeavesQty, o.AvgPrice, o.Status = 0, 65, 0, order.Open
	if got := wireStep(app.OrderStep{Kind: "opened", Order: o}); got.Qty != 65 || got.Price != "64.90" {
		t.Errorf("opened step: %+v, want 65 at 64.90", got)
	}
}
