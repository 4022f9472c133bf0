package broker

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"paperport/breeze"
	"paperport/calendar"
	"paperport/instrument"
)

// Shelf is what can be searched after an import, and what is always watched.
type Shelf struct {
	Finder *instrument.Finder
	// Pulse are instruments whose ticks show that a board lives.
	Pulse []instrument.ID
}

// MasterOptions say what a Master stands on; all are needed.
type MasterOptions struct {
	// Name is the broker's, for the log.
	Name string
	// View receives the instruments.
	View *instrument.View
	// Save stores new instruments: they are not used before.
	Save func(context.Context) error
	Log  *slog.Logger
}

// Master is the list of instruments of one broker, with its codes of the day: one for all of the broker's markets. Its
// methods may be called from any goroutine.
type Master struct {
	opt   MasterOptions
	codes atomic.Pointer[breeze.Codes]
	shelf atomic.Pointer[Shelf]
	ready chan struct{} // closed after the first import

	importing sync.Mutex // one import at a time; guards report
	report    *breeze.MasterReport

	mu      sync.Mutex // guards the two below
	told    map[int]func()
	lastKey int
}

// NewMaster returns an empty one.
func NewMaster(o MasterOptions) *Master {
	return &Master{opt: o, ready: make(chan struct{}), told: map[int]func(){}}
}

// View is where its instruments are.
func (m *Master) View() *instrument.View { return m.opt.View }

// Codes are those of the newest import, nil before the first.
func (m *Master) Codes() *breeze.Codes { return m.codes.Load() }

// Shelf is that of the newest import, nil before the first.
func (m *Master) Shelf() *Shelf { return m.shelf.Load() }

// Ready is closed after the first import.
func (m *Master) Ready() <-chan struct{} { return m.ready }

// On is the day of the newest import, 0 before the first.
func (m *Master) On() calendar.Date {
	if c := m.codes.Load(); c != nil {
		return c.On
	}
	return 0
}

// OnChange calls f after every import, and once now when there was one, until stop is called. f must not block.
func (m *Master) OnChange(f func()) (stop func()) {
	m.mu.Lock()
	m.lastKey++
	key := m.lastKey
	m.told[key] = f
	m.mu.Unlock()
	if m.codes.Load() != nil {
		f()
	}
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.told, key)
	}
}

// Import reads a master into the registry, stores what is new, and tells everybody. previous is the report to compare
// with when this process has none yet; nil compares with nothing. It returns what changed against the import before, nil
// for the first. A master that is refused changes nothing.
func (m *Master) Import(ctx context.Context, file io.ReaderAt, size int64, on calendar.Date, previous *breeze.MasterReport) (*breeze.MasterReport, *Changes, error) {
	m.importing.Lock()
	defer m.importing.Unlock()
	defer debug.FreeOSMemory() // an import needs several times what it leaves
	if m.report != nil {
		previous = m.report
	}
	codes, report, err := breeze.ImportMaster(file, size, breeze.MasterImport{On: on, Registry: m.opt.View, Previous: previous})
	if err != nil {
		return nil, nil, fmt.Errorf("broker: importing the security master: %w", err)
	}
	if err := m.opt.Save(ctx); err != nil {
		return nil, nil, err
	}
	before := m.codes.Load()
	m.report = report
	m.shelf.Store(&Shelf{Finder: instrument.NewFinder(m.entries(codes)), Pulse: m.pulse(codes)})
	m.codes.Store(codes)
	if before == nil {
		close(m.ready)
	}
	m.opt.Log.Info("security master imported", "broker", m.opt.Name, "trading_date", on.String(), "instruments", report.Instruments)
	m.tell()
	if before == nil {
		return report, nil, nil
	}
	return report, m.compare(before, codes), nil
}

func (m *Master) tell() {
	m.mu.Lock()
	keys := make([]int, 0, len(m.told))
	for key := range m.told {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	list := make([]func(), len(keys))
	for i, key := range keys {
		list[i] = m.told[key]
	}
	m.mu.Unlock()
	for _, f := range list {
		f()
	}
}

// entries are the instruments of the day with the broker's code as a second name.
func (m *Master) entries(codes *breeze.Codes) iter.Seq[instrument.Entry] {
	return func(yield func(instrument.Entry) bool) {
		for in := range m.opt.View.All() {
			if code := codes.StockCode(in.ID); code != "" && !yield(instrument.Entry{Instrument: in, Aliases: []string{code}}) {
				return
			}
		}
	}
}

// pulseNames are the indices whose ticks, and their futures', show that a board lives.
var pulseNames = map[string]bool{"NIFTY": true, "NIFTY 50": true, "SENSEX": true}

// pulse picks what is always watched: the main indices and all their futures, so that one always has not expired.
func (m *Master) pulse(codes *breeze.Codes) (ids []instrument.ID) {
	for in := range m.opt.View.All() {
		isMain := pulseNames[in.Symbol] && in.Kind == instrument.Index || pulseNames[in.Underlying] && in.Kind == instrument.Future
		if isMain && codes.StockCode(in.ID) != "" && (in.Expiry == 0 || in.Expiry >= codes.On) {
			ids = append(ids, in.ID)
		}
	}
	return ids
}
