// Package socketio speaks Engine.IO 4 / Socket.IO 5 over WebSocket, as client and as server, without any knowledge of
// what travels in it. It is the subset a broker's stream needs: the default namespace, an auth payload, events without
// acknowledgements, and the server's ping. Known limits: no polling transport, no binary events, no other namespace.
//
// Invariants: a peer that stays silent longer than ping interval plus ping timeout is dropped; every read has a size
// limit; every goroutine ends when its connection ends, and Server.Close waits for all of them. An event named
// "disconnect" is an ordinary event: official Breeze clients emit it and keep their socket.
package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Kind says what a text frame is.
type Kind uint8

// The kinds of frames. Ignored is everything well formed that carries nothing for us: noop, acknowledgements, other
// namespaces.
const (
	Ignored Kind = iota
	Open
	Close
	Ping
	Pong
	Connect
	Disconnect
	Event
	Refusal
	Malformed // only from Client.Next: a frame that is not of the protocol, to be counted
)

// ErrPacket says that a frame is not one of the protocol; the connection that sent it is closed.
var ErrPacket = errors.New("socketio: malformed packet")

// Packet is one decoded text frame. Body and Name alias the frame: they are valid as long as it is.
type Packet struct {
	Kind Kind
	// Name is the event's name (Event only).
	Name []byte
	// Body is the raw JSON behind the type: the handshake of Open, the auth or sid object of Connect, the message object of
	// Refusal, and for an Event what follows its name (usually one value; several keep their commas). It is not validated.
	Body []byte
}

// Parse decodes a text frame without allocating, unless an event's name holds a backslash.
func Parse(frame []byte) (Packet, error) {
	if len(frame) == 0 {
		return Packet{}, ErrPacket
	}
	rest := frame[1:]
	switch frame[0] {
	case '0':
		return Packet{Kind: Open, Body: rest}, nil
	case '1':
		return Packet{Kind: Close}, nil
	case '2':
		return Packet{Kind: Ping}, nil
	case '3':
		return Packet{Kind: Pong}, nil
	case '4':
		return parseMessage(rest)
	case '5', '6':
		return Packet{}, nil
	default:
		return Packet{}, ErrPacket
	}
}

func parseMessage(msg []byte) (Packet, error) {
	if len(msg) == 0 {
		return Packet{}, ErrPacket
	}
	kind, body := msg[0], msg[1:]
	if len(body) > 0 && body[0] == '/' {
		namespace, tail, _ := bytes.Cut(body, []byte{','})
		if len(namespace) > 1 {
			return Packet{}, nil
		}
		body = tail
	}
	switch kind {
	case '0':
		return Packet{Kind: Connect, Body: body}, nil
	case '1':
		return Packet{Kind: Disconnect}, nil
	case '2':
		return parseEvent(body)
	case '3', '5', '6':
		return Packet{}, nil
	case '4':
		return Packet{Kind: Refusal, Body: body}, nil
	default:
		return Packet{}, ErrPacket
	}
}

// parseEvent reads [ackid]["name",arg...]. An ack id is skipped: nothing here acknowledges.
func parseEvent(body []byte) (Packet, error) {
	for len(body) > 0 && body[0] >= '0' && body[0] <= '9' {
		body = body[1:]
	}
	if len(body) < 4 || body[0] != '[' || body[1] != '"' || body[len(body)-1] != ']' {
		return Packet{}, ErrPacket
	}
	end := closingQuote(body, 2)
	if end < 0 {
		return Packet{}, ErrPacket
	}
	name, tail := body[2:end], body[end+1:len(body)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		var plain string
		if json.Unmarshal(body[1:end+1], &plain) != nil {
			return Packet{}, ErrPacket
		}
		name = []byte(plain)
	}
	if len(tail) == 0 {
		return Packet{Kind: Event, Name: name}, nil
	}
	if tail[0] != ',' {
		return Packet{}, ErrPacket
	}
	return Packet{Kind: Event, Name: name, Body: tail[1:]}, nil
}

// closingQuote returns the index of the quote that ends the string starting at from, or -1.
func closingQuote(b []byte, from int) int {
	for i := from; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// AppendEvent appends the frame of an event with one raw JSON argument (none when arg is empty) to dst.
func AppendEvent(dst []byte, name string, arg []byte) []byte {
	dst = append(dst, '4', '2', '[')
	dst = appendString(dst, name)
	if len(arg) > 0 {
		dst = append(dst, ',')
		dst = append(dst, arg...)
	}
	return append(dst, ']')
}

func appendString(dst []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic("socketio: a string that JSON cannot hold")
	}
	return append(dst, quoted...)
}

// handshake is the body of the Engine.IO open packet.
type handshake struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int64    `json:"pingInterval"`
	PingTimeout  int64    `json:"pingTimeout"`
	MaxPayload   int64    `json:"maxPayload"`
}

// refusal is the body of a CONNECT_ERROR.
type refusal struct {
	Message string `json:"message"`
}

func appendJSON(prefix string, v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic("socketio: encoding a packet: " + err.Error())
	}
	return append([]byte(prefix), body...)
}
