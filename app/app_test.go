package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/clock"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

const stranger auth.UserID = "00000000000000000000000000000002"

// bourse is an app with a demo market whose feed the test speaks.
type bourse struct {
	t        *testing.T
	app      *App
	clock    *clock.Manual
	feed     *feed.Feed
	reliance instrument.ID
	nifty    instrument.ID
	history  *bars
}

// bars is a history that counts what it is asked.
type bars struct {
	asked int
	until calendar.Instant // 0: no bar is missing
}

func (b *bars) Candles(_ context.Context, _ instrument.ID, _ market.Interval, from, to calendar.Instant) ([]market.Candle, error) {
	b.asked++
	var list []market.Candle
	for at := from; at < to && (b.until == 0 || at < b.until); at = at.Add(time.Minute) {
		list = append(list, market.Candle{Start: at, Open: 1, High: 1, Low: 1, Close: 13_000_000})
	}
	return list, nil
}

var opening = calendar.NewDate(2026, time.November, 24).At(11 * time.Hour)

func mustBourse(t *testing.T) *bourse {
	t.Helper()
	return mustBourseOf(t, func(*feed.Options) {})
}

func mustBourseOf(t *testing.T, edit func(*feed.Options), edits ...func(*Options)) *bourse {
	t.Helper()
	b := &bourse{t: t, app: mustApp(t, t.TempDir(), t.TempDir()), clock: clock.NewManual(opening.Time()), history: &bars{}}
	for _, edit := range edits {
		edit(&b.app.opt)
	}
	registry := b.app.registry
	b.nifty = registry.Allocate(indexOf("NIFTY"), opening.Date())
	b.reliance = registry.Allocate(instrument.Instrument{Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Symbol: "RELIANCE",
		Name: "RELIANCE INDUSTRIES", ISIN: "INE002A01018", Series: "EQ", Underlying: "RELIANCE",
		Terms: instrument.Terms{LotSize: 1, TickSize: money.PriceScale / 10, Multiplier: 1}}, opening.Date())
	if err := b.app.SaveInstruments(t.Context()); err != nil {
		t.Fatal(err)
	}
	options := feed.Options{Clock: b.clock, Instrument: registry.ByID}
	edit(&options)
	b.feed = feed.New(options)
	b.quote()
	if err := b.app.AddDemo(t.Context(), Demo{Clock: b.clock, Calendar: calendar.Demo(), Feed: b.feed, History: b.history}); err != nil {
		t.Fatal(err)
	}
	if err := b.app.SetDemoInstruments(b.entries(), []instrument.ID{b.nifty}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bourse) entries() iter.Seq[instrument.Entry] {
	return func(yield func(instrument.Entry) bool) {
		for in := range b.app.registry.All() {
			if !yield(instrument.Entry{Instrument: in}) {
				return
			}
		}
	}
}

func (b *bourse) quote() {
	now := calendar.FromTime(b.clock.Now())
	b.feed.Quote(market.Quote{Instrument: b.reliance, At: now, Last: 1_300 * money.PriceScale, PrevClose: 1_290 * money.PriceScale,
		Bid: 1_300 * money.PriceScale, BidQty: 500, Ask: 1_301 * money.PriceScale, AskQty: 500})
}

// pass lets a second pass, with a fresh quote.
func (b *bourse) pass() {
	b.clock.Advance(time.Second)
	b.quote()
}

func (b *bourse) mustAccount(user auth.UserID) Account {
	b.t.Helper()
	a, err := b.app.OpenAccount(b.t.Context(), user, NewAccount{Name: " Main ", Capital: DefaultCapital, Venue: DemoVenue})
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

func (b *bourse) order(a Account, id string, qty money.Qty, limit money.Price) order.Place {
	p := order.Place{Account: a.ID, ClientOrderID: id, Instrument: b.reliance, Side: order.Buy, Product: order.CNC, Type: order.Limit, Validity: order.Day,
		Qty: qty, LimitPrice: limit}
	if limit == 0 {
		p.Type = order.Market
	}
	return p
}

func TestAccounts(t *testing.T) {
	b := mustBourse(t)
	ctx := t.Context()
	first := b.mustAccount(trader)
	b.pass()
	second := b.mustAccount(trader)
	list, err := b.app.Accounts(ctx, trader)
	if err != nil || len(list) != 2 || list[0].ID != first.ID || list[1].ID != second.ID || list[0].Name != "Main" || list[0].Plan != DefaultPlan {
		t.Errorf("accounts %+v, %v", list, err)
	}
	for _, n := range []NewAccount{{Name: "", Capital: 1, Venue: DemoVenue}, {Name: "x", Capital: 0, Venue: DemoVenue}, {Name: "x", Capital: CapitalMax + 1, Venue: DemoVenue},
		{Name: "x", Capital: 1, Plan: "none", Venue: DemoVenue}} {
		if _, err := b.app.OpenAccount(ctx, trader, n); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v, want ErrInvalid", n, err)
		}
	}
	if _, err := b.app.OpenAccount(ctx, trader, NewAccount{Name: "x", Capital: 1, Venue: "nowhere"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown venue: %v", err)
	}
	if _, err := b.app.OpenAccount(ctx, trader, NewAccount{Name: "x", Capital: 1, Venue: ReplayOffer}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a replay without a day file: %v", err)
	}
	if plans := b.app.Plans(); len(plans) < 2 || plans[0].ID == "" || plans[0].Name == "" {
		t.Errorf("plans %+v", plans)
	}
}

// TestForeignIsAbsent: whatever a stranger names of somebody else does not exist.
func TestForeignIsAbsent(t *testing.T) {
	b := mustBourse(t)
	ctx := t.Context()
	mine := b.mustAccount(trader)
	a := b.app
	for name, call := range map[string]func(auth.UserID) error{
		"PlaceOrder": func(u auth.UserID) error {
			_, err := a.PlaceOrder(ctx, u, b.order(mine, "foreign-01", 1, 0))
			return err
		},
		"ContractNote": func(u auth.UserID) error { _, err := a.ContractNote(ctx, u, mine.ID, 0); return err },
		"PreviewOrder": func(u auth.UserID) error { _, err := a.PreviewOrder(ctx, u, b.order(mine, "", 1, 0)); return err },
		"ModifyOrder": func(u auth.UserID) error {
			_, err := a.ModifyOrder(ctx, u, order.Modify{Account: mine.ID, Order: 1})
			return err
		},
		"CancelOrder": func(u auth.UserID) error {
			_, err := a.CancelOrder(ctx, u, order.Cancel{Account: mine.ID, Order: 1})
			return err
		},
		"Orders":       func(u auth.UserID) error { _, err := a.Orders(ctx, u, mine.ID, 0); return err },
		"Trades":       func(u auth.UserID) error { _, err := a.Trades(ctx, u, mine.ID, 0); return err },
		"OrderStory":   func(u auth.UserID) error { _, err := a.OrderStory(ctx, u, mine.ID, 1); return err },
		"Days":         func(u auth.UserID) error { _, err := a.Days(ctx, u, mine.ID); return err },
		"Positions":    func(u auth.UserID) error { _, err := a.Positions(ctx, u, mine.ID); return err },
		"Holdings":     func(u auth.UserID) error { _, err := a.Holdings(ctx, u, mine.ID); return err },
		"Funds":        func(u auth.UserID) error { _, err := a.Funds(ctx, u, mine.ID); return err },
		"Ledger":       func(u auth.UserID) error { _, err := a.Ledger(ctx, u, mine.ID, 0, 10); return err },
		"PayIn":        func(u auth.UserID) error { _, err := a.PayIn(ctx, u, mine.ID, "foreign-02", 100); return err },
		"PayOut":       func(u auth.UserID) error { _, err := a.PayOut(ctx, u, mine.ID, "foreign-03", 100); return err },
		"WatchAccount": func(u auth.UserID) error { _, err := a.WatchAccount(u, mine.ID, 0); return err },
	} {
		if err := call(stranger); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s by a stranger: %v, want ErrNotFound", name, err)
		}
	}
	if orders, err := a.Orders(ctx, trader, mine.ID, 0); err != nil || len(orders) != 0 {
		t.Errorf("the stranger left %+v, %v", orders, err)
	}
}

func TestBooksOfADay(t *testing.T) {
	b := mustBourse(t)
	ctx := t.Context()
	mine := b.mustAccount(trader)
	b.pass()
	stream, err := b.app.WatchAccount(trader, mine.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	bought := mustPlace(t, b.app, b.order(mine, "buy-market-1", 10, 0))
	rests := mustPlace(t, b.app, b.order(mine, "buy-limit-01", 2, 1_200*money.PriceScale))
	b.fill(mine, bought.Order)
	if _, err := b.app.PayIn(ctx, trader, mine.ID, "payin-0001", 500_00); err != nil {
		t.Fatal(err)
	}
	if _, err := b.app.PayOut(ctx, trader, mine.ID, "payout-0001", 200_00); err != nil {
		t.Fatal(err)
	}
	orders, err := b.app.Orders(ctx, trader, mine.ID, 0)
	if err != nil || len(orders) != 2 || orders[0].ID != rests.Order || orders[1].ID != bought.Order || orders[0].Contract.Symbol != "RELIANCE" {
		t.Errorf("orders %+v, %v", orders, err)
	}
	trades, err := b.app.Trades(ctx, trader, mine.ID, 0)
	if err != nil || len(trades) != 1 || trades[0].Trade.Price != 1_301*money.PriceScale || trades[0].Trade.Evidence.Ask != 1_301*money.PriceScale {
		t.Errorf("trades %+v, %v", trades, err)
	}
	positions, err := b.app.Positions(ctx, trader, mine.ID)
	if err != nil || len(positions) != 1 || positions[0].UnrealisedPnL != -10_00 || positions[0].IsStale {
		t.Errorf("positions %+v, %v", positions, err)
	}
	f, err := b.app.Funds(ctx, trader, mine.ID)
	if err != nil || f.Opening != DefaultCapital || f.PayIn != 500_00 || f.PayOut != 200_00 || f.Cash != f.Free+f.Blocked ||
		f.Cash != DefaultCapital+300_00-13_010_00-f.Charges || f.Charges <= 0 {
		t.Errorf("funds %+v, %v", f, err)
	}
	events, seq, isResync := stream.Take()
	if len(events) < 4 || isResync || seq == 0 {
		t.Errorf("%d events, seq %d, resync %t", len(events), seq, isResync)
	}
	b.pages(mine)
}

// fill waits until an order is executed, giving it time and fresh quotes.
func (b *bourse) fill(a Account, id order.ID) {
	b.t.Helper()
	await(b.t, "the fill", func() ([]Order, error) {
		b.pass()
		return b.app.Orders(b.t.Context(), trader, a.ID, 0)
	}, func(list []Order) bool {
		for _, o := range list {
			if o.ID == id {
				return o.Status == order.Executed
			}
		}
		return false
	})
}

// pages reads the ledger two by two: every entry once, newest first, postings balanced, the newest balance being the cash.
func (b *bourse) pages(a Account) {
	b.t.Helper()
	var last, cursor int64
	for pages := 0; ; pages++ {
		page, err := b.app.Ledger(b.t.Context(), trader, a.ID, cursor, 2)
		if err != nil || pages > 20 {
			b.t.Fatalf("page %d: %v", pages, err)
		}
		for _, e := range page.Entries {
			var sum money.Paise
			for _, p := range e.Postings {
				sum += p.Amount
			}
			if last != 0 && e.Number >= last || sum != 0 {
				b.t.Errorf("entry %d after %d, postings %+v", e.Number, last, e.Postings)
			}
			last = e.Number
		}
		if cursor = page.Next; cursor == 0 {
			break
		}
	}
	if last != 1 {
		b.t.Errorf("the pages end at entry %d", last)
	}
	if _, err := b.app.Ledger(b.t.Context(), trader, a.ID, 0, LedgerPageMax+1); !errors.Is(err, ErrInvalid) {
		b.t.Errorf("a page too long: %v", err)
	}
}

// TestBookAgeMax: the setting reaches the engine; while the feed is alive an order waits for a younger book.
func TestBookAgeMax(t *testing.T) {
	for age, want := range map[time.Duration]order.Status{0: order.Executed, 20 * time.Second: order.Open} {
		b := mustBourseOf(t, func(*feed.Options) {}, func(o *Options) { o.BookAgeMax = age })
		a := b.mustAccount(trader)
		for range 25 {
			b.clock.Advance(time.Second)
			b.feed.Quote(market.Quote{Instrument: b.nifty, At: calendar.FromTime(b.clock.Now()), Last: 26_000 * money.PriceScale})
			if _, err := b.app.PayIn(t.Context(), trader, a.ID, fmt.Sprintf("payin-%d", b.clock.Now().Unix()), 100); err != nil {
				t.Fatal(err)
			}
		}
		r, err := b.app.PlaceOrder(t.Context(), trader, b.order(a, "stale-0001", 1, 1_301*money.PriceScale))
		if err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(time.Second)
		b.feed.Quote(market.Quote{Instrument: b.nifty, At: calendar.FromTime(b.clock.Now()), Last: 26_000 * money.PriceScale})
		if _, err := b.app.PayIn(t.Context(), trader, a.ID, "payin-last", 100); err != nil {
			t.Fatal(err)
		}
		_, book, err := b.app.book(trader, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if o, ok := book.Order(r.Order); !ok || o.Status != want || want == order.Open && o.Code != "WAITS_FOR_BOOK" {
			t.Errorf("maximum %s, a book of 25 s: %+v", age, o)
		}
	}
}

func TestPreviewChangesNothing(t *testing.T) {
	b := mustBourse(t)
	mine := b.mustAccount(trader)
	b.pass()
	p, err := b.app.PreviewOrder(t.Context(), trader, b.order(mine, "", 10, 0))
	if err != nil || p.Code != "" || p.Expected.Qty != 10 || p.Expected.AvgPrice != 1_301*money.PriceScale || p.Charges.Total() <= 0 || p.Required <= 13_010_00 {
		t.Errorf("preview %+v, %v", p, err)
	}
	if p, err = b.app.PreviewOrder(t.Context(), trader, b.order(mine, "", 1, 1_300_01*100)); err != nil || p.Code != "PRICE_OFF_TICK" {
		t.Errorf("preview off the tick: %+v, %v", p, err)
	}
	if orders, err := b.app.Orders(t.Context(), trader, mine.ID, 0); err != nil || len(orders) != 0 {
		t.Errorf("a preview left %+v, %v", orders, err)
	}
}

func TestWatchlists(t *testing.T) {
	b := mustBourse(t)
	ctx := t.Context()
	w := Watchlist{Number: 1, Name: "Main", Venue: DemoVenue, Instruments: []instrument.ID{b.reliance, b.nifty}}
	if err := b.app.PutWatchlist(ctx, trader, w); err != nil {
		t.Fatal(err)
	}
	got, err := b.app.Watchlists(ctx, trader)
	if err != nil || len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(w) {
		t.Errorf("lists %+v, %v", got, err)
	}
	if got, err := b.app.Watchlists(ctx, stranger); err != nil || len(got) != 0 {
		t.Errorf("a stranger's lists %+v, %v", got, err)
	}
	for name, bad := range map[string]Watchlist{
		"number":     {Number: WatchlistsMax + 1, Name: "x", Venue: DemoVenue},
		"name":       {Number: 1, Venue: DemoVenue},
		"venue":      {Number: 1, Name: "x", Venue: "nowhere"},
		"instrument": {Number: 1, Name: "x", Venue: DemoVenue, Instruments: []instrument.ID{999}},
		"twice":      {Number: 1, Name: "x", Venue: DemoVenue, Instruments: []instrument.ID{1, 1}},
	} {
		if err := b.app.PutWatchlist(ctx, trader, bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("bad %s: %v, want ErrInvalid", name, err)
		}
	}
}

func TestMarketReads(t *testing.T) {
	b := mustBourse(t)
	ctx := t.Context()
	b.pass()
	found, err := b.app.SearchInstruments(ctx, trader, DemoVenue, "rel", 5)
	if err != nil || len(found) != 1 || found[0].ID != b.reliance || len(b.app.Products(found[0])) != 2 {
		t.Errorf("found %+v, %v", found, err)
	}
	quotes, err := b.app.Quotes(ctx, trader, DemoVenue, []instrument.ID{b.nifty, b.reliance})
	if err != nil || len(quotes) != 2 || quotes[0].At != 0 || !quotes[0].IsStale || quotes[1].Last != 1_300*money.PriceScale || quotes[1].IsStale {
		t.Errorf("quotes %+v, %v", quotes, err)
	}
	if _, err := b.app.Quotes(ctx, trader, DemoVenue, []instrument.ID{999}); !errors.Is(err, ErrInvalid) {
		t.Errorf("an unknown instrument: %v", err)
	}
	b.clock.Advance(10 * time.Second)
	if quotes, _ = b.app.Quotes(ctx, trader, DemoVenue, []instrument.ID{b.reliance}); !quotes[0].IsStale {
		t.Error("a quote of a feed dead for ten seconds is not stale")
	}
	v, err := b.app.Venue(ctx, trader, DemoVenue)
	if err != nil || v.Feed.Lamp != "red" || v.Phase != calendar.Open || v.StatusText != "DEMO · open · day ends 23:55" {
		t.Errorf("venue %+v, %v", v, err)
	}
	ask := CandleAsk{Venue: DemoVenue, Instrument: b.reliance, Interval: market.Minute, From: opening.Add(-time.Hour), To: opening}
	for range 3 {
		if bars, err := b.app.Candles(ctx, trader, ask); err != nil || len(bars) != 60 {
			t.Errorf("%d bars, %v", len(bars), err)
		}
	}
	if b.history.asked != 1 {
		t.Errorf("three equal charts cost %d requests", b.history.asked)
	}
	ask.To = ask.From
	if _, err := b.app.Candles(ctx, trader, ask); !errors.Is(err, ErrInvalid) {
		t.Errorf("an empty range: %v", err)
	}
	venues, err := b.app.Venues(ctx, trader)
	if err != nil || len(venues) != 2 || venues[1].ID != ReplayOffer || venues[1].IsAvailable || venues[1].UnavailableReason == "" {
		t.Errorf("venues %+v, %v", venues, err)
	}
}

func TestQuoteStream(t *testing.T) {
	b := mustBourse(t)
	s, err := b.app.WatchQuotes(trader, DemoVenue)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set([]instrument.ID{b.reliance}, nil); err != nil {
		t.Fatal(err)
	}
	<-s.Ready()
	if quotes, _ := s.Take(); len(quotes) != 1 || quotes[0].Instrument != b.reliance {
		t.Errorf("what is known at once: %+v", quotes)
	}
	b.pass()
	b.pass()
	<-s.Ready()
	if quotes, depth := s.Take(); len(quotes) != 1 || len(depth) != 0 {
		t.Errorf("two frames merged: %+v, %+v", quotes, depth)
	}
	if err := s.Set(nil, []instrument.ID{b.nifty, b.reliance}); err != nil {
		t.Fatal(err)
	}
	b.pass()
	if quotes, _ := s.Take(); len(quotes) != 0 {
		t.Errorf("a quote that only its ladder is watched of: %+v", quotes)
	}
	if err := s.Set([]instrument.ID{999}, nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("an unknown instrument: %v", err)
	}
	s.Close()
	s.Close()
	if wanted := b.feed.Wanted(); len(wanted) != 1 || wanted[0] != b.nifty {
		t.Errorf("wanted after closing: %v, want the pulse alone", wanted)
	}
}
