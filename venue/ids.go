package venue

import (
	"slices"

	"paperport/instrument"
)

// idSet collects instruments.
type idSet struct{ ids []instrument.ID }

func (s *idSet) add(id instrument.ID) { s.ids = append(s.ids, id) }

// sorted returns each once, ascending.
func (s *idSet) sorted() []instrument.ID {
	slices.Sort(s.ids)
	return slices.Compact(s.ids)
}
