package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"syscall"

	"paperport/app"
	"paperport/breeze"
	"paperport/breezesim"
	"paperport/config"
)

// demoSettings is what is stored with the demo venue.
type demoSettings struct {
	// AccountSeed makes the accounts of the demo broker, 64 hex digits: they outlive a restart.
	AccountSeed string `json:"account_seed"`
}

// accountSeed reads the seed of the demo broker's accounts, making one at the first start.
func accountSeed(a *app.App) (seed [32]byte, err error) {
	var s demoSettings
	if err := json.Unmarshal(a.DemoSettings(), &s); err != nil {
		return seed, fmt.Errorf("settings of the demo market: %w", err)
	}
	if b, err := hex.DecodeString(s.AccountSeed); err == nil && len(b) == len(seed) {
		return [32]byte(b), nil
	}
	rand.Read(seed[:]) // never fails: crypto/rand aborts the program instead
	s.AccountSeed = hex.EncodeToString(seed[:])
	text, err := json.Marshal(s)
	if err != nil {
		return seed, fmt.Errorf("settings of the demo market: %w", err)
	}
	a.SaveDemoSettings(text)
	return seed, nil
}

// startSimulator serves the simulator on loopback.
func (d *demo) startSimulator() (stop func(), err error) {
	listener, err := net.Listen("tcp", d.config.SimAddr)
	if errors.Is(err, syscall.EADDRINUSE) && d.config.SimAddr == config.DefaultSimAddr {
		// Nobody asked for this very port: a taken one must not cost the demo market.
		d.log.Warn("the simulator's usual port is in use, so it takes a free one", "addr", d.config.SimAddr)
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s (PAPERPORT_SIM_ADDR): %w", d.config.SimAddr, err)
	}
	options := breezesim.Options{Calendar: d.calendar.Fixed(), Clock: d.clock, AccountSeed: d.seed,
		RedirectURL: func(string) string { return d.callback }}
	if d.config.SimPublicURL != nil {
		options.PublicURL = d.config.SimPublicURL.String()
	}
	simulator := breezesim.New(options)
	// People type their codes by hand here: one that the next half minute overtakes still counts.
	if err := simulator.SetLogin("", breezesim.LoginSwitches{Window: 1}); err != nil {
		simulator.Close()
		return nil, errors.Join(err, listener.Close())
	}
	server := newServer(simulator.Handler(), d.log, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := serveOn(server, listener); err != nil {
			d.log.Error("the demo market's simulator ended", "err", err)
		}
	}()
	d.base.Store(new("http://" + listener.Addr().String()))
	d.simulator.Store(simulator)
	return func() {
		simulator.Close()
		_ = server.Close()
		<-done
	}, nil
}

// demoStarting is what the demo broker answers before its simulator listens.
func demoStarting() error {
	return &app.BrokerFailure{Class: app.FailedUnreachable, Text: "The demo broker is starting.", Next: "Try again in a moment."}
}

// hosts are those of the demo broker.
func (d *demo) hosts() (breeze.Hosts, error) {
	base := d.base.Load()
	if base == nil {
		return breeze.Hosts{}, demoStarting()
	}
	return breeze.AllAt(*base), nil
}

// loginBase is where users' browsers find the demo broker's login pages.
func (d *demo) loginBase() string {
	if d.config.SimPublicURL != nil {
		return d.config.SimPublicURL.String()
	}
	if base := d.base.Load(); base != nil {
		return *base
	}
	return ""
}

// popupRefusal says why users' browsers cannot reach the demo broker's login pages.
func (d *demo) popupRefusal() string {
	public := d.config.PublicURL
	if public == nil || d.config.SimPublicURL != nil || config.IsLoopbackHost(public.Hostname()) {
		return ""
	}
	return "The demo broker's login page can only be opened on the server itself. The operator can give it an address with PAPERPORT_SIM_PUBLIC_URL."
}

// account returns the credentials of an account of the demo broker.
func (d *demo) account(ctx context.Context, tag string) (app.BrokerFields, error) {
	var a breezesim.Account
	switch base, simulator := d.base.Load(), d.simulator.Load(); {
	case simulator != nil:
		a = simulator.Account(tag)
	case base == nil:
		return app.BrokerFields{}, demoStarting()
	default:
		var err error
		if a, err = breezesim.FetchAccount(ctx, *base, tag); err != nil {
			return app.BrokerFields{}, &app.BrokerFailure{Class: app.FailedUnreachable, Text: "The demo broker cannot be reached.", Cause: err}
		}
	}
	return app.BrokerFields{APIKey: a.Key, SecretKey: a.Secret, LoginID: a.UserID, Password: a.Password, TOTP: a.TOTPSecret}, nil
}
