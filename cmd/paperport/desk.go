package main

import (
	"context"
	"io"
	"path/filepath"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/breeze"
	"paperport/broker"
	"paperport/calendar"
	"paperport/clock"
	"paperport/instrument"
	"paperport/store"
)

// masterDir is where ICICI's security master is kept, in the data directory.
const masterDir = "master"

// callbackPath is where the broker's login page comes back to.
const callbackPath = "/api/auth/breeze-callback"

// renewalJitter bounds the random delay of an automatic renewal, so that not every installation asks at one second.
const renewalJitter = 10 * time.Second

// openDesk builds the broker side: what runs on users' sessions, and what users do with them. Stored live venues open,
// their feeds silent.
func (h *house) openDesk(ctx context.Context, registry *instrument.Registry) error {
	exchanges := func() (*calendar.Calendar, error) { return h.rules.Calendar(), nil }
	rows := h.store.Brokers()
	icici, daily := h.icici(registry, exchanges)
	h.daily = daily
	o := broker.Options{App: h.app, Rows: rows, Clock: clock.System{}, BookMax: h.config.BookMaxAge, Log: h.log,
		Places: map[store.BrokerID]*broker.Place{store.ICICI: icici}}
	if h.demo != nil {
		o.Places[store.DemoBroker] = h.demo.place()
		o.Places[store.DemoBroker].OnAnswer = h.meter.answered
		o.DemoAccount = h.demo.account
	}
	h.desk = broker.NewDesk(o)
	if err := h.desk.Open(ctx); err != nil {
		return err
	}
	h.brokers = app.NewBrokers(app.BrokersOptions{Rows: rows, Jobs: h.store.Jobs(), Seals: h.seals, Gateway: h.desk, Live: h.desk,
		Clock: clock.System{}, Calendar: h.rules.Calendar(), RedirectURL: h.base + callbackPath, Jitter: renewalJitter, Log: h.log, Installation: h.showInstallation,
		IsSignedIn: func(hash auth.TokenHash) bool { return h.users.IsSignedIn(h.ctx, hash) }})
	return nil
}

// icici is the real broker: its hosts, a user's share of its limits, and the security master that all users share.
func (h *house) icici(registry *instrument.Registry, exchanges func() (*calendar.Calendar, error)) (*broker.Place, *broker.Daily) {
	master := broker.NewMaster(broker.MasterOptions{Name: string(store.ICICI), View: registry.View(instrument.FromICICI),
		Save: h.app.SaveInstruments, Log: h.log})
	daily := broker.NewDaily(broker.DailyOptions{Master: master, Dir: filepath.Join(h.config.DataDir, masterDir), Calendar: exchanges,
		Clock: clock.System{}, Log: h.log, Fetch: fetchMaster})
	return &broker.Place{Hosts: func() (breeze.Hosts, error) { return breeze.ICICI(), nil }, PerMinute: h.config.BudgetMinute,
		PerDay: h.config.BudgetDay, Calendar: exchanges, Master: master, Need: daily.Need, Note: daily.Note, OnAnswer: h.meter.answered}, daily
}

// fetchMaster downloads ICICI's public file; no user's credentials go with it.
func fetchMaster(ctx context.Context, w io.Writer) error {
	client := breeze.New(breeze.Options{Hosts: breeze.ICICI(), Clock: clock.System{}, PerMinute: breeze.Unlimited, PerDay: breeze.Unlimited})
	defer client.Close()
	_, err := client.SecurityMaster(ctx, w)
	return err
}

// place is the demo broker.
func (d *demo) place() *broker.Place {
	return &broker.Place{Hosts: d.hosts, LoginBase: d.loginBase, PopupRefusal: d.popupRefusal(), PerMinute: breeze.Unlimited, PerDay: breeze.Unlimited,
		Calendar: func() (*calendar.Calendar, error) { return d.calendar, nil }, Master: d.master}
}
