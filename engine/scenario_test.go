package engine

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/margin"
	"paperport/market"
	"paperport/money"
	"paperport/options"
	"paperport/order"
)

var update = flag.Bool("update", false, "rewrite the expected outputs of testdata/scenarios")

// TestScenarios runs the files of testdata/scenarios. A line is an input, the indented lines below it are its outputs.
// `go test ./engine -run Scenarios -update` rewrites the outputs; review the diff.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runScenario(t, file) })
	}
}

func runScenario(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := newScenario(t)
	var got strings.Builder
	for _, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		if strings.HasPrefix(line, "    ") {
			continue
		}
		got.WriteString(line + "\n")
		if line != "" && !strings.HasPrefix(line, "#") {
			for _, o := range s.run(line) {
				got.WriteString("    " + o + "\n")
			}
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := strings.Split(string(text), "\n")
	for i, line := range strings.Split(got.String(), "\n") {
		if i >= len(want) || line != want[i] {
			t.Fatalf("%s:%d differs\n got %s\nwant %s\n(rewrite with: go test ./engine -run Scenarios -update)", file, i+1, line, at(want, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "nothing"
}

// scenario is an engine driven by text.
type scenario struct {
	t      *testing.T
	e      *Engine
	opt    Options
	seq    uint64
	ids    map[string]instrument.ID
	names  map[instrument.ID]string
	defs   map[string]instrument.Instrument
	frames map[string]uint64
	date   calendar.Date
}

func newScenario(t *testing.T) *scenario {
	return &scenario{
		t: t, opt: Options{Seed: 1, IsLatencyOff: true}, ids: map[string]instrument.ID{}, names: map[instrument.ID]string{},
		defs: map[string]instrument.Instrument{}, frames: map[string]uint64{}, date: calendar.NewDate(2026, 11, 24),
	}
}

// mustDate reads "2026-05-29": the day that a scenario begins on.
func (s *scenario) mustDate(w string) calendar.Date {
	d, err := calendar.ParseDate(w)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// run takes one line and returns its outputs as text. A repeat of the state in a second engine checks the snapshot.
func (s *scenario) run(line string) []string {
	f := strings.Fields(line)
	switch f[0] {
	case "options":
		for _, w := range f[1:] {
			k, v, _ := strings.Cut(w, "=")
			switch k {
			case "latency":
				s.opt.IsLatencyOff = v == "off"
			case "date":
				s.date = s.mustDate(v)
			case "orders":
				s.opt.WorkingOrdersMax, _ = strconv.Atoi(v)
			}
		}
		return nil
	case "restart":
		return s.restart()
	case "preview":
		return s.preview(f[1:])
	}
	var lines []string
	for _, o := range s.step(line) {
		lines = append(lines, s.show(&o))
	}
	return lines
}

// step sends one line that is an input.
func (s *scenario) step(line string) []Output {
	if s.e == nil {
		s.e = New(s.opt)
	}
	in, isInput := s.input(strings.Fields(line))
	if !isInput {
		s.t.Fatalf("cannot read %q", line)
	}
	s.seq++
	in.Seq = s.seq
	return s.e.Step(in)
}

// restart replaces the engine by one restored from its snapshot, which must have the same state.
func (s *scenario) restart() []string {
	b, err := s.e.Snapshot()
	if err != nil {
		s.t.Fatal(err)
	}
	next := New(s.opt)
	if err := next.Restore(b); err != nil {
		s.t.Fatal(err)
	}
	if next.StateHash() != s.e.StateHash() {
		s.t.Error("a restored engine has another state hash")
	}
	s.e = next
	return nil
}

var boardNSE = calendar.Board{Exchange: calendar.NSE, Segment: calendar.Equity}
var boardNFO = calendar.Board{Exchange: calendar.NSE, Segment: calendar.FNO}

func (s *scenario) board(word string) calendar.Board {
	switch word {
	case "NFO":
		return boardNFO
	case "CAS":
		return calendar.Board{Exchange: calendar.NSE, Segment: calendar.Equity, Auction: true}
	default:
		return boardNSE
	}
}

// input reads "TIME verb ...".
func (s *scenario) input(f []string) (Input, bool) {
	d, err := time.Parse("15:04:05.999", f[0])
	if err != nil || len(f) < 2 {
		return Input{}, false
	}
	at := s.date.At(d.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)))
	in := Input{At: at, ReceivedAt: at}
	w := f[2:]
	switch f[1] {
	case "timer":
		in.Timer = true
	case "rules":
		age, err := time.ParseDuration(strings.TrimPrefix(w[0], "book-age="))
		if err != nil {
			return Input{}, false
		}
		in.Rules = &Rules{BookAgeMax: age}
		if len(w) > 1 {
			in.Rules.OrdersPerSecond, _ = strconv.Atoi(strings.TrimPrefix(w[1], "orders-per-second="))
		}
	case "instrument":
		i := s.instrument(w)
		in.Instrument = &i
	case "phase":
		in.Phase = &PhaseChange{Board: s.board(w[0]), Phase: map[string]calendar.Phase{"open": calendar.Open, "closed": calendar.Closed, "pre-open": calendar.PreOpen}[w[1]], TradingDate: s.date}
	case "feed":
		in.Feed = &FeedState{Board: s.board(w[0]), IsAlive: w[1] == "alive"}
	case "account":
		in.OpenAccount = &OpenAccount{Account: order.AccountID(w[0]), RequestID: "open-" + w[0], Capital: s.paise(w[1]), Plan: w[2], Profile: Realistic}
		if len(w) > 3 {
			in.OpenAccount.Profile = w[3]
		}
	case "cash":
		in.Cash = &Cash{Account: order.AccountID(w[0]), RequestID: w[1], Amount: s.paise(w[2])}
	case "quote":
		in.Quote = s.quote(w, at)
	case "depth":
		in.Depth = s.depth(w, at)
	case "place":
		p := s.place(w)
		in.Place = &p
	case "modify":
		in.Modify = s.modify(w)
	case "cancel":
		n, _ := strconv.ParseInt(w[2], 10, 64)
		in.Cancel = &order.Cancel{Account: order.AccountID(w[0]), RequestID: w[1], Order: order.ID(n)}
	case "scan":
		in.Scan = s.scan(w)
	case "square-off":
		in.SquareOff = &SquareOff{Board: s.board(w[0]), TradingDate: s.date}
	case "expire":
		in.Expire = &Expire{Board: s.board(w[0]), TradingDate: s.date, Marks: s.marks(w[1:])}
	case "day-end":
		in.DayEnd = &DayEnd{Board: s.board(w[0]), TradingDate: s.date, Next: s.date + 1, Settles: s.date + 1, Marks: s.marks(w[1:])}
		if w[0] == "NFO" {
			break
		}
		s.date++
	default:
		return Input{}, false
	}
	return in, true
}

// instrument reads "NAME kind tick=.. lot=.. freeze=.. strike=.. expiry=.. under=.. derivatives barred".
func (s *scenario) instrument(w []string) instrument.Instrument {
	i := instrument.Instrument{ID: instrument.ID(len(s.ids) + 1), Exchange: calendar.NSE, Segment: calendar.Equity, Symbol: w[0], Underlying: w[0]}
	i.Terms = instrument.Terms{LotSize: 1, TickSize: 500, Multiplier: 1}
	switch w[1] {
	case "share":
		i.Kind = instrument.Equity
	case "index":
		i.Kind = instrument.Index
	case "future":
		i.Kind, i.Segment = instrument.Future, calendar.FNO
		i.Terms.UnderlyingIsIndex = true
	case "call", "put", "stock-call", "stock-put":
		i.Kind, i.Segment, i.Right = instrument.Option, calendar.FNO, instrument.Call
		if strings.HasSuffix(w[1], "put") {
			i.Right = instrument.Put
		}
		i.Terms.UnderlyingIsIndex = !strings.HasPrefix(w[1], "stock-")
	}
	for _, x := range w[2:] {
		k, v, _ := strings.Cut(x, "=")
		switch k {
		case "tick":
			i.Terms.TickSize = s.price(v)
		case "lot":
			i.Terms.LotSize = s.qty(v)
		case "freeze":
			i.Terms.FreezeQty = s.qty(v)
		case "strike":
			i.Strike = s.price(v)
		case "expiry":
			d, err := calendar.ParseDate(v)
			if err != nil {
				s.t.Fatal(err)
			}
			i.Expiry = d
		case "under":
			i.Underlying, i.UnderlyingID = v, s.ids[v]
		case "derivatives":
			i.Terms.HasDerivatives = true
		case "barred":
			i.Terms.IsIntradayBarred = true
		default:
			s.t.Fatalf("unknown word %q", x)
		}
	}
	s.ids[i.Symbol], s.names[i.ID], s.defs[i.Symbol] = i.ID, i.Symbol, i
	return i
}

// scan reads "UNDERLYING SPOT FORWARD NAME=MID ..": the arrays of options.Scan at an index's ranges, as of the date.
func (s *scenario) scan(w []string) *Scan {
	rupees := func(p money.Price) float64 { return float64(p) / money.PriceScale }
	out := &Scan{Underlying: s.ids[w[0]], Terms: margin.Underlying{Date: s.date, IsIndex: true, Spot: s.price(w[1]), Label: margin.Approximate}}
	for _, x := range w[3:] {
		name, mid, _ := strings.Cut(x, "=")
		i := s.defs[name]
		a, err := options.Scan(options.ScanInput{
			IsFuture: i.Kind == instrument.Future, IsPut: i.Right == instrument.Put, Spot: rupees(s.price(w[1])), Forward: rupees(s.price(w[2])),
			Price: rupees(s.price(mid)), Strike: rupees(i.Strike), Years: float64(i.Expiry-s.date) / 365, Rate: options.ScanRate, PSR: 0.093, VSR: 0.04,
		})
		if err != nil {
			s.t.Fatalf("%s: %v", name, err)
		}
		out.Contracts = append(out.Contracts, ScanContract{Instrument: i.ID, DaysLeft: int(i.Expiry - s.date), Array: margin.Array(a)})
	}
	return out
}

// quote reads "NAME BIDxQTY ASKxQTY LAST vol=.. low=.. high=.. dpr=LOW-HIGH age=..".
func (s *scenario) quote(w []string, at calendar.Instant) *market.Quote {
	s.frames[w[0]]++
	q := &market.Quote{Instrument: s.ids[w[0]], Seq: s.frames[w[0]], At: at, ReceivedAt: at, Last: s.price(w[3])}
	bid, ask := s.level(w[1]), s.level(w[2])
	q.Bid, q.BidQty, q.Ask, q.AskQty = bid.Price, bid.Qty, ask.Price, ask.Qty
	for _, x := range w[4:] {
		k, v, _ := strings.Cut(x, "=")
		switch k {
		case "vol":
			q.Volume = s.qty(v)
		case "low":
			q.Low = s.price(v)
		case "high":
			q.High = s.price(v)
		case "dpr":
			low, high, _ := strings.Cut(v, "-")
			q.LowerCircuit, q.UpperCircuit = s.price(low), s.price(high)
		case "age":
			d, err := time.ParseDuration(v)
			if err != nil {
				s.t.Fatal(err)
			}
			q.ReceivedAt = at.Add(-d)
		default:
			s.t.Fatalf("unknown word %q", x)
		}
	}
	return q
}

func (s *scenario) level(w string) market.Level {
	if w == "-" {
		return market.Level{}
	}
	p, q, _ := strings.Cut(w, "x")
	return market.Level{Price: s.price(p), Qty: s.qty(q)}
}

// depth reads "NAME bid bid .. | ask ask ..".
func (s *scenario) depth(w []string, at calendar.Instant) *market.Depth {
	d := &market.Depth{Instrument: s.ids[w[0]], At: at, ReceivedAt: at}
	isAsk := false
	for _, x := range w[1:] {
		switch {
		case x == "|":
			isAsk = true
		case isAsk:
			d.Asks[d.AskLevels] = s.level(x)
			d.AskLevels++
		default:
			d.Bids[d.BidLevels] = s.level(x)
			d.BidLevels++
		}
	}
	return d
}

var sides = map[string]order.Side{"buy": order.Buy, "sell": order.Sell}
var products = map[string]order.Product{"CNC": order.CNC, "MIS": order.MIS, "NRML": order.NRML}

// place reads "ACCOUNT ID buy|sell QTY NAME PRODUCT market|PRICE [ioc] [trigger=..] [minutes=..]"; with a trigger it is a
// stop-market or a stop-limit order.
func (s *scenario) place(w []string) order.Place {
	p := order.Place{
		Account: order.AccountID(w[0]), ClientOrderID: w[1], Side: sides[w[2]], Qty: s.qty(w[3]), Instrument: s.ids[w[4]],
		Product: products[w[5]], Type: order.Market, Validity: order.Day,
	}
	if w[6] != "market" {
		p.Type, p.LimitPrice = order.Limit, s.price(w[6])
	}
	for _, x := range w[7:] {
		switch k, v, _ := strings.Cut(x, "="); k {
		case "ioc":
			p.Validity = order.IOC
		case "trigger":
			p.TriggerPrice = s.price(v)
			if p.Type = order.SL; w[6] == "market" {
				p.Type = order.SLM
			}
		case "minutes":
			p.Validity, p.Minutes = order.Minutes, int16(s.qty(v))
		default:
			s.t.Fatalf("unknown word %q", x)
		}
	}
	return p
}

// modify reads "ACCOUNT REQUEST ORDER qty=.. price=.. trigger=.. market limit sl sl-m ioc day minutes=..".
func (s *scenario) modify(w []string) *order.Modify {
	n, _ := strconv.ParseInt(w[2], 10, 64)
	m := &order.Modify{Account: order.AccountID(w[0]), RequestID: w[1], Order: order.ID(n)}
	for _, x := range w[3:] {
		k, v, _ := strings.Cut(x, "=")
		switch k {
		case "qty":
			m.Qty = s.qty(v)
		case "price":
			m.LimitPrice = s.price(v)
		case "market":
			m.Type = order.Market
		case "trigger":
			m.TriggerPrice = s.price(v)
		case "limit":
			m.Type = order.Limit
		case "sl":
			m.Type = order.SL
		case "sl-m":
			m.Type = order.SLM
		case "ioc":
			m.Validity = order.IOC
		case "day":
			m.Validity = order.Day
		case "minutes":
			m.Validity, m.Minutes = order.Minutes, int16(s.qty(v))
		default:
			s.t.Fatalf("unknown word %q", x)
		}
	}
	return m
}

func (s *scenario) marks(w []string) []Mark {
	var out []Mark
	for _, x := range w {
		name, p, _ := strings.Cut(x, "=")
		out = append(out, Mark{s.ids[name], s.price(p)})
	}
	return out
}

func (s *scenario) price(w string) money.Price {
	p, err := money.ParsePrice(w)
	if err != nil {
		s.t.Fatalf("%q: %v", w, err)
	}
	return p
}

func (s *scenario) paise(w string) money.Paise {
	p, err := money.ParsePaise(w)
	if err != nil {
		s.t.Fatalf("%q: %v", w, err)
	}
	return p
}

func (s *scenario) qty(w string) money.Qty {
	q, err := money.ParseQty(w)
	if err != nil {
		s.t.Fatalf("%q: %v", w, err)
	}
	return q
}

// preview reads what place reads, and shows the answer; the state must not change.
func (s *scenario) preview(w []string) []string {
	before := s.e.StateHash()
	v := s.e.Preview(s.place(w))
	if s.e.StateHash() != before {
		s.t.Error("a preview changed the state")
	}
	n := v.Charges
	line := fmt.Sprintf("required %s of %s at limit %s; fills %d at %s over %d levels, slippage %s; charges %s (brokerage %s, STT %s, exchange %s, SEBI %s, stamp %s, GST %s, DP %s)",
		v.Required, v.Available, v.LimitPrice, v.Qty, v.AvgPrice, v.Levels, v.Slippage, n.Total(), n.Brokerage, n.STT, n.Exchange, n.SEBIFee, n.StampDuty, n.GST, n.DPCharge)
	out := []string{line}
	if m := v.Margin; m.Label != margin.Unmodelled {
		out = append(out, fmt.Sprintf("margin: SPAN %s, exposure %s, expiry %s, premium %s, benefit %s, %s", m.Span, m.Exposure, m.Expiry, m.Premium, m.Benefit, m.Label))
	}
	if v.Code != "" {
		out = append(out, v.Code+": "+v.Reason)
	}
	if v.Note != "" {
		out = append(out, v.Note)
	}
	return out
}
