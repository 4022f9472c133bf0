package app

import (
	"errors"
	"testing"
	"time"

	"paperport/calendar"
	"paperport/clock"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/order"
	"paperport/store"
)

// liveSide is a live market whose session the test switches.
type liveSide struct {
	t     *testing.T
	app   *App
	clock *clock.Manual
	feed  *feed.Feed
	says  LiveState
	venue VenueID
	share instrument.ID
}

func mustLive(t *testing.T) *liveSide {
	t.Helper()
	l := &liveSide{t: t, app: mustApp(t, t.TempDir(), t.TempDir()), clock: clock.NewManual(opening.Time()), says: LiveState{IsConnected: true}}
	in := instrument.Instrument{Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Symbol: "RELIANCE",
		ISIN: "INE002A01018", Series: "EQ", Underlying: "RELIANCE", Terms: instrument.Terms{LotSize: 1, TickSize: money.PriceScale / 10, Multiplier: 1}}
	view := l.app.registry.View(instrument.FromICICI)
	l.share = view.Allocate(in, opening.Date())
	in.Name, in.Terms.LotSize, in.Terms.TickSize = "OF THE DEMO", 7, money.PriceScale
	l.app.registry.Allocate(in, opening.Date())
	if err := l.app.SaveInstruments(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.feed = feed.New(feed.Options{Clock: l.clock, Instrument: view.ByID})
	l.quote()
	l.venue = l.mustAdd()
	return l
}

func (l *liveSide) mustAdd() VenueID {
	l.t.Helper()
	id, err := l.app.AddLive(l.t.Context(), Live{User: trader, Broker: store.ICICI, Clock: l.clock, Calendar: calendar.Demo(), Feed: l.feed, History: &bars{},
		Instruments: l.app.registry.View(instrument.FromICICI), State: func() LiveState { return l.says }})
	if err != nil {
		l.t.Fatal(err)
	}
	return id
}

func (l *liveSide) quote() {
	l.feed.Quote(market.Quote{Instrument: l.share, At: calendar.FromTime(l.clock.Now()), Last: 1_300 * money.PriceScale, PrevClose: 1_290 * money.PriceScale,
		Bid: 1_300 * money.PriceScale, BidQty: 500, Ask: 1_301 * money.PriceScale, AskQty: 500})
}

func (l *liveSide) state() VenueState {
	l.t.Helper()
	v, err := l.app.Venue(l.t.Context(), trader, l.venue)
	if err != nil {
		l.t.Fatal(err)
	}
	return v
}

// TestLiveVenueHasOneFirstAccount: the first session opens an account, later ones do not; a stranger sees nothing of it.
func TestLiveVenueHasOneFirstAccount(t *testing.T) {
	l := mustLive(t)
	if again := l.mustAdd(); again != l.venue {
		t.Errorf("two venues: %s and %s", l.venue, again)
	}
	list, err := l.app.Accounts(t.Context(), trader)
	if err != nil || len(list) != 1 || list[0].VenueKind != "live" || list[0].Name != "Live" || list[0].Capital != DefaultCapital {
		t.Fatalf("accounts %+v, %v", list, err)
	}
	stored, err := l.app.LiveVenues(t.Context())
	if err != nil || len(stored) != 1 || stored[0] != (LiveVenue{l.venue, trader, store.ICICI}) {
		t.Errorf("stored %+v, %v", stored, err)
	}
	if _, err := l.app.Venue(t.Context(), stranger, l.venue); !errors.Is(err, ErrNotFound) {
		t.Errorf("a stranger sees the venue: %v", err)
	}
	if _, err := l.app.OpenAccount(t.Context(), stranger, NewAccount{Name: "Mine", Capital: DefaultCapital, Venue: l.venue}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a stranger opens an account in it: %v", err)
	}
}

// TestLiveVenueUsesItsSourcesTerms: lot, tick and name are the broker's, whatever the demo says of the same share.
func TestLiveVenueUsesItsSourcesTerms(t *testing.T) {
	l := mustLive(t)
	in, err := l.app.Instrument(t.Context(), trader, l.venue, l.share)
	if err != nil || in.Terms.LotSize != 1 || in.Terms.TickSize != money.PriceScale/10 || in.Name != "" {
		t.Errorf("%+v, %v", in, err)
	}
}

// TestLiveVenuePauses: without a session there are no prices and no new orders; a repeated order gets its first answer,
// cancelling works, and what the screen says names the cause.
func TestLiveVenuePauses(t *testing.T) {
	l := mustLive(t)
	ctx := t.Context()
	accounts, _ := l.app.Accounts(ctx, trader)
	p := order.Place{Account: accounts[0].ID, ClientOrderID: "resting-1", Instrument: l.share, Side: order.Buy, Product: order.CNC, Type: order.Limit,
		Validity: order.Day, Qty: 1, LimitPrice: 1_200 * money.PriceScale}
	first, err := l.app.PlaceOrder(ctx, trader, p)
	if err != nil || first.Code != "" {
		t.Fatalf("%+v, %v", first, err)
	}
	if v := l.state(); !v.IsAvailable || v.NeedsBroker || v.StatusText[:4] != "LIVE" || v.BrokerName != "ICICI Breeze" {
		t.Errorf("connected: %+v", v)
	}

	l.says = LiveState{Why: "The broker refused the session.", Note: "security master of 23 Nov"}
	v := l.state()
	if v.IsAvailable || v.UnavailableReason != "No live data: connect Breeze" || !v.NeedsBroker || v.Feed.Lamp != "red" || v.Feed.Detail != l.says.Why || v.BookNote != l.says.Note {
		t.Errorf("paused: %+v", v)
	}
	quotes, err := l.app.Quotes(ctx, trader, l.venue, []instrument.ID{l.share})
	if err != nil || quotes[0].At != 0 || quotes[0].Last != 0 || !quotes[0].IsStale {
		t.Errorf("quotes %+v, %v", quotes, err)
	}
	if again, err := l.app.PlaceOrder(ctx, trader, p); err != nil || again.Order != first.Order {
		t.Errorf("the same order said again: %+v, %v", again, err)
	}
	p.ClientOrderID = "another-1"
	_, placed := l.app.PlaceOrder(ctx, trader, p)
	_, modified := l.app.ModifyOrder(ctx, trader, order.Modify{Account: p.Account, Order: first.Order, RequestID: "modify-01", Qty: 2, LimitPrice: p.LimitPrice})
	_, previewed := l.app.PreviewOrder(ctx, trader, p)
	for name, err := range map[string]error{"place": placed, "modify": modified, "preview": previewed} {
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Code != NoLiveData {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r, err := l.app.CancelOrder(ctx, trader, order.Cancel{Account: p.Account, Order: first.Order, RequestID: "cancel-01"}); err != nil || r.Code != "" {
		t.Errorf("cancel: %+v, %v", r, err)
	}
}

// TestLiveVenueTellsAClockThatIsOff: prices from the future are refused, so the lamp says whose clock is wrong.
func TestLiveVenueTellsAClockThatIsOff(t *testing.T) {
	l := mustLive(t)
	l.clock.Advance(time.Minute) // no tick for a minute: the lamp is red
	l.says.Skew = 5 * time.Second
	if d := l.state().Feed.Detail; d != "nothing received for 1m0s; this machine's clock is 5s behind the broker's" {
		t.Errorf("detail %q", d)
	}
}
