package risk

import (
	"flag"
	"math"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
)

var update = flag.Bool("update", false, "rewrite docs/domain/codes.md")

const tablePath = "../docs/domain/codes.md"

func TestCodeTableIsUpToDate(t *testing.T) {
	if *update {
		if err := os.WriteFile(tablePath, []byte(Table()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(tablePath)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != Table() {
		t.Error("docs/domain/codes.md differs from package risk: run go test ./risk -update")
	}
}

func TestCodesAreNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for i, e := range Entries() {
		if e.Name == "" || e.Sentence == "" || e.Group == "" || seen[e.Name] {
			t.Errorf("code %d: name %q missing, doubled, or without sentence and group", i+1, e.Name)
		}
		seen[e.Name] = true
	}
}

func reliance() *instrument.Instrument {
	return &instrument.Instrument{
		Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Symbol: "RELIANCE",
		Terms: instrument.Terms{LotSize: 1, FreezeQty: 100_000, TickSize: 1000, Multiplier: 1, HasDerivatives: true},
	}
}

func niftyCall() *instrument.Instrument {
	return &instrument.Instrument{
		Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Option, Right: instrument.Call, Symbol: "NIFTY26DEC24000CE",
		Expiry: calendar.NewDate(2026, 12, 29), Strike: 240_000_000,
		Terms: instrument.Terms{LotSize: 65, FreezeQty: 1800, TickSize: 500, Multiplier: 1},
	}
}

func mustPrice(t testing.TB, s string) money.Price {
	t.Helper()
	p, err := money.ParsePrice(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCheck(t *testing.T) {
	limit := func(price string) func(*Ask) {
		return func(a *Ask) { a.Order.LimitPrice = mustPrice(t, price); a.Limit = a.Order.LimitPrice }
	}
	stop := func(kind order.Type, trigger, price string) func(*Ask) {
		return func(a *Ask) {
			a.Order.Type, a.Order.TriggerPrice, a.Order.LimitPrice = kind, mustPrice(t, trigger), mustPrice(t, price)
			a.Limit = max(a.Order.LimitPrice, a.Order.TriggerPrice)
		}
	}
	last := func(price string) func(*Ask) { return func(a *Ask) { a.Last = mustPrice(t, price) } }
	sell := func(a *Ask) { a.Order.Side = order.Sell }
	on := func(y, m, d int) func(*Ask) {
		return func(a *Ask) { a.TradingDate = calendar.NewDate(y, time.Month(m), d) }
	}
	bse := func(a *Ask) { a.Instrument.Exchange = calendar.BSE }
	minutes := func(v order.Validity, n int16) func(*Ask) {
		return func(a *Ask) { a.Order.Validity, a.Order.Minutes = v, n }
	}
	tables, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	call := func(a *Ask) { a.Instrument = niftyCall(); a.Order.Product = order.NRML; a.Order.Qty = 65 }
	for _, c := range []struct {
		name   string
		change []func(*Ask)
		want   Code
	}{
		{"on the tick", nil, OK},
		{"one paisa off", []func(*Ask){limit("1300.01")}, PriceOffTick},
		{"half a tick off", []func(*Ask){limit("1300.05")}, PriceOffTick},
		{"no side", []func(*Ask){func(a *Ask) { a.Order.Side = 0 }}, OrderInvalid},
		{"unknown product", []func(*Ask){func(a *Ask) { a.Order.Product = 9 }}, OrderInvalid},
		{"unknown type", []func(*Ask){func(a *Ask) { a.Order.Type = 9 }}, OrderInvalid},
		{"unknown validity", []func(*Ask){func(a *Ask) { a.Order.Validity = 0 }}, OrderInvalid},
		{"zero quantity", []func(*Ask){func(a *Ask) { a.Order.Qty = 0 }}, QtyInvalid},
		{"negative quantity", []func(*Ask){func(a *Ask) { a.Order.Qty = -10 }}, QtyInvalid},
		{"limit without price", []func(*Ask){limit("0")}, PriceInvalid},
		{"negative price", []func(*Ask){limit("-1300")}, PriceInvalid},
		{"market with price", []func(*Ask){func(a *Ask) { a.Order.Type = order.Market }}, PriceInvalid},
		{"closed, and off the tick", []func(*Ask){limit("1300.01"), func(a *Ask) { a.Phase = calendar.Closed }}, MarketClosed},
		{"pre-open", []func(*Ask){func(a *Ask) { a.Phase = calendar.PreOpen }}, MarketClosed},
		{"an index", []func(*Ask){func(a *Ask) { a.Instrument.Kind = instrument.Index }}, InstrumentNotOrderable},
		{"carried share", []func(*Ask){func(a *Ask) { a.Order.Product = order.NRML }}, ProductNotAllowed},
		{"intraday in a barred series", []func(*Ask){func(a *Ask) { a.Order.Product = order.MIS; a.Instrument.Terms.IsIntradayBarred = true }}, ProductNotAllowed},
		{"intraday after the cut-off", []func(*Ask){func(a *Ask) { a.Order.Product = order.MIS; a.IsSquaredOff = true }}, IntradayClosed},
		{"delivery after the cut-off", []func(*Ask){func(a *Ask) { a.IsSquaredOff = true }}, OK},
		{"an option", []func(*Ask){call, limit("100")}, OK},
		{"delivery of an option", []func(*Ask){call, func(a *Ask) { a.Order.Product = order.CNC }}, ProductNotAllowed},
		{"an option after its last day", []func(*Ask){call, func(a *Ask) { a.TradingDate = calendar.NewDate(2026, 12, 30) }}, ContractExpired},
		{"an option settled today", []func(*Ask){call, func(a *Ask) { a.IsExpired = true }}, ContractExpired},
		{"part of a lot", []func(*Ask){call, limit("100"), func(a *Ask) { a.Order.Qty = 64 }}, QtyNotLot},
		{"above the freeze", []func(*Ask){call, limit("100"), func(a *Ask) { a.Order.Qty = 1820 }}, QtyAboveFreeze},
		{"outside the circuit above", []func(*Ask){limit("1430.10")}, PriceOutsideCircuit},
		{"outside the circuit below", []func(*Ask){limit("1169.90")}, PriceOutsideCircuit},
		{"at the circuit", []func(*Ask){limit("1430")}, OK},
		{"a limit order with a dead feed", []func(*Ask){func(a *Ask) { a.IsFeedAlive = false }}, OK},
		{"a market order with a dead feed", []func(*Ask){func(a *Ask) { a.Order.Type = order.Market; a.Order.LimitPrice = 0; a.IsFeedAlive = false }}, FeedStale},
		{"a market order without a price", []func(*Ask){func(a *Ask) { a.Order.Type = order.Market; a.Order.LimitPrice = 0; a.Limit = 0 }}, NoQuote},
		{"the largest numbers", []func(*Ask){func(a *Ask) {
			a.Order.Qty, a.Instrument.Terms.FreezeQty, a.UpperCircuit = math.MaxInt64, 0, 0
			a.Order.LimitPrice = math.MaxInt64 - math.MaxInt64%1000
			a.Limit = a.Order.LimitPrice
		}}, ValueTooLarge},
		{"a stop-limit above the last price", []func(*Ask){stop(order.SL, "1310", "1311"), last("1300")}, OK},
		{"a stop-limit at the last price", []func(*Ask){stop(order.SL, "1310", "1310"), last("1310")}, OK},
		{"a stop below the last price", []func(*Ask){stop(order.SL, "1310", "1311"), last("1310.10")}, TriggerWrongSide},
		{"a sell stop above the last price", []func(*Ask){stop(order.SL, "1310", "1309"), last("1309.90"), sell}, TriggerWrongSide},
		{"a stop whose last price nobody knows", []func(*Ask){stop(order.SL, "1310", "1311")}, OK},
		{"a stop-limit without a trigger", []func(*Ask){stop(order.SL, "0", "1311")}, TriggerInvalid},
		{"a stop-limit without a price", []func(*Ask){stop(order.SL, "1310", "0")}, PriceInvalid},
		{"a negative trigger", []func(*Ask){stop(order.SL, "-1310", "1311")}, TriggerInvalid},
		{"a limit order with a trigger", []func(*Ask){func(a *Ask) { a.Order.TriggerPrice = 13_000_000 }}, TriggerInvalid},
		{"a trigger off the tick", []func(*Ask){stop(order.SL, "1310.05", "1311")}, PriceOffTick},
		{"a buy stop limited below its trigger", []func(*Ask){stop(order.SL, "1310", "1309.90")}, TriggerBeyondLimit},
		{"a sell stop limited above its trigger", []func(*Ask){stop(order.SL, "1290", "1290.10"), sell}, TriggerBeyondLimit},
		{"a trigger outside the circuit", []func(*Ask){stop(order.SL, "1430.10", "1430.20")}, PriceOutsideCircuit},
		{"a stop with a dead feed", []func(*Ask){stop(order.SL, "1310", "1311"), func(a *Ask) { a.IsFeedAlive = false }}, OK},
		{"a stop-market order in a share", []func(*Ask){stop(order.SLM, "1310", "0")}, OK},
		{"a stop-market order with a price", []func(*Ask){stop(order.SLM, "1310", "1311")}, PriceInvalid},
		{"an option, stop-market", []func(*Ask){call, stop(order.SLM, "110", "0")}, StopMarketNotAllowed},
		{"an option, stop-market, the day before it was stopped", []func(*Ask){call, stop(order.SLM, "110", "0"), on(2021, 9, 26)}, OK},
		{"an option, stop-market, on that day", []func(*Ask){call, stop(order.SLM, "110", "0"), on(2021, 9, 27)}, StopMarketNotAllowed},
		{"a BSE share, stop-market", []func(*Ask){bse, stop(order.SLM, "1310", "0")}, StopMarketNotAllowed},
		{"a BSE share, stop-market, the day before", []func(*Ask){bse, stop(order.SLM, "1310", "0"), on(2023, 10, 8)}, OK},
		{"minutes without how many", []func(*Ask){minutes(order.Minutes, 0)}, MinutesInvalid},
		{"one minute", []func(*Ask){minutes(order.Minutes, 1)}, OK},
		{"two hours", []func(*Ask){minutes(order.Minutes, 120)}, OK},
		{"a minute more", []func(*Ask){minutes(order.Minutes, 121)}, MinutesInvalid},
		{"negative minutes", []func(*Ask){minutes(order.Minutes, -1)}, MinutesInvalid},
		{"minutes of a day order", []func(*Ask){minutes(order.Day, 5)}, MinutesInvalid},
	} {
		a := Ask{
			Tables:     tables,
			Order:      &order.Place{Side: order.Buy, Product: order.CNC, Type: order.Limit, Validity: order.Day, Qty: 10, LimitPrice: 13_001_000},
			Instrument: reliance(), Phase: calendar.Open, TradingDate: calendar.NewDate(2026, 11, 24), IsFeedAlive: true,
			LowerCircuit: 11_700_000, UpperCircuit: 14_300_000, Limit: 13_001_000,
		}
		for _, change := range c.change {
			change(&a)
		}
		if c.name[:3] == "an " || c.name == "part of a lot" || c.name == "above the freeze" {
			a.LowerCircuit, a.UpperCircuit = 0, 0
		}
		if got := Check(a); got.Code != c.want {
			t.Errorf("%s: %s %q, want %s", c.name, got.Code, got.Reason(), c.want)
		}
	}
}

func TestReasonCarriesItsFigures(t *testing.T) {
	got := Deny(PriceOffTick, "price", "1300.05", "tick", "0.10").Reason()
	if want := "The price is not a multiple of the tick. (price=1300.05, tick=0.10)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestContextOfAReason(t *testing.T) {
	closed := Deny(MarketClosed, "phase", "closed", "reason", "Diwali, Laxmi Pujan", "next_open", "2026-11-09T09:15:00+05:30")
	for _, c := range []struct {
		code, reason string
		want         map[string]string
	}{
		{"PRICE_OFF_TICK", Deny(PriceOffTick, "price", "1300.01", "tick", "0.10").Reason(), map[string]string{"price": "1300.01", "tick": "0.10"}},
		{"MARKET_CLOSED", closed.Reason(), map[string]string{"phase": "closed", "reason": "Diwali, Laxmi Pujan", "next_open": "2026-11-09T09:15:00+05:30"}},
		{"FEED_STALE", FeedStale.Sentence(), map[string]string{}},
		{"NO_SUCH_CODE", "Anything (price=1)", map[string]string{}},
		{"PRICE_OFF_TICK", "Another sentence. (price=1)", map[string]string{}},
	} {
		if diff := cmp.Diff(c.want, ContextOf(c.code, c.reason)); diff != "" {
			t.Errorf("%s %q: %s", c.code, c.reason, diff)
		}
	}
}

// TestClosedMarketSaysWhenItOpens holds the figures a program needs to try again.
func TestClosedMarketSaysWhenItOpens(t *testing.T) {
	for _, phase := range []calendar.Phase{calendar.Closed, calendar.PreOpen, calendar.ClosingAuction, calendar.PostClose} {
		d := Check(Ask{
			Order:      &order.Place{Side: order.Buy, Product: order.CNC, Type: order.Limit, Validity: order.Day, Qty: 10, LimitPrice: 13_001_000},
			Instrument: reliance(), Phase: phase, PhaseReason: "why", NextOpen: calendar.NewDate(2026, 11, 25).At(9*time.Hour + 15*time.Minute),
		})
		want := "phase=" + phase.String() + ", reason=why, next_open=2026-11-25T09:15:00+05:30"
		if d.Code != MarketClosed || d.Context != want {
			t.Errorf("%s: %s %q, want MARKET_CLOSED %q", phase, d.Code, d.Context, want)
		}
	}
}

func TestClientOrderID(t *testing.T) {
	for id, want := range map[string]bool{"abcd-123": true, "short": false, "with space": false, "ümlaut-12": false, "": false,
		"0123456789012345678901234567890123456789012345678901234567890123":  true,
		"01234567890123456789012345678901234567890123456789012345678901234": false} {
		if got := IsClientOrderID(id); got != want {
			t.Errorf("IsClientOrderID(%q) = %v", id, got)
		}
	}
}

// TestProtection holds the bands of india-rules 2.8 at their steps, and what is refused on which side.
func TestProtection(t *testing.T) {
	tables, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	day := calendar.NewDate(2026, 11, 24)
	contract := func(exchange calendar.Exchange, kind instrument.Kind, isIndex bool) *instrument.Instrument {
		return &instrument.Instrument{Exchange: exchange, Kind: kind, Terms: instrument.Terms{UnderlyingIsIndex: isIndex}}
	}
	for _, c := range []struct {
		name            string
		of              *instrument.Instrument
		date            calendar.Date
		reference, band string // "": no band
	}{
		{"NSE index option, cheap", contract(calendar.NSE, instrument.Option, true), day, "30", "20"},
		{"NSE index option at the step", contract(calendar.NSE, instrument.Option, true), day, "50", "20"},
		{"NSE stock option, dear", contract(calendar.NSE, instrument.Option, false), day, "200", "80"},
		{"NSE index future at the step", contract(calendar.NSE, instrument.Future, true), day, "10000", "200"},
		{"NSE index future", contract(calendar.NSE, instrument.Future, true), day, "24000", "480"},
		{"NSE stock future at the step", contract(calendar.NSE, instrument.Future, false), day, "50", "1.5"},
		{"NSE stock future", contract(calendar.NSE, instrument.Future, false), day, "1300", "39"},
		{"BSE index option", contract(calendar.BSE, instrument.Option, true), day, "50", "80"},
		{"BSE index option before", contract(calendar.BSE, instrument.Option, true), calendar.NewDate(2025, 11, 30), "50", ""},
		{"a share", contract(calendar.NSE, instrument.Equity, false), day, "100", ""},
	} {
		reference, band := mustPrice(t, c.reference), money.Price(0)
		if c.band != "" {
			band = mustPrice(t, c.band)
		}
		for _, x := range []struct {
			side   order.Side
			price  money.Price
			isOver bool
		}{
			{order.Buy, reference + band, false}, {order.Buy, reference + band + 500, c.band != ""}, {order.Buy, 500, false},
			{order.Sell, reference - band, false}, {order.Sell, reference - band - 500, c.band != "" && band < reference}, {order.Sell, 10 * reference, false},
		} {
			if x.price <= 0 {
				continue
			}
			if got := tables.Protected(c.of, c.date, x.side, x.price, reference); got.IsDenied() != x.isOver {
				t.Errorf("%s: side %d at %s: %q, want denied %v", c.name, x.side, x.price, got.Reason(), x.isOver)
			}
			if got := tables.Protected(c.of, c.date, x.side, x.price, 0); got.IsDenied() {
				t.Errorf("%s: denied without a reference: %s", c.name, got.Reason())
			}
		}
	}
}
