package httpapi

import (
	"context"

	"paperport/app"
	"paperport/instrument"
)

// Watchlist is one of a user's numbered lists.
type Watchlist struct {
	Number      int      `json:"number"`
	Name        string   `json:"name"`
	Venue       string   `json:"venue"`
	Instruments []uint32 `json:"instruments"`
}

// WatchlistList is a user's lists by number.
type WatchlistList struct {
	Lists []Watchlist `json:"lists"`
}

type watchlistListOut struct{ Body WatchlistList }

// WatchlistChange replaces one list.
type WatchlistChange struct {
	Name        string   `json:"name" minLength:"1" maxLength:"40"`
	Venue       string   `json:"venue" minLength:"1" maxLength:"40"`
	Instruments []uint32 `json:"instruments" maxItems:"250"`
}

type watchlistIn struct {
	Number int `path:"number" minimum:"1" maximum:"7"`
	Body   WatchlistChange
}

func (s *Server) registerWatchlists() {
	route(s, operation{id: "watchlists", method: "GET", path: "/api/watchlists", access: SignedIn, summary: "My watch lists"},
		func(ctx context.Context, _ *emptyIn) (*watchlistListOut, error) {
			user := actorOf(ctx).User.ID
			found, err := s.App.Watchlists(ctx, user)
			if err == nil && len(found) == 0 && s.HasDemo && s.welcome.makeList(ctx, user) {
				found, err = s.App.Watchlists(ctx, user)
			}
			if err != nil {
				return nil, err
			}
			list := make([]Watchlist, len(found))
			for i, l := range found {
				list[i] = Watchlist{Number: l.Number, Name: l.Name, Venue: string(l.Venue), Instruments: make([]uint32, len(l.Instruments))}
				for j, id := range l.Instruments {
					list[i].Instruments[j] = uint32(id)
				}
			}
			return &watchlistListOut{Body: WatchlistList{Lists: list}}, nil
		})
	route(s, operation{id: "put-watchlist", method: "PUT", path: "/api/watchlists/{number}", access: Trader, status: 204, summary: "Replace a watch list"},
		func(ctx context.Context, in *watchlistIn) (*struct{}, error) {
			if err := checkText("name", in.Body.Name); err != nil {
				return nil, err
			}
			ids := make([]instrument.ID, len(in.Body.Instruments))
			for i, id := range in.Body.Instruments {
				ids[i] = instrument.ID(id)
			}
			return nil, s.App.PutWatchlist(ctx, actorOf(ctx).User.ID, app.Watchlist{Number: in.Number, Name: in.Body.Name,
				Venue: app.VenueID(in.Body.Venue), Instruments: ids})
		})
}
