package instrument

import (
	"fmt"
	"iter"
	"strings"
	"sync"

	"paperport/calendar"
	"paperport/money"
)

// Source says whose word an instrument's terms and names are. Ids and contract keys are common to all sources; what one
// source says never changes what another said, so that a demo's lot cannot become the broker's.
type Source uint8

// The sources.
const (
	// FromDemo is the simulator and recorded days.
	FromDemo Source = iota
	// FromICICI is the security master of ICICI Direct.
	FromICICI
	sourceCount
)

// Stored is one row to keep: an instrument with the terms that hold from a date on, by one source.
type Stored struct {
	From   calendar.Date
	Source Source
	Instrument
}

// Registry allocates ids and remembers every instrument with its terms as of each day. It is append-only and safe for
// concurrent use. It costs about 60 bytes an instrument: contracts are kept packed and unpacked when asked for.
type Registry struct {
	mu sync.RWMutex // guards everything below
	pool
	records []record // by ID-1
	slots   slots
	// older holds the versions before the newest one, oldest first, of the few instruments that changed.
	older map[ID][]version
	// unpacked keeps what ByID handed out, so that asking again is free and returns the same pointer.
	unpacked map[ID]*Instrument
	unsaved  []savePoint
}

type savePoint struct {
	id   ID
	from calendar.Date
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return &Registry{pool: newPool(), older: map[ID][]version{}, unpacked: map[ID]*Instrument{}}
}

// Load fills an empty registry with stored rows. Ids must be dense from 1, and the rows of one id must agree on its key;
// rows may come in any order. Loaded rows are not unsaved.
func (r *Registry) Load(rows []Stored) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.records) != 0 {
		return fmt.Errorf("instrument: load into a registry of %d instruments", len(r.records))
	}
	last := ID(0)
	for i := range rows {
		last = max(last, rows[i].ID)
	}
	if int(last) > len(rows) {
		return fmt.Errorf("instrument: load: highest id is %d, yet there are only %d rows", last, len(rows))
	}
	first := make([]int, last)
	for i := range rows {
		if id := rows[i].ID; id == 0 {
			return fmt.Errorf("instrument: load: row %d has no id", i)
		} else if first[id-1] == 0 {
			first[id-1] = i + 1
		}
	}
	for id, i := range first {
		if i == 0 {
			return fmt.Errorf("instrument: load: id %d is missing", id+1)
		}
		if got := r.allocate(&rows[i-1].Instrument, rows[i-1].From); got != ID(id+1) {
			return fmt.Errorf("instrument: load: ids %d and %d have one key %q", got, id+1, rows[i-1].Key())
		}
	}
	for i := range rows {
		if first[rows[i].ID-1] == i+1 {
			continue
		}
		if got := r.allocate(&rows[i].Instrument, rows[i].From); got != rows[i].ID {
			return fmt.Errorf("instrument: load: a row of id %d has the key %q of id %d", rows[i].ID, rows[i].Key(), got)
		}
	}
	r.unsaved = nil
	return nil
}

// Allocate returns the id of in's contract key, a new one when the key is new, and records in's terms and names as those
// in force from a date on. Repeating it changes nothing; in.ID is ignored. It panics on an instrument without a kind,
// exchange or symbol, and on a contract without an expiry.
func (r *Registry) Allocate(in Instrument, from calendar.Date) ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.allocate(&in, from)
}

func (r *Registry) allocate(in *Instrument, from calendar.Date) ID {
	mustBeWhole(in)
	key := r.identity(in)
	if id := r.find(key); id != 0 {
		r.revise(id, r.version(in, from, &r.records[id-1].version))
		return id
	}
	r.records = append(r.records, record{identity: key, version: r.version(in, from, nil)})
	id := ID(len(r.records))
	r.slots.insert(id, r.records)
	r.unsaved = append(r.unsaved, savePoint{id, from})
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

// ByID returns the newest version of an instrument. The result is shared: callers must not change it.
func (r *Registry) ByID(id ID) (*Instrument, bool) {
	r.mu.RLock()
	known := id != 0 && int(id) <= len(r.records)
	in := r.unpacked[id]
	r.mu.RUnlock()
	if in != nil || !known {
		return in, known
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if in = r.unpacked[id]; in == nil {
		rec := &r.records[id-1]
		fresh := r.unpack(id, &rec.identity, &rec.version)
		in = &fresh
		r.unpacked[id] = in
	}
	return in, true
}

// ByKey returns the id of a contract key as Instrument.Key writes it.
func (r *Registry) ByKey(key string) (ID, bool) {
	in, ok := parseKey(key)
	if !ok {
		return 0, false
	}
	return r.Find(in)
}

// Find returns the id of the contract that in describes by its key fields (exchange, kind, ISIN and series or symbol,
// underlying, expiry, strike, right); all else in it is ignored.
func (r *Registry) Find(in Instrument) (ID, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	key, ok := r.lookup(&in)
	if !ok {
		return 0, false
	}
	id := r.find(key)
	return id, id != 0
}

// AsOf returns an instrument with the terms and names of a date, false when it is unknown or was not yet recorded then.
func (r *Registry) AsOf(id ID, on calendar.Date) (Instrument, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if id == 0 || int(id) > len(r.records) {
		return Instrument{}, false
	}
	rec := &r.records[id-1]
	if rec.from <= on {
		return r.unpack(id, &rec.identity, &rec.version), true
	}
	older := r.older[id]
	for i := len(older) - 1; i >= 0; i-- {
		if older[i].from <= on {
			return r.unpack(id, &rec.identity, &older[i]), true
		}
	}
	return Instrument{}, false
}

// Len returns how many ids are allocated.
func (r *Registry) Len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.records)
}

// All yields the newest version of every instrument, by ascending id. Unlike ByID it keeps nothing in memory.
func (r *Registry) All() iter.Seq[Instrument] {
	return func(yield func(Instrument) bool) {
		for id := ID(1); ; id++ {
			r.mu.RLock()
			if int(id) > len(r.records) {
				r.mu.RUnlock()
				return
			}
			rec := &r.records[id-1]
			in := r.unpack(id, &rec.identity, &rec.version)
			r.mu.RUnlock()
			if !yield(in) {
				return
			}
		}
	}
}

// Unsaved returns up to limit rows that were recorded since Load and not yet marked saved, oldest first.
func (r *Registry) Unsaved(limit int) []Stored {
	r.mu.RLock()
	defer r.mu.RUnlock()
	n := min(limit, len(r.unsaved))
	out := make([]Stored, 0, n)
	for _, p := range r.unsaved[:n] {
		rec := &r.records[p.id-1]
		v := &rec.version
		for i, o := range r.older[p.id] {
			if o.from == p.from {
				v = &r.older[p.id][i]
			}
		}
		out = append(out, Stored{From: p.from, Instrument: r.unpack(p.id, &rec.identity, v)})
	}
	return out
}

// MarkSaved forgets the first n unsaved rows, as returned by Unsaved, once they are durable.
func (r *Registry) MarkSaved(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unsaved = r.unsaved[min(n, len(r.unsaved)):]
	if len(r.unsaved) == 0 {
		r.unsaved = nil
	}
}

// parseKey reads what Key writes into an Instrument with only its key fields set.
func parseKey(key string) (Instrument, bool) {
	parts := strings.Split(key, ":")
	var in Instrument
	for e := calendar.NSE; e <= calendar.MCX; e++ {
		if e.String() == parts[0] {
			in.Exchange = e
		}
	}
	if in.Exchange == 0 {
		return in, false
	}
	switch n := len(parts); {
	case n == 3 && parts[1] == "index":
		in.Kind, in.Symbol = Index, parts[2]
		return in, true
	case n == 3:
		in.Kind, in.Symbol, in.Series = Equity, parts[1], parts[2]
		return in, true
	case n == 4 && parts[3] == "FUT":
		in.Kind = Future
	case n == 5 && (parts[4] == "CE" || parts[4] == "PE"):
		in.Kind, in.Right = Option, Call
		if parts[4] == "PE" {
			in.Right = Put
		}
		strike, err := money.ParsePrice(parts[3])
		if err != nil {
			return in, false
		}
		in.Strike = strike
	default:
		return in, false
	}
	expiry, err := calendar.ParseDate(parts[2])
	in.Underlying, in.Expiry = parts[1], expiry
	return in, err == nil
}
