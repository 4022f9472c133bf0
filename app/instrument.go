package app

import (
	"context"
	"fmt"

	"paperport/auth"
	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
)

// searchMax is the most results of one search.
const searchMax = 50

// SearchInstruments finds instruments of a venue, best first.
func (a *App) SearchInstruments(_ context.Context, user auth.UserID, id VenueID, query string, limit int) ([]*instrument.Instrument, error) {
	m, err := a.market(user, id)
	if err != nil {
		return nil, err
	}
	finder := m.finder.Load()
	if finder == nil {
		return nil, fmt.Errorf("%w: the list of instruments is still being loaded", ErrUnavailable)
	}
	hits := finder.SearchListed(query, min(max(limit, 1), searchMax), m.spot, m.firstExpiry())
	list := make([]*instrument.Instrument, 0, len(hits))
	for _, h := range hits {
		if i, ok := m.Instrument(h.ID); ok && !m.HasExpired(i) {
			list = append(list, i)
		}
	}
	return list, nil
}

// derivatives is the board whose expiry times stand for all that a venue lists.
var derivatives = calendar.Board{Exchange: calendar.NSE, Segment: calendar.FNO}

// firstExpiry is the earliest last day of contracts that still trade by the venue's clock.
func (m *trading) firstExpiry() calendar.Date {
	today := m.Now().Date()
	if m.Calendar().HasExpired(derivatives, today, m.Now()) {
		return today + 1
	}
	return today
}

// IsTradable reports whether orders in i are taken in a venue at all: an index or a contract that has expired is only shown.
func (a *App) IsTradable(venue VenueID, i *instrument.Instrument) bool {
	a.mu.RLock()
	m := a.markets[venue]
	a.mu.RUnlock()
	return i.IsOrderable() && (m == nil || !m.HasExpired(i))
}

// spot is the last price of an underlying, 0 when unknown.
func (m *trading) spot(id instrument.ID) money.Price {
	q, _ := m.Feed().LastQuote(id)
	return q.Last
}

// Instrument returns an instrument of a venue as of its trading date.
func (a *App) Instrument(_ context.Context, user auth.UserID, venue VenueID, id instrument.ID) (*instrument.Instrument, error) {
	m, err := a.market(user, venue)
	if err != nil {
		return nil, err
	}
	i, ok := m.Instrument(id)
	if !ok {
		return nil, ErrNotFound
	}
	return i, nil
}

// Products lists what instrument i can be traded as, in the order to show; none when it is only watched. An order is
// still checked for itself: futures and sold options need the SPAN model.
func (a *App) Products(i *instrument.Instrument) []order.Product {
	switch {
	case !i.IsOrderable():
		return nil
	case i.Kind != instrument.Equity:
		return []order.Product{order.NRML, order.MIS}
	case i.Terms.IsIntradayBarred:
		return []order.Product{order.CNC}
	default:
		return []order.Product{order.CNC, order.MIS}
	}
}
