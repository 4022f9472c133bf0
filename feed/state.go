package feed

import (
	"sync/atomic"
	"time"

	"paperport/calendar"
	"paperport/instrument"
)

// Source is where the data comes from at this moment.
type Source uint8

// The sources. NoSource: no data can be had.
const (
	NoSource Source = iota
	FromStream
	FromPolling
	FromTape
)

// String returns "none", "stream", "polling" or "tape", the words of our wire.
func (s Source) String() string {
	switch s {
	case FromStream:
		return "stream"
	case FromPolling:
		return "polling"
	case FromTape:
		return "tape"
	case NoSource:
		return "none"
	default:
		return "?"
	}
}

// State is the health of one board's feed.
type State struct {
	// IsAlive: a tick or heartbeat came within AliveMax and the data is not frozen. Nothing may fill while it is false.
	IsAlive bool
	// IsFrozen: frames keep coming in an open phase and none has brought a newer exchange time for FrozenMax.
	IsFrozen bool
	// LastAt is the newest exchange time seen on the board, Age how long ago that was: the lamp. Age is 0 before the first.
	LastAt calendar.Instant
	Age    time.Duration
	Source Source
	// Detail says why the feed is not alive, "" when it is.
	Detail string
}

// boardMax is exchange times segment, each at most 7.
const boardMax = 64

func boardIndex(e calendar.Exchange, s calendar.Segment) int { return int(e&7)<<3 | int(s&7) }

// boardState is kept per exchange and segment. All are instants of ours but newest, which is the exchange's.
type boardState struct {
	framedAt, newest, advancedAt atomic.Int64
}

func (b *boardState) frame(now calendar.Instant) { raise(&b.framedAt, now) }

// advance notes a good value's exchange time. Time has moved when it is the newest of the board, or newer than the same
// instrument's before: the frozen repetition of an instrument that was just joined is neither.
func (b *boardState) advance(at, now calendar.Instant, hasMoved bool) {
	if raise(&b.newest, at) || hasMoved {
		raise(&b.advancedAt, now)
	}
}

func (b *boardState) reset() {
	b.framedAt.Store(0)
	b.newest.Store(0)
	b.advancedAt.Store(0)
}

// raise lifts v to at least i and reports whether it had been lower.
func raise(v *atomic.Int64, i calendar.Instant) bool {
	for {
		old := v.Load()
		if old >= int64(i) {
			return false
		}
		if v.CompareAndSwap(old, int64(i)) {
			return true
		}
	}
}

// State returns the health of a board now. Board.Auction makes no difference.
func (f *Feed) State(board calendar.Board) State {
	now := f.now()
	b := &f.boards[boardIndex(board.Exchange, board.Segment)]
	newest := calendar.Instant(b.newest.Load())
	state := State{LastAt: newest, Source: f.link.source(f.options.Source)}
	if state.Source == FromTape {
		return f.tapeState(now)
	}
	if newest != 0 {
		state.Age = max(0, now.Sub(newest))
	}
	framed := calendar.Instant(b.framedAt.Load())
	heard := max(framed, calendar.Instant(f.link.beatAt.Load()))
	advanced := calendar.Instant(b.advancedAt.Load())
	switch {
	case state.Source == NoSource:
		state.Detail = "no connection: " + f.link.text()
	case heard == 0 || newest == 0:
		state.Detail = "no data yet"
	case now.Sub(heard) > f.limits.AliveMax:
		state.Detail = "nothing received for " + seconds(now.Sub(heard))
	case f.isPhaseOpen(board, now) && now.Sub(framed) <= f.limits.FrozenMax && now.Sub(advanced) > f.limits.FrozenMax:
		state.IsFrozen = true
		state.Detail = "frozen: exchange time has not moved for " + seconds(now.Sub(advanced))
	case newest < calendar.Instant(f.link.wokeAt.Load()).Add(-f.limits.FrozenMax):
		state.Detail = "the program was paused; waiting for fresh prices"
	default:
		state.IsAlive = true
	}
	return state
}

// tapeState is the health of a recorded day: it is alive while its player beats. Ages are in our time, not the tape's,
// which runs up to sixty times as fast.
func (f *Feed) tapeState(now calendar.Instant) State {
	beat := calendar.Instant(f.link.beatAt.Load())
	state := State{LastAt: beat, Source: FromTape}
	if beat == 0 {
		state.Detail = "no data yet"
		return state
	}
	pace := time.Duration(1)
	if f.options.Pace != nil {
		pace = time.Duration(max(1, f.options.Pace()))
	}
	state.Age = max(0, now.Sub(beat)) / pace
	state.IsAlive = state.Age <= f.limits.AliveMax
	if !state.IsAlive {
		state.Detail = "the recorded day has nothing here: it ends or has a gap"
	}
	return state
}

func (f *Feed) isPhaseOpen(board calendar.Board, now calendar.Instant) bool {
	return f.options.Phase == nil || f.options.Phase(board, now) == calendar.Open
}

func seconds(d time.Duration) string { return d.Truncate(time.Second).String() }

// Freshness is what may be done with an instrument's book: the two steps of the freshness rule.
type Freshness uint8

// The degrees. Only a Fresh book is evidence for a fill.
const (
	// Fresh: the board's feed is alive and the instrument's own book is at most BookMax old.
	Fresh Freshness = iota
	// OldBook: the feed is alive but this book is older; Refresh asks for it once.
	OldBook
	// NoQuote: nothing was ever received for it.
	NoQuote
	// FeedDead: the board's feed is not alive.
	FeedDead
)

// String returns "fresh", "old_book", "no_quote" or "feed_dead".
func (f Freshness) String() string {
	switch f {
	case Fresh:
		return "fresh"
	case OldBook:
		return "old_book"
	case NoQuote:
		return "no_quote"
	case FeedDead:
		return "feed_dead"
	default:
		return "?"
	}
}

// Freshness judges an instrument now. The age of a book is counted from when we received it or its repetition.
func (f *Feed) Freshness(id instrument.ID) Freshness {
	s := f.slots.find(id)
	if s == nil {
		return NoQuote
	}
	board := calendar.Board{Exchange: calendar.Exchange(s.board >> 3), Segment: calendar.Segment(s.board & 7)}
	if !f.State(board).IsAlive {
		return FeedDead
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	newest := max(s.quote.ReceivedAt, s.depth.ReceivedAt)
	switch {
	case s.quote.Seq == 0:
		return NoQuote
	case f.now().Sub(newest) > f.limits.BookMax:
		return OldBook
	default:
		return Fresh
	}
}
