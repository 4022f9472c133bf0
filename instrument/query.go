package instrument

import (
	"strings"

	"paperport/money"
)

// Limits of a query: more is cut off.
const (
	queryBytesMax = 96
	termsMax      = 8
)

// term is one word of a query and what it can mean. It matches an instrument when the word is found in the family's words,
// or when all its attribute parts fit the contract.
type term struct {
	// word is the word in capitals, text the same where the family's words count: "" for a part of a pasted trading
	// symbol, which means only an attribute.
	word, text string
	// keyed and named are text behind the marks of a key and of a name's word.
	keyed, named string
	// sides are the classes by side: futures, calls, puts. classNone where the word is no such word.
	sides [sideCount]uint8
	// isPlace marks words that are an exchange code.
	isPlace bool
	place   place
	// dates are the classes by expiry; nil when no expiry fits.
	dates []uint8
	// exact is the strike that the number is, from low to high those that begin with it; none: exact -1, low == high.
	exact     int
	low, high int
	// from and below bound the prices that begin with the number; unless isFinal, so do they times ten, a hundred ...
	from, below money.Price
	isFinal     bool
	// best is the best class that an attribute of the word can give, classNone when it means none; loose the same for
	// contracts that do not have the exact strike.
	best, loose uint8
	// isCycle marks the month of a pasted symbol (26DEC): it means the monthly expiry, and the others of the month less.
	isCycle bool
	// isJoint joins strike and side into one condition ("24000CE").
	isJoint bool
}

// side is what a word like CE asks for.
type side uint8

const (
	sideFuture side = iota
	sideCall
	sidePut
	sideCount
)

// sideWords are the words for sides. OPT names both calls and puts.
var sideWords = []struct {
	word  string
	sides []side
}{
	{"FUT", []side{sideFuture}}, {"FUTURES", []side{sideFuture}},
	{"CE", []side{sideCall}}, {"CALL", []side{sideCall}},
	{"PE", []side{sidePut}}, {"PUT", []side{sidePut}},
	{"OPT", []side{sideCall, sidePut}}, {"OPTIONS", []side{sideCall, sidePut}},
}

var noSides = [sideCount]uint8{classNone, classNone, classNone}

// parse splits a query into terms, at most termsMax.
func (f *Finder) parse(query string, terms []term) []term {
	if len(query) > queryBytesMax {
		query = query[:queryBytesMax]
	}
	for i := 0; i < len(query) && len(terms) < termsMax; {
		start := i
		for i < len(query) && isWordByte(query[i]) {
			i++
		}
		if i > start {
			terms = f.parseWord(upper(query[start:i]), terms)
		}
		for i < len(query) && !isWordByte(query[i]) {
			i++
		}
	}
	return terms
}

func isWordByte(c byte) bool { return gramDigits[upperByte(c)] != 0 }

func upperByte(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

func upper(s string) string {
	for i := range len(s) {
		if s[i] >= 'a' && s[i] <= 'z' {
			return strings.ToUpper(s)
		}
	}
	return s
}

// parseWord adds the terms of one word: usually one, more for a pasted trading symbol (NIFTY26DEC24000CE).
func (f *Finder) parseWord(word string, terms []term) []term {
	if symbol, rest, ok := f.cutSymbol(word); ok {
		var parts [4]string
		if n := splitContract(rest, &parts); n > 0 && len(terms)+n < termsMax {
			terms = append(terms, f.newTerm(symbol))
			for i, p := range parts[:n] {
				t := f.newTerm(p)
				t.text = ""
				if i == 0 && t.dates != nil && !isDigit(p[0]) {
					t.isCycle, t.best, t.loose = true, classExact, classExact
				}
				terms = append(terms, t)
			}
			return terms
		}
	}
	return append(terms, f.newTerm(word))
}

// cutSymbol cuts the longest symbol of a chain off a word that goes on with a digit, and with three more letters or digits
// or with a year and the beginning of a month.
func (f *Finder) cutSymbol(word string) (symbol, rest string, ok bool) {
	const restMin = 3
	for i := len(word) - restMin; i > 0; i-- {
		if isDigit(word[i]) && (len(word)-i > restMin || isHalfMonth(word[i:])) {
			if _, known := f.symbols[word[:i]]; known {
				return word[:i], word[i:], true
			}
		}
	}
	return "", "", false
}

// isHalfMonth reports whether s is a year and the beginning of a month, as a trading symbol half typed: 26D, 26DE.
func isHalfMonth(s string) bool {
	return len(s) > 2 && len(s) < 5 && isNumber(s[:2]) && digitsLen(s) == 2 && monthNumber(s[2:]) > 0
}

// splitContract reads what follows the underlying in a trading symbol: 26DECFUT, 26DEC24000CE, 26D0124000CE (weekly) or
// 24000CE, into words a query could have. It returns how many parts there are, 0 when it is none of these.
func splitContract(s string, parts *[4]string) int {
	tail := s
	n := 0
	switch {
	case isHalfMonth(s):
		parts[0], tail, n = s[2:]+s[:2], "", 1
	case len(s) >= 5 && monthNumber(s[2:5]) > 0 && isDigit(s[0]) && isDigit(s[1]):
		parts[0], tail, n = s[2:5]+s[:2], s[5:], 1
	case len(s) > 9 && isNumber(s[:2]) && isNumber(s[3:5]) && strings.IndexByte(monthCodes, s[2]) >= 0 && !isNumber(s):
		month := strings.IndexByte(monthCodes, s[2])
		parts[0], tail, n = s[3:5]+monthWords[month][:3]+s[:2], s[5:], 1
	}
	if tail == "" {
		return n
	}
	number := digitsLen(tail)
	switch word := tail[number:]; {
	case number == 0 && strings.HasPrefix("FUT", word):
	case number > 0 && (word == "" || strings.HasPrefix("CE", word) || strings.HasPrefix("PE", word)):
	default:
		return 0
	}
	parts[n] = tail
	return n + 1
}

// newTerm works out what a word can mean.
func (f *Finder) newTerm(word string) term {
	t := f.readTerm(word)
	marked := string(keyMark) + word + string(nameMark) + word
	t.keyed, t.named = marked[:1+len(word)], marked[1+len(word):]
	t.word, t.text = t.keyed[1:], t.keyed[1:]
	t.best, t.loose = t.bestClass(classExact), t.bestClass(classPrefix)
	return t
}

// bestClass is the best class that an attribute can give when the strike gives at most a class.
func (t *term) bestClass(strike uint8) uint8 {
	if t.low == t.high {
		strike = classNone
	} else if t.exact < 0 {
		strike = max(strike, classPrefix)
	}
	best := uint8(classNone)
	if t.isPlace {
		best = classPrefix
	}
	for _, class := range t.dates {
		best = min(best, class)
	}
	if !t.isJoint {
		best = min(best, strike)
	}
	for _, class := range t.sides {
		if t.isJoint {
			class = max(class, strike)
		}
		best = min(best, class)
	}
	return best
}

func (f *Finder) readTerm(word string) term {
	t := term{sides: noSides, exact: -1}
	number := digitsLen(word)
	letters := word[number:]
	switch {
	case number == 0:
		t.sides = sideClasses(word)
		t.setPlace(f, word)
		t.setDates(f, word)
	case letters == "":
		t.setStrike(f, word)
		t.setDates(f, word)
	case isDigit(letters[len(letters)-1]):
		t.setDates(f, word)
	default:
		t.sides = sideClasses(letters)
		t.setStrike(f, word[:number])
		t.isJoint = t.sides != noSides && t.low < t.high
		if !t.isJoint {
			t.sides, t.exact, t.low, t.high = noSides, -1, 0, 0
		}
		t.setDates(f, word)
	}
	return t
}

func sideClasses(word string) [sideCount]uint8 {
	classes := noSides
	for _, w := range sideWords {
		if class := wordClass(word, w.word); class != classNone {
			for _, s := range w.sides {
				classes[s] = min(classes[s], class)
			}
		}
	}
	return classes
}

// wordClass tells whether part is word (exact), its beginning (prefix) or neither.
func wordClass(part, word string) uint8 {
	switch {
	case part == word:
		return classExact
	case strings.HasPrefix(word, part):
		return classPrefix
	default:
		return classNone
	}
}

func (t *term) setPlace(f *Finder, word string) {
	for i, name := range placeNames {
		if name == word && len(f.dict.placed[i]) > 0 {
			t.isPlace, t.place = true, place(i)
		}
	}
}

// setStrike finds the strikes that a number is or begins.
func (t *term) setStrike(f *Finder, number string) {
	strikes := f.dict.strikes
	t.low = lowerBound(strikes, number)
	t.high = t.low
	if t.low == len(strikes) || !strings.HasPrefix(strikes[t.low], number) {
		return
	}
	if strikes[t.low] == number {
		t.exact = t.low
	}
	// All strikes that begin with number come before number followed by a byte above every digit and the dot.
	t.high = t.low + lowerBound(strikes[t.low:], number+":")
	whole, fraction, hasDot := strings.Cut(number, ".")
	t.isFinal = hasDot || strings.Trim(number, "0") == ""
	step := money.Price(money.PriceScale)
	for range fraction {
		step /= 10
	}
	from, err := money.ParsePrice(whole + "." + fraction + "0")
	if err != nil {
		panic("instrument: a strike begins with what is no number: " + number)
	}
	t.from, t.below = from, from+step
}

// lowerBound returns the index of the first string >= s.
func lowerBound(sorted []string, s string) int {
	low, high := 0, len(sorted)
	for low < high {
		if mid := (low + high) / 2; sorted[mid] < s {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// setDates rates every expiry by the words of a date: 29, 29DEC, DEC, DECEMBER, DEC26, 29DEC26, 2026.
func (t *term) setDates(f *Finder, word string) {
	d, ok := parseDatePart(word)
	if !ok {
		return
	}
	var rated []uint8
	for i, e := range f.dict.civil {
		if class := d.class(e); class != classNone {
			if rated == nil {
				rated = make([]uint8, len(f.dict.expiries))
				for k := range rated {
					rated[k] = classNone
				}
			}
			rated[i] = class
		}
	}
	t.dates = rated
}

// datePart is a date as far as it is typed. Zero parts are not asked for.
type datePart struct {
	before, after int
	month         string
	hasBefore     bool
	hasAfter      bool
}

// parseDatePart reads [digits][letters][digits]: a day or year, a month or its beginning, a day or year.
func parseDatePart(word string) (d datePart, ok bool) {
	n := digitsLen(word)
	if strings.IndexByte(word, '.') >= 0 || n > 4 {
		return d, false
	}
	d.before, d.hasBefore = atoi(word[:n]), n > 0
	rest := word[n:]
	m := 0
	for m < len(rest) && rest[m] >= 'A' && rest[m] <= 'Z' {
		m++
	}
	d.month = rest[:m]
	rest = rest[m:]
	if len(rest) > 4 || !isNumberOrEmpty(rest) || (d.month == "" && (rest != "" || n == 3)) {
		return d, false
	}
	d.after, d.hasAfter = atoi(rest), rest != ""
	return d, d.month == "" || monthNumber(d.month) > 0
}

// class rates an expiry. A number before or after the month is its day or its year (26 or 2026).
func (d *datePart) class(e civilDate) uint8 {
	year, month, day := e.year, e.month, e.day
	class := uint8(classExact)
	if d.month != "" {
		word := monthWords[month-1]
		if !strings.HasPrefix(word, d.month) {
			return classNone
		}
		if len(d.month) < 3 {
			class = classPrefix
		}
	}
	isYear := func(n int) bool { return n == year || n == year%100 }
	switch {
	case d.hasBefore && d.hasAfter:
		if d.before != day || !isYear(d.after) {
			return classNone
		}
	case d.hasBefore && d.month == "":
		if d.before != day && d.before != year {
			return classNone
		}
		if d.before < 10 {
			class = classPrefix // one digit is rather the beginning of a strike
		}
	case d.hasBefore:
		return max(class, dayOrYear(d.before, day, isYear(d.before)))
	case d.hasAfter:
		return max(class, dayOrYear(d.after, day, isYear(d.after)))
	}
	return class
}

func dayOrYear(n, day int, isYear bool) uint8 {
	switch {
	case n == day:
		return classExact
	case isYear:
		return classPrefix
	default:
		return classNone
	}
}

// monthNumber returns 1 to 12 for a month's name or its beginning (the first that fits), else 0.
func monthNumber(s string) int {
	for i, m := range monthWords {
		if s != "" && strings.HasPrefix(m, s) {
			return i + 1
		}
	}
	return 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNumber(s string) bool { return s != "" && isNumberOrEmpty(s) }

func isNumberOrEmpty(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// digitsLen is the length of the number (digits and a dot within) that s begins with.
func digitsLen(s string) int {
	n := 0
	for n < len(s) && (isDigit(s[n]) || (s[n] == '.' && n > 0)) {
		n++
	}
	return n
}

func atoi(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
