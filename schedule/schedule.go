// Package schedule decides when named jobs are due on a clock and the exchanges' calendar, runs each due slot once, also
// across restarts, and catches up after downtime. Times are IST whatever the host's zone: it never asks for a local time.
//
// Invariants: a slot is claimed in the database before it runs, so it runs at most once; of several missed slots of a
// day only the newest runs. It looks at the wall clock every few seconds instead of sleeping to a moment, so a suspended
// machine or a clock that jumps loses nothing and runs nothing twice.
package schedule

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"paperport/calendar"
	"paperport/clock"
	"paperport/store"
)

// Every is how often Run looks at the clock.
const Every = 15 * time.Second

// searchDays bounds Next: no plan is silent for so long.
const searchDays = 60

// Daily says at which times of which days something is due.
type Daily struct {
	// Times are IST times of day, ascending.
	Times []time.Duration
	// IsDay picks the days; nil means every day.
	IsDay func(calendar.Date) bool
	// Until says when a missed slot of a day is no longer worth running; nil means the end of the day.
	Until func(calendar.Date) calendar.Instant
	// Since is when the plan was made: earlier slots were never due.
	Since calendar.Instant
}

// Next returns the first slot later than after, zero when there is none within 60 days.
func (d Daily) Next(after calendar.Instant) calendar.Instant {
	day := after.Date()
	for range searchDays {
		if d.IsDay == nil || d.IsDay(day) {
			for _, at := range d.Times {
				if slot := day.At(at); slot > after {
					return slot
				}
			}
		}
		day = day.Add(1)
	}
	return 0
}

// Due returns the slots of now's day that have come and are still worth running, oldest first; nil when there are none.
func (d Daily) Due(now calendar.Instant) (slots []calendar.Instant) {
	day := now.Date()
	if d.IsDay != nil && !d.IsDay(day) || d.Until != nil && now >= d.Until(day) {
		return nil
	}
	for _, at := range d.Times {
		if slot := day.At(at); slot <= now && slot >= d.Since {
			slots = append(slots, slot)
		}
	}
	return slots
}

// Slot is one claimed due time of a job.
type Slot struct {
	Job string
	Due calendar.Instant
}

// Job is something to do at the slots of a plan. Run returns "ok" or a word for what went wrong.
type Job struct {
	Name string
	Plan Daily
	Run  func(ctx context.Context, slot Slot) string
}

// Runner claims and runs slots. Safe for concurrent use.
type Runner struct {
	rows  store.Jobs
	clock clock.Clock
	log   *slog.Logger

	mu   sync.Mutex                  // guards last
	last map[string]calendar.Instant // newest slot of a job that is known to be claimed
}

// New returns a runner over the stored job runs. log may be nil.
func New(rows store.Jobs, c clock.Clock, log *slog.Logger) *Runner {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Runner{rows: rows, clock: c, log: log, last: map[string]calendar.Instant{}}
}

// missed is the status of a slot in whose place a later one of its day ran.
const missed = "missed"

// Claim takes the newest due slot of a job that nobody has taken, and marks older ones of the day as missed. It reports
// false when there is nothing to run.
func (r *Runner) Claim(ctx context.Context, name string, plan Daily) (Slot, bool, error) {
	now := r.clock.Now()
	slots := plan.Due(calendar.FromTime(now))
	if len(slots) == 0 {
		return Slot{}, false, nil
	}
	newest := slots[len(slots)-1]
	r.mu.Lock()
	last := r.last[name]
	r.mu.Unlock()
	if last >= newest {
		return Slot{}, false, nil
	}
	isOurs, err := r.rows.ClaimRun(ctx, name, newest.Time(), now)
	if err != nil {
		return Slot{}, false, fmt.Errorf("schedule: claiming %s: %w", name, err)
	}
	r.mu.Lock()
	r.last[name] = max(r.last[name], newest)
	r.mu.Unlock()
	if !isOurs {
		return Slot{}, false, nil
	}
	for _, slot := range slots[:len(slots)-1] {
		if isMissed, err := r.rows.ClaimRun(ctx, name, slot.Time(), now); err != nil {
			return Slot{}, false, fmt.Errorf("schedule: passing over %s: %w", name, err)
		} else if isMissed {
			if err := r.rows.FinishRun(ctx, name, slot.Time(), now, missed); err != nil {
				return Slot{}, false, fmt.Errorf("schedule: passing over %s: %w", name, err)
			}
		}
	}
	return Slot{Job: name, Due: newest}, true, nil
}

// Finish stores how a claimed slot ended.
func (r *Runner) Finish(ctx context.Context, slot Slot, status string) error {
	if err := r.rows.FinishRun(ctx, slot.Job, slot.Due.Time(), r.clock.Now(), status); err != nil {
		return fmt.Errorf("schedule: finishing %s: %w", slot.Job, err)
	}
	return nil
}

// Look runs what is due now, one job after the other.
func (r *Runner) Look(ctx context.Context, jobs ...Job) {
	for _, job := range jobs {
		slot, isDue, err := r.Claim(ctx, job.Name, job.Plan)
		if err == nil && isDue {
			err = r.Finish(context.WithoutCancel(ctx), slot, job.Run(ctx, slot))
		}
		if err != nil && ctx.Err() == nil {
			r.log.ErrorContext(ctx, "scheduled job", "job", job.Name, "err", err)
		}
	}
}

// Run looks every 15 s until ctx ends, each job on a goroutine of its own; it returns when the last one has ended.
func (r *Runner) Run(ctx context.Context, jobs ...Job) {
	var running sync.WaitGroup
	for _, job := range slices.Clone(jobs) {
		running.Go(func() {
			for ctx.Err() == nil {
				r.Look(ctx, job)
				select {
				case <-ctx.Done():
				case <-r.clock.After(Every):
				}
			}
		})
	}
	running.Wait()
}
