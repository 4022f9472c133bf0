package calendar

import (
	"embed"
	"fmt"
	"io/fs"
	"time"
)

//go:embed tables/*.csv
var embedded embed.FS

// Calendar answers when boards trade. It is immutable after Load or Demo and safe for concurrent use; a changed override
// file means loading a new Calendar.
type Calendar struct {
	// layers are tables searched last to first: the embedded ones, then those of the override.
	layers []*tables
	// isEveryDay drops weekends and holidays (the demo market).
	isEveryDay bool
}

// Load returns the exchanges' calendar. overrides may be nil; otherwise its files of the names in calendar/tables
// (same columns) are laid over the embedded ones: for a date, exchange and segment named in an override's holidays,
// specials or settlement holidays only the override counts, and a session or square-off row of an override replaces the
// embedded rows of its boards for its dates. An error names the file and line; nothing is half loaded.
func Load(overrides fs.FS) (*Calendar, error) {
	own, err := fs.Sub(embedded, "tables")
	if err != nil {
		return nil, fmt.Errorf("calendar: open embedded tables: %w", err)
	}
	c := &Calendar{}
	for _, source := range []fs.FS{own, overrides} {
		if source == nil {
			continue
		}
		t, err := readTables(source)
		if err != nil {
			return nil, err
		}
		c.layers = append(c.layers, t)
	}
	return c, nil
}

// demoDayEnd is when the demo market's day ends; five minutes remain for marking and settlement (architecture.md 2).
const demoDayEnd = 23*time.Hour + 55*time.Minute

// demoSquareOffMinutes before demoDayEnd, intraday positions are closed: 23:45.
const demoSquareOffMinutes = 10

// demoExpiry is when the demo market's contracts stop trading on their last day (architecture.md 2).
const demoExpiry = 15*time.Hour + 40*time.Minute

// Demo returns the demo market's calendar: every board is open 00:00 to 23:55 IST on all seven days, squares off at 23:45
// and settles on the next day. Contracts expire on the rules' weekdays at 15:40, never moved by a holiday.
func Demo() *Calendar {
	t := newTables()
	for _, b := range allBoards() {
		t.sessions = append(t.sessions, session{board: b, phase: Open, end: demoDayEnd})
		t.squareOffs = append(t.squareOffs, squareOff{board: b, before: demoSquareOffMinutes * time.Minute})
		t.expiryTimes = append(t.expiryTimes, expiryTime{board: b, at: demoExpiry})
	}
	for _, e := range []struct {
		exchange Exchange
		weekday  time.Weekday
	}{{NSE, time.Tuesday}, {BSE, time.Thursday}} {
		t.expiries = append(t.expiries, expiryRule{exchange: e.exchange, weekday: e.weekday})
	}
	return &Calendar{layers: []*tables{t}, isEveryDay: true}
}

// KnownUntil returns the last day of the last year with holidays in the tables: later answers know only weekends. It is
// the zero Date for the demo calendar, which needs none.
func (c *Calendar) KnownUntil() Date {
	var last Date
	for _, t := range c.layers {
		last = max(last, t.lastHoliday)
	}
	if last == 0 {
		return 0
	}
	year, _, _ := last.YMD()
	return NewDate(year, time.December, 31)
}

func allBoards() []Board {
	return []Board{
		{NSE, Equity, false}, {NSE, Equity, true}, {BSE, Equity, false}, {BSE, Equity, true},
		{NSE, FNO, false}, {BSE, FNO, false}, {NSE, Currency, false}, {BSE, Currency, false}, {MCX, Commodity, false},
	}
}

// normal drops the auction mark where it has no meaning, so that every board has one spelling.
func (b Board) normal() Board {
	b.Auction = b.Auction && b.Segment == Equity
	return b
}
