package match

import (
	"time"

	"paperport/order"
)

// Latency draws how long an order takes to the exchange from the table of latencies, scaled by its profile. The same
// seed, order and revision give the same answer for ever; a modified order travels again.
func (p *Profile) Latency(seed uint64, id order.ID, revision int32) time.Duration {
	n := mix(mix(seed) ^ mix(uint64(id)<<16^uint64(uint32(revision))))
	return time.Duration(int64(latencyMicros[n>>56])*p.LatencyPercent/100) * time.Microsecond
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
