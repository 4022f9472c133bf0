package venue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"paperport/calendar"
	"paperport/engine"
	"paperport/feed"
	"paperport/instrument"
	"paperport/order"
	"paperport/store"
)

// loop is the one goroutine that calls the engine. Nothing here is shared unless it says so.
type loop struct {
	v        *Venue
	engine   *engine.Engine
	inbox    *feed.Inbox
	seq      uint64
	at       calendar.Instant // of the last input
	pending  *pending
	inflight []*pending
	results  chan result // answers of the committer, in order
	watch    watching
	boards   []board
	scans    map[instrument.ID]scanned // by underlying
	snapshot snapshotting
	fault    string
	state    health
	out      engine.Receipt // of the command being stepped
	wakeAt   calendar.Instant
	wake     <-chan time.Time
	passAt   calendar.Instant // when the boards are looked at again
	// generation counts the restarts of the loop.
	generation int
	opened     calendar.Instant // when the loop began, for prices that are still on their way
}

// health is what the loop may do.
type health uint8

const (
	running  health = iota
	diskFull        // commands are refused until a probe succeeds
	halted          // only the owner's release helps
	broken          // storage failed: the process is about to end
)

type result struct {
	batch *pending
	err   error
}

const (
	flushAfter = 250 * time.Millisecond // for inputs nobody waits for
	pollEvery  = time.Second            // of the feed's state
	probeEvery = 2 * time.Second        // of a full disk
)

func newLoop(v *Venue) *loop {
	return &loop{v: v, results: make(chan result, inflightMax+1), watch: newWatching(), scans: map[instrument.ID]scanned{}, pending: newPending(v.opt.ID), inbox: v.opt.Feed.Listen(), opened: v.Now()}
}

func (l *loop) now() calendar.Instant { return l.v.Now() }

func (l *loop) run() {
	defer l.inbox.Close()
	for {
		l.passTime()
		l.submit(false)
		l.setWake()
		select {
		case c := <-l.inboxIfRoom():
			l.passTime() // what time has brought meanwhile comes first: nobody trades past a close
			l.take(c)
			l.takeWaiting()
		case <-l.inbox.Ready():
			l.passTime()
			l.takeMarket()
		case r := <-l.results:
			l.committed(r)
		case <-l.wake:
			l.wake = nil
		case <-l.v.quit:
			l.stop()
			return
		}
	}
}

// inboxIfRoom is the inbox, or nothing while a full batch waits for the committer: the inbox then fills and says busy.
func (l *loop) inboxIfRoom() <-chan *command {
	if l.pending.inputs >= batchInputsMax && len(l.inflight) >= inflightMax {
		return nil
	}
	return l.v.inbox
}

// takeWaiting takes the commands that wait already, so that they share a commit.
func (l *loop) takeWaiting() {
	for l.pending.inputs < batchInputsMax {
		select {
		case c := <-l.v.inbox:
			l.take(c)
		default:
			return
		}
	}
}

func (l *loop) take(c *command) {
	switch {
	case c.isRelease:
		c.reply(engine.Receipt{}, l.release())
	case l.state != running:
		c.reply(engine.Receipt{}, l.refusal())
	case c.call != nil:
		c.reply(engine.Receipt{}, l.guard("call", func() error { return c.call(l) }))
	default:
		l.command(c)
	}
}

func (l *loop) refusal() error {
	switch l.state {
	case diskFull:
		return store.ErrDiskFull
	case broken:
		return store.ErrBroken
	default:
		return ErrHalted
	}
}

// command steps a user's command behind the market data it is judged by.
func (l *loop) command(c *command) {
	err := l.guard("command", func() error {
		if err := l.prepare(&c.in); err != nil {
			return err
		}
		l.out = engine.Receipt{}
		return l.step(c.in)
	})
	if err != nil {
		c.reply(engine.Receipt{}, err)
		return
	}
	if c.account != nil && l.out.Code == "" && !l.out.IsRepeat {
		row := *c.account
		row.OpenedAt = l.at
		l.pending.batch.Accounts = append(l.pending.batch.Accounts, row)
	}
	l.pending.waiters = append(l.pending.waiters, waiter{c, l.out})
	l.pending.isUrgent = true
}

// prepare sends the engine what a command needs: the contract, the feed's health, the standing quote and ladder.
func (l *loop) prepare(in *engine.Input) error {
	var id instrument.ID
	switch {
	case in.Place != nil:
		id = in.Place.Instrument
	case in.Modify != nil:
		o, ok := l.v.books.order(in.Modify.Account, in.Modify.Order)
		if !ok {
			return nil
		}
		id = o.Instrument
	default:
		return nil
	}
	if err := l.introduce(id); err != nil {
		return err
	}
	return l.scanFor(id)
}

// introduce makes the engine know an instrument and the market in it as they stand.
func (l *loop) introduce(id instrument.ID) error {
	if err := l.acquaint(id); err != nil {
		return err
	}
	return l.sendStanding(id)
}

// acquaint makes the engine know an instrument's terms and whether its board's feed is alive.
func (l *loop) acquaint(id instrument.ID) error {
	contract, ok := l.v.Instrument(id)
	if !ok {
		return fmt.Errorf("%w: %d", ErrUnknown, id)
	}
	if err := l.watch.contract(l, contract); err != nil {
		return err
	}
	return l.tellFeed(contract.Board())
}

// preview works an order out against the last quote and ladder; the engine is told only what it must know of the contract.
func (l *loop) preview(p order.Place) (engine.Preview, error) {
	if err := l.acquaint(p.Instrument); err != nil {
		return engine.Preview{}, err
	}
	if err := l.scanFor(p.Instrument); err != nil {
		return engine.Preview{}, err
	}
	look := engine.Look{At: l.now()}
	if q, ok := l.v.opt.Feed.LastQuote(p.Instrument); ok {
		look.Quote = &q
	}
	if d, ok := l.v.opt.Feed.LastDepth(p.Instrument); ok {
		look.Depth = &d
	}
	return l.engine.PreviewWith(p, look), nil
}

// step gives the engine one input and keeps what came of it.
func (l *loop) step(in engine.Input) error {
	if l.engine == nil {
		return errRestarted
	}
	in.Seq = l.seq + 1
	in.At = max(l.at, l.now())
	in.ReceivedAt = in.At
	if err := l.pending.addInput(&in); err != nil {
		return err
	}
	l.seq, l.at = in.Seq, in.At
	outputs := l.engine.Step(in)
	events := 0
	for i := range outputs {
		o := &outputs[i]
		switch {
		case o.Fault != nil:
			return fault{fmt.Sprintf("%s: %s (input %d)", o.Fault.Invariant, o.Fault.Detail, in.Seq)}
		case o.Watch != nil:
			l.watch.change(l, o.Watch)
		case o.Receipt != nil:
			l.out = *o.Receipt
		}
		if o.Position != nil {
			l.watch.hold(l, positionKey{o.Position.Account, o.Position.Instrument, o.Position.Product}, o.Position.NetQty)
		}
		if o.Holding != nil {
			l.watch.hold(l, positionKey{o.Holding.Account, o.Holding.Instrument, 0}, o.Holding.Qty+o.Holding.T1Qty)
		}
		l.pending.addOutput(in.Seq, &events, o)
	}
	l.snapshot.count++
	return nil
}

// fault is a broken invariant or a panic.
type fault struct{ text string }

func (f fault) Error() string { return "venue: " + f.text }

// guard runs f and halts the venue when it finds a fault or panics.
func (l *loop) guard(doing string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			l.v.log.Error("panic in the venue's loop", "doing", doing, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fault{fmt.Sprintf("panic in %s at input %d: %v", doing, l.seq, p)}
		}
		var broken fault
		if errors.As(err, &broken) {
			l.halt(broken.text)
			err = ErrHalted
		}
	}()
	return f()
}

// halt throws the engine away and stores why. Commits on their way are of sound inputs and go on.
func (l *loop) halt(text string) {
	l.v.log.Error("venue halted", "fault", text, "seq", l.seq)
	if l.v.opt.Halted != nil {
		l.v.opt.Halted(text)
	}
	l.state, l.fault, l.engine = halted, text, nil
	l.dropPending(ErrHalted)
	for i := range l.boards {
		l.boards[i].isChanged = false // their changes are thrown away with the inputs that made them
	}
	l.pending.batch.Fault = &text
	l.pending.touch(l.now())
	l.pending.isUrgent = true
	l.publishStatus()
}

// dropPending answers everyone who waits for the open batch and begins an empty one.
func (l *loop) dropPending(err error) {
	for _, w := range l.pending.waiters {
		w.command.reply(engine.Receipt{}, err)
	}
	l.pending = newPending(l.v.opt.ID)
}

// release rebuilds a halted venue from what is durable.
func (l *loop) release() error {
	if l.state != halted {
		return nil
	}
	if err := l.settle(); err != nil {
		return err
	}
	none := ""
	answer := make(chan error, 1)
	l.v.opt.Store.Submit(&store.Batch{Venue: l.v.opt.ID, Fault: &none}, func(err error) { answer <- err })
	if err := <-answer; err != nil {
		return err
	}
	return l.rebuild()
}

// rebuild starts again from the store, as at start-up.
func (l *loop) rebuild() error {
	l.pending = newPending(l.v.opt.ID)
	l.state, l.fault = running, ""
	if err := l.load(context.Background()); err != nil {
		l.halt("rebuilding failed: " + err.Error())
		return err
	}
	return nil
}
