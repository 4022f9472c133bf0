package risk

import "strings"

// Code is the outcome of a command that was not taken, or the state an order was brought to by the system. Denial codes
// are in the order they are checked in: when several apply, the first is the answer.
type Code uint8

// The codes. Their names, sentences and meanings are in the table below, from which docs/domain/codes.md is made.
const (
	OK Code = iota

	AccountUnknown
	ClientOrderIDInvalid
	ClientOrderIDReused
	OrderInvalid
	InstrumentUnknown
	QtyInvalid
	PriceInvalid
	TriggerInvalid
	MinutesInvalid
	MarketClosed
	InstrumentNotOrderable
	ContractExpired
	ProductNotAllowed
	IntradayClosed
	StopMarketNotAllowed
	PriceOffTick
	QtyNotLot
	QtyAboveFreeze
	TriggerBeyondLimit
	FeedStale
	NoQuote
	TriggerWrongSide
	PriceOutsideCircuit
	PriceOutsideProtection
	ValueTooLarge
	ChargesNotAvailable
	HoldingTooSmall
	DeliveryNotBuilt
	SpanNotAvailable
	MarginExceedsFree
	LimitReached
	RateLimit

	OrderUnknown
	OrderClosed
	NothingToChange
	QtyBelowFilled
	OrderTriggered

	AccountExists
	PlanUnknown
	ProfileUnknown
	AmountInvalid
	PayoutExceedsFree

	WaitsForFeed
	WaitsForBook
	IOCRemainder
	IOCNoBook
	DayEnded
	MinutesOver
	SquaredOff
	Triggered
	Restarted

	codeCount
)

// Group says when a code appears.
type Group string

// The groups of codes.
const (
	OnOrder   Group = "order"
	OnChange  Group = "change"
	OnAccount Group = "account"
	OnState   Group = "state"
)

// Entry describes one code.
type Entry struct {
	Name  string
	Group Group
	// Sentence is what the user reads; Context names the key=value pairs that may follow it.
	Sentence, Context string
}

var table = [codeCount]Entry{
	OK:                     {},
	AccountUnknown:         {"ACCOUNT_UNKNOWN", OnAccount, "There is no such account in this venue.", ""},
	ClientOrderIDInvalid:   {"CLIENT_ORDER_ID_INVALID", OnOrder, "The client order id must be 8 to 64 letters, digits, dashes or underscores.", ""},
	ClientOrderIDReused:    {"CLIENT_ORDER_ID_REUSED", OnOrder, "This id was already used for a different request.", ""},
	OrderInvalid:           {"ORDER_INVALID", OnOrder, "A field of the order is missing or unknown.", "field"},
	InstrumentUnknown:      {"INSTRUMENT_UNKNOWN", OnOrder, "There is no such instrument in this venue.", ""},
	QtyInvalid:             {"QTY_INVALID", OnOrder, "The quantity must be a whole number above zero.", "qty"},
	PriceInvalid:           {"PRICE_INVALID", OnOrder, "A limit or stop-limit order needs a price above zero, a market or stop-market order has none.", "price"},
	TriggerInvalid:         {"TRIGGER_INVALID", OnOrder, "A stop order needs a trigger price above zero, other orders have none.", "trigger"},
	MinutesInvalid:         {"MINUTES_INVALID", OnOrder, "An order for minutes says how many, others say none.", "minutes, max"},
	MarketClosed:           {"MARKET_CLOSED", OnOrder, "The market is not open for orders now.", "phase, reason, next_open"},
	InstrumentNotOrderable: {"INSTRUMENT_NOT_ORDERABLE", OnOrder, "This can be watched but not traded.", ""},
	ContractExpired:        {"CONTRACT_EXPIRED", OnOrder, "The contract has expired.", "expiry"},
	ProductNotAllowed:      {"PRODUCT_NOT_ALLOWED", OnOrder, "This product does not exist for this instrument.", "product, allowed"},
	IntradayClosed:         {"INTRADAY_CLOSED", OnOrder, "Intraday positions are being squared off; new MIS orders are taken again tomorrow.", ""},
	StopMarketNotAllowed:   {"STOP_MARKET_NOT_ALLOWED", OnOrder, "The exchange takes no stop-market orders for this contract; a stop-limit order is possible.", "rule, since"},
	PriceOffTick:           {"PRICE_OFF_TICK", OnOrder, "The price is not a multiple of the tick.", "price, tick"},
	QtyNotLot:              {"QTY_NOT_LOT", OnOrder, "The quantity is not a multiple of the lot.", "qty, lot"},
	QtyAboveFreeze:         {"QTY_ABOVE_FREEZE", OnOrder, "The quantity is above the exchange's limit for one order; send it in parts.", "qty, freeze"},
	TriggerBeyondLimit:     {"TRIGGER_BEYOND_LIMIT", OnOrder, "The limit of a buy stop must not be below its trigger, that of a sell stop not above it.", "trigger, price"},
	FeedStale:              {"FEED_STALE", OnOrder, "No prices are arriving, so a market order cannot be taken; a limit order can.", ""},
	NoQuote:                {"NO_QUOTE", OnOrder, "There is no price for this instrument yet, so a market order cannot be taken; a limit order can.", ""},
	TriggerWrongSide:       {"TRIGGER_WRONG_SIDE", OnOrder, "The last price is past this trigger already: a buy stop waits above it, a sell stop below.", "trigger, last"},
	PriceOutsideCircuit:    {"PRICE_OUTSIDE_CIRCUIT", OnOrder, "The price is outside the day's circuit limits.", "price, low, high"},
	PriceOutsideProtection: {"PRICE_OUTSIDE_PROTECTION", OnOrder, "The price is further from recent trades than the exchange's limit price protection allows.", "price, reference, low, high"},
	ValueTooLarge:          {"VALUE_TOO_LARGE", OnOrder, "The value of the order is beyond what one order may be.", "max"},
	ChargesNotAvailable:    {"CHARGES_NOT_AVAILABLE", OnOrder, "The charge tables have no rates for this contract on this day.", ""},
	HoldingTooSmall:        {"HOLDING_TOO_SMALL", OnOrder, "You can deliver only what you hold or bought today and have not offered yet.", "have, need"},
	DeliveryNotBuilt:       {"DELIVERY_NOT_BUILT", OnOrder, "Futures and sold options of shares end in delivery of shares, which is not built yet.", ""},
	SpanNotAvailable:       {"SPAN_NOT_AVAILABLE", OnOrder, "There is no margin data for this contract now, so a future or a sold option cannot be taken. Bought options can be sold up to what you hold.", "have, need"},
	MarginExceedsFree:      {"MARGIN_EXCEEDS_FREE", OnOrder, "The order needs more money than is free.", "need, free"},
	LimitReached:           {"LIMIT_REACHED", OnOrder, "The account has as many working orders as one may have.", "max"},
	RateLimit:              {"RATE_LIMIT", OnOrder, "The account has sent as many orders, changes and cancels in this second as one may; nothing is queued.", "max"},
	OrderUnknown:           {"ORDER_UNKNOWN", OnChange, "This account has no such order.", ""},
	OrderClosed:            {"ORDER_CLOSED", OnChange, "The order is no longer working.", "status"},
	NothingToChange:        {"NOTHING_TO_CHANGE", OnChange, "The change names nothing that differs from the order.", ""},
	QtyBelowFilled:         {"QTY_BELOW_FILLED", OnChange, "The new quantity must be above what is already filled.", "qty, filled"},
	OrderTriggered:         {"ORDER_TRIGGERED", OnChange, "The stop has triggered: only its quantity, price and validity can be changed, or it can be made a market order.", ""},
	AccountExists:          {"ACCOUNT_EXISTS", OnAccount, "The account is already open.", ""},
	PlanUnknown:            {"PLAN_UNKNOWN", OnAccount, "There is no such charge plan.", "plan"},
	ProfileUnknown:         {"PROFILE_UNKNOWN", OnAccount, "There is no such fidelity profile.", "profile"},
	AmountInvalid:          {"AMOUNT_INVALID", OnAccount, "The amount must not be zero and must be below the limit.", "amount, max"},
	PayoutExceedsFree:      {"PAYOUT_EXCEEDS_FREE", OnAccount, "Only free money can be paid out.", "need, free"},
	WaitsForFeed:           {"WAITS_FOR_FEED", OnState, "No prices are arriving; the order waits until they do.", ""},
	WaitsForBook:           {"WAITS_FOR_BOOK", OnState, "The book of this instrument is too old to trade on; the order waits for a fresh one.", ""},
	IOCRemainder:           {"IOC_REMAINDER", OnState, "What could not be filled at once was cancelled, as IOC asks.", ""},
	IOCNoBook:              {"IOC_NO_BOOK", OnState, "No book that may be traded on came within 2 s, so the rest was cancelled, as IOC asks.", ""},
	DayEnded:               {"DAY_ENDED", OnState, "The day ended before the order was filled.", ""},
	MinutesOver:            {"MINUTES_OVER", OnState, "The minutes it was to work are over.", "minutes"},
	SquaredOff:             {"SQUARED_OFF", OnState, "Cancelled because intraday positions are being squared off.", ""},
	Triggered:              {"TRIGGERED", OnState, "The last traded price reached the trigger; the order is on its way to the exchange.", "last, trigger, frame"},
	Restarted:              {"RESTARTED", OnState, "The program was updated: the order keeps its terms and stands at the end of its queue.", ""},
}

// String is the code's name on the wire: "PRICE_OFF_TICK"; empty for OK.
func (c Code) String() string {
	if c >= codeCount {
		return "?"
	}
	return table[c].Name
}

// Sentence is what the user reads.
func (c Code) Sentence() string {
	if c >= codeCount {
		return ""
	}
	return table[c].Sentence
}

// Entries lists all codes but OK, in documented order.
func Entries() []Entry { return append([]Entry(nil), table[1:]...) }

// Denial is a code with the figures that led to it. The zero value means "taken".
type Denial struct {
	Code Code
	// Context is key=value pairs, separated by ", ".
	Context string
}

// Deny makes a denial from pairs of key and value.
func Deny(c Code, pairs ...string) Denial {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(pairs[i])
		b.WriteByte('=')
		b.WriteString(pairs[i+1])
	}
	return Denial{c, b.String()}
}

// IsDenied reports whether the command was refused.
func (d Denial) IsDenied() bool { return d.Code != OK }

// Reason is the sentence with its context: "The price is not a multiple of the tick. (price=1300.05, tick=0.10)".
func (d Denial) Reason() string {
	if d.Context == "" {
		return d.Code.Sentence()
	}
	return d.Code.Sentence() + " (" + d.Context + ")"
}

// Table is docs/domain/codes.md.
func Table() string {
	var b strings.Builder
	b.WriteString("# Codes\n\nMade from package risk by `go test ./risk -update`; do not edit. When several codes apply, the first of the\ntable is the answer.\n")
	for _, g := range []struct {
		group Group
		title string
	}{
		{OnOrder, "Refusals of an order"}, {OnChange, "Refusals of a change or cancel"},
		{OnAccount, "Refusals around an account"}, {OnState, "Why an order waits or was closed"},
	} {
		b.WriteString("\n## " + g.title + "\n\n| Code | Sentence | Context |\n|---|---|---|\n")
		for _, e := range Entries() {
			if e.Group == g.group {
				b.WriteString("| `" + e.Name + "` | " + e.Sentence + " | " + e.Context + " |\n")
			}
		}
	}
	return b.String()
}
