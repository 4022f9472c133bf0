package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"paperport/app"
	"paperport/breeze"
	"paperport/breezesim"
	"paperport/breezewire"
	"paperport/calendar"
	"paperport/clock"
	"paperport/config"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
	"paperport/secret"
)

// demo is the demo market from the simulator to the venue: the same client and streams that a live venue uses, at other
// hosts. It stands between a feed that is there from the start and a broker that comes later and may go away.
type demo struct {
	config   config.Config
	log      *slog.Logger
	clock    clock.Clock
	calendar *calendar.Calendar
	registry *instrument.Registry
	app      *app.App
	feed     *feed.Feed

	client atomic.Pointer[breeze.Client]
	stream atomic.Pointer[breeze.Stream]
	codes  atomic.Pointer[breeze.Codes]
	report *breeze.MasterReport // of the newest import; used by run's goroutine alone
}

func newDemo(c config.Config, log *slog.Logger, registry *instrument.Registry, a *app.App) (*demo, error) {
	hours, err := demoHours(c)
	if err != nil {
		return nil, err
	}
	d := &demo{config: c, log: log, clock: clock.System{}, calendar: hours, registry: registry, app: a}
	d.feed = feed.New(feed.Options{Clock: d.clock, Instrument: registry.ByID, Upstream: d,
		Phase:  func(b calendar.Board, at calendar.Instant) calendar.Phase { return d.calendar.At(b, at).Phase },
		Limits: feed.Limits{BookMax: c.BookMaxAge},
		Refused: func(id instrument.ID, why feed.Reason) {
			log.Debug("frame refused", "instrument_id", uint32(id), "reason", why.String())
		}})
	return d, nil
}

// demoHours is the timetable of the demo market and of its simulator.
func demoHours(c config.Config) (*calendar.Calendar, error) {
	if c.DemoHours == "exchange" {
		return calendar.Load(nil)
	}
	return calendar.Demo(), nil
}

// open adds the venue; its books can be read while its feed is still silent.
func (d *demo) open(ctx context.Context) error {
	return d.app.AddDemo(ctx, app.Demo{Clock: d.clock, Calendar: d.calendar, Feed: d.feed, History: d})
}

// The waits between attempts to reach the simulator.
const (
	demoRetryMin = 500 * time.Millisecond
	demoRetryMax = 10 * time.Second
)

// run starts the simulator, where it is ours, and keeps client and streams connected to it until ctx ends.
func (d *demo) run(ctx context.Context) {
	credentials := func(ctx context.Context) (breezesim.Credentials, error) {
		return breezesim.FetchCredentials(ctx, d.config.Demo)
	}
	base := d.config.Demo
	if base == "on" {
		simulator, stop, err := d.startSimulator()
		if err != nil {
			d.log.Error("the demo market's simulator cannot start", "err", err)
			d.feed.Down(err)
			return
		}
		defer stop()
		base = "http://" + d.config.SimAddr
		credentials = func(context.Context) (breezesim.Credentials, error) { return simulator.Credentials(), nil }
	}
	wait := demoRetryMin
	for ctx.Err() == nil {
		began := d.clock.Now()
		err := d.connect(ctx, base, credentials)
		if ctx.Err() != nil {
			return
		}
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

// startSimulator serves the simulator on loopback.
func (d *demo) startSimulator() (*breezesim.Server, func(), error) {
	listener, err := net.Listen("tcp", d.config.SimAddr)
	if errors.Is(err, syscall.EADDRINUSE) && d.config.SimAddr == config.DefaultSimAddr {
		// Nobody asked for this very port: a taken one must not cost the demo market.
		d.log.Warn("the simulator's usual port is in use, so it takes a free one", "addr", d.config.SimAddr)
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("listen on %s (PAPERPORT_SIM_ADDR): %w", d.config.SimAddr, err)
	}
	d.config.SimAddr = listener.Addr().String()
	simulator := breezesim.New(breezesim.Options{Calendar: d.calendar, Clock: d.clock})
	server := newServer(simulator.Handler(), d.log, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := serveOn(server, listener); err != nil {
			d.log.Error("the demo market's simulator ended", "err", err)
		}
	}()
	return simulator, func() {
		simulator.Close()
		_ = server.Close()
		<-done
	}, nil
}

// connect signs in, imports the day's master and streams until something breaks.
func (d *demo) connect(ctx context.Context, base string, credentials func(context.Context) (breezesim.Credentials, error)) error {
	keys, err := credentials(ctx)
	if err != nil {
		d.feed.Down(err)
		return err
	}
	client := breeze.New(breeze.Options{Hosts: breeze.AllAt(base), Clock: d.clock, AppKey: secret.New(keys.Key), Secret: secret.New(keys.Secret),
		Codes: d.codes.Load, PerMinute: breeze.Unlimited, PerDay: breeze.Unlimited})
	defer client.Close()
	exchanged, err := client.Exchange(ctx, secret.New(keys.APISession))
	if err != nil {
		d.feed.Down(err)
		return err
	}
	client.SetToken(exchanged.Token)
	d.client.Store(client)
	if err := d.importToday(ctx, client); err != nil {
		d.feed.Down(err)
		return err
	}
	return d.follow(ctx, client)
}

// follow streams until the connection is lost for good, importing a fresh master each day.
func (d *demo) follow(ctx context.Context, client *breeze.Client) error {
	stream := breeze.NewStream(breeze.StreamOptions{Client: client, Handler: d.feed, IsFirst: d.feed.IsFirst})
	d.stream.Store(stream)
	defer d.stream.Store(nil)
	stream.Join(d.feed.Wanted())
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- stream.Run(ctx) }()
	for {
		tomorrow := (d.today() + 1).At(importAt)
		select {
		case err := <-ended:
			return err
		case <-d.clock.After(tomorrow.Sub(d.now())):
			if err := d.importToday(ctx, client); err != nil {
				d.log.Error("the day's master was not imported; yesterday's stays", "err", err)
			}
			stream.Recode()
		}
	}
}

// importAt is how long after midnight the new day's master is fetched.
const importAt = 5 * time.Second

func (d *demo) now() calendar.Instant { return calendar.FromTime(d.clock.Now()) }

func (d *demo) today() calendar.Date { return d.now().Date() }

// importToday fetches the day's master unless it is there already, and stores new instruments before they can be traded.
func (d *demo) importToday(ctx context.Context, client *breeze.Client) error {
	today := d.today()
	if codes := d.codes.Load(); codes != nil && codes.On == today {
		return nil
	}
	var zip bytes.Buffer
	if _, err := client.SecurityMaster(ctx, &zip); err != nil {
		return fmt.Errorf("demo: fetching the security master: %w", err)
	}
	codes, report, err := breeze.ImportMaster(bytes.NewReader(zip.Bytes()), int64(zip.Len()),
		breeze.MasterImport{On: today, Registry: d.registry.View(instrument.FromDemo), Previous: d.report})
	if err != nil {
		return fmt.Errorf("demo: importing the security master: %w", err)
	}
	if err := d.app.SaveInstruments(ctx); err != nil {
		return err
	}
	d.report = report
	d.codes.Store(codes)
	d.log.Info("security master imported", "trading_date", today.String(), "instruments", report.Instruments)
	err = d.app.SetDemoInstruments(d.entries(codes), d.pulse(codes))
	debug.FreeOSMemory() // the import needed several times what it leaves
	return err
}

// entries are the instruments of the day with the broker's code as a second name.
func (d *demo) entries(codes *breeze.Codes) iter.Seq[instrument.Entry] {
	return func(yield func(instrument.Entry) bool) {
		for in := range d.registry.All() {
			if code := codes.StockCode(in.ID); code != "" && !yield(instrument.Entry{Instrument: in, Aliases: []string{code}}) {
				return
			}
		}
	}
}

// pulseNames are the indices whose ticks, and their futures', show that a board lives.
var pulseNames = map[string]bool{"NIFTY": true, "NIFTY 50": true, "SENSEX": true}

// pulse picks what is always watched: the main indices and all their futures, so that one always has not expired.
func (d *demo) pulse(codes *breeze.Codes) (ids []instrument.ID) {
	for in := range d.registry.All() {
		isMain := pulseNames[in.Symbol] && in.Kind == instrument.Index || pulseNames[in.Underlying] && in.Kind == instrument.Future
		if isMain && codes.StockCode(in.ID) != "" && (in.Expiry == 0 || in.Expiry >= codes.On) {
			ids = append(ids, in.ID)
		}
	}
	return ids
}

// Join asks the stream for instruments; while there is none the feed remembers them.
func (d *demo) Join(ids []instrument.ID) {
	if s := d.stream.Load(); s != nil {
		s.Join(ids)
	}
}

// Leave gives instruments up.
func (d *demo) Leave(ids []instrument.ID) {
	if s := d.stream.Load(); s != nil {
		s.Leave(ids)
	}
}

var errNotConnected = fmt.Errorf("%w: the demo market is still connecting", app.ErrUnavailable)

// Snapshot fetches one quote over REST.
func (d *demo) Snapshot(ctx context.Context, id instrument.ID) (market.Quote, error) {
	client := d.client.Load()
	if client == nil {
		return market.Quote{}, errNotConnected
	}
	return client.Quote(ctx, id)
}

// Candles fetches bars over REST.
func (d *demo) Candles(ctx context.Context, id instrument.ID, interval market.Interval, from, to calendar.Instant) ([]market.Candle, error) {
	client := d.client.Load()
	if client == nil {
		return nil, errNotConnected
	}
	candles, err := client.History(ctx, id, interval, breezewire.Span{From: from, To: to - 1})
	var spent *breeze.BudgetError
	switch {
	case errors.Is(err, breeze.ErrNoData):
		return nil, nil
	case errors.As(err, &spent):
		return nil, fmt.Errorf("%w: the request budget is spent, next in %s", app.ErrUnavailable, spent.RetryAfter.Round(time.Second))
	case err != nil:
		return nil, fmt.Errorf("%w: no history from the broker now: %w", app.ErrUnavailable, err)
	default:
		return candles, nil
	}
}
