// Package memnet is a network of in-memory pipes for tests, so that HTTP and WebSocket code can run in synthetic time.
// It is for tests only. Known limit: a pipe has no buffer, so a peer that does not read blocks the one that writes.
package memnet

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
)

// Net is one server and any number of connections to it. It is its own net.Listener.
type Net struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// New returns a network without a server.
func New() *Net { return &Net{conns: make(chan net.Conn), done: make(chan struct{})} }

// Serve runs handler on a new network until the test ends, and returns a transport whose every connection leads to it,
// whatever the host. stop, when not nil, is called before the server closes: it must end hijacked connections.
func Serve(t *testing.T, handler http.Handler, stop func()) *http.Transport {
	t.Helper()
	n := New()
	server := &http.Server{Handler: handler}
	served := make(chan error, 1)
	go func() { served <- server.Serve(n) }()
	transport := &http.Transport{DialContext: n.Dial}
	t.Cleanup(func() {
		if stop != nil {
			stop()
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		transport.CloseIdleConnections()
	})
	return transport
}

// Accept waits for the next connection.
func (n *Net) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.done:
		return nil, net.ErrClosed
	}
}

// Close refuses new connections. It may be called twice.
func (n *Net) Close() error {
	n.once.Do(func() { close(n.done) })
	return nil
}

// Addr is a name without meaning.
func (n *Net) Addr() net.Addr { return &net.UnixAddr{Name: "memnet"} }

// Dial connects to the server; network and address are not looked at.
func (n *Net) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case n.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-n.done:
		return nil, net.ErrClosed
	}
}
