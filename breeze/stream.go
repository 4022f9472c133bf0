package breeze

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"paperport/breezewire"
	"paperport/instrument"
	"paperport/market"
	"paperport/socketio"
)

// ErrBadToken says that a stream refused the session: trying again with it is pointless.
var ErrBadToken = errors.New("breeze: the stream refused the session")

// Handler takes what the quote stream brings. Calls come from one goroutine and must not block.
type Handler interface {
	// Quote and Depth have Instrument set; Seq and ReceivedAt are the handler's to fill.
	Quote(market.Quote)
	Depth(market.Depth)
	// Heartbeat: the server gave a sign of life.
	Heartbeat()
	// Up: connected, and every wanted room asked for again. Down: the connection is lost or could not be made.
	Up()
	Down(error)
}

// StreamOptions say what a Stream delivers and to whom.
type StreamOptions struct {
	Client  *Client
	Handler Handler
	// IsFirst names the instruments whose rooms are joined before all others after a reconnect; nil means none.
	IsFirst func(instrument.ID) bool
	// Candle, when set, opens the candle stream and takes every bar of the instruments given to JoinCandles.
	Candle func(instrument.ID, market.Interval, market.Candle)
	// Order, when set, opens the order stream and takes the broker's notices of the user's real orders. Nothing is sent there.
	Order func(breezewire.OrderEvent)
}

// Stream keeps the broker's sockets connected and joined while Run runs.
type Stream struct {
	options StreamOptions
	quotes  *channel
	candles *channel
	orders  *channel

	mu     sync.RWMutex // guards the two below
	ids    map[string]instrument.ID
	wanted map[instrument.ID][]string // the rooms an id was joined by, none while it has no code

	counts streamCounts
	tick   breezewire.Stock // used by the quote socket's goroutine alone
}

type streamCounts struct {
	frames, garbage, foreign, unknown, lost atomic.Uint64
}

// StreamCounts are what a stream has seen since NewStream.
type StreamCounts struct {
	// Frames are all events; Garbage could not be read, Foreign were none of ours (strategies), Unknown came from rooms
	// that we had not joined; Lost counts the connections that ended.
	Frames, Garbage, Foreign, Unknown, Lost uint64
}

// NewStream returns a stream that connects when Run is called.
func NewStream(options StreamOptions) *Stream {
	if options.Client == nil || options.Handler == nil {
		panic("breeze: NewStream without a Client or Handler")
	}
	if options.IsFirst == nil {
		options.IsFirst = func(instrument.ID) bool { return false }
	}
	s := &Stream{options: options, ids: map[string]instrument.ID{}, wanted: map[instrument.ID][]string{}}
	hosts := options.Client.options.Hosts
	s.quotes = &channel{stream: s, address: hosts.Quotes + pathStream, rooms: newRooms(), take: s.takeTick}
	s.candles = &channel{stream: s, address: hosts.History + pathCandle, rooms: newRooms(), take: s.takeBar}
	s.orders = &channel{stream: s, address: hosts.Orders + pathStream, rooms: newRooms(), take: s.takeOrder}
	return s
}

// Counts returns what was seen so far.
func (s *Stream) Counts() StreamCounts {
	return StreamCounts{
		Frames: s.counts.frames.Load(), Garbage: s.counts.garbage.Load(), Foreign: s.counts.foreign.Load(),
		Unknown: s.counts.unknown.Load(), Lost: s.counts.lost.Load(),
	}
}

// Run connects, reconnects and delivers until ctx ends or a socket refuses the session; then it returns ctx's error or
// ErrBadToken. It returns after every goroutine of it has ended, and may be called again, for example with a new token.
func (s *Stream) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	start := func(c *channel, report Handler) {
		wg.Go(func() {
			if err := c.run(ctx, report); err != nil {
				cancel(err)
			}
		})
	}
	start(s.quotes, s.options.Handler)
	if s.options.Candle != nil {
		start(s.candles, nil)
	}
	if s.options.Order != nil {
		start(s.orders, nil)
	}
	wg.Wait()
	return context.Cause(ctx)
}

// The waits between two attempts to connect: doubling from the first to the second, each drawn from its upper half.
const (
	backoffMin = time.Second
	backoffMax = 30 * time.Second
	// backoffCalm is how long a connection must hold before the wait starts from the bottom again.
	backoffCalm = time.Minute
)

// channel is one socket with its rooms.
type channel struct {
	stream  *Stream
	address string
	rooms   *rooms
	take    func(name, arg []byte)
}

// run keeps the socket connected. report may be nil.
func (c *channel) run(ctx context.Context, report Handler) error {
	clock := c.stream.options.Client.options.Clock
	backoff := backoffMin
	for {
		begun := clock.Now()
		err := c.connectOnce(ctx, report)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		c.stream.counts.lost.Add(1)
		if report != nil {
			report.Down(err)
		}
		if errors.Is(err, ErrBadToken) {
			return err
		}
		if clock.Now().Sub(begun) >= backoffCalm {
			backoff = backoffMin
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-clock.After(backoff/2 + rand.N(backoff/2)):
		}
		backoff = min(2*backoff, backoffMax)
	}
}

// connectOnce connects, joins and reads until the connection ends; the error says why and is never nil.
func (c *channel) connectOnce(ctx context.Context, report Handler) error {
	client := c.stream.options.Client
	token := client.token.Load()
	if token == nil || token.session == nil {
		return ErrNoToken
	}
	socket, err := socketio.Dial(ctx, socketio.DialOptions{URL: c.address, HTTPClient: client.http, Auth: token.session.StreamAuth()})
	if err != nil {
		return dialError(err)
	}
	ended := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(ended)
	defer socket.Close()
	unhook := context.AfterFunc(ctx, socket.Close)
	defer unhook()
	if err := c.rooms.rejoin(socket, c.stream.options.IsFirst); err != nil {
		return err
	}
	if report != nil {
		report.Up()
	}
	wg.Go(func() { c.rooms.keep(socket, ended) })
	return c.read(socket, report)
}

// dialError names a refusal and keeps the broker's words out.
func dialError(err error) error {
	var refused *socketio.RefusedError
	if errors.As(err, &refused) {
		return ErrBadToken
	}
	return networkError(err)
}

func (c *channel) read(socket *socketio.Client, report Handler) error {
	for {
		packet, err := socket.Next()
		if err != nil {
			return dialError(err)
		}
		switch packet.Kind {
		case socketio.Event:
			c.stream.counts.frames.Add(1)
			c.take(packet.Name, packet.Body)
		case socketio.Malformed:
			c.stream.counts.frames.Add(1)
			c.stream.counts.garbage.Add(1)
		case socketio.Ping, socketio.Pong, socketio.Open, socketio.Close, socketio.Connect, socketio.Disconnect, socketio.Ignored, socketio.Refusal:
		}
		if report != nil && packet.Kind == socketio.Ping {
			report.Heartbeat()
		}
	}
}

// takeTick decodes one event of the quote stream and hands it on.
func (s *Stream) takeTick(name, arg []byte) {
	if string(name) != breezewire.EventTick {
		s.counts.foreign.Add(1)
		return
	}
	tick := &s.tick
	if err := breezewire.DecodeStock(arg, tick); err != nil {
		s.countBad(err)
		return
	}
	s.mu.RLock()
	id, ok := s.ids[string(tick.Symbol)]
	s.mu.RUnlock()
	if !ok {
		s.counts.unknown.Add(1)
		return
	}
	if tick.Kind != breezewire.DepthTick {
		tick.Quote.Instrument = id
		s.options.Handler.Quote(tick.Quote)
	}
	if tick.Kind != breezewire.QuoteTick {
		tick.Depth.Instrument = id
		s.options.Handler.Depth(tick.Depth)
	}
}

func (s *Stream) countBad(err error) {
	if errors.Is(err, breezewire.ErrForeign) {
		s.counts.foreign.Add(1)
		return
	}
	s.counts.garbage.Add(1)
}

// takeBar decodes one candle. The event's name is its interval; the text repeats it.
func (s *Stream) takeBar(name, arg []byte) {
	if _, ok := breezewire.ParseChannel(string(name)); !ok {
		s.counts.foreign.Add(1)
		return
	}
	var text string
	if json.Unmarshal(arg, &text) != nil {
		s.counts.garbage.Add(1)
		return
	}
	bar, err := breezewire.DecodeBar(text)
	if err != nil {
		s.counts.garbage.Add(1)
		return
	}
	codes := s.options.Client.options.Codes()
	if codes == nil {
		s.counts.unknown.Add(1)
		return
	}
	id, ok := codes.ByCode(bar.Code)
	if !ok {
		s.counts.unknown.Add(1)
		return
	}
	s.options.Candle(id, bar.Interval, bar.Candle)
}

func (s *Stream) takeOrder(name, arg []byte) {
	if string(name) != breezewire.EventNotice {
		s.counts.foreign.Add(1)
		return
	}
	event, err := breezewire.DecodeOrder(arg)
	if err != nil {
		s.counts.garbage.Add(1)
		return
	}
	s.options.Order(event)
}

// Join asks for quotes and the ladder of instruments, now and after every reconnect. It does not block. An instrument
// without a code is remembered until Recode; one that is joined already is not joined again.
func (s *Stream) Join(ids []instrument.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []wantedRoom
	for _, id := range ids {
		if len(s.wanted[id]) > 0 {
			continue
		}
		s.wanted[id] = nil
		for _, room := range s.roomsOf(id) {
			s.wanted[id] = append(s.wanted[id], room)
			s.ids[room] = id
			list = append(list, wantedRoom{id, room})
		}
	}
	s.quotes.rooms.add(list)
}

// Leave takes back a Join.
func (s *Stream) Leave(ids []instrument.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []wantedRoom
	for _, id := range ids {
		for _, room := range s.wanted[id] {
			if s.ids[room] == id {
				delete(s.ids, room)
				list = append(list, wantedRoom{id, room})
			}
		}
		delete(s.wanted, id)
	}
	s.quotes.rooms.remove(list)
}

// Recode looks up the rooms of everything joined again. Call it when the codes of a new day are there: a token may now
// stand for another contract, whose prices must not come out under the old one's id.
func (s *Stream) Recode() {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.ids
	s.ids = map[string]instrument.ID{}
	var joins, leaves []wantedRoom
	for id := range s.wanted {
		s.wanted[id] = s.roomsOf(id)
		for _, room := range s.wanted[id] {
			s.ids[room] = id
			joins = append(joins, wantedRoom{id, room})
		}
	}
	for room, id := range old {
		if _, ok := s.ids[room]; !ok {
			leaves = append(leaves, wantedRoom{id, room})
		}
	}
	s.quotes.rooms.remove(leaves)
	s.quotes.rooms.add(joins)
}

// roomsOf returns the rooms of an instrument's quotes and ladder by today's codes, none when it has no code.
func (s *Stream) roomsOf(id instrument.ID) (rooms []string) {
	code, err := s.options.Client.code(id)
	if err != nil {
		return nil
	}
	for _, level := range [...]breezewire.Level{breezewire.Quotes, breezewire.Ladder} {
		if room, ok := code.Room(level); ok && (level == breezewire.Quotes || isNumeric(room.Token)) {
			rooms = append(rooms, room.String())
		}
	}
	return rooms
}

// isNumeric reports whether a token is a number; an index streams under its name and has no ladder.
func isNumeric(token string) bool {
	for i := range len(token) {
		if token[i] < '0' || token[i] > '9' {
			return false
		}
	}
	return token != ""
}

// JoinCandles asks for the bars of instruments in all intervals; it needs StreamOptions.Candle.
func (s *Stream) JoinCandles(ids []instrument.ID) { s.candles.rooms.add(s.candleRooms(ids)) }

// LeaveCandles takes back a JoinCandles.
func (s *Stream) LeaveCandles(ids []instrument.ID) { s.candles.rooms.remove(s.candleRooms(ids)) }

func (s *Stream) candleRooms(ids []instrument.ID) []wantedRoom {
	var list []wantedRoom
	for _, id := range ids {
		code, err := s.options.Client.code(id)
		if err != nil {
			continue
		}
		if room, ok := code.CandleRoom(); ok {
			list = append(list, wantedRoom{id, room.String()})
		}
	}
	return list
}

// String names the stream for logs; it holds no secret.
func (s *Stream) String() string { return fmt.Sprintf("breeze stream %s", s.quotes.address) }
