package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"paperport/auth"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
)

// Limits of reading quotes.
const (
	QuotesMax = 200 // of one call
	WatchMax  = 500 // quotes and ladders of one stream together
)

// Quotes returns the last quotes of up to QuotesMax instruments in the order asked. What is asked for stays subscribed for
// a minute; of what nobody watched the first quote is waited for, briefly, and what is still not known has a zero At.
func (a *App) Quotes(ctx context.Context, user auth.UserID, venue VenueID, ids []instrument.ID) ([]Quote, error) {
	m, err := a.market(user, venue)
	if err != nil {
		return nil, err
	}
	if len(ids) > QuotesMax {
		return nil, fmt.Errorf("%w: ids: at most %d", ErrInvalid, QuotesMax)
	}
	for _, id := range ids {
		if _, ok := m.Instrument(id); !ok {
			return nil, fmt.Errorf("%w: ids: %d is unknown", ErrInvalid, id)
		}
	}
	fresh := m.lease(ids)
	if m.noLiveData() {
		fresh = nil // nothing will come
	}
	m.askFor(m.unknown(ids))
	m.awaitFirst(ctx, fresh, func(id instrument.ID) bool { _, ok := m.Feed().LastQuote(id); return ok })
	list := make([]Quote, len(ids))
	for i, id := range ids {
		list[i] = m.quote(id)
	}
	return list, nil
}

// askAtOnce bounds how many unknown quotes one call asks the broker for.
const askAtOnce = 10

// askFor fetches quotes beside the caller; the venue's context ends it.
func (m *trading) askFor(ids []instrument.ID) {
	if len(ids) == 0 || !m.asking.CompareAndSwap(false, true) {
		return
	}
	ids = ids[:min(len(ids), askAtOnce)]
	m.background.Go(func() {
		defer m.asking.Store(false)
		for _, id := range ids {
			if m.ctx.Err() != nil {
				return
			}
			_, _ = m.Feed().Refresh(m.ctx, id) // trouble shows as a quote that stays unknown
		}
	})
}

func (m *trading) quote(id instrument.ID) Quote {
	q, ok := m.Feed().LastQuote(id)
	if !ok || m.noLiveData() {
		return Quote{Quote: market.Quote{Instrument: id}, IsStale: true}
	}
	return Quote{Quote: q, IsStale: m.Feed().Freshness(id) != feed.Fresh}
}

// Depth returns the last ladder, asked for as Quotes does; one not known yet has a zero At.
func (a *App) Depth(ctx context.Context, user auth.UserID, venue VenueID, id instrument.ID) (market.Depth, error) {
	m, err := a.market(user, venue)
	if err != nil {
		return market.Depth{}, err
	}
	if _, ok := m.Instrument(id); !ok {
		return market.Depth{}, ErrNotFound
	}
	fresh := m.lease([]instrument.ID{id})
	if m.noLiveData() {
		fresh = nil
	}
	m.awaitFirst(ctx, fresh, func(id instrument.ID) bool { _, ok := m.Feed().LastDepth(id); return ok })
	d, ok := m.Feed().LastDepth(id)
	if !ok || m.noLiveData() {
		d = market.Depth{Instrument: id}
	}
	return d, nil
}

// QuoteStream delivers the newest quote and ladder of what it watches, merged while the reader is busy. One goroutine
// reads it; Close may be called twice.
type QuoteStream struct {
	market *trading
	owner  feed.Owner
	inbox  *feed.Inbox

	mu     sync.Mutex // guards the sets against Close
	quotes map[instrument.ID]bool
	depth  map[instrument.ID]bool
}

// WatchQuotes opens a stream of a venue's quotes and ladders; nothing is watched until Set.
func (a *App) WatchQuotes(user auth.UserID, venue VenueID) (*QuoteStream, error) {
	m, err := a.market(user, venue)
	if err != nil {
		return nil, err
	}
	owner := feed.Owner{Name: "stream " + strconv.FormatUint(a.streams.Add(1), 10)}
	return &QuoteStream{market: m, owner: owner, inbox: m.Feed().Listen()}, nil
}

// Set replaces what is watched (together at most WatchMax) and makes what is newly watched and known ready at once.
func (s *QuoteStream) Set(quotes, depth []instrument.ID) error {
	if len(quotes)+len(depth) > WatchMax {
		return fmt.Errorf("%w: at most %d instruments", ErrInvalid, WatchMax)
	}
	wanted := slices.Concat(quotes, depth)
	for _, id := range wanted {
		if _, ok := s.market.Instrument(id); !ok {
			return fmt.Errorf("%w: instrument %d is unknown", ErrInvalid, id)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.all()
	s.quotes, s.depth = setOf(quotes), setOf(depth)
	after := s.all()
	for id := range before {
		if !after[id] {
			s.market.Feed().Drop(id, s.owner)
			s.inbox.Unwatch(id)
		}
	}
	for _, id := range wanted {
		if !before[id] {
			s.market.Feed().Want(id, s.owner)
			s.inbox.Watch(id)
		}
	}
	s.market.askFor(s.market.unknown(quotes))
	return nil
}

// unknown picks the instruments that no quote is known of.
func (m *trading) unknown(ids []instrument.ID) (list []instrument.ID) {
	for _, id := range ids {
		if _, ok := m.Feed().LastQuote(id); !ok {
			list = append(list, id)
		}
	}
	return list
}

func setOf(ids []instrument.ID) map[instrument.ID]bool {
	set := make(map[instrument.ID]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

func (s *QuoteStream) all() map[instrument.ID]bool {
	set := make(map[instrument.ID]bool, len(s.quotes)+len(s.depth))
	for id := range s.quotes {
		set[id] = true
	}
	for id := range s.depth {
		set[id] = true
	}
	return set
}

// Ready has a value when Take has something.
func (s *QuoteStream) Ready() <-chan struct{} { return s.inbox.Ready() }

// Take returns what changed since the last Take.
func (s *QuoteStream) Take() (quotes []Quote, depth []market.Depth) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inbox.Drain(func(q *market.Quote, d *market.Depth) {
		if q != nil && s.quotes[q.Instrument] {
			quotes = append(quotes, Quote{Quote: *q, IsStale: s.market.Feed().Freshness(q.Instrument) != feed.Fresh})
		}
		if d != nil && s.depth[d.Instrument] {
			depth = append(depth, *d)
		}
	})
	return quotes, depth
}

// Close stops it and gives up its subscriptions.
func (s *QuoteStream) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inbox.Close()
	s.market.Feed().DropAll(s.owner)
	s.quotes, s.depth = nil, nil
}
