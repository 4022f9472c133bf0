// Package engine is the deterministic core of one venue: one input in, outputs out. It knows nothing of storage, users,
// networks or clocks: time passes only through inputs, a refusal is an output, and the same state and input give the
// same outputs on every machine.
package engine

import "paperport/calendar"

// Version is bumped with every change of behaviour; a journal written by another version is not replayed (style.md 2).
const Version = 1

// Engine is the core of one venue. One goroutine calls it; it starts none. Use New.
type Engine struct {
	opt Options
	out []Output
}

// New returns an engine with no accounts, no instruments and every board closed.
func New(o Options) *Engine { return &Engine{opt: o.withDefaults()} }

// Step takes one input and returns what came of it. The slice is reused: it is valid until the next Step; what its
// pointers point to stays valid. It never blocks and never fails: a refusal is a Receipt, trouble of our own a Fault.
func (e *Engine) Step(in Input) []Output {
	_ = in
	e.out = e.out[:0]
	return e.out
}

// NextDue is the instant at which an input with Timer set is wanted, if nothing else comes before. False: none.
func (e *Engine) NextDue() (calendar.Instant, bool) { return 0, false }

// Snapshot encodes the whole state; equal states give equal bytes.
func (e *Engine) Snapshot() ([]byte, error) { return nil, nil }

// Restore replaces the state by that of a Snapshot of the same Version. On error the engine must be thrown away.
func (e *Engine) Restore(b []byte) error { _ = b; return nil }

// LoadRows starts a new engine from committed rows (see Rows). On error the engine must be thrown away.
func (e *Engine) LoadRows(r Rows) error { _ = r; return nil }

// Hash is the running hash over all outputs since New; it is part of Snapshot.
func (e *Engine) Hash() [32]byte { return [32]byte{} }

// StateHash is the SHA-256 of Snapshot. It costs as much as a snapshot.
func (e *Engine) StateHash() [32]byte { return [32]byte{} }
