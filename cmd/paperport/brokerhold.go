package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"paperport/clock"
	"paperport/store"
	"paperport/store/sqlstore"
)

func newBroker() *cobra.Command {
	broker := &cobra.Command{Use: "broker", Short: "Look after broker connections; works beside a running server", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	hold := &cobra.Command{Use: "hold", Short: "Stop all automatic broker logins at once, or let them go on with --release", Args: noArgs, RunE: runBrokerHold}
	hold.Flags().Bool("release", false, "let automatic logins go on, those that users paused themselves, too")
	broker.AddCommand(hold)
	return broker
}

func runBrokerHold(cmd *cobra.Command, _ []string) error {
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	isReleased, _ := cmd.Flags().GetBool("release")
	rows, closeRows, err := sqlstore.OpenBrokersBeside(cmd.Context(), c.DataDir)
	if err != nil {
		return err
	}
	defer closeRows()
	n, err := holdAll(cmd.Context(), rows, !isReleased)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "automatic login %s: %d connections\n", word(isReleased, "goes on", "is held"), n)
	return err
}

// holdAll pauses or resumes automatic login for everybody in one transaction. A running server asks before each secret
// leaves, so it stops at once.
func holdAll(ctx context.Context, rows store.Brokers, isHeld bool) (n int, err error) {
	action := word(isHeld, "broker-hold", "broker-resume")
	err = rows.WriteBrokers(ctx, func(tx store.BrokerTx) error {
		all, err := tx.Connections(ctx)
		if err != nil {
			return err
		}
		n = len(all)
		for _, conn := range all {
			if conn.IsHeld == isHeld {
				continue
			}
			conn.IsHeld = isHeld
			if err := tx.SaveConnection(ctx, conn); err != nil {
				return err
			}
			if err := tx.AddAudit(ctx, store.Audit{At: clock.System{}.Now().UTC(), Subject: conn.User, Action: action, Detail: "by=operator", Result: "ok"}); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}
