package breeze

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"paperport/breezewire"
	"paperport/secret"
)

var (
	// ErrWall says that a request is not on the list of what may leave. Nothing of it has left.
	ErrWall = errors.New("breeze: this request may not leave")
	// ErrForeignKey says that a request for one broker would have carried the key of the other: a simulator's key to ICICI,
	// or ICICI's to any other host. Nothing of it has left.
	ErrForeignKey = errors.New("breeze: this key belongs to another broker")
)

// wall is the live-order wall: the one RoundTripper every request of this package passes, redirects and WebSocket
// upgrades included. What is not listed, by scheme, host, method and exact path, does not exist; and the key's broker
// decides which hosts exist at all.
type wall struct {
	isDemo  bool
	allowed map[passage]bool
	next    http.RoundTripper
}

// passage is one thing that may leave.
type passage struct {
	scheme, host, method, path string
}

// readCalls are the calls of REST v1 that only read. preview_order and margincalculator compute and place nothing.
var readCalls = [...]struct{ method, name string }{
	{http.MethodGet, "customerdetails"},
	{http.MethodGet, "dematholdings"},
	{http.MethodGet, "funds"},
	{http.MethodGet, "historicalcharts"},
	{http.MethodGet, "optionchain"},
	{http.MethodGet, "portfolioholdings"},
	{http.MethodGet, "portfoliopositions"},
	{http.MethodGet, "quotes"},
	{http.MethodGet, "preview_order"},
	{http.MethodPost, "margincalculator"},
}

// loginCalls are the four steps of a login (breeze-wire 5.1). The developer portal beside them is not listed.
var loginCalls = [...]struct{ method, path string }{
	{http.MethodGet, breezewire.PathLogin},
	{http.MethodPost, breezewire.PathTradeLogin},
	{http.MethodPost, breezewire.PathGetOTP},
	{http.MethodPost, breezewire.PathValidateUser},
}

func newWall(hosts Hosts, appKey secret.Text, next http.RoundTripper) *wall {
	w := &wall{isDemo: IsDemoKey(appKey), allowed: map[passage]bool{}, next: next}
	for _, call := range readCalls {
		w.allow(hosts.API, call.method, pathV1+call.name)
	}
	for _, call := range loginCalls {
		w.allow(hosts.API, call.method, call.path)
	}
	w.allow(hosts.History, http.MethodGet, pathV2)
	w.allow(hosts.History, http.MethodGet, pathCandle)
	w.allow(hosts.Quotes, http.MethodGet, pathStream)
	w.allow(hosts.Orders, http.MethodGet, pathStream)
	w.allow(hosts.Master, http.MethodGet, pathMaster)
	return w
}

// IsDemoKey reports whether an API key belongs to a simulator. An empty key is ICICI's.
func IsDemoKey(key secret.Text) bool {
	return strings.HasPrefix(key.Reveal(), breezewire.DemoKeyPrefix)
}

// isICICIHost reports whether a host name, without its port, is ICICI Direct's.
func isICICIHost(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	return name == "icicidirect.com" || strings.HasSuffix(name, ".icicidirect.com")
}

// isForeign reports whether the key of this wall has no business at an address: a simulator's at ICICI; ICICI's anywhere
// else, or at ICICI in plain text.
func (w *wall) isForeign(u *url.URL) bool {
	if isICICIHost(u.Hostname()) {
		return w.isDemo || u.Scheme != "https"
	}
	return !w.isDemo
}

// allow lists one passage; a base that is no URL allows nothing.
func (w *wall) allow(base, method, path string) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return
	}
	w.allowed[passage{u.Scheme, u.Host, method, path}] = true
}

// methodOverrides are headers by which some servers let a request pretend to another method.
var methodOverrides = [...]string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"}

// RoundTrip sends a listed request and refuses every other with ErrWall, a key at the wrong broker with ErrForeignKey.
func (w *wall) RoundTrip(r *http.Request) (*http.Response, error) {
	err := w.check(r)
	if err == nil {
		return w.next.RoundTrip(r)
	}
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return nil, err
}

func (w *wall) check(r *http.Request) error {
	switch {
	case w.isForeign(r.URL):
		return ErrForeignKey
	case !w.mayLeave(r):
		return fmt.Errorf("%w: %s %s", ErrWall, r.Method, r.URL.EscapedPath())
	default:
		return nil
	}
}

func (w *wall) mayLeave(r *http.Request) bool {
	if r.Host != "" && r.Host != r.URL.Host {
		return false
	}
	for _, name := range methodOverrides {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	if r.URL.User != nil || r.URL.Opaque != "" {
		return false
	}
	return w.allowed[passage{r.URL.Scheme, r.URL.Host, method, r.URL.EscapedPath()}]
}
