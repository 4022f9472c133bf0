package app

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/store"
	"paperport/venue"
)

// ReplayOffer names the offer of a recorded day; a replay is named replayPrefix and ten hex digits.
const (
	ReplayOffer  VenueID = "replay"
	replayPrefix         = "replay-"
	kindReplay           = "replay"
)

// Limits of replays.
const (
	replaysMax  = 20 // of one user: each has an engine of its own
	speedMax    = 60
	exampleFile = "chain1m_NIFTY_2026-08-18_expiry.csv.gz"
	// replayTail is how long a replay's clock runs on after the day's end, for its books to close.
	replayTail = time.Minute
)

var replayBoards = []calendar.Board{{Exchange: calendar.NSE, Segment: calendar.FNO}, {Exchange: calendar.NSE, Segment: calendar.Equity}}

// replays finds day files and runs the replays of them.
type replays struct {
	app *App
	// timetable loads the exchanges' calendar when the first replay needs it.
	timetable func() (*calendar.Calendar, error)
	mu        sync.Mutex // guards tapes
	tapes     map[string]*feed.Recording
}

func newReplays(a *App) *replays {
	return &replays{app: a, tapes: map[string]*feed.Recording{}, timetable: sync.OnceValues(func() (*calendar.Calendar, error) {
		if a.opt.Calendar != nil {
			return a.opt.Calendar, nil
		}
		return calendar.Load(nil)
	})}
}

// replay is what one replay adds to its venue.
type replay struct {
	clock    *feed.TapeClock
	tape     *feed.Recording
	settings replaySettings
	mu       sync.Mutex // guards settings
}

// replaySettings are stored with the venue.
type replaySettings struct {
	File     string           `json:"file"`
	At       calendar.Instant `json:"at"`
	Speed    int              `json:"speed"`
	IsPaused bool             `json:"is_paused"`
}

// files lists the day files, by name.
func (r *replays) files() []string {
	found, _ := filepath.Glob(filepath.Join(r.app.opt.RecordedDir, "chain1m_*.csv*")) // fails only for a bad pattern
	slices.Sort(found)
	return found
}

// offer is shown whether a day file is there or not.
func (r *replays) offer() VenueState {
	v := VenueState{ID: ReplayOffer, Kind: kindReplay, Name: "Replay of a recorded day", BookNote: feed.TapeNote,
		Feed: FeedState{Lamp: "closed", AgeMs: -1, Source: "none", Detail: "begins when an account is opened in it"}, StatusText: "REPLAY"}
	files := r.files()
	if len(files) == 0 {
		v.UnavailableReason = fmt.Sprintf("Put a recorded day, for example %s, into %s.", exampleFile, r.app.opt.RecordedDir)
		return v
	}
	v.IsAvailable = true
	v.Name = "Replay of " + strings.TrimSuffix(strings.TrimSuffix(filepath.Base(files[0]), ".gz"), ".csv")
	return v
}

// begin makes a replay of the first day file for a user.
func (r *replays) begin(ctx context.Context, user auth.UserID) (*trading, error) {
	files := r.files()
	if len(files) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrUnavailable, r.offer().UnavailableReason)
	}
	if r.count(user) >= replaysMax {
		return nil, fmt.Errorf("%w: a user has at most %d replays", ErrInvalid, replaysMax)
	}
	tape, err := r.tape(ctx, filepath.Base(files[0]))
	if err != nil {
		return nil, err
	}
	settings, err := json.Marshal(replaySettings{File: filepath.Base(files[0]), At: tape.From, Speed: 1})
	if err != nil {
		return nil, fmt.Errorf("app: encoding a replay: %w", err)
	}
	row := store.Venue{ID: VenueID(replayPrefix + randomHex(5)), Kind: kindReplay, Owner: user, Settings: settings,
		Name: fmt.Sprintf("%s %s", tape.Underlying, tape.Date.At(0).IST().Format("2 Jan 2006")), CreatedAt: calendar.FromTime(r.app.opt.Clock.Now())}
	if err := r.app.store.AddVenue(ctx, row); err != nil {
		return nil, outcome(err)
	}
	return r.open(ctx, row)
}

func (r *replays) count(user auth.UserID) (n int) {
	r.app.mu.RLock()
	defer r.app.mu.RUnlock()
	for _, m := range r.app.markets {
		if m.tape != nil && m.row.Owner == user {
			n++
		}
	}
	return n
}

// openAll opens every stored replay. One whose file is gone stays closed: its accounts are ErrUnavailable.
func (r *replays) openAll(ctx context.Context) error {
	rows, err := r.app.store.Venues(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Kind != kindReplay {
			continue
		}
		if _, err := r.open(ctx, row); err != nil {
			r.app.log.Warn("a replay was not opened", "venue", string(row.ID), "err", err)
		}
	}
	return nil
}

// open starts a replay where it was.
func (r *replays) open(ctx context.Context, row store.Venue) (*trading, error) {
	var settings replaySettings
	if err := json.Unmarshal(row.Settings, &settings); err != nil {
		return nil, fmt.Errorf("app: settings of %s: %w", row.ID, err)
	}
	timetable, err := r.timetable()
	if err != nil {
		return nil, fmt.Errorf("app: loading the calendar: %w", err)
	}
	tape, err := r.tape(ctx, settings.File)
	if err != nil {
		return nil, err
	}
	last, err := r.app.store.LastJournal(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	end := timetable.DayEnd(replayBoards[0], tape.Date)
	clock := feed.NewTapeClock(max(settings.At, last.At, tape.From), max(end, tape.To).Add(replayTail), settings.Speed, settings.IsPaused)
	p := &replay{clock: clock, tape: tape, settings: settings}
	index, _ := r.app.registry.Find(indexOf(tape.Underlying))
	m := &trading{row: row, clock: clock, history: tapeHistory{p, index}, tape: p, board: replayBoards[0], note: feed.TapeNote}
	m.init()
	contracts := contractsOf(tape, r.app.registry, index)
	f := feed.New(feed.Options{Clock: clock, Source: feed.FromTape, Pace: func() int { speed, _ := clock.Speed(); return speed }, Instrument: func(id instrument.ID) (*instrument.Instrument, bool) {
		i, ok := contracts[id]
		return i, ok
	}, Phase: func(b calendar.Board, at calendar.Instant) calendar.Phase { return timetable.At(b, at).Phase }})
	m.finder.Store(instrument.NewFinder(entriesOf(contracts)))
	m.Venue, err = venue.Open(ctx, venue.Options{ID: row.ID, Store: r.app.store, Clock: clock, Calendar: timetable, Feed: f,
		Instrument: func(id instrument.ID, _ calendar.Date) (*instrument.Instrument, bool) {
			i, ok := contracts[id]
			return i, ok
		},
		Boards: replayBoards, Engine: engineOptions(row.ID), Rules: r.app.rules(), ClosePrice: m.closePrice, PriceAt: m.priceAt, Scan: r.app.scan.scan,
		Filled: r.app.opt.Meter.Filled, Halted: r.app.opt.Meter.Halted, Log: r.app.log})
	if err != nil {
		return nil, fmt.Errorf("app: opening %s: %w", row.ID, err)
	}
	player := feed.NewPlayer(f, tape, index, clock)
	m.background.Go(func() { player.Run(m.ctx) })
	m.background.Go(func() { p.keepSaving(m.ctx, m.Venue) })
	m.close = clock.Stop
	r.app.mu.Lock()
	defer r.app.mu.Unlock()
	r.app.markets[row.ID] = m
	return m, nil
}

// tape reads a day file once and gives its contracts their ids.
func (r *replays) tape(ctx context.Context, file string) (*feed.Recording, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.tapes[file]; t != nil {
		return t, nil
	}
	if file != filepath.Base(file) {
		return nil, fmt.Errorf("%w: day file %q", ErrInvalid, file)
	}
	tape, err := feed.OpenTape(filepath.Join(r.app.opt.RecordedDir, file), niftyLot)
	if err != nil {
		if os.IsNotExist(err) {
			err = fmt.Errorf("%w: the recorded day %s is gone from %s", ErrUnavailable, file, r.app.opt.RecordedDir)
		}
		return nil, err
	}
	if err := r.enlist(tape); err != nil {
		return nil, err
	}
	if err := r.app.SaveInstruments(ctx); err != nil {
		return nil, err
	}
	r.tapes[file] = tape
	return tape, nil
}

// niftyLot is the lot of NIFTY contracts on 2026-08-18, the one day we know files of (data/README.md: volumes and open
// interest are in contracts of 65); checked 2026-11-24.
const (
	niftyLot  money.Qty   = 65
	niftyTick money.Price = money.PriceScale / 20
)

// enlist gives the contracts of a tape ids and the terms of its date.
func (r *replays) enlist(t *feed.Recording) error {
	timetable, err := r.timetable()
	if err != nil {
		return fmt.Errorf("app: loading the calendar: %w", err)
	}
	registry := r.app.registry
	index := registry.Allocate(indexOf(t.Underlying), t.Date)
	freeze := instrument.NewFreezeTable().FreezeQty(t.Underlying, t.Date)
	for i := range t.Strips {
		c := &t.Strips[i].Contract
		c.UnderlyingID = index
		c.Name = t.Underlying
		c.Terms = instrument.Terms{LotSize: niftyLot, FreezeQty: freeze, TickSize: niftyTick, Multiplier: 1, UnderlyingIsIndex: true}
		c.Symbol = instrument.TradingSymbol(c.Underlying, c.Expiry, cycleOf(timetable, c.Expiry), c.Strike, c.Right)
		c.ID = registry.Allocate(*c, t.Date)
	}
	return nil
}

func cycleOf(timetable *calendar.Calendar, expiry calendar.Date) instrument.Cycle {
	year, month, _ := expiry.YMD()
	if timetable.MonthlyExpiry(calendar.NSE, year, month) == expiry {
		return instrument.Monthly
	}
	return instrument.Weekly
}

func indexOf(underlying string) instrument.Instrument {
	return instrument.Instrument{Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Index, Symbol: underlying, Underlying: underlying,
		Name: underlying + " 50", Terms: instrument.Terms{LotSize: 1, TickSize: money.PricePerPaisa, Multiplier: 1}}
}

// contractsOf are the instruments of a replay with the terms of its date.
func contractsOf(t *feed.Recording, registry *instrument.Registry, index instrument.ID) map[instrument.ID]*instrument.Instrument {
	all := make(map[instrument.ID]*instrument.Instrument, len(t.Strips)+1)
	for i := range t.Strips {
		all[t.Strips[i].Contract.ID] = &t.Strips[i].Contract
	}
	if i, ok := registry.AsOf(index, t.Date); ok {
		all[index] = &i
	}
	return all
}

func (p *replay) setClock(c ClockChange) error {
	if c.Speed < 1 || c.Speed > speedMax {
		return fmt.Errorf("%w: speed: 1 to %d", ErrInvalid, speedMax)
	}
	// The last minute is played, so that what is settled at the day's end is settled at its prices.
	now, last := calendar.FromTime(p.clock.Now()), p.tape.To.Add(-time.Minute)
	if c.At != 0 && (c.At < now || c.At > last) {
		return fmt.Errorf("%w: at: a replay's clock runs forwards only, to %s at most; open another account to begin anew", ErrInvalid, last.IST().Format("15:04"))
	}
	p.clock.Set(c.Speed, c.IsPaused, c.At)
	return nil
}

func (p *replay) clockState() *TapeClock {
	speed, isPaused := p.clock.Speed()
	return &TapeClock{Speed: speed, IsPaused: isPaused, From: p.tape.From, To: p.tape.To}
}

// save stores where the replay is with the venue's next batch.
func (p *replay) save(v *venue.Venue) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings.Speed, p.settings.IsPaused = p.clock.Speed()
	p.settings.At = calendar.FromTime(p.clock.Now())
	settings, err := json.Marshal(p.settings)
	if err != nil {
		panic("app: replay settings: " + err.Error())
	}
	v.SaveSettings(settings)
}

// saveEvery is how much of a replay's position a crash may lose, in tape time; it is then lifted to the last input.
const saveEvery = 10 * time.Minute

func (p *replay) keepSaving(ctx context.Context, v *venue.Venue) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.clock.After(saveEvery):
			p.save(v)
		}
	}
}

// tapeHistory serves the bars of a replay up to its clock.
type tapeHistory struct {
	replay *replay
	index  instrument.ID
}

// Candles never shows what the replay's clock has not reached.
func (h tapeHistory) Candles(_ context.Context, id instrument.ID, interval market.Interval, from, to calendar.Instant) ([]market.Candle, error) {
	now := calendar.FromTime(h.replay.clock.Now())
	t := h.replay.tape
	if id == h.index {
		return t.Candles(nil, Length(interval), from, to, now), nil
	}
	for i := range t.Strips {
		if t.Strips[i].Contract.ID == id {
			return t.Candles(&t.Strips[i], Length(interval), from, to, now), nil
		}
	}
	return nil, ErrNotFound
}
