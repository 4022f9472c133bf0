package app

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paperport/calendar"
	"paperport/clock"
)

const overrideSessions = "exchange,segment,auction,from,to,phase,start,end,clock,source,checked\n"

var nseFNO = calendar.Board{Exchange: calendar.NSE, Segment: calendar.FNO}

// bookshop is a rulebook over a folder, on a manual clock, running.
type bookshop struct {
	t     *testing.T
	dir   string
	clock *clock.Manual
	asked chan os.Signal
	log   bytes.Buffer
	book  *Rulebook
}

func mustBookshop(t *testing.T) *bookshop {
	t.Helper()
	s := &bookshop{t: t, dir: t.TempDir(), clock: clock.NewManual(time.Date(2026, 11, 25, 9, 50, 0, 0, time.UTC)), asked: make(chan os.Signal)}
	s.open()
	return s
}

func (s *bookshop) open() {
	s.t.Helper()
	var err error
	s.book, err = NewRulebook(RulebookOptions{Dir: s.dir, Clock: s.clock, Log: slog.New(slog.NewTextHandler(&s.log, nil))})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *bookshop) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *bookshop) phase() calendar.Phase {
	return s.book.Calendar().At(nseFNO, calendar.NewDate(2026, time.November, 25).At(16*time.Hour)).Phase
}

// only is the one file of the folder.
func (s *bookshop) only() RuleFile {
	s.t.Helper()
	files := s.book.Files()
	if len(files) != 1 {
		s.t.Fatalf("files %+v, want one", files)
	}
	return files[0]
}

// TestRulesFollowTheFolder: a changed file counts, a bad one is refused with its line and changes nothing, one that goes
// away gives our rules back.
func TestRulesFollowTheFolder(t *testing.T) {
	s := mustBookshop(t)
	if s.phase() != calendar.Closed || len(s.book.Files()) != 0 {
		t.Fatalf("before: %s, %+v", s.phase(), s.book.Files())
	}
	s.write("sessions.csv", overrideSessions+"NSE,fno,any,2026-11-25,2026-11-25,open,09:15,17:00,,NSE notice,2026-11-25\n")
	s.book.look(false)
	if f := s.only(); s.phase() != calendar.Open || f.Status != "in force" || f.ChangedAt.IsZero() {
		t.Errorf("after the change: %s, %+v", s.phase(), f)
	}
	s.write("sessions.csv", overrideSessions+"NSE,fno,any,2026-11-25,2026-11-25,open,09:15,25:00,,NSE notice,2026-11-25\n# one line more\n")
	s.book.look(false)
	if f := s.only(); s.phase() != calendar.Open || f.Status != "refused" || !f.IsOlderInForce || !strings.Contains(f.Fault, "sessions.csv line 2") || !strings.Contains(f.Fault, "25:00") {
		t.Errorf("after the bad file: %s, %+v", s.phase(), f)
	}
	if !strings.Contains(s.log.String(), "sessions.csv line 2") {
		t.Errorf("the log says %s", s.log.String())
	}
	s.book.look(false)
	if got := strings.Count(s.log.String(), "is refused"); got != 1 {
		t.Errorf("%d lines about one refusal", got)
	}
	if err := os.Remove(filepath.Join(s.dir, "sessions.csv")); err != nil {
		t.Fatal(err)
	}
	s.book.look(false)
	if s.phase() != calendar.Closed || len(s.book.Files()) != 0 {
		t.Errorf("without the file: %s, %+v", s.phase(), s.book.Files())
	}
}

// TestBadFileAtStart: the program starts, the other files count, and the bad one counts once it is mended.
func TestBadFileAtStart(t *testing.T) {
	s := mustBookshop(t)
	s.write("sessions.csv", overrideSessions+"NSE,fno,any,2026-11-25,2026-11-25,open,09:15,17:00,,NSE notice,2026-11-25\n")
	s.write("holidays.csv", "date,exchange\n")
	s.write("holiday.csv", "a name that is none")
	s.write("notes.txt", "not looked at")
	s.open()
	want := map[string]string{"holiday.csv": "ignored", "holidays.csv": "refused", "sessions.csv": "in force"}
	files := s.book.Files()
	for _, f := range files {
		if f.Status != want[f.Name] || f.IsOlderInForce || (f.Fault == "") != (f.Status == "in force") {
			t.Errorf("%+v, want %s", f, want[f.Name])
		}
	}
	if len(files) != len(want) || s.phase() != calendar.Open {
		t.Errorf("%d files, %s", len(files), s.phase())
	}
	s.write("holidays.csv", "date,exchange,segment,closed,name,source,checked\n2026-11-25,NSE,fno,day,Called off,NSE notice,2026-11-25\n")
	s.book.look(false)
	if s.phase() != calendar.Closed {
		t.Errorf("%s, want closed", s.phase())
	}
}

// tellingClock says when somebody waits on it.
type tellingClock struct {
	*clock.Manual
	waits chan struct{}
}

// After is the manual clock's.
func (c tellingClock) After(d time.Duration) <-chan time.Time {
	due := c.Manual.After(d)
	c.waits <- struct{}{}
	return due
}

// TestRulesAreLookedAt: within 30 seconds of the clock, and at once when asked.
func TestRulesAreLookedAt(t *testing.T) {
	for _, isAsked := range []bool{false, true} {
		s := mustBookshop(t)
		c := tellingClock{s.clock, make(chan struct{})}
		s.book.opt.Clock = c
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.book.Run(ctx, s.asked) }()
		<-c.waits
		s.write("sessions.csv", overrideSessions+"NSE,fno,any,2026-11-25,2026-11-25,open,09:15,17:00,,NSE notice,2026-11-25\n")
		if isAsked {
			s.asked <- os.Interrupt // any signal will do
		} else {
			s.clock.Advance(30 * time.Second)
		}
		<-c.waits // it has looked and waits again
		if s.phase() != calendar.Open {
			t.Errorf("asked=%t: the change was not read", isAsked)
		}
		cancel()
		<-done
	}
}
