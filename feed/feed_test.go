package feed

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"paperport/calendar"
	"paperport/clock"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The instruments of the tests.
const (
	share instrument.ID = 1 + iota
	index
	call
	put
	quietShare
	bseShare
	lastID = bseShare
)

const rupee money.Price = money.PriceScale

func instrumentOf(id instrument.ID) (*instrument.Instrument, bool) {
	i := &instrument.Instrument{ID: id, Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Terms: instrument.Terms{TickSize: 500, LotSize: 1}}
	switch id {
	case share, quietShare:
	case bseShare:
		i.Exchange = calendar.BSE
	case index:
		i.Kind = instrument.Index
	case call, put:
		i.Segment, i.Kind, i.Right, i.UnderlyingID, i.Strike = calendar.FNO, instrument.Option, instrument.Call, index, 24000*rupee
		if id == put {
			i.Right = instrument.Put
		}
	default:
		return nil, false
	}
	return i, true
}

var (
	noon   = calendar.NewDate(2026, 11, 24).At(12 * time.Hour)
	nse    = calendar.Board{Exchange: calendar.NSE, Segment: calendar.Equity}
	nseFNO = calendar.Board{Exchange: calendar.NSE, Segment: calendar.FNO}
)

// lab is a feed on a manual clock that stands at noon.
type lab struct {
	*Feed
	clock *clock.Manual
	phase calendar.Phase
}

func mustLab(t *testing.T, upstream Upstream) *lab {
	t.Helper()
	l := &lab{clock: clock.NewManual(noon.Time()), phase: calendar.Open}
	l.Feed = New(Options{Clock: l.clock, Instrument: instrumentOf, Upstream: upstream, Phase: func(calendar.Board, calendar.Instant) calendar.Phase { return l.phase }})
	return l
}

// quoteAt is a sane quote of an instrument at the given price and exchange second after noon.
func quoteAt(id instrument.ID, price money.Price, second int64) market.Quote {
	return market.Quote{
		Instrument: id, At: noon.Add(time.Duration(second) * time.Second), Last: price, Bid: price - 500, Ask: price + 500, BidQty: 10, AskQty: 20, LastQty: 1,
		Open: price, High: price * 2, Low: price / 2, PrevClose: price, LowerCircuit: price / 4, UpperCircuit: price * 4, Volume: money.Qty(100 + second),
	}
}

func depthAt(id instrument.ID, price money.Price, second int64) market.Depth {
	return market.Depth{
		Instrument: id, At: noon.Add(time.Duration(second) * time.Second), BidLevels: 2, AskLevels: 2,
		Bids: [5]market.Level{{Price: price - 500, Qty: 10}, {Price: price - 1000, Qty: 20}}, Asks: [5]market.Level{{Price: price + 500, Qty: 10}, {Price: price + 1000, Qty: 20}},
	}
}

// TestQuoteChecks: one row per reason, each a change of a good quote; the standing price is 100.
func TestQuoteChecks(t *testing.T) {
	for _, c := range []struct {
		name   string
		id     instrument.ID
		change func(*market.Quote)
		want   Reason
	}{
		{"the next second", share, func(q *market.Quote) {}, Good},
		{"same second, more volume", share, func(q *market.Quote) { q.At = noon }, Good},
		{"same second, other book", share, func(q *market.Quote) { q.At, q.Volume, q.AskQty = noon, 100, 21 }, Good},
		{"no book", share, func(q *market.Quote) { q.Bid, q.Ask, q.BidQty, q.AskQty = 0, 0, 0, 0 }, Good},
		{"locked book", share, func(q *market.Quote) { q.Bid = q.Ask }, Good},
		{"2 s ahead of our clock", share, func(q *market.Quote) { q.At = noon.Add(3 * time.Second) }, Good},
		{"at the circuit", share, func(q *market.Quote) { q.UpperCircuit = q.Ask }, Good},
		{"at the day's high", share, func(q *market.Quote) { q.High = q.Last }, Good},
		{"no instrument", 0, func(q *market.Quote) {}, Unknown},
		{"wrong token", 99, func(q *market.Quote) {}, Unknown},
		{"id beyond the table", 1 << 30, func(q *market.Quote) {}, Unknown},
		{"negative price", share, func(q *market.Quote) { q.Last = -1 }, Garbage},
		{"negative size", share, func(q *market.Quote) { q.BidQty = -1 }, Garbage},
		{"no exchange time", share, func(q *market.Quote) { q.At = 0 }, Garbage},
		{"nothing in it", share, func(q *market.Quote) { q.Last, q.Bid, q.Ask = 0, 0, 0 }, Empty},
		{"more than 2 s ahead", share, func(q *market.Quote) { q.At = noon.Add(3*time.Second + time.Millisecond) }, Future},
		{"a second late", share, func(q *market.Quote) { q.At = noon.Add(-time.Second) }, Reordered},
		{"30 s late", share, func(q *market.Quote) { q.At = noon.Add(-30 * time.Second) }, Reordered},
		{"31 s late", share, func(q *market.Quote) { q.At = noon.Add(-31 * time.Second) }, Old},
		{"same second, less volume", share, func(q *market.Quote) { q.At, q.Volume = noon, 99 }, Reordered},
		{"once more", share, func(q *market.Quote) { *q = quoteAt(share, 100*rupee, 0) }, Duplicate},
		{"above the upper circuit", share, func(q *market.Quote) { q.UpperCircuit = q.Last - 1; q.Ask = 0 }, OutsideCircuit},
		{"bid below the lower circuit", share, func(q *market.Quote) { q.Bid = q.LowerCircuit - 1 }, OutsideCircuit},
		{"above the day's high", share, func(q *market.Quote) { q.High = q.Last - 1 }, OutsideDay},
		{"below the day's low", share, func(q *market.Quote) { q.Low = q.Last + 1 }, OutsideDay},
		{"crossed book", share, func(q *market.Quote) { q.Bid = q.Ask + 1 }, Crossed},
		{"option below a tick", call, func(q *market.Quote) { q.Last, q.Low, q.LowerCircuit = 499, 0, 0 }, BelowTick},
		{"option at the spot's value", call, func(q *market.Quote) {
			q.Last, q.High, q.Bid, q.Ask, q.UpperCircuit = 24010*rupee, 0, 0, 0, 0
		}, SpotValue},
		{"put at the spot's value", put, func(q *market.Quote) {
			q.Last, q.High, q.Bid, q.Ask, q.UpperCircuit = 23990*rupee, 0, 0, 0, 0
		}, SpotValue},
		{"6 % in one frame", share, func(q *market.Quote) { q.Last = 106 * rupee }, Spike},
		{"5 % in one frame", share, func(q *market.Quote) { q.Last = 105 * rupee }, Good},
		{"option up by 40 %", call, func(q *market.Quote) { q.Last = 140 * rupee }, Good},
		{"option up by 60 %", call, func(q *market.Quote) { q.Last = 160 * rupee }, Spike},
	} {
		l := mustLab(t, nil)
		l.Quote(quoteAt(index, 24000*rupee, 0))
		l.Quote(quoteAt(c.id, 100*rupee, 0))
		l.clock.Advance(time.Second)
		q := quoteAt(c.id, 100*rupee, 1)
		c.change(&q)
		before, _ := l.LastQuote(c.id)
		if got := l.takeQuote(&q); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		after, _ := l.LastQuote(c.id)
		if (c.want == Good) == (after == before) {
			t.Errorf("%s: standing quote went from seq %d to %d", c.name, before.Seq, after.Seq)
		}
	}
}

func TestFirstQuotes(t *testing.T) {
	l := mustLab(t, nil)
	untraded := market.Quote{Instrument: call, Bid: 500, Ask: 1000, BidQty: 65, AskQty: 65}
	if got := l.takeQuote(&untraded); got != Good {
		t.Errorf("an option that never traded but is quoted: %v, want ok", got)
	}
	traded := quoteAt(call, 1000, 0)
	if got := l.takeQuote(&traded); got != Good {
		t.Errorf("its first trade: %v, want ok", got)
	}
	if got := l.takeQuote(&untraded); got != Garbage {
		t.Errorf("a frame without time after one with time: %v, want garbage", got)
	}
	deep := quoteAt(put, 23900*rupee, 0)
	l.Quote(quoteAt(index, 100*rupee, 0))
	if got := l.takeQuote(&deep); got != Good {
		t.Errorf("a put worth its strike: %v, want ok", got)
	}
}

// TestSpike: one tick beyond the band is ignored, two that agree are accepted, two that do not are not (test 35).
func TestSpike(t *testing.T) {
	l := mustLab(t, nil)
	take := func(price money.Price, second int64) Reason {
		q := quoteAt(share, price, second)
		q.At = min(q.At, l.now())
		return l.takeQuote(&q)
	}
	l.clock.Advance(time.Minute)
	for i, step := range []struct {
		price money.Price
		want  Reason
	}{
		{100, Good}, {120, Spike}, {100, Good}, {120, Spike}, {80, Spike}, {120, Spike}, {121, Good}, {122, Good}, {90, Spike}, {122, Good}, {90, Spike}, {91, Good},
	} {
		if got := take(step.price*rupee, int64(i)); got != step.want {
			t.Fatalf("step %d at %d: %v, want %v", i, step.price, got, step.want)
		}
	}
	same := quoteAt(share, 50*rupee, 20)
	for _, step := range []struct {
		wait time.Duration
		want Reason
	}{{0, Spike}, {0, Spike}, {witnessMin - 1000, Spike}, {1000, Good}} {
		l.clock.Advance(step.wait)
		q := same
		if got := l.takeQuote(&q); got != step.want {
			t.Errorf("the same frame after another %v: %v, want %v", step.wait, got, step.want)
		}
	}
}

func TestDepthChecks(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*market.Depth)
		want   Reason
	}{
		{"the next second", func(d *market.Depth) {}, Good},
		{"one side empty", func(d *market.Depth) { d.BidLevels, d.Bids = 0, [5]market.Level{} }, Good},
		{"both sides empty", func(d *market.Depth) {
			d.BidLevels, d.AskLevels, d.Bids, d.Asks = 0, 0, [5]market.Level{}, [5]market.Level{}
		}, Good},
		{"wrong token", func(d *market.Depth) { d.Instrument = 99 }, Unknown},
		{"no time", func(d *market.Depth) { d.At = 0 }, Garbage},
		{"six levels", func(d *market.Depth) { d.BidLevels = 6 }, Garbage},
		{"level without size", func(d *market.Depth) { d.Asks[1].Qty = 0 }, Garbage},
		{"level without price", func(d *market.Depth) { d.Bids[1].Price = 0 }, Garbage},
		{"negative count", func(d *market.Depth) { d.Bids[1].Orders = -1 }, Garbage},
		{"future", func(d *market.Depth) { d.At = noon.Add(time.Minute) }, Future},
		{"late", func(d *market.Depth) { d.At = noon.Add(-time.Second) }, Reordered},
		{"very late", func(d *market.Depth) { d.At = noon.Add(-time.Hour) }, Old},
		{"bids rise", func(d *market.Depth) { d.Bids[1].Price = d.Bids[0].Price + 1 }, Crossed},
		{"asks repeat", func(d *market.Depth) { d.Asks[1].Price = d.Asks[0].Price }, Crossed},
		{"crossed", func(d *market.Depth) { d.Bids[0].Price = d.Asks[0].Price + 1 }, Crossed},
		{"beyond the circuit", func(d *market.Depth) { d.Asks[1].Price = 500 * rupee }, OutsideCircuit},
		{"once more", func(d *market.Depth) { *d = depthAt(share, 100*rupee, 0) }, Duplicate},
	} {
		l := mustLab(t, nil)
		l.Quote(quoteAt(share, 100*rupee, 0))
		l.Depth(depthAt(share, 100*rupee, 0))
		l.clock.Advance(time.Second)
		d := depthAt(share, 100*rupee, 1)
		c.change(&d)
		if got := l.takeDepth(&d); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestCountsAndSeq: every frame is counted once under its reason; Seq counts the good ones.
func TestCountsAndSeq(t *testing.T) {
	var refused []string
	f := New(Options{Clock: clock.NewManual(noon.Time()), Instrument: instrumentOf, Refused: func(id instrument.ID, r Reason) { refused = append(refused, fmt.Sprint(id, r)) }})
	for _, q := range []market.Quote{quoteAt(share, 100*rupee, 0), quoteAt(share, 100*rupee, 0), quoteAt(99, 1, 0), quoteAt(share, 101*rupee, 1), quoteAt(quietShare, 5*rupee, 60)} {
		f.Quote(q)
	}
	f.Depth(depthAt(share, 101*rupee, 1))
	counts := f.Counts()
	if counts[Good] != 3 || counts[Duplicate] != 1 || counts[Unknown] != 1 || counts[Future] != 1 {
		t.Errorf("counts %v", counts)
	}
	if got := fmt.Sprint(refused); got != "[1 duplicate 99 unknown 5 future]" {
		t.Errorf("refused %s", got)
	}
	q, _ := f.LastQuote(share)
	d, _ := f.LastDepth(share)
	if q.Seq != 2 || d.Seq != 3 || q.ReceivedAt != noon {
		t.Errorf("seq %d and %d, received %s", q.Seq, d.Seq, q.ReceivedAt)
	}
	if _, ok := f.LastQuote(quietShare); ok {
		t.Error("a refused quote is stored")
	}
	f.Reset()
	if _, ok := f.LastQuote(share); ok {
		t.Error("a quote survived Reset")
	}
	f.Quote(quoteAt(share, 10*rupee, -60))
	if q, ok := f.LastQuote(share); !ok || q.Seq != 4 {
		t.Errorf("after Reset an earlier moment: seq %d", q.Seq)
	}
}

// TestSilence: 3 s without a frame and without a heartbeat and the board is dead; a heartbeat is enough (test 31).
func TestSilence(t *testing.T) {
	l := mustLab(t, nil)
	if s := l.State(nse); s.IsAlive || s.Detail != "no data yet" {
		t.Errorf("before anything came: %+v", s)
	}
	l.Quote(quoteAt(share, 100*rupee, 0))
	l.clock.Advance(3 * time.Second)
	if s := l.State(nse); !s.IsAlive || s.Age != 3*time.Second || s.LastAt != noon || s.Source != FromStream {
		t.Errorf("after 3 s: %+v", s)
	}
	l.clock.Advance(time.Millisecond)
	if s := l.State(nse); s.IsAlive || s.IsFrozen || s.Detail != "nothing received for 3s" {
		t.Errorf("after more than 3 s: %+v", s)
	}
	if got := l.Freshness(share); got != FeedDead {
		t.Errorf("freshness %v, want feed_dead", got)
	}
	l.Heartbeat()
	if s := l.State(nse); !s.IsAlive {
		t.Errorf("after a heartbeat: %+v", s)
	}
	if s := l.State(nseFNO); s.IsAlive {
		t.Errorf("a board that never sent a price: %+v", s)
	}
}

// TestFrozen: packets flow, exchange time stands still: not alive within 3 s (NSE 2021, test 32); outside the open phase
// nothing is suspicious; one instrument that moves is enough.
func TestFrozen(t *testing.T) {
	l := mustLab(t, nil)
	l.Quote(quoteAt(share, 100*rupee, 0))
	l.Quote(quoteAt(quietShare, 50*rupee, 0))
	frozen := -1
	for second := 1; second <= 10 && frozen < 0; second++ {
		l.clock.Advance(time.Second)
		l.Quote(quoteAt(share, 100*rupee, 0))
		q := quoteAt(quietShare, 50*rupee, 0)
		q.AskQty = money.Qty(second)
		l.Quote(q)
		if s := l.State(nse); s.IsFrozen && !s.IsAlive {
			frozen = second
		}
	}
	if frozen < 3 || frozen > 4 {
		t.Errorf("frozen after %d s, want 3 to 4", frozen)
	}
	l.phase = calendar.Closed
	if s := l.State(nse); !s.IsAlive {
		t.Errorf("closed: %+v", s)
	}
	l.phase = calendar.Open
	l.Quote(quoteAt(bseShare, 10*rupee, 4))
	if s := l.State(nse); s.IsAlive {
		t.Error("another exchange's time woke the board")
	}
	l.Quote(quoteAt(share, 100*rupee, 4))
	if s := l.State(nse); !s.IsAlive || s.IsFrozen {
		t.Errorf("after time moved: %+v", s)
	}
}

// TestFreshnessInTwoSteps: a quiet instrument on a live board is old after 60 s; a repetition renews it.
func TestFreshnessInTwoSteps(t *testing.T) {
	l := mustLab(t, nil)
	l.Quote(quoteAt(quietShare, 50*rupee, 0))
	live := func(seconds int64) {
		for s := range seconds {
			l.clock.Advance(time.Second)
			l.Quote(quoteAt(share, 100*rupee, l.now().Sub(noon).Nanoseconds()/1e9))
			_ = s
		}
	}
	live(60)
	if got := l.Freshness(quietShare); got != Fresh {
		t.Errorf("after 60 s: %v", got)
	}
	live(1)
	if got := l.Freshness(quietShare); got != OldBook {
		t.Errorf("after 61 s: %v", got)
	}
	if got := l.Freshness(index); got != NoQuote {
		t.Errorf("never quoted: %v", got)
	}
	l.Quote(quoteAt(quietShare, 50*rupee, 0))
	if got := l.Freshness(quietShare); got != Fresh {
		t.Errorf("after its frame was repeated: %v", got)
	}
}

// TestReorderedStreamEndsAsTheCleanOne: duplicates, late frames and bursts leave the same standing values (test 33).
func TestReorderedStreamEndsAsTheCleanOne(t *testing.T) {
	clean, messy := mustLab(t, nil), mustLab(t, nil)
	for second := range int64(200) {
		for _, l := range []*lab{clean, messy} {
			l.clock.Advance(time.Second)
		}
		q := quoteAt(share, (100+money.Price(second%7))*rupee, second)
		clean.Quote(q)
		for _, late := range []int64{1, 2, 29} {
			if second >= late {
				messy.Quote(quoteAt(share, (100+money.Price((second-late)%7))*rupee, second-late))
			}
		}
		messy.Quote(q)
		messy.Quote(q)
		x, _ := clean.LastQuote(share)
		y, _ := messy.LastQuote(share)
		if x != y {
			t.Fatalf("second %d: %+v and %+v", second, x, y)
		}
	}
}

// TestRestOfATickDoesNotAllocate: from the handler to the readers.
func TestRestOfATickDoesNotAllocate(t *testing.T) {
	l := mustLab(t, nil)
	in := l.ListenAll()
	defer in.Close()
	second := int64(0)
	if n := testing.AllocsPerRun(500, func() {
		second++
		l.clock.Set(noon.Add(time.Duration(second) * time.Second).Time())
		l.Quote(quoteAt(share, 100*rupee, second))
		l.Depth(depthAt(share, 100*rupee, second))
		in.Drain(func(*market.Quote, *market.Depth) {})
	}); n != 0 {
		t.Errorf("a tick allocates %v times", n)
	}
	if l.Counts()[Good] < 1000 {
		t.Errorf("counts %v", l.Counts())
	}
}

// TestConcurrentReadsAreWhole: readers on many goroutines never see half of one quote and half of another.
func TestConcurrentReadsAreWhole(t *testing.T) {
	l := mustLab(t, nil)
	l.clock.Advance(time.Hour)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if q, ok := l.LastQuote(share); ok && (q.Ask != q.Last+500 || q.Bid != q.Last-500) {
					t.Errorf("torn: %+v", q)
					return
				}
			}
		})
	}
	for i := range int64(3000) {
		l.Quote(quoteAt(share, (100+money.Price(i%5))*rupee, i))
	}
	close(done)
	wg.Wait()
}

func TestNewWithoutAClockPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	New(Options{Instrument: instrumentOf})
}

var errBroker = errors.New("broker away")

func BenchmarkQuote(b *testing.B) {
	m := clock.NewManual(noon.Add(1000 * time.Hour).Time())
	f := New(Options{Clock: m, Instrument: instrumentOf})
	in := f.ListenAll()
	defer in.Close()
	second := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		second++
		f.Quote(quoteAt(share, 100*rupee, second%3_000_000))
	}
}
