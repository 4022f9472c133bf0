package main

import "math/rand/v2"

// floorBook is the floor of the tick path: dense ids, sorted resting orders per instrument and side, and on a fill the
// position, the cash and one event in a ring. No risk, no charges, no ledger: the least a CPU can do.
type floorBook struct {
	buys, sells [][]floorOrder // best price last, so that a fill is a pop
	bestBuy     []int64        // 0: none
	bestSell    []int64        // maxPrice: none
	last        []int64
	positions   []floorPosition // by order slot
	cash        []int64         // by account
	events      []floorEvent
	eventN      uint64

	fills, volume, turnover int64
}

type floorOrder struct {
	price, qty    int64
	account, slot int32
}

type floorPosition struct{ qty, cost int64 }

type floorEvent struct {
	instrument, account int32
	price, qty          int64
}

const (
	maxPrice  = int64(1) << 60
	eventRing = 1 << 16
)

func newFloorBook(instruments, accounts, slots int) *floorBook {
	b := &floorBook{
		buys: make([][]floorOrder, instruments), sells: make([][]floorOrder, instruments),
		bestBuy: make([]int64, instruments), bestSell: make([]int64, instruments), last: make([]int64, instruments),
		positions: make([]floorPosition, slots), cash: make([]int64, accounts), events: make([]floorEvent, eventRing),
	}
	for i := range b.bestSell {
		b.bestSell[i] = maxPrice
	}
	return b
}

// rest puts an order in; it is set-up, not measured.
func (b *floorBook) rest(instrument int, isBuy bool, o floorOrder) {
	side, worse := &b.sells[instrument], func(a, o floorOrder) bool { return a.price > o.price }
	if isBuy {
		side, worse = &b.buys[instrument], func(a, o floorOrder) bool { return a.price < o.price }
	}
	at := 0
	for at < len(*side) && worse((*side)[at], o) {
		at++
	}
	*side = append(*side, floorOrder{})
	copy((*side)[at+1:], (*side)[at:])
	(*side)[at] = o
	b.best(instrument)
}

func (b *floorBook) best(i int) {
	b.bestBuy[i], b.bestSell[i] = 0, maxPrice
	if n := len(b.buys[i]); n > 0 {
		b.bestBuy[i] = b.buys[i][n-1].price
	}
	if n := len(b.sells[i]); n > 0 {
		b.bestSell[i] = b.sells[i][n-1].price
	}
}

// tick takes one quote: two compares decide whether anything can fill.
func (b *floorBook) tick(t *flowTick) {
	i := t.instrument
	b.last[i] = t.last
	if t.ask <= b.bestBuy[i] {
		b.fill(int(i), &b.buys[i], 1, func(o floorOrder) bool { return t.ask <= o.price })
	}
	if t.bid >= b.bestSell[i] {
		b.fill(int(i), &b.sells[i], -1, func(o floorOrder) bool { return t.bid >= o.price })
	}
}

// fill takes what the quote reaches, at the orders' own limits.
func (b *floorBook) fill(i int, side *[]floorOrder, sign int64, crosses func(floorOrder) bool) {
	for n := len(*side); n > 0 && crosses((*side)[n-1]); n = len(*side) {
		o := (*side)[n-1]
		*side = (*side)[:n-1]
		p := &b.positions[o.slot]
		p.qty += sign * o.qty
		p.cost += sign * o.qty * o.price
		b.cash[o.account] -= sign * o.qty * o.price
		b.turnover += o.qty * o.price
		b.events[b.eventN%eventRing] = floorEvent{instrument: int32(i), account: o.account, price: o.price, qty: o.qty}
		b.eventN++
		b.fills++
		b.volume += o.qty
	}
	b.best(i)
}

// flowTick is one quote of the shared flow, in 1/10,000 rupee.
type flowTick struct {
	instrument     int32
	bid, ask, last int64
}

// flowOrder is one resting order of the shared flow.
type flowOrder struct {
	instrument int
	account    int
	isBuy      bool
	price, qty int64
}

// flow is the same work for every side: uniform instruments, -1, 0 or +1 tick, resting orders 3 + Exp(40) ticks away.
type flow struct {
	instruments, accounts int
	start                 []int64
	orders                []flowOrder
	ticks                 []flowTick
}

const (
	// flowTickSize is 0.10 rupee, in 1/10,000 rupee: right for every price of the flow.
	flowTickSize = 1000
	flowQty      = 10
)

func newFlow(instruments, accounts, resting, ticks int) *flow {
	r := rand.New(rand.NewPCG(7, 8))
	f := &flow{instruments: instruments, accounts: accounts, start: make([]int64, instruments)}
	last := make([]int64, instruments)
	for i := range last {
		last[i] = (5000 + r.Int64N(3000)) * flowTickSize // 500 to 800 rupees
		f.start[i] = last[i]
	}
	for range resting {
		o := flowOrder{instrument: r.IntN(instruments), account: r.IntN(accounts), isBuy: r.IntN(2) == 0, qty: flowQty}
		away := int64(3+r.ExpFloat64()*40) * flowTickSize
		if o.isBuy {
			away = -away
		}
		o.price = last[o.instrument] + away
		f.orders = append(f.orders, o)
	}
	for range ticks {
		i := r.IntN(instruments)
		last[i] += (r.Int64N(3) - 1) * flowTickSize
		f.ticks = append(f.ticks, flowTick{instrument: int32(i), bid: last[i] - flowTickSize, ask: last[i] + flowTickSize, last: last[i]})
	}
	return f
}

func (f *flow) floor() *floorBook {
	b := newFloorBook(f.instruments, f.accounts, len(f.orders))
	for slot, o := range f.orders {
		b.rest(o.instrument, o.isBuy, floorOrder{price: o.price, qty: o.qty, account: int32(o.account), slot: int32(slot)})
	}
	return b
}
