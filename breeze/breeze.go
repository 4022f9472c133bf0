// Package breeze is the read-only client of an ICICI Breeze server: signed REST calls within a request budget, the
// streams of quotes, candles and order notices, and the daily security master with what its codes mean. Its words (stock
// codes, tokens, rooms) never leave it: what comes out is market data by instrument id.
//
// Invariants: no code path can place, change or cancel anything at a broker: every request passes the wall, an allow-list
// of scheme, host, method and path, and there is no function for the rest. A simulator differs only in its hosts. Secrets
// print masked and reach no error; a broker's page reaches nobody but as one safe sentence. A key that begins with DEMO
// reaches simulators only, any other ICICI only. Known limit: the login pages are known from public scripts, not from the
// broker; a page that is not as they say ends the login with nothing sent.
package breeze

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"paperport/breezewire"
	"paperport/clock"
	"paperport/secret"
)

// The errors of a call, told apart by the shape of the broker's answer; test with errors.Is.
var (
	// ErrSession: the session is invalid or over; a new login is needed.
	ErrSession error = breezewire.FaultSession
	// ErrKey: the API key does not exist.
	ErrKey error = breezewire.FaultKey
	// ErrChecksum: wrong secret key, a clock that is off, or an ended session.
	ErrChecksum error = breezewire.FaultChecksum
	// ErrRateMinute and ErrRateDay: the limit of requests is used up, by the broker's count or by ours (BudgetError).
	ErrRateMinute error = breezewire.FaultRateMinute
	ErrRateDay    error = breezewire.FaultRateDay
	// ErrNoData: there is nothing for what was asked.
	ErrNoData error = breezewire.FaultNoData
	// ErrSporadic: the broker failed in passing; the client has tried twice.
	ErrSporadic error = breezewire.FaultSporadic
	// ErrOutage: a web page came in place of data.
	ErrOutage error = breezewire.FaultOutage
	// ErrUnavailable: no usable answer.
	ErrUnavailable error = breezewire.FaultUnavailable
	// ErrException: the broker's program failed.
	ErrException error = breezewire.FaultException
	// ErrStaticIP: the API key is registered with another address than ours.
	ErrStaticIP error = breezewire.FaultStaticIP
	// ErrGarbled: an answer that cannot be read, or is too large.
	ErrGarbled error = breezewire.FaultGarbled

	// ErrNoToken: the call needs a session and there is none.
	ErrNoToken = errors.New("breeze: no session token")
	// ErrNoSessionToken: the broker answered the exchange, without a token in it. A refused API session is also ErrSession.
	ErrNoSessionToken = errors.New("breeze: no session token in response")
	// ErrNoCode: the broker has no code for the instrument on this day.
	ErrNoCode = errors.New("breeze: no broker code for this instrument")
	// ErrSpan: more candles than one call may fetch, or a span that ends before it begins.
	ErrSpan = errors.New("breeze: the span of candles is too long or empty")
)

// Hosts are the base URLs of the broker's services, scheme and host without a path.
type Hosts struct {
	// API serves REST v1, History REST v2 and the candle stream.
	API, History string
	// Quotes streams ticks and depth, Orders order notices.
	Quotes, Orders string
	// Master serves the security master's zip.
	Master string
}

// ICICI returns the hosts of ICICI Direct. Source: config of the official Python, JavaScript and Java SDKs, read 2026-11.
func ICICI() Hosts {
	return Hosts{
		API:     "https://api.icicidirect.com",
		History: "https://breezeapi.icicidirect.com",
		Quotes:  "https://livestream.icicidirect.com",
		Orders:  "https://livefeeds.icicidirect.com",
		Master:  "https://directlink.icicidirect.com",
	}
}

// AllAt returns hosts with every service at one base URL, such as http://127.0.0.1:8001.
func AllAt(base string) Hosts {
	base = strings.TrimSuffix(base, "/")
	return Hosts{API: base, History: base, Quotes: base, Orders: base, Master: base}
}

// IsICICI reports whether every host is one of ICICI Direct's, over https.
func (h Hosts) IsICICI() bool {
	for _, base := range []string{h.API, h.History, h.Quotes, h.Orders, h.Master} {
		u, err := url.Parse(base)
		if err != nil || u.Scheme != "https" || !isICICIHost(u.Hostname()) {
			return false
		}
	}
	return true
}

// The paths of the services.
const (
	pathV1     = "/breezeapi/api/v1/"
	pathV2     = "/api/v2/historicalcharts"
	pathStream = "/socket.io/"
	pathCandle = "/ohlcvstream/"
	pathMaster = "/MotherAppMaster/SecurityMaster.zip"
)

// Options are what a Client is made of. Hosts, Clock and Codes are needed for everything but the master.
type Options struct {
	Hosts Hosts
	Clock clock.Clock
	// AppKey is the API key, Secret the key that signs.
	AppKey, Secret secret.Text
	// Codes returns the codes of the day; it is asked at every call and may return nil while there are none.
	Codes func() *Codes
	// PerMinute and PerDay are the request budget; 0 takes the broker's published 100 and 5,000, Unlimited lifts it.
	PerMinute, PerDay int
	// Reserve is how many of the requests per minute and per day only a login, an exchange or a probe may spend; 0 takes a
	// tenth of each limit, at most 10.
	Reserve int
	// DayUsed is how many requests of today were spent before this process started.
	DayUsed int
	// Meter, when set, replaces the four above: requests are counted where another client of the same key counts.
	Meter Meter
	// OnSpend is told the day's count after every request that was spent; it must not block. May be nil.
	OnSpend func(Spent)
	// OnAnswer is told of each REST request that left: the last part of its path, and how it ended. It must not block. May
	// be nil.
	OnAnswer func(endpoint string, class AnswerClass)
	// LoginBase is the base URL at which a user's browser reaches the login pages, where that is not Hosts.API (a simulator
	// behind a public address). The client itself never connects to it.
	LoginBase string
	// Transport carries the requests behind the wall; nil takes one of our own.
	Transport http.RoundTripper
}

// Client makes the read-only calls. It is safe for concurrent use.
type Client struct {
	options Options
	http    *http.Client
	budget  *budget
	token   atomic.Pointer[Token]
	skew    atomic.Int64 // server time minus ours, in nanoseconds
}

// New returns a client that may only send what the wall lets through.
func New(options Options) *Client {
	if options.Clock == nil {
		panic("breeze: New without a Clock")
	}
	if options.Codes == nil {
		options.Codes = func() *Codes { return nil }
	}
	if options.Transport == nil {
		options.Transport = newTransport()
	}
	c := &Client{options: options, budget: options.Meter.budget}
	if c.budget == nil {
		c.budget = newBudget(options)
	}
	c.http = &http.Client{
		Transport:     newWall(options.Hosts, options.AppKey, options.Transport),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// newTransport is the standard transport with limits of our own.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxResponseHeaderBytes = 64 << 10
	t.ResponseHeaderTimeout = 20 * time.Second
	t.ForceAttemptHTTP2 = false // the official SDKs speak HTTP/1.1, and a WebSocket upgrade needs it
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	return t
}

// SetToken gives the client the session of the day; it replaces the one before.
func (c *Client) SetToken(t Token) { c.token.Store(&t) }

// Close drops idle connections. The client may be used again.
func (c *Client) Close() { c.http.CloseIdleConnections() }
