package venue

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paperport/clock"
	"paperport/feed"
	"paperport/instrument"
	"paperport/money"
	"paperport/store"
	"paperport/store/sqlstore"
)

// BenchmarkPlace is P4 of the performance page in process: durable limit orders by 1, 16 and 256 callers.
func BenchmarkPlace(b *testing.B) {
	for _, callers := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			v := benchVenue(b)
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for range callers {
				wg.Go(func() {
					for {
						n := next.Add(1)
						if n > int64(b.N) {
							return
						}
						r, err := v.Place(context.Background(), buy(fmt.Sprintf("bench-%08d", n), 1, 1_250*money.PriceScale))
						if err != nil || r.Code != "" {
							b.Errorf("%+v, %v", r, err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "orders/s")
		})
	}
}

func benchVenue(b *testing.B) *Venue {
	b.Helper()
	s, err := sqlstore.Open(b.Context(), sqlstore.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	if err := s.AddVenue(b.Context(), store.Venue{ID: venueID, Settings: []byte("{}")}); err != nil {
		b.Fatal(err)
	}
	st := &stage{store: &breakable{Books: s}, clock: clock.NewManual(begin.Time()), price: 1_300 * money.PriceScale}
	st.feed = feed.New(feed.Options{Clock: st.clock, Instrument: func(id instrument.ID) (*instrument.Instrument, bool) { return &share, id == reliance }})
	st.quote()
	o := st.options()
	o.Engine.WorkingOrdersMax = 1 << 30
	v, err := Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(v.Close)
	st.clock.Advance(time.Second)
	st.quote()
	r, err := v.OpenAccount(b.Context(), store.Account{ID: account, Owner: "u", Venue: venueID, Name: "Main", Plan: "flat20", Profile: "realistic",
		Capital: 1e13}, "open-account")
	if err != nil || r.Code != "" {
		b.Fatal(r, err)
	}
	return v
}
