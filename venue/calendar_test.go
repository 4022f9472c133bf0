package venue

import (
	"testing"
	"testing/fstest"
	"time"

	"paperport/calendar"
	"paperport/clock"
	"paperport/feed"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
	"paperport/store"
	"paperport/store/sqlstore"
)

// The columns of the override files.
const (
	sessionColumns = "exchange,segment,auction,from,to,phase,start,end,clock,source,checked\n"
	holidayColumns = "date,exchange,segment,closed,name,source,checked\n"
	specialColumns = "date,exchange,segment,auction,kind,phase,start,end,name,source,checked\n"
)

func mustRules(t *testing.T, file, text string) *calendar.Calendar {
	t.Helper()
	c, err := calendar.Load(fstest.MapFS{file: {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func istAt(day, hour, minute int) calendar.Instant {
	return calendar.NewDate(2026, time.November, day).At(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

// mustHours is a venue in the exchanges' hours, at an instant.
func mustHours(t *testing.T, at calendar.Instant, hours *calendar.Calendar) *stage {
	t.Helper()
	rows, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir(), Fatal: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rows.Close() })
	if err := rows.AddVenue(t.Context(), store.Venue{ID: venueID, Kind: "live", Name: "Live", Settings: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, store: &breakable{Books: rows}, clock: clock.NewManual(at.Time()), price: 1_300 * money.PriceScale}
	s.feed = feed.New(feed.Options{Clock: s.clock, Instrument: contract,
		Phase: func(b calendar.Board, at calendar.Instant) calendar.Phase { return hours.At(b, at).Phase }})
	o := s.options()
	o.Feed, o.Calendar = s.feed, hours
	o.Instrument = func(id instrument.ID, _ calendar.Date) (*instrument.Instrument, bool) { return contract(id) }
	if s.venue, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.venue.Close)
	s.pass(2 * time.Second)
	s.open()
	return s
}

// set moves the clock without stepping through the time between.
func (s *stage) set(at calendar.Instant) {
	s.t.Helper()
	s.clock.Set(at.Time())
	s.quote()
	s.pass(2 * time.Second)
}

func (s *stage) isAt(phase calendar.Phase, trading calendar.Date) {
	s.t.Helper()
	b := s.venue.Status().Boards[0]
	if b.Phase != phase || b.TradingDate != trading {
		s.t.Errorf("at %s the board is %s (%q) on %s, want %s on %s", s.venue.Now().IST(), b.Phase, b.Reason, b.TradingDate, phase, trading)
	}
}

// TestHoursExtended is test 43: the exchange extends the day at 15:20; a DAY order lives and fills past the old close, and
// ends with the new one. What was squared off stays so.
func TestHoursExtended(t *testing.T) {
	hours := mustRules(t, "none", "")
	s := mustHours(t, istAt(25, 15, 15), hours)
	today := istAt(25, 0, 0).Date()
	rests := s.place(buy("limit-0001", 5, 1_250*money.PriceScale))
	s.set(istAt(25, 15, 20))
	hours.Replace(mustRules(t, "sessions.csv", sessionColumns+"NSE,equity,no,2026-11-25,2026-11-25,open,09:15,17:00,,NSE notice,2026-11-25\n"))
	s.set(istAt(25, 16, 30))
	s.settle()
	s.isAt(calendar.Open, today)
	if r := s.place(buy("market-001", 10, 0)); r.Code != "" {
		t.Errorf("an order at 16:30: %+v", r)
	}
	s.mustOrder(rests.Order, order.Open)
	s.set(istAt(25, 17, 1))
	s.settle()
	s.isAt(calendar.Closed, today)
	if o, err := s.store.Order(t.Context(), account, rests.Order); err != nil || o.Status != order.Expired {
		t.Errorf("the DAY order after 17:00: %+v, %v", o, err)
	}
	s.mustVerify()

	// Too late: the day's books are closed. The board stays closed, whatever a file says.
	hours.Replace(mustRules(t, "sessions.csv", sessionColumns+"NSE,equity,no,2026-11-25,2026-11-25,open,09:15,18:00,,NSE notice,2026-11-25\n"))
	s.set(istAt(25, 17, 5))
	s.settle()
	s.isAt(calendar.Closed, today)
	s.set(istAt(26, 9, 16))
	s.settle()
	s.isAt(calendar.Open, today+1)
}

// TestHolidayAdded is test 43: a holiday typed in at 07:59, and one typed in while the market is open, which ends the day.
func TestHolidayAdded(t *testing.T) {
	holiday := holidayColumns + "2026-11-25,NSE+BSE,equity+fno+currency,day,State mourning,NSE notice,2026-11-25\n"
	hours := mustRules(t, "none", "")
	s := mustHours(t, istAt(25, 7, 58), hours)
	today := istAt(25, 0, 0).Date()
	s.set(istAt(25, 7, 59))
	hours.Replace(mustRules(t, "holidays.csv", holiday))
	s.set(istAt(25, 9, 16))
	s.settle()
	s.isAt(calendar.Closed, today-2)
	if got := s.venue.Status().Boards[0].Reason; got != "State mourning" {
		t.Errorf("closed because of %q", got)
	}
	s.set(istAt(26, 9, 16))
	s.settle()
	s.isAt(calendar.Open, today+1)

	hours.Replace(mustRules(t, "none", ""))
	s = mustHours(t, istAt(23, 15, 0), hours)
	s.set(istAt(23, 16, 1))
	s.set(istAt(25, 11, 0))
	s.settle()
	s.isAt(calendar.Open, today)
	rests := s.place(buy("limit-0001", 5, 1_250*money.PriceScale))
	s.settle()
	hours.Replace(mustRules(t, "holidays.csv", holiday))
	s.pass(5 * time.Second)
	s.set(istAt(25, 12, 0))
	s.settle()
	s.isAt(calendar.Closed, today-2)
	if o, err := s.store.Order(t.Context(), account, rests.Order); err != nil || o.Status != order.Expired {
		t.Errorf("the DAY order of a day called off: %+v, %v", o, err)
	}
	s.mustVerify()
}

// TestSpecialSaturday is test 43: a session announced for a Saturday while the program runs.
func TestSpecialSaturday(t *testing.T) {
	hours := mustRules(t, "none", "")
	s := mustHours(t, istAt(28, 8, 0), hours)
	saturday := istAt(28, 0, 0).Date()
	s.isAt(calendar.Closed, saturday-1)
	hours.Replace(mustRules(t, "specials.csv", specialColumns+"2026-11-28,NSE+BSE,equity,any,muhurat,open,10:00,11:00,Disaster drill,NSE notice,2026-11-27\n"))
	s.set(istAt(28, 10, 1))
	s.settle()
	s.isAt(calendar.Open, saturday)
	if r := s.place(buy("market-001", 10, 0)); r.Code != "" {
		t.Errorf("an order on the Saturday: %+v", r)
	}
	s.set(istAt(28, 11, 1))
	s.settle()
	s.isAt(calendar.Closed, saturday)
	s.mustVerify()
}
