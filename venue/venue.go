// Package venue runs one market that accounts trade in: the goroutine that calls its engine, the bounded inbox before
// it, the journal behind it, the projection that everyone reads and the events that follow a commit. It knows no HTTP,
// no user beyond an account's owner, and no broker: prices come from a feed, time from a clock and a calendar.
//
// Invariants: only the loop touches the engine; nothing is answered, shown or published before it is durable; what was
// stepped after a failed commit is thrown away with it; a fault halts this venue and no other, and reads go on.
// Known limit: events are kept in memory for resuming, so after a restart a reader that missed something fetches anew.
package venue

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"paperport/calendar"
	"paperport/clock"
	"paperport/engine"
	"paperport/feed"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
	"paperport/store"
)

// Errors of commands.
var (
	// ErrBusy says that the inbox is full; nothing was done.
	ErrBusy = errors.New("venue: inbox full")
	// ErrHalted says that a fault stopped the venue; nothing is decided until the owner releases it.
	ErrHalted = errors.New("venue: halted")
	// ErrClosed says that the venue has stopped.
	ErrClosed = errors.New("venue: closed")
	// ErrUnknown says that the instrument is not one of the venue's.
	ErrUnknown = errors.New("venue: unknown instrument")
)

// Limits of a venue.
const (
	inboxMax       = 4096   // waiting commands
	batchInputsMax = 2048   // inputs of one batch
	inflightMax    = 2      // batches on their way to the committer
	snapshotEvery  = 50_000 // inputs
)

// Options say what a venue stands on. All but ClosePrice, PriceAt, Log and Engine are needed.
type Options struct {
	ID    store.VenueID
	Store store.Books
	// Clock is the venue's own: the tape's in a replay.
	Clock    clock.Clock
	Calendar *calendar.Calendar
	Feed     *feed.Feed
	// Instrument tells a contract as of a date, false when the venue does not have it.
	Instrument func(id instrument.ID, on calendar.Date) (*instrument.Instrument, bool)
	// Boards are those whose phases the engine is told.
	Boards []calendar.Board
	Engine engine.Options
	// Rules are those to trade by from now on; a zero field leaves what the books say.
	Rules engine.Rules
	// ClosePrice finds the closing price of a day that ended while the program was not running; it may block.
	ClosePrice func(ctx context.Context, id instrument.ID, on calendar.Date) (money.Price, bool)
	// PriceAt finds the last price of an instrument up to an instant that may be long past; it may block. Without it only
	// the feed is asked.
	PriceAt func(ctx context.Context, id instrument.ID, at calendar.Instant) (money.Price, bool)
	// Scan makes the risk arrays of an underlying and says which move of its spot makes new ones worth it; false: none can
	// be made. It is called on the venue's goroutine and must not block. nil: futures and sold options are refused.
	Scan func(ScanAsk) (engine.Scan, money.Price, bool)
	// Filled is told how many trades became durable, Halted that a fault stopped the venue. They must not block; nil ones
	// are not called.
	Filled func(n int)
	Halted func(fault string)
	Log    *slog.Logger
}

// Venue is a running market. Its methods may be called from any goroutine.
type Venue struct {
	opt   Options
	log   *slog.Logger
	inbox chan *command
	quit  chan struct{}
	ended chan struct{} // closed when the loop has answered its last command
	done  sync.WaitGroup
	once  sync.Once

	books  books
	events events
	status atomic.Pointer[Status]
	seq    atomic.Uint64 // newest durable input
}

// Status is what a venue says of itself.
type Status struct {
	// Fault is why it is halted, empty while it runs.
	Fault string
	// IsDiskFull says that commands are refused until there is room.
	IsDiskFull bool
	// Boards is where each board stands, in the order of Options.Boards.
	Boards []store.Board
	// Note says how it started: "replayed 120 inputs", "loaded rows: the program decides differently than before".
	Note string
}

// Open rebuilds a venue from the store and starts it. The venue's row must exist. A halted venue opens too: its books
// can be read and commands get ErrHalted.
func Open(ctx context.Context, o Options) (*Venue, error) {
	v := &Venue{opt: o, log: o.Log, inbox: make(chan *command, inboxMax), quit: make(chan struct{}), ended: make(chan struct{})}
	if v.log == nil {
		v.log = slog.New(slog.DiscardHandler)
	}
	v.log = v.log.With("venue", string(o.ID))
	v.books.init()
	v.events.init()
	v.status.Store(&Status{})
	l := newLoop(v)
	if err := l.load(ctx); err != nil {
		return nil, err
	}
	v.done.Go(func() {
		defer close(v.ended)
		l.run()
	})
	return v, nil
}

// Close stops the loop after what it has begun is durable, leaving a snapshot, and waits. It may be called twice.
func (v *Venue) Close() {
	v.once.Do(func() { close(v.quit) })
	v.done.Wait()
}

// ID names the venue.
func (v *Venue) ID() store.VenueID { return v.opt.ID }

// Feed is where its prices come from.
func (v *Venue) Feed() *feed.Feed { return v.opt.Feed }

// Calendar is its timetable.
func (v *Venue) Calendar() *calendar.Calendar { return v.opt.Calendar }

// Now is the time on the venue's clock.
func (v *Venue) Now() calendar.Instant { return calendar.FromTime(v.opt.Clock.Now()) }

// Status is the newest; the value is shared and must not be changed.
func (v *Venue) Status() *Status { return v.status.Load() }

// Seq is the newest durable input.
func (v *Venue) Seq() uint64 { return v.seq.Load() }

// HasExpired reports whether a contract has stopped trading by the venue's clock.
func (v *Venue) HasExpired(i *instrument.Instrument) bool {
	return v.opt.Calendar.HasExpired(i.Board(), i.Expiry, v.Now())
}

// TradingDate is the date whose books are current: the newest of its boards.
func (v *Venue) TradingDate() calendar.Date { return v.books.date() }

// Instrument tells a contract as of the current trading date.
func (v *Venue) Instrument(id instrument.ID) (*instrument.Instrument, bool) {
	return v.opt.Instrument(id, v.TradingDate())
}

// OpenAccount opens the books of a and stores its row.
func (v *Venue) OpenAccount(ctx context.Context, a store.Account, requestID string) (engine.Receipt, error) {
	return v.send(ctx, &command{account: &a, in: engine.Input{OpenAccount: &engine.OpenAccount{Account: a.ID, RequestID: requestID,
		Capital: a.Capital, Plan: a.Plan, Profile: a.Profile}}})
}

// Cash pays money in or out.
func (v *Venue) Cash(ctx context.Context, c engine.Cash) (engine.Receipt, error) {
	return v.send(ctx, &command{in: engine.Input{Cash: &c}})
}

// Place places an order.
func (v *Venue) Place(ctx context.Context, p order.Place) (engine.Receipt, error) {
	return v.send(ctx, &command{in: engine.Input{Place: &p}})
}

// Modify changes a working order.
func (v *Venue) Modify(ctx context.Context, m order.Modify) (engine.Receipt, error) {
	return v.send(ctx, &command{in: engine.Input{Modify: &m}})
}

// Cancel takes a working order back.
func (v *Venue) Cancel(ctx context.Context, c order.Cancel) (engine.Receipt, error) {
	return v.send(ctx, &command{in: engine.Input{Cancel: &c}})
}

// Preview works out an order against the standing book.
func (v *Venue) Preview(ctx context.Context, p order.Place) (preview engine.Preview, err error) {
	_, err = v.send(ctx, &command{call: func(l *loop) error {
		preview, err = l.preview(p)
		return err
	}})
	return preview, err
}

// StateHash is the hash of the engine's whole state after everything stepped so far, and the Seq it belongs to. It
// costs a snapshot: for checks only.
func (v *Venue) StateHash(ctx context.Context) (hash [32]byte, seq uint64, err error) {
	_, err = v.send(ctx, &command{call: func(l *loop) error {
		hash, seq = l.engine.StateHash(), l.seq
		return nil
	}})
	return hash, seq, err
}

// Release lets a halted venue run again from its last durable state.
func (v *Venue) Release(ctx context.Context) error {
	_, err := v.send(ctx, &command{isRelease: true})
	return err
}

// SaveSettings stores the venue's settings with its next batch; it does not wait.
func (v *Venue) SaveSettings(settings []byte) {
	v.trySend(&command{call: func(l *loop) error {
		l.pending.batch.Settings = settings
		l.pending.touch(l.now())
		return nil
	}})
}
