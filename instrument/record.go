package instrument

import (
	"paperport/calendar"
	"paperport/money"
)

// identity is a contract key in 16 bytes. root is the interned underlying of a contract, "ISIN:series" (or
// "symbol:series") of a share, the symbol of an index; strike is interned as well.
type identity struct {
	strike   uint32
	root     uint32
	expiry   calendar.Date
	exchange calendar.Exchange
	kind     Kind
	right    Right
	segment  calendar.Segment // not part of the key, kept here because it never changes
}

// version is what may change from day to day, as indices into the pool, in 12 bytes.
type version struct {
	names uint32
	from  calendar.Date
	terms uint16
	form  symbolForm
	// isKnown is false where the source never listed the instrument.
	isKnown bool
}

// symbolForm says how the symbol is spelled: from the contract's parts, or as stored in names.
type symbolForm uint8

const (
	storedForm symbolForm = iota
	monthlyForm
	weeklyForm
)

// names is everything written about an instrument; the contracts of one underlying share one.
type names struct {
	symbol, name, isin, series, underlying string
	underlyingID                           ID
}

// pool interns roots, strikes, names and terms. Roots are only ever looked up, so they are not kept as a list.
type pool struct {
	rootIndex   map[string]uint32
	strikes     []money.Price
	strikeIndex map[money.Price]uint32
	names       []names
	// nameIndex finds the names of contracts, which many share; those of shares are their own.
	nameIndex map[names]uint32
	terms     []Terms
	termIndex map[Terms]uint16
}

func newPool() pool {
	return pool{
		rootIndex: map[string]uint32{}, strikes: []money.Price{0}, strikeIndex: map[money.Price]uint32{0: 0},
		nameIndex: map[names]uint32{}, termIndex: map[Terms]uint16{},
	}
}

func intern[T comparable, I uint16 | uint32](list *[]T, index map[T]I, v T) I {
	if i, ok := index[v]; ok {
		return i
	}
	i := I(len(*list))
	if int(i) != len(*list) {
		panic("instrument: too many different values to intern")
	}
	*list = append(*list, v)
	index[v] = i
	return i
}

func rootOf(in *Instrument) string {
	switch {
	case in.Kind == Index:
		return in.Symbol
	case in.Kind != Equity:
		return in.Underlying
	case in.ISIN != "":
		return in.ISIN + ":" + in.Series
	default:
		return in.Symbol + ":" + in.Series
	}
}

// identity returns the packed key of in, interning its parts.
func (p *pool) identity(in *Instrument) identity {
	name := rootOf(in)
	root, ok := p.rootIndex[name]
	if !ok {
		root = uint32(len(p.rootIndex))
		p.rootIndex[name] = root
	}
	strike := uint32(0)
	if in.Kind == Option {
		strike = intern(&p.strikes, p.strikeIndex, in.Strike)
	}
	return packIdentity(in, root, strike)
}

// lookup is identity without interning; false when a part is unknown.
func (p *pool) lookup(in *Instrument) (identity, bool) {
	root, ok := p.rootIndex[rootOf(in)]
	if !ok || in.Kind != Option {
		return packIdentity(in, root, 0), ok
	}
	strike, ok := p.strikeIndex[in.Strike]
	return packIdentity(in, root, strike), ok
}

func packIdentity(in *Instrument, root, strike uint32) identity {
	key := identity{root: root, strike: strike, exchange: in.Exchange, kind: in.Kind, segment: in.Segment}
	if in.Kind == Future || in.Kind == Option {
		key.expiry, key.right = in.Expiry, in.Right
	}
	return key
}

// version packs what may change. before is the version in force, nil for a new instrument.
func (p *pool) version(in *Instrument, from calendar.Date, before *version) version {
	n := names{in.Symbol, in.Name, in.ISIN, in.Series, in.Underlying, in.UnderlyingID}
	v := version{isKnown: true, from: from, terms: intern(&p.terms, p.termIndex, in.Terms)}
	isContract := in.Kind == Future || in.Kind == Option
	if isContract {
		if v.form = formOf(in); v.form != storedForm {
			n.symbol = ""
		}
	}
	switch {
	case before != nil && p.names[before.names] == n:
		v.names = before.names
	case isContract:
		v.names = intern(&p.names, p.nameIndex, n)
	default:
		v.names = uint32(len(p.names))
		p.names = append(p.names, n)
	}
	return v
}

// formOf tells how a contract's symbol is spelled.
func formOf(in *Instrument) symbolForm {
	var buffer [64]byte
	for _, form := range [...]symbolForm{monthlyForm, weeklyForm} {
		cycle := Cycle(form - monthlyForm)
		if string(appendSymbol(buffer[:0], in.Underlying, in.Expiry, cycle, in.Strike, in.Right)) == in.Symbol {
			return form
		}
	}
	return storedForm
}

func (p *pool) unpack(id ID, key *identity, v *version) Instrument {
	n := &p.names[v.names]
	in := Instrument{
		ID: id, Exchange: key.exchange, Segment: key.segment, Kind: key.kind, Right: key.right,
		Symbol: n.symbol, Name: n.name, ISIN: n.isin, Series: n.series,
		Underlying: n.underlying, UnderlyingID: n.underlyingID,
		Expiry: key.expiry, Strike: p.strikes[key.strike], Terms: p.terms[v.terms],
	}
	switch v.form {
	case monthlyForm:
		in.Symbol = TradingSymbol(in.Underlying, in.Expiry, Monthly, in.Strike, in.Right)
	case weeklyForm:
		in.Symbol = TradingSymbol(in.Underlying, in.Expiry, Weekly, in.Strike, in.Right)
	case storedForm:
	}
	return in
}

// isSame reports whether two versions say the same, whatever their dates.
func (p *pool) isSame(v, o *version) bool {
	return v.terms == o.terms && v.form == o.form && (v.names == o.names || p.names[v.names] == p.names[o.names])
}

// slots is a hash table from contract keys to ids with open addressing: four bytes an entry instead of a map's fifty.
type slots struct {
	table []ID
	n     int
}

const slotsMin = 1024

func (k *identity) hash() uint64 {
	h := uint64(k.strike)*0x9E3779B97F4A7C15 ^ uint64(k.root)<<32 ^ uint64(uint32(k.expiry))
	h ^= uint64(k.exchange)<<56 ^ uint64(k.kind)<<48 ^ uint64(k.right)<<40
	h *= 0xBF58476D1CE4E5B9
	h ^= h >> 29
	h *= 0x94D049BB133111EB
	return h ^ h>>32
}

func (k identity) same(o *identity) bool {
	return k.strike == o.strike && k.root == o.root && k.expiry == o.expiry &&
		k.exchange == o.exchange && k.kind == o.kind && k.right == o.right
}

// find returns the id of a key, zero when it has none.
func (r *Registry) find(key identity) ID {
	if r.slots.n == 0 {
		return 0
	}
	mask := uint64(len(r.slots.table) - 1)
	for i := key.hash() & mask; ; i = (i + 1) & mask {
		id := r.slots.table[i]
		if id == 0 || key.same(&r.identities[id-1]) {
			return id
		}
	}
}

// insert adds the newest identity, growing the table at three quarters full.
func (s *slots) insert(id ID, identities []identity) {
	if (s.n+1)*4 > len(s.table)*3 {
		s.table = make([]ID, max(slotsMin, len(s.table)*2))
		for i := range s.n {
			s.put(ID(i+1), identities)
		}
	}
	s.put(id, identities)
	s.n++
}

func (s *slots) put(id ID, identities []identity) {
	mask := uint64(len(s.table) - 1)
	i := identities[id-1].hash() & mask
	for s.table[i] != 0 {
		i = (i + 1) & mask
	}
	s.table[i] = id
}
