package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"paperport/app"
	"paperport/calendar"
	"paperport/clock"
	"paperport/feed"
	"paperport/store"
)

// lamps are the labels of pp_feed_state.
var lamps = []string{"green", "amber", "red", "closed"}

// outcomes are the labels of pp_login_submissions_total.
var outcomes = []string{"accepted", "rejected", "unknown"}

// readings writes what merely is, read now.
type readings struct {
	w   io.Writer
	now time.Time
}

func (r readings) gauge(name string, v float64) { metrics.WriteGaugeFloat64(r.w, name, v) }

func (r readings) count(name string, v uint64) { metrics.WriteCounterUint64(r.w, name, v) }

// writeMetrics writes everything: what was counted, what is, and Go's own.
func (h *house) writeMetrics(ctx context.Context, w io.Writer) {
	h.meter.set.WritePrometheus(w)
	r := readings{w, clock.System{}.Now()}
	r.gauge("pp_ws_clients", float64(h.api.Streams()))
	r.markets(h.app.Health())
	r.disk(h.config.DataDir)
	r.seals(h.seals)
	if err := r.brokers(ctx, h); err != nil && ctx.Err() == nil {
		h.log.ErrorContext(ctx, "reading for metrics", "err", err)
	}
	if err := r.jobs(ctx, h); err != nil && ctx.Err() == nil {
		h.log.ErrorContext(ctx, "reading for metrics", "err", err)
	}
	metrics.WriteProcessMetrics(w)
}

func (r readings) markets(m app.Health) {
	for _, lamp := range lamps {
		r.gauge(fmt.Sprintf(`pp_feed_state{lamp=%q}`, lamp), float64(m.Lamps[lamp]))
	}
	for _, segment := range []calendar.Segment{calendar.Equity, calendar.FNO, calendar.Currency, calendar.Commodity} {
		if age, isOpen := m.Ages[segment]; isOpen {
			r.gauge(fmt.Sprintf(`pp_feed_age_seconds{segment=%q}`, segment), age.Seconds())
		}
	}
	for reason := feed.Good; reason <= feed.Spike; reason++ {
		r.count(fmt.Sprintf(`pp_ticks_total{result=%q}`, reason), m.Frames[reason])
	}
	r.gauge("pp_clock_offset_seconds", -m.Skew.Seconds())
	r.gauge("pp_venues_halted", float64(m.Halted))
}

func (r readings) disk(dir string) {
	if free, isKnown := diskFree(dir); isKnown {
		r.gauge("pp_disk_free_bytes", float64(free))
	}
	if info, err := os.Stat(filepath.Join(dir, "paperport.db-wal")); err == nil {
		r.gauge("pp_wal_bytes", float64(info.Size()))
	}
}

func (r readings) seals(s *seals) {
	r.count(`pp_seal_open_failures_total{reason="locked"}`, s.lockedOpens.Load())
	r.count(`pp_seal_open_failures_total{reason="sealed"}`, s.failedOpens.Load())
}

// brokers reads the connections of all users and tells sums and least values, nobody's own.
func (r readings) brokers(ctx context.Context, h *house) error {
	rows := h.store.Brokers()
	counts, err := rows.CountSealed(ctx)
	if err != nil {
		return err
	}
	for _, c := range counts {
		r.gauge(fmt.Sprintf(`pp_key_blobs{kid="%x"}`, c.Key), float64(c.N))
	}
	all, err := rows.Connections(ctx)
	if err != nil {
		return err
	}
	sum := connectionSum{outcomes: map[string]uint64{}, today: calendar.FromTime(r.now).Date()}
	for _, conn := range all {
		if err := sum.add(ctx, h, rows, conn); err != nil {
			return err
		}
	}
	r.gauge("pp_login_needs_user", float64(sum.needsUser))
	r.gauge("pp_login_held", float64(sum.held))
	for _, outcome := range outcomes {
		r.count(fmt.Sprintf(`pp_login_submissions_total{result=%q}`, outcome), sum.outcomes[outcome])
	}
	if sum.hasLeft {
		r.gauge("pp_broker_budget_left", float64(sum.left))
	}
	return nil
}

// connectionSum adds up connections.
type connectionSum struct {
	today           calendar.Date
	needsUser, held int
	outcomes        map[string]uint64
	hasLeft         bool
	left            int // of the day's requests, the least of all users
}

func (s *connectionSum) add(ctx context.Context, h *house, rows store.BrokerReader, conn store.Connection) error {
	if conn.NeedsUser != "" {
		s.needsUser++
	}
	if conn.IsHeld {
		s.held++
	}
	submissions, err := rows.Submissions(ctx, conn.User, s.today)
	if err != nil {
		return err
	}
	for _, sub := range submissions {
		if sub.Outcome == "" {
			sub.Outcome = "unknown"
		}
		s.outcomes[sub.Outcome]++
	}
	if used := h.desk.Requests(conn.User, conn.Broker); used.DayMax > 0 {
		left := used.DayMax - used.DayUsed
		if !s.hasLeft || left < s.left {
			s.hasLeft, s.left = true, left
		}
	}
	return nil
}

func (r readings) jobs(ctx context.Context, h *house) error {
	if h.nightly == nil {
		return nil
	}
	if last := h.nightly.last(); !last.IsZero() {
		r.gauge("pp_backup_age_seconds", r.now.Sub(last).Seconds())
	}
	run, err := h.store.Jobs().LastRun(ctx, backupJob)
	if errors.Is(err, store.ErrAbsent) {
		return nil
	}
	if err == nil && run.Status == "ok" {
		r.gauge(`pp_job_last_success_seconds{job="`+backupJob+`"}`, float64(run.FinishedAt.Unix()))
	}
	return err
}
