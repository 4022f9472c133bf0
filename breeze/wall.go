package breeze

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// ErrWall says that a request is not on the list of what may leave. Nothing of it has left.
var ErrWall = errors.New("breeze: this request may not leave")

// wall is the live-order wall: the one RoundTripper every request of this package passes, redirects and WebSocket
// upgrades included. What is not listed, by scheme, host, method and exact path, does not exist.
type wall struct {
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

func newWall(hosts Hosts, next http.RoundTripper) *wall {
	w := &wall{allowed: map[passage]bool{}, next: next}
	for _, call := range readCalls {
		w.allow(hosts.API, call.method, pathV1+call.name)
	}
	w.allow(hosts.History, http.MethodGet, pathV2)
	w.allow(hosts.History, http.MethodGet, pathCandle)
	w.allow(hosts.Quotes, http.MethodGet, pathStream)
	w.allow(hosts.Orders, http.MethodGet, pathStream)
	w.allow(hosts.Master, http.MethodGet, pathMaster)
	return w
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

// RoundTrip sends a listed request and refuses every other with ErrWall.
func (w *wall) RoundTrip(r *http.Request) (*http.Response, error) {
	if !w.mayLeave(r) {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, fmt.Errorf("%w: %s %s", ErrWall, r.Method, r.URL.EscapedPath())
	}
	return w.next.RoundTrip(r)
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
