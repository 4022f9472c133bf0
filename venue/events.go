package venue

import (
	"slices"
	"sync"

	"paperport/engine"
	"paperport/order"
	"paperport/position"
	"paperport/store"
)

const (
	streamMax = 256 // events waiting for one slow reader; more and it must fetch anew
	recentMax = 4096
)

// Event is what one commit changed of one account: whole rows as they stand after input Seq.
type Event struct {
	Seq       uint64
	Account   order.AccountID
	Orders    []order.Order
	Trades    []store.Trade
	Positions []position.Position
	Holdings  []position.Holding
	// Funds is nil when money did not move.
	Funds *engine.Funds
	// Book is the account as of Seq.
	Book *Book
}

// events hands each event to the streams of its account and keeps the newest for those who reconnect.
type events struct {
	mu      sync.Mutex // guards the rest
	streams map[order.AccountID][]*Stream
	recent  []Event // a ring, oldest at start
	start   int
	// since is the Seq after which nothing is missing from recent.
	since uint64
}

func (e *events) init() { e.streams = map[order.AccountID][]*Stream{} }

// reset forgets what is kept: the venue starts again behind seq.
func (e *events) reset(seq uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.recent, e.start, e.since = nil, 0, seq
}

// publish tells everyone about a durable batch.
func (e *events) publish(b *store.Batch, changed []*Book) {
	if len(changed) == 0 {
		return
	}
	split := splitEvents(b, changed)
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range split {
		e.keep(split[i])
		for _, s := range e.streams[split[i].Account] {
			s.push(split[i])
		}
	}
}

func (e *events) keep(event Event) {
	if len(e.recent) < recentMax {
		e.recent = append(e.recent, event)
		return
	}
	e.since = e.recent[e.start].Seq
	e.recent[e.start] = event
	e.start = (e.start + 1) % recentMax
}

// splitEvents sorts a batch's rows by account, in the order of changed.
func splitEvents(b *store.Batch, changed []*Book) []Event {
	all := make([]Event, len(changed))
	index := make(map[order.AccountID]*Event, len(changed))
	for i, book := range changed {
		all[i] = Event{Seq: seqOf(b), Account: book.Account.ID, Book: book}
		index[book.Account.ID] = &all[i]
	}
	for i := range b.Orders {
		if e := index[b.Orders[i].Account]; e != nil {
			e.Orders = append(e.Orders, b.Orders[i])
		}
	}
	for i := range b.Trades {
		if e := index[b.Trades[i].Trade.Account]; e != nil {
			e.Trades = append(e.Trades, b.Trades[i])
		}
	}
	for i := range b.Positions {
		if e := index[b.Positions[i].Account]; e != nil {
			e.Positions = append(e.Positions, b.Positions[i])
		}
	}
	for i := range b.Holdings {
		if e := index[b.Holdings[i].Account]; e != nil {
			e.Holdings = append(e.Holdings, b.Holdings[i])
		}
	}
	for i := range b.Funds {
		if e := index[b.Funds[i].Account]; e != nil {
			e.Funds = &b.Funds[i]
		}
	}
	return all
}

// Stream delivers the events of one account in order. One goroutine reads it.
type Stream struct {
	venue   *Venue
	account order.AccountID
	ready   chan struct{}

	mu       sync.Mutex // guards the rest
	waiting  []Event
	seq      uint64
	isResync bool
}

// Watch streams what happens to an account after input seq; 0 means from now on.
func (v *Venue) Watch(account order.AccountID, after uint64) *Stream {
	s := &Stream{venue: v, account: account, ready: make(chan struct{}, 1)}
	e := &v.events
	e.mu.Lock()
	defer e.mu.Unlock()
	s.seq = v.Seq()
	e.streams[account] = append(e.streams[account], s)
	switch {
	case after == 0 || after >= s.seq:
	case after < e.since:
		s.isResync = true
	default:
		e.resume(s, after)
	}
	s.wake()
	return s
}

// resume queues the kept events of the stream's account after a Seq.
func (e *events) resume(s *Stream, after uint64) {
	for i := range e.recent {
		event := e.recent[(e.start+i)%len(e.recent)]
		if event.Account == s.account && event.Seq > after {
			s.waiting = append(s.waiting, event)
		}
	}
	if len(s.waiting) > streamMax {
		s.waiting, s.isResync = nil, true
	}
}

func (s *Stream) push(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq = max(s.seq, e.Seq)
	if len(s.waiting) >= streamMax {
		s.waiting, s.isResync = nil, true
	} else if !s.isResync {
		s.waiting = append(s.waiting, e)
	}
	s.wake()
}

func (s *Stream) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Ready has a value when Take has something.
func (s *Stream) Ready() <-chan struct{} { return s.ready }

// Take returns the events since the last Take, the Seq reached, and whether some are missing: fetch everything anew then.
func (s *Stream) Take() (events []Event, seq uint64, isResync bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	events, isResync = s.waiting, s.isResync
	s.waiting, s.isResync = nil, false
	return events, s.seq, isResync
}

// Close ends the stream. It may be called twice.
func (s *Stream) Close() {
	e := &s.venue.events
	e.mu.Lock()
	defer e.mu.Unlock()
	e.streams[s.account] = slices.DeleteFunc(e.streams[s.account], func(o *Stream) bool { return o == s })
	if len(e.streams[s.account]) == 0 {
		delete(e.streams, s.account)
	}
}
