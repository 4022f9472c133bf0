package leak

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// day collects what came out and what must not have.
type day struct {
	t    *testing.T
	base string

	mu      sync.Mutex // guards all that follows
	secrets *scanner
	hay     []hay
}

type hay struct {
	where string
	data  []byte
}

func (d *day) plant(name, secret string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.secrets.plant(name, secret)
}

func (d *day) gather(where string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hay = append(d.hay, hay{where, data})
}

// visitor is a browser as far as cookies go. One goroutine uses it.
type visitor struct {
	d       *day
	name    string
	cookies map[string]string
}

func (d *day) visitor(name string) *visitor {
	return &visitor{d: d, name: name, cookies: map[string]string{}}
}

type reply struct {
	status   int
	body     []byte
	location string
}

// into reads the answer as JSON; a failure shows as a zero value, which the caller's next step stumbles on.
func (r reply) into(v any) { _ = json.Unmarshal(r.body, v) }

// do sends a request and keeps its answer with all headers for the scan. Left out are what is meant to carry a secret: the cookies, the
// demo account that is made to be shown, and the way to the broker's login page, which names the API key.
func (v *visitor) do(method, path, kind, body string) reply {
	v.d.t.Helper()
	ctx, cancel := context.WithTimeout(v.d.t.Context(), 2*time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, v.d.base+path, strings.NewReader(body))
	if err != nil {
		v.d.t.Errorf("a request of %s cannot be made", v.name)
		return reply{}
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for name, value := range v.cookies {
		r.Header.Add("Cookie", name+"="+value)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return reply{} // such garbage is not HTTP for the client itself, or the server hung up
	}
	defer func() { _ = answer.Body.Close() }()
	text, _ := io.ReadAll(answer.Body)
	v.keep(answer)
	got := reply{answer.StatusCode, text, answer.Header.Get("Location")}
	if strings.HasSuffix(path, "/open") {
		answer.Header.Del("Location")
	}
	var head bytes.Buffer
	_ = answer.Header.Write(&head)
	route, _, _ := strings.Cut(path, "?")
	if route != "/api/broker/demo" {
		head.Write(text)
	}
	if len(route) > 40 {
		route = route[:40] + "…"
	}
	v.d.gather(fmt.Sprintf("the answer %d to %s of %s %s", answer.StatusCode, v.name, method, route), head.Bytes())
	return got
}

// keep takes the cookies, each of which is a secret from then on.
func (v *visitor) keep(answer *http.Response) {
	for _, c := range answer.Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(v.cookies, c.Name)
			continue
		}
		v.cookies[c.Name] = c.Value
		v.d.plant("cookie "+c.Name+" of "+v.name, c.Value)
	}
	answer.Header.Del("Set-Cookie")
}

func (v *visitor) get(path string) reply { return v.do(http.MethodGet, path, "", "") }

func (v *visitor) post(path string, body any) reply {
	text, err := json.Marshal(body)
	if err != nil {
		v.d.t.Fatal(err)
	}
	return v.do(http.MethodPost, path, "application/json", string(text))
}

func (v *visitor) must(want int, r reply) reply {
	v.d.t.Helper()
	if r.status != want {
		v.d.t.Fatalf("%s: status %d, want %d: %.300s", v.name, r.status, want, r.body)
	}
	return r
}

// listen keeps every event of the stream until the server ends it.
func (v *visitor) listen(ctx context.Context) (ended chan struct{}) {
	v.d.t.Helper()
	header := http.Header{"Origin": {v.d.base}}
	for name, value := range v.cookies {
		header.Add("Cookie", name+"="+value)
	}
	ws, _, err := websocket.Dial(ctx, strings.Replace(v.d.base, "http", "ws", 1)+"/api/stream", &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		v.d.t.Fatalf("%s: event stream: %v", v.name, err)
	}
	ws.SetReadLimit(1 << 20)
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		for {
			_, data, err := ws.Read(ctx)
			if err != nil {
				return
			}
			v.d.gather("an event of "+v.name, data)
		}
	}()
	return ended
}
