package instrument

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"paperport/calendar"
	"paperport/money"
)

// universe makes a market of a given size: indices with weekly chains, shares with monthly ones, shares without, a twin of
// some on BSE, and commodities without a listed underlying.
func universe(derived, plain, strikes int) []Entry {
	rnd := rand.New(rand.NewPCG(1, 2))
	var out []Entry
	add := func(in Instrument, aliases ...string) ID {
		in.ID = ID(len(out) + 1)
		out = append(out, Entry{in, aliases})
		return in.ID
	}
	date := func(month time.Month, day int) calendar.Date { return calendar.NewDate(2026, month, day) }
	chain := func(under Instrument, id ID, base, step money.Price, expiries []calendar.Date) {
		for i, e := range expiries {
			c := under
			c.UnderlyingID, c.Expiry, c.Segment, c.ISIN, c.Series = id, e, calendar.FNO, "", ""
			if under.Exchange == calendar.MCX {
				c.Segment = calendar.Commodity
			}
			if i < 3 {
				c.Kind, c.Right, c.Strike = Future, NoRight, 0
				add(c)
			}
			c.Kind = Option
			for k := range strikes {
				c.Strike = base + money.Price(k-strikes/2)*step
				for c.Right = Call; c.Right <= Put; c.Right++ {
					add(c)
				}
			}
		}
	}
	weekly := []calendar.Date{date(12, 1), date(12, 8), date(12, 15), date(12, 22), date(12, 29), date(1, 26)}
	monthly := []calendar.Date{date(11, 24), date(12, 29), date(1, 26)}
	for _, x := range []struct {
		symbol, name, alias string
		exchange            calendar.Exchange
		base, step          money.Price
		expiries            []calendar.Date
	}{
		{"NIFTY", "NIFTY 50", "NIFTY", calendar.NSE, 240000000, 500000, weekly},
		{"BANKNIFTY", "NIFTY BANK", "CNXBAN", calendar.NSE, 570000000, 1000000, monthly},
		{"SENSEX", "SENSEX", "BSESEN", calendar.BSE, 780000000, 1000000, weekly[:5]},
		{"INDIAVIX", "INDIA VIX", "INDVIX", calendar.NSE, 0, 0, nil},
		{"NIFTY IT", "NIFTY IT", "CNXIT", calendar.NSE, 0, 0, nil},
	} {
		in := Instrument{Exchange: x.exchange, Segment: calendar.Equity, Kind: Index, Symbol: x.symbol, Underlying: x.symbol, Name: x.name}
		id := add(in, x.alias)
		in.Terms.UnderlyingIsIndex = true
		chain(in, id, x.base, x.step, x.expiries)
	}
	addShares(rnd, derived, plain, add, func(in Instrument, id ID) {
		chain(in, id, money.Price(100+rnd.IntN(5000))*money.PriceScale, 5*money.PriceScale, monthly)
	})
	for i := range plain / 10 {
		in := Instrument{Exchange: calendar.NSE, Segment: calendar.Equity, Kind: Equity, Symbol: fmt.Sprint("GOLD", i), Series: "EQ",
			Name: fmt.Sprint("GOLD BEES ", i), ISIN: fmt.Sprintf("INF000A01%03d", i)}
		in.Underlying, in.Terms.IsETF = in.Symbol, true
		add(in, []string{"GOLBEE", "RELGOL", "GOLDBE"}[i%3]+fmt.Sprint(i))
	}
	for _, c := range []string{"GOLD", "CRUDEOIL", "NATURALGAS"} {
		in := Instrument{Exchange: calendar.MCX, Symbol: c, Underlying: c, Name: c}
		chain(in, 0, 700*money.PriceScale, 5*money.PriceScale/2, monthly)
	}
	return out
}

// addShares adds shares with and without derivatives, some of them on BSE too.
func addShares(rnd *rand.Rand, derived, plain int, add func(Instrument, ...string) ID, chain func(Instrument, ID)) {
	names := []string{"RELIANCE INDUSTRIES", "HDFC BANK LIMITED", "HINDUSTAN UNILEVER LTD", "M&M FINANCIAL SERVICES", "BAJAJ AUTO", "TCS", "CESC LTD",
		"FUTURE RETAIL", "360 ONE WAM", "TATA STEEL", "INDIAN BANK", "3M INDIA", "CALL & PUT TRADERS", "DECCAN CEMENTS"}
	syllables := []string{"AB", "CE", "DEC", "FU", "HIN", "IN", "JAI", "KA", "LI", "MA", "NI", "OR", "PE", "RE", "SU", "TA", "50", "VI"}
	word := func(n int) string {
		s := ""
		for range n {
			s += syllables[rnd.IntN(len(syllables))]
		}
		return s
	}
	for i := range derived + plain {
		name := word(2+rnd.IntN(3)) + " " + word(2) + " LIMITED"
		if i < len(names) {
			name = names[i]
		}
		symbol := strings.ReplaceAll(strings.Join(strings.Fields(name)[:min(2, len(strings.Fields(name)))], ""), " ", "")
		in := Instrument{Exchange: calendar.NSE, Segment: calendar.Equity, Kind: Equity, Symbol: symbol, Underlying: symbol, Name: name,
			ISIN: fmt.Sprintf("INE%03d%c01%03d", rnd.IntN(1000), 'A'+rnd.IntN(26), i%1000), Series: "EQ"}
		in.Terms.HasDerivatives = i < derived
		id := add(in, word(3)[:min(6, len(word(3)))])
		if i < derived {
			chain(in, id)
		}
		if i%2 == 0 {
			in.Exchange = calendar.BSE
			add(in)
		}
	}
}

var idioms = []string{
	"nifty 24000 ce", "24000ce nifty", "24000 nifty", "nifty", "nift", "n", "banknifty fut", "fut banknifty", "bank nifty", "rel", "reliance",
	"reliance ce", "reliance dec fut", "cnxban", "29dec nifty", "nifty dec 24000", "nifty 1 dec", "1dec nifty 24000pe", "dec", "29dec26", "24", "240",
	"24000", "24000ce", "2", "ce", "c", "p", "pe", "put", "call nifty", "f", "fut", "bfo", "bse rel", "nfo 24000", "mcx gold", "gold fut", "gold", "goldbe1", "gold bees 7", "gold ce",
	"hdfcbank", "hdfc bank", "bajaj-auto", "bajaj auto", "m&m", "360one", "ine", "INE0", "limited", "lim", "limite", "indian", "india vix", "50",
	"nifty26dec24000ce", "nifty26d0124000ce", "nifty26decfut", "nifty24000ce", "sensex 78000", "zzz", "nifty zzz", "", "   ", "!!", "nse", "cds",
	"167.5", "697.5ce", "697.5", "opt nifty", "dec fut", "a", "re", "in li", "limited bank", "fu", "dec ce", "3", "1", "01", "nov 24", "2026", "26dec",
	"dec26", "x y z a b c d e f g", "nifty nifty", "ceca", "ma ka", "50 ce", "reliance bse", "5", "nifty 5", "call", "calls",
}

// keystrokes are every beginning of every idiom, as somebody types it.
func keystrokes() []string {
	var out []string
	for _, q := range idioms {
		for n := 1; n <= len(q); n++ {
			out = append(out, q[:n])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestSearchEqualsPlainScan(t *testing.T) {
	entries := universe(25, 200, 7)
	f := NewFinder(slices.Values(entries))
	ref := newReference(entries, f)
	spot := func(id ID) money.Price {
		if id != 0 && entries[id-1].Symbol == "NIFTY" {
			return 240300000
		}
		return 0
	}
	for _, q := range append(keystrokes(), idioms...) {
		want := ref.search(q, 200, nil)
		for _, limit := range []int{1, 20, 200} {
			got := f.Search(q, limit)
			if short := want[:min(limit, len(want))]; !slices.Equal(short, got) {
				t.Fatalf("query %q limit %d: plain scan (-) and finder (+) differ:\n%s", q, limit, cmp.Diff(short, got))
			}
		}
		if !strings.Contains(q, "nif") {
			continue
		}
		if a, b := ref.search(q, 20, spot), f.SearchNear(q, 20, spot); !slices.Equal(a, b) {
			t.Fatalf("query %q near the spot: plain scan (-) and finder (+) differ:\n%s", q, cmp.Diff(a, b))
		}
	}
}

// TestHalfTypedSymbol: at no key of a trading symbol does the chain it names vanish.
func TestHalfTypedSymbol(t *testing.T) {
	entries := universe(25, 200, 7)
	f := NewFinder(slices.Values(entries))
	const symbol = "nifty26dec24000ce"
	for n := len("nifty26d"); n <= len(symbol); n++ {
		hits := f.Search(symbol[:n], 5)
		if len(hits) == 0 || entries[hits[0].ID-1].Underlying != "NIFTY" || entries[hits[0].ID-1].Expiry == 0 {
			t.Errorf("%q finds %v, want contracts of NIFTY", symbol[:n], hits)
		}
	}
}

// TestSearchListed: what is over is left out, and others take its place in the answer.
func TestSearchListed(t *testing.T) {
	entries := universe(25, 200, 7)
	f := NewFinder(slices.Values(entries))
	first := calendar.Date(0) // the day after the earliest expiry
	for _, e := range entries {
		if e.Expiry != 0 && (first == 0 || e.Expiry < first) {
			first = e.Expiry
		}
	}
	first++
	for _, q := range idioms {
		var want []Hit
		for _, h := range f.Search(q, len(entries)) {
			if e := entries[h.ID-1]; e.Expiry == 0 || e.Expiry >= first {
				want = append(want, h)
			}
		}
		want = want[:min(20, len(want))]
		if got := f.SearchListed(q, 20, nil, first); !slices.Equal(want, got) {
			t.Errorf("query %q: filtered scan (-) and finder (+) differ:\n%s", q, cmp.Diff(want, got))
		}
	}
}

// FuzzSearch: no query panics, and answers are distinct, in order of class and within the limit.
func FuzzSearch(f *testing.F) {
	entries := universe(8, 40, 5)
	finder := NewFinder(slices.Values(entries))
	for _, q := range idioms {
		f.Add(q)
	}
	f.Add("nifty26dec26dec24000ce")
	f.Add("nifty999999999999999999999999.5ce")
	f.Add("\xff\xfe 29DEC0000 .5 5. 1.2.3 ₹ निफ्टी")
	f.Fuzz(func(t *testing.T, query string) {
		hits := finder.Search(query, 20)
		seen := map[ID]bool{}
		for i, h := range hits {
			if h.ID == 0 || int(h.ID) > len(entries) || seen[h.ID] || (i > 0 && h.Class < hits[i-1].Class) {
				t.Fatalf("%q: %v", query, hits)
			}
			seen[h.ID] = true
		}
		if len(hits) > 20 || finder.Search(query, 0) != nil {
			t.Fatalf("%q: %d hits", query, len(hits))
		}
	})
}

// TestEmptyFinder: a market without instruments finds nothing and does not fail.
func TestEmptyFinder(t *testing.T) {
	f := NewFinder(slices.Values([]Entry{}))
	for _, q := range idioms {
		if hits := f.Search(q, 20); len(hits) != 0 {
			t.Errorf("%q finds %v in an empty market", q, hits)
		}
	}
}
