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
	// Last is the last traded price that a trigger is held against, 0 when none is known or the trigger stands already.
	Last money.Price
	// Reference is the mean of recent trades that limit price protection is held against, 0 when unknown.
	Reference money.Price
	// Tables are the dated rules of order entry; nil refuses nothing.
	Tables *Tables
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
	case o.Type < order.Market || o.Type > order.SLM:
		return Deny(OrderInvalid, "field", "type")
	case o.Validity < order.Day || o.Validity > order.Minutes:
		return Deny(OrderInvalid, "field", "validity")
	case o.Qty <= 0:
		return Deny(QtyInvalid, "qty", strconv.FormatInt(int64(o.Qty), 10))
	case o.Type.HasLimit() != (o.LimitPrice > 0) || o.LimitPrice < 0:
		return Deny(PriceInvalid, "price", o.LimitPrice.String())
	case o.Type.IsStop() != (o.TriggerPrice > 0) || o.TriggerPrice < 0:
		return Deny(TriggerInvalid, "trigger", o.TriggerPrice.String())
	case !isMinutes(o):
		return Deny(MinutesInvalid, "minutes", strconv.Itoa(int(o.Minutes)), "max", strconv.Itoa(order.MinutesMax))
	default:
		return Denial{}
	}
}

// isMinutes reports whether an order says how many minutes it works exactly when it is to.
func isMinutes(o *order.Place) bool {
	if o.Validity != order.Minutes {
		return o.Minutes == 0
	}
	return o.Minutes >= 1 && o.Minutes <= order.MinutesMax
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
			return checkStopMarket(a)
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

// checkStopMarket refuses a stop-market order where the exchange no longer takes them.
func checkStopMarket(a *Ask) Denial {
	if a.Order.Type != order.SLM {
		return Denial{}
	}
	if ban, isBanned := a.Tables.stopMarketBan(a.Instrument, a.TradingDate); isBanned {
		return Deny(StopMarketNotAllowed, "rule", ban.rule, "since", ban.from.String())
	}
	return Denial{}
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
	case o.Type.HasLimit() && !o.LimitPrice.OnTick(t.TickSize):
		return Deny(PriceOffTick, "price", o.LimitPrice.String(), "tick", t.TickSize.String())
	case o.Type.IsStop() && !o.TriggerPrice.OnTick(t.TickSize):
		return Deny(PriceOffTick, "price", o.TriggerPrice.String(), "tick", t.TickSize.String())
	case t.LotSize <= 0 || o.Qty%t.LotSize != 0:
		return Deny(QtyNotLot, "qty", strconv.FormatInt(int64(o.Qty), 10), "lot", strconv.FormatInt(int64(t.LotSize), 10))
	case t.FreezeQty > 0 && o.Qty > t.FreezeQty:
		return Deny(QtyAboveFreeze, "qty", strconv.FormatInt(int64(o.Qty), 10), "freeze", strconv.FormatInt(int64(t.FreezeQty), 10))
	case o.Type == order.SL && isBehind(o.Side, o.LimitPrice, o.TriggerPrice):
		return Deny(TriggerBeyondLimit, "trigger", o.TriggerPrice.String(), "price", o.LimitPrice.String())
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
	if o := a.Order; o.Type.IsStop() {
		if a.Last > 0 && isBehind(o.Side, o.TriggerPrice, a.Last) {
			return Deny(TriggerWrongSide, "trigger", o.TriggerPrice.String(), "last", a.Last.String())
		}
		if d := checkCircuit(a, o.TriggerPrice); d.IsDenied() {
			return d
		}
	}
	if d := checkCircuit(a, a.Limit); d.IsDenied() || a.Order.Type.IsStop() { // a stop is held against it when it goes off
		return d
	}
	return a.Tables.Protected(a.Instrument, a.TradingDate, a.Order.Side, a.Limit, a.Reference)
}

// isBehind reports whether price a lies on the near side of b: below it for a purchase, above it for a sale.
func isBehind(side order.Side, a, b money.Price) bool {
	if side == order.Buy {
		return a < b
	}
	return a > b
}

func checkCircuit(a *Ask, price money.Price) Denial {
	if price < a.LowerCircuit || (a.UpperCircuit > 0 && price > a.UpperCircuit) {
		return Deny(PriceOutsideCircuit, "price", price.String(), "low", a.LowerCircuit.String(), "high", a.UpperCircuit.String())
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
