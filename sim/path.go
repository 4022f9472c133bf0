package sim

import (
	"sync"

	"paperport/calendar"
)

// minute is one underlying within one minute: a straight line from the slow octaves plus the fast ones. Conversions to
// float64 keep compilers from fusing operations, so every caller gets the same bits.
type minute struct {
	start       int64 // second
	line, slope float64
	marketPart  float64
	ownPart     float64
	market, own fast
}

func minuteOf(second int64) int64 { return floorDiv(second, 60) * 60 }

func newMinute(u *Underlying, start int64) minute {
	n := minute{start: start, marketPart: u.marketPart, ownPart: u.ownPart}
	n.market, n.own = fast{seed: u.marketSeed, start: start}, fast{seed: u.ownSeed, start: start}
	a, b := slowAt(u, start), slowAt(u, start+60)
	n.line = u.level + a
	n.slope = (b - a) / 60
	return n
}

func slowAt(u *Underlying, second int64) float64 {
	sum := float64(u.marketPart * slow(u.marketSeed, second, u.octaves))
	if u.ownPart != 0 {
		sum += float64(u.ownPart * slow(u.ownSeed, second, u.octaves))
	}
	return sum
}

// at returns the log price at a second of this minute.
func (n *minute) at(second int64) float64 {
	second -= n.start
	v := n.line + float64(n.slope*float64(second)) + float64(n.marketPart*n.market.at(second))
	if n.ownPart != 0 {
		v += float64(n.ownPart * n.own.at(second))
	}
	return v
}

// logs is the first, highest, lowest and last log price of an interval.
type logs struct{ open, high, low, close float64 }

// fold returns the logs of the seconds [from, to), which lie in one minute; to > from.
func fold(u *Underlying, from, to int64) logs {
	n := newMinute(u, minuteOf(from))
	first := n.at(from)
	l := logs{first, first, first, first}
	for s := from + 1; s < to; s++ {
		v := n.at(s)
		l.high, l.low, l.close = max(l.high, v), min(l.low, v), v
	}
	return l
}

// dayFold holds the folded whole minutes of one underlying from 00:00 IST of one date, filled as far as somebody asked.
type dayFold struct {
	mu      sync.Mutex // guards minutes
	minutes []logs
	isSet   []bool
}

const minutesPerDay = 1440

// minuteLogs returns the fold of the whole minute that begins at start.
func (m *Market) minuteLogs(u *Underlying, start int64) logs {
	date := instant(start).Date()
	d := m.folds.get(rowDay{u.Row, date}, func() *dayFold {
		return &dayFold{minutes: make([]logs, minutesPerDay), isSet: make([]bool, minutesPerDay)}
	})
	i := (start - date.At(0).Time().Unix()) / 60
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.isSet[i] {
		d.minutes[i], d.isSet[i] = fold(u, start, start+60), true
	}
	return d.minutes[i]
}

// spanLogs is the fold of seconds [from, to) within one minute, cached when it is the whole minute.
func (m *Market) spanLogs(u *Underlying, from, to int64) logs {
	if to-from == 60 && from%60 == 0 {
		return m.minuteLogs(u, from)
	}
	return fold(u, from, to)
}

func instant(second int64) calendar.Instant { return calendar.Instant(second * 1_000_000) }
func secondOf(at calendar.Instant) int64    { return floorDiv(int64(at), 1_000_000) }
