package app

import (
	"context"
	"errors"
	"fmt"

	"paperport/auth"
	"paperport/store"
)

// Kinds of notices.
const (
	noticeRenewal     = "renewal-failed"
	noticeNeedsUser   = "needs-user"
	noticeIdentity    = "identity"
	noticeEnded       = "session-ended"
	noticeLocked      = "key-locked"
	noticeCredentials = "credentials"

	noticesShown = 20
)

// Notices lists what the user should know, newest first.
func (b *Brokers) Notices(ctx context.Context, user auth.UserID) ([]store.Notice, error) {
	list, err := b.opt.Rows.Notices(ctx, user, noticesShown)
	if err != nil {
		return nil, fmt.Errorf("app: list notices: %w", err)
	}
	return list, nil
}

// AckNotice marks one as seen.
func (b *Brokers) AckNotice(ctx context.Context, a Actor, id string) error {
	err := b.write(ctx, "acknowledge notice", func(tx store.BrokerTx) error {
		return tx.AckNotice(ctx, a.User.ID, id, b.opt.Clock.Now())
	})
	if errors.Is(err, store.ErrAbsent) {
		return ErrNotFound
	}
	if err == nil {
		b.tell(a.User.ID)
	}
	return err
}

// notify adds a notice in place of an unseen one of the same kind. One that says the same stays as it is.
func (b *Brokers) notify(ctx context.Context, tx store.BrokerTx, n store.Notice) error {
	list, err := tx.Notices(ctx, n.User, noticesShown)
	if err != nil {
		return err
	}
	for _, old := range list {
		if old.Kind != n.Kind || !old.AckedAt.IsZero() {
			continue
		}
		if old.Text == n.Text {
			return nil
		}
		if err := tx.AckNotice(ctx, n.User, old.ID, b.opt.Clock.Now()); err != nil {
			return err
		}
	}
	n.ID, n.At = randomHex(16), b.opt.Clock.Now()
	return tx.AddNotice(ctx, n)
}

// settleNotices takes away unseen notices whose cause is gone.
func (b *Brokers) settleNotices(ctx context.Context, tx store.BrokerTx, user auth.UserID, kinds ...string) error {
	list, err := tx.Notices(ctx, user, noticesShown)
	if err != nil {
		return err
	}
	for _, n := range list {
		for _, kind := range kinds {
			if n.Kind == kind && n.AckedAt.IsZero() {
				if err := tx.AckNotice(ctx, user, n.ID, b.opt.Clock.Now()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
