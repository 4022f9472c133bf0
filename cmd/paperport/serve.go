package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"paperport/calendar"
	"paperport/config"
)

const (
	loginMax  = 24 * time.Hour
	drainMax  = 10 * time.Second
	sweepTime = 30 * time.Second
)

// istZone is where LOGIN_UNTIL is told.
var istZone = calendar.IST

func newServe() *cobra.Command {
	return &cobra.Command{Use: "serve", Short: "Run the server with the demo market (the default)", Args: noArgs, RunE: runServe}
}

// runServe opens the door first and furnishes the house behind it: the listener is up before the database is open, and
// the demo market starts after the first page can be served.
func runServe(cmd *cobra.Command, _ []string) error {
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	log := newLog(cmd.ErrOrStderr(), c.LogLevel)
	harden(log)
	if err := checkNamedKey(cmd.Context(), c); err != nil {
		return err
	}
	certificate, err := loadCertificate(c)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use, by another program or another PaperPort; choose a free port, for example PORT=8010: %w", c.Addr, err)
	}
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Addr, err)
	}
	port, err := portOf(listener.Addr().String())
	if err != nil {
		return err
	}
	h := newHouse(cmd.Context(), c, port, log)
	server := newServer(h.api, log, certificate)
	serving := make(chan error, 1)
	go func() { serving <- serveOn(server, listener) }()
	if err := h.open(cmd.Context()); err != nil {
		_ = server.Close()
		<-serving
		return errors.Join(err, h.close())
	}
	if err := h.serveMetrics(); err != nil {
		_ = server.Close()
		<-serving
		return errors.Join(err, h.close())
	}
	h.announce(cmd.Context(), cmd.ErrOrStderr())
	h.start()
	return h.waitAndClose(cmd.Context(), server, serving)
}

// waitAndClose serves until a signal, a failed listener or failed storage, then takes everything down within drainMax.
func (h *house) waitAndClose(ctx context.Context, server *http.Server, serving <-chan error) error {
	var err error
	select {
	case <-ctx.Done():
		h.log.Info("stopping")
	case err = <-serving:
		err = fmt.Errorf("serve: %w", err)
	case err = <-h.failed:
	}
	drain, cancel := context.WithTimeout(context.Background(), drainMax)
	defer cancel()
	h.api.Close() // event streams; Shutdown does not know them
	if stopErr := server.Shutdown(drain); stopErr != nil {
		h.log.Warn("requests cut off at the end", "err", stopErr)
		_ = server.Close()
	}
	return errors.Join(err, h.close())
}

func newServer(handler http.Handler, log *slog.Logger, certificate *tls.Certificate) *http.Server {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 60 * time.Second,
		MaxHeaderBytes: 16 << 10, DisableGeneralOptionsHandler: true, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	if certificate != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	return server
}

func serveOn(server *http.Server, listener net.Listener) error {
	var err error
	if server.TLSConfig != nil {
		err = server.ServeTLS(listener, "", "")
	} else {
		err = server.Serve(listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func loadCertificate(c config.Config) (*tls.Certificate, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("%w: PAPERPORT_TLS_CERT, PAPERPORT_TLS_KEY: %w", config.ErrInvalid, err)
	}
	return &pair, nil
}

func portOf(addr string) (int, error) {
	_, text, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, fmt.Errorf("%w: address %q: %w", config.ErrInvalid, addr, err)
	}
	return strconv.Atoi(text)
}
