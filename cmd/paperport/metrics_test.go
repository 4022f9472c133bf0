package main

import (
	"bufio"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/breeze"
	"paperport/calendar"
	"paperport/order"
	"paperport/store"
)

// labelValues are what may stand behind each label of ours; a label that is not here must not exist.
var labelValues = map[string]*regexp.Regexp{
	"type":     regexp.MustCompile(`^(market|limit|other)$`),
	"result":   regexp.MustCompile(`^(accepted|denied|repeated|failed|rejected|unknown|ok|garbage|empty|future|old|reordered|duplicate|outside_circuit|outside_day|crossed|below_tick|spot_value|spike)$`),
	"source":   regexp.MustCompile(`^tick$`),
	"inv":      regexp.MustCompile(`^(panic|input-seq|rules|charge-tables|empty-input|instrument-id|holding|other)$`),
	"le":       regexp.MustCompile(`^([0-9.]+|\+Inf)$`),
	"lamp":     regexp.MustCompile(`^(green|amber|red|closed)$`),
	"segment":  regexp.MustCompile(`^(equity|fno|currency|commodity)$`),
	"reason":   regexp.MustCompile(`^(locked|sealed)$`),
	"kid":      regexp.MustCompile(`^[0-9a-f]{8}$`),
	"endpoint": regexp.MustCompile(`^(quotes|customerdetails|optionchain|historicalcharts|funds)$`),
	"class":    regexp.MustCompile(`^(ok|session|rate|outage|lost|refused)$`),
	"job":      regexp.MustCompile(`^backup$`),
}

// wanted are the names of reliability 6.2 for everything that exists by now.
var wanted = []string{"pp_orders_total", "pp_order_ack_seconds_bucket", "pp_order_ack_seconds_count", "pp_fills_total", "pp_invariant_failures_total",
	"pp_idempotent_replays_total", "pp_db_tx_seconds_bucket", "pp_wal_bytes", "pp_feed_age_seconds", "pp_feed_state", "pp_ticks_total", "pp_ws_clients",
	"pp_broker_requests_total", "pp_broker_budget_left", "pp_login_submissions_total", "pp_login_needs_user", "pp_seal_open_failures_total",
	"pp_key_blobs", "pp_clock_offset_seconds", "pp_disk_free_bytes", "pp_backup_age_seconds", "pp_job_last_success_seconds", "go_goroutines",
	"go_memstats_alloc_bytes", "process_resident_memory_bytes"}

var metricLine = regexp.MustCompile(`^([a-z_]+)(?:\{(.*)\})? ([-+0-9.eE]+|NaN|\+Inf)$`)

// TestMetrics: every name is there, and no label comes from a user, a symbol or a secret.
func TestMetrics(t *testing.T) {
	h := mustHouse(t)
	mustBrokerRows(t, h)
	h.meter.placed(order.Market, app.PlaceAccepted, 3*time.Millisecond)
	h.meter.placed(order.Limit, app.PlaceRepeated, time.Millisecond)
	h.meter.placed(order.Limit, app.PlaceFailed, time.Millisecond)
	h.meter.answered("quotes", breeze.AnswerOK)
	h.meter.app().Filled(2)
	h.meter.app().Halted("holding: a delivery sale without a holding of canary-symbol (input 7)")
	h.meter.app().Halted("panic in quotes at input 8: canary-symbol")
	h.meter.app().Halted("canary-symbol: something new")
	n := mustNight(t, h)
	n.clock.Advance(12 * time.Hour)
	n.look(t.Context(), n.jobs)
	h.nightly = n.nightly

	code, text := ask(h.metricsHandler(), "127.0.0.1:9100", "/metrics")
	if code != 200 {
		t.Fatalf("metrics: %d %s", code, text)
	}
	h2 := app.Health{Ages: map[calendar.Segment]time.Duration{calendar.Equity: time.Second, calendar.FNO: 2 * time.Second}, Lamps: map[string]int{"green": 1}}
	var more strings.Builder
	readings{&more, time.Now()}.markets(h2)
	names := map[string]bool{}
	lines := bufio.NewScanner(strings.NewReader(text + more.String()))
	for lines.Scan() {
		name := mustMetric(t, lines.Text())
		names[name] = true
	}
	for _, name := range wanted {
		if !names[name] {
			t.Errorf("no metric %s", name)
		}
	}
	for _, line := range []string{`pp_orders_total{type="market",result="accepted"} 1`, `pp_orders_total{type="limit",result="failed"} 1`, `pp_idempotent_replays_total 1`,
		`pp_order_ack_seconds_count 1`, `pp_fills_total{source="tick"} 2`, `pp_invariant_failures_total{inv="holding"} 1`, `pp_invariant_failures_total{inv="panic"} 1`,
		`pp_invariant_failures_total{inv="other"} 1`, `pp_login_needs_user 1`, `pp_login_submissions_total{result="rejected"} 1`,
		`pp_login_submissions_total{result="unknown"} 1`, `pp_broker_budget_left 5000`, `pp_key_blobs{kid="07070707"} 1`} {
		if !slices.Contains(strings.Split(text, "\n"), line) {
			t.Errorf("no line %s", line)
		}
	}
	for _, canary := range []string{"canary", "Canary"} {
		if strings.Contains(text, canary) {
			t.Errorf("metrics hold a %s", canary)
		}
	}
}

// mustMetric checks one line and returns its name.
func mustMetric(t *testing.T, line string) string {
	t.Helper()
	m := metricLine.FindStringSubmatch(line)
	isOurs := m != nil && strings.HasPrefix(m[1], "pp_")
	switch {
	case strings.HasPrefix(line, "go_info"), m != nil && !isOurs:
		return strings.SplitN(strings.SplitN(line, "{", 2)[0], " ", 2)[0]
	case m == nil:
		t.Errorf("not a metric: %q", line)
		return ""
	}
	for _, pair := range strings.Split(m[2], ",") {
		if pair == "" {
			continue
		}
		label, value, _ := strings.Cut(pair, "=")
		if rule := labelValues[label]; rule == nil || !rule.MatchString(strings.Trim(value, `"`)) {
			t.Errorf("label %s of %s is not from a closed set", pair, m[1])
		}
	}
	return m[1]
}

// mustBrokerRows stores connections, submissions and a sealed value whose texts must not be told.
func mustBrokerRows(t *testing.T, h *house) {
	t.Helper()
	today := calendar.FromTime(time.Now()).Date()
	err := h.store.Brokers().WriteBrokers(t.Context(), func(tx store.BrokerTx) error {
		for _, step := range []error{
			tx.SaveConnection(t.Context(), store.Connection{User: "canary-user", Broker: store.ICICI, NeedsUser: "wrong_password"}),
			tx.SaveConnection(t.Context(), store.Connection{User: "other", Broker: store.DemoBroker}),
			tx.AddSubmission(t.Context(), store.Submission{ID: "1", User: "canary-user", Broker: store.ICICI, Day: today, Step: "password", Outcome: "rejected"}),
			tx.AddSubmission(t.Context(), store.Submission{ID: "2", User: "canary-user", Broker: store.ICICI, Day: today, Step: "code"}),
			tx.SaveSealed(t.Context(), store.Sealed{User: auth.UserID("canary-user"), Broker: store.ICICI, Field: store.FieldLoginID, Version: 1,
				Blob: append([]byte("PPS\x01\x01\x07\x07\x07\x07"), make([]byte, 200)...), Hint: "canary"}),
		} {
			if step != nil {
				return step
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestMetricsAreForThisMachine: another name, as after DNS rebinding, gets nothing; nor does another path.
func TestMetricsAreForThisMachine(t *testing.T) {
	h := mustHouse(t)
	for _, row := range []struct {
		host, path string
		code       int
	}{
		{"localhost:9100", "/metrics", 200},
		{"[::1]:9100", "/metrics", 200},
		{"127.0.0.1", "/metrics", 200},
		{"metrics.example.org:9100", "/metrics", 421},
		{"192.168.1.5:9100", "/metrics", 421},
		{"127.0.0.1:9100", "/", 404},
		{"127.0.0.1:9100", "/debug/pprof/", 404},
	} {
		if code, _ := ask(h.metricsHandler(), row.host, row.path); code != row.code {
			t.Errorf("%s%s: %d, want %d", row.host, row.path, code, row.code)
		}
	}
	if code, text := ask(h.api, "localhost:8000", "/metrics"); code == 200 && strings.Contains(text, "pp_") {
		t.Errorf("metrics on the public listener: %d", code)
	}
}
