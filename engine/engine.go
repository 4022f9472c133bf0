// Package engine is the deterministic core of one venue: one input in, outputs out. It knows nothing of storage, users,
// networks or clocks: time passes only through inputs, a refusal is an output, and the same state and input give the
// same outputs on every machine.
package engine

// Version is bumped with every change of behaviour; a journal written by another version is not replayed (style.md 2).
const Version = 1
