package breezesim

import (
	"encoding/json"
	"errors"

	"paperport/socketio"
)

// streamHandler serves one mount: quotes, depth and order notifications on /socket.io/, candles on /ohlcvstream/. No order
// is ever notified, because none is taken.
type streamHandler struct {
	server    *Server
	isCandles bool
}

var errNotAuthenticated = errors.New("Authentication failed") //nolint:staticcheck // the text goes to the wire as it is

// Connect accepts a session in force.
func (h *streamHandler) Connect(c *socketio.Conn, auth []byte) error {
	i, ok := h.server.allowsSocket(auth)
	if !ok {
		return errNotAuthenticated
	}
	h.server.rooms.admit(c, i)
	if !h.server.isInForce(i) { // killed meanwhile
		h.server.rooms.forget(c)
		return errNotAuthenticated
	}
	return nil
}

// Event understands join and leave, with one token or a list; "disconnect" leaves every room and keeps the socket (3.2).
// Anything else is ignored, like rooms that do not exist.
func (h *streamHandler) Event(c *socketio.Conn, name string, arg []byte) {
	rooms := h.server.rooms
	switch name {
	case "join":
		for _, token := range tokens(arg) {
			rooms.join(c, roomKey{token, h.isCandles}, h.server.now())
		}
	case "leave":
		for _, token := range tokens(arg) {
			rooms.leave(c, roomKey{token, h.isCandles})
		}
	case "disconnect":
		rooms.leaveAll(c)
	}
}

// Closed forgets the connection.
func (h *streamHandler) Closed(c *socketio.Conn) {
	h.server.rooms.leaveAll(c)
	h.server.rooms.forget(c)
}

// tokensMax bounds one join.
const tokensMax = 5000

func tokens(arg []byte) []string {
	var one string
	if json.Unmarshal(arg, &one) == nil {
		return []string{one}
	}
	var many []string
	if json.Unmarshal(arg, &many) != nil || len(many) > tokensMax {
		return nil
	}
	return many
}
