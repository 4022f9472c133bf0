// Package store is the persistence contract: what is kept, as row types, the interfaces a database must offer, and the
// sentinel errors it may answer with. It holds no SQL; sqlstore implements it and storetest proves an implementation.
//
// Invariants: a Batch is stored whole or not at all and is durable when its answer is nil; batches of one venue are
// stored in the order they were submitted; amounts, prices and instants are integers; every row is keyed by its account
// or owner.
package store

import (
	"errors"
)

// Errors of every database. Those of the user tables are in user.go.
var (
	// ErrNotFound says that no such row exists.
	ErrNotFound = errors.New("store: not found")
	// ErrDiskFull says that nothing was written because the disk is full; it may be tried again later.
	ErrDiskFull = errors.New("store: disk full")
	// ErrBroken says that a write or sync failed for another reason. What was stored is unknown until the next start:
	// the process must exit (74) and never try again.
	ErrBroken = errors.New("store: storage failed")
	// ErrConflict says that a batch does not continue what is stored: its number is taken, or another writer was here.
	ErrConflict = errors.New("store: conflicting write")
	// ErrClosed says that the store was closed before the write.
	ErrClosed = errors.New("store: closed")
	// ErrLocked says that another process owns the data directory (exit 3).
	ErrLocked = errors.New("store: the data directory is in use by another process")
	// ErrNewerSchema says that the database was written by a newer version of the program (exit 78).
	ErrNewerSchema = errors.New("store: the database belongs to a newer version of PaperPort")
	// ErrCorrupt says that the database does not pass its own check; it is never repaired silently.
	ErrCorrupt = errors.New("store: the database is damaged")
)
