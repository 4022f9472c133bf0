package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"paperport/app"
	"paperport/calendar"
	"paperport/clock"
	"paperport/schedule"
	"paperport/store"
	"paperport/store/sqlstore"
)

const (
	backupJob = "backup"
	backupAt  = 3*time.Hour + 30*time.Minute // IST: nothing trades, and the day's renewals are far
	// backupWait is how long after the start a missed backup is made up for.
	backupWait = time.Minute
	// backupOverdue is the age from which owners are told.
	backupOverdue = 26 * time.Hour
	// diskReserve is what a backup leaves free: trading must go on.
	diskReserve = 100 << 20
)

// nightlyFile names the backup of a day.
var nightlyFile = regexp.MustCompile(`^paperport-\d{4}-\d{2}-\d{2}\.db$`)

// nightly makes a backup each night, keeps the newest ones and tells owners when there is none. One runs at a time.
type nightly struct {
	dir, dataDir string
	keep         int
	rows         store.Jobs
	copy         func(ctx context.Context, to string) error
	trail        store.Brokers
	tell         func(ctx context.Context, kind, text string) error
	free         func(dir string) (int64, bool)
	clock        clock.Clock
	log          *slog.Logger
	began        time.Time

	mu   sync.Mutex // guards the rest
	note string     // why the last one failed, "" when it did not
	told warning
}

func newNightly(h *house) *nightly {
	return &nightly{dir: h.config.BackupDir, dataDir: h.config.DataDir, keep: h.config.BackupKeep, rows: h.store.Jobs(), copy: h.store.BackupTo,
		trail: h.store.Brokers(), tell: h.brokers.TellOwners, free: diskFree, clock: clock.System{}, log: h.log, began: clock.System{}.Now()}
}

func backupPlan() schedule.Daily { return schedule.Daily{Times: []time.Duration{backupAt}} }

// warning is what owners were told last; a process before this one may have told them.
type warning uint8

const (
	unknownWarning warning = iota
	noWarning
	overdueWarning
)

// run makes backups until ctx ends.
func (n *nightly) run(ctx context.Context) {
	jobs := schedule.New(n.rows, n.clock, n.log)
	wait := backupWait
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.clock.After(wait):
		}
		n.look(ctx, jobs)
		wait = schedule.Every
	}
}

func (n *nightly) look(ctx context.Context, jobs *schedule.Runner) {
	jobs.Look(ctx, schedule.Job{Name: backupJob, Plan: backupPlan(), Run: n.backup})
	n.warn(ctx)
}

// backup makes the backup of a day; the answer is the status that the job keeps.
func (n *nightly) backup(ctx context.Context, slot schedule.Slot) string {
	status, err := n.tryBackup(ctx, slot.Due.Date())
	note := ""
	if err != nil {
		note = fmt.Sprintf("The backup of %s was not made: %v.", slot.Due.IST().Format("2 Jan"), err)
		n.log.ErrorContext(ctx, "nightly backup", "status", status, "err", err)
	} else {
		n.log.InfoContext(ctx, "nightly backup", "status", status)
	}
	n.mu.Lock()
	n.note = note
	n.mu.Unlock()
	return status
}

func (n *nightly) tryBackup(ctx context.Context, day calendar.Date) (string, error) {
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		return "failed", err
	}
	if free, isKnown := n.free(n.dir); isKnown && free < n.need() {
		return "disk_low", fmt.Errorf("%s has %d MB free and it needs %d MB", n.dir, free>>20, n.need()>>20+1)
	}
	to := filepath.Join(n.dir, "paperport-"+day.At(0).IST().Format(time.DateOnly)+".db")
	if err := n.copy(ctx, to); err != nil {
		return "failed", err
	}
	if err := addAudit(ctx, n.trail, store.Audit{Action: "backup", Detail: "by=nightly encrypted=no"}); err != nil {
		return "failed", err
	}
	info, err := sqlstore.CheckBackup(ctx, to)
	if err == nil && len(info.Faults) > 0 {
		err = fmt.Errorf("it is there, but its books do not balance (%s); older ones are kept", info.Faults[0])
	}
	if err != nil {
		return "faults", err
	}
	if err := n.prune(); err != nil {
		return "failed", err
	}
	return "ok", nil
}

// need is how much room a backup takes: at most the database with what waits beside it.
func (n *nightly) need() int64 {
	need := int64(diskReserve)
	for _, name := range []string{"paperport.db", "paperport.db-wal"} {
		if info, err := os.Stat(filepath.Join(n.dataDir, name)); err == nil {
			need += info.Size()
		}
	}
	return need
}

// files are the nightly backups, oldest first.
func (n *nightly) files() (names []string, err error) {
	all, err := os.ReadDir(n.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, f := range all {
		if nightlyFile.MatchString(f.Name()) && f.Type().IsRegular() {
			names = append(names, f.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

func (n *nightly) prune() error {
	names, err := n.files()
	for len(names) > n.keep && err == nil {
		err = os.Remove(filepath.Join(n.dir, names[0]))
		names = names[1:]
	}
	return err
}

// last is when the newest backup was made, zero when there is none.
func (n *nightly) last() time.Time {
	names, err := n.files()
	if err != nil || len(names) == 0 {
		return time.Time{}
	}
	info, err := os.Stat(filepath.Join(n.dir, names[len(names)-1]))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime().UTC()
}

// trouble says what is wrong with the backups, "" when nothing is; isOverdue when that is old enough to bother owners.
func (n *nightly) trouble(ctx context.Context) (text string, isOverdue bool) {
	last := n.last()
	since := last
	if last.IsZero() {
		since = n.began
	}
	isOverdue = n.clock.Now().Sub(since) > backupOverdue
	n.mu.Lock()
	text = n.note
	n.mu.Unlock()
	if run, err := n.rows.LastRun(ctx, backupJob); text == "" && err == nil && !run.FinishedAt.IsZero() && run.Status != "ok" {
		text = fmt.Sprintf("The backup of %s was not made (%s).", calendar.FromTime(run.Due).IST().Format("2 Jan"), run.Status)
	}
	switch {
	case isOverdue && last.IsZero():
		text = "There is no backup yet, for more than a day. " + text
	case isOverdue:
		text = fmt.Sprintf("The last backup is of %s IST, more than 26 hours ago. %s", calendar.FromTime(last).IST().Format("2 Jan 15:04"), text)
	}
	return text, isOverdue
}

// warn tells owners of an overdue backup, and takes that away once there is one.
func (n *nightly) warn(ctx context.Context) {
	text, isOverdue := n.trouble(ctx)
	state := overdueWarning
	if !isOverdue {
		state, text = noWarning, ""
	}
	n.mu.Lock()
	told := n.told
	n.mu.Unlock()
	if told == state {
		return
	}
	if err := n.tell(ctx, app.NoticeBackup, text); err != nil {
		if ctx.Err() == nil {
			n.log.ErrorContext(ctx, "telling owners of backups", "err", err)
		}
		return
	}
	n.mu.Lock()
	n.told = state
	n.mu.Unlock()
}

// show fills in what Settings shows of backups.
func (n *nightly) show(ctx context.Context, s *app.SystemState) {
	s.LastBackupAt = n.last()
	s.NextBackupAt = backupPlan().Next(calendar.FromTime(n.clock.Now())).Time()
	s.BackupNote, _ = n.trouble(ctx)
}
