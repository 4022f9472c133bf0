package engine

import (
	"strings"
	"testing"
	"time"

	"paperport/calendar"
	"paperport/order"
	"paperport/risk"
)

// TestClosedBoardKeepsItsReason: the day's end comes after the board closed for a reason, and the reason is what is told.
func TestClosedBoardKeepsItsReason(t *testing.T) {
	date := calendar.NewDate(2026, time.November, 21)
	opens := (date + 2).At(9*time.Hour + 15*time.Minute)
	for _, reason := range []string{"Sunday", ""} {
		e := New(Options{})
		share := worldInstruments()[0]
		end := DayEnd{Board: share.Board(), TradingDate: date, Next: date + 2}
		inputs := []Input{
			{Instrument: &share}, {OpenAccount: &OpenAccount{Account: "a", RequestID: "open-account", Capital: 100, Plan: "flat20", Profile: "realistic"}},
			{Phase: &PhaseChange{Board: share.Board(), Phase: calendar.Closed, TradingDate: date, Reason: reason, NextOpen: opens}}, {DayEnd: &end},
		}
		for i := range inputs {
			inputs[i].Seq, inputs[i].At = uint64(i+1), date.At(0)
			e.Step(inputs[i])
		}
		want := "reason=" + reason + ", next_open=2026-11-23T09:15:00+05:30"
		if reason == "" {
			want = "reason=day ended, next_open=2026-11-23T09:15:00+05:30"
		}
		p := e.Preview(order.Place{Account: "a", Instrument: share.ID, Side: order.Buy, Product: order.CNC, Type: order.Limit, Validity: order.Day,
			Qty: 1, LimitPrice: share.Terms.TickSize})
		if p.Code != risk.MarketClosed.String() || !strings.Contains(p.Reason, want) {
			t.Errorf("%s %q, want %q in it", p.Code, p.Reason, want)
		}
	}
}
