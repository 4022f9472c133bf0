package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"paperport/calendar"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// source is a broker that sends one quote and one ladder of what it is asked to join, when it is not silent.
type source struct {
	isSilent bool

	mu     sync.Mutex // guards the three below
	feed   *feed.Feed // nil while it is not there yet
	now    calendar.Instant
	joined []instrument.ID
}

func (s *source) Join(ids []instrument.ID) {
	s.mu.Lock()
	s.joined = append(s.joined, ids...)
	f, now := s.feed, s.now
	s.mu.Unlock()
	if s.isSilent || f == nil {
		return
	}
	go func() {
		for _, id := range ids {
			level := market.Level{Price: money.Price(100/id) * money.PriceScale, Qty: 5} // the option below its index
			f.Depth(market.Depth{Instrument: id, At: now, BidLevels: 1, Bids: [5]market.Level{level}})
			f.Quote(market.Quote{Instrument: id, At: now, Last: level.Price, Bid: level.Price, BidQty: 5})
		}
	}()
}

func (s *source) Leave(ids []instrument.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joined = slices.DeleteFunc(s.joined, func(id instrument.ID) bool { return slices.Contains(ids, id) })
}

func (s *source) Snapshot(context.Context, instrument.ID) (market.Quote, error) {
	return market.Quote{}, errors.New("streams only")
}

func (s *source) has(id instrument.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.joined, id)
}

// mustSource is a bourse with an option that expires today, whose prices come from a source.
func mustSource(t *testing.T, isSilent bool) (*bourse, *source, instrument.ID) {
	t.Helper()
	s := &source{isSilent: isSilent}
	b := mustBourseOf(t, func(o *feed.Options) { o.Upstream = s })
	s.mu.Lock()
	s.feed, s.now = b.feed, opening
	s.mu.Unlock()
	call := b.app.registry.Allocate(instrument.Instrument{Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Option, Right: instrument.Call,
		Symbol: "NIFTY26NOV24000CE", Name: "NIFTY", Underlying: "NIFTY", UnderlyingID: b.nifty, Expiry: opening.Date(), Strike: 24_000 * money.PriceScale,
		Terms: instrument.Terms{LotSize: 65, TickSize: money.PriceScale / 20, Multiplier: 1, UnderlyingIsIndex: true}}, opening.Date())
	if err := b.app.SaveInstruments(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.app.SetDemoInstruments(b.entries(), nil); err != nil {
		t.Fatal(err)
	}
	return b, s, call
}

// TestAskedForIsWatched: the first ask for what nobody watches is answered with its first frame, and it stays subscribed
// for a minute after the last ask.
func TestAskedForIsWatched(t *testing.T) {
	b, s, call := mustSource(t, false)
	d, err := b.app.Depth(t.Context(), trader, DemoVenue, call)
	if err != nil || d.BidLevels != 1 || !s.has(call) {
		t.Fatalf("first ladder %+v, %v", d, err)
	}
	quotes, err := b.app.Quotes(t.Context(), trader, DemoVenue, []instrument.ID{b.reliance, call})
	if err != nil || quotes[0].Last == 0 || quotes[1].Last == 0 {
		t.Errorf("quotes %+v, %v", quotes, err)
	}
	b.clock.Advance(leaseTime - time.Second)
	m := b.app.markets[DemoVenue]
	m.endLeases()
	if !s.has(call) || !s.has(b.reliance) {
		t.Error("given up within the minute")
	}
	if _, err := b.app.Quotes(t.Context(), trader, DemoVenue, []instrument.ID{call}); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(2 * time.Second)
	m.endLeases()
	if !s.has(call) || s.has(b.reliance) {
		t.Errorf("after a minute: asked again %t, not asked again %t", s.has(call), s.has(b.reliance))
	}
}

// TestAskedForInVain: the wait for a first frame is short, and made once.
func TestAskedForInVain(t *testing.T) {
	b, _, call := mustSource(t, true)
	for n, longest := range []time.Duration{leaseWait + 3*time.Second, leaseWait / 2} {
		began := time.Now()
		quotes, err := b.app.Quotes(t.Context(), trader, DemoVenue, []instrument.ID{call})
		if took := time.Since(began); err != nil || quotes[0].At != 0 || !quotes[0].IsStale || took > longest {
			t.Errorf("ask %d: %+v, %v after %s, at most %s", n+1, quotes, err, took, longest)
		}
		b.clock.Advance(2 * time.Second)
	}
}

// TestExpiredIsNotOffered: from the expiry instant on a contract is not found and not tradable.
func TestExpiredIsNotOffered(t *testing.T) {
	b, _, call := mustSource(t, true)
	expiry := opening.Date().At(15*time.Hour + 40*time.Minute)
	for _, row := range []struct {
		at   calendar.Instant
		want bool
	}{{expiry - 1, true}, {expiry, false}} {
		b.clock.Set(row.at.Time())
		found, err := b.app.SearchInstruments(t.Context(), trader, DemoVenue, "nifty 24000 ce", 5)
		isFound := slices.ContainsFunc(found, func(i *instrument.Instrument) bool { return i.ID == call })
		i, _ := b.app.registry.ByID(call)
		if err != nil || isFound != row.want || b.app.IsTradable(DemoVenue, i) != row.want {
			t.Errorf("at %s: found %t, tradable %t, want %t; %v", row.at.IST(), isFound, b.app.IsTradable(DemoVenue, i), row.want, err)
		}
	}
}

// TestPriceAt: a settlement price is the close of the minute that ends at the instant, or none.
func TestPriceAt(t *testing.T) {
	b := mustBourse(t)
	m := b.app.markets[DemoVenue]
	at := opening.Date().At(15*time.Hour + 40*time.Minute)
	if p, ok := m.priceAt(t.Context(), b.nifty, at); !ok || p != 13_000_000 {
		t.Errorf("price %s, %t", p, ok)
	}
	b.history.until = at.Add(-time.Minute) // the last minute is missing
	if p, ok := m.priceAt(t.Context(), b.nifty, at); ok {
		t.Errorf("a minute before the instant: %s taken", p)
	}
	b.history.until = at.Add(-time.Hour)
	if p, ok := m.priceAt(t.Context(), b.nifty, at); ok {
		t.Errorf("no bars at all: %s taken", p)
	}
}
