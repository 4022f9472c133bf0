package instrument

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"paperport/calendar"
	"paperport/money"
)

func day(month time.Month, d int) calendar.Date { return calendar.NewDate(2026, month, d) }

func reliance() Instrument {
	return Instrument{Exchange: calendar.NSE, Segment: calendar.Equity, Kind: Equity, Symbol: "RELIANCE", Name: "RELIANCE INDUSTRIES",
		ISIN: "INE002A01018", Series: "EQ", Underlying: "RELIANCE", Terms: Terms{LotSize: 1, TickSize: 1000, Multiplier: 1, HasDerivatives: true}}
}

func niftyCall(expiry calendar.Date, cycle Cycle) Instrument {
	in := Instrument{Exchange: calendar.NSE, Segment: calendar.FNO, Kind: Option, Right: Call, Name: "NIFTY 50", Underlying: "NIFTY",
		Expiry: expiry, Strike: 240000000, Terms: Terms{LotSize: 65, FreezeQty: 1800, TickSize: 500, Multiplier: 1, UnderlyingIsIndex: true}}
	in.Symbol = TradingSymbol("NIFTY", expiry, cycle, in.Strike, Call)
	return in
}

func TestSymbolsAndLabels(t *testing.T) {
	half := money.Price(1675000)
	for got, want := range map[string]string{
		TradingSymbol("NIFTY", day(12, 29), Monthly, 0, NoRight):                                   "NIFTY26DECFUT",
		TradingSymbol("NIFTY", day(12, 29), Monthly, 240000000, Call):                              "NIFTY26DEC24000CE",
		TradingSymbol("NIFTY", day(6, 2), Weekly, 237000000, Call):                                 "NIFTY2660223700CE",
		TradingSymbol("NIFTY", day(10, 6), Weekly, 237000000, Put):                                 "NIFTY26O0623700PE",
		TradingSymbol("NIFTY", day(11, 9), Weekly, 237000000, Put):                                 "NIFTY26N0923700PE",
		TradingSymbol("NIFTY", day(12, 1), Weekly, 240000000, Call):                                "NIFTY26D0124000CE",
		TradingSymbol("ITC", day(12, 29), Monthly, half, Put):                                      "ITC26DEC167.5PE",
		label(niftyCall(day(12, 29), Monthly), day(11, 24)):                                        "NIFTY 29 DEC 24000 CE",
		label(niftyCall(day(12, 29), Monthly), calendar.NewDate(2025, 1, 1)):                       "NIFTY 29 DEC 2026 24000 CE",
		label(reliance(), day(11, 24)):                                                             "RELIANCE",
		label(Instrument{Kind: Future, Underlying: "BANKNIFTY", Expiry: day(12, 29)}, day(11, 24)): "BANKNIFTY 29 DEC FUT",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func label(in Instrument, today calendar.Date) string { return in.Label(today) }

func TestRegistryKeepsIDs(t *testing.T) {
	r := NewRegistry()
	share := r.Allocate(reliance(), day(11, 2))
	call := r.Allocate(niftyCall(day(12, 29), Monthly), day(11, 2))
	week := r.Allocate(niftyCall(day(12, 1), Weekly), day(11, 2))
	if share != 1 || call != 2 || week != 3 || r.Len() != 3 {
		t.Fatalf("ids %d, %d, %d of %d", share, call, week, r.Len())
	}
	renamed := reliance()
	renamed.Symbol, renamed.Terms.TickSize = "RIL", 500
	if got := r.Allocate(renamed, day(11, 10)); got != share {
		t.Errorf("a renamed share got the id %d, had %d: the key is the ISIN", got, share)
	}
	twin := reliance()
	twin.Exchange = calendar.BSE
	if got := r.Allocate(twin, day(11, 2)); got != 4 {
		t.Errorf("the share on BSE got id %d, want a new one", got)
	}
	for _, id := range []ID{share, call, week} {
		in, ok := r.ByID(id)
		if !ok {
			t.Fatalf("id %d is unknown", id)
		}
		if got, ok := r.ByKey(in.Key()); !ok || got != id {
			t.Errorf("key %q leads to %d, want %d", in.Key(), got, id)
		}
		if again, _ := r.ByID(id); again != in {
			t.Errorf("ByID of %d gives another pointer the second time", id)
		}
	}
	for _, key := range []string{"", "NSE", "NSE:NIFTY:2026-12-29:24000.00:XX", "NSE:NIFTY:soon:FUT", "NSE:NIFTY:2026-12-29:x:CE", "XX:index:NIFTY", "NSE:TCS:EQ"} {
		if id, ok := r.ByKey(key); ok {
			t.Errorf("key %q leads to %d", key, id)
		}
	}
	if _, ok := r.ByID(0); ok {
		t.Error("id 0 is known")
	}
	if _, ok := r.ByID(99); ok {
		t.Error("id 99 is known")
	}
}

// TestTermsAsOf: each day has the lot, tick, freeze and name that were in force then, in whatever order they were learned.
func TestTermsAsOf(t *testing.T) {
	versions := []struct {
		from calendar.Date
		name string
		lot  money.Qty
	}{{day(9, 1), "ZOMATO", 4500}, {day(10, 1), "ZOMATO", 4850}, {day(11, 2), "ETERNAL", 4850}}
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0, 1, 2}} {
		r := NewRegistry()
		for _, i := range order {
			in := reliance()
			in.Name, in.Terms.LotSize = versions[i].name, versions[i].lot
			r.Allocate(in, versions[i].from)
		}
		if _, ok := r.AsOf(1, day(8, 31)); ok {
			t.Errorf("order %v: known before its first day", order)
		}
		for _, tc := range []struct {
			on calendar.Date
			i  int
		}{{day(9, 1), 0}, {day(9, 30), 0}, {day(10, 1), 1}, {day(11, 1), 1}, {day(11, 2), 2}, {day(12, 31), 2}} {
			in, ok := r.AsOf(1, tc.on)
			if !ok || in.Name != versions[tc.i].name || in.Terms.LotSize != versions[tc.i].lot {
				t.Errorf("order %v: on %s %s with lot %d, want %+v", order, tc.on, in.Name, in.Terms.LotSize, versions[tc.i])
			}
		}
		if in, _ := r.ByID(1); in.Name != "ETERNAL" {
			t.Errorf("order %v: the newest version is %s", order, in.Name)
		}
	}
}

func TestRepeatingChangesNothing(t *testing.T) {
	r := NewRegistry()
	r.Allocate(reliance(), day(11, 2))
	before, _ := r.ByID(1)
	r.MarkSaved(1)
	r.Allocate(reliance(), day(11, 2))
	r.Allocate(reliance(), day(11, 24))
	if after, _ := r.ByID(1); after != before || len(r.Unsaved(10)) != 0 {
		t.Errorf("the same terms again left %d unsaved rows", len(r.Unsaved(10)))
	}
}

// TestRegistryRoundTrip: what was allocated, saved in pieces and loaded in any order, is the same registry.
func TestRegistryRoundTrip(t *testing.T) {
	r := NewRegistry()
	for _, e := range universe(5, 20, 5) {
		r.Allocate(e.Instrument, day(11, 2))
	}
	in := reliance()
	r.Allocate(in, day(11, 2))
	in.Terms.TickSize = 500
	r.Allocate(in, day(12, 1))
	in.Name = "JIO"
	r.Allocate(in, day(11, 20)) // learned late
	var rows []Stored
	for batch := r.Unsaved(100); len(batch) > 0; batch = r.Unsaved(100) {
		rows = append(rows, batch...)
		r.MarkSaved(len(batch))
	}
	if len(rows) != r.Len()+2 {
		t.Fatalf("%d rows for %d instruments and two changes", len(rows), r.Len())
	}
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	back := NewRegistry()
	if err := back.Load(rows); err != nil {
		t.Fatal(err)
	}
	if back.Len() != r.Len() || len(back.Unsaved(1)) != 0 {
		t.Fatalf("loaded %d of %d, %d unsaved", back.Len(), r.Len(), len(back.Unsaved(1)))
	}
	for id := ID(1); int(id) <= r.Len(); id++ {
		for _, on := range []calendar.Date{day(11, 1), day(11, 2), day(11, 24), day(12, 24)} {
			want, ok1 := r.AsOf(id, on)
			got, ok2 := back.AsOf(id, on)
			if diff := cmp.Diff(want, got); diff != "" || ok1 != ok2 {
				t.Fatalf("id %d on %s (-saved +loaded):\n%s", id, on, diff)
			}
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	share, call := reliance(), niftyCall(day(12, 29), Monthly)
	row := func(id ID, in Instrument) Stored { in.ID = id; return Stored{day(11, 2), FromDemo, in} }
	for name, tc := range map[string]struct {
		rows []Stored
		want string
	}{
		"no id":          {[]Stored{row(0, share)}, "no id"},
		"a hole":         {[]Stored{row(1, share), row(3, call), row(3, call)}, "missing"},
		"a huge id":      {[]Stored{row(1<<30, share)}, "highest id"},
		"one key twice":  {[]Stored{row(1, share), row(2, share)}, "one key"},
		"one id, 2 keys": {[]Stored{row(1, share), row(1, call)}, "id 1"},
		"unknown source": {[]Stored{{day(11, 2), sourceCount, func() Instrument { share.ID = 1; return share }()}}, "unknown source"},
	} {
		if err := NewRegistry().Load(tc.rows); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tc.want)
		}
	}
	r := NewRegistry()
	r.Allocate(share, day(11, 2))
	if err := r.Load(nil); err == nil {
		t.Error("a filled registry was loaded over")
	}
}

func TestAllocatePanicsOnHalfInstruments(t *testing.T) {
	for name, in := range map[string]Instrument{
		"nothing":           {},
		"future, no expiry": {Exchange: calendar.NSE, Segment: calendar.FNO, Kind: Future, Symbol: "X", Underlying: "X"},
		"option, no right":  {Exchange: calendar.NSE, Segment: calendar.FNO, Kind: Option, Symbol: "X", Underlying: "X", Expiry: day(12, 1)},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: allocated", name)
				}
			}()
			NewRegistry().Allocate(in, day(11, 2))
		}()
	}
}

// TestReadersWhileWriting is for the race detector: reads of all kinds beside a writer.
func TestReadersWhileWriting(t *testing.T) {
	r, entries := NewRegistry(), universe(5, 20, 5)
	r.Allocate(entries[0].Instrument, day(11, 2))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 2000 {
				id := ID(1 + i%r.Len())
				in, ok := r.ByID(id)
				if !ok || in.ID != id {
					t.Errorf("id %d not found among %d", id, r.Len())
					return
				}
				if got, ok := r.Find(*in); !ok || got != id {
					t.Errorf("find of %s: %d, want %d", in.Key(), got, id)
					return
				}
			}
		})
	}
	for _, e := range entries {
		r.Allocate(e.Instrument, day(11, 2))
	}
	wg.Wait()
}

// TestSizes: an instrument of a full market must stay below 75 bytes in the registry (performance.md P10) and below 100
// in the finder (P12).
func TestSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a market of 150,000 instruments")
	}
	entries := universe(100, 4500, 120)
	r := NewRegistry()
	before := heap()
	for _, e := range entries {
		r.Allocate(e.Instrument, day(11, 2))
	}
	r.MarkSaved(r.Len())
	between := heap()
	began := time.Now()
	f := NewFinder(slices.Values(entries))
	took := time.Since(began)
	after := heap()
	runtime.KeepAlive(r)
	runtime.KeepAlive(f)
	registry, finder := float64(between-before)/float64(r.Len()), float64(after-between)/float64(r.Len())
	t.Logf("%d instruments: %.1f bytes each in the registry, %.1f in the finder, built in %s", r.Len(), registry, finder, took)
	if registry > 75 || finder > 100 {
		t.Error("too large")
	}
	runtime.KeepAlive(entries)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestTickLadder(t *testing.T) {
	l := NewLadder()
	for _, tc := range []struct {
		rule TickRule
		ref  string
		on   calendar.Date
		want string
	}{
		{ShareTick, "249.99", day(11, 24), "0.01"},
		{ShareTick, "250", day(11, 24), "0.05"},
		{ShareTick, "1000", day(11, 24), "0.05"},
		{ShareTick, "1000.05", day(11, 24), "0.10"},
		{ShareTick, "1300", day(11, 24), "0.10"},
		{ShareTick, "5000", day(11, 24), "0.10"},
		{ShareTick, "5000.10", day(11, 24), "0.50"},
		{ShareTick, "10000", day(11, 24), "0.50"},
		{ShareTick, "10000.5", day(11, 24), "1.00"},
		{ShareTick, "20000", day(11, 24), "1.00"},
		{ShareTick, "20001", day(11, 24), "5.00"},
		{ShareTick, "1300", calendar.NewDate(2025, 4, 14), "0.05"},
		{ShareTick, "1300", calendar.NewDate(2025, 4, 15), "0.10"},
		{ETFTick, "1300", day(11, 24), "0.01"},
		{IndexFutureTick, "15000", day(11, 24), "0.05"},
		{IndexFutureTick, "24000", day(11, 24), "0.10"},
		{IndexFutureTick, "57000", day(11, 24), "0.20"},
		{IndexOptionTick, "24000", day(11, 24), "0.05"},
		{StockOptionTick, "249", calendar.NewDate(2025, 11, 2), "0.05"},
		{StockOptionTick, "249", calendar.NewDate(2025, 11, 3), "0.01"},
		{StockOptionTick, "250", day(11, 24), "0.05"},
	} {
		ref, err := money.ParsePrice(tc.ref)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := l.TickSize(tc.rule, ref, tc.on); !ok || got.String() != tc.want {
			t.Errorf("%s at %s on %s: %s, want %s", tc.rule, tc.ref, tc.on, got, tc.want)
		}
	}
	if got, ok := l.TickSize(ShareTick, 1, calendar.NewDate(2020, 1, 1)); ok {
		t.Errorf("a tick of %s before the table begins", got)
	}
	if got, ok := l.TickSize("bond", 1, day(11, 24)); ok {
		t.Errorf("a bond has the tick %s", got)
	}
}

// TestTickReferenceDay: the tier of December is fixed by the close of the last trading day of November.
func TestTickReferenceDay(t *testing.T) {
	c, err := calendar.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	board := calendar.Board{Exchange: calendar.NSE, Segment: calendar.Equity}
	for on, want := range map[calendar.Date]calendar.Date{
		day(12, 1): day(11, 30), day(12, 31): day(11, 30), day(11, 24): day(10, 30), day(2, 2): day(1, 30), day(4, 6): day(3, 30),
	} {
		if got := TickReferenceDay(c, board, on); got != want {
			t.Errorf("the tick of %s is fixed on %s, want %s", on, got, want)
		}
	}
}

func TestFreezeTable(t *testing.T) {
	f := NewFreezeTable()
	for _, tc := range []struct {
		underlying string
		on         calendar.Date
		want       money.Qty
	}{
		{"BANKNIFTY", calendar.NewDate(2025, 8, 31), 600}, {"BANKNIFTY", calendar.NewDate(2025, 9, 1), 900}, {"BANKNIFTY", day(6, 30), 900},
		{"BANKNIFTY", day(11, 24), 600}, {"NIFTY", day(11, 24), 1800}, {"FINNIFTY", day(3, 2), 1200}, {"FINNIFTY", day(11, 24), 1800},
		{"NIFTYFPI", day(8, 11), 0}, {"NIFTYFPI", day(8, 12), 8500}, {"RELIANCE", day(11, 24), 0},
	} {
		if got := f.FreezeQty(tc.underlying, tc.on); got != tc.want {
			t.Errorf("%s on %s: %d, want %d", tc.underlying, tc.on, got, tc.want)
		}
	}
}

func TestBrokenTables(t *testing.T) {
	for _, text := range []string{"a,b\n1,2,3\n", "r,from,up,tick,s,c\nshare,soon,,0.05,s,c\n", "r,f,u,t,s,c\nshare,2026-01-01,x,0.05,s,c\n", "r,f,u,t,s,c\nshare,2026-01-01,,0,s,c\n"} {
		if _, err := parseLadder([]byte(text)); err == nil {
			t.Errorf("ladder %q was read", text)
		}
	}
	for _, text := range []string{"a,b\n1,2,3\n", "u,f,q,s,c\nX,soon,1,s,c\n", "u,f,q,s,c\nX,2026-01-01,-1,s,c\n"} {
		if _, err := parseFreeze([]byte(text)); err == nil {
			t.Errorf("freeze table %q was read", text)
		}
	}
}

func BenchmarkByID(b *testing.B) {
	r := NewRegistry()
	for i := range 1000 {
		in := reliance()
		in.ISIN = fmt.Sprint(i)
		r.Allocate(in, day(11, 2))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := r.ByID(ID(1 + i%1000)); !ok {
			b.Fatal("unknown id")
		}
	}
}
