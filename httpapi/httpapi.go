// Package httpapi is the face of PaperPort to browsers and programs: JSON routes, the event stream, the pages, access
// control and the mapping of outcomes to HTTP. It decides nothing about orders or money; app does.
//
// Every response carries the security headers, every request passes the Host check first, every mutation is same-origin
// strict JSON, and every route has a row in the access table that a test compares with the router.
package httpapi

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"paperport/app"
	"paperport/clock"
)

// Options is what the handler needs from the start. Zero limits mean "none".
type Options struct {
	Clock clock.Clock
	Log   *slog.Logger
	// Files is the browser build: index.html at its root.
	Files fs.FS
	// Port is the port browsers reach on this machine; with it localhost, 127.0.0.1 and [::1] are our names.
	Port int
	// PublicURL is the address users type when it is not localhost, for example https://paper.example.org; nil when none.
	PublicURL *url.URL
	// IsTLS says that our own listener speaks TLS.
	IsTLS bool
	// TrustedProxies may tell us the visitor's address and scheme.
	TrustedProxies []netip.Prefix
	// HasDemo says that a demo venue is on its way: a new user's first account waits for it a little.
	HasDemo bool
	// IsReady reports whether requests can be served in full, for /readyz; nil means always.
	IsReady func() error
	Limits  Limits
	Version string
}

// Limits bound what one visitor can ask for.
type Limits struct {
	// APIPerSecond and APIBurst bound one user's requests; APIPerSecond 0 lifts the bound.
	APIPerSecond, APIBurst int
	// EntryPerSecond and EntryBurst bound one address's requests without a login.
	EntryPerSecond, EntryBurst int
	// SocketsPerUser bounds open event streams.
	SocketsPerUser int
	// QuoteEvery is the least time between two writes of quotes to one socket.
	QuoteEvery time.Duration
	// RequestMax bounds the time one request may take.
	RequestMax time.Duration
}

// DefaultLimits are the limits of a normal installation.
var DefaultLimits = Limits{APIPerSecond: 100, APIBurst: 400, EntryPerSecond: 10, EntryBurst: 60, SocketsPerUser: 5,
	QuoteEvery: 200 * time.Millisecond, RequestMax: 20 * time.Second}

// Server is the handler with its routes. Pages are served from the start; requests to the API wait until Attach.
type Server struct {
	Options
	App   *app.App
	Users *app.Users
	// Brokers is the broker side; nil where there is none, and its routes then answer UNAVAILABLE.
	Brokers Brokers

	mux      *http.ServeMux
	api      huma.API
	handler  http.Handler
	routes   []Route
	names    map[string]bool // Hosts that are us
	origins  []string        // Origins of our own pages
	limits   *limiters
	pages    *pages
	sockets  *sockets
	welcome  *welcomer
	callback *callback
	prepare  sync.Once
	attach   sync.Once
	attached chan struct{} // closed once App and Users are set
}

// New builds the handler for pages.
func New(o Options) *Server {
	s := &Server{Options: o, mux: http.NewServeMux(), limits: newLimiters(o.Limits, o.Clock), sockets: newSockets(o.Limits.SocketsPerUser),
		pages: newPages(o.Files), callback: newCallback(o.Clock), attached: make(chan struct{})}
	s.names, s.origins = ourNames(o)
	s.handler = s.wrap(http.HandlerFunc(s.serve))
	return s
}

// Prepare builds the API's routes; it needs nothing but time, so it can run beside the opening of the database.
func (s *Server) Prepare() { s.prepare.Do(s.register) }

// Attach opens the API. b may be nil.
func (s *Server) Attach(a *app.App, u *app.Users, b Brokers) {
	s.Prepare()
	s.attach.Do(func() {
		s.App, s.Users, s.Brokers = a, u, b
		s.welcome = &welcomer{server: s}
		close(s.attached)
	})
}

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// serve sends a request to the API, once that is open, or to the pages.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/livez":
		r.Pattern = "/livez"
		s.serveLive(w, r)
	case r.URL.Path == "/readyz":
		r.Pattern = "/readyz"
		s.serveReady(w, r)
	case strings.HasPrefix(r.URL.Path, "/api/"):
		select {
		case <-s.attached:
			s.mux.ServeHTTP(w, r)
		case <-r.Context().Done():
			writeProblem(w, r, retryable("STARTING", "The server is still starting."))
		}
	default:
		r.Pattern = "/"
		s.servePage(w, r)
	}
}

// Close ends all event streams and waits for them, and forgets the tokens on their way through the callback.
func (s *Server) Close() {
	s.callback.close()
	s.sockets.close()
}

// OpenAPI returns the description of all JSON routes.
func (s *Server) OpenAPI() *huma.OpenAPI {
	s.Prepare()
	return s.api.OpenAPI()
}

func (s *Server) register() {
	s.api = humago.New(s.mux, apiConfig(s.Version))
	s.registerEntry()
	s.registerTwoStep()
	s.registerUsers()
	s.registerMarket()
	s.registerWatchlists()
	s.registerAccounts()
	s.registerOrders()
	s.registerBooks()
	s.registerContractNote()
	s.registerProof()
	s.registerBroker()
	s.registerPopup()
	s.registerCallback()
	s.registerNotices()
	s.registerTrail()
	s.registerRules()
	s.plain("GET /api/stream", SignedIn, s.serveStream)
	s.plain("GET /api/openapi.json", Public, s.serveOpenAPI)
	s.plain("/api/", Public, s.serveNoRoute)
	for _, path := range []string{"/", "/livez", "/readyz"} {
		s.routes = append(s.routes, Route{Method: http.MethodGet, Path: path, Access: Public})
	}
}

// wrap puts what every request passes around the routes, outermost first.
func (s *Server) wrap(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	for _, origin := range s.origins {
		if err := cross.AddTrustedOrigin(origin); err != nil {
			panic("httpapi: origin " + origin + ": " + err.Error())
		}
	}
	cross.SetDenyHandler(http.HandlerFunc(refuseCrossOrigin))
	return s.observe(s.checkHost(s.besideCallback(s.checkBody(cross.Handler(s.checkOrigin(next))))))
}

func (s *Server) serveLive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

func (s *Server) serveReady(w http.ResponseWriter, r *http.Request) {
	err := errStarting
	select {
	case <-s.attached:
		err = nil
		if s.IsReady != nil {
			err = s.IsReady()
		}
	default:
	}
	if err != nil {
		s.Log.Warn("not ready", "err", err)
		writeProblem(w, r, problem(http.StatusServiceUnavailable, "NOT_READY", "Not ready yet."))
		return
	}
	s.serveLive(w, r)
}

var errStarting = errors.New("httpapi: still starting")

func (s *Server) serveNoRoute(w http.ResponseWriter, r *http.Request) {
	if allowed := s.methodsOf(r); allowed != "" {
		w.Header().Set("Allow", allowed)
		writeProblem(w, r, problem(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "This address takes "+allowed+"."))
		return
	}
	writeProblem(w, r, problem(http.StatusNotFound, "NO_ROUTE", "There is nothing at this address."))
}
