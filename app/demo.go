package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/clock"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/store"
	"paperport/venue"
)

// DemoVenue is the id of the market that all users share.
const DemoVenue VenueID = "demo"

const kindDemo = "demo"

// Demo is what the demo market is made of. Feed may still be silent; nothing of it but Budget may be nil.
type Demo struct {
	Clock    clock.Clock
	Calendar *calendar.Calendar
	Feed     *feed.Feed
	History  History
	Budget   func() Budget // nil where the source sets no limit
}

// demoBoards are the boards whose phases the demo's engine is told.
var demoBoards = []calendar.Board{
	{Exchange: calendar.NSE, Segment: calendar.Equity}, {Exchange: calendar.NSE, Segment: calendar.Equity, Auction: true},
	{Exchange: calendar.BSE, Segment: calendar.Equity}, {Exchange: calendar.BSE, Segment: calendar.Equity, Auction: true},
	{Exchange: calendar.NSE, Segment: calendar.FNO}, {Exchange: calendar.BSE, Segment: calendar.FNO},
}

// AddDemo opens the demo venue, making it at the first start. Its books can be read at once.
func (a *App) AddDemo(ctx context.Context, d Demo) error {
	row, err := a.venueRow(ctx, store.Venue{ID: DemoVenue, Kind: kindDemo, Name: "Demo market", CreatedAt: calendar.FromTime(a.opt.Clock.Now()), Settings: []byte("{}")})
	if err != nil {
		return err
	}
	m := &trading{row: row, clock: d.Clock, history: d.History, budget: d.Budget, board: demoBoards[0]}
	m.init()
	m.Venue, err = venue.Open(ctx, venue.Options{ID: DemoVenue, Store: a.store, Clock: d.Clock, Calendar: d.Calendar, Feed: d.Feed,
		Instrument: a.newest, Boards: demoBoards, Engine: engineOptions(DemoVenue), Rules: a.rules(), ClosePrice: m.closePrice,
		PriceAt: m.priceAt, Scan: a.scan.scan,
		Filled: a.opt.Meter.Filled, Halted: a.opt.Meter.Halted, Log: a.log})
	if err != nil {
		return fmt.Errorf("app: opening the demo market: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.markets[DemoVenue] = m
	return nil
}

// newest is an instrument by its newest terms: the demo market trades today.
func (a *App) newest(id instrument.ID, _ calendar.Date) (*instrument.Instrument, bool) {
	return a.registry.ByID(id)
}

// SetDemoInstruments is SetInstruments of the demo market, with a finder of its own.
func (a *App) SetDemoInstruments(entries iter.Seq[instrument.Entry], pulse []instrument.ID) error {
	return a.SetInstruments(DemoVenue, instrument.NewFinder(entries), pulse)
}

// SetInstruments gives a market its list to search, after an import; venues of one broker share it. pulse are instruments
// always watched, one or more a board, so that a quiet market is told from a dead feed.
func (a *App) SetInstruments(id VenueID, finder *instrument.Finder, pulse []instrument.ID) error {
	a.mu.RLock()
	m := a.markets[id]
	a.mu.RUnlock()
	if m == nil {
		return fmt.Errorf("%w: no market %s", ErrUnavailable, id)
	}
	m.finder.Store(finder)
	owner := feed.Owner{Name: "pulse", IsFirst: true}
	for _, id := range pulse {
		m.Feed().Want(id, owner)
	}
	return nil
}

// DemoSettings is the text that SaveDemoSettings stored, {} at first.
func (a *App) DemoSettings() []byte {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if m := a.markets[DemoVenue]; m != nil {
		return m.row.Settings
	}
	return nil
}

// SaveDemoSettings keeps a text of the demo market's wiring (JSON) with the venue's next batch; it does not wait.
func (a *App) SaveDemoSettings(text []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if m := a.markets[DemoVenue]; m != nil {
		m.row.Settings = text
		m.SaveSettings(text)
	}
}

// ReleaseVenue lets a halted venue trade again from its last durable state; it does nothing to one that runs. It may be
// anybody's replay: the caller has checked that the user is an owner.
func (a *App) ReleaseVenue(ctx context.Context, user auth.UserID, id VenueID) (VenueState, error) {
	a.mu.RLock()
	m := a.markets[id]
	a.mu.RUnlock()
	if m == nil {
		return VenueState{}, ErrNotFound
	}
	fault := m.Status().Fault
	if err := m.Release(ctx); err != nil {
		return VenueState{}, outcome(err)
	}
	if fault != "" {
		a.log.Warn("venue released", "venue", string(id), "user", string(user), "fault", fault)
	}
	return m.state(), nil
}

// closePrice is the close of a day by the venue's history.
func (m *trading) closePrice(ctx context.Context, id instrument.ID, on calendar.Date) (money.Price, bool) {
	bars, err := m.history.Candles(ctx, id, market.Day, on.At(0), (on + 1).At(0))
	if err != nil || len(bars) == 0 || bars[len(bars)-1].Close <= 0 {
		return 0, false
	}
	return bars[len(bars)-1].Close, true
}

// priceAtBack is how far before an instant its last price may have been made: boards of one day close apart.
const priceAtBack = 30 * time.Minute

// priceAt is the last price up to an instant, a whole minute, by the venue's history. While the instrument's own board was
// open a bar must end there; a tape has no more than it has.
func (m *trading) priceAt(ctx context.Context, id instrument.ID, at calendar.Instant) (money.Price, bool) {
	i, ok := m.Instrument(id)
	if !ok {
		return 0, false
	}
	bars, err := m.history.Candles(ctx, id, market.Minute, at.Add(-priceAtBack), at)
	if err != nil || len(bars) == 0 {
		return 0, false
	}
	last := &bars[len(bars)-1]
	end := last.Start.Add(time.Minute)
	isWhole := end == at || m.tape != nil || m.Calendar().At(i.Board(), at-1).Phase != calendar.Open
	return last.Close, last.Close > 0 && end <= at && isWhole
}

// venueRow returns the stored row of a venue, storing it first when it is new.
func (a *App) venueRow(ctx context.Context, fresh store.Venue) (store.Venue, error) {
	rows, err := a.store.Venues(ctx)
	if err != nil {
		return fresh, err
	}
	for _, row := range rows {
		if row.ID == fresh.ID {
			return row, nil
		}
	}
	if err := a.store.AddVenue(ctx, fresh); err != nil {
		if errors.Is(err, store.ErrDiskFull) {
			return fresh, ErrDiskFull
		}
		return fresh, fmt.Errorf("app: storing venue %s: %w", fresh.ID, err)
	}
	return fresh, nil
}

// seedOf makes a venue's seed from its id, so that it needs no storing (FNV-1a).
func seedOf(id VenueID) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range []byte(id) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}
