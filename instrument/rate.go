package instrument

import (
	"slices"

	"paperport/money"
)

// groupRating is what the terms say about a group before strikes are looked at.
type groupRating struct {
	// bySide is the class of the group's calls (or its only instruments) and puts, without terms that need a strike.
	bySide [2]uint8
	// isAsked says that a term names an attribute of that side exactly, so that no contract is out of place.
	isAsked [2]bool
	// hasStrikes says that some term may match by strike.
	hasStrikes bool
}

// rateGroup keeps the instruments of a group that all terms match. key is the family's part of the sort key.
func (s *search) rateGroup(key uint64, fam *family, g *group) {
	r, ok := s.groupRating(g)
	if !ok || g.expiry != noExpiry && s.f.dict.expiries[g.expiry] < s.first {
		return
	}
	if g.kind != Option {
		class := int(r.bySide[0]) + penalty(g.kind, r.isAsked[0])
		for i := g.first; i < g.last; i++ {
			if s.isUseless(class, key|uint64(i)) {
				return
			}
			s.keep(class, key|uint64(i), s.f.items[i].id)
		}
		return
	}
	bound := s.bound(g, &r)
	n := uint64(g.first)
	if bound >= classNone || s.isUseless(bound, key|n) {
		return
	}
	walk := s.nearest(fam, g)
	if t := s.narrow(); t != nil {
		s.narrowWalk(&walk, g, t)
	}
	for first, last, ok := walk.next(); ok; first, last, ok = walk.next() {
		if s.isUseless(bound, key|n) {
			return
		}
		for i := first; i < last; i++ {
			it := &s.f.items[i]
			class, isAsked := s.itemClass(&r, it)
			if class < classNone {
				s.keep(int(class)+penalty(Option, isAsked), key|n, it.id)
			}
			n++
		}
	}
}

// penalty puts contracts behind what the words name, unless a word asks for one of their attributes exactly.
func penalty(kind Kind, isAsked bool) int {
	switch {
	case isAsked || kind == Equity || kind == Index:
		return 0
	case kind == Future:
		return 1
	default:
		return 2
	}
}

// groupRating rates a group; false when a term fits no instrument of it.
func (s *search) groupRating(g *group) (r groupRating, ok bool) {
	for i := range s.terms {
		t := &s.terms[i]
		mayStrike := g.kind == Option && t.low < t.high
		r.hasStrikes = r.hasStrikes || mayStrike
		fits := mayStrike
		for put := range r.bySide {
			class, isAsked := s.groupClass(i, g, put)
			r.isAsked[put] = r.isAsked[put] || isAsked
			if mayStrike {
				s.rest[i][put] = class // itemClass rates this term
				continue
			}
			r.bySide[put] = max(r.bySide[put], class)
			fits = fits || class != classNone
		}
		if !fits {
			return r, false
		}
	}
	return r, true
}

// groupClass is the class of a term for one side of a group (0 calls or all, 1 puts), strikes apart.
func (s *search) groupClass(i int, g *group, put int) (class uint8, isAsked bool) {
	t := &s.terms[i]
	class = classNone
	if g.kind == Future || g.kind == Option {
		attribute := uint8(classNone)
		if t.dates != nil {
			attribute = t.dateClass(g)
		}
		if !t.isJoint {
			which := sideFuture
			if g.kind == Option {
				which = sideCall + side(put)
			}
			attribute = min(attribute, t.sides[which])
		}
		class, isAsked = attribute, attribute == classExact
	}
	if t.isPlace && t.place == g.place {
		class = min(class, classPrefix)
	}
	return min(class, s.inFamily[i]), isAsked
}

// dateClass is the class of t by the expiry of a group.
func (t *term) dateClass(g *group) uint8 {
	class := t.dates[g.expiry]
	if t.isCycle && class != classNone {
		class = classPrefix
		if g.isMonthly {
			class = classExact
		}
	}
	return class
}

// itemClass rates one option by the terms that may match its strike, on top of the group's rating.
func (s *search) itemClass(r *groupRating, it *item) (class uint8, isAsked bool) {
	put := 0
	if it.right == Put {
		put = 1
	}
	class, isAsked = r.bySide[put], r.isAsked[put]
	if !r.hasStrikes {
		return class, isAsked
	}
	for i := range s.terms {
		t := &s.terms[i]
		if t.low >= t.high {
			continue
		}
		own := strikeClass(t, int(it.strike))
		if t.isJoint {
			own = max(own, t.sides[sideCall+side(put)])
		}
		isAsked = isAsked || own == classExact
		own = min(own, s.rest[i][put])
		class = max(class, own)
	}
	return class, isAsked
}

func strikeClass(t *term, strike int) uint8 {
	switch {
	case strike == t.exact:
		return classExact
	case strike >= t.low && strike < t.high:
		return classPrefix
	default:
		return classNone
	}
}

// bound is the best class that any option of a group can have.
func (s *search) bound(g *group, r *groupRating) int {
	bound := uint8(classNone)
	for put := range 2 {
		class, isAsked := r.bySide[put], r.isAsked[put]
		for i := range s.terms {
			t := &s.terms[i]
			if t.low >= t.high {
				continue
			}
			own := uint8(classNone)
			switch {
			case t.exact >= 0 && s.holds(g, uint32(t.exact)):
				own = classExact
			case s.begins(g, t):
				own = classPrefix
			}
			isAsked = isAsked || own == classExact
			class = max(class, min(own, s.rest[i][put]))
		}
		bound = min(bound, min(class, classNone)+uint8(penalty(Option, isAsked)))
	}
	return int(bound)
}

// holds reports whether a group has a strike. Its items are in order of price.
func (s *search) holds(g *group, strike uint32) bool {
	price := s.f.dict.prices[strike]
	at := s.lowerItem(g, price)
	return at < g.last && s.f.items[at].strike == strike
}

// begins reports whether a group has a strike in the bounds of the number of t.
func (s *search) begins(g *group, t *term) bool {
	highest := s.f.dict.prices[s.f.items[g.last-1].strike]
	for from, below := t.from, t.below; from <= highest; from, below = from*10, below*10 {
		if at := s.lowerItem(g, from); at < g.last && s.f.dict.prices[s.f.items[at].strike] < below {
			return true
		}
		if t.isFinal {
			break
		}
	}
	return false
}

// lowerItem returns the first item of an option group whose strike is not below price.
func (s *search) lowerItem(g *group, price money.Price) uint32 {
	low, high := g.first, g.last
	for low < high {
		mid := (low + high) / 2
		if s.f.dict.prices[s.f.items[mid].strike] < price {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// nearWalk yields the items of an option group strike by strike, the nearest to the centre first, the lower one of two
// equally near.
type nearWalk struct {
	f          *Finder
	centre     money.Price
	first, end uint32 // the group
	down, up   uint32 // items [first, down) and [up, end) are still to come
	// runs are the first items of the only strikes to come, when isNarrow.
	runs     []uint32
	isNarrow bool
}

// narrow returns the term that only some strikes of the group at hand can match, nil when there is none.
func (s *search) narrow() *term {
	for i := range s.terms {
		t := &s.terms[i]
		if t.low < t.high && s.rest[i] == [2]uint8{classNone, classNone} {
			return t
		}
	}
	return nil
}

// denseRuns is from how many strikes on a plain walk meets enough of them early.
const denseRuns = 64

// narrowWalk limits a walk to the strikes of t, in the same order. Strikes that begin with 24 are those from 24 to below
// 25, from 240 to below 250 and so on.
func (s *search) narrowWalk(w *nearWalk, g *group, t *term) {
	w.isNarrow = true
	s.runs = s.runs[:0]
	highest := s.f.dict.prices[s.f.items[g.last-1].strike]
	for from, below := t.from, t.below; from <= highest; from, below = from*10, below*10 {
		for at := s.lowerItem(g, from); at < g.last; at++ {
			strike := s.f.items[at].strike
			if s.f.dict.prices[strike] >= below {
				break
			}
			isNew := at == g.first || s.f.items[at-1].strike != strike
			if isNew && int(strike) >= t.low && int(strike) < t.high {
				s.runs = append(s.runs, at)
			}
		}
		if t.isFinal {
			break
		}
	}
	if len(s.runs) > denseRuns {
		w.isNarrow = false
		return
	}
	slices.SortFunc(s.runs, func(a, b uint32) int {
		switch {
		case a == b:
			return 0
		case w.isNearer(a, b):
			return -1
		default:
			return 1
		}
	})
	w.runs = s.runs
}

func (w *nearWalk) isNearer(a, b uint32) bool {
	p, q := w.price(a), w.price(b)
	dp, dq := max(p-w.centre, w.centre-p), max(q-w.centre, w.centre-q)
	return dp < dq || (dp == dq && p < q)
}

func (s *search) nearest(fam *family, g *group) nearWalk {
	var centre money.Price
	if s.spot != nil && fam.underlying != 0 {
		centre = s.spot(fam.underlying)
	}
	if centre == 0 {
		centre = s.f.dict.prices[s.f.items[(g.first+g.last)/2].strike]
	}
	at := s.lowerItem(g, centre)
	return nearWalk{f: s.f, centre: centre, first: g.first, end: g.last, down: at, up: at}
}

func (w *nearWalk) next() (first, last uint32, ok bool) {
	if w.isNarrow {
		if len(w.runs) == 0 {
			return 0, 0, false
		}
		first = w.runs[0]
		w.runs = w.runs[1:]
		for last = first + 1; last < w.end && w.f.items[last].strike == w.f.items[first].strike; {
			last++
		}
		return first, last, true
	}
	hasDown, hasUp := w.down > w.first, w.up < w.end
	if !hasDown && !hasUp {
		return 0, 0, false
	}
	if hasDown && (!hasUp || w.centre-w.price(w.down-1) <= w.price(w.up)-w.centre) {
		last = w.down
		for w.down--; w.down > w.first && w.f.items[w.down-1].strike == w.f.items[w.down].strike; {
			w.down--
		}
		return w.down, last, true
	}
	first = w.up
	for w.up++; w.up < w.end && w.f.items[w.up].strike == w.f.items[first].strike; {
		w.up++
	}
	return first, w.up, true
}

func (w *nearWalk) price(i uint32) money.Price { return w.f.dict.prices[w.f.items[i].strike] }
