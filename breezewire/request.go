package breezewire

import (
	"errors"
	"net/url"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
)

// CustomerRequest is the body of customerdetails (1.5). The token may arrive as a number.
type CustomerRequest struct {
	SessionToken Text
	AppKey       Text
}

// ContractRequest is the body of quotes and optionchain (2.14, 2.15): what names one contract, or a chain when strike or
// right is left out.
type ContractRequest struct {
	StockCode    string `json:"stock_code"`
	ExchangeCode string `json:"exchange_code"`
	ExpiryDate   string `json:"expiry_date,omitempty"`
	ProductType  string `json:"product_type,omitempty"`
	Right        string `json:"right,omitempty"`
	StrikePrice  Text   `json:"strike_price,omitempty"`
}

// HistoryRequest is the body of historicalcharts v1, in the order of the official SDKs (2.5), and the fields of v2.
type HistoryRequest struct {
	Interval     string `json:"interval"`
	FromDate     string `json:"from_date"`
	ToDate       string `json:"to_date"`
	StockCode    string `json:"stock_code"`
	ExchangeCode string `json:"exchange_code"`
	ProductType  string `json:"product_type,omitempty"`
	ExpiryDate   string `json:"expiry_date,omitempty"`
	StrikePrice  Text   `json:"strike_price,omitempty"`
	Right        string `json:"right,omitempty"`
}

// ErrRequest says that a request names no contract.
var ErrRequest = errors.New("breezewire: the request names no contract")

// NewContractRequest asks for the quote of one instrument, or for a chain when code lacks its strike or right.
func NewContractRequest(code Code) ContractRequest {
	r := ContractRequest{StockCode: code.StockCode, ExchangeCode: string(code.ExchangeCode), ProductType: string(code.Product)}
	if code.Product == Cash {
		return r
	}
	if code.Expiry != 0 {
		r.ExpiryDate = RequestDate(code.Expiry)
	}
	r.Right, r.StrikePrice = rightAndStrike(code)
	return r
}

// NewHistoryRequest asks for candles from..to, both inclusive, by their start; IsV1 chooses the words.
func NewHistoryRequest(code Code, interval market.Interval, span Span) HistoryRequest {
	r := HistoryRequest{
		Interval: IntervalV2(interval), FromDate: RequestTime(span.From), ToDate: RequestTime(span.To),
		StockCode: code.StockCode, ExchangeCode: string(code.ExchangeCode), ProductType: string(code.Product),
	}
	if code.Product != Cash {
		r.ExpiryDate = RequestDate(code.Expiry)
		r.Right, r.StrikePrice = rightAndStrike(code)
	}
	return r
}

// Span is a stretch of time, both ends inclusive.
type Span struct{ From, To calendar.Instant }

func rightAndStrike(code Code) (right string, strike Text) {
	if code.Product == Futures {
		return "others", "0"
	}
	if code.Right != instrument.NoRight {
		right = RightWord(code.Right)
	}
	if code.Strike != 0 {
		strike = Text(decimal(code.Strike))
	}
	return right, strike
}

// Query lays the request out as historicalcharts v2 wants it: exch_code, and no empty keys (1.4).
func (r HistoryRequest) Query() url.Values {
	q := url.Values{}
	for _, kv := range [...][2]string{
		{"interval", r.Interval}, {"from_date", r.FromDate}, {"to_date", r.ToDate}, {"stock_code", r.StockCode},
		{"exch_code", r.ExchangeCode}, {"product_type", r.ProductType}, {"expiry_date", r.ExpiryDate},
		{"strike_price", string(r.StrikePrice)}, {"right", r.Right},
	} {
		if kv[1] != "" {
			q.Set(kv[0], kv[1])
		}
	}
	return q
}

// HistoryFromQuery is the inverse of Query; exchange_code is understood too.
func HistoryFromQuery(q url.Values) HistoryRequest {
	exchange := q.Get("exch_code")
	if exchange == "" {
		exchange = q.Get("exchange_code")
	}
	return HistoryRequest{
		Interval: q.Get("interval"), FromDate: q.Get("from_date"), ToDate: q.Get("to_date"), StockCode: q.Get("stock_code"),
		ExchangeCode: exchange, ProductType: q.Get("product_type"), ExpiryDate: q.Get("expiry_date"),
		StrikePrice: Text(q.Get("strike_price")), Right: q.Get("right"),
	}
}

// Span reads the two ends of a history request.
func (r HistoryRequest) Span() (Span, error) {
	from, err := ParseRequestTime(r.FromDate)
	if err != nil {
		return Span{}, err
	}
	to, err := ParseRequestTime(r.ToDate)
	return Span{From: from, To: to}, err
}

// Code reads what a history request is about; Token is empty.
func (r HistoryRequest) Code() (Code, error) {
	return ContractRequest{StockCode: r.StockCode, ExchangeCode: r.ExchangeCode, ExpiryDate: r.ExpiryDate, ProductType: r.ProductType, Right: r.Right, StrikePrice: r.StrikePrice}.Code()
}

// Code reads what a request is about; Token is empty, and so are Strike and Right where the request leaves them out. The
// product may be missing: then the exchange and the other fields tell it.
func (r ContractRequest) Code() (Code, error) {
	exchange, ok := ParseExchangeCode(r.ExchangeCode)
	right, ok2 := ParseRight(r.Right)
	expiry, err := ParseDate(r.ExpiryDate)
	if !ok || !ok2 || err != nil || r.StockCode == "" {
		return Code{}, ErrRequest
	}
	c := Code{StockCode: r.StockCode, ExchangeCode: exchange, Expiry: expiry, Right: right}
	if r.StrikePrice != "" {
		if c.Strike, ok = parseDecimal(string(r.StrikePrice)); !ok || c.Strike < 0 {
			return Code{}, ErrRequest
		}
	}
	if c.Product, ok = ParseProduct(r.ProductType); !ok && r.ProductType != "" {
		return Code{}, ErrRequest
	}
	if c.Product == "" {
		c.Product = guessProduct(c)
	}
	if c.Product == Cash {
		c.Expiry, c.Strike, c.Right = 0, 0, instrument.NoRight
	}
	return c, nil
}

func guessProduct(c Code) Product {
	switch {
	case c.ExchangeCode == NSE || c.ExchangeCode == BSE:
		return Cash
	case c.Strike != 0 || c.Right != instrument.NoRight:
		return Options
	default:
		return Futures
	}
}
