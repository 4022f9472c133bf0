package main

import (
	"context"
	"sync"
	"time"

	"paperport/app"
	"paperport/clock"
)

const (
	// probeEvery bounds how often /readyz writes to the disk, probeWait how long a write may take.
	probeEvery = 5 * time.Second
	probeWait  = 2 * time.Second
)

// writeProbe remembers for a moment whether the database could be written.
type writeProbe struct {
	mu  sync.Mutex // guards the rest
	at  time.Time
	err error
}

// try returns what write said, asking it at most once in probeEvery.
func (p *writeProbe) try(ctx context.Context, now time.Time, write func(context.Context) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if age := now.Sub(p.at); p.at.IsZero() || age >= probeEvery || age < 0 {
		ctx, cancel := context.WithTimeout(ctx, probeWait)
		defer cancel()
		p.at, p.err = now, write(ctx)
	}
	return p.err
}

// isReady is asked once the API is attached: by then the schema is right, the state of the key is known and the orders
// are loaded. What is left is whether the database takes a write. Brokers do not matter.
func (h *house) isReady() error {
	return h.ready.try(h.ctx, clock.System{}.Now(), h.store.Probe)
}

// showInstallation adds to what Settings shows of this installation.
func (h *house) showInstallation(s *app.SystemState) {
	s.ClockOffset = -h.app.Health().Skew
	if h.nightly == nil {
		s.BackupNote = "The nightly backup is switched off (PAPERPORT_BACKUP_DIR=off)."
		return
	}
	h.nightly.show(h.ctx, s)
}
