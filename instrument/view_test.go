package instrument

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"paperport/calendar"
)

// TestSourcesKeepTheirTerms: one id, two sources; what one says of lot and name never shows in the other's view, before
// and after a reload, and what one never listed does not exist there.
func TestSourcesKeepTheirTerms(t *testing.T) {
	r := NewRegistry()
	demo, icici := r.View(FromDemo), r.View(FromICICI)
	call, share := niftyCall(day(12, 29), Monthly), reliance()
	id := demo.Allocate(call, day(11, 2))
	other := call
	other.Terms.LotSize, other.Name = 75, "of the exchange"
	only := demo.Allocate(share, day(11, 2))
	if got := icici.Allocate(other, day(11, 2)); got != id {
		t.Fatalf("the same contract has ids %d and %d", id, got)
	}
	later := other
	later.Terms.LotSize = 65
	icici.Allocate(later, day(11, 24))
	rows := r.Unsaved(10)
	back := NewRegistry()
	if err := back.Load(rows); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*Registry{"fresh": r, "reloaded": back} {
		want := map[Source]map[calendar.Date]Instrument{
			FromDemo:  {day(11, 2): call, day(11, 24): call},
			FromICICI: {day(11, 2): other, day(11, 24): later},
		}
		for source, days := range want {
			for on, w := range days {
				w.ID = id
				got, ok := r.View(source).AsOf(id, on)
				if diff := cmp.Diff(w, got); diff != "" || !ok {
					t.Errorf("%s, source %d on %s: found %v (-want +got):\n%s", name, source, on, ok, diff)
				}
			}
			if got, ok := r.View(source).ByID(id); !ok || got.Terms.LotSize != days[day(11, 24)].Terms.LotSize {
				t.Errorf("%s, source %d: newest is %+v, %v", name, source, got, ok)
			}
		}
		if _, ok := r.View(FromICICI).ByID(only); ok {
			t.Errorf("%s: a share that only the demo lists is in the view of ICICI", name)
		}
		if _, ok := r.View(FromICICI).Find(share); ok {
			t.Errorf("%s: a share that only the demo lists is found in the view of ICICI", name)
		}
		n := 0
		for range r.View(FromICICI).All() {
			n++
		}
		if n != 1 {
			t.Errorf("%s: the view of ICICI lists %d instruments, want 1", name, n)
		}
	}
}
