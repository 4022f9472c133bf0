package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"paperport/breezesim"
)

// controlTokenName is the environment variable that fixes the control token, for tests.
const controlTokenName = "PAPERPORT_SIM_CONTROL_TOKEN"

func newBreezesim() *cobra.Command {
	return &cobra.Command{Use: "breezesim", Short: "Run the Breeze simulator alone", Args: noArgs, RunE: runBreezesim,
		Long: "Serves the demo market over the Breeze protocol and prints what a client needs: base URL, API key, secret key, API session,\n" +
			"and the token of the control endpoint that switches faults on (docs/demo-market.md)."}
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
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	hours, err := demoHours(c)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	simulator := breezesim.New(breezesim.Options{Calendar: hours})
	token := os.Getenv(controlTokenName)
	if token == "" {
		token = rand.Text()
	}
	mux := http.NewServeMux()
	mux.Handle("/control/", simulator.ControlHandler(token))
	mux.Handle("/", simulator.Handler())
	server := newServer(mux, newLog(cmd.ErrOrStderr(), c.LogLevel), nil)
	printSimulator(cmd.OutOrStdout(), "http://"+listener.Addr().String(), simulator.Credentials(), token)
	return serveSimulator(cmd.Context(), server, listener, simulator)
}

// printSimulator tells what a client needs; the key and secret are good for this process alone.
func printSimulator(w io.Writer, base string, keys breezesim.Credentials, token string) {
	_, _ = fmt.Fprintf(w, "url %s\nkey %s\nsecret %s\nsession %s\ncontrol %s\n", base, keys.Key, keys.Secret, keys.APISession, token)
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
