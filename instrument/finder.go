package instrument

import (
	"iter"
	"sync"

	"paperport/calendar"
	"paperport/money"
)

// Hit is one result of a search, best first.
type Hit struct {
	ID ID
	// Class tells how good the match is, 0 the best: every word found exactly, 1 as a beginning, 2 as a beginning of a
	// word in the name, 3 anywhere. Contracts that no word asked for come one (futures) or two (options) later.
	Class uint8
}

// Entry is one instrument to be found. Aliases are further words it is known by (ICICI code); the ISIN, symbol and name
// need not be repeated there.
type Entry struct {
	Instrument
	Aliases []string
}

// Finder finds instruments by words in any order, the way Indian traders write them: "nifty 24000 ce", "24000ce nifty",
// "banknifty fut", "rel", "29dec", an ISIN, an ICICI code. A word counts when it is found anywhere in symbol, code, ISIN
// or name, or when it begins a contract's strike, month, day, side or kind. Better matches come first, then indices,
// shares with derivatives and all others, in a family the share, its futures, then options by expiry and nearness.
//
// It is immutable and safe for concurrent use. Instruments of one underlying form a family that shares its words, so an
// instrument costs about 30 bytes. Known limit: 65,535 families; those that rank behind are not found.
type Finder struct {
	// text holds the words of all families, see family.
	text string
	// families are in order of rank, groups by family, items by group, strike and side.
	families []family
	groups   []group
	items    []item
	// chains are the families that have contracts, by rank; symbols finds them.
	chains  []uint16
	symbols map[string]uint16
	dict    dictionary
	grams   gramTable
	// exact is a hash table with open addressing from keys (symbol, alias, ISIN) to rank+1 of the families that have them.
	exact   []uint16
	scratch sync.Pool // of *search
}

// family is an underlying with its contracts, or a share without.
type family struct {
	// text[from:to] is keyMark+word for symbol, aliases and ISIN, then nameMark+word for the name, then nameMark.
	from, to uint32
	// groups[firstGroup:lastGroup] are its instruments.
	firstGroup, lastGroup uint32
	// underlying is the share or index, 0 when not listed.
	underlying ID
}

// group is the part of a family with one kind and expiry: items[first:last].
type group struct {
	first, last uint32
	expiry      uint16 // index into dict.expiries, noExpiry for shares and indices
	place       place
	kind        Kind
	// isMonthly marks the last expiry of its month in the family.
	isMonthly bool
}

const noExpiry = 1<<16 - 1

// item is one instrument. strike is an index into dict.strikes for options.
type item struct {
	id     ID
	strike uint32
	right  Right
}

// place is the exchange code as a small number.
type place uint8

const (
	keyMark  = '\x01'
	nameMark = '\x02'
	// familiesMax keeps ranks in two bytes.
	familiesMax = 1<<16 - 1
)

// dictionary holds the distinct strikes and expiries.
type dictionary struct {
	// strikes are in order of their text, prices beside them.
	strikes []string
	prices  []money.Price
	// holders[holderAt[i]:holderAt[i+1]] are the families that have strike i, by rank.
	holders  []uint16
	holderAt []uint32
	// expiries are in order of date, civil their parts.
	expiries []calendar.Date
	civil    []civilDate
	// placed lists the families that have an instrument at a place, by rank.
	placed [placeCount][]uint16
}

// holdersOf returns the families that have strike low, then those that have the next, up to but not high.
func (d *dictionary) holdersOf(low, high int) []uint16 {
	return d.holders[d.holderAt[low]:d.holderAt[high]]
}

type civilDate struct{ year, month, day int }

// placeNames are the words of the places, by place.
var placeNames = [...]string{"NSE", "BSE", "NFO", "BFO", "MCX", "CDS"}

const placeCount = len(placeNames)

func placeOf(in *Instrument) place {
	code := in.ExchangeCode()
	for i, name := range placeNames {
		if name == code {
			return place(i)
		}
	}
	return 0
}

// NewFinder returns a finder over the entries.
func NewFinder(entries iter.Seq[Entry]) *Finder {
	b := newFinderBuilder()
	for e := range entries {
		b.add(&e)
	}
	return b.build()
}

// Search returns at most limit hits, best first. It never fails: what cannot be understood matches nothing.
func (f *Finder) Search(query string, limit int) []Hit { return f.SearchNear(query, limit, nil) }

// SearchNear is Search with a hint: spot returns the price of an underlying (0 when unknown), and the options nearest to
// it come first; without it, those nearest to the middle of the listed strikes.
func (f *Finder) SearchNear(query string, limit int, spot func(underlying ID) money.Price) []Hit {
	return f.SearchListed(query, limit, spot, 0)
}

// SearchListed is SearchNear without the contracts whose last day is before first.
func (f *Finder) SearchListed(query string, limit int, spot func(underlying ID) money.Price, first calendar.Date) []Hit {
	if limit <= 0 {
		return nil
	}
	s := f.scratch.Get().(*search)
	defer f.scratch.Put(s)
	s.start(limit, spot)
	s.first = first
	s.terms = f.parse(query, s.terms[:0])
	if len(s.terms) == 0 {
		return nil
	}
	s.run()
	return s.hits()
}
