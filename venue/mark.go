package venue

import (
	"context"
	"slices"
	"time"

	"paperport/calendar"
	"paperport/engine"
	"paperport/instrument"
	"paperport/money"
)

const (
	// markAgeMax is how old a quote may be to settle by without asking again.
	markAgeMax = time.Minute
	// marksBudget bounds all questions for the prices of one event: the loop waits for them.
	marksBudget = 10 * time.Second
	// markWait bounds one question for a price.
	markWait = 3 * time.Second
)

// marks finds the closing price of each instrument on a date, ordered by instrument. isComplete is false when one is missing.
func (l *loop) marks(ids []instrument.ID, date calendar.Date) (marks []engine.Mark, isComplete bool) {
	ctx, cancel := context.WithTimeout(l.watch.ctx, marksBudget)
	defer cancel()
	slices.Sort(ids)
	isComplete = true
	for _, id := range slices.Compact(ids) {
		price, ok := l.mark(ctx, id, date)
		if !ok {
			isComplete = false
			continue
		}
		marks = append(marks, engine.Mark{Instrument: id, Price: price})
	}
	return marks, isComplete
}

// mark takes the last price of a fresh quote; else it asks for one, then the day's bar, and only then an older quote of
// the date.
func (l *loop) mark(ctx context.Context, id instrument.ID, date calendar.Date) (money.Price, bool) {
	f := l.v.opt.Feed
	q, ok := f.LastQuote(id)
	isOfDate := ok && q.Last > 0 && q.At.Date() == date
	if isOfDate && l.now().Sub(q.ReceivedAt) <= markAgeMax {
		return q.Last, true
	}
	ctx, cancel := context.WithTimeout(ctx, markWait)
	defer cancel()
	if fresh, err := f.Refresh(ctx, id); err == nil && fresh.Last > 0 && fresh.At.Date() == date {
		return fresh.Last, true
	}
	if l.v.opt.ClosePrice != nil && ctx.Err() == nil {
		if price, ok := l.v.opt.ClosePrice(ctx, id, date); ok {
			return price, true
		}
	}
	return q.Last, isOfDate
}
