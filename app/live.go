package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/clock"
	"paperport/feed"
	"paperport/instrument"
	"paperport/order"
	"paperport/store"
	"paperport/venue"
)

const (
	livePrefix = "live-"
	kindLive   = "live"
	// liveAccount is the name of the account that a first session opens.
	liveAccount = "Live"
)

// noLiveText is the guide's sentence for a live market without a session.
const noLiveText = "No live data: connect Breeze"

// Live is what a user's live market is made of. Feed may still be silent; all fields are needed.
type Live struct {
	User     auth.UserID
	Broker   store.BrokerID
	Clock    clock.Clock
	Calendar *calendar.Calendar
	Feed     *feed.Feed
	History  History
	// Instruments are those that the broker lists.
	Instruments *instrument.View
	// State is asked whenever the venue is shown or an order comes; it must not block.
	State func() LiveState
}

// LiveState is what the broker side says of a live market.
type LiveState struct {
	// IsConnected: there is a session that nothing has refused. Why says more when there is none.
	IsConnected bool
	Why         string
	// Note is about the list of instruments, "" when it is today's: "security master of 23 Nov".
	Note string
	// Skew is how far the broker's clock is ahead of ours, 0 within 2 s.
	Skew time.Duration
	// Budget is nil where requests are not counted.
	Budget *Budget
}

// liveSettings are stored with a live venue.
type liveSettings struct {
	Broker store.BrokerID `json:"broker"`
}

// LiveVenue is a stored live venue.
type LiveVenue struct {
	ID     VenueID
	User   auth.UserID
	Broker store.BrokerID
}

// LiveVenues lists the live venues that first sessions have made, by age.
func (a *App) LiveVenues(ctx context.Context) ([]LiveVenue, error) {
	rows, err := a.store.Venues(ctx)
	if err != nil {
		return nil, err
	}
	var list []LiveVenue
	for _, row := range rows {
		if row.Kind != kindLive {
			continue
		}
		var s liveSettings
		if err := json.Unmarshal(row.Settings, &s); err != nil {
			return nil, fmt.Errorf("app: settings of %s: %w", row.ID, err)
		}
		list = append(list, LiveVenue{ID: row.ID, User: row.Owner, Broker: s.Broker})
	}
	return list, nil
}

// LiveID names the live venue of a user with a broker.
func LiveID(user auth.UserID, broker store.BrokerID) VenueID {
	sum := sha256.Sum256([]byte(user))
	return VenueID(livePrefix + string(broker) + "-" + hex.EncodeToString(sum[:6]))
}

// BrokerName is what a broker is called on screen, "" for none.
func BrokerName(b store.BrokerID) string {
	switch b {
	case store.ICICI:
		return "ICICI Breeze"
	case store.DemoBroker:
		return "Demo broker"
	case store.NoBroker:
		return ""
	default:
		return string(b)
	}
}

// AddLive opens a user's live venue, making it and its first account at the first session. One that is open already
// stays as it is. Its books can be read at once.
func (a *App) AddLive(ctx context.Context, l Live) (VenueID, error) {
	a.living.Lock()
	defer a.living.Unlock()
	id := LiveID(l.User, l.Broker)
	a.mu.RLock()
	open := a.markets[id]
	a.mu.RUnlock()
	if open == nil {
		if err := a.openLive(ctx, id, l); err != nil {
			return "", err
		}
	}
	return id, a.openFirstAccount(ctx, id, l.User)
}

func (a *App) openLive(ctx context.Context, id VenueID, l Live) error {
	settings, err := json.Marshal(liveSettings{l.Broker})
	if err != nil {
		return fmt.Errorf("app: encoding a live venue: %w", err)
	}
	name := BrokerName(l.Broker)
	if l.Broker == store.DemoBroker {
		name += " (live)"
	}
	row, err := a.venueRow(ctx, store.Venue{ID: id, Kind: kindLive, Owner: l.User, Name: name, CreatedAt: calendar.FromTime(a.opt.Clock.Now()), Settings: settings})
	if err != nil {
		return err
	}
	if row.Owner != l.User || row.Kind != kindLive {
		return fmt.Errorf("app: venue %s belongs to another user", id)
	}
	m := &trading{row: row, clock: l.Clock, history: l.History, board: demoBoards[0], live: l.State, broker: l.Broker}
	m.init()
	m.Venue, err = venue.Open(ctx, venue.Options{ID: id, Store: a.store, Clock: l.Clock, Calendar: l.Calendar, Feed: l.Feed,
		Instrument: func(id instrument.ID, _ calendar.Date) (*instrument.Instrument, bool) { return l.Instruments.ByID(id) },
		Boards:     demoBoards, Engine: engineOptions(id), Rules: a.rules(), ClosePrice: m.closePrice, PriceAt: m.priceAt, Scan: a.scan.scan,
		Filled: a.opt.Meter.Filled, Halted: a.opt.Meter.Halted, Log: a.log})
	if err != nil {
		return fmt.Errorf("app: opening %s: %w", id, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.markets[id] = m
	return nil
}

// openFirstAccount opens an account in a live venue that has none. A user who may open no more keeps his venue without.
func (a *App) openFirstAccount(ctx context.Context, id VenueID, user auth.UserID) error {
	rows := a.rowsOf(user)
	if len(rows) >= AccountsMax || slices.ContainsFunc(rows, func(r store.Account) bool { return r.Venue == id }) {
		return nil
	}
	if _, err := a.OpenAccount(ctx, user, NewAccount{Name: liveAccount, Capital: DefaultCapital, Venue: id}); err != nil {
		return fmt.Errorf("app: opening the first account of %s: %w", id, err)
	}
	return nil
}

// noLiveData reports whether a live market has no session now; false in every other market.
func (m *trading) noLiveData() bool { return m.live != nil && !m.live().IsConnected }

// mayTrade refuses new and changed orders while a live market has no session. What it did before is answered as before:
// isRepeat says that the command was taken already.
func (m *trading) mayTrade(isRepeat func() bool) error {
	if !m.noLiveData() || isRepeat() {
		return nil
	}
	r := refuse(NoLiveData, noLiveText+". Nothing was done; your working orders stay and can be cancelled.")
	r.Next = "Open Settings → Breeze API Credentials and connect."
	return r
}

// hasPlaced reports whether an account has an order of today with the caller's id: a repeated answer, not a new order.
func (m *trading) hasPlaced(p order.Place) bool {
	b, ok := m.Book(p.Account)
	return ok && slices.ContainsFunc(b.Orders(), func(o *order.Order) bool { return o.ClientOrderID == p.ClientOrderID })
}

// showLive adds to a venue's state what the broker side knows.
func (m *trading) showLive(v *VenueState) {
	s := m.live()
	v.BrokerName, v.NeedsBroker, v.BookNote, v.Budget = BrokerName(m.broker), !s.IsConnected, s.Note, s.Budget
	if !s.IsConnected {
		v.Feed.Lamp, v.Feed.Source, v.Feed.Detail = "red", "none", cmp.Or(s.Why, noLiveText)
		if v.IsAvailable {
			v.IsAvailable, v.UnavailableReason = false, noLiveText
		}
		return
	}
	if s.Skew != 0 && v.Feed.Lamp != "green" && v.Feed.Lamp != "closed" {
		v.Feed.Detail = strings.TrimPrefix(v.Feed.Detail+"; "+skewText(s.Skew), "; ")
	}
}

// skewText says how far the clocks are apart: prices from the future are refused.
func skewText(skew time.Duration) string {
	side := "behind"
	if skew < 0 {
		side = "ahead of"
	}
	return fmt.Sprintf("this machine's clock is %s %s the broker's", skew.Abs().Round(time.Second), side)
}
