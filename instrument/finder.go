package instrument

import (
	"iter"

	"paperport/money"
)

// Hit is one result of a search, best first.
type Hit struct {
	ID ID
	// Class tells how good the match is: 0 exact, 1 prefix, 2 prefix of a word in the name, 3 anywhere; contracts that
	// no word asked for come one (futures) or two (options) later.
	Class uint8
}

// Entry is one instrument to be found. Aliases are further words it is known by (ICICI code); the ISIN, symbol and name
// need not be repeated there.
type Entry struct {
	Instrument
	Aliases []string
}

// Finder finds instruments by words in any order, the way Indian traders write them. It is immutable and safe for
// concurrent use.
type Finder struct{}

// NewFinder returns a finder over the entries.
func NewFinder(entries iter.Seq[Entry]) *Finder { return &Finder{} }

// Search returns at most limit hits, best first. It never fails: what cannot be understood matches nothing.
func (f *Finder) Search(query string, limit int) []Hit { return f.SearchNear(query, limit, nil) }

// SearchNear is Search with a hint: spot returns the price of an underlying (0 when unknown), and the options nearest to
// it come first.
func (f *Finder) SearchNear(query string, limit int, spot func(underlying ID) money.Price) []Hit {
	return nil
}
