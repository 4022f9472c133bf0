package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"paperport/auth"
)

// page is a browser with an open event stream.
type page struct {
	t  *testing.T
	ws *websocket.Conn
}

// mustListen serves the world on a real listener whose name is localhost:8000 to the handler.
func (w *world) mustListen() string {
	w.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Host == "page" {
			r.Host = "localhost:8000"
		}
		w.server.ServeHTTP(rw, r)
	}))
	w.t.Cleanup(func() {
		w.server.Close()
		server.Close()
	})
	return server.URL
}

func (w *world) dial(base, cookie string, edit func(http.Header)) (*websocket.Conn, *http.Response, error) {
	header := http.Header{"Origin": {"http://localhost:8000"}}
	if cookie != "" {
		header.Set("Cookie", cookiePlain+"="+cookie)
	}
	if edit != nil {
		edit(header)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return websocket.Dial(ctx, base+streamPath, &websocket.DialOptions{HTTPHeader: header, Host: "page"})
}

func (w *world) mustDial(base, cookie string) *page {
	w.t.Helper()
	ws, _, err := w.dial(base, cookie, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = ws.CloseNow() })
	p := &page{t: w.t, ws: ws}
	if hello := p.mustRead(); hello["t"] != "hello" || hello["login_expires_at"] != "2026-11-24T18:29:00Z" {
		w.t.Fatalf("first message %v", hello)
	}
	return p
}

func (p *page) mustRead() map[string]any {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, data, err := p.ws.Read(ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	var message map[string]any
	if err := json.Unmarshal(data, &message); err != nil {
		p.t.Fatalf("message %q: %v", data, err)
	}
	return message
}

func (p *page) mustSend(text string) {
	p.t.Helper()
	if err := p.ws.Write(context.Background(), websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// closeCode reads to the end of the stream.
func (p *page) closeCode() websocket.StatusCode {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for {
		if _, _, err := p.ws.Read(ctx); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

func TestStreamIsOnlyForOurPages(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	base := w.mustListen()
	rows := []struct {
		name   string
		cookie string
		edit   func(http.Header)
		query  string
		status int
	}{
		{"another site", owner, func(h http.Header) { h.Set("Origin", "https://evil.example") }, "", 403},
		{"another port", owner, func(h http.Header) { h.Set("Origin", "http://localhost:9000") }, "", 403},
		{"null origin", owner, func(h http.Header) { h.Set("Origin", "null") }, "", 403},
		{"no origin", owner, func(h http.Header) { h.Del("Origin") }, "", 403},
		{"no cookie", "", nil, "", 401},
		{"made-up cookie", "x", nil, "", 401},
		{"token in the address", "", nil, "?token=" + owner, 401},
		{"token in the address and cookie", owner, nil, "?token=" + owner, 400},
	}
	for _, row := range rows {
		ws, response, err := w.dial(base, row.cookie, row.edit)
		if row.query != "" {
			if ws != nil {
				_ = ws.CloseNow()
			}
			a := ask{path: streamPath + row.query, cookie: row.cookie, header: map[string]string{"Origin": "http://localhost:8000"}}
			if r := w.do(a); r.Code != row.status {
				t.Errorf("%s: got %d, want %d", row.name, r.Code, row.status)
			}
			continue
		}
		if err == nil || response == nil || response.StatusCode != row.status {
			t.Errorf("%s: got %v, %v, want %d", row.name, response, err, row.status)
		}
	}
}

func TestStreamMessages(t *testing.T) {
	w := newWorld(t)
	p := w.mustDial(w.mustListen(), w.mustOwner())
	rows := []struct{ send, kind, code string }{
		{`{"op":"ping"}`, "pong", ""},
		{`{"op":"ping","op":"ping"}`, "error", "BAD_JSON"},
		{`{"op":"fly"}`, "error", "BAD_JSON"},
		{`{"op":"ping","x":1}`, "error", "BAD_JSON"},
		{`{"op":1}`, "error", "BAD_JSON"},
		{`[]`, "error", "BAD_JSON"},
		{`nonsense`, "error", "BAD_JSON"},
		{`{"op":"watch","venue":"demo","quotes":[-1]}`, "error", "BAD_JSON"},
		{`{"op":"watch","venue":"demo","quotes":[` + strings.TrimSuffix(strings.Repeat("1,", 501), ",") + `]}`, "error", "BAD_JSON"},
		{`{"op":"account","account":"` + strings.Repeat("0", 32) + `","after":-1}`, "error", "BAD_JSON"},
		{`{"op":"ping"}`, "pong", ""},
	}
	for _, row := range rows {
		p.mustSend(row.send)
		got := p.mustRead()
		code, _ := got["code"].(string)
		if got["t"] != row.kind || code != row.code {
			t.Errorf("%.60s: got %v, want %s %s", row.send, got, row.kind, row.code)
		}
		w.clock.Advance(time.Second)
	}
}

func TestStreamLimits(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	base := w.mustListen()
	fast := w.mustDial(base, owner)
	for range socketPerSecond + 1 {
		_ = fast.ws.Write(context.Background(), websocket.MessageText, []byte(`{"op":"ping"}`))
	}
	if got := fast.closeCode(); got != closeTooFast {
		t.Errorf("too many messages: closed with %d, want %d", got, closeTooFast)
	}
	large := w.mustDial(base, owner)
	large.mustSend(`{"op":"` + strings.Repeat("x", socketReadMax) + `"}`)
	if got := large.closeCode(); got != websocket.StatusMessageTooBig {
		t.Errorf("large message: closed with %d, want %d", got, websocket.StatusMessageTooBig)
	}
	mustEventually(t, "the places are free again", func() bool { return w.server.sockets.count() == 0 })
	pages := []*page{}
	for range DefaultLimits.SocketsPerUser {
		pages = append(pages, w.mustDial(base, owner))
	}
	_, response, err := w.dial(base, owner, nil)
	if err == nil || response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one page too many: got %v, %v", response, err)
	}
	other, _ := w.mustUser(owner, "other", auth.Trader)
	w.mustDial(base, other)
	_ = pages[0].ws.Close(websocket.StatusNormalClosure, "")
	mustEventually(t, "a place is free", func() bool { return w.server.sockets.count() == DefaultLimits.SocketsPerUser })
	w.mustDial(base, owner)
}

// mustEventually waits for another goroutine without guessing how long it takes.
func mustEventually(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for !isSo() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 5 s: %s", what)
		}
		<-time.After(time.Millisecond)
	}
}

func (s *sockets) count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, open := range s.perUser {
		n += open
	}
	return n
}

func TestEndOfLoginEndsStreams(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	base := w.mustListen()
	_, traderID := w.mustUser(owner, "trader", auth.Trader)
	rows := []struct {
		name string
		end  func(cookie string)
	}{
		{"logout", func(cookie string) { w.mustDo(204, ask{method: "POST", path: "/api/logout", cookie: cookie}) }},
		{"disabled", func(string) {
			w.mustDo(200, ask{method: "POST", path: "/api/users/" + traderID + "/disable", cookie: owner})
		}},
		{"signed out by the owner", func(string) {
			w.mustDo(200, ask{method: "POST", path: "/api/users/" + traderID + "/sign-out", cookie: owner})
		}},
		{"password changed", func(cookie string) {
			w.mustDo(204, ask{method: "POST", path: "/api/me/password", cookie: cookie,
				body: `{"old_password":"` + goodPassword + `","new_password":"amber spoon above snow"}`})
		}},
	}
	for _, row := range rows {
		w.mustDo(200, ask{method: "POST", path: "/api/users/" + traderID + "/enable", cookie: owner})
		cookie := w.mustLogin("trader")
		p := w.mustDial(base, cookie)
		start := time.Now()
		row.end(cookie)
		if got := p.mustRead(); got["t"] != "signed-out" {
			t.Errorf("%s: got %v, want signed-out", row.name, got)
		}
		if got := p.closeCode(); got != closeSignedOut {
			t.Errorf("%s: closed with %d, want %d", row.name, got, closeSignedOut)
		}
		if took := time.Since(start); took > time.Second && row.name != "password changed" {
			t.Errorf("%s: took %v, want at most 1 s", row.name, took)
		}
	}
}

func TestExpiryEndsStreams(t *testing.T) {
	w := newWorld(t)
	p := w.mustDial(w.mustListen(), w.mustOwner())
	w.clock.Set(time.Date(2026, 11, 24, 18, 29, 0, 0, time.UTC))
	if err := w.users.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := p.mustRead(); got["t"] != "signed-out" {
		t.Errorf("got %v, want signed-out", got)
	}
}

func TestOpenStreamCountsAsUse(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	actor, err := w.users.Who(context.Background(), owner)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(7 * time.Hour)
	w.users.Touch(actor.Login.TokenHash)
	w.clock.Advance(4 * time.Hour)
	expect(t, "eleven hours after sign-in", w.do(ask{path: "/api/me/logins", cookie: owner}), 200, "")
	if err := w.users.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	stored, err := w.store.Users().Login(context.Background(), actor.Login.TokenHash)
	if err != nil || !stored.LastSeenAt.Equal(w.clock.Now()) {
		t.Errorf("stored last seen %v, %v, want %v", stored.LastSeenAt, err, w.clock.Now())
	}
}

func TestCloseEndsStreams(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	base := w.mustListen()
	p := w.mustDial(base, owner)
	closed := make(chan websocket.StatusCode, 1)
	go func() { closed <- p.closeCode() }()
	w.server.Close()
	if got := <-closed; got != websocket.StatusGoingAway {
		t.Errorf("closed with %d, want %d", got, websocket.StatusGoingAway)
	}
	if _, response, err := w.dial(base, owner, nil); err == nil || errors.Is(err, context.DeadlineExceeded) || response.StatusCode != 429 {
		t.Errorf("after the end: %v, %v", response, err)
	}
	w.server.Close()
}
