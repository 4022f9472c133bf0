package app

import (
	"testing"

	"paperport/instrument"
	"paperport/money"
	"paperport/order"
	"paperport/store/sqlstore"
)

// TestTodayNeedsNoDatabase closes the database: everything of today is still there, because reading it runs no SQL.
func TestTodayNeedsNoDatabase(t *testing.T) {
	b := mustBourse(t)
	ctx := t.Context()
	mine := b.mustAccount(trader)
	b.pass()
	bought := mustPlace(t, b.app, b.order(mine, "buy-market-1", 10, 0))
	mustPlace(t, b.app, b.order(mine, "buy-limit-01", 2, 1_200*money.PriceScale))
	b.fill(mine, bought.Order)
	b.app.Close() // the venue ends first: it must not miss its database
	if err := b.app.store.(*sqlstore.Store).Close(); err != nil {
		t.Fatal(err)
	}
	reads := map[string]func() (int, error){
		"Accounts":  func() (int, error) { l, err := b.app.Accounts(ctx, trader); return len(l), err },
		"Orders":    func() (int, error) { l, err := b.app.Orders(ctx, trader, mine.ID, 0); return len(l) - 1, err },
		"Trades":    func() (int, error) { l, err := b.app.Trades(ctx, trader, mine.ID, 0); return len(l), err },
		"Positions": func() (int, error) { l, err := b.app.Positions(ctx, trader, mine.ID); return len(l), err },
		"Holdings":  func() (int, error) { l, err := b.app.Holdings(ctx, trader, mine.ID); return len(l) + 1, err },
		"Venues":    func() (int, error) { l, err := b.app.Venues(ctx, trader); return len(l) - 1, err },
		"Quotes": func() (int, error) {
			l, err := b.app.Quotes(ctx, trader, DemoVenue, []instrument.ID{b.reliance})
			return len(l), err
		},
	}
	for name, read := range reads {
		if n, err := read(); err != nil || n != 1 {
			t.Errorf("%s without a database: %d, %v", name, n, err)
		}
	}
	f, err := b.app.Funds(ctx, trader, mine.ID)
	if err != nil || f.Opening != DefaultCapital || f.Cash >= DefaultCapital {
		t.Errorf("funds without a database: %+v, %v", f, err)
	}
	if _, err := b.app.PlaceOrder(ctx, trader, order.Place{Account: mine.ID}); err == nil {
		t.Error("an order was taken without a database")
	}
}
