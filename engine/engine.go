// Package engine is the deterministic core of one venue: one input in, outputs out. It knows nothing of storage, users,
// networks or clocks: time passes only through inputs, a refusal is an output, and the same state and input give the
// same outputs on every machine.
//
// Invariants, checked after every Step for the accounts it touched (large ones in one Step of 64): postings sum to zero;
// what is blocked is the sum of what orders and positions block; OrderQty = CumQty + LeavesQty + CancelledQty; holdings
// are never negative; a closed order never changes. A broken one, or a panic, is a Fault, and the engine then answers
// nothing else.
//
// Nothing fills on what was seen before a gap: see board.gapAt.
//
// Known limits: a cancel has no latency; orders work only in continuous trading; open intraday losses do not lower free
// money; an account with hundreds of working orders in one underlying is slow to margin (margin.Blocks).
package engine

import (
	"crypto/sha256"
	"fmt"

	"paperport/calendar"
	"paperport/charges"
	"paperport/instrument"
	"paperport/margin"
	"paperport/match"
	"paperport/order"
	"paperport/risk"
)

// Version is bumped with every change of behaviour; a journal written by another version is not replayed (style.md 2).
const Version = 13

// Engine is the core of one venue. One goroutine calls it; it starts none. Use New.
type Engine struct {
	opt    Options
	rules  Rules
	tables *charges.Tables
	margin *margin.Tables
	entry  *risk.Tables

	seq       uint64
	now       calendar.Instant
	hash      [32]byte
	lastOrder order.ID
	lastTrade order.TradeID
	lastEntry int64

	boards   []*board
	insts    []*inst  // by instrument id; nil where unknown
	unders   []*under // by instrument id
	accounts []*account
	byID     map[order.AccountID]*account
	orders   map[order.ID]*working
	closed   map[order.ID]closedOrder
	due      []due
	// restarted are orders loaded from rows, told about at the next Step.
	restarted []order.ID

	out        []Output
	touched    []*account
	moved      []*inst    // instruments that got or lost a working order in this Step
	unmargined []groupKey // whose margin is worked out at the end of this Step
	// isMarginLate: derivatives are margined once at the end of the Step, not with each order of it.
	isMarginLate bool
	fills        []match.Fill
	scratch      codec
	fault        *Fault
}

// board is the state of one timetable.
type board struct {
	board        calendar.Board
	phase        calendar.Phase
	reason       string
	tradingDate  calendar.Date
	nextOpen     calendar.Instant // 0: unknown
	expired      calendar.Date    // contracts of this day and earlier have stopped trading
	isSquaredOff bool
	isFeedAlive  bool
	epoch        uint32 // counts the feed's interruptions
	// gapAt is when the feed last died or the pre-open session ended: frames received by then are not believed.
	gapAt calendar.Instant
}

// inst is one instrument with its book and what works in it.
type inst struct {
	board     *board
	book      match.Book
	waiting   []*working // active, but no fresh book was seen yet; oldest first
	working   int        // orders not closed
	isWatched bool       // market data was asked for
	isExpired bool       // settled
	risk      *riskOf    // nil: no Scan named it
}

// isOver reports whether the contract has stopped trading, settled or not.
func (x *inst) isOver() bool {
	expiry := x.book.Instrument.Expiry
	return x.isExpired || expiry != 0 && expiry <= x.board.expired
}

type closedOrder struct {
	account int32
	status  order.Status
	date    calendar.Date
}

// due is what happens to an order at an instant; at the same one in the order of its kinds.
type due struct {
	at   calendar.Instant
	id   order.ID
	kind dueKind
}

type dueKind uint8

const (
	dueArrival dueKind = iota // it reaches the exchange
	dueLook                   // it has reached it and is looked at again
	dueExpiry                 // its minutes are over
)

// New returns an engine with no accounts, no instruments and every board closed, its feed dead. It panics when the
// embedded tables cannot be read, which a test excludes.
func New(o Options) *Engine {
	e := &Engine{
		opt:    o.withDefaults(),
		tables: o.Tables,
		byID:   map[order.AccountID]*account{},
		orders: map[order.ID]*working{},
		rules:  Rules{BookAgeMax: bookAgeMax},
		closed: map[order.ID]closedOrder{},
	}
	var err error
	if e.tables == nil {
		if e.tables, err = charges.Load(nil); err != nil {
			panic("engine: " + err.Error())
		}
	}
	if e.margin, err = margin.Load(); err != nil {
		panic("engine: " + err.Error())
	}
	if e.entry, err = risk.Load(); err != nil {
		panic("engine: " + err.Error())
	}
	return e
}

// Step takes one input and returns what came of it. The slice is reused: it is valid until the next Step; what its
// pointers point to stays valid. It never blocks and never fails: a refusal is a Receipt, trouble of our own a Fault,
// which is then the only output, and the state must be thrown away.
func (e *Engine) Step(in Input) (out []Output) {
	defer func() {
		if r := recover(); r != nil {
			e.fail("panic", fmt.Sprint(r))
			out = e.faultOnly()
		}
	}()
	e.out = e.out[:0]
	if e.fault == nil {
		e.step(&in)
	}
	if e.fault != nil {
		return e.faultOnly()
	}
	return e.out
}

func (e *Engine) faultOnly() []Output {
	e.out = append(e.out[:0], Output{Cause: e.seq, At: e.now, Fault: e.fault})
	return e.out
}

// fail records the first broken invariant.
func (e *Engine) fail(invariant, detail string) {
	if e.fault == nil {
		e.fault = &Fault{Invariant: invariant, Detail: detail}
	}
}

// must turns an error of our own books into a fault.
func (e *Engine) must(err error, invariant string) {
	if err != nil {
		e.fail(invariant, err.Error())
	}
}

func (e *Engine) step(in *Input) {
	if in.Seq != e.seq+1 {
		e.fail("input-seq", fmt.Sprintf("input %d follows %d", in.Seq, e.seq))
		return
	}
	e.seq = in.Seq
	at := max(e.now, in.At)
	if len(e.restarted) > 0 {
		e.now = at
		e.tellRestarted()
	}
	if len(e.due) > 0 && e.due[0].at <= at {
		e.runDue(at)
	}
	e.now = at
	e.dispatch(in)
	if len(e.out) > 0 || len(e.touched) > 0 {
		e.finish()
	}
}

func (e *Engine) dispatch(in *Input) {
	switch {
	case in.Quote != nil:
		e.onQuote(in)
	case in.Depth != nil:
		e.onDepth(in)
	case in.Place != nil:
		e.place(in.Place)
	case in.Modify != nil:
		e.modify(in.Modify)
	case in.Cancel != nil:
		e.cancel(in.Cancel)
	case in.Timer:
	case in.OpenAccount != nil:
		e.openAccount(in.OpenAccount)
	case in.Cash != nil:
		e.cash(in.Cash)
	default:
		e.dispatchRare(in)
	}
}

func (e *Engine) dispatchRare(in *Input) {
	switch {
	case in.Phase != nil:
		e.onPhase(in.Phase)
	case in.Feed != nil:
		e.onFeed(in.Feed)
	case in.SquareOff != nil:
		e.squareOff(in.SquareOff)
	case in.Expire != nil:
		e.expire(in.Expire.Board, in.Expire.TradingDate, in.Expire.Marks)
	case in.DayEnd != nil:
		e.dayEnd(in.DayEnd)
	case in.Instrument != nil:
		e.setInstrument(in.Instrument)
	case in.Scan != nil:
		e.onScan(in.Scan)
	case in.Rules != nil:
		if e.rules = *in.Rules; e.rules.BookAgeMax <= 0 {
			e.fail("rules", "a book age of "+e.rules.BookAgeMax.String())
		}
	case in.Charges != nil:
		if in.Charges.Version != e.tables.Version {
			e.fail("charge-tables", "input names version "+in.Charges.Version+", the engine was made with "+e.tables.Version)
		}
	default:
		e.fail("empty-input", "an input with nothing set")
	}
}

// finish tells funds, checks invariants and extends the hash.
func (e *Engine) finish() {
	e.remarginDue()
	for _, a := range e.touched {
		a.isTouched = false
		if len(a.orders)+len(a.positions) <= checkedAlways || e.seq%checkedAlways == 0 {
			e.must(a.check(), "account-books")
		}
		if f := a.funds(); f != a.told {
			a.told = f
			e.emit(Output{Funds: &f})
		}
	}
	e.touched = e.touched[:0]
	for _, x := range e.moved {
		if isWanted := x.working > 0; isWanted != x.isWatched {
			x.isWatched = isWanted
			e.emit(Output{Watch: &Watch{Instrument: x.book.Instrument.ID, IsWanted: isWanted}})
		}
	}
	e.moved = e.moved[:0]
	if len(e.out) == 0 {
		return
	}
	c := &e.scratch
	c.buf = append(c.buf[:0], e.hash[:]...)
	for i := range e.out {
		c.output(&e.out[i])
	}
	e.hash = sha256.Sum256(c.buf)
}

// checkedAlways is how many orders and positions of an account are added up after every Step; a larger account is added
// up in one Step of as many.
const checkedAlways = 64

func (e *Engine) emit(o Output) {
	o.Cause, o.At = e.seq, e.now
	e.out = append(e.out, o)
}

// touch marks an account for the checks at the end of the Step.
func (e *Engine) touch(a *account) {
	if !a.isTouched {
		a.isTouched = true
		e.touched = append(e.touched, a)
	}
}

// touchInst marks an instrument for telling at the end of the Step whether its market data is wanted.
func (e *Engine) touchInst(x *inst) { e.moved = append(e.moved, x) }

func (e *Engine) inst(id instrument.ID) *inst {
	if int(id) < len(e.insts) {
		return e.insts[id]
	}
	return nil
}

func (e *Engine) board(b calendar.Board) *board {
	for _, x := range e.boards {
		if x.board == b {
			return x
		}
	}
	x := &board{board: b}
	e.boards = append(e.boards, x)
	return x
}

func (e *Engine) setInstrument(i *instrument.Instrument) {
	if i.ID == 0 || i.ID > instrumentMax {
		e.fail("instrument-id", fmt.Sprintf("instrument id %d", i.ID))
		return
	}
	for int(i.ID) >= len(e.insts) {
		e.insts = append(e.insts, nil)
	}
	def := *i
	if def.Terms.Multiplier == 0 {
		def.Terms.Multiplier = 1
	}
	x := e.insts[i.ID]
	if x == nil {
		x = &inst{}
		e.insts[i.ID] = x
	}
	x.book.Define(&def)
	x.board = e.board(def.Board())
}

// instrumentMax bounds the dense tables; registries hold a few hundred thousand contracts.
const instrumentMax instrument.ID = 50_000_000

// NextDue is the instant at which an input with Timer set is wanted, if nothing else comes before. False: none.
func (e *Engine) NextDue() (calendar.Instant, bool) {
	if len(e.due) == 0 {
		return 0, false
	}
	return e.due[0].at, true
}

// Rules are those now in force: part of the state.
func (e *Engine) Rules() Rules { return e.rules }

// Hash is the running hash over all outputs since New; it is part of Snapshot.
func (e *Engine) Hash() [32]byte { return e.hash }
