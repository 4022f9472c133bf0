package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"paperport/calendar"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
)

const (
	leaseTime = time.Minute             // for which what was asked for without a stream stays subscribed
	leaseWait = 1500 * time.Millisecond // for the first frame of what nobody watched
	leasesMax = 2000
)

var leaseOwner = feed.Owner{Name: "asked for"}

// leases keeps what is asked for one by one coming for a while, so that asking again finds it fresh.
type leases struct {
	mu         sync.Mutex // guards the two below
	byID       map[instrument.ID]lease
	isSweeping bool
}

type lease struct{ since, until calendar.Instant }

// lease wants instruments for a minute from now and returns those whose first frames are still due.
func (m *trading) lease(ids []instrument.ID) (fresh []instrument.ID) {
	if m.tape != nil {
		return nil // a tape plays everything
	}
	l := &m.leases
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID == nil {
		l.byID = map[instrument.ID]lease{}
	}
	now := m.Now()
	for _, id := range ids {
		known, ok := l.byID[id]
		if !ok {
			if len(l.byID) >= leasesMax {
				continue
			}
			known.since = now
			m.Feed().Want(id, leaseOwner)
		}
		if now.Sub(known.since) < leaseWait {
			fresh = append(fresh, id)
		}
		known.until = now.Add(leaseTime)
		l.byID[id] = known
	}
	if len(l.byID) > 0 && !l.isSweeping && m.ctx.Err() == nil {
		l.isSweeping = true
		m.background.Go(m.sweepLeases)
	}
	return fresh
}

// sweepLeases gives up what nobody asked for again, and ends when nothing is left.
func (m *trading) sweepLeases() {
	for m.endLeases() {
		select {
		case <-m.ctx.Done():
			return
		case <-m.clock.After(leaseTime / 6):
		}
	}
}

// endLeases reports whether leases are left.
func (m *trading) endLeases() bool {
	l := &m.leases
	l.mu.Lock()
	defer l.mu.Unlock()
	now := m.Now()
	for id, known := range l.byID {
		if known.until <= now {
			delete(l.byID, id)
			m.Feed().Drop(id, leaseOwner)
		}
	}
	l.isSweeping = len(l.byID) > 0
	return l.isSweeping
}

// awaitFirst waits a moment until every one of ids is known.
func (m *trading) awaitFirst(ctx context.Context, ids []instrument.ID, isKnown func(instrument.ID) bool) {
	ids = slices.DeleteFunc(slices.Clone(ids), isKnown)
	if len(ids) == 0 {
		return
	}
	inbox := m.Feed().Listen(ids...)
	defer inbox.Close()
	ctx, cancel := context.WithTimeout(ctx, leaseWait)
	defer cancel()
	for !allOf(ids, isKnown) {
		select {
		case <-ctx.Done():
			return
		case <-m.ctx.Done():
			return
		case <-inbox.Ready():
			inbox.Drain(func(*market.Quote, *market.Depth) {})
		}
	}
}

func allOf(ids []instrument.ID, is func(instrument.ID) bool) bool {
	return !slices.ContainsFunc(ids, func(id instrument.ID) bool { return !is(id) })
}
