package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/instrument"
)

// Account is one book of a user in one venue.
type Account struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Venue     string `json:"venue"`
	VenueKind string `json:"venue_kind" enum:"demo,replay,live"`
	Plan      string `json:"plan"`
	Profile   string `json:"profile"`
	Capital   string `json:"capital"`
	OpenedAt  string `json:"opened_at" format:"date-time"`
}

func wireAccount(a app.Account) Account {
	return Account{ID: string(a.ID), Name: a.Name, Venue: string(a.Venue), VenueKind: a.VenueKind, Plan: a.Plan,
		Profile: a.Profile, Capital: a.Capital.String(), OpenedAt: a.OpenedAt.String()}
}

// AccountList is a user's accounts, oldest first.
type AccountList struct {
	Accounts []Account `json:"accounts"`
}

type accountListOut struct{ Body AccountList }

// NewAccount opens an account.
type NewAccount struct {
	Name    string `json:"name" minLength:"1" maxLength:"40"`
	Capital string `json:"capital" maxLength:"24"`
	Plan    string `json:"plan" maxLength:"40"`
	Venue   string `json:"venue" minLength:"1" maxLength:"40"`
}

type newAccountIn struct{ Body NewAccount }

type accountOut struct{ Body Account }

// Plan is a charge plan.
type Plan struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Note string `json:"note"`
}

// PlanList is the charge plans.
type PlanList struct {
	Plans []Plan `json:"plans"`
}

type planListOut struct{ Body PlanList }

func (s *Server) registerAccounts() {
	route(s, operation{id: "accounts", method: "GET", path: "/api/accounts", access: SignedIn, summary: "My accounts"},
		func(ctx context.Context, _ *emptyIn) (*accountListOut, error) {
			accounts, err := s.accountsOf(ctx, actorOf(ctx).User.ID)
			if err != nil {
				return nil, err
			}
			return &accountListOut{Body: AccountList{Accounts: accounts}}, nil
		})
	route(s, operation{id: "open-account", method: "POST", path: "/api/accounts", access: Trader, status: 201, summary: "Open an account"}, s.openAccount)
	route(s, operation{id: "plans", method: "GET", path: "/api/plans", access: SignedIn, summary: "Charge plans"},
		func(context.Context, *emptyIn) (*planListOut, error) {
			list := []Plan{}
			for _, p := range s.App.Plans() {
				list = append(list, Plan{ID: p.ID, Name: p.Name, Note: p.Note})
			}
			return &planListOut{Body: PlanList{Plans: list}}, nil
		})
}

func (s *Server) openAccount(ctx context.Context, in *newAccountIn) (*accountOut, error) {
	capital, err := parseAmount("capital", in.Body.Capital)
	if err != nil {
		return nil, err
	}
	account, err := s.App.OpenAccount(ctx, actorOf(ctx).User.ID, app.NewAccount{Name: in.Body.Name, Capital: capital,
		Plan: in.Body.Plan, Venue: app.VenueID(in.Body.Venue)})
	if err != nil {
		return nil, err
	}
	return &accountOut{Body: wireAccount(account)}, nil
}

// accountsOf lists a user's accounts; one who has none yet gets his first, if a venue is there for it.
func (s *Server) accountsOf(ctx context.Context, user auth.UserID) ([]Account, error) {
	found, err := s.App.Accounts(ctx, user)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 && s.HasDemo {
		s.welcome.try(ctx, s, user)
		if found, err = s.App.Accounts(ctx, user); err != nil {
			return nil, err
		}
	}
	list := make([]Account, len(found))
	for i, a := range found {
		list[i] = wireAccount(a)
	}
	return list, nil
}

// welcomer gives a new user what he needs to start: the account Main and a first watch list.
type welcomer struct {
	app  *app.App
	wait bool
	mu   sync.Mutex // one welcome at a time, so that nobody gets two
}

const (
	demoVenue       = app.VenueID("demo")
	welcomePatience = 5 * time.Second
	welcomePause    = 100 * time.Millisecond
)

// firstWatchlist is what a new user looks at first.
var firstWatchlist = []string{"NIFTY 50", "BANKNIFTY", "NIFTY BANK", "SENSEX", "RELIANCE", "HDFCBANK", "ICICIBANK", "INFY", "TCS", "SBIN", "BHARTIARTL", "ITC", "LT"}

// greet welcomes a user and waits a little for a demo venue that is still starting. What it cannot do now is made good
// when the user's accounts are asked for.
func (w *welcomer) greet(ctx context.Context, s *Server, user auth.UserID) {
	deadline := time.NewTimer(welcomePatience)
	defer deadline.Stop()
	for !w.try(ctx, s, user) && w.wait {
		select {
		case <-ctx.Done():
			return
		case <-deadline.C:
			return
		case <-s.Clock.After(welcomePause):
		}
	}
}

// try reports whether there is nothing left to wait for.
func (w *welcomer) try(ctx context.Context, s *Server, user auth.UserID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	found, err := w.app.Accounts(ctx, user)
	if err != nil || len(found) > 0 {
		return err == nil || !errors.Is(err, app.ErrUnavailable)
	}
	_, err = w.app.OpenAccount(ctx, user, app.NewAccount{Name: "Main", Capital: app.DefaultCapital, Plan: app.DefaultPlan, Venue: demoVenue})
	if err != nil {
		if !errors.Is(err, app.ErrUnavailable) && !errors.Is(err, app.ErrNotFound) {
			s.Log.LogAttrs(ctx, slog.LevelError, "first account not opened", slog.String("user_id", string(user)), slog.Any("err", err))
			return true
		}
		return false
	}
	if err := w.app.PutWatchlist(ctx, user, app.Watchlist{Number: 1, Name: "1", Venue: demoVenue, Instruments: w.firstInstruments(ctx, user)}); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "first watch list not made", slog.String("user_id", string(user)), slog.Any("err", err))
	}
	return true
}

func (w *welcomer) firstInstruments(ctx context.Context, user auth.UserID) []instrument.ID {
	ids := []instrument.ID{}
	for _, symbol := range firstWatchlist {
		hits, err := w.app.SearchInstruments(ctx, user, demoVenue, symbol, 5)
		if err != nil {
			return ids
		}
		for _, hit := range hits {
			if hit.Symbol == symbol && (hit.Kind == instrument.Equity || hit.Kind == instrument.Index) {
				ids = append(ids, hit.ID)
				break
			}
		}
	}
	return ids
}
