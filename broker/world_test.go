package broker

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"paperport/app"
	"paperport/auth"
	"paperport/breeze"
	"paperport/breezesim"
	"paperport/calendar"
	"paperport/clock"
	"paperport/instrument"
	"paperport/secret"
	"paperport/store"
	"paperport/store/sqlstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	anna  auth.UserID = "00000000000000000000000000000001"
	bilal auth.UserID = "00000000000000000000000000000002"
)

// began is a Tuesday on which the demo trades and the exchanges do not.
var began = calendar.NewDate(2026, time.November, 24).At(11 * time.Hour)

// world is a simulator and a desk before it, on a clock that await moves.
type world struct {
	t         *testing.T
	dir       string
	clock     *clock.Manual
	simulator *breezesim.Server
	base      string
	// seed keeps accounts the same in the next world on the same directory.
	store  *sqlstore.Store
	app    *app.App
	demo   *Master
	desk   *Desk
	client *breeze.Client // of the demo market: fetches masters
	close  func()
}

func mustWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), clock: clock.NewManual(began.Time())}
	w.simulator = breezesim.New(breezesim.Options{Seed: 3, Clock: w.clock, AccountSeed: [32]byte{1}})
	server := httptest.NewServer(w.simulator.Handler())
	w.base = server.URL
	w.open()
	t.Cleanup(func() {
		w.close()
		w.simulator.Close()
		server.CloseClientConnections()
		server.Close()
	})
	return w
}

// open starts the program's side; close ends it, and open may be called again on the same directory.
func (w *world) open() {
	w.t.Helper()
	var err error
	if w.store, err = sqlstore.Open(w.t.Context(), sqlstore.Options{Dir: w.dir}); err != nil {
		w.t.Fatal(err)
	}
	registry := instrument.NewRegistry()
	if w.app, err = app.New(w.t.Context(), app.Options{Store: w.store, Clock: w.clock, Registry: registry, RecordedDir: w.t.TempDir()}); err != nil {
		w.t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	w.demo = NewMaster(MasterOptions{Name: "demo", View: registry.View(instrument.FromDemo), Save: w.app.SaveInstruments, Log: log})
	place := &Place{Hosts: func() (breeze.Hosts, error) { return breeze.AllAt(w.base), nil }, PerMinute: breeze.Unlimited, PerDay: breeze.Unlimited,
		Calendar: func() (*calendar.Calendar, error) { return calendar.Demo(), nil }, Master: w.demo}
	w.desk = NewDesk(Options{App: w.app, Rows: w.store.Brokers(), Clock: w.clock, Log: log, Places: map[store.BrokerID]*Place{store.DemoBroker: place},
		DemoAccount: func(_ context.Context, tag string) (app.BrokerFields, error) {
			a := w.simulator.Account(tag)
			return app.BrokerFields{APIKey: a.Key, SecretKey: a.Secret, LoginID: a.UserID, Password: a.Password, TOTP: a.TOTPSecret}, nil
		}})
	if err := w.desk.Open(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.close = func() {
		_ = w.app.Close()
		w.desk.Close()
		_ = w.store.Close()
	}
}

// user is what a connected user has.
type user struct {
	fields app.BrokerFields
	keys   app.BrokerKeys
	tag    string
	last   int64 // code step
	// refused counts what the live side reported, at tells when.
	refused chan error
}

func (w *world) mustUser(id auth.UserID) *user {
	w.t.Helper()
	f, err := w.desk.DemoAccount(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	tag := ""
	for at, c := range f.APIKey.Reveal()[len(breezesim.KeyPrefix):] {
		if c == '&' {
			tag = f.APIKey.Reveal()[len(breezesim.KeyPrefix):][:at]
			break
		}
	}
	return &user{fields: f, tag: tag, keys: app.BrokerKeys{User: id, Broker: store.DemoBroker, APIKey: f.APIKey, SecretKey: f.SecretKey}, refused: make(chan error, 100)}
}

// mustToken logs in at the pages and exchanges what they give, while the clock runs.
func (w *world) mustToken(u *user) secret.Text {
	w.t.Helper()
	var won app.LoginWon
	var err error
	w.during(func() {
		won, err = w.desk.Login(w.t.Context(), u.keys, app.BrokerLogin{LoginID: u.fields.LoginID, Password: u.fields.Password, TOTP: u.fields.TOTP, LastCode: u.last},
			func(context.Context, string) error { return nil })
	})
	if err != nil {
		w.t.Fatal(err)
	}
	u.last = won.CodeStep
	token, err := w.desk.Exchange(w.t.Context(), u.keys, won.APISession)
	if err != nil {
		w.t.Fatal(err)
	}
	return token.Token
}

// mustBegin connects a user and starts his live market.
func (w *world) mustBegin(u *user) app.VenueID {
	w.t.Helper()
	token := w.mustToken(u)
	id, err := w.desk.Began(w.t.Context(), app.LiveSession{User: u.keys.User, Keys: u.keys, Token: token, Refused: func(err error) { u.refused <- err }})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// mustImport gives the demo broker its list.
func (w *world) mustImport() {
	w.t.Helper()
	keys := w.simulator.Credentials()
	client := breeze.New(breeze.Options{Hosts: breeze.AllAt(w.base), Clock: w.clock, AppKey: secret.New(keys.Key), Secret: secret.New(keys.Secret)})
	defer client.Close()
	mustFetch(w.t, w.demo, client, calendar.FromTime(w.clock.Now()).Date())
}

const (
	stepTime = 100 * time.Millisecond // of the manual clock
	stepWait = 2 * time.Millisecond   // of ours, for sockets and goroutines
	stepsMax = 20_000
)

// await moves the clock until a condition holds and returns how long that took by the clock.
func (w *world) await(what string, is func() bool) time.Duration {
	w.t.Helper()
	from := w.clock.Now()
	for range stepsMax {
		if is() {
			return w.clock.Now().Sub(from)
		}
		w.clock.Advance(stepTime)
		<-time.After(stepWait)
	}
	w.t.Fatalf("never: %s", what)
	return 0
}

// during moves the clock while f runs.
func (w *world) during(f func()) {
	w.t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	w.await("the call returns", func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
}

// reliance is an instrument that always trades.
func (w *world) reliance() instrument.ID {
	w.t.Helper()
	id, ok := w.demo.View().Find(instrument.Instrument{Exchange: calendar.NSE, Kind: instrument.Equity, ISIN: "INE002A01018", Series: "EQ"})
	if !ok {
		w.t.Fatal("RELIANCE is not listed")
	}
	return id
}
