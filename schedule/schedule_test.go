package schedule

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"paperport/calendar"
	"paperport/clock"
	"paperport/store"
)

// rows keeps job runs in memory, as a database does across restarts.
type rows struct {
	status map[string]string
	broken error
}

func (r *rows) ClaimRun(_ context.Context, job string, due, _ time.Time) (bool, error) {
	key := job + " " + calendar.FromTime(due).IST().Format("02 15:04")
	if _, isTaken := r.status[key]; isTaken || r.broken != nil {
		return false, r.broken
	}
	r.status[key] = "running"
	return true, nil
}

func (r *rows) FinishRun(_ context.Context, job string, due, _ time.Time, status string) error {
	r.status[job+" "+calendar.FromTime(due).IST().Format("02 15:04")] = status
	return nil
}

func (r *rows) LastRun(context.Context, string) (store.JobRun, error) {
	return store.JobRun{}, store.ErrAbsent
}

var (
	tuesday = calendar.NewDate(2026, time.November, 24)
	eight   = 8 * time.Hour
	half    = 8*time.Hour + 30*time.Minute
)

func weekdays(d calendar.Date) bool { return d.Weekday() != time.Sunday }

func TestNextAndDue(t *testing.T) {
	plan := Daily{Times: []time.Duration{eight, half}, IsDay: weekdays,
		Until: func(d calendar.Date) calendar.Instant { return d.At(15 * time.Hour) }}
	saturday := calendar.NewDate(2026, time.November, 28)
	for _, test := range []struct {
		now  calendar.Instant
		next calendar.Instant
		due  int
	}{
		{tuesday.At(0), tuesday.At(eight), 0},
		{tuesday.At(eight), tuesday.At(half), 1},
		{tuesday.At(half), tuesday.Add(1).At(eight), 2},
		{tuesday.At(15*time.Hour - 1000), tuesday.Add(1).At(eight), 2},
		{tuesday.At(15 * time.Hour), tuesday.Add(1).At(eight), 0},
		{saturday.At(23 * time.Hour), saturday.Add(2).At(eight), 0},
		{saturday.Add(1).At(9 * time.Hour), saturday.Add(2).At(eight), 0},
	} {
		if next := plan.Next(test.now); next != test.next {
			t.Errorf("Next(%s) = %s, want %s", test.now.IST(), next.IST(), test.next.IST())
		}
		if due := plan.Due(test.now); len(due) != test.due {
			t.Errorf("Due(%s) = %v, want %d slots", test.now.IST(), due, test.due)
		}
	}
	plan.Since = tuesday.At(eight + time.Second)
	if due := plan.Due(tuesday.At(9 * time.Hour)); len(due) != 1 || due[0] != tuesday.At(half) {
		t.Errorf("Due of a plan made after 08:00 = %v", due)
	}
	never := Daily{Times: []time.Duration{eight}, IsDay: func(calendar.Date) bool { return false }}
	if next := never.Next(tuesday.At(0)); next != 0 {
		t.Errorf("Next of a plan without days = %s", next)
	}
}

// TestEachSlotRunsOnce looks every minute of a day, goes back an hour, and starts again on the same rows.
func TestEachSlotRunsOnce(t *testing.T) {
	db := &rows{status: map[string]string{}}
	c := clock.NewManual(tuesday.At(7 * time.Hour).Time())
	var ran []string
	job := Job{Name: "renew", Plan: Daily{Times: []time.Duration{eight, half}}, Run: func(_ context.Context, s Slot) string {
		ran = append(ran, s.Due.IST().Format("15:04"))
		return "ok"
	}}
	for start := range 3 {
		r := New(db, c, nil)
		for range 180 {
			r.Look(t.Context(), job)
			c.Advance(time.Minute)
		}
		c.Advance(-time.Hour * time.Duration(1+start))
	}
	if diff := cmp.Diff([]string{"08:00", "08:30"}, ran); diff != "" {
		t.Error(diff)
	}
}

func TestCatchUpRunsTheNewestMissedSlot(t *testing.T) {
	db := &rows{status: map[string]string{}}
	c := clock.NewManual(tuesday.At(10 * time.Hour).Time())
	r := New(db, c, nil)
	plan := Daily{Times: []time.Duration{eight, half}}
	slot, isDue, err := r.Claim(t.Context(), "renew", plan)
	if err != nil || !isDue || slot.Due != tuesday.At(half) {
		t.Fatalf("Claim = %v, %t, %v", slot, isDue, err)
	}
	if err := r.Finish(t.Context(), slot, "ok"); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"renew 24 08:00": "missed", "renew 24 08:30": "ok"}
	if diff := cmp.Diff(want, db.status); diff != "" {
		t.Error(diff)
	}
	if _, isDue, _ := r.Claim(t.Context(), "renew", plan); isDue {
		t.Error("a slot was claimed twice")
	}
}

func TestBrokenRowsRunNothing(t *testing.T) {
	db := &rows{status: map[string]string{}, broken: errors.New("disk")}
	c := clock.NewManual(tuesday.At(eight).Time())
	r := New(db, c, nil)
	ran := 0
	job := Job{Name: "renew", Plan: Daily{Times: []time.Duration{eight}}, Run: func(context.Context, Slot) string { ran++; return "ok" }}
	r.Look(t.Context(), job)
	if ran != 0 {
		t.Error("ran without a claim")
	}
	db.broken = nil
	r.Look(t.Context(), job)
	if ran != 1 {
		t.Errorf("ran %d times once the rows were back, want 1", ran)
	}
}

func TestRunStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	c := clock.NewManual(tuesday.At(eight).Time())
	ran := make(chan Slot, 1)
	ended := make(chan struct{})
	r := New(&rows{status: map[string]string{}}, c, nil)
	go func() {
		defer close(ended)
		r.Run(ctx, Job{Name: "renew", Plan: Daily{Times: []time.Duration{eight}}, Run: func(_ context.Context, s Slot) string {
			ran <- s
			return "ok"
		}})
	}()
	if s := <-ran; s.Due != tuesday.At(eight) {
		t.Errorf("ran %s", s.Due.IST())
	}
	stop()
	<-ended
}
