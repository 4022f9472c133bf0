package httpapi

import (
	"context"
	"fmt"
	"strconv"

	"paperport/app"
	"paperport/auth"
	"paperport/engine"
	"paperport/money"
	"paperport/order"
)

type accountIn struct {
	Account string `path:"account" maxLength:"40"`
}

// Days lists trading dates, newest first.
type Days struct {
	Dates []string `json:"dates"`
}

type daysOut struct{ Body Days }

// Trade is a fill with its charge note and the evidence behind it.
type Trade struct {
	ID          string     `json:"id"`
	OrderID     string     `json:"order_id"`
	Instrument  uint32     `json:"instrument"`
	Label       string     `json:"label"`
	Exchange    string     `json:"exchange"`
	Side        string     `json:"side" enum:"buy,sell"`
	Product     string     `json:"product" enum:"CNC,MIS,NRML"`
	Qty         int64      `json:"qty"`
	Price       string     `json:"price"`
	At          string     `json:"at"`
	Charges     ChargeNote `json:"charges"`
	DPCharge    string     `json:"dp_charge" doc:"The depository's fee that this sale caused, GST included; not in charges"`
	RealisedPnL string     `json:"realised_pnl" doc:"Gross: before charges"`
	NetPnL      string     `json:"net_pnl" doc:"Realised less all charges of this trade; an opening trade's is what it cost"`
	Evidence    Evidence   `json:"evidence"`
}

// Evidence is what a fill rests on.
type Evidence struct {
	Rule       string `json:"rule"`
	Text       string `json:"text"`
	Bid        string `json:"bid"`
	Ask        string `json:"ask"`
	BidQty     int64  `json:"bid_qty"`
	AskQty     int64  `json:"ask_qty"`
	Last       string `json:"last"`
	Level      int    `json:"level"`
	QueueAhead int64  `json:"queue_ahead"`
	QuoteAt    string `json:"quote_at"`
	IsFromBars bool   `json:"is_from_bars"`
	Profile    string `json:"profile"`
}

func wireTrade(t app.Trade) Trade {
	e := t.Trade.Evidence
	return Trade{ID: strconv.FormatInt(int64(t.Trade.ID), 10), OrderID: orderID(t.Trade.Order), Instrument: uint32(t.Trade.Instrument),
		Label: label(t.Contract, t.Trade.TradingDate), Exchange: exchangeCode(t.Contract), Side: sideText(t.Trade.Side), Product: productText(t.Trade.Product),
		Qty: int64(t.Trade.Qty), Price: t.Trade.Price.String(), At: t.Trade.At.String(), Charges: wireCharges(t.Charges),
		DPCharge: t.Charges.DPCharge.String(), NetPnL: (t.RealisedPnL - t.Charges.Total() - t.Charges.DPCharge).String(),
		RealisedPnL: t.RealisedPnL.String(), Evidence: Evidence{Rule: e.Rule, Text: ruleText(e), Bid: known(e.Bid), Ask: known(e.Ask),
			BidQty: int64(e.BidQty), AskQty: int64(e.AskQty), Last: known(e.Last), Level: int(e.Level), QueueAhead: int64(e.QueueAhead),
			QuoteAt: e.QuoteAt.String(), IsFromBars: e.IsFromBars, Profile: e.Profile}}
}

func wireTrades(found []app.Trade) []Trade {
	list := make([]Trade, len(found))
	for i, t := range found {
		list[i] = wireTrade(t)
	}
	return list
}

// ruleText says in words why a fill happened.
func ruleText(e order.Evidence) string {
	book := "the book"
	if e.IsFromBars {
		book = "a book built from bars"
	}
	switch e.Rule {
	case "walks-depth":
		return fmt.Sprintf("Took what level %d of %s showed.", e.Level, book)
	case "far-quote":
		return fmt.Sprintf("The opposite side of %s came to the limit price.", book)
	case "queue-printed":
		return fmt.Sprintf("Trades at the limit price used up the queue ahead (%d left) in %s.", e.QueueAhead, book)
	case "day-end-mark":
		return "The day ended: closed at the day's closing price, because the book could not take it."
	case "expiry-settlement":
		return "The contract expired: settled at its worth by the underlying's price at the expiry instant."
	default:
		return e.Rule
	}
}

// stepText says in words what happened to an order.
func stepText(step app.OrderStep) string {
	o := step.Order
	switch step.Kind {
	case "accepted":
		return "Accepted."
	case "opened":
		return "Working at the exchange."
	case "filled":
		return fmt.Sprintf("Filled %d of %d at an average of %s.", o.CumQty, o.OrderQty, o.AvgPrice)
	case "modified":
		return changedText(o)
	case "trigger-pending":
		return fmt.Sprintf("At the exchange, waiting for the last traded price to reach %s.", o.TriggerPrice)
	case "triggered":
		return withReason("Triggered", o.Reason)
	case "cancelled":
		return withReason("Cancelled", o.Reason)
	case "expired":
		return withReason("Expired", o.Reason)
	case "denied":
		return withReason("Denied by our checks", o.Reason)
	case "rejected":
		return withReason("Rejected by the exchange", o.Reason)
	case "modify-denied":
		return withReason("The change was denied", o.Reason)
	case "waiting":
		return withReason("Waiting", o.Reason)
	default:
		return o.Reason
	}
}

func changedText(o order.Order) string {
	text := fmt.Sprintf("Changed to %d at %s", o.OrderQty, o.LimitPrice)
	if o.IsWaitingForTrigger() {
		text += fmt.Sprintf(", trigger %s", o.TriggerPrice)
	}
	if o.Validity == order.Minutes {
		text += fmt.Sprintf(", for %d minutes", o.Minutes)
	}
	return text + "."
}

func withReason(what, reason string) string {
	if reason == "" {
		return what + "."
	}
	return what + ": " + reason
}

// TradeList is fills, newest first.
type TradeList struct {
	Trades []Trade `json:"trades"`
}

type tradeListOut struct{ Body TradeList }

// Position is a position valued now.
type Position struct {
	Instrument    uint32 `json:"instrument"`
	Label         string `json:"label"`
	Exchange      string `json:"exchange"`
	Product       string `json:"product" enum:"CNC,MIS,NRML"`
	NetQty        int64  `json:"net_qty"`
	AvgPrice      string `json:"avg_price"`
	Last          string `json:"last"`
	PnL           string `json:"pnl" doc:"Realised and unrealised, before charges"`
	RealisedPnL   string `json:"realised_pnl"`
	UnrealisedPnL string `json:"unrealised_pnl"`
	DayBuyQty     int64  `json:"day_buy_qty"`
	DaySellQty    int64  `json:"day_sell_qty"`
	Charges       string `json:"charges"`
	NetPnL        string `json:"net_pnl" doc:"pnl less charges; what closing would cost is not in it"`
	Blocked       string `json:"blocked"`
	IsStale       bool   `json:"is_stale"`
	Note          string `json:"note" doc:"What a position in an expired contract waits for, empty in the usual case"`
}

func wirePosition(p app.Position) Position {
	return Position{Instrument: uint32(p.Instrument), Label: label(p.Contract, p.TradingDate), Exchange: exchangeCode(p.Contract), Product: productText(p.Product),
		NetQty: int64(p.NetQty), AvgPrice: known(p.AvgPrice), Last: known(p.Last), PnL: (p.RealisedPnL + p.UnrealisedPnL).String(),
		RealisedPnL: p.RealisedPnL.String(), UnrealisedPnL: p.UnrealisedPnL.String(), DayBuyQty: int64(p.BuyQty), DaySellQty: int64(p.SellQty),
		Charges: p.Charges.String(), NetPnL: (p.RealisedPnL + p.UnrealisedPnL - p.Charges).String(), Blocked: p.Blocked.String(), IsStale: p.IsStale, Note: p.Note}
}

// PositionList is the positions of today.
type PositionList struct {
	Positions []Position `json:"positions"`
}

type positionListOut struct{ Body PositionList }

// Holding is delivery stock valued now.
type Holding struct {
	Instrument   uint32 `json:"instrument"`
	Label        string `json:"label"`
	Exchange     string `json:"exchange"`
	Qty          int64  `json:"qty"`
	T1Qty        int64  `json:"t1_qty"`
	UsableQty    int64  `json:"usable_qty"`
	AvgPrice     string `json:"avg_price"`
	Cost         string `json:"cost"`
	Last         string `json:"last"`
	Value        string `json:"value"`
	PnL          string `json:"pnl"`
	DayChangePct string `json:"day_change_pct"`
}

func wireHolding(h app.Holding) Holding {
	return Holding{Instrument: uint32(h.Instrument), Label: label(h.Contract, h.UpdatedAt.Date()), Exchange: exchangeCode(h.Contract), Qty: int64(h.Qty), T1Qty: int64(h.T1Qty),
		UsableQty: int64(h.Qty - h.SoldToday), AvgPrice: known(h.AvgPrice), Cost: h.Cost.String(), Last: known(h.Last),
		Value: h.Value.String(), PnL: h.PnL.String(), DayChangePct: changePct(h.Last, h.PrevClose)}
}

// changePct is the change in percent with two decimals, "" when a price is unknown.
func changePct(last, prev money.Price) string {
	if last == 0 || prev == 0 {
		return ""
	}
	hundredths, err := money.MulDiv(int64(last-prev), 10_000, int64(prev), money.HalfUp)
	if err != nil {
		return ""
	}
	return money.Paise(hundredths).String()
}

// HoldingList is the delivery stock.
type HoldingList struct {
	Holdings []Holding `json:"holdings"`
}

type holdingListOut struct{ Body HoldingList }

// Funds is an account's money and what the day did to it.
type Funds struct {
	Cash            string `json:"cash"`
	Blocked         string `json:"blocked"`
	OrderBlocked    string `json:"order_blocked"`
	PositionBlocked string `json:"position_blocked"`
	Free            string `json:"free"`
	Opening         string `json:"opening"`
	PayIn           string `json:"payin"`
	PayOut          string `json:"payout"`
	RealisedPnL     string `json:"realised_pnl"`
	ChargesToday    string `json:"charges_today"`
}

func wireFunds(f app.Funds) Funds {
	return Funds{Cash: f.Cash.String(), Blocked: f.Blocked.String(), OrderBlocked: f.OrderBlocked.String(), PositionBlocked: f.PositionBlocked.String(),
		Free: f.Free.String(), Opening: f.Opening.String(), PayIn: f.PayIn.String(), PayOut: f.PayOut.String(),
		RealisedPnL: f.RealisedPnL.String(), ChargesToday: f.Charges.String()}
}

type fundsOut struct{ Body Funds }

// Move pays paper money in or out.
type Move struct {
	RequestID string `json:"request_id" minLength:"8" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$"`
	Amount    string `json:"amount" maxLength:"24"`
}

type moveIn struct {
	Account string `path:"account" maxLength:"40"`
	Body    Move
}

// Entry is one balanced movement of money.
type Entry struct {
	Number      int64     `json:"number"`
	At          string    `json:"at"`
	TradingDate string    `json:"trading_date"`
	Kind        string    `json:"kind"`
	Text        string    `json:"text"`
	Ref         string    `json:"ref"`
	Amount      string    `json:"amount" doc:"What it did to the account's cash"`
	Balance     string    `json:"balance"`
	Postings    []Posting `json:"postings"`
}

// Posting is one side of an entry.
type Posting struct {
	Book   string `json:"book"`
	Amount string `json:"amount"`
}

// LedgerPage is entries, newest first; next is the cursor of the page after, "" on the last.
type LedgerPage struct {
	Entries []Entry `json:"entries"`
	Next    string  `json:"next"`
}

type ledgerIn struct {
	Account string `path:"account" maxLength:"40"`
	Cursor  string `query:"cursor" maxLength:"20"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type ledgerOut struct{ Body LedgerPage }

func (s *Server) registerBooks() {
	const account = "/api/accounts/{account}"
	route(s, operation{id: "trades", method: "GET", path: account + "/trades", access: SignedIn, summary: "Fills of a day"}, s.trades)
	route(s, operation{id: "positions", method: "GET", path: account + "/positions", access: SignedIn, summary: "Positions of today"}, s.positions)
	route(s, operation{id: "holdings", method: "GET", path: account + "/holdings", access: SignedIn, summary: "Delivery stock"}, s.holdings)
	route(s, operation{id: "funds", method: "GET", path: account + "/funds", access: SignedIn, summary: "Money"}, s.funds)
	route(s, operation{id: "payin", method: "POST", path: account + "/payin", access: Trader, bodyMax: orderBodyMax, summary: "Pay paper money in"},
		func(ctx context.Context, in *moveIn) (*receiptOut, error) { return s.move(ctx, in, s.App.PayIn) })
	route(s, operation{id: "payout", method: "POST", path: account + "/payout", access: Trader, bodyMax: orderBodyMax, summary: "Pay paper money out"},
		func(ctx context.Context, in *moveIn) (*receiptOut, error) { return s.move(ctx, in, s.App.PayOut) })
	route(s, operation{id: "ledger", method: "GET", path: account + "/ledger", access: SignedIn, summary: "Money movements"}, s.ledger)
}

func (s *Server) trades(ctx context.Context, in *accountDateIn) (*tradeListOut, error) {
	date, err := parseDate("date", in.Date)
	if err != nil {
		return nil, err
	}
	found, err := s.App.Trades(ctx, actorOf(ctx).User.ID, order.AccountID(in.Account), date)
	if err != nil {
		return nil, err
	}
	return &tradeListOut{Body: TradeList{Trades: wireTrades(found)}}, nil
}

func (s *Server) positions(ctx context.Context, in *accountIn) (*positionListOut, error) {
	found, err := s.App.Positions(ctx, actorOf(ctx).User.ID, order.AccountID(in.Account))
	if err != nil {
		return nil, err
	}
	list := make([]Position, len(found))
	for i, p := range found {
		list[i] = wirePosition(p)
	}
	return &positionListOut{Body: PositionList{Positions: list}}, nil
}

func (s *Server) holdings(ctx context.Context, in *accountIn) (*holdingListOut, error) {
	found, err := s.App.Holdings(ctx, actorOf(ctx).User.ID, order.AccountID(in.Account))
	if err != nil {
		return nil, err
	}
	list := make([]Holding, len(found))
	for i, h := range found {
		list[i] = wireHolding(h)
	}
	return &holdingListOut{Body: HoldingList{Holdings: list}}, nil
}

func (s *Server) funds(ctx context.Context, in *accountIn) (*fundsOut, error) {
	found, err := s.App.Funds(ctx, actorOf(ctx).User.ID, order.AccountID(in.Account))
	if err != nil {
		return nil, err
	}
	return &fundsOut{Body: wireFunds(found)}, nil
}

// mover is PayIn or PayOut.
type mover = func(context.Context, auth.UserID, order.AccountID, string, money.Paise) (engine.Receipt, error)

func (s *Server) move(ctx context.Context, in *moveIn, move mover) (*receiptOut, error) {
	amount, err := parseAmount("amount", in.Body.Amount)
	if err != nil {
		return nil, err
	}
	receipt, err := move(ctx, actorOf(ctx).User.ID, order.AccountID(in.Account), in.Body.RequestID, amount)
	return answerReceipt(receipt, err)
}

func (s *Server) ledger(ctx context.Context, in *ledgerIn) (*ledgerOut, error) {
	cursor := int64(0)
	if in.Cursor != "" {
		var err error
		if cursor, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil || cursor <= 0 {
			return nil, badField("cursor", "cursor: use the one the page before gave.")
		}
	}
	page, err := s.App.Ledger(ctx, actorOf(ctx).User.ID, order.AccountID(in.Account), cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	body := LedgerPage{Entries: make([]Entry, len(page.Entries))}
	if page.Next != 0 {
		body.Next = strconv.FormatInt(page.Next, 10)
	}
	for i, e := range page.Entries {
		entry := Entry{Number: e.Number, At: e.At.String(), TradingDate: e.TradingDate.String(), Kind: e.Kind, Text: e.Text, Ref: e.Ref,
			Balance: e.Balance.String(), Postings: make([]Posting, len(e.Postings))}
		var cash money.Paise
		for j, p := range e.Postings {
			entry.Postings[j] = Posting{Book: p.Book, Amount: p.Amount.String()}
			if p.Book == "cash" {
				cash += p.Amount
			}
		}
		entry.Amount = cash.String()
		body.Entries[i] = entry
	}
	return &ledgerOut{Body: body}, nil
}
