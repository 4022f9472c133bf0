package breeze

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paperport/breezewire"
	"paperport/clock"
	"paperport/instrument"
	"paperport/internal/memnet"
	"paperport/market"
	"paperport/secret"
	"paperport/socketio"
)

// broker plays the three stream servers on one address.
type broker struct {
	stocks, bars *socketio.Server
	isRefusing   bool

	mu    sync.Mutex
	log   []string
	conns map[string]*socketio.Conn
}

// side is one of the broker's mounts.
type side struct {
	*broker
	name string
}

func (s side) Connect(c *socketio.Conn, auth []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isRefusing || string(auth) != `{"user":"XY604721","token":"99887766"}` {
		return errors.New("<b>the broker's words</b>")
	}
	s.conns[s.name] = c
	s.log = append(s.log, s.name+" connected")
	return nil
}

func (s side) Event(_ *socketio.Conn, name string, arg []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, fmt.Sprintf("%s %s %s", s.name, name, arg))
}

func (s side) Closed(*socketio.Conn) {}

func (b *broker) send(name, event, arg string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conns[name].Emit(event, []byte(arg))
}

func (b *broker) drop(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conns[name].Close()
}

// takeLog returns what the broker has seen since the last call.
func (b *broker) takeLog() []string {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	log := b.log
	b.log = nil
	slices.Sort(log)
	return log
}

// sink notes what a stream delivers.
type sink struct {
	mu     sync.Mutex
	quotes []market.Quote
	depths []market.Depth
	log    []string
}

func (k *sink) note(format string, args ...any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.log = append(k.log, fmt.Sprintf(format, args...))
}

func (k *sink) Quote(q market.Quote) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.quotes = append(k.quotes, q)
}
func (k *sink) Depth(d market.Depth) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.depths = append(k.depths, d)
}
func (k *sink) Heartbeat()     { k.note("beat") }
func (k *sink) Up()            { k.note("up") }
func (k *sink) Down(err error) { k.note("down %v", err) }

func (k *sink) takeLog() string {
	synctest.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	log := strings.Join(k.log, "; ")
	k.log = nil
	return log
}

type rig struct {
	broker *broker
	client *Client
	stream *Stream
	sink   *sink
	ended  chan error
	stop   context.CancelFunc
}

// mustStart runs a stream against a broker. It must be called in a synctest bubble.
func mustStart(t *testing.T, change func(*StreamOptions)) *rig {
	t.Helper()
	r := &rig{broker: &broker{conns: map[string]*socketio.Conn{}}, sink: &sink{}, ended: make(chan error, 1)}
	r.broker.stocks = socketio.NewServer(side{r.broker, "quotes"}, socketio.ServerOptions{})
	r.broker.bars = socketio.NewServer(side{r.broker, "candles"}, socketio.ServerOptions{})
	notices := socketio.NewServer(side{r.broker, "notices"}, socketio.ServerOptions{})
	mux := http.NewServeMux()
	mux.Handle("quotes.test/socket.io/", r.broker.stocks)
	mux.Handle("notices.test/socket.io/", notices)
	mux.Handle("history.test/ohlcvstream/", r.broker.bars)
	transport := memnet.Serve(t, mux, func() {
		r.broker.stocks.Close()
		r.broker.bars.Close()
		notices.Close()
	})
	codes := mustCodes(t)
	r.client = New(Options{
		AppKey: secret.New(testAppKey),
		Hosts:  Hosts{Quotes: "http://quotes.test", Orders: "http://notices.test", History: "http://history.test"},
		Clock:  clock.System{}, Codes: func() *Codes { return codes }, Transport: transport,
	})
	r.client.SetToken(mustToken(t))
	options := StreamOptions{Client: r.client, Handler: r.sink}
	if change != nil {
		change(&options)
	}
	r.stream = NewStream(options)
	ctx, stop := context.WithCancel(t.Context())
	r.stop = stop
	go func() { r.ended <- r.stream.Run(ctx) }()
	t.Cleanup(stop)
	return r
}

func (r *rig) end(t *testing.T) {
	t.Helper()
	r.stop()
	if err := <-r.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
}

func wantLog(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestStreamDelivers: rooms are joined, ticks come out by instrument, unknown rooms and garbage are counted and dropped.
func TestStreamDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := mustStart(t, nil)
		defer r.end(t)
		r.stream.Join([]instrument.ID{reliance, nifty50, 999})
		r.stream.Join([]instrument.ID{reliance})
		var joined []string
		for _, line := range r.broker.takeLog() {
			if rooms, ok := strings.CutPrefix(line, "quotes join "); ok {
				var names []string
				if err := json.Unmarshal([]byte(rooms), &names); err != nil {
					t.Fatal(err)
				}
				joined = append(joined, names...)
			}
		}
		slices.Sort(joined)
		wantLog(t, "joined", joined, "4.1!2885", "4.1!NIFTY 50", "4.2!2885")
		quote := breezewire.AppendQuote(nil, breezewire.Code{ExchangeCode: breezewire.NSE, Token: "2885"}, &market.Quote{Last: 12090500, At: 5_000000}, false)
		depth := breezewire.AppendDepth(nil, breezewire.Code{ExchangeCode: breezewire.NSE, Token: "2885"}, &market.Depth{At: 5_000000, BidLevels: 1, Bids: [5]market.Level{{Price: 1, Qty: 2}}})
		for _, arg := range []string{string(quote), string(depth), `["4.1!4711"` + strings.TrimPrefix(string(quote), `["4.1!2885"`), `["4.1!2885",1]`, `["one_click"]`, `7`} {
			r.broker.send("quotes", "stock", arg)
		}
		r.broker.send("quotes", "news", `1`)
		if got := r.sink.takeLog(); got != "up" {
			t.Errorf("sink log %s", got)
		}
		if len(r.sink.quotes) != 1 || r.sink.quotes[0].Instrument != reliance || r.sink.quotes[0].Last != 12090500 || len(r.sink.depths) != 1 || r.sink.depths[0].Bids[0].Qty != 2 {
			t.Errorf("got %+v and %+v", r.sink.quotes, r.sink.depths)
		}
		if got, want := r.stream.Counts(), (StreamCounts{Frames: 7, Garbage: 2, Foreign: 2, Unknown: 1}); got != want {
			t.Errorf("counts %+v, want %+v", got, want)
		}
	})
}

// TestReconnectRejoinsPriorityFirst: after a lost connection everything wanted is joined again, positions and orders first.
func TestReconnectRejoinsPriorityFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := mustStart(t, func(o *StreamOptions) { o.IsFirst = func(id instrument.ID) bool { return id == niftyCall } })
		defer r.end(t)
		r.stream.Join([]instrument.ID{reliance, nifty50, niftyCall})
		synctest.Wait()
		r.stream.Leave([]instrument.ID{nifty50})
		r.broker.takeLog()
		r.broker.drop("quotes")
		synctest.Wait()
		if got := r.sink.takeLog(); !strings.HasPrefix(got, "up; down ") {
			t.Errorf("sink log %s", got)
		}
		time.Sleep(backoffMax)
		wantLog(t, "after the reconnect", r.broker.takeLog(), "quotes connected", `quotes join ["4.1!51219","4.2!51219","4.1!2885","4.2!2885"]`)
		if got := r.sink.takeLog(); !strings.HasPrefix(got, "up") {
			t.Errorf("sink log %s", got)
		}
	})
}

// TestRecode: on a new day a token that stands for another contract no longer comes out under the old id, and what had no
// code yet is joined.
func TestRecode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		today := mustCodes(t)
		codes := today
		r := mustStart(t, func(o *StreamOptions) { o.Client.options.Codes = func() *Codes { return codes } })
		defer r.end(t)
		codes = nil
		r.stream.Join([]instrument.ID{niftyCall})
		codes = today
		r.stream.Join([]instrument.ID{reliance, nifty50})
		synctest.Wait()
		r.broker.takeLog()
		tomorrow := newCodes(today.On.Add(1), today.registry)
		for id, token := range map[instrument.ID]string{reliance: "4711", nifty50: "NIFTY 50", niftyCall: "2885"} {
			in, _ := today.registry.ByID(id)
			code, _ := today.Code(id)
			tomorrow.add(id, in, code.StockCode, token)
		}
		codes = tomorrow
		r.stream.Recode()
		synctest.Wait()
		var said []string
		for _, line := range r.broker.takeLog() {
			var names []string
			for _, verb := range []string{"quotes join ", "quotes leave "} {
				if rooms, ok := strings.CutPrefix(line, verb); ok {
					if err := json.Unmarshal([]byte(rooms), &names); err != nil {
						t.Fatal(err)
					}
					for _, name := range names {
						said = append(said, verb+name)
					}
				}
			}
		}
		slices.Sort(said)
		wantLog(t, "said", said, "quotes join 4.1!4711", "quotes join 4.2!4711")
		r.broker.send("quotes", "stock", string(breezewire.AppendQuote(nil, breezewire.Code{ExchangeCode: breezewire.NSE, Token: "2885"}, &market.Quote{Last: 5, At: 5_000000}, false)))
		synctest.Wait()
		if len(r.sink.quotes) != 1 || r.sink.quotes[0].Instrument != niftyCall {
			t.Errorf("got %+v, want it for the contract that has the token now", r.sink.quotes)
		}
		r.stream.Leave([]instrument.ID{niftyCall, reliance, nifty50})
		if len(r.stream.ids)+len(r.stream.wanted) != 0 {
			t.Errorf("left behind: %v %v", r.stream.ids, r.stream.wanted)
		}
	})
}

// TestBackoff: attempts get rarer, never rarer than 30 s, and are jittered; a missing token is not sent for.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var attempts []time.Time
		codes := mustCodes(t)
		client := New(Options{Hosts: AllAt("http://nowhere.test"), AppKey: secret.New(testAppKey), Clock: clock.System{}, Codes: func() *Codes { return codes }, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			attempts = append(attempts, time.Now())
			return nil, errors.New("no route")
		})})
		k := &sink{}
		stream := NewStream(StreamOptions{Client: client, Handler: k})
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
		defer stop()
		client.SetToken(mustToken(t))
		if err := stream.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run ended with %v", err)
		}
		if n := len(attempts); n < 20 || n > 50 {
			t.Errorf("%d attempts in 10 minutes", n)
		}
		for i := 1; i < len(attempts); i++ {
			wait := attempts[i].Sub(attempts[i-1])
			if wait < backoffMin/2 || wait > backoffMax || (i > 6 && wait < backoffMax/2) {
				t.Errorf("attempt %d came after %v", i, wait)
			}
		}
		if strings.Contains(k.takeLog(), "nowhere.test") {
			t.Error("an error names the address")
		}
	})
}

// TestBadTokenStops: 44 ends the stream with ErrBadToken, nothing is tried again, and the broker's words stay out.
func TestBadTokenStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := mustStart(t, nil)
		r.broker.takeLog()
		r.broker.mu.Lock()
		r.broker.isRefusing = true
		r.broker.mu.Unlock()
		r.broker.drop("quotes")
		if err := <-r.ended; !errors.Is(err, ErrBadToken) || strings.Contains(err.Error(), "words") {
			t.Errorf("Run ended with %v, want ErrBadToken", err)
		}
		log := r.sink.takeLog()
		if !strings.HasSuffix(log, "down "+ErrBadToken.Error()) {
			t.Errorf("sink log %s", log)
		}
	})
}

// TestStreamWithoutToken waits for one and connects when it is there.
func TestStreamWithoutToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := mustStart(t, func(o *StreamOptions) { o.Client.token.Store(nil) })
		defer r.end(t)
		if got := r.sink.takeLog(); got != "down "+ErrNoToken.Error() {
			t.Errorf("sink log %s", got)
		}
		r.client.SetToken(mustToken(t))
		time.Sleep(2 * time.Second)
		if got := r.sink.takeLog(); got != "up" {
			t.Errorf("sink log %s", got)
		}
	})
}

// TestHeartbeat: every ping of the server is told on.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := mustStart(t, nil)
		defer r.end(t)
		time.Sleep(51 * time.Second)
		if got := r.sink.takeLog(); got != "up; beat; beat" {
			t.Errorf("sink log %s", got)
		}
	})
}

// TestCandlesAndNotices: their own sockets, opened only when somebody listens; nothing is ever emitted on the notices.
func TestCandlesAndNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var bars []string
		var notices []string
		r := mustStart(t, func(o *StreamOptions) {
			o.Candle = func(id instrument.ID, i market.Interval, c market.Candle) {
				mu.Lock()
				defer mu.Unlock()
				bars = append(bars, fmt.Sprintf("%d %s %s %d", id, i, c.Close, c.OI))
			}
			o.Order = func(e breezewire.OrderEvent) {
				mu.Lock()
				defer mu.Unlock()
				notices = append(notices, e.Reference)
			}
		})
		defer r.end(t)
		r.stream.JoinCandles([]instrument.ID{niftyCall})
		wantLog(t, "sockets", r.broker.takeLog(), "candles connected", `candles join ["4.1!51219"]`, "notices connected", "quotes connected")
		r.broker.send("candles", "1MIN", `"NFO,NIFTY,29-Dec-2026,24000.0,CE,7.4,8.25,7.55,8.2,354975,4763100,2026-11-24 12:10:00,1MIN"`)
		r.broker.send("candles", "1MIN", `"NFO,NIFTY,29-Dec-2026,24050.0,CE,7.4,8.25,7.55,8.2,354975,4763100,2026-11-24 12:10:00,1MIN"`)
		r.broker.send("candles", "1MIN", `"garbage"`)
		r.broker.send("notices", "order", string(breezewire.EncodeOrder(breezewire.OrderEvent{Reference: "20260401K300003269"})))
		r.broker.send("notices", "order", `["x"]`)
		r.stream.LeaveCandles([]instrument.ID{niftyCall})
		wantLog(t, "after leaving", r.broker.takeLog(), `candles leave ["4.1!51219"]`)
		mu.Lock()
		defer mu.Unlock()
		wantLog(t, "bars", bars, "3 1m 8.20 4763100")
		wantLog(t, "notices", notices, "20260401K300003269")
		if got := r.stream.Counts(); got.Garbage != 2 || got.Unknown != 1 {
			t.Errorf("counts %+v", got)
		}
	})
}

// TestTickPathDoesNotAllocate: from the frame's bytes to the handler.
func TestTickPathDoesNotAllocate(t *testing.T) {
	codes := mustCodes(t)
	client := New(Options{Hosts: AllAt("http://nowhere.test"), AppKey: secret.New(testAppKey), Clock: clock.System{}, Codes: func() *Codes { return codes }, Transport: roundTrip(nil)})
	s := NewStream(StreamOptions{Client: client, Handler: discard{}})
	s.Join([]instrument.ID{reliance})
	name, arg := []byte("stock"), breezewire.AppendQuote(nil, breezewire.Code{ExchangeCode: breezewire.NSE, Token: "2885"}, &market.Quote{Last: 12090500, At: 5_000000}, false)
	if n := testing.AllocsPerRun(100, func() { s.takeTick(name, arg) }); n != 0 || s.Counts() != (StreamCounts{}) {
		t.Errorf("a tick allocates %v times; counts %+v", n, s.Counts())
	}
}

type discard struct{}

func (discard) Quote(market.Quote) {}
func (discard) Depth(market.Depth) {}
func (discard) Heartbeat()         {}
func (discard) Up()                {}
func (discard) Down(error)         {}

func BenchmarkTick(b *testing.B) {
	codes := mustCodes(&testing.T{})
	client := New(Options{Hosts: AllAt("http://nowhere.test"), AppKey: secret.New(testAppKey), Clock: clock.System{}, Codes: func() *Codes { return codes }, Transport: roundTrip(nil)})
	s := NewStream(StreamOptions{Client: client, Handler: discard{}})
	s.Join([]instrument.ID{reliance})
	name, arg := []byte("stock"), []byte(`["4.1!2885",1219.45,1209.05,1226.9,1193.35,-2.09,1209.05,13,1209.35,34,1,1208.86,10991550,762919,619405,"1328.72C","",1111.4,1358.3,1739338940,1234.85]`)
	b.ReportAllocs()
	for b.Loop() {
		s.takeTick(name, arg)
	}
}
