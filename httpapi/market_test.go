package httpapi

import (
	"context"
	"slices"
	"time"

	"paperport/app"
	"paperport/calendar"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// bazaar is the demo market of a test: the real venue behind a feed that the test speaks for. Its clock shows 11:30 IST
// when the test starts and runs on with the machine's.
type bazaar struct {
	clock    shiftedClock
	registry *instrument.Registry
	feed     *feed.Feed
	reliance instrument.ID
	nifty    instrument.ID
}

type shiftedClock struct{ start, shown time.Time }

func (c shiftedClock) Now() time.Time { return c.shown.Add(time.Since(c.start)) }

func (c shiftedClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// openMarket opens the app with a demo market of two instruments.
func (w *world) openMarket() {
	w.t.Helper()
	ctx := context.Background()
	m := &w.market
	m.clock = shiftedClock{start: time.Now(), shown: time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)}
	m.registry = instrument.NewRegistry()
	var err error
	if w.app, err = app.New(ctx, app.Options{Store: w.store, Clock: m.clock, Registry: m.registry, RecordedDir: w.t.TempDir()}); err != nil {
		w.t.Fatal(err)
	}
	today := calendar.NewDate(2026, time.November, 24)
	m.reliance = m.registry.Allocate(instrument.Instrument{Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Symbol: "RELIANCE",
		Name: "RELIANCE INDUSTRIES", ISIN: "INE002A01018", Series: "EQ", Underlying: "RELIANCE",
		Terms: instrument.Terms{LotSize: 1, TickSize: 1000, Multiplier: 1, HasDerivatives: true}}, today)
	m.nifty = m.registry.Allocate(instrument.Instrument{Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Index, Symbol: "NIFTY",
		Name: "NIFTY 50", Underlying: "NIFTY", Terms: instrument.Terms{LotSize: 1, TickSize: 100, Multiplier: 1}}, today)
	if err := w.app.SaveInstruments(ctx); err != nil {
		w.t.Fatal(err)
	}
	times := calendar.Demo()
	m.feed = feed.New(feed.Options{Clock: m.clock, Instrument: m.registry.ByID})
	if err := w.app.AddDemo(ctx, app.Demo{Clock: m.clock, Calendar: times, Feed: m.feed, History: noHistory{}, Budget: func() app.Budget { return app.Budget{MinuteMax: 100, DayMax: 5000} }}); err != nil {
		w.t.Fatal(err)
	}
	entries := func(yield func(instrument.Entry) bool) {
		for in := range m.registry.All() {
			if !yield(instrument.Entry{Instrument: in}) {
				return
			}
		}
	}
	if err := w.app.SetDemoInstruments(entries, nil); err != nil {
		w.t.Fatal(err)
	}
	m.feed.Up()
	m.tick(1300_0000)
}

// tick tells the market a price: bid a tick below, ask at it, five levels of 100.
func (m *bazaar) tick(price money.Price) {
	now := calendar.FromTime(m.clock.Now())
	m.feed.Heartbeat()
	m.feed.Quote(market.Quote{Instrument: m.nifty, At: now, Last: 24000_0000, LastQty: 1, Open: 24000_0000, High: 24000_0000, Low: 24000_0000, PrevClose: 24000_0000})
	m.feed.Quote(market.Quote{Instrument: m.reliance, At: now, Bid: price - 1000, Ask: price, BidQty: 100, AskQty: 100, Last: price, LastQty: 1,
		Open: 1300_0000, High: max(price, 1300_0000), Low: min(price, 1300_0000), PrevClose: 1290_0000, LowerCircuit: 1161_0000, UpperCircuit: 1419_0000, Volume: 1000})
	ladder := market.Depth{Instrument: m.reliance, At: now, BidLevels: 5, AskLevels: 5}
	for i := range ladder.Bids {
		step := money.Price(i) * 1000
		ladder.Bids[i] = market.Level{Price: price - 1000 - step, Qty: 100, Orders: 1}
		ladder.Asks[i] = market.Level{Price: price + step, Qty: 100, Orders: 1}
	}
	m.feed.Depth(ladder)
}

type noHistory struct{}

func (noHistory) Candles(_ context.Context, _ instrument.ID, _ market.Interval, from, to calendar.Instant) ([]market.Candle, error) {
	bars := []market.Candle{{Start: 1_793_000_000_000_000, Open: 1300_0000, High: 1301_0000, Low: 1299_0000, Close: 1300_5000, Volume: 7}}
	return slices.DeleteFunc(bars, func(c market.Candle) bool { return c.Start < from || c.Start >= to }), nil
}
