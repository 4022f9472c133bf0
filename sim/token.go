package sim

import (
	"strconv"
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// Derivatives have tokens of twelve digits: 100 + row (3), expiry in days since 2020-01-01 (4), strike in steps (4), and
// 0 future, 1 call, 2 put (1). ICICI's cash tokens have at most seven, so they never meet.
const (
	tokenLen   = 12
	tokenRow   = 1_000_000_000
	tokenDate  = 100_000
	tokenSteps = 10
	tokenFirst = 100
)

var tokenEpoch = calendar.NewDate(2020, time.January, 1)

// Token is the instrument's token on the wire: ICICI's own for shares and indices, made by rule for derivatives.
func (m *Market) Token(c Contract) string {
	u := &m.rows[c.Row]
	if !c.IsDerivative() {
		if c.Exchange != u.Exchange {
			return u.BSEToken
		}
		return u.Token
	}
	n := int64(tokenFirst+c.Row)*tokenRow + int64(c.Expiry-tokenEpoch)*tokenDate + int64(c.Right)
	if c.Kind == instrument.Option {
		n += int64(c.Strike/u.StrikeStep) * tokenSteps
	}
	return strconv.FormatInt(n, 10)
}

// ByToken finds the contract of a token among what an exchange lists on date, cash first.
func (m *Market) ByToken(exchange calendar.Exchange, token string, date calendar.Date) (Contract, bool) {
	if c, ok := m.byToken[cashToken{exchange, token}]; ok {
		return c, true
	}
	n, err := strconv.ParseInt(token, 10, 64)
	if err != nil || len(token) != tokenLen {
		return Contract{}, false
	}
	c := Contract{Row: int(n/tokenRow) - tokenFirst, Exchange: exchange, Kind: instrument.Future, Right: instrument.Right(n % tokenSteps)}
	if c.Row < 0 || c.Row >= len(m.rows) || c.Right > instrument.Put {
		return Contract{}, false
	}
	c.Expiry = tokenEpoch + calendar.Date(n%tokenRow/tokenDate)
	steps := n % tokenDate / tokenSteps
	if c.Right != instrument.NoRight {
		c.Kind, c.Strike = instrument.Option, money.Price(steps)*m.rows[c.Row].StrikeStep
	} else if steps != 0 {
		return Contract{}, false
	}
	return c, m.IsListed(c, date)
}

// ByStockCode finds the row with ICICI's stock code.
func (m *Market) ByStockCode(code string) (row int, ok bool) {
	row, ok = m.byStockCode[code]
	return row, ok
}

// BySymbol finds the row with the exchange's symbol.
func (m *Market) BySymbol(symbol string) (row int, ok bool) {
	row, ok = m.bySymbol[symbol]
	return row, ok
}

// Row returns a row of the table; the value is shared and must not be changed.
func (m *Market) Row(row int) *Underlying { return &m.rows[row] }

// Cash returns the index or share of a row at an exchange; false when it is not listed there.
func (m *Market) Cash(row int, exchange calendar.Exchange) (Contract, bool) {
	for _, c := range m.cash(row) {
		if c.Exchange == exchange {
			return c, true
		}
	}
	return Contract{}, false
}

type cashToken struct {
	exchange calendar.Exchange
	token    string
}

// index fills the look-up tables.
func (m *Market) index() {
	m.bySymbol, m.byStockCode, m.byToken = map[string]int{}, map[string]int{}, map[cashToken]Contract{}
	for i := range m.rows {
		m.bySymbol[m.rows[i].Symbol] = i
		m.byStockCode[m.rows[i].StockCode] = i
		for _, c := range m.cash(i) {
			m.byToken[cashToken{c.Exchange, m.Token(c)}] = c
		}
	}
	m.vixRow = m.bySymbol["INDIAVIX"]
}
