package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/calendar"
	"paperport/clock"
	"paperport/schedule"
	"paperport/store"
	"paperport/store/sqlstore"
)

// night is a nightly backup on a manual clock that begins on 2026-11-24 at 01:00 IST.
type night struct {
	*nightly
	clock *clock.Manual
	jobs  *schedule.Runner
	said  []string // to owners
}

var firstNight = calendar.NewDate(2026, time.November, 24)

func mustNight(t *testing.T, h *house) *night {
	t.Helper()
	w := &night{nightly: newNightly(h), clock: clock.NewManual(firstNight.At(time.Hour).Time())}
	w.nightly.clock, w.began = w.clock, w.clock.Now()
	w.tell = func(_ context.Context, kind, text string) error {
		w.said = append(w.said, kind+": "+text)
		return nil
	}
	w.copy = func(ctx context.Context, to string) error { // a file has the time of its clock
		return errors.Join(h.store.BackupTo(ctx, to), os.Chtimes(to, time.Time{}, w.clock.Now()))
	}
	w.jobs = schedule.New(w.rows, w.clock, nil)
	return w
}

// pass lets time go by, looking every quarter of an hour.
func (w *night) pass(t *testing.T, d time.Duration) {
	t.Helper()
	for end := w.clock.Now().Add(d); w.clock.Now().Before(end); {
		w.clock.Advance(15 * time.Minute)
		w.look(t.Context(), w.jobs)
	}
}

func TestNightlyBackupKeepsTheNewest(t *testing.T) {
	h := mustHouse(t, "PAPERPORT_BACKUP_KEEP=3")
	w := mustNight(t, h)
	stranger := filepath.Join(w.dir, "mine.db")
	if err := errors.Join(os.MkdirAll(w.dir, 0o700), os.WriteFile(stranger, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	w.pass(t, 5*24*time.Hour)
	names, err := w.files()
	if got := strings.Join(names, " "); err != nil || got != "paperport-2026-11-26.db paperport-2026-11-27.db paperport-2026-11-28.db" {
		t.Errorf("kept %s, %v", got, err)
	}
	if !exists(stranger) {
		t.Error("a file that is not ours was removed")
	}
	info, err := os.Stat(filepath.Join(w.dir, names[2]))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of a backup: %v, %v", info.Mode(), err)
	}
	if checked, err := sqlstore.CheckBackup(t.Context(), filepath.Join(w.dir, names[0])); err != nil || len(checked.Faults) > 0 {
		t.Errorf("the oldest kept: %+v, %v", checked, err)
	}
	var s app.SystemState
	w.show(t.Context(), &s)
	if want := firstNight.Add(4).At(backupAt).Time(); !s.LastBackupAt.Equal(want) || !s.NextBackupAt.Equal(want.Add(24*time.Hour)) || s.BackupNote != "" {
		t.Errorf("Settings shows last %v, next %v, note %q; want %v, a day later, none", s.LastBackupAt, s.NextBackupAt, s.BackupNote, want)
	}
	if len(w.said) != 1 || w.said[0] != "backup: " {
		t.Errorf("owners were told %q, want only that nothing is wrong", w.said)
	}
	for _, line := range strings.Split(mustPaperport(t, h.config.DataDir, "verify-audit"), "\n") {
		if strings.HasPrefix(line, "rows: ") && !strings.HasPrefix(line, "rows: 6,") { // the key, and five backups
			t.Errorf("verify-audit: %s", line)
		}
	}
}

// TestNightlyBackupWithoutRoom skips, says so, tells owners after 26 hours and takes that back once there is a backup.
func TestNightlyBackupWithoutRoom(t *testing.T) {
	w := mustNight(t, mustHouse(t))
	w.free = func(string) (int64, bool) { return diskReserve, true }
	w.pass(t, 3*time.Hour)
	var s app.SystemState
	w.show(t.Context(), &s)
	if !s.LastBackupAt.IsZero() || !strings.Contains(s.BackupNote, "The backup of 24 Nov was not made: ") || !strings.Contains(s.BackupNote, "100 MB free") {
		t.Errorf("Settings shows last %v, note %q", s.LastBackupAt, s.BackupNote)
	}
	w.pass(t, 26*time.Hour)
	if len(w.said) != 2 || !strings.HasPrefix(w.said[1], "backup: There is no backup yet, for more than a day. The backup of 24 Nov was not made") {
		t.Errorf("owners were told %q", w.said)
	}
	w.free = func(string) (int64, bool) { return 0, false } // unknown: try
	w.pass(t, 24*time.Hour)
	if len(w.said) != 3 || w.said[2] != "backup: " {
		t.Errorf("owners were told %q, want the warning taken back", w.said)
	}
	if w.show(t.Context(), &s); s.BackupNote != "" || s.LastBackupAt.IsZero() {
		t.Errorf("Settings shows last %v, note %q", s.LastBackupAt, s.BackupNote)
	}
	w.copy = func(context.Context, string) error { return errors.New("the disk is gone") }
	w.pass(t, 48*time.Hour)
	if w.show(t.Context(), &s); len(w.said) != 4 || !strings.HasPrefix(s.BackupNote, "The last backup is of 26 Nov 03:30 IST, more than 26 hours ago. ") {
		t.Errorf("owners were told %q, Settings shows %q", w.said, s.BackupNote)
	}
}

// TestMissedNightIsMadeUpFor: a machine that sleeps at night makes its backup when it wakes.
func TestMissedNightIsMadeUpFor(t *testing.T) {
	w := mustNight(t, mustHouse(t))
	w.clock.Advance(13 * time.Hour)
	w.look(t.Context(), w.jobs)
	w.look(t.Context(), w.jobs)
	names, err := w.files()
	if err != nil || len(names) != 1 || names[0] != "paperport-2026-11-24.db" {
		t.Errorf("backups %v, %v", names, err)
	}
}

func TestBackupOff(t *testing.T) {
	h := mustHouse(t, "PAPERPORT_BACKUP_DIR=off")
	state, err := h.brokers.System(t.Context())
	if err != nil || h.nightly != nil || state.BackupNote != "The nightly backup is switched off (PAPERPORT_BACKUP_DIR=off)." || !state.NextBackupAt.IsZero() {
		t.Errorf("switched off: %+v, %v", state, err)
	}
}

// TestOwnersAreTold: the notice reaches owners and nobody else, once, and goes when its cause is gone.
func TestOwnersAreTold(t *testing.T) {
	h := mustHouse(t)
	owner, trader := mustUser(t, h, "asha", true), mustUser(t, h, "ravi", false)
	for _, text := range []string{"The last backup is old.", "The last backup is old.", ""} {
		if err := h.brokers.TellOwners(t.Context(), app.NoticeBackup, text); err != nil {
			t.Fatal(err)
		}
		got, err := h.brokers.Notices(t.Context(), owner)
		if err != nil || len(got) != 1 || got[0].Kind != "backup" || got[0].Text != "The last backup is old." || got[0].AckedAt.IsZero() != (text != "") {
			t.Errorf("after %q the owner has %+v, %v", text, got, err)
		}
		if got, err := h.brokers.Notices(t.Context(), trader); err != nil || len(got) != 0 {
			t.Errorf("after %q the trader has %+v, %v", text, got, err)
		}
	}
}

func mustUser(t *testing.T, h *house, name string, isOwner bool) auth.UserID {
	t.Helper()
	u := auth.User{ID: auth.UserID(name), Username: name, Role: auth.Trader, CreatedAt: firstNight.At(0).Time()}
	if isOwner {
		u.Role = auth.Owner
	}
	if err := h.store.Users().WriteUsers(t.Context(), func(tx store.UserTx) error { return tx.AddUser(t.Context(), u) }); err != nil {
		t.Fatal(err)
	}
	return u.ID
}
