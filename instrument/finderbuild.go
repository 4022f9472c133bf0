package instrument

import (
	"cmp"
	"slices"
	"strings"

	"paperport/calendar"
	"paperport/money"
)

// finderBuilder collects entries family by family.
type finderBuilder struct {
	families []*draft
	byID     map[ID]int
	byName   map[familyName]int
	items    []draftItem
	strikes  map[money.Price]uint32
	expiries map[calendar.Date]uint16
	finder   *Finder
}

// familyName names families whose underlying is not listed (commodities).
type familyName struct {
	exchange calendar.Exchange
	symbol   string
}

// draft is a family before it has a rank.
type draft struct {
	keys      []string
	name      string
	symbol    string
	exchange  calendar.Exchange
	cash      ID
	isIndex   bool
	isDerived bool
	contracts int
	rank      int
}

type draftItem struct {
	id     ID
	family int
	expiry calendar.Date
	strike money.Price
	kind   Kind
	right  Right
	place  place
}

func newFinderBuilder() *finderBuilder {
	return &finderBuilder{
		byID: map[ID]int{}, byName: map[familyName]int{}, strikes: map[money.Price]uint32{},
		expiries: map[calendar.Date]uint16{}, finder: &Finder{symbols: map[string]uint16{}},
	}
}

func (b *finderBuilder) add(e *Entry) {
	at := b.family(e)
	d := b.families[at]
	isContract := e.Kind == Future || e.Kind == Option
	if isContract {
		d.contracts++
		d.isIndex = d.isIndex || (d.cash == 0 && e.Terms.UnderlyingIsIndex)
	} else {
		d.cash, d.isIndex, d.isDerived = e.ID, e.Kind == Index, e.Terms.HasDerivatives
	}
	if d.name == "" || !isContract {
		d.name, d.symbol, d.exchange = e.Name, e.Underlying, e.Exchange
		if !isContract {
			d.symbol = e.Symbol
		}
		d.addKey(d.symbol)
		d.addKey(e.ISIN)
	}
	for _, a := range e.Aliases {
		d.addKey(a)
	}
	it := draftItem{id: e.ID, family: at, kind: e.Kind, right: e.Right, place: placeOf(&e.Instrument)}
	if isContract {
		it.expiry = e.Expiry
		b.expiries[e.Expiry] = 0
	}
	if e.Kind == Option {
		it.strike = e.Strike
		b.strikes[e.Strike] = 0
	}
	b.items = append(b.items, it)
}

func (b *finderBuilder) family(e *Entry) int {
	id := e.UnderlyingID
	if e.Kind == Equity || e.Kind == Index {
		id = e.ID
	}
	if id != 0 {
		at, ok := b.byID[id]
		if !ok {
			at = len(b.families)
			b.byID[id] = at
			b.families = append(b.families, &draft{})
		}
		return at
	}
	name := familyName{e.Exchange, e.Underlying}
	at, ok := b.byName[name]
	if !ok {
		at = len(b.families)
		b.byName[name] = at
		b.families = append(b.families, &draft{})
	}
	return at
}

func (d *draft) addKey(word string) {
	if word != "" && !slices.Contains(d.keys, word) {
		d.keys = append(d.keys, word)
	}
}

// tier is the liquidity class: indices with contracts, NSE shares with contracts, commodities, other indices, other NSE
// shares, BSE shares with derivatives, the rest.
func (d *draft) tier() int {
	switch {
	case d.isIndex && d.contracts > 0:
		return 0
	case d.exchange == calendar.NSE && d.contracts > 0:
		return 1
	case d.contracts > 0:
		return 2
	case d.isIndex:
		return 3
	case d.exchange == calendar.NSE:
		return 4
	case d.isDerived:
		return 5
	default:
		return 6
	}
}

// compareDrafts orders families by rank. Among indices those with more contracts are the more traded ones.
func compareDrafts(a, b *draft) int {
	if c := cmp.Compare(a.tier(), b.tier()); c != 0 {
		return c
	}
	if a.tier() == 0 && a.contracts != b.contracts {
		return cmp.Compare(b.contracts, a.contracts)
	}
	return cmp.Or(cmp.Compare(len(a.symbol), len(b.symbol)), cmp.Compare(a.symbol, b.symbol),
		cmp.Compare(a.exchange, b.exchange), cmp.Compare(a.cash, b.cash))
}

func (b *finderBuilder) build() *Finder {
	f := b.finder
	ranked := slices.Clone(b.families)
	slices.SortFunc(ranked, compareDrafts)
	ranked = ranked[:min(len(ranked), familiesMax)]
	for _, d := range b.families {
		d.rank = familiesMax
	}
	var text strings.Builder
	for i, d := range ranked {
		d.rank = i
		from := uint32(text.Len())
		writeFamilyText(&text, d)
		f.families = append(f.families, family{from: from, to: uint32(text.Len()), underlying: d.cash})
		if d.contracts > 0 {
			f.chains = append(f.chains, uint16(i))
			if _, taken := f.symbols[d.symbol]; !taken {
				f.symbols[d.symbol] = uint16(i)
			}
		}
	}
	f.text = text.String()
	f.families = slices.Clip(f.families)
	b.buildDictionary()
	b.buildItems()
	b.buildHolders()
	f.buildPlaced()
	f.grams = buildGrams(f.text, f.families)
	f.exact = buildExact(f.text, f.families)
	f.scratch.New = func() any { return newSearch(f) }
	return f
}

func writeFamilyText(text *strings.Builder, d *draft) {
	for _, k := range d.keys {
		if w := joinWord(k); w != "" {
			text.WriteByte(keyMark)
			text.WriteString(w)
		}
	}
	for _, w := range splitWords(d.name) {
		text.WriteByte(nameMark)
		text.WriteString(w)
	}
	text.WriteByte(nameMark)
}

// splitWords returns the words of a text in capitals, cut at everything outside gramChars.
func splitWords(s string) []string {
	return strings.FieldsFunc(strings.ToUpper(s), func(r rune) bool { return r > 127 || gramDigits[byte(r)] == 0 })
}

// joinWord is a symbol as one word: NIFTY IT becomes NIFTYIT.
func joinWord(s string) string { return strings.Join(splitWords(s), "") }

func (b *finderBuilder) buildDictionary() {
	d := &b.finder.dict
	for p := range b.strikes {
		d.strikes = append(d.strikes, strikeText(p))
	}
	slices.Sort(d.strikes)
	d.prices = make([]money.Price, len(d.strikes))
	for i, s := range d.strikes {
		p, err := money.ParsePrice(s)
		if err != nil {
			panic("instrument: a strike does not read back: " + s)
		}
		d.prices[i] = p
		b.strikes[p] = uint32(i)
	}
	for e := range b.expiries {
		d.expiries = append(d.expiries, e)
	}
	slices.Sort(d.expiries)
	for i, e := range d.expiries {
		year, month, day := e.YMD()
		d.civil = append(d.civil, civilDate{year, int(month), day})
		b.expiries[e] = uint16(i)
	}
}

// sortKey orders items: rank, kind, expiry, strike, side.
type sortKey struct {
	group, strike uint64
	at            int
}

func (b *finderBuilder) buildItems() {
	f := b.finder
	keys := make([]sortKey, 0, len(b.items))
	for i := range b.items {
		it := &b.items[i]
		rank := b.families[it.family].rank
		if rank == familiesMax {
			continue
		}
		kind := it.kind
		if kind == Index {
			kind = Equity // a family has one or the other
		}
		group := uint64(rank)<<32 | uint64(kind)<<24 | uint64(b.expiries[it.expiry])<<8 | uint64(it.place)
		keys = append(keys, sortKey{group, uint64(it.strike)<<2 | uint64(it.right), i})
	}
	slices.SortFunc(keys, func(x, y sortKey) int {
		return cmp.Or(cmp.Compare(x.group, y.group), cmp.Compare(x.strike, y.strike), cmp.Compare(x.at, y.at))
	})
	f.items = make([]item, len(keys))
	for n, k := range keys {
		it := &b.items[k.at]
		f.items[n] = item{id: it.id, right: it.right}
		if it.kind == Option {
			f.items[n].strike = b.strikes[it.strike]
		}
		if n == 0 || keys[n-1].group != k.group {
			g := group{first: uint32(n), expiry: noExpiry, place: it.place, kind: it.kind}
			if it.expiry != 0 {
				g.expiry = b.expiries[it.expiry]
			}
			f.groups = append(f.groups, g)
			fam := &f.families[k.group>>32]
			if fam.lastGroup == 0 {
				fam.firstGroup = uint32(len(f.groups) - 1)
			}
			fam.lastGroup = uint32(len(f.groups))
		}
		f.groups[len(f.groups)-1].last = uint32(n + 1)
	}
	f.groups = slices.Clip(f.groups)
	f.markMonthly()
}

// markMonthly marks the groups with the last expiry of a month; a family's groups of one kind are in order of expiry.
func (f *Finder) markMonthly() {
	for i := range f.families {
		groups := f.groups[f.families[i].firstGroup:f.families[i].lastGroup]
		for k := range groups {
			g := &groups[k]
			if g.expiry == noExpiry {
				continue
			}
			g.isMonthly = true
			if k+1 < len(groups) && groups[k+1].kind == g.kind {
				a, b := f.dict.civil[g.expiry], f.dict.civil[groups[k+1].expiry]
				g.isMonthly = a.year != b.year || a.month != b.month
			}
		}
	}
}

// buildPlaced lists for every place the families there.
func (f *Finder) buildPlaced() {
	for i := range f.families {
		fam := &f.families[i]
		for _, g := range f.groups[fam.firstGroup:fam.lastGroup] {
			list := &f.dict.placed[g.place]
			if n := len(*list); n == 0 || (*list)[n-1] != uint16(i) {
				*list = append(*list, uint16(i))
			}
		}
	}
}

// buildHolders lists for every strike the families that have it.
func (b *finderBuilder) buildHolders() {
	f := b.finder
	d := &f.dict
	d.holderAt = make([]uint32, len(d.strikes)+1)
	visit := func(each func(strike uint32, fam uint16)) {
		last := make([]uint16, len(d.strikes)) // rank+1 of the family that had the strike last
		for _, c := range f.chains {
			fam := &f.families[c]
			for _, g := range f.groups[fam.firstGroup:fam.lastGroup] {
				if g.kind != Option {
					continue
				}
				for _, it := range f.items[g.first:g.last] {
					if last[it.strike] != c+1 {
						last[it.strike] = c + 1
						each(it.strike, c)
					}
				}
			}
		}
	}
	visit(func(strike uint32, _ uint16) { d.holderAt[strike+1]++ })
	for i := 1; i < len(d.holderAt); i++ {
		d.holderAt[i] += d.holderAt[i-1]
	}
	d.holders = make([]uint16, d.holderAt[len(d.holderAt)-1])
	next := slices.Clone(d.holderAt)
	visit(func(strike uint32, fam uint16) {
		d.holders[next[strike]] = fam
		next[strike]++
	})
}
