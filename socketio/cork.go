package socketio

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// corkMax is how many held bytes are written through before the cork is pulled.
const corkMax = 64 << 10

// corkConn is a connection whose writes can be held back, so that many WebSocket messages leave in one system call.
type corkConn struct {
	net.Conn
	mu     sync.Mutex // guards isHeld and held
	isHeld bool
	held   []byte
}

// Write writes p, or keeps it while the cork is in.
func (c *corkConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isHeld {
		return c.Conn.Write(p)
	}
	c.held = append(c.held, p...)
	if len(c.held) < corkMax {
		return len(p), nil
	}
	return len(p), c.flushLocked()
}

func (c *corkConn) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isHeld = true
}

func (c *corkConn) release() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isHeld = false
	return c.flushLocked()
}

func (c *corkConn) flushLocked() error {
	if len(c.held) == 0 {
		return nil
	}
	if err := c.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return fmt.Errorf("socketio: setting the write deadline: %w", err)
	}
	_, err := c.Conn.Write(c.held)
	c.held = c.held[:0]
	if err != nil {
		return fmt.Errorf("socketio: writing: %w", err)
	}
	return nil
}

// corkWriter hands the upgrade a corkConn in place of the server's own connection.
type corkWriter struct {
	http.ResponseWriter
	conn *corkConn
}

// Hijack takes over the connection and puts the cork on it.
func (w *corkWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("socketio: taking over the connection: %w", err)
	}
	w.conn = &corkConn{Conn: conn}
	return w.conn, bufio.NewReadWriter(rw.Reader, bufio.NewWriter(w.conn)), nil
}
