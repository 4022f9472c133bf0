package httpapi

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestGuessesSideBySide: tries sent at once are counted one after the other, so no more of them than of slow ones is
// looked at before the waits begin.
func TestGuessesSideBySide(t *testing.T) {
	w := newWorld(t)
	w.mustOwner()
	var codes [20]string
	var all sync.WaitGroup
	for i := range codes {
		all.Go(func() {
			guess := fmt.Sprintf(`{"username":"owner","password":"a guess of mine %d"}`, i)
			codes[i] = codeOf(t, w.do(ask{method: "POST", path: "/api/login", body: guess}))
		})
	}
	all.Wait()
	looked := 0
	for _, code := range codes {
		if code == "LOGIN_FAILED" {
			looked++
		} else if code != "SLOW_DOWN" {
			t.Errorf("got %s", code)
		}
	}
	if looked != 5 {
		t.Errorf("%d guesses were looked at, want 5", looked)
	}
}

// TestHiddenCharacters: names and tags hold nothing that shows otherwise than it is; letters of every script are fine.
func TestHiddenCharacters(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	account := func(name string) *httptest.ResponseRecorder {
		return w.do(ask{method: "POST", path: "/api/accounts", cookie: owner, body: strings.Replace(someBody["POST /api/accounts"], `"name":"`, `"name":"`+name, 1)})
	}
	for _, name := range []string{`a\nb`, `\u0000`, `\u202eevil`, `\u2066x`, `\u007f`, `\u001b[31m`} {
		expect(t, "account "+name, account(strings.ReplaceAll(name, `\\`, `\`)), 400, "BAD_FIELD")
	}
	for _, name := range []string{"<b>", "मेरा", "க்\u200dஷ", "=1+1", "'; --"} {
		expect(t, "account "+name, account(name), 201, "")
	}
	list := strings.Replace(someBody["PUT /api/watchlists/{number}"], `"name":"`, `"name":"a\u0007`, 1)
	expect(t, "watch list", w.do(ask{method: "PUT", path: "/api/watchlists/1", cookie: owner, body: list}), 400, "BAD_FIELD")
	path := w.mustAccount(owner)
	tagged := strings.Replace(w.orderBody("order-0001", "buy", "market", "", 1), "{", `{"tag":"a\u2028\u0000",`, 1)
	expect(t, "tag", w.do(ask{method: "POST", path: path + "/orders", cookie: owner, body: tagged}), 400, "BAD_FIELD")
}

// TestStrangersLeaveNothing: failures counted for strangers are dropped a day later, also when nobody is signed in.
func TestStrangersLeaveNothing(t *testing.T) {
	w := newWorld(t)
	r := w.do(ask{method: "POST", path: "/api/login", body: `{"username":"nobody","password":"a guess of mine"}`})
	expect(t, "guess", r, 401, "LOGIN_FAILED")
	rows := func() (n int) {
		if err := w.store.Reader().QueryRow(`SELECT COUNT(*) FROM login_tries`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if rows() == 0 {
		t.Fatal("no failure was counted")
	}
	w.clock.Advance(25 * time.Hour)
	if err := w.users.Sweep(t.Context()); err != nil || rows() != 0 {
		t.Errorf("%d rows left, %v", rows(), err)
	}
}

// TestNoHashForNothing: what is refused anyway is refused before a password is hashed, which anybody could ask for.
func TestNoHashForNothing(t *testing.T) {
	w := newWorld(t)
	w.mustOwner()
	expect(t, "setup with an owner there", w.do(ask{method: "POST", path: "/api/setup", body: `{"username":"x","password":"short"}`}), 409, "SETUP_DONE")
	expect(t, "reset without a link", w.do(ask{method: "POST", path: "/api/reset", body: `{"token":"none","password":"short"}`}), 404, "LINK_INVALID")
}

// TestPublicAddressIsSecure: at the public https address the cookie is Secure, whatever the proxy says or leaves out.
func TestPublicAddressIsSecure(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.PublicURL = mustURL(t, "https://paper.example.org") })
	for _, header := range []map[string]string{nil, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "https"}} {
		body := `{"username":"owner","password":"` + goodPassword + `","link":"` + w.users.NewSetupToken() + `"}`
		path := "/api/login"
		if needsOwner, _ := w.users.NeedsOwner(t.Context()); needsOwner {
			path = "/api/setup"
		} else {
			body = credentials("owner")
		}
		r := w.do(ask{method: "POST", path: path, host: "paper.example.org", header: header, body: body})
		if got := r.Header().Get("Set-Cookie"); !strings.HasPrefix(got, "__Host-pp_login=") || !strings.Contains(got, "; Secure") {
			t.Errorf("%v: cookie %q of %d %s", header, got, r.Code, r.Body)
		}
	}
}

// TestOriginIsExact: scheme, host and port of the Origin must be ours, also where the browser sends no Sec-Fetch-Site.
func TestOriginIsExact(t *testing.T) {
	w := newWorld(t)
	for _, origin := range []string{"https://localhost:8000", "http://localhost", "http://localhost:8001", "http://localhost:8000.example.org", "null"} {
		a := ask{method: "POST", path: "/api/setup", body: credentials("owner"), header: map[string]string{"Origin": origin}}
		expect(t, origin, w.do(a), 403, "CROSS_ORIGIN")
	}
	a := ask{method: "POST", path: "/api/setup", body: credentials("owner"), header: map[string]string{"Origin": "http://localhost:8000"}}
	expect(t, "ours", w.do(a), 201, "")
}

// TestRedirectStaysHere: the move from an address to localhost takes nothing but path and query from the request line.
func TestRedirectStaysHere(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct {
		name string
		url  url.URL
		want string
	}{
		{"plain", url.URL{Path: "/setup", RawQuery: "link=x"}, "http://localhost:8000/setup?link=x"},
		{"two slashes", url.URL{Path: "//evil.example/x"}, "http://localhost:8000//evil.example/x"},
		{"opaque", url.URL{Scheme: "mailto", Opaque: "evil.example"}, "http://localhost:8000"},
		{"user", url.URL{Scheme: "http", User: url.UserPassword("a", "b"), Host: "127.0.0.1:8000", Path: "/"}, "http://localhost:8000/"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL, r.Host = &row.url, "127.0.0.1:8000"
		recorder := httptest.NewRecorder()
		w.server.ServeHTTP(recorder, r)
		if got := recorder.Header().Get("Location"); recorder.Code != 307 || got != row.want {
			t.Errorf("%s: %d to %q, want %q", row.name, recorder.Code, got, row.want)
		}
	}
}
