package main

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"paperport/calendar"
	"paperport/engine"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// core is our engine with the flow's instruments, accounts and resting orders.
type core struct {
	engine *engine.Engine
	seq    uint64
	at     calendar.Instant

	fills, volume, turnover int64
	refused                 int
	firstRefusal            string
}

var flowBoard = calendar.Board{Exchange: calendar.NSE, Segment: calendar.Equity}

func (f *flow) core() (*core, error) {
	c := &core{engine: engine.New(engine.Options{Seed: 1, IsLatencyOff: true}), at: flowStart * 1_000_000}
	c.step(engine.Input{Phase: &engine.PhaseChange{Board: flowBoard, Phase: calendar.Open, TradingDate: calendar.NewDate(2026, 11, 24)}})
	c.step(engine.Input{Feed: &engine.FeedState{Board: flowBoard, IsAlive: true}})
	for i := range f.instruments {
		in := f.instrument(i)
		c.step(engine.Input{Instrument: &in})
	}
	for a := range f.accounts {
		c.step(engine.Input{OpenAccount: &engine.OpenAccount{Account: accountID(a), RequestID: "open-" + string(accountID(a)), Capital: 1e14, Plan: "flat20", Profile: "realistic"}})
	}
	for i := range f.instruments {
		q := f.quote(&flowTick{instrument: int32(i), bid: f.start[i] - flowTickSize, ask: f.start[i] + flowTickSize, last: f.start[i]}, c.at)
		c.step(engine.Input{Quote: &q})
	}
	for n, o := range f.orders {
		c.step(engine.Input{Place: f.place(n, o)})
	}
	// The orders have rested for a while: nothing of their arrival is outstanding.
	c.at += 5_000_000
	c.step(engine.Input{Timer: true})
	if c.refused > 0 {
		return nil, fmt.Errorf("%d commands refused, first: %s", c.refused, c.firstRefusal)
	}
	if c.fills > 0 {
		return nil, fmt.Errorf("%d fills before the first tick", c.fills)
	}
	return c, nil
}

func (f *flow) instrument(i int) instrument.Instrument {
	return instrument.Instrument{
		ID: instrument.ID(i + 1), Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Symbol: fmt.Sprintf("S%05d", i),
		Name: "Share", ISIN: fmt.Sprintf("INE%06dA010", i), Series: "EQ", Underlying: fmt.Sprintf("S%05d", i),
		Terms: instrument.Terms{LotSize: 1, TickSize: flowTickSize, Multiplier: 1},
	}
}

// place is the n-th order. Sells are intraday: the accounts hold no shares.
func (f *flow) place(n int, o flowOrder) *order.Place {
	p := &order.Place{
		Account: accountID(o.account), ClientOrderID: fmt.Sprintf("flow-%08d", n), Instrument: instrument.ID(o.instrument + 1),
		Side: order.Buy, Product: order.MIS, Type: order.Limit, Validity: order.Day, Qty: money.Qty(o.qty), LimitPrice: money.Price(o.price),
	}
	if !o.isBuy {
		p.Side = order.Sell
	}
	return p
}

func accountID(a int) order.AccountID { return order.AccountID(fmt.Sprintf("%032x", a+1)) }

// quote is one tick as the feed would hand it on.
func (f *flow) quote(t *flowTick, at calendar.Instant) market.Quote {
	start := money.Price(f.start[t.instrument])
	return market.Quote{
		Instrument: instrument.ID(t.instrument + 1), At: at, ReceivedAt: at, Bid: money.Price(t.bid), Ask: money.Price(t.ask), BidQty: displayedQty, AskQty: displayedQty,
		Last: money.Price(t.last), LastQty: 25, Open: start, High: start + start/10, Low: start - start/10, PrevClose: start, AvgPrice: start,
		LowerCircuit: start - start/5, UpperCircuit: start + start/5, Volume: dayVolume, TotalBid: 762919, TotalAsk: 619405,
	}
}

func (c *core) step(in engine.Input) {
	c.seq++
	in.Seq, in.At, in.ReceivedAt = c.seq, c.at, c.at
	for _, out := range c.engine.Step(in) {
		switch {
		case out.Trade != nil:
			c.fills++
			c.volume += int64(out.Trade.Trade.Qty)
			c.turnover += int64(out.Trade.Trade.Qty) * int64(out.Trade.Trade.Price)
		case out.Receipt != nil && out.Receipt.Code != "":
			if c.refused++; c.refused == 1 {
				c.firstRefusal = out.Receipt.Code + " " + out.Receipt.Reason
			}
		case out.Fault != nil:
			if c.refused++; c.refused == 1 {
				c.firstRefusal = out.Fault.Invariant + ": " + out.Fault.Detail
			}
		}
	}
}

// tickSizes are the resting orders of P1's rows; the largest only in a full run.
var tickSizes = []struct {
	resting int
	isFull  bool
}{{10_000, false}, {100_000, false}, {1_000_000, true}}

const (
	flowInstruments = 10_000
	flowAccounts    = 10_000
	flowTicks       = 300_000
	fillGoalNs      = 600
)

// tickRows is P1: decoded tick, match, position, ledger, P&L, in process, on one core.
func tickRows(b *bench) error {
	for _, size := range tickSizes {
		if size.isFull && !b.isFull {
			continue
		}
		if err := b.tickRow(size.resting); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) tickRow(resting int) error {
	work := newFlow(flowInstruments, flowAccounts, resting, flowTicks)
	ours, err := work.core()
	if err != nil {
		return err
	}
	quotes := make([]market.Quote, len(work.ticks))
	for i := range quotes {
		quotes[i] = work.quote(&work.ticks[i], ours.at)
	}
	floor := work.floor()
	doesFill := work.fillTicks()
	quiet, fills := &ratios{}, &ratios{}
	noise := watchNoise()
	part := len(quotes) / b.pairs
	for k := range b.pairs {
		from, to := k*part, (k+1)*part // the flow is played once, so that fills come as they would
		a := play(part, doesFill[from:to], &ours.fills, func(i int) { ours.step(engine.Input{Quote: &quotes[from+i]}) })
		f := play(part, doesFill[from:to], &floor.fills, func(i int) { floor.tick(&work.ticks[from+i]) })
		if a.fills != f.fills || ours.volume != floor.volume || ours.turnover != floor.turnover {
			return fmt.Errorf("unequal work after pair %d: ours %d fills, %d units, %d turnover, floor %d, %d, %d", k, ours.fills, ours.volume, ours.turnover, floor.fills, floor.volume, floor.turnover)
		}
		quiet.add(a.quietNs, f.quietNs)
		fills.add(a.fillNs, f.fillNs)
	}
	proof := fmt.Sprintf("%d fills, %d units, turnover %d", ours.fills, ours.volume, ours.turnover)
	b.results = append(b.results,
		quiet.result(result{ID: "P1", Name: fmt.Sprintf("tick, no fill, %s resting", thousands(resting)), Unit: "ns", Goal: 4, Proof: proof, Noise: noise(),
			Note: fmt.Sprintf("allocations in 10,000 quiet ticks: %d", ours.quietAllocs(&quotes[len(quotes)-1]))}),
		fills.result(result{ID: "P1", Name: fmt.Sprintf("fill, all in, %s resting", thousands(resting)), Unit: "ns", Proof: proof,
			Note: "order, position, cash, charges, ledger entry, evidence and hash; goal 600 ns. The floor keeps a position, cash and a 32-byte event"}))
	b.judge(fillGoalNs, "ns")
	return nil
}

// played is what one part of the flow cost.
type played struct {
	fills           int64
	quietNs, fillNs float64
}

// play steps the ticks on one thread and takes that thread's CPU time. Which of them fill is known beforehand (see
// fillTicks), so the clock is read around those only; what is left of the total is the quiet ones.
func play(n int, doesFill []bool, fills *int64, tick func(i int)) played {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	runtime.GC()
	before := *fills
	clock := threadClockCost()
	var slow time.Duration
	slowN := 0
	began := cpuThread()
	for i := range n {
		if !doesFill[i] {
			tick(i)
			continue
		}
		at := cpuThread()
		tick(i)
		slow += cpuThread() - at
		slowN++
	}
	total := cpuThread() - began
	p := played{fills: *fills}
	p.quietNs = float64(total-slow-time.Duration(slowN)*clock) / float64(n-slowN)
	if done := *fills - before; done > 0 {
		p.fillNs = (float64(slow-time.Duration(slowN)*clock) - float64(slowN)*p.quietNs) / float64(done)
	}
	return p
}

// fillTicks tells for each tick whether the floor fills anything on it.
func (f *flow) fillTicks() []bool {
	b := f.floor()
	out := make([]bool, len(f.ticks))
	for i := range f.ticks {
		before := b.fills
		b.tick(&f.ticks[i])
		out[i] = b.fills != before
	}
	return out
}

// quietAllocs counts the allocations of ten thousand ticks that change nothing.
func (c *core) quietAllocs(q *market.Quote) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 10_000 {
		c.step(engine.Input{Quote: q})
	}
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// threadClockCost is what one reading of the thread's clock takes.
func threadClockCost() time.Duration {
	const n = 2000
	began := cpuThread()
	for range n {
		cpuThread()
	}
	return (cpuThread() - began) / n
}

// ratios collects pairs.
type ratios struct{ ours, floor, ratio []float64 }

func (r *ratios) add(ours, floor float64) {
	r.ours, r.floor, r.ratio = append(r.ours, ours), append(r.floor, floor), append(r.ratio, ours/floor)
}

func (r *ratios) result(out result) result {
	out.Equal, out.Pairs = true, len(r.ratio)
	out.Ours, out.Floor, out.RatioFloor = median(r.ours), median(r.floor), median(r.ratio)
	out.Min, out.Med, out.Max = slices.Min(r.ratio), out.RatioFloor, slices.Max(r.ratio)
	out.Met = out.verdict()
	return out
}

func thousands(n int) string { return fmt.Sprintf("%d k", n/1000) }
