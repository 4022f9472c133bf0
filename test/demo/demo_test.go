// Package demo holds the test that our own Breeze client and the simulator agree: the client has no word for the simulator,
// so what passes here passes the real code.
package demo

import (
	"bytes"
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"paperport/breeze"
	"paperport/breezesim"
	"paperport/breezewire"
	"paperport/calendar"
	"paperport/clock"
	"paperport/instrument"
	"paperport/market"
	"paperport/secret"
	"paperport/sim"

	"github.com/google/go-cmp/cmp"
)

const seed = 5

// now is the first trading day of a week and month that need every kind of contract.
var now = calendar.NewDate(2026, time.November, 24).At(11*time.Hour + 3*time.Second)

type world struct {
	simulator *breezesim.Server
	client    *breeze.Client
	registry  *instrument.Registry
	codes     *breeze.Codes
	report    *breeze.MasterReport
	truth     *sim.Market
}

func mustConnect(t *testing.T) *world {
	t.Helper()
	manual := clock.NewManual(now.Time())
	w := &world{simulator: breezesim.New(breezesim.Options{Seed: seed, Clock: manual}), registry: instrument.NewRegistry(), truth: sim.New(sim.Options{Seed: seed})}
	server := httptest.NewServer(w.simulator.Handler())
	keys := w.simulator.Credentials()
	w.client = breeze.New(breeze.Options{
		Hosts: breeze.AllAt(server.URL), Clock: manual, AppKey: secret.New(keys.Key), Secret: secret.New(keys.Secret),
		Codes: func() *breeze.Codes { return w.codes }, PerMinute: breeze.Unlimited, PerDay: breeze.Unlimited,
	})
	t.Cleanup(func() {
		w.client.Close()
		server.CloseClientConnections()
		w.simulator.Close()
		server.Close()
	})
	exchanged, err := w.client.Exchange(t.Context(), secret.New(keys.APISession))
	if err != nil {
		t.Fatal(err)
	}
	w.client.SetToken(exchanged.Token)
	w.importMaster(t)
	return w
}

func (w *world) importMaster(t *testing.T) {
	t.Helper()
	var zip bytes.Buffer
	if _, err := w.client.SecurityMaster(t.Context(), &zip); err != nil {
		t.Fatal(err)
	}
	var err error
	w.codes, w.report, err = breeze.ImportMaster(bytes.NewReader(zip.Bytes()), int64(zip.Len()), breeze.MasterImport{On: now.Date(), Registry: w.registry.View(instrument.FromDemo)})
	if err != nil {
		t.Fatal(err)
	}
}

// mustFind returns the instrument of a contract of the market.
func (w *world) mustFind(t *testing.T, c sim.Contract) *instrument.Instrument {
	t.Helper()
	u := w.truth.Underlying(c)
	in := instrument.Instrument{Exchange: c.Exchange, Kind: c.Kind, Right: c.Right, Symbol: u.Symbol, ISIN: u.ISIN, Series: u.Series, Underlying: u.Symbol, Expiry: c.Expiry, Strike: c.Strike}
	if c.Kind == instrument.Equity && c.Exchange == calendar.BSE {
		in.Series = ""
	}
	id, ok := w.registry.Find(in)
	if !ok {
		t.Fatalf("%s is not registered", in.Key())
	}
	found, _ := w.registry.ByID(id)
	return found
}

// TestEveryContractIsImported: nothing of the demo's master is left out, and lot, tick and marks are those the market trades by.
func TestEveryContractIsImported(t *testing.T) {
	w := mustConnect(t)
	contracts := w.truth.Contracts(now.Date())
	if w.report.Instruments != len(contracts) || len(w.report.Skipped) != 0 || w.report.SharedTokens != 0 {
		t.Fatalf("%d contracts, report %+v", len(contracts), *w.report)
	}
	for _, c := range contracts {
		in := w.mustFind(t, c)
		u := w.truth.Underlying(c)
		lot := u.Lot
		if !c.IsDerivative() {
			lot = 1
		}
		tick := w.truth.TermsOf(c, now.Date()).Tick
		isSame := in.Terms.TickSize == tick || c.Kind == instrument.Index
		if c.Kind == instrument.Equity && (c.Exchange == calendar.BSE || !u.HasDerivatives()) {
			// Without a future the master does not say the tier; our guess may be finer, never coarser.
			isSame = tick.OnTick(in.Terms.TickSize)
		}
		if in.Terms.LotSize != lot || !isSame {
			t.Errorf("%s: lot %d, tick %s; the market has %d, %s", in.Symbol, in.Terms.LotSize, in.Terms.TickSize, lot, tick)
		}
		if in.Board() != w.truth.Board(c) {
			t.Errorf("%s: board %s, the market has %s", in.Symbol, in.Board(), w.truth.Board(c))
		}
		if code, ok := w.codes.Code(in.ID); !ok || code.Token != w.truth.Token(c) {
			t.Errorf("%s: code %+v, token %s", in.Symbol, code, w.truth.Token(c))
		}
	}
}

// some returns one contract of each kind.
func (w *world) some() []sim.Contract {
	seen := map[[3]int]bool{}
	var out []sim.Contract
	for _, c := range w.truth.Contracts(now.Date()) {
		if key := [3]int{int(c.Exchange), int(c.Kind), int(c.Right)}; !seen[key] && c.Expiry != now.Date() {
			seen[key] = true
			out = append(out, c)
		}
	}
	return out
}

func TestQuotesAndHistoryReachTheClientUnchanged(t *testing.T) {
	w := mustConnect(t)
	for _, c := range w.some() {
		in := w.mustFind(t, c)
		want, _ := w.truth.Quote(c, now)
		got, err := w.client.Quote(t.Context(), in.ID)
		if err != nil {
			t.Errorf("%s: %v", in.Symbol, err)
			continue
		}
		// REST quotes carry neither sizes of all orders, last size, average, nor open interest.
		want.Instrument, want.TotalBid, want.TotalAsk, want.LastQty, want.AvgPrice, want.OI, want.OIChange = in.ID, 0, 0, 0, 0, 0, 0
		got.ReceivedAt = 0 // the client's
		if got != want {
			t.Errorf("%s: quote (-market +client):\n%s", in.Symbol, cmp.Diff(want, got))
		}
		span := breezewire.Span{From: now.Date().At(9 * time.Hour), To: now.Date().At(9*time.Hour + 30*time.Minute)}
		wantBars := w.truth.Candles(c, sim.Range{Interval: market.Minute, From: span.From, To: span.To, Now: now})
		gotBars, err := w.client.History(t.Context(), in.ID, market.Minute, span)
		if err != nil || len(gotBars) != 31 {
			t.Errorf("%s: %d candles, %v", in.Symbol, len(gotBars), err)
		}
		if diff := cmp.Diff(wantBars, gotBars); diff != "" {
			t.Errorf("%s: candles (-market +client):\n%s", in.Symbol, diff)
		}
	}
}

// TestStreamReachesTheClient joins one contract of each kind and wants its quote, and its ladder where it has one.
func TestStreamReachesTheClient(t *testing.T) {
	w := mustConnect(t)
	h := &handler{quotes: make(chan market.Quote, 256), depths: make(chan market.Depth, 256)}
	stream := breeze.NewStream(breeze.StreamOptions{Client: w.client, Handler: h})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- stream.Run(ctx) }()
	defer func() { stop(); <-done }()
	var ids []instrument.ID
	wantQuotes, wantDepths := map[instrument.ID]market.Quote{}, map[instrument.ID]market.Depth{}
	for _, c := range w.some() {
		in := w.mustFind(t, c)
		ids = append(ids, in.ID)
		q, _ := w.truth.Quote(c, now)
		q.Instrument = in.ID
		if in.ExchangeCode() != "BFO" {
			q.OIChange = 0 // NSE sends none
		}
		wantQuotes[in.ID] = q
		if d, ok := w.truth.Depth(c, now); ok {
			d.Instrument = in.ID
			wantDepths[in.ID] = d
		}
	}
	stream.Join(ids)
	for len(wantQuotes)+len(wantDepths) > 0 {
		select {
		case q := <-h.quotes:
			if want, ok := wantQuotes[q.Instrument]; ok && q != want {
				t.Errorf("quote (-market +stream):\n%s", cmp.Diff(want, q))
			}
			delete(wantQuotes, q.Instrument)
		case d := <-h.depths:
			if want, ok := wantDepths[d.Instrument]; ok {
				if d.Bids[0].Orders == 0 { // BSE's cash ladder tells no orders
					want = withoutOrders(want)
				}
				if d != want {
					t.Errorf("depth (-market +stream):\n%s", cmp.Diff(want, d))
				}
			}
			delete(wantDepths, d.Instrument)
		case <-time.After(10 * time.Second):
			t.Fatalf("nothing came for quotes of %v, depths of %v; counts %+v", wantQuotes, wantDepths, stream.Counts())
		}
	}
	if c := stream.Counts(); c.Garbage+c.Foreign+c.Unknown != 0 {
		t.Errorf("counts %+v", c)
	}
}

func withoutOrders(d market.Depth) market.Depth {
	for i := range market.MaxLevels {
		d.Bids[i].Orders, d.Asks[i].Orders = 0, 0
	}
	return d
}

type handler struct {
	quotes chan market.Quote
	depths chan market.Depth
}

func (h *handler) Quote(q market.Quote) { h.quotes <- q }
func (h *handler) Depth(d market.Depth) { h.depths <- d }
func (h *handler) Heartbeat()           {}
func (h *handler) Up()                  {}
func (h *handler) Down(error)           {}
