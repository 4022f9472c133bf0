package app

import (
	"context"

	"paperport/auth"
	"paperport/calendar"
	"paperport/engine"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// App is the running program behind every face of it. Its methods may be called from any goroutine.
type App struct{}

// OpenAccount opens an account for user. ErrInvalid names a wrong field; ErrUnavailable an absent venue.
func (a *App) OpenAccount(ctx context.Context, user auth.UserID, n NewAccount) (Account, error) {
	return Account{}, ErrUnavailable
}

// Accounts lists the user's accounts, oldest first.
func (a *App) Accounts(ctx context.Context, user auth.UserID) ([]Account, error) {
	return nil, ErrUnavailable
}

// Plans lists the charge plans.
func (a *App) Plans() []Plan { return nil }

// PlaceOrder places an order and returns its receipt once it is durable. A denial is a receipt with a code and the kept
// order's id, not an error; a repeated client order id gets its first receipt.
func (a *App) PlaceOrder(ctx context.Context, user auth.UserID, p order.Place) (engine.Receipt, error) {
	return engine.Receipt{}, ErrUnavailable
}

// ModifyOrder changes a working order; see PlaceOrder.
func (a *App) ModifyOrder(ctx context.Context, user auth.UserID, m order.Modify) (engine.Receipt, error) {
	return engine.Receipt{}, ErrUnavailable
}

// CancelOrder takes a working order back; see PlaceOrder.
func (a *App) CancelOrder(ctx context.Context, user auth.UserID, c order.Cancel) (engine.Receipt, error) {
	return engine.Receipt{}, ErrUnavailable
}

// PreviewOrder says what an order would need and do. p.ClientOrderID is ignored.
func (a *App) PreviewOrder(ctx context.Context, user auth.UserID, p order.Place) (Preview, error) {
	return Preview{}, ErrUnavailable
}

// Orders lists the orders of a trading date, newest first; date 0 is the venue's current one.
func (a *App) Orders(ctx context.Context, user auth.UserID, account order.AccountID, date calendar.Date) ([]Order, error) {
	return nil, ErrUnavailable
}

// OrderStory returns an order with its history and trades.
func (a *App) OrderStory(ctx context.Context, user auth.UserID, account order.AccountID, id order.ID) (OrderStory, error) {
	return OrderStory{}, ErrUnavailable
}

// Trades lists the fills of a trading date, newest first; date 0 is the venue's current one.
func (a *App) Trades(ctx context.Context, user auth.UserID, account order.AccountID, date calendar.Date) ([]Trade, error) {
	return nil, ErrUnavailable
}

// Days lists the trading dates on which the account had orders, newest first.
func (a *App) Days(ctx context.Context, user auth.UserID, account order.AccountID) ([]calendar.Date, error) {
	return nil, ErrUnavailable
}

// Positions lists the positions of today, valued at the last quotes.
func (a *App) Positions(ctx context.Context, user auth.UserID, account order.AccountID) ([]Position, error) {
	return nil, ErrUnavailable
}

// Holdings lists the delivery stock, valued at the last quotes.
func (a *App) Holdings(ctx context.Context, user auth.UserID, account order.AccountID) ([]Holding, error) {
	return nil, ErrUnavailable
}

// Funds returns the account's money.
func (a *App) Funds(ctx context.Context, user auth.UserID, account order.AccountID) (Funds, error) {
	return Funds{}, ErrUnavailable
}

// Ledger returns a page of entries, newest first, before cursor (0 starts); limit is 1 to LedgerPageMax.
func (a *App) Ledger(ctx context.Context, user auth.UserID, account order.AccountID, cursor int64, limit int) (LedgerPage, error) {
	return LedgerPage{}, ErrUnavailable
}

// PayIn credits amount (> 0). requestID makes it safe to repeat.
func (a *App) PayIn(ctx context.Context, user auth.UserID, account order.AccountID, requestID string, amount money.Paise) (engine.Receipt, error) {
	return engine.Receipt{}, ErrUnavailable
}

// PayOut debits amount (> 0). requestID makes it safe to repeat.
func (a *App) PayOut(ctx context.Context, user auth.UserID, account order.AccountID, requestID string, amount money.Paise) (engine.Receipt, error) {
	return engine.Receipt{}, ErrUnavailable
}

// Watchlists returns the user's lists by number; a list never saved is absent.
func (a *App) Watchlists(ctx context.Context, user auth.UserID) ([]Watchlist, error) {
	return nil, ErrUnavailable
}

// PutWatchlist replaces one list.
func (a *App) PutWatchlist(ctx context.Context, user auth.UserID, w Watchlist) error {
	return ErrUnavailable
}

// Venues lists the shared venues, the replay offer and the user's own replays.
func (a *App) Venues(ctx context.Context, user auth.UserID) ([]VenueState, error) {
	return nil, ErrUnavailable
}

// Venue returns one of the venues that Venues lists.
func (a *App) Venue(ctx context.Context, user auth.UserID, id VenueID) (VenueState, error) {
	return VenueState{}, ErrUnavailable
}

// SetClock changes the clock of the user's own replay. ErrInvalid for a speed out of range or an instant behind.
func (a *App) SetClock(ctx context.Context, user auth.UserID, id VenueID, c ClockChange) (VenueState, error) {
	return VenueState{}, ErrUnavailable
}

// SearchInstruments finds instruments of a venue, best first.
func (a *App) SearchInstruments(ctx context.Context, user auth.UserID, venue VenueID, query string, limit int) ([]*instrument.Instrument, error) {
	return nil, ErrUnavailable
}

// Instrument returns an instrument of a venue as of its trading date.
func (a *App) Instrument(ctx context.Context, user auth.UserID, venue VenueID, id instrument.ID) (*instrument.Instrument, error) {
	return nil, ErrUnavailable
}

// Products lists what instrument i can be traded as, in the order to show; none when it is only watched.
func (a *App) Products(i *instrument.Instrument) []order.Product { return nil }

// Quotes returns the last quotes of up to 200 instruments in the order asked. One not known yet has a zero At and is
// asked for in the background.
func (a *App) Quotes(ctx context.Context, user auth.UserID, venue VenueID, ids []instrument.ID) ([]Quote, error) {
	return nil, ErrUnavailable
}

// Depth returns the last ladder; one not known yet has a zero At.
func (a *App) Depth(ctx context.Context, user auth.UserID, venue VenueID, id instrument.ID) (market.Depth, error) {
	return market.Depth{}, ErrUnavailable
}

// CandleAsk names a range of bars.
type CandleAsk struct {
	Venue      VenueID
	Instrument instrument.ID
	Interval   market.Interval
	From, To   calendar.Instant // half open; at most CandlesMax bars
}

// CandlesMax bounds one answer of Candles; the newest are kept.
const CandlesMax = 5000

// Candles returns bars, oldest first, the running one included.
func (a *App) Candles(ctx context.Context, user auth.UserID, ask CandleAsk) ([]market.Candle, error) {
	return nil, ErrUnavailable
}

// WatchQuotes opens a stream of a venue's quotes and ladders; nothing is watched until Set.
func (a *App) WatchQuotes(user auth.UserID, venue VenueID) (*QuoteStream, error) {
	return nil, ErrUnavailable
}

// QuoteStream delivers the newest quote and ladder of what it watches, merged while the reader is busy. One goroutine
// reads it; Close may be called twice.
type QuoteStream struct{}

// Set replaces what is watched (each at most 300) and makes everything newly watched and known ready at once.
func (s *QuoteStream) Set(quotes, depth []instrument.ID) error { return nil }

// Ready has a value when Take has something.
func (s *QuoteStream) Ready() <-chan struct{} { return nil }

// Take returns what changed since the last Take.
func (s *QuoteStream) Take() ([]Quote, []market.Depth) { return nil, nil }

// Close stops it and gives up its subscriptions.
func (s *QuoteStream) Close() {}

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

// WatchAccount streams what happens to an account after seq (0: from now on).
func (a *App) WatchAccount(user auth.UserID, account order.AccountID, after uint64) (*AccountStream, error) {
	return nil, ErrUnavailable
}

// AccountStream delivers every event of an account in order. One goroutine reads it; Close may be called twice.
type AccountStream struct{}

// Ready has a value when Take has something.
func (s *AccountStream) Ready() <-chan struct{} { return nil }

// Take returns the events since the last Take and the Seq reached. isResync says that some are missing (the reader was
// too slow, or asked for more than is kept): fetch everything anew; the stream goes on after Seq.
func (s *AccountStream) Take() (events []AccountEvent, seq uint64, isResync bool) { return nil, 0, false }

// Close stops it.
func (s *AccountStream) Close() {}
