package app

import (
	"context"
	"fmt"

	"paperport/auth"
	"paperport/store"
)

// TrailPageMax is the largest page of a trail.
const TrailPageMax = 200

// Trail lists what is written down of a user, newest first, numbered below before (0: from the newest on).
func (b *Brokers) Trail(ctx context.Context, user auth.UserID, before int64, limit int) ([]store.AuditRow, error) {
	if b.opt.Rows == nil {
		return nil, ErrUnavailable
	}
	rows, err := b.opt.Rows.AuditOf(ctx, user, before, limit)
	if err != nil {
		return nil, fmt.Errorf("app: list trail: %w", err)
	}
	return rows, nil
}
