package socketio

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Defaults of the server; the ping values are those of Node's socket.io 4.
const (
	defaultPingInterval = 25 * time.Second
	defaultPingTimeout  = 20 * time.Second
	defaultConnectWait  = 5 * time.Second
	defaultMaxPayload   = 1_000_000
	defaultQueueMax     = 4096
	writeTimeout        = 5 * time.Second
)

// Handler is what a server does with its connections. The calls for one connection come one after the other, from that
// connection's reading goroutine; calls for different connections are concurrent.
type Handler interface {
	// Connect decides about the auth payload (raw JSON, maybe empty) of a connection. A non-nil error refuses it, and its
	// text is sent to the client; the client may try again until ConnectWait is over.
	Connect(c *Conn, auth []byte) error
	// Event delivers one event; arg is raw JSON, valid during the call.
	Event(c *Conn, name string, arg []byte)
	// Closed is called once for every connection that Connect accepted, after its last Event.
	Closed(c *Conn)
}

// ServerOptions are the limits of a Server; zero values take the defaults.
type ServerOptions struct {
	// PingInterval (25 s) and PingTimeout (20 s) are sent to the client in the open packet and kept by both sides.
	PingInterval, PingTimeout time.Duration
	// ConnectWait (5 s) is how long a connection may take to be accepted before it is closed.
	ConnectWait time.Duration
	// MaxPayload (1,000,000) is the largest message read, in bytes.
	MaxPayload int64
	// QueueMax (4096) is how many frames may wait for a slow peer before its connection is cut.
	QueueMax int
	// IsAnyOriginAllowed lets pages of every origin connect; right only where nothing rides on a cookie.
	IsAnyOriginAllowed bool
}

func (o ServerOptions) withDefaults() ServerOptions {
	setDefault(&o.PingInterval, defaultPingInterval)
	setDefault(&o.PingTimeout, defaultPingTimeout)
	setDefault(&o.ConnectWait, defaultConnectWait)
	setDefault(&o.MaxPayload, defaultMaxPayload)
	setDefault(&o.QueueMax, defaultQueueMax)
	return o
}

func setDefault[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// Server accepts Socket.IO connections. It is an http.Handler for the mount path (such as /socket.io/).
type Server struct {
	options ServerOptions
	handler Handler

	mu       sync.Mutex // guards conns and isClosed
	conns    map[*Conn]struct{}
	isClosed bool
	wg       sync.WaitGroup
}

// NewServer returns a server that is ready to be mounted.
func NewServer(handler Handler, options ServerOptions) *Server {
	return &Server{options: options.withDefaults(), handler: handler, conns: map[*Conn]struct{}{}}
}

// ServeHTTP upgrades the request and serves the connection until it ends. A request that is not the WebSocket
// transport of Engine.IO 4 gets 400 with Engine.IO's own error body.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if query.Get("transport") != "websocket" {
		refuse(w, `{"code":0,"message":"Transport unknown"}`)
		return
	}
	if query.Get("EIO") != "4" {
		refuse(w, `{"code":5,"message":"Unsupported protocol version"}`)
		return
	}
	cork := &corkWriter{ResponseWriter: w}
	ws, err := websocket.Accept(cork, r, &websocket.AcceptOptions{InsecureSkipVerify: s.options.IsAnyOriginAllowed})
	if err != nil {
		return // Accept has answered
	}
	ws.SetReadLimit(s.options.MaxPayload)
	c := newConn(s, ws, cork.conn, r)
	if !s.add(c) {
		ws.CloseNow()
		return
	}
	defer s.remove(c)
	c.serve()
}

func refuse(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write([]byte(body))
}

func (s *Server) add(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed {
		return false
	}
	s.conns[c] = struct{}{}
	s.wg.Add(1)
	return true
}

func (s *Server) remove(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.wg.Done()
}

// Close cuts every connection, refuses new ones and waits until all goroutines have ended. It may be called twice.
func (s *Server) Close() {
	s.mu.Lock()
	s.isClosed = true
	for c := range s.conns {
		c.cut(errServerClosed)
	}
	s.mu.Unlock()
	s.wg.Wait()
}

var errServerClosed = errors.New("socketio: server closed")

// background is the parent of every connection's context: after the upgrade the request's own is no longer ours.
func background() (context.Context, context.CancelCauseFunc) {
	return context.WithCancelCause(context.Background())
}
