package match

import (
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// Recent are the newest trades of a future or option as its quotes told of them: what limit price protection is held
// against. A quote that shows volume counts as one trade at its last price; the first quote does, whatever it shows.
type Recent struct {
	Trades [recentMax]Traded
	// N is how many were noted so far; the newest is at (N-1) % recentMax.
	N uint64
}

// Traded is a last price and when it was learned of.
type Traded struct {
	At    calendar.Instant
	Price money.Price
}

const (
	recentMax       = 32
	referenceWindow = 30 * time.Second
	// referenceAge is after how long without a trade the exchange takes a theoretical price instead (india-rules 2.8).
	referenceAge = 15 * time.Minute
)

func recentOf(i *instrument.Instrument, have *Recent) *Recent {
	if i.Kind != instrument.Future && i.Kind != instrument.Option {
		return nil
	}
	if have != nil {
		return have
	}
	return &Recent{}
}

func (r *Recent) note(at calendar.Instant, price money.Price) {
	r.Trades[r.N%recentMax] = Traded{at, price}
	r.N++
}

// Reference is the mean price of the trades of the last 30 s (at most 32 of them), that of the last such window when
// there were none since. 0: unknown, as there was no trade for 15 minutes.
func (b *Book) Reference(now calendar.Instant) money.Price {
	r := b.Recent
	if r == nil || r.N == 0 {
		return 0
	}
	newest := r.Trades[(r.N-1)%recentMax].At
	if now.Sub(newest) > referenceAge {
		return 0
	}
	from := now.Add(-referenceWindow)
	if newest < from {
		from = newest.Add(-referenceWindow)
	}
	sum, n := int64(0), int64(0)
	for i := r.N; i > 0 && r.N-i < recentMax; i-- {
		t := r.Trades[(i-1)%recentMax]
		if t.At < from {
			break
		}
		sum += int64(t.Price)
		n++
	}
	return money.Price((sum + n/2) / n)
}
