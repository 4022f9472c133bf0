package match

import (
	"paperport/money"
	"paperport/order"
)

// The names of the profiles.
const (
	Learner     = "learner"
	Realistic   = "realistic"
	Pessimistic = "pessimistic"
)

// PrintRule says which prints fill a resting order.
type PrintRule uint8

// Never: none. AtLimit: those at its limit beyond the queue ahead, and all of one through its limit. ThroughLimit: only
// those through its limit, and only beyond what is still ahead; those at its limit wear that down.
const (
	Never PrintRule = iota
	AtLimit
	ThroughLimit
)

// Profile is how kindly the market treats resting orders. What an arriving order takes is the same in all of them: what is
// displayed, at the displayed prices.
type Profile struct {
	Name string
	// TicksBeyond is how many ticks better than the limit the other side must stand to fill a resting order.
	TicksBeyond money.Price
	Prints      PrintRule
	// QueuePercent of what is displayed at its limit is ahead of an order that joins, rounded up; PrintPercent of a print
	// counts, rounded down; LatencyPercent scales the table of send latencies.
	QueuePercent, PrintPercent money.Qty
	LatencyPercent             int64
}

// profiles is the table of product.md 2.10 rule 5. The median latency is 0, 60 and 150 ms.
var profiles = [...]Profile{
	{Name: Learner, Prints: Never, PrintPercent: 100},
	{Name: Realistic, Prints: AtLimit, QueuePercent: 100, PrintPercent: 100, LatencyPercent: 100},
	{Name: Pessimistic, TicksBeyond: 1, Prints: ThroughLimit, QueuePercent: 150, PrintPercent: 50, LatencyPercent: 250},
}

// Profiles lists the profiles, the kindest first.
func Profiles() []Profile { return append([]Profile(nil), profiles[:]...) }

// ProfileOf finds a profile by name; nil when there is none.
func ProfileOf(name string) *Profile {
	for i := range profiles {
		if profiles[i].Name == name {
			return &profiles[i]
		}
	}
	return nil
}

// profile is the order's own, or the default.
func (r *Resting) profile() *Profile {
	if r.Profile == nil {
		return &profiles[1]
	}
	return r.Profile
}

// queueOf is what a profile puts ahead of an order that joins behind a displayed quantity.
func (p *Profile) queueOf(displayed money.Qty) money.Qty {
	return (displayed*p.QueuePercent + 99) / 100
}

// reachOf is the price at which the other side fills a resting order.
func (p *Profile) reachOf(r *Resting, tick money.Price) money.Price {
	if r.Side == order.Buy {
		return r.Limit - p.TicksBeyond*tick
	}
	return r.Limit + p.TicksBeyond*tick
}
