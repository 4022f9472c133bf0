package app

import (
	"context"
	"fmt"

	"paperport/auth"
	"paperport/store"
)

// NoticeBackup is the kind of notice that tells owners of an overdue backup.
const NoticeBackup = "backup"

// TellOwners shows a notice of a kind to every owner, in place of an unseen one of the same kind; an empty text takes
// those away.
func (b *Brokers) TellOwners(ctx context.Context, kind, text string) error {
	var owners []auth.UserID
	err := b.write(ctx, "tell owners", func(tx store.BrokerTx) error {
		owners = nil
		users, err := tx.Users().Users(ctx)
		if err != nil {
			return fmt.Errorf("app: listing users: %w", err)
		}
		for _, u := range users {
			if u.Role != auth.Owner || u.IsDisabled {
				continue
			}
			owners = append(owners, u.ID)
			if text == "" {
				err = b.settleNotices(ctx, tx, u.ID, kind)
			} else {
				err = b.notify(ctx, tx, store.Notice{User: u.ID, Kind: kind, Text: text, Action: "settings"})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	for _, owner := range owners {
		b.tell(owner)
	}
	return err
}
