package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/clock"
	"paperport/engine"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
	"paperport/store/sqlstore"
)

const trader auth.UserID = "00000000000000000000000000000001"

// mustApp opens an app over a fresh or existing directory.
func mustApp(t *testing.T, dir, recorded string) *App {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), Options{Store: s, Clock: clock.System{}, Registry: instrument.NewRegistry(), RecordedDir: recorded})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		a.Close()
		s.Close()
	})
	return a
}

func mustRealDay(t *testing.T) string {
	t.Helper()
	dir := filepath.Join("..", "..", "shared", "data", "intraday")
	if _, err := os.Stat(filepath.Join(dir, exampleFile)); err != nil {
		t.Skip("the recorded day ../shared/data/intraday/" + exampleFile + " is not there")
	}
	return dir
}

// await reads until done says so.
func await[T any](t *testing.T, what string, read func() (T, error), done func(T) bool) T {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		v, err := read()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if done(v) {
			return v
		}
		select {
		case <-deadline:
			t.Fatalf("%s: not in time; last seen %+v", what, v)
		case <-time.After(time.Millisecond):
		}
	}
}

func mustPlace(t *testing.T, a *App, p order.Place) engine.Receipt {
	t.Helper()
	r, err := a.PlaceOrder(t.Context(), trader, p)
	if err != nil || r.Code != "" {
		t.Fatalf("PlaceOrder: %+v, %v", r, err)
	}
	return r
}

// TestTradeARealExpiryDay buys and sells an option of 18 August 2026 at the money and stops in between.
func TestTradeARealExpiryDay(t *testing.T) {
	recorded, dir := mustRealDay(t), t.TempDir()
	a := mustApp(t, dir, recorded)
	ctx := t.Context()
	account, err := a.OpenAccount(ctx, trader, NewAccount{Name: "Replay", Capital: DefaultCapital, Venue: ReplayOffer})
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.SearchInstruments(ctx, trader, account.Venue, "nifty 24200 ce 18 aug", 5)
	if err != nil || len(found) == 0 {
		t.Fatalf("search: %v, %v", found, err)
	}
	call := found[0]
	if call.Terms.LotSize != 65 || call.Expiry != calendar.NewDate(2026, time.August, 18) || call.Strike != 24_200*money.PriceScale {
		t.Fatalf("found %+v", call)
	}
	quotes := await(t, "first quote", func() ([]Quote, error) { return a.Quotes(ctx, trader, account.Venue, []instrument.ID{call.ID}) },
		func(q []Quote) bool { return q[0].Ask > 0 })
	q := quotes[0]
	if !q.IsFromBars || q.Last < q.Bid || q.Last > q.Ask || q.Bid >= q.Ask || !q.Ask.OnTick(call.Terms.TickSize) {
		t.Errorf("the book of a bar: %+v", q)
	}
	mustSpeed(t, a, account.Venue, 60)
	await(t, "living feed", func() (VenueState, error) { return a.Venue(ctx, trader, account.Venue) },
		func(v VenueState) bool { return v.Feed.Lamp == "green" && v.Phase == calendar.Open })
	bought := mustPlace(t, a, order.Place{Account: account.ID, ClientOrderID: "buy-00001", Instrument: call.ID, Side: order.Buy, Product: order.NRML,
		Type: order.Market, Validity: order.Day, Qty: 65})
	story := await(t, "the fill", func() (OrderStory, error) { return a.OrderStory(ctx, trader, account.ID, bought.Order) },
		func(s OrderStory) bool { return s.Order.Status == order.Executed })
	fill := story.Trades[0]
	if e := fill.Trade.Evidence; !e.IsFromBars || fill.Trade.Price < e.Ask || e.QuoteAt == 0 {
		t.Errorf("evidence of the fill: %+v at %s", e, fill.Trade.Price)
	}
	if fill.Charges.Total() <= 0 {
		t.Errorf("a fill without charges: %+v", fill.Charges)
	}

	restarted := mustRestart(t, a, dir, recorded)
	positions, err := restarted.Positions(ctx, trader, account.ID)
	if err != nil || len(positions) != 1 || positions[0].NetQty != 65 {
		t.Fatalf("positions after a restart: %+v, %v", positions, err)
	}
	await(t, "living feed", func() (VenueState, error) { return restarted.Venue(ctx, trader, account.Venue) },
		func(v VenueState) bool { return v.Feed.Lamp == "green" })
	sold := mustPlace(t, restarted, order.Place{Account: account.ID, ClientOrderID: "sell-0001", Instrument: call.ID, Side: order.Sell, Product: order.NRML,
		Type: order.Market, Validity: order.Day, Qty: 65})
	await(t, "the sale", func() ([]Order, error) { return restarted.Orders(ctx, trader, account.ID, 0) },
		func(o []Order) bool { return o[0].ID == sold.Order && o[0].Status == order.Executed })
	// The order is read from the database, the funds from the projection, which follows a moment later.
	funds := await(t, "the money of the sale", func() (Funds, error) { return restarted.Funds(ctx, trader, account.ID) },
		func(f Funds) bool { return f.Charges > fill.Charges.Total() })
	if funds.Cash != funds.Free || funds.Cash != DefaultCapital+funds.RealisedPnL-funds.Charges {
		t.Errorf("funds after both: %+v", funds)
	}
}

func mustSpeed(t *testing.T, a *App, v VenueID, speed int) {
	t.Helper()
	if _, err := a.SetClock(context.Background(), trader, v, ClockChange{Speed: speed}); err != nil {
		t.Fatal(err)
	}
}

// mustRestart closes an app with its store and opens them anew.
func mustRestart(t *testing.T, a *App, dir, recorded string) *App {
	t.Helper()
	a.Close()
	if err := a.store.(*sqlstore.Store).Close(); err != nil {
		t.Fatal(err)
	}
	return mustApp(t, dir, recorded)
}

// TestExpiryInReplay holds a bought option to the end of its day: it is settled at the last index value of the tape.
func TestExpiryInReplay(t *testing.T) {
	a := mustApp(t, t.TempDir(), mustRealDay(t))
	ctx := t.Context()
	account, err := a.OpenAccount(ctx, trader, NewAccount{Name: "Replay", Capital: DefaultCapital, Venue: ReplayOffer})
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.SearchInstruments(ctx, trader, account.Venue, "nifty 24000 ce 18 aug", 1)
	if err != nil || len(found) != 1 || found[0].Strike != 24_000*money.PriceScale {
		t.Fatalf("search: %+v, %v", found, err)
	}
	mustSpeed(t, a, account.Venue, 60)
	await(t, "living feed", func() (VenueState, error) { return a.Venue(ctx, trader, account.Venue) },
		func(v VenueState) bool { return v.Feed.Lamp == "green" })
	mustPlace(t, a, order.Place{Account: account.ID, ClientOrderID: "buy-00001", Instrument: found[0].ID, Side: order.Buy, Product: order.NRML,
		Type: order.Market, Validity: order.Day, Qty: 65})
	await(t, "the position", func() ([]Position, error) { return a.Positions(ctx, trader, account.ID) },
		func(p []Position) bool { return len(p) == 1 && p[0].NetQty == 65 })
	before, err := a.Funds(ctx, trader, account.ID)
	if err != nil {
		t.Fatal(err)
	}
	replay := a.markets[account.Venue].tape
	to := replay.tape.To
	for _, bad := range []ClockChange{{Speed: 61}, {Speed: 0}, {Speed: 1, At: to}} {
		if _, err := a.SetClock(ctx, trader, account.Venue, bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v, want ErrInvalid", bad, err)
		}
	}
	if _, err := a.SetClock(ctx, trader, account.Venue, ClockChange{Speed: 60, At: to.Add(-time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.SetClock(ctx, trader, account.Venue, ClockChange{Speed: 60, At: to.Add(-time.Hour)}); err == nil {
		t.Error("the clock of a replay went back")
	}
	replay.clock.Set(600, false, 0) // only here: nobody watches the ten minutes to the day's end
	settled := await(t, "the settlement", func() (LedgerPage, error) { return a.Ledger(ctx, trader, account.ID, 0, 2) },
		func(p LedgerPage) bool { return p.Entries[1].Kind == "settlement" })
	// 24154.90 is the last spot of the file (data/README.md): the call pays 154.90 a unit.
	if e := settled.Entries[1]; e.Balance-before.Cash != 154_90*65 {
		t.Errorf("settled for %s, want 154.90 x 65; entry %+v", e.Balance-before.Cash, e)
	}
}
