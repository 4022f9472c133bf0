package httpapi

import (
	"fmt"
	"strings"
	"testing"
)

// TestStopThroughTheAPI: a stop-limit order waits for its trigger, goes off, and its history says on which price.
func TestStopThroughTheAPI(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	account := w.mustAccount(owner)
	w.mustOpenMarket(owner)
	body := func(id, more string) string {
		return fmt.Sprintf(`{"client_order_id":%q,"instrument":%d,"side":"buy","product":"CNC","qty":10,%s}`, id, w.market.reliance, more)
	}
	for _, c := range []struct {
		name, more string
		status     int
		code       string
	}{
		{"a stop without a trigger", `"type":"sl","validity":"day","price":"1320"`, 400, "BAD_FIELD"},
		{"a limit order with a trigger", `"type":"limit","validity":"day","price":"1320","trigger_price":"1310"`, 400, "BAD_FIELD"},
		{"a stop-market order with a price", `"type":"sl-m","validity":"day","price":"1320","trigger_price":"1310"`, 400, "BAD_FIELD"},
		{"minutes without how many", `"type":"limit","validity":"minutes","price":"1200"`, 400, "BAD_FIELD"},
		{"minutes of a day order", `"type":"limit","validity":"day","minutes":5,"price":"1200"`, 400, "BAD_FIELD"},
		{"a trigger below the last price", `"type":"sl","validity":"day","price":"1320","trigger_price":"1299.90"`, 422, "TRIGGER_WRONG_SIDE"},
		{"a limit short of the trigger", `"type":"sl","validity":"day","price":"1309.90","trigger_price":"1310"`, 422, "TRIGGER_BEYOND_LIMIT"},
	} {
		id := "stop-" + strings.ReplaceAll(c.name, " ", "-")
		expect(t, c.name, w.do(ask{method: "POST", path: account + "/orders", cookie: owner, body: body(id, c.more)}), c.status, c.code)
	}
	r := w.do(ask{method: "POST", path: account + "/orders", cookie: owner, body: body("stop-00001", `"type":"sl","validity":"minutes","minutes":30,"price":"1320","trigger_price":"1310"`)})
	expect(t, "a stop", r, 201, "")
	var receipt Receipt
	mustJSON(t, r, &receipt)
	story := func() OrderStory { return read[OrderStory](w, owner, account+"/orders/"+receipt.OrderID) }
	waiting := await(t, "the stop stands at the exchange", story, func(s OrderStory) bool { return s.Order.Status == "trigger-pending" })
	if o := waiting.Order; o.TriggerPrice != "1310.00" || o.Price != "1320.00" || o.Minutes != 30 || o.ExpiresAt == "" || o.TriggeredAt != "" {
		t.Errorf("the waiting stop: %+v", o)
	}
	w.mustDo(200, ask{method: "PATCH", path: account + "/orders/" + receipt.OrderID, cookie: owner, body: `{"request_id":"change-001","trigger_price":"1312"}`})
	await(t, "the changed stop stands", story, func(s OrderStory) bool {
		return s.Order.Status == "trigger-pending" && s.Order.TriggerPrice == "1312.00"
	})
	done := await(t, "the stop goes off", func() OrderStory {
		w.market.tick(1313_0000)
		return story()
	}, func(s OrderStory) bool { return s.Order.Status == "executed" })
	var text []string
	for _, step := range done.History {
		text = append(text, step.Kind+": "+step.Text)
	}
	all := strings.Join(text, "\n")
	for _, want := range []string{"waiting for the last traded price to reach 1310.00", "Changed to 10 at 1320.00, trigger 1312.00, for 30 minutes",
		"Triggered: The last traded price reached the trigger", "last=1313.00, trigger=1312.00"} {
		if !strings.Contains(all, want) {
			t.Errorf("the history has no %q:\n%s", want, all)
		}
	}
	if done.Order.TriggeredAt == "" || len(done.Trades) != 1 {
		t.Errorf("after it went off: %+v, trades %+v", done.Order, done.Trades)
	}
}
