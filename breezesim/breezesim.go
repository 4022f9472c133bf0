// Package breezesim is a Breeze on loopback: REST v1 and v2, the quote, depth and candle streams, and the security master,
// over the synthetic market of package sim. It is the demo market of a first run and the other side of our client's tests,
// and follows the Breeze wire literally; section numbers in comments are those of the reference paper "ICICI Direct Breeze
// API". It takes no orders: every endpoint that would place, change or cancel one answers with an error.
//
// Invariants: what a stream tells, what quotes answer and what history serves for the same second agree, also after a
// restart; only joined rooms are evaluated; no request limit is applied. Accounts are computed from a seed and a tag and
// never stored; what the login pages do is written down with its sources in section 5 of the paper, and texts that nobody
// recorded are invented (texts.go). Known limits: locks, counts and kills are forgotten at a restart.
package breezesim

import (
	"net/http"
	"net/url"
	"sync"
	"time"

	"paperport/calendar"
	"paperport/clock"
	"paperport/sim"
	"paperport/socketio"
)

// Options says which Breeze to imitate. The zero value is the demo market on the system clock.
type Options struct {
	// Seed selects the market; 0 is DemoSeed.
	Seed uint64
	// Calendar is the timetable; nil is calendar.Demo.
	Calendar *calendar.Calendar
	// Clock is the simulator's time; nil is the system's.
	Clock clock.Clock
	// Key and Secret replace the house account's; empty ones are computed. A key should begin with KeyPrefix.
	Key, Secret string
	// AccountSeed makes the accounts; the zero seed is a random one, so that accounts end with the process.
	AccountSeed [32]byte
	// RedirectURL tells what is registered with an account's app; nil is DefaultRedirectURL for all.
	RedirectURL func(tag string) string
	// PublicURL is where browsers reach the simulator, when that is not its own address: accounts are not handed out there.
	PublicURL string
}

// DemoSeed is the market everyone's demo shows.
const DemoSeed = 1

// KeyPrefix begins every API key of a simulator; a key without it belongs to ICICI.
const KeyPrefix = "DEMO"

// Server is one simulator. It is safe for concurrent use.
type Server struct {
	market  *sim.Market
	clock   clock.Clock
	login   *login
	master  *masterFile
	quotes  *socketio.Server
	candles *socketio.Server
	rooms   *rooms
	mux     *http.ServeMux
	faults  *faults
	// publicHost is PublicURL's.
	publicHost string

	done   chan struct{}
	stop   sync.Once
	ticker sync.WaitGroup
}

// New returns a running simulator; Close ends it.
func New(o Options) *Server {
	s := newServer(o)
	s.ticker.Go(s.run)
	return s
}

// newServer returns a simulator whose streams send only when told.
func newServer(o Options) *Server {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Seed == 0 {
		o.Seed = DemoSeed
	}
	s := &Server{
		market: sim.New(sim.Options{Seed: o.Seed, Calendar: o.Calendar}), clock: o.Clock,
		login: newLogin(o), faults: &faults{}, done: make(chan struct{}),
	}
	if u, err := url.Parse(o.PublicURL); err == nil {
		s.publicHost = u.Host
	}
	s.master = &masterFile{market: s.market}
	s.rooms = newRooms(s.market, s.faults)
	limits := socketio.ServerOptions{IsAnyOriginAllowed: true}
	s.quotes = socketio.NewServer(&streamHandler{server: s}, limits)
	s.candles = socketio.NewServer(&streamHandler{server: s, isCandles: true}, limits)
	s.mux = s.routes()
	return s
}

// Handler serves everything on one host: /breezeapi/api/v1/, /api/v2/historicalcharts, /socket.io/ (quotes, depth and
// order notifications), /ohlcvstream/, /MotherAppMaster/SecurityMaster.zip, and the login pages under /apiuser/.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Clients learn from Date how far their clock is off (a signature may be 60 s old), so it is ours that counts.
		w.Header().Set("Date", s.brokerNow().Time().UTC().Format(http.TimeFormat))
		s.mux.ServeHTTP(w, r)
	})
}

// Close cuts all streams and waits for every goroutine. It may be called twice.
func (s *Server) Close() {
	s.stop.Do(func() { close(s.done) })
	s.ticker.Wait()
	s.quotes.Close()
	s.candles.Close()
}

// run sends the ticks of each second once it has begun.
func (s *Server) run() {
	last := s.now()
	for {
		now := s.now()
		if second(now) > second(last) {
			s.rooms.send(last, now)
			last = now
		}
		wait := time.Second - time.Duration(now%1_000_000)*time.Microsecond
		select {
		case <-s.done:
			return
		case <-s.clock.After(wait):
		}
	}
}

func (s *Server) now() calendar.Instant { return calendar.FromTime(s.clock.Now()) }

// second is the whole second an instant lies in, since the epoch.
func second(at calendar.Instant) int64 { return int64(at) / 1_000_000 }
