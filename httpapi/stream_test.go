package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"paperport/auth"
)

// page is a browser with an open event stream.
type page struct {
	t    *testing.T
	ws   *websocket.Conn
	seen []map[string]any // messages that no mustSee wanted yet
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

func TestStreamOfQuotesAndEvents(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	account := w.mustAccount(owner)
	id := strings.TrimPrefix(account, "/api/accounts/")
	w.mustOpenMarket(owner)
	base := w.mustListen()
	p := w.mustDial(base, owner)
	p.mustSend(fmt.Sprintf(`{"op":"watch","venue":"demo","quotes":[%d],"depth":[%d]}`, w.market.reliance, w.market.reliance))
	p.mustSee("venue", func(m map[string]any) bool { return m["venue"].(map[string]any)["id"] == "demo" })
	p.mustSee("quotes", func(m map[string]any) bool {
		quote := m["quotes"].([]any)[0].(map[string]any)
		return quote["ask"] == "1300.00" && m["venue"] == "demo"
	})
	p.mustSend(`{"op":"account","account":"` + id + `","after":0}`)
	p.mustSee("caught-up", func(m map[string]any) bool { return m["account"] == id })
	w.market.tick(1301_0000)
	p.mustSee("quotes", func(m map[string]any) bool { return m["quotes"].([]any)[0].(map[string]any)["ask"] == "1301.00" })

	expect(t, "order", w.place(owner, account, "order-0001", "buy", "limit", "1290.00", 10), 201, "")
	event := p.mustSee("order", func(m map[string]any) bool { return m["order"].(map[string]any)["client_order_id"] == "order-0001" })
	if event["account"] != id || event["seq"].(float64) < 1 {
		t.Errorf("event %v", event)
	}
	p.mustSee("funds", func(m map[string]any) bool { return m["funds"].(map[string]any)["blocked"] != "0.00" })
	_ = p.ws.Close(websocket.StatusNormalClosure, "")
	resumeAndForeign(t, w, base, owner, id, event["seq"].(float64))
}

// resumeAndForeign comes back after an event and asks for what is somebody else's.
func resumeAndForeign(t *testing.T, w *world, base, owner, id string, seq float64) {
	t.Helper()
	back := w.mustDial(base, owner)
	back.mustSend(fmt.Sprintf(`{"op":"account","account":%q,"after":%d}`, id, int(seq)-1))
	back.mustSee("order", func(m map[string]any) bool { return m["seq"] == seq })
	other, _ := w.mustUser(owner, "other", auth.Trader)
	stranger := w.mustDial(base, other)
	stranger.mustSend(`{"op":"account","account":"` + id + `","after":0}`)
	stranger.mustSee("error", func(m map[string]any) bool { return m["code"] == "NOT_FOUND" })
	stranger.mustSend(`{"op":"watch","venue":"replay-0123456789","quotes":[],"depth":[]}`)
	stranger.mustSee("error", func(m map[string]any) bool { return m["code"] == "NOT_FOUND" })
	stranger.mustSend(`{"op":"watch","venue":"demo","quotes":[999],"depth":[]}`)
	stranger.mustSee("error", func(m map[string]any) bool { return m["code"] == "BAD_FIELD" })
}

// mustSee reads until a message of a kind is as wanted; what else arrived is kept for later calls.
func (p *page) mustSee(kind string, isSo func(map[string]any) bool) map[string]any {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		for i, m := range p.seen {
			if m["t"] == kind && isSo(m) {
				p.seen = slices.Delete(p.seen, i, i+1)
				return m
			}
		}
		_, data, err := p.ws.Read(ctx)
		if err != nil {
			p.t.Fatalf("waiting for %s: %v; seen %.2000v", kind, err, p.seen)
		}
		p.seen = append(p.seen, mustObjects(p.t, data)...)
	}
}

// mustObjects reads a frame: one object, or several in an array.
func mustObjects(t *testing.T, data []byte) []map[string]any {
	t.Helper()
	var one map[string]any
	if json.Unmarshal(data, &one) == nil {
		return []map[string]any{one}
	}
	var many []map[string]any
	if err := json.Unmarshal(data, &many); err != nil {
		t.Fatalf("message %q: %v", data, err)
	}
	return many
}
