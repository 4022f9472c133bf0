package app

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"paperport/auth"
	"paperport/instrument"
	"paperport/store"
)

// Watchlists returns the user's lists by venue and number; a list never saved is absent.
func (a *App) Watchlists(ctx context.Context, user auth.UserID) ([]Watchlist, error) {
	rows, err := a.store.Watchlists(ctx, user)
	if err != nil {
		return nil, outcome(err)
	}
	lists := make([]Watchlist, len(rows))
	for i, r := range rows {
		lists[i] = Watchlist{Number: r.Number, Name: r.Name, Venue: r.Venue, Instruments: make([]instrument.ID, len(r.Instruments))}
		for j, id := range r.Instruments {
			lists[i].Instruments[j] = instrument.ID(id)
		}
	}
	return lists, nil
}

// PutWatchlist replaces one list.
func (a *App) PutWatchlist(ctx context.Context, user auth.UserID, w Watchlist) error {
	switch {
	case w.Number < 1 || w.Number > WatchlistsMax:
		return fmt.Errorf("%w: number: 1 to %d", ErrInvalid, WatchlistsMax)
	case w.Name == "" || utf8.RuneCountInString(w.Name) > AccountNameMax:
		return fmt.Errorf("%w: name: 1 to %d characters", ErrInvalid, AccountNameMax)
	case len(w.Instruments) > WatchlistInstrumentsMax:
		return fmt.Errorf("%w: instruments: at most %d", ErrInvalid, WatchlistInstrumentsMax)
	}
	m, err := a.market(user, w.Venue)
	if err != nil {
		return fmt.Errorf("%w: venue: unknown", ErrInvalid)
	}
	row := store.Watchlist{Owner: user, Number: w.Number, Name: w.Name, Venue: w.Venue, Instruments: make([]uint32, 0, len(w.Instruments))}
	for _, id := range w.Instruments {
		if _, ok := m.Instrument(id); !ok || slices.Contains(row.Instruments, uint32(id)) {
			return fmt.Errorf("%w: instruments: unknown or twice", ErrInvalid)
		}
		row.Instruments = append(row.Instruments, uint32(id))
	}
	return outcome(a.store.PutWatchlist(ctx, row))
}
