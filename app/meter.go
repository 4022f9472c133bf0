package app

import (
	"time"

	"paperport/calendar"
	"paperport/engine"
	"paperport/feed"
	"paperport/order"
)

// Meter is told what an operator's metrics count. Its funcs must not block and may be called from any goroutine; nil ones
// are not called.
type Meter struct {
	// Placed is told of each order asked for: its type, how that ended, and after how long the answer came.
	Placed func(t order.Type, r PlaceResult, took time.Duration)
	// Filled is told how many trades became durable, Halted by which fault a venue was stopped.
	Filled func(n int)
	Halted func(fault string)
}

// PlaceResult is how an order that was asked for ended, as a metric's label.
type PlaceResult string

// The results. Failed: it was neither taken nor denied, for example while a venue pauses.
const (
	PlaceAccepted PlaceResult = "accepted"
	PlaceDenied   PlaceResult = "denied"
	PlaceRepeated PlaceResult = "repeated"
	PlaceFailed   PlaceResult = "failed"
)

func placeResult(r engine.Receipt, err error) PlaceResult {
	switch {
	case err != nil:
		return PlaceFailed
	case r.IsRepeat:
		return PlaceRepeated
	case r.Code != "":
		return PlaceDenied
	default:
		return PlaceAccepted
	}
}

// Health is the state of all markets together, for the operator.
type Health struct {
	// Lamps counts the demo and live venues by their lamp: "green", "amber", "red", "closed".
	Lamps map[string]int
	// Ages are the greatest ages of prices by segment, of boards that are open and whose venue has a source.
	Ages map[calendar.Segment]time.Duration
	// Frames counts what the feeds took and refused since the start.
	Frames map[feed.Reason]uint64
	// Skew is how far a broker's clock is ahead of ours, the greatest of all live markets, 0 within 2 s.
	Skew time.Duration
	// Halted is how many venues a fault has stopped.
	Halted int
}

// Health looks at all markets now. It reads what is in memory and costs the data path nothing.
func (a *App) Health() Health {
	h := Health{Lamps: map[string]int{}, Ages: map[calendar.Segment]time.Duration{}, Frames: map[feed.Reason]uint64{}}
	a.mu.RLock()
	all := make([]*trading, 0, len(a.markets))
	for _, m := range a.markets {
		all = append(all, m)
	}
	a.mu.RUnlock()
	for _, m := range all {
		if m.Status().Fault != "" {
			h.Halted++
		}
		if m.tape == nil {
			h.add(m)
		}
	}
	return h
}

// add looks at one market that is no replay.
func (h *Health) add(m *trading) {
	now := m.Now()
	h.Lamps[m.lamp(m.Calendar().At(m.board, now)).Lamp]++
	for reason, n := range m.Feed().Counts() {
		h.Frames[reason] += n
	}
	if m.live != nil {
		state := m.live()
		if state.Skew.Abs() > h.Skew.Abs() {
			h.Skew = state.Skew
		}
		if !state.IsConnected {
			return
		}
	}
	for _, b := range m.Status().Boards {
		if m.Calendar().At(b.Board, now).Phase != calendar.Open {
			continue
		}
		if s := m.Feed().State(b.Board); s.LastAt != 0 {
			h.Ages[b.Board.Segment] = max(h.Ages[b.Board.Segment], s.Age)
		}
	}
}
