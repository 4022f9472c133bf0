package httpapi

import (
	"testing"
)

// TestRules: the rules of a date come with phases, sources and dates; a date that is none is refused.
func TestRules(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	got := read[Rules](w, owner, "/api/rules?date=2026-11-25")
	if got.Date != "2026-11-25" || got.KnownUntil != "2026-12-31" || len(got.Boards) != 9 || len(got.Rules) < 100 || len(got.Files) != 0 {
		t.Errorf("%s, known until %s, %d boards, %d rules, %d files", got.Date, got.KnownUntil, len(got.Boards), len(got.Rules), len(got.Files))
	}
	auction := got.Boards[1]
	if auction.Name != "NSE equity with closing auction" {
		t.Fatalf("second board %+v", auction)
	}
	want := RulesPhase{Phase: "closing auction", SubPhase: "limit only", Start: "2026-11-25T09:55:00Z", End: "2026-11-25T10:00:00Z",
		RandomFrom: "2026-11-25T09:58:00Z", From: "2026-08-03", Source: "NSE-74466"}
	isThere := false
	for _, p := range auction.Phases {
		isThere = isThere || p == want
	}
	if !isThere {
		t.Errorf("no %+v in %+v", want, auction.Phases)
	}
	if e := got.Events[0]; e.Date != "2026-12-25" || e.Kind != "holiday" || e.Name != "Christmas" || e.Source == "" {
		t.Errorf("first event %+v", e)
	}
	holiday := read[Rules](w, owner, "/api/rules?date=2026-11-24").Boards[0]
	if len(holiday.Phases) != 0 || holiday.Reason != "Guru Nanak Jayanti" {
		t.Errorf("a holiday: %+v", holiday)
	}
	if r := w.do(ask{method: "GET", path: "/api/rules?date=tomorrow", cookie: owner}); r.Code != 422 && r.Code != 400 {
		t.Errorf("a date that is none: %d %s", r.Code, r.Body)
	}
	if today := read[Rules](w, owner, "/api/rules"); today.Date == "" {
		t.Error("today has no date")
	}
}
