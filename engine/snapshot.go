package engine

import (
	"cmp"
	"crypto/sha256"
	"slices"

	"paperport/instrument"
	"paperport/ledger"
	"paperport/match"
	"paperport/order"
	"paperport/position"
)

// Snapshot encodes the whole state; equal states give equal bytes. It includes the running hash. A halted engine has
// no snapshot.
func (e *Engine) Snapshot() ([]byte, error) {
	if e.fault != nil {
		return nil, errHalted
	}
	c := &codec{}
	c.header(e)
	list(c, &e.boards, (*codec).board)
	list(c, &e.unders, (*codec).under)
	for _, x := range e.insts {
		if x != nil {
			c.inst(x)
		}
	}
	c.end()
	accounts := len(e.accounts)
	num(c, &accounts)
	for _, a := range e.accounts {
		c.account(a)
	}
	closed := e.closedSorted()
	list(c, &closed, (*codec).closedRow)
	list(c, &e.restarted, func(c *codec, id *order.ID) { num(c, id) })
	return c.buf, nil
}

// StateHash is the SHA-256 of Snapshot; zero when halted. It costs as much as a snapshot.
func (e *Engine) StateHash() [32]byte {
	b, err := e.Snapshot()
	if err != nil {
		return [32]byte{}
	}
	return sha256.Sum256(b)
}

// Restore replaces the state of a new engine by that of a Snapshot of the same Version, made with the same Options. On
// error the engine must be thrown away.
func (e *Engine) Restore(b []byte) error {
	c := &codec{buf: b, isReading: true}
	c.header(e)
	list(c, &e.boards, (*codec).board)
	list(c, &e.unders, (*codec).under)
	var books []bookRow
	for c.err == nil && c.more() {
		books = append(books, e.readInst(c))
	}
	var accounts int
	num(c, &accounts)
	for range min(accounts, len(c.buf)) {
		if c.err == nil {
			e.readAccount(c)
		}
	}
	var closed []closedRow
	list(c, &closed, (*codec).closedRow)
	list(c, &e.restarted, func(c *codec, id *order.ID) { num(c, id) })
	if c.err != nil || len(c.buf) != 0 {
		return errSnapshot
	}
	for _, r := range closed {
		e.closed[r.id] = r.closedOrder
	}
	return e.link(books)
}

func (c *codec) header(e *Engine) {
	version := Version
	num(c, &version)
	if version != Version {
		c.bad()
	}
	num(c, &e.seq)
	num(c, &e.now)
	c.bytes32(&e.hash)
	num(c, &e.lastOrder)
	num(c, &e.lastTrade)
	num(c, &e.lastEntry)
	num(c, &e.rules.BookAgeMax)
	num(c, &e.rules.OrdersPerSecond)
}

func (c *codec) board(v **board) {
	if c.isReading {
		*v = &board{}
	}
	b := *v
	c.boardOf(&b.board)
	num(c, &b.phase)
	text(c, &b.reason)
	num(c, &b.tradingDate)
	num(c, &b.nextOpen)
	num(c, &b.expired)
	c.flag(&b.isSquaredOff)
	c.flag(&b.isFeedAlive)
	num(c, &b.epoch)
	num(c, &b.gapAt)
}

// more and end mark the items of a sequence whose length is not known beforehand.
func (c *codec) more() bool {
	var isMore bool
	c.flag(&isMore)
	return isMore
}

func (c *codec) end() {
	isMore := false
	c.flag(&isMore)
}

// bookRow is what of a book points at orders, as ids.
type bookRow struct {
	inst                 *inst
	buys, sells, waiting []order.ID
	stopBuys, stopSells  []order.ID
}

func (c *codec) inst(x *inst) {
	isMore := true
	c.flag(&isMore)
	c.instrument(x.book.Instrument)
	c.flag(&x.isExpired)
	option(c, &x.risk, (*codec).riskOf)
	c.book(&x.book)
	row := bookRow{}
	for _, r := range x.book.Buys {
		row.buys = append(row.buys, r.ID)
	}
	for _, r := range x.book.Sells {
		row.sells = append(row.sells, r.ID)
	}
	for _, s := range x.book.StopBuys {
		row.stopBuys = append(row.stopBuys, s.ID)
	}
	for _, s := range x.book.StopSells {
		row.stopSells = append(row.stopSells, s.ID)
	}
	for _, w := range x.waiting {
		row.waiting = append(row.waiting, w.o.ID)
	}
	c.bookRow(&row)
}

func (c *codec) book(b *match.Book) {
	c.top(&b.Top)
	c.depth(&b.Depth)
	num(c, &b.Epoch)
	num(c, &b.Insane)
	list(c, &b.Spent, (*codec).spent)
	option(c, &b.Recent, (*codec).recent)
}

func (c *codec) bookRow(r *bookRow) {
	id := func(c *codec, v *order.ID) { num(c, v) }
	list(c, &r.buys, id)
	list(c, &r.sells, id)
	list(c, &r.waiting, id)
	list(c, &r.stopBuys, id)
	list(c, &r.stopSells, id)
}

func (e *Engine) readInst(c *codec) bookRow {
	var i instrument.Instrument
	c.instrument(&i)
	if c.err != nil || i.ID == 0 || i.ID > instrumentMax {
		c.bad()
		return bookRow{}
	}
	e.setInstrument(&i)
	row := bookRow{inst: e.insts[i.ID]}
	c.flag(&row.inst.isExpired)
	option(c, &row.inst.risk, (*codec).riskOf)
	c.book(&row.inst.book)
	c.bookRow(&row)
	return row
}

func (c *codec) account(a *account) {
	text(c, &a.id)
	text(c, &a.plan)
	text(c, &a.profile.Name)
	num(c, &a.second)
	num(c, &a.sent)
	for _, book := range ledger.Books() {
		amount := a.books.Of(book)
		num(c, &amount)
	}
	n := len(a.orders)
	num(c, &n)
	for _, w := range a.orders {
		c.order(&w.o)
		c.working(w)
	}
	list(c, &a.positions, func(c *codec, p **position.Position) { c.position(*p) })
	list(c, &a.holdings, func(c *codec, h **position.Holding) { c.holding(*h) })
	list(c, &a.receipts, (*codec).receipt)
}

func (c *codec) working(w *working) {
	num(c, &w.at)
	if w.at == resting {
		c.resting(&w.rest)
	}
	c.note(&w.charged)
	num(c, &w.value)
	num(c, &w.lookAt)
	num(c, &w.blockPrice)
	num(c, &w.closing)
}

func (e *Engine) readAccount(c *codec) {
	var id order.AccountID
	var plan, profile string
	text(c, &id)
	text(c, &plan)
	text(c, &profile)
	if match.ProfileOf(profile) == nil {
		c.bad()
		return
	}
	a := e.addAccount(id, plan, match.ProfileOf(profile))
	num(c, &a.second)
	num(c, &a.sent)
	for _, book := range ledger.Books() {
		amount := a.books.Of(book)
		num(c, &amount)
		_ = a.books.Load(book, amount) // the names are the ledger's own
	}
	var orders int
	num(c, &orders)
	for range min(orders, len(c.buf)) {
		w := &working{acct: a}
		c.order(&w.o)
		c.working(w)
		if w.inst = e.inst(w.o.Instrument); c.err != nil || w.inst == nil {
			c.bad()
			return
		}
		w.rest.Profile = a.profile
		e.adopt(w)
	}
	list(c, &a.positions, func(c *codec, p **position.Position) { *p = &position.Position{}; c.position(*p) })
	list(c, &a.holdings, func(c *codec, h **position.Holding) { *h = &position.Holding{}; c.holding(*h) })
	var receipts []Receipt
	list(c, &receipts, (*codec).receipt)
	for _, r := range receipts {
		a.keepReceipt(r)
	}
	a.sum()
}

// adopt makes a loaded order one of the working ones, without telling anybody.
func (e *Engine) adopt(w *working) {
	e.orders[w.o.ID] = w
	w.acct.addOrder(w)
	w.inst.working++
	w.inst.isWatched = true
	if w.at == inFlight {
		e.due = append(e.due, due{at: w.o.ActiveAt, id: w.o.ID})
	}
	if w.lookAt != 0 {
		e.due = append(e.due, due{at: w.lookAt, id: w.o.ID, kind: dueLook})
	}
	if w.o.ExpiresAt != 0 {
		e.due = append(e.due, due{at: w.o.ExpiresAt, id: w.o.ID, kind: dueExpiry})
	}
}

// sum recomputes what is kept as sums.
func (a *account) sum() {
	a.orderBlocked, a.positionBlocked = 0, 0
	for _, w := range a.orders {
		a.orderBlocked += w.o.Reserved
	}
	for _, p := range a.positions {
		a.positionBlocked += p.Blocked
	}
	a.told = a.funds()
}

// link ties orders and books together and gives orders their rates again.
func (e *Engine) link(books []bookRow) error {
	slices.SortFunc(e.due, compareDue)
	for _, a := range e.accounts {
		for _, w := range a.orders {
			if err := e.schedule(w); err != nil {
				return err
			}
		}
		if err := a.check(); err != nil {
			return err
		}
	}
	for _, row := range books {
		if err := e.linkBook(row); err != nil {
			return err
		}
	}
	return nil
}

// linkBook puts the orders of an instrument where they stood.
func (e *Engine) linkBook(row bookRow) error {
	b := &row.inst.book
	place := func(ids []order.ID, put func(*working)) {
		for _, id := range ids {
			if w := e.orders[id]; w != nil {
				put(w)
			}
		}
	}
	for _, ids := range [...][]order.ID{row.waiting, row.buys, row.sells, row.stopBuys, row.stopSells} {
		for _, id := range ids {
			if e.orders[id] == nil {
				return errSnapshot
			}
		}
	}
	place(row.waiting, func(w *working) { row.inst.waiting = append(row.inst.waiting, w) })
	place(row.buys, func(w *working) { b.Buys = append(b.Buys, &w.rest) })
	place(row.sells, func(w *working) { b.Sells = append(b.Sells, &w.rest) })
	place(row.stopBuys, func(w *working) { b.StopBuys = append(b.StopBuys, w.stopOf()) })
	place(row.stopSells, func(w *working) { b.StopSells = append(b.StopSells, w.stopOf()) })
	b.Touch()
	return nil
}

type closedRow struct {
	id order.ID
	closedOrder
}

func (c *codec) closedRow(r *closedRow) {
	num(c, &r.id)
	num(c, &r.account)
	num(c, &r.status)
	num(c, &r.date)
}

func (e *Engine) closedSorted() []closedRow {
	rows := make([]closedRow, 0, len(e.closed))
	for id, c := range e.closed { // any order: sorted below
		rows = append(rows, closedRow{id, c})
	}
	slices.SortFunc(rows, func(a, b closedRow) int { return cmp.Compare(a.id, b.id) })
	return rows
}
