package socketio

import (
	"context"
	"fmt"
	"io"

	"github.com/coder/websocket"
)

// frameReader reads text messages into one buffer that it keeps.
type frameReader struct {
	buf []byte
}

// next returns the next message; it is valid until the following call. Cancelling ctx closes the connection.
func (f *frameReader) next(ctx context.Context, ws *websocket.Conn) ([]byte, error) {
	kind, r, err := ws.Reader(ctx)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, fmt.Errorf("socketio: reading: %w", err)
	}
	if kind != websocket.MessageText {
		return nil, errNotText
	}
	f.buf = f.buf[:0]
	for {
		if len(f.buf) == cap(f.buf) {
			f.buf = append(f.buf, 0)[:len(f.buf)]
		}
		n, err := r.Read(f.buf[len(f.buf):cap(f.buf)])
		f.buf = f.buf[:len(f.buf)+n]
		if err == io.EOF {
			return f.buf, nil
		}
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return nil, cause
			}
			return nil, fmt.Errorf("socketio: reading: %w", err)
		}
	}
}
