package main

import (
	"strings"
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
		exchanges, err := calendar.Load(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := demoHours(c, exchanges).At(board, holiday); got.Phase != row.want {
			t.Errorf("%v: %s (%s), want %s", row.env, got.Phase, got.Reason, row.want)
		}
	}
}

// TestDemoPopup: on a hosted installation the demo broker's popup needs an address of its own, and its button says so.
func TestDemoPopup(t *testing.T) {
	for _, row := range []struct {
		name      string
		env       []string
		isRefused bool
		login     string
	}{
		{"on this machine", nil, false, "http://127.0.0.1:9"},
		{"a public name of this machine", []string{"PAPERPORT_PUBLIC_URL=http://localhost:9000"}, false, "http://127.0.0.1:9"},
		{"hosted", []string{"PAPERPORT_PUBLIC_URL=https://paper.example.org"}, true, "http://127.0.0.1:9"},
		{"hosted, with an address", []string{"PAPERPORT_PUBLIC_URL=https://paper.example.org", "PAPERPORT_SIM_PUBLIC_URL=https://sim.example.org"}, false, "https://sim.example.org"},
	} {
		c, err := config.Load(nil, append(row.env, "HOME=/nowhere", "PAPERPORT_DEMO=http://127.0.0.1:9"))
		if err != nil {
			t.Fatal(err)
		}
		d := &demo{config: c}
		d.base.Store(&c.Demo)
		why := d.popupRefusal()
		if (why != "") != row.isRefused || row.isRefused && !strings.Contains(why, "PAPERPORT_SIM_PUBLIC_URL") || d.loginBase() != row.login {
			t.Errorf("%s: refusal %q, login at %s", row.name, why, d.loginBase())
		}
	}
}
