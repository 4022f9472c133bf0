package broker

import (
	"context"
	"fmt"
	"sync"

	"paperport/app"
	"paperport/auth"
	"paperport/breeze"
	"paperport/calendar"
	"paperport/store"
)

// live is one user's live market: there from his first session on, running while he has one.
type live struct {
	market *Market
	place  *Place
	venue  app.VenueID

	mu     sync.Mutex // guards the rest
	client *breeze.Client
	why    string             // there is no session: what to say beside it
	end    context.CancelFunc // ends the run under way; nil when there is none
	ended  chan struct{}      // closed when the newest run has ended
}

// openLive opens the user's live venue, once.
func (d *Desk) openLive(ctx context.Context, s *seat) (*live, error) {
	s.open.Lock()
	defer s.open.Unlock()
	s.mu.Lock()
	l := s.live
	s.mu.Unlock()
	if l != nil {
		return l, nil
	}
	p, err := d.place(s.key.broker)
	if err != nil {
		return nil, err
	}
	times, err := p.Calendar()
	if err != nil {
		return nil, fmt.Errorf("broker: loading a calendar: %w", err)
	}
	l = &live{place: p, market: NewMarket(MarketOptions{Clock: d.opt.Clock, Calendar: times, Master: p.Master, BookMax: d.opt.BookMax,
		Silence: "No live data: connect Breeze", Log: d.opt.Log})}
	l.venue, err = d.opt.App.AddLive(ctx, app.Live{User: s.key.user, Broker: s.key.broker, Clock: d.opt.Clock, Calendar: times,
		Feed: l.market.Feed(), History: l.market, Instruments: p.Master.View(), State: l.state})
	if err != nil {
		return nil, err
	}
	p.Master.OnChange(func() { d.show(l) })
	d.running.Go(func() { l.market.Feed().Run(d.ctx) })
	s.mu.Lock()
	s.live = l
	s.mu.Unlock()
	return l, nil
}

// show gives the venue its list to search.
func (d *Desk) show(l *live) {
	shelf := l.place.Master.Shelf()
	if err := d.opt.App.SetInstruments(l.venue, shelf.Finder, shelf.Pulse); err != nil {
		d.opt.Log.Warn("a live venue has no list of instruments", "venue", string(l.venue), "err", err)
	}
}

// Began starts or goes on with a user's live market on a fresh session. It does not wait for the network.
func (d *Desk) Began(ctx context.Context, s app.LiveSession) (app.VenueID, error) {
	keys := s.Keys
	keys.User = s.User
	token, err := breeze.NewToken(s.Token)
	if err != nil {
		return "", err
	}
	client, err := d.client(ctx, keys)
	if err != nil {
		return "", err
	}
	l, err := d.openLive(ctx, d.seat(seatKey{keys.User, keys.Broker}))
	if err != nil {
		return "", err
	}
	d.run(l, client.With(token), s.Refused)
	return l.venue, nil
}

// run follows a session in place of the one before.
func (d *Desk) run(l *live, client *breeze.Client, refused func(error)) {
	ctx, cancel := context.WithCancel(d.ctx)
	l.mu.Lock()
	before := l.ended
	if l.end != nil {
		l.end()
	}
	done := make(chan struct{})
	l.client, l.why, l.end, l.ended = client, "", cancel, done
	l.mu.Unlock()
	d.running.Go(func() {
		defer close(done)
		defer cancel()
		if before != nil {
			<-before
		}
		select {
		case <-ctx.Done():
			return
		case <-l.place.Master.Ready():
		}
		if err := l.market.Follow(ctx, client); isRefusal(err) && l.lost(client) {
			d.opt.Log.Warn("the broker refused a live market's session", "venue", string(l.venue), "err", err)
			refused(err)
		}
	})
}

// lost notes that the session was refused; false when another one has taken its place.
func (l *live) lost(client *breeze.Client) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client != client {
		return false
	}
	l.client, l.why = nil, "The broker refused the session."
	return true
}

// Ended pauses a live market and forgets its session and keys; its venue, accounts and books stay.
func (d *Desk) Ended(user auth.UserID, broker store.BrokerID, why string) {
	s := d.seat(seatKey{user, broker})
	s.forget()
	s.mu.Lock()
	l := s.live
	s.mu.Unlock()
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end != nil {
		l.end()
	}
	l.client, l.why, l.end = nil, why, nil
}

// state is what app shows of the market.
func (l *live) state() app.LiveState {
	l.mu.Lock()
	client, why := l.client, l.why
	l.mu.Unlock()
	s := app.LiveState{IsConnected: client != nil, Why: why, Skew: l.market.Skew()}
	if l.place.Note != nil {
		s.Note = l.place.Note()
	}
	if client != nil {
		s.Budget = budgetOf(client.Budget())
	}
	return s
}

// budgetOf is nil where requests are not limited.
func budgetOf(b breeze.Budget) *app.Budget {
	if b.DayMax < 0 {
		return nil
	}
	return &app.Budget{MinuteUsed: b.MinuteUsed, MinuteMax: b.MinuteMax, DayUsed: b.DayUsed, DayMax: b.DayMax}
}

// Requests is today's use of a user's budget at a broker; a Max of -1 is no limit.
func (d *Desk) Requests(user auth.UserID, broker store.BrokerID) app.Budget {
	s := d.seat(seatKey{user, broker})
	s.mu.Lock()
	meter := s.meter
	s.mu.Unlock()
	now := calendar.FromTime(d.opt.Clock.Now())
	if meter != (breeze.Meter{}) {
		b := meter.Budget(now)
		return app.Budget{MinuteUsed: b.MinuteUsed, MinuteMax: b.MinuteMax, DayUsed: b.DayUsed, DayMax: b.DayMax}
	}
	p, err := d.place(broker)
	if err != nil {
		return app.Budget{}
	}
	used, err := d.opt.Rows.RequestsUsed(d.ctx, user, broker, now.Date())
	if err != nil {
		used = 0 // absent, or trouble that the next call shows
	}
	return app.Budget{MinuteMax: p.PerMinute, DayUsed: used, DayMax: p.PerDay}
}
