package app

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"paperport/calendar"
)

// find returns the one rule of a group, place and name that begins so.
func (r *RulesInForce) find(t *testing.T, group, place, name string) Rule {
	t.Helper()
	var found []Rule
	for _, x := range r.Rules {
		if x.Group == group && x.Place == place && strings.HasPrefix(x.Name, name) {
			found = append(found, x)
		}
	}
	if len(found) != 1 {
		t.Errorf("%d rules %s, %s, %s on %s: %+v", len(found), group, place, name, r.Date, found)
		return Rule{}
	}
	return found[0]
}

// TestRulesInForce: values on both sides of the days on which they change, each with source, dates and place.
func TestRulesInForce(t *testing.T) {
	s := mustBookshop(t)
	for _, tc := range []struct{ day, group, place, name, value, from, to string }{
		{"2026-03-31", "charge", "every exchange", "stt, futures, sell", "0.02", "2024-10-01", "2026-03-31"},
		{"2026-04-01", "charge", "every exchange", "stt, futures, sell", "0.05", "2026-04-01", ""},
		{"2026-11-24", "charge", "NSE", "exchange, options", "0.03553", "2026-03-01", ""},
		{"2026-11-24", "charge", "every exchange", "gst", "18", "2024-10-01", ""},
		{"2026-11-24", "brokerage", "flat20", "intraday", "0.03 % of turnover, at most ₹20", "2024-10-01", ""},
		{"2026-11-24", "brokerage", "icici_prime_9999", "options", "₹9 a lot", "2024-10-01", ""},
		{"2026-11-24", "depository fee", "flat20", "delivery", "13", "", ""},
		{"2026-11-24", "intraday margin", "shares", "derivatives", "20", "2024-10-01", ""},
		{"2026-11-24", "derivatives margin", "stock", "exposure deep", "5.25", "2024-10-01", ""},
		{"2026-03-31", "freeze quantity", "BANKNIFTY", "", "600", "2025-11-03", "2026-03-31"},
		{"2026-04-01", "freeze quantity", "BANKNIFTY", "", "900", "2026-04-01", "2026-06-30"},
		{"2026-07-01", "freeze quantity", "BANKNIFTY", "", "600", "2026-07-01", ""},
		{"2026-01-05", "index lot", "NIFTY", "", "75", "2024-11-20", "2026-01-05"},
		{"2026-01-06", "index lot", "NIFTY", "", "65", "2026-01-06", ""},
		{"2025-04-14", "tick", "share", "up to 249.9999", "0.01", "2024-06-10", "2025-04-14"},
		{"2026-11-25", "tick", "share", "up to 20000", "1.00", "2025-04-15", ""},
		{"2026-11-25", "square-off", "NSE fno", "", "15:30", "2026-08-03", ""},
		{"2026-07-31", "square-off", "NSE fno", "", "15:25", "2025-01-01", "2026-08-02"},
		{"2026-11-25", "square-off", "NSE equity with closing auction", "", "15:10", "2026-08-03", ""},
		{"2026-11-25", "square-off", "MCX commodity", "", "23:30", "2025-01-01", ""},
		{"2026-11-25", "closing price", "NSE fno", "", "15:10 to 15:40", "2025-01-01", ""},
		{"2026-11-25", "expiry", "NSE", "weekday", "Tuesday", "2025-09-01", ""},
		{"2026-11-25", "expiry", "BSE fno", "contracts", "15:40", "2026-08-03", ""},
	} {
		d, err := calendar.ParseDate(tc.day)
		if err != nil {
			t.Fatal(err)
		}
		in := s.book.InForce(d)
		x := in.find(t, tc.group, tc.place, tc.name)
		if x.Value != tc.value || x.From.String() != tc.from || x.To.String() != tc.to || x.Override != "" {
			t.Errorf("%s %s, %s, %s: %+v", tc.day, tc.group, tc.place, tc.name, x)
		}
		for _, x := range in.Rules {
			if x.Source == "" || x.Value == "" || x.Table == "" || x.From > d || x.To != 0 && x.To < d {
				t.Errorf("%s: incomplete or not of the day: %+v", tc.day, x)
			}
		}
	}
}

// TestRulesShowOverrides: what a file of the folder says is shown with its file and line; what it does not touch is ours.
func TestRulesShowOverrides(t *testing.T) {
	s := mustBookshop(t)
	s.write("sessions.csv", overrideSessions+"# extended\nNSE,fno,any,2026-11-25,2026-11-25,open,09:15,17:00,,NSE notice 77,2026-11-25\n")
	s.write("square_off.csv", "exchange,segment,auction,from,to,minutes_before_close,source,checked\nNSE,fno,any,2026-11-25,2026-11-25,30,my broker,2026-11-25\n")
	s.write("holidays.csv", "date,exchange,segment,closed,name,source,checked\n2026-12-01,NSE+BSE,equity+fno,day,Election,NSE notice 78,2026-11-25\n")
	s.book.Reload()
	in := s.book.InForce(mustDay(t, "2026-11-25"))
	if x := in.find(t, "square-off", "NSE fno", ""); x.Value != "16:30" || x.Override != "square_off.csv line 2" || x.Source != "my broker" || x.Table != "" {
		t.Errorf("%+v", x)
	}
	if x := in.find(t, "square-off", "BSE fno", ""); x.Value != "15:30" || x.Override != "" {
		t.Errorf("%+v", x)
	}
	for _, b := range in.Boards {
		if b.Name != "NSE fno" {
			continue
		}
		if len(b.Parts) != 1 || b.Parts[0].End.IST().Format("15:04") != "17:00" || OverrideOf(b.Parts[0].In) != "sessions.csv line 3" {
			t.Errorf("%+v", b)
		}
	}
	if e := in.Events[0]; e.Date != mustDay(t, "2026-12-01") || e.Name != "Election" || len(e.Places) != 4 || OverrideOf(e.In) != "holidays.csv line 2" {
		t.Errorf("%+v", e)
	}
	if e := in.Events[1]; e.Date != mustDay(t, "2026-12-25") || e.Name != "Christmas" || e.Extent != "day" || OverrideOf(e.In) != "" {
		t.Errorf("%+v", e)
	}
	if len(in.Files) != 3 || in.KnownUntil != mustDay(t, "2026-12-31") {
		t.Errorf("%+v, known until %s", in.Files, in.KnownUntil)
	}
}

func mustDay(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDocumentedRules: every first line and every example of the page is one that the program takes.
func TestDocumentedRules(t *testing.T) {
	page, err := os.ReadFile("../docs/domain/reference-data.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+\\.csv)` \\| `([^`]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		named[m[1]] = true
		if _, err := calendar.Load(ruleTexts{m[1]: []byte(m[2] + "\n")}); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
	}
	for _, name := range calendar.Files() {
		if !named[name] {
			t.Errorf("%s is not on the page", name)
		}
	}
	examples := regexp.MustCompile("(?s)`rules/(\\w+\\.csv)`[^`]*```csv\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(examples) != 2 {
		t.Fatalf("%d examples, want 2", len(examples))
	}
	for _, m := range examples {
		c, err := calendar.Load(ruleTexts{m[1]: []byte(m[2])})
		if err != nil {
			t.Errorf("%s: %v", m[1], err)
			continue
		}
		day, at := mustDay(t, "2026-11-08"), 18*time.Hour
		if m[1] == "sessions.csv" {
			day, at = mustDay(t, "2026-11-25"), 16*time.Hour+59*time.Minute
		}
		if got := c.At(nseFNO, day.At(at)).Phase; got != calendar.Open {
			t.Errorf("the example of %s: %s", m[1], got)
		}
	}
}
