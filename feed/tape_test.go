package feed

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

const tapeText = `timestamp,symbol,expiry,strike,option_type,spot,ltp,volume,oi,oi_chg,iv
202608181043,NIFTY50,18-Aug-2026,24200,CE,24212.800781,100.05,100,52,-8,75.38
202608181043,NIFTY50,18-Aug-2026,22000,PE,24212.800781,0.1,5,7,0,1
202608181044,NIFTY50,18-Aug-2026,24200,CE,24220.00,101,1300,53,-7,75
202608181046,NIFTY50,18-Aug-2026,24200,CE,24230.00,99.5,1200,53,-7,75
`

func mustTape(t *testing.T, text string) *Recording {
	t.Helper()
	r, err := ReadTape(strings.NewReader(text), 65)
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Strips {
		r.Strips[i].Contract.ID = instrument.ID(i + 2)
		r.Strips[i].Contract.Terms = instrument.Terms{LotSize: 65, TickSize: 500, Multiplier: 1}
	}
	return r
}

func price(t *testing.T, text string) money.Price {
	t.Helper()
	p, err := money.ParsePrice(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTapeBook(t *testing.T) {
	r := mustTape(t, tapeText)
	if r.Underlying != "NIFTY" || r.Date != calendar.NewDate(2026, time.August, 18) || len(r.Strips) != 2 || r.To.Sub(r.From) != 4*time.Minute {
		t.Fatalf("tape %s of %s, %d contracts, %s to %s", r.Underlying, r.Date, len(r.Strips), r.From, r.To)
	}
	put, call := &r.Strips[0], &r.Strips[1]
	for _, c := range []struct {
		name               string
		strip              *Strip
		after              time.Duration
		isKnown            bool
		bid, ask, last     string
		bidQty, volume, oi money.Qty
	}{
		{"first minute: what traded before is not known, three times the spread", call, 0, true, "99.70", "100.40", "100.05", 65, 6500, 3380},
		{"1,200 contracts traded: the plain spread, a sixtieth of them", call, 61 * time.Second, true, "100.85", "101.15", "101.00", 20 * 65, 84_500, 3445},
		{"a minute without a row", call, 2*time.Minute + time.Second, false, "0.00", "0.00", "101.00", 0, 84_500, 3445},
		{"after a gap; the day's volume never falls", call, 3 * time.Minute, true, "99.20", "99.80", "99.50", 65, 84_500, 3445},
		{"far from the money at two ticks", put, 0, true, "0.05", "0.15", "0.10", 65, 325, 455},
	} {
		q, isKnown := r.Quote(c.strip, r.From.Add(c.after))
		if isKnown != c.isKnown || q.Bid != price(t, c.bid) || q.Ask != price(t, c.ask) || q.Last != price(t, c.last) || q.BidQty != c.bidQty ||
			q.Volume != c.volume || q.OI != c.oi || !q.IsFromBars {
			t.Errorf("%s: %+v (known %t)", c.name, q, isKnown)
		}
	}
}

func TestTapeRefusals(t *testing.T) {
	header, rows, _ := strings.Cut(tapeText, "\n")
	first, _, _ := strings.Cut(rows, "\n")
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "first line"},
		{"no rows", header + "\n", "no rows"},
		{"another file", "a,b,c\n", "first line"},
		{"short row", header + "\n202608181043,NIFTY50\n", "line 2"},
		{"twice", header + "\n" + first + "\n" + first + "\n", "second row"},
		{"time goes back", header + "\n202608181044" + first[12:] + "\n" + first + "\n", "before the first"},
		{"two chains", header + "\n" + first + "\n" + strings.Replace(first, "NIFTY50", "BANKNIFTY", 1) + "\n", "second symbol"},
		{"price zero", header + "\n" + strings.Replace(first, "100.05", "0", 1) + "\n", "ltp"},
		{"price not a number", header + "\n" + strings.Replace(first, "100.05", "NaN", 1) + "\n", "ltp"},
		{"volume negative", header + "\n" + strings.Replace(first, ",100,", ",-1,", 1) + "\n", "volume"},
		{"bad expiry", header + "\n" + strings.Replace(first, "18-Aug", "18-Xxx", 1) + "\n", "expiry"},
		{"bad right", header + "\n" + strings.Replace(first, ",CE,", ",XX,", 1) + "\n", "option_type"},
		{"long line", header + "\n" + strings.Repeat("9", 10_000) + "\n", "token too long"},
	} {
		_, err := ReadTape(strings.NewReader(c.text), 65)
		if !errors.Is(err, ErrTape) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want ErrTape naming %q", c.name, err, c.want)
		}
	}
}

func FuzzReadTape(f *testing.F) {
	f.Add(tapeText)
	f.Add("timestamp,symbol,expiry,strike,option_type,spot,ltp,volume,oi,oi_chg\n202608181043,,01-Jan-2026,1,CE,1,1,1,1,-1\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ReadTape(strings.NewReader(text), 65)
		if err != nil {
			return
		}
		for i := range r.Strips {
			r.Strips[i].Contract.Terms = instrument.Terms{LotSize: 65, TickSize: 500, Multiplier: 1}
			if q, ok := r.Quote(&r.Strips[i], r.From); ok && (q.Ask < q.Last || q.Bid > q.Last) {
				t.Errorf("last price outside the spread: %+v", q)
			}
		}
	})
}

func TestTapeCandles(t *testing.T) {
	r := mustTape(t, tapeText)
	call := &r.Strips[1]
	minutes := r.Candles(call, time.Minute, r.From, r.To, r.To)
	if len(minutes) != 3 || minutes[1].Volume != 1200*65 || minutes[0].Volume != 0 || minutes[2].Start != r.From.Add(3*time.Minute) {
		t.Errorf("minutes %+v", minutes)
	}
	five := r.Candles(call, 5*time.Minute, 0, r.To, r.To)
	want := market.Candle{Start: r.From.Add(-3 * time.Minute), Open: price(t, "100.05"), High: price(t, "101"), Low: price(t, "100.05"), Close: price(t, "101"),
		Volume: 1200 * 65, OI: 3445}
	if len(five) != 2 || five[0] != want {
		t.Errorf("five minutes %+v, want first %+v", five, want)
	}
	if early := r.Candles(call, time.Minute, r.From, r.To, r.From.Add(time.Minute)); len(early) != 2 {
		t.Errorf("%d bars at the second minute: the future shows", len(early))
	}
	if index := r.Candles(nil, 24*time.Hour, 0, r.To, r.To); len(index) != 1 || index[0].Start != r.Date.At(0) || index[0].Close != price(t, "24230") {
		t.Errorf("the index's day %+v", index)
	}
}

// TestRealTape holds the reader against the numbers of data/README.md.
func TestRealTape(t *testing.T) {
	path := filepath.Join("..", "..", "shared", "data", "intraday", "chain1m_NIFTY_2026-08-18_expiry.csv.gz")
	if _, err := os.Stat(path); err != nil {
		t.Skip("the recorded day ../shared/data/intraday is not there")
	}
	r, err := OpenTape(path, 65)
	if err != nil {
		t.Fatal(err)
	}
	rows, gaps := 0, 0
	for i := range r.Strips {
		s := &r.Strips[i]
		s.Contract.Terms = instrument.Terms{LotSize: 65, TickSize: 500, Multiplier: 1}
		rows += len(s.bars)
		for minute := range 288 {
			at := r.From.Add(time.Duration(minute) * time.Minute)
			q, isKnown := r.Quote(s, at)
			switch {
			case !isKnown:
				gaps++
				if q.Bid != 0 || q.Ask != 0 {
					t.Fatalf("a book in a minute without a row: %+v", q)
				}
			case q.Bid > q.Last || q.Ask < q.Last || q.Ask <= q.Bid || !q.Ask.OnTick(500) || !q.Bid.OnTick(500):
				t.Fatalf("book %+v", q)
			}
		}
	}
	if rows != 153_990 || len(r.spots) != 288 || r.Underlying != "NIFTY" || gaps == 0 {
		t.Errorf("%d rows, %d minutes of %s, %d gaps; want 153,990 rows of 288 minutes", rows, len(r.spots), r.Underlying, gaps)
	}
}

func TestTapeClock(t *testing.T) {
	at := calendar.NewDate(2026, time.August, 18).At(11 * time.Hour)
	c := NewTapeClock(at, at.Add(time.Hour), 1, true)
	defer c.Stop()
	if got := calendar.FromTime(c.Now()); got != at {
		t.Errorf("a paused clock shows %s, want %s", got, at)
	}
	soon, late := c.After(time.Minute), c.After(2*time.Hour)
	c.Set(1, true, at.Add(30*time.Minute))
	select {
	case <-soon:
	default:
		t.Error("a jump did not wake who was due")
	}
	c.Set(60, false, at) // never back
	if got := calendar.FromTime(c.Now()); got < at.Add(30*time.Minute) {
		t.Errorf("the clock went back to %s", got)
	}
	<-c.After(100 * time.Millisecond)
	c.Set(60, false, at.Add(3*time.Hour))
	if got := calendar.FromTime(c.Now()); got != at.Add(time.Hour) {
		t.Errorf("the clock ran past its end: %s", got)
	}
	select {
	case <-late:
		t.Error("a waiter beyond the end was woken")
	default:
	}
	if speed, isPaused := c.Speed(); speed != 60 || isPaused {
		t.Errorf("speed %d, paused %t", speed, isPaused)
	}
}

// TestTapeLivesBetweenBars holds that a minute's bar is no stale feed before the next one, and that the lamp counts in
// our time at sixty times the speed; past the tape's end it is dead.
func TestTapeLivesBetweenBars(t *testing.T) {
	r := mustTape(t, tapeText)
	call := &r.Strips[1].Contract
	c := NewTapeClock(r.From, r.To.Add(2*time.Hour), 1, true)
	defer c.Stop()
	pace := 1
	f := New(Options{Clock: c, Source: FromTape, Pace: func() int { return pace }, Instrument: func(id instrument.ID) (*instrument.Instrument, bool) {
		if int(id) < 2 || int(id)-2 >= len(r.Strips) {
			return nil, false
		}
		return &r.Strips[id-2].Contract, true
	}})
	f.Want(call.ID, Owner{Name: "test"})
	p := NewPlayer(f, r, 1, c)
	for second := range 59 {
		at := r.From.Add(time.Duration(second) * time.Second)
		c.Set(1, true, at)
		p.beat(at)
		if s := f.State(call.Board()); !s.IsAlive || s.Source != FromTape {
			t.Fatalf("%d s into the minute: %+v", second, s)
		}
		if q, _ := f.LastQuote(call.ID); at.Sub(q.At) > repeatEvery {
			t.Fatalf("%d s into the minute the wanted book is of %s", second, q.At)
		}
	}
	c.Set(1, true, r.From.Add(88*time.Second))
	if f.State(call.Board()).IsAlive {
		t.Error("alive 30 s after the last beat")
	}
	pace = 60
	if s := f.State(call.Board()); !s.IsAlive || s.Age != 500*time.Millisecond {
		t.Errorf("30 s of the tape at sixty times the speed: %+v", s)
	}
}

// TestPlayer plays minutes into a feed: a gap takes the book away, and it comes back.
func TestPlayer(t *testing.T) {
	r := mustTape(t, tapeText)
	call := &r.Strips[1]
	c := NewTapeClock(r.From, r.To.Add(time.Hour), 1, true)
	defer c.Stop()
	index := instrument.Instrument{ID: 1, Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Index, Symbol: "NIFTY"}
	f := New(Options{Clock: c, Source: FromTape, Instrument: func(id instrument.ID) (*instrument.Instrument, bool) {
		switch {
		case id == 1:
			return &index, true
		case int(id)-2 < len(r.Strips):
			return &r.Strips[id-2].Contract, true
		}
		return nil, false
	}})
	f.Want(call.Contract.ID, Owner{Name: "test"})
	p := NewPlayer(f, r, 1, c)
	for _, step := range []struct {
		after  time.Duration
		hasBid bool
	}{{0, true}, {61 * time.Second, true}, {121 * time.Second, false}, {181 * time.Second, true}, {241 * time.Second, false}} {
		at := r.From.Add(step.after)
		c.Set(1, true, at)
		p.beat(at)
		q, ok := f.LastQuote(call.Contract.ID)
		d, _ := f.LastDepth(call.Contract.ID)
		if !ok || (q.Bid > 0) != step.hasBid || (d.BidLevels > 0) != step.hasBid || !q.IsFromBars || !d.IsFromBars {
			t.Errorf("after %s: quote %+v, depth %+v", step.after, q, d)
		}
	}
	if q, ok := f.LastQuote(1); !ok || q.Last != price(t, "24230") {
		t.Errorf("index %+v", q)
	}
}
