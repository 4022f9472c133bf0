package broker

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/clock"
	"paperport/instrument"
	"paperport/money"
)

// publisher is ICICI's public file as the days go by.
type publisher struct {
	mu    sync.Mutex // guards the rest
	file  []byte
	err   error
	asked []time.Time
	clock *clock.Manual
}

func (p *publisher) fetch(_ context.Context, w io.Writer) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, p.clock.Now())
	if p.err != nil {
		return p.err
	}
	_, err := w.Write(p.file)
	return err
}

func (p *publisher) publish(file []byte, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.file, p.err = file, err
}

func (p *publisher) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

// mustMaster makes a master of a date with n shares; a share's lot is always 1, so a future's lot tells the day.
func mustMaster(t *testing.T, on calendar.Date, shares, lot int) []byte {
	t.Helper()
	m := breezewire.Master{At: on.At(7 * time.Hour).IST()}
	expiry := calendar.NewDate(2026, time.December, 29)
	for i := range shares {
		symbol := "SHARE" + string(rune('A'+i))
		m.Rows = append(m.Rows, breezewire.MasterRow{Member: breezewire.MasterNSE, Token: "100" + string(rune('0'+i)), StockCode: "SH" + string(rune('A'+i)), Series: "EQ",
			CompanyName: symbol + " LIMITED", Symbol: symbol, ISIN: "INE00" + string(rune('0'+i)) + "A01018", LotSize: 1,
			LowerCircuit: 90 * money.PriceScale, UpperCircuit: 110 * money.PriceScale})
	}
	m.Rows = append(m.Rows, breezewire.MasterRow{Member: breezewire.MasterNFO, Token: "5001", StockCode: "SHA", Series: "FUTURE", InstrumentName: "FUTSTK",
		CompanyName: "SHAREA LIMITED", Symbol: "SHAREA", Expiry: expiry, LotSize: money.Qty(lot), TickSize: money.PriceScale / 20})
	var b bytes.Buffer
	if err := breezewire.WriteMasterZip(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// undated strips the times of an archive's files.
func undated(t *testing.T, file []byte) []byte {
	t.Helper()
	from, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	to := zip.NewWriter(&b)
	for _, f := range from.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		w, err := to.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// watchman is a Daily on a manual clock.
type watchman struct {
	*world // only await, of a world without a simulator
	public *publisher
	master *Master
	daily  *Daily
	dir    string
	stop   func()
}

func mustWatch(t *testing.T, dir string, at calendar.Instant) *watchman {
	t.Helper()
	c := clock.NewManual(at.Time())
	w := &watchman{world: &world{t: t, clock: c}, public: &publisher{clock: c}, dir: dir}
	w.start()
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *watchman) start() {
	log := slog.New(slog.DiscardHandler)
	w.master = NewMaster(MasterOptions{Name: "icici", View: instrument.NewRegistry().View(instrument.FromICICI), Log: log,
		Save: func(context.Context) error { return nil }})
	w.daily = NewDaily(DailyOptions{Master: w.master, Fetch: w.public.fetch, Dir: w.dir, Clock: w.clock, Log: log,
		Calendar: func() (*calendar.Calendar, error) { return calendar.Load(nil) }})
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.daily.Run(ctx) }()
	w.stop = func() { cancel(); <-done }
}

// until moves the clock to an instant in steps of a minute, letting the daily work at each.
func (w *watchman) until(at calendar.Instant) { w.untilBy(at, time.Minute) }

func (w *watchman) untilBy(at calendar.Instant, step time.Duration) {
	w.t.Helper()
	for calendar.FromTime(w.clock.Now()) < at {
		w.clock.Advance(min(step, at.Sub(calendar.FromTime(w.clock.Now()))))
		<-time.After(stepWait)
	}
}

// awaitOn waits until a day's master is in use and kept.
func (w *watchman) awaitOn(on calendar.Date) {
	w.t.Helper()
	for range stepsMax {
		if file, k, err := openKept(w.dir); err == nil {
			_ = file.Close()
			if w.master.On() == on && k.on() == on {
				return
			}
		}
		<-time.After(stepWait)
	}
	w.t.Fatalf("the master is of %s, want %s", w.master.On(), on)
}

var (
	monday    = calendar.NewDate(2026, time.November, 23)
	wednesday = calendar.NewDate(2026, time.November, 25)
	thursday  = calendar.NewDate(2026, time.November, 26)
	friday    = calendar.NewDate(2026, time.November, 27)
)

// TestDailyWaitsForTodaysFile: nothing before somebody needs it; then the older file serves with a note until the day's
// is there, looked for from 07:20 on with growing waits; a holiday expects none; what changed is kept.
func TestDailyWaitsForTodaysFile(t *testing.T) {
	w := mustWatch(t, t.TempDir(), wednesday.At(22*time.Hour))
	w.public.publish(mustMaster(t, wednesday, 5, 500), nil)
	w.until(wednesday.At(23 * time.Hour))
	if n := w.public.count(); n != 0 {
		t.Fatalf("%d downloads before anybody has keys", n)
	}
	w.daily.Need()
	w.awaitOn(wednesday)
	if note := w.daily.Note(); note != "" {
		t.Errorf("on the day of the file: %q", note)
	}
	w.until(thursday.At(masterFrom - time.Minute))
	if n, note := w.public.count(), w.daily.Note(); n != 1 || note != "" {
		t.Errorf("before 07:20 the next day: %d downloads, note %q", n, note)
	}
	w.until(thursday.At(masterFrom + 45*time.Minute))
	first := w.public.count()
	if note := w.daily.Note(); note != "security master of 25 Nov" || first < 4 || first > 8 {
		t.Errorf("45 minutes without a new file: %d downloads, note %q", first, note)
	}
	w.public.publish(nil, errors.New("no network in this test"))
	w.until(thursday.At(masterFrom + 100*time.Minute))
	w.public.publish(mustMaster(t, thursday, 6, 475), nil)
	w.until(thursday.At(masterFrom + 140*time.Minute))
	w.awaitOn(thursday)
	if note := w.daily.Note(); note != "" {
		t.Errorf("with the day's file: %q", note)
	}
	changes := mustChanges(t, w.dir, thursday)
	if changes.New != 1 || changes.Gone != 0 || changes.LotCount != 1 || changes.Lots[0].From != "500" || changes.Lots[0].To != "475" || len(changes.NewShares) != 1 {
		t.Errorf("changes: %+v", changes)
	}
}

func mustChanges(t *testing.T, dir string, on calendar.Date) (c Changes) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "changes-"+on.String()+".json"))
	for range stepsMax {
		if err == nil {
			break
		}
		<-time.After(stepWait)
		text, err = os.ReadFile(filepath.Join(dir, "changes-"+on.String()+".json"))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDailyRestsWhenNothingTrades: a weekend expects no new file; on Monday the next one is looked for.
func TestDailyRestsWhenNothingTrades(t *testing.T) {
	w := mustWatch(t, t.TempDir(), friday.At(9*time.Hour))
	w.public.publish(mustMaster(t, friday, 5, 500), nil)
	w.daily.Need()
	w.awaitOn(friday)
	w.untilBy((friday + 2).At(20*time.Hour), 20*time.Minute)
	if n, note := w.public.count(), w.daily.Note(); n != 1 || note != "" {
		t.Errorf("over the weekend: %d downloads, note %q", n, note)
	}
	w.public.publish(mustMaster(t, friday+3, 5, 500), nil)
	w.untilBy((friday + 3).At(masterFrom+2*time.Minute), 20*time.Minute)
	w.awaitOn(friday + 3)
}

// TestDailyKeepsTheFile: a restart needs no download, and the report goes on checking the next file.
func TestDailyKeepsTheFile(t *testing.T) {
	w := mustWatch(t, t.TempDir(), wednesday.At(9*time.Hour))
	w.public.publish(mustMaster(t, wednesday, 9, 500), nil)
	w.daily.Need()
	w.awaitOn(wednesday)
	w.stop()
	w.start()
	w.daily.Need()
	w.awaitOn(wednesday)
	if n := w.public.count(); n != 1 {
		t.Errorf("%d downloads after a restart", n)
	}
	w.public.publish(mustMaster(t, thursday, 3, 500), nil) // two thirds of the shares are missing
	w.until(thursday.At(masterFrom + 10*time.Minute))
	if w.master.On() != wednesday || w.daily.Note() != "security master of 25 Nov" {
		t.Errorf("a file without most of its rows was taken: %s, note %q", w.master.On(), w.daily.Note())
	}
	w.stop()
	files, err := filepath.Glob(filepath.Join(w.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 != 0 || strings.Contains(path, "download") {
			t.Errorf("left behind: %s %v %v", path, info.Mode(), err)
		}
	}
	if err := os.WriteFile(filepath.Join(w.dir, keptZip), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(w.dir, "download-of-a-killed-run")
	if err := os.WriteFile(half, []byte("PK"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.public.publish(mustMaster(t, thursday, 9, 500), nil)
	w.start()
	w.daily.Need()
	w.awaitOn(thursday)
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a download of a killed run stays: %v", err)
	}
}

// TestDailyWithoutDates: files that tell no date are of the day on which their content is first seen.
func TestDailyWithoutDates(t *testing.T) {
	w := mustWatch(t, t.TempDir(), wednesday.At(9*time.Hour))
	old := undated(t, mustMaster(t, monday, 5, 500))
	w.public.publish(old, nil)
	w.daily.Need()
	w.awaitOn(wednesday)
	w.until(thursday.At(masterFrom + 5*time.Minute))
	if w.master.On() != wednesday {
		t.Errorf("the same content was taken for %s", w.master.On())
	}
	w.public.publish(undated(t, mustMaster(t, monday, 6, 500)), nil)
	w.until(thursday.At(masterFrom + 60*time.Minute))
	w.awaitOn(thursday)
}

// TestDailyNoteWithoutAFile: no file yet and no network is a note, not an end.
func TestDailyNoteWithoutAFile(t *testing.T) {
	w := mustWatch(t, t.TempDir(), wednesday.At(9*time.Hour))
	if note := w.daily.Note(); note != "the security master is being fetched" {
		t.Errorf("at first: %q", note)
	}
	w.public.publish(nil, errors.New("no network in this test"))
	w.daily.Need()
	w.until(wednesday.At(9*time.Hour + 3*time.Minute))
	if note := w.daily.Note(); !strings.Contains(note, "trying again") {
		t.Errorf("without a network: %q", note)
	}
	w.public.publish(mustMaster(t, wednesday, 5, 500), nil)
	w.until(wednesday.At(10 * time.Hour))
	w.awaitOn(wednesday)
}
