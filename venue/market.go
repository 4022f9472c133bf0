package venue

import (
	"context"
	"errors"
	"fmt"

	"paperport/calendar"
	"paperport/engine"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// watching is what the engine knows of instruments and which of them it is sent.
type watching struct {
	contracts map[instrument.ID]instrument.Instrument // as last sent to the engine
	working   map[instrument.ID]bool                  // the engine asked for their market data
	held      map[positionKey]bool                    // kept subscribed for a position
	sent      map[instrument.ID]sentFrames
	alive     map[calendar.Board]bool // feed state as last sent
	stop      context.CancelFunc      // ends requests for fresh quotes
	ctx       context.Context
}

// sentFrames are the Seq of the newest quote and ladder the engine has.
type sentFrames struct{ quote, depth uint64 }

func newWatching() watching {
	ctx, stop := context.WithCancel(context.Background())
	return watching{contracts: map[instrument.ID]instrument.Instrument{}, working: map[instrument.ID]bool{}, held: map[positionKey]bool{},
		sent: map[instrument.ID]sentFrames{}, alive: map[calendar.Board]bool{}, ctx: ctx, stop: stop}
}

// contract sends the engine the terms of an instrument when it does not know them as they are.
func (w *watching) contract(l *loop, i *instrument.Instrument) error {
	if known, ok := w.contracts[i.ID]; ok && known == *i {
		return nil
	}
	terms := *i
	if err := l.step(engine.Input{Instrument: &terms}); err != nil {
		return err
	}
	w.contracts[i.ID] = terms
	return nil
}

func (l *loop) workingOwner() feed.Owner {
	return feed.Owner{Name: "orders of " + string(l.v.opt.ID), IsFirst: true}
}

func (l *loop) positionOwner(k positionKey) feed.Owner {
	return feed.Owner{Name: fmt.Sprintf("position of %s in %d as %d", k.account, k.instrument, k.product), IsFirst: true}
}

// change carries out the engine's wish for market data.
func (w *watching) change(l *loop, wish *engine.Watch) {
	id := wish.Instrument
	switch {
	case wish.IsStale:
		w.refresh(l, id)
	case wish.IsWanted && !w.working[id]:
		w.working[id] = true
		l.v.opt.Feed.Want(id, l.workingOwner())
		l.inbox.Watch(id)
	case !wish.IsWanted && w.working[id]:
		delete(w.working, id)
		l.v.opt.Feed.Drop(id, l.workingOwner())
		l.inbox.Unwatch(id)
	}
}

// refresh asks for one fresh quote without waiting for it; it arrives through the inbox.
func (w *watching) refresh(l *loop, id instrument.ID) {
	ctx, f, log := w.ctx, l.v.opt.Feed, l.v.log
	l.v.done.Go(func() {
		if _, err := f.Refresh(ctx, id); err != nil && !errors.Is(err, feed.ErrAsked) && ctx.Err() == nil {
			log.Debug("no fresh quote", "instrument_id", id, "err", err)
		}
	})
}

// hold keeps the market data of what is held coming, whether a browser is open or not. Holdings have product 0.
func (w *watching) hold(l *loop, k positionKey, qty money.Qty) {
	switch isHeld := qty != 0; {
	case isHeld && !w.held[k]:
		w.held[k] = true
		for _, id := range l.withUnderlying(k.instrument) {
			l.v.opt.Feed.Want(id, l.positionOwner(k))
		}
	case !isHeld && w.held[k]:
		delete(w.held, k)
		for _, id := range l.withUnderlying(k.instrument) {
			l.v.opt.Feed.Drop(id, l.positionOwner(k))
		}
	}
}

// withUnderlying is an instrument and, of a contract, its underlying: contracts are settled by its price.
func (l *loop) withUnderlying(id instrument.ID) []instrument.ID {
	if i, ok := l.v.Instrument(id); ok && i.Expiry != 0 && i.UnderlyingID != 0 {
		return []instrument.ID{id, i.UnderlyingID}
	}
	return []instrument.ID{id}
}

// takeMarket steps what is new of the instruments with working orders.
func (l *loop) takeMarket() {
	if l.state != running {
		l.inbox.Drain(func(*market.Quote, *market.Depth) {})
		return
	}
	l.guard("market data", func() (err error) {
		l.inbox.Drain(func(q *market.Quote, d *market.Depth) {
			if err == nil {
				err = l.stepMarket(q, d)
			}
		})
		return err
	})
}

// sendStanding steps the last quote and ladder of an instrument unless the engine has them.
func (l *loop) sendStanding(id instrument.ID) error {
	var q *market.Quote
	var d *market.Depth
	if quote, ok := l.v.opt.Feed.LastQuote(id); ok {
		q = &quote
	}
	if depth, ok := l.v.opt.Feed.LastDepth(id); ok {
		d = &depth
	}
	return l.stepMarket(q, d)
}

// stepMarket sends the ladder before the quote: the quote is what fills, and walks the ladder it came with.
func (l *loop) stepMarket(q *market.Quote, d *market.Depth) error {
	if d != nil {
		sent := l.watch.sent[d.Instrument]
		if d.Seq != sent.depth {
			depth := *d
			if err := l.step(engine.Input{Depth: &depth}); err != nil {
				return err
			}
			sent.depth = d.Seq
			l.watch.sent[d.Instrument] = sent
		}
	}
	if q != nil {
		sent := l.watch.sent[q.Instrument]
		if q.Seq != sent.quote {
			quote := *q
			if err := l.step(engine.Input{Quote: &quote}); err != nil {
				return err
			}
			sent.quote = q.Seq
			l.watch.sent[q.Instrument] = sent
		}
	}
	return nil
}

// tellFeed tells the engine when a board's feed died or came back.
func (l *loop) tellFeed(b calendar.Board) error {
	isAlive := l.v.opt.Feed.State(b).IsAlive
	if known, ok := l.watch.alive[b]; ok && known == isAlive {
		return nil
	}
	if err := l.step(engine.Input{Feed: &engine.FeedState{Board: b, IsAlive: isAlive}}); err != nil {
		return err
	}
	l.watch.alive[b] = isAlive
	return nil
}

// pollFeed tells the engine about every board.
func (l *loop) pollFeed() error {
	for _, b := range l.v.opt.Boards {
		if err := l.tellFeed(b); err != nil {
			return err
		}
	}
	return nil
}

// forgetMarket gives up every subscription, before the loop starts again or ends.
func (l *loop) forgetMarket() {
	l.watch.stop()
	f := l.v.opt.Feed
	for id := range l.watch.working {
		f.Drop(id, l.workingOwner())
		l.inbox.Unwatch(id)
	}
	for k := range l.watch.held {
		f.DropAll(l.positionOwner(k))
	}
	l.watch = newWatching()
}
