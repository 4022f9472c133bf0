package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

// frames makes stock events as Breeze sends them for shares: 21 elements, prices with two decimals, a display string in
// crores, an epoch in seconds (breeze-wire 3.4). Prices walk by one tick, so the texts differ.
func frames(instruments, n int) [][]byte {
	r := rand.New(rand.NewPCG(5, 6))
	last := make([]int64, instruments)
	for i := range last {
		last[i] = 100_00 + r.Int64N(2000_00)
	}
	out := make([][]byte, n)
	for k := range out {
		i := r.IntN(instruments)
		last[i] += (r.Int64N(3) - 1) * 5
		p := last[i]
		out[k] = fmt.Appendf(nil, `42["stock",["4.1!%d",%s,%s,%s,%s,%s,%s,%d,%s,%d,%d,%s,%d,%d,%d,"%s","",%s,%s,%d,%s]]`,
			1000+i, rupees(p-300), rupees(p), rupees(p+800), rupees(p-900), rupees(r.Int64N(900)-450), rupees(p-5), 1+r.IntN(900),
			rupees(p+5), 1+r.IntN(900), 1+r.IntN(50), rupees(p-100), 1_000_000+k, 700_000+r.IntN(90_000), 600_000+r.IntN(90_000), "1328.72C",
			rupees(p-9000), rupees(p+9000), 1_763_950_000+k/1000, rupees(p-200))
	}
	return out
}

func rupees(paise int64) string {
	sign := ""
	if paise < 0 {
		sign, paise = "-", -paise
	}
	return fmt.Sprintf("%s%d.%02d", sign, paise/100, paise%100)
}

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
	if err := json.Unmarshal(b[2:], &event); err != nil {
		return nil, err
	}
	return event, nil
}
