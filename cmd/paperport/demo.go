package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"paperport/app"
	"paperport/breeze"
	"paperport/breezesim"
	"paperport/broker"
	"paperport/calendar"
	"paperport/clock"
	"paperport/config"
	"paperport/instrument"
	"paperport/secret"
)

// demo is the demo market from the simulator to the venue, on the code that live markets run on, at other hosts; and the
// demo broker, which is the same simulator.
type demo struct {
	config   config.Config
	log      *slog.Logger
	clock    clock.Clock
	calendar *calendar.Calendar
	app      *app.App
	master   *broker.Master
	market   *broker.Market
	// callback is this installation's redirect URL, registered with every account of the demo broker.
	callback string
	seed     [32]byte

	base      atomic.Pointer[string]           // where the simulator is, nil before it listens
	simulator atomic.Pointer[breezesim.Server] // nil when it runs elsewhere
}

func newDemo(c config.Config, log *slog.Logger, registry *instrument.Registry, a *app.App, exchanges *calendar.Calendar, callback string) (*demo, error) {
	hours := demoHours(c, exchanges)
	d := &demo{config: c, log: log, clock: clock.System{}, calendar: hours, app: a, callback: callback}
	d.master = broker.NewMaster(broker.MasterOptions{Name: "demo", View: registry.View(instrument.FromDemo), Save: a.SaveInstruments, Log: log})
	d.market = broker.NewMarket(broker.MarketOptions{Clock: d.clock, Calendar: hours, Master: d.master, BookMax: c.BookMaxAge,
		Silence: "the demo market is still connecting", Log: log})
	if c.Demo != "on" {
		d.base.Store(&c.Demo)
	}
	return d, nil
}

// demoHours is the timetable of the demo market and of its simulator.
func demoHours(c config.Config, exchanges *calendar.Calendar) *calendar.Calendar {
	if c.DemoHours == "exchange" {
		return exchanges
	}
	return calendar.Demo()
}

// open adds the venue; its books can be read while its feed is still silent.
func (d *demo) open(ctx context.Context) (err error) {
	if err := d.app.AddDemo(ctx, app.Demo{Clock: d.clock, Calendar: d.calendar, Feed: d.market.Feed(), History: d.market}); err != nil {
		return err
	}
	d.master.OnChange(func() {
		shelf := d.master.Shelf()
		if err := d.app.SetInstruments(app.DemoVenue, shelf.Finder, shelf.Pulse); err != nil {
			d.log.Error("the demo market has no list of instruments", "err", err)
		}
	})
	d.seed, err = accountSeed(d.app)
	return err
}

// The waits between attempts to reach the simulator.
const (
	demoRetryMin = 500 * time.Millisecond
	demoRetryMax = 10 * time.Second
)

// run starts the simulator, where it is ours, and keeps client and streams connected to it until ctx ends.
func (d *demo) run(ctx context.Context) {
	if d.config.Demo == "on" {
		stop, err := d.startSimulator()
		if err != nil {
			d.log.Error("the demo market's simulator cannot start", "err", err)
			d.market.Feed().Down(err)
			return
		}
		defer stop()
	}
	wait := demoRetryMin
	for ctx.Err() == nil {
		began := d.clock.Now()
		err := d.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		d.market.Feed().Down(err)
		d.log.Warn("the demo market's broker is lost", "err", err)
		if d.clock.Now().Sub(began) > time.Minute {
			wait = demoRetryMin
		}
		select {
		case <-ctx.Done():
		case <-d.clock.After(wait):
		}
		wait = min(2*wait, demoRetryMax)
	}
}

func (d *demo) credentials(ctx context.Context) (breezesim.Credentials, error) {
	if s := d.simulator.Load(); s != nil {
		return s.Credentials(), nil
	}
	return breezesim.FetchCredentials(ctx, *d.base.Load())
}

// connect signs in, imports the day's master and streams until something breaks.
func (d *demo) connect(ctx context.Context) error {
	keys, err := d.credentials(ctx)
	if err != nil {
		return err
	}
	client := breeze.New(breeze.Options{Hosts: breeze.AllAt(*d.base.Load()), Clock: d.clock, AppKey: secret.New(keys.Key), Secret: secret.New(keys.Secret),
		Codes: d.master.Codes, PerMinute: breeze.Unlimited, PerDay: breeze.Unlimited})
	defer client.Close()
	exchanged, err := client.Exchange(ctx, secret.New(keys.APISession))
	if err != nil {
		return err
	}
	if err := d.importToday(ctx, client); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); d.keepMaster(ctx, client) }()
	defer func() { cancel(); <-done }()
	return d.market.Follow(ctx, client.With(exchanged.Token))
}

// importAt is how long after midnight the new day's master is fetched, importRetry the wait after a failure.
const (
	importAt    = 5 * time.Second
	importRetry = time.Minute
)

// keepMaster imports a fresh master each day.
func (d *demo) keepMaster(ctx context.Context, client *breeze.Client) {
	for {
		now := calendar.FromTime(d.clock.Now())
		wait := importRetry
		if d.master.On() == now.Date() {
			wait = (now.Date() + 1).At(importAt).Sub(now)
		}
		select {
		case <-ctx.Done():
			return
		case <-d.clock.After(wait):
		}
		if err := d.importToday(ctx, client); err != nil && ctx.Err() == nil {
			d.log.Error("the day's master was not imported; yesterday's stays", "err", err)
		}
	}
}

// importToday fetches the day's master unless it is there already.
func (d *demo) importToday(ctx context.Context, client *breeze.Client) error {
	today := calendar.FromTime(d.clock.Now()).Date()
	if d.master.On() == today {
		return nil
	}
	var zip bytes.Buffer
	if _, err := client.SecurityMaster(ctx, &zip); err != nil {
		return fmt.Errorf("demo: fetching the security master: %w", err)
	}
	if _, _, err := d.master.Import(ctx, bytes.NewReader(zip.Bytes()), int64(zip.Len()), today, nil); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}
