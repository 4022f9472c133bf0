package instrument

import (
	"iter"

	"paperport/calendar"
)

// View is a registry as one source knows it: ids are common, but an instrument that the source never listed does not
// exist in its view, and terms and names are its own. It is safe for concurrent use.
type View struct {
	registry *Registry
	source   Source
	// versions are the newest by ID-1; those of other sources' instruments are not known.
	versions []version
	// older holds the versions before the newest one, oldest first, of the few instruments that changed.
	older map[ID][]version
	// unpacked keeps what ByID handed out, so that asking again is free and returns the same pointer.
	unpacked map[ID]*Instrument
}

// Allocate returns the id of in's contract key, a new one when the key is new, and records in's terms and names as those
// in force from a date on. Repeating it changes nothing; in.ID is ignored. It panics on an instrument without a kind,
// exchange or symbol, and on a contract without an expiry.
func (w *View) Allocate(in Instrument, from calendar.Date) ID {
	r := w.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	return w.allocate(&in, from)
}

func (w *View) allocate(in *Instrument, from calendar.Date) ID {
	mustBeWhole(in)
	r := w.registry
	key := r.identity(in)
	id := r.find(key)
	if id == 0 {
		r.identities = append(r.identities, key)
		id = ID(len(r.identities))
		r.slots.insert(id, r.identities)
	}
	if w.knows(id) {
		w.revise(id, r.version(in, from, &w.versions[id-1]))
		return id
	}
	for len(w.versions) < int(id) {
		w.versions = append(w.versions, version{})
	}
	w.versions[id-1] = r.version(in, from, nil)
	r.unsaved = append(r.unsaved, savePoint{id, from, w.source})
	return id
}

func mustBeWhole(in *Instrument) {
	isContract := in.Kind == Future || in.Kind == Option
	switch {
	case in.Kind < Equity || in.Kind > Option || in.Exchange == 0 || in.Segment == 0 || in.Symbol == "":
		panic("instrument: allocate without kind, exchange, segment or symbol")
	case isContract && (in.Expiry == 0 || in.Underlying == ""):
		panic("instrument: allocate a contract without expiry or underlying: " + in.Symbol)
	case (in.Kind == Option) != (in.Right != NoRight):
		panic("instrument: allocate with a right that does not fit the kind: " + in.Symbol)
	}
}

// knows needs the lock.
func (w *View) knows(id ID) bool {
	return id != 0 && int(id) <= len(w.versions) && w.versions[id-1].isKnown
}

// ByID returns the newest version of an instrument. The result is shared: callers must not change it.
func (w *View) ByID(id ID) (*Instrument, bool) {
	r := w.registry
	r.mu.RLock()
	known := w.knows(id)
	in := w.unpacked[id]
	r.mu.RUnlock()
	if in != nil || !known {
		return in, known
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if in = w.unpacked[id]; in == nil {
		fresh := r.unpack(id, &r.identities[id-1], &w.versions[id-1])
		in = &fresh
		w.unpacked[id] = in
	}
	return in, true
}

// Find returns the id of the contract that in describes by its key fields (exchange, kind, ISIN and series or symbol,
// underlying, expiry, strike, right); all else in it is ignored.
func (w *View) Find(in Instrument) (ID, bool) {
	r := w.registry
	r.mu.RLock()
	defer r.mu.RUnlock()
	key, ok := r.lookup(&in)
	if !ok {
		return 0, false
	}
	if id := r.find(key); w.knows(id) {
		return id, true
	}
	return 0, false
}

// AsOf returns an instrument with the terms and names of a date, false when it is unknown or was not yet recorded then.
func (w *View) AsOf(id ID, on calendar.Date) (Instrument, bool) {
	r := w.registry
	r.mu.RLock()
	defer r.mu.RUnlock()
	if !w.knows(id) {
		return Instrument{}, false
	}
	if v := &w.versions[id-1]; v.from <= on {
		return r.unpack(id, &r.identities[id-1], v), true
	}
	older := w.older[id]
	for i := len(older) - 1; i >= 0; i-- {
		if older[i].from <= on {
			return r.unpack(id, &r.identities[id-1], &older[i]), true
		}
	}
	return Instrument{}, false
}

// All yields the newest version of every instrument, by ascending id. Unlike ByID it keeps nothing in memory.
func (w *View) All() iter.Seq[Instrument] {
	r := w.registry
	return func(yield func(Instrument) bool) {
		for id := ID(1); ; id++ {
			r.mu.RLock()
			if int(id) > len(w.versions) {
				r.mu.RUnlock()
				return
			}
			if !w.knows(id) {
				r.mu.RUnlock()
				continue
			}
			in := r.unpack(id, &r.identities[id-1], &w.versions[id-1])
			r.mu.RUnlock()
			if !yield(in) {
				return
			}
		}
	}
}

// revise records v as in force from its date on.
func (w *View) revise(id ID, v version) {
	r, newest := w.registry, &w.versions[id-1]
	if newest.from <= v.from && r.isSame(newest, &v) {
		return
	}
	all := append(append([]version{}, w.older[id]...), *newest)
	at := len(all)
	for at > 0 && all[at-1].from > v.from {
		at--
	}
	switch {
	case at > 0 && r.isSame(&all[at-1], &v):
		return
	case at > 0 && all[at-1].from == v.from:
		all[at-1] = v
	default:
		all = append(all[:at], append([]version{v}, all[at:]...)...)
	}
	*newest = all[len(all)-1]
	if len(all) > 1 {
		w.older[id] = all[:len(all)-1]
	}
	delete(w.unpacked, id)
	r.unsaved = append(r.unsaved, savePoint{id, v.from, w.source})
}
