package instrument

import (
	"slices"
	"strings"

	"paperport/calendar"
	"paperport/money"
)

// A search collects the best limit items in the order (class, rank of the family, place in the family). One term, the
// rarest, drives: its families are visited class by class in order of rank, so that all that is not yet visited is
// worse than what is, and the search stops as soon as nothing can still improve the answer.

// classCount is one more than the worst class: substring plus two for an option nobody asked for.
const classCount = classSubstring + 3

// search is the scratch of one query.
type search struct {
	f     *Finder
	limit int
	spot  func(ID) money.Price
	first calendar.Date // contracts with an earlier last day are left out
	terms []term
	// inFamily are the classes of the terms in the words of the family at hand.
	inFamily [termsMax]uint8
	// rest are the classes of terms that may match a strike, by side, if they do not: by a date or the family's words.
	rest [termsMax][2]uint8
	seen []uint64 // bit set of families visited
	// asks says that some term may name a contract exactly. Otherwise contracts are worse than their share or index, and
	// later holds the families whose contracts are rated once their class has come.
	asks  bool
	later []visited
	// driving is the index of the driving term.
	driving int
	found   [classCount][]candidate
	joined  []uint16 // scratch of attributeList
	runs    []uint32 // scratch of narrowWalk
}

// candidate is a found item: its key is rank<<32 | place in the family, ascending is better.
type candidate struct {
	key uint64
	id  ID
}

// visited is a family whose contracts are put off: the best class its words allow, and how many kinds are rated.
type visited struct {
	rank  uint16
	class uint8
	rated uint8 // 0 none, 1 futures, 2 options too
}

func newSearch(f *Finder) *search {
	return &search{f: f, seen: make([]uint64, len(f.families)/64+1)}
}

func (s *search) start(limit int, spot func(ID) money.Price) {
	s.limit, s.spot = limit, spot
	s.later = s.later[:0]
	clear(s.seen)
	for i := range s.found {
		s.found[i] = s.found[i][:0]
	}
}

func (s *search) hits() []Hit {
	out := make([]Hit, 0, s.limit)
	for class, list := range s.found {
		for _, p := range list {
			if len(out) == s.limit {
				return out
			}
			out = append(out, Hit{p.id, uint8(class)})
		}
	}
	return out
}

// isUseless reports whether an item of a class, at a key or later, can no longer enter the answer.
func (s *search) isUseless(class int, key uint64) bool {
	better := 0
	for c := range class {
		better += len(s.found[c])
	}
	if better >= s.limit {
		return true
	}
	if class >= classCount {
		return true
	}
	own := s.found[class]
	return better+len(own) >= s.limit && len(own) > 0 && key > own[len(own)-1].key
}

// keep puts an item in its place among those found, at most limit a class.
func (s *search) keep(class int, key uint64, id ID) {
	list := s.found[class]
	at := len(list)
	for at > 0 && list[at-1].key > key {
		at--
	}
	if at >= s.limit {
		return
	}
	if len(list) < s.limit {
		list = append(list, candidate{})
	}
	copy(list[at+1:], list[at:])
	list[at] = candidate{key, id}
	s.found[class] = list
}

// run visits the families of the driving term.
func (s *search) run() {
	driver, code, isFirst := s.driver()
	if driver < 0 {
		return
	}
	s.driving = driver
	t := &s.terms[driver]
	s.asks = slices.ContainsFunc(s.terms, func(t term) bool { return t.best == classExact })
	if !isFirst {
		// A short list of families that have the rarest gram of the word, in no order of class: visit them all.
		for class := range gramClasses {
			for _, fam := range s.f.grams.list(code, class) {
				s.visit(int(fam), 0)
			}
		}
	}
	s.visitExact(t)
	for class := range classCount {
		s.visitAttributes(t, class)
		if isFirst && t.text != "" && class < gramClasses {
			s.visitAll(s.f.grams.list(code, class), class)
		}
		s.visitLater(class)
		if s.isUseless(class+1, 0) {
			return
		}
	}
}

// visitExact visits the families that have the whole word as a key: for a word longer than a gram, the lists cannot tell
// them from those where it is only a beginning.
func (s *search) visitExact(t *term) {
	if t.text == "" {
		return
	}
	table := s.f.exact
	mask := uint32(len(table) - 1)
	for slot := keyHash(t.text) & mask; table[slot] != 0; slot = (slot + 1) & mask {
		rank := int(table[slot]) - 1
		fam := &s.f.families[rank]
		if t.familyClass(s.f.text[fam.from:fam.to]) == classExact {
			s.visit(rank, classExact)
		}
	}
}

// visitAll visits families in order of rank, as long as they can have something of the class that still counts.
func (s *search) visitAll(families []uint16, class int) {
	for _, fam := range families {
		if s.isUseless(class, uint64(fam)<<32) {
			return
		}
		s.visit(int(fam), class)
	}
}

// visitLater rates the contracts put off whose class has come: futures are one class worse than their family, options two.
func (s *search) visitLater(class int) {
	for i := range s.later {
		v := &s.later[i]
		for v.rated < 2 && class-int(v.class) > int(v.rated) && !s.isUseless(class, uint64(v.rank)<<32) {
			kind := Future
			if v.rated == 1 {
				kind = Option
			}
			v.rated++
			s.rateKind(int(v.rank), kind)
		}
	}
}

func (s *search) rateKind(rank int, kind Kind) {
	fam := &s.f.families[rank]
	s.rateWords(fam)
	for g := fam.firstGroup; g < fam.lastGroup; g++ {
		if group := &s.f.groups[g]; group.kind == kind {
			s.rateGroup(uint64(rank)<<32, fam, group)
		}
	}
}

// A list is short when it is walked whole rather than class by class: up to shortList families, or a shortShare-th part
// of the list of the word's first gram.
const (
	shortList  = 48
	shortShare = 8
)

// driver picks the term with the fewest families and the gram whose list is walked: the first of the word, or the rarest
// when that makes a short list. It returns -1 when a term can match nothing at all.
func (s *search) driver() (driver, code int, isFirst bool) {
	driver = -1
	best := 0
	for i := range s.terms {
		t := &s.terms[i]
		own, ownFirst, words := s.rarest(t)
		count := words + s.attributeFamilies(t)
		if count == 0 {
			return -1, 0, false
		}
		if driver < 0 || count < best {
			driver, best, code, isFirst = i, count, own, ownFirst
		}
	}
	return driver, code, isFirst
}

func (s *search) rarest(t *term) (code int, isFirst bool, count int) {
	if t.text == "" {
		return 0, true, 0
	}
	code = gramCode(t.text, min(len(t.text), 3))
	first := s.f.grams.count(code)
	count, isFirst = first, true
	for i := 1; i+3 <= len(t.text); i++ {
		c := gramCode(t.text[i:], 3)
		if n := s.f.grams.count(c); n == 0 {
			return code, true, 0
		} else if n < count && (n <= shortList || n*shortShare <= first) {
			code, count, isFirst = c, n, false
		}
	}
	return code, isFirst, count
}

// attributeFamilies estimates how many families have a contract that a term's attributes fit.
func (s *search) attributeFamilies(t *term) int {
	switch {
	case t.isPlace:
		return len(s.f.dict.placed[t.place])
	case t.dates != nil || (t.sides != noSides && !t.isJoint):
		return len(s.f.chains)
	case t.low < t.high:
		held := s.f.dict.holderAt[t.high] - s.f.dict.holderAt[t.low]
		return min(len(s.f.chains), int(held))
	default:
		return 0
	}
}

// attributeClass is the best class that a contract can have to which t fits by an attribute, whole strikes apart.
func (s *search) attributeClass(t *term) int {
	class := int(t.loose)
	if len(s.terms) == 1 && class == classPrefix && !t.isPlace {
		// Nothing names an attribute exactly, so every contract is out of place, options most.
		if class++; t.dates == nil && t.sides[sideFuture] == classNone {
			class++
		}
	}
	return class
}

// visitAttributes visits the families that have a contract which t fits by an attribute, once class is the best class
// they can have.
func (s *search) visitAttributes(t *term, class int) {
	if t.best == classNone {
		return
	}
	if class == classExact && t.exact >= 0 {
		s.visitAll(s.f.dict.holdersOf(t.exact, t.exact+1), class)
	}
	if class < s.attributeClass(t) {
		return
	}
	s.visitAll(s.attributeList(t), class)
	if t.isPlace {
		s.visitAll(s.f.dict.placed[t.place], class)
	}
}

// attributeList returns the families of visitAttributes by rank, for a place only those with contracts.
func (s *search) attributeList(t *term) []uint16 {
	const unionMax = 512
	d := &s.f.dict
	isStrikeOnly := !t.isPlace && t.dates == nil && (t.sides == noSides || t.isJoint)
	if !isStrikeOnly {
		return s.f.chains
	}
	held := d.holdersOf(t.low, t.high)
	if t.high-t.low == 1 {
		return held
	}
	if len(held) > unionMax {
		return s.f.chains
	}
	s.joined = append(s.joined[:0], held...)
	slices.Sort(s.joined)
	s.joined = slices.Compact(s.joined)
	return s.joined
}

// visit rates every instrument of a family, once. class is the best the words allow; contracts nobody asks for come later.
func (s *search) visit(rank, class int) {
	if s.seen[rank>>6]&(1<<(rank&63)) != 0 {
		return
	}
	s.seen[rank>>6] |= 1 << (rank & 63)
	fam := &s.f.families[rank]
	if !s.rateWords(fam) || s.isUseless(s.familyBound(), uint64(rank)<<32) {
		return
	}
	for g := fam.firstGroup; g < fam.lastGroup; g++ {
		if s.f.groups[g].expiry != noExpiry && !s.asks {
			best := min(class, int(s.terms[s.driving].best))
			s.later = append(s.later, visited{rank: uint16(rank), class: uint8(best)})
			return
		}
		s.rateGroup(uint64(rank)<<32, fam, &s.f.groups[g])
	}
}

// familyBound is the best class that the family at hand can have.
func (s *search) familyBound() int {
	bound := uint8(0)
	for i := range s.terms {
		bound = max(bound, min(s.inFamily[i], s.terms[i].best))
	}
	return int(bound)
}

// rateWords finds the class of every term in a family's words; false when one can match nothing of the family.
func (s *search) rateWords(fam *family) bool {
	text := s.f.text[fam.from:fam.to]
	hasContracts := s.f.groups[fam.lastGroup-1].expiry != noExpiry
	for i := range s.terms {
		t := &s.terms[i]
		s.inFamily[i] = classNone
		if t.text != "" {
			s.inFamily[i] = t.familyClass(text)
		}
		if s.inFamily[i] == classNone && !t.isPlace && (!hasContracts || t.best == classNone) {
			return false
		}
	}
	return true
}

// familyClass is the best class of a term within the words of a family.
func (t *term) familyClass(text string) uint8 {
	if !strings.Contains(text, t.text) {
		return classNone
	}
	isPrefix := false
	for from := 0; ; {
		i := strings.Index(text[from:], t.keyed)
		if i < 0 {
			break
		}
		from += i + len(t.keyed)
		if text[from] <= nameMark {
			return classExact
		}
		isPrefix = true
	}
	switch {
	case isPrefix:
		return classPrefix
	case strings.Contains(text, t.named):
		return classNameWord
	default:
		return classSubstring
	}
}
