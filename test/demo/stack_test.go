package demo

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"paperport/breeze"
	"paperport/breezesim"
	"paperport/calendar"
	"paperport/clock"
	"paperport/feed"
	"paperport/instrument"
	"paperport/internal/memnet"
	"paperport/market"
	"paperport/secret"
	"paperport/sim"
)

// lateClock is the bubble's clock, moved to the test's day.
type lateClock struct {
	clock.System
	ahead time.Duration
}

func (c lateClock) Now() time.Time { return c.System.Now().Add(c.ahead) }

// stack is everything from the simulator to the feed, in synthetic time.
type stack struct {
	*world
	feed     *feed.Feed
	stream   *breeze.Stream
	option   instrument.ID
	share    instrument.ID
	contract sim.Contract
}

type upstream struct {
	*breeze.Stream
	client *breeze.Client
}

func (u *upstream) Snapshot(ctx context.Context, id instrument.ID) (market.Quote, error) {
	return u.client.Quote(ctx, id)
}

func mustStack(t *testing.T) *stack {
	t.Helper()
	c := lateClock{ahead: time.Until(now.Time())}
	w := &world{simulator: breezesim.New(breezesim.Options{Seed: seed, Clock: c}), registry: instrument.NewRegistry(), truth: sim.New(sim.Options{Seed: seed})}
	keys := w.simulator.Credentials()
	w.client = breeze.New(breeze.Options{
		Hosts: breeze.AllAt("http://demo.test"), Clock: c, AppKey: secret.New(keys.Key), Secret: secret.New(keys.Secret),
		Codes: func() *breeze.Codes { return w.codes }, Transport: memnet.Serve(t, w.simulator.Handler(), w.simulator.Close),
	})
	t.Cleanup(w.client.Close)
	exchanged, err := w.client.Exchange(t.Context(), secret.New(keys.APISession))
	if err != nil {
		t.Fatal(err)
	}
	w.client.SetToken(exchanged.Token)
	w.importMaster(t)
	s := &stack{world: w}
	up := &upstream{client: w.client}
	s.feed = feed.New(feed.Options{Clock: c, Instrument: w.registry.ByID, Upstream: up})
	s.stream = breeze.NewStream(breeze.StreamOptions{Client: w.client, Handler: s.feed, IsFirst: s.feed.IsFirst})
	up.Stream = s.stream
	for _, contract := range w.some() {
		in := w.mustFind(t, contract)
		s.feed.Want(in.ID, feed.Owner{Name: "test", IsFirst: contract.Kind == instrument.Option})
		if contract.Exchange == calendar.NSE && contract.Kind == instrument.Option {
			s.option = in.ID
		}
		if contract.Exchange == calendar.NSE && contract.Kind == instrument.Equity {
			s.share, s.contract = in.ID, contract
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	streamed, fed := make(chan error, 1), make(chan struct{})
	go func() { streamed <- s.stream.Run(ctx) }()
	go func() { defer close(fed); s.feed.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-fed
		if err := <-streamed; !errors.Is(err, context.Canceled) {
			t.Errorf("the stream ended with %v", err)
		}
	})
	return s
}

var nse = calendar.Board{Exchange: calendar.NSE, Segment: calendar.Equity}

// pass lets seconds go by and returns the first after which isDone holds, -1 when none does.
func (s *stack) pass(seconds int, isDone func() bool) int {
	for i := range seconds {
		time.Sleep(time.Second)
		synctest.Wait()
		if isDone() {
			return i + 1
		}
	}
	return -1
}

func never() bool { return false }

func (s *stack) isAlive() bool { return s.feed.State(nse).IsAlive }

// TestStack drives the whole way through its faults: silence is noticed within seconds, garbage reaches nobody, a lost
// connection leaves a gap and comes back by itself.
func TestStack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustStack(t)
		if got := s.pass(5, func() bool { return s.isAlive() && s.feed.Freshness(s.option) == feed.Fresh }); got < 0 {
			t.Fatalf("not alive after 5 s: %+v, %v, counts %v, %+v", s.feed.State(nse), s.feed.Freshness(s.option), s.feed.Counts(), s.stream.Counts())
		}
		if got := s.pass(60, func() bool { return !s.isAlive() }); got > 0 {
			t.Errorf("a healthy feed died after %d s: %+v", got, s.feed.State(nse))
		}
		if state := s.feed.State(nse); state.Age > 3*time.Second || state.Source != feed.FromStream {
			t.Errorf("state %+v", state)
		}
		q, _ := s.feed.LastQuote(s.share)
		want, _ := s.truth.Quote(s.contract, q.At)
		if q.Last != want.Last || q.Bid != want.Bid || q.AskQty != want.AskQty {
			t.Errorf("standing quote %+v, the market's %+v", q, want)
		}

		s.simulator.Freeze()
		if got := s.pass(10, func() bool { return !s.isAlive() }); got < 0 || got > 5 {
			t.Errorf("a frozen feed was noticed after %d s: %+v", got, s.feed.State(nse))
		}
		s.simulator.Unfreeze()
		if got := s.pass(5, s.isAlive); got < 0 {
			t.Errorf("not alive after the freeze: %+v", s.feed.State(nse))
		}

		before := s.feed.Counts()
		s.simulator.SendGarbage(true)
		s.pass(10, never)
		s.simulator.SendGarbage(false)
		after, stream := s.feed.Counts(), s.stream.Counts()
		refused := stream.Garbage
		for reason := range after {
			if reason != feed.Good && reason != feed.Duplicate {
				refused += after[reason] - before[reason]
			}
		}
		if refused == 0 || after[feed.Good] == before[feed.Good] || !s.isAlive() {
			t.Errorf("garbage: %d refused, %v, %+v", refused, after, stream)
		}

		s.simulator.DropSockets()
		if got := s.pass(10, func() bool { return len(s.feed.Gaps()) == 1 && s.feed.Gaps()[0].To != 0 && s.isAlive() }); got < 0 {
			t.Errorf("10 s after the connections were cut: %+v, gaps %v", s.feed.State(nse), s.feed.Gaps())
		}
		last, _ := s.feed.LastQuote(s.share)
		s.pass(3, never)
		if next, _ := s.feed.LastQuote(s.share); next.Seq == last.Seq {
			t.Error("prices did not go on after the reconnect")
		}
	})
}
