package app

import (
	"context"
	"fmt"

	"paperport/engine"
	"paperport/store"
	"paperport/venue"
)

// VenueCheck is what Verify found of one venue.
type VenueCheck struct {
	Venue VenueID
	venue.Report
}

// engineOptions are what a venue's engine is made with: a journal is replayed with the same ones.
func engineOptions(id VenueID) engine.Options { return engine.Options{Seed: seedOf(id)} }

// rules are those of every venue: a changed one holds from the next start of the program.
func (a *App) rules() engine.Rules {
	return engine.Rules{BookAgeMax: a.opt.BookAgeMax, OrdersPerSecond: a.opt.OrdersPerSecond}
}

// Verify replays every venue's journal and compares it with what is stored. It reads only; it may run beside a server
// that is idle.
func Verify(ctx context.Context, s store.Books) ([]VenueCheck, error) {
	rows, err := s.Venues(ctx)
	if err != nil {
		return nil, err
	}
	checks := make([]VenueCheck, 0, len(rows))
	for _, row := range rows {
		report, err := venue.Verify(ctx, s, row.ID, engineOptions(row.ID))
		if err != nil {
			return nil, fmt.Errorf("app: verifying %s: %w", row.ID, err)
		}
		checks = append(checks, VenueCheck{row.ID, report})
	}
	return checks, nil
}
