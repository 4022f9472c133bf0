package breezewire

import (
	"strings"

	"paperport/market"
	"paperport/money"
)

// RowV1 is one candle of historicalcharts v1 (2.5): numbers are strings, and what a share lacks is null.
type RowV1 struct {
	Datetime     Text        `json:"datetime"`
	StockCode    Text        `json:"stock_code"`
	ExchangeCode Text        `json:"exchange_code"`
	ProductType  *string     `json:"product_type"`
	ExpiryDate   *string     `json:"expiry_date"`
	Right        *string     `json:"right"`
	StrikePrice  *Text       `json:"strike_price"`
	Open         DecimalText `json:"open"`
	High         DecimalText `json:"high"`
	Low          DecimalText `json:"low"`
	Close        DecimalText `json:"close"`
	Volume       CountText   `json:"volume"`
	OpenInterest *CountText  `json:"open_interest"`
	Count        Count       `json:"count"`
}

// RowV2 is one candle of historicalcharts v2 (2.6): numbers are numbers, and what a share lacks is absent.
type RowV2 struct {
	Close        Decimal  `json:"close"`
	Datetime     Text     `json:"datetime"`
	ExchangeCode Text     `json:"exchange_code"`
	ExpiryDate   string   `json:"expiry_date,omitempty"`
	High         Decimal  `json:"high"`
	Low          Decimal  `json:"low"`
	Open         Decimal  `json:"open"`
	OpenInterest *Count   `json:"open_interest,omitempty"`
	ProductType  string   `json:"product_type,omitempty"`
	Right        string   `json:"right,omitempty"`
	StockCode    Text     `json:"stock_code"`
	StrikePrice  *Decimal `json:"strike_price,omitempty"`
	Volume       Count    `json:"volume"`
}

// CandleMax is the most candles one request of v2 gives (6.1).
const CandleMax = 1000

// NewRowV1 lays a candle out as v1 sends it.
func NewRowV1(code Code, c market.Candle) RowV1 {
	row := RowV1{
		Datetime: Text(c.Start.IST().Format(layoutBar)), StockCode: Text(code.StockCode), ExchangeCode: Text(code.ExchangeCode),
		Open: DecimalText(c.Open), High: DecimalText(c.High), Low: DecimalText(c.Low), Close: DecimalText(c.Close), Volume: CountText(c.Volume), Count: 6,
	}
	if code.Product == Cash {
		return row
	}
	product, expiry := historyProduct(code.Product), strings.ToUpper(dateTime(code.Expiry).Format(layoutShortDate))
	right, strike, oi := historyRight(code), Text(decimal(code.Strike)), CountText(c.OI)
	row.ProductType, row.ExpiryDate, row.Right, row.StrikePrice, row.OpenInterest = &product, &expiry, &right, &strike, &oi
	return row
}

// NewRowV2 lays a candle out as v2 sends it.
func NewRowV2(code Code, c market.Candle) RowV2 {
	row := RowV2{
		Datetime: Text(c.Start.IST().Format(layoutBar)), StockCode: Text(code.StockCode), ExchangeCode: Text(code.ExchangeCode),
		Open: Decimal(c.Open), High: Decimal(c.High), Low: Decimal(c.Low), Close: Decimal(c.Close), Volume: Count(c.Volume),
	}
	if code.Product == Cash {
		return row
	}
	oi := Count(c.OI)
	row.ProductType, row.ExpiryDate, row.OpenInterest = historyProduct(code.Product), strings.ToUpper(FormatDate(code.Expiry)), &oi
	if code.Product == Options {
		strike := Decimal(code.Strike)
		row.Right, row.StrikePrice = historyRight(code), &strike
	}
	return row
}

func historyProduct(p Product) string {
	if p == Futures {
		return "Futures"
	}
	return replyProduct(p)
}

func historyRight(code Code) string {
	if code.Product == Futures {
		return "Others"
	}
	return replyRight(code.Right)
}

// Candle returns the bar of a row; ErrCandle when it is not one: no time, a price that is not positive, or open and close
// outside high and low by more than the swap of the two (6.4 row 11 says v2's daily bars may swap them, which stays inside).
func (r *RowV1) Candle() (market.Candle, error) {
	c := market.Candle{Open: money.Price(r.Open), High: money.Price(r.High), Low: money.Price(r.Low), Close: money.Price(r.Close), Volume: money.Qty(r.Volume)}
	if r.OpenInterest != nil {
		c.OI = money.Qty(*r.OpenInterest)
	}
	return finishCandle(c, r.Datetime)
}

// Candle is RowV1.Candle for v2.
func (r *RowV2) Candle() (market.Candle, error) {
	c := market.Candle{Open: money.Price(r.Open), High: money.Price(r.High), Low: money.Price(r.Low), Close: money.Price(r.Close), Volume: money.Qty(r.Volume)}
	if r.OpenInterest != nil {
		c.OI = money.Qty(*r.OpenInterest)
	}
	return finishCandle(c, r.Datetime)
}

func finishCandle(c market.Candle, stamp Text) (market.Candle, error) {
	at, err := barTime(stamp)
	if err != nil || c.Low <= 0 || c.Volume < 0 || c.OI < 0 || !isWithin(c.Open, &c) || !isWithin(c.Close, &c) {
		return market.Candle{}, ErrCandle
	}
	c.Start = at
	return c, nil
}
