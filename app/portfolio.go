package app

import (
	"context"
	"fmt"

	"paperport/auth"
	"paperport/engine"
	"paperport/feed"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
	"paperport/position"
	"paperport/venue"
)

// Positions lists the positions of today, valued at the last quotes.
func (a *App) Positions(_ context.Context, user auth.UserID, account order.AccountID) ([]Position, error) {
	m, b, err := a.book(user, account)
	if err != nil {
		return nil, err
	}
	list := make([]Position, 0, len(b.Positions))
	for i := range b.Positions {
		p := &b.Positions[i]
		if p.NetQty != 0 || p.TradingDate >= b.TradingDate {
			list = append(list, m.position(p))
		}
	}
	return list, nil
}

// position values a position at the last quote.
func (m *trading) position(p *position.Position) Position {
	v := Position{Position: *p, Contract: m.contract(p.Instrument)}
	v.Last, v.IsStale = m.last(p.Instrument)
	v.Note = m.expiryNote(v.Contract, p)
	if v.Last == 0 || p.NetQty == 0 {
		return v
	}
	worth, err := money.Turnover(v.Last, p.NetQty, multiplier(v.Contract), money.HalfUp)
	if err != nil {
		v.IsStale = true
		return v
	}
	v.UnrealisedPnL = worth - p.Cost
	return v
}

// expiryNote says what a position in an expired contract waits for.
func (m *trading) expiryNote(i *instrument.Instrument, p *position.Position) string {
	if p.NetQty == 0 || !m.HasExpired(i) {
		return ""
	}
	day := i.Expiry.At(0).IST().Format("2 Jan")
	if i.Kind != instrument.Option || !i.Terms.UnderlyingIsIndex {
		return "expired on " + day + "; delivery is not built, so it stays as it is"
	}
	at := m.Calendar().ExpiryAt(i.Board(), i.Expiry)
	if at == 0 {
		return "waits for the settlement price of " + day
	}
	return "waits for the settlement price of " + day + " since " + at.IST().Format("15:04")
}

func multiplier(i *instrument.Instrument) int64 { return max(1, i.Terms.Multiplier) }

// last is the newest price of an instrument, 0 when none is known, and whether it is too old to trust.
func (m *trading) last(id instrument.ID) (money.Price, bool) {
	q, ok := m.Feed().LastQuote(id)
	if !ok {
		return 0, true
	}
	return q.Last, m.Feed().Freshness(id) != feed.Fresh
}

// Holdings lists the delivery stock, valued at the last quotes. What was sold today is no longer in it.
func (a *App) Holdings(_ context.Context, user auth.UserID, account order.AccountID) ([]Holding, error) {
	m, b, err := a.book(user, account)
	if err != nil {
		return nil, err
	}
	list := make([]Holding, 0, len(b.Holdings))
	for i := range b.Holdings {
		if h := &b.Holdings[i]; h.Qty+h.T1Qty != 0 {
			list = append(list, m.holding(h))
		}
	}
	return list, nil
}

func (m *trading) holding(h *position.Holding) Holding {
	v := Holding{Holding: *h, Contract: m.contract(h.Instrument), IsStale: true}
	q, ok := m.Feed().LastQuote(h.Instrument)
	if !ok || q.Last == 0 {
		return v
	}
	v.Last, v.PrevClose, v.IsStale = q.Last, q.PrevClose, m.Feed().Freshness(h.Instrument) != feed.Fresh
	worth, err := money.Turnover(q.Last, h.Qty+h.T1Qty, multiplier(v.Contract), money.HalfUp)
	if err != nil {
		return v
	}
	v.Value, v.PnL = worth, worth-h.Cost
	return v
}

// Funds returns the account's money.
func (a *App) Funds(_ context.Context, user auth.UserID, account order.AccountID) (Funds, error) {
	_, b, err := a.book(user, account)
	if err != nil {
		return Funds{}, err
	}
	return fundsOf(b), nil
}

func fundsOf(b *venue.Book) Funds {
	f := Funds{Funds: b.Funds, PayIn: b.Day.PayIn, PayOut: b.Day.PayOut, RealisedPnL: b.Day.RealisedPnL, Charges: b.Day.Charges}
	// On its first day an account opens with its capital.
	f.Opening = b.Funds.Cash - b.Day.Change + b.Day.Opening
	return f
}

// Ledger returns a page of entries, newest first, before cursor (0 starts); limit is 1 to LedgerPageMax.
func (a *App) Ledger(ctx context.Context, user auth.UserID, account order.AccountID, cursor int64, limit int) (LedgerPage, error) {
	if _, _, err := a.own(user, account); err != nil {
		return LedgerPage{}, err
	}
	if limit < 1 || limit > LedgerPageMax || cursor < 0 {
		return LedgerPage{}, fmt.Errorf("%w: limit: 1 to %d", ErrInvalid, LedgerPageMax)
	}
	entries, err := a.store.EntriesBefore(ctx, account, cursor, limit+1)
	if err != nil {
		return LedgerPage{}, outcome(err)
	}
	page := LedgerPage{Entries: entries}
	if len(entries) > limit {
		page.Entries = entries[:limit]
		page.Next = page.Entries[limit-1].Number
	}
	return page, nil
}

// PayIn credits amount (> 0). requestID makes it safe to repeat.
func (a *App) PayIn(ctx context.Context, user auth.UserID, account order.AccountID, requestID string, amount money.Paise) (engine.Receipt, error) {
	if amount <= 0 {
		return engine.Receipt{}, fmt.Errorf("%w: amount: above 0", ErrInvalid)
	}
	return a.cash(ctx, user, engine.Cash{Account: account, RequestID: requestID, Amount: amount})
}

// PayOut debits amount (> 0). requestID makes it safe to repeat.
func (a *App) PayOut(ctx context.Context, user auth.UserID, account order.AccountID, requestID string, amount money.Paise) (engine.Receipt, error) {
	if amount <= 0 {
		return engine.Receipt{}, fmt.Errorf("%w: amount: above 0", ErrInvalid)
	}
	return a.cash(ctx, user, engine.Cash{Account: account, RequestID: requestID, Amount: -amount})
}

func (a *App) cash(ctx context.Context, user auth.UserID, c engine.Cash) (engine.Receipt, error) {
	m, _, err := a.own(user, c.Account)
	if err != nil {
		return engine.Receipt{}, err
	}
	if c.Amount == 0 || c.Amount > CapitalMax || c.Amount < -CapitalMax {
		return engine.Receipt{}, fmt.Errorf("%w: amount: above 0 and at most %s", ErrInvalid, CapitalMax)
	}
	receipt, err := m.Cash(ctx, c)
	return receipt, outcome(err)
}
