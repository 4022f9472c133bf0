package engine

import (
	"testing"

	"pgregory.net/rapid"

	"paperport/calendar"
	"paperport/charges"
	"paperport/money"
	"paperport/order"
	"paperport/position"
)

// TestWorld: whatever is sent, nothing breaks: postings balance, blocked is a sum, closed orders stay closed, a position
// is the sum of its fills, the fills of an order pay what the whole order would, and money adds up.
func TestWorld(t *testing.T) {
	fills := 0
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(r)
		for range rapid.IntRange(1, 80).Draw(r, "inputs") {
			w.step()
		}
		w.checkOrders()
		w.checkMoney()
		fills += w.fills
	})
	if fills < 50 && !testing.Short() {
		t.Errorf("only %d fills in all worlds: the test shows nothing", fills)
	}
}

// checkOrders compares each order's fills with its state and its charges with the one-shot note.
func (w *world) checkOrders() {
	for id, o := range w.orders {
		if o.CumQty == 0 {
			continue
		}
		avg, err := money.MulDiv(w.value[id], 1, int64(o.CumQty), money.HalfUp)
		if err != nil || money.Price(avg) != o.AvgPrice {
			w.r.Fatalf("order %+v: average of its trades is %s", o, money.Price(avg))
		}
		got := w.charged[id]
		got.DPCharge = 0
		if isExpiry := o.Tag == "system" && got.Total() == 0; isExpiry {
			continue
		}
		i := worldInstruments()[o.Instrument-1]
		s, err := w.e.tables.Schedule(charges.Leg{Instrument: &i, Side: o.Side, Product: o.Product, Date: o.TradingDate, Plan: "flat20"})
		if err != nil {
			w.r.Fatal(err)
		}
		want, err := s.Note(got.Turnover, o.CumQty)
		if err != nil || got != want {
			w.r.Fatalf("order %d paid %+v, a single fill would pay %+v", id, got, want)
		}
	}
}

// checkMoney compares positions and holdings with the fills, and the engine's books with the entries.
func (w *world) checkMoney() {
	for key, net := range w.net {
		a := w.e.byID[key.account]
		have := a.netQty(key.instrument, key.product)
		if key.product == order.CNC {
			if h := a.holding(key.instrument); h != nil {
				have += h.Usable()
			}
		}
		if have != net {
			w.r.Fatalf("%+v: fills add up to %d, the engine has %d", key, net, have)
		}
	}
	for id, books := range w.balances {
		a := w.e.byID[id]
		var stock money.Paise
		for _, p := range a.positions {
			if isPaid(p) {
				stock += p.Cost
			}
		}
		for _, h := range a.holdings {
			cost, err := costLeft(*h)
			if err != nil {
				w.r.Fatal(err)
			}
			stock += cost
		}
		if stock != books["stock"] {
			w.r.Fatalf("%s: positions and holdings cost %s, the stock book says %s", id, stock, books["stock"])
		}
		if f := w.funds[id]; f.Cash != books["cash"] || f.Cash != f.Free+f.Blocked {
			w.r.Fatalf("%s: funds %+v, cash book %s", id, f, books["cash"])
		}
	}
}

// costLeft is what a holding costs without what was sold today.
func costLeft(h position.Holding) (money.Paise, error) {
	sold := h.SoldToday
	if sold == 0 {
		return h.Cost, nil
	}
	h.SoldToday = 0
	cost, err := h.Sell(sold)
	return h.Cost - cost, err
}

// TestReplay: cut a run at any input, restore the snapshot taken there, replay the rest: same outputs, same state.
func TestReplay(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(r)
		cut := rapid.IntRange(0, 40).Draw(r, "cut")
		var snapshot []byte
		seq := 0
		for i := range rapid.IntRange(1, 60).Draw(r, "inputs") {
			if i == cut || snapshot == nil {
				var err error
				if snapshot, err = w.e.Snapshot(); err != nil {
					r.Fatal(err)
				}
				seq = len(w.inputs)
			}
			w.step()
		}
		e := New(w.opt)
		if err := e.Restore(snapshot); err != nil {
			r.Fatal(err)
		}
		for _, in := range w.inputs[seq:] {
			e.Step(in)
		}
		if e.Hash() != w.e.Hash() || e.StateHash() != w.e.StateHash() {
			r.Fatalf("replay from input %d of %d differs: outputs equal %v, state equal %v", seq, len(w.inputs), e.Hash() == w.e.Hash(), e.StateHash() == w.e.StateHash())
		}
	})
}

// TestLoadRows: an engine loaded from the rows that outputs left has the same money, orders and answers, and goes on.
func TestLoadRows(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(r)
		for range rapid.IntRange(1, 60).Draw(r, "inputs") {
			w.step()
		}
		e := New(w.opt)
		if err := e.LoadRows(w.rows()); err != nil {
			r.Fatal(err)
		}
		for i, a := range w.e.accounts {
			b := e.accounts[i]
			if a.id != b.id || a.funds() != b.funds() || len(a.orders) != len(b.orders) || len(a.positions) != len(b.positions) || len(a.holdings) != len(b.holdings) {
				r.Fatalf("account %s: %+v became %+v", a.id, a.funds(), b.funds())
			}
		}
		w.e = e
		w.send(Input{Timer: true})
		w.open()
		for range 20 {
			w.step()
		}
		w.checkMoney()
	})
}

// rows is what a shell would have stored.
func (w *world) rows() Rows {
	e := w.e
	r := Rows{Seq: e.seq, At: e.now, LastOrder: e.lastOrder, LastTrade: e.lastTrade, LastEntry: e.lastEntry, Instruments: worldInstruments()}
	for _, b := range e.boards {
		r.Boards = append(r.Boards, BoardRow{Board: b.board, Phase: b.phase, TradingDate: b.tradingDate, IsSquaredOff: b.isSquaredOff})
	}
	for _, id := range worldAccounts {
		row := AccountRow{Account: id, Plan: "flat20", Profile: w.profile(id)}
		for book, amount := range w.balances[id] {
			row.Balances = append(row.Balances, Balance{book, amount})
		}
		r.Accounts = append(r.Accounts, row)
	}
	for id, o := range w.orders {
		if !o.Status.IsClosed() {
			r.Orders = append(r.Orders, OrderRow{Order: o, Charged: w.charged[id], Value: w.value[id]})
		}
	}
	for _, p := range w.positions {
		r.Positions = append(r.Positions, p)
	}
	for _, h := range w.holdings {
		r.Holdings = append(r.Holdings, h)
	}
	for _, x := range w.receipts {
		r.Receipts = append(r.Receipts, x)
	}
	return r
}

// TestDamagedSnapshots: a cut or foreign snapshot is refused, never half taken.
func TestDamagedSnapshots(t *testing.T) {
	e, _ := mustMarket(t, 2, 3)
	b, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(b) {
		if New(Options{}).Restore(b[:cut]) == nil {
			t.Errorf("a snapshot cut at byte %d of %d was taken", cut, len(b))
		}
	}
	if New(Options{}).Restore(append([]byte{2}, b...)) == nil {
		t.Error("a snapshot with a byte too many was taken")
	}
}

// TestFaults: what cannot be is a fault, alone, and stays one.
func TestFaults(t *testing.T) {
	for name, in := range map[string]Input{
		"a gap in Seq": {Seq: 7, Timer: true},
		"nothing set":  {Seq: 1},
		"other tables": {Seq: 1, Charges: &ChargesEvent{Version: "other"}},
	} {
		e := New(Options{})
		for range 2 {
			out := e.Step(in)
			if len(out) != 1 || out[0].Fault == nil {
				t.Errorf("%s: %+v, want a fault only", name, out)
			}
		}
		if _, err := e.Snapshot(); err == nil {
			t.Errorf("%s: a halted engine gave a snapshot", name)
		}
	}
}

// TestPanicIsFault: a panic inside Step is a Fault.
func TestPanicIsFault(t *testing.T) {
	e, seq := mustMarket(t, 1, 1)
	e.accounts[0].orders[0].inst = nil
	out := e.Step(Input{Seq: *seq + 1, At: calendar.Instant(1_900_000_000_000_000), Cancel: &order.Cancel{Account: "alice", RequestID: "cancel-01", Order: 1}})
	if len(out) != 1 || out[0].Fault == nil || out[0].Fault.Invariant != "panic" {
		t.Errorf("%+v, want a fault", out)
	}
}
