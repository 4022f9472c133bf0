package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
)

// CandleAsk names a range of bars.
type CandleAsk struct {
	Venue      VenueID
	Instrument instrument.ID
	Interval   market.Interval
	From, To   calendar.Instant // half open; at most CandlesMax bars
}

// CandlesMax bounds one answer of Candles; the newest are kept.
const CandlesMax = 5000

// Candles returns bars, oldest first, the running one included.
func (a *App) Candles(ctx context.Context, user auth.UserID, ask CandleAsk) ([]market.Candle, error) {
	m, err := a.market(user, ask.Venue)
	if err != nil {
		return nil, err
	}
	if _, ok := m.Instrument(ask.Instrument); !ok {
		return nil, ErrNotFound
	}
	length := Length(ask.Interval)
	if length == 0 || ask.From >= ask.To {
		return nil, fmt.Errorf("%w: this interval or range has no candles", ErrInvalid)
	}
	if m.history == nil {
		return nil, fmt.Errorf("%w: this venue has no history yet", ErrUnavailable)
	}
	now := m.Now()
	ask.To = min(ask.To, now.Add(time.Second))
	ask.From = max(ask.From, ask.To.Add(-CandlesMax*length))
	if ask.From >= ask.To {
		return nil, nil
	}
	return m.candle.get(now, ask, func() ([]market.Candle, error) {
		bars, err := m.history.Candles(ctx, ask.Instrument, ask.Interval, ask.From, ask.To)
		if len(bars) > CandlesMax {
			bars = bars[len(bars)-CandlesMax:]
		}
		return bars, err
	})
}

// Length is how long an interval's bar is, 0 for one that we do not serve.
func Length(i market.Interval) time.Duration {
	switch i {
	case market.Second:
		return time.Second
	case market.Minute:
		return time.Minute
	case market.FiveMinutes:
		return 5 * time.Minute
	case market.ThirtyMinutes:
		return 30 * time.Minute
	case market.Day:
		return 24 * time.Hour
	default:
		return 0
	}
}

const (
	candleKept    = 2 * time.Second // how long an answer may be repeated: several pages ask for one chart
	candleKeptMax = 128
)

// candleCache repeats an answer for a moment, so that pages asking for the same chart cost one request.
type candleCache struct {
	mu   sync.Mutex // guards kept
	kept map[candleKey]candleAnswer
}

// candleKey leaves out the exact ends of the range: bars are cut to it after reading.
type candleKey struct {
	id       instrument.ID
	interval market.Interval
	from, to calendar.Instant // whole seconds
}

type candleAnswer struct {
	at   calendar.Instant
	bars []market.Candle
}

func (c *candleCache) get(now calendar.Instant, ask CandleAsk, fetch func() ([]market.Candle, error)) ([]market.Candle, error) {
	const second = calendar.Instant(time.Second / time.Microsecond)
	key := candleKey{ask.Instrument, ask.Interval, ask.From / second, ask.To / second}
	c.mu.Lock()
	answer, ok := c.kept[key]
	c.mu.Unlock()
	if ok && now >= answer.at && now < answer.at.Add(candleKept) {
		return answer.bars, nil
	}
	bars, err := fetch()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= candleKeptMax {
		c.kept = map[candleKey]candleAnswer{}
	}
	c.kept[key] = candleAnswer{now, bars}
	return bars, nil
}
