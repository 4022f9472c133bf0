package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"paperport/auth"
)

// mustAccount opens an account of a user and returns its path.
func (w *world) mustAccount(cookie string) string {
	w.t.Helper()
	var account Account
	mustJSON(w.t, w.mustDo(201, ask{method: "POST", path: "/api/accounts", cookie: cookie, body: someBody["POST /api/accounts"]}), &account)
	return "/api/accounts/" + account.ID
}

func (w *world) orderBody(id, side, kind, price string, qty int) string {
	body := fmt.Sprintf(`{"client_order_id":%q,"instrument":%d,"side":%q,"product":"CNC","type":%q,"validity":"day","qty":%d`, id, w.market.reliance, side, kind, qty)
	if price != "" {
		body += fmt.Sprintf(`,"price":%q`, price)
	}
	return body + "}"
}

func (w *world) place(cookie, account, id, side, kind, price string, qty int) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.do(ask{method: "POST", path: account + "/orders", cookie: cookie, body: w.orderBody(id, side, kind, price, qty)})
}

// await asks until isSo or too late.
func await[T any](t *testing.T, what string, read func() T, isSo func(T) bool) T {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		v := read()
		if isSo(v) {
			return v
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in time; last seen %+v", what, v)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func read[T any](w *world, cookie, path string) (v T) {
	w.t.Helper()
	mustJSON(w.t, w.mustDo(200, ask{path: path, cookie: cookie}), &v)
	return v
}

// mustOpenMarket waits until the venue takes orders.
func (w *world) mustOpenMarket(cookie string) {
	w.t.Helper()
	await(w.t, "the market opens", func() VenueList {
		w.market.tick(1300_0000)
		return read[VenueList](w, cookie, "/api/venues")
	}, func(l VenueList) bool { return l.Venues[0].Phase == "open" && l.Venues[0].Feed.Lamp == "green" })
}

func TestOrdersByTheRules(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	account := w.mustAccount(owner)
	w.mustOpenMarket(owner)
	rows := []struct {
		name, id, kind, price string
		qty, status           int
		code                  string
	}{
		{"off the tick", "order-0001", "limit", "1290.01", 10, 422, "PRICE_OFF_TICK"},
		{"off the tick by half", "order-0002", "limit", "1290.05", 10, 422, "PRICE_OFF_TICK"},
		{"on the tick", "order-0003", "limit", "1290.10", 10, 201, ""},
		{"the same again", "order-0003", "limit", "1290.10", 10, 201, ""},
		{"the id with another price", "order-0003", "limit", "1290.20", 10, 409, "CLIENT_ORDER_ID_REUSED"},
		{"more than there is money for", "order-0004", "limit", "1290.10", 100000, 422, "MARGIN_EXCEEDS_FREE"},
	}
	receipts := map[string]string{}
	for _, row := range rows {
		r := w.place(owner, account, row.id, "buy", row.kind, row.price, row.qty)
		expect(t, row.name, r, row.status, row.code)
		var receipt Receipt
		mustJSON(t, r, &receipt)
		if receipt.ClientOrderID != row.id || receipt.Code != row.code || (row.status != 409 && receipt.OrderID == "") {
			t.Errorf("%s: receipt %+v", row.name, receipt)
		}
		if before, isRepeat := receipts[row.id]; isRepeat && row.status == 201 && before != r.Body.String() {
			t.Errorf("%s: answered %s, first %s", row.name, r.Body, before)
		}
		receipts[row.id] = r.Body.String()
	}
	list := read[OrderList](w, owner, account+"/orders")
	if len(list.Orders) != 4 || list.Orders[0].Status != "denied" || list.Orders[1].Status != "open" && list.Orders[1].Status != "pending" {
		t.Errorf("orders kept: %+v", list.Orders)
	}
	if got := read[Days](w, owner, account+"/days"); len(got.Dates) != 1 || got.Dates[0] != "2026-11-24" {
		t.Errorf("days %v", got.Dates)
	}
}

// TestDenialCarriesItsFigures: a program reads the figures of a denial, it does not parse a sentence.
func TestDenialCarriesItsFigures(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	account := w.mustAccount(owner)
	w.mustOpenMarket(owner)
	var p Problem
	mustJSON(t, w.place(owner, account, "order-0001", "buy", "limit", "1300.01", 10), &p)
	if want := map[string]string{"price": "1300.01", "tick": "0.10"}; p.Code != "PRICE_OFF_TICK" || !maps.Equal(p.Context, want) {
		t.Errorf("%s %v, want %v", p.Code, p.Context, want)
	}
}

func TestLifeOfAnOrder(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	account := w.mustAccount(owner)
	w.mustOpenMarket(owner)
	var preview Preview
	body := strings.Replace(w.orderBody("order-0000", "buy", "market", "", 10), `"client_order_id":"order-0000",`, "", 1)
	mustJSON(t, w.mustDo(200, ask{method: "POST", path: account + "/orders/preview", cookie: owner, body: body}), &preview)
	if preview.Code != "" || preview.Expected.AvgPrice != "1300.00" || preview.Expected.Qty != 10 || preview.Charges.Total == "0.00" {
		t.Errorf("preview %+v", preview)
	}
	if even := preview.BreakEven; even.Price != "1304.50" || even.Charges != "44.30" {
		t.Errorf("break-even %+v", even)
	}
	var receipt Receipt
	mustJSON(t, w.place(owner, account, "order-0001", "buy", "market", "", 10), &receipt)
	story := await(t, "the fill", func() OrderStory {
		w.market.tick(1300_0000)
		return read[OrderStory](w, owner, account+"/orders/"+receipt.OrderID)
	}, func(s OrderStory) bool { return s.Order.Status == "executed" })
	if len(story.Trades) != 1 || story.Trades[0].Price != "1300.00" || story.Trades[0].Evidence.Ask != "1300.00" || story.Trades[0].Evidence.Text == "" {
		t.Errorf("trades %+v", story.Trades)
	}
	if bought := story.Trades[0]; bought.RealisedPnL != "0.00" || bought.DPCharge != "0.00" || bought.NetPnL != "-"+bought.Charges.Total {
		t.Errorf("net of an opening trade: %+v", bought)
	}
	if story.Trades[0].Charges != preview.Charges {
		t.Errorf("charged %+v, the preview said %+v", story.Trades[0].Charges, preview.Charges)
	}
	for _, step := range story.History {
		if step.Kind == "" || step.Text == "" || step.At == "" {
			t.Errorf("history step %+v", step)
		}
	}
	// The story is read from the database, which knows of the fill a moment before the projection does.
	position := await(t, "the position", func() PositionList { return read[PositionList](w, owner, account+"/positions") },
		func(l PositionList) bool { return len(l.Positions) == 1 }).Positions[0]
	if position.NetQty != 10 || position.AvgPrice != "1300.00" || position.Product != "CNC" {
		t.Errorf("position %+v", position)
	}
	restThenModifyThenCancel(t, w, owner, account)
	funds := read[Funds](w, owner, account+"/funds")
	if funds.Blocked != "0.00" || funds.Cash != funds.Free || funds.ChargesToday != preview.Charges.Total {
		t.Errorf("funds %+v", funds)
	}
	ledger := read[LedgerPage](w, owner, account+"/ledger?limit=2")
	if len(ledger.Entries) != 2 || ledger.Next == "" || ledger.Entries[0].Balance != funds.Cash {
		t.Errorf("ledger %+v", ledger)
	}
	rest := read[LedgerPage](w, owner, account+"/ledger?cursor="+ledger.Next)
	if len(rest.Entries) != 1 || rest.Entries[0].Amount != "1000000.00" || rest.Next != "" {
		t.Errorf("rest of the ledger %+v", rest)
	}
}

func restThenModifyThenCancel(t *testing.T, w *world, cookie, account string) {
	t.Helper()
	var receipt Receipt
	mustJSON(t, w.place(cookie, account, "order-0002", "buy", "limit", "1290.00", 10), &receipt)
	path := account + "/orders/" + receipt.OrderID
	status := func() Order { return read[OrderStory](w, cookie, path).Order }
	await(t, "the order rests", status, func(o Order) bool { return o.Status == "open" })
	expect(t, "modify nothing", w.do(ask{method: "PATCH", path: path, cookie: cookie, body: `{"request_id":"change-0001"}`}), 400, "BAD_FIELD")
	expect(t, "modify", w.do(ask{method: "PATCH", path: path, cookie: cookie, body: `{"request_id":"change-0002","price":"1291.00","qty":5}`}), 200, "")
	if o := status(); o.Price != "1291.00" || o.Qty != 5 {
		t.Errorf("modified to %+v", o)
	}
	expect(t, "cancel without a request id", w.do(ask{method: "DELETE", path: path, cookie: cookie}), 400, "BAD_FIELD")
	expect(t, "cancel", w.do(ask{method: "DELETE", path: path + "?request_id=cancel-0001", cookie: cookie}), 200, "")
	if o := status(); o.Status != "cancelled" || o.CancelledQty != 5 {
		t.Errorf("cancelled to %+v", o)
	}
	r := w.do(ask{method: "DELETE", path: path + "?request_id=cancel-0002", cookie: cookie})
	if r.Code != 422 || codeOf(t, r) == "" {
		t.Errorf("cancel again: got %d %s", r.Code, r.Body)
	}
	expect(t, "an order that is none", w.do(ask{method: "DELETE", path: account + "/orders/999?request_id=cancel-0003", cookie: cookie}), 404, "ORDER_UNKNOWN")
}

func TestMoney(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	account := w.mustAccount(owner)
	move := func(way, id, amount string) *httptest.ResponseRecorder {
		return w.do(ask{method: "POST", path: account + "/" + way, cookie: owner, body: fmt.Sprintf(`{"request_id":%q,"amount":%q}`, id, amount)})
	}
	for _, amount := range []string{"", "0", "-5", "1e5", "0.001", "NaN", "9999999999999999999999"} {
		expect(t, "pay in "+amount, move("payin", "request-01", amount), 400, "BAD_FIELD")
	}
	expect(t, "pay in", move("payin", "request-02", "500.50"), 200, "")
	expect(t, "pay in once more by the same id", move("payin", "request-02", "500.50"), 200, "")
	expect(t, "pay out", move("payout", "request-03", "0.50"), 200, "")
	if r := move("payout", "request-04", "2000000"); r.Code != 422 {
		t.Errorf("pay out more than there is: got %d %s", r.Code, r.Body)
	}
	if got := read[Funds](w, owner, account+"/funds"); got.Cash != "1000500.00" || got.PayIn != "500.50" || got.PayOut != "0.50" {
		t.Errorf("funds %+v", got)
	}
}

// TestOthersSeeNothing takes every route that names an account, order or venue and asks as another user.
func TestOthersSeeNothing(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	account := w.mustAccount(owner)
	w.mustOpenMarket(owner)
	expect(t, "an order of the owner", w.place(owner, account, "order-0001", "buy", "limit", "1290.00", 10), 201, "")
	other, _ := w.mustUser(owner, "other", auth.Trader)
	own := w.mustAccount(other)
	// It must have reached the market: from then on nothing changes by itself.
	await(t, "the order rests", func() OrderList { return read[OrderList](w, owner, account+"/orders") },
		func(l OrderList) bool { return l.Orders[0].Status == "open" })
	before := read[json.RawMessage](w, owner, account+"/orders")
	for _, route := range w.server.Routes() {
		if !strings.Contains(route.Path, "{account}") {
			continue
		}
		a := askFor(route, "", strings.TrimPrefix(account, "/api/accounts/"))
		a.cookie = other
		expect(t, a.method+" "+a.path+" as another user", w.do(a), 404, "NOT_FOUND")
		absent := askFor(route, "", strings.Repeat("f", 32))
		absent.cookie = other
		if got, want := w.do(absent).Body.String(), w.do(a).Body.String(); got != want {
			t.Errorf("%s: absent answers %s, somebody else's %s", a.path, got, want)
		}
	}
	expect(t, "the owner's order under one's own account", w.do(ask{path: own + "/orders/1", cookie: other}), 404, "NOT_FOUND")
	expect(t, "cancel it there", w.do(ask{method: "DELETE", path: own + "/orders/1?request_id=cancel-0001", cookie: other}), 404, "ORDER_UNKNOWN")
	expect(t, "a venue that is none", w.do(ask{path: "/api/instruments?venue=replay-0123456789&q=x", cookie: other}), 404, "NOT_FOUND")
	if after := read[json.RawMessage](w, owner, account+"/orders"); string(after) != string(before) {
		t.Errorf("the owner's orders changed from %s to %s", before, after)
	}
	if list := read[AccountList](w, other, "/api/accounts"); len(list.Accounts) != 1 {
		t.Errorf("the other user sees %d accounts", len(list.Accounts))
	}
}

func TestViewerLooksOnly(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	cookie, id := w.mustUser(owner, "viewer", auth.Trader)
	account := w.mustAccount(cookie)
	w.mustDo(200, ask{method: "PUT", path: "/api/users/" + id + "/role", cookie: owner, body: `{"role":"viewer"}`})
	for _, route := range w.server.Routes() {
		if !strings.Contains(route.Path, "{account}") || strings.Contains(route.Path, "/orders/{id}") {
			continue
		}
		a := askFor(route, "", strings.TrimPrefix(account, "/api/accounts/"))
		a.cookie = cookie
		if route.Access == Trader {
			expect(t, a.method+" "+a.path, w.do(a), 403, "NOT_ALLOWED")
			continue
		}
		expect(t, a.method+" "+a.path, w.do(a), 200, "")
	}
}

func TestMarketReads(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	w.mustOpenMarket(owner)
	hits := read[InstrumentList](w, owner, "/api/instruments?venue=demo&q=rel")
	if len(hits.Instruments) != 1 || hits.Instruments[0].Symbol != "RELIANCE" || strings.Join(hits.Instruments[0].Products, " ") != "CNC MIS" || hits.Instruments[0].TickSize != "0.10" {
		t.Errorf("search %+v", hits)
	}
	quotes := read[QuoteList](w, owner, fmt.Sprintf("/api/quotes?venue=demo&ids=%d,%d", w.market.nifty, w.market.reliance))
	if len(quotes.Quotes) != 2 || quotes.Quotes[0].Last != "24000.00" || quotes.Quotes[0].Bid != "" || quotes.Quotes[1].Ask != "1300.00" || quotes.Quotes[1].IsStale {
		t.Errorf("quotes %+v", quotes)
	}
	ladder := read[Depth](w, owner, fmt.Sprintf("/api/depth?venue=demo&id=%d", w.market.reliance))
	if len(ladder.Bids) != 5 || len(ladder.Asks) != 5 || ladder.Asks[1].Price != "1300.10" {
		t.Errorf("depth %+v", ladder)
	}
	bars := read[CandleList](w, owner, fmt.Sprintf("/api/candles?venue=demo&id=%d&interval=1m&from=2026-10-26T00:00:00Z&to=2026-11-24T06:30:00Z", w.market.reliance))
	for _, c := range bars.Candles {
		if c.Start == "" || c.Close == "" {
			t.Errorf("candle %+v", c)
		}
	}
	expect(t, "an instrument that is none", w.do(ask{path: "/api/instruments/999?venue=demo", cookie: owner}), 404, "NOT_FOUND")
	list := fmt.Sprintf(`{"name":"mine","venue":"demo","instruments":[%d,%d]}`, w.market.reliance, w.market.nifty)
	expect(t, "save a list", w.do(ask{method: "PUT", path: "/api/watchlists/2", cookie: owner, body: list}), 204, "")
	lists := read[WatchlistList](w, owner, "/api/watchlists")
	if len(lists.Lists) != 1 || lists.Lists[0].Number != 2 || len(lists.Lists[0].Instruments) != 2 || lists.Lists[0].Instruments[0] != uint32(w.market.reliance) {
		t.Errorf("lists %+v", lists)
	}
	expect(t, "an eighth list", w.do(ask{method: "PUT", path: "/api/watchlists/8", cookie: owner, body: list}), 400, "BAD_FIELD")
	expect(t, "an unknown instrument", w.do(ask{method: "PUT", path: "/api/watchlists/2", cookie: owner, body: `{"name":"x","venue":"demo","instruments":[999]}`}), 400, "BAD_FIELD")
	expect(t, "the clock of the demo market", w.do(ask{method: "PUT", path: "/api/venues/demo/clock", cookie: owner, body: `{"speed":2,"is_paused":false}`}), 400, "BAD_FIELD")
}

func TestNewUserGetsAnAccountAndAList(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.HasDemo = true })
	owner := w.mustOwner()
	me := read[Me](w, owner, "/api/me")
	if len(me.Accounts) != 1 || me.Accounts[0].Name != "Main" || me.Accounts[0].Capital != "1000000.00" || me.Accounts[0].Plan != "flat20" {
		t.Errorf("accounts %+v", me.Accounts)
	}
	if lists := read[WatchlistList](w, owner, "/api/watchlists"); len(lists.Lists) != 1 || len(lists.Lists[0].Instruments) != 2 {
		t.Errorf("lists %+v", lists)
	}
	read[Me](w, owner, "/api/me")
	if again := read[AccountList](w, owner, "/api/accounts"); len(again.Accounts) != 1 {
		t.Errorf("%d accounts after asking again", len(again.Accounts))
	}
}
