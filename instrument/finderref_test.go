package instrument

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"paperport/calendar"
	"paperport/money"
)

// reference is the slow, obvious finder: every instrument is rated from its own fields, all are sorted.
type reference struct {
	entries []Entry
	family  []int
	fams    []refFamily
	finder  *Finder // only to cut a query into words
}

type refFamily struct {
	keys, nameWords []string
	name, symbol    string
	exchange        calendar.Exchange
	cash            ID
	isIndex         bool
	isDerived       bool
	contracts       int
	rank            int
}

func newReference(entries []Entry, f *Finder) *reference {
	r := &reference{entries: entries, finder: f}
	index := map[string]int{}
	for _, e := range entries {
		isContract := e.Kind == Future || e.Kind == Option
		name := fmt.Sprint("id ", e.ID)
		if isContract {
			name = fmt.Sprint("id ", e.UnderlyingID)
			if e.UnderlyingID == 0 {
				name = fmt.Sprint(e.Exchange, " ", e.Underlying)
			}
		}
		at, ok := index[name]
		if !ok {
			at = len(r.fams)
			index[name] = at
			r.fams = append(r.fams, refFamily{})
		}
		r.family = append(r.family, at)
		fam := &r.fams[at]
		words := append([]string{}, e.Aliases...)
		if isContract {
			fam.contracts++
			if fam.cash == 0 && e.Terms.UnderlyingIsIndex {
				fam.isIndex = true
			}
			if fam.name == "" {
				fam.name, fam.symbol, fam.exchange = e.Name, e.Underlying, e.Exchange
				words = append(words, e.Underlying)
			}
		} else {
			fam.cash, fam.isIndex, fam.isDerived = e.ID, e.Kind == Index, e.Terms.HasDerivatives
			fam.name, fam.symbol, fam.exchange = e.Name, e.Symbol, e.Exchange
			words = append(words, e.Symbol, e.ISIN)
		}
		for _, w := range words {
			fam.keys = append(fam.keys, refClean(w, ""))
		}
	}
	for i := range r.fams {
		r.fams[i].nameWords = strings.Fields(refClean(r.fams[i].name, " "))
	}
	order := make([]int, len(r.fams))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return refCompare(&r.fams[a], &r.fams[b]) })
	for rank, i := range order {
		r.fams[i].rank = rank
	}
	return r
}

// refClean keeps letters, digits, &, - and the dot in capitals; all else becomes gap.
func refClean(s, gap string) string {
	var b strings.Builder
	for _, c := range strings.ToUpper(s) {
		if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("&-.", c) {
			b.WriteRune(c)
		} else {
			b.WriteString(gap)
		}
	}
	return b.String()
}

func refCompare(a, b *refFamily) int {
	tier := func(f *refFamily) int {
		switch {
		case f.isIndex && f.contracts > 0:
			return 0
		case f.exchange == calendar.NSE && f.contracts > 0:
			return 1
		case f.contracts > 0:
			return 2
		case f.isIndex:
			return 3
		case f.exchange == calendar.NSE:
			return 4
		case f.isDerived:
			return 5
		}
		return 6
	}
	byContracts := 0
	if tier(a) == 0 && tier(b) == 0 {
		byContracts = cmp.Compare(b.contracts, a.contracts)
	}
	return cmp.Or(cmp.Compare(tier(a), tier(b)), byContracts, cmp.Compare(len(a.symbol), len(b.symbol)),
		cmp.Compare(a.symbol, b.symbol), cmp.Compare(a.exchange, b.exchange), cmp.Compare(a.cash, b.cash))
}

func (f *refFamily) class(word string) uint8 {
	best := uint8(classNone)
	for _, k := range f.keys {
		switch {
		case k == word:
			best = min(best, 0)
		case strings.HasPrefix(k, word):
			best = min(best, 1)
		case strings.Contains(k, word):
			best = min(best, 3)
		}
	}
	for _, w := range f.nameWords {
		switch {
		case strings.HasPrefix(w, word):
			best = min(best, 2)
		case strings.Contains(w, word):
			best = min(best, 3)
		}
	}
	return best
}

// refAttribute is the class of a word among the attributes of a contract; place words apart, only contracts have any.
func refAttribute(word string, e *Entry) uint8 {
	best := uint8(classNone)
	if e.Kind != Future && e.Kind != Option {
		return best
	}
	if class, ok := refDates(e.Expiry)[word]; ok {
		best = class
	}
	sides := []string{"FUT", "FUTURES"}
	if e.Right == Call {
		sides = []string{"CE", "CALL", "OPT", "OPTIONS"}
	} else if e.Right == Put {
		sides = []string{"PE", "PUT", "OPT", "OPTIONS"}
	}
	side := func(w string) uint8 {
		class := uint8(classNone)
		for _, s := range sides {
			class = min(class, wordClass(w, s))
		}
		return class
	}
	letters := strings.TrimLeft(word, "0123456789.")
	number := strings.TrimSuffix(word, letters)
	if strings.HasPrefix(number, ".") {
		number, letters = "", word
	}
	switch {
	case number == "":
		best = min(best, side(word))
	case e.Kind != Option:
	case letters == "":
		best = min(best, wordClass(number, strikeText(e.Strike)))
	default:
		best = min(best, max(wordClass(number, strikeText(e.Strike)), side(letters)))
	}
	return best
}

var refDateCache = map[calendar.Date]map[string]uint8{}

// refDates writes an expiry in every way a date may be typed.
func refDates(e calendar.Date) map[string]uint8 {
	if m, ok := refDateCache[e]; ok {
		return m
	}
	out := map[string]uint8{}
	put := func(w string, class uint8) {
		if old, ok := out[w]; !ok || class < old {
			out[w] = class
		}
	}
	year, month, day := e.YMD()
	days := []string{fmt.Sprint(day), fmt.Sprintf("%02d", day)}
	years := []string{fmt.Sprint(year), fmt.Sprint(year % 100)}
	for _, d := range days {
		class := uint8(0)
		if day < 10 {
			class = 1
		}
		put(d, class)
	}
	put(years[0], 0)
	name := strings.ToUpper(month.String())
	for n := 1; n <= len(name); n++ {
		m, class := name[:n], uint8(0)
		if n < 3 {
			class = 1
		}
		put(m, class)
		for _, d := range days {
			put(d+m, class)
			put(m+d, class)
			for _, y := range years {
				put(d+m+y, class)
			}
		}
		for _, y := range years {
			put(y+m, 1)
			put(m+y, 1)
		}
	}
	refDateCache[e] = out
	return out
}

type refHit struct {
	hit   Hit
	rank  int
	kind  int
	e     *Entry
	place place
	near  money.Price
}

func (r *reference) search(query string, limit int, spot func(ID) money.Price) []Hit {
	terms := r.finder.parse(query, nil)
	if len(terms) == 0 {
		return nil
	}
	var all []refHit
	for i := range r.entries {
		e := &r.entries[i]
		fam := &r.fams[r.family[i]]
		total, isAsked := uint8(0), false
		for _, t := range terms {
			attribute := refAttribute(t.word, e)
			if t.isCycle && attribute != classNone {
				attribute = 1
				if r.isMonthly(i) {
					attribute = 0
				}
			}
			isAsked = isAsked || attribute == 0
			class := attribute
			if t.word == placeNames[placeOf(&e.Instrument)] {
				class = min(class, 1)
			}
			if t.text != "" {
				class = min(class, fam.class(t.text))
			}
			total = max(total, class)
		}
		if total == classNone {
			continue
		}
		h := refHit{rank: fam.rank, kind: int(e.Kind), e: e, place: placeOf(&e.Instrument)}
		h.hit = Hit{ID: e.ID, Class: total + uint8(penalty(e.Kind, isAsked))}
		all = append(all, h)
	}
	r.measure(all, spot)
	slices.SortFunc(all, func(a, b refHit) int {
		return cmp.Or(cmp.Compare(a.hit.Class, b.hit.Class), cmp.Compare(a.rank, b.rank), cmp.Compare(a.kind, b.kind),
			cmp.Compare(a.e.Expiry, b.e.Expiry), cmp.Compare(a.place, b.place), cmp.Compare(a.near, b.near),
			cmp.Compare(a.e.Strike, b.e.Strike), cmp.Compare(a.e.Right, b.e.Right))
	})
	var out []Hit
	for _, h := range all[:min(limit, len(all))] {
		out = append(out, h.hit)
	}
	return out
}

// isMonthly: no contract of the same kind and family expires later in the month.
func (r *reference) isMonthly(i int) bool {
	e := &r.entries[i]
	for k := range r.entries {
		o := &r.entries[k]
		if o.Kind == e.Kind && r.family[k] == r.family[i] && o.Expiry > e.Expiry && o.Expiry.String()[:7] == e.Expiry.String()[:7] {
			return false
		}
	}
	return true
}

// measure sets how far each option is from the spot, or from the middle one of all listed options of its expiry.
func (r *reference) measure(hits []refHit, spot func(ID) money.Price) {
	centres := map[string]money.Price{}
	for i := range hits {
		h := &hits[i]
		if h.e.Kind != Option {
			continue
		}
		name := fmt.Sprint(h.rank, h.e.Expiry, h.place)
		centre, ok := centres[name]
		if !ok {
			if spot != nil {
				centre = spot(h.e.UnderlyingID)
			}
			if centre == 0 {
				centre = r.middle(h)
			}
			centres[name] = centre
		}
		h.near = max(h.e.Strike-centre, centre-h.e.Strike)
	}
}

func (r *reference) middle(h *refHit) money.Price {
	var strikes []money.Price
	for i := range r.entries {
		e := &r.entries[i]
		if e.Kind == Option && e.Expiry == h.e.Expiry && r.fams[r.family[i]].rank == h.rank && placeOf(&e.Instrument) == h.place {
			strikes = append(strikes, e.Strike)
		}
	}
	slices.Sort(strikes)
	return strikes[len(strikes)/2]
}
