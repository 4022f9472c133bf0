package main

import (
	"encoding/json"
	"fmt"
)

// frames writes the ticks of a flow as stock events, as Breeze sends them for shares: 21 elements, prices with decimals, a
// display string in crores, an epoch in seconds (breeze-wire 3.4).
func (f *flow) frames() [][]byte {
	out := make([][]byte, len(f.ticks))
	for k := range out {
		t := &f.ticks[k]
		start := f.start[t.instrument]
		out[k] = fmt.Appendf(nil, `["4.1!%d",%s,%s,%s,%s,%s,%s,%d,%s,%d,%d,%s,%d,%d,%d,"%s","",%s,%s,%d,%s]`,
			firstToken+t.instrument, rupees(start), rupees(t.last), rupees(start+start/10), rupees(start-start/10), "-0.36", rupees(t.bid), displayedQty,
			rupees(t.ask), displayedQty, 25, rupees(start), dayVolume, 762919, 619405, "1328.72C",
			rupees(start-start/5), rupees(start+start/5), flowStart+int64(k)/ticksPerSecond, rupees(start))
	}
	return out
}

const (
	firstToken = 1000
	// displayedQty is more than any order of the flow asks: what is reached fills whole.
	displayedQty = 1_000_000
	// dayVolume stands still: nothing prints, orders fill against the quote only.
	dayVolume = 10_991_550
	// flowStart is 2026-11-24 10:00 IST in seconds; the flow has ticksPerSecond ticks in each.
	flowStart      = 1_795_494_600
	ticksPerSecond = 50_000
)

// rupees writes 1/10,000 rupee with two decimals.
func rupees(v int64) string { return fmt.Sprintf("%d.%02d", v/10_000, v%10_000/100) }

// plainTick is what the floor decodes a frame to: fixed point at 1/10,000 rupee, quantities in units.
type plainTick struct {
	token  int
	fields [21]int64
}

// parseFloor is the floor of decoding: one pass over the bytes, no allocation, no checks of meaning.
func parseFloor(b []byte, t *plainTick) bool {
	i := 0
	for i < len(b) && b[i] != '!' {
		i++
	}
	t.token = 0
	for i++; i < len(b) && b[i] != '"'; i++ {
		t.token = t.token*10 + int(b[i]-'0')
	}
	i++
	for field := 1; field <= 20; field++ {
		if i >= len(b) || b[i] != ',' {
			return false
		}
		i++
		if b[i] == '"' {
			for i++; i < len(b) && b[i] != '"'; i++ {
			}
			i++
			continue
		}
		t.fields[field], i = fixedPoint(b, i)
	}
	return true
}

func fixedPoint(b []byte, i int) (int64, int) {
	isNegative := b[i] == '-'
	if isNegative {
		i++
	}
	var v int64
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		v = v*10 + int64(b[i]-'0')
	}
	scale := 4
	if i < len(b) && b[i] == '.' {
		for i++; i < len(b) && b[i] >= '0' && b[i] <= '9' && scale > 0; i++ {
			v = v*10 + int64(b[i]-'0')
			scale--
		}
	}
	for ; scale > 0; scale-- {
		v *= 10
	}
	if isNegative {
		v = -v
	}
	return v, i
}

// parsePeer is the standard library's way: the array into values, and nothing done with them.
func parsePeer(b []byte) ([]any, error) {
	var event []any
	if err := json.Unmarshal(b, &event); err != nil {
		return nil, err
	}
	return event, nil
}
