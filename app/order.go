package app

import (
	"context"
	"slices"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/engine"
	"paperport/feed"
	"paperport/instrument"
	"paperport/order"
	"paperport/store"
)

// PlaceOrder places an order and returns its receipt once it is durable. A denial is a receipt with a code and the kept
// order's id, not an error; a repeated client order id gets its first receipt.
func (a *App) PlaceOrder(ctx context.Context, user auth.UserID, p order.Place) (engine.Receipt, error) {
	began := time.Now()
	receipt, err := a.placeOrder(ctx, user, p)
	if a.opt.Meter.Placed != nil {
		a.opt.Meter.Placed(p.Type, placeResult(receipt, err), time.Since(began))
	}
	return receipt, err
}

func (a *App) placeOrder(ctx context.Context, user auth.UserID, p order.Place) (engine.Receipt, error) {
	m, _, err := a.own(user, p.Account)
	if err != nil {
		return engine.Receipt{}, err
	}
	if err := m.mayTrade(func() bool { return m.hasPlaced(p) }); err != nil {
		return engine.Receipt{}, err
	}
	m.fetchFirst(ctx, p.Instrument)
	receipt, err := m.Place(ctx, p)
	return receipt, outcome(err)
}

// ModifyOrder changes a working order; see PlaceOrder.
func (a *App) ModifyOrder(ctx context.Context, user auth.UserID, change order.Modify) (engine.Receipt, error) {
	m, _, err := a.own(user, change.Account)
	if err != nil {
		return engine.Receipt{}, err
	}
	if err := m.mayTrade(func() bool { return false }); err != nil {
		return engine.Receipt{}, err
	}
	receipt, err := m.Modify(ctx, change)
	return receipt, outcome(err)
}

// CancelOrder takes a working order back; see PlaceOrder.
func (a *App) CancelOrder(ctx context.Context, user auth.UserID, c order.Cancel) (engine.Receipt, error) {
	m, _, err := a.own(user, c.Account)
	if err != nil {
		return engine.Receipt{}, err
	}
	receipt, err := m.Cancel(ctx, c)
	return receipt, outcome(err)
}

// PreviewOrder says what an order would need and do. p.ClientOrderID is ignored.
func (a *App) PreviewOrder(ctx context.Context, user auth.UserID, p order.Place) (Preview, error) {
	m, row, err := a.own(user, p.Account)
	if err != nil {
		return Preview{}, err
	}
	if err := m.mayTrade(func() bool { return false }); err != nil {
		return Preview{}, err
	}
	m.fetchFirst(ctx, p.Instrument)
	v, err := m.Preview(ctx, p)
	if err != nil {
		return Preview{}, outcome(err)
	}
	return Preview{Code: v.Code, Reason: v.Reason, Required: v.Required, Available: v.Available, Charges: v.Charges, LimitPrice: v.LimitPrice,
		Expected: ExpectedFill{AvgPrice: v.AvgPrice, Qty: v.Qty, Levels: v.Levels, Slippage: v.Slippage}, Note: v.Note, Margin: v.Margin,
		BreakEven: a.breakEven(m, row.Plan, p, v.Charges)}, nil
}

// fetchWait bounds how long an order waits for the first quote of an instrument that nobody watched.
const fetchWait = 2 * time.Second

// fetchFirst asks for a quote of an instrument that none is known of. Trouble is not reported: the order then says NO_QUOTE.
func (m *trading) fetchFirst(ctx context.Context, id instrument.ID) {
	i, ok := m.Instrument(id)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	for _, id := range [...]instrument.ID{id, i.UnderlyingID} { // margins of derivatives need the spot
		if f := m.Feed(); id != 0 && f.Freshness(id) == feed.NoQuote {
			_, _ = f.Refresh(ctx, id)
		}
	}
}

// Orders lists the orders of a trading date, newest first; date 0 is the venue's current one.
func (a *App) Orders(ctx context.Context, user auth.UserID, account order.AccountID, date calendar.Date) ([]Order, error) {
	m, b, err := a.book(user, account)
	if err != nil {
		return nil, err
	}
	if date == 0 || date == b.TradingDate {
		rows := b.Orders()
		list := make([]Order, len(rows))
		for i, o := range rows {
			list[i] = m.order(*o)
		}
		return list, nil
	}
	rows, err := a.store.OrdersOn(ctx, account, date)
	if err != nil {
		return nil, outcome(err)
	}
	slices.Reverse(rows)
	list := make([]Order, len(rows))
	for i := range rows {
		list[i] = m.order(rows[i])
	}
	return list, nil
}

func (m *trading) order(o order.Order) Order {
	return Order{Order: o, Contract: m.contract(o.Instrument)}
}

// contract is never nil: an instrument that is no longer known has only its id.
func (m *trading) contract(id instrument.ID) *instrument.Instrument {
	if i, ok := m.Instrument(id); ok {
		return i
	}
	return &instrument.Instrument{ID: id, Symbol: "?"}
}

// OrderStory returns an order with its history and trades.
func (a *App) OrderStory(ctx context.Context, user auth.UserID, account order.AccountID, id order.ID) (OrderStory, error) {
	m, _, err := a.own(user, account)
	if err != nil {
		return OrderStory{}, err
	}
	o, err := a.store.Order(ctx, account, id)
	if err != nil {
		return OrderStory{}, outcome(err)
	}
	events, err := a.store.OrderEvents(ctx, account, id)
	if err != nil {
		return OrderStory{}, outcome(err)
	}
	trades, err := a.store.TradesOf(ctx, account, id)
	if err != nil {
		return OrderStory{}, outcome(err)
	}
	story := OrderStory{Order: m.order(o), Trades: m.trades(trades)}
	for _, e := range events {
		story.Steps = append(story.Steps, OrderStep{At: e.At, Kind: e.Kind, Order: e.Order})
	}
	return story, nil
}

// Trades lists the fills of a trading date, newest first; date 0 is the venue's current one.
func (a *App) Trades(ctx context.Context, user auth.UserID, account order.AccountID, date calendar.Date) ([]Trade, error) {
	m, b, err := a.book(user, account)
	if err != nil {
		return nil, err
	}
	rows := b.Trades
	if date != 0 && date != b.TradingDate {
		if rows, err = a.store.TradesOn(ctx, account, date); err != nil {
			return nil, outcome(err)
		}
	}
	list := m.trades(rows)
	slices.Reverse(list)
	return list, nil
}

func (m *trading) trades(rows []store.Trade) []Trade {
	list := make([]Trade, len(rows))
	for i := range rows {
		list[i] = Trade{TradeEvent: rows[i].TradeEvent, Contract: m.contract(rows[i].Trade.Instrument)}
	}
	return list
}

// Days lists the trading dates on which the account had orders, newest first.
func (a *App) Days(ctx context.Context, user auth.UserID, account order.AccountID) ([]calendar.Date, error) {
	if _, _, err := a.own(user, account); err != nil {
		return nil, err
	}
	days, err := a.store.Days(ctx, account)
	return days, outcome(err)
}
