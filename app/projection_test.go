package app

import (
	"testing"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
	"paperport/position"
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

// TestExpiryNote: a position in a contract that has stopped trading says what it waits for; one that is closed or still
// trades says nothing.
func TestExpiryNote(t *testing.T) {
	b := mustBourse(t)
	m := b.app.markets[DemoVenue]
	option := instrument.Instrument{Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Option, Terms: instrument.Terms{UnderlyingIsIndex: true}}
	stock := option
	stock.Terms.UnderlyingIsIndex = false
	for _, row := range []struct {
		name   string
		of     instrument.Instrument
		expiry calendar.Date
		qty    money.Qty
		want   string
	}{
		{"share", instrument.Instrument{Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity}, 0, 10, ""},
		{"trades today", option, opening.Date(), 65, ""},
		{"index option of yesterday", option, opening.Date() - 1, 65, "waits for the settlement price of 23 Nov since 15:40"},
		{"closed", option, opening.Date() - 1, 0, ""},
		{"stock option", stock, opening.Date() - 1, 500, "expired on 23 Nov; delivery is not built, so it stays as it is"},
	} {
		row.of.Expiry = row.expiry
		if got := m.expiryNote(&row.of, &position.Position{NetQty: row.qty}); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}
