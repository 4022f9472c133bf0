package app

import (
	"iter"
	"maps"
	"slices"

	"paperport/instrument"
)

// entriesOf yields the instruments of a map by id, without further words.
func entriesOf(all map[instrument.ID]*instrument.Instrument) iter.Seq[instrument.Entry] {
	return func(yield func(instrument.Entry) bool) {
		for _, id := range slices.Sorted(maps.Keys(all)) {
			if !yield(instrument.Entry{Instrument: *all[id]}) {
				return
			}
		}
	}
}
