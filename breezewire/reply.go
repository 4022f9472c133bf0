package breezewire

import (
	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
)

// QuoteRow is one row of quotes (2.14); prices are JSON numbers, sizes and the spot price strings.
type QuoteRow struct {
	ExchangeCode     string      `json:"exchange_code"`
	ProductType      string      `json:"product_type"`
	StockCode        string      `json:"stock_code"`
	ExpiryDate       *string     `json:"expiry_date"`
	Right            *string     `json:"right"`
	StrikePrice      Decimal     `json:"strike_price"`
	LTP              Decimal     `json:"ltp"`
	LTT              Text        `json:"ltt"`
	BestBidPrice     Decimal     `json:"best_bid_price"`
	BestBidQuantity  CountText   `json:"best_bid_quantity"`
	BestOfferPrice   Decimal     `json:"best_offer_price"`
	BestOfferQty     CountText   `json:"best_offer_quantity"`
	Open             Decimal     `json:"open"`
	High             Decimal     `json:"high"`
	Low              Decimal     `json:"low"`
	PreviousClose    Decimal     `json:"previous_close"`
	LTPPercentChange Decimal     `json:"ltp_percent_change"`
	UpperCircuit     Decimal     `json:"upper_circuit"`
	LowerCircuit     Decimal     `json:"lower_circuit"`
	TotalTraded      CountText   `json:"total_quantity_traded"`
	SpotPrice        DecimalText `json:"spot_price"`
}

// ChainRow is one row of optionchain (2.15): a quote row with sizes and open interest.
type ChainRow struct {
	QuoteRow
	LTQ          CountText `json:"ltq"`
	OpenInterest Decimal   `json:"open_interest"`
	// OIChange is spelled chnge_oi on the wire.
	OIChange     Decimal   `json:"chnge_oi"`
	TotalBuyQty  CountText `json:"total_buy_qty"`
	TotalSellQty CountText `json:"total_sell_qty"`
}

// NewQuoteRow lays a quote out as quotes sends it; spot is the underlying's last price, 0 when there is none.
func NewQuoteRow(code Code, q *market.Quote, spot money.Price) QuoteRow {
	row := QuoteRow{
		ExchangeCode: string(code.ExchangeCode), ProductType: replyProduct(code.Product), StockCode: code.StockCode,
		StrikePrice: Decimal(code.Strike), LTP: Decimal(q.Last), LTT: Text(FormatTime(q.At)),
		BestBidPrice: Decimal(q.Bid), BestBidQuantity: CountText(q.BidQty), BestOfferPrice: Decimal(q.Ask), BestOfferQty: CountText(q.AskQty),
		Open: Decimal(q.Open), High: Decimal(q.High), Low: Decimal(q.Low), PreviousClose: Decimal(q.PrevClose),
		LTPPercentChange: Decimal(changePercent(q.Last, q.PrevClose)), UpperCircuit: Decimal(q.UpperCircuit), LowerCircuit: Decimal(q.LowerCircuit),
		TotalTraded: CountText(q.Volume), SpotPrice: DecimalText(spot),
	}
	if code.Product != Cash {
		expiry, right := FormatDate(code.Expiry), replyRight(code.Right)
		row.ExpiryDate, row.Right = &expiry, &right
	}
	return row
}

// NewChainRow lays a quote out as optionchain sends it.
func NewChainRow(code Code, q *market.Quote, spot money.Price) ChainRow {
	return ChainRow{
		QuoteRow: NewQuoteRow(code, q, spot), LTQ: CountText(q.LastQty),
		OpenInterest: Decimal(int64(q.OI) * money.PriceScale), OIChange: Decimal(int64(q.OIChange) * money.PriceScale),
		TotalBuyQty: CountText(q.TotalBid), TotalSellQty: CountText(q.TotalAsk),
	}
}

// replyProduct is the spelling of replies: "Future" and "Options" differ from requests (2.14).
func replyProduct(p Product) string {
	switch p {
	case Futures:
		return "Future"
	case Options:
		return "Options"
	case Cash:
		return "Cash"
	default:
		return ""
	}
}

func replyRight(r instrument.Right) string {
	switch r {
	case instrument.Call:
		return "Call"
	case instrument.Put:
		return "Put"
	case instrument.NoRight:
		return "*"
	default:
		return "*"
	}
}

// Code reads which contract a row is about; Token is empty.
func (r *QuoteRow) Code() (Code, error) {
	c := ContractRequest{StockCode: string(r.StockCode), ExchangeCode: r.ExchangeCode, ProductType: r.ProductType}
	if r.ExpiryDate != nil {
		c.ExpiryDate = *r.ExpiryDate
	}
	if r.Right != nil {
		c.Right = *r.Right
	}
	code, err := c.Code()
	if code.Product == Options {
		code.Strike = money.Price(r.StrikePrice)
	}
	return code, err
}

// Quote returns what the row says of the market, without an instrument. It fails when the time cannot be read.
func (r *QuoteRow) Quote() (market.Quote, error) {
	at, err := ParseTime(string(r.LTT))
	return market.Quote{
		At: at, Bid: money.Price(r.BestBidPrice), BidQty: money.Qty(r.BestBidQuantity), Ask: money.Price(r.BestOfferPrice), AskQty: money.Qty(r.BestOfferQty),
		Last: money.Price(r.LTP), Open: money.Price(r.Open), High: money.Price(r.High), Low: money.Price(r.Low), PrevClose: money.Price(r.PreviousClose),
		LowerCircuit: money.Price(r.LowerCircuit), UpperCircuit: money.Price(r.UpperCircuit), Volume: money.Qty(r.TotalTraded),
	}, err
}

// Quote returns what the row says of the market, with sizes and open interest.
func (r *ChainRow) Quote() (market.Quote, error) {
	q, err := r.QuoteRow.Quote()
	q.LastQty, q.TotalBid, q.TotalAsk = money.Qty(r.LTQ), money.Qty(r.TotalBuyQty), money.Qty(r.TotalSellQty)
	q.OI, q.OIChange = money.Qty(r.OpenInterest/money.PriceScale), money.Qty(r.OIChange/money.PriceScale)
	return q, err
}

// Customer is the reply of customerdetails (2.2).
type Customer struct {
	TradeDates   map[string]string `json:"exg_trade_date"`
	Status       map[string]string `json:"exg_status"`
	Segments     map[string]string `json:"segments_allowed"`
	UserID       Text              `json:"idirect_userid"`
	SessionToken Text              `json:"session_token,omitempty"`
	UserName     Text              `json:"idirect_user_name"`
	OrderType    Text              `json:"idirect_ORD_TYP"`
	LastLogin    Text              `json:"idirect_lastlogin_time"`
	HoldingPopup Text              `json:"mf_holding_mode_popup_flg"`
	MCXStatus    Text              `json:"commodity_exchange_status"`
	MCXDate      Text              `json:"commodity_trade_date"`
	MCXAllowed   Text              `json:"commodity_allowed"`
}

// Funds is the reply of GET funds (2.4): numbers, but for the last, which is a string.
type Funds struct {
	BankAccount        Text        `json:"bank_account"`
	TotalBankBalance   Decimal     `json:"total_bank_balance"`
	AllocatedEquity    Decimal     `json:"allocated_equity"`
	AllocatedFNO       Decimal     `json:"allocated_fno"`
	AllocatedCommodity Decimal     `json:"allocated_commodity"`
	AllocatedCurrency  Decimal     `json:"allocated_currency"`
	BlockedEquity      Decimal     `json:"block_by_trade_equity"`
	BlockedFNO         Decimal     `json:"block_by_trade_fno"`
	BlockedCommodity   Decimal     `json:"block_by_trade_commodity"`
	BlockedCurrency    Decimal     `json:"block_by_trade_currency"`
	BlockedBalance     Decimal     `json:"block_by_trade_balance"`
	UnallocatedBalance DecimalText `json:"unallocated_balance"`
}

// DematHolding is one row of dematholdings (2.3).
type DematHolding struct {
	StockCode string    `json:"stock_code"`
	ISIN      string    `json:"stock_ISIN"`
	Quantity  CountText `json:"quantity"`
	Bulk      CountText `json:"demat_total_bulk_quantity"`
	Available CountText `json:"demat_avail_quantity"`
	Blocked   CountText `json:"blocked_quantity"`
	Allocated CountText `json:"demat_allocated_quantity"`
}

// barTime reads a candle's stamp.
func barTime(s Text) (calendar.Instant, error) {
	at, err := ParseTime(string(s))
	if err == nil && at == 0 {
		err = ErrCandle
	}
	return at, err
}
