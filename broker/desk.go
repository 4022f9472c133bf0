package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/breeze"
	"paperport/calendar"
	"paperport/clock"
	"paperport/secret"
	"paperport/store"
)

// Place says where a broker is and how it is used.
type Place struct {
	// Hosts returns the broker's addresses; a *app.BrokerFailure says why it cannot be reached now.
	Hosts func() (breeze.Hosts, error)
	// LoginBase is where a user's browser finds the login pages, "" for Hosts.API; a simulator only.
	LoginBase func() string
	// PopupRefusal says why a browser cannot reach them, "" when it can.
	PopupRefusal string
	// PerMinute and PerDay bound the requests of one user; breeze.Unlimited for none.
	PerMinute, PerDay int
	// Calendar is the timetable of the broker's markets.
	Calendar func() (*calendar.Calendar, error)
	Master   *Master
	// Need is told when a user of this broker appears, Note what to say about the list of instruments; nil for nothing.
	Need func()
	Note func() string
	// OnAnswer is told of each REST request of any user: its endpoint and how it ended; nil for nobody.
	OnAnswer func(endpoint string, class breeze.AnswerClass)
	// Transport carries the requests behind the wall; nil takes the client's own.
	Transport http.RoundTripper
}

// Options say what a Desk stands on; all but BookMax are needed.
type Options struct {
	App   *app.App
	Rows  store.BrokerReader
	Clock clock.Clock
	// Places are the brokers that exist here.
	Places map[store.BrokerID]*Place
	// DemoAccount returns the credentials of an account of the demo broker by its tag.
	DemoAccount func(ctx context.Context, tag string) (app.BrokerFields, error)
	// BookMax is how old an instrument's own book may be; 0 takes the feed's default.
	BookMax time.Duration
	Log     *slog.Logger
}

// Desk is every user's broker side: it is app's Gateway and app's LiveSide. A user has one client at one broker, so that
// logins, probes and prices share one budget; nobody is served with another's. Its methods may be called from any goroutine.
type Desk struct {
	opt     Options
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu    sync.Mutex // guards seats
	seats map[seatKey]*seat
}

type seatKey struct {
	user   auth.UserID
	broker store.BrokerID
}

// seat is one user's place at one broker.
type seat struct {
	key  seatKey
	open sync.Mutex // held while the live venue is opened

	mu     sync.Mutex // guards the rest
	keys   app.BrokerKeys
	client *breeze.Client // without a session; nil while nobody asked
	meter  breeze.Meter
	live   *live // nil before the first session
}

// NewDesk returns a desk; Open shows what is stored, Close ends it.
func NewDesk(o Options) *Desk {
	d := &Desk{opt: o, seats: map[seatKey]*seat{}}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

// Open opens the live venues of earlier sessions, their feeds silent, so that books can be read; and tells brokers that
// have users.
func (d *Desk) Open(ctx context.Context) error {
	venues, err := d.opt.App.LiveVenues(ctx)
	if err != nil {
		return err
	}
	for _, v := range venues {
		s := d.seat(seatKey{v.User, v.Broker})
		if _, err := d.openLive(ctx, s); err != nil {
			d.opt.Log.Warn("a live venue was not opened", "venue", string(v.ID), "err", err)
		}
	}
	connections, err := d.opt.Rows.Connections(ctx)
	if err != nil {
		return fmt.Errorf("broker: reading connections: %w", err)
	}
	for _, c := range connections {
		d.need(c.Broker)
	}
	return nil
}

// Close ends every live market and waits. Venues stay open: they are app's.
func (d *Desk) Close() {
	d.cancel()
	d.running.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.seats {
		s.mu.Lock()
		if s.client != nil {
			s.client.Close()
		}
		s.mu.Unlock()
	}
}

func (d *Desk) need(b store.BrokerID) {
	if p := d.opt.Places[b]; p != nil && p.Need != nil {
		p.Need()
	}
}

func (d *Desk) seat(key seatKey) *seat {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.seats[key]
	if s == nil {
		s = &seat{key: key}
		d.seats[key] = s
	}
	return s
}

func (d *Desk) place(b store.BrokerID) (*Place, error) {
	p := d.opt.Places[b]
	if p == nil {
		return nil, &app.BrokerFailure{Class: app.FailedNotConfigured, Text: notHere}
	}
	return p, nil
}

// client returns the user's client at a broker, without a session, made anew when the keys changed. Keys of the other
// broker are refused before anything exists that could send them.
func (d *Desk) client(ctx context.Context, keys app.BrokerKeys) (*breeze.Client, error) {
	if breeze.IsDemoKey(keys.APIKey) != (keys.Broker == store.DemoBroker) {
		return nil, breeze.ErrForeignKey
	}
	p, err := d.place(keys.Broker)
	if err != nil {
		return nil, err
	}
	hosts, err := p.Hosts()
	if err != nil {
		return nil, err
	}
	d.need(keys.Broker)
	s := d.seat(seatKey{keys.User, keys.Broker})
	s.mu.Lock()
	defer s.mu.Unlock()
	isSame := s.client != nil && s.keys.APIKey.Equal(keys.APIKey) && s.keys.SecretKey.Equal(keys.SecretKey)
	if isSame {
		return s.client, nil
	}
	if s.client != nil {
		s.client.Close()
	}
	o := breeze.Options{Hosts: hosts, Clock: d.opt.Clock, AppKey: keys.APIKey, Secret: keys.SecretKey, Codes: p.Master.Codes,
		PerMinute: p.PerMinute, PerDay: p.PerDay, Transport: p.Transport, Meter: s.meter, OnAnswer: p.OnAnswer}
	if p.LoginBase != nil {
		o.LoginBase = p.LoginBase()
	}
	if s.meter == (breeze.Meter{}) && keys.User != "" {
		today := calendar.FromTime(d.opt.Clock.Now()).Date()
		if o.DayUsed, err = d.opt.Rows.RequestsUsed(ctx, keys.User, keys.Broker, today); err != nil && !errors.Is(err, store.ErrAbsent) {
			return nil, fmt.Errorf("broker: reading the request count: %w", err)
		}
	}
	s.client, s.keys = breeze.New(o), keys
	s.meter = s.client.Meter()
	return s.client, nil
}

// forget drops a user's keys from memory and closes what is idle; the request count stays.
func (s *seat) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		s.client.Close()
	}
	s.client, s.keys = nil, app.BrokerKeys{}
}

// secretNone is the empty secret.
var secretNone secret.Text
