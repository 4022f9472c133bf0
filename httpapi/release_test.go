package httpapi

import (
	"testing"

	"paperport/app"
	"paperport/auth"
	"paperport/store"
)

// halt stops the demo market as a fault does that the program finds at its start.
func (w *world) halt(fault string) {
	w.t.Helper()
	if err := w.app.Close(); err != nil {
		w.t.Fatal(err)
	}
	done := make(chan error, 1)
	w.store.Submit(&store.Batch{Venue: app.DemoVenue, Fault: &fault}, func(err error) { done <- err })
	if err := <-done; err != nil {
		w.t.Fatal(err)
	}
	w.openMarket()
	w.server.App = w.app
}

// TestRelease: only an owner sees what halted a venue and lets it trade again.
func TestRelease(t *testing.T) {
	const fault = "account-books: postings of entry 7 sum to 1 (input 120)"
	w := newWorld(t)
	owner := w.mustOwner()
	trader, _ := w.mustUser(owner, "trader", auth.Trader)
	w.mustDo(201, ask{method: "POST", path: "/api/accounts", cookie: trader, body: someBody["POST /api/accounts"]})
	w.halt(fault)
	release := ask{method: "POST", path: "/api/venues/demo/release", cookie: owner}
	seen := func(cookie string) Venue {
		t.Helper()
		var list VenueList
		mustJSON(t, w.mustDo(200, ask{path: "/api/venues", cookie: cookie}), &list)
		return list.Venues[0]
	}
	open := func(status int, code string) {
		t.Helper()
		expect(t, "open an account", w.do(ask{method: "POST", path: "/api/accounts", cookie: trader, body: someBody["POST /api/accounts"]}), status, code)
	}
	if v := seen(owner); v.IsAvailable || v.UnavailableReason == "" || v.Feed.Detail != fault {
		t.Errorf("the owner sees %+v", v)
	}
	if v := seen(trader); v.IsAvailable || v.UnavailableReason == "" || v.Feed.Detail == fault {
		t.Errorf("a trader sees %+v", v)
	}
	open(503, "VENUE_HALTED")
	for _, bad := range []struct {
		name, code string
		status     int
		ask        ask
	}{
		{"as a trader", "NOT_ALLOWED", 403, ask{method: "POST", path: release.path, cookie: trader}},
		{"unknown venue", "NOT_FOUND", 404, ask{method: "POST", path: "/api/venues/nowhere/release", cookie: owner}},
		{"the offer of a replay", "NOT_FOUND", 404, ask{method: "POST", path: "/api/venues/replay/release", cookie: owner}},
		{"unknown key", "BAD_JSON", 400, ask{method: "POST", path: release.path, cookie: owner, body: `{"force":true}`}},
	} {
		expect(t, bad.name, w.do(bad.ask), bad.status, bad.code)
	}
	open(503, "VENUE_HALTED")
	for range 2 { // the second finds it running
		var got Venue
		mustJSON(t, w.mustDo(200, release), &got)
		if !got.IsAvailable || got.UnavailableReason != "" || got.Feed.Detail == fault {
			t.Errorf("after the release: %+v", got)
		}
	}
	open(201, "")
}
