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
	// settleAge is how long before the expiry instant the newest price of an underlying may have come to settle at it.
	settleAge = 2 * time.Second
	// settleAgain is after how long missing settlement prices are looked for again.
	settleAgain = 30 * time.Second
)

// expire ends the trading of a board's contracts up to date, and settles what is held of them at the price their
// underlyings had at the instant of expiry. What has no such price waits and is looked at again: no later price will do.
func (l *loop) expire(b *board, date calendar.Date) error {
	dues, err := l.expiriesOn(b.Board.Board, date)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(l.watch.ctx, marksBudget)
	defer cancel()
	b.expired, b.settleAt = date, 0
	missing := map[instrument.ID]bool{}
	for _, due := range dues {
		marks := l.settlementMarks(ctx, b, due, missing)
		if err := l.step(engine.Input{Expire: &engine.Expire{Board: b.Board.Board, TradingDate: due.expiry, Marks: marks}}); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		b.settleAt = l.now().Add(settleAgain)
	}
	return nil
}

// expiryDue is a date whose contracts are over, with the underlyings of those that are still held.
type expiryDue struct {
	expiry      calendar.Date
	underlyings []instrument.ID
}

// expiriesOn lists what is to be settled up to date, oldest first; date itself is always the last.
func (l *loop) expiriesOn(on calendar.Board, date calendar.Date) ([]expiryDue, error) {
	all, err := l.heldOn(on)
	if err != nil {
		return nil, err
	}
	byDate := map[calendar.Date][]instrument.ID{date: nil}
	for _, h := range all {
		i, ok := l.v.Instrument(h.instrument)
		if ok && (i.Kind == instrument.Option || i.Kind == instrument.Future) && i.Terms.UnderlyingIsIndex && i.Expiry != 0 && i.Expiry <= date {
			byDate[i.Expiry] = append(byDate[i.Expiry], i.UnderlyingID)
		}
	}
	var dues []expiryDue
	for expiry, ids := range byDate {
		slices.Sort(ids)
		dues = append(dues, expiryDue{expiry, slices.Compact(ids)})
	}
	slices.SortFunc(dues, func(x, y expiryDue) int { return int(x.expiry) - int(y.expiry) })
	return dues, nil
}

// settlementMarks finds the prices of a date. An underlying that lacks one is left out of later dates too: the engine
// would settle the older contract at the newer price.
func (l *loop) settlementMarks(ctx context.Context, b *board, due expiryDue, missing map[instrument.ID]bool) (marks []engine.Mark) {
	at := l.v.opt.Calendar.ExpiryAt(b.Board.Board, due.expiry)
	for _, id := range due.underlyings {
		price, ok := l.priceAt(ctx, id, at)
		if !ok || missing[id] {
			missing[id] = true
			l.v.log.Warn("expired contracts wait for the price of their underlying", "instrument_id", id, "expiry", due.expiry.String())
			continue
		}
		marks = append(marks, engine.Mark{Instrument: id, Price: price})
	}
	return marks
}

// priceAt is the last price an instrument had at an instant. Without history to ask, the feed's own newest price of that
// day counts however old it is: it then is the whole of what there is (a tape).
func (l *loop) priceAt(ctx context.Context, id instrument.ID, at calendar.Instant) (money.Price, bool) {
	if at == 0 {
		return 0, false
	}
	q, ok := l.v.opt.Feed.LastQuote(id)
	isBefore := ok && q.Last > 0 && q.At <= at && q.At.Date() == at.Date()
	if isBefore && (l.v.opt.PriceAt == nil || at.Sub(q.At) <= settleAge) {
		return q.Last, true
	}
	if l.v.opt.PriceAt == nil {
		return 0, false
	}
	return l.v.opt.PriceAt(ctx, id, at)
}
