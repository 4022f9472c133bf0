package calendar

import (
	"strings"
	"testing"
	"testing/fstest"
)

const sessionColumns = "exchange,segment,auction,from,to,phase,start,end,clock,source,checked\n"

func mustOverride(t *testing.T, file, text string) *Calendar {
	t.Helper()
	c, err := Load(fstest.MapFS{file: {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestReplace is test 43 of the reliability plan at the calendar: whoever holds it sees the new rules at his next question.
func TestReplace(t *testing.T) {
	for _, tc := range []struct {
		name, file, text, at string
		board                Board
		before, after        Phase
	}{
		{"hours extended at 15:20", "sessions.csv", sessionColumns + "NSE,fno,any,2026-11-25,2026-11-25,open,09:15,17:00,,NSE notice,2026-11-25\n",
			"2026-11-25 15:45:00", nfo, Closed, Open},
		{"holiday added at 07:59", "holidays.csv", "date,exchange,segment,closed,name,source,checked\n2026-11-25,NSE+BSE,equity+fno+currency,day,State mourning,NSE notice,2026-11-25\n",
			"2026-11-25 09:15:00", plainShare, Open, Closed},
		{"special Saturday", "specials.csv", "date,exchange,segment,auction,kind,phase,start,end,name,source,checked\n2026-11-28,NSE+BSE,equity+fno,any,normal,,,,Disaster drill,NSE notice,2026-11-25\n",
			"2026-11-28 10:00:00", plainShare, Closed, Open},
		{"Muhurat's times", "specials.csv", "date,exchange,segment,auction,kind,phase,start,end,name,source,checked\n2026-11-08,NSE+BSE,equity+fno,any,muhurat,open,18:00,19:00,Muhurat trading,NSE notice,2026-11-01\n",
			"2026-11-08 18:30:00", nfo, Closed, Open},
	} {
		c := mustLoad(t)
		was, at := c.Fixed(), mustAt(t, tc.at)
		if got := c.At(tc.board, at).Phase; got != tc.before {
			t.Errorf("%s: %s before the change, want %s", tc.name, got, tc.before)
		}
		c.Replace(mustOverride(t, tc.file, tc.text))
		if got := c.At(tc.board, at).Phase; got != tc.after {
			t.Errorf("%s: %s after the change, want %s", tc.name, got, tc.after)
		}
		if got := was.At(tc.board, at).Phase; got != tc.before {
			t.Errorf("%s: the fixed calendar became %s", tc.name, got)
		}
		c.Replace(mustLoad(t))
		if got := c.At(tc.board, at).Phase; got != tc.before {
			t.Errorf("%s: %s once the file is gone, want %s", tc.name, got, tc.before)
		}
	}
}

// TestHolidayOverSpecial: a holiday typed in calls our special session off; in one set of files the special session counts.
func TestHolidayOverSpecial(t *testing.T) {
	const holiday = "date,exchange,segment,closed,name,source,checked\n2026-11-08,NSE,fno,day,No Muhurat,NSE notice,2026-11-01\n"
	const muhurat = "date,exchange,segment,auction,kind,phase,start,end,name,source,checked\n2026-11-08,NSE,fno,any,muhurat,open,18:00,19:00,Muhurat trading,NSE notice,2026-11-01\n"
	day := mustDate(t, "2026-11-08")
	called := mustOverride(t, "holidays.csv", holiday)
	if got := called.At(nfo, mustAt(t, "2026-11-08 18:30:00")).Reason; got != "No Muhurat" {
		t.Errorf("called off: %q", got)
	}
	if got := called.At(bfo, mustAt(t, "2026-11-08 18:30:00")).Reason; got != "Muhurat trading: times not announced" {
		t.Errorf("the other exchange: %q", got)
	}
	both, err := Load(fstest.MapFS{"holidays.csv": {Data: []byte(holiday)}, "specials.csv": {Data: []byte(muhurat)}})
	if err != nil {
		t.Fatal(err)
	}
	if !both.IsTradingDay(nfo, day) {
		t.Error("the special session of the same files does not count")
	}
	if !mustLoad(t).IsTradingDay(nfo, mustDate(t, "2025-10-21")) {
		t.Error("Muhurat of 2025 is gone")
	}
}

// TestMovedAuctionKeepsItsParts: sub-phases follow their phase to another hour and keep their length (SEBI-CAS).
func TestMovedAuctionKeepsItsParts(t *testing.T) {
	c := mustOverride(t, "sessions.csv", sessionColumns+
		"NSE,equity,yes,2026-11-25,2026-11-25,open,09:15,16:45,,NSE notice,2026-11-25\n"+
		"NSE,equity,yes,2026-11-25,2026-11-25,closing auction,16:45,17:05,,NSE notice,2026-11-25\n")
	s := c.At(auctionShare, mustAt(t, "2026-11-25 16:56:00"))
	if s.SubPhase != LimitOnly || s.SubUntil != mustAt(t, "2026-11-25 17:00:00") {
		t.Errorf("%s until %s", words(s), s.SubUntil.IST())
	}
	if from, to := c.ClosingWindow(auctionShare, mustDate(t, "2026-11-25")); from != mustAt(t, "2026-11-25 16:30:00") || to != mustAt(t, "2026-11-25 16:45:00") {
		t.Errorf("closing window %s to %s", from.IST(), to.IST())
	}
}

// TestImpossibleDays: days that cannot be are refused with their line; comments and a spreadsheet's mark are no error.
func TestImpossibleDays(t *testing.T) {
	const specials = "date,exchange,segment,auction,kind,phase,start,end,name,source,checked\n"
	const subPhases = "exchange,segment,auction,from,to,phase,name,start_minute,end_minute,random_minute,source,checked\n"
	for _, tc := range []struct{ file, text, want string }{
		{"sessions.csv", sessionColumns + "NSE,fno,any,2026-01-01,,open,09:15,15:40,,s,\nNSE,fno,any,2026-06-01,,pre-open,09:00,09:16,,s,\n", "line 3: pre-open from 09:00 to 09:16 overlaps with open of line 2"},
		{"sessions.csv", sessionColumns + "NSE,fno,any,2026-01-01,,open,09:15,15:40,,,\n", "line 2: source is empty"},
		{"specials.csv", specials + "2026-11-08,NSE,fno,any,muhurat,open,18:00,19:00,M,s,\n2026-11-08,NSE,fno,any,muhurat,pre-open,17:50,18:10,M,s,\n", "line 3: pre-open"},
		{"subphases.csv", subPhases + "NSE,fno,any,2026-01-01,,open,entry,0,8,,s,\n", "line 2: phase"},
		{"subphases.csv", subPhases + "NSE,fno,any,2026-01-01,,pre-open,lunch,0,8,,s,\n", "name \"lunch\""},
		{"subphases.csv", subPhases + "NSE,fno,any,2026-01-01,,pre-open,entry,8,0,,s,\n", "not in order"},
		{"subphases.csv", subPhases + "NSE,fno,any,2026-01-01,,pre-open,entry,0,8,9,s,\n", "not in order"},
		{"closing_windows.csv", "exchange,segment,auction,from,to,minutes,source,checked\nNSE,fno,any,2026-01-01,,-3,s,\n", "minutes"},
	} {
		_, err := Load(fstest.MapFS{tc.file: {Data: []byte(tc.text)}})
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), tc.file) {
			t.Errorf("%s %q: error %v, want one with %q", tc.file, tc.text, err, tc.want)
		}
	}
	c := mustOverride(t, "sessions.csv", "\xef\xbb\xbf"+sessionColumns+"# typed by hand\r\nNSE,fno,any,2026-11-25,2026-11-25,open,09:15,17:00,,s,\r\n")
	if got := c.At(nfo, mustAt(t, "2026-11-25 16:59:59.999")).Phase; got != Open {
		t.Errorf("%s, want open", got)
	}
}
