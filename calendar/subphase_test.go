package calendar

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSubPhases is the part of test 40 within auctions: on both sides of every border, a millisecond apart, before and
// after each change of the rules.
func TestSubPhases(t *testing.T) {
	c := mustLoad(t)
	bseShare, bseAuction := Board{BSE, Equity, false}, Board{BSE, Equity, true}
	for _, tc := range []struct {
		board         Board
		at            string
		before, after string // phase, sub-phase
	}{
		// The old pre-open, the last day with it, and the new one from 2026-09-07.
		{plainShare, "2026-09-04 09:00:00", "closed", "pre-open entry"},
		{plainShare, "2026-09-04 09:05:00", "pre-open entry", "pre-open entry"},
		{plainShare, "2026-09-04 09:08:00", "pre-open entry", "pre-open matching"},
		{plainShare, "2026-09-04 09:12:00", "pre-open matching", "pre-open buffer"},
		{plainShare, "2026-09-04 09:15:00", "pre-open buffer", "open"},
		{plainShare, "2026-09-07 09:00:00", "closed", "pre-open entry"},
		{plainShare, "2026-09-07 09:05:00", "pre-open entry", "pre-open limit only"},
		{plainShare, "2026-09-07 09:10:00", "pre-open limit only", "pre-open matching"},
		{plainShare, "2026-09-07 09:12:00", "pre-open matching", "pre-open buffer"},
		{plainShare, "2026-09-07 09:15:00", "pre-open buffer", "open"},
		{auctionShare, "2026-09-07 09:05:00", "pre-open entry", "pre-open limit only"},
		{bseShare, "2026-09-07 09:05:00", "pre-open entry", "pre-open limit only"},
		{nfo, "2025-12-05 09:05:00", "closed", "closed"},
		{nfo, "2025-12-08 09:08:00", "pre-open entry", "pre-open matching"},
		{nfo, "2026-09-04 09:08:00", "pre-open entry", "pre-open matching"},
		{nfo, "2026-09-07 09:05:00", "pre-open entry", "pre-open limit only"},
		{bfo, "2026-09-07 09:10:00", "pre-open limit only", "pre-open matching"},
		// The closing auction, the last day without it and the first with it.
		{auctionShare, "2026-07-31 15:15:00", "open", "open"},
		{auctionShare, "2026-08-03 15:15:00", "open", "closing auction reference price"},
		{auctionShare, "2026-08-03 15:20:00", "closing auction reference price", "closing auction entry"},
		{auctionShare, "2026-08-03 15:25:00", "closing auction entry", "closing auction limit only"},
		{auctionShare, "2026-08-03 15:30:00", "closing auction limit only", "closing auction matching"},
		{auctionShare, "2026-08-03 15:35:00", "closing auction matching", "closed"},
		{bseAuction, "2026-11-25 15:30:00", "closing auction limit only", "closing auction matching"},
		{bseAuction, "2026-11-25 15:50:00", "closed", "post-close"},
		{bseAuction, "2026-11-25 16:00:00", "post-close", "closed"},
		{plainShare, "2026-08-03 15:20:00", "open", "open"},
		{bseShare, "2026-11-25 15:30:00", "open", "closed"},
		// Segments without auctions, on both sides of the US clock's change.
		{mcx, "2026-10-30 09:00:00", "closed", "open"},
		{mcx, "2026-10-30 23:30:00", "open", "closed"},
		{mcx, "2026-11-02 23:30:00", "open", "open"},
		{mcx, "2026-11-02 23:55:00", "open", "closed"},
		{mcx, "2026-03-06 23:30:00", "open", "open"},
		{mcx, "2026-03-09 23:30:00", "open", "closed"},
		{currency, "2026-11-25 09:00:00", "closed", "open"},
		{currency, "2026-11-25 17:00:00", "open", "closed"},
	} {
		at := mustAt(t, tc.at)
		if got := words(c.At(tc.board, at.Add(-time.Millisecond))); got != tc.before {
			t.Errorf("%s just before %s: %s, want %s", tc.board, tc.at, got, tc.before)
		}
		if got := words(c.At(tc.board, at)); got != tc.after {
			t.Errorf("%s at %s: %s, want %s", tc.board, tc.at, got, tc.after)
		}
		if got, want := words(c.At(tc.board, at.Add(time.Millisecond))), tc.after; got != want {
			t.Errorf("%s just after %s: %s, want %s", tc.board, tc.at, got, want)
		}
	}
}

func words(s State) string {
	if s.SubPhase == NoSubPhase {
		return s.Phase.String()
	}
	return s.Phase.String() + " " + s.SubPhase.String()
}

// TestSubPhasesFillAuctions: the sub-phases of an auction join without a gap from its first instant to its last, and
// random ends lie within them.
func TestSubPhasesFillAuctions(t *testing.T) {
	c := mustLoad(t)
	for _, day := range []string{"2025-06-02", "2025-12-08", "2026-08-03", "2026-09-07", "2026-11-25"} {
		date := mustDate(t, day)
		for _, b := range allBoards() {
			for at := date.At(0); at < (date + 1).At(0); {
				s := c.At(b, at)
				isAuction := s.Phase == PreOpen || s.Phase == ClosingAuction
				if isAuction != (s.SubPhase != NoSubPhase) {
					t.Fatalf("%s at %s: %s", b, at.IST(), words(s))
				}
				if !isAuction {
					at = s.Until
					continue
				}
				if s.SubUntil <= at || s.SubUntil > s.Until || s.RandomFrom != 0 && (s.RandomFrom < s.Since || s.RandomFrom >= s.SubUntil) {
					t.Fatalf("%s at %s: %s until %s, random from %s", b, at.IST(), words(s), s.SubUntil.IST(), s.RandomFrom.IST())
				}
				at = s.SubUntil
			}
		}
	}
	s := c.At(auctionShare, mustAt(t, "2026-11-25 15:26:00"))
	if s.RandomFrom != mustAt(t, "2026-11-25 15:28:00") || s.SubUntil != mustAt(t, "2026-11-25 15:30:00") {
		t.Errorf("the closing auction's entry ends from %s to %s", s.RandomFrom.IST(), s.SubUntil.IST())
	}
}

func TestClosingWindow(t *testing.T) {
	c := mustLoad(t)
	for _, tc := range []struct {
		board    Board
		day      string
		from, to string
	}{
		{plainShare, "2026-07-31", "15:00", "15:30"},
		{auctionShare, "2026-07-31", "15:00", "15:30"},
		{plainShare, "2026-08-03", "15:00", "15:30"},
		{auctionShare, "2026-08-03", "15:00", "15:15"},
		{nfo, "2026-07-31", "15:00", "15:30"},
		{nfo, "2026-08-03", "15:10", "15:40"},
		{bfo, "2026-11-25", "15:10", "15:40"},
		{nfo, "2026-11-24", "", ""},
		{currency, "2026-11-25", "", ""},
		{mcx, "2026-11-25", "", ""},
	} {
		from, to := c.ClosingWindow(tc.board, mustDate(t, tc.day))
		var want [2]Instant
		if tc.from != "" {
			want = [2]Instant{mustAt(t, tc.day+" "+tc.from+":00"), mustAt(t, tc.day+" "+tc.to+":00")}
		}
		if diff := cmp.Diff(want, [2]Instant{from, to}); diff != "" {
			t.Errorf("%s on %s (-want +got):\n%s", tc.board, tc.day, diff)
		}
	}
}

// TestSettlementHolidaysOf2026 are the four days on which shares trade and nothing settles (india-rules 1.6, NCL-71904).
func TestSettlementHolidaysOf2026(t *testing.T) {
	c := mustLoad(t)
	for _, tc := range []struct{ traded, settles string }{
		{"2026-02-18", "2026-02-20"}, {"2026-03-18", "2026-03-20"}, {"2026-03-30", "2026-04-02"}, {"2026-08-25", "2026-08-27"},
		{"2026-02-19", "2026-02-20"}, {"2026-03-19", "2026-03-20"}, {"2026-04-01", "2026-04-02"}, {"2026-08-26", "2026-08-27"},
	} {
		for _, e := range []Exchange{NSE, BSE} {
			if got := c.SettlementDate(e, mustDate(t, tc.traded)); got != mustDate(t, tc.settles) {
				t.Errorf("%s: a trade of %s settles on %s, want %s", e, tc.traded, got, tc.settles)
			}
		}
		if !c.IsTradingDay(plainShare, mustDate(t, tc.traded)) {
			t.Errorf("shares do not trade on %s", tc.traded)
		}
	}
}
