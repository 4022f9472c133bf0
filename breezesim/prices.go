package breezesim

import (
	"encoding/json"
	"net/http"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/sim"
)

// contract finds what a request names; false when the market has no such contract on date.
func (s *Server) contract(code breezewire.Code, date calendar.Date) (sim.Contract, bool) {
	row, ok := s.market.ByStockCode(code.StockCode)
	exchange, segment := code.ExchangeCode.Board()
	if !ok || exchange == 0 {
		return sim.Contract{}, false
	}
	if code.Product == breezewire.Cash {
		c, ok := s.market.Cash(row, exchange)
		return c, ok && segment == calendar.Equity
	}
	c := sim.Contract{Row: row, Exchange: exchange, Kind: instrument.Future, Expiry: code.Expiry}
	if code.Product == breezewire.Options {
		c.Kind, c.Right, c.Strike = instrument.Option, code.Right, code.Strike
		if c.Right == instrument.NoRight || c.Strike == 0 {
			return sim.Contract{}, false
		}
	}
	return c, segment == calendar.FNO && s.market.IsListed(c, date)
}

// codeOf is how the wire names a contract.
func codeOf(m *sim.Market, c sim.Contract) breezewire.Code {
	code := breezewire.Code{StockCode: m.Underlying(c).StockCode, Product: breezewire.Cash, Expiry: c.Expiry, Strike: c.Strike, Right: c.Right, Token: m.Token(c)}
	segment := calendar.Equity
	switch c.Kind {
	case instrument.Future:
		code.Product, segment = breezewire.Futures, calendar.FNO
	case instrument.Option:
		code.Product, segment = breezewire.Options, calendar.FNO
	case instrument.Equity, instrument.Index:
	}
	code.ExchangeCode = breezewire.ExchangeCodeOf(c.Exchange, segment)
	return code
}

// quote answers quotes (2.14): one row, for shares one per exchange, NSE first.
func (s *Server) quote(body []byte) *answer {
	var q breezewire.ContractRequest
	if json.Unmarshal(body, &q) != nil {
		return failure(textMalformed)
	}
	code, err := q.Code()
	now := s.faults.time(s.now())
	c, ok := s.contract(code, now.Date())
	if err != nil || !ok || s.hasExpired(c, now) {
		return failure(breezewire.TextNoData)
	}
	all := []sim.Contract{c}
	if code.Product == breezewire.Cash {
		all = s.everywhere(c)
	}
	rows := []breezewire.QuoteRow{}
	for _, c := range all {
		if quote, ok := s.market.Quote(c, now); ok {
			rows = append(rows, breezewire.NewQuoteRow(codeOf(s.market, c), &quote, s.spot(c, now)))
		}
	}
	if len(rows) == 0 {
		return failure(breezewire.TextNoData)
	}
	return success(rows)
}

// everywhere returns the share c at each exchange, NSE first.
func (s *Server) everywhere(c sim.Contract) (all []sim.Contract) {
	for _, exchange := range []calendar.Exchange{calendar.NSE, calendar.BSE} {
		if c, ok := s.market.Cash(c.Row, exchange); ok {
			all = append(all, c)
		}
	}
	return all
}

// hasExpired reports whether c expired on an earlier day; on its last day it is still served.
func (s *Server) hasExpired(c sim.Contract, now calendar.Instant) bool {
	return c.IsDerivative() && c.Expiry < now.Date()
}

// spot is the underlying's last price; 0 for what is no derivative.
func (s *Server) spot(c sim.Contract, now calendar.Instant) money.Price {
	if !c.IsDerivative() {
		return 0
	}
	under, ok := s.market.Cash(c.Row, s.market.Underlying(c).Exchange)
	if !ok {
		return 0
	}
	q, _ := s.market.Quote(under, now)
	return q.Last
}

// chain answers optionchain (2.15): all strikes of one side, or one strike of both, or every future.
func (s *Server) chain(body []byte) *answer {
	var q breezewire.ContractRequest
	if json.Unmarshal(body, &q) != nil {
		return failure(textMalformed)
	}
	code, err := q.Code()
	row, ok := s.market.ByStockCode(code.StockCode)
	exchange, segment := code.ExchangeCode.Board()
	if err != nil || !ok || segment != calendar.FNO || !hasEnough(code) {
		return failure(breezewire.TextNoData)
	}
	now := s.faults.time(s.now())
	rows := []breezewire.ChainRow{}
	for _, c := range s.market.Derivatives(row, now.Date()) {
		if c.Exchange != exchange || !matches(c, code) {
			continue
		}
		if quote, ok := s.market.Quote(c, now); ok {
			rows = append(rows, breezewire.NewChainRow(codeOf(s.market, c), &quote, s.spot(c, now)))
		}
	}
	if len(rows) == 0 {
		return failure(breezewire.TextNoData)
	}
	return success(rows)
}

// hasEnough wants, for options, two of expiry, right and strike (2.15).
func hasEnough(code breezewire.Code) bool {
	if code.Product == breezewire.Futures {
		return true
	}
	given := 0
	for _, is := range []bool{code.Expiry != 0, code.Right != instrument.NoRight, code.Strike != 0} {
		if is {
			given++
		}
	}
	return code.Product == breezewire.Options && given >= 2
}

func matches(c sim.Contract, code breezewire.Code) bool {
	if (c.Kind == instrument.Option) != (code.Product == breezewire.Options) || (code.Expiry != 0 && c.Expiry != code.Expiry) {
		return false
	}
	if c.Kind == instrument.Future {
		return true
	}
	return (code.Right == instrument.NoRight || c.Right == code.Right) && (code.Strike == 0 || c.Strike == code.Strike)
}

// historyV1 answers historicalcharts v1 (2.5).
func (s *Server) historyV1(body []byte) *answer {
	var q breezewire.HistoryRequest
	if json.Unmarshal(body, &q) != nil {
		return failure(textMalformed)
	}
	code, candles, refused := s.history(q)
	if refused != nil {
		return refused
	}
	rows := make([]breezewire.RowV1, len(candles))
	for i, c := range candles {
		rows[i] = breezewire.NewRowV1(code, c)
	}
	return success(rows)
}

// serveV2 answers historicalcharts v2 (1.4, 2.6).
func (s *Server) serveV2(w http.ResponseWriter, r *http.Request) {
	if s.meet(w, r, r.Header.Get(breezewire.HeaderKeyV2)) {
		return
	}
	if refused := s.checkV2(r); refused != nil {
		reply(w, refused)
		return
	}
	code, candles, refused := s.history(breezewire.HistoryFromQuery(r.URL.Query()))
	if refused != nil {
		reply(w, refused)
		return
	}
	rows := make([]breezewire.RowV2, len(candles))
	for i, c := range candles {
		rows[i] = breezewire.NewRowV2(code, c)
	}
	reply(w, success(rows))
}

// history is what both versions serve: at most CandleMax candles, the earliest ones; none for an unknown contract.
func (s *Server) history(q breezewire.HistoryRequest) (breezewire.Code, []market.Candle, *answer) {
	interval, ok := breezewire.ParseInterval(q.Interval)
	span, errSpan := q.Span()
	code, errCode := q.Code()
	if !ok || errSpan != nil || errCode != nil {
		return code, nil, failure(textMalformed)
	}
	now := s.faults.time(s.now())
	c, ok := s.contract(code, now.Date())
	if !ok || !s.isServed(span, now) {
		return code, nil, nil
	}
	return code, s.market.Candles(c, sim.Range{Interval: interval, From: span.From, To: span.To, Now: now, Max: breezewire.CandleMax}), nil
}

// historyDays is how far back history goes.
const historyDays = 3 * 366

// isServed bounds the days a request makes us look at.
func (s *Server) isServed(span breezewire.Span, now calendar.Instant) bool {
	return span.To >= span.From && span.From <= now && span.From.Date() >= now.Date().Add(-historyDays)
}
