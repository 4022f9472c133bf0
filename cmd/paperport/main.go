// Command paperport is the whole program: the server with its demo market, the Breeze simulator alone, and the tools of
// the operator. It only wires packages together.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"paperport/config"
	"paperport/store"
	"paperport/vault"
)

// Exit codes, as documented in docs/operations.md.
const (
	exitOK       = 0
	exitFailed   = 1
	exitUsage    = 2
	exitSecond   = 3  // another process uses the data directory
	exitIO       = 74 // storage failed; nothing is acknowledged any more
	exitSettings = 78 // a setting or the key is wrong, or the database is newer than the program
)

// errUsage marks a command line that cannot be understood.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	root := newRoot()
	err := root.ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "paperport:", err)
	}
	os.Exit(exitCode(err))
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, store.ErrLocked):
		return exitSecond
	case errors.Is(err, config.ErrInvalid), errors.Is(err, vault.ErrKey), errors.Is(err, store.ErrNewerSchema):
		return exitSettings
	case errors.Is(err, store.ErrBroken), errors.Is(err, store.ErrCorrupt):
		return exitIO
	case errors.Is(err, errUsage):
		return exitUsage
	default:
		return exitFailed
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{Use: "paperport", Short: "Paper trading for Indian markets", SilenceErrors: true, SilenceUsage: true,
		Args: noArgs, RunE: runServe}
	root.PersistentFlags().String("config", "", "file with NAME=value settings")
	for _, f := range config.Fields() {
		if f.Flag != "" {
			root.PersistentFlags().String(f.Flag, f.Default, f.Text)
		}
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w: %w", errUsage, err) })
	root.AddCommand(newServe(), newBreezesim(), newUser(), newConfig(), newOpenAPI(), newVerifyLedger(), newVerifyAudit(), newKey(), newDoctor(),
		newBackup(), newRestore(), newBroker(), newRules(), newVersion())
	return root
}

func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%w: unknown command or argument %q; see paperport --help", errUsage, args[0])
	}
	return nil
}

// loadConfig reads the settings of a command.
func loadConfig(cmd *cobra.Command) (config.Config, error) {
	given := map[string]string{}
	for _, f := range config.Fields() {
		if f.Flag != "" && cmd.Flags().Changed(f.Flag) {
			given[f.Flag], _ = cmd.Flags().GetString(f.Flag)
		}
	}
	if cmd.Flags().Changed("config") {
		given["config"], _ = cmd.Flags().GetString("config")
	}
	return config.Load(given, os.Environ())
}
