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
