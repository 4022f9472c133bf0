package breezesim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/clock"
	"paperport/market"
	"paperport/money"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	date  = calendar.NewDate(2026, time.November, 25)
	start = date.At(11 * time.Hour)
)

// bench is a simulator on a manual clock behind a real listener, with a session.
type bench struct {
	*Server
	t       *testing.T
	clock   *clock.Manual
	http    *httptest.Server
	keys    Credentials
	session breezewire.Session
}

func mustStart(t *testing.T, at calendar.Instant) *bench {
	t.Helper()
	manual := clock.NewManual(at.Time())
	b := &bench{Server: newServer(Options{Seed: 42, Clock: manual}), t: t, clock: manual}
	b.http = httptest.NewServer(b.Handler())
	t.Cleanup(b.end)
	b.keys = b.Credentials()
	body := fmt.Sprintf(`{"AppKey":%q, "SessionToken":%s}`, b.keys.Key, b.keys.APISession)
	var reply struct{ Success breezewire.Customer }
	mustDecode(t, b.send("GET", v1+"customerdetails", body, nil), &reply)
	session, err := breezewire.ParseSession(string(reply.Success.SessionToken))
	if err != nil {
		t.Fatal(err)
	}
	b.session = session
	return b
}

func (b *bench) end() {
	b.Server.Close()
	b.Server.Close()
	b.http.CloseClientConnections()
	b.http.Close()
	http.DefaultClient.CloseIdleConnections()
}

// send does one request and returns the body; the status is checked by nobody here.
func (b *bench) send(method, path, body string, header http.Header) []byte {
	b.t.Helper()
	r, err := http.NewRequest(method, b.http.URL+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for k, v := range header {
		r.Header[k] = v
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// signed returns the headers of 1.2 for a body.
func (b *bench) signed(body string) http.Header {
	stamp := breezewire.Timestamp(b.clock.Now())
	return http.Header{
		"Content-Type": {"application/json"}, breezewire.HeaderTimestamp: {stamp}, breezewire.HeaderAppKey: {b.keys.Key},
		breezewire.HeaderChecksum: {breezewire.Checksum(stamp, []byte(body), b.keys.Secret)}, breezewire.HeaderSession: {b.session.Encode()},
	}
}

func (b *bench) v1(endpoint, body string) []byte {
	b.t.Helper()
	return b.send("GET", v1+endpoint, body, b.signed(body))
}

func (b *bench) v2(query string) []byte {
	b.t.Helper()
	return b.send("GET", v2+"?"+query, "", http.Header{breezewire.HeaderKeyV2: {b.keys.Key}, breezewire.HeaderSession: {b.session.Encode()}})
}

func mustDecode(t *testing.T, body []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(body, v); err != nil {
		t.Fatalf("%v in %.300s", err, body)
	}
}

// mustRows decodes Success as rows of untyped JSON, so that strings and numbers are told apart.
func mustRows(t *testing.T, body []byte) []map[string]any {
	t.Helper()
	var reply struct {
		Success []map[string]any
		Status  int
		Error   *string
	}
	mustDecode(t, body, &reply)
	if reply.Status != 200 || reply.Error != nil {
		t.Fatalf("refused: %.300s", body)
	}
	return reply.Success
}

func TestRefusals(t *testing.T) {
	b := mustStart(t, start)
	old := breezewire.Timestamp(b.clock.Now().Add(-61 * time.Second))
	checksum := `{"Status":5,"Error":"Authentication Fail :: Invalid Checksum."}`
	for _, c := range []struct {
		name   string
		change func(http.Header)
		want   string
	}{
		{"nothing wrong", func(http.Header) {}, `{"Success":[],"Status":200,"Error":null}`},
		{"checksum of another body", func(h http.Header) {
			h[breezewire.HeaderChecksum] = []string{breezewire.Checksum(h[breezewire.HeaderTimestamp][0], nil, b.keys.Secret)}
		}, checksum},
		{"61 s late", func(h http.Header) {
			h[breezewire.HeaderTimestamp] = []string{old}
			h[breezewire.HeaderChecksum] = []string{breezewire.Checksum(old, []byte("{}"), b.keys.Secret)}
		}, checksum},
		{"no time", func(h http.Header) { delete(h, breezewire.HeaderTimestamp) }, checksum},
		{"another session", func(h http.Header) {
			h[breezewire.HeaderSession] = []string{breezewire.Session{User: userOf(House), Key: "12345678"}.Encode()}
		}, checksum},
		{"no key", func(h http.Header) { delete(h, breezewire.HeaderAppKey) }, checksum},
		{"another key", func(h http.Header) { h[breezewire.HeaderAppKey] = []string{"x"} }, `{"Success":null,"Status":500,"Error":"Public Key does not exist."}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := b.signed("{}")
			c.change(h)
			if got := string(b.send("GET", v1+"dematholdings", "{}", h)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if first, second := b.v1("trades", "{}"), b.v1("trades", "{}"); !bytes.Equal(first, second) {
		t.Errorf("the same checksum twice: got %s then %s", first, second)
	}
}

func TestCustomerDetails(t *testing.T) {
	b := mustStart(t, start)
	for _, c := range []struct{ name, body, want string }{
		{"unknown key", `{"SessionToken":"1","AppKey":"x"}`, `"Error":"Public Key does not exist."`},
		{"unknown session", `{"SessionToken":"11111111","AppKey":"` + b.keys.Key + `"}`, `"Error":"Invalid session."`},
		{"no JSON", `SessionToken=1`, `"Error":"Invalid session."`},
		{"as a string", `{"SessionToken":"` + b.keys.APISession + `","AppKey":"` + b.keys.Key + `"}`, `"idirect_userid":"DEMOHOUSE"`},
	} {
		if got := string(b.send("GET", v1+"customerdetails", c.body, nil)); !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s", c.name, got)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", b.keys, b.keys, b.keys); strings.Contains(text, b.keys.Secret) {
		t.Error("credentials print their secret")
	}
}

func TestOrdersAreNotTaken(t *testing.T) {
	b := mustStart(t, start)
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		for _, endpoint := range []string{"order", "squareoff", "gttorder"} {
			body := `{"exchange_code":"NSE","order_id":"1"}`
			if got := string(b.send(method, v1+endpoint, body, b.signed(body))); got != `{"Success":null,"Status":500,"Error":"This simulator takes no orders"}` {
				t.Errorf("%s %s: %s", method, endpoint, got)
			}
		}
	}
}

func TestQuotes(t *testing.T) {
	b := mustStart(t, start)
	cash := mustRows(t, b.v1("quotes", `{"stock_code":"RELIND","exchange_code":"NSE","product_type":"cash"}`))
	if len(cash) != 2 || cash[0]["exchange_code"] != "NSE" || cash[1]["exchange_code"] != "BSE" {
		t.Fatalf("RELIND: %v", cash)
	}
	future := mustRows(t, b.v1("quotes", `{"stock_code":"NIFTY","exchange_code":"NFO","product_type":"futures","expiry_date":"2026-12-29T06:00:00.000Z","right":"others","strike_price":"0"}`))
	option := mustRows(t, b.v1("quotes", `{"stock_code":"NIFTY","exchange_code":"nfo","product_type":"options","expiry_date":"2026-12-01T07:00:00.000Z","right":"call","strike_price":"25000"}`))
	for name, row := range map[string]map[string]any{"cash": cash[0], "future": future[0], "option": option[0]} {
		for _, number := range []string{"ltp", "best_bid_price", "best_offer_price", "open", "high", "low", "previous_close", "ltp_percent_change", "upper_circuit", "lower_circuit", "strike_price"} {
			if _, ok := row[number].(float64); !ok {
				t.Errorf("%s: %s is %T, want a number", name, number, row[number])
			}
		}
		for _, text := range []string{"best_bid_quantity", "best_offer_quantity", "total_quantity_traded", "spot_price", "ltt"} {
			if _, ok := row[text].(string); !ok {
				t.Errorf("%s: %s is %T, want a string", name, text, row[text])
			}
		}
		if row["best_bid_price"].(float64) >= row["best_offer_price"].(float64) || row["ltt"] != "25-Nov-2026 11:00:00" {
			t.Errorf("%s: %v", name, row)
		}
	}
	if future[0]["product_type"] != "Future" || future[0]["right"] != "*" || option[0]["right"] != "Call" {
		t.Errorf("words: %v %v", future[0], option[0])
	}
	for name, body := range map[string]string{
		"no such share":   `{"stock_code":"NOSUCH","exchange_code":"NSE"}`,
		"no such expiry":  `{"stock_code":"NIFTY","exchange_code":"NFO","product_type":"futures","expiry_date":"2026-12-30","right":"others","strike_price":"0"}`,
		"expired":         `{"stock_code":"NIFTY","exchange_code":"NFO","product_type":"options","expiry_date":"2026-11-24","right":"call","strike_price":"25000"}`,
		"no such strike":  `{"stock_code":"NIFTY","exchange_code":"NFO","product_type":"options","expiry_date":"2026-12-01","right":"call","strike_price":"25001"}`,
		"share as option": `{"stock_code":"NIFBEE","exchange_code":"NFO","product_type":"options","expiry_date":"2026-12-29","right":"call","strike_price":"280"}`,
	} {
		if got := string(b.v1("quotes", body)); got != `{"Success":null,"Status":500,"Error":"No Data Found"}` {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestOptionChain(t *testing.T) {
	b := mustStart(t, start)
	rows := mustRows(t, b.v1("optionchain", `{"stock_code":"BSESEN","exchange_code":"BFO","product_type":"options","expiry_date":"2026-11-26T06:00:00.000Z","right":"put"}`))
	if len(rows) < 100 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, row := range rows {
		if _, ok := row["open_interest"].(float64); !ok || row["right"] != "Put" || row["expiry_date"] != "26-Nov-2026" {
			t.Fatalf("row %v", row)
		}
		if i > 0 && row["strike_price"].(float64) <= rows[i-1]["strike_price"].(float64) {
			t.Fatalf("strikes out of order at %v", row)
		}
	}
	if got := string(b.v1("optionchain", `{"stock_code":"NIFTY","exchange_code":"NFO","product_type":"options","right":"put"}`)); !strings.Contains(got, "No Data Found") {
		t.Errorf("only a right given: %.100s", got)
	}
}

func TestHistory(t *testing.T) {
	b := mustStart(t, start)
	v1Rows := mustRows(t, b.v1("historicalcharts", `{"interval":"minute","from_date":"2026-11-25T09:20:00.000Z","to_date":"2026-11-25T09:22:00.000Z","stock_code":"RELIND","exchange_code":"NSE","product_type":"cash"}`))
	if len(v1Rows) != 3 || v1Rows[0]["datetime"] != "2026-11-25 09:20:00" || v1Rows[0]["expiry_date"] != nil {
		t.Fatalf("v1: %v", v1Rows)
	}
	if _, ok := v1Rows[0]["open"].(string); !ok {
		t.Errorf("v1 open is %T, want a string", v1Rows[0]["open"])
	}
	option := mustRows(t, b.v2("interval=1minute&from_date=2026-11-25T09:20:00.000Z&to_date=2026-11-25T09:22:00.000Z&stock_code=NIFTY&exch_code=NFO&product_type=options&expiry_date=2026-12-01T07%3A00%3A00.000Z&right=call&strike_price=25000"))
	if len(option) != 3 || option[0]["expiry_date"] != "01-DEC-2026" || option[0]["right"] != "Call" {
		t.Fatalf("v2 option: %v", option)
	}
	cash := mustRows(t, b.v2("interval=1minute&from_date=2026-11-25T09:20:00.000Z&to_date=2026-11-25T09:22:00.000Z&stock_code=RELIND&exch_code=NSE"))
	if _, has := cash[0]["expiry_date"]; has || fmt.Sprint(cash[0]["open"]) != v1Rows[0]["open"] {
		t.Errorf("v2 cash %v, v1 %v", cash[0], v1Rows[0])
	}
	many := mustRows(t, b.v2("interval=1second&from_date=2026-11-25T09:00:00.000Z&to_date=2026-11-25T10:00:00.000Z&stock_code=RELIND&exch_code=NSE&product_type=cash"))
	if len(many) != 1000 || many[0]["datetime"] != "2026-11-25 09:00:00" {
		t.Errorf("cap: %d rows from %v", len(many), many[0]["datetime"])
	}
	future := mustRows(t, b.v2("interval=1day&from_date=2026-11-01T00:00:00.000Z&to_date=2026-11-25T23:00:00.000Z&stock_code=NIFTY&exch_code=NFO&product_type=futures&expiry_date=2026-12-29"))
	if len(future) != 25 || future[24]["datetime"] != "2026-11-25 00:00:00" {
		t.Errorf("days: %d", len(future))
	}
	if got := string(b.v2("interval=1minute&from_date=2026-11-25T11:30:00.000Z&to_date=2026-11-25T11:40:00.000Z&stock_code=RELIND&exch_code=NSE")); got != `{"Success":[],"Status":200,"Error":null}` {
		t.Errorf("the future: %s", got)
	}
	if got := b.send("GET", v2+"?interval=1minute", "", nil); !strings.Contains(string(got), "Invalid Checksum") {
		t.Errorf("v2 without a key: %s", got)
	}
}

func TestMaster(t *testing.T) {
	b := mustStart(t, start)
	zip := b.send("GET", master, "", nil)
	if old := b.send("GET", oldMaster, "", nil); !bytes.Equal(zip, old) {
		t.Error("the two paths differ")
	}
	text := string(b.send("GET", oldScripts+"NSEScripMaster.txt", "", nil))
	if !strings.HasPrefix(text, `"Token", "ShortName", "Series"`) || !strings.Contains(text, "\r\n\"2885\",\"RELIND\",\"EQ\",\"RELIANCE INDUSTRIES\",0.01,1,") {
		t.Errorf("NSE member: %.300s", text)
	}
	text = string(b.send("GET", oldScripts+"FONSEScripMaster.txt", "", nil))
	if !strings.Contains(text, `"OPTIDX","NIFTY","OPTION","01-Dec-2026","25000","CE"`) {
		t.Error("no NIFTY 01-Dec-2026 25000 CE")
	}
	if rows := strings.Count(text, "\r\n"); rows < 25_000 {
		t.Errorf("FONSE has %d rows", rows)
	}
}

// TestStreamMatchesHistory streams an hour, restarts the simulator in the middle, and compares the ticks with candles
// served before and after.
func TestStreamMatchesHistory(t *testing.T) {
	b := mustStart(t, start)
	wanted := map[string]string{
		"4.1!2885":     "interval=1minute&stock_code=RELIND&exch_code=NSE&product_type=cash",
		"4.1!NIFTY 50": "interval=1minute&stock_code=NIFTY&exch_code=NSE&product_type=cash",
	}
	c, _ := b.contract(breezewire.Code{StockCode: "NIFTY", ExchangeCode: breezewire.NFO, Product: breezewire.Options, Expiry: calendar.NewDate(2026, time.December, 1), Strike: 25_000 * money.PriceScale, Right: 1}, date)
	wanted["4.1!"+b.market.Token(c)] = "interval=1minute&stock_code=NIFTY&exch_code=NFO&product_type=options&expiry_date=2026-12-01&right=call&strike_price=25000"
	folded := map[string][]market.Candle{}
	l := b.mustListen("/socket.io/", "4.1!2885", "4.1!NIFTY 50", "4.1!"+b.market.Token(c), "4.1!nosuch", "garbage")
	l.fold(folded, 3) // what stands at the join
	for s := 1; s < 1800; s++ {
		b.step(start.Add(time.Duration(s) * time.Second))
		l.fold(folded, 3)
	}
	b.compare(wanted, folded, start)
	b.end()

	later := mustStart(t, start.Add(1800*time.Second))
	later.compare(wanted, folded, start)
	l = later.mustListen("/socket.io/", "4.1!2885", "4.1!NIFTY 50", "4.1!"+later.market.Token(c))
	l.fold(folded, 3)
	for s := 1801; s < 3600; s++ {
		later.step(start.Add(time.Duration(s) * time.Second))
		l.fold(folded, 3)
	}
	later.compare(wanted, folded, start)
	for token, candles := range folded {
		if len(candles) != 60 {
			t.Errorf("%s: %d minutes streamed", token, len(candles))
		}
	}
}

// compare asks history v2 for the minutes of folded.
func (b *bench) compare(wanted map[string]string, folded map[string][]market.Candle, from calendar.Instant) {
	b.t.Helper()
	for token, query := range wanted {
		to := from.Add(time.Duration(len(folded[token])-1) * time.Minute)
		var reply struct{ Success []breezewire.RowV2 }
		mustDecode(b.t, b.v2(query+"&from_date="+breezewire.RequestTime(from)+"&to_date="+breezewire.RequestTime(to)), &reply)
		var got []market.Candle
		for _, row := range reply.Success {
			candle, err := row.Candle()
			if err != nil {
				b.t.Fatal(err)
			}
			candle.Volume, candle.OI = 0, 0
			got = append(got, candle)
		}
		if diff := cmp.Diff(folded[token], got); diff != "" {
			b.t.Errorf("%s: streamed and served differ (-streamed +served):\n%s", token, diff)
		}
	}
}

func TestCredentialsOverLoopback(t *testing.T) {
	b := mustStart(t, start)
	c, err := FetchCredentials(t.Context(), b.http.URL)
	if err != nil || c.Key != b.keys.Key || c.APISession == b.keys.APISession {
		t.Fatalf("key %t, session new %t, %v", c.Key == b.keys.Key, c.APISession != b.keys.APISession, err)
	}
	if _, _, ok := b.login.logins.exchange(House, c.APISession, date); !ok {
		t.Error("the session is not in force")
	}
	for name, change := range map[string]func(*http.Request){
		"another machine": func(r *http.Request) { r.RemoteAddr = "192.0.2.1:4000" },
		"a web page":      func(r *http.Request) { r.RemoteAddr = "127.0.0.1:4000"; r.Header.Set("Origin", "https://example.com") },
	} {
		r := httptest.NewRequest("POST", handPath, nil)
		change(r)
		w := httptest.NewRecorder()
		b.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Errorf("%s: got %d", name, w.Code)
		}
	}
}

// TestBadInput sends what no client should; every answer is an envelope and nothing breaks.
func TestBadInput(t *testing.T) {
	b := mustStart(t, start)
	bodies := []string{"", "{", "[]", "null", `"x"`, "\x00", `{"stock_code":1}`, `{"stock_code":"NIFTY","exchange_code":"NFO","product_type":"options","expiry_date":"31-Feb-2026","right":"call","strike_price":"1e9"}`,
		`{"stock_code":"NIFTY","exchange_code":"NFO","product_type":"options","expiry_date":"9999-12-31","right":"put","strike_price":"-5"}`,
		`{"stock_code":"NIFBEE","exchange_code":"NFO","product_type":"options","expiry_date":"2026-12-29","right":"put","strike_price":"5"}`,
		`{"stock_code":"INDVIX","exchange_code":"NFO","product_type":"futures","expiry_date":"2026-12-29"}`,
		`{"interval":"1minute","from_date":"0001-01-01T00:00:00","to_date":"9999-12-31T00:00:00","stock_code":"RELIND","exchange_code":"NSE"}`,
		`{"interval":"7minute","from_date":"2026-11-25","to_date":"2026-11-25","stock_code":"RELIND","exchange_code":"NSE"}`,
		`{"interval":"day","from_date":"2026-11-25","to_date":"2026-11-20","stock_code":"RELIND","exchange_code":"MCX"}`}
	for _, endpoint := range []string{"customerdetails", "quotes", "optionchain", "historicalcharts", "nosuch", "order"} {
		for _, body := range bodies {
			for _, method := range []string{"GET", "POST", "DELETE"} {
				var reply map[string]any
				mustDecode(t, b.send(method, v1+endpoint, body, b.signed(body)), &reply)
				if _, ok := reply["Status"].(float64); !ok {
					t.Errorf("%s %s %q: %v", method, endpoint, body, reply)
				}
			}
		}
	}
	for _, query := range []string{"", "interval=1second", "interval=1minute&from_date=x&to_date=y&stock_code=RELIND&exch_code=NSE", "%zz=1"} {
		var reply map[string]any
		mustDecode(t, b.v2(query), &reply)
	}
	l := b.mustListen("/socket.io/")
	for _, arg := range []any{nil, 5, map[string]int{"a": 1}, []any{1, "4.1!2885"}, "", "4.1!", "9.9!2885", "4.1!999999999999", "4.2!NIFTY 50", strings.Repeat("x", 1000)} {
		l.emit("join", arg)
		l.emit("leave", arg)
		l.emit("nosuch", arg)
	}
	l.emit("join", "4.1!2885")
	if _, body := l.next(); !strings.HasPrefix(body, `["4.1!2885"`) {
		t.Errorf("got %s", body)
	}
}
