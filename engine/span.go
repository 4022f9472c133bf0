package engine

import (
	"cmp"
	"slices"

	"paperport/instrument"
	"paperport/margin"
	"paperport/money"
	"paperport/order"
	"paperport/position"
)

// Scan is the risk of an underlying for one slot of the day, rounded once outside. It replaces what held of the
// underlying, and the arrays of the contracts that it names; those of others stay.
type Scan struct {
	Underlying instrument.ID
	Terms      margin.Underlying
	// Contracts are ordered by instrument.
	Contracts []ScanContract
}

// ScanContract is the risk array of a contract, and how many trading days it has left.
type ScanContract struct {
	Instrument instrument.ID
	DaysLeft   int
	Array      margin.Array
}

// under is what the last Scan said of an underlying.
type under struct {
	id    instrument.ID
	terms margin.Underlying
}

// riskOf is what the last Scan said of a contract.
type riskOf struct {
	array    margin.Array
	daysLeft int
}

// group is what an account has in the futures and options of one underlying in one product: a position that is squared off
// today does not carry another one's margin.
type group struct {
	acct      *account
	under     instrument.ID
	product   order.Product
	positions []*position.Position
	orders    []*working // by id
	portfolio margin.Portfolio
	// isModelled: something is short, a future, or may become so; else everything is paid in full and holds nothing.
	// isKnown: every contract has an array, and the underlying's terms are of the trading date.
	isModelled, isKnown bool
}

// groupKey names a group.
type groupKey struct {
	acct  *account
	under instrument.ID
}

func isDerivative(i *instrument.Instrument) bool {
	return i.Kind == instrument.Future || i.Kind == instrument.Option
}

// onScan takes new arrays in and works every account's margin in the underlying out again.
func (e *Engine) onScan(s *Scan) {
	u := e.underOf(s.Underlying)
	if u == nil {
		u = &under{id: s.Underlying}
		i, _ := slices.BinarySearchFunc(e.unders, s.Underlying, func(u *under, id instrument.ID) int { return cmp.Compare(u.id, id) })
		e.unders = slices.Insert(e.unders, i, u)
	}
	u.terms = s.Terms
	for i := range s.Contracts {
		c := &s.Contracts[i]
		if x := e.inst(c.Instrument); x != nil && x.book.Instrument.UnderlyingID == s.Underlying {
			x.risk = &riskOf{array: c.Array, daysLeft: c.DaysLeft}
		}
	}
	for _, a := range e.accounts {
		e.remargin(a, s.Underlying, nil)
	}
}

func (e *Engine) underOf(id instrument.ID) *under {
	i, isThere := slices.BinarySearchFunc(e.unders, id, func(u *under, id instrument.ID) int { return cmp.Compare(u.id, id) })
	if !isThere {
		return nil
	}
	return e.unders[i]
}

// groupOf collects an account's group, with plus in it: a new order, or a changed one in the place of the old.
func (e *Engine) groupOf(a *account, id instrument.ID, product order.Product, plus *working) *group {
	g := &group{acct: a, under: id, product: product, isKnown: true}
	u := e.underOf(id)
	if u == nil {
		g.isKnown = false
	} else {
		g.portfolio.Underlying = u.terms
	}
	for _, p := range a.positions {
		if x := e.inst(p.Instrument); p.NetQty != 0 && p.Product == product && x.isOf(id) {
			g.positions = append(g.positions, p)
			g.portfolio.Legs = append(g.portfolio.Legs, g.leg(x, p.NetQty))
		}
	}
	for _, w := range a.orders {
		if plus != nil && w.o.ID == plus.o.ID {
			w, plus = plus, nil
		}
		g.addOrder(w)
	}
	if plus != nil {
		g.addOrder(plus)
	}
	g.isModelled = g.needsModel(e)
	return g
}

// isOf reports whether an instrument is a future or option of an underlying.
func (x *inst) isOf(id instrument.ID) bool {
	return isDerivative(x.book.Instrument) && x.book.Instrument.UnderlyingID == id
}

func (g *group) addOrder(w *working) {
	if w.o.LeavesQty <= 0 || w.o.Product != g.product || !w.inst.isOf(g.under) {
		return
	}
	qty := w.o.LeavesQty
	if w.o.Side == order.Sell {
		qty = -qty
	}
	g.orders = append(g.orders, w)
	g.portfolio.Orders = append(g.portfolio.Orders, margin.Working{Leg: g.leg(w.inst, qty), Limit: w.blockPrice})
}

func (g *group) leg(x *inst, qty money.Qty) margin.Leg {
	r := x.risk
	if r == nil {
		g.isKnown, r = false, &riskOf{}
	}
	if g.portfolio.Underlying.Date != x.board.tradingDate {
		g.isKnown = false // of another day: what an expiry day adds would be missing
	}
	return margin.Leg{Contract: margin.ContractOf(x.book.Instrument, r.array, r.daysLeft), Qty: qty}
}

// needsModel reports whether the group holds, or may come to hold, a future or a short option.
func (g *group) needsModel(e *Engine) bool {
	for _, p := range g.positions {
		if p.NetQty < 0 || e.inst(p.Instrument).book.Instrument.Kind == instrument.Future {
			return true
		}
	}
	for _, w := range g.orders {
		if w.inst.book.Instrument.Kind == instrument.Future {
			return true
		}
		if w.o.Side == order.Sell && g.sells(w) > max(0, g.acct.netQty(w.o.Instrument, w.o.Product)) {
			return true
		}
	}
	return false
}

// sells is what the group offers of an order's contract and product.
func (g *group) sells(of *working) (qty money.Qty) {
	for _, w := range g.orders {
		if w.o.Side == order.Sell && w.o.Instrument == of.o.Instrument && w.o.Product == of.o.Product {
			qty += w.o.LeavesQty
		}
	}
	return qty
}

// blocks is what a modelled group blocks: for its positions together, and for each of its orders with the charges of it. An
// order that adds no margin, as one that closes does, holds nothing: else what must be closed could not be.
func (g *group) blocks(e *Engine) (parts margin.Parts, orders []money.Paise, err error) {
	parts, each, err := e.margin.Blocks(g.portfolio)
	if err != nil {
		return parts, nil, err
	}
	for i, w := range g.orders {
		cost, err := e.chargesLeft(w)
		if err != nil {
			return parts, nil, err
		}
		amount := each[i].Total()
		if amount > 0 {
			amount += cost
		}
		orders = append(orders, max(0, amount))
	}
	return parts, orders, nil
}

// remargin sets what an account's positions and orders of an underlying block. Without arrays for all of them, and where
// they are more than the model adds up, all of it stays blocked. It tells of the orders that change, but for the one being
// told about anyway.
func (e *Engine) remargin(a *account, id instrument.ID, telling *working) {
	if telling != nil && telling.o.LeavesQty == 0 {
		e.setReserved(telling, 0)
	}
	for _, product := range [...]order.Product{order.MIS, order.NRML} {
		e.remarginGroup(e.groupOf(a, id, product, nil), telling)
	}
}

func (e *Engine) remarginGroup(g *group, telling *working) {
	freed := e.freeClosed(g)
	switch {
	case !g.isModelled:
		for _, p := range g.positions {
			e.blockPosition(g.acct, p, 0)
		}
		for _, w := range g.orders {
			e.reserveTold(w, telling, e.paidBlock(w))
		}
	case g.isKnown:
		parts, orders, err := g.blocks(e)
		if err != nil {
			e.keep(g, freed) // too many legs, or beyond any amount: nothing new is taken either (see more)
			return
		}
		e.share(g, parts.Total())
		for i, w := range g.orders {
			e.reserveTold(w, telling, orders[i])
		}
	default:
		e.keep(g, freed)
	}
}

// freeClosed takes the blocks of a group's closed positions away and returns what they were.
func (e *Engine) freeClosed(g *group) (freed money.Paise) {
	for _, p := range g.acct.positions {
		if p.NetQty == 0 && p.Product == g.product && e.inst(p.Instrument).isOf(g.under) {
			freed += p.Blocked
			e.blockPosition(g.acct, p, 0)
		}
	}
	return freed
}

// keep leaves what closed positions held with one that is open: without arrays it is not known what they held it for.
func (e *Engine) keep(g *group, freed money.Paise) {
	if len(g.positions) > 0 {
		e.blockPosition(g.acct, g.positions[0], g.positions[0].Blocked+freed)
	}
}

// onlyCloses reports whether an order does no more than close a future or a sold option, also when all others on its side
// fill: that is possible without margin data.
func onlyCloses(w *working) bool {
	net := w.acct.netQty(w.o.Instrument, w.o.Product)
	if w.o.Side == order.Sell {
		net = -net
	}
	for _, x := range w.acct.orders {
		if x.o.ID != w.o.ID && x.o.Instrument == w.o.Instrument && x.o.Product == w.o.Product && x.o.Side == w.o.Side {
			net += x.o.LeavesQty
		}
	}
	isOwed := w.o.Side == order.Buy || w.inst.book.Instrument.Kind == instrument.Future
	return isOwed && net+w.o.LeavesQty <= 0
}

func (e *Engine) paidBlock(w *working) money.Paise {
	amount, err := e.reserveOf(w)
	e.must(err, "reserve")
	return amount
}

func (e *Engine) reserveTold(w, telling *working, amount money.Paise) {
	before := w.o.Reserved
	e.setReserved(w, amount)
	if w != telling && w.o.Reserved != before {
		e.tell(w, "reserved")
	}
}

// share gives each position its part of what the group holds, by what each would hold alone; the last takes the rest.
func (e *Engine) share(g *group, total money.Paise) {
	alone := make([]money.Paise, len(g.positions))
	sum := money.Paise(0)
	for i := range g.positions {
		one := g.portfolio
		one.Legs, one.Orders = g.portfolio.Legs[i:i+1], nil
		parts, err := e.margin.Span(one)
		e.must(err, "span-margin")
		alone[i] = parts.Total()
		sum += alone[i]
	}
	left := total
	for i, p := range g.positions {
		part := left
		if i < len(g.positions)-1 {
			part = 0
			if sum > 0 {
				v, err := money.MulDiv(int64(total), int64(alone[i]), int64(sum), money.Down)
				e.must(err, "span-margin")
				part = money.Paise(v)
			}
		}
		left -= part
		e.blockPosition(g.acct, p, part)
	}
}

// blockPosition sets what a position blocks and tells of the change.
func (e *Engine) blockPosition(a *account, p *position.Position, amount money.Paise) {
	if p.Blocked == amount {
		return
	}
	a.positionBlocked += amount - p.Blocked
	p.Blocked = amount
	e.touch(a)
	e.tellPosition(p)
}

// more is what a new or changed order would block beyond what is blocked now, everything of its underlying together.
// False: it needs an array that is not there.
func (e *Engine) more(w *working) (more money.Paise, isKnown bool, err error) {
	g := &group{}
	if isDerivative(w.inst.book.Instrument) {
		g = e.groupOf(w.acct, w.inst.book.Instrument.UnderlyingID, w.o.Product, w)
	}
	if !g.isModelled {
		need, err := e.reserveOf(w)
		return need - w.o.Reserved, true, err
	}
	if !g.isKnown {
		return 0, false, nil
	}
	held, orders, err := g.blocks(e)
	if err != nil {
		return 0, true, err
	}
	more = held.Total()
	for _, amount := range orders {
		more += amount
	}
	for _, p := range g.positions {
		more -= p.Blocked
	}
	for _, x := range w.acct.orders {
		if x.o.Product == g.product && x.inst.isOf(g.under) {
			more -= x.o.Reserved
		}
	}
	return more, true, nil
}

// partsOf are the parts of what a new order would add to the margin of its underlying.
func (e *Engine) partsOf(w *working) margin.Parts {
	if !isDerivative(w.inst.book.Instrument) {
		return margin.Parts{}
	}
	g := e.groupOf(w.acct, w.inst.book.Instrument.UnderlyingID, w.o.Product, w)
	n := len(g.portfolio.Orders) - 1
	if !g.isModelled || !g.isKnown || n < 0 {
		return margin.Parts{}
	}
	last := g.portfolio.Orders[n]
	g.portfolio.Orders = g.portfolio.Orders[:n]
	parts, err := e.margin.WithOrder(g.portfolio, last)
	if err != nil {
		return margin.Parts{}
	}
	return parts
}

// remarginLater works an account's margin in an underlying out at the end of the Step.
func (e *Engine) remarginLater(a *account, id instrument.ID) {
	if g := (groupKey{a, id}); !slices.Contains(e.unmargined, g) {
		e.unmargined = append(e.unmargined, g)
	}
}

func (e *Engine) remarginDue() {
	for _, g := range e.unmargined {
		e.remargin(g.acct, g.under, nil)
	}
	e.unmargined = e.unmargined[:0]
}

// Underlyings lists what accounts hold or have orders in futures and options of, by id.
func (e *Engine) Underlyings() (list []instrument.ID) {
	for _, a := range e.accounts {
		for _, p := range a.positions {
			if i := e.inst(p.Instrument).book.Instrument; p.NetQty != 0 && isDerivative(i) {
				list = append(list, i.UnderlyingID)
			}
		}
		for _, w := range a.orders {
			if i := w.inst.book.Instrument; isDerivative(i) {
				list = append(list, i.UnderlyingID)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Scanned lists the contracts of an underlying that accounts hold or have orders in: those a Scan must name.
func (e *Engine) Scanned(id instrument.ID) (list []instrument.ID) {
	for _, a := range e.accounts {
		for _, p := range a.positions {
			if p.NetQty != 0 && e.inst(p.Instrument).isOf(id) {
				list = append(list, p.Instrument)
			}
		}
		for _, w := range a.orders {
			if w.inst.isOf(id) {
				list = append(list, w.o.Instrument)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
