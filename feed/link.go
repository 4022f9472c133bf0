package feed

import (
	"sync"
	"sync/atomic"

	"paperport/calendar"
)

// Gap is a span without data from the stream. To is 0 while it lasts.
type Gap struct {
	From, To calendar.Instant
	// Reason is a short phrase of ours, such as "stream lost" or "process paused".
	Reason string
}

// gapMax is how many gaps are kept; the oldest are forgotten.
const gapMax = 1000

// link is the state of the connection to the source.
type link struct {
	beatAt, wokeAt atomic.Int64
	state          atomic.Uint32 // linkUp, linkDown or linkPolling

	mu     sync.Mutex // guards the rest
	downAt calendar.Instant
	reason string
	gaps   []Gap
}

const (
	linkUp uint32 = iota // also before the first Up: a tape never says Up
	linkDown
	linkPolling
)

func (l *link) source(whenUp Source) Source {
	switch l.state.Load() {
	case linkDown:
		return NoSource
	case linkPolling:
		return FromPolling
	default:
		return whenUp
	}
}

func (l *link) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reason
}

// Heartbeat notes that the source is there although it has nothing to say.
func (f *Feed) Heartbeat() { raise(&f.link.beatAt, f.now()) }

// Up notes that the stream is connected and joined; an open gap ends. It may be called twice.
func (f *Feed) Up() {
	f.Heartbeat()
	f.link.up(f.now())
}

func (l *link) up(now calendar.Instant) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.downAt == 0 {
		return
	}
	l.downAt, l.reason = 0, ""
	l.gaps[len(l.gaps)-1].To = now
	l.state.Store(linkUp)
}

// Down notes that the stream is lost; a gap begins with the last moment it was heard of. Repeated calls keep the first
// gap. The reason shown is ours, never the error's text, which may hold the broker's words.
func (f *Feed) Down(err error) {
	reason := "stream lost"
	if err == nil {
		reason = "stream stopped"
	}
	f.link.down(f.now(), reason)
}

func (l *link) down(now calendar.Instant, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.downAt != 0 {
		return
	}
	l.downAt, l.reason = now, reason
	l.addGap(Gap{From: now, Reason: reason})
	l.state.Store(linkDown)
}

func (l *link) addGap(g Gap) {
	if len(l.gaps) == gapMax {
		l.gaps = append(l.gaps[:0], l.gaps[1:]...)
	}
	l.gaps = append(l.gaps, g)
}

// Gaps returns the spans without stream data since New, oldest first, at most the last 1,000. The slice is the caller's.
func (f *Feed) Gaps() []Gap {
	f.link.mu.Lock()
	defer f.link.mu.Unlock()
	return append([]Gap(nil), f.link.gaps...)
}
