package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/broker"
	"paperport/clock"
	"paperport/config"
	"paperport/httpapi"
	"paperport/instrument"
	"paperport/store"
	"paperport/store/sqlstore"
	"paperport/web"
)

// house is everything that runs behind the door.
type house struct {
	config  config.Config
	log     *slog.Logger
	rules   *app.Rulebook
	store   *sqlstore.Store
	users   *app.Users
	app     *app.App
	demo    *demo // nil when switched off
	desk    *broker.Desk
	daily   *broker.Daily
	brokers *app.Brokers
	seals   *seals
	nightly *nightly // nil when switched off
	meter   *meter
	ready   writeProbe
	api     *httpapi.Server
	base    string
	failed  chan error // storage failed: end with exit 74

	ctx     context.Context // ends when the house closes
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// newHouse builds what serves pages; open adds the rest.
func newHouse(ctx context.Context, c config.Config, port int, log *slog.Logger) *house {
	h := &house{config: c, log: log, meter: newMeter(), failed: make(chan error, 1), base: httpapi.BaseURL(c.PublicURL, port, c.TLSCert != "")}
	h.ctx, h.cancel = context.WithCancel(context.WithoutCancel(ctx))
	limits := httpapi.DefaultLimits
	limits.APIPerSecond, limits.APIBurst = c.APIPerSecond, 4*c.APIPerSecond
	h.api = httpapi.New(httpapi.Options{Clock: clock.System{}, Log: accessLog(c, log), Files: web.Files(), Port: port, PublicURL: c.PublicURL,
		IsTLS: c.TLSCert != "", TrustedProxies: c.TrustedProxies, HasDemo: c.Demo != "off", Limits: limits, Version: apiVersion, IsReady: h.isReady})
	return h
}

// open opens the database and, with it, the API. The routes are built meanwhile.
func (h *house) open(ctx context.Context) error {
	prepared := make(chan struct{})
	go func() { defer close(prepared); h.api.Prepare() }()
	defer func() { <-prepared }()
	hasher, err := auth.NewHasher(auth.DefaultCost)
	if err != nil {
		return err
	}
	if h.store, err = sqlstore.Open(ctx, sqlstore.Options{Dir: h.config.DataDir, Log: h.log, Fatal: h.fail, Committed: h.meter.committed}); err != nil {
		return explainDir(h.config.DataDir, err)
	}
	h.users = app.NewUsers(app.UsersOptions{Rows: h.store.Users(), Hasher: hasher, Clock: clock.System{}, Span: loginSpan(h.config)})
	if h.seals, err = openSeals(ctx, h.config, h.store.Brokers()); err != nil {
		return err
	}
	registry := instrument.NewRegistry()
	if h.rules, err = app.NewRulebook(app.RulebookOptions{Dir: h.config.RulesDir, Clock: clock.System{}, Log: h.log}); err != nil {
		return err
	}
	if h.app, err = app.New(ctx, app.Options{Store: h.store, Clock: clock.System{}, Registry: registry, Rulebook: h.rules, RecordedDir: h.config.RecordedDir,
		BookAgeMax: h.config.BookMaxAge, OrdersPerSecond: h.config.OrdersPerSecond, Meter: h.meter.app(), Log: h.log}); err != nil {
		return err
	}
	if h.config.Demo != "off" {
		if h.demo, err = newDemo(h.config, h.log, registry, h.app, h.rules.Calendar(), h.base+callbackPath); err != nil {
			return err
		}
		if err := h.demo.open(ctx); err != nil {
			return err
		}
	}
	if err := h.openDesk(ctx, registry); err != nil {
		return err
	}
	if h.config.BackupDir != config.BackupOff {
		h.nightly = newNightly(h)
	}
	h.api.Attach(h.app, h.users, h.brokers)
	return nil
}

// explainDir adds what to do to an error of the data directory itself.
func explainDir(dir string, err error) error {
	var path *fs.PathError
	if !errors.As(err, &path) {
		return err
	}
	return fmt.Errorf("the data directory %s cannot be used; give this user the right to write it, or name another with PAPERPORT_DATA_DIR or --data-dir: %w", dir, err)
}

// fail ends the program: nothing can be stored any more.
func (h *house) fail(err error) {
	select {
	case h.failed <- fmt.Errorf("%w: %w", store.ErrBroken, err):
	default:
	}
}

// announce says where to go; the setup link is a secret and goes to the terminal, never to the log.
func (h *house) announce(ctx context.Context, w io.Writer) {
	fmt.Fprintf(w, "PaperPort is at %s\n", h.base)
	if h.config.PublicURL == nil && !h.config.IsLoopback() {
		fmt.Fprintln(w, "Only localhost is answered: set PAPERPORT_PUBLIC_URL to the address that other machines use.")
	}
	h.seals.announce(w)
	needsOwner, err := h.users.NeedsOwner(ctx)
	if err != nil || !needsOwner {
		return
	}
	if h.config.PublicURL != nil || h.config.TLSCert != "" {
		fmt.Fprintf(w, "Create the first user here, from any machine, once: %s/?link=%s\n", h.base, h.users.NewSetupToken())
		return
	}
	fmt.Fprintln(w, "Open it in a browser on this machine to create the first user.")
}

// start runs what need not be there for the first page.
func (h *house) start() {
	h.running.Go(h.sweep)
	h.running.Go(h.followRules)
	if h.demo != nil {
		h.running.Go(func() { h.demo.market.Feed().Run(h.ctx) })
		h.running.Go(func() { h.demo.run(h.ctx) })
	}
	h.running.Go(func() { h.daily.Run(h.ctx) })
	h.running.Go(func() { h.brokers.Run(h.ctx) })
	if h.nightly != nil {
		h.running.Go(func() { h.nightly.run(h.ctx) })
	}
}

// sweep ends logins whose time is over, and writes down where the audit trail ends.
func (h *house) sweep() {
	ticker := time.NewTicker(sweepTime)
	defer ticker.Stop()
	lastAudit := int64(0)
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-ticker.C:
			if err := h.users.Sweep(h.ctx); err != nil {
				h.log.Error("sweep of logins failed", "err", err)
			}
			lastAudit = h.logAuditHead(lastAudit)
		}
	}
}

// close stops everything and waits: venues first, which leave their snapshots, then their sources, then the store. What
// was never opened is left out.
func (h *house) close() error {
	var errs []error
	if h.app != nil {
		errs = append(errs, h.app.Close())
	}
	h.cancel()
	h.running.Wait()
	if h.desk != nil {
		h.desk.Close()
	}
	if h.store != nil {
		errs = append(errs, h.store.Close())
	}
	return errors.Join(errs...)
}

// accessLog is the handler's log, without request lines when they are switched off.
func accessLog(c config.Config, log *slog.Logger) *slog.Logger {
	if c.AccessLog {
		return log
	}
	return slog.New(quiet{log.Handler()})
}

// quiet drops what is below a warning.
type quiet struct{ slog.Handler }

// Enabled lets warnings and errors through.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}
