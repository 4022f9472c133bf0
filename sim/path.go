package sim

import (
	"sync"

	"paperport/calendar"
)

// minute is one underlying within one minute: a straight line from the slow octaves plus the fast ones. Conversions to
// float64 keep compilers from fusing operations, so every caller gets the same bits.
type minute struct {
	u           *Underlying
	start       int64 // second
	line, slope float64
}

func minuteOf(second int64) int64 { return floorDiv(second, minuteSeconds) * minuteSeconds }

func newMinute(u *Underlying, start int64) minute {
	a, b := slowAt(u, start), slowAt(u, start+minuteSeconds)
	return minute{u: u, start: start, line: u.level + a, slope: (b - a) / minuteSeconds}
}

func slowAt(u *Underlying, second int64) float64 {
	sum := float64(u.marketPart * slow(u.marketSeed, second, u.octaves))
	if u.ownPart != 0 {
		sum += float64(u.ownPart * slow(u.ownSeed, second, u.octaves))
	}
	return sum
}

// add puts the line and the two factors' fast parts together, at the given second of the minute.
func (n *minute) add(second int64, market, own float64) float64 {
	return n.line + float64(n.slope*float64(second)) + float64(n.u.marketPart*market) + float64(n.u.ownPart*own)
}

// at returns the log price at a second of this minute.
func (n *minute) at(second int64) float64 {
	second -= n.start
	own := 0.0
	if n.u.ownPart != 0 {
		own = fastAt(n.u.ownSeed, n.start, second)
	}
	return n.add(second, fastAt(n.u.marketSeed, n.start, second), own)
}

// logs is the first, highest, lowest and last log price of an interval.
type logs struct{ open, high, low, close float64 }

// fold returns the logs of the seconds [from, to), which lie in one minute; to > from.
func fold(u *Underlying, from, to int64) logs {
	n := newMinute(u, minuteOf(from))
	if to == from+1 {
		v := n.at(from)
		return logs{v, v, v, v}
	}
	var market, own [minuteSeconds]float64
	fastMinute(u.marketSeed, n.start, &market)
	if u.ownPart != 0 {
		fastMinute(u.ownSeed, n.start, &own)
	}
	first := n.add(from-n.start, market[from-n.start], own[from-n.start])
	l := logs{first, first, first, first}
	for s := from + 1 - n.start; s < to-n.start; s++ {
		v := n.add(s, market[s], own[s])
		if v > l.high {
			l.high = v
		}
		if v < l.low {
			l.low = v
		}
		l.close = v
	}
	return l
}

type hourKey struct {
	row  int
	hour int64 // since the epoch
}

// hourFold holds the folded whole minutes of one underlying in one hour, filled as far as somebody asked.
type hourFold struct {
	mu      sync.Mutex // guards minutes and isSet
	minutes [60]logs
	isSet   uint64 // a bit for each minute
}

// minuteLogs returns the fold of the whole minute that begins at start.
func (m *Market) minuteLogs(u *Underlying, start int64) logs {
	h := m.folds.get(hourKey{u.Row, floorDiv(start, 3600)}, func() *hourFold { return &hourFold{} })
	i := floorDiv(start, minuteSeconds) % 60
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isSet&(1<<i) == 0 {
		h.minutes[i] = fold(u, start, start+minuteSeconds)
		h.isSet |= 1 << i
	}
	return h.minutes[i]
}

// spanLogs is the fold of seconds [from, to) within one minute, cached when it is the whole minute.
func (m *Market) spanLogs(u *Underlying, from, to int64) logs {
	if to-from == minuteSeconds && from%minuteSeconds == 0 {
		return m.minuteLogs(u, from)
	}
	return fold(u, from, to)
}

func instant(second int64) calendar.Instant { return calendar.Instant(second * 1_000_000) }
func secondOf(at calendar.Instant) int64    { return floorDiv(int64(at), 1_000_000) }
