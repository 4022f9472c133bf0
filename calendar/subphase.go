package calendar

import (
	"fmt"
	"strconv"
	"time"
)

// SubPhase is a part of a pre-open or of the closing auction with rules of its own (india-rules 1.1, 1.2). It refines a
// Phase and changes nothing about it.
type SubPhase uint8

// The sub-phases, in the order of an auction. NoSubPhase is the whole of a phase that has none.
const (
	NoSubPhase SubPhase = iota
	// ReferencePrice: nothing is entered while the auction's reference price is worked out.
	ReferencePrice
	// Entry: limit and market orders may be entered, modified and cancelled.
	Entry
	// LimitOnly: market orders may not be entered, modified or cancelled.
	LimitOnly
	// Matching: the one price is found and trades are made; nothing is entered.
	Matching
	// Buffer: the wait for continuous trading.
	Buffer
)

// String returns the words of the tables and the screen: "entry", "limit only"; "" for NoSubPhase.
func (s SubPhase) String() string {
	switch s {
	case ReferencePrice:
		return "reference price"
	case Entry:
		return "entry"
	case LimitOnly:
		return "limit only"
	case Matching:
		return "matching"
	case Buffer:
		return "buffer"
	case NoSubPhase:
		return ""
	default:
		return "?"
	}
}

// subPhase is a row of subphases.csv. Its times count from the start of its phase, so that an auction moved to another
// hour keeps its length.
type subPhase struct {
	board      Board
	from, to   Date
	phase      Phase
	name       SubPhase
	start, end time.Duration
	random     time.Duration // from here on it may end at any moment; 0: never before its end
	origin     *Origin
}

// closingWindow is how long before the close of continuous trading the average is taken that makes the closing price.
type closingWindow struct {
	board    Board
	from, to Date
	length   time.Duration
	origin   *Origin
}

// subPhasesOf lists the sub-phases of a phase on a date, in order, from the topmost layer that has any.
func (c *timetable) subPhasesOf(p *session, d Date) (rows []subPhase) {
	for i := len(c.layers) - 1; i >= 0 && len(rows) == 0; i-- {
		for _, s := range c.layers[i].subPhases {
			if s.board == p.board && s.phase == p.phase && covers(s.from, s.to, d) {
				rows = append(rows, s)
			}
		}
	}
	return rows
}

// refine fills the sub-phase of a state. Only auctions have any.
func (c *timetable) refine(s *State, p *session, d Date, tod time.Duration) {
	if p.phase != PreOpen && p.phase != ClosingAuction {
		return
	}
	for i := len(c.layers) - 1; i >= 0; i-- {
		isKnown := false
		for _, sub := range c.layers[i].subPhases {
			if sub.board != p.board || sub.phase != p.phase || !covers(sub.from, sub.to, d) {
				continue
			}
			isKnown = true
			if start, end := p.start+sub.start, min(p.start+sub.end, p.end); start <= tod && tod < end {
				s.SubPhase, s.SubUntil = sub.name, d.At(end)
				if sub.random != 0 {
					s.RandomFrom = d.At(min(p.start+sub.random, p.end))
				}
			}
		}
		if isKnown {
			return
		}
	}
}

// closingWindow is Calendar.ClosingWindow, with the row that says so.
func (c *timetable) closingWindow(b Board, d Date) (from, to Instant, row closingWindow) {
	b = b.normal()
	day := c.day(b, d)
	end := day.closeOf(Open)
	if end == 0 {
		return 0, 0, row
	}
	for i := len(c.layers) - 1; i >= 0; i-- {
		for _, w := range c.layers[i].windows {
			if w.board == b && covers(w.from, w.to, d) {
				return d.At(max(end-w.length, day.openOf(Open))), d.At(end), w
			}
		}
	}
	return 0, 0, row
}

func (t *tables) addSubPhase(r row) error {
	boards, err := r.boards()
	if err != nil {
		return err
	}
	s := subPhase{origin: r.origin}
	if s.from, s.to, err = r.dates(); err != nil {
		return err
	}
	switch r.text("phase") {
	case PreOpen.String():
		s.phase = PreOpen
	case ClosingAuction.String():
		s.phase = ClosingAuction
	default:
		return fmt.Errorf("phase %q is neither pre-open nor closing auction", r.text("phase"))
	}
	for s.name = ReferencePrice; s.name.String() != r.text("name"); s.name++ {
		if s.name == Buffer {
			return fmt.Errorf("name %q is none of reference price, entry, limit only, matching, buffer", r.text("name"))
		}
	}
	if s.start, err = r.minutes("start_minute"); err != nil {
		return err
	}
	if s.end, err = r.minutes("end_minute"); err != nil {
		return err
	}
	if r.text("random_minute") != "" {
		if s.random, err = r.minutes("random_minute"); err != nil {
			return err
		}
	}
	if s.end <= s.start || s.random != 0 && (s.random < s.start || s.random >= s.end) {
		return fmt.Errorf("minutes %s to %s, random from %q, are not in order", r.text("start_minute"), r.text("end_minute"), r.text("random_minute"))
	}
	for _, s.board = range boards {
		t.subPhases = append(t.subPhases, s)
	}
	return nil
}

func (t *tables) addClosingWindow(r row) error {
	boards, err := r.boards()
	if err != nil {
		return err
	}
	w := closingWindow{origin: r.origin}
	if w.from, w.to, err = r.dates(); err != nil {
		return err
	}
	if w.length, err = r.minutes("minutes"); err != nil {
		return err
	}
	for _, w.board = range boards {
		t.windows = append(t.windows, w)
	}
	return nil
}

// minutes reads a whole number of minutes within a day.
func (r row) minutes(column string) (time.Duration, error) {
	n, err := strconv.Atoi(r.text(column))
	if err != nil || n < 0 || n > 24*60 {
		return 0, fmt.Errorf("%s %q is not a number of minutes", column, r.text(column))
	}
	return time.Duration(n) * time.Minute, nil
}
