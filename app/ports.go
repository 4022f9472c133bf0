package app

import (
	"context"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
)

// How the parts meet: cmd/paperport opens the store, makes the App with New, then adds the demo venue with AddDemo once
// its simulator, broker client and feed run (the first page can be served before that: until then the venue is shown as
// starting), and calls Close at the end, which stops every venue and waits.

// History serves past bars of a venue, oldest first, half open [from, to). It may block on a broker; ErrUnavailable
// when its budget is spent.
type History interface {
	Candles(ctx context.Context, id instrument.ID, interval market.Interval, from, to calendar.Instant) ([]market.Candle, error)
}
