package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paperport/calendar"
	"paperport/clock"
	"paperport/instrument"
	"paperport/market"
)

// drained prints what an inbox holds as "id@price" and "id#levels".
func drained(in *Inbox) string {
	var out []string
	in.Drain(func(q *market.Quote, d *market.Depth) {
		if q != nil {
			out = append(out, fmt.Sprintf("%d@%s", q.Instrument, q.Last))
		}
		if d != nil {
			out = append(out, fmt.Sprintf("%d#%d", d.Instrument, d.BidLevels))
		}
	})
	return fmt.Sprint(out)
}

// TestInboxConflates: a slow reader gets the newest of each instrument once, and slows nobody.
func TestInboxConflates(t *testing.T) {
	l := mustLab(t, nil)
	l.clock.Advance(time.Hour)
	slow, fast, all := l.Listen(share, call), l.Listen(share), l.ListenAll()
	for i := range int64(1000) {
		l.Quote(quoteAt(share, 100*rupee, i))
		l.Quote(quoteAt(quietShare, 50*rupee, i))
		if got := drained(fast); got != "[1@100.00]" {
			t.Fatalf("fast reader got %s", got)
		}
	}
	l.Depth(depthAt(share, 100*rupee, 1))
	if got := drained(slow); got != "[1@100.00 1#2]" {
		t.Errorf("slow reader got %s", got)
	}
	if got := drained(all); got != "[1@100.00 1#2 5@50.00]" {
		t.Errorf("reader of all got %s", got)
	}
	for _, in := range []*Inbox{slow, all} {
		if got := drained(in); got != "[]" {
			t.Errorf("a second look got %s", got)
		}
	}
}

// TestInboxWatch: what is known is delivered at once; what is unwatched is not delivered; Ready says when to look.
func TestInboxWatch(t *testing.T) {
	l := mustLab(t, nil)
	l.Quote(quoteAt(share, 100*rupee, 0))
	in := l.Listen()
	select {
	case <-in.Ready():
		t.Error("ready with nothing to drain")
	default:
	}
	in.Watch(share, 99)
	in.Watch(share)
	<-in.Ready()
	if got := drained(in); got != "[1@100.00]" {
		t.Errorf("got %s", got)
	}
	l.Quote(quoteAt(share, 101*rupee, 1))
	in.Unwatch(share, quietShare)
	if got := drained(in); got != "[]" {
		t.Errorf("after unwatching got %s", got)
	}
	in.Watch(share)
	if got := drained(in); got != "[1@101.00]" {
		t.Errorf("watched again got %s", got)
	}
	in.Close()
	in.Close()
	l.Quote(quoteAt(share, 102*rupee, 2))
	in.Watch(share)
	if got := drained(in); got != "[]" {
		t.Errorf("after closing got %s", got)
	}
}

// TestInboxUnderLoad: with writers and a reader at full speed the last value always arrives.
func TestInboxUnderLoad(t *testing.T) {
	l := mustLab(t, nil)
	l.clock.Advance(time.Hour)
	in := l.ListenAll()
	defer in.Close()
	const last = 2000
	var writers sync.WaitGroup
	for _, id := range []instrument.ID{share, quietShare, bseShare} {
		writers.Go(func() {
			for i := range int64(last + 1) {
				l.Quote(quoteAt(id, 100*rupee, i))
			}
		})
	}
	final := noon.Add(last * time.Second)
	newest := map[instrument.ID]calendar.Instant{}
	for newest[share] != final || newest[quietShare] != final || newest[bseShare] != final {
		<-in.Ready()
		in.Drain(func(q *market.Quote, _ *market.Depth) {
			if q.At < newest[q.Instrument] {
				t.Errorf("instrument %d went back", q.Instrument)
			}
			newest[q.Instrument] = q.At
		})
	}
	writers.Wait()
}

// source notes what the feed asks for and answers as told.
type source struct {
	mu     sync.Mutex
	log    []string
	answer func(instrument.ID) (market.Quote, error)
}

func (s *source) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

func (s *source) Join(ids []instrument.ID)  { s.note("join %v", ids) }
func (s *source) Leave(ids []instrument.ID) { s.note("leave %v", ids) }
func (s *source) Snapshot(_ context.Context, id instrument.ID) (market.Quote, error) {
	s.note("ask %d", id)
	return s.answer(id)
}

func (s *source) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := fmt.Sprint(s.log)
	s.log = nil
	return log
}

// TestWants: the source is told at the first want and the last drop; owners with priority come first.
func TestWants(t *testing.T) {
	s := &source{}
	l := mustLab(t, s)
	browser, order := Owner{Name: "browser"}, Owner{Name: "order", IsFirst: true}
	for _, step := range []struct {
		name string
		do   func()
		want string
	}{
		{"first want", func() { l.Want(share, browser) }, "[join [1]]"},
		{"same owner again", func() { l.Want(share, browser) }, "[]"},
		{"other owner", func() { l.Want(share, order) }, "[]"},
		{"one drops", func() { l.Drop(share, browser) }, "[]"},
		{"drops twice", func() { l.Drop(share, browser) }, "[]"},
		{"never wanted", func() { l.Drop(call, browser) }, "[]"},
		{"last drops", func() { l.Drop(share, order) }, "[leave [1]]"},
		{"wanted again", func() { l.Want(share, browser); l.Want(call, browser); l.Want(put, order) }, "[join [1] join [3] join [4]]"},
		{"all of an owner", func() { l.DropAll(order) }, "[leave [4]]"},
	} {
		step.do()
		if got := s.take(); got != step.want {
			t.Errorf("%s: source was told %s, want %s", step.name, got, step.want)
		}
	}
	l.Want(put, order)
	if got := l.Wanted(); !slices.Equal(got, []instrument.ID{put, share, call}) || !l.IsFirst(put) || l.IsFirst(share) {
		t.Errorf("wanted %v", got)
	}
}

// TestRefresh: an old book is asked for once; the answer passes the same checks as the stream.
func TestRefresh(t *testing.T) {
	s := &source{answer: func(id instrument.ID) (market.Quote, error) { return quoteAt(0, 50*rupee, 0), nil }}
	l := mustLab(t, s)
	q, err := l.Refresh(t.Context(), quietShare)
	if err != nil || q.Instrument != quietShare || q.Seq != 1 {
		t.Errorf("got %+v, %v", q, err)
	}
	if _, err := l.Refresh(t.Context(), quietShare); !errors.Is(err, ErrAsked) || s.take() != "[ask 5]" {
		t.Errorf("asked again at once: %v", err)
	}
	l.clock.Advance(time.Minute)
	if q, err = l.Refresh(t.Context(), quietShare); err != nil || q.ReceivedAt != l.now() {
		t.Errorf("a minute later, unchanged book: received %s, %v; want it renewed", q.ReceivedAt, err)
	}
	s.answer = func(instrument.ID) (market.Quote, error) { return quoteAt(0, -1, 0), nil }
	if _, err := l.Refresh(t.Context(), share); !errors.Is(err, ErrRefused) {
		t.Errorf("garbage over REST: %v, want ErrRefused", err)
	}
	s.answer = func(instrument.ID) (market.Quote, error) { return market.Quote{}, errBroker }
	if _, err := l.Refresh(t.Context(), index); !errors.Is(err, errBroker) {
		t.Errorf("broker away: %v", err)
	}
	s.answer = func(instrument.ID) (market.Quote, error) { return market.Quote{}, ErrNoSource }
	if _, err := l.Refresh(t.Context(), call); !errors.Is(err, ErrNoSource) {
		t.Errorf("no connection: %v", err)
	}
	s.answer = func(instrument.ID) (market.Quote, error) { return quoteAt(0, 50*rupee, 0), nil }
	if q, err := l.Refresh(t.Context(), call); err != nil || q.Instrument != call {
		t.Errorf("connected right after: %+v, %v; nothing had been sent, so it may be asked at once", q, err)
	}
	if _, err := l.Refresh(t.Context(), 99); err == nil {
		t.Error("an unknown instrument was asked for")
	}
}

// TestRefreshKeepsWhatRESTDoesNotSend: open interest and average of the stream survive a quote asked for over REST.
func TestRefreshKeepsWhatRESTDoesNotSend(t *testing.T) {
	streamed := quoteAt(call, 100*rupee, 0)
	streamed.OI, streamed.AvgPrice, streamed.TotalAsk = 6500, 99*rupee, 700
	asked := streamed
	asked.OI, asked.AvgPrice, asked.TotalAsk, asked.LastQty = 0, 0, 0, 0
	asked.At, asked.Last = noon.Add(time.Second), 101*rupee
	l := mustLab(t, &source{answer: func(instrument.ID) (market.Quote, error) { return asked, nil }})
	l.Quote(streamed)
	q, err := l.Refresh(t.Context(), call)
	if err != nil || q.Last != 101*rupee || q.OI != 6500 || q.AvgPrice != 99*rupee || q.TotalAsk != 700 || q.LastQty != streamed.LastQty {
		t.Errorf("got %+v, %v", q, err)
	}
	asked.At = noon.Add(24 * time.Hour)
	l.clock.Advance(24 * time.Hour)
	if q, err = l.Refresh(t.Context(), call); err != nil || q.OI != 0 {
		t.Errorf("the next day: open interest %d, %v; want none", q.OI, err)
	}
}

// TestGaps: one gap from the first Down to the next Up, with our words.
func TestGaps(t *testing.T) {
	l := mustLab(t, nil)
	l.Up()
	l.clock.Advance(time.Second)
	l.Down(errBroker)
	l.clock.Advance(time.Second)
	l.Down(errBroker)
	if s := l.State(nse); s.IsAlive || s.Source != NoSource || s.Detail != "no connection: stream lost" {
		t.Errorf("while down: %+v", s)
	}
	l.clock.Advance(7 * time.Second)
	l.Up()
	l.Up()
	if got := l.Gaps(); !slices.Equal(got, []Gap{{From: noon.Add(time.Second), To: noon.Add(9 * time.Second), Reason: "stream lost"}}) {
		t.Errorf("gaps %v", got)
	}
	for range gapMax + 5 {
		l.Down(nil)
		l.Up()
	}
	if got := l.Gaps(); len(got) != gapMax || got[0].Reason != "stream stopped" {
		t.Errorf("%d gaps, the first %v", len(got), got[0])
	}
}

// startedAt is a feed on the bubble's clock, which starts at noon of some day.
func startFeed(t *testing.T, s *source) *Feed {
	t.Helper()
	f := New(Options{Clock: clock.System{}, Instrument: instrumentOf, Upstream: s})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); f.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return f
}

func bubbleQuote(id instrument.ID) market.Quote {
	q := quoteAt(id, 100*rupee, 0)
	q.At = calendar.FromTime(time.Now().Truncate(time.Second))
	return q
}

// TestPolling: 5 s after the stream is lost one wanted instrument a second is asked for, priority every second turn; the
// source says so; a refused request rests polling; the stream's return ends it.
func TestPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{answer: func(id instrument.ID) (market.Quote, error) { return bubbleQuote(id), nil }}
		f := startFeed(t, s)
		f.Want(share, Owner{Name: "b"})
		f.Want(quietShare, Owner{Name: "b"})
		f.Want(index, Owner{Name: "o", IsFirst: true})
		f.Up()
		s.take()
		time.Sleep(10*time.Second + time.Millisecond)
		if got := s.take(); got != "[]" {
			t.Errorf("asked while the stream was up: %s", got)
		}
		f.Down(errBroker)
		time.Sleep(4 * time.Second)
		if got := s.take(); got != "[]" {
			t.Errorf("asked before 5 s: %s", got)
		}
		time.Sleep(6 * time.Second)
		if got := s.take(); got != "[ask 2 ask 5 ask 2 ask 1 ask 2]" {
			t.Errorf("asked %s", got)
		}
		if got := f.State(nse); !got.IsAlive || got.Source != FromPolling {
			t.Errorf("while polling: %+v", got)
		}
		s.mu.Lock()
		s.answer = func(instrument.ID) (market.Quote, error) { return market.Quote{}, errBroker }
		s.mu.Unlock()
		time.Sleep(9 * time.Second)
		if got := s.take(); got != "[ask 1]" && got != "[ask 5]" {
			t.Errorf("after a refusal polling did not rest: %s", got)
		}
		if got := f.State(nse); got.IsAlive || got.Source != NoSource {
			t.Errorf("while nothing can be had: %+v", got)
		}
		f.Up()
		time.Sleep(30 * time.Second)
		if got := s.take(); got != "[]" {
			t.Errorf("asked after the stream's return: %s", got)
		}
		if got := f.State(nse); got.Source != FromStream {
			t.Errorf("after the return: %+v", got)
		}
	})
}

// TestPausedProcess: after a hole in time prices are stale until the board brings a newer one (test 45).
func TestPausedProcess(t *testing.T) {
	l := mustLab(t, nil)
	l.Quote(quoteAt(share, 100*rupee, 0))
	l.clock.Advance(5 * time.Minute)
	l.woke(noon, l.now())
	l.Heartbeat()
	l.Quote(quoteAt(share, 101*rupee, 10))
	if s := l.State(nse); s.IsAlive {
		t.Errorf("a frame from before the pause made the board alive: %+v", s)
	}
	l.Quote(quoteAt(share, 101*rupee, 300))
	if s := l.State(nse); !s.IsAlive {
		t.Errorf("after a fresh frame: %+v", s)
	}
	if got := l.Gaps(); len(got) != 1 || got[0].Reason != "process paused" {
		t.Errorf("gaps %v", got)
	}
}
