package risk

import (
	"strconv"
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
)

// ValueMax is the largest value of one order and the largest single payment: ₹1 lakh crore. It is ours, not a rule of a
// market: far above any order, far below what would overflow.
const ValueMax money.Paise = 100_000_000_000_000

// Ask is an order as it is checked, with what the engine knows around it.
type Ask struct {
	Order      *order.Place
	Instrument *instrument.Instrument
	// Phase, PhaseReason and TradingDate are those of the instrument's board.
	Phase       calendar.Phase
	PhaseReason string
	TradingDate calendar.Date
	// NextOpen is when the board opens next, 0 when unknown.
	NextOpen calendar.Instant
	// IsSquaredOff: the day's cut-off for intraday positions has been. IsExpired: the contract has stopped trading.
	IsSquaredOff, IsExpired bool
	IsFeedAlive             bool
	// LowerCircuit and UpperCircuit are the day's limits, 0 where not known.
	LowerCircuit, UpperCircuit money.Price
	// Limit is the price the order would work at: its own, or the aggressive limit of a market order (0: none could be made).
	Limit money.Price
}

// Check makes the checks that need no money, in documented order (product.md 2.10 rule 2): the order's own fields,
// session, instrument, product and series, tick, lot, freeze, feed, circuit, value.
func Check(a Ask) Denial {
	for _, check := range [...]func(*Ask) Denial{checkFields, checkSession, checkProduct, checkTerms, checkPrices, checkValue} {
		if d := check(&a); d.IsDenied() {
			return d
		}
	}
	return Denial{}
}

// checkFields makes the checks of an order that need nothing but the order.
func checkFields(a *Ask) Denial {
	o := a.Order
	switch {
	case o.Side != order.Buy && o.Side != order.Sell:
		return Deny(OrderInvalid, "field", "side")
	case o.Product < order.CNC || o.Product > order.NRML:
		return Deny(OrderInvalid, "field", "product")
	case o.Type != order.Market && o.Type != order.Limit:
		return Deny(OrderInvalid, "field", "type")
	case o.Validity != order.Day && o.Validity != order.IOC:
		return Deny(OrderInvalid, "field", "validity")
	case o.Qty <= 0:
		return Deny(QtyInvalid, "qty", strconv.FormatInt(int64(o.Qty), 10))
	case (o.Type == order.Limit) != (o.LimitPrice > 0) || o.LimitPrice < 0:
		return Deny(PriceInvalid, "price", o.LimitPrice.String())
	default:
		return Denial{}
	}
}

func checkSession(a *Ask) Denial {
	if a.Phase == calendar.Open {
		return Denial{}
	}
	pairs := []string{"phase", a.Phase.String()}
	if a.PhaseReason != "" {
		pairs = append(pairs, "reason", a.PhaseReason)
	}
	if a.NextOpen != 0 {
		pairs = append(pairs, "next_open", a.NextOpen.IST().Format(time.RFC3339))
	}
	return Deny(MarketClosed, pairs...)
}

func checkProduct(a *Ask) Denial {
	i := a.Instrument
	switch {
	case !i.IsOrderable():
		return Deny(InstrumentNotOrderable)
	case a.IsExpired || (i.Expiry != 0 && i.Expiry < a.TradingDate):
		return Deny(ContractExpired, "expiry", i.Expiry.String())
	}
	allowed := Products(i)
	for _, p := range allowed {
		if p == a.Order.Product {
			if p == order.MIS && a.IsSquaredOff {
				return Deny(IntradayClosed)
			}
			return Denial{}
		}
	}
	words := ""
	for n, p := range allowed {
		if n > 0 {
			words += " "
		}
		words += productWord(p)
	}
	return Deny(ProductNotAllowed, "product", productWord(a.Order.Product), "allowed", words)
}

// Products lists the products an instrument can be ordered with, the usual one first; nil for an index. Shares: CNC and
// MIS (not in barred series); derivatives: NRML and MIS.
func Products(i *instrument.Instrument) []order.Product {
	switch i.Kind {
	case instrument.Equity:
		if i.Terms.IsIntradayBarred {
			return []order.Product{order.CNC}
		}
		return []order.Product{order.CNC, order.MIS}
	case instrument.Future, instrument.Option:
		return []order.Product{order.NRML, order.MIS}
	case instrument.Index:
		return nil
	default:
		return nil
	}
}

func productWord(p order.Product) string {
	switch p {
	case order.CNC:
		return "CNC"
	case order.MIS:
		return "MIS"
	case order.NRML:
		return "NRML"
	default:
		return "?"
	}
}

func checkTerms(a *Ask) Denial {
	o, t := a.Order, &a.Instrument.Terms
	switch {
	case o.Type == order.Limit && !o.LimitPrice.OnTick(t.TickSize):
		return Deny(PriceOffTick, "price", o.LimitPrice.String(), "tick", t.TickSize.String())
	case t.LotSize <= 0 || o.Qty%t.LotSize != 0:
		return Deny(QtyNotLot, "qty", strconv.FormatInt(int64(o.Qty), 10), "lot", strconv.FormatInt(int64(t.LotSize), 10))
	case t.FreezeQty > 0 && o.Qty > t.FreezeQty:
		return Deny(QtyAboveFreeze, "qty", strconv.FormatInt(int64(o.Qty), 10), "freeze", strconv.FormatInt(int64(t.FreezeQty), 10))
	default:
		return Denial{}
	}
}

func checkPrices(a *Ask) Denial {
	if a.Order.Type == order.Market {
		switch {
		case !a.IsFeedAlive:
			return Deny(FeedStale)
		case a.Limit <= 0:
			return Deny(NoQuote)
		}
	}
	if a.Limit < a.LowerCircuit || (a.UpperCircuit > 0 && a.Limit > a.UpperCircuit) {
		return Deny(PriceOutsideCircuit, "price", a.Limit.String(), "low", a.LowerCircuit.String(), "high", a.UpperCircuit.String())
	}
	return Denial{}
}

func checkValue(a *Ask) Denial {
	value, err := money.Turnover(a.Limit, a.Order.Qty, a.Instrument.Terms.Multiplier, money.Up)
	if err != nil || value > ValueMax || value <= 0 {
		return Deny(ValueTooLarge, "max", ValueMax.String())
	}
	return Denial{}
}

// IsClientOrderID reports whether s is 8 to 64 of [A-Za-z0-9_-].
func IsClientOrderID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		isWord := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
		if !isWord {
			return false
		}
	}
	return true
}
