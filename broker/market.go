package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"paperport/app"
	"paperport/breeze"
	"paperport/breezewire"
	"paperport/calendar"
	"paperport/clock"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
)

// MarketOptions say what a Market stands on; all but BookMax and Log are needed.
type MarketOptions struct {
	Clock    clock.Clock
	Calendar *calendar.Calendar
	Master   *Master
	// BookMax is how old an instrument's own book may be; 0 takes the feed's default.
	BookMax time.Duration
	// Silence is what to say while no session follows, for example "the demo market is still connecting".
	Silence string
	Log     *slog.Logger
}

// Market stands between a feed that is there from the start and a broker's session that comes later and may go away: the
// same for the demo market and for every live one. Its methods may be called from any goroutine.
type Market struct {
	opt    MarketOptions
	feed   *feed.Feed
	line   atomic.Pointer[line]
	stream atomic.Pointer[breeze.Stream]
}

// line is a session in use.
type line struct {
	client *breeze.Client
	hangUp context.CancelCauseFunc
}

// NewMarket returns a market whose feed is silent until Follow.
func NewMarket(o MarketOptions) *Market {
	m := &Market{opt: o}
	log := o.Log
	m.feed = feed.New(feed.Options{Clock: o.Clock, Instrument: o.Master.View().ByID, Upstream: m,
		Phase:  func(b calendar.Board, at calendar.Instant) calendar.Phase { return o.Calendar.At(b, at).Phase },
		Limits: feed.Limits{BookMax: o.BookMax},
		Refused: func(id instrument.ID, why feed.Reason) {
			log.Debug("frame refused", "instrument_id", uint32(id), "reason", why.String())
		}})
	return m
}

// Feed is where readers look; its Run must run for polling.
func (m *Market) Feed() *feed.Feed { return m.feed }

// Follow streams with a client's session until ctx ends or the broker refuses the session in a socket or a call; then it
// returns why. One call at a time. Readers keep what they asked for, and the feed records the gap until the next Follow.
func (m *Market) Follow(ctx context.Context, client *breeze.Client) error {
	ctx, hangUp := context.WithCancelCause(ctx)
	defer hangUp(nil)
	l := &line{client, hangUp}
	m.line.Store(l)
	defer m.line.CompareAndSwap(l, nil)
	stream := breeze.NewStream(breeze.StreamOptions{Client: client, Handler: m.feed, IsFirst: m.feed.IsFirst})
	m.stream.Store(stream)
	defer m.stream.Store(nil)
	stream.Join(m.feed.Wanted())
	stop := m.opt.Master.OnChange(stream.Recode)
	defer stop()
	err := stream.Run(ctx)
	if cause := context.Cause(ctx); isRefusal(cause) {
		err = cause
	}
	m.feed.Down(err)
	return err
}

// isRefusal reports whether the broker refused the session itself. A wrong signature counts: after an ended session that
// is what ICICI answers (6.1).
func isRefusal(err error) bool {
	return errors.Is(err, breeze.ErrSession) || errors.Is(err, breeze.ErrChecksum) || errors.Is(err, breeze.ErrBadToken)
}

// judge takes a call's outcome: the first refusal ends the session, and nothing more is asked with it.
func (m *Market) judge(l *line, err error) {
	if isRefusal(err) && m.line.CompareAndSwap(l, nil) {
		l.hangUp(err)
	}
}

// Join asks the stream for instruments; while there is none the feed remembers them.
func (m *Market) Join(ids []instrument.ID) {
	if s := m.stream.Load(); s != nil {
		s.Join(ids)
	}
}

// Leave gives instruments up.
func (m *Market) Leave(ids []instrument.ID) {
	if s := m.stream.Load(); s != nil {
		s.Leave(ids)
	}
}

func (m *Market) silent() error { return fmt.Errorf("%w: %s", app.ErrUnavailable, m.opt.Silence) }

// Snapshot fetches one quote over REST.
func (m *Market) Snapshot(ctx context.Context, id instrument.ID) (market.Quote, error) {
	l := m.line.Load()
	if l == nil {
		return market.Quote{}, fmt.Errorf("%w: %w", feed.ErrNoSource, m.silent())
	}
	q, err := l.client.Quote(ctx, id)
	m.judge(l, err)
	return q, err
}

// Candles fetches bars over REST.
func (m *Market) Candles(ctx context.Context, id instrument.ID, interval market.Interval, from, to calendar.Instant) ([]market.Candle, error) {
	l := m.line.Load()
	if l == nil {
		return nil, m.silent()
	}
	candles, err := l.client.History(ctx, id, interval, breezewire.Span{From: from, To: to - 1})
	m.judge(l, err)
	var spent *breeze.BudgetError
	switch {
	case errors.Is(err, breeze.ErrNoData):
		return nil, nil
	case errors.As(err, &spent):
		return nil, fmt.Errorf("%w: the request budget is spent, next in %s", app.ErrUnavailable, spent.RetryAfter.Round(time.Second))
	case err != nil:
		return nil, fmt.Errorf("%w: no history from the broker now: %w", app.ErrUnavailable, err)
	default:
		return candles, nil
	}
}

// Skew is how far the broker's clock is ahead of ours, 0 within 2 s and without a session.
func (m *Market) Skew() time.Duration {
	if l := m.line.Load(); l != nil {
		return l.client.Skew()
	}
	return 0
}
