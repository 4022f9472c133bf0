package venue

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"paperport/calendar"
	"paperport/engine"
	"paperport/ledger"
	"paperport/money"
	"paperport/order"
	"paperport/position"
	"paperport/store"
)

// Book is one account as of input Seq. It is immutable: readers keep it as long as they like.
type Book struct {
	Seq     uint64
	Account store.Account
	// TradingDate is the date that Orders, Trades and Day are of; orders still working from before are there too.
	TradingDate calendar.Date
	orders      shelf
	// Trades are oldest first, Positions by instrument and product, Holdings by instrument.
	Trades    []store.Trade
	Positions []position.Position
	Holdings  []position.Holding
	Funds     engine.Funds
	Day       Day
}

// Day is what the trading date did to the account's cash and result so far.
type Day struct {
	// Opening is the money that the account was opened with, when that was today; PayIn and PayOut are >= 0.
	Opening, PayIn, PayOut money.Paise
	// Change is what all entries of the day did to cash.
	Change money.Paise
	// RealisedPnL is booked profit before charges.
	RealisedPnL, Charges money.Paise
}

// Orders yields the orders, newest first. The pointers are shared and must not be written through.
func (b *Book) Orders() []*order.Order { return b.orders.newestFirst() }

// Order finds one of the orders.
func (b *Book) Order(id order.ID) (*order.Order, bool) { return b.orders.find(id) }

// books are all accounts of a venue. Reading takes no lock but the map's.
type books struct {
	mu        sync.RWMutex // guards byAccount, the map itself
	byAccount map[order.AccountID]*atomic.Pointer[Book]
	today     atomic.Int32
}

func (b *books) init() { b.byAccount = map[order.AccountID]*atomic.Pointer[Book]{} }

func (b *books) date() calendar.Date { return calendar.Date(b.today.Load()) }

// setDate lifts the current trading date.
func (b *books) setDate(d calendar.Date) {
	if int32(d) > b.today.Load() {
		b.today.Store(int32(d))
	}
}

// Book returns an account's book, false when it is not of this venue.
func (v *Venue) Book(id order.AccountID) (*Book, bool) { return v.books.book(id) }

func (b *books) book(id order.AccountID) (*Book, bool) {
	b.mu.RLock()
	cell := b.byAccount[id]
	b.mu.RUnlock()
	if cell == nil {
		return nil, false
	}
	return cell.Load(), true
}

func (b *books) order(account order.AccountID, id order.ID) (*order.Order, bool) {
	book, ok := b.book(account)
	if !ok {
		return nil, false
	}
	return book.Order(id)
}

// all lists every book by account.
func (b *books) all() (list []*Book) {
	b.mu.RLock()
	for _, cell := range b.byAccount {
		list = append(list, cell.Load())
	}
	b.mu.RUnlock()
	slices.SortFunc(list, func(x, y *Book) int { return cmp.Compare(x.Account.ID, y.Account.ID) })
	return list
}

func (b *books) set(book *Book) {
	b.mu.Lock()
	defer b.mu.Unlock()
	cell := b.byAccount[book.Account.ID]
	if cell == nil {
		cell = &atomic.Pointer[Book]{}
		b.byAccount[book.Account.ID] = cell
	}
	cell.Store(book)
}

// load replaces every book by what is stored.
func (b *books) load(rows stored) {
	edits := map[order.AccountID]*Book{}
	for _, a := range rows.accounts {
		edits[a.ID] = &Book{Seq: rows.last.Last, Account: a, TradingDate: b.date()}
	}
	for i := range rows.Orders {
		o := &rows.Orders[i]
		if e := edits[o.Account]; e != nil && isCurrent(o, b.date()) {
			e.orders.put(o)
		}
	}
	for i := range rows.Trades {
		t := &rows.Trades[i]
		if e := edits[t.Trade.Account]; e != nil && t.Trade.TradingDate == b.date() {
			e.addTrade(t)
		}
	}
	for i := range rows.Positions {
		if e := edits[rows.Positions[i].Account]; e != nil {
			e.Positions = append(e.Positions, rows.Positions[i])
		}
	}
	for i := range rows.Holdings {
		if e := edits[rows.Holdings[i].Account]; e != nil {
			e.Holdings = append(e.Holdings, rows.Holdings[i])
		}
	}
	for _, f := range rows.Funds {
		if e := edits[f.Account]; e != nil {
			e.Funds = f
		}
	}
	for _, c := range rows.cash {
		if e := edits[c.Account]; e != nil {
			e.Day.addCash(c.Kind, c.Amount)
		}
	}
	for _, e := range edits {
		e.orders.seal()
		b.set(e)
	}
}

// isCurrent reports whether an order belongs on today's list.
func isCurrent(o *order.Order, today calendar.Date) bool {
	return o.TradingDate >= today || !o.Status.IsClosed()
}

func (d *Day) addCash(kind string, amount money.Paise) {
	d.Change += amount
	switch kind {
	case "opening":
		d.Opening += amount
	case "payin":
		d.PayIn += amount
	case "payout":
		d.PayOut -= amount
	}
}

func (b *Book) addTrade(t *store.Trade) {
	b.Trades = append(b.Trades, *t)
	b.Day.RealisedPnL += t.RealisedPnL
	b.Day.Charges += t.Charges.Total() + t.Charges.DPCharge
}

// apply makes the books of a durable batch current and returns those that changed.
func (b *books) apply(batch *store.Batch) (changed []*Book) {
	before := b.date()
	for _, r := range batch.Boards {
		b.setDate(r.TradingDate)
	}
	e := edit{books: b, seq: seqOf(batch), date: b.date(), byAccount: map[order.AccountID]*Book{}}
	if e.date != before {
		for _, book := range b.all() {
			e.open(book.Account.ID)
		}
	}
	e.add(batch)
	for _, id := range e.order {
		book := e.byAccount[id]
		book.orders.seal()
		b.set(book)
		changed = append(changed, book)
	}
	return changed
}

func seqOf(b *store.Batch) uint64 {
	if b.Journal == nil {
		return 0
	}
	return b.Journal.Last
}

// edit is a set of books being made.
type edit struct {
	books     *books
	seq       uint64
	date      calendar.Date
	byAccount map[order.AccountID]*Book
	order     []order.AccountID
}

// open returns the copy of an account's book that is being made; nil for an account we do not have.
func (e *edit) open(id order.AccountID) *Book {
	if b := e.byAccount[id]; b != nil {
		return b
	}
	old, ok := e.books.book(id)
	if !ok {
		return nil
	}
	b := *old
	b.Seq = max(b.Seq, e.seq)
	e.put(&b)
	return &b
}

func (e *edit) put(b *Book) {
	e.byAccount[b.Account.ID] = b
	e.order = append(e.order, b.Account.ID)
}

// begin starts a trading date: what is over leaves the lists.
func (b *Book) begin(d calendar.Date) {
	b.TradingDate, b.Day, b.Trades = d, Day{}, nil
	old := b.orders
	b.orders = shelf{}
	for _, o := range slices.Backward(old.newestFirst()) {
		if isCurrent(o, d) {
			b.orders.put(o)
		}
	}
}

func (e *edit) add(batch *store.Batch) {
	for _, a := range batch.Accounts {
		e.put(&Book{Seq: e.seq, Account: a, TradingDate: e.date})
	}
	for i := range batch.Orders {
		if b := e.open(batch.Orders[i].Account); b != nil {
			b.orders.put(&batch.Orders[i])
		}
	}
	// What the old date's end did to orders is in; now they may leave the list.
	for _, id := range e.order {
		if b := e.byAccount[id]; b.TradingDate != e.date {
			b.begin(e.date)
		}
	}
	for i := range batch.Trades {
		if b := e.open(batch.Trades[i].Trade.Account); b != nil && batch.Trades[i].Trade.TradingDate >= e.date {
			b.addTrade(&batch.Trades[i])
		}
	}
	for i := range batch.Entries {
		e.addEntry(&batch.Entries[i])
	}
	for i := range batch.Positions {
		p := batch.Positions[i]
		if b := e.open(p.Account); b != nil {
			b.Positions = placed(b.Positions, p, comparePositions)
		}
	}
	for i := range batch.Holdings {
		h := batch.Holdings[i]
		if b := e.open(h.Account); b != nil {
			b.Holdings = placed(b.Holdings, h, compareHoldings)
		}
	}
	for _, f := range batch.Funds {
		if b := e.open(f.Account); b != nil {
			b.Funds = f
		}
	}
}

func (e *edit) addEntry(entry *ledger.Entry) {
	b := e.open(order.AccountID(entry.Account))
	if b == nil || entry.TradingDate != e.date {
		return
	}
	for _, p := range entry.Postings {
		if p.Book == "cash" {
			b.Day.addCash(entry.Kind, p.Amount)
		}
	}
}

func comparePositions(a, b position.Position) int {
	return cmp.Or(cmp.Compare(a.Instrument, b.Instrument), cmp.Compare(a.Product, b.Product))
}

func compareHoldings(a, b position.Holding) int { return cmp.Compare(a.Instrument, b.Instrument) }

// placed returns a copy of sorted rows with row in its place.
func placed[T any](rows []T, row T, compare func(a, b T) int) []T {
	at, isThere := slices.BinarySearchFunc(rows, row, compare)
	fresh := make([]T, 0, len(rows)+1)
	fresh = append(fresh, rows[:at]...)
	fresh = append(fresh, row)
	if isThere {
		at++
	}
	return append(fresh, rows[at:]...)
}
