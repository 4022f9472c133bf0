package broker

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/breeze"
	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
	"paperport/secret"
	"paperport/store"
)

func mustFetch(t *testing.T, m *Master, client *breeze.Client, on calendar.Date) *Changes {
	t.Helper()
	var zip bytes.Buffer
	if _, err := client.SecurityMaster(t.Context(), &zip); err != nil {
		t.Fatal(err)
	}
	_, changes, err := m.Import(t.Context(), bytes.NewReader(zip.Bytes()), int64(zip.Len()), on, nil)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

// quotes asks for one quote as a browser does.
func (w *world) quote(user auth.UserID, venue app.VenueID, id instrument.ID) app.Quote {
	w.t.Helper()
	var list []app.Quote
	var err error
	w.during(func() { list, err = w.app.Quotes(w.t.Context(), user, venue, []instrument.ID{id}) })
	if err != nil {
		w.t.Fatal(err)
	}
	return list[0]
}

func (w *world) state(user auth.UserID, venue app.VenueID) app.VenueState {
	w.t.Helper()
	v, err := w.app.Venue(w.t.Context(), user, venue)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// TestSessionDiesAtMidday (61): quotes flow by the user's session; when the broker ends it, the live side reports it once
// within 10 s, quotes stop, orders wait; with the next session the feed comes back and knows its gap. Books outlive all.
func TestSessionDiesAtMidday(t *testing.T) {
	w := mustWorld(t)
	u := w.mustUser(anna)
	venue := w.mustBegin(u)
	w.mustImport() // the list may come later than the session
	id := w.reliance()
	w.await("a quote", func() bool { return w.quote(anna, venue, id).Last > 0 })
	if v := w.state(anna, venue); !v.IsAvailable || v.NeedsBroker || v.Kind != "live" || v.Name != "Demo broker (live)" || v.Budget != nil {
		t.Errorf("connected: %+v", v)
	}
	accounts, err := w.app.Accounts(t.Context(), anna)
	if err != nil || len(accounts) != 1 || accounts[0].Name != "Live" || accounts[0].VenueKind != "live" || accounts[0].Venue != venue {
		t.Fatalf("accounts %+v, %v", accounts, err)
	}
	resting := w.mustPlace(accounts[0].ID, "resting-1", id)

	w.simulator.KillSessions(u.tag)
	took := w.await("the refusal", func() bool { return len(u.refused) > 0 })
	if took > 10*time.Second {
		t.Errorf("noticed after %s", took)
	}
	asked := w.simulator.Counts(u.tag).Requests
	if q := w.quote(anna, venue, id); q.Last != 0 || q.At != 0 {
		t.Errorf("a quote without a session: %+v", q)
	}
	w.await("a minute", func() bool { return w.clock.Now().Second() == 0 })
	if n := w.simulator.Counts(u.tag).Requests; n != asked || len(u.refused) != 1 {
		t.Errorf("%d requests after the refusal, %d reports", n-asked, len(u.refused))
	}
	if v := w.state(anna, venue); v.IsAvailable || !v.NeedsBroker || v.Feed.Lamp != "red" {
		t.Errorf("without a session: %+v", v)
	}
	w.mustBeRefused(accounts[0].ID, id)
	if r, err := w.app.PlaceOrder(t.Context(), anna, w.order(accounts[0].ID, "resting-1", id)); err != nil || r.Order != resting {
		t.Errorf("the first order said again: %+v, %v", r, err)
	}

	w.mustBegin(u)
	w.await("the feed", func() bool { return w.quote(anna, venue, id).Last > 0 })
	back := w.await("the end of the gap", func() bool {
		gaps := w.market(anna).Feed().Gaps()
		last := gaps[len(gaps)-1]
		return last.To > last.From
	})
	if back > time.Minute {
		t.Errorf("the stream is back after %s", back)
	}
	if len(u.refused) != 1 {
		t.Errorf("%d refusals", len(u.refused))
	}
	w.during(func() {
		_, err = w.app.CancelOrder(t.Context(), anna, order.Cancel{Account: accounts[0].ID, Order: resting, RequestID: "cancel-01"})
	})
	if err != nil {
		t.Error(err)
	}
}

func (w *world) market(id auth.UserID) *Market {
	return w.desk.seat(seatKey{id, store.DemoBroker}).live.market
}

func (w *world) order(a order.AccountID, id string, i instrument.ID) order.Place {
	const low = 1080 * money.PriceScale // far below the market, within the day's limits
	return order.Place{Account: a, ClientOrderID: id, Instrument: i, Side: order.Buy, Product: order.CNC, Type: order.Limit, Validity: order.Day, Qty: 1, LimitPrice: low}
}

// mustPlace places an order far below the market.
func (w *world) mustPlace(a order.AccountID, id string, i instrument.ID) order.ID {
	w.t.Helper()
	var got order.ID
	var err error
	w.during(func() {
		receipt, placeErr := w.app.PlaceOrder(w.t.Context(), anna, w.order(a, id, i))
		got, err = receipt.Order, placeErr
		if receipt.Code != "" {
			err = errors.New(receipt.Code + ": " + receipt.Reason)
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func (w *world) mustBeRefused(a order.AccountID, i instrument.ID) {
	w.t.Helper()
	var refusal *app.Refusal
	if _, err := w.app.PlaceOrder(w.t.Context(), anna, w.order(a, "refused-1", i)); !errors.As(err, &refusal) || refusal.Code != app.NoLiveData {
		w.t.Errorf("placing without a session: %v", err)
	}
	if _, err := w.app.PreviewOrder(w.t.Context(), anna, w.order(a, "", i)); !errors.As(err, &refusal) {
		w.t.Errorf("preview without a session: %v", err)
	}
}

// TestNobodyIsServedByAnother (84): requests are counted by API key, and a user without a session costs nobody any and
// sees no market of another.
func TestNobodyIsServedByAnother(t *testing.T) {
	w := mustWorld(t)
	w.mustImport()
	u, v := w.mustUser(anna), w.mustUser(bilal)
	mine, his := w.mustBegin(u), w.mustBegin(v)
	id := w.reliance()
	w.await("anna's quote", func() bool { return w.quote(anna, mine, id).Last > 0 })
	w.await("bilal's quote", func() bool { return w.quote(bilal, his, id).Last > 0 })
	w.desk.Ended(bilal, store.DemoBroker, "test")
	before := w.simulator.AllCounts()
	for _, ask := range []func() error{
		func() error { _, err := w.app.Quotes(t.Context(), bilal, mine, []instrument.ID{id}); return err },
		func() error { _, err := w.app.Venue(t.Context(), bilal, mine); return err },
		func() error { _, err := w.app.WatchQuotes(bilal, mine); return err },
		func() error { _, err := w.app.SearchInstruments(t.Context(), bilal, mine, "rel", 5); return err },
	} {
		if err := ask(); !errors.Is(err, app.ErrNotFound) {
			t.Errorf("another's market: %v", err)
		}
	}
	if q := w.quote(bilal, his, id); q.Last != 0 {
		t.Errorf("a quote without a session: %+v", q)
	}
	if bars, err := w.app.Candles(t.Context(), bilal, app.CandleAsk{Venue: his, Instrument: id, Interval: 2, From: began, To: began.Add(time.Hour)}); !errors.Is(err, app.ErrUnavailable) {
		t.Errorf("bars without a session: %d, %v", len(bars), err)
	}
	w.await("a minute", func() bool { return w.clock.Now().Second() == 0 })
	after := w.simulator.AllCounts()
	for _, tag := range []string{u.tag, v.tag} {
		if after[tag].Requests != before[tag].Requests {
			t.Errorf("key of %s: %d requests before, %d after", tag, before[tag].Requests, after[tag].Requests)
		}
	}
}

// TestKeysOfTheOtherBroker: credentials never reach a broker that is not theirs; nothing leaves.
func TestKeysOfTheOtherBroker(t *testing.T) {
	w := mustWorld(t)
	u := w.mustUser(anna)
	demoAtICICI := u.keys
	demoAtICICI.Broker = store.ICICI
	realAtDemo := u.keys
	realAtDemo.APIKey = secret.New("8g791^N029R47I831B8153=^O9f#7u8g")
	for name, keys := range map[string]app.BrokerKeys{"a demo key for ICICI": demoAtICICI, "ICICI's key for the demo": realAtDemo} {
		var failure *app.BrokerFailure
		if _, err := w.desk.Exchange(t.Context(), keys, secret.New("12345678")); !errors.As(err, &failure) || failure.Class != app.FailedForeignKey {
			t.Errorf("%s: exchange: %v", name, err)
		}
		if _, err := w.desk.LoginAddress(keys); !errors.As(err, &failure) || failure.Class != app.FailedForeignKey {
			t.Errorf("%s: login address: %v", name, err)
		}
		_, err := w.desk.Login(t.Context(), keys, app.BrokerLogin{LoginID: u.fields.LoginID, Password: u.fields.Password, TOTP: u.fields.TOTP},
			func(context.Context, string) error { t.Error("a secret was about to leave"); return nil })
		if !errors.As(err, &failure) || failure.Class != app.FailedForeignKey {
			t.Errorf("%s: login: %v", name, err)
		}
	}
	if counts := w.simulator.AllCounts(); len(counts) != 0 {
		t.Errorf("the simulator saw %+v", counts)
	}
}

// TestRestartKeepsBooks: a live venue of an earlier run opens silent, with its account and orders, and asks nobody.
func TestRestartKeepsBooks(t *testing.T) {
	w := mustWorld(t)
	w.mustImport()
	u := w.mustUser(anna)
	venue := w.mustBegin(u)
	id := w.reliance()
	w.await("a quote", func() bool { return w.quote(anna, venue, id).Last > 0 })
	accounts, _ := w.app.Accounts(t.Context(), anna)
	resting := w.mustPlace(accounts[0].ID, "resting-1", id)
	w.close()
	before := w.simulator.Counts(u.tag)
	w.open()
	orders, err := w.app.Orders(t.Context(), anna, accounts[0].ID, 0)
	if err != nil || len(orders) != 1 || orders[0].ID != resting || orders[0].Contract.Symbol != "RELIANCE" {
		t.Fatalf("orders after a restart: %+v, %v", orders, err)
	}
	if v := w.state(anna, venue); !v.NeedsBroker || v.IsAvailable {
		t.Errorf("after a restart: %+v", v)
	}
	if again := w.mustBegin(u); again != venue {
		t.Errorf("the venue is %s, was %s", again, venue)
	}
	if list, _ := w.app.Accounts(t.Context(), anna); len(list) != 1 {
		t.Errorf("%d accounts after the second session", len(list))
	}
	if after := w.simulator.Counts(u.tag); after.Requests < before.Requests {
		t.Errorf("counts went back: %+v, %+v", before, after)
	}
}

// TestFailuresAreClassed: what the simulator answers comes out as the class that app knows.
func TestFailuresAreClassed(t *testing.T) {
	w := mustWorld(t)
	u := w.mustUser(anna)
	token := w.mustToken(u)
	wrongSecret := u.keys
	wrongSecret.SecretKey = secret.New("not the secret")
	for name, tc := range map[string]struct {
		call func() error
		want app.BrokerClass
	}{
		"an unknown API session": {func() error { _, err := w.desk.Exchange(t.Context(), u.keys, secret.New("00000000")); return err }, app.FailedNoToken},
		"a wrong secret":         {func() error { return w.desk.Probe(t.Context(), wrongSecret, token) }, app.FailedChecksum},
		"no token":               {func() error { return w.desk.Probe(t.Context(), u.keys, secret.New("x")) }, app.FailedSession},
		"no such broker": {func() error {
			k := u.keys
			k.Broker, k.APIKey = store.ICICI, secret.New("a key")
			return w.desk.Probe(t.Context(), k, token)
		}, app.FailedNotConfigured},
	} {
		var failure *app.BrokerFailure
		if err := tc.call(); !errors.As(err, &failure) || failure.Class != tc.want {
			t.Errorf("%s: %v, want class %s", name, err, tc.want)
		}
	}
	if err := w.desk.Probe(t.Context(), u.keys, token); err != nil {
		t.Errorf("a good token: %v", err)
	}
}
