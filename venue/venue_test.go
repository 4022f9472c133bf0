package venue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paperport/calendar"
	"paperport/clock"
	"paperport/engine"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/order"
	"paperport/store"
	"paperport/store/sqlstore"
)

const (
	reliance instrument.ID   = 1
	account  order.AccountID = "0000000000000000000000000000000a"
	venueID  store.VenueID   = "demo"
)

// begin is 24 November 2026, 11:00 IST: the demo market is open.
var begin = calendar.NewDate(2026, time.November, 24).At(11 * time.Hour)

// stage is a venue with everything around it, on a manual clock.
type stage struct {
	t     *testing.T
	store *breakable
	clock *clock.Manual
	feed  *feed.Feed
	venue *Venue
	price money.Price
	rules engine.Rules
	// traded is the day's volume.
	traded money.Qty
	// priceAt answers for the past; with one, the venue trades options too.
	priceAt func(id instrument.ID, at calendar.Instant) (money.Price, bool)
	scan    func(ScanAsk) (engine.Scan, money.Price, bool)
}

// breakable is a store whose batches can be made to fail.
type breakable struct {
	store.Books
	failure atomic.Pointer[error]
}

func (b *breakable) Submit(batch *store.Batch, done func(error)) {
	if err := b.failure.Load(); err != nil {
		go done(*err)
		return
	}
	b.Books.Submit(batch, done)
}

func (b *breakable) fail(err error) { b.failure.Store(&err) }
func (b *breakable) mend()          { b.failure.Store(nil) }

func mustStage(t *testing.T) *stage {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir(), Fatal: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.AddVenue(t.Context(), store.Venue{ID: venueID, Kind: "demo", Name: "Demo", Settings: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	st := &stage{t: t, store: &breakable{Books: s}, clock: clock.NewManual(begin.Time()), price: 1_300 * money.PriceScale}
	st.start()
	return st
}

var share = instrument.Instrument{ID: reliance, Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Symbol: "RELIANCE",
	Name: "RELIANCE INDUSTRIES", ISIN: "INE002A01018", Series: "EQ", Underlying: "RELIANCE",
	Terms: instrument.Terms{LotSize: 1, TickSize: money.PriceScale / 10, Multiplier: 1}}

func (s *stage) options() Options {
	o := Options{ID: venueID, Store: s.store, Clock: s.clock, Calendar: calendar.Demo(), Feed: s.feed, Boards: []calendar.Board{share.Board()}, Rules: s.rules,
		Engine: engine.Options{Seed: 1, IsLatencyOff: true}, Instrument: func(id instrument.ID, _ calendar.Date) (*instrument.Instrument, bool) {
			return contract(id)
		}}
	o.Scan = s.scan
	if s.priceAt != nil {
		o.Boards = append(o.Boards, callToday.Board())
		o.PriceAt = func(_ context.Context, id instrument.ID, at calendar.Instant) (money.Price, bool) {
			return s.priceAt(id, at)
		}
	}
	return o
}

func (s *stage) start() {
	s.t.Helper()
	s.feed = feed.New(feed.Options{Clock: s.clock, Instrument: contract})
	s.quote()
	var err error
	if s.venue, err = Open(s.t.Context(), s.options()); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.venue.Close)
}

// quote sends a fresh book around the price.
func (s *stage) quote() {
	now := calendar.FromTime(s.clock.Now())
	q := market.Quote{Instrument: reliance, At: now, Last: s.price, Bid: s.price, BidQty: 1000, Ask: s.price + 1000, AskQty: 1000, Volume: 10 + s.traded}
	s.feed.Depth(market.Depth{Instrument: reliance, At: now, BidLevels: 1, AskLevels: 1, Bids: [5]market.Level{{Price: q.Bid, Qty: q.BidQty}},
		Asks: [5]market.Level{{Price: q.Ask, Qty: q.AskQty}}})
	s.feed.Quote(q)
}

// pass moves time on by steps that keep the feed alive, and waits for the loop each time.
func (s *stage) pass(d time.Duration) {
	s.t.Helper()
	for d > 0 {
		step := min(d, time.Second)
		d -= step
		s.clock.Advance(step)
		s.quote()
		s.sync()
	}
}

// sync waits until the loop has taken everything that waits.
func (s *stage) sync() {
	s.t.Helper()
	_, err := s.venue.send(s.t.Context(), &command{call: func(*loop) error { return nil }})
	if err != nil && !errors.Is(err, ErrHalted) && !errors.Is(err, store.ErrDiskFull) {
		s.t.Fatal(err)
	}
}

func (s *stage) open() {
	s.t.Helper()
	r, err := s.venue.OpenAccount(s.t.Context(), store.Account{ID: account, Owner: "u", Venue: venueID, Name: "Main", Plan: "flat20",
		Profile: "realistic", Capital: 10_00_000 * 100}, "open-account")
	if err != nil || r.Code != "" {
		s.t.Fatalf("OpenAccount: %+v, %v", r, err)
	}
}

func buy(id string, qty money.Qty, limit money.Price) order.Place {
	p := order.Place{Account: account, ClientOrderID: id, Instrument: reliance, Side: order.Buy, Product: order.CNC, Type: order.Market,
		Validity: order.Day, Qty: qty}
	if limit != 0 {
		p.Type, p.LimitPrice = order.Limit, limit
	}
	return p
}

func (s *stage) place(p order.Place) engine.Receipt {
	s.t.Helper()
	r, err := s.venue.Place(s.t.Context(), p)
	if err != nil {
		s.t.Fatalf("Place %s: %v", p.ClientOrderID, err)
	}
	return r
}

func (s *stage) book() *Book {
	s.t.Helper()
	b, ok := s.venue.Book(account)
	if !ok {
		s.t.Fatal("no book")
	}
	return b
}

func (s *stage) mustOrder(id order.ID, want order.Status) order.Order {
	s.t.Helper()
	o, ok := s.book().Order(id)
	if !ok || o.Status != want {
		s.t.Fatalf("order %d: %+v, want status %d", id, o, want)
	}
	return *o
}

// settle waits until everything stepped is durable: a command is answered behind it.
func (s *stage) settle() {
	s.t.Helper()
	if _, err := s.venue.Cash(s.t.Context(), engine.Cash{Account: account, RequestID: fmt.Sprintf("settle-%d", s.clock.Now().UnixMicro()), Amount: 100}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) restart() {
	s.t.Helper()
	s.venue.Close()
	s.start()
}

func (s *stage) mustVerify() Report {
	s.t.Helper()
	r, err := Verify(s.t.Context(), s.store, venueID, s.options().Engine)
	if err != nil || len(r.Faults) > 0 {
		s.t.Fatalf("Verify: %+v, %v", r, err)
	}
	return r
}

func TestOrderLives(t *testing.T) {
	s := mustStage(t)
	s.pass(2 * time.Second)
	s.open()
	done := s.place(buy("market-001", 10, 0))
	rests := s.place(buy("limit-0001", 5, 1_250*money.PriceScale))
	s.settle()
	s.mustOrder(done.Order, order.Executed)
	s.mustOrder(rests.Order, order.Open)
	b := s.book()
	if len(b.Trades) != 1 || len(b.Positions) != 1 || b.Positions[0].NetQty != 10 || b.Funds.Cash != b.Funds.Free+b.Funds.Blocked {
		t.Errorf("book %+v", b)
	}
	if again := s.place(buy("market-001", 10, 0)); !again.IsRepeat || again.Order != done.Order || again.At != done.At {
		t.Errorf("the same order again: %+v, first %+v", again, done)
	}
	if other := s.place(buy("market-001", 11, 0)); other.Code != "CLIENT_ORDER_ID_REUSED" {
		t.Errorf("the same id for another order: %+v", other)
	}
	if r := s.mustVerify(); !r.IsWhole || r.Orders != 2 || r.Trades != 1 {
		t.Errorf("verified %+v", r)
	}
}

// TestRestart holds both ways of starting against the state before.
func TestRestart(t *testing.T) {
	for _, way := range []string{"snapshot", "journal", "rows"} {
		t.Run(way, func(t *testing.T) {
			s := mustStage(t)
			s.pass(2 * time.Second)
			s.open()
			done := s.place(buy("market-001", 10, 0))
			rests := s.place(buy("limit-0001", 5, 1_250*money.PriceScale))
			s.settle()
			before := s.book()
			hash, _, err := s.venue.StateHash(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s.venue.Close()
			if r := s.mustVerify(); r.StateHash != hash {
				t.Error("the journal leads to another state than the engine was in")
			}
			if way != "snapshot" {
				s.forget(way == "rows")
			}
			s.start()
			if isReplayed := strings.HasPrefix(s.venue.Status().Note, "replayed"); isReplayed == (way == "rows") {
				t.Errorf("started by %q", s.venue.Status().Note)
			}
			after := s.book()
			if after.Funds != before.Funds || len(after.Trades) != 1 || after.Day != before.Day || after.Positions[0] != before.Positions[0] {
				t.Errorf("book after %+v, before %+v", after, before)
			}
			if again := s.place(buy("market-001", 10, 0)); !again.IsRepeat || again.Order != done.Order {
				t.Errorf("the same order after a restart: %+v", again)
			}
			s.price = 1_249 * money.PriceScale
			s.pass(3 * time.Second)
			s.settle()
			s.mustOrder(rests.Order, order.Executed)
			if way != "rows" {
				s.mustVerify()
			}
		})
	}
}

// TestChangedRules: a setting that is another at the next start is told to the engine as an input, so the journal
// replays across the change, with a snapshot and without.
func TestChangedRules(t *testing.T) {
	for _, way := range []string{"snapshot", "journal"} {
		t.Run(way, func(t *testing.T) {
			s := mustStage(t)
			s.pass(2 * time.Second)
			s.open()
			s.place(buy("before-001", 1, 1_250*money.PriceScale))
			for _, age := range []time.Duration{20 * time.Second, time.Minute, 20 * time.Second} {
				s.venue.Close()
				if way == "journal" {
					s.forget(false)
				}
				s.rules.BookAgeMax = age
				s.start()
				if note := s.venue.Status().Note; !strings.HasPrefix(note, "replayed") {
					t.Errorf("%s: started by %q", age, note)
				}
				s.pass(2 * time.Second)
				s.settle()
			}
			stale := buy("stale-0001", 1, 1_400*money.PriceScale)
			s.clock.Advance(21 * time.Second)
			r := s.place(stale)
			s.settle()
			if o := s.mustOrder(r.Order, order.Open); o.Code != "WAITS_FOR_FEED" && o.Code != "WAITS_FOR_BOOK" {
				t.Errorf("with a book of 21 s: %+v", o)
			}
			s.venue.Close()
			s.mustVerify()
		})
	}
}

// TestRestartIsAGap: what traded while the program was not running is no print for an order that rests.
func TestRestartIsAGap(t *testing.T) {
	s := mustStage(t)
	s.pass(2 * time.Second)
	s.open()
	rests := s.place(buy("limit-0001", 5, s.price))
	s.pass(2 * time.Second)
	s.venue.Close()
	s.traded = 100_000
	s.start()
	s.pass(2 * time.Second)
	s.settle()
	s.mustOrder(rests.Order, order.Open)
	s.traded += 2_000 // more than the 1,000 ahead of it
	s.pass(2 * time.Second)
	s.settle()
	s.mustOrder(rests.Order, order.Executed)
}

// forget removes the snapshots, and with rows also makes the journal's hashes wrong.
func (s *stage) forget(isHashWrong bool) {
	s.t.Helper()
	db := s.store.Books.(*sqlstore.Store)
	err := db.Write(s.t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.Exec(`DELETE FROM snapshots`); err != nil {
			return err
		}
		if isHashWrong {
			_, err := tx.Exec(`UPDATE journal SET hash = $1`, make([]byte, 32))
			return err
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestLostCommit(t *testing.T) {
	s := mustStage(t)
	s.pass(2 * time.Second)
	s.open()
	s.place(buy("kept-00001", 1, 1_250*money.PriceScale))
	s.store.fail(store.ErrConflict)
	if _, err := s.venue.Place(t.Context(), buy("lost-00001", 1, 1_250*money.PriceScale)); !errors.Is(err, store.ErrConflict) {
		t.Fatalf("Place on a failing store: %v", err)
	}
	s.store.mend()
	if r := s.place(buy("after-0001", 1, 1_250*money.PriceScale)); r.Order != 2 {
		t.Errorf("the lost order left a trace: %+v", r)
	}
	if r := s.place(buy("lost-00001", 1, 1_250*money.PriceScale)); r.IsRepeat || r.Order != 3 {
		t.Errorf("the lost order sent again: %+v", r)
	}
	s.mustVerify()
}

func TestDiskFull(t *testing.T) {
	s := mustStage(t)
	s.pass(2 * time.Second)
	s.open()
	s.store.fail(store.ErrDiskFull)
	for range 2 {
		if _, err := s.venue.Place(t.Context(), buy("full-00001", 1, 1_250*money.PriceScale)); !errors.Is(err, store.ErrDiskFull) {
			t.Fatalf("Place on a full disk: %v", err)
		}
	}
	if !s.venue.Status().IsDiskFull {
		t.Error("the status does not say that the disk is full")
	}
	if b := s.book(); b.Funds.Cash == 0 {
		t.Error("reads stopped")
	}
	s.store.mend()
	s.pass(4 * time.Second)
	if r := s.place(buy("full-00001", 1, 1_250*money.PriceScale)); r.Code != "" || s.venue.Status().IsDiskFull {
		t.Errorf("after there is room: %+v, %+v", r, s.venue.Status())
	}
	s.mustVerify()
}

func TestFaultHaltsAndReadsGoOn(t *testing.T) {
	s := mustStage(t)
	s.pass(2 * time.Second)
	s.open()
	placed := s.place(buy("before-001", 1, 1_250*money.PriceScale))
	if _, err := s.venue.send(t.Context(), &command{call: func(*loop) error { panic("broken on purpose") }}); !errors.Is(err, ErrHalted) {
		t.Fatalf("a panic in the loop: %v", err)
	}
	if _, err := s.venue.Place(t.Context(), buy("during-001", 1, 1_250*money.PriceScale)); !errors.Is(err, ErrHalted) {
		t.Errorf("Place while halted: %v", err)
	}
	s.mustOrder(placed.Order, order.Open)
	s.restart()
	if s.venue.Status().Fault == "" {
		t.Error("a restart forgot the fault")
	}
	if err := s.venue.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.pass(2 * time.Second)
	if r := s.place(buy("during-001", 1, 1_250*money.PriceScale)); r.Order != 2 || s.venue.Status().Fault != "" {
		t.Errorf("after the release: %+v, %+v", r, s.venue.Status())
	}
}

func TestStreamResumes(t *testing.T) {
	s := mustStage(t)
	s.pass(2 * time.Second)
	s.open()
	live := s.venue.Watch(account, 0)
	defer live.Close()
	from := s.venue.Seq()
	s.place(buy("stream-001", 1, 1_250*money.PriceScale))
	events, seq, isResync := live.Take()
	if isResync || len(events) != 1 || len(events[0].Orders) != 1 || events[0].Funds == nil || seq != s.venue.Seq() {
		t.Errorf("live: %+v, seq %d, resync %t", events, seq, isResync)
	}
	late := s.venue.Watch(account, from)
	if events, _, isResync := late.Take(); isResync || len(events) != 1 {
		t.Errorf("resumed: %d events, resync %t", len(events), isResync)
	}
	late.Close()
	late.Close()
	s.restart()
	gone := s.venue.Watch(account, from)
	defer gone.Close()
	if _, _, isResync := gone.Take(); !isResync {
		t.Error("events of before the restart are gone, and the reader is not told")
	}
	for i := range streamMax + 1 {
		if _, err := s.venue.Cash(t.Context(), engine.Cash{Account: account, RequestID: fmt.Sprintf("many-%05d", i), Amount: 100}); err != nil {
			t.Fatal(err)
		}
	}
	if _, seq, isResync := gone.Take(); !isResync || seq != s.venue.Seq() {
		t.Errorf("a slow reader: resync %t, seq %d of %d", isResync, seq, s.venue.Seq())
	}
}

// TestDayEnds: at 23:55 a DAY order expires and a CNC purchase becomes a holding, also when the program was down then.
func TestDayEnds(t *testing.T) {
	for _, isDown := range []bool{false, true} {
		t.Run(fmt.Sprintf("down=%t", isDown), func(t *testing.T) {
			s := mustStage(t)
			s.pass(2 * time.Second)
			s.open()
			rests := s.place(buy("limit-0001", 5, 1_250*money.PriceScale))
			s.place(buy("market-001", 10, 0))
			s.settle()
			opening := s.book().Funds.Cash
			if isDown {
				s.venue.Close()
			}
			s.clock.Set((begin.Date() + 1).At(-6 * time.Minute).Time())
			if isDown {
				s.clock.Advance(10 * time.Minute)
				s.start()
			}
			s.pass(10 * time.Second)
			s.clock.Set((begin.Date() + 1).At(10 * time.Minute).Time())
			s.pass(2*marksWait + 3*time.Second)
			s.settle()
			b := s.book()
			if b.TradingDate != begin.Date()+1 || len(b.Orders()) != 0 || len(b.Trades) != 0 || b.Day.Change != 100 {
				t.Errorf("lists of the new day: %s, %d orders, %d trades, %+v", b.TradingDate, len(b.Orders()), len(b.Trades), b.Day)
			}
			if len(b.Holdings) != 1 || b.Holdings[0].Qty+b.Holdings[0].T1Qty != 10 || b.Funds.Cash != opening+100 {
				t.Errorf("holdings %+v, cash %s", b.Holdings, b.Funds.Cash)
			}
			o, err := s.store.Order(t.Context(), account, rests.Order)
			if err != nil || o.Status != order.Expired {
				t.Errorf("the DAY order: %+v, %v", o, err)
			}
			s.mustVerify()
		})
	}
}

// TestManyAtOnce: callers share commits, each is answered once, and what they got is what is stored.
func TestManyAtOnce(t *testing.T) {
	s := mustStage(t)
	s.pass(2 * time.Second)
	s.open()
	var callers sync.WaitGroup
	var taken atomic.Int32
	for i := range 64 {
		callers.Go(func() {
			for j := range 5 {
				r, err := s.venue.Place(context.Background(), buy(fmt.Sprintf("order-%02d-%d", i, j), 1, 1_250*money.PriceScale))
				if err == nil && r.Code == "" {
					taken.Add(1)
				}
			}
		})
	}
	callers.Wait()
	if got := len(s.book().Orders()); int(taken.Load()) != 320 || got != 320 {
		t.Errorf("%d taken, %d orders, want 320", taken.Load(), got)
	}
	if r := s.mustVerify(); r.Orders != 320 {
		t.Errorf("verified %+v", r)
	}
}
