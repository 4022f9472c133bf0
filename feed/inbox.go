package feed

import (
	"slices"
	"sync"
	"sync/atomic"

	"paperport/instrument"
	"paperport/market"
)

const (
	dirtyQuote = 1 << iota
	dirtyDepth
)

// mark joins one reader to one instrument and remembers what is new to it.
type mark struct {
	inbox *Inbox
	slot  *slot
	dirty atomic.Uint32
	// isGone is set when the reader has unwatched: a frame on its way is then not delivered.
	isGone atomic.Bool
}

// mark notes that something is new; only the first note since the last Drain costs a lock.
func (m *mark) mark(what uint32) {
	if m.dirty.Or(what) == 0 {
		m.inbox.push(m)
	}
}

// Inbox is one reader's view: the newest quote and ladder of each instrument it watches that changed since it last
// looked. It never holds more than one entry per instrument.
type Inbox struct {
	feed  *Feed
	isAll bool

	marks map[instrument.ID]*mark // guarded by feed.mu

	mu       sync.Mutex // guards the two below
	pending  []*mark
	isClosed bool
	ready    chan struct{}

	// The three below are used by Drain only.
	spare []*mark
	quote market.Quote
	depth market.Depth
}

// Listen returns an inbox that watches the given instruments; Watch and Unwatch change the set.
func (f *Feed) Listen(ids ...instrument.ID) *Inbox {
	in := &Inbox{feed: f, marks: map[instrument.ID]*mark{}, ready: make(chan struct{}, 1)}
	f.mu.Lock()
	f.inboxes = append(f.inboxes, in)
	f.mu.Unlock()
	in.Watch(ids...)
	return in
}

// ListenAll returns an inbox that watches every instrument that ever sends something.
func (f *Feed) ListenAll() *Inbox {
	in := &Inbox{feed: f, isAll: true, marks: map[instrument.ID]*mark{}, ready: make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inboxes = append(f.inboxes, in)
	f.slots.each(in.attach)
	return in
}

// Watch adds instruments; what is already known of them is delivered by the next Drain. Unknown ids and those watched
// already are ignored. Watching says nothing to the source: that is what Want is for.
func (in *Inbox) Watch(ids ...instrument.ID) {
	for _, id := range ids {
		s := in.feed.slot(id)
		if s == nil {
			continue
		}
		in.feed.mu.Lock()
		in.attach(s)
		in.feed.mu.Unlock()
	}
}

// Unwatch removes instruments; a Drain that starts afterwards delivers nothing of them.
func (in *Inbox) Unwatch(ids ...instrument.ID) {
	in.feed.mu.Lock()
	defer in.feed.mu.Unlock()
	for _, id := range ids {
		if m := in.marks[id]; m != nil {
			delete(in.marks, id)
			m.isGone.Store(true)
			m.slot.removeReader(m)
			in.drop(m)
		}
	}
}

// attach is called with feed.mu held.
func (in *Inbox) attach(s *slot) {
	if in.marks[s.id] != nil || in.isShut() {
		return
	}
	m := &mark{inbox: in, slot: s}
	in.marks[s.id] = m
	s.addReader(m)
	s.mu.Lock()
	var known uint32
	if s.quote.Seq != 0 {
		known |= dirtyQuote
	}
	if s.depth.Seq != 0 {
		known |= dirtyDepth
	}
	s.mu.Unlock()
	if known != 0 {
		m.mark(known)
	}
}

func (s *slot) addReader(m *mark) {
	var readers []*mark
	if old := s.readers.Load(); old != nil {
		readers = append(readers, *old...)
	}
	readers = append(readers, m)
	s.readers.Store(&readers)
}

func (s *slot) removeReader(m *mark) {
	readers := slices.DeleteFunc(slices.Clone(*s.readers.Load()), func(r *mark) bool { return r == m })
	s.readers.Store(&readers)
}

func (in *Inbox) push(m *mark) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.isClosed {
		return
	}
	in.pending = append(in.pending, m)
	select {
	case in.ready <- struct{}{}:
	default:
	}
}

func (in *Inbox) drop(m *mark) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.pending = slices.DeleteFunc(in.pending, func(p *mark) bool { return p == m })
}

func (in *Inbox) isShut() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.isClosed
}

// Ready delivers a token when there is something to Drain. It is never closed.
func (in *Inbox) Ready() <-chan struct{} { return in.ready }

// Drain hands take the newest quote and ladder of every instrument that changed, in the order in which they first
// changed, and returns how many instruments that were. A pointer is nil when that part has not changed, and valid only
// during the call. One goroutine drains an inbox. It does not block on the source.
func (in *Inbox) Drain(take func(q *market.Quote, d *market.Depth)) int {
	in.mu.Lock()
	batch := in.pending
	in.pending = in.spare[:0]
	in.mu.Unlock()
	for _, m := range batch {
		in.deliver(m, take)
	}
	clear(batch)
	in.spare = batch[:0]
	return len(batch)
}

func (in *Inbox) deliver(m *mark, take func(q *market.Quote, d *market.Depth)) {
	dirty := m.dirty.Swap(0)
	if m.isGone.Load() {
		return
	}
	m.slot.mu.Lock()
	in.quote, in.depth = m.slot.quote, m.slot.depth
	m.slot.mu.Unlock()
	var q *market.Quote
	var d *market.Depth
	if dirty&dirtyQuote != 0 && in.quote.Seq != 0 {
		q = &in.quote
	}
	if dirty&dirtyDepth != 0 && in.depth.Seq != 0 {
		d = &in.depth
	}
	if q != nil || d != nil {
		take(q, d)
	}
}

// Close detaches the inbox; nothing is delivered afterwards. It may be called twice.
func (in *Inbox) Close() {
	in.feed.mu.Lock()
	defer in.feed.mu.Unlock()
	for _, m := range in.marks {
		m.slot.removeReader(m)
	}
	clear(in.marks)
	in.feed.inboxes = slices.DeleteFunc(in.feed.inboxes, func(o *Inbox) bool { return o == in })
	in.mu.Lock()
	defer in.mu.Unlock()
	in.isClosed, in.pending = true, nil
}
