package sim

import (
	"math"
	"sync"
	"testing"
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"

	"github.com/google/go-cmp/cmp"
)

var (
	today = calendar.NewDate(2026, time.November, 26)
	noon  = today.At(12 * time.Hour)
)

// sample names one contract of every kind, near and far from the money.
func sample(t *testing.T, m *Market) map[string]Contract {
	t.Helper()
	index := func(symbol string) int {
		row, ok := m.bySymbol[symbol]
		if !ok {
			t.Fatalf("no underlying %s", symbol)
		}
		return row
	}
	nifty, sensex, reliance, hfcl := index("NIFTY"), index("SENSEX"), index("RELIANCE"), index("HFCL")
	all := map[string]Contract{
		"NIFTY 50":        {Row: nifty, Exchange: calendar.NSE, Kind: instrument.Index},
		"INDIA VIX":       {Row: m.vixRow, Exchange: calendar.NSE, Kind: instrument.Index},
		"RELIANCE":        {Row: reliance, Exchange: calendar.NSE, Kind: instrument.Equity},
		"RELIANCE at BSE": {Row: reliance, Exchange: calendar.BSE, Kind: instrument.Equity},
		"HFCL":            {Row: hfcl, Exchange: calendar.NSE, Kind: instrument.Equity},
	}
	for name, row := range map[string]int{"NIFTY": nifty, "SENSEX": sensex, "RELIANCE": reliance} {
		u := &m.rows[row]
		expiry := m.OptionExpiries(row, today.Add(1))[0]
		month := m.calendar.MonthlyExpiries(u.Exchange, today, 1)[0]
		all[name+" future"] = Contract{Row: row, Exchange: u.Exchange, Kind: instrument.Future, Expiry: month}
		centre := m.spotAt(u, noon).RoundToTick(u.StrikeStep, money.HalfUp)
		for steps, where := range map[money.Price]string{0: "at the money", 8: "above", -8: "below"} {
			c := Contract{Row: row, Exchange: u.Exchange, Kind: instrument.Option, Right: instrument.Call, Expiry: expiry, Strike: centre + steps*u.StrikeStep}
			all[name+" call "+where] = c
			c.Right = instrument.Put
			all[name+" put "+where] = c
		}
	}
	return all
}

func mustQuote(t *testing.T, m *Market, c Contract, at calendar.Instant) market.Quote {
	t.Helper()
	q, ok := m.Quote(c, at)
	if !ok {
		t.Fatalf("no quote of %+v at %s", c, at)
	}
	return q
}

func TestTable(t *testing.T) {
	var withDerivatives, ordinary, onBSE int
	seen := map[string]bool{}
	for _, u := range underlyings() {
		if seen[u.StockCode] || seen["token "+u.Token] {
			t.Errorf("%s: stock code or token twice", u.Symbol)
		}
		seen[u.StockCode], seen["token "+u.Token] = true, true
		if u.base <= 0 || u.vol <= 0 {
			t.Errorf("%s: base %v, volatility %v", u.Symbol, u.base, u.vol)
		}
		if u.HasDerivatives() && (u.StrikeStep <= 0 || u.Strikes <= 0) {
			t.Errorf("%s: lot without strikes", u.Symbol)
		}
		if u.IsIndex {
			continue
		}
		if len(u.ISIN) != 12 || u.Volume <= 0 || (u.BandPercent != 5 && u.BandPercent != 10 && u.BandPercent != 20) {
			t.Errorf("%s: ISIN %q, volume %d, band %d", u.Symbol, u.ISIN, u.Volume, u.BandPercent)
		}
		if u.HasDerivatives() {
			withDerivatives++
		} else {
			ordinary++
		}
		if u.BSEToken != "" {
			onBSE++
		}
	}
	if withDerivatives < 200 || ordinary < 50 || onBSE < 50 {
		t.Errorf("got %d shares with derivatives, %d without, %d at BSE; want at least 200, 50, 50", withDerivatives, ordinary, onBSE)
	}
}

func TestBasePriceHolds(t *testing.T) {
	m := New(Options{Seed: 7})
	for _, symbol := range []string{"RELIANCE", "NIFTY", "SENSEX", "INDIAVIX"} {
		u := &m.rows[m.bySymbol[symbol]]
		if got := m.rupeesAt(u, u.baseAt); math.Abs(got-u.base) > 1e-6 {
			t.Errorf("%s at its base time: got %v, want %v", symbol, got, u.base)
		}
	}
}

func TestSameInstantSamePrice(t *testing.T) {
	first, second := New(Options{Seed: 3}), New(Options{Seed: 3})
	for name, c := range sample(t, first) {
		for _, at := range []calendar.Instant{noon, noon.Add(-26 * time.Hour), noon.Add(7*time.Second + 300*time.Millisecond)} {
			want, okWant := first.Quote(c, at)
			got, okGot := second.Quote(c, at)
			if okWant != okGot || got != want {
				t.Errorf("%s at %s: %s", name, at, cmp.Diff(want, got))
			}
		}
	}
	other := New(Options{Seed: 4})
	if c := sample(t, first)["RELIANCE"]; mustQuote(t, other, c, noon).Last == mustQuote(t, first, c, noon).Last {
		t.Error("another seed gave the same price")
	}
}

// TestHistoryIsTheFoldOfTicks compares each minute and five-minute candle, and the day's, with the ticks of one hour, and
// asks a second market for the candles.
func TestHistoryIsTheFoldOfTicks(t *testing.T) {
	live, later := New(Options{Seed: 11}), New(Options{Seed: 11})
	from := today.At(15 * time.Hour)
	for name, c := range sample(t, live) {
		var want []market.Candle
		var before money.Qty
		if q, ok := live.Quote(c, from.Add(-time.Second)); ok {
			before = q.Volume
		}
		for s := range 3600 {
			at := from.Add(time.Duration(s) * time.Second)
			q := mustQuote(t, live, c, at)
			if q.At != at && at < live.ExpiresAt(c) {
				t.Fatalf("%s: tick of %s at %s", name, q.At, at)
			}
			if q.At != at {
				break
			}
			if s%60 == 0 {
				want = append(want, market.Candle{Start: at, Open: q.Last, High: q.Last, Low: q.Last})
			}
			bar := &want[len(want)-1]
			bar.High, bar.Low, bar.Close = max(bar.High, q.Last), min(bar.Low, q.Last), q.Last
			bar.Volume, bar.OI = q.Volume-before, q.OI
			if s%60 == 59 {
				before = q.Volume
			}
			if q.Last > q.High || q.Last < q.Low {
				t.Fatalf("%s at %s: last %s outside the day's %s to %s", name, at, q.Last, q.Low, q.High)
			}
		}
		got := later.Candles(c, Range{Interval: market.Minute, From: from, To: from.Add(59*time.Minute + 59*time.Second), Now: from.Add(5 * time.Hour)})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: candles differ from ticks (-ticks +candles):\n%s", name, diff)
		}
		end := from.Add(59*time.Minute + 59*time.Second)
		bars := later.Candles(c, Range{Interval: market.Day, From: today.At(0), To: end, Now: end})
		if q := mustQuote(t, live, c, end); len(bars) != 1 || bars[0].High != q.High || bars[0].Low != q.Low || bars[0].Open != q.Open || bars[0].Close != q.Last || bars[0].Volume != q.Volume {
			t.Errorf("%s: day candle %+v, quote %+v", name, bars, q)
		}
	}
}

func TestQuotesAreCoherent(t *testing.T) {
	m := New(Options{Seed: 5})
	for name, c := range sample(t, m) {
		u := m.Underlying(c)
		var last market.Quote
		for s := range 600 {
			at := noon.Add(time.Duration(s) * 7 * time.Second)
			q := mustQuote(t, m, c, at)
			d, _ := m.Depth(c, at)
			mustBeCoherent(t, name, q, d, m.tick(c, today), u)
			if q.Volume < last.Volume {
				t.Fatalf("%s at %s: volume fell from %d to %d", name, at, last.Volume, q.Volume)
			}
			last = q
		}
		open := mustQuote(t, m, c, today.At(0))
		if open.Open != open.Last || open.High != open.Last || open.Low != open.Last {
			t.Errorf("%s: first tick of the day is not its open, high and low: %+v", name, open)
		}
		if prev := mustQuote(t, m, c, today.At(0).Add(-time.Minute)); prev.Last != open.PrevClose {
			t.Errorf("%s: previous close %s, but yesterday's last trade was at %s", name, open.PrevClose, prev.Last)
		}
	}
}

func mustBeCoherent(t *testing.T, name string, q market.Quote, d market.Depth, tick money.Price, u *Underlying) {
	t.Helper()
	for _, p := range []money.Price{q.Last, q.Open, q.High, q.Low, q.Bid, q.Ask, q.LowerCircuit, q.UpperCircuit} {
		if !p.OnTick(tick) {
			t.Fatalf("%s: %s is not on tick %s", name, p, tick)
		}
	}
	if q.Low > q.Last || q.High < q.Last || q.Low > q.Open || q.High < q.Open {
		t.Fatalf("%s: last %s, open %s, range %s to %s", name, q.Last, q.Open, q.Low, q.High)
	}
	if q.LowerCircuit == 0 {
		return
	}
	if q.Bid > q.Last || (q.Ask != 0 && (q.Ask < q.Last || q.Bid >= q.Ask)) {
		t.Fatalf("%s: bid %s, last %s, ask %s", name, q.Bid, q.Last, q.Ask)
	}
	if q.AvgPrice < q.Low || q.AvgPrice > q.High || q.Last < q.LowerCircuit || q.Last > q.UpperCircuit {
		t.Fatalf("%s: average %s, last %s, limits %s to %s", name, q.AvgPrice, q.Last, q.LowerCircuit, q.UpperCircuit)
	}
	if d.Bids[0].Price != q.Bid || d.Asks[0].Price != q.Ask || d.Bids[0].Qty != q.BidQty || d.Asks[0].Qty != q.AskQty {
		t.Fatalf("%s: quote %s/%s, depth %+v", name, q.Bid, q.Ask, d)
	}
	for i := 1; i < int(d.BidLevels); i++ {
		if d.Bids[i].Price >= d.Bids[i-1].Price || d.Bids[i].Qty <= 0 || d.Bids[i].Orders <= 0 {
			t.Fatalf("%s: bids %+v", name, d.Bids)
		}
	}
	for i := 1; i < int(d.AskLevels); i++ {
		if d.Asks[i].Price <= d.Asks[i-1].Price || d.Asks[i].Qty <= 0 || d.Asks[i].Orders <= 0 {
			t.Fatalf("%s: asks %+v", name, d.Asks)
		}
	}
	if u.HasDerivatives() && q.OI > 0 && (q.Volume%u.Lot != 0 || q.OI%u.Lot != 0 || q.BidQty%u.Lot != 0) {
		t.Fatalf("%s: odd lots: volume %d, OI %d, bid %d of lot %d", name, q.Volume, q.OI, q.BidQty, u.Lot)
	}
}

// TestParity: buying a call, selling the put and selling the future at the books' own prices earns nothing beyond the ticks
// prices are rounded to, nor does the other way round.
func TestParity(t *testing.T) {
	m := New(Options{Seed: 9})
	for _, symbol := range []string{"NIFTY", "BANKNIFTY", "SENSEX", "RELIANCE", "TCS"} {
		row := m.bySymbol[symbol]
		u := &m.rows[row]
		expiry := m.calendar.MonthlyExpiries(u.Exchange, today.Add(1), 1)[0]
		future := Contract{Row: row, Exchange: u.Exchange, Kind: instrument.Future, Expiry: expiry}
		low, high := m.strikeRange(u, expiry, today)
		f := mustQuote(t, m, future, noon)
		years := float64(m.ExpiresAt(future).Sub(noon)) / float64(365*24*time.Hour)
		for k := low; k <= high; k += u.StrikeStep {
			call := mustQuote(t, m, Contract{row, u.Exchange, instrument.Option, instrument.Call, expiry, k}, noon)
			put := mustQuote(t, m, Contract{row, u.Exchange, instrument.Option, instrument.Put, expiry, k}, noon)
			slack := 3 * rupees(m.tick(future, today))
			df := math.Exp(-Rate * years)
			if call.LowerCircuit == call.Last || put.LowerCircuit == put.Last {
				slack += 2 * rupees(m.tick(future, today))
			}
			if gain := df*(rupees(f.Bid)-rupees(k)) - rupees(call.Ask) + rupees(put.Bid); call.Ask != 0 && gain > slack {
				t.Errorf("%s %s: buy call %s, sell put %s, sell future %s earns %.2f", symbol, k, call.Ask, put.Bid, f.Bid, gain)
			}
			if gain := rupees(call.Bid) - rupees(put.Ask) - df*(rupees(f.Ask)-rupees(k)); put.Ask != 0 && gain > slack {
				t.Errorf("%s %s: sell call %s, buy put %s, buy future %s earns %.2f", symbol, k, call.Bid, put.Ask, f.Ask, gain)
			}
		}
	}
}

// TestVolatilityIsReal measures the daily and the minute-to-minute movement.
func TestVolatilityIsReal(t *testing.T) {
	m := New(Options{Seed: 1})
	for _, c := range []struct {
		symbol    string
		low, high float64 // percent a day
	}{{"NIFTY", 0.65, 0.95}, {"RELIANCE", 0.75, 1.25}, {"TATASTEEL", 1, 2.4}} {
		u := &m.rows[m.bySymbol[c.symbol]]
		const days = 400
		var daily, minutes float64
		for d := range days {
			at := secondOf(today.Add(-d).At(12*time.Hour)) + int64(d*7%60) // lattice points move more than the lines between
			change := math.Log(m.rupeesAt(u, at) / m.rupeesAt(u, at-86_400))
			daily += change * change
			change = math.Log(m.rupeesAt(u, at) / m.rupeesAt(u, at-60))
			minutes += change * change * 1440
		}
		for name, sum := range map[string]float64{"day": daily, "minute": minutes} {
			if got := 100 * math.Sqrt(sum/days); got < c.low || got > c.high {
				t.Errorf("%s by the %s: got %.2f %% a day, want %.2f to %.2f", c.symbol, name, got, c.low, c.high)
			}
		}
	}
}

func TestPricesMove(t *testing.T) {
	m := New(Options{Seed: 1})
	for name, c := range sample(t, m) {
		if name != "NIFTY 50" && name != "RELIANCE" && name != "NIFTY future" && name != "NIFTY call at the money" {
			continue
		}
		changes := 0
		for s := range 60 {
			at := noon.Add(time.Duration(s) * time.Second)
			a, b := mustQuote(t, m, c, at), mustQuote(t, m, c, at.Add(time.Second))
			if a.Last != b.Last || a.Bid != b.Bid || a.Ask != b.Ask {
				changes++
			}
		}
		if changes < 25 {
			t.Errorf("%s changed in %d of 60 seconds, want at least 25", name, changes)
		}
	}
}

func TestContracts(t *testing.T) {
	m := New(Options{Seed: 1})
	all := m.Contracts(today)
	tokens := map[string]Contract{}
	count := map[instrument.Kind]int{}
	for _, c := range all {
		count[c.Kind]++
		key := c.Exchange.String() + " " + m.Token(c)
		if other, twice := tokens[key]; twice || m.Token(c) == "" {
			t.Fatalf("token %q of %+v is also of %+v", key, c, other)
		}
		tokens[key] = c
		if found, ok := m.ByToken(c.Exchange, m.Token(c), today); !ok || found != c {
			t.Fatalf("ByToken(%q) is %+v, %t; want %+v", m.Token(c), found, ok, c)
		}
		if !m.IsListed(c, today) {
			t.Fatalf("%+v is listed but IsListed denies it", c)
		}
	}
	if count[instrument.Index] != 8 || count[instrument.Future] < 600 || count[instrument.Option] < 25_000 {
		t.Errorf("got %v", count)
	}
	nifty := m.OptionExpiries(m.bySymbol["NIFTY"], today)
	want := []string{"2026-12-01", "2026-12-08", "2026-12-15", "2026-12-22", "2026-12-29", "2027-01-26", "2027-02-23"}
	var got []string
	for _, d := range nifty {
		got = append(got, d.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("NIFTY expiries (-want +got):\n%s", diff)
	}
}

// TestStrikesStay: what is listed on one day is listed on every later day until it expires.
func TestStrikesStay(t *testing.T) {
	m := New(Options{Seed: 2})
	for _, symbol := range []string{"NIFTY", "SENSEX", "RELIANCE", "INFY"} {
		u := &m.rows[m.bySymbol[symbol]]
		for _, expiry := range m.OptionExpiries(u.Row, today) {
			low, high := m.strikeRange(u, expiry, today)
			for d := today; d <= expiry; d++ {
				l, h := m.strikeRange(u, expiry, d)
				if l > low || h < high {
					t.Fatalf("%s %s: strikes %s to %s on %s, but %s to %s the day before", symbol, expiry, l, h, d, low, high)
				}
				low, high = l, h
			}
		}
	}
}

func TestExpiry(t *testing.T) {
	m := New(Options{Seed: 6})
	row := m.bySymbol["NIFTY"]
	u := &m.rows[row]
	expiry := calendar.NewDate(2026, time.December, 1)
	end := expiry.At(15*time.Hour + 40*time.Minute)
	spot := mustQuote(t, m, Contract{Row: row, Exchange: calendar.NSE, Kind: instrument.Index}, end.Add(-time.Second)).Last
	strike := spot.RoundToTick(u.StrikeStep, money.Down)
	call := Contract{row, calendar.NSE, instrument.Option, instrument.Call, expiry, strike}
	if got := mustQuote(t, m, call, end.Add(-time.Second)).Last; got < spot-strike-money.PriceScale || got > spot-strike+5*money.PriceScale {
		t.Errorf("last trade at %s, index %s, strike %s", got, spot, strike)
	}
	if a, b := mustQuote(t, m, call, end), mustQuote(t, m, call, end.Add(72*time.Hour)); a != b || a.At != end.Add(-time.Second) {
		t.Errorf("an expired contract goes on: %s", cmp.Diff(a, b))
	}
	if bars := m.Candles(call, Range{Interval: market.Minute, From: end, To: end.Add(time.Hour), Now: end.Add(time.Hour)}); len(bars) != 0 {
		t.Errorf("%d candles after expiry", len(bars))
	}
	if m.IsListed(Contract{row, calendar.NSE, instrument.Option, instrument.Call, expiry.Add(1), strike}, today) {
		t.Error("a Wednesday expiry is listed")
	}
}

func TestExchangeHours(t *testing.T) {
	hours, err := calendar.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	m := New(Options{Seed: 6, Calendar: hours})
	c := sample(t, m)["HFCL"]
	friday := calendar.NewDate(2026, time.November, 27)
	close := mustQuote(t, m, c, friday.At(15*time.Hour+30*time.Minute-time.Second))
	for name, at := range map[string]calendar.Instant{"evening": friday.At(20 * time.Hour), "Sunday": friday.Add(2).At(12 * time.Hour), "Monday before the open": friday.Add(3).At(9 * time.Hour)} {
		if got := mustQuote(t, m, c, at); got != close {
			t.Errorf("%s: %s", name, cmp.Diff(close, got))
		}
	}
	monday := mustQuote(t, m, c, friday.Add(3).At(9*time.Hour+15*time.Minute))
	if monday.PrevClose != close.Last || monday.Volume >= close.Volume {
		t.Errorf("Monday's first tick: %+v, Friday's last %+v", monday, close)
	}
	bars := m.Candles(c, Range{Interval: market.ThirtyMinutes, From: friday.At(0), To: friday.Add(3).At(12 * time.Hour), Now: friday.Add(3).At(12 * time.Hour)})
	if len(bars) != 13+6 || bars[0].Start != friday.At(9*time.Hour+15*time.Minute) {
		t.Errorf("got %d half hours from %v", len(bars), bars[0].Start.IST())
	}
}

// TestConcurrentReaders has many readers ask for the same day in different orders; all must see the same quotes.
func TestConcurrentReaders(t *testing.T) {
	m := New(Options{Seed: 8})
	c := sample(t, m)["NIFTY call at the money"]
	want := mustQuote(t, New(Options{Seed: 8}), c, noon)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for s := range 50 {
				m.Quote(c, noon.Add(time.Duration((i*13+s)%50-50)*time.Minute))
			}
			if got, _ := m.Quote(c, noon); got != want {
				t.Errorf("reader %d: %s", i, cmp.Diff(want, got))
			}
		})
	}
	group.Wait()
}

func BenchmarkTick(b *testing.B) {
	m := New(Options{Seed: 1})
	c := Contract{Row: m.bySymbol["RELIANCE"], Exchange: calendar.NSE, Kind: instrument.Equity}
	for i := range b.N {
		m.Quote(c, noon.Add(time.Duration(i%3600)*time.Second))
	}
}

func BenchmarkDayCandle(b *testing.B) {
	m := New(Options{Seed: 1})
	c := Contract{Row: m.bySymbol["RELIANCE"], Exchange: calendar.NSE, Kind: instrument.Equity}
	for i := range b.N {
		d := today.Add(-i)
		m.Candles(c, Range{Interval: market.Day, From: d.At(0), To: d.At(0), Now: noon})
	}
}
