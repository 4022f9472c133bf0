package instrument

import (
	_ "embed" // the lots of indices
	"slices"
)

// lotsCSV is what the exchanges announced of index lots (india-rules 2.2). Nothing is computed from it: the lot of a
// contract is the one in the security master.
//
//go:embed tables/lots.csv
var lotsCSV []byte

// TableText returns an embedded table ("freeze.csv") as it stands, for the list of rules in force; nil when there is none
// of that name.
func TableText(name string) []byte {
	switch name {
	case "freeze.csv":
		return slices.Clone(freezeCSV)
	case "tick_ladder.csv":
		return slices.Clone(tickLadderCSV)
	case "lots.csv":
		return slices.Clone(lotsCSV)
	default:
		return nil
	}
}
