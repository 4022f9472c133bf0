package breezesim

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/market"
	"paperport/socketio"
)

// listener is one connected client of a stream.
type listener struct {
	b      *bench
	client *socketio.Client
}

func (b *bench) mustListen(mount string, tokens ...string) *listener {
	b.t.Helper()
	client, err := socketio.Dial(context.Background(), socketio.DialOptions{URL: "ws" + strings.TrimPrefix(b.http.URL, "http") + mount, Auth: b.session.StreamAuth()})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(client.Close)
	l := &listener{b, client}
	if len(tokens) > 0 {
		l.emit("join", tokens)
	}
	return l
}

func (l *listener) emit(name string, arg any) {
	l.b.t.Helper()
	body, err := json.Marshal(arg)
	if err == nil {
		err = l.client.Emit(name, body)
	}
	if err != nil {
		l.b.t.Fatal(err)
	}
}

// next returns the next event's name and argument.
func (l *listener) next() (string, string) {
	l.b.t.Helper()
	packet, err := l.client.Next()
	if err != nil {
		l.b.t.Fatal(err)
	}
	return string(packet.Name), string(packet.Body)
}

// step moves the clock and sends the second's ticks, in place of the simulator's own goroutine.
func (b *bench) step(to calendar.Instant) {
	b.clock.Set(to.Time())
	b.rooms.send(to-1_000_000, to)
}

// fold reads n quote ticks and adds them to the minute candles of their rooms.
func (l *listener) fold(into map[string][]market.Candle, n int) {
	l.b.t.Helper()
	for range n {
		_, body := l.next()
		var s breezewire.Stock
		if err := breezewire.DecodeStock([]byte(body), &s); err != nil {
			l.b.t.Fatalf("%v in %s", err, body)
		}
		token := string(s.Symbol)
		minute := s.Quote.At - s.Quote.At%60_000_000
		bars := into[token]
		p := s.Quote.Last
		if len(bars) == 0 || bars[len(bars)-1].Start != minute {
			bars = append(bars, market.Candle{Start: minute, Open: p, High: p, Low: p})
		}
		bar := &bars[len(bars)-1]
		bar.High, bar.Low, bar.Close = max(bar.High, p), min(bar.Low, p), p
		into[token] = bars
	}
}

func TestStreamRefusesStrangers(t *testing.T) {
	b := mustStart(t, start)
	_, err := socketio.Dial(context.Background(), socketio.DialOptions{
		URL: "ws" + strings.TrimPrefix(b.http.URL, "http") + "/socket.io/", Auth: breezewire.Session{User: userOf(House), Key: "1"}.StreamAuth(),
	})
	var refused *socketio.RefusedError
	if !isRefused(err, &refused) {
		t.Errorf("got %v, want a refusal", err)
	}
}

func isRefused(err error, target **socketio.RefusedError) bool {
	r, ok := err.(*socketio.RefusedError)
	*target = r
	return ok
}

func TestDepthRoom(t *testing.T) {
	b := mustStart(t, start)
	l := b.mustListen("/socket.io/")
	l.emit("join", "1.2!500325")
	_, body := l.next()
	var s breezewire.Stock
	if err := breezewire.DecodeStock([]byte(body), &s); err != nil || s.Kind != breezewire.DepthTick || s.Depth.BidLevels != market.MaxLevels {
		t.Fatalf("%v: %s", err, body)
	}
	if s.Depth.At != start {
		t.Errorf("stamped %s, want %s", s.Depth.At, start)
	}
}

func TestLeaveAndDisconnectEvent(t *testing.T) {
	for name, leave := range map[string]func(*listener){
		"leave":      func(l *listener) { l.emit("leave", []string{"4.1!2885", "4.1!nosuch"}) },
		"disconnect": func(l *listener) { l.emit("disconnect", "transport close") },
	} {
		t.Run(name, func(t *testing.T) {
			b := mustStart(t, start)
			l := b.mustListen("/socket.io/", "4.1!2885")
			l.next()
			leave(l)
			l.emit("join", "4.1!1594") // answered after the leave
			if _, body := l.next(); !strings.HasPrefix(body, `["4.1!1594"`) {
				t.Fatalf("got %s", body)
			}
			b.step(start.Add(time.Second))
			if _, body := l.next(); !strings.HasPrefix(body, `["4.1!1594"`) {
				t.Errorf("still in the room: %s", body)
			}
			if len(b.rooms.all) != 1 {
				t.Errorf("%d rooms left", len(b.rooms.all))
			}
		})
	}
}

func TestCandleRoom(t *testing.T) {
	b := mustStart(t, start.Add(-time.Second))
	l := b.mustListen("/ohlcvstream/")
	l.emit("join", "4.1!2885")
	for b.roomCount() == 0 {
		b.clock.Advance(0) // the join is on its way
	}
	b.step(start)
	want := []string{"1SEC", "1MIN", "5MIN", "30MIN"}
	starts := []string{"10:59:59", "10:59:00", "10:55:00", "10:30:00"}
	for i := range want {
		name, body := l.next()
		if name != want[i] || !strings.HasPrefix(body, `"NSE,RELIND,`) || !strings.HasSuffix(body, `2026-11-25 `+starts[i]+`,`+want[i]+`"`) {
			t.Errorf("%s: %s", name, body)
		}
	}
}

func (b *bench) roomCount() int {
	b.rooms.mu.Lock()
	defer b.rooms.mu.Unlock()
	return len(b.rooms.all)
}

// TestOwnClock lets the simulator's goroutine send by itself.
func TestOwnClock(t *testing.T) {
	b := mustStart(t, start)
	b.ticker.Go(b.run)
	l := b.mustListen("/socket.io/", "4.1!2885")
	_, first := l.next()
	got := make(chan string, 1)
	go func() {
		_, body := l.next()
		got <- body
	}()
	for {
		select {
		case body := <-got:
			if body == first {
				t.Errorf("the same tick twice: %s", body)
			}
			return
		default:
			b.clock.Advance(10 * time.Millisecond)
		}
	}
}

func TestFaults(t *testing.T) {
	b := mustStart(t, start)
	l := b.mustListen("/socket.io/", "4.1!2885")
	_, first := l.next()
	control := httpTestControl(t, b)
	control("feed", `{"frozen":true}`, http.StatusNoContent)
	for s := range 3 {
		b.step(start.Add(time.Duration(s+1) * time.Second))
		if _, body := l.next(); body != first {
			t.Fatalf("frozen: got %s, want %s", body, first)
		}
	}
	control("feed", `{"frozen":false}`, http.StatusNoContent)
	b.step(start.Add(4 * time.Second))
	if _, body := l.next(); body == first {
		t.Error("still frozen")
	}
	control("feed", `{"garbage":true}`, http.StatusNoContent)
	b.step(start.Add(5 * time.Second))
	l.next()
	_, body := l.next()
	var s breezewire.Stock
	if err := breezewire.DecodeStock([]byte(body), &s); err == nil {
		t.Errorf("garbage is readable: %s", body)
	}
	control("nosuch", "", http.StatusNotFound)
	control("feed", "frozen", http.StatusBadRequest)
	control("drop", "", http.StatusNoContent)
	for {
		if _, err := l.client.Next(); err != nil {
			return
		}
	}
}

// httpTestControl returns a function that posts to the control handler; it is refused with a wrong token first.
func httpTestControl(t *testing.T, b *bench) func(path, body string, want int) {
	h := b.ControlHandler("secret")
	post := func(path, body, token string, want int) {
		t.Helper()
		r := httptest.NewRequest("POST", "/control/"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s %s: got %d, want %d", path, body, w.Code, want)
		}
	}
	post("feed", `{"frozen":true}`, "wrong", http.StatusForbidden)
	return func(path, body string, want int) { t.Helper(); post(path, body, "secret", want) }
}
