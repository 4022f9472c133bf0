package breezesim

import (
	"strconv"
	"sync"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/sim"
	"paperport/socketio"
)

type roomKey struct {
	token     string
	isCandles bool
}

// room is one stream token with somebody in it.
type room struct {
	contract sim.Contract
	code     breezewire.Code
	level    breezewire.Level
	members  map[*socketio.Conn]struct{}
	sentAt   calendar.Instant // of the last tick sent
}

// rooms holds who listens to what. Only rooms with members exist, so only they are evaluated.
type rooms struct {
	market *sim.Market
	faults *faults

	mu      sync.Mutex // guards the rest
	all     map[roomKey]*room
	sockets map[*socketio.Conn]issued
}

func newRooms(m *sim.Market, f *faults) *rooms {
	return &rooms{market: m, faults: f, all: map[roomKey]*room{}, sockets: map[*socketio.Conn]issued{}}
}

// admit remembers by which login a connection came.
func (r *rooms) admit(c *socketio.Conn, i issued) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sockets[c] = i
}

// forget is the end of admit.
func (r *rooms) forget(c *socketio.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sockets, c)
}

// cut closes the connections whose login is meant.
func (r *rooms) cut(isMeant func(issued) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c, i := range r.sockets {
		if isMeant(i) {
			c.Close()
		}
	}
}

// join adds c to a room and sends what stands there now; an unknown room is ignored. The first look at a contract folds its
// day, so it happens before the lock is taken.
func (r *rooms) join(c *socketio.Conn, key roomKey, now calendar.Instant) {
	found, ok := r.open(key, now.Date())
	if !ok {
		return
	}
	frame, _ := r.tick(found, r.faults.time(now))
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.all[key]; ok {
		found = known
	} else if len(r.all) < roomsMax {
		r.all[key] = found
	} else {
		return
	}
	if _, isIn := found.members[c]; isIn {
		return
	}
	found.members[c] = struct{}{}
	if frame != nil && !key.isCandles {
		c.Send(frame)
	}
}

// roomsMax bounds the rooms of all connections together.
const roomsMax = 50_000

// open resolves a stream token (3.3): X is the exchange, Y quotes or depth; candles of BFO have an X of their own.
func (r *rooms) open(key roomKey, date calendar.Date) (*room, bool) {
	parsed, err := breezewire.ParseRoom(key.token)
	if err != nil {
		return nil, false
	}
	for _, exchange := range []calendar.Exchange{calendar.NSE, calendar.BSE} {
		c, ok := r.market.ByToken(exchange, parsed.Token, date)
		if !ok {
			continue
		}
		code := codeOf(r.market, c)
		want, isStreamed := code.Room(parsed.Level)
		if key.isCandles {
			want, isStreamed = code.CandleRoom()
		}
		if isStreamed && want == parsed && (c.Kind != instrument.Index || parsed.Level == breezewire.Quotes) {
			return &room{contract: c, code: code, level: parsed.Level, members: map[*socketio.Conn]struct{}{}}, true
		}
	}
	return nil, false
}

func (r *rooms) leave(c *socketio.Conn, key roomKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(c, key)
}

func (r *rooms) leaveAll(c *socketio.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key := range r.all {
		r.drop(c, key)
	}
}

func (r *rooms) drop(c *socketio.Conn, key roomKey) {
	found, ok := r.all[key]
	if !ok {
		return
	}
	delete(found.members, c)
	if len(found.members) == 0 {
		delete(r.all, key)
	}
}

// send sends every room what happened after last up to now: the newest tick, and every candle that was completed.
func (r *rooms) send(last, now calendar.Instant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.faults.time(now)
	for key, found := range r.all {
		if key.isCandles {
			r.sendCandles(found, last, now)
			continue
		}
		frame, at := r.tick(found, seen)
		if frame == nil || (at <= found.sentAt && !r.faults.isFrozen()) {
			continue
		}
		found.sentAt = at
		found.send(frame)
		if r.faults.hasGarbage() {
			found.send(garbageFrame(found))
		}
	}
}

func (f *room) send(frame []byte) {
	for c := range f.members {
		c.Send(frame)
	}
}

// tick encodes the tick that stands at an instant; nil when there is none.
func (r *rooms) tick(f *room, at calendar.Instant) ([]byte, calendar.Instant) {
	if f.level == breezewire.Ladder {
		d, ok := r.market.Depth(f.contract, at)
		if !ok {
			return nil, 0
		}
		return socketio.AppendEvent(nil, "stock", breezewire.AppendDepth(nil, f.code, &d)), d.At
	}
	q, ok := r.market.Quote(f.contract, at)
	if !ok {
		return nil, 0
	}
	return socketio.AppendEvent(nil, "stock", breezewire.AppendQuote(nil, f.code, &q, f.contract.Kind == instrument.Index)), q.At
}

// catchUpMax is the longest silence, in seconds, whose candles are still sent.
const catchUpMax = 120

// sendCandles sends the candles that ended after last up to now, on the channel of each interval (3.8).
func (r *rooms) sendCandles(f *room, last, now calendar.Instant) {
	if r.faults.isFrozen() {
		return
	}
	for end := max(second(last), second(now)-catchUpMax) + 1; end <= second(now); end++ {
		for _, interval := range []market.Interval{market.Second, market.Minute, market.FiveMinutes, market.ThirtyMinutes} {
			if candle, ok := r.market.Completed(f.contract, interval, calendar.Instant(end*1_000_000)); ok {
				channel, _ := breezewire.Channel(interval)
				text := breezewire.EncodeBar(breezewire.Bar{Code: f.code, Interval: interval, Candle: candle})
				f.send(socketio.AppendEvent(nil, channel, []byte(strconv.Quote(text))))
			}
		}
	}
}
