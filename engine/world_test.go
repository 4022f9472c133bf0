package engine

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"paperport/calendar"
	"paperport/charges"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/margin"
	"paperport/market"
	"paperport/match"
	"paperport/money"
	"paperport/options"
	"paperport/order"
	"paperport/position"
	"paperport/risk"
)

// world feeds an engine with generated inputs and keeps what a shell would keep of its outputs.
type world struct {
	r       *rapid.T
	e       *Engine
	opt     Options
	inputs  []Input
	now     calendar.Instant
	date    calendar.Date
	volume  money.Qty
	frame   uint64
	clients int

	orders    map[order.ID]order.Order
	charged   map[order.ID]charges.Note
	value     map[order.ID]int64
	net       map[positionKey]money.Qty
	positions map[positionKey]position.Position
	holdings  map[positionKey]position.Holding
	balances  map[order.AccountID]map[string]money.Paise
	receipts  map[string]Receipt
	funds     map[order.AccountID]Funds
	fills     int
}

type positionKey struct {
	account    order.AccountID
	instrument instrument.ID
	product    order.Product
}

var worldAccounts = []order.AccountID{"alice", "bob"}

func worldInstruments() []instrument.Instrument {
	expiry := calendar.NewDate(2026, 11, 25)
	return []instrument.Instrument{
		{ID: 1, Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Symbol: "ACME", Terms: instrument.Terms{LotSize: 1, TickSize: 500, Multiplier: 1}},
		{ID: 2, Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Symbol: "BETA", Terms: instrument.Terms{LotSize: 1, TickSize: 500, Multiplier: 1, FreezeQty: 40}},
		{ID: 3, Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Index, Symbol: "NIFTY"},
		{ID: 4, Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Option, Right: instrument.Call, Symbol: "CE", Underlying: "NIFTY",
			UnderlyingID: 3, Expiry: expiry, Strike: 5_000_000, Terms: instrument.Terms{LotSize: 5, TickSize: 500, Multiplier: 1, UnderlyingIsIndex: true}},
		{ID: 5, Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Future, Symbol: "FUT", Underlying: "NIFTY",
			UnderlyingID: 3, Expiry: expiry + 1, Terms: instrument.Terms{LotSize: 5, TickSize: 500, Multiplier: 1, UnderlyingIsIndex: true}},
		{ID: 6, Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Option, Right: instrument.Put, Symbol: "PE", Underlying: "NIFTY",
			UnderlyingID: 3, Expiry: expiry + 1, Strike: 5_000_000, Terms: instrument.Terms{LotSize: 5, TickSize: 500, Multiplier: 1, UnderlyingIsIndex: true}},
	}
}

func newWorld(r *rapid.T) *world {
	w := &world{
		r: r, date: calendar.NewDate(2026, 11, 24), orders: map[order.ID]order.Order{}, charged: map[order.ID]charges.Note{}, value: map[order.ID]int64{},
		net: map[positionKey]money.Qty{}, positions: map[positionKey]position.Position{}, holdings: map[positionKey]position.Holding{},
		balances: map[order.AccountID]map[string]money.Paise{}, receipts: map[string]Receipt{}, funds: map[order.AccountID]Funds{},
	}
	w.opt = Options{Seed: rapid.Uint64().Draw(r, "seed"), IsLatencyOff: rapid.Bool().Draw(r, "no latency"), WorkingOrdersMax: 20}
	w.e = New(w.opt)
	w.now = w.date.At(0)
	for _, i := range worldInstruments() {
		w.send(Input{Instrument: &i})
	}
	for _, a := range worldAccounts {
		w.send(Input{OpenAccount: &OpenAccount{Account: a, RequestID: "open-" + string(a), Capital: money.Paise(rapid.SampledFrom([]int64{1000_00, 1_000_000_00}).Draw(r, "capital")), Plan: "flat20", Profile: w.profile(a)}})
	}
	w.send(Input{Rules: &Rules{BookAgeMax: bookAgeMax, OrdersPerSecond: rapid.SampledFrom([]int{0, 3}).Draw(r, "rate")}})
	w.open()
	return w
}

// profile gives each account of the world one of its own.
func (w *world) profile(a order.AccountID) string {
	profiles := match.Profiles()
	return profiles[(int(w.opt.Seed%3)+slices.Index(worldAccounts, a))%len(profiles)].Name
}

func (w *world) open() {
	for _, b := range []calendar.Board{boardNSE, boardNFO} {
		w.send(Input{Phase: &PhaseChange{Board: b, Phase: calendar.Open, TradingDate: w.date}})
		w.send(Input{Feed: &FeedState{Board: b, IsAlive: true}})
	}
}

// step sends one generated input.
func (w *world) step() {
	w.now += calendar.Instant(rapid.SampledFrom([]int64{0, 1000, 100_000, 2_000_000, 70_000_000}).Draw(w.r, "wait"))
	switch n := rapid.IntRange(0, 24).Draw(w.r, "input"); {
	case n < 7:
		w.quote()
	case n < 9:
		w.depth()
	case n < 16:
		w.place()
	case n < 18:
		w.modify()
	case n < 20:
		w.send(Input{Cancel: &order.Cancel{Account: w.account(), RequestID: w.client(), Order: w.someOrder()}})
	case n < 21:
		w.send(Input{Timer: true})
	case n < 22:
		w.send(Input{Cash: &Cash{Account: w.account(), RequestID: w.client(), Amount: money.Paise(rapid.Int64Range(-2000_00, 5000_00).Draw(w.r, "cash"))}})
	default:
		w.rare()
	}
}

func (w *world) rare() {
	b := rapid.SampledFrom([]calendar.Board{boardNSE, boardNFO}).Draw(w.r, "board")
	switch rapid.IntRange(0, 7).Draw(w.r, "rare") {
	case 0:
		w.send(Input{Feed: &FeedState{Board: b, IsAlive: rapid.Bool().Draw(w.r, "alive")}})
	case 1:
		w.send(Input{SquareOff: &SquareOff{Board: b, TradingDate: w.date}})
	case 2:
		w.send(Input{Expire: &Expire{Board: boardNFO, TradingDate: w.date, Marks: []Mark{{3, w.price() * 5}}}})
	case 3:
		w.endDay()
	case 4:
		phase := rapid.SampledFrom([]calendar.Phase{calendar.Open, calendar.Open, calendar.Closed}).Draw(w.r, "phase")
		w.send(Input{Phase: &PhaseChange{Board: b, Phase: phase, TradingDate: w.date}})
	case 6, 7:
		w.scan()
	case 5: // a repeat of an old command
		if len(w.inputs) > 0 {
			in := w.inputs[rapid.IntRange(0, len(w.inputs)-1).Draw(w.r, "repeat")]
			if in.Place != nil || in.Cancel != nil || in.Modify != nil || in.Cash != nil {
				w.send(in)
			}
		}
	}
}

// scan sends arrays, now and then without one of the contracts.
func (w *world) scan() {
	spot := w.price() * 5
	s := &Scan{Underlying: 3, Terms: margin.Underlying{Date: w.date, IsIndex: true, Spot: spot, Label: margin.Approximate}}
	for id := instrument.ID(4); id <= 6; id++ {
		if rapid.IntRange(0, 9).Draw(w.r, "left out") == 0 {
			continue
		}
		i := worldInstruments()[id-1]
		forward := float64(spot) / money.PriceScale
		if id == 5 {
			forward = 100
		}
		a, err := options.Scan(options.ScanInput{IsFuture: id == 5, IsPut: id == 6, Spot: forward, Forward: forward, Price: 100, Strike: 500,
			Years: float64(i.Expiry-w.date)/365 + 0.01, PSR: 0.093, VSR: 0.04, Vol: 0.3})
		if err != nil {
			w.r.Fatal(err)
		}
		s.Contracts = append(s.Contracts, ScanContract{Instrument: id, DaysLeft: int(i.Expiry - w.date), Array: margin.Array(a)})
	}
	w.send(Input{Scan: s})
}

// isPaid reports whether a position's cost is in the stock book.
func isPaid(p *position.Position) bool {
	return p.Instrument == 4 || p.Instrument == 6 || p.Instrument < 4 && p.Product != order.MIS
}

func (w *world) endDay() {
	marks := []Mark{{1, w.price()}, {2, w.price()}, {3, w.price() * 5}, {5, w.price()}}
	for _, b := range []calendar.Board{boardNSE, boardNFO} {
		w.send(Input{DayEnd: &DayEnd{Board: b, TradingDate: w.date, Next: w.date + 1, Settles: w.date + 1, Marks: marks}})
	}
	w.date++
	w.now = max(w.now, w.date.At(0))
	w.open()
}

func (w *world) price() money.Price {
	return 500 * money.Price(rapid.Int64Range(1990, 2010).Draw(w.r, "price"))
}

func (w *world) account() order.AccountID {
	return rapid.SampledFrom(worldAccounts).Draw(w.r, "account")
}

func (w *world) client() string {
	w.clients++
	return fmt.Sprintf("client-%04d", w.clients)
}

func (w *world) someOrder() order.ID {
	return order.ID(rapid.Int64Range(1, int64(w.e.lastOrder)+1).Draw(w.r, "order"))
}

func (w *world) instrument() instrument.ID {
	return rapid.SampledFrom([]instrument.ID{1, 1, 2, 4, 5, 6}).Draw(w.r, "instrument")
}

func (w *world) quote() {
	w.frame++
	w.volume += money.Qty(rapid.Int64Range(0, 40).Draw(w.r, "traded"))
	bid := w.price()
	q := &market.Quote{Instrument: w.instrument(), Seq: w.frame, At: w.now, ReceivedAt: w.now, Bid: bid, Ask: bid + 500*money.Price(rapid.IntRange(1, 3).Draw(w.r, "spread")),
		BidQty: money.Qty(rapid.IntRange(1, 60).Draw(w.r, "size")), AskQty: money.Qty(rapid.IntRange(1, 60).Draw(w.r, "size")), Last: bid, Volume: w.volume}
	w.send(Input{Quote: q})
}

func (w *world) depth() {
	w.frame++
	d := &market.Depth{Instrument: w.instrument(), Seq: w.frame, At: w.now, ReceivedAt: w.now, BidLevels: 5, AskLevels: 5}
	bid := w.price()
	for i := range market.MaxLevels {
		d.Bids[i] = market.Level{Price: bid - 500*money.Price(i), Qty: money.Qty(rapid.IntRange(1, 30).Draw(w.r, "size"))}
		d.Asks[i] = market.Level{Price: bid + 500*money.Price(i+1), Qty: money.Qty(rapid.IntRange(1, 30).Draw(w.r, "size"))}
	}
	w.send(Input{Depth: d})
}

func (w *world) place() {
	p := &order.Place{
		Account: w.account(), ClientOrderID: w.client(), Instrument: w.instrument(),
		Side:     rapid.SampledFrom([]order.Side{order.Buy, order.Sell}).Draw(w.r, "side"),
		Product:  rapid.SampledFrom([]order.Product{order.CNC, order.MIS}).Draw(w.r, "product"),
		Type:     rapid.SampledFrom([]order.Type{order.Market, order.Limit, order.Limit, order.SL, order.SLM}).Draw(w.r, "type"),
		Validity: rapid.SampledFrom([]order.Validity{order.Day, order.Day, order.IOC, order.Minutes}).Draw(w.r, "validity"),
		Qty:      money.Qty(rapid.Int64Range(1, 12).Draw(w.r, "qty")) * 5,
	}
	if p.Instrument >= 4 && p.Product == order.CNC {
		p.Product = order.NRML
	}
	if p.Type.HasLimit() {
		p.LimitPrice = w.price()
	}
	if p.Type.IsStop() {
		p.TriggerPrice = w.price()
	}
	if p.Validity == order.Minutes {
		p.Minutes = int16(rapid.IntRange(1, 3).Draw(w.r, "minutes"))
	}
	w.send(Input{Place: p})
}

func (w *world) modify() {
	m := &order.Modify{Account: w.account(), RequestID: w.client(), Order: w.someOrder()}
	if rapid.Bool().Draw(w.r, "resize") {
		m.Qty = money.Qty(rapid.Int64Range(1, 12).Draw(w.r, "qty")) * 5
	}
	if rapid.Bool().Draw(w.r, "reprice") {
		m.LimitPrice = w.price()
	} else if rapid.Bool().Draw(w.r, "to market") {
		m.Type = order.Market
	}
	switch rapid.IntRange(0, 5).Draw(w.r, "terms") {
	case 0:
		m.TriggerPrice = w.price()
	case 1:
		m.Validity, m.Minutes = order.Minutes, 2
	case 2:
		m.Validity = order.Day
	case 3:
		m.Type, m.TriggerPrice = order.SL, w.price()
	}
	w.send(Input{Modify: m})
}

// send steps the engine and checks every output against what was kept.
func (w *world) send(in Input) {
	in.Seq, in.At, in.ReceivedAt = uint64(len(w.inputs)+1), w.now, w.now
	w.inputs = append(w.inputs, in)
	free := map[order.AccountID]money.Paise{}
	for _, a := range w.e.accounts {
		free[a.id] = a.funds().Free
	}
	for _, o := range w.e.Step(in) {
		w.take(&o)
	}
	w.checkFree(&in, free)
	for _, a := range w.e.accounts {
		if err := a.check(); err != nil {
			w.r.Fatalf("input %d: account %s: %v", in.Seq, a.id, err)
		}
		if got, want := a.books.Of(ledger.Stock), stockOf(w.e, a); got != want {
			w.r.Fatalf("input %d: account %s: stock book %s, positions and holdings cost %s", in.Seq, a.id, got, want)
		}
	}
}

// chargesMax is more than the charges of what may close in one Step: they alone may take free money below nothing.
const chargesMax money.Paise = 100_000

// checkFree: what fills, whatever it is, was blocked for; only new arrays, the settlement of a day or contract, losses of
// intraday shares and charges of what closes may take free money below nothing.
func (w *world) checkFree(in *Input, before map[order.AccountID]money.Paise) {
	if in.Scan != nil || in.DayEnd != nil || in.Expire != nil || in.SquareOff != nil {
		return
	}
	for _, a := range w.e.accounts {
		if after := a.funds().Free; after < min(0, before[a.id])-chargesMax-w.losses(a) {
			w.r.Fatalf("input %d (%+v): account %s had %s free, now %s", in.Seq, in, a.id, before[a.id], after)
		}
	}
}

// losses are what closing intraday shares and futures may have booked: 1.50 a unit and input at these prices.
func (w *world) losses(a *account) (most money.Paise) {
	for _, p := range a.positions {
		most += 150 * money.Paise(p.BuyQty+p.SellQty+max(p.NetQty, -p.NetQty))
	}
	return most
}

func (w *world) take(o *Output) {
	switch {
	case o.Fault != nil:
		w.r.Fatalf("input %d (%+v): fault %s: %s", o.Cause, w.inputs[len(w.inputs)-1], o.Fault.Invariant, o.Fault.Detail)
	case o.Order != nil:
		w.takeOrder(o.Order)
	case o.Trade != nil:
		w.takeTrade(o.Trade)
	case o.Entry != nil:
		w.takeEntry(o)
	case o.Position != nil:
		w.positions[positionKey{o.Position.Account, o.Position.Instrument, o.Position.Product}] = *o.Position
	case o.Holding != nil:
		w.holdings[positionKey{account: o.Holding.Account, instrument: o.Holding.Instrument}] = *o.Holding
	case o.Funds != nil:
		w.funds[o.Funds.Account] = *o.Funds
	case o.Receipt != nil:
		w.takeReceipt(o.Receipt)
	}
}

func (w *world) takeOrder(x *OrderEvent) {
	before, isKnown := w.orders[x.Order.ID]
	if isKnown && before.Status.IsClosed() {
		w.r.Fatalf("closed order changed: %+v to %+v (%s)", before, x.Order, x.Kind)
	}
	if err := x.Order.Check(); err != nil {
		w.r.Fatalf("%s: %v: %+v", x.Kind, err, x.Order)
	}
	w.checkStop(before, x)
	w.orders[x.Order.ID] = x.Order
}

// checkStop: a stop works only after its trigger, goes off on a last price at or beyond it, and never after its minutes.
func (w *world) checkStop(before order.Order, x *OrderEvent) {
	o := &x.Order
	if x.Kind == "opened" && o.IsWaitingForTrigger() || x.Kind == "trigger-pending" && !o.IsWaitingForTrigger() {
		w.r.Fatalf("%s: %+v", x.Kind, o)
	}
	if x.Kind == "triggered" {
		last, err := money.ParsePrice(risk.ContextOf(o.Code, o.Reason)["last"])
		isReached := o.Side == order.Buy && last >= o.TriggerPrice || o.Side == order.Sell && last <= o.TriggerPrice
		if err != nil || !isReached || before.Status != order.TriggerPending {
			w.r.Fatalf("triggered at a last price of %s: %+v", last, o)
		}
	}
	isWork := x.Kind == "opened" || x.Kind == "filled" || x.Kind == "triggered"
	if isWork && o.ExpiresAt != 0 && o.UpdatedAt >= o.ExpiresAt {
		w.r.Fatalf("worked after its minutes: %+v", o)
	}
}

func (w *world) takeTrade(x *TradeEvent) {
	w.fills++
	t := x.Trade
	w.charged[t.Order] = w.charged[t.Order].Add(x.Charges)
	w.value[t.Order] += int64(t.Price) * int64(t.Qty)
	key := positionKey{t.Account, t.Instrument, t.Product}
	if t.Side == order.Buy {
		w.net[key] += t.Qty
	} else {
		w.net[key] -= t.Qty
	}
	o := w.orders[t.Order]
	isForced := t.Evidence.Rule == DayEndMark || t.Evidence.Rule == ExpirySettlement
	if age := t.At.Sub(t.Evidence.QuoteRecv); !isForced && (age > bookAgeMax || t.At < o.ActiveAt) {
		w.r.Fatalf("order %+v filled on a book of age %v: %+v", o, age, t)
	}
	isBetter := (t.Side == order.Buy && t.Price <= o.LimitPrice) || (t.Side == order.Sell && t.Price >= o.LimitPrice)
	if o.IsWaitingForTrigger() {
		w.r.Fatalf("order %+v filled before its trigger: %+v", o, t)
	}
	if !isBetter {
		w.r.Fatalf("order %+v filled beyond its limit: %+v", o, t)
	}
}

func (w *world) takeEntry(o *Output) {
	books := w.balances[order.AccountID(o.Entry.Account)]
	if books == nil {
		books = map[string]money.Paise{}
		w.balances[order.AccountID(o.Entry.Account)] = books
	}
	var sum money.Paise
	for _, p := range o.Entry.Postings {
		books[p.Book] += p.Amount
		sum += p.Amount
	}
	if sum != 0 || books["cash"] != o.Entry.Balance {
		w.r.Fatalf("entry %+v: sum %s, cash %s", o.Entry, sum, books["cash"])
	}
}

func (w *world) takeReceipt(x *Receipt) {
	key := string(x.Account) + " " + x.RequestID
	if before, isKnown := w.receipts[key]; isKnown {
		same := *x
		same.IsRepeat = false
		if x.Code != "CLIENT_ORDER_ID_REUSED" && same != before {
			w.r.Fatalf("two answers to %s: %+v and %+v", key, before, x)
		}
		return
	}
	w.receipts[key] = *x
}
