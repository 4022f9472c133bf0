package main

import (
	"testing"
	"time"

	"paperport/calendar"
	"paperport/config"
)

// TestDemoHours: the setting decides whether the demo market trades on a holiday of the exchanges.
func TestDemoHours(t *testing.T) {
	holiday := calendar.NewDate(2026, time.November, 24).At(11 * time.Hour)
	board := calendar.Board{Exchange: calendar.NSE, Segment: calendar.FNO}
	for _, row := range []struct {
		env  []string
		want calendar.Phase
	}{
		{nil, calendar.Open},
		{[]string{"PAPERPORT_DEMO_HOURS=always"}, calendar.Open},
		{[]string{"PAPERPORT_DEMO_HOURS=exchange"}, calendar.Closed},
	} {
		c, err := config.Load(nil, append(row.env, "HOME=/nowhere"))
		if err != nil {
			t.Fatal(err)
		}
		hours, err := demoHours(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := hours.At(board, holiday); got.Phase != row.want {
			t.Errorf("%v: %s (%s), want %s", row.env, got.Phase, got.Reason, row.want)
		}
	}
}
