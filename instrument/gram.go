package instrument

import "strings"

// Grams are the pieces of one, two and three characters of a word. A table lists for each gram the families that have it,
// ordered by how well it fits (class) and then by rank: a short query reads its answer from the front of one list.

// gramChars is the alphabet: everything else separates words.
const gramChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789&-."

const gramBase = len(gramChars) + 1

// gramCount is the number of gram codes; a missing second or third character is 0.
const gramCount = gramBase * gramBase * gramBase

// gramDigits maps a byte to its place in the alphabet, from 1; 0 is not in it.
var gramDigits = func() (t [256]uint16) {
	for i := range len(gramChars) {
		t[gramChars[i]] = uint16(i + 1)
	}
	return t
}()

// gramCode packs the first n (1 to 3) bytes of word.
func gramCode(word string, n int) int {
	code := 0
	for i := range 3 {
		code *= gramBase
		if i < n {
			code += int(gramDigits[word[i]])
		}
	}
	return code
}

// The classes of a word's match within the words of a family.
const (
	classExact     = 0 // a whole symbol, alias or ISIN
	classPrefix    = 1 // the beginning of one, or of a contract's attribute
	classNameWord  = 2 // the beginning of a word of the name
	classSubstring = 3 // anywhere in a word
	gramClasses    = 4
	classNone      = 9
)

// gramTable lists families by gram and class: list(code, class) = posts[starts[code*4+class]:starts[code*4+class+1]].
type gramTable struct {
	starts []uint32
	posts  []uint16
}

func (t *gramTable) list(code, class int) []uint16 {
	cell := code*gramClasses + class
	return t.posts[t.starts[cell]:t.starts[cell+1]]
}

// count returns how many families have a gram in any class.
func (t *gramTable) count(code int) int {
	return int(t.starts[(code+1)*gramClasses] - t.starts[code*gramClasses])
}

// gramVisit calls visit for every distinct gram of a family's text with its best class. stamp is scratch of gramCount
// cells, reused between calls with a growing round.
type gramVisitor struct {
	stamp []uint32
	class []uint8
	codes []int
	round uint32
}

func newGramVisitor() *gramVisitor {
	return &gramVisitor{stamp: make([]uint32, gramCount), class: make([]uint8, gramCount)}
}

// visit returns the distinct grams of text; class holds the best class of each until the next call.
func (v *gramVisitor) visit(text string) []int {
	v.round++
	v.codes = v.codes[:0]
	for i := 0; i < len(text); i++ {
		if text[i] <= nameMark {
			continue
		}
		class := uint8(classSubstring)
		switch text[i-1] {
		case keyMark:
			class = classPrefix
		case nameMark:
			class = classNameWord
		}
		for n := 1; n <= 3 && i+n <= len(text) && text[i+n-1] > nameMark; n++ {
			own := class
			if class == classPrefix && text[i+n] <= nameMark {
				own = classExact
			}
			v.note(gramCode(text[i:], n), own)
		}
	}
	return v.codes
}

func (v *gramVisitor) note(code int, class uint8) {
	if v.stamp[code] != v.round {
		v.stamp[code], v.class[code] = v.round, class
		v.codes = append(v.codes, code)
		return
	}
	v.class[code] = min(v.class[code], class)
}

// buildGrams makes the table in two passes: count, then fill. Families come in rank order, and so do the lists.
func buildGrams(text string, families []family) gramTable {
	t := gramTable{starts: make([]uint32, gramCount*gramClasses+1)}
	v := newGramVisitor()
	for i := range families {
		for _, code := range v.visit(text[families[i].from:families[i].to]) {
			t.starts[code*gramClasses+int(v.class[code])+1]++
		}
	}
	for i := 1; i < len(t.starts); i++ {
		t.starts[i] += t.starts[i-1]
	}
	t.posts = make([]uint16, t.starts[len(t.starts)-1])
	next := append([]uint32(nil), t.starts...)
	for i := range families {
		for _, code := range v.visit(text[families[i].from:families[i].to]) {
			cell := code*gramClasses + int(v.class[code])
			t.posts[next[cell]] = uint16(i)
			next[cell]++
		}
	}
	return t
}

// buildExact hashes every key of every family into a table at most half full.
func buildExact(text string, families []family) []uint16 {
	const sizeMin = 1024
	size := sizeMin
	for size < 2*strings.Count(text, string(keyMark)) {
		size *= 2
	}
	table := make([]uint16, size)
	for i := range families {
		own := text[families[i].from:families[i].to]
		for at := strings.IndexByte(own, keyMark); at >= 0; at = strings.IndexByte(own, keyMark) {
			own = own[at+1:]
			end := strings.IndexAny(own, string(keyMark)+string(nameMark))
			slot := keyHash(own[:end]) & uint32(size-1)
			for table[slot] != 0 {
				slot = (slot + 1) & uint32(size-1)
			}
			table[slot] = uint16(i + 1)
		}
	}
	return table
}

// keyHash is FNV-1a.
func keyHash(key string) uint32 {
	h := uint32(2166136261)
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	return h
}
