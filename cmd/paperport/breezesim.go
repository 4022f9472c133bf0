package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func newBreezesim() *cobra.Command {
	return &cobra.Command{Use: "breezesim", Short: "Run the Breeze simulator alone", Args: noArgs, RunE: func(*cobra.Command, []string) error {
		return errors.New("breezesim: not built yet")
	}}
}

func newVerifyLedger() *cobra.Command {
	return &cobra.Command{Use: "verify-ledger", Short: "Check that all books balance", Args: noArgs, RunE: func(*cobra.Command, []string) error {
		return errors.New("verify-ledger: not built yet")
	}}
}
