package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/charges"
	"paperport/clock"
	"paperport/instrument"
	"paperport/order"
	"paperport/store"
	"paperport/venue"
)

// Options say what an App stands on. Store, Clock and Registry are needed.
type Options struct {
	Store store.Books
	Clock clock.Clock
	// Registry is empty; New fills it from the store, and what imports add to it is stored before it is used.
	Registry *instrument.Registry
	// Calendar is the exchanges' timetable, for replays; nil is the rulebook's.
	Calendar *calendar.Calendar
	// Rulebook is the exchanges' rules as this installation has them; nil is ours alone.
	Rulebook *Rulebook
	// RecordedDir is where day files for replays are looked for.
	RecordedDir string
	// BookAgeMax is how old an instrument's book may be and still fill an order; 0 leaves what the books of a venue say.
	BookAgeMax time.Duration
	// OrdersPerSecond is how many orders, changes and cancels an account may send in a calendar second; 0: any number.
	OrdersPerSecond int
	// Meter is told what is counted.
	Meter Meter
	Log   *slog.Logger
}

// App is the running program behind every face of it. Its methods may be called from any goroutine.
type App struct {
	opt      Options
	store    store.Books
	registry *instrument.Registry
	log      *slog.Logger
	replays  *replays
	scan     *scanner
	plans    []Plan
	tables   *charges.Tables

	mu       sync.RWMutex // guards the maps
	markets  map[VenueID]*trading
	accounts map[order.AccountID]store.Account
	opening  sync.Mutex // one account is opened at a time: limits are counted before
	saving   sync.Mutex // one save of the registry at a time
	living   sync.Mutex // one live venue is opened at a time
	streams  atomic.Uint64
}

// trading is a venue with everything that is shown around it.
type trading struct {
	*venue.Venue
	row     store.Venue
	history History
	finder  atomic.Pointer[instrument.Finder] // nil while nothing was imported
	// budget is nil where requests are not counted.
	budget func() Budget
	note   string
	tape   *replay          // only in a replay
	live   func() LiveState // only in a live market
	broker store.BrokerID   // only in a live market
	board  calendar.Board   // whose phase and feed stand for the venue
	close  func()           // called last; may be nil
	candle candleCache

	clock      clock.Clock // the venue's own
	leases     leases
	asking     atomic.Bool // a goroutine asks for unknown quotes
	ctx        context.Context
	cancel     context.CancelFunc
	background sync.WaitGroup
}

// init readies what background work needs.
func (m *trading) init() { m.ctx, m.cancel = context.WithCancel(context.Background()) }

// New loads instruments and accounts and opens the replays that accounts live in. The demo venue is added with AddDemo,
// live ones with AddLive.
func New(ctx context.Context, o Options) (*App, error) {
	a := &App{opt: o, store: o.Store, registry: o.Registry, log: o.Log, markets: map[VenueID]*trading{}, accounts: map[order.AccountID]store.Account{}}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if a.scan, err = newScanner(); err != nil {
		return nil, err
	}
	if err := a.openRules(); err != nil {
		return nil, err
	}
	rows, err := o.Store.Instruments(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.registry.Load(rows); err != nil {
		return nil, fmt.Errorf("app: loading instruments: %w", err)
	}
	tables, err := charges.Load(nil)
	if err != nil {
		return nil, fmt.Errorf("app: loading charge plans: %w", err)
	}
	a.tables = tables
	for _, p := range tables.Plans() {
		a.plans = append(a.plans, Plan{ID: p.ID, Name: p.Name, Note: p.Note})
	}
	accounts, err := o.Store.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range accounts {
		a.accounts[row.ID] = row
	}
	a.replays = newReplays(a)
	if err := a.replays.openAll(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Close stops every venue, leaving each a snapshot, and waits. The store stays open.
func (a *App) Close() error {
	a.mu.Lock()
	all := make([]*trading, 0, len(a.markets))
	for _, m := range a.markets {
		all = append(all, m)
	}
	a.mu.Unlock()
	var waits sync.WaitGroup
	for _, m := range all {
		waits.Go(m.stop)
	}
	waits.Wait()
	return nil
}

func (m *trading) stop() {
	if m.tape != nil {
		m.tape.save(m.Venue)
	}
	m.cancel()
	m.background.Wait()
	m.Venue.Close()
	if m.close != nil {
		m.close()
	}
}

// Plans lists the charge plans.
func (a *App) Plans() []Plan { return a.plans }

// SaveInstruments stores what was added to the registry since the last call. It must have succeeded before an
// instrument is traded: ids are never given twice.
func (a *App) SaveInstruments(ctx context.Context) error {
	a.saving.Lock()
	defer a.saving.Unlock()
	const page = 2000
	for {
		rows := a.registry.Unsaved(page)
		if len(rows) == 0 {
			return nil
		}
		if err := a.store.AddInstruments(ctx, rows); err != nil {
			return fmt.Errorf("app: storing instruments: %w", err)
		}
		a.registry.MarkSaved(len(rows))
	}
}

// own finds an account of user and its venue.
func (a *App) own(user auth.UserID, id order.AccountID) (*trading, store.Account, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	row, ok := a.accounts[id]
	if !ok || row.Owner != user {
		return nil, row, ErrNotFound
	}
	m := a.markets[row.Venue]
	if m == nil {
		return nil, row, fmt.Errorf("%w: the venue of this account is not running", ErrUnavailable)
	}
	return m, row, nil
}

// book is the projection of an account of user.
func (a *App) book(user auth.UserID, id order.AccountID) (*trading, *venue.Book, error) {
	m, _, err := a.own(user, id)
	if err != nil {
		return nil, nil, err
	}
	b, ok := m.Book(id)
	if !ok {
		return nil, nil, ErrNotFound
	}
	return m, b, nil
}

// market finds a venue that user may look at.
func (a *App) market(user auth.UserID, id VenueID) (*trading, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	m := a.markets[id]
	if m == nil || m.row.Owner != "" && m.row.Owner != user {
		return nil, ErrNotFound
	}
	return m, nil
}

// outcome turns the errors of store and venue into those of app.
func outcome(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, venue.ErrBusy):
		return ErrBusy
	case errors.Is(err, venue.ErrHalted):
		return ErrHalted
	case errors.Is(err, store.ErrDiskFull):
		return ErrDiskFull
	case errors.Is(err, venue.ErrClosed), errors.Is(err, store.ErrClosed):
		return fmt.Errorf("%w: stopping", ErrUnavailable)
	case errors.Is(err, venue.ErrUnknown):
		return fmt.Errorf("%w: instrument: unknown", ErrInvalid)
	case errors.Is(err, store.ErrNotFound):
		return ErrNotFound
	default:
		return err
	}
}
