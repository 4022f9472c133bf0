package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"paperport/app"
	"paperport/clock"
	"paperport/secret"
)

// browser keeps cookies as a browser does that follows a cross-site login back to us.
type browser struct {
	w       *world
	cookies map[string]string
}

func (w *world) mustBrowse(cookie string) *browser {
	return &browser{w: w, cookies: map[string]string{cookiePlain: cookie}}
}

// send asks with the named cookies: of a cross-site form none comes along, of a navigation the Lax ones do.
func (b *browser) send(a ask, names ...string) *httptest.ResponseRecorder {
	b.w.t.Helper()
	header := map[string]string{}
	for name, value := range a.header {
		header[name] = value
	}
	var pairs []string
	for _, name := range names {
		if value := b.cookies[name]; value != "" {
			pairs = append(pairs, name+"="+value)
		}
	}
	if len(pairs) > 0 {
		header["Cookie"] = strings.Join(pairs, "; ")
	}
	a.header = header
	r := b.w.do(a)
	for _, c := range r.Result().Cookies() {
		b.cookies[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return r
}

var crossSite = map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Origin": "https://broker.example",
	"Content-Type": "application/x-www-form-urlencoded", "Referer": "https://broker.example/"}

func formPost(body string) ask {
	return ask{method: "POST", path: callbackPath, body: body, header: crossSite}
}

func (b *browser) mustStart() {
	b.w.t.Helper()
	r := b.send(post("/api/broker/popup", "{}", ""), cookiePlain)
	if r.Code != 200 {
		b.w.t.Fatalf("start: %d %s", r.Code, r.Body)
	}
}

func (b *browser) finish() *httptest.ResponseRecorder {
	b.w.t.Helper()
	return b.send(ask{path: finishPath, header: map[string]string{"Sec-Fetch-Site": "cross-site"}}, bindingName, handoffName)
}

const testToken = "51837264"

// TestPopupComesBack walks both hops for every way in which the broker returns.
func TestPopupComesBack(t *testing.T) {
	long := strings.Repeat("aB9+/=._%-", 25)
	rows := []struct {
		name string
		ask  ask
		want string
	}{
		{"query", ask{path: callbackPath + "?apisession=" + testToken}, testToken},
		{"query, other case", ask{path: callbackPath + "?API_Session=" + testToken}, testToken},
		{"query, odd case and company", ask{path: callbackPath + "?x=1&ApiSESSION=" + testToken + "&bad=%zz"}, testToken},
		{"form", formPost("API_Session=" + testToken), testToken},
		{"form, other case", formPost("apiSession=" + testToken + "&more=1"), testToken},
		{"form, token in the query", ask{method: "POST", path: callbackPath + "?apisession=" + testToken, header: crossSite}, testToken},
		{"the same in both", ask{method: "POST", path: callbackPath + "?apisession=" + testToken, body: "API_Session=" + testToken, header: crossSite}, testToken},
		{"plus not escaped", ask{path: callbackPath + "?apisession=ab+cd/ef=="}, "ab+cd/ef=="},
		{"longest", formPost(url.Values{"apisession": {long}}.Encode()), long},
	}
	w := newWorld(t)
	b := w.mustBrowse(w.mustOwner())
	for _, row := range rows {
		w.log.Reset()
		w.broker.finished = nil
		b.mustStart()
		r := b.send(row.ask) // no cookie comes along
		if r.Code != 303 || r.Header().Get("Location") != finishPath || r.Body.Len() > 0 {
			t.Errorf("%s: callback %d to %q %s", row.name, r.Code, r.Header().Get("Location"), r.Body)
			continue
		}
		mustHeaders(t, row.name, r)
		r = b.finish()
		page := r.Body.String()
		for _, part := range []string{`data-attempt="attempt-1"`, `data-status="ok"`, "Session token captured and saved from popup", "You can close this window."} {
			if r.Code != 200 || !strings.Contains(page, part) {
				t.Errorf("%s: finish %d, page lacks %q: %s", row.name, r.Code, part, page)
			}
		}
		mustHeaders(t, row.name+", finish", r)
		if len(w.broker.finished) != 1 || w.broker.finished[0] != row.want {
			t.Errorf("%s: token %q, want %q", row.name, w.broker.finished, row.want)
		}
		if log := w.log.String(); strings.Contains(log, row.want) || strings.Contains(log, "?") || !strings.Contains(log, `"route":"`+callbackPath+`"`) {
			t.Errorf("%s: log %s", row.name, log)
		}
		if strings.Contains(page, row.want) || strings.Contains(fmt.Sprint(r.Header()), row.want) {
			t.Errorf("%s: the last page shows the token", row.name)
		}
		if b.cookies[bindingName] != "" || b.cookies[handoffName] != "" {
			t.Errorf("%s: cookies stay: %v", row.name, b.cookies)
		}
	}
}

// TestCookiesOfTheCallback: exact attributes, and nothing of a cookie is the token.
func TestCookiesOfTheCallback(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	r := w.mustDo(200, post("/api/broker/popup", "{}", owner))
	binding := w.broker.binding.Reveal()
	if got, want := r.Header().Get("Set-Cookie"), bindingName+"="+binding+"; Path=/; Expires=Tue, 24 Nov 2026 06:10:00 GMT; HttpOnly; Secure; SameSite=Lax"; got != want {
		t.Errorf("binding %q, want %q", got, want)
	}
	r = w.do(formPost("API_Session=" + testToken))
	got := r.Header().Get("Set-Cookie")
	if !strings.HasPrefix(got, handoffName+"=") || !strings.HasSuffix(got, "; Path=/api/auth; Max-Age=60; HttpOnly; SameSite=Lax") || strings.Contains(got, testToken) {
		t.Errorf("handoff %q", got)
	}
	public := newWorld(t, func(o *Options) { o.PublicURL = mustURL(t, "https://paper.example.org") })
	public.server.callback.expect(secret.New("x"), public.clock.Now().Add(time.Minute))
	a := formPost("API_Session=" + testToken)
	a.host = "paper.example.org"
	if got := public.do(a).Header().Get("Set-Cookie"); !strings.Contains(got, "; Secure") {
		t.Errorf("hosted handoff %q is not Secure", got)
	}
}

// TestCallbackWithoutAttempt: nobody waits, so a token from anybody is neither kept nor shown; the trail has it.
func TestCallbackWithoutAttempt(t *testing.T) {
	w := newWorld(t)
	w.mustOwner()
	token := canary("token")
	for name, a := range map[string]ask{
		"GET":  {path: callbackPath + "?apisession=" + token, remote: "192.0.2.1:1"},
		"POST": {method: "POST", path: callbackPath, body: "API_Session=" + token, header: crossSite, remote: "192.0.2.2:1"},
	} {
		before := len(w.broker.refused)
		r := w.do(a)
		if r.Code != 403 || !strings.Contains(r.Body.String(), "No login of yours is waiting") || r.Header().Get("Set-Cookie") != "" || r.Header().Get("Location") != "" {
			t.Errorf("%s: %d %v %s", name, r.Code, r.Header(), r.Body)
		}
		mustHeaders(t, name, r)
		mustHold(t, w, name, r)
		if len(w.broker.refused) != before+1 {
			t.Errorf("%s: trail has %q", name, w.broker.refused)
		}
	}
	if n := len(w.server.callback.handoffs); n != 0 {
		t.Errorf("%d tokens are kept", n)
	}
	w.server.callback.expect(secret.New("x"), w.clock.Now().Add(time.Minute))
	r := w.do(ask{path: finishPath})
	if r.Code != 403 || !strings.Contains(r.Body.String(), `data-attempt=""`) {
		t.Errorf("finish alone: %d %s", r.Code, r.Body)
	}
}

// TestCallbackRefuses what is no answer of a broker.
func TestCallbackRefuses(t *testing.T) {
	w := newWorld(t)
	b := w.mustBrowse(w.mustOwner())
	b.mustStart()
	c := canaryMark
	with := func(kind string, a ask) ask {
		a.header = map[string]string{"Content-Type": kind, "Origin": "https://broker.example"}
		return a
	}
	rows := []struct {
		name   string
		ask    ask
		status int
	}{
		{"nothing", ask{path: callbackPath}, 400},
		{"another name", ask{path: callbackPath + "?session=" + c}, 400},
		{"empty", ask{path: callbackPath + "?apisession="}, 400},
		{"too short", ask{path: callbackPath + "?apisession=12345"}, 400},
		{"too long", ask{path: callbackPath + "?apisession=" + strings.Repeat("a", 257)}, 400},
		{"HTML", ask{path: callbackPath + "?apisession=" + url.QueryEscape("<script>"+c+"</script>")}, 400},
		{"control character", ask{path: callbackPath + "?apisession=" + c + "%0d%0aSet-Cookie:x=1"}, 400},
		{"letters of another script", formPost("apisession=" + url.QueryEscape(c+"é")), 400},
		{"two different ones", ask{path: callbackPath + "?apisession=" + c + "11&API_Session=" + c + "22"}, 400},
		{"different in query and form", ask{method: "POST", path: callbackPath + "?apisession=" + c + "11", body: "apisession=" + c + "22", header: crossSite}, 400},
		{"large body", formPost("x=" + strings.Repeat(c, 500) + "&apisession=" + testToken), 413},
		{"JSON", with("application/json", ask{method: "POST", path: callbackPath, body: `{"apisession":"` + c + `"}`}), 415},
		{"parts", with("multipart/form-data; boundary=x", ask{method: "POST", path: callbackPath, body: c}), 415},
		{"PUT", ask{method: "PUT", path: callbackPath + "?apisession=" + c + "11"}, 405},
		{"HEAD", ask{method: "HEAD", path: callbackPath + "?apisession=" + c + "11"}, 405},
		{"DELETE", ask{method: "DELETE", path: callbackPath}, 405},
		{"OPTIONS", ask{method: "OPTIONS", path: callbackPath}, 405},
		{"another Host", ask{path: callbackPath + "?apisession=" + c + "11", host: "evil.example"}, 421},
		{"a slash behind", ask{path: callbackPath + "/?apisession=" + c + "11"}, 404},
		{"below it", ask{method: "POST", path: callbackPath + "/x", body: "apisession=" + c, header: crossSite}, 415},
		{"HEAD of the finish", ask{method: "HEAD", path: finishPath}, 405},
		{"POST to the finish", ask{method: "POST", path: finishPath, body: "{}", header: map[string]string{"Content-Type": "application/json"}}, 405},
	}
	for _, row := range rows {
		r := b.send(row.ask)
		if r.Code != row.status || r.Header().Get("Location") != "" {
			t.Errorf("%s: got %d to %q, want %d", row.name, r.Code, r.Header().Get("Location"), row.status)
		}
		mustHeaders(t, row.name, r)
		mustHold(t, w, row.name, r)
		if row.status == 405 && r.Header().Get("Allow") == "" {
			t.Errorf("%s: no Allow", row.name)
		}
	}
	if len(w.server.callback.handoffs) != 0 || len(w.broker.finished) != 0 {
		t.Errorf("kept %d, finished %q", len(w.server.callback.handoffs), w.broker.finished)
	}
}

// mustWait is a browser whose popup is open.
func mustWait(t *testing.T) (*world, *browser) {
	w := newWorld(t)
	b := w.mustBrowse(w.mustOwner())
	b.mustStart()
	return w, b
}

// mustRefuse checks a page that says no, and how many tokens were taken until then.
func mustRefuse(t *testing.T, w *world, r *httptest.ResponseRecorder, finished int) {
	t.Helper()
	if r.Code != 403 || !strings.Contains(r.Body.String(), `data-status="refused"`) || len(w.broker.finished) != finished {
		t.Errorf("got %d %s, finished %q", r.Code, r.Body, w.broker.finished)
	}
}

// TestForeignReturns: used, late, in another browser, without one of the cookies, or with a cookie twice.
func TestForeignReturns(t *testing.T) {
	t.Run("used", func(t *testing.T) {
		w, b := mustWait(t)
		binding := b.cookies[bindingName]
		b.send(formPost("API_Session=" + testToken))
		b.finish()
		b.send(formPost("API_Session=87654321"))
		b.cookies[bindingName] = binding
		mustRefuse(t, w, b.finish(), 1)
	})
	t.Run("finish twice", func(t *testing.T) {
		w, b := mustWait(t)
		b.send(formPost("API_Session=" + testToken))
		kept := map[string]string{bindingName: b.cookies[bindingName], handoffName: b.cookies[handoffName]}
		b.finish()
		b.cookies = kept
		mustRefuse(t, w, b.finish(), 1)
	})
	t.Run("another browser", func(t *testing.T) {
		w, b := mustWait(t)
		stranger := w.mustBrowse("")
		stranger.send(formPost("API_Session=" + testToken))
		mustRefuse(t, w, stranger.finish(), 0)
		mustRefuse(t, w, b.finish(), 0)
	})
	t.Run("a made-up binding", func(t *testing.T) {
		w, b := mustWait(t)
		b.cookies[bindingName] = "x"
		b.send(formPost("API_Session=" + testToken))
		mustRefuse(t, w, b.finish(), 0)
	})
	t.Run("binding twice", func(t *testing.T) {
		w, b := mustWait(t)
		b.send(formPost("API_Session=" + testToken))
		header := map[string]string{"Cookie": bindingName + "=x; " + bindingName + "=" + b.cookies[bindingName] + "; " + handoffName + "=" + b.cookies[handoffName]}
		mustRefuse(t, w, w.do(ask{path: finishPath, header: header}), 0)
	})
	t.Run("the second hop a minute late", func(t *testing.T) {
		w, b := mustWait(t)
		b.send(formPost("API_Session=" + testToken))
		w.clock.Advance(handoffSpan)
		mustRefuse(t, w, b.finish(), 0)
	})
	t.Run("the login ten minutes late", func(t *testing.T) {
		w, b := mustWait(t)
		w.clock.Advance(10 * time.Minute)
		mustRefuse(t, w, b.send(formPost("API_Session="+testToken)), 0)
	})
	t.Run("over between the hops", func(t *testing.T) {
		w, b := mustWait(t)
		w.clock.Advance(10*time.Minute - time.Second)
		b.send(formPost("API_Session=" + testToken))
		w.clock.Advance(time.Second)
		mustRefuse(t, w, b.finish(), 0)
	})
}

// TestRefusedReturns: what the page says when the broker, or we, could not take it.
func TestRefusedReturns(t *testing.T) {
	t.Run("the broker refuses", func(t *testing.T) {
		w, b := mustWait(t)
		w.broker.err = &app.BrokerFailure{Class: app.FailedIdentity, Text: "This is another user of the broker <b>. Log in as yourself."}
		b.send(formPost("API_Session=" + testToken))
		r := b.finish()
		page := r.Body.String()
		if r.Code != 422 || !strings.Contains(page, `data-attempt="attempt-1" data-status="refused"`) || !strings.Contains(page, "another user of the broker &lt;b&gt;.") {
			t.Errorf("got %d %s", r.Code, page)
		}
	})
	t.Run("trouble of ours", func(t *testing.T) {
		w, b := mustWait(t)
		w.broker.err = errors.New("a cause of ours")
		b.send(formPost("API_Session=" + testToken))
		if r := b.finish(); r.Code != 500 || strings.Contains(r.Body.String(), "a cause") {
			t.Errorf("got %d %s", r.Code, r.Body)
		}
	})
}

// TestHandoffs: at most 64 wait, the oldest gives way, each is given out once, and none outlives its minute even when
// nobody asks.
func TestHandoffs(t *testing.T) {
	c := newCallback(clock.NewManual(time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)))
	defer c.close()
	var names []string
	for i := range handoffsMax + 3 {
		names = append(names, c.keep(secret.New(fmt.Sprintf("token-%d", i))))
	}
	for i, name := range names {
		token, isThere := c.take(name)
		if want := i >= 3; isThere != want || isThere && token.Reveal() != fmt.Sprintf("token-%d", i) {
			t.Errorf("token %d: there %v, want %v", i, isThere, want)
		}
		if _, isThere := c.take(name); isThere {
			t.Errorf("token %d is given out twice", i)
		}
	}
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() { c.take(c.keep(secret.New("x"))) })
	}
	all.Wait()
	if len(c.handoffs) != 0 {
		t.Errorf("%d are left", len(c.handoffs))
	}
}

// TestHandoffsGoByThemselves runs on the machine's clock, shifted so that a minute is over at once.
func TestHandoffsGoByThemselves(t *testing.T) {
	c := newCallback(&leap{})
	defer c.close()
	c.keep(secret.New("x"))
	await(t, "the token goes", func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.handoffs)
	}, func(n int) bool { return n == 0 })
}

// leap is a clock that is a minute on at every look.
type leap struct {
	mu   sync.Mutex // guards what follows
	seen int
}

func (l *leap) Now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen++
	return time.Date(2026, 11, 24, 6, l.seen, 0, 0, time.UTC)
}

func (l *leap) After(time.Duration) <-chan time.Time { return nil }

// TestStrangersDoNotFillTheTrail: an address is noted a few times, all addresses together some more.
func TestStrangersDoNotFillTheTrail(t *testing.T) {
	w := newWorld(t)
	w.mustOwner()
	for range 50 {
		w.do(ask{path: callbackPath + "?apisession=" + testToken, remote: "192.0.2.1:1"})
	}
	if len(w.broker.refused) != noteBurst {
		t.Errorf("one address is noted %d times, want %d", len(w.broker.refused), noteBurst)
	}
	for i := range 50 {
		w.do(ask{path: callbackPath + "?apisession=" + testToken, remote: fmt.Sprintf("[2001:db8::%x]:1", i)})
	}
	if len(w.broker.refused) != 2*noteBurst {
		t.Errorf("one IPv6 network is noted %d times, want %d", len(w.broker.refused)-noteBurst, noteBurst)
	}
	for i := range 100 {
		w.do(ask{path: callbackPath + "?apisession=" + testToken, remote: fmt.Sprintf("198.51.100.%d:1", i)})
	}
	if len(w.broker.refused) != notesBurst {
		t.Errorf("all are noted %d times, want %d", len(w.broker.refused), notesBurst)
	}
	w.clock.Advance(time.Minute)
	w.do(ask{path: callbackPath + "?apisession=" + testToken, remote: "192.0.2.1:1"})
	if len(w.broker.refused) != notesBurst+1 {
		t.Errorf("a minute later %d", len(w.broker.refused))
	}
	if newCallback(w.clock).mayNote(netip.Addr{}) {
		t.Error("no address at all is noted")
	}
}

func TestCallbackIsLimitedByAddress(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Limits.EntryPerSecond, o.Limits.EntryBurst = 5, 10 })
	for range 10 {
		w.do(ask{path: callbackPath})
	}
	expect(t, "beyond the burst", w.do(ask{path: callbackPath}), 429, "SLOW_DOWN")
}

// TestPopupPage: no inline script or style, and what it loads is served.
func TestPopupPage(t *testing.T) {
	w := newWorld(t)
	r := w.do(ask{path: callbackPath + "?apisession=" + testToken})
	page := r.Body.String()
	for _, part := range []string{`<html lang="en">`, `<script src="` + donePath + `" defer></script>`, `href="` + donePathCSS + `"`, `role="status"`, "<title>", "You can close this window."} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	if strings.Contains(page, "<style") || strings.Contains(page, "style=") || strings.Count(page, "<script") != 1 || strings.Contains(page, "onload") {
		t.Errorf("the page has something inline: %s", page)
	}
	for path, kind := range map[string]string{donePath: "text/javascript; charset=utf-8", donePathCSS: "text/css; charset=utf-8"} {
		r := w.do(ask{path: path})
		if r.Code != 200 || r.Header().Get("Content-Type") != kind || r.Body.Len() == 0 {
			t.Errorf("%s: %d %v", path, r.Code, r.Header())
		}
		mustHeaders(t, path, r)
	}
}

// TestCallbackWaitsForAttach: a browser that comes back while the server starts is not sent away at once.
func TestCallbackWaitsForAttach(t *testing.T) {
	w := newWorld(t)
	options := w.server.Options
	options.Limits.RequestMax = time.Millisecond
	w.server = New(options)
	defer w.server.Close()
	expect(t, "never open", w.do(ask{path: callbackPath + "?apisession=" + testToken}), http.StatusServiceUnavailable, "STARTING")
}

// TestLoginsEndProofs: a proof ends with its login.
func TestLoginsEndProofs(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	actor, err := w.users.Who(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	w.mustDo(204, post("/api/logout", "{}", owner))
	err = w.users.Prove(t.Context(), actor, goodPassword, "", app.From{})
	var refusal *app.Refusal
	if !errors.As(err, &refusal) || refusal.Code != app.NotSignedIn {
		t.Errorf("proof on a login that is over: %v", err)
	}
	if _, err := w.users.Who(t.Context(), owner); err == nil {
		t.Error("the login came back")
	}
}
