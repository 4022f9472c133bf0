package calendar

import (
	"embed"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"
)

//go:embed tables/*.csv
var embedded embed.FS

// Calendar answers when boards trade. It is safe for concurrent use. Its tables change only by Replace, for everybody who
// holds it and whole: each answer is made from one set of tables, two answers may be from two.
type Calendar struct{ tables atomic.Pointer[timetable] }

// timetable is one set of tables. It is immutable.
type timetable struct {
	// layers are tables searched last to first: the embedded ones, then those of the override.
	layers []*tables
	// isEveryDay drops weekends and holidays (the demo market).
	isEveryDay bool
}

func newCalendar(t *timetable) *Calendar {
	c := &Calendar{}
	c.tables.Store(t)
	return c
}

// Load returns the exchanges' calendar. overrides may be nil; otherwise its files of the names in calendar/tables
// (same columns) are laid over the embedded ones: for a date, exchange and segment named in an override's holidays,
// specials or settlement holidays only the override counts, and a row with dates of an override replaces the embedded
// rows of its boards for its dates. An error names the file and line; nothing is half loaded.
func Load(overrides fs.FS) (*Calendar, error) {
	own, err := fs.Sub(embedded, "tables")
	if err != nil {
		return nil, fmt.Errorf("calendar: open embedded tables: %w", err)
	}
	c := &timetable{}
	for _, source := range []fs.FS{own, overrides} {
		if source == nil {
			continue
		}
		t, err := readTables(source, source != own)
		if err != nil {
			return nil, err
		}
		c.layers = append(c.layers, t)
	}
	return newCalendar(c), nil
}

// Replace makes c answer as next does from now on. next stays as it is.
func (c *Calendar) Replace(next *Calendar) { c.tables.Store(next.tables.Load()) }

// Fixed returns a calendar that answers as c does now, whatever comes.
func (c *Calendar) Fixed() *Calendar { return newCalendar(c.tables.Load()) }

// demoDayEnd is when the demo market's day ends; five minutes remain for marking and settlement (architecture.md 2).
const demoDayEnd = 23*time.Hour + 55*time.Minute

// demoSquareOffMinutes before demoDayEnd, intraday positions are closed: 23:45.
const demoSquareOffMinutes = 10

// demoExpiry is when the demo market's contracts stop trading on their last day (architecture.md 2).
const demoExpiry = 15*time.Hour + 40*time.Minute

// Demo returns the demo market's calendar: every board is open 00:00 to 23:55 IST on all seven days, squares off at 23:45
// and settles on the next day. Contracts expire on the rules' weekdays at 15:40, never moved by a holiday.
func Demo() *Calendar {
	t, from := newTables(), &Origin{Source: "the demo market"}
	for _, b := range allBoards() {
		t.sessions = append(t.sessions, session{board: b, phase: Open, end: demoDayEnd, origin: from})
		t.squareOffs = append(t.squareOffs, squareOff{board: b, before: demoSquareOffMinutes * time.Minute, origin: from})
		t.expiryTimes = append(t.expiryTimes, expiryTime{board: b, at: demoExpiry, origin: from})
	}
	for _, e := range []struct {
		exchange Exchange
		weekday  time.Weekday
	}{{NSE, time.Tuesday}, {BSE, time.Thursday}} {
		t.expiries = append(t.expiries, expiryRule{exchange: e.exchange, weekday: e.weekday, origin: from})
	}
	return newCalendar(&timetable{layers: []*tables{t}, isEveryDay: true})
}

// knownUntil is Calendar.KnownUntil.
func (c *timetable) knownUntil() Date {
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

// Boards lists every board, in the order to show.
func Boards() []Board { return allBoards() }

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
