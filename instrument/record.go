package instrument

import (
	"paperport/calendar"
	"paperport/money"
)

// identity is a contract key in 24 bytes. root is the interned underlying of a contract, "ISIN:series" (or
// "symbol:series") of a share, the symbol of an index.
type identity struct {
	strike   money.Price
	root     uint32
	expiry   calendar.Date
	exchange calendar.Exchange
	kind     Kind
	right    Right
	segment  calendar.Segment // not part of the key, kept here because it never changes
}

// version is what may change from day to day, as indices into the pool.
type version struct {
	names uint32
	terms uint32
	from  calendar.Date
	form  symbolForm
}

// symbolForm says how the symbol is spelled: from the contract's parts, or as stored in names.
type symbolForm uint8

const (
	storedForm symbolForm = iota
	monthlyForm
	weeklyForm
)

type record struct {
	identity
	version
}

// names is everything written about an instrument; the contracts of one underlying share one.
type names struct {
	symbol, name, isin, series, underlying string
	underlyingID                           ID
}

// pool interns roots, names and terms.
type pool struct {
	roots     []string
	rootIndex map[string]uint32
	names     []names
	nameIndex map[names]uint32
	terms     []Terms
	termIndex map[Terms]uint32
}

func newPool() pool {
	return pool{rootIndex: map[string]uint32{}, nameIndex: map[names]uint32{}, termIndex: map[Terms]uint32{}}
}

func intern[T comparable](list *[]T, index map[T]uint32, v T) uint32 {
	if i, ok := index[v]; ok {
		return i
	}
	i := uint32(len(*list))
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

// identity returns the packed key of in, interning its root.
func (p *pool) identity(in *Instrument) identity {
	return packIdentity(in, intern(&p.roots, p.rootIndex, rootOf(in)))
}

// lookup is identity without interning.
func (p *pool) lookup(in *Instrument) (identity, bool) {
	root, ok := p.rootIndex[rootOf(in)]
	return packIdentity(in, root), ok
}

func packIdentity(in *Instrument, root uint32) identity {
	key := identity{root: root, exchange: in.Exchange, kind: in.Kind, segment: in.Segment}
	if in.Kind == Future || in.Kind == Option {
		key.expiry = in.Expiry
	}
	if in.Kind == Option {
		key.strike, key.right = in.Strike, in.Right
	}
	return key
}

// version packs what may change.
func (p *pool) version(in *Instrument, from calendar.Date) version {
	n := names{in.Symbol, in.Name, in.ISIN, in.Series, in.Underlying, in.UnderlyingID}
	v := version{from: from}
	if in.Kind == Future || in.Kind == Option {
		switch in.Symbol {
		case TradingSymbol(in.Underlying, in.Expiry, Monthly, in.Strike, in.Right):
			v.form, n.symbol = monthlyForm, ""
		case TradingSymbol(in.Underlying, in.Expiry, Weekly, in.Strike, in.Right):
			v.form, n.symbol = weeklyForm, ""
		}
	}
	v.names = intern(&p.names, p.nameIndex, n)
	v.terms = intern(&p.terms, p.termIndex, in.Terms)
	return v
}

func (p *pool) unpack(id ID, key *identity, v *version) Instrument {
	n := &p.names[v.names]
	in := Instrument{
		ID: id, Exchange: key.exchange, Segment: key.segment, Kind: key.kind, Right: key.right,
		Symbol: n.symbol, Name: n.name, ISIN: n.isin, Series: n.series,
		Underlying: n.underlying, UnderlyingID: n.underlyingID,
		Expiry: key.expiry, Strike: key.strike, Terms: p.terms[v.terms],
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

// sameContent reports whether two versions say the same, whatever their dates.
func (v version) sameContent(o version) bool {
	return v.names == o.names && v.terms == o.terms && v.form == o.form
}

// revise records v as in force from its date on.
func (r *Registry) revise(id ID, v version) {
	rec := &r.records[id-1]
	all := append(append([]version{}, r.older[id]...), rec.version)
	at := len(all)
	for at > 0 && all[at-1].from > v.from {
		at--
	}
	switch {
	case at > 0 && all[at-1].sameContent(v):
		return
	case at > 0 && all[at-1].from == v.from:
		all[at-1] = v
	default:
		all = append(all[:at], append([]version{v}, all[at:]...)...)
	}
	rec.version = all[len(all)-1]
	if len(all) > 1 {
		r.older[id] = all[:len(all)-1]
	}
	r.unpacked[id-1] = nil
	r.unsaved = append(r.unsaved, savePoint{id, v.from})
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
		if id == 0 || key.same(&r.records[id-1].identity) {
			return id
		}
	}
}

// insert adds the newest record, growing the table at three quarters full.
func (s *slots) insert(id ID, records []record) {
	if (s.n+1)*4 > len(s.table)*3 {
		s.table = make([]ID, max(slotsMin, len(s.table)*2))
		for i := range s.n {
			s.put(ID(i+1), records)
		}
	}
	s.put(id, records)
	s.n++
}

func (s *slots) put(id ID, records []record) {
	mask := uint64(len(s.table) - 1)
	i := records[id-1].hash() & mask
	for s.table[i] != 0 {
		i = (i + 1) & mask
	}
	s.table[i] = id
}
