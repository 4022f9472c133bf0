package breezewire

import (
	"errors"
	"strings"
)

// ErrRoom says that a text is not a stream token of the form X.Y!TOKEN.
var ErrRoom = errors.New("breezewire: not a stream token")

// Level is what a room sends: quotes or the ladder.
type Level uint8

// The levels: the Y of a stream token (3.3).
const (
	Quotes Level = 1
	Ladder Level = 2
)

// Room is a stream token X.Y!TOKEN: the name of what a client joins (3.3).
type Room struct {
	// Prefix is X: 1 BSE, 2 BFO candles, 3 GIFT NIFTY, 4 NSE and NFO, 6 MCX, 8 BFO, 13 currency.
	Prefix uint8
	Level  Level
	Token  string
}

// The prefixes of 3.3.
const (
	prefixBSE        = 1
	prefixBFOCandles = 2
	prefixGift       = 3
	prefixNSE        = 4
	prefixMCX        = 6
	prefixBFO        = 8
	prefixCurrency   = 13
)

// String prints the token: "4.1!2885".
func (r Room) String() string {
	var b strings.Builder
	b.Grow(5 + len(r.Token))
	if r.Prefix >= 10 {
		b.WriteByte('0' + r.Prefix/10%10)
	}
	b.WriteByte('0' + r.Prefix%10)
	b.WriteByte('.')
	b.WriteByte('0' + byte(r.Level)%10)
	b.WriteByte('!')
	b.WriteString(r.Token)
	return b.String()
}

// roomTokenMax is the longest token we take, in bytes; index names are the longest real ones.
const roomTokenMax = 64

// ParseRoom reads X.Y!TOKEN. X is one of the known prefixes, Y is 1 or 2, TOKEN is 1 to 64 printable ASCII characters.
func ParseRoom(s string) (Room, error) {
	head, token, ok := strings.Cut(s, "!")
	x, y, ok2 := strings.Cut(head, ".")
	if !ok || !ok2 || len(y) != 1 || token == "" || len(token) > roomTokenMax {
		return Room{}, ErrRoom
	}
	for i := range len(token) {
		if token[i] < ' ' || token[i] > '~' {
			return Room{}, ErrRoom
		}
	}
	r := Room{Prefix: prefixOf(x), Level: Level(y[0] - '0'), Token: token}
	if r.Prefix == 0 || (r.Level != Quotes && r.Level != Ladder) {
		return Room{}, ErrRoom
	}
	return r, nil
}

func prefixOf(x string) uint8 {
	switch x {
	case "1", "2", "3", "4", "6", "8":
		return x[0] - '0'
	case "13":
		return prefixCurrency
	default:
		return 0
	}
}

// Room returns the room that streams quotes or the ladder of the instrument. ok is false where nothing is streamed.
func (c Code) Room(level Level) (room Room, ok bool) {
	prefix := streamPrefix(c.ExchangeCode)
	return Room{Prefix: prefix, Level: level, Token: c.Token}, prefix != 0 && c.Token != ""
}

// CandleRoom returns the room of the instrument's candles: always level 1, and BFO has a prefix of its own (3.3).
func (c Code) CandleRoom() (room Room, ok bool) {
	room, ok = c.Room(Quotes)
	if c.ExchangeCode == BFO {
		room.Prefix = prefixBFOCandles
	}
	return room, ok
}

func streamPrefix(e ExchangeCode) uint8 {
	switch e {
	case NSE, NFO:
		return prefixNSE
	case BSE:
		return prefixBSE
	case BFO:
		return prefixBFO
	case NDX:
		return prefixCurrency
	case MCX:
		return prefixMCX
	default:
		return 0
	}
}

// The names of the streams' events (3.2); candles use Channel.
const (
	EventJoin   = "join"
	EventLeave  = "leave"
	EventTick   = "stock"
	EventNotice = "order"
	// EventGoodbye is what the official Python client emits in place of closing: leave every room, keep the socket.
	EventGoodbye = "disconnect"
)
