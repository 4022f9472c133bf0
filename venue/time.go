package venue

import (
	"time"

	"paperport/calendar"
	"paperport/engine"
	"paperport/instrument"
	"paperport/order"
	"paperport/store"
)

// board is where the loop stands on one board.
type board struct {
	store.Board
	isChanged bool // since the last batch
	// expired is the newest date whose contracts were told to expire in this run; settleAt is when settlement prices that
	// were missing are looked for again, 0 when none is.
	expired  calendar.Date
	settleAt calendar.Instant
	isTold   bool // the engine was told the phase in this run
}

// marksWait is how long a day end missed while the program was not running waits for closing prices.
const marksWait = 2 * time.Minute

// passTime steps everything that time has brought: timers, phases, square-off, expiry, day end.
func (l *loop) passTime() {
	switch l.state {
	case diskFull:
		l.probe()
		return
	case running:
	default:
		return
	}
	l.guard("time", func() error {
		if err := l.tellRules(); err != nil {
			return err
		}
		if due, ok := l.engine.NextDue(); ok && l.now() >= due {
			if err := l.step(engine.Input{Timer: true}); err != nil {
				return err
			}
			if again, ok := l.engine.NextDue(); ok && again <= due {
				return fault{"the engine's timer does not move on"}
			}
		}
		if l.now() < l.passAt {
			return nil
		}
		for i := range l.boards {
			if err := l.passBoard(&l.boards[i]); err != nil {
				return err
			}
		}
		l.planPass()
		if err := l.pollFeed(); err != nil {
			return err
		}
		return l.tellScans()
	})
}

// tellRules tells the engine the rules of this run where they differ from those of its books.
func (l *loop) tellRules() error {
	rules := l.v.opt.Rules
	if rules.BookAgeMax == 0 || rules == l.engine.Rules() {
		return nil
	}
	l.v.log.Info("rules changed", "book_age_max", rules.BookAgeMax.String(), "orders_per_second", rules.OrdersPerSecond)
	return l.step(engine.Input{Rules: &rules})
}

// planPass notes when a board is to be looked at again: when something is due, and at least once a second.
func (l *loop) planPass() {
	now := l.now()
	l.passAt = now.Add(pollEvery)
	for i := range l.boards {
		l.passAt = min(l.passAt, l.nextOn(&l.boards[i], now))
	}
}

// passBoard does what is due on a board, in the order of the day. A day that was not ended is ended before the next begins.
func (l *loop) passBoard(b *board) error {
	c, now := l.v.opt.Calendar, l.now()
	at := c.At(b.Board.Board, now)
	date := b.TradingDate
	end := c.DayEnd(b.Board.Board, date)
	isCalledOff := end == 0 && b.Phase == calendar.Open // the rules were changed in the middle of the day
	isOver := date != 0 && b.EndedDate < date && (reached(end, now) || isCalledOff)
	if !isOver && date != 0 && b.EndedDate < date {
		if err := l.passDay(b, date, now); err != nil {
			return err
		}
	}
	if isOver && b.Phase != calendar.Closed {
		closed := calendar.State{Phase: calendar.Closed, TradingDate: date, Reason: "closed"}
		if err := l.enter(b, closed); err != nil {
			return err
		}
	}
	if isOver {
		if isDone, err := l.endDay(b, date); err != nil || !isDone {
			return err
		}
	}
	if b.EndedDate != 0 && at.TradingDate == b.EndedDate && at.Phase != calendar.Closed {
		return nil // the rules were changed after its books were closed: it does not open again
	}
	if b.isTold && at.Phase == b.Phase && at.TradingDate == b.TradingDate && at.Reason == b.Reason {
		return nil
	}
	return l.enter(b, at)
}

func reached(at, now calendar.Instant) bool { return at != 0 && now >= at }

// passDay does what is due within a trading date.
func (l *loop) passDay(b *board, date calendar.Date, now calendar.Instant) error {
	c := l.v.opt.Calendar
	if b.Board.Board.Segment != calendar.Equity {
		over := max(b.expired, date-1) // contracts of today trade until their instant
		if reached(c.ExpiryAt(b.Board.Board, date), now) {
			over = date
		}
		if b.expired < over || reached(b.settleAt, now) {
			if err := l.expire(b, over); err != nil {
				return err
			}
		}
	}
	if !b.IsSquaredOff && reached(c.SquareOff(b.Board.Board, date), now) {
		return l.squareOff(b, date)
	}
	return nil
}

// enter tells the engine a phase.
func (l *loop) enter(b *board, s calendar.State) error {
	change := engine.PhaseChange{Board: b.Board.Board, Phase: s.Phase, TradingDate: s.TradingDate, Reason: s.Reason, NextOpen: s.NextOpen}
	if err := l.step(engine.Input{Phase: &change}); err != nil {
		return err
	}
	if s.TradingDate != b.TradingDate {
		b.IsSquaredOff = false
	}
	b.Phase, b.TradingDate, b.Reason, b.isChanged = s.Phase, s.TradingDate, s.Reason, true
	b.isTold = true
	return nil
}

func (l *loop) squareOff(b *board, date calendar.Date) error {
	all, err := l.heldOn(b.Board.Board)
	if err != nil {
		return err
	}
	for _, h := range all {
		if h.product == order.MIS {
			if err := l.introduce(h.instrument); err != nil {
				return err
			}
		}
	}
	if err := l.step(engine.Input{SquareOff: &engine.SquareOff{Board: b.Board.Board, TradingDate: date}}); err != nil {
		return err
	}
	b.IsSquaredOff, b.isChanged = true, true
	return nil
}

// endDay closes the books of a date. It is not done while closing prices are missing that may still come.
func (l *loop) endDay(b *board, date calendar.Date) (isDone bool, err error) {
	all, err := l.heldOn(b.Board.Board)
	if err != nil {
		return false, err
	}
	var ids []instrument.ID
	for _, h := range all {
		ids = append(ids, h.instrument)
	}
	marks, isComplete := l.marks(ids, date)
	if !isComplete && l.now() < l.opened.Add(marksWait) {
		return false, nil
	}
	if b.Board.Board.Segment != calendar.Equity {
		if err := l.expire(b, date); err != nil {
			return false, err
		}
	}
	c := l.v.opt.Calendar
	end := engine.DayEnd{Board: b.Board.Board, TradingDate: date, Next: c.NextTradingDay(b.Board.Board, date),
		Settles: c.SettlementDate(b.Board.Board.Exchange, date), Marks: marks}
	if err := l.step(engine.Input{DayEnd: &end}); err != nil {
		return false, err
	}
	b.EndedDate, b.isChanged = date, true
	l.snapshot.isDue = true
	return true, nil
}

// held is something an account holds on a board.
type held struct {
	instrument instrument.ID
	product    order.Product
}

// heldOn lists what is held on a board, durable or on its way.
func (l *loop) heldOn(b calendar.Board) (all []held, err error) {
	if err := l.settle(); err != nil {
		return nil, err
	}
	for _, h := range l.holdings() {
		if i, ok := l.v.Instrument(h.instrument); ok && i.Board() == b {
			all = append(all, h)
		}
	}
	return all, nil
}

// holdings lists every open position and holding of every account, durable or in the open batch, in a fixed order.
func (l *loop) holdings() (all []held) {
	for _, book := range l.v.books.all() {
		for i := range book.Positions {
			if p := &book.Positions[i]; p.NetQty != 0 {
				all = append(all, held{p.Instrument, p.Product})
			}
		}
		for i := range book.Holdings {
			all = append(all, held{book.Holdings[i].Instrument, order.CNC})
		}
	}
	for i := range l.pending.batch.Positions {
		p := &l.pending.batch.Positions[i]
		all = append(all, held{p.Instrument, p.Product})
	}
	return all
}

// setWake arranges to look again when the next thing is due.
func (l *loop) setWake() {
	now := l.now()
	next := now.Add(pollEvery)
	switch l.state {
	case diskFull:
		next = now.Add(probeEvery)
	case running:
		if due, ok := l.engine.NextDue(); ok {
			next = min(next, due)
		}
		if l.pending.since != 0 && len(l.inflight) < inflightMax {
			next = min(next, l.pending.since.Add(flushAfter))
		}
		next = min(next, max(now, l.passAt))
	case halted, broken:
		// Nothing is decided any more: only commands are looked at.
	}
	if l.wake != nil && l.wakeAt <= next {
		return
	}
	l.wakeAt = next
	l.wake = l.v.opt.Clock.After(max(0, next.Sub(now)))
}

// nextOn is when something is due on a board.
func (l *loop) nextOn(b *board, now calendar.Instant) calendar.Instant {
	c := l.v.opt.Calendar
	next := now.Add(pollEvery)
	for _, at := range [...]calendar.Instant{c.At(b.Board.Board, now).Until, c.SquareOff(b.Board.Board, b.TradingDate),
		c.ExpiryAt(b.Board.Board, b.TradingDate), c.DayEnd(b.Board.Board, b.TradingDate)} {
		if at > now && at < next {
			next = at
		}
	}
	return next
}

// changedBoards are the rows that the open batch must store.
func (l *loop) changedBoards() (rows []store.Board) {
	for i := range l.boards {
		if b := &l.boards[i]; b.isChanged {
			rows = append(rows, b.Board)
			b.isChanged = false
		}
	}
	return rows
}

func (l *loop) storedBoards() (rows []store.Board) {
	for i := range l.boards {
		rows = append(rows, l.boards[i].Board)
	}
	return rows
}

func (l *loop) publishStatus() {
	old := *l.v.Status()
	old.Fault, old.IsDiskFull, old.Boards = l.fault, l.state == diskFull, l.storedBoards()
	l.v.status.Store(&old)
}
