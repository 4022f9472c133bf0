package venue

import (
	"slices"
	"time"

	"paperport/calendar"
	"paperport/engine"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// ScanAsk is what the risk arrays of an underlying are made from. A quote without a last price was not seen.
type ScanAsk struct {
	Underlying instrument.ID
	At         calendar.Instant
	Date       calendar.Date
	Spot       market.Quote
	// Contracts are ordered by instrument.
	Contracts []ScanContract
}

// ScanContract is a future or option with its standing quote and the instant at which its trading ends (0: unknown).
type ScanContract struct {
	Contract  *instrument.Instrument
	Quote     market.Quote
	ExpiresAt calendar.Instant
}

// scanned is what the engine was last told of an underlying's risk.
type scanned struct {
	at   calendar.Instant
	date calendar.Date
	slot int
	// spot is what it was made at, step the move that makes another one worth it.
	spot, step money.Price
	named      []instrument.ID
}

// scanSlots are the times at which the exchange makes a new risk file: the first is the day's beginning. NSE Clearing
// revises six times a day (docs/domain/margin.md); the times are from memory and unverified.
var scanSlots = [...]time.Duration{11 * time.Hour, 12*time.Hour + 30*time.Minute, 14 * time.Hour, 15*time.Hour + 30*time.Minute, 18 * time.Hour}

func slotOf(at calendar.Instant) (slot int) {
	for _, s := range scanSlots {
		if at >= at.Date().At(s) {
			slot++
		}
	}
	return slot
}

// rescanAfter is how long after a Scan contracts that it could not name are tried again.
const rescanAfter = 30 * time.Second

// tellScans keeps the arrays of everything held or worked up to date.
func (l *loop) tellScans() error {
	if l.v.opt.Scan == nil {
		return nil
	}
	for _, id := range l.engine.Underlyings() {
		if err := l.tellScan(id, 0); err != nil {
			return err
		}
	}
	return nil
}

// scanFor tells the engine the arrays that an order in a contract needs.
func (l *loop) scanFor(id instrument.ID) error {
	i, ok := l.v.Instrument(id)
	if !ok || l.v.opt.Scan == nil || i.Kind != instrument.Future && i.Kind != instrument.Option {
		return nil
	}
	return l.tellScan(i.UnderlyingID, id)
}

// tellScan tells the engine the arrays of an underlying's contracts when it does not know one, a slot has begun or the
// spot has moved half a scan step. also is a contract that is about to be ordered, 0 for none.
func (l *loop) tellScan(id, also instrument.ID) error {
	if id == 0 {
		return nil
	}
	l.v.opt.Feed.Want(id, feed.Owner{Name: "margin of " + string(l.v.opt.ID)})
	spot, ok := l.v.opt.Feed.LastQuote(id)
	if !ok || spot.Last <= 0 {
		return nil
	}
	ids := l.engine.Scanned(id)
	if also != 0 {
		ids = append(ids, also)
		slices.Sort(ids)
		ids = slices.Compact(ids)
	}
	was, now := l.scans[id], l.now()
	isNew := slices.ContainsFunc(ids, func(id instrument.ID) bool { return !slices.Contains(was.named, id) })
	isNew = isNew && (also != 0 && !slices.Contains(was.named, also) || now.Sub(was.at) >= rescanAfter)
	isMoved := spot.Last-was.spot >= was.step || was.spot-spot.Last >= was.step
	if !isNew && !isMoved && was.date == now.Date() && was.slot == slotOf(now) {
		return nil
	}
	ask := ScanAsk{Underlying: id, At: now, Date: now.Date(), Spot: spot}
	for _, id := range ids {
		if i, ok := l.v.Instrument(id); ok {
			q, _ := l.v.opt.Feed.LastQuote(id)
			ask.Contracts = append(ask.Contracts, ScanContract{Contract: i, Quote: q, ExpiresAt: l.v.opt.Calendar.ExpiryAt(i.Board(), i.Expiry)})
		}
	}
	scan, step, ok := l.v.opt.Scan(ask)
	next := scanned{at: now, date: now.Date(), slot: slotOf(now), spot: spot.Last, step: max(step, 1)}
	for _, c := range scan.Contracts {
		next.named = append(next.named, c.Instrument)
	}
	l.scans[id] = next
	if !ok {
		return nil
	}
	return l.step(engine.Input{Scan: &scan})
}
