package match

import (
	"slices"
	"testing"
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

func bookOf(i *instrument.Instrument) *Book {
	b := &Book{}
	b.Define(i)
	return b
}

func mustPrice(t testing.TB, s string) money.Price {
	t.Helper()
	p, err := money.ParsePrice(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAggressiveLimit: the first two rows are the golden ones of india-rules 5.5; the others show rounding and circuits.
func TestAggressiveLimit(t *testing.T) {
	for _, c := range []struct {
		kind                  instrument.Kind
		last, low, high, tick string
		buy, sell             string
	}{
		{instrument.Option, "100", "95", "105", "0.05", "105", "95"},
		{instrument.Option, "40", "34", "46", "0.05", "45", "35"},
		{instrument.Option, "2", "0", "0", "0.05", "7", "0.05"},
		{instrument.Option, "101.03", "0", "0", "0.05", "111.10", "90.95"},
		{instrument.Equity, "1300", "0", "0", "0.10", "1339", "1261"},
		{instrument.Equity, "0.50", "0", "0", "0.01", "0.55", "0.45"},
		{instrument.Future, "24000", "0", "0", "0.20", "24360", "23640"},
		{instrument.Equity, "1300", "1290.05", "1310.05", "0.10", "1310", "1290.10"},
	} {
		b := bookOf(&instrument.Instrument{Kind: c.kind, Terms: instrument.Terms{TickSize: mustPrice(t, c.tick)}})
		b.Top = Top{Last: mustPrice(t, c.last), LowerCircuit: mustPrice(t, c.low), UpperCircuit: mustPrice(t, c.high)}
		if got := b.AggressiveLimit(order.Buy); got != mustPrice(t, c.buy) {
			t.Errorf("%s at %s in %s-%s: buy %s, want %s", c.kind, c.last, c.low, c.high, got, c.buy)
		}
		if got := b.AggressiveLimit(order.Sell); got != mustPrice(t, c.sell) {
			t.Errorf("%s at %s in %s-%s: sell %s, want %s", c.kind, c.last, c.low, c.high, got, c.sell)
		}
	}
	if got := bookOf(&instrument.Instrument{Kind: instrument.Equity, Terms: instrument.Terms{TickSize: 500}}).AggressiveLimit(order.Buy); got != 0 {
		t.Errorf("without a last price: %s, want none", got)
	}
}

// TestDepthVector is the vector of product.md 2.10: what one order of 50,000 takes of the real ladder, to the sixth decimal.
func TestDepthVector(t *testing.T) {
	b := bookOf(&instrument.Instrument{Kind: instrument.Option, Terms: instrument.Terms{LotSize: 50, TickSize: 500}})
	d := market.Depth{ReceivedAt: 1000, AskLevels: 5}
	for i, l := range []market.Level{{Price: 73_500, Qty: 3150}, {Price: 74_000, Qty: 10050}, {Price: 74_500, Qty: 12300}, {Price: 75_000, Qty: 15000}, {Price: 75_500, Qty: 6150}} {
		d.Asks[i] = l
	}
	b.SetQuote(&market.Quote{ReceivedAt: 1000, Ask: 73_500, AskQty: 3150, Last: 73_500}, 0)
	b.SetDepth(&d)
	r := &Resting{Side: order.Buy, Limit: 80_000, Leaves: 50_000}
	var value, filled int64
	for _, f := range b.Enter(r, nil) {
		value += int64(f.Price) * int64(f.Qty)
		filled += int64(f.Qty)
	}
	average, err := money.MulDiv(value, 100, filled, money.HalfUp)
	if err != nil || filled != 46_650 || r.Leaves != 3_350 || average != 7_461_736 {
		t.Errorf("filled %d at %d millionths, %d left; want 46,650 at 7.461736, 3,350 left (%v)", filled, average, r.Leaves, err)
	}
}

// TestLatencyTable: 10,000 draws have the median and the 99th percentile of the Realistic profile, and repeat.
func TestLatencyTable(t *testing.T) {
	var draws []time.Duration
	for id := range order.ID(10_000) {
		d := ProfileOf(Realistic).Latency(7, id+1, 1)
		if d != ProfileOf(Realistic).Latency(7, id+1, 1) {
			t.Fatalf("order %d drew twice", id+1)
		}
		draws = append(draws, d)
	}
	slices.Sort(draws)
	if m := draws[5000]; m < 57*time.Millisecond || m > 63*time.Millisecond {
		t.Errorf("median %v, want about 60 ms", m)
	}
	if p := draws[9900]; p < 350*time.Millisecond || p > 460*time.Millisecond {
		t.Errorf("99th percentile %v, want about 400 ms", p)
	}
	if !slices.IsSorted(latencyMicros[:]) {
		t.Error("the table is not sorted")
	}
}

func TestIsSane(t *testing.T) {
	share := &instrument.Instrument{Kind: instrument.Equity, Terms: instrument.Terms{TickSize: 500}}
	call := &instrument.Instrument{Kind: instrument.Option, Strike: 240_000_000, Terms: instrument.Terms{TickSize: 500}}
	good := market.Quote{Bid: 1_000_000, Ask: 1_001_000, Last: 1_000_500, Low: 990_000, High: 1_010_000, LowerCircuit: 900_000, UpperCircuit: 1_100_000}
	for _, c := range []struct {
		name   string
		i      *instrument.Instrument
		change func(*market.Quote)
		want   bool
	}{
		{"good", share, func(*market.Quote) {}, true},
		{"an empty side", share, func(q *market.Quote) { q.Ask = 0 }, true},
		{"locked", share, func(q *market.Quote) { q.Ask = q.Bid }, false},
		{"crossed", share, func(q *market.Quote) { q.Ask = q.Bid - 500 }, false},
		{"last above the day's high", share, func(q *market.Quote) { q.Last = 1_010_500 }, false},
		{"last below the day's low", share, func(q *market.Quote) { q.Last = 989_500 }, false},
		{"bid below the circuit", share, func(q *market.Quote) { q.Bid = 899_500 }, false},
		{"offer above the circuit", share, func(q *market.Quote) { q.Ask = 1_100_500 }, false},
		{"a negative quantity", share, func(q *market.Quote) { q.BidQty = -1 }, false},
		{"an option below its tick", call, func(q *market.Quote) { *q = market.Quote{Last: 100} }, false},
		{"an option at its tick", call, func(q *market.Quote) { *q = market.Quote{Last: 500} }, true},
		{"an option showing its spot", call, func(q *market.Quote) { *q = market.Quote{Last: 242_000_000} }, false},
	} {
		q := good
		c.change(&q)
		if got := boundsOf(c.i).isSane(&q); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestRefreshBySecondRoom: quote and depth tell of one change at different times; what was spent on it is not given twice.
func TestRefreshBySecondRoom(t *testing.T) {
	b := bookOf(&instrument.Instrument{Kind: instrument.Equity, Terms: instrument.Terms{LotSize: 1, TickSize: 500}})
	ask := func(qty money.Qty, at int) (market.Quote, market.Depth) {
		q := market.Quote{ReceivedAt: 1000, Ask: 1_000_000, AskQty: qty, Bid: 990_000, BidQty: 5, Last: 1_000_000}
		d := market.Depth{ReceivedAt: 1000, AskLevels: 1, BidLevels: 1}
		d.Asks[0], d.Bids[0] = market.Level{Price: 1_000_000, Qty: qty}, market.Level{Price: 990_000, Qty: 5}
		q.ReceivedAt, d.ReceivedAt = q.ReceivedAt+1000, d.ReceivedAt+2000
		if at > 0 {
			q.ReceivedAt, d.ReceivedAt = q.ReceivedAt+10_000, d.ReceivedAt+10_000
		}
		return q, d
	}
	buy := func(qty money.Qty) money.Qty {
		r := &Resting{Side: order.Buy, Limit: 1_000_000, Leaves: qty}
		b.Enter(r, nil)
		return qty - r.Leaves
	}
	q, d := ask(100, 0)
	b.SetQuote(&q, 0)
	b.SetDepth(&d)
	if got := buy(100); got != 100 {
		t.Fatalf("took %d of 100", got)
	}
	q, d = ask(80, 1)
	b.SetQuote(&q, 0)
	if got := buy(100); got != 80 {
		t.Errorf("after the quote changed: took %d, want 80", got)
	}
	b.SetDepth(&d)
	if got := buy(100); got != 0 {
		t.Errorf("the ladder tells of the same change: took %d more, want none", got)
	}
}

// TestStops: the trigger that is reached first goes off first, the oldest first; only the last price counts, and a quote
// that reaches none has nothing to do.
func TestStops(t *testing.T) {
	b := bookOf(&instrument.Instrument{Kind: instrument.Equity, Terms: instrument.Terms{LotSize: 1, TickSize: 500}})
	quote := func(seq uint64, bid, ask, last string) bool {
		at := calendar.Instant(seq)
		return b.SetQuote(&market.Quote{Seq: seq, ReceivedAt: at, Bid: mustPrice(t, bid), BidQty: 5, Ask: mustPrice(t, ask), AskQty: 5, Last: mustPrice(t, last)}, 0)
	}
	stops := []*Stop{
		{ID: 1, Side: order.Sell, Trigger: mustPrice(t, "99")}, {ID: 2, Side: order.Sell, Trigger: mustPrice(t, "98")},
		{ID: 3, Side: order.Sell, Trigger: mustPrice(t, "99")}, {ID: 4, Side: order.Buy, Trigger: mustPrice(t, "101")},
		{ID: 5, Side: order.Buy, Trigger: mustPrice(t, "102")}, {ID: 6, Side: order.Sell, Trigger: mustPrice(t, "97")},
	}
	for _, s := range stops {
		b.AddStop(s)
	}
	if quote(1, "97", "103", "100") || b.IsStopReached() {
		t.Error("a bid and an offer beyond the triggers, the last price between them: something goes off")
	}
	if !b.RemoveStop(stops[1]) || b.RemoveStop(stops[1]) {
		t.Error("a stop is not taken out once")
	}
	for n, c := range []struct {
		last string
		want []order.ID
	}{{"99", []order.ID{1, 3}}, {"101.95", []order.ID{4}}, {"90", []order.ID{6}}, {"200", []order.ID{5}}, {"1", nil}} {
		isWork := quote(uint64(n+2), "0", "0", c.last)
		var got []order.ID
		for _, s := range b.Triggered() {
			got = append(got, s.ID)
		}
		if isWork != (c.want != nil) || !slices.Equal(got, c.want) {
			t.Errorf("last %s: work %v, set off %v, want %v", c.last, isWork, got, c.want)
		}
	}
	if b.HasStops() {
		t.Error("all went off, some are left")
	}
}

// TestProfiles holds the figures of product.md 2.10 rule 5.
func TestProfiles(t *testing.T) {
	buy, sell := &Resting{Side: order.Buy, Limit: 1_000_000}, &Resting{Side: order.Sell, Limit: 1_000_000}
	for _, c := range []struct {
		name         string
		ahead        money.Qty // of 1,001 displayed
		buyAt        money.Price
		sellAt       money.Price
		median       time.Duration
		printPercent money.Qty
	}{
		{Learner, 0, 1_000_000, 1_000_000, 0, 100},
		{Realistic, 1001, 1_000_000, 1_000_000, 60 * time.Millisecond, 100},
		{Pessimistic, 1502, 999_500, 1_000_500, 150 * time.Millisecond, 50},
	} {
		p := ProfileOf(c.name)
		if got := p.queueOf(1001); got != c.ahead {
			t.Errorf("%s: %d ahead of 1,001 displayed, want %d", c.name, got, c.ahead)
		}
		if b, s := p.reachOf(buy, 500), p.reachOf(sell, 500); b != c.buyAt || s != c.sellAt {
			t.Errorf("%s: a buy at 100 fills at %s, a sale at %s, want %s and %s", c.name, b, s, c.buyAt, c.sellAt)
		}
		if p.PrintPercent != c.printPercent {
			t.Errorf("%s: %d %% of a print count, want %d", c.name, p.PrintPercent, c.printPercent)
		}
		var draws []time.Duration
		for id := range order.ID(4000) {
			draws = append(draws, p.Latency(7, id+1, 1))
		}
		slices.Sort(draws)
		if m := draws[2000]; m < c.median*94/100 || m > c.median*106/100 {
			t.Errorf("%s: median latency %v, want about %v", c.name, m, c.median)
		}
	}
	if ProfileOf("lucky") != nil || len(Profiles()) != 3 {
		t.Error("there are three profiles")
	}
}

// TestReference: the mean of what traded in the last 30 s, of the last such window when nothing did since, and unknown
// after 15 minutes; a quote without more volume is no trade, and shares have no reference.
func TestReference(t *testing.T) {
	b := bookOf(&instrument.Instrument{Kind: instrument.Option, Strike: 240_000_000, Terms: instrument.Terms{LotSize: 65, TickSize: 500}})
	second := func(n int) calendar.Instant { return calendar.Instant(n) * 1_000_000 }
	quote := func(n int, last string, volume money.Qty) {
		b.SetQuote(&market.Quote{ReceivedAt: second(n), Last: mustPrice(t, last), Volume: volume}, 0)
	}
	if b.Reference(second(1)) != 0 {
		t.Error("a reference without a quote")
	}
	for n, c := range []struct {
		at     int
		last   string
		volume money.Qty
		now    int
		want   string
	}{
		{10, "100", 50, 10, "100"},
		{20, "110", 60, 25, "105"},
		{21, "200", 60, 25, "105"}, // no more volume: no trade
		{35, "120", 70, 39, "110"},
		{0, "", 0, 41, "115"},         // the first is older than 30 s
		{0, "", 0, 66, "110"},         // nothing in 30 s: as at the last trade, 10 to 35 s in it
		{0, "", 0, 35 + 15*60, "110"}, // a quarter of an hour
		{0, "", 0, 36 + 15*60, "0"},   // and more
		{1000, "90", 80, 1000, "90"},
	} {
		if c.last != "" {
			quote(c.at, c.last, c.volume)
		}
		if got := b.Reference(second(c.now)); got != mustPrice(t, c.want) {
			t.Errorf("row %d: %s, want %s", n, got, c.want)
		}
	}
	for n := range 100 {
		quote(1001, "95", money.Qty(81+n))
	}
	if got := b.Reference(second(1002)); got != mustPrice(t, "95") {
		t.Errorf("after a hundred trades at 95: %s", got)
	}
	share := bookOf(&instrument.Instrument{Kind: instrument.Equity, Terms: instrument.Terms{LotSize: 1, TickSize: 500}})
	share.SetQuote(&market.Quote{ReceivedAt: 1, Last: 1_000_000, Volume: 5}, 0)
	if share.Reference(2) != 0 {
		t.Error("a share has a reference")
	}
}
