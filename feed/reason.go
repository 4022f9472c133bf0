package feed

// Reason says why a frame was refused, or that it was not.
type Reason uint8

// The reasons, in the order in which they are checked; the first that applies counts.
const (
	// Good: stored, numbered, handed on.
	Good Reason = iota
	// Unknown: no instrument of ours.
	Unknown
	// Garbage: a negative number, more levels than there are, or a level without a size.
	Garbage
	// Empty: neither a last price nor a book.
	Empty
	// Future: exchange time ahead of our clock.
	Future
	// Old: exchange time further back than any reordering explains.
	Old
	// Reordered: a late frame, overtaken by a newer one.
	Reordered
	// Duplicate: the standing frame once more.
	Duplicate
	// OutsideCircuit: a price beyond the day's circuit limits.
	OutsideCircuit
	// OutsideDay: the last price is outside the day's own range.
	OutsideDay
	// Crossed: best bid above best ask, or a ladder not in order.
	Crossed
	// BelowTick: an option at less than one tick.
	BelowTick
	// SpotValue: an option that shows its underlying's price.
	SpotValue
	// Spike: too far from the standing price, and no second frame has confirmed it yet.
	Spike

	reasonCount
)

// String is the reason as a metric label, lower case with underscores.
func (r Reason) String() string {
	switch r {
	case Good:
		return "ok"
	case Unknown:
		return "unknown"
	case Garbage:
		return "garbage"
	case Empty:
		return "empty"
	case Future:
		return "future"
	case Old:
		return "old"
	case Reordered:
		return "reordered"
	case Duplicate:
		return "duplicate"
	case OutsideCircuit:
		return "outside_circuit"
	case OutsideDay:
		return "outside_day"
	case Crossed:
		return "crossed"
	case BelowTick:
		return "below_tick"
	case SpotValue:
		return "spot_value"
	case Spike:
		return "spike"
	case reasonCount:
		return "?"
	default:
		return "?"
	}
}

// Counts returns how many frames met each reason since New, the good ones included.
func (f *Feed) Counts() map[Reason]uint64 {
	counts := make(map[Reason]uint64, reasonCount)
	for r := range reasonCount {
		counts[r] = f.counts[r].Load()
	}
	return counts
}
