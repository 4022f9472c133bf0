package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// ErrAsked says that the instrument was asked for over REST less than BookMax ago; nothing was sent.
var ErrAsked = errors.New("feed: asked a moment ago")

// ErrRefused says that the source's answer did not pass the checks.
var ErrRefused = errors.New("feed: the answer was refused")

// ErrNoSource is what an Upstream answers when it has no connection: nothing was sent, and it may be asked again at once.
var ErrNoSource = errors.New("feed: the source is not connected")

// snapshotWait limits one request for a quote.
const snapshotWait = 5 * time.Second

// Refresh asks the source once for a quote of an instrument whose own book is old, and takes the answer like any other
// frame. It blocks for at most 5 s. ErrAsked when it was asked within BookMax, ErrRefused when the answer failed the checks.
func (f *Feed) Refresh(ctx context.Context, id instrument.ID) (market.Quote, error) {
	s := f.slot(id)
	if s == nil || f.options.Upstream == nil {
		return market.Quote{}, fmt.Errorf("feed: refresh %d: nobody to ask", id)
	}
	if !f.mayAsk(s) {
		return market.Quote{}, ErrAsked
	}
	q, err := f.ask(ctx, id)
	if errors.Is(err, ErrNoSource) {
		s.mu.Lock()
		s.asked = 0
		s.mu.Unlock()
	}
	return q, err
}

func (f *Feed) mayAsk(s *slot) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := f.now()
	if s.asked != 0 && now.Sub(s.asked) < f.limits.BookMax {
		return false
	}
	s.asked = now
	return true
}

func (f *Feed) ask(ctx context.Context, id instrument.ID) (market.Quote, error) {
	ctx, stop := context.WithTimeout(ctx, snapshotWait)
	defer stop()
	q, err := f.options.Upstream.Snapshot(ctx, id)
	if err != nil {
		return market.Quote{}, fmt.Errorf("feed: asking for a quote of %d: %w", id, err)
	}
	q.Instrument = id
	if standing, ok := f.LastQuote(id); ok {
		keepUnsent(&q, &standing)
	}
	if reason := f.takeQuote(&q); reason != Good && reason != Duplicate {
		return market.Quote{}, fmt.Errorf("feed: quote of %d is %s: %w", id, reason, ErrRefused)
	}
	q, _ = f.LastQuote(id)
	return q, nil
}

// keepUnsent fills what a source asked for one quote does not send from the standing quote of the same day: sizes of the
// last trade and of all orders, average, open interest. The book and the prices are never filled.
func keepUnsent(q, standing *market.Quote) {
	if q.At.Date() != standing.At.Date() {
		return
	}
	for _, f := range [...]struct{ to, from *money.Qty }{
		{&q.LastQty, &standing.LastQty}, {&q.TotalBid, &standing.TotalBid}, {&q.TotalAsk, &standing.TotalAsk}, {&q.OI, &standing.OI}, {&q.OIChange, &standing.OIChange},
	} {
		if *f.to == 0 {
			*f.to = *f.from
		}
	}
	if q.AvgPrice == 0 {
		q.AvgPrice = standing.AvgPrice
	}
}

// pollBackoff is how long polling rests after a request that failed, so that a spent budget is not hammered.
const pollBackoff = 10 * time.Second

// Run polls while the stream is lost and notices when the process was paused, until ctx ends. It returns after the last
// request has ended.
func (f *Feed) Run(ctx context.Context) {
	last := f.now()
	poller := poller{feed: f}
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.options.Clock.After(f.limits.PollEvery):
		}
		now := f.now()
		if now.Sub(last) > f.limits.WakeMin {
			f.woke(last, now)
		}
		poller.beat(ctx, now)
		last = f.now()
	}
}

// woke records that nothing was seen from last to now although the stream may look connected: every price is stale until
// its board brings a newer one.
func (f *Feed) woke(last, now calendar.Instant) {
	raise(&f.link.wokeAt, now)
	f.link.mu.Lock()
	defer f.link.mu.Unlock()
	if f.link.downAt == 0 {
		f.link.addGap(Gap{From: last, To: now, Reason: "process paused"})
	}
}

// poller asks for one wanted instrument per beat while the stream is lost. Priority instruments take every second turn.
type poller struct {
	feed        *Feed
	turn        int
	first, rest int
	restUntil   calendar.Instant
}

func (p *poller) beat(ctx context.Context, now calendar.Instant) {
	f := p.feed
	if f.options.Upstream == nil || now < p.restUntil || !f.link.isDownFor(now, f.limits.PollAfter) {
		return
	}
	id, ok := p.next(f.Wanted())
	if !ok {
		return
	}
	if _, err := f.ask(ctx, id); err != nil && !errors.Is(err, ErrRefused) {
		p.restUntil = f.now().Add(pollBackoff)
		f.link.polled(false)
		return
	}
	f.link.polled(true)
}

// next picks from ids, priority first as Wanted returns them.
func (p *poller) next(ids []instrument.ID) (instrument.ID, bool) {
	if len(ids) == 0 {
		return 0, false
	}
	split := 0
	for split < len(ids) && p.feed.IsFirst(ids[split]) {
		split++
	}
	p.turn++
	if split > 0 && (p.turn%2 == 1 || split == len(ids)) {
		p.first++
		return ids[p.first%split], true
	}
	p.rest++
	return ids[split+p.rest%(len(ids)-split)], true
}

func (l *link) isDownFor(now calendar.Instant, d time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.downAt != 0 && now.Sub(l.downAt) >= d
}

// polled switches between NoSource and FromPolling while the stream is lost.
func (l *link) polled(isGood bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.downAt == 0 {
		return
	}
	if isGood {
		l.state.Store(linkPolling)
	} else {
		l.state.Store(linkDown)
	}
}
