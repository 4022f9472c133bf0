package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"paperport/app"
	"paperport/auth"
)

const streamPath = "/api/stream"

// Limits of one socket and the codes it is closed with.
const (
	socketReadMax    = 16 << 10
	socketPerSecond  = 20
	socketWriteMax   = 5 * time.Second
	socketPingEvery  = 25 * time.Second
	socketVenueEvery = time.Second
	symbolsMax       = 500

	closeSignedOut websocket.StatusCode = 4001
	closeTooFast   websocket.StatusCode = 4005
	closeResync    websocket.StatusCode = 4008
	closeTooMany   websocket.StatusCode = 4029
)

// sockets counts the open event streams and ends them all at the end.
type sockets struct {
	max     int
	mu      sync.Mutex // guards what follows
	perUser map[auth.UserID]int
	running sync.WaitGroup
	stop    chan struct{}
	isOver  bool
}

func newSockets(perUser int) *sockets {
	return &sockets{max: perUser, perUser: map[auth.UserID]int{}, stop: make(chan struct{})}
}

// enter takes a place for a user's socket; the result gives it back.
func (s *sockets) enter(user auth.UserID) (func(), bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isOver || (s.max > 0 && s.perUser[user] >= s.max) {
		return nil, false
	}
	s.perUser[user]++
	s.running.Add(1)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.perUser[user]--; s.perUser[user] == 0 {
			delete(s.perUser, user)
		}
		s.running.Done()
	}, true
}

// Streams counts the open event streams.
func (s *Server) Streams() (n int) {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	for _, open := range s.sockets.perUser {
		n += open
	}
	return n
}

func (s *sockets) close() {
	s.mu.Lock()
	if !s.isOver {
		s.isOver = true
		close(s.stop)
	}
	s.mu.Unlock()
	s.running.Wait()
}

// serveStream upgrades to the event stream: exact Origin, login by cookie, nothing in the URL.
func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	if !slices.Contains(s.origins, r.Header.Get("Origin")) {
		writeProblem(w, r, problem(http.StatusForbidden, "CROSS_ORIGIN", "The event stream opens only from our own pages."))
		return
	}
	if r.URL.RawQuery != "" {
		writeProblem(w, r, problem(http.StatusBadRequest, "BAD_FIELD", "The event stream takes no parameters in its address."))
		return
	}
	actor := actorOf(r.Context())
	leave, isIn := s.sockets.enter(actor.User.ID)
	if !isIn {
		writeProblem(w, r, problem(http.StatusTooManyRequests, "TOO_MANY_STREAMS", "Too many pages of yours are open. Close one."))
		return
	}
	defer leave()
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled, OriginPatterns: s.origins})
	if err != nil {
		s.Log.Debug("event stream not opened", "err", err)
		return
	}
	ws.SetReadLimit(socketReadMax)
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	c := &socket{server: s, ws: ws, actor: actor, requests: make(chan socketRequest, 8), ended: make(chan struct{}, 1)}
	unfollow, isSignedIn := s.Users.Follow(actor.Login.TokenHash, func() { c.ended <- struct{}{} })
	if !isSignedIn {
		_ = ws.Close(closeSignedOut, "signed out")
		return
	}
	defer unfollow()
	if s.Brokers != nil {
		changed := make(chan struct{}, 1)
		defer s.Brokers.Follow(actor.User.ID, func() {
			select {
			case changed <- struct{}{}:
			default:
			}
		})()
		c.brokerChanged = changed
	}
	c.serve(ctx, cancel)
}

// socketRequest is what a page asks for.
type socketRequest struct {
	Op      string   `json:"op"`
	Venue   string   `json:"venue"`
	Quotes  []uint32 `json:"quotes"`
	Depth   []uint32 `json:"depth"`
	Account string   `json:"account"`
	After   uint64   `json:"after"`
	problem string
}

// read passes requests to the loop until the socket ends.
func (c *socket) read(ctx context.Context, cancel context.CancelFunc) {
	defer cancel()
	windowStart, inWindow := c.server.Clock.Now(), 0
	for {
		kind, data, err := c.ws.Read(ctx)
		if err != nil {
			return
		}
		if now := c.server.Clock.Now(); now.Sub(windowStart) >= time.Second {
			windowStart, inWindow = now, 0
		}
		if inWindow++; inWindow > socketPerSecond {
			_ = c.ws.Close(closeTooFast, "too many messages")
			return
		}
		request := socketRequest{problem: "Send one JSON object as text."}
		if kind == websocket.MessageText {
			request = parseRequest(data)
		}
		select {
		case c.requests <- request:
		case <-ctx.Done():
			return
		}
	}
}

// requestFields are the only keys of each request.
var requestFields = map[string][]string{
	"watch":   {"op", "venue", "quotes", "depth"},
	"account": {"op", "account", "after"},
	"ping":    {"op"},
}

func parseRequest(data []byte) socketRequest {
	var parsed any
	var request socketRequest
	if err := unmarshalStrict(data, &parsed); err != nil {
		return socketRequest{problem: "This is not valid JSON: " + err.Error() + "."}
	}
	object, isObject := parsed.(map[string]any)
	if !isObject {
		return socketRequest{problem: "Send one JSON object as text."}
	}
	if err := json.Unmarshal(data, &request); err != nil {
		return socketRequest{problem: "A field has the wrong type."}
	}
	allowed, isKnown := requestFields[request.Op]
	if !isKnown {
		return socketRequest{problem: "op is one of watch, account, ping."}
	}
	for key := range object {
		if !slices.Contains(allowed, key) {
			return socketRequest{problem: "Unknown field."}
		}
	}
	if len(request.Quotes)+len(request.Depth) > symbolsMax {
		return socketRequest{problem: "At most 500 instruments per page."}
	}
	return request
}

// streamError is what a page is told about an error.
func (c *socket) streamError(ctx context.Context, err error) map[string]any {
	p := c.server.explain(ctx, err)
	return map[string]any{"t": "error", "code": p.Code, "detail": p.Detail}
}

var errResync = errors.New("httpapi: event stream fell behind")

// accountObjects turns a batch of account events into wire objects.
func accountObjects(events []app.AccountEvent) []any {
	objects := make([]any, 0, len(events))
	for _, e := range events {
		head := map[string]any{"seq": e.Seq, "account": string(e.Account)}
		switch {
		case e.Order != nil:
			head["t"], head["order"] = "order", wireOrder(*e.Order)
		case e.Trade != nil:
			head["t"], head["trade"] = "trade", wireTrade(*e.Trade)
		case e.Position != nil:
			head["t"], head["position"] = "position", wirePosition(*e.Position)
		case e.Holding != nil:
			head["t"], head["holding"] = "holding", wireHolding(*e.Holding)
		case e.Funds != nil:
			head["t"], head["funds"] = "funds", wireFunds(*e.Funds)
		default:
			continue
		}
		objects = append(objects, head)
	}
	return objects
}
