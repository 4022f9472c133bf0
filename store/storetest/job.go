package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paperport/store"
)

// Jobs proves an implementation of job runs; open returns an empty one.
func Jobs(t *testing.T, open func(t *testing.T) store.Jobs) {
	t.Run("a slot has one owner", func(t *testing.T) { jobSlot(t, open(t)) })
	t.Run("the last slot is told", func(t *testing.T) { jobLast(t, open(t)) })
}

func jobSlot(t *testing.T, s store.Jobs) {
	var won atomic.Int32
	var tries sync.WaitGroup
	for range 100 {
		tries.Go(func() {
			isMine, err := s.ClaimRun(t.Context(), "renewal", at, at.Add(time.Second))
			if err != nil {
				t.Error(err)
			}
			if isMine {
				won.Add(1)
			}
		})
	}
	tries.Wait()
	if won.Load() != 1 {
		t.Errorf("%d owners of one slot", won.Load())
	}
	for _, free := range []struct {
		job string
		due time.Time
	}{{"renewal", at.Add(time.Microsecond)}, {"backup", at}} {
		if isMine, err := s.ClaimRun(t.Context(), free.job, free.due, at); !isMine || err != nil {
			t.Errorf("%s at %s: %v, %v; another slot is free", free.job, free.due, isMine, err)
		}
	}
}

func jobLast(t *testing.T, s store.Jobs) {
	if _, err := s.LastRun(t.Context(), "renewal"); !errors.Is(err, store.ErrAbsent) {
		t.Errorf("none yet: %v", err)
	}
	if err := s.FinishRun(t.Context(), "renewal", at, at, "ok"); !errors.Is(err, store.ErrAbsent) {
		t.Errorf("finished without a claim: %v", err)
	}
	late := at.Add(30 * time.Minute)
	for _, due := range []time.Time{late, at} { // a missed slot may be claimed after a later one
		if isMine, err := s.ClaimRun(t.Context(), "renewal", due, late.Add(time.Second)); !isMine || err != nil {
			t.Fatal(isMine, err)
		}
	}
	want := store.JobRun{Job: "renewal", Due: late, StartedAt: late.Add(time.Second)}
	same(t, "claimed", want)(s.LastRun(t.Context(), "renewal"))
	if err := s.FinishRun(t.Context(), "renewal", late, late.Add(time.Minute), "ok"); err != nil {
		t.Fatal(err)
	}
	want.FinishedAt, want.Status = late.Add(time.Minute), "ok"
	same(t, "finished", want)(s.LastRun(t.Context(), "renewal"))
}
