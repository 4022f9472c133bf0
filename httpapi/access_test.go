package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"paperport/auth"
)

// documented is the access table of the whole interface. A route without a row here fails the test, as does a row
// without a route.
var documented = map[string]Access{
	"GET /":                                       Public,
	"GET /livez":                                  Public,
	"GET /readyz":                                 Public,
	" /api/":                                      Public, // every address that is nothing
	"GET /api/openapi.json":                       Public,
	"GET /api/stream":                             SignedIn,
	"GET /api/setup":                              Public,
	"POST /api/setup":                             Public,
	"POST /api/login":                             Public,
	"POST /api/logout":                            SignedIn,
	"GET /api/me":                                 SignedIn,
	"POST /api/me/password":                       SignedIn,
	"GET /api/me/logins":                          SignedIn,
	"DELETE /api/me/logins/{id}":                  SignedIn,
	"POST /api/me/two-step/start":                 SignedIn,
	"POST /api/me/two-step/confirm":               SignedIn,
	"POST /api/me/two-step/off":                   SignedIn,
	"POST /api/reset":                             Public,
	"GET /api/users":                              Owner,
	"POST /api/users/{id}/disable":                Owner,
	"POST /api/users/{id}/enable":                 Owner,
	"POST /api/users/{id}/sign-out":               Owner,
	"PUT /api/users/{id}/role":                    Owner,
	"POST /api/invites":                           Owner,
	"GET /api/invites/{token}":                    Public,
	"POST /api/invites/{token}":                   Public,
	"GET /api/venues":                             SignedIn,
	"PUT /api/venues/{id}/clock":                  Trader,
	"POST /api/venues/{id}/release":               Owner,
	"GET /api/instruments":                        SignedIn,
	"GET /api/instruments/{id}":                   SignedIn,
	"GET /api/quotes":                             SignedIn,
	"GET /api/depth":                              SignedIn,
	"GET /api/candles":                            SignedIn,
	"GET /api/watchlists":                         SignedIn,
	"PUT /api/watchlists/{number}":                Trader,
	"GET /api/accounts":                           SignedIn,
	"POST /api/accounts":                          Trader,
	"GET /api/plans":                              SignedIn,
	"POST /api/accounts/{account}/orders":         Trader,
	"POST /api/accounts/{account}/orders/preview": Trader,
	"PATCH /api/accounts/{account}/orders/{id}":   Trader,
	"DELETE /api/accounts/{account}/orders/{id}":  Trader,
	"GET /api/accounts/{account}/orders":          SignedIn,
	"GET /api/accounts/{account}/orders/{id}":     SignedIn,
	"GET /api/accounts/{account}/days":            SignedIn,
	"GET /api/accounts/{account}/trades":          SignedIn,
	"GET /api/accounts/{account}/positions":       SignedIn,
	"GET /api/accounts/{account}/holdings":        SignedIn,
	"GET /api/accounts/{account}/funds":           SignedIn,
	"POST /api/accounts/{account}/payin":          Trader,
	"POST /api/accounts/{account}/payout":         Trader,
	"GET /api/accounts/{account}/ledger":          SignedIn,
	"POST /api/me/proof":                          SignedIn,
	"GET /api/me/trail":                           SignedIn,
	"GET /api/system":                             SignedIn,
	"GET /api/rules":                              SignedIn,
	"GET /api/broker":                             SignedIn,
	"POST /api/broker/credentials":                Trader,
	"POST /api/broker/code-check":                 Trader,
	"POST /api/broker/generate":                   Trader,
	"POST /api/broker/popup":                      Trader,
	"GET /api/broker/popup/{id}":                  SignedIn,
	"GET /api/broker/popup/{id}/open":             Trader,
	"POST /api/broker/session":                    Trader,
	"POST /api/broker/test":                       Trader,
	"POST /api/broker/disconnect":                 Trader,
	"PUT /api/broker/hold":                        Trader,
	"PUT /api/broker/every-day":                   Trader,
	"GET /api/broker/demo":                        SignedIn,
	"GET /api/auth/breeze-callback":               Public,
	"POST /api/auth/breeze-callback":              Public,
	"GET /api/auth/breeze-finish":                 Public,
	"GET /api/auth/breeze-done.js":                Public,
	"GET /api/auth/breeze-done.css":               Public,
	"GET /api/notices":                            SignedIn,
	"POST /api/notices/{id}/ack":                  SignedIn,

	"GET /api/accounts/{account}/contract-note":      SignedIn,
	"GET /api/accounts/{account}/contract-note.html": SignedIn,
	"GET /api/accounts/{account}/contract-note.csv":  SignedIn,
	"GET /api/accounts/{account}/contract-note.pdf":  SignedIn,
	"GET /api/contract-note.css":                     Public,
}

func TestEveryRouteIsDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range newWorld(t).server.Routes() {
		name := r.Method + " " + r.Path
		want, isThere := documented[name]
		if !isThere || want != r.Access {
			t.Errorf("route %q has access %q, the table says %q", name, r.Access, want)
		}
		seen[name] = true
	}
	for name := range documented {
		if !seen[name] {
			t.Errorf("row %q has no route", name)
		}
	}
}

// someBody is a valid body for each mutation, so that only access decides.
var someBody = map[string]string{
	"POST /api/setup":                             credentials("late"),
	"POST /api/login":                             credentials("nobody"),
	"POST /api/me/password":                       `{"old_password":"x","new_password":"amber spoon above snow"}`,
	"POST /api/me/two-step/start":                 `{"password":"x"}`,
	"POST /api/me/two-step/confirm":               `{"code":"000000"}`,
	"POST /api/me/two-step/off":                   `{"password":"x","code":"000000"}`,
	"POST /api/reset":                             `{"token":"x","password":"amber spoon above snow"}`,
	"PUT /api/users/{id}/role":                    `{"role":"viewer"}`,
	"POST /api/invites":                           `{"role":"viewer"}`,
	"POST /api/invites/{token}":                   credentials("guest"),
	"PUT /api/venues/{id}/clock":                  `{"speed":1,"is_paused":false}`,
	"PUT /api/watchlists/{number}":                `{"name":"1","venue":"demo","instruments":[]}`,
	"POST /api/accounts":                          `{"name":"Main","capital":"1000000","plan":"flat20","venue":"demo"}`,
	"POST /api/accounts/{account}/orders":         `{"client_order_id":"order-0001","instrument":1,"side":"buy","product":"CNC","type":"market","validity":"day","qty":1}`,
	"POST /api/accounts/{account}/orders/preview": `{"instrument":1,"side":"buy","product":"CNC","type":"market","validity":"day","qty":1}`,
	"PATCH /api/accounts/{account}/orders/{id}":   `{"request_id":"request-01","qty":1}`,
	"POST /api/accounts/{account}/payin":          `{"request_id":"request-01","amount":"1"}`,
	"POST /api/accounts/{account}/payout":         `{"request_id":"request-01","amount":"1"}`,
	"POST /api/me/proof":                          `{"password":"x"}`,
	"POST /api/broker/credentials":                `{"api_key":"k"}`,
	"POST /api/broker/code-check":                 `{"code":"000000"}`,
	"POST /api/broker/generate":                   `{"is_confirmed":false}`,
	"POST /api/broker/session":                    `{"token":"x"}`,
	"PUT /api/broker/hold":                        `{"is_held":true}`,
	"PUT /api/broker/every-day":                   `{"is_on":true}`,
}

var someQuery = map[string]string{
	"DELETE /api/accounts/{account}/orders/{id}": "?request_id=request-01",
	"GET /api/instruments":                       "?venue=demo&q=rel",
	"GET /api/instruments/{id}":                  "?venue=demo",
	"GET /api/quotes":                            "?venue=demo&ids=1",
	"GET /api/depth":                             "?venue=demo&id=1",
	"GET /api/candles":                           "?venue=demo&id=1&interval=1m&from=2026-11-24T03:45:00Z&to=2026-11-24T04:45:00Z",
}

// askFor builds a valid request for a route; who names the user and account in its path.
func askFor(r Route, who, account string) ask {
	name := r.Method + " " + r.Path
	path := strings.NewReplacer("/users/{id}", "/users/"+who, "/orders/{id}", "/orders/1", "/logins/{id}", "/logins/"+strings.Repeat("0", 32),
		"/instruments/{id}", "/instruments/1", "/venues/{id}", "/venues/demo", "{token}", "none", "{number}", "1", "/popup/{id}", "/popup/none", "/notices/{id}", "/notices/none", "{account}", account).Replace(r.Path)
	return ask{method: first(r.Method, "GET"), path: path + someQuery[name], body: someBody[name]}
}

func TestAccessMatrix(t *testing.T) {
	nobody := strings.Repeat("0", 32)
	w := newWorld(t)
	owner := w.mustOwner()
	trader, _ := w.mustUser(owner, "trader", auth.Trader)
	viewer, _ := w.mustUser(owner, "viewer", auth.Viewer)
	disabled, id := w.mustUser(owner, "disabled", auth.Trader)
	w.mustDo(200, ask{method: "POST", path: "/api/users/" + id + "/disable", cookie: owner})
	revoked := w.mustLogin("trader")
	w.mustDo(204, ask{method: "POST", path: "/api/logout", cookie: revoked})
	actors := []struct {
		name, cookie string
		passes       []Access
	}{
		{"anonymous", "", []Access{Public}},
		{"disabled", disabled, []Access{Public}},
		{"revoked", revoked, []Access{Public}},
		{"viewer", viewer, []Access{Public, SignedIn}},
		{"trader", trader, []Access{Public, SignedIn, Trader}},
		{"owner", owner, []Access{Public, SignedIn, Trader, Owner}},
	}
	for _, route := range w.server.Routes() {
		if route.Path == "/api/logout" {
			continue // ends the login it is asked with; TestEndsOfLogin has it
		}
		for _, actor := range actors {
			a := askFor(route, nobody, nobody)
			a.cookie = actor.cookie
			r := w.do(a)
			code := codeOf(t, r)
			passes := false
			for _, access := range actor.passes {
				passes = passes || access == route.Access
			}
			isRefused := code == "NOT_SIGNED_IN" || code == "NOT_ALLOWED"
			what := fmt.Sprintf("%s %s as %s: %d %s", a.method, a.path, actor.name, r.Code, code)
			if passes == isRefused || r.Code == 500 {
				t.Errorf("%s, passes should be %v", what, passes)
			}
			if !passes && len(actor.passes) == 1 && code != "NOT_SIGNED_IN" {
				t.Errorf("%s, want NOT_SIGNED_IN", what)
			}
		}
	}
}

func TestDisabledUserIsCutAtOnce(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	cookie, id := w.mustUser(owner, "trader", auth.Trader)
	manage := func(action string, status int, code string) {
		t.Helper()
		expect(t, action, w.do(ask{method: "POST", path: "/api/users/" + id + "/" + action, cookie: owner, body: "{}"}), status, code)
	}
	manage("disable", 200, "")
	expect(t, "disabled, old cookie", w.do(ask{path: "/api/me/logins", cookie: cookie}), 401, "NOT_SIGNED_IN")
	expect(t, "disabled, sign in", w.do(ask{method: "POST", path: "/api/login", body: credentials("trader")}), 401, "LOGIN_FAILED")
	manage("enable", 200, "")
	expect(t, "enabled, old cookie", w.do(ask{path: "/api/me/logins", cookie: cookie}), 401, "NOT_SIGNED_IN")
	cookie = w.mustLogin("trader")
	manage("sign-out", 200, "")
	expect(t, "signed out", w.do(ask{path: "/api/me/logins", cookie: cookie}), 401, "NOT_SIGNED_IN")
	cookie = w.mustLogin("trader")
	w.mustDo(200, ask{method: "PUT", path: "/api/users/" + id + "/role", cookie: owner, body: `{"role":"viewer"}`})
	expect(t, "now a viewer", w.do(ask{method: "POST", path: "/api/accounts", cookie: cookie, body: someBody["POST /api/accounts"]}), 403, "NOT_ALLOWED")
}

func TestLastOwnerStays(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	var list UserList
	mustJSON(t, w.mustDo(200, ask{path: "/api/users", cookie: owner}), &list)
	id := list.Users[0].ID
	expect(t, "disable", w.do(ask{method: "POST", path: "/api/users/" + id + "/disable", cookie: owner}), 409, "LAST_OWNER")
	expect(t, "demote", w.do(ask{method: "PUT", path: "/api/users/" + id + "/role", cookie: owner, body: `{"role":"trader"}`}), 409, "LAST_OWNER")
	_, second := w.mustUser(owner, "second", auth.Owner)
	expect(t, "demote beside a second owner", w.do(ask{method: "PUT", path: "/api/users/" + id + "/role", cookie: owner, body: `{"role":"trader"}`}), 200, "")
	expect(t, "no longer an owner", w.do(ask{method: "POST", path: "/api/users/" + second + "/disable", cookie: owner}), 403, "NOT_ALLOWED")
}

func TestInvites(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	var link InviteLink
	mustJSON(t, w.mustDo(200, ask{method: "POST", path: "/api/invites", body: `{"role":"viewer"}`, cookie: owner}), &link)
	if !strings.HasPrefix(link.URL, "http://localhost:8000/invite/") {
		t.Errorf("link %q", link.URL)
	}
	path := "/api/invites/" + link.URL[strings.LastIndex(link.URL, "/")+1:]
	var offer Invitation
	mustJSON(t, w.mustDo(200, ask{path: path}), &offer)
	if offer.Role != auth.Viewer {
		t.Errorf("role %q", offer.Role)
	}
	expect(t, "made-up", w.do(ask{path: path + "x"}), 404, "LINK_INVALID")
	expect(t, "a taken name", w.do(ask{method: "POST", path: path, body: credentials("Owner")}), 409, "USERNAME_TAKEN")
	expect(t, "a bad name", w.do(ask{method: "POST", path: path, body: credentials("a b")}), 400, "USERNAME_BAD")
	expect(t, "a role of one's own", w.do(ask{method: "POST", path: path, body: `{"username":"guest","password":"` + goodPassword + `","role":"owner"}`}), 400, "BAD_JSON")
	expect(t, "right", w.do(ask{method: "POST", path: path, body: credentials("guest")}), 201, "")
	expect(t, "again", w.do(ask{method: "POST", path: path, body: credentials("guest2")}), 404, "LINK_INVALID")
	expect(t, "look again", w.do(ask{path: path}), 404, "LINK_INVALID")
	expect(t, "role unknown", w.do(ask{method: "POST", path: "/api/invites", body: `{"role":"admin"}`, cookie: owner}), 400, "BAD_FIELD")
	mustJSON(t, w.mustDo(200, ask{method: "POST", path: "/api/invites", body: `{"role":"trader"}`, cookie: owner}), &link)
	w.clock.Advance(auth.InviteSpan)
	late := "/api/invites/" + link.URL[strings.LastIndex(link.URL, "/")+1:]
	expect(t, "expired", w.do(ask{method: "POST", path: late, body: credentials("guest3")}), 404, "LINK_INVALID")
}
