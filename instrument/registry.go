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
// concurrent use. It costs about 60 bytes an instrument: contracts are kept packed and unpacked when asked for. Its own
// Allocate, ByID, Find, AsOf and All are those of the demo's view; every other source has a View.
type Registry struct {
	mu sync.RWMutex // guards everything below
	pool
	identities []identity // by ID-1
	slots      slots
	views      [sourceCount]View
	unsaved    []savePoint
}

type savePoint struct {
	id     ID
	from   calendar.Date
	source Source
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	r := &Registry{pool: newPool()}
	for s := range r.views {
		r.views[s] = View{registry: r, source: Source(s), older: map[ID][]version{}, unpacked: map[ID]*Instrument{}}
	}
	return r
}

// View returns the registry as one source knows it. It panics on an unknown source.
func (r *Registry) View(s Source) *View { return &r.views[s] }

// Load fills an empty registry with stored rows. Ids must be dense from 1, and the rows of one id must agree on its key;
// rows may come in any order. Loaded rows are not unsaved.
func (r *Registry) Load(rows []Stored) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.identities) != 0 {
		return fmt.Errorf("instrument: load into a registry of %d instruments", len(r.identities))
	}
	first, err := firstRows(rows)
	if err != nil {
		return err
	}
	for id, i := range first {
		if i == 0 {
			return fmt.Errorf("instrument: load: id %d is missing", id+1)
		}
		if got := r.views[rows[i-1].Source].allocate(&rows[i-1].Instrument, rows[i-1].From); got != ID(id+1) {
			return fmt.Errorf("instrument: load: ids %d and %d have one key %q", got, id+1, rows[i-1].Key())
		}
	}
	for i := range rows {
		if first[rows[i].ID-1] == i+1 {
			continue
		}
		if got := r.views[rows[i].Source].allocate(&rows[i].Instrument, rows[i].From); got != rows[i].ID {
			return fmt.Errorf("instrument: load: a row of id %d has the key %q of id %d", rows[i].ID, rows[i].Key(), got)
		}
	}
	r.unsaved = nil
	return nil
}

// firstRows finds the first row of every id, as its index plus one, by ID-1.
func firstRows(rows []Stored) ([]int, error) {
	last := ID(0)
	for i := range rows {
		last = max(last, rows[i].ID)
	}
	if int(last) > len(rows) {
		return nil, fmt.Errorf("instrument: load: highest id is %d, yet there are only %d rows", last, len(rows))
	}
	first := make([]int, last)
	for i := range rows {
		switch id := rows[i].ID; {
		case id == 0:
			return nil, fmt.Errorf("instrument: load: row %d has no id", i)
		case rows[i].Source >= sourceCount:
			return nil, fmt.Errorf("instrument: load: row %d is from an unknown source %d", i, rows[i].Source)
		case first[id-1] == 0:
			first[id-1] = i + 1
		}
	}
	return first, nil
}

// Allocate is View(FromDemo).Allocate.
func (r *Registry) Allocate(in Instrument, from calendar.Date) ID {
	return r.views[FromDemo].Allocate(in, from)
}

// ByID is View(FromDemo).ByID.
func (r *Registry) ByID(id ID) (*Instrument, bool) { return r.views[FromDemo].ByID(id) }

// ByKey returns the id of a contract key as Instrument.Key writes it.
func (r *Registry) ByKey(key string) (ID, bool) {
	in, ok := parseKey(key)
	if !ok {
		return 0, false
	}
	return r.Find(in)
}

// Find is View(FromDemo).Find.
func (r *Registry) Find(in Instrument) (ID, bool) { return r.views[FromDemo].Find(in) }

// AsOf is View(FromDemo).AsOf.
func (r *Registry) AsOf(id ID, on calendar.Date) (Instrument, bool) {
	return r.views[FromDemo].AsOf(id, on)
}

// All is View(FromDemo).All.
func (r *Registry) All() iter.Seq[Instrument] { return r.views[FromDemo].All() }

// Len returns how many ids are allocated, whatever the source.
func (r *Registry) Len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.identities)
}

// Unsaved returns up to limit rows that were recorded since Load and not yet marked saved, oldest first.
func (r *Registry) Unsaved(limit int) []Stored {
	r.mu.RLock()
	defer r.mu.RUnlock()
	n := min(limit, len(r.unsaved))
	out := make([]Stored, 0, n)
	for _, p := range r.unsaved[:n] {
		from := &r.views[p.source]
		v := &from.versions[p.id-1]
		for i, o := range from.older[p.id] {
			if o.from == p.from {
				v = &from.older[p.id][i]
			}
		}
		out = append(out, Stored{From: p.from, Source: p.source, Instrument: r.unpack(p.id, &r.identities[p.id-1], v)})
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
