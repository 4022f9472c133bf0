package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"paperport/auth"
	"paperport/match"
	"paperport/order"
	"paperport/store"
)

// DefaultProfile is the fidelity profile of an account that names none.
const DefaultProfile = match.Realistic

// OpenAccount opens an account for user. ErrInvalid names a wrong field; ErrUnavailable an absent venue. In the replay
// offer it first makes a replay of its own.
func (a *App) OpenAccount(ctx context.Context, user auth.UserID, n NewAccount) (Account, error) {
	if n.Plan == "" {
		n.Plan = DefaultPlan
	}
	if n.Profile == "" {
		n.Profile = DefaultProfile
	}
	if err := a.checkAccount(&n); err != nil {
		return Account{}, err
	}
	a.opening.Lock()
	defer a.opening.Unlock()
	if len(a.rowsOf(user)) >= AccountsMax {
		return Account{}, fmt.Errorf("%w: a user has at most %d accounts", ErrInvalid, AccountsMax)
	}
	id := order.AccountID(randomHex(16))
	m, err := a.venueFor(ctx, user, n.Venue)
	if err != nil {
		return Account{}, err
	}
	row := store.Account{ID: id, Owner: user, Venue: m.row.ID, Name: n.Name, Plan: n.Plan, Profile: n.Profile, Capital: n.Capital, OpenedAt: m.Now()}
	receipt, err := m.OpenAccount(ctx, row, "open-"+string(id))
	if err != nil {
		return Account{}, outcome(err)
	}
	if receipt.Code != "" {
		return Account{}, fmt.Errorf("%w: %s: %s", ErrInvalid, receipt.Code, receipt.Reason)
	}
	row.OpenedAt = receipt.At
	a.mu.Lock()
	a.accounts[id] = row
	a.mu.Unlock()
	return accountOf(row, m.row.Kind), nil
}

// venueFor finds the venue an account is opened in.
func (a *App) venueFor(ctx context.Context, user auth.UserID, id VenueID) (*trading, error) {
	if id == ReplayOffer {
		return a.replays.begin(ctx, user)
	}
	return a.market(user, id)
}

func (a *App) checkAccount(n *NewAccount) error {
	n.Name = strings.TrimSpace(n.Name)
	switch {
	case n.Name == "" || utf8.RuneCountInString(n.Name) > AccountNameMax:
		return fmt.Errorf("%w: name: 1 to %d characters", ErrInvalid, AccountNameMax)
	case n.Capital <= 0 || n.Capital > CapitalMax:
		return fmt.Errorf("%w: capital: above 0 and at most %s", ErrInvalid, CapitalMax)
	case match.ProfileOf(n.Profile) == nil:
		return fmt.Errorf("%w: profile: no such profile", ErrInvalid)
	case !slices.ContainsFunc(a.Plans(), func(p Plan) bool { return p.ID == n.Plan }):
		return fmt.Errorf("%w: plan: unknown", ErrInvalid)
	}
	return nil
}

// Accounts lists the user's accounts, oldest first.
func (a *App) Accounts(_ context.Context, user auth.UserID) ([]Account, error) {
	rows := a.rowsOf(user)
	list := make([]Account, 0, len(rows))
	for _, row := range rows {
		kind := kindDemo
		switch {
		case strings.HasPrefix(string(row.Venue), replayPrefix):
			kind = kindReplay
		case strings.HasPrefix(string(row.Venue), livePrefix):
			kind = kindLive
		}
		list = append(list, accountOf(row, kind))
	}
	return list, nil
}

func (a *App) rowsOf(user auth.UserID) (rows []store.Account) {
	a.mu.RLock()
	for _, row := range a.accounts {
		if row.Owner == user {
			rows = append(rows, row)
		}
	}
	a.mu.RUnlock()
	slices.SortFunc(rows, func(x, y store.Account) int {
		return cmp.Or(cmp.Compare(x.OpenedAt, y.OpenedAt), cmp.Compare(x.ID, y.ID))
	})
	return rows
}

func accountOf(row store.Account, kind string) Account {
	return Account{ID: row.ID, Name: row.Name, Venue: row.Venue, VenueKind: kind, Plan: row.Plan, Profile: row.Profile, Capital: row.Capital,
		OpenedAt: row.OpenedAt}
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails: crypto/rand aborts the program instead
	return hex.EncodeToString(b)
}
