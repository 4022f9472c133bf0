package app

import (
	"context"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
)

// How the parts meet: cmd/paperport opens the store, makes the App with New and adds the demo venue with AddDemo, its
// feed still silent, so that books can be read at once; then it starts simulator, broker client and stream behind that
// feed. At the end App.Close stops every venue and waits, then the stream and the store are closed.

// History serves past bars of a venue, oldest first, whose start lies in [from, to). It may block on a broker.
type History interface {
	Candles(ctx context.Context, id instrument.ID, interval market.Interval, from, to calendar.Instant) ([]market.Candle, error)
}
