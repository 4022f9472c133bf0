package calendar

import (
	"fmt"
	"strings"
	"time"
)

// boards returns the boards a row names, in the order of allBoards.
func (r row) boards() ([]Board, error) {
	exchanges, segments, err := r.places()
	if err != nil {
		return nil, err
	}
	auction := r.text("auction")
	if auction != "any" && auction != "yes" && auction != "no" {
		return nil, fmt.Errorf("auction %q is none of any, yes, no", auction)
	}
	var out []Board
	for _, b := range allBoards() {
		fits := auction == "any" || b.Auction == (auction == "yes")
		if fits && contains(exchanges, b.Exchange) && contains(segments, b.Segment) {
			out = append(out, b)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no board is %s %s with auction %s", r.text("exchange"), r.text("segment"), auction)
	}
	return out, nil
}

func (r row) places() ([]Exchange, []Segment, error) {
	exchanges, err := parseAll(r.text("exchange"), parseExchange)
	if err != nil {
		return nil, nil, err
	}
	segments, err := parseAll(r.text("segment"), parseSegment)
	return exchanges, segments, err
}

func (r row) dates() (from, to Date, err error) {
	if from, err = ParseDate(r.text("from")); err != nil {
		return 0, 0, err
	}
	if r.text("to") == "" {
		return from, 0, nil
	}
	if to, err = ParseDate(r.text("to")); err != nil {
		return 0, 0, err
	}
	if to < from {
		return 0, 0, fmt.Errorf("to %s is before from %s", to, from)
	}
	return from, to, nil
}

// phase reads the phase, start and end columns.
func (r row) phase() (session, error) {
	for p := PreOpen; p <= PostClose; p++ {
		if p.String() != r.text("phase") {
			continue
		}
		start, err := parseTimeOfDay(r.text("start"))
		if err != nil {
			return session{}, err
		}
		end, err := parseTimeOfDay(r.text("end"))
		if err != nil {
			return session{}, err
		}
		if end <= start {
			return session{}, fmt.Errorf("phase ends at %s, not after its start at %s", r.text("end"), r.text("start"))
		}
		return session{phase: p, start: start, end: end}, nil
	}
	return session{}, fmt.Errorf("phase %q is none of pre-open, open, closing auction, post-close", r.text("phase"))
}

// parseTimeOfDay reads "15:04", up to "24:00".
func parseTimeOfDay(s string) (time.Duration, error) {
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, fmt.Errorf("%q is not a time of day like 09:15", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

func parseExchange(s string) (Exchange, error) {
	for e := NSE; e <= MCX; e++ {
		if e.String() == s {
			return e, nil
		}
	}
	return 0, fmt.Errorf("exchange %q is none of NSE, BSE, MCX", s)
}

func parseSegment(s string) (Segment, error) {
	for v := Equity; v <= Commodity; v++ {
		if v.String() == s {
			return v, nil
		}
	}
	return 0, fmt.Errorf("segment %q is none of equity, fno, currency, commodity", s)
}

// parseAll reads values joined by +.
func parseAll[T any](s string, parse func(string) (T, error)) ([]T, error) {
	var out []T
	for _, part := range strings.Split(s, "+") {
		v, err := parse(part)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func contains[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

// addExpiryTime reads when expiring contracts stop trading.
func (t *tables) addExpiryTime(r row) error {
	exchanges, segments, err := r.places()
	if err != nil {
		return err
	}
	var e expiryTime
	if e.from, e.to, err = r.dates(); err != nil {
		return err
	}
	if e.at, err = parseTimeOfDay(r.text("time")); err != nil {
		return err
	}
	e.origin = r.origin
	for _, e.board = range allBoards() {
		if contains(exchanges, e.board.Exchange) && contains(segments, e.board.Segment) {
			t.expiryTimes = append(t.expiryTimes, e)
		}
	}
	return nil
}
