package feed

import (
	"context"
	"time"

	"paperport/calendar"
	"paperport/clock"
	"paperport/instrument"
)

// Player feeds a tape into a feed: every contract at the start of its minute, the index every second, and what is wanted
// again every repeatEvery, so that a reader who came late and a price that jumped are served. Each beat is a heartbeat:
// between two beats a minute's bar is all there is to know, so its silence is not a stale feed.
type Player struct {
	feed   *Feed
	tape   *Recording
	clock  clock.Clock
	index  instrument.ID
	byID   map[instrument.ID]*Strip
	minute int // last begun
	sentAt calendar.Instant
	shown  map[instrument.ID]bool
}

const repeatEvery = 5 * time.Second

// NewPlayer returns a player of tape, whose contracts have their ids; clock is the replay's.
func NewPlayer(f *Feed, tape *Recording, index instrument.ID, c clock.Clock) *Player {
	p := &Player{feed: f, tape: tape, clock: c, index: index, byID: map[instrument.ID]*Strip{}, minute: -1, shown: map[instrument.ID]bool{}}
	for i := range tape.Strips {
		p.byID[tape.Strips[i].Contract.ID] = &tape.Strips[i]
	}
	return p
}

// Run plays until ctx ends. Outside the tape's minutes it sends nothing.
func (p *Player) Run(ctx context.Context) {
	for {
		now := calendar.FromTime(p.clock.Now())
		p.beat(now)
		wait := time.Second - time.Duration(now%calendar.Instant(time.Second/time.Microsecond))*time.Microsecond
		select {
		case <-ctx.Done():
			return
		case <-p.clock.After(wait):
		}
	}
}

// beat sends what one second of the tape brings. Exchange times have whole seconds, as the broker's.
func (p *Player) beat(now calendar.Instant) {
	at := now - now%calendar.Instant(time.Second/time.Microsecond)
	minute := p.tape.Minute(at)
	if minute < 0 || at >= p.tape.To {
		p.clear()
		return
	}
	p.feed.Heartbeat()
	if q, ok := p.tape.Spot(p.index, at); ok {
		p.feed.Quote(q)
	}
	switch {
	case minute != p.minute:
		p.minute, p.sentAt = minute, at
		for i := range p.tape.Strips {
			p.send(&p.tape.Strips[i], at)
		}
	case at.Sub(p.sentAt) >= repeatEvery:
		p.sentAt = at
		for _, id := range p.feed.Wanted() {
			if s := p.byID[id]; s != nil {
				p.send(s, at)
			}
		}
	}
}

// send hands over a contract's book as of at; one whose minute has no row is shown once without a book, and then not.
func (p *Player) send(s *Strip, at calendar.Instant) {
	q, isKnown := p.tape.Quote(s, at)
	id := s.Contract.ID
	if !isKnown && !p.shown[id] {
		return
	}
	p.shown[id] = isKnown
	p.feed.Depth(DepthOf(&q))
	p.feed.Quote(q)
}

// clear takes every book away when the tape has ended.
func (p *Player) clear() {
	if p.minute < 0 {
		return
	}
	p.minute = -1
	for i := range p.tape.Strips {
		p.send(&p.tape.Strips[i], p.tape.To.Add(time.Hour))
	}
}
