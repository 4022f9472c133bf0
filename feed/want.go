package feed

import (
	"cmp"
	"slices"
	"sync"

	"paperport/instrument"
)

// Owner is somebody who wants an instrument's data: a browser's stream, an account's open order, a watch list.
type Owner struct {
	// Name tells owners apart; the same owner wanting twice counts once.
	Name string
	// IsFirst puts the instrument before all others after a reconnect and while polling: open orders, alerts, positions.
	IsFirst bool
}

type wants struct {
	mu   sync.Mutex // guards byID, and orders the calls to Upstream
	byID map[instrument.ID]map[Owner]struct{}
}

// Want asks the source for an instrument on behalf of owner. Repeating it changes nothing. It does not block.
func (f *Feed) Want(id instrument.ID, owner Owner) {
	w := &f.wants
	w.mu.Lock()
	defer w.mu.Unlock()
	owners := w.byID[id]
	if owners == nil {
		owners = map[Owner]struct{}{}
		w.byID[id] = owners
	}
	isNew := len(owners) == 0
	owners[owner] = struct{}{}
	if isNew && f.options.Upstream != nil {
		f.options.Upstream.Join([]instrument.ID{id})
	}
}

// Drop takes back a Want of the same owner; when nobody wants the instrument any more the source is told. Dropping what
// was not wanted does nothing.
func (f *Feed) Drop(id instrument.ID, owner Owner) {
	w := &f.wants
	w.mu.Lock()
	defer w.mu.Unlock()
	f.dropLocked(id, owner)
}

// DropAll takes back every Want of an owner.
func (f *Feed) DropAll(owner Owner) {
	w := &f.wants
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range w.byID {
		f.dropLocked(id, owner)
	}
}

func (f *Feed) dropLocked(id instrument.ID, owner Owner) {
	owners, ok := f.wants.byID[id]
	if !ok {
		return
	}
	if _, ok := owners[owner]; !ok {
		return
	}
	delete(owners, owner)
	if len(owners) > 0 {
		return
	}
	delete(f.wants.byID, id)
	if f.options.Upstream != nil {
		f.options.Upstream.Leave([]instrument.ID{id})
	}
}

// IsFirst reports whether an owner with priority wants the instrument; the source joins those rooms first.
func (f *Feed) IsFirst(id instrument.ID) bool {
	w := &f.wants
	w.mu.Lock()
	defer w.mu.Unlock()
	return hasFirst(w.byID[id])
}

func hasFirst(owners map[Owner]struct{}) bool {
	for owner := range owners {
		if owner.IsFirst {
			return true
		}
	}
	return false
}

// Wanted returns everything that is wanted, priority first, then by id. The slice is the caller's.
func (f *Feed) Wanted() []instrument.ID {
	w := &f.wants
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := make([]instrument.ID, 0, len(w.byID))
	first := make(map[instrument.ID]bool, len(w.byID))
	for id, owners := range w.byID {
		ids = append(ids, id)
		first[id] = hasFirst(owners)
	}
	slices.SortFunc(ids, func(a, b instrument.ID) int {
		if first[a] != first[b] {
			if first[a] {
				return -1
			}
			return 1
		}
		return cmp.Compare(a, b)
	})
	return ids
}
