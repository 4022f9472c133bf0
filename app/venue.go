package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"paperport/auth"
	"paperport/calendar"
	"paperport/feed"
)

// Venues lists the shared venues, the replay offer and the user's own replays and live markets.
func (a *App) Venues(_ context.Context, user auth.UserID) ([]VenueState, error) {
	a.mu.RLock()
	var mine []*trading
	for _, m := range a.markets {
		if m.row.Owner == "" || m.row.Owner == user {
			mine = append(mine, m)
		}
	}
	a.mu.RUnlock()
	slices.SortFunc(mine, func(x, y *trading) int {
		return cmp.Or(cmp.Compare(x.row.Owner, y.row.Owner), cmp.Compare(x.row.CreatedAt, y.row.CreatedAt), cmp.Compare(x.row.ID, y.row.ID))
	})
	list := make([]VenueState, 0, len(mine)+1)
	for _, m := range mine {
		list = append(list, m.state())
	}
	at := slices.IndexFunc(list, func(v VenueState) bool { return v.Kind == kindReplay })
	if at < 0 {
		at = len(list)
	}
	return slices.Insert(list, at, a.replays.offer()), nil
}

// Venue returns one of the venues that Venues lists.
func (a *App) Venue(_ context.Context, user auth.UserID, id VenueID) (VenueState, error) {
	if id == ReplayOffer {
		return a.replays.offer(), nil
	}
	m, err := a.market(user, id)
	if err != nil {
		return VenueState{}, err
	}
	return m.state(), nil
}

// SetClock changes the clock of the user's own replay. ErrInvalid for a speed out of range or an instant behind.
func (a *App) SetClock(_ context.Context, user auth.UserID, id VenueID, c ClockChange) (VenueState, error) {
	m, err := a.market(user, id)
	if err != nil {
		return VenueState{}, err
	}
	if m.tape == nil {
		return VenueState{}, fmt.Errorf("%w: this venue's clock is not yours to set", ErrInvalid)
	}
	if err := m.tape.setClock(c); err != nil {
		return VenueState{}, err
	}
	m.tape.save(m.Venue)
	return m.state(), nil
}

// state puts together what is shown of a venue.
func (m *trading) state() VenueState {
	now := m.Now()
	at := m.Calendar().At(m.board, now)
	status := m.Status()
	v := VenueState{ID: m.row.ID, Kind: m.row.Kind, Name: m.row.Name, IsAvailable: true, Phase: at.Phase, Reason: at.Reason, Until: at.Until,
		NextOpen: at.NextOpen, TradingDate: cmp.Or(m.TradingDate(), at.TradingDate), Now: now, BookNote: m.note}
	switch {
	case status.Fault != "":
		v.Fault = status.Fault
		v.IsAvailable, v.UnavailableReason = false, "This venue was halted because a check of its books failed. Your books can be read; nothing is traded until the owner has looked at it."
	case status.IsDiskFull:
		v.IsAvailable, v.UnavailableReason = false, "The disk is full. Your books can be read; trading goes on when there is room."
	}
	v.Feed = m.lamp(at)
	v.StatusText = m.statusText(at, now)
	if m.tape != nil {
		v.Clock = m.tape.clockState()
	}
	if m.budget != nil {
		b := m.budget()
		v.Budget = &b
	}
	if m.live != nil {
		m.showLive(&v)
	}
	return v
}

// amberAge is the age of the newest exchange time from which the lamp leaves green although the feed is alive.
const amberAgeMs = 3000

func (m *trading) lamp(at calendar.State) FeedState {
	s := m.Feed().State(m.board)
	lamp := FeedState{AgeMs: -1, Source: s.Source.String(), Detail: s.Detail}
	if s.LastAt != 0 {
		lamp.AgeMs = s.Age.Milliseconds()
	}
	switch {
	case at.Phase == calendar.Closed:
		lamp.Lamp, lamp.Detail = "closed", at.Reason
	case !s.IsAlive:
		lamp.Lamp = "red"
	case s.Source == feed.FromPolling || lamp.AgeMs > amberAgeMs:
		lamp.Lamp = "amber"
	default:
		lamp.Lamp = "green"
	}
	if lamp.Detail == "" && s.Source == feed.FromPolling {
		lamp.Detail = "the stream is away; prices are asked for one by one"
	}
	return lamp
}

// statusText is the corner of the screen: "DEMO · open · day ends 23:55".
func (m *trading) statusText(at calendar.State, now calendar.Instant) string {
	text := "DEMO"
	switch {
	case m.tape != nil:
		text = "REPLAY " + now.IST().Format("2 Jan 2006 15:04:05")
	case m.live != nil:
		text = "LIVE"
	}
	text += " · " + at.Phase.String()
	switch end := m.Calendar().DayEnd(m.board, at.TradingDate); {
	case at.Phase != calendar.Closed && end > now:
		text += " · day ends " + end.IST().Format("15:04")
	case at.Phase == calendar.Closed && at.NextOpen != 0 && m.tape == nil:
		text += " · opens " + at.NextOpen.IST().Format("2 Jan 15:04")
	}
	return text
}
