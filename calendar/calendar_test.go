package calendar

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	auctionShare = Board{NSE, Equity, true}
	plainShare   = Board{NSE, Equity, false}
	nfo          = Board{NSE, FNO, false}
	bfo          = Board{BSE, FNO, false}
	mcx          = Board{MCX, Commodity, false}
	currency     = Board{NSE, Currency, false}
)

func mustLoad(t *testing.T) *Calendar {
	t.Helper()
	c, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustDate(t *testing.T, s string) Date {
	t.Helper()
	d, err := ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// mustAt reads "2026-11-25 09:15:00.000" in IST.
func mustAt(t *testing.T, s string) Instant {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05.999", s, IST)
	if err != nil {
		t.Fatal(err)
	}
	return FromTime(at)
}

// TestEdges looks at both sides of every border of the day: at the border the new phase holds, a millisecond before the old.
func TestEdges(t *testing.T) {
	c := mustLoad(t)
	for _, tc := range []struct {
		board         Board
		at            string
		before, after Phase
	}{
		// An ordinary day of 2026 after the closing auction came.
		{auctionShare, "2026-11-25 09:00:00", Closed, PreOpen},
		{auctionShare, "2026-11-25 09:15:00", PreOpen, Open},
		{auctionShare, "2026-11-25 15:15:00", Open, ClosingAuction},
		{auctionShare, "2026-11-25 15:35:00", ClosingAuction, Closed},
		{auctionShare, "2026-11-25 15:50:00", Closed, PostClose},
		{auctionShare, "2026-11-25 16:00:00", PostClose, Closed},
		{plainShare, "2026-11-25 09:00:00", Closed, PreOpen},
		{plainShare, "2026-11-25 09:15:00", PreOpen, Open},
		{plainShare, "2026-11-25 15:15:00", Open, Open},
		{plainShare, "2026-11-25 15:30:00", Open, Closed},
		{plainShare, "2026-11-25 15:50:00", Closed, PostClose},
		{plainShare, "2026-11-25 16:00:00", PostClose, Closed},
		{nfo, "2026-11-25 09:00:00", Closed, PreOpen},
		{nfo, "2026-11-25 09:15:00", PreOpen, Open},
		{nfo, "2026-11-25 15:30:00", Open, Open},
		{nfo, "2026-11-25 15:40:00", Open, Closed},
		{bfo, "2026-11-25 15:40:00", Open, Closed},
		{currency, "2026-11-25 09:00:00", Closed, Open},
		{currency, "2026-11-25 17:00:00", Open, Closed},
		// The last day before the auction and the first with it.
		{auctionShare, "2026-07-31 15:15:00", Open, Open},
		{auctionShare, "2026-07-31 15:30:00", Open, Closed},
		{auctionShare, "2026-07-31 15:40:00", Closed, PostClose},
		{auctionShare, "2026-08-03 15:15:00", Open, ClosingAuction},
		{plainShare, "2026-07-31 15:40:00", Closed, PostClose},
		{plainShare, "2026-08-03 15:40:00", Closed, Closed},
		{nfo, "2026-07-31 15:30:00", Open, Closed},
		{nfo, "2026-08-03 15:30:00", Open, Open},
		// Derivatives have a pre-open since 2025-12-08.
		{nfo, "2025-12-05 09:00:00", Closed, Closed},
		{nfo, "2025-12-05 09:15:00", Closed, Open},
		{nfo, "2025-12-08 09:00:00", Closed, PreOpen},
		// MCX follows the US clock, switching on Mondays.
		{mcx, "2025-10-31 23:30:00", Open, Closed},
		{mcx, "2025-11-03 23:30:00", Open, Open},
		{mcx, "2025-11-03 23:55:00", Open, Closed},
		{mcx, "2026-03-06 23:55:00", Open, Closed},
		{mcx, "2026-03-09 23:30:00", Open, Closed},
		{mcx, "2026-10-30 23:30:00", Open, Closed},
		{mcx, "2026-11-02 23:30:00", Open, Open},
		{mcx, "2026-11-02 23:55:00", Open, Closed},
		{mcx, "2026-11-25 09:00:00", Closed, Open},
		// Half holidays: the evening only, the morning only, nothing.
		{mcx, "2026-11-24 09:00:00", Closed, Closed},
		{mcx, "2026-11-24 17:00:00", Closed, Open},
		{mcx, "2026-11-24 23:55:00", Open, Closed},
		{mcx, "2026-01-01 09:00:00", Closed, Open},
		{mcx, "2026-01-01 17:00:00", Open, Closed},
		{mcx, "2026-12-25 17:00:00", Closed, Closed},
		// Holidays, weekends, days traded by one segment only.
		{plainShare, "2026-11-24 09:15:00", Closed, Closed},
		{nfo, "2026-12-25 12:00:00", Closed, Closed},
		{plainShare, "2026-11-22 12:00:00", Closed, Closed},
		{plainShare, "2026-02-19 09:15:00", PreOpen, Open},
		{currency, "2026-02-19 09:15:00", Closed, Closed},
		// Special sessions.
		{plainShare, "2026-02-01 09:15:00", PreOpen, Open},
		{plainShare, "2026-02-01 15:30:00", Open, Closed},
		{nfo, "2026-02-01 15:30:00", Open, Closed},
		{currency, "2026-02-01 12:00:00", Closed, Closed},
		{plainShare, "2025-10-21 13:45:00", Closed, Open},
		{plainShare, "2025-10-21 14:45:00", Open, Closed},
		{plainShare, "2026-11-08 18:30:00", Closed, Closed},
		// Midnight belongs to the new day.
		{plainShare, "2026-11-25 00:00:00", Closed, Closed},
	} {
		at := mustAt(t, tc.at)
		if got := c.At(tc.board, at.Add(-time.Millisecond)).Phase; got != tc.before {
			t.Errorf("%s just before %s: %s, want %s", tc.board, tc.at, got, tc.before)
		}
		if got := c.At(tc.board, at).Phase; got != tc.after {
			t.Errorf("%s at %s: %s, want %s", tc.board, tc.at, got, tc.after)
		}
	}
}

// TestReasons are the words on the screen and the instants beside them.
func TestReasons(t *testing.T) {
	c := mustLoad(t)
	for _, tc := range []struct {
		board                       Board
		at, reason, until, nextOpen string
		trading                     string
	}{
		{plainShare, "2026-11-25 08:00:00", "closed until 09:15", "2026-11-25 09:00:00", "2026-11-25 09:15:00", "2026-11-25"},
		{plainShare, "2026-11-25 09:05:00", "pre-open", "2026-11-25 09:15:00", "2026-11-25 09:15:00", "2026-11-25"},
		{plainShare, "2026-11-25 11:00:00", "open", "2026-11-25 15:30:00", "2026-11-26 09:15:00", "2026-11-25"},
		{auctionShare, "2026-11-25 15:20:00", "closing auction", "2026-11-25 15:35:00", "2026-11-26 09:15:00", "2026-11-25"},
		{plainShare, "2026-11-25 15:40:00", "closed, post-close from 15:50", "2026-11-25 15:50:00", "2026-11-26 09:15:00", "2026-11-25"},
		{plainShare, "2026-11-25 18:00:00", "closed until 09:15 on Thu 26 Nov", "2026-11-26 09:00:00", "2026-11-26 09:15:00", "2026-11-25"},
		{plainShare, "2026-11-24 12:00:00", "Guru Nanak Jayanti", "2026-11-25 09:00:00", "2026-11-25 09:15:00", "2026-11-23"},
		{mcx, "2026-11-24 12:00:00", "Guru Nanak Jayanti, closed until 17:00", "2026-11-24 17:00:00", "2026-11-24 17:00:00", "2026-11-24"},
		{plainShare, "2026-11-22 12:00:00", "Sunday", "2026-11-23 09:00:00", "2026-11-23 09:15:00", "2026-11-20"},
		{plainShare, "2026-08-15 12:00:00", "Independence Day", "2026-08-17 09:00:00", "2026-08-17 09:15:00", "2026-08-14"},
		{plainShare, "2026-11-08 12:00:00", "Muhurat trading: times not announced", "2026-11-09 09:00:00", "2026-11-09 09:15:00", "2026-11-06"},
		{plainShare, "2026-02-01 12:00:00", "open", "2026-02-01 15:30:00", "2026-02-02 09:15:00", "2026-02-01"},
		{Board{MCX, FNO, false}, "2026-11-25 12:00:00", "no timetable for this day", "", "", ""},
	} {
		at := mustAt(t, tc.at)
		s := c.At(tc.board, at)
		want := State{Phase: s.Phase, SubPhase: s.SubPhase, SubUntil: s.SubUntil, RandomFrom: s.RandomFrom, Since: s.Since, Reason: tc.reason}
		if tc.until != "" {
			want.Until, want.NextOpen, want.TradingDate = mustAt(t, tc.until), mustAt(t, tc.nextOpen), mustDate(t, tc.trading)
		}
		if diff := cmp.Diff(want, s); diff != "" {
			t.Errorf("%s at %s (-want +got):\n%s", tc.board, tc.at, diff)
		}
		if s.Since > at || (s.Until != 0 && s.Until <= at) {
			t.Errorf("%s at %s: the phase runs from %s to %s", tc.board, tc.at, s.Since, s.Until)
		}
	}
}

// TestPhasesJoin walks a year: the end of each phase is the beginning of the next, whatever board.
func TestPhasesJoin(t *testing.T) {
	for name, c := range map[string]*Calendar{"exchange hours": mustLoad(t), "demo": Demo()} {
		for _, b := range allBoards() {
			end := mustAt(t, "2026-12-31 12:00:00")
			for at := mustAt(t, "2026-01-01 12:00:00"); at < end; {
				s := c.At(b, at)
				if s.Until <= at {
					t.Fatalf("%s: %s at %s ends at %s", name, b, at, s.Until)
				}
				next := c.At(b, s.Until)
				if next.Since != s.Until || next.Phase == s.Phase {
					t.Fatalf("%s: %s: %s until %s, then %s since %s", name, b, s.Phase, s.Until, next.Phase, next.Since)
				}
				if next.Phase == Open && s.NextOpen != s.Until {
					t.Fatalf("%s: %s at %s: next open %s, opened %s", name, b, at, s.NextOpen, s.Until)
				}
				at = s.Until
			}
		}
	}
}

func TestSquareOffAndDayEnd(t *testing.T) {
	c := mustLoad(t)
	for _, tc := range []struct {
		board           Board
		date            string
		squareOff, ends string
	}{
		{auctionShare, "2026-11-25", "15:10", "16:00"},
		{plainShare, "2026-11-25", "15:20", "16:00"},
		{nfo, "2026-11-25", "15:30", "15:40"},
		{currency, "2026-11-25", "16:45", "17:00"},
		{mcx, "2026-11-25", "23:30", "23:55"},
		{mcx, "2026-10-26", "23:05", "23:30"},
		{nfo, "2026-07-31", "15:25", "15:30"},
		{auctionShare, "2026-07-31", "15:20", "16:00"},
		{plainShare, "2025-10-21", "14:35", "14:45"},
		{mcx, "2026-01-01", "16:35", "17:00"},
	} {
		d := mustDate(t, tc.date)
		if got := c.SquareOff(tc.board, d); clockText(got.TimeOfDay()) != tc.squareOff || got.Date() != d {
			t.Errorf("%s on %s squares off at %s, want %s", tc.board, d, got.IST(), tc.squareOff)
		}
		if got := c.DayEnd(tc.board, d); clockText(got.TimeOfDay()) != tc.ends || got.Date() != d {
			t.Errorf("%s on %s ends at %s, want %s", tc.board, d, got.IST(), tc.ends)
		}
	}
	holiday := mustDate(t, "2026-11-24")
	if c.SquareOff(nfo, holiday) != 0 || c.DayEnd(nfo, holiday) != 0 || c.ExpiryAt(nfo, holiday) != 0 {
		t.Error("a holiday has a square-off time, a day end or an expiry")
	}
	if got := c.ExpiryAt(nfo, mustDate(t, "2026-11-23")); got != mustAt(t, "2026-11-23 15:40:00") {
		t.Errorf("contracts of 2026-11-23 expire at %s", got.IST())
	}
}

func TestDemo(t *testing.T) {
	c := Demo()
	for _, tc := range []struct{ at, until, reason string }{
		{"2026-11-24 00:00:00", "2026-11-24 23:55:00", "open"},
		{"2026-11-22 12:00:00", "2026-11-22 23:55:00", "open"},
		{"2026-11-24 23:54:59.999", "2026-11-24 23:55:00", "open"},
		{"2026-11-24 23:55:00", "2026-11-25 00:00:00", "closed until 00:00 on Wed 25 Nov"},
	} {
		s := c.At(nfo, mustAt(t, tc.at))
		if s.Until != mustAt(t, tc.until) || s.Reason != tc.reason || s.TradingDate != mustAt(t, tc.at).Date() {
			t.Errorf("demo at %s: %+v, want %q until %s", tc.at, s, tc.reason, tc.until)
		}
	}
	today := mustDate(t, "2026-11-24")
	if got := c.SquareOff(auctionShare, today); got != mustAt(t, "2026-11-24 23:45:00") {
		t.Errorf("demo squares off at %s", got.IST())
	}
	if got := c.ExpiryAt(nfo, today); got != mustAt(t, "2026-11-24 15:40:00") {
		t.Errorf("demo contracts expire at %s", got.IST())
	}
	if got := c.MonthlyExpiry(NSE, 2026, time.November); got != today {
		t.Errorf("demo expiry of November is %s, want the Tuesday, holiday or not", got)
	}
	if got := c.SettlementDate(NSE, mustDate(t, "2026-11-21")); got != mustDate(t, "2026-11-22") {
		t.Errorf("a Saturday's demo trade settles on %s", got)
	}
	if c.KnownUntil() != 0 || mustLoad(t).KnownUntil() != mustDate(t, "2026-12-31") {
		t.Error("holidays are known until another day than the tables say")
	}
}

func TestSettlement(t *testing.T) {
	c := mustLoad(t)
	for trade, want := range map[string]string{
		"2026-11-20": "2026-11-23", // Friday to Monday
		"2026-11-23": "2026-11-25", // over the holiday of the 24th
		"2026-02-18": "2026-02-20", // 02-19 trades but does not settle
		"2026-03-18": "2026-03-20",
		"2026-03-31": "2026-04-02", // 04-01 does not settle, and 03-31 is a holiday
		"2026-08-25": "2026-08-27",
		"2026-01-30": "2026-02-02", // the Sunday session settles nothing
		"2026-02-01": "2026-02-02",
		"2026-12-24": "2026-12-28",
	} {
		if got := c.SettlementDate(NSE, mustDate(t, trade)); got != mustDate(t, want) {
			t.Errorf("a trade of %s settles on %s, want %s", trade, got, want)
		}
	}
}

// TestHolidaysOfNSE compares the table with NSE's own list, fetched on 2026-07-15.
func TestHolidaysOfNSE(t *testing.T) {
	raw, err := os.ReadFile("../../shared/data/calendar_lots/nse_holiday_master_trading_20260715.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no ../../shared/data beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	var lists map[string][]struct{ TradingDate string }
	if err := json.Unmarshal(raw, &lists); err != nil {
		t.Fatal(err)
	}
	c := mustLoad(t)
	for segment, boards := range map[string][]Board{"CM": {plainShare, auctionShare}, "FO": {nfo}, "CD": {currency}, "COM": {mcx}} {
		listed := map[Date]bool{}
		for _, h := range lists[segment] {
			day, err := time.Parse("02-Jan-2006", h.TradingDate)
			if err != nil {
				t.Fatal(err)
			}
			listed[NewDate(day.Date())] = true
		}
		for d := NewDate(2026, time.January, 1); d <= NewDate(2026, time.December, 31); d++ {
			weekend := d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
			for _, b := range boards {
				if weekend {
					continue
				}
				whole := c.tables.Load().holidayOn(b, d).closed != closedNot
				if whole != listed[d] {
					t.Errorf("%s on %s: our table says holiday %t, NSE's list %t", b, d, whole, listed[d])
				}
			}
		}
	}
}

// TestSessionsOf2026: india-rules 1.6 counts 245 weekday sessions and the Sunday of the budget; Muhurat has no times yet.
func TestSessionsOf2026(t *testing.T) {
	c, n := mustLoad(t), 0
	for d := NewDate(2026, time.January, 1); d <= NewDate(2026, time.December, 31); d++ {
		if c.IsTradingDay(plainShare, d) {
			n++
		}
	}
	if n != 246 {
		t.Errorf("%d sessions, want 245 weekdays and one Sunday", n)
	}
}

func TestExpiryLists(t *testing.T) {
	c := mustLoad(t)
	// india-rules 2.3, from September 2025 on.
	for _, tc := range []struct {
		exchange Exchange
		days     string
	}{
		{NSE, "2025-09-30 2025-10-28 2025-11-25 2025-12-30 2026-01-27 2026-02-24 2026-03-30 2026-04-28 2026-05-26 2026-06-30 " +
			"2026-07-28 2026-08-25 2026-09-29 2026-10-27 2026-11-23 2026-12-29"},
		{BSE, "2025-09-25 2025-10-30 2025-11-27 2025-12-24 2026-01-29 2026-02-26 2026-03-25 2026-04-30 2026-05-27 2026-06-25 " +
			"2026-07-30 2026-08-27 2026-09-24 2026-10-29 2026-11-26 2026-12-31"},
	} {
		for i, want := range strings.Fields(tc.days) {
			if got := c.MonthlyExpiry(tc.exchange, 2025, time.September+time.Month(i)); got != mustDate(t, want) {
				t.Errorf("%s monthly %d is %s, want %s", tc.exchange, i, got, want)
			}
		}
		if got := c.MonthlyExpiries(tc.exchange, mustDate(t, "2026-09-25"), 3); len(got) != 3 {
			t.Errorf("%s: next three monthly expiries: %v", tc.exchange, got)
		}
	}
	for scheduled, want := range map[string]string{
		"2025-10-15": "2025-10-20", "2026-02-25": "2026-03-02", "2026-04-08": "2026-04-13", "2026-10-14": "2026-10-19", "2026-11-04": "2026-11-09",
		"2026-11-24": "2026-12-01", "2026-11-10": "2026-11-17", "2026-11-18": "2026-11-23",
	} {
		if got := c.WeeklyExpiry(NSE, mustDate(t, scheduled)); got != mustDate(t, want) {
			t.Errorf("the NSE weekly expiry from %s on is %s, want %s", scheduled, got, want)
		}
	}
	for scheduled, want := range map[string]string{"2025-09-26": "2025-10-01", "2026-01-09": "2026-01-14", "2026-03-20": "2026-03-25"} {
		if got := c.WeeklyExpiry(BSE, mustDate(t, scheduled)); got != mustDate(t, want) {
			t.Errorf("the BSE weekly expiry from %s on is %s, want %s", scheduled, got, want)
		}
	}
}

// TestExpiriesOfNIFTY compares the rule with the 52 expiries of 2025 proven by bhavcopies, over the change of weekday.
func TestExpiriesOfNIFTY(t *testing.T) {
	f, err := os.Open(filepath.FromSlash("../../shared/data/calendar_lots/nifty_actual_expiries_2021_2025.csv"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no ../../shared/data beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var want []Date
	c := mustLoad(t)
	for _, r := range rows[1:] {
		if r[0] < "2025" {
			continue
		}
		d := mustDate(t, r[0])
		want = append(want, d)
		if year, month, _ := d.YMD(); r[2] == "monthly" && c.MonthlyExpiry(NSE, year, month) != d {
			t.Errorf("the monthly expiry of %s %d is %s, was %s", month, year, c.MonthlyExpiry(NSE, year, month), d)
		}
	}
	if diff := cmp.Diff(want, c.WeeklyExpiries(NSE, mustDate(t, "2025-01-01"), len(want))); diff != "" || len(want) < 50 {
		t.Errorf("%d expiries (-actual +rule):\n%s", len(want), diff)
	}
}

func TestOverrides(t *testing.T) {
	c, err := Load(fstest.MapFS{
		"specials.csv": {Data: []byte("date,exchange,segment,auction,kind,phase,start,end,name,source,checked\n" +
			"2026-11-08,NSE+BSE,equity+fno,any,muhurat,pre-open,18:00,18:15,Muhurat trading,a circular,2026-11-01\n" +
			"2026-11-08,NSE+BSE,equity+fno,any,muhurat,open,18:15,19:15,Muhurat trading,a circular,2026-11-01\n")},
		"holidays.csv": {Data: []byte("date,exchange,segment,closed,name,source,checked\n" +
			"2026-12-07,NSE+BSE,equity+fno,day,State election,a circular,2026-12-01\n" +
			"2026-12-25,NSE,equity,no,Christmas moved,a test,2026-12-01\n")},
		"sessions.csv": {Data: []byte("exchange,segment,auction,from,to,phase,start,end,clock,source,checked\n" +
			"NSE,fno,any,2026-12-01,2026-12-02,open,10:00,12:00,,a circular,2026-11-30\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		board  Board
		at     string
		phase  Phase
		reason string
	}{
		{plainShare, "2026-11-08 18:05:00", PreOpen, "pre-open"},
		{nfo, "2026-11-08 18:15:00", Open, "open"},
		{currency, "2026-11-08 18:15:00", Closed, "Muhurat trading: times not announced"},
		{plainShare, "2026-12-07 12:00:00", Closed, "State election"},
		{plainShare, "2026-12-25 12:00:00", Open, "open"},
		{Board{BSE, Equity, false}, "2026-12-25 12:00:00", Closed, "Christmas"},
		{nfo, "2026-12-01 09:30:00", Closed, "closed until 10:00"},
		{nfo, "2026-12-03 09:30:00", Open, "open"},
	} {
		if s := c.At(tc.board, mustAt(t, tc.at)); s.Phase != tc.phase || s.Reason != tc.reason {
			t.Errorf("%s at %s: %s %q, want %s %q", tc.board, tc.at, s.Phase, s.Reason, tc.phase, tc.reason)
		}
	}
	if got := c.SquareOff(plainShare, mustDate(t, "2026-11-08")); got != mustAt(t, "2026-11-08 19:05:00") {
		t.Errorf("Muhurat squares off at %s", got.IST())
	}
}

// TestBadTables: a broken file is refused whole, and the message says where.
func TestBadTables(t *testing.T) {
	const sessions = "exchange,segment,auction,from,to,phase,start,end,clock,source,checked\n"
	const holidays = "date,exchange,segment,closed,name,source,checked\n"
	for _, tc := range []struct{ file, text, want string }{
		{"sessions.csv", "exchange,segment\n", "first line"},
		{"sessions.csv", "", "first line"},
		{"sessions.csv", sessions + "NSE,equity,any,2026-01-01,,open,9:15,15:30,,s,2026-01-01\n", "line 2"},
		{"sessions.csv", sessions + "NSE,equity,any,2026-01-01,,open,15:30,09:15,,s,2026-01-01\n", "not after"},
		{"sessions.csv", sessions + "NSE,equity,any,2026-02-01,2026-01-01,open,09:15,15:30,,s,2026-01-01\n", "before from"},
		{"sessions.csv", sessions + "NSE,equity,any,2026-01-01,,lunch,09:15,15:30,,s,2026-01-01\n", "phase"},
		{"sessions.csv", sessions + "NSE,equity,any,2026-01-01,,open,09:15,15:30,moon,s,2026-01-01\n", "clock"},
		{"sessions.csv", sessions + "MCX,equity,any,2026-01-01,,open,09:15,15:30,,s,2026-01-01\n", "no board"},
		{"sessions.csv", sessions + "NSE,equity,any\n", "line 2"},
		{"holidays.csv", holidays + "2026-13-01,NSE,equity,day,x,s,2026-01-01\n", "not a date"},
		{"holidays.csv", holidays + "2026-12-01,NYSE,equity,day,x,s,2026-01-01\n", "exchange"},
		{"holidays.csv", holidays + "2026-12-01,NSE,bonds,day,x,s,2026-01-01\n", "segment"},
		{"holidays.csv", holidays + "2026-12-01,NSE,equity,maybe,x,s,2026-01-01\n", "closed"},
		{"specials.csv", "date,exchange,segment,auction,kind,phase,start,end,name,source,checked\n2026-12-01,NSE,equity,any,party,,,,x,s,2026-01-01\n", "kind"},
		{"square_off.csv", "exchange,segment,auction,from,to,minutes_before_close,source,checked\nNSE,equity,any,2026-01-01,,soon,s,2026-01-01\n", "minutes"},
		{"expiry_weekdays.csv", "exchange,from,weekday,source,checked\nNSE,2026-01-01,Caturday,s,2026-01-01\n", "weekday"},
		{"settlement_holidays.csv", "date,exchange,name,source,checked\nsoon,NSE,x,s,2026-01-01\n", "not a date"},
	} {
		_, err := Load(fstest.MapFS{tc.file: {Data: []byte(tc.text)}})
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), tc.file) {
			t.Errorf("%s %q: error %v, want one with %q", tc.file, tc.text, err, tc.want)
		}
	}
}

func BenchmarkAt(b *testing.B) {
	c, err := Load(nil)
	if err != nil {
		b.Fatal(err)
	}
	at := NewDate(2026, time.November, 25).At(11 * time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		c.At(nfo, at)
	}
}

// TestExpiryAt holds the time at which expiring contracts stop trading, on both sides of each change.
func TestExpiryAt(t *testing.T) {
	c, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	currency := Board{Exchange: NSE, Segment: Currency}
	for _, tc := range []struct {
		board    Board
		date, at string
	}{
		{nfo, "2026-07-28", "15:30"}, {nfo, "2026-08-04", "15:40"}, {nfo, "2026-11-23", "15:40"}, {currency, "2026-11-25", "12:30"},
		{mcx, "2026-11-25", "23:55"}, {mcx, "2026-07-28", "23:30"},
	} {
		d := mustDate(t, tc.date)
		end := c.ExpiryAt(tc.board, d)
		if clockText(end.TimeOfDay()) != tc.at || end.Date() != d {
			t.Errorf("contracts of %s on %s expire at %s, want %s", tc.board, d, end.IST(), tc.at)
		}
		if c.HasExpired(tc.board, d, end-1) || !c.HasExpired(tc.board, d, end) || !c.HasExpired(tc.board, d, (d+1).At(0)) {
			t.Errorf("%s on %s: expired a microsecond before %s, or not from then on", tc.board, d, tc.at)
		}
		if c.HasExpired(tc.board, 0, end) || c.HasExpired(tc.board, d+1, end) {
			t.Errorf("%s on %s: a contract without expiry, or of tomorrow, has expired", tc.board, d)
		}
	}
}
