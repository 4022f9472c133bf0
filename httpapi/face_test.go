package httpapi

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func mustHeaders(t *testing.T, what string, r *httptest.ResponseRecorder) {
	t.Helper()
	for name, want := range map[string]string{"Content-Security-Policy": csp, "X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
		if got := r.Header().Get(name); got != want {
			t.Errorf("%s (%d): %s is %q, want %q", what, r.Code, name, got, want)
		}
	}
	if r.Header().Get("X-Request-Id") == "" || r.Header().Get("Access-Control-Allow-Origin") != "" || r.Header().Get("Server") != "" {
		t.Errorf("%s (%d): headers %v", what, r.Code, r.Header())
	}
}

func TestHeadersOnEveryResponse(t *testing.T) {
	w := newWorld(t)
	tag := w.do(ask{path: "/"}).Header().Get("ETag")
	rows := []struct {
		name   string
		ask    ask
		status int
	}{
		{"page", ask{path: "/"}, 200},
		{"page again", ask{path: "/", header: map[string]string{"If-None-Match": tag}}, 304},
		{"asset", ask{path: "/assets/index-AbCd1234.js"}, 200},
		{"page at an address", ask{path: "/", host: "127.0.0.1:8000"}, 307},
		{"JSON", ask{path: "/api/setup"}, 200},
		{"created", ask{method: "POST", path: "/api/setup", body: credentials("owner")}, 201},
		{"bad JSON", ask{method: "POST", path: "/api/login", body: "{"}, 400},
		{"not signed in", ask{path: "/api/me"}, 401},
		{"other site", ask{method: "POST", path: "/api/login", body: "{}", header: map[string]string{"Sec-Fetch-Site": "cross-site"}}, 403},
		{"no route", ask{path: "/api/none"}, 404},
		{"no file", ask{path: "/none.png"}, 404},
		{"wrong method", ask{method: "DELETE", path: "/api/login"}, 405},
		{"wrong host", ask{path: "/", host: "evil.example"}, 421},
		{"live", ask{path: "/livez"}, 200},
		{"ready", ask{path: "/readyz"}, 200},
		{"description", ask{path: "/api/openapi.json"}, 200},
	}
	for _, row := range rows {
		r := w.do(row.ask)
		if r.Code != row.status {
			t.Errorf("%s: got %d, want %d", row.name, r.Code, row.status)
		}
		mustHeaders(t, row.name, r)
		if strings.HasPrefix(row.ask.path, "/api/") && r.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", row.name, r.Header().Get("Cache-Control"))
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Error("the policy allows something unsafe")
	}
}

func TestPanicShowsNothing(t *testing.T) {
	w := newWorld(t)
	w.server.plain("GET /api/panics", Public, func(http.ResponseWriter, *http.Request) { panic("secret of ours") })
	r := w.do(ask{path: "/api/panics"})
	expect(t, "panic", r, 500, "INTERNAL")
	mustHeaders(t, "panic", r)
	if strings.Contains(r.Body.String(), "secret of ours") || !strings.Contains(w.log.String(), "secret of ours") {
		t.Errorf("answer %s, log %.200s", r.Body, w.log)
	}
}

func TestHosts(t *testing.T) {
	public := mustURL(t, "https://paper.example.org")
	plain, published := newWorld(t), newWorld(t, func(o *Options) { o.PublicURL = public })
	rows := []struct {
		host              string
		plain, publicised bool
	}{
		{"localhost:8000", true, true}, {"LOCALHOST:8000", true, true}, {"127.0.0.1:8000", true, true}, {"[::1]:8000", true, true},
		{"localhost", false, false}, {"localhost:8001", false, false}, {"127.0.0.2:8000", false, false}, {"0.0.0.0:8000", false, false},
		{"evil.example:8000", false, false}, {"localhost.evil.example:8000", false, false}, {"localhost:8000.evil.example", false, false},
		{"paper.example.org", false, true}, {"paper.example.org:443", false, true}, {"paper.example.org:8000", false, false}, {"192.168.1.5:8000", false, false},
	}
	for _, row := range rows {
		for w, want := range map[*world]bool{plain: row.plain, published: row.publicised} {
			for _, path := range []string{"/api/setup", "/", "/api/stream", "/livez"} {
				r := w.do(ask{path: path, host: row.host})
				if isRefused := r.Code == 421; isRefused == want {
					t.Errorf("Host %q, %s: got %d, want accepted %v", row.host, path, r.Code, want)
				}
			}
		}
	}
}

func TestAddressMovesToLocalhost(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{"/": "http://localhost:8000/", "/orders?date=2026-11-24": "http://localhost:8000/orders?date=2026-11-24"} {
		for _, host := range []string{"127.0.0.1:8000", "[::1]:8000"} {
			r := w.do(ask{path: path, host: host})
			if r.Code != 307 || r.Header().Get("Location") != want {
				t.Errorf("%s at %s: got %d to %q, want %q", path, host, r.Code, r.Header().Get("Location"), want)
			}
		}
	}
	for _, path := range []string{"/api/setup", "/livez", "/readyz", "/assets/index-AbCd1234.js"} {
		if r := w.do(ask{path: path, host: "127.0.0.1:8000"}); r.Code != 200 {
			t.Errorf("%s at an address: got %d", path, r.Code)
		}
	}
	secure := newWorld(t, func(o *Options) { o.IsTLS = true })
	if got := secure.server.origins[0]; got != "https://localhost:8000" {
		t.Errorf("origin %q", got)
	}
}

func TestOtherSitesCannotWrite(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	rows := []struct {
		name   string
		header map[string]string
		status int
	}{
		{"our page", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8000"}, 204},
		{"a program", nil, 204},
		{"another site", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403},
		{"another port", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:9000"}, 403},
		{"another site, old browser", map[string]string{"Origin": "https://evil.example"}, 403},
		{"opaque origin", map[string]string{"Origin": "null"}, 403},
	}
	for _, row := range rows {
		cookie := w.mustLogin("owner")
		r := w.do(ask{method: "POST", path: "/api/logout", body: "{}", cookie: cookie, header: row.header})
		if r.Code != row.status {
			t.Errorf("%s: got %d %s, want %d", row.name, r.Code, r.Body, row.status)
		}
		if row.status == 403 {
			expect(t, row.name+", still signed in", w.do(ask{path: "/api/me/logins", cookie: cookie}), 200, "")
		}
	}
	r := w.do(ask{path: "/api/me/logins", cookie: owner, header: map[string]string{"X-HTTP-Method-Override": "DELETE"}})
	expect(t, "method override", r, 200, "")
}

func TestForwardedAddress(t *testing.T) {
	trust := func(o *Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	trusting, plain := newWorld(t, trust), newWorld(t)
	rows := []struct {
		remote, forwarded, trusting, plain string
	}{
		{"10.1.2.3:9", "203.0.113.9", "203.0.113.9", "10.1.2.3"},
		{"10.1.2.3:9", "6.6.6.6, 203.0.113.9", "203.0.113.9", "10.1.2.3"},
		{"10.1.2.3:9", "203.0.113.9, 10.9.9.9", "203.0.113.9", "10.1.2.3"},
		{"10.1.2.3:9", "not an address", "10.1.2.3", "10.1.2.3"},
		{"10.1.2.3:9", "", "10.1.2.3", "10.1.2.3"},
		{"[::1]:9", "203.0.113.9", "203.0.113.9", "::1"},
		{"192.168.1.7:9", "203.0.113.9", "192.168.1.7", "192.168.1.7"},
	}
	for _, row := range rows {
		for w, want := range map[*world]string{trusting: row.trusting, plain: row.plain} {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = row.remote
			if row.forwarded != "" {
				r.Header.Set("X-Forwarded-For", row.forwarded)
			}
			if got := w.server.visitor(r).ip.String(); got != want {
				t.Errorf("from %s for %q: got %s, want %s", row.remote, row.forwarded, got, want)
			}
		}
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	rows := []struct {
		path, encoding string
		status         int
		body, cache    string
	}{
		{"/", "", 200, "<!doctype html>", "no-cache"},
		{"/orders", "", 200, "<!doctype html>", "no-cache"},
		{"/invite/abc", "", 200, "<!doctype html>", "no-cache"},
		{"/icon.svg", "", 200, "<svg/>", "no-cache"},
		{"/assets/index-AbCd1234.js", "", 200, "export", "public, max-age=31536000, immutable"},
		{"/assets/index-AbCd1234.js", "gzip, br", 200, "packed by br", "public, max-age=31536000, immutable"},
		{"/assets/index-AbCd1234.js", "gzip", 200, "packed by gz", "public, max-age=31536000, immutable"},
		{"/assets/index-AbCd1234.js", "br;q=0, gzip;q=0.5", 200, "packed by gz", "public, max-age=31536000, immutable"},
		{"/assets/index-AbCd1234.js.br", "", 404, "NO_ROUTE", "no-store"},
		{"/.keep", "", 404, "NO_ROUTE", "no-store"},
		{"/assets/index-00000000.js", "", 404, "NO_ROUTE", "no-store"},
	}
	for _, row := range rows {
		r := w.do(ask{path: row.path, header: map[string]string{"Accept-Encoding": row.encoding}})
		if r.Code != row.status || !strings.Contains(r.Body.String(), row.body) || r.Header().Get("Cache-Control") != row.cache {
			t.Errorf("%s (%s): got %d %q, Cache-Control %q", row.path, row.encoding, r.Code, r.Body, r.Header().Get("Cache-Control"))
		}
	}
	if r := w.do(ask{method: "POST", path: "/", body: "{}"}); r.Code != 405 || r.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST /: got %d, Allow %q", r.Code, r.Header().Get("Allow"))
	}
}

func TestAPIWaitsForAttach(t *testing.T) {
	w := newWorld(t)
	early := New(w.server.Options)
	w.server = early
	expect(t, "page", w.do(ask{path: "/"}), 200, "")
	expect(t, "ready", w.do(ask{path: "/readyz"}), 503, "NOT_READY")
	done := make(chan *httptest.ResponseRecorder, 1)
	go func() { done <- w.do(ask{path: "/api/setup"}) }()
	select {
	case r := <-done:
		t.Fatalf("answered %d before the database was open", r.Code)
	case <-time.After(20 * time.Millisecond):
	}
	early.Attach(w.app, w.users, nil)
	expect(t, "API", <-done, 200, "")
	early.Limits.RequestMax = time.Millisecond
	never := New(early.Options)
	w.server = never
	expect(t, "never open", w.do(ask{path: "/api/setup"}), 503, "STARTING")
}

func TestRateLimits(t *testing.T) {
	w := newWorld(t, func(o *Options) {
		o.Limits.APIPerSecond, o.Limits.APIBurst = 10, 3
		o.Limits.EntryPerSecond, o.Limits.EntryBurst = 5, 100
	})
	owner := w.mustOwner()
	other, _ := w.mustUser(owner, "other", "trader")
	w.clock.Advance(time.Minute)
	me := func(cookie string) *httptest.ResponseRecorder {
		return w.do(ask{path: "/api/me/logins", cookie: cookie})
	}
	for range 3 {
		expect(t, "in the burst", me(owner), 200, "")
	}
	r := me(owner)
	expect(t, "beyond the burst", r, 429, "SLOW_DOWN")
	if r.Header().Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", r.Header().Get("Retry-After"))
	}
	expect(t, "another user", me(other), 200, "")
	w.clock.Advance(100 * time.Millisecond)
	expect(t, "a tenth of a second later", me(owner), 200, "")
	for range 100 {
		w.do(ask{path: "/api/setup"})
	}
	expect(t, "an address without a login", w.do(ask{path: "/api/setup"}), 429, "SLOW_DOWN")
	expect(t, "another address", w.do(ask{path: "/api/setup", remote: "192.168.1.7:1"}), 200, "")
	expect(t, "a made-up cookie", w.do(ask{path: "/api/me", cookie: "x"}), 429, "SLOW_DOWN")
	expect(t, "pages go on", w.do(ask{path: "/"}), 200, "")
}
