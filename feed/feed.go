// Package feed stands between a source of market data and everything that reads it. It checks each quote and ladder
// before anyone sees it, keeps the last one per instrument, hands the newest to every reader without waiting for any,
// knows whether a board's feed is alive, old or frozen, records gaps, and falls back to polling. It decides no fill.
//
// Invariants: only what passed every check is stored, numbered and handed on; exchange time of an instrument never goes
// back; a slow reader loses intermediate values, never the newest, and slows nobody. Known limit: a quote that repeats
// its predecessor is handed on only when the standing one is older than RepeatMin, so a reader counts changes, not frames.
package feed

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"paperport/calendar"
	"paperport/clock"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// Upstream is where the feed asks for data. Join and Leave must not block and may repeat; Snapshot may block.
type Upstream interface {
	Join(ids []instrument.ID)
	Leave(ids []instrument.ID)
	// Snapshot fetches one quote now, within the source's own request budget.
	Snapshot(ctx context.Context, id instrument.ID) (market.Quote, error)
}

// Options say what a feed stands on; Clock and Instrument are needed, zero limits take the defaults.
type Options struct {
	Clock clock.Clock
	// Instrument tells the contract of an id; unknown ids are refused.
	Instrument func(instrument.ID) (*instrument.Instrument, bool)
	// Upstream is asked for what is wanted; nil for a source that sends everything (a recorded day).
	Upstream Upstream
	// Phase tells the phase of a board; nil means always open. Frozen data is only suspicious in an open phase.
	Phase func(calendar.Board, calendar.Instant) calendar.Phase
	// Source is what State says while data arrives by itself: FromStream (the default) or FromTape.
	Source Source
	// Pace is how many seconds of Clock pass in one of ours (a replay's speed); nil means one.
	Pace func() int
	// Limits are the ages and bands; see Limits.
	Limits Limits
	// Refused, when set, is told of every refused quote or ladder, for the log. It must not block.
	Refused func(id instrument.ID, reason Reason)
}

// Limits are the thresholds of the checks; a zero field takes its default.
type Limits struct {
	// AliveMax (3 s): with no tick and no heartbeat for longer, a board's feed is dead.
	AliveMax time.Duration
	// FrozenMax (3 s): frames that bring no newer exchange time for longer mean a frozen feed.
	FrozenMax time.Duration
	// BookMax (60 s): an instrument's own book older than this is asked for once over REST.
	BookMax time.Duration
	// FutureMax (2 s): how far exchange time may be ahead of our clock.
	FutureMax time.Duration
	// ReorderMax (30 s): how far back a late frame counts as reordered; older still is old.
	ReorderMax time.Duration
	// RepeatMin (10 s): a frame equal to the standing one renews it only when that is older than this.
	RepeatMin time.Duration
	// SpikeBps (500) and OptionSpikeBps (5000): a last price further from the standing one waits for a second witness.
	SpikeBps, OptionSpikeBps int64
	// PollAfter (5 s) of a dead stream starts polling, one request every PollEvery (1 s).
	PollAfter, PollEvery time.Duration
	// WakeMin (5 s): a longer hole between two beats of Run means that the whole process was paused.
	WakeMin time.Duration
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.AliveMax, 3*time.Second)
	setDefault(&l.FrozenMax, 3*time.Second)
	setDefault(&l.BookMax, time.Minute)
	setDefault(&l.FutureMax, 2*time.Second)
	setDefault(&l.ReorderMax, 30*time.Second)
	setDefault(&l.RepeatMin, 10*time.Second)
	setDefault(&l.SpikeBps, 500)
	setDefault(&l.OptionSpikeBps, 5000)
	setDefault(&l.PollAfter, 5*time.Second)
	setDefault(&l.PollEvery, time.Second)
	setDefault(&l.WakeMin, 5*time.Second)
	return l
}

func setDefault[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// Feed is the market data of one venue. All methods may be called from any goroutine; Run from one.
type Feed struct {
	options Options
	limits  Limits
	slots   table
	seq     atomic.Uint64
	counts  [reasonCount]atomic.Uint64
	boards  [boardMax]boardState
	link    link
	wants   wants

	mu      sync.Mutex // guards inboxes; taken before a slot's readers change
	inboxes []*Inbox
}

// New returns a feed that is ready to take data. Call Run for polling and for noticing that the process slept.
func New(options Options) *Feed {
	if options.Clock == nil || options.Instrument == nil {
		panic("feed: New without a Clock or Instrument")
	}
	setDefault(&options.Source, FromStream)
	f := &Feed{options: options, limits: options.Limits.withDefaults()}
	f.wants.byID = map[instrument.ID]map[Owner]struct{}{}
	return f
}

// Quote takes one quote of the source. It checks it, and if it is good numbers it, stores it and wakes its readers.
func (f *Feed) Quote(q market.Quote) { f.takeQuote(&q) }

// Depth takes one ladder of the source, as Quote does.
func (f *Feed) Depth(d market.Depth) { f.takeDepth(&d) }

// LastQuote returns the newest good quote of an instrument, false when there was none. It waits for no other instrument.
func (f *Feed) LastQuote(id instrument.ID) (market.Quote, bool) {
	s := f.slots.find(id)
	if s == nil {
		return market.Quote{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.quote, s.quote.Seq != 0
}

// LastDepth returns the newest good ladder of an instrument, false when there was none.
func (f *Feed) LastDepth(id instrument.ID) (market.Depth, bool) {
	s := f.slots.find(id)
	if s == nil {
		return market.Depth{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.depth, s.depth.Seq != 0
}

// Reset forgets every quote, ladder and exchange time: a replay jumped to another moment. Wants and inboxes stay, and
// Seq goes on counting.
func (f *Feed) Reset() {
	f.slots.each(func(s *slot) { s.forget() })
	for i := range f.boards {
		f.boards[i].reset()
	}
}

func (f *Feed) now() calendar.Instant { return calendar.FromTime(f.options.Clock.Now()) }

func (f *Feed) takeQuote(q *market.Quote) Reason {
	s := f.slot(q.Instrument)
	if s == nil {
		return f.refuse(q.Instrument, Unknown)
	}
	q.ReceivedAt = f.now()
	f.boards[s.board].frame(q.ReceivedAt)
	spot := f.spotOf(s)
	s.mu.Lock()
	reason := f.checkQuote(s, q, spot)
	hasMoved := s.quote.At != 0 && q.At > s.quote.At
	if reason == Good {
		q.Seq = f.seq.Add(1)
		s.quote = *q
	}
	s.mu.Unlock()
	if reason != Good {
		return f.refuse(q.Instrument, reason)
	}
	f.boards[s.board].advance(q.At, q.ReceivedAt, hasMoved)
	f.handOn(s, dirtyQuote)
	return Good
}

func (f *Feed) takeDepth(d *market.Depth) Reason {
	s := f.slot(d.Instrument)
	if s == nil {
		return f.refuse(d.Instrument, Unknown)
	}
	d.ReceivedAt = f.now()
	f.boards[s.board].frame(d.ReceivedAt)
	s.mu.Lock()
	reason := f.checkDepth(s, d)
	hasMoved := s.depth.At != 0 && d.At > s.depth.At
	if reason == Good {
		d.Seq = f.seq.Add(1)
		s.depth = *d
	}
	s.mu.Unlock()
	if reason != Good {
		return f.refuse(d.Instrument, reason)
	}
	f.boards[s.board].advance(d.At, d.ReceivedAt, hasMoved)
	f.handOn(s, dirtyDepth)
	return Good
}

// handOn counts a good value and wakes the readers of the instrument.
func (f *Feed) handOn(s *slot, what uint32) {
	f.counts[Good].Add(1)
	if readers := s.readers.Load(); readers != nil {
		for _, r := range *readers {
			r.mark(what)
		}
	}
}

func (f *Feed) refuse(id instrument.ID, reason Reason) Reason {
	f.counts[reason].Add(1)
	if f.options.Refused != nil {
		f.options.Refused(id, reason)
	}
	return reason
}

// spotOf returns the last price of an option's underlying, 0 when it is not known.
func (f *Feed) spotOf(s *slot) money.Price {
	if s.facts.underlying == 0 {
		return 0
	}
	u := f.slots.find(s.facts.underlying)
	if u == nil {
		return 0
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.quote.Last
}
