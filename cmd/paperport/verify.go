package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"paperport/store/sqlstore"
)

var errBooks = errors.New("the books do not balance")

func newVerifyLedger() *cobra.Command {
	return &cobra.Command{Use: "verify-ledger", Short: "Check that all books balance; works beside a running server", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			seen, faults, err := sqlstore.VerifyBeside(cmd.Context(), c.DataDir)
			if err != nil {
				return err
			}
			for _, fault := range faults {
				fmt.Fprintln(cmd.OutOrStdout(), fault)
			}
			if len(faults) > 0 {
				return fmt.Errorf("%w: %d faults", errBooks, len(faults))
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "balanced: %d accounts, %d entries, %d orders, %d trades\n", seen.Accounts, seen.Entries, seen.Orders, seen.Trades)
			return err
		}}
}
