// Package sim makes seeded markets. Its Market is the demo market: the price of every instrument is a pure function of
// (seed, instrument, time), evaluated only where somebody asks, so a restart, another day and a history request all see
// the same price at the same instant. Nothing runs and nothing is stored; caches only save work.
//
// How prices are made, from the ground up: docs/demo-market.md. Invariants: every price lies on its tick and inside its
// circuit limits; bid <= last <= ask with bid < ask; volumes never fall within a day; a candle is the fold of the ticks of
// its interval; a call and a put agree with their forward within the spread.
//
// Floats live here. Prices are rounded once, to the tick, and leave as integers. Known limits: no opening or closing
// auction, no corporate actions, no dividends, volatility smiles that move only with the index.
package sim

import (
	"paperport/calendar"
	"paperport/money"
)

// Session is one continuous trading session of a board: ticks are made at whole seconds from Open up to, not including, Close.
type Session struct {
	Date        calendar.Date
	Open, Close calendar.Instant
}

// Options says which market to make. The zero value is the market of seed 0 on the demo calendar.
type Options struct {
	// Seed selects one market of 2^64.
	Seed uint64
	// Calendar is the timetable and the source of expiry dates; nil is calendar.Demo.
	Calendar *calendar.Calendar
}

// Market is one seeded market. It is safe for concurrent use.
type Market struct {
	seed     uint64
	calendar *calendar.Calendar
	rows     []Underlying
	vixRow   int

	bySymbol, byStockCode map[string]int
	byToken               map[cashToken]Contract

	sessions *cache[boardDay, Session]
	folds    *cache[hourKey, *hourFold]
	ladders  *cache[rowDay, float64]
	days     *cache[dayKey, day]
	bars     *cache[dayKey, bar]
}

// New returns the market of o.
func New(o Options) *Market {
	m := &Market{seed: o.Seed, calendar: o.Calendar, rows: underlyings()}
	if m.calendar == nil {
		m.calendar = calendar.Demo()
	}
	for i := range m.rows {
		m.rows[i].anchor(m.seed)
	}
	m.index()
	m.sessions = newCache[boardDay, Session](daysMax)
	m.folds = newCache[hourKey, *hourFold](foldsMax)
	m.ladders = newCache[rowDay, float64](daysMax)
	m.days = newCache[dayKey, day](daysMax)
	m.bars = newCache[dayKey, bar](daysMax)
	return m
}

type boardDay struct {
	board calendar.Board
	date  calendar.Date
}

type rowDay struct {
	row  int
	date calendar.Date
}

// Cache sizes, in entries. An hour's fold takes 2 KB, the others a hundred bytes.
const (
	foldsMax = 3_000
	daysMax  = 16_384
)

// Rate is the annual interest rate that futures carry and options are discounted with (india-rules 7.1).
const Rate = 0.065

// session returns the session of board on date; false means that it does not trade then.
func (m *Market) session(board calendar.Board, date calendar.Date) (Session, bool) {
	s := m.sessions.get(boardDay{board, date}, func() Session {
		state := m.calendar.At(board, date.At(0))
		if state.Phase != calendar.Open {
			state = m.calendar.At(board, state.NextOpen)
		}
		if state.Phase != calendar.Open || state.Since.Date() != date {
			return Session{}
		}
		return Session{date, state.Since, state.Until}
	})
	return s, s.Close > s.Open
}

// sessionAt returns the latest session of board that has begun at the instant; false when none began within 15 days.
func (m *Market) sessionAt(board calendar.Board, at calendar.Instant) (Session, bool) {
	date := at.Date()
	if s, ok := m.session(board, date); ok && s.Open <= at {
		return s, true
	}
	return m.before(board, date)
}

// before returns the last session of board that is older than date.
func (m *Market) before(board calendar.Board, date calendar.Date) (Session, bool) {
	for back := 1; back <= lookBackDays; back++ {
		if s, ok := m.session(board, date.Add(-back)); ok {
			return s, true
		}
	}
	return Session{}, false
}

// lookBackDays bounds the search for an earlier session; no Indian market was ever shut for longer.
const lookBackDays = 15

func toPrice(rupees float64, tick money.Price) money.Price {
	p := money.Price(rupees*money.PriceScale/float64(tick)+0.5) * tick
	return max(p, tick)
}
