package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"paperport/app"
	"paperport/breezesim"
	"paperport/clock"
	"paperport/config"
)

// Environment variables of this subcommand alone, for tests and demonstrations.
const (
	// controlTokenName fixes the control token.
	controlTokenName = "PAPERPORT_SIM_CONTROL_TOKEN"
	// accountSeedName fixes the accounts: 64 hex digits.
	accountSeedName = "PAPERPORT_SIM_ACCOUNT_SEED"
	// redirectURLName is the redirect URL registered with every app, where the flag does not say.
	redirectURLName = "PAPERPORT_SIM_REDIRECT_URL"
)

func newBreezesim() *cobra.Command {
	cmd := &cobra.Command{Use: "breezesim", Short: "Run the Breeze simulator alone", Args: noArgs, RunE: runBreezesim,
		Long: "Serves the demo market and the demo broker's login pages over the Breeze protocol and prints what a client needs: base URL,\n" +
			"API key, secret key, API session, the token of the control endpoint that switches faults on (docs/demo-market.md), and the login\n" +
			"of the same account for the pages."}
	cmd.Flags().String("redirect-url", "", "where logins lead: the redirect URL registered with the app (default "+breezesim.DefaultRedirectURL+")")
	return cmd
}

func runBreezesim(cmd *cobra.Command, _ []string) error {
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	addr := c.SimAddr
	if cmd.Flags().Changed("addr") {
		addr = c.Addr
	}
	log := newLog(cmd.ErrOrStderr(), c.LogLevel)
	options, err := simulatorOptions(cmd)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	rules, err := app.NewRulebook(app.RulebookOptions{Dir: c.RulesDir, Clock: clock.System{}, Log: log})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	options.Calendar = demoHours(c, rules.Calendar())
	simulator := breezesim.New(options)
	token := os.Getenv(controlTokenName)
	if token == "" {
		token = rand.Text()
	}
	mux := http.NewServeMux()
	mux.Handle("/control/", simulator.ControlHandler(token))
	mux.Handle("/", simulator.Handler())
	server := newServer(mux, log, nil)
	printSimulator(cmd.OutOrStdout(), "http://"+listener.Addr().String(), simulator, token)
	return serveSimulator(cmd.Context(), server, listener, simulator)
}

// simulatorOptions reads what this subcommand alone knows.
func simulatorOptions(cmd *cobra.Command) (breezesim.Options, error) {
	var o breezesim.Options
	if text := os.Getenv(accountSeedName); text != "" {
		seed, err := hex.DecodeString(text)
		if err != nil || len(seed) != len(o.AccountSeed) {
			return o, fmt.Errorf("%w: %s: want 64 hex digits", config.ErrInvalid, accountSeedName)
		}
		copy(o.AccountSeed[:], seed)
	}
	to, _ := cmd.Flags().GetString("redirect-url")
	if to == "" {
		to = os.Getenv(redirectURLName)
	}
	if to != "" {
		if !breezesim.IsRedirectURL(to) {
			return o, fmt.Errorf("%w: redirect URL: want an absolute http or https URL without a fragment", config.ErrInvalid)
		}
		o.RedirectURL = func(string) string { return to }
	}
	return o, nil
}

// printSimulator tells what a client and a browser need; without accountSeedName it is good for this process alone.
func printSimulator(w io.Writer, base string, s *breezesim.Server, token string) {
	keys, account := s.Credentials(), s.Account(breezesim.House)
	_, _ = fmt.Fprintf(w, "url %s\nkey %s\nsecret %s\nsession %s\ncontrol %s\n", base, keys.Key, keys.Secret, keys.APISession, token)
	_, _ = fmt.Fprintf(w, "user %s\npassword %s\ntotp %s\nredirect %s\n", account.UserID.Reveal(), account.Password.Reveal(),
		account.TOTPSecret.Reveal(), account.RedirectURL)
}

func serveSimulator(ctx context.Context, server *http.Server, listener net.Listener, simulator *breezesim.Server) error {
	serving := make(chan error, 1)
	go func() { serving <- serveOn(server, listener) }()
	var err error
	select {
	case <-ctx.Done():
	case err = <-serving:
		serving <- nil
	}
	simulator.Close() // sockets; Close of the server does not know them
	err = errors.Join(err, server.Close())
	<-serving
	return err
}
