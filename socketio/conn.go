package socketio

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Conn is one client of a Server.
type Conn struct {
	// State is whatever the handler wants to keep for this connection; the server never touches it.
	State any

	server *Server
	ws     *websocket.Conn
	cork   *corkConn
	sid    string
	remote string
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu    sync.Mutex // guards queue
	queue [][]byte
	wake  chan struct{} // capacity 1

	isAccepted bool // touched only by the reading goroutine
}

var (
	errSilent   = errors.New("socketio: the peer is silent")
	errSlow     = errors.New("socketio: the peer reads too slowly")
	errNoAuth   = errors.New("socketio: not connected in time")
	errGoodbye  = errors.New("socketio: the peer said goodbye")
	errNotText  = errors.New("socketio: binary message")
	errFinished = errors.New("socketio: connection finished")
)

func newConn(s *Server, ws *websocket.Conn, cork *corkConn, r *http.Request) *Conn {
	c := &Conn{server: s, ws: ws, cork: cork, sid: rand.Text(), remote: r.RemoteAddr, wake: make(chan struct{}, 1)}
	c.ctx, c.cancel = background()
	return c
}

// ID is the Engine.IO session id of the connection, unguessable and unique.
func (c *Conn) ID() string { return c.sid }

// RemoteAddr is the network address of the peer.
func (c *Conn) RemoteAddr() string { return c.remote }

// Send queues whole frames, such as AppendEvent makes, and reports whether the connection still takes any. Frames are
// not copied and must not change afterwards: one encoded frame may go to many connections. It never blocks; a peer with
// more than QueueMax frames waiting is cut.
func (c *Conn) Send(frames ...[]byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return false
	}
	if len(c.queue)+len(frames) > c.server.options.QueueMax {
		c.cut(errSlow)
		return false
	}
	c.queue = append(c.queue, frames...)
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return true
}

// Emit sends an event with one raw JSON argument; see Send.
func (c *Conn) Emit(name string, arg []byte) bool { return c.Send(AppendEvent(nil, name, arg)) }

// Close ends the connection without waiting; Handler.Closed follows. It may be called twice.
func (c *Conn) Close() { c.cut(errFinished) }

// cut ends the connection abruptly; the first cause wins.
func (c *Conn) cut(cause error) { c.cancel(cause) }

// serve runs the connection: the caller's goroutine reads, a second one writes. It returns when both have ended.
func (c *Conn) serve() {
	options := c.server.options
	c.Send(appendJSON("0", handshake{
		SID: c.sid, Upgrades: []string{}, MaxPayload: options.MaxPayload,
		PingInterval: options.PingInterval.Milliseconds(), PingTimeout: options.PingTimeout.Milliseconds(),
	}))
	writerDone := make(chan struct{})
	go func() {
		defer close(writerDone)
		c.cut(c.write())
	}()
	c.cut(c.read())
	<-writerDone
	_ = c.ws.CloseNow()
	if c.isAccepted {
		c.server.handler.Closed(c)
	}
}

// read handles frames until the connection ends. Before the auth is accepted the whole wait is limited; afterwards
// every frame renews the peer's life.
func (c *Conn) read() error {
	options := c.server.options
	silence := time.AfterFunc(options.ConnectWait, func() { c.cut(errNoAuth) })
	defer silence.Stop()
	var reader frameReader
	for {
		frame, err := reader.next(c.ctx, c.ws)
		if err != nil {
			return err
		}
		packet, err := Parse(frame)
		if err != nil {
			return err
		}
		if err := c.handle(packet); err != nil {
			return err
		}
		if c.isAccepted {
			silence.Reset(options.PingInterval + options.PingTimeout)
		}
	}
}

func (c *Conn) handle(packet Packet) error {
	switch packet.Kind {
	case Connect:
		c.connect(packet.Body)
	case Event:
		if c.isAccepted {
			c.server.handler.Event(c, string(packet.Name), packet.Body)
		}
	case Ping:
		c.Send([]byte("3"))
	case Close, Disconnect:
		return errGoodbye
	case Ignored, Open, Pong, Refusal, Malformed:
	}
	return nil
}

func (c *Conn) connect(auth []byte) {
	if c.isAccepted {
		return
	}
	if err := c.server.handler.Connect(c, auth); err != nil {
		c.Send(appendJSON("44", refusal{Message: err.Error()}))
		return
	}
	c.isAccepted = true
	c.Send(appendJSON("40", struct {
		SID string `json:"sid"`
	}{rand.Text()}))
}

// write sends what is queued, everything that waits at once, and the pings.
func (c *Conn) write() error {
	pings := time.NewTicker(c.server.options.PingInterval)
	defer pings.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return context.Cause(c.ctx)
		case <-pings.C:
			c.Send([]byte("2"))
		case <-c.wake:
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
}

func (c *Conn) flush() error {
	c.mu.Lock()
	frames := c.queue
	c.queue = nil
	c.mu.Unlock()
	c.cork.hold()
	for _, frame := range frames {
		if err := c.ws.Write(c.ctx, websocket.MessageText, frame); err != nil {
			return fmt.Errorf("socketio: writing a frame: %w", err)
		}
	}
	return c.cork.release()
}
