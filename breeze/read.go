package breeze

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/secret"
)

// CustomerDetails exchanges an API session for what the broker knows of the user, without the token.
func (c *Client) CustomerDetails(ctx context.Context, apiSession secret.Text) (breezewire.Customer, error) {
	customer, err := c.customer(ctx, apiSession)
	customer.SessionToken = ""
	return customer, err
}

// Exchanged is what an API session is worth.
type Exchanged struct {
	// Token is the session of the day.
	Token Token
	// Identity is the broker's name of the user (idirect_userid): the connection is pinned to it.
	Identity secret.Text
}

// Exchange turns the API session that a login gave into the token of the day and says whose it is. It does not store it:
// see SetToken. The broker takes an API session again within its day (1.5), so this is also how a token is renewed
// without password or code. Refusals: ErrNoSessionToken whenever the broker answered and gave none, with ErrSession beside
// it when it called the session invalid; ErrKey; ErrGarbled when token and user do not belong together.
func (c *Client) Exchange(ctx context.Context, apiSession secret.Text) (Exchanged, error) {
	customer, err := c.customer(ctx, apiSession)
	switch {
	case errors.Is(err, ErrSession), errors.Is(err, error(breezewire.FaultOther)):
		return Exchanged{}, fmt.Errorf("breeze: exchanging the session: %w", errors.Join(ErrNoSessionToken, err))
	case err != nil:
		return Exchanged{}, err
	case customer.SessionToken == "":
		return Exchanged{}, fmt.Errorf("breeze: exchanging the session: %w", ErrNoSessionToken)
	}
	token, err := NewToken(secret.New(string(customer.SessionToken)))
	if err != nil {
		return Exchanged{}, fmt.Errorf("breeze: exchanging the session: %w", errors.Join(ErrGarbled, err))
	}
	if customer.UserID != "" && !strings.EqualFold(string(customer.UserID), token.session.User) {
		return Exchanged{}, fmt.Errorf("breeze: exchanging the session: the token is another user's: %w", ErrGarbled)
	}
	return Exchanged{Token: token, Identity: secret.New(token.session.User)}, nil
}

// Probe proves that the session of the day is accepted, by one call that only reads. It asks for funds: of the calls on
// the wall it is the only signed one without parameters whose answer is small and of fixed size, so neither a contract nor
// the account's contents can make it fail; the answer is dropped unread. customerdetails would not do, since it is unsigned
// and proves the API session only. ErrSession or ErrChecksum when the session is refused, ErrNoToken when there is none.
func (c *Client) Probe(ctx context.Context) error {
	if _, err := c.signed(ctx, "funds", struct{}{}, reserved); err != nil {
		return fmt.Errorf("breeze: probing the session: %w", err)
	}
	return nil
}

func (c *Client) customer(ctx context.Context, apiSession secret.Text) (breezewire.Customer, error) {
	body, err := breezewire.Marshal(breezewire.CustomerRequest{SessionToken: breezewire.Text(apiSession.Reveal()), AppKey: breezewire.Text(c.options.AppKey.Reveal())})
	if err != nil {
		return breezewire.Customer{}, err
	}
	success, err := c.send(ctx, c.options.Hosts.API+pathV1+"customerdetails", body, http.Header{}, reserved)
	if err != nil {
		var refused *breezewire.Refused
		if errors.As(err, &refused) {
			m := &mask{}
			m.hide(apiSession)
			refused.Text = m.line(refused.Text)
		}
		return breezewire.Customer{}, err
	}
	var customer breezewire.Customer
	if len(success) > 0 && json.Unmarshal(success, &customer) != nil {
		return breezewire.Customer{}, fmt.Errorf("breeze: customer details: %w", ErrGarbled)
	}
	return customer, nil
}

func (c *Client) code(id instrument.ID) (breezewire.Code, error) {
	codes := c.options.Codes()
	if codes == nil {
		return breezewire.Code{}, ErrNoCode
	}
	code, ok := codes.Code(id)
	if !ok {
		return breezewire.Code{}, fmt.Errorf("breeze: instrument %d: %w", id, ErrNoCode)
	}
	return code, nil
}

// Quote fetches the quote of one instrument now. ErrNoData when the broker has none.
func (c *Client) Quote(ctx context.Context, id instrument.ID) (market.Quote, error) {
	code, err := c.code(id)
	if err != nil {
		return market.Quote{}, err
	}
	success, err := c.signed(ctx, "quotes", breezewire.NewContractRequest(code), ordinary)
	if err != nil {
		return market.Quote{}, fmt.Errorf("breeze: fetching a quote of %d: %w", id, err)
	}
	rows, err := breezewire.DecodeRows[breezewire.QuoteRow](success)
	if err != nil {
		return market.Quote{}, err
	}
	// For a share the broker answers one row per exchange; only the one asked for is ours.
	for i := range rows {
		if exchange, ok := breezewire.ParseExchangeCode(rows[i].ExchangeCode); !ok || exchange != code.ExchangeCode {
			continue
		}
		q, err := rows[i].Quote()
		if err != nil {
			return market.Quote{}, fmt.Errorf("breeze: quote of %d: %w", id, ErrGarbled)
		}
		q.Instrument, q.ReceivedAt = id, c.now()
		return q, nil
	}
	return market.Quote{}, fmt.Errorf("breeze: quote of %d: %w", id, ErrNoData)
}

// OptionChain fetches one side of a chain, or all futures of an underlying when right is NoRight: the quotes of the
// contracts that we know, in the broker's order. underlying is the share or index. exchange is NFO or BFO.
func (c *Client) OptionChain(ctx context.Context, side ChainSide) ([]market.Quote, error) {
	code, err := c.code(side.Underlying)
	if err != nil {
		return nil, err
	}
	ask := breezewire.Code{StockCode: code.StockCode, ExchangeCode: breezewire.NFO, Product: breezewire.Options, Expiry: side.Expiry, Right: side.Right}
	if code.ExchangeCode == breezewire.BSE {
		ask.ExchangeCode = breezewire.BFO
	}
	if side.Right == instrument.NoRight {
		ask.Product = breezewire.Futures
	}
	success, err := c.signed(ctx, "optionchain", breezewire.NewContractRequest(ask), ordinary)
	if err != nil {
		return nil, fmt.Errorf("breeze: fetching a chain of %d: %w", side.Underlying, err)
	}
	rows, err := breezewire.DecodeRows[breezewire.ChainRow](success)
	if err != nil {
		return nil, err
	}
	return c.chainQuotes(rows), nil
}

// ChainSide says which part of a chain is asked for.
type ChainSide struct {
	Underlying instrument.ID
	Expiry     calendar.Date
	Right      instrument.Right
}

// chainQuotes leaves out the rows that cannot be read or whose contract we do not have.
func (c *Client) chainQuotes(rows []breezewire.ChainRow) []market.Quote {
	codes, now := c.options.Codes(), c.now()
	quotes := make([]market.Quote, 0, len(rows))
	for i := range rows {
		code, err := rows[i].Code()
		if err != nil {
			continue
		}
		id, ok := codes.ByCode(code)
		q, err := rows[i].Quote()
		if !ok || err != nil {
			continue
		}
		q.Instrument, q.ReceivedAt = id, now
		quotes = append(quotes, q)
	}
	return quotes
}

// pageMax is how many requests one history call may make: 60,000 candles.
const pageMax = 60

// History fetches candles of v2 whose start lies in span, oldest first, in as many requests of at most 1,000 candles as
// that takes. Missing candles are missing, not invented. ErrSpan beyond 60 requests.
func (c *Client) History(ctx context.Context, id instrument.ID, interval market.Interval, span breezewire.Span) ([]market.Candle, error) {
	code, err := c.code(id)
	if err != nil {
		return nil, err
	}
	return pages(interval, span, func(page breezewire.Span) ([]market.Candle, error) {
		success, err := c.v2(ctx, breezewire.NewHistoryRequest(code, interval, page).Query())
		if err != nil {
			return nil, fmt.Errorf("breeze: fetching candles of %d: %w", id, err)
		}
		rows, err := breezewire.DecodeRows[breezewire.RowV2](success)
		if err != nil {
			return nil, err
		}
		return candlesOf(len(rows), func(i int) (market.Candle, error) { return rows[i].Candle() }), nil
	})
}

// HistoryV1 is History by the older service. It serves no seconds; it differs from v2 in price and volume.
func (c *Client) HistoryV1(ctx context.Context, id instrument.ID, interval market.Interval, span breezewire.Span) ([]market.Candle, error) {
	code, err := c.code(id)
	if err != nil {
		return nil, err
	}
	word := breezewire.IntervalV1(interval)
	if word == "" {
		return nil, ErrSpan
	}
	return pages(interval, span, func(page breezewire.Span) ([]market.Candle, error) {
		request := breezewire.NewHistoryRequest(code, interval, page)
		request.Interval = word
		success, err := c.signed(ctx, "historicalcharts", request, ordinary)
		if err != nil {
			return nil, fmt.Errorf("breeze: fetching candles of %d: %w", id, err)
		}
		rows, err := breezewire.DecodeRows[breezewire.RowV1](success)
		if err != nil {
			return nil, err
		}
		return candlesOf(len(rows), func(i int) (market.Candle, error) { return rows[i].Candle() }), nil
	})
}

// candlesOf keeps the rows that are candles.
func candlesOf(n int, row func(int) (market.Candle, error)) []market.Candle {
	candles := make([]market.Candle, 0, n)
	for i := range n {
		if candle, err := row(i); err == nil {
			candles = append(candles, candle)
		}
	}
	return candles
}

// pages cuts span into requests, fetches them in order and returns their candles sorted, each start once.
func pages(interval market.Interval, span breezewire.Span, fetch func(breezewire.Span) ([]market.Candle, error)) ([]market.Candle, error) {
	step := breezewire.Length(interval)
	width := (breezewire.CandleMax - 1) * step
	if step == 0 || span.To < span.From || (span.To-span.From)/(width+step) >= pageMax {
		return nil, ErrSpan
	}
	var all []market.Candle
	for from := span.From; from <= span.To; from += width + step {
		candles, err := fetch(breezewire.Span{From: from, To: min(from+width, span.To)})
		if err != nil && !errors.Is(err, ErrNoData) {
			return nil, err
		}
		all = append(all, candles...)
	}
	all = slices.DeleteFunc(all, func(k market.Candle) bool { return k.Start < span.From || k.Start > span.To })
	slices.SortStableFunc(all, func(a, b market.Candle) int { return cmp.Compare(a.Start, b.Start) })
	return slices.CompactFunc(all, func(a, b market.Candle) bool { return a.Start == b.Start }), nil
}

// masterMax is the largest security master we download; today's is about 4 MB.
const masterMax = 64 << 20

// SecurityMaster downloads the day's zip into w and returns its length. It needs no session and spends no budget. A
// download that breaks off, is no zip or is too large fails; what w received by then is not to be used.
func (c *Client) SecurityMaster(ctx context.Context, w io.Writer) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.options.Hosts.Master+pathMaster, nil)
	if err != nil {
		return 0, errors.New("breeze: the host is not a URL")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, networkError(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("breeze: security master: HTTP %d: %w", response.StatusCode, ErrUnavailable)
	}
	magic := make([]byte, 4)
	if _, err := io.ReadFull(response.Body, magic); err != nil || string(magic) != "PK\x03\x04" {
		return 0, fmt.Errorf("breeze: security master is no zip: %w", ErrOutage)
	}
	if _, err := w.Write(magic); err != nil {
		return 0, fmt.Errorf("breeze: storing the security master: %w", err)
	}
	n, err := io.Copy(w, io.LimitReader(response.Body, masterMax+1))
	switch {
	case err != nil:
		return n, fmt.Errorf("breeze: security master broke off: %w", errors.Join(ErrUnavailable, err))
	case n+4 > masterMax:
		return n, fmt.Errorf("breeze: security master is larger than %d bytes: %w", masterMax, ErrGarbled)
	default:
		return n + 4, nil
	}
}
