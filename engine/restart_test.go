package engine

import (
	"testing"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/money"
	"paperport/order"
)

// TestLoadRowsMarketOrder: what was left of a market order trades at the displayed price after an update, not at its
// aggressive limit; a limit order that the offer came to trades at its limit.
func TestLoadRowsMarketOrder(t *testing.T) {
	date := calendar.NewDate(2026, 11, 24)
	row := func(id order.ID, kind order.Type, limit money.Price) OrderRow {
		return OrderRow{Order: order.Order{
			ID: id, Account: "alice", ClientOrderID: "rows-0001", Instrument: 1, Side: order.Buy, Product: order.CNC, Type: kind, Validity: order.Day,
			OrderQty: 10, LeavesQty: 10, LimitPrice: limit, Status: order.Open, Reserved: 1_100_00, TradingDate: date, Revision: 1,
		}}
	}
	e := New(Options{IsLatencyOff: true})
	err := e.LoadRows(Rows{
		Seq: 7, At: date.At(0), LastOrder: 2, Boards: []BoardRow{{Board: boardNSE, Phase: calendar.Open, TradingDate: date}},
		Instruments: []instrument.Instrument{{ID: 1, Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Terms: instrument.Terms{LotSize: 1, TickSize: 500}}},
		Accounts:    []AccountRow{{Account: "alice", Plan: "flat20", Profile: Realistic, Balances: []Balance{{ledger.Cash, 10_000_00}, {ledger.Capital, -10_000_00}}}},
		Orders:      []OrderRow{row(1, order.Market, 1_030_000), row(2, order.Limit, 1_020_000)},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &scenario{t: t, e: e, seq: 7, ids: map[string]instrument.ID{"ACME": 1}, frames: map[string]uint64{}, date: date}
	s.run("09:15:01 feed NSE alive")
	prices := map[order.ID]money.Price{}
	for _, o := range s.step("09:15:02 quote ACME 99.95x100 100.00x100 100.00") {
		if o.Trade != nil {
			prices[o.Trade.Trade.Order] = o.Trade.Trade.Price
		}
	}
	if prices[1] != 1_000_000 || prices[2] != 1_020_000 {
		t.Errorf("market order filled at %s, limit order at %s; want 100.00 and 102.00", prices[1], prices[2])
	}
}

// TestLoadRowsIOC: an IOC order that was waiting for a book when the program stopped is cancelled at the first input.
func TestLoadRowsIOC(t *testing.T) {
	date := calendar.NewDate(2026, 11, 24)
	e := New(Options{IsLatencyOff: true})
	err := e.LoadRows(Rows{
		Seq: 7, At: date.At(0), LastOrder: 1, Boards: []BoardRow{{Board: boardNSE, Phase: calendar.Open, TradingDate: date}},
		Instruments: []instrument.Instrument{{ID: 1, Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Terms: instrument.Terms{LotSize: 1, TickSize: 500}}},
		Accounts:    []AccountRow{{Account: "alice", Plan: "flat20", Profile: Realistic, Balances: []Balance{{ledger.Cash, 10_000_00}, {ledger.Capital, -10_000_00}}}},
		Orders: []OrderRow{{Order: order.Order{
			ID: 1, Account: "alice", ClientOrderID: "rows-0001", Instrument: 1, Side: order.Buy, Product: order.CNC, Type: order.Limit, Validity: order.IOC,
			OrderQty: 10, LeavesQty: 10, LimitPrice: 1_000_000, Status: order.Open, Code: "WAITS_FOR_FEED", Reserved: 1_100_00, TradingDate: date, Revision: 1,
			ActiveAt: date.At(0),
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &scenario{t: t, e: e, seq: 7, ids: map[string]instrument.ID{"ACME": 1}, frames: map[string]uint64{}, date: date}
	var last order.Order
	for _, o := range s.step("09:15:01 feed NSE dead") {
		if o.Order != nil {
			last = o.Order.Order
		}
	}
	if last.Status != order.Cancelled || last.Code != "IOC_NO_BOOK" || last.Reserved != 0 {
		t.Errorf("the order became %+v", last)
	}
}

// TestLoadRowsStop: after an update a stop goes on waiting at the exchange, also when a change of its terms was on its way;
// an order for minutes ends in time.
func TestLoadRowsStop(t *testing.T) {
	date := calendar.NewDate(2026, 11, 24)
	row := func(id order.ID, status order.Status, change func(*order.Order)) OrderRow {
		o := order.Order{
			ID: id, Account: "alice", ClientOrderID: "rows-0001", Instrument: 1, Side: order.Buy, Product: order.CNC, Type: order.SL, Validity: order.Day,
			OrderQty: 10, LeavesQty: 10, LimitPrice: 1_050_000, TriggerPrice: 1_020_000, Status: status, Reserved: 1_100_00, TradingDate: date, Revision: 1,
		}
		change(&o)
		return OrderRow{Order: o}
	}
	e := New(Options{IsLatencyOff: true})
	err := e.LoadRows(Rows{
		Seq: 7, At: date.At(0), LastOrder: 4, Boards: []BoardRow{{Board: boardNSE, Phase: calendar.Open, TradingDate: date}},
		Instruments: []instrument.Instrument{{ID: 1, Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Terms: instrument.Terms{LotSize: 1, TickSize: 500}}},
		Accounts:    []AccountRow{{Account: "alice", Plan: "flat20", Profile: Realistic, Balances: []Balance{{ledger.Cash, 10_000_00}, {ledger.Capital, -10_000_00}}}},
		Orders: []OrderRow{
			row(1, order.TriggerPending, func(*order.Order) {}),
			row(2, order.Open, func(*order.Order) {}), // a limit order that was made a stop
			row(3, order.TriggerPending, func(o *order.Order) { o.Type, o.TriggerPrice, o.LimitPrice = order.Limit, 0, 1_000_000 }),
			row(4, order.TriggerPending, func(o *order.Order) { o.Validity, o.Minutes, o.ExpiresAt = order.Minutes, 5, date.At(0)+1 }),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &scenario{t: t, e: e, seq: 7, ids: map[string]instrument.ID{"ACME": 1}, frames: map[string]uint64{}, date: date}
	last := map[order.ID]order.Order{}
	step := func(line string) {
		for _, o := range s.step(line) {
			if o.Order != nil {
				last[o.Order.Order.ID] = o.Order.Order
			}
		}
	}
	step("09:15:01 feed NSE alive")
	step("09:15:02 quote ACME 101.00x100 101.05x100 101.00")
	for id, want := range map[order.ID]order.Status{1: order.TriggerPending, 2: order.TriggerPending, 3: order.Open, 4: order.Expired} {
		if o := last[id]; o.Status != want {
			t.Errorf("order %d is %s (%s), want %s", id, statusWord(o.Status), o.Code, statusWord(want))
		}
	}
	step("09:15:03 quote ACME 103.00x100 103.05x100 102.00")
	for id := order.ID(1); id <= 2; id++ {
		if o := last[id]; o.Status != order.Executed || o.AvgPrice != 1_030_500 {
			t.Errorf("order %d after its trigger: %s at %s, want executed at 103.05", id, statusWord(o.Status), o.AvgPrice)
		}
	}
}
