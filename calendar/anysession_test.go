package calendar

import (
	"testing"
	"time"
)

func TestAnySession(t *testing.T) {
	c, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		day, reason, close string
		has                bool
	}{
		{"2026-11-23", "", "23:55", true},
		{"2026-07-15", "", "23:30", true},
		{"2026-02-01", "Union Budget", "", true},
		{"2026-11-08", "Muhurat trading", "24:00", true},
		{"2026-11-24", "Guru Nanak Jayanti", "23:55", true},
		{"2026-12-25", "Christmas", "", false},
		{"2026-11-28", "Saturday", "", false},
		{"2026-11-29", "Sunday", "", false},
		{"2026-08-15", "Independence Day", "", false},
		{"2026-01-01", "", "", true},
	} {
		d, err := ParseDate(test.day)
		if err != nil {
			t.Fatal(err)
		}
		has, reason := c.AnySession(d)
		if has != test.has || reason != test.reason {
			t.Errorf("AnySession(%s) = %t, %q, want %t, %q", test.day, has, reason, test.has, test.reason)
		}
		last := c.LastClose(d)
		if (last != 0) != test.has {
			t.Errorf("LastClose(%s) = %s, though AnySession = %t", test.day, last, test.has)
		}
		if test.close == "24:00" && last != d.Add(1).At(0) {
			t.Errorf("LastClose(%s) = %s, want the end of the day", test.day, last.IST())
		} else if test.close != "" && test.close != "24:00" && last.IST().Format("15:04") != test.close {
			t.Errorf("LastClose(%s) = %s, want %s", test.day, last.IST(), test.close)
		}
	}
	if has, _ := Demo().AnySession(NewDate(2026, time.December, 25)); !has {
		t.Error("the demo market has no holidays")
	}
}
