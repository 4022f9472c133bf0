package socketio

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"paperport/internal/memnet"
)

// TestMain looks for leaked goroutines, but not while fuzzing: the fuzzer's own never end.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.fuzz"); f != nil && f.Value.String() != "" {
		os.Exit(m.Run())
	}
	goleak.VerifyTestMain(m)
}

// echo accepts the token "good", remembers what happened and answers every event with "echo".
type echo struct {
	mu     sync.Mutex
	log    []string
	conns  []*Conn
	closed chan struct{}
}

func (e *echo) note(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log = append(e.log, fmt.Sprintf(format, args...))
}

func (e *echo) Connect(c *Conn, auth []byte) error {
	if !strings.Contains(string(auth), `"good"`) {
		return errors.New("bad token")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.conns = append(e.conns, c)
	return nil
}

func (e *echo) Event(c *Conn, name string, arg []byte) {
	e.note("%s %s", name, arg)
	c.Emit("echo", arg)
}

func (e *echo) Closed(*Conn) {
	e.note("closed")
	close(e.closed)
}

func (e *echo) seen() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.log, "; ")
}

type bench struct {
	handler *echo
	server  *Server
	client  *http.Client
}

func mustStart(t *testing.T, options ServerOptions) *bench {
	t.Helper()
	b := &bench{handler: &echo{closed: make(chan struct{})}}
	b.server = NewServer(b.handler, options)
	b.client = &http.Client{Transport: memnet.Serve(t, b.server, func() {
		b.server.Close()
		b.server.Close()
	})}
	return b
}

func (b *bench) dial(ctx context.Context, token string) (*Client, error) {
	return Dial(ctx, DialOptions{URL: "http://breeze/socket.io/", HTTPClient: b.client, Auth: []byte(`{"user":"u","token":"` + token + `"}`)})
}

func mustDial(t *testing.T, b *bench) *Client {
	t.Helper()
	c, err := b.dial(t.Context(), "good")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func mustNext(t *testing.T, c *Client) string {
	t.Helper()
	p, err := c.Next()
	if err != nil {
		t.Fatal(err)
	}
	if p.Kind == Ping {
		return "ping"
	}
	return string(p.Name) + " " + string(p.Body)
}

func TestEventThereAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mustStart(t, ServerOptions{})
		c := mustDial(t, b)
		if err := c.Emit("join", []byte(`["4.1!2885"]`)); err != nil {
			t.Fatal(err)
		}
		if got := mustNext(t, c); got != `echo ["4.1!2885"]` {
			t.Errorf("got %s", got)
		}
		if err := c.Emit("disconnect", []byte(`"transport close"`)); err != nil {
			t.Fatal(err)
		}
		if got := mustNext(t, c); got != `echo "transport close"` {
			t.Errorf("an event named disconnect ended the connection or was lost: %s", got)
		}
	})
}

func TestRefusalThenClosedAfterTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mustStart(t, ServerOptions{})
		_, err := b.dial(t.Context(), "bad")
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Message != "bad token" || strings.Contains(err.Error(), "bad token") {
			t.Errorf("got %v, want a RefusedError that keeps the server's text apart", err)
		}
	})
}

// TestSilentLogin: a peer that connects and never sends its auth is cut after ConnectWait.
func TestSilentLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mustStart(t, ServerOptions{})
		ws, _, err := websocket.Dial(t.Context(), "http://breeze/socket.io/?EIO=4&transport=websocket", &websocket.DialOptions{HTTPClient: b.client})
		if err != nil {
			t.Fatal(err)
		}
		defer ws.CloseNow()
		start := time.Now()
		for err == nil {
			_, _, err = ws.Read(t.Context())
		}
		if got := time.Since(start); got != defaultConnectWait {
			t.Errorf("cut after %v, want %v", got, defaultConnectWait)
		}
	})
}

func TestPingsKeepBothSidesAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mustStart(t, ServerOptions{})
		c := mustDial(t, b)
		for range 10 {
			if got := mustNext(t, c); got != "ping" {
				t.Fatalf("got %s, want a ping", got)
			}
		}
		if err := c.Emit("still", []byte("1")); err != nil {
			t.Fatal(err)
		}
		if got := mustNext(t, c); got != "echo 1" {
			t.Errorf("after ten pings got %s", got)
		}
	})
}

// TestServerDropsADeafClient: a client that answers no ping is gone after interval plus timeout.
func TestServerDropsADeafClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mustStart(t, ServerOptions{})
		ws, _, err := websocket.Dial(t.Context(), "http://breeze/socket.io/?EIO=4&transport=websocket", &websocket.DialOptions{HTTPClient: b.client})
		if err != nil {
			t.Fatal(err)
		}
		defer ws.CloseNow()
		if err := ws.Write(t.Context(), websocket.MessageText, []byte(`40{"token":"good"}`)); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for err == nil {
			_, _, err = ws.Read(t.Context())
		}
		<-b.handler.closed
		if got := time.Since(start); got != 45*time.Second {
			t.Errorf("dropped after %v, want 45s", got)
		}
	})
}

// TestClientNoticesASilentServer: no ping within interval plus timeout ends Next.
func TestClientNoticesASilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := memnet.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ws, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			defer ws.CloseNow()
			send := func(frame string) {
				err = errors.Join(err, ws.Write(context.Background(), websocket.MessageText, []byte(frame)))
			}
			send(`0{"sid":"s","pingInterval":2000,"pingTimeout":1000}`)
			_, _, err = ws.Read(context.Background())
			send(`40{"sid":"x"}`)
			send(`bogus`)
			send(`42["stock",[1]]`)
			for err == nil {
				_, _, err = ws.Read(context.Background())
			}
		}), nil)
		c, err := Dial(t.Context(), DialOptions{URL: "http://breeze/socket.io/", HTTPClient: &http.Client{Transport: transport}})
		if err != nil {
			t.Fatal(err)
		}
		if p, err := c.Next(); err != nil || p.Kind != Malformed {
			t.Errorf("a garbage frame gave %v, %v; want Malformed", p.Kind, err)
		}
		if got := mustNext(t, c); got != "stock [1]" {
			t.Errorf("after the garbage frame got %s", got)
		}
		start := time.Now()
		if _, err := c.Next(); !errors.Is(err, errSilent) || time.Since(start) != 3*time.Second {
			t.Errorf("got %v after %v, want silence noticed after 3s", err, time.Since(start))
		}
	})
}

// TestSlowPeerIsCut: a peer that does not read is cut when its queue is full, and Send says so without blocking.
func TestSlowPeerIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mustStart(t, ServerOptions{QueueMax: 8})
		mustDial(t, b)
		conn := b.handler.conns[0]
		sent := 0
		for conn.Emit("x", []byte("1")) {
			sent++
			synctest.Wait()
			if sent > 1000 {
				t.Fatal("a peer that reads nothing was never cut")
			}
		}
		<-b.handler.closed
	})
}

// TestBurstArrivesInOrder: frames queued together are separate messages in their order.
func TestBurstArrivesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mustStart(t, ServerOptions{})
		c := mustDial(t, b)
		conn := b.handler.conns[0]
		for i := range 1000 {
			conn.Emit("n", fmt.Appendf(nil, "%d", i))
		}
		for i := range 1000 {
			if got, want := mustNext(t, c), fmt.Sprintf("n %d", i); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
	})
}

func TestOversizedMessageClosesTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mustStart(t, ServerOptions{MaxPayload: 1000})
		c := mustDial(t, b)
		_ = c.Emit("big", []byte(`"`+strings.Repeat("x", 2000)+`"`))
		if p, err := c.Next(); err == nil {
			t.Errorf("got %v, want the connection closed", p.Kind)
		}
		<-b.handler.closed
	})
}

func TestGoodbyeOfAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mustStart(t, ServerOptions{})
		c := mustDial(t, b)
		if err := c.write([]byte("41")); err != nil {
			t.Fatal(err)
		}
		<-b.handler.closed
		if got := b.handler.seen(); got != "closed" {
			t.Errorf("log %s", got)
		}
	})
}

func TestWrongRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mustStart(t, ServerOptions{})
		for _, query := range []string{"", "?EIO=4&transport=polling", "?EIO=3&transport=websocket"} {
			response, err := b.client.Get("http://breeze/socket.io/" + query)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusBadRequest {
				t.Errorf("%q answered %d, want 400", query, response.StatusCode)
			}
		}
	})
}

// TestOrigins: a foreign page is refused unless the server allows every origin; an offer to compress is tolerated.
func TestOrigins(t *testing.T) {
	for _, isAllowed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := mustStart(t, ServerOptions{IsAnyOriginAllowed: isAllowed})
			ws, _, err := websocket.Dial(t.Context(), "http://breeze/socket.io/?EIO=4&transport=websocket", &websocket.DialOptions{
				HTTPClient: b.client, HTTPHeader: http.Header{"Origin": {"https://elsewhere.example"}}, CompressionMode: websocket.CompressionContextTakeover,
			})
			if (err == nil) != isAllowed {
				t.Errorf("any origin allowed %v: dialling gave %v", isAllowed, err)
			}
			if err == nil {
				_ = ws.CloseNow()
			}
		})
	}
}

// TestStatusError: an HTTP answer in place of the upgrade is told apart from a dead network.
func TestStatusError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := memnet.Serve(t, http.NotFoundHandler(), nil)
		_, err := Dial(t.Context(), DialOptions{URL: "http://breeze/x", HTTPClient: &http.Client{Transport: transport}})
		var status *StatusError
		if !errors.As(err, &status) || status.Status != http.StatusNotFound {
			t.Errorf("got %v, want StatusError 404", err)
		}
	})
}
