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
	Profile string `json:"profile,omitempty" enum:"learner,realistic,pessimistic" doc:"How kindly resting orders are treated; default realistic"`
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
	if err := checkText("name", in.Body.Name); err != nil {
		return nil, err
	}
	capital, err := parseAmount("capital", in.Body.Capital)
	if err != nil {
		return nil, err
	}
	account, err := s.App.OpenAccount(ctx, actorOf(ctx).User.ID, app.NewAccount{Name: in.Body.Name, Capital: capital,
		Plan: in.Body.Plan, Venue: app.VenueID(in.Body.Venue), Profile: in.Body.Profile})
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
		s.welcome.openAccount(ctx, user)
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
	server *Server
	mu     sync.Mutex // one welcome at a time, so that nobody gets two
}

const (
	demoVenue       = app.DemoVenue
	welcomePatience = 5 * time.Second
	welcomePause    = 50 * time.Millisecond
)

// firstWatchlist is what a new user looks at first.
var firstWatchlist = []string{"NIFTY", "NIFTY 50", "BANKNIFTY", "NIFTY BANK", "SENSEX", "RELIANCE", "HDFCBANK", "ICICIBANK", "INFY", "TCS",
	"SBIN", "BHARTIARTL", "ITC", "LT"}

// greet welcomes a user and waits a little for a demo market that is still starting. What it cannot do now is made good
// when the user's accounts and lists are asked for.
func (w *welcomer) greet(ctx context.Context, user auth.UserID) {
	if !w.server.HasDemo {
		return
	}
	deadline := time.NewTimer(welcomePatience)
	defer deadline.Stop()
	for !w.isDone(ctx, user) {
		select {
		case <-ctx.Done():
			return
		case <-deadline.C:
			return
		case <-w.server.Clock.After(welcomePause):
		}
	}
}

func (w *welcomer) isDone(ctx context.Context, user auth.UserID) bool {
	hasAccount := w.openAccount(ctx, user)
	return hasAccount && w.makeList(ctx, user)
}

// openAccount opens Main for a user without accounts and reports whether he has one now.
func (w *welcomer) openAccount(ctx context.Context, user auth.UserID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.server.App
	found, err := a.Accounts(ctx, user)
	if err == nil && len(found) == 0 {
		_, err = a.OpenAccount(ctx, user, app.NewAccount{Name: "Main", Capital: app.DefaultCapital, Plan: app.DefaultPlan, Venue: demoVenue})
	}
	return w.report(ctx, user, err)
}

// makeList saves a first watch list for a user without lists and reports whether he has one now.
func (w *welcomer) makeList(ctx context.Context, user auth.UserID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.server.App
	found, err := a.Watchlists(ctx, user)
	if err != nil || len(found) > 0 {
		return w.report(ctx, user, err)
	}
	ids, err := w.firstInstruments(ctx, user)
	if err == nil {
		err = a.PutWatchlist(ctx, user, app.Watchlist{Number: 1, Name: "1", Venue: demoVenue, Instruments: ids})
	}
	return w.report(ctx, user, err)
}

// report logs what is more than a market that is not there yet.
func (w *welcomer) report(ctx context.Context, user auth.UserID, err error) bool {
	if err != nil && !errors.Is(err, app.ErrUnavailable) && !errors.Is(err, app.ErrNotFound) {
		w.server.Log.LogAttrs(ctx, slog.LevelError, "a new user could not be welcomed", slog.String("user_id", string(user)), slog.Any("err", err))
	}
	return err == nil
}

func (w *welcomer) firstInstruments(ctx context.Context, user auth.UserID) ([]instrument.ID, error) {
	ids := []instrument.ID{}
	for _, symbol := range firstWatchlist {
		hits, err := w.server.App.SearchInstruments(ctx, user, demoVenue, symbol, 5)
		if err != nil {
			return nil, err
		}
		for _, hit := range hits {
			if hit.Symbol == symbol && (hit.Kind == instrument.Equity || hit.Kind == instrument.Index) {
				ids = append(ids, hit.ID)
				break
			}
		}
	}
	return ids, nil
}
