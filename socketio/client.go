package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/coder/websocket"
)

// RefusedError is the server's answer 44 to an auth payload: the token is bad, trying again with it is pointless.
type RefusedError struct {
	// Message is the server's text, which nobody vouches for: clean it before showing it.
	Message string
}

// Error says that the connection was refused; the server's own text is left out.
func (e *RefusedError) Error() string { return "socketio: the server refused the login" }

// StatusError is an HTTP answer to the upgrade other than 101.
type StatusError struct {
	Status int
}

// Error names the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("socketio: upgrade answered with HTTP %d", e.Status)
}

// ErrClosed says that the server ended the connection with a packet of its own.
var ErrClosed = errors.New("socketio: the server closed the connection")

// DialOptions say where and how to connect; only URL is needed.
type DialOptions struct {
	// URL is the mount, such as https://host/socket.io/; query parameters are added.
	URL string
	// HTTPClient sends the upgrade request; nil means http.DefaultClient.
	HTTPClient *http.Client
	// Header is sent with the upgrade.
	Header http.Header
	// Auth is the JSON payload of the connect packet; empty sends none.
	Auth []byte
	// ReadMax (1 MiB) is the largest message read, in bytes.
	ReadMax int64
	// ConnectWait (10 s) limits everything up to the server's acceptance.
	ConnectWait time.Duration
}

const (
	defaultReadMax     = 1 << 20
	defaultClientWait  = 10 * time.Second
	pingMin, pingMax   = time.Second, 5 * time.Minute
	defaultPingSilence = defaultPingInterval + defaultPingTimeout
)

// Client is one accepted connection. Emit may be called from any goroutine, Next from one at a time.
type Client struct {
	ws      *websocket.Conn
	ctx     context.Context
	cancel  context.CancelCauseFunc
	reader  frameReader
	silence time.Duration
	timer   *time.Timer
}

// Dial connects and logs in. It returns a RefusedError for the server's 44, a StatusError for an HTTP answer that is not
// an upgrade, and otherwise what the network said. ctx limits only the dialling.
func Dial(ctx context.Context, options DialOptions) (*Client, error) {
	setDefault(&options.ReadMax, defaultReadMax)
	setDefault(&options.ConnectWait, defaultClientWait)
	ctx, stop := context.WithTimeout(ctx, options.ConnectWait)
	defer stop()
	ws, err := upgrade(ctx, options)
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(options.ReadMax)
	c := &Client{ws: ws}
	c.ctx, c.cancel = background()
	c.timer = time.AfterFunc(options.ConnectWait, func() { c.cancel(errSilent) })
	unhook := context.AfterFunc(ctx, func() { c.cancel(context.Cause(ctx)) })
	err = c.login(options.Auth)
	if !unhook() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func upgrade(ctx context.Context, options DialOptions) (*websocket.Conn, error) {
	u, err := url.Parse(options.URL)
	if err != nil {
		return nil, fmt.Errorf("socketio: address of the stream: %w", err)
	}
	query := u.Query()
	query.Set("EIO", "4")
	query.Set("transport", "websocket")
	u.RawQuery = query.Encode()
	ws, response, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{HTTPClient: options.HTTPClient, HTTPHeader: options.Header})
	if err == nil {
		return ws, nil
	}
	if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
		return nil, &StatusError{Status: response.StatusCode}
	}
	return nil, fmt.Errorf("socketio: connecting: %w", err)
}

// login reads the open packet, sends the auth and waits for the acceptance.
func (c *Client) login(auth []byte) error {
	packet, err := c.receive()
	if err != nil {
		return err
	}
	if packet.Kind != Open {
		return ErrPacket
	}
	var open handshake
	if json.Unmarshal(packet.Body, &open) != nil {
		return ErrPacket
	}
	c.silence = silenceOf(open)
	if err := c.write(append([]byte("40"), auth...)); err != nil {
		return err
	}
	for {
		packet, err := c.receive()
		switch {
		case err != nil:
			return err
		case packet.Kind == Connect:
			c.timer.Reset(c.silence)
			return nil
		case packet.Kind == Refusal:
			return refused(packet.Body)
		}
	}
}

// silenceOf is how long the server may say nothing. Absurd values in the open packet are not believed.
func silenceOf(open handshake) time.Duration {
	silence := time.Duration(open.PingInterval+open.PingTimeout) * time.Millisecond
	if open.PingInterval <= 0 || open.PingTimeout < 0 || silence < pingMin || silence > pingMax {
		return defaultPingSilence
	}
	return silence
}

// Next waits for the next Event, Ping (which is answered already) or Malformed frame. The packet is valid until the
// following call. The error is ErrClosed when the server said goodbye, a RefusedError when it took its acceptance back,
// or the network's; the client is then closed.
func (c *Client) Next() (Packet, error) {
	for {
		packet, err := c.receive()
		if errors.Is(err, ErrPacket) {
			return Packet{Kind: Malformed}, nil
		}
		if err == nil && packet.Kind == Refusal {
			err = refused(packet.Body)
		}
		if err != nil {
			c.Close()
			return Packet{}, err
		}
		c.timer.Reset(c.silence)
		if packet.Kind == Event || packet.Kind == Ping {
			return packet, nil
		}
	}
}

func refused(body []byte) error {
	var r refusal
	_ = json.Unmarshal(body, &r)
	return &RefusedError{Message: r.Message}
}

// receive returns the next packet, answers pings and turns goodbyes into ErrClosed.
func (c *Client) receive() (Packet, error) {
	frame, err := c.reader.next(c.ctx, c.ws)
	if err != nil {
		return Packet{}, err
	}
	packet, err := Parse(frame)
	if err != nil {
		return Packet{}, err
	}
	switch packet.Kind {
	case Ping:
		return packet, c.write([]byte("3"))
	case Close, Disconnect:
		return Packet{}, ErrClosed
	case Ignored, Open, Pong, Connect, Event, Refusal, Malformed:
	}
	return packet, nil
}

// Emit sends an event with one raw JSON argument. It blocks at most 5 s; the connection is closed when that is not enough.
func (c *Client) Emit(name string, arg []byte) error { return c.write(AppendEvent(nil, name, arg)) }

func (c *Client) write(frame []byte) error {
	ctx, stop := context.WithTimeout(c.ctx, writeTimeout)
	defer stop()
	if err := c.ws.Write(ctx, websocket.MessageText, frame); err != nil {
		return fmt.Errorf("socketio: writing: %w", err)
	}
	return nil
}

// Close ends the connection at once and makes Next return. It may be called twice and from any goroutine.
func (c *Client) Close() {
	c.timer.Stop()
	c.cancel(errFinished)
	_ = c.ws.CloseNow()
}
