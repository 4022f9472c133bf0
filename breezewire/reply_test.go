package breezewire

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// mustSample returns the Success of the official sample with the given title.
func mustSample(t *testing.T, title string) json.RawMessage {
	t.Helper()
	var file struct {
		Items []struct {
			Title     string
			Responses []json.RawMessage
		}
	}
	mustReadShared(t, "breeze/rest_responses.json", &file)
	for _, item := range file.Items {
		if item.Title == title {
			success, err := OpenEnvelope(200, item.Responses[0])
			if err != nil {
				t.Fatal(err)
			}
			return success
		}
	}
	t.Fatalf("no sample called %s", title)
	return nil
}

func mustRows[T any](t *testing.T, success json.RawMessage) []T {
	t.Helper()
	rows, err := DecodeRows[T](success)
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	return rows
}

// mustEqualJSON compares value by value, types included; 23200 and 23200.0 are the same number.
func mustEqualJSON(t *testing.T, want json.RawMessage, got any) {
	t.Helper()
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var x, y any
	if err := errors.Join(json.Unmarshal(want, &x), json.Unmarshal(b, &y)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(x, y); diff != "" {
		t.Errorf("(broker's sample, ours):\n%s", diff)
	}
}

var nifty23200 = Code{StockCode: "NIFTY", ExchangeCode: NFO, Product: Options, Expiry: calendar.NewDate(2025, 2, 6), Strike: 23200 * money.PriceScale, Right: instrument.Call}

// TestHistorySamples reads the broker's own candles and writes them back as they were.
func TestHistorySamples(t *testing.T) {
	v1, v2 := mustSample(t, "Historical Data : Options"), mustSample(t, "Histroical Data V2 : OPTIONS")
	future := Code{StockCode: "NIFTY", ExchangeCode: NFO, Product: Futures, Expiry: calendar.NewDate(2025, 2, 27)}
	share := Code{StockCode: "RELIND", ExchangeCode: NSE, Product: Cash}
	for _, c := range []struct {
		sample json.RawMessage
		code   Code
		isV1   bool
	}{
		{v1, nifty23200, true}, {mustSample(t, "Historical Data : Futures"), future, true}, {mustSample(t, "Historical Data : Equity"), share, true},
		{v2, nifty23200, false}, {mustSample(t, "Histroical Data V2 : EQUITY"), share, false},
	} {
		if c.isV1 {
			var back []RowV1
			for i, row := range mustRows[RowV1](t, c.sample) {
				candle, err := row.Candle()
				if err != nil {
					t.Fatal(err)
				}
				back = append(back, NewRowV1(c.code, candle))
				back[i].Count = row.Count
			}
			mustEqualJSON(t, c.sample, back)
			continue
		}
		var back []RowV2
		for _, row := range mustRows[RowV2](t, c.sample) {
			candle, err := row.Candle()
			if err != nil {
				t.Fatal(err)
			}
			back = append(back, NewRowV2(c.code, candle))
		}
		mustEqualJSON(t, c.sample, back)
	}
	first := mustRows[RowV2](t, v2)[0]
	candle, err := first.Candle()
	want := market.Candle{Start: calendar.NewDate(2025, 2, 3).At(9*3600e9 + 20*60e9), Open: price("206.75"), High: price("208.1"), Low: price("201.8"), Close: price("201.85"), Volume: 207825, OI: 2203575}
	if err != nil || candle != want {
		t.Errorf("candle %+v, %v; want %+v", candle, err, want)
	}
}

func TestQuoteSample(t *testing.T) {
	sample := mustSample(t, "Get quotes")
	row := mustRows[QuoteRow](t, sample)[0]
	code, err := row.Code()
	if want := (Code{StockCode: "NIFTY", ExchangeCode: NFO, Product: Futures, Expiry: calendar.NewDate(2025, 2, 27)}); err != nil || code != want {
		t.Errorf("code %+v, %v", code, err)
	}
	q, err := row.Quote()
	if err != nil || q.Last != price("23832.85") || q.AskQty != 150 || q.At.IST().Format(layoutTime) != "05-Feb-2025 09:36:56" || q.UpperCircuit != price("26163.95") {
		t.Errorf("quote %+v, %v", q, err)
	}
	mustEqualJSON(t, sample, []QuoteRow{NewQuoteRow(code, &q, money.Price(row.SpotPrice))})
}

func TestCustomerAndFundsSamples(t *testing.T) {
	customer := mustSample(t, "Get Customer details by api-session value")
	mustEqualJSON(t, customer, mustRows[Customer](t, customer)[0])
	funds := mustSample(t, "Get Funds")
	mustEqualJSON(t, funds, mustRows[Funds](t, funds)[0])
}

func TestFlexibleValues(t *testing.T) {
	var v struct {
		A, B, C, D Decimal
		E, F, G    Count
		H, I, J    Text
	}
	in := `{"A":"1249.85","B":1249.850,"C":"","D":null,"E":"75","F":75.0,"G":75,"H":58593123,"I":"a\u0041","J":null}`
	if err := json.Unmarshal([]byte(in), &v); err != nil {
		t.Fatal(err)
	}
	if v.A != v.B || v.A != 12498500 || v.C != 0 || v.D != 0 || v.E != 75 || v.F != 75 || v.G != 75 || v.H != "58593123" || v.I != "aA" || v.J != "" {
		t.Errorf("got %+v", v)
	}
	for _, bad := range []string{`{"A":"x"}`, `{"A":1e5}`, `{"A":[]}`, `{"E":7.5}`, `{"H":{}}`, `{"A":"NaN"}`, `{"A":" 1"}`} {
		if err := json.Unmarshal([]byte(bad), &v); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
	noisy := Decimal(0)
	if err := json.Unmarshal([]byte(`45.050000000000004`), &noisy); err != nil || noisy != 450500 {
		t.Errorf("a float's noise: %d, %v", noisy, err)
	}
}

func TestBadCandles(t *testing.T) {
	for name, row := range map[string]RowV2{
		"no time":       {Open: 2, High: 3, Low: 1, Close: 2},
		"zero low":      {Datetime: "2025-02-03 09:20:00", Open: 2, High: 3, Close: 2},
		"open above":    {Datetime: "2025-02-03 09:20:00", Open: 4, High: 3, Low: 1, Close: 2},
		"close below":   {Datetime: "2025-02-03 09:20:00", Open: 2, High: 3, Low: 2, Close: 1},
		"negative size": {Datetime: "2025-02-03 09:20:00", Open: 2, High: 3, Low: 1, Close: 2, Volume: -1},
	} {
		if _, err := row.Candle(); !errors.Is(err, ErrCandle) {
			t.Errorf("%s: %v, want ErrCandle", name, err)
		}
	}
}

// TestRequests holds the bytes of requests against the official layout and reads them back.
func TestRequests(t *testing.T) {
	span := Span{From: calendar.NewDate(2025, 2, 3).At(9*3600e9 + 20*60e9), To: calendar.NewDate(2025, 2, 3).At(9*3600e9 + 22*60e9)}
	v2 := NewHistoryRequest(nifty23200, market.Minute, span)
	v1 := v2
	v1.Interval = IntervalV1(market.Minute)
	body, err := Marshal(v1)
	want := `{"interval":"minute","from_date":"2025-02-03T09:20:00.000Z","to_date":"2025-02-03T09:22:00.000Z","stock_code":"NIFTY","exchange_code":"NFO","product_type":"options","expiry_date":"2025-02-06T00:00:00.000Z","strike_price":"23200","right":"call"}`
	if err != nil || string(body) != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
	query, err := url.ParseQuery(v2.Query().Encode())
	if err != nil || HistoryFromQuery(query) != v2 || query.Get("exch_code") != "NFO" {
		t.Errorf("v2 query %v, %v", query, err)
	}
	code, err := v2.Code()
	if err != nil || code != nifty23200 {
		t.Errorf("code %+v, %v", code, err)
	}
	if got, err := v2.Span(); err != nil || got != span {
		t.Errorf("span %v, %v", got, err)
	}
	chain := NewContractRequest(Code{StockCode: "NIFTY", ExchangeCode: NFO, Product: Options, Expiry: nifty23200.Expiry, Right: instrument.Put})
	body, err = Marshal(chain)
	if want := `{"stock_code":"NIFTY","exchange_code":"NFO","expiry_date":"2025-02-06T00:00:00.000Z","product_type":"options","right":"put"}`; err != nil || string(body) != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
}

func TestRequestCodes(t *testing.T) {
	for name, c := range map[string]struct {
		in   ContractRequest
		want Code
		isOK bool
	}{
		"share":                   {ContractRequest{StockCode: "ITC", ExchangeCode: "nse"}, Code{StockCode: "ITC", ExchangeCode: NSE, Product: Cash}, true},
		"share with empty fields": {ContractRequest{StockCode: "ITC", ExchangeCode: "NSE", ProductType: "cash", Right: "others", StrikePrice: "0"}, Code{StockCode: "ITC", ExchangeCode: NSE, Product: Cash}, true},
		"option, strike a decimal": {ContractRequest{StockCode: "NIFTY", ExchangeCode: "NFO", ProductType: "options", ExpiryDate: "2025-02-06T06:00:00.000Z", Right: "Call", StrikePrice: "23200.0"},
			nifty23200, true},
		"future guessed":   {ContractRequest{StockCode: "NIFTY", ExchangeCode: "NFO", ExpiryDate: "06-Feb-2025"}, Code{StockCode: "NIFTY", ExchangeCode: NFO, Product: Futures, Expiry: calendar.NewDate(2025, 2, 6)}, true},
		"no stock":         {ContractRequest{ExchangeCode: "NSE"}, Code{}, false},
		"unknown exchange": {ContractRequest{StockCode: "ITC", ExchangeCode: "NYSE"}, Code{}, false},
		"unknown product":  {ContractRequest{StockCode: "ITC", ExchangeCode: "NSE", ProductType: "bonds"}, Code{}, false},
		"strike a word":    {ContractRequest{StockCode: "NIFTY", ExchangeCode: "NFO", StrikePrice: "x"}, Code{}, false},
		"negative strike":  {ContractRequest{StockCode: "NIFTY", ExchangeCode: "NFO", StrikePrice: "-5"}, Code{}, false},
		"bad date":         {ContractRequest{StockCode: "NIFTY", ExchangeCode: "NFO", ExpiryDate: "soon"}, Code{}, false},
	} {
		got, err := c.in.Code()
		if got != c.want || (err == nil) != c.isOK {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
	}
}

func FuzzOpenEnvelope(f *testing.F) {
	f.Add(200, []byte(`{"Success":[{"ltp":1}],"Status":200,"Error":null}`))
	f.Add(401, []byte(`{"Status":5,"Error":"Limit exceed: API call per day: "}`))
	f.Add(502, []byte(`<html>`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		success, err := OpenEnvelope(status, body)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n<>") {
				t.Fatalf("an error echoes the broker: %q", err)
			}
			return
		}
		_, _ = DecodeRows[ChainRow](success)
		_, _ = DecodeRows[RowV1](success)
		_, _ = DecodeRows[RowV2](success)
		_, _ = DecodeRows[Customer](success)
	})
}
