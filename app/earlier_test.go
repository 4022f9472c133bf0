package app

import (
	"testing"
	"time"

	"paperport/money"
	"paperport/order"
)

// TestEarlierDay: an order of yesterday has left today's list and is found by its date, with its story.
func TestEarlierDay(t *testing.T) {
	b := mustBourse(t)
	mine := b.mustAccount(trader)
	r, err := b.app.PlaceOrder(t.Context(), trader, b.order(mine, "early-0001", 10, 1_200*money.PriceScale))
	if err != nil || r.Code != "" {
		t.Fatalf("placing: %+v, %v", r, err)
	}
	day := r.At.Date()
	b.clock.Advance(24 * time.Hour)
	if _, err := b.app.PayIn(t.Context(), trader, mine.ID, "payin-next-day", 100); err != nil {
		t.Fatal(err)
	}
	if today, err := b.app.Orders(t.Context(), trader, mine.ID, 0); err != nil || len(today) != 0 {
		t.Errorf("today has %+v, %v", today, err)
	}
	earlier, err := b.app.Orders(t.Context(), trader, mine.ID, day)
	if err != nil || len(earlier) != 1 || earlier[0].ID != r.Order || earlier[0].Status != order.Expired {
		t.Errorf("%s has %+v, %v; want the order, expired", day, earlier, err)
	}
	if days, err := b.app.Days(t.Context(), trader, mine.ID); err != nil || len(days) != 1 || days[0] != day {
		t.Errorf("days %v, %v; want %s", days, err, day)
	}
	if story, err := b.app.OrderStory(t.Context(), trader, mine.ID, r.Order); err != nil || len(story.Steps) < 2 {
		t.Errorf("story %+v, %v", story, err)
	}
}
