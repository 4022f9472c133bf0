package app

import (
	"paperport/auth"
	"paperport/order"
	"paperport/venue"
)

// AccountEvent is one change of an account. Exactly one of the pointers is set. Events of one Seq belong together.
type AccountEvent struct {
	Seq      uint64
	Account  order.AccountID
	Order    *Order
	Trade    *Trade
	Position *Position
	Holding  *Holding
	Funds    *Funds
}

// AccountStream delivers every event of an account in order. One goroutine reads it; Close may be called twice.
type AccountStream struct {
	market *trading
	stream *venue.Stream
}

// WatchAccount streams what happens to an account after seq (0: from now on).
func (a *App) WatchAccount(user auth.UserID, account order.AccountID, after uint64) (*AccountStream, error) {
	m, _, err := a.book(user, account)
	if err != nil {
		return nil, err
	}
	return &AccountStream{market: m, stream: m.Watch(account, after)}, nil
}

// Ready has a value when Take has something, and once after opening.
func (s *AccountStream) Ready() <-chan struct{} { return s.stream.Ready() }

// Take returns the events since the last Take and the Seq reached. isResync says that some are missing (the reader was
// too slow, or asked for more than is kept): fetch everything anew; the stream goes on after Seq.
func (s *AccountStream) Take() (events []AccountEvent, seq uint64, isResync bool) {
	changes, seq, isResync := s.stream.Take()
	for i := range changes {
		events = s.append(events, &changes[i])
	}
	return events, seq, isResync
}

func (s *AccountStream) append(to []AccountEvent, c *venue.Event) []AccountEvent {
	head := AccountEvent{Seq: c.Seq, Account: c.Account}
	add := func(set func(*AccountEvent)) {
		e := head
		set(&e)
		to = append(to, e)
	}
	for _, o := range c.Orders {
		row := s.market.order(o)
		add(func(e *AccountEvent) { e.Order = &row })
	}
	for _, row := range s.market.trades(c.Trades) {
		add(func(e *AccountEvent) { e.Trade = &row })
	}
	for i := range c.Positions {
		row := s.market.position(&c.Positions[i])
		add(func(e *AccountEvent) { e.Position = &row })
	}
	for i := range c.Holdings {
		row := s.market.holding(&c.Holdings[i])
		add(func(e *AccountEvent) { e.Holding = &row })
	}
	if c.Funds != nil {
		row := fundsOf(c.Book)
		add(func(e *AccountEvent) { e.Funds = &row })
	}
	return to
}

// Close stops it.
func (s *AccountStream) Close() { s.stream.Close() }
