package main

import (
	"strings"
	"testing"

	"paperport/auth"
	"paperport/store"
)

// TestBrokerHold stops and releases automatic logins beside a running server, which sees it at once.
func TestBrokerHold(t *testing.T) {
	h := mustHouse(t)
	for _, user := range []auth.UserID{"a", "b"} {
		addConnection(t, h.store.Brokers(), store.Connection{User: user, Broker: store.ICICI, IsEveryDay: user == "b"})
	}
	for _, row := range []struct {
		args   []string
		says   string
		isHeld bool
		action string
	}{
		{[]string{"broker", "hold"}, "automatic login is held: 2 connections", true, "broker-hold"},
		{[]string{"broker", "hold"}, "is held: 2", true, "broker-hold"}, // again: nothing more is written
		{[]string{"broker", "hold", "--release"}, "goes on: 2", false, "broker-resume"},
	} {
		if out := mustPaperport(t, h.config.DataDir, row.args...); !strings.Contains(out, row.says) {
			t.Errorf("%v says %q, want %q", row.args, out, row.says)
		}
		for _, user := range []auth.UserID{"a", "b"} {
			state, err := h.brokers.State(t.Context(), user)
			if err != nil || state.IsHeld != row.isHeld || state.IsEveryDay != (user == "b") {
				t.Errorf("%v: the server sees %s held %t, every day %t, %v", row.args, user, state.IsHeld, state.IsEveryDay, err)
			}
			trail, err := h.store.Brokers().AuditOf(t.Context(), user, 0, 1)
			if err != nil || len(trail) != 1 || trail[0].Action != row.action || trail[0].Detail != "by=operator" {
				t.Errorf("%v: trail of %s %+v, %v", row.args, user, trail, err)
			}
		}
		state, err := h.brokers.System(t.Context())
		if err != nil || state.IsHeldAll != row.isHeld {
			t.Errorf("%v: Settings says held for all %t, %v", row.args, state.IsHeldAll, err)
		}
	}
	trail, err := h.store.Brokers().AuditOf(t.Context(), "a", 0, 10)
	if err != nil || len(trail) != 2 {
		t.Errorf("trail %+v, %v; want one row for each change", trail, err)
	}
	if out := mustPaperport(t, h.config.DataDir, "verify-audit"); !strings.Contains(out, "unbroken") {
		t.Errorf("verify-audit: %s", out)
	}
}
