package broker

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"paperport/app"
	"paperport/breeze"
	"paperport/breezesim"
	"paperport/calendar"
	"paperport/instrument"
	"paperport/secret"
	"paperport/store"
)

// detour sends what the wall let through to ICICI's hosts to a simulator instead.
type detour struct {
	to   *url.URL
	next http.RoundTripper
}

// RoundTrip keeps path and query.
func (d detour) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = d.to.Scheme, d.to.Host, ""
	return d.next.RoundTrip(r)
}

// TestICICIMarket: a user with ICICI's keys gets ICICI's list, terms and budget, apart from the demo's; his market is in the
// exchanges' hours.
func TestICICIMarket(t *testing.T) {
	w := mustWorld(t)
	const key = "8g791^N029R47I831B8153=^O9f#7u8g"
	icici := breezesim.New(breezesim.Options{Seed: 4, Clock: w.clock, Key: key, Secret: "s3cret", AccountSeed: [32]byte{2}})
	server := httptest.NewServer(icici.Handler())
	t.Cleanup(func() { icici.Close(); server.CloseClientConnections(); server.Close() })
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	registry := instrument.NewRegistry()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	log := slog.New(slog.DiscardHandler)
	master := NewMaster(MasterOptions{Name: "icici", View: registry.View(instrument.FromICICI), Save: func(context.Context) error { return nil }, Log: log})
	exchanges := func() (*calendar.Calendar, error) { return calendar.Load(nil) }
	daily := NewDaily(DailyOptions{Master: master, Dir: t.TempDir(), Calendar: exchanges, Clock: w.clock, Log: log, Fetch: func(ctx context.Context, to io.Writer) error {
		client := breeze.New(breeze.Options{Hosts: breeze.ICICI(), Clock: w.clock, Transport: detour{mustURL(t, server.URL), transport}})
		_, err := client.SecurityMaster(ctx, to)
		return err
	}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); daily.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	w.desk.opt.Places[store.ICICI] = &Place{Hosts: func() (breeze.Hosts, error) { return breeze.ICICI(), nil }, PerMinute: 50, PerDay: 200, Calendar: exchanges,
		Master: master, Need: daily.Need, Note: daily.Note, Transport: detour{to, transport}}

	keys := app.BrokerKeys{User: anna, Broker: store.ICICI, APIKey: secret.New(key), SecretKey: secret.New("s3cret")}
	token, err := w.desk.Exchange(t.Context(), keys, secret.New(icici.Credentials().APISession))
	if err != nil {
		t.Fatal(err)
	}
	venue, err := w.desk.Began(t.Context(), app.LiveSession{User: anna, Keys: keys, Token: token.Token, Refused: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	// Tuesday is a holiday of the exchanges: Wednesday's session is what can be traded.
	w.clock.Set(calendar.NewDate(2026, time.November, 25).At(11 * time.Hour).Time())
	w.await("the list", func() bool { return master.On() != 0 })
	id, ok := master.View().Find(instrument.Instrument{Exchange: calendar.NSE, Kind: instrument.Equity, ISIN: "INE002A01018", Series: "EQ"})
	if !ok {
		t.Fatal("RELIANCE is not listed")
	}
	w.await("a quote", func() bool { return w.quote(anna, venue, id).Last > 0 })
	if err := w.desk.Probe(t.Context(), keys, token.Token); err != nil { // of Wednesday's budget, the exchange was of Tuesday's
		t.Fatal(err)
	}
	v := w.state(anna, venue)
	if v.Name != "ICICI Breeze" || v.BrokerName != "ICICI Breeze" || v.Phase != calendar.Open || v.Budget == nil || v.Budget.DayMax != 200 || v.Budget.DayUsed == 0 {
		t.Errorf("state %+v, budget %+v", v, v.Budget)
	}
	if b := w.desk.Requests(anna, store.ICICI); b != *v.Budget {
		t.Errorf("Settings shows %+v, the market %+v", b, v.Budget)
	}
	if counts := w.simulator.AllCounts(); len(counts) != 0 {
		t.Errorf("the demo broker saw %+v", counts)
	}
	w.desk.Ended(anna, store.ICICI, "test")
	if b := w.desk.Requests(anna, store.ICICI); b.DayUsed != v.Budget.DayUsed || b.DayMax != 200 {
		t.Errorf("after the session: %+v", b)
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
