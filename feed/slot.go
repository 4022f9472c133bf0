package feed

import (
	"sync"
	"sync/atomic"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// slot is what we keep of one instrument. It is made at its first frame or reader and lives as long as the feed.
type slot struct {
	id    instrument.ID
	facts facts
	board int // index into Feed.boards

	mu      sync.Mutex // guards the four below; held for a check and a copy, never across a call out
	quote   market.Quote
	depth   market.Depth
	suspect market.Quote // a spike that waits for its second witness; Last 0 when none
	asked   calendar.Instant

	readers atomic.Pointer[[]*mark] // copied on write under Feed.mu
}

// facts are the terms the checks need.
type facts struct {
	kind       instrument.Kind
	right      instrument.Right
	tick       money.Price
	strike     money.Price
	underlying instrument.ID // options only
}

func (s *slot) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quote, s.depth, s.suspect, s.asked = market.Quote{}, market.Depth{}, market.Quote{}, 0
}

const (
	pageBits = 8
	pageSize = 1 << pageBits
	pageMax  = 8192 // 2 million instruments
)

// table finds slots by dense id without a lock.
type table struct {
	pages [pageMax]atomic.Pointer[[pageSize]atomic.Pointer[slot]]
}

func (t *table) find(id instrument.ID) *slot {
	if id>>pageBits >= pageMax {
		return nil
	}
	page := t.pages[id>>pageBits].Load()
	if page == nil {
		return nil
	}
	return page[id&(pageSize-1)].Load()
}

// put stores s unless another goroutine was faster, and returns the slot that stands.
func (t *table) put(s *slot) *slot {
	entry := &t.pages[s.id>>pageBits]
	if entry.Load() == nil {
		entry.CompareAndSwap(nil, new([pageSize]atomic.Pointer[slot]))
	}
	cell := &entry.Load()[s.id&(pageSize-1)]
	if cell.CompareAndSwap(nil, s) {
		return s
	}
	return cell.Load()
}

func (t *table) each(visit func(*slot)) {
	for i := range t.pages {
		page := t.pages[i].Load()
		if page == nil {
			continue
		}
		for j := range page {
			if s := page[j].Load(); s != nil {
				visit(s)
			}
		}
	}
}

// slot returns the slot of an id, made now if needed, nil for an instrument nobody knows.
func (f *Feed) slot(id instrument.ID) *slot {
	if s := f.slots.find(id); s != nil {
		return s
	}
	if id == 0 || id>>pageBits >= pageMax {
		return nil
	}
	i, ok := f.options.Instrument(id)
	if !ok {
		return nil
	}
	s := &slot{id: id, board: boardIndex(i.Exchange, i.Segment)}
	s.facts = facts{kind: i.Kind, right: i.Right, tick: i.Terms.TickSize, strike: i.Strike}
	if i.Kind == instrument.Option {
		s.facts.underlying = i.UnderlyingID
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if standing := f.slots.put(s); standing != s {
		return standing
	}
	for _, inbox := range f.inboxes {
		if inbox.isAll {
			inbox.attach(s)
		}
	}
	return s
}
