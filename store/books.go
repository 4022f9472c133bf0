package store

import (
	"context"

	"paperport/auth"
	"paperport/calendar"
	"paperport/engine"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/money"
	"paperport/order"
	"paperport/position"
)

// Committer is the one writer of books. Submit takes a batch and returns at once; done is called once, on another
// goroutine that it must not block, with nil when the batch is durable, ErrDiskFull, ErrConflict, ErrBroken or
// ErrClosed. Batches that wait together share one transaction; one refused batch does not touch the others.
type Committer interface {
	Submit(b *Batch, done func(error))
}

// Books keeps what venues and accounts are made of.
type Books interface {
	Committer
	VenueRows
	AccountRows
	// AddVenue stores a new venue; an id in use is ErrConflict.
	AddVenue(ctx context.Context, v Venue) error
	// PutWatchlist replaces one list.
	PutWatchlist(ctx context.Context, w Watchlist) error
	Watchlists(ctx context.Context, owner auth.UserID) ([]Watchlist, error)
	// AddInstruments appends rows of the registry; Instruments returns all in the order they were added.
	AddInstruments(ctx context.Context, rows []instrument.Stored) error
	Instruments(ctx context.Context) ([]instrument.Stored, error)
}

// VenueRows reads what a venue starts from. Lists are ordered by their key and nil when empty.
type VenueRows interface {
	Venues(ctx context.Context) ([]Venue, error)
	// Accounts lists all accounts by opening time.
	Accounts(ctx context.Context) ([]Account, error)
	// Snapshots returns the newest two, newest first.
	Snapshots(ctx context.Context, v VenueID) ([]Snapshot, error)
	// JournalAfter calls f with each journal row whose inputs come after seq, in order, until f fails.
	JournalAfter(ctx context.Context, v VenueID, seq uint64, f func(Journal) error) error
	// LastJournal returns the newest row; zero when there is none.
	LastJournal(ctx context.Context, v VenueID) (Journal, error)
	Boards(ctx context.Context, v VenueID) ([]Board, error)
	// VenueState returns what the projection shows. It is read in several statements: nothing of the venue may be on its
	// way to the committer.
	VenueState(ctx context.Context, v VenueID) (VenueState, error)
	// Receipts and Balances are what the engine's LoadRows needs beside it.
	Receipts(ctx context.Context, v VenueID) ([]Receipt, error)
	Balances(ctx context.Context, v VenueID) ([]Balance, error)
	// DayCash sums what each kind of entry of a trading date did to the cash of each account.
	DayCash(ctx context.Context, v VenueID, d calendar.Date) ([]DayCash, error)
	// PruneJournal removes journal rows and snapshots older than the second-newest snapshot and before.
	PruneJournal(ctx context.Context, v VenueID, before calendar.Instant) error
}

// VenueState is the current rows of one venue.
type VenueState struct {
	// Orders are the working ones and those of each account's newest trading date that has orders; Trades those of that
	// date and of the working orders.
	Orders    []order.Order
	Trades    []Trade
	Positions []position.Position
	Holdings  []position.Holding
	Funds     []engine.Funds
	// LastOrder, LastTrade and LastEntry are the highest numbers given out.
	LastOrder order.ID
	LastTrade order.TradeID
	LastEntry int64
}

// Balance is the sum of an account's postings to one book.
type Balance struct {
	Account order.AccountID
	Book    string
	Amount  money.Paise
}

// DayCash is what the entries of one kind did to an account's cash on a trading date.
type DayCash struct {
	Account order.AccountID
	Kind    string
	Amount  money.Paise
}

// AccountRows reads an account's past.
type AccountRows interface {
	OrdersOn(ctx context.Context, a order.AccountID, d calendar.Date) ([]order.Order, error)
	Order(ctx context.Context, a order.AccountID, id order.ID) (order.Order, error)
	OrderEvents(ctx context.Context, a order.AccountID, id order.ID) ([]OrderEvent, error)
	TradesOn(ctx context.Context, a order.AccountID, d calendar.Date) ([]Trade, error)
	TradesOf(ctx context.Context, a order.AccountID, id order.ID) ([]Trade, error)
	// Days lists trading dates with orders, newest first.
	Days(ctx context.Context, a order.AccountID) ([]calendar.Date, error)
	// EntriesBefore returns at most limit entries numbered below before (0: the newest), newest first.
	EntriesBefore(ctx context.Context, a order.AccountID, before int64, limit int) ([]ledger.Entry, error)
	// EntriesOn lists the entries of a trading date in the order of their numbers.
	EntriesOn(ctx context.Context, a order.AccountID, d calendar.Date) ([]ledger.Entry, error)
}
