package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"paperport/app"
	"paperport/breeze"
	"paperport/config"
	"paperport/order"
)

// Labels come from these closed sets and from the enums of other packages; never from a user, a symbol or a secret.
const (
	// filledFromTicks: every fill is made from a quote or a ladder that had arrived. There is no other way yet.
	filledFromTicks = "tick"
	otherInvariant  = "other"
)

// invariants are the faults by which a venue can be halted, as engine names them.
var invariants = []string{"panic", "input-seq", "rules", "charge-tables", "empty-input", "instrument-id", "holding"}

// The bounds of histograms, in seconds.
var (
	ackBounds = []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5}
	txBounds  = []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 5}
)

// meter counts what happens; what merely is, is read when somebody asks (readings.go).
type meter struct {
	set *metrics.Set
	ack *metrics.PrometheusHistogram
	tx  *metrics.PrometheusHistogram
}

func newMeter() *meter {
	m := &meter{set: metrics.NewSet()}
	m.ack = m.set.NewPrometheusHistogramExt("pp_order_ack_seconds", ackBounds)
	m.tx = m.set.NewPrometheusHistogramExt("pp_db_tx_seconds", txBounds)
	m.fills() // a counter that is there from the start can be watched for its first step
	for _, name := range append([]string{otherInvariant}, invariants...) {
		m.invariant(name)
	}
	return m
}

func (m *meter) fills() *metrics.Counter {
	return m.set.GetOrCreateCounter(`pp_fills_total{source="` + filledFromTicks + `"}`)
}

func (m *meter) invariant(name string) *metrics.Counter {
	return m.set.GetOrCreateCounter(`pp_invariant_failures_total{inv="` + name + `"}`)
}

// committed is told of each transaction of the database's committer.
func (m *meter) committed(took time.Duration) { m.tx.Update(took.Seconds()) }

// app is what the application tells.
func (m *meter) app() app.Meter {
	return app.Meter{Placed: m.placed, Filled: func(n int) { m.fills().Add(n) }, Halted: m.halted}
}

func (m *meter) placed(t order.Type, r app.PlaceResult, took time.Duration) {
	m.set.GetOrCreateCounter(fmt.Sprintf(`pp_orders_total{type=%q,result=%q}`, typeLabel(t), r)).Inc()
	switch r {
	case app.PlaceAccepted, app.PlaceDenied:
		m.ack.Update(took.Seconds())
	case app.PlaceRepeated:
		m.set.GetOrCreateCounter("pp_idempotent_replays_total").Inc()
	case app.PlaceFailed:
	}
}

// answered counts a request on a user's session.
func (m *meter) answered(endpoint string, class breeze.AnswerClass) {
	m.set.GetOrCreateCounter(fmt.Sprintf(`pp_broker_requests_total{endpoint=%q,class=%q}`, endpoint, class)).Inc()
}

func typeLabel(t order.Type) string {
	switch t {
	case order.Market:
		return "market"
	case order.Limit:
		return "limit"
	default:
		return "other"
	}
}

// halted counts a venue's fault by the invariant that its text begins with.
func (m *meter) halted(fault string) {
	for _, name := range invariants {
		if strings.HasPrefix(fault, name+":") || name == "panic" && strings.HasPrefix(fault, name+" ") {
			m.invariant(name).Inc()
			return
		}
	}
	m.invariant(otherInvariant).Inc()
}

// metricsWait bounds one answer.
const metricsWait = 10 * time.Second

// serveMetrics answers at /metrics of a listener of its own, for this machine alone, until the house closes.
func (h *house) serveMetrics() error {
	if h.config.MetricsAddr == "" {
		return nil
	}
	listener, err := net.Listen("tcp", h.config.MetricsAddr)
	if err != nil {
		return fmt.Errorf("%w: PAPERPORT_METRICS_ADDR: %w", config.ErrInvalid, err)
	}
	server := &http.Server{Handler: h.metricsHandler(), ReadTimeout: metricsWait, WriteTimeout: metricsWait, MaxHeaderBytes: 16 << 10}
	h.log.Info("metrics", "addr", listener.Addr().String())
	h.running.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			h.log.Error("metrics are no longer served", "err", err)
		}
	})
	h.running.Go(func() {
		<-h.ctx.Done()
		_ = server.Close()
	})
	return nil
}

// metricsHandler answers only to names of this machine: a page in its browser must not read it through a name of its own.
func (h *house) metricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !config.IsLoopbackHost(strings.Trim(host, "[]")) {
			http.Error(w, "not here", http.StatusMisdirectedRequest)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), metricsWait)
		defer cancel()
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		h.writeMetrics(ctx, w)
	})
	return mux
}
