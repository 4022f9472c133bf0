package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"paperport/app"
	"paperport/engine"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
	"paperport/risk"
)

// qtyMax bounds a quantity on the wire; the contract's freeze quantity is checked by the engine.
// It is repeated in the tags below.
const qtyMax = 1_000_000_000

// OrderTerms is an order without its name: what a preview needs.
type OrderTerms struct {
	Instrument uint32 `json:"instrument" minimum:"1" maximum:"4294967295"`
	Side       string `json:"side" enum:"buy,sell"`
	Product    string `json:"product" enum:"CNC,MIS,NRML"`
	Type       string `json:"type" enum:"market,limit,sl,sl-m" doc:"sl: stop-limit; sl-m: stop-market"`
	Validity   string `json:"validity" enum:"day,ioc,minutes"`
	Minutes    int64  `json:"minutes,omitempty" minimum:"1" maximum:"120" doc:"How long it works, for validity minutes"`
	Qty        int64  `json:"qty" minimum:"1" maximum:"1000000000"`
	Price      string `json:"price,omitempty" maxLength:"24" doc:"Limit price; empty for market and sl-m"`
	Trigger    string `json:"trigger_price,omitempty" maxLength:"24" doc:"What the last traded price must reach, for sl and sl-m"`
	Tag        string `json:"tag,omitempty" maxLength:"40"`
}

// NewOrder asks for an order.
type NewOrder struct {
	ClientOrderID string `json:"client_order_id" minLength:"8" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$"`
	OrderTerms
}

type placeIn struct {
	Account string `path:"account" maxLength:"40"`
	Body    NewOrder
}

type previewIn struct {
	Account string `path:"account" maxLength:"40"`
	Body    OrderTerms
}

// Receipt is the one answer to a command.
type Receipt struct {
	ClientOrderID string `json:"client_order_id" doc:"The client order id or request id"`
	OrderID       string `json:"order_id"`
	Code          string `json:"code"`
	Reason        string `json:"reason"`
	At            string `json:"at" format:"date-time"`
}

type receiptOut struct{ Body Receipt }

// OrderChange modifies a working order; what is left out stays.
type OrderChange struct {
	RequestID string `json:"request_id" minLength:"8" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$"`
	Qty       int64  `json:"qty,omitempty" minimum:"1" maximum:"1000000000"`
	Price     string `json:"price,omitempty" maxLength:"24"`
	Trigger   string `json:"trigger_price,omitempty" maxLength:"24"`
	Type      string `json:"type,omitempty" enum:"market,limit,sl,sl-m"`
	Validity  string `json:"validity,omitempty" enum:"day,ioc,minutes"`
	Minutes   int64  `json:"minutes,omitempty" minimum:"1" maximum:"120" doc:"Counted from the change"`
}

type modifyIn struct {
	Account string `path:"account" maxLength:"40"`
	ID      string `path:"id" maxLength:"20"`
	Body    OrderChange
}

type cancelIn struct {
	Account   string `path:"account" maxLength:"40"`
	ID        string `path:"id" maxLength:"20"`
	RequestID string `query:"request_id" required:"true" minLength:"8" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$"`
}

// ChargeNote is the charges of a trade, line by line.
type ChargeNote struct {
	Turnover  string `json:"turnover"`
	Brokerage string `json:"brokerage"`
	STT       string `json:"stt"`
	Exchange  string `json:"exchange"`
	SEBI      string `json:"sebi"`
	Stamp     string `json:"stamp"`
	GST       string `json:"gst"`
	Total     string `json:"total"`
}

func wireCharges(n app.Charges) ChargeNote {
	return ChargeNote{Turnover: n.Turnover.String(), Brokerage: n.Brokerage.String(), STT: (n.STT + n.CTT).String(), Exchange: n.Exchange.String(),
		SEBI: n.SEBIFee.String(), Stamp: n.StampDuty.String(), GST: n.GST.String(), Total: n.Total().String()}
}

// Preview is what an order would need and do.
type Preview struct {
	Code       string       `json:"code"`
	Reason     string       `json:"reason"`
	Required   string       `json:"required"`
	Margin     MarginParts  `json:"margin"`
	Available  string       `json:"available"`
	Charges    ChargeNote   `json:"charges"`
	Expected   ExpectedFill `json:"expected"`
	LimitPrice string       `json:"limit_price"`
	Note       string       `json:"note"`
	BreakEven  BreakEven    `json:"break_even"`
}

// BreakEven is the worst price of the opposite order at which both together do not lose.
type BreakEven struct {
	Price   string `json:"price" doc:"On the tick, empty when there is none; no better price loses either"`
	Charges string `json:"charges" doc:"Of both orders, the depository's fee of a delivery sale included"`
}

// ExpectedFill is what the standing book would give at once.
type ExpectedFill struct {
	AvgPrice string `json:"avg_price"`
	Qty      int64  `json:"qty"`
	Levels   int    `json:"levels"`
	Slippage string `json:"slippage"`
}

type previewOut struct{ Body Preview }

// Order is an order with its contract.
type Order struct {
	ID            string `json:"id"`
	ClientOrderID string `json:"client_order_id"`
	Instrument    uint32 `json:"instrument"`
	Label         string `json:"label"`
	Exchange      string `json:"exchange"`
	Side          string `json:"side" enum:"buy,sell"`
	Product       string `json:"product" enum:"CNC,MIS,NRML"`
	Type          string `json:"type" enum:"market,limit,sl,sl-m"`
	Validity      string `json:"validity" enum:"day,ioc,minutes"`
	Minutes       int64  `json:"minutes"`
	ExpiresAt     string `json:"expires_at" doc:"When the minutes are over; empty for another validity"`
	TriggerPrice  string `json:"trigger_price" doc:"Empty unless a stop"`
	TriggeredAt   string `json:"triggered_at" doc:"When the last price reached the trigger; empty before"`
	Qty           int64  `json:"qty"`
	FilledQty     int64  `json:"filled_qty"`
	PendingQty    int64  `json:"pending_qty"`
	CancelledQty  int64  `json:"cancelled_qty"`
	Price         string `json:"price"`
	AvgPrice      string `json:"avg_price"`
	Status        string `json:"status" enum:"pending,open,trigger-pending,executed,cancelled,expired,rejected,denied"`
	Code          string `json:"code"`
	Reason        string `json:"reason"`
	Reserved      string `json:"reserved"`
	PlacedAt      string `json:"placed_at"`
	UpdatedAt     string `json:"updated_at"`
	TradingDate   string `json:"trading_date"`
	Tag           string `json:"tag"`
}

func wireOrder(o app.Order) Order {
	return Order{ID: orderID(o.ID), ClientOrderID: o.ClientOrderID, Instrument: uint32(o.Instrument), Label: label(o.Contract, o.TradingDate),
		Exchange: exchangeCode(o.Contract), Side: sideText(o.Side), Product: productText(o.Product), Type: typeText(o.Type),
		Validity: validityText(o.Validity), Minutes: int64(o.Minutes), ExpiresAt: o.ExpiresAt.String(),
		TriggerPrice: known(o.TriggerPrice), TriggeredAt: o.TriggeredAt.String(), Qty: int64(o.OrderQty), FilledQty: int64(o.CumQty), PendingQty: int64(o.LeavesQty),
		CancelledQty: int64(o.CancelledQty), Price: known(o.LimitPrice), AvgPrice: known(o.AvgPrice), Status: statusText(o.Status),
		Code: o.Code, Reason: o.Reason, Reserved: o.Reserved.String(), PlacedAt: o.AcceptedAt.String(), UpdatedAt: o.UpdatedAt.String(),
		TradingDate: o.TradingDate.String(), Tag: o.Tag}
}

func orderID(id order.ID) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(int64(id), 10)
}

type accountDateIn struct {
	Account string `path:"account" maxLength:"40"`
	Date    string `query:"date" maxLength:"10" doc:"Trading date; default today's"`
}

// OrderList is orders, newest first.
type OrderList struct {
	Orders []Order `json:"orders"`
}

type orderListOut struct{ Body OrderList }

type orderIn struct {
	Account string `path:"account" maxLength:"40"`
	ID      string `path:"id" maxLength:"20"`
}

// OrderStep is one line of an order's history.
type OrderStep struct {
	At     string `json:"at"`
	Kind   string `json:"kind"`
	Status string `json:"status"`
	Text   string `json:"text"`
	Qty    int64  `json:"qty"`
	Price  string `json:"price"`
}

// OrderStory is an order with all that happened to it, oldest first.
type OrderStory struct {
	Order   Order       `json:"order"`
	History []OrderStep `json:"history"`
	Trades  []Trade     `json:"trades"`
}

type orderStoryOut struct{ Body OrderStory }

func (s *Server) registerOrders() {
	const orders = "/api/accounts/{account}/orders"
	route(s, operation{id: "place-order", method: "POST", path: orders, access: Trader, status: 201, bodyMax: orderBodyMax, summary: "Place an order"}, s.place)
	route(s, operation{id: "preview-order", method: "POST", path: orders + "/preview", access: Trader, bodyMax: orderBodyMax, summary: "What would this order need and do?"}, s.preview)
	route(s, operation{id: "modify-order", method: "PATCH", path: orders + "/{id}", access: Trader, bodyMax: orderBodyMax, summary: "Change a working order"}, s.modify)
	route(s, operation{id: "cancel-order", method: "DELETE", path: orders + "/{id}", access: Trader, summary: "Take a working order back"}, s.cancel)
	route(s, operation{id: "orders", method: "GET", path: orders, access: SignedIn, summary: "Orders of a day"}, s.orders)
	route(s, operation{id: "order", method: "GET", path: orders + "/{id}", access: SignedIn, summary: "One order with its history and trades"}, s.orderStory)
	route(s, operation{id: "days", method: "GET", path: "/api/accounts/{account}/days", access: SignedIn, summary: "Days with orders"}, s.days)
}

// command turns terms into a command. What a type or validity needs, and what it must not have, is refused here with the
// field's name.
func (t OrderTerms) command(account string) (order.Place, error) {
	if err := checkText("tag", t.Tag); err != nil {
		return order.Place{}, err
	}
	price, err := parsePrice("price", t.Price)
	if err != nil {
		return order.Place{}, err
	}
	trigger, err := parsePrice("trigger_price", t.Trigger)
	if err != nil {
		return order.Place{}, err
	}
	p := order.Place{Account: order.AccountID(account), Instrument: instrument.ID(t.Instrument), Side: sides[t.Side],
		Product: products[t.Product], Type: types[t.Type], Validity: validities[t.Validity], Qty: money.Qty(t.Qty),
		LimitPrice: price, TriggerPrice: trigger, Minutes: int16(t.Minutes), Tag: t.Tag}
	return p, checkTerms(&p)
}

func checkTerms(p *order.Place) error {
	isMinutes := p.Validity == order.Minutes
	switch {
	case p.Type.HasLimit() && p.LimitPrice == 0:
		return badField("price", "price: a limit or stop-limit order needs one.")
	case !p.Type.HasLimit() && p.LimitPrice != 0:
		return badField("price", "price: a market or stop-market order has none.")
	case p.Type.IsStop() && p.TriggerPrice == 0:
		return badField("trigger_price", "trigger_price: a stop order needs one.")
	case !p.Type.IsStop() && p.TriggerPrice != 0:
		return badField("trigger_price", "trigger_price: only a stop order has one.")
	case isMinutes && p.Minutes == 0:
		return badField("minutes", "minutes: say how many, 1 to 120.")
	case !isMinutes && p.Minutes != 0:
		return badField("minutes", "minutes: only validity minutes has them.")
	default:
		return nil
	}
}

func (s *Server) place(ctx context.Context, in *placeIn) (*receiptOut, error) {
	command, err := in.Body.command(in.Account)
	if err != nil {
		return nil, err
	}
	command.ClientOrderID = in.Body.ClientOrderID
	receipt, err := s.App.PlaceOrder(ctx, actorOf(ctx).User.ID, command)
	return answerReceipt(receipt, err)
}

// answerReceipt answers 2xx for what was taken and a problem that carries the receipt for what was denied.
func answerReceipt(r engine.Receipt, err error) (*receiptOut, error) {
	if err != nil {
		return nil, err
	}
	body := Receipt{ClientOrderID: r.RequestID, OrderID: orderID(r.Order), Code: r.Code, Reason: r.Reason, At: r.At.String()}
	if r.Code == "" {
		return &receiptOut{Body: body}, nil
	}
	status := http.StatusUnprocessableEntity
	switch r.Code {
	case risk.ClientOrderIDReused.String():
		status = http.StatusConflict
	case risk.OrderUnknown.String():
		status = http.StatusNotFound
	case risk.RateLimit.String():
		status = http.StatusTooManyRequests
	}
	denied := problem(status, r.Code, r.Reason)
	denied.Context = risk.ContextOf(r.Code, r.Reason)
	return nil, &Denial{Problem: denied, receipt: body}
}

// Denial is a problem with the receipt of the denied command beside it.
type Denial struct {
	*Problem
	receipt Receipt
}

// MarshalJSON writes the fields of both.
func (d *Denial) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Status        int               `json:"status"`
		Title         string            `json:"title"`
		Detail        string            `json:"detail"`
		Code          string            `json:"code"`
		Context       map[string]string `json:"context"`
		ClientOrderID string            `json:"client_order_id"`
		OrderID       string            `json:"order_id"`
		Reason        string            `json:"reason"`
		At            string            `json:"at"`
	}{d.Status, d.Title, d.Detail, d.Code, d.Context, d.receipt.ClientOrderID, d.receipt.OrderID, d.receipt.Reason, d.receipt.At})
}

func (s *Server) preview(ctx context.Context, in *previewIn) (*previewOut, error) {
	command, err := in.Body.command(in.Account)
	if err != nil {
		return nil, err
	}
	p, err := s.App.PreviewOrder(ctx, actorOf(ctx).User.ID, command)
	if err != nil {
		return nil, err
	}
	return &previewOut{Body: Preview{Code: p.Code, Reason: p.Reason, Required: p.Required.String(), Margin: wireMargin(p.Margin), Available: p.Available.String(),
		Charges: wireCharges(p.Charges), LimitPrice: known(p.LimitPrice), Note: p.Note,
		BreakEven: BreakEven{Price: known(p.BreakEven.Price), Charges: p.BreakEven.Charges.String()}, Expected: ExpectedFill{
			AvgPrice: known(p.Expected.AvgPrice), Qty: int64(p.Expected.Qty), Levels: p.Expected.Levels, Slippage: p.Expected.Slippage.String()}}}, nil
}

// parseOrderID refuses as absent what cannot be an order's id.
func parseOrderID(text string) (order.ID, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 || strconv.FormatInt(id, 10) != text {
		return 0, notFound()
	}
	return order.ID(id), nil
}

func (s *Server) modify(ctx context.Context, in *modifyIn) (*receiptOut, error) {
	id, err := parseOrderID(in.ID)
	if err != nil {
		return nil, err
	}
	price, err := parsePrice("price", in.Body.Price)
	if err != nil {
		return nil, err
	}
	trigger, err := parsePrice("trigger_price", in.Body.Trigger)
	if err != nil {
		return nil, err
	}
	if in.Body.Qty == 0 && price == 0 && trigger == 0 && in.Body.Type == "" && in.Body.Validity == "" && in.Body.Minutes == 0 {
		return nil, badField("qty", "Say what to change: qty, price, trigger_price, type, validity or minutes.")
	}
	receipt, err := s.App.ModifyOrder(ctx, actorOf(ctx).User.ID, order.Modify{Account: order.AccountID(in.Account), RequestID: in.Body.RequestID,
		Order: id, Qty: money.Qty(in.Body.Qty), LimitPrice: price, TriggerPrice: trigger, Type: types[in.Body.Type],
		Validity: validities[in.Body.Validity], Minutes: int16(in.Body.Minutes)})
	return answerReceipt(receipt, err)
}

func (s *Server) cancel(ctx context.Context, in *cancelIn) (*receiptOut, error) {
	id, err := parseOrderID(in.ID)
	if err != nil {
		return nil, err
	}
	receipt, err := s.App.CancelOrder(ctx, actorOf(ctx).User.ID, order.Cancel{Account: order.AccountID(in.Account), RequestID: in.RequestID, Order: id})
	return answerReceipt(receipt, err)
}

func (s *Server) orders(ctx context.Context, in *accountDateIn) (*orderListOut, error) {
	date, err := parseDate("date", in.Date)
	if err != nil {
		return nil, err
	}
	found, err := s.App.Orders(ctx, actorOf(ctx).User.ID, order.AccountID(in.Account), date)
	if err != nil {
		return nil, err
	}
	list := make([]Order, len(found))
	for i, o := range found {
		list[i] = wireOrder(o)
	}
	return &orderListOut{Body: OrderList{Orders: list}}, nil
}

func (s *Server) orderStory(ctx context.Context, in *orderIn) (*orderStoryOut, error) {
	id, err := parseOrderID(in.ID)
	if err != nil {
		return nil, err
	}
	story, err := s.App.OrderStory(ctx, actorOf(ctx).User.ID, order.AccountID(in.Account), id)
	if err != nil {
		return nil, err
	}
	body := OrderStory{Order: wireOrder(story.Order), History: make([]OrderStep, len(story.Steps)), Trades: wireTrades(story.Trades)}
	for i, step := range story.Steps {
		body.History[i] = wireStep(step)
	}
	return &orderStoryOut{Body: body}, nil
}

// wireStep puts one step on the wire: what was filled so far and its average for a fill, else what works and its limit.
func wireStep(step app.OrderStep) OrderStep {
	o := step.Order
	qty, price := o.LeavesQty, o.LimitPrice
	if step.Kind == "filled" {
		qty, price = o.CumQty, o.AvgPrice
	}
	return OrderStep{At: step.At.String(), Kind: step.Kind, Status: statusText(o.Status), Text: stepText(step), Qty: int64(qty), Price: known(price)}
}

func (s *Server) days(ctx context.Context, in *accountIn) (*daysOut, error) {
	found, err := s.App.Days(ctx, actorOf(ctx).User.ID, order.AccountID(in.Account))
	if err != nil {
		return nil, err
	}
	list := make([]string, len(found))
	for i, d := range found {
		list[i] = d.String()
	}
	return &daysOut{Body: Days{Dates: list}}, nil
}
