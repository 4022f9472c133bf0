package breeze

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/clock"
	"paperport/instrument"
	"paperport/internal/memnet"
	"paperport/market"
	"paperport/money"
	"paperport/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	reliance instrument.ID = 1 + iota
	nifty50
	niftyCall
	testSecret  = "se(ret!"
	testAppKey  = "DEMO+with/odd&chars"
	testSession = "WFk2MDQ3MjE6OTk4ODc3NjY="
)

var testExpiry = calendar.NewDate(2026, 12, 29)

// mustCodes returns codes of three instruments: RELIANCE, NIFTY 50 and one NIFTY call.
func mustCodes(t *testing.T) *Codes {
	t.Helper()
	on := calendar.NewDate(2026, 11, 24)
	registry := instrument.NewRegistry()
	codes := newCodes(on, registry.View(instrument.FromDemo))
	for _, c := range []struct {
		in           instrument.Instrument
		stock, token string
	}{
		{instrument.Instrument{Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Symbol: "RELIANCE", Underlying: "RELIANCE", ISIN: "INE002A01018", Series: "EQ", Terms: instrument.Terms{LotSize: 1, TickSize: 1000, Multiplier: 1}}, "RELIND", "2885"},
		{instrument.Instrument{Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Index, Symbol: "NIFTY 50", Underlying: "NIFTY", Terms: instrument.Terms{LotSize: 1, TickSize: 500, Multiplier: 1}}, "NIFTY", "NIFTY 50"},
		{instrument.Instrument{Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Option, Right: instrument.Call, Symbol: "NIFTY26DEC24000CE", Underlying: "NIFTY", Expiry: testExpiry, Strike: 24000 * money.PriceScale, Terms: instrument.Terms{LotSize: 65, TickSize: 500, Multiplier: 1}}, "NIFTY", "51219"},
	} {
		id := registry.Allocate(c.in, on)
		codes.add(id, &c.in, c.stock, c.token)
	}
	return codes
}

func mustToken(t *testing.T) Token {
	t.Helper()
	token, err := NewToken(secret.New(testSession))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// mustClient returns a client of a broker played by handler. change may be nil.
func mustClient(t *testing.T, handler http.Handler, change func(*Options)) *Client {
	t.Helper()
	codes := mustCodes(t)
	options := Options{
		Hosts: AllAt("http://breeze.test"), Clock: clock.System{}, AppKey: secret.New(testAppKey), Secret: secret.New(testSecret),
		Codes: func() *Codes { return codes }, Transport: memnet.Serve(t, handler, nil),
	}
	if change != nil {
		change(&options)
	}
	c := New(options)
	c.SetToken(mustToken(t))
	t.Cleanup(c.Close)
	return c
}

// answer is a broker that sends the same bytes to everyone.
func answer(status int, body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write(body)
	})
}

func mustSuccess(t *testing.T, v any) []byte {
	t.Helper()
	b, err := breezewire.Success(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// seen is one request as the broker got it.
type seen struct {
	method, uri string
	header      http.Header
	body        []byte
}

// TestQuoteIsSignedAsTheSDKsSign: a GET with a body, the checksum over its raw bytes, headers spelled as the SDKs do.
func TestQuoteIsSignedAsTheSDKsSign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got seen
		rows := []breezewire.QuoteRow{
			breezewire.NewQuoteRow(breezewire.Code{StockCode: "RELIND", ExchangeCode: breezewire.BSE, Product: breezewire.Cash}, &market.Quote{Last: 1}, 0),
			breezewire.NewQuoteRow(breezewire.Code{StockCode: "RELIND", ExchangeCode: breezewire.NSE, Product: breezewire.Cash}, &market.Quote{Last: 12090500, Ask: 12093500, AskQty: 34, At: 1739338940_000000}, 0),
		}
		c := mustClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = seen{r.Method, r.RequestURI, r.Header, body}
			_, _ = w.Write(mustSuccess(t, rows))
		}), nil)
		q, err := c.Quote(t.Context(), reliance)
		if err != nil {
			t.Fatal(err)
		}
		if q.Instrument != reliance || q.Last != 12090500 || q.AskQty != 34 || q.At != 1739338940_000000 {
			t.Errorf("quote %+v: not the row of the exchange that was asked for", q)
		}
		if got.method != "GET" || got.uri != "/breezeapi/api/v1/quotes" || string(got.body) != `{"stock_code":"RELIND","exchange_code":"NSE","product_type":"cash"}` {
			t.Errorf("request %s %s %s", got.method, got.uri, got.body)
		}
		timestamp := got.header.Get(breezewire.HeaderTimestamp)
		if want := breezewire.Checksum(timestamp, got.body, testSecret); got.header.Get(breezewire.HeaderChecksum) != want || timestamp != breezewire.Timestamp(time.Now()) {
			t.Errorf("checksum %s over timestamp %s, want %s", got.header.Get(breezewire.HeaderChecksum), timestamp, want)
		}
		if got.header.Get(breezewire.HeaderAppKey) != testAppKey || got.header.Get(breezewire.HeaderSession) != testSession || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", got.header)
		}
	})
}

// TestHeaderSpelling looks at the bytes on the wire: Go would otherwise respell X-AppKey and apikey.
func TestHeaderSpelling(t *testing.T) {
	var wire bytes.Buffer
	c := mustClient(t, answer(200, nil), func(o *Options) {
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if err := r.Write(&wire); err != nil {
				return nil, err
			}
			return nil, errors.New("seen")
		})
	})
	_, _ = c.Quote(t.Context(), reliance)
	_, _ = c.History(t.Context(), reliance, market.Minute, breezewire.Span{From: 1, To: 2})
	for _, want := range []string{"\r\nX-AppKey: ", "\r\nX-SessionToken: ", "\r\nX-Checksum: token ", "\r\nX-Timestamp: ", "\r\napikey: ", "\r\nContent-Length: "} {
		if !strings.Contains(wire.String(), want) {
			t.Errorf("%q is not on the wire:\n%s", want, wire.String())
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestExchange: the API session becomes a token; the call is unsigned; a refusal is typed.
func TestExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var request breezewire.CustomerRequest
			_ = json.NewDecoder(r.Body).Decode(&request)
			if request.SessionToken != "58593123" || request.AppKey != testAppKey || r.Header.Get(breezewire.HeaderChecksum) != "" {
				_, _ = w.Write(breezewire.Failure(500, breezewire.TextInvalidSession))
				return
			}
			_, _ = w.Write(mustSuccess(t, breezewire.Customer{UserID: "XY604721", SessionToken: testSession}))
		}), nil)
		won, err := c.Exchange(t.Context(), secret.New("58593123"))
		if err != nil || won.Token.Encoded().Reveal() != testSession || won.Identity.Reveal() != "XY604721" {
			t.Errorf("Exchange: %v, identity %q", err, won.Identity.Reveal())
		}
		customer, err := c.CustomerDetails(t.Context(), secret.New("58593123"))
		if err != nil || customer.UserID != "XY604721" || customer.SessionToken != "" {
			t.Errorf("CustomerDetails: %v, and it must not hand the token out", err)
		}
		if _, err := c.Exchange(t.Context(), secret.New("1")); !errors.Is(err, ErrSession) || !errors.Is(err, ErrNoSessionToken) {
			t.Errorf("a bad session gave %v, want ErrSession and ErrNoSessionToken", err)
		}
	})
}

// TestTypedErrors: every shape of 1.6 becomes its own error, and no text of the broker is in it.
func TestTypedErrors(t *testing.T) {
	big := append([]byte(`{"Success":"`), bytes.Repeat([]byte("x"), answerMax)...)
	for name, c := range map[string]struct {
		status int
		body   []byte
		want   error
	}{
		"session over":   {200, breezewire.Failure(500, breezewire.TextNotAvailable), ErrSession},
		"unknown key":    {200, breezewire.Failure(500, breezewire.TextUnknownKey), ErrKey},
		"bad checksum":   {401, breezewire.GatewayFailure(breezewire.TextInvalidChecksum), ErrChecksum},
		"minute":         {401, breezewire.GatewayFailure(breezewire.TextMinuteLimit), ErrRateMinute},
		"day":            {200, breezewire.GatewayFailure(breezewire.TextDayLimit), ErrRateDay},
		"no data":        {200, breezewire.Failure(500, breezewire.TextNoData), ErrNoData},
		"empty rows":     {200, []byte(`{"Success":[],"Status":200,"Error":null}`), ErrNoData},
		"outage page":    {200, []byte(`<html>Faithfully yours, nginx.</html>`), ErrOutage},
		"bad gateway":    {502, []byte(`<html></html>`), ErrUnavailable},
		"exception":      {500, []byte(`{"Message":"m","ExceptionMessage":"secret stack"}`), ErrException},
		"rows of words":  {200, []byte(`{"Success":["x"],"Status":200,"Error":null}`), ErrGarbled},
		"unknown":        {200, breezewire.Failure(500, "<b>broker's words</b>"), breezewire.FaultOther},
		"endless answer": {200, big, ErrGarbled},
	} {
		synctest.Test(t, func(t *testing.T) {
			client := mustClient(t, answer(c.status, c.body), nil)
			_, err := client.Quote(t.Context(), reliance)
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
			for _, bad := range []string{"words", "stack", "nginx", testSecret, testSession, "99887766"} {
				if err != nil && strings.Contains(err.Error(), bad) {
					t.Errorf("%s: the error says %q", name, err)
				}
			}
		})
	}
}

// TestSporadicFailureIsTriedTwice: reads only, and within the budget.
func TestSporadicFailureIsTriedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		c := mustClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if calls++; calls == 1 {
				_, _ = w.Write(breezewire.Failure(500, breezewire.TextInvalidUser))
				return
			}
			_, _ = w.Write(mustSuccess(t, []breezewire.RowV2{breezewire.NewRowV2(breezewire.Code{StockCode: "RELIND", Product: breezewire.Cash}, market.Candle{Start: 60_000000, Open: 1, High: 1, Low: 1, Close: 1})}))
		}), nil)
		candles, err := c.History(t.Context(), reliance, market.Minute, breezewire.Span{From: 60_000000, To: 120_000000})
		if err != nil || len(candles) != 1 || calls != 2 || c.Budget().MinuteUsed != 2 {
			t.Errorf("%d candles, %v, %d calls, budget %+v", len(candles), err, calls, c.Budget())
		}
	})
}

// TestHistoryPages: never more than 1,000 candles a request; sorted; each start once; nothing outside the span.
func TestHistoryPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		code := breezewire.Code{StockCode: "NIFTY", ExchangeCode: breezewire.NFO, Product: breezewire.Options, Expiry: testExpiry, Strike: 24000 * money.PriceScale, Right: instrument.Call}
		calls := 0
		serve := func(w http.ResponseWriter, request breezewire.HistoryRequest, row func(market.Candle) any) {
			calls++
			span, err := request.Span()
			got, err2 := request.Code()
			if err != nil || err2 != nil || got != code {
				_, _ = w.Write(breezewire.Failure(500, breezewire.TextNoData))
				return
			}
			rows := []any{row(market.Candle{Start: span.From.Add(-time.Minute), Open: 10000, High: 10000, Low: 10000, Close: 10000})}
			for at := span.To; at >= span.From; at = at.Add(-time.Minute) {
				rows = append(rows, row(market.Candle{Start: at, Open: 10000, High: 20000, Low: 10000, Close: 20000, Volume: 65, OI: 130}))
			}
			if len(rows) > breezewire.CandleMax+1 {
				t.Errorf("a request spans %d candles", len(rows)-1)
			}
			_, _ = w.Write(mustSuccess(t, rows))
		}
		c := mustClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == pathV2 {
				serve(w, breezewire.HistoryFromQuery(r.URL.Query()), func(k market.Candle) any { return breezewire.NewRowV2(code, k) })
				return
			}
			var request breezewire.HistoryRequest
			_ = json.NewDecoder(r.Body).Decode(&request)
			if request.Interval != "minute" {
				t.Errorf("v1 was asked for interval %q", request.Interval)
			}
			serve(w, request, func(k market.Candle) any { return breezewire.NewRowV1(code, k) })
		}), nil)
		from := calendar.NewDate(2026, 11, 20).At(9*time.Hour + 15*time.Minute)
		span := breezewire.Span{From: from, To: from.Add(2500 * time.Minute)}
		for name, fetch := range map[string]func(context.Context, instrument.ID, market.Interval, breezewire.Span) ([]market.Candle, error){"v2": c.History, "v1": c.HistoryV1} {
			calls = 0
			candles, err := fetch(t.Context(), niftyCall, market.Minute, span)
			if err != nil || len(candles) != 2501 || calls != 3 {
				t.Fatalf("%s: %d candles in %d calls, %v; want 2501 in 3", name, len(candles), calls, err)
			}
			for i, k := range candles {
				if k.Start != from.Add(time.Duration(i)*time.Minute) || k.OI != 130 {
					t.Fatalf("%s: candle %d is %+v", name, i, k)
				}
			}
		}
		for name, bad := range map[string]breezewire.Span{"backwards": {From: span.To, To: span.From}, "endless": {From: 0, To: span.To}} {
			if _, err := c.History(t.Context(), niftyCall, market.Second, bad); !errors.Is(err, ErrSpan) {
				t.Errorf("%s: %v, want ErrSpan", name, err)
			}
		}
		if _, err := c.HistoryV1(t.Context(), niftyCall, market.Second, span); !errors.Is(err, ErrSpan) {
			t.Errorf("v1 has no seconds, got %v", err)
		}
	})
}

func TestOptionChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := breezewire.Code{StockCode: "NIFTY", ExchangeCode: breezewire.NFO, Product: breezewire.Options, Expiry: testExpiry, Strike: 24000 * money.PriceScale, Right: instrument.Call}
		foreign := known
		foreign.Strike = 99999 * money.PriceScale
		var body []byte
		c := mustClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ = io.ReadAll(r.Body)
			_, _ = w.Write(mustSuccess(t, []breezewire.ChainRow{
				breezewire.NewChainRow(known, &market.Quote{Last: 1000000, OI: 650, OIChange: -65, LastQty: 65}, 240000000), breezewire.NewChainRow(foreign, &market.Quote{Last: 5}, 240000000),
			}))
		}), nil)
		quotes, err := c.OptionChain(t.Context(), ChainSide{Underlying: nifty50, Expiry: testExpiry, Right: instrument.Call})
		if err != nil || len(quotes) != 1 || quotes[0].Instrument != niftyCall || quotes[0].OI != 650 || quotes[0].OIChange != -65 {
			t.Errorf("chain %+v, %v", quotes, err)
		}
		if want := `{"stock_code":"NIFTY","exchange_code":"NFO","expiry_date":"2026-12-29T00:00:00.000Z","product_type":"options","right":"call"}`; string(body) != want {
			t.Errorf("asked %s, want %s", body, want)
		}
	})
}

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustClient(t, answer(200, mustSuccess(t, []breezewire.QuoteRow{})), func(o *Options) { o.PerMinute, o.PerDay, o.DayUsed = 3, 8, 1 })
		ask := func() error { _, err := c.Quote(t.Context(), reliance); return err }
		for range 3 {
			if err := ask(); !errors.Is(err, ErrNoData) {
				t.Fatal(err)
			}
		}
		var spent *BudgetError
		if err := ask(); !errors.Is(err, ErrRateMinute) || !errors.As(err, &spent) || spent.RetryAfter != time.Minute {
			t.Errorf("the fourth in a minute: %v", err)
		}
		if got, want := c.Budget(), (Budget{MinuteUsed: 3, MinuteMax: 3, DayUsed: 4, DayMax: 8}); got != want {
			t.Errorf("budget %+v, want %+v", got, want)
		}
		for range 4 {
			time.Sleep(time.Minute)
			if err := ask(); !errors.Is(err, ErrNoData) {
				t.Fatal(err)
			}
		}
		if err := ask(); !errors.Is(err, ErrRateDay) {
			t.Errorf("the ninth of a day: %v", err)
		}
		time.Sleep(24 * time.Hour)
		if err := ask(); !errors.Is(err, ErrNoData) {
			t.Errorf("the first of the next day: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := mustClient(t, answer(200, mustSuccess(t, []breezewire.QuoteRow{})), func(o *Options) { o.PerMinute, o.PerDay = Unlimited, Unlimited })
		for i := range 500 {
			if _, err := c.Quote(t.Context(), reliance); !errors.Is(err, ErrNoData) {
				t.Fatalf("request %d without a limit: %v", i, err)
			}
		}
	})
}

// TestReserve is test 62's last third: what calls may not spend, an exchange and a probe may; a full budget stops them, too.
func TestReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []Spent
		sent := 0
		c := mustClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			sent++
			_, _ = w.Write([]byte(`{"Success":[],"Status":200,"Error":null}`))
		}), func(o *Options) {
			o.PerDay, o.PerMinute, o.DayUsed, o.Reserve = 5000, Unlimited, 4994, 4
			o.OnSpend = func(s Spent) { told = append(told, s) }
		})
		for range 3 {
			_, _ = c.Quote(t.Context(), reliance)
		}
		if _, err := c.Quote(t.Context(), reliance); !errors.Is(err, ErrRateDay) || sent != 2 {
			t.Errorf("an ordinary call into the reserve: %v, %d sent, want 2", err, sent)
		}
		for range 4 {
			if err := c.Probe(t.Context()); err != nil {
				t.Errorf("a probe from the reserve: %v", err)
			}
		}
		if err := c.Probe(t.Context()); !errors.Is(err, ErrRateDay) || sent != 6 {
			t.Errorf("a probe beyond the day: %v, %d sent, want 6", err, sent)
		}
		if last := told[len(told)-1]; len(told) != 6 || last.Used != 5000 || last != c.Spent() {
			t.Errorf("told %v, Spent %v", told, c.Spent())
		}
	})
}

// TestTooMany is test 62's storm: after the broker's "too many" nothing leaves until the pause is over, each pause longer;
// a day's limit stops all but the reserve.
func TestTooMany(t *testing.T) {
	for name, reply := range map[string]http.Handler{
		"page":     answer(429, []byte("<html>slow down</html>")),
		"envelope": answer(200, breezewire.GatewayFailure(breezewire.TextMinuteLimit)),
	} {
		synctest.Test(t, func(t *testing.T) {
			sent := 0
			c := mustClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { sent++; reply.ServeHTTP(w, r) }), nil)
			for pause, n := time.Minute, 1; n <= 7; pause, n = min(2*pause, pauseMax), n+1 {
				var spent *BudgetError
				for range 50 {
					if _, err := c.Quote(t.Context(), reliance); !errors.As(err, &spent) || !errors.Is(err, ErrRateMinute) || spent.RetryAfter != pause {
						t.Fatalf("%s: refusal %d: %v, want a wait of %s", name, n, err, pause)
					}
				}
				if sent != n || c.Budget().PausedUntil != c.now().Add(pause) {
					t.Fatalf("%s: %d requests left, want %d; paused until %d", name, sent, n, c.Budget().PausedUntil)
				}
				time.Sleep(pause)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		c := mustClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			sent++
			_, _ = w.Write(breezewire.GatewayFailure(breezewire.TextDayLimit))
		}), nil)
		for range 100 {
			if _, err := c.Quote(t.Context(), reliance); !errors.Is(err, ErrRateDay) {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		if sent != 1 {
			t.Errorf("%d requests after the broker's day limit, want 1", sent)
		}
		if err := c.Probe(t.Context()); !errors.Is(err, ErrRateDay) || sent != 2 {
			t.Errorf("a probe after a while: %v, %d sent; it must ask", err, sent)
		}
	})
}

// TestProbe: accepted, refused, no token.
func TestProbe(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   []byte
		want   error
	}{
		"accepted":      {200, []byte(`{"Success":{"bank_account":"1"},"Status":200,"Error":null}`), nil},
		"ended":         {200, breezewire.Failure(500, breezewire.TextNotAvailable), ErrSession},
		"bad signature": {401, breezewire.GatewayFailure(breezewire.TextInvalidChecksum), ErrChecksum},
		"down":          {502, []byte("<html></html>"), ErrUnavailable},
	} {
		synctest.Test(t, func(t *testing.T) {
			client := mustClient(t, answer(c.status, c.body), nil)
			if err := client.Probe(t.Context()); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
			client.token.Store(nil)
			if err := client.Probe(t.Context()); !errors.Is(err, ErrNoToken) {
				t.Errorf("%s, no token: %v", name, err)
			}
		})
	}
}

// TestExchangeRefusals: what the answer lacks is told apart, and what it echoes is masked.
func TestExchangeRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		body []byte
		want []error
	}{
		"null":            {[]byte(`{"Success":null,"Status":200,"Error":null}`), []error{ErrNoSessionToken}},
		"no token":        {[]byte(`{"Success":{"idirect_userid":"XY604721"},"Status":200,"Error":null}`), []error{ErrNoSessionToken}},
		"ended":           {breezewire.Failure(500, breezewire.TextNotAvailable), []error{ErrNoSessionToken, ErrSession}},
		"other":           {breezewire.Failure(500, "No dice for 58593123 of "+testAppKey), []error{ErrNoSessionToken}},
		"key":             {breezewire.Failure(500, breezewire.TextUnknownKey), []error{ErrKey}},
		"another's token": {[]byte(`{"Success":{"idirect_userid":"AB1","session_token":"` + testSession + `"},"Status":200,"Error":null}`), []error{ErrGarbled}},
		"no token at all": {[]byte(`{"Success":{"session_token":"x"},"Status":200,"Error":null}`), []error{ErrGarbled}},
		"page":            {[]byte(`<html>Faithfully yours</html>`), []error{ErrOutage}},
	} {
		synctest.Test(t, func(t *testing.T) {
			client := mustClient(t, answer(200, c.body), nil)
			_, err := client.Exchange(t.Context(), secret.New("58593123"))
			for _, want := range c.want {
				if !errors.Is(err, want) {
					t.Errorf("%s: %v, want %v", name, err, want)
				}
			}
			if errors.Is(err, ErrNoSessionToken) != (errors.Is(c.want[0], ErrNoSessionToken)) {
				t.Errorf("%s: %v", name, err)
			}
			var refused *breezewire.Refused
			if errors.As(err, &refused) && (strings.Contains(refused.Text, testAppKey) || strings.Contains(refused.Text, "58593123")) {
				t.Errorf("%s: the text holds the key: %q", name, refused.Text)
			}
		})
	}
}

// TestSkew: a machine whose clock is 90 s slow learns the broker's time from its first answer and signs by it.
func TestSkew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var timestamps []string
		c := mustClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			timestamps = append(timestamps, r.Header.Get(breezewire.HeaderTimestamp))
			w.Header()["Date"] = []string{time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)}
			_, _ = w.Write(mustSuccess(t, []breezewire.QuoteRow{}))
		}), nil)
		for range 2 {
			_, _ = c.Quote(t.Context(), reliance)
		}
		if want := breezewire.Timestamp(time.Now().Add(90 * time.Second)); timestamps[1] != want || c.Skew() != 90*time.Second {
			t.Errorf("second request signed at %s, want %s; skew %v", timestamps[1], want, c.Skew())
		}
	})
}

func TestCallsWithoutTokenOrCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustClient(t, answer(200, nil), nil)
		if _, err := c.Quote(t.Context(), 999); !errors.Is(err, ErrNoCode) {
			t.Errorf("unknown instrument: %v", err)
		}
		c.token.Store(nil)
		if _, err := c.Quote(t.Context(), reliance); !errors.Is(err, ErrNoToken) {
			t.Errorf("no token: %v", err)
		}
		if _, err := c.History(t.Context(), reliance, market.Day, breezewire.Span{}); !errors.Is(err, ErrNoToken) {
			t.Errorf("no token: %v", err)
		}
		if c.Budget().DayUsed != 0 {
			t.Error("a call that was never sent spent the budget")
		}
	})
}

func TestSecurityMaster(t *testing.T) {
	zip := append([]byte("PK\x03\x04"), bytes.Repeat([]byte{7}, 100_000)...)
	for name, c := range map[string]struct {
		handler http.Handler
		want    error
	}{
		"good":      {answer(200, zip), nil},
		"page":      {answer(200, []byte("<html>Faithfully yours</html>")), ErrOutage},
		"empty":     {answer(200, nil), ErrOutage},
		"not found": {answer(404, nil), ErrUnavailable},
		"cut short": {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "200000")
			_, _ = w.Write(zip)
		}), ErrUnavailable},
	} {
		synctest.Test(t, func(t *testing.T) {
			var got bytes.Buffer
			client := mustClient(t, c.handler, nil)
			n, err := client.SecurityMaster(t.Context(), &got)
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
			if c.want == nil && (!bytes.Equal(got.Bytes(), zip) || n != int64(len(zip))) {
				t.Errorf("%s: %d bytes, want %d", name, n, len(zip))
			}
			if client.Budget().DayUsed != 0 {
				t.Errorf("%s: the download spent the request budget", name)
			}
		})
	}
}

// TestSecretsPrintMasked tries every way a value gets printed.
func TestSecretsPrintMasked(t *testing.T) {
	token := mustToken(t)
	hidden := secret.New(testSecret)
	var log strings.Builder
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("x", "secret", hidden, "token", token, "options", Options{Secret: hidden})
	printed := log.String()
	for _, v := range []any{hidden, token, &hidden, &token, struct{ S secret.Text }{hidden}, Options{Secret: hidden}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			printed += fmt.Sprintf(verb, v)
		}
	}
	for _, bad := range []string{testSecret, testSession, "99887766", "XY604721", "736528726574"} {
		if strings.Contains(printed, bad) {
			t.Errorf("%q was printed", bad)
		}
	}
	for _, v := range []any{hidden, token} {
		if b, err := json.Marshal(v); err == nil {
			t.Errorf("%T became JSON: %s", v, b)
		}
	}
}

// TestConcurrentCalls: the budget is exact under concurrency.
func TestConcurrentCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustClient(t, answer(200, mustSuccess(t, []breezewire.QuoteRow{})), nil)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 50 {
					_, _ = c.Quote(t.Context(), reliance)
				}
			})
		}
		wg.Wait()
		if got := c.Budget(); got.MinuteUsed != 90 || got.Reserve != 10 {
			t.Errorf("%d requests went out in a minute with a reserve of %d, want 90 and 10", got.MinuteUsed, got.Reserve)
		}
	})
}
