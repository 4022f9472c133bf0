package app

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"paperport/calendar"
	"paperport/store"
)

const (
	eight     = 8 * time.Hour
	halfEight = 8*time.Hour + 30*time.Minute
)

// TestMorning49: a token of 12:00 is unverified at 00:00 IST, asked for once, and renewed at 08:00, as it does not last
// to the close; one of 23:57 lasts and is not renewed.
func TestMorning49(t *testing.T) {
	r := mustRigAt(t, monday.At(12*time.Hour).Time())
	r.mustConnect("right")
	r.mustGenerate()
	r.until(monday.Add(1).At(0)-1000, time.Hour)
	r.wantPhase(Active)
	_, _, _ = r.bank.count()
	probes := r.bank.probes
	r.clock.Set(monday.Add(1).At(0).Time())
	r.wantPhase(Unverified)
	if text := r.state().ExpiryText; text != "by 12:00 today, not confirmed since 00:00" {
		t.Errorf("at midnight: %q", text)
	}
	r.settle()
	r.wantPhase(Active)
	if got := r.bank.probes - probes; got != 1 {
		t.Errorf("%d calls decided at midnight, want 1", got)
	}
	r.until(monday.Add(1).At(eight)-1, 15*time.Minute)
	if got := r.bank.probes - probes; got > 17 {
		t.Errorf("%d calls from midnight to 08:00, want at most one each 30 minutes", got)
	}
	logins, _, _ := r.bank.count()
	r.until(monday.Add(1).At(eight), time.Second)
	if after, _, _ := r.bank.count(); after != logins+1 {
		t.Errorf("%d logins at 08:00, want 1", after-logins)
	}
	if st := r.state(); st.Phase != Active || !st.IssuedAt.Equal(r.clock.Now()) || st.LastRenewal == nil || st.LastRenewal.Trigger != "08:00" {
		t.Errorf("after 08:00: %+v", st)
	}
	if conn, _ := r.rows.Connection(t.Context(), client); conn.Life != "24h" {
		t.Errorf("life %q, want 24h: it was accepted after midnight", conn.Life)
	}
	r.until(monday.Add(1).At(halfEight), time.Minute)
	if after, _, _ := r.bank.count(); after != logins+1 {
		t.Errorf("%d more logins at 08:30", after-logins-1)
	}

	late := mustRigAt(t, monday.At(23*time.Hour+57*time.Minute).Time())
	late.mustConnect("right")
	late.mustGenerate()
	late.until(monday.Add(1).At(9*time.Hour), 10*time.Minute)
	if logins, _, _ := late.bank.count(); logins != 1 {
		t.Errorf("a session that lasts to the close was renewed: %d logins", logins)
	}
}

// TestFourHundredDays41: for 400 days, whatever the host's zone, renewals come at the right minute in IST of the right
// days.
func TestFourHundredDays41(t *testing.T) {
	first := calendar.NewDate(2026, time.January, 1)
	for _, zone := range []string{"UTC", "America/New_York", "Asia/Kolkata"} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		was := time.Local
		time.Local = location
		r := mustRigAt(t, first.At(0).Time())
		plan := r.planOf(store.Connection{Broker: store.ICICI})
		on := map[calendar.Date]int{}
		for at := plan.Next(first.At(0) - 1); at != 0 && at < first.Add(400).At(0); at = plan.Next(at) {
			if clock := at.IST().Format("15:04:05"); clock != "08:00:00" && clock != "08:30:00" {
				t.Fatalf("%s: a renewal at %s", zone, at.IST())
			}
			on[at.Date()]++
		}
		time.Local = was
		c := r.opt.Calendar
		for n := range 400 {
			d := first.Add(n)
			has, reason := c.AnySession(d)
			want := 0
			if has || d.Weekday() == time.Saturday && reason == "Saturday" {
				want = 2
			}
			if on[d] != want {
				t.Errorf("%s: %d renewals on %s %s, want %d (%s)", zone, on[d], d.Weekday(), d, want, reason)
			}
		}
	}
}

// TestNamedDays: special Sundays, Muhurat, half holidays and holidays, and what Settings says of them.
func TestNamedDays(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	for _, test := range []struct {
		from, want string
		at         string
	}{
		{"2026-01-31", "Tomorrow 08:00 IST (Union Budget)", "2026-02-01"},
		{"2026-11-07", "Tomorrow 08:00 IST (Muhurat trading)", "2026-11-08"},
		{"2026-11-23", "Tomorrow 08:00 IST", "2026-11-24"},
		{"2026-12-24", "Sat 26 Dec 08:00 IST; Fri 25 Dec is passed over: Christmas, nothing trades", "2026-12-26"},
		{"2026-11-28", "Mon 30 Nov 08:00 IST", "2026-11-30"},
		{"2026-08-14", "Mon 17 Aug 08:00 IST; Sat 15 Aug is passed over: Independence Day, nothing trades", "2026-08-17"},
	} {
		from, err := calendar.ParseDate(test.from)
		if err != nil {
			t.Fatal(err)
		}
		r.clock.Set(from.At(20 * time.Hour).Time())
		if st := r.state(); st.NextText != test.want || dateOf(st.NextRenewal).String() != test.at {
			t.Errorf("from %s: %q at %s, want %q", test.from, st.NextText, st.NextRenewal, test.want)
		}
	}
	if err := r.RenewEveryDay(t.Context(), r.actor(client), true, From{}); err != nil {
		t.Fatal(err)
	}
	christmas, _ := calendar.ParseDate("2026-12-24")
	r.clock.Set(christmas.At(20 * time.Hour).Time())
	if st := r.state(); st.NextText != "Tomorrow 08:00 IST (every day, as you chose)" {
		t.Errorf("with skipping off: %q", st.NextText)
	}
}

// TestRefusedByTheBroker50: a token that looks valid is renewed once when the broker refuses it, not trusted by its date.
func TestRefusedByTheBroker50(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.clock.Set(monday.At(23*time.Hour + 58*time.Minute).Time())
	r.mustGenerate()
	r.bank.killAll()
	r.until(monday.Add(1).At(halfEight+time.Minute), time.Minute)
	if logins, _, _ := r.bank.count(); logins != 2 {
		t.Errorf("%d logins, want the press and one renewal", logins)
	}
	r.wantPhase(Active)
	if conn, _ := r.rows.Connection(t.Context(), client); conn.Life != "midnight" {
		t.Errorf("life %q, want midnight", conn.Life)
	}
	if text := r.state().ExpiryText; text != "by 08:00 tomorrow, ICICI ended the last one at 00:00" {
		t.Errorf("expiry %q", text)
	}
}

// TestMorningOutage51: 08:00 fails, 08:30 succeeds; both fail and the user is told, with the popup offered.
func TestMorningOutage51(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.until(monday.At(7*time.Hour+time.Minute), 15*time.Second) // nothing is pending from the start
	r.bank.early = &BrokerFailure{Class: FailedOutage}
	r.until(monday.At(eight), 15*time.Second)
	if diff := cmp.Diff([]string{"renewal-failed"}, r.unseen()); diff != "" {
		t.Error(diff)
	}
	r.until(monday.At(halfEight)-1, 15*time.Second)
	if logins, passwords, _ := r.bank.count(); logins != 5 || passwords != 0 {
		t.Errorf("%d logins and %d passwords from 08:00, want 08:00 and after 30 s, 2, 5 and 10 min", logins, passwords)
	}
	r.bank.early = nil
	r.until(monday.At(halfEight), 15*time.Second)
	r.wantPhase(Active)
	if kinds := r.unseen(); len(kinds) != 0 {
		t.Errorf("notices after the success: %v", kinds)
	}

	worse := mustRig(t)
	worse.mustConnect("right")
	worse.bank.early = &BrokerFailure{Class: FailedUnreachable}
	worse.until(monday.At(12*time.Hour), 15*time.Second)
	list, err := worse.Notices(t.Context(), client)
	if err != nil || len(list) == 0 || list[0].Action != "popup" || !strings.HasPrefix(list[0].Text, "Automatic login at 08:30 IST failed. Browser flow: ICICI Breeze could not be reached") ||
		list[0].At.After(monday.At(halfEight+time.Minute).Time().Add(time.Hour)) {
		t.Errorf("notices %+v, %v", list, err)
	}
	var times []string
	attempts, _ := worse.rows.Attempts(t.Context(), client, 100)
	for _, a := range attempts {
		times = append(times, a.At.In(calendar.IST).Format("15:04:05"))
	}
	want := []string{"08:47:30", "08:37:30", "08:32:30", "08:30:30", "08:30:00", "08:17:30", "08:07:30", "08:02:30", "08:00:30", "08:00:00"}
	if diff := cmp.Diff(want, times); diff != "" {
		t.Error(diff)
	}
}

// TestWrongPassword52: one submission, then it waits for the user: not at 08:30, not on 100 restarts, not on the next
// days.
func TestWrongPassword52(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("wrong")
	r.until(monday.At(halfEight), 15*time.Second)
	for range soak(20, 100) {
		r.clock.Advance(20 * time.Second)
		r.restart()
		r.settle()
		r.clock.Advance(20 * time.Second)
		r.settle()
	}
	r.until(monday.Add(3).At(12*time.Hour), 10*time.Minute)
	if _, passwords, _ := r.bank.count(); passwords != 1 {
		t.Errorf("%d passwords left, want 1", passwords)
	}
	r.wantPhase(NeedsUser)
	if kinds := r.unseen(); len(kinds) != 1 || kinds[0] != "needs-user" {
		t.Errorf("notices %v", kinds)
	}
	if text := r.state().NextText; text != "None until you act: ICICI Breeze refused the Login ID or Password." {
		t.Errorf("next: %q", text)
	}
	r.mustSave(fields("", "", "", "right", ""))
	r.until(monday.Add(4).At(eight), 10*time.Minute)
	r.wantPhase(Active)
}

// TestCrashLoop53: the process dies after each submission, 500 times: two submissions at most that day.
func TestCrashLoop53(t *testing.T) {
	for _, password := range []string{"right", "wrong"} {
		r := mustRig(t)
		r.mustConnect(password)
		r.clock.Set(monday.At(eight).Time())
		for range soak(100, 500) {
			r.bank.onPassword = nil
			r.reopen()
			r.bank.onPassword = r.rows.die
			r.settle()
			r.clock.Advance(20 * time.Second)
			r.settle()
		}
		if _, passwords, _ := r.bank.count(); passwords != 2 {
			t.Errorf("%s password: %d submissions, want 2", password, passwords)
		}
		r.restart()
		r.clock.Advance(20 * time.Second)
		r.settle()
		r.wantPhase(NeedsUser)
		if st := r.state(); st.Budget.Used != 2 || st.Budget.Rejected != 2 {
			t.Errorf("budget %+v", st.Budget)
		}
	}
}

// TestStart: 15 s after the start, on any day, once; between 00:00 and 06:00 it waits for 08:00; nothing while held.
func TestStart(t *testing.T) {
	sunday := monday.Add(6)
	for _, test := range []struct {
		name   string
		at     calendar.Instant
		edit   func(*rig)
		logins int
		when   string
	}{
		{"a Sunday", sunday.At(10 * time.Hour), nil, 1, "10:00:15"},
		{"a weekday afternoon", monday.At(15 * time.Hour), nil, 1, "15:00:15"},
		{"the night", monday.At(3 * time.Hour), nil, 1, "08:00:00"},
		{"a Sunday night", sunday.At(3 * time.Hour), nil, 1, "08:00:00"},
		{"held", monday.At(10 * time.Hour), func(r *rig) { _ = r.Hold(r.t.Context(), r.actor(client), true, From{}) }, 0, ""},
		{"just before 08:00", monday.At(eight - 5*time.Second), nil, 1, "08:00:10"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := mustRigAt(t, test.at.Time())
			r.mustConnect("right")
			if test.edit != nil {
				test.edit(r)
			}
			r.restart()
			r.until(test.at.Add(time.Minute), 5*time.Second)
			r.until(max(test.at, test.at.Date().At(11*time.Hour)), time.Minute)
			logins, _, _ := r.bank.count()
			at := r.state().IssuedAt.In(calendar.IST).Format("15:04:05")
			if logins != test.logins || test.logins > 0 && at != test.when {
				t.Errorf("%d logins, session of %s; want %d at %s", logins, at, test.logins, test.when)
			}
		})
	}
}

// TestRestartGoesOn: a session that lasts is opened, proved once and handed to the live side; nobody logs in.
func TestRestartGoesOn(t *testing.T) {
	r := mustRigAt(t, monday.At(10*time.Hour).Time())
	r.mustConnect("right")
	r.mustGenerate()
	r.restart()
	r.wantPhase(Unverified)
	probes := r.bank.probes
	r.settle()
	r.wantPhase(Active)
	r.until(monday.At(12*time.Hour), time.Minute)
	logins, _, _ := r.bank.count()
	began, _ := r.live.counts()
	if logins != 1 || began != 2 || r.bank.probes-probes > 2 {
		t.Errorf("%d logins, began %d times, %d probes; want 1, 2, at most 2", logins, began, r.bank.probes-probes)
	}
}

// TestMissedMorning: the server was down at 08:00 and 08:30; one login follows on start, and the slots are done.
func TestMissedMorning(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.clock.Set(monday.At(10 * time.Hour).Time())
	r.restart()
	r.until(monday.At(11*time.Hour), 15*time.Second)
	if logins, _, _ := r.bank.count(); logins != 1 {
		t.Errorf("%d logins, want 1", logins)
	}
	run, err := r.jobs.LastRun(t.Context(), "renewal/"+string(client))
	if err != nil || run.Status != "ok" || !run.Due.Equal(monday.At(halfEight).Time()) {
		t.Errorf("last run %+v, %v", run, err)
	}
}

// TestMidday61: a session that dies at midday is renewed once, at once, however often the live side complains.
func TestMidday61(t *testing.T) {
	r := mustRigAt(t, monday.At(12*time.Hour).Time())
	r.mustConnect("right")
	r.mustGenerate()
	dead := r.live.last()
	r.bank.killAll()
	for range 1000 {
		dead.Refused(&BrokerFailure{Class: FailedSession})
	}
	r.settle()
	logins, _, _ := r.bank.count()
	began, ended := r.live.counts()
	if logins != 2 || began != 2 || ended != 1 {
		t.Errorf("%d logins, began %d, ended %d; want 2, 2, 1", logins, began, ended)
	}
	dead.Refused(nil)
	r.settle()
	if again, _, _ := r.bank.count(); again != 2 {
		t.Error("a complaint about the old session renewed the new one")
	}
	r.wantPhase(Active)
	if st := r.state(); st.LastRenewal == nil || st.LastRenewal.Trigger != "midday" || st.LastRenewal.Outcome != "ok" {
		t.Errorf("last renewal %+v", st.LastRenewal)
	}
}

// TestMiddayByItself: Run hears the live side without waiting for its next look.
func TestMiddayByItself(t *testing.T) {
	r := mustRigAt(t, monday.At(12*time.Hour).Time())
	r.mustConnect("right")
	r.mustGenerate()
	began := make(chan struct{}, 10)
	stop := r.Follow(client, func() {
		if n, _ := r.live.counts(); n == 2 {
			began <- struct{}{}
		}
	})
	defer stop()
	ended := make(chan struct{})
	ctx, cancel := contextOf(t)
	go func() { r.Run(ctx); close(ended) }()
	r.bank.killAll()
	r.live.last().Refused(nil)
	<-began
	cancel()
	<-ended
}

// TestNightDeath: a session that dies after midnight waits for the morning.
func TestNightDeath(t *testing.T) {
	r := mustRigAt(t, monday.At(20*time.Hour).Time())
	r.mustConnect("right")
	r.mustGenerate()
	r.bank.killAll()
	r.until(monday.Add(1).At(7*time.Hour+59*time.Minute), 5*time.Minute)
	r.wantPhase(Expired)
	if logins, _, _ := r.bank.count(); logins != 1 {
		t.Errorf("%d logins in the night", logins-1)
	}
	r.until(monday.Add(1).At(eight), time.Minute)
	r.wantPhase(Active)
}

// TestDayOver: 24 hours end a session by themselves and a market day renews it; the user is warned before when nothing
// can.
func TestDayOver(t *testing.T) {
	r := mustRigAt(t, monday.At(11*time.Hour).Time())
	r.mustSave(fields("43Xk29!bH7", "Mn92@pL5z", "", "", ""))
	if _, err := r.PasteSession(t.Context(), r.actor(client), secretOf(r.bank.open()), From{}); err != nil {
		t.Fatal(err)
	}
	r.until(monday.Add(1).At(9*time.Hour), 10*time.Minute)
	r.wantPhase(Active)
	if kinds := r.unseen(); len(kinds) != 1 || kinds[0] != "session-ended" {
		t.Errorf("notices at 09:00: %v", kinds)
	}
	r.until(monday.Add(1).At(11*time.Hour), 10*time.Minute)
	r.wantPhase(Expired)
	if text := r.state().SessionText; text != "No Session — enter session token below" {
		t.Errorf("session text %q", text)
	}
	if r.audited()["broker-session-expired"] != 1 {
		t.Errorf("trail %v", r.audited())
	}
}

// TestRequestStorm62: while the request budget is spent, proofs are asked for every five minutes, not in a storm.
func TestRequestStorm62(t *testing.T) {
	r := mustRigAt(t, monday.At(20*time.Hour).Time())
	r.mustConnect("right")
	r.mustGenerate()
	r.bank.probeErr = &BrokerFailure{Class: FailedRate, Wait: time.Minute}
	r.clock.Set(monday.Add(1).At(0).Time())
	probes := r.bank.probes
	r.until(monday.Add(1).At(2*time.Hour), 15*time.Second)
	if got := r.bank.probes - probes; got > 25 {
		t.Errorf("%d calls in two hours", got)
	}
	r.wantPhase(Unverified)
	used, err := r.rows.RequestsUsed(t.Context(), client, store.ICICI, monday.Add(1))
	if err != nil || used == 0 {
		t.Errorf("requests used %d, %v", used, err)
	}
}

// TestManyDays49: day after day, at a broker that ends sessions at midnight or lets them live for 24 hours as it likes,
// each renewal day has its session from 08:00, no day has more than two submissions, and nothing is called active that
// the broker refuses.
func TestManyDays49(t *testing.T) {
	for range soak(2, 10) {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		r := mustRigAt(t, monday.At(7*time.Hour).Time())
		r.mustConnect("right")
		for n := range soak(12, 400) {
			d := monday.Add(n)
			endsAtMidnight := random.IntN(2) == 0
			diesAtNoon := random.IntN(10) == 0
			r.until(d.At(eight-time.Minute), time.Hour)
			r.until(d.At(9*time.Hour), 10*time.Minute)
			isOn, _ := r.renewalDay(store.Connection{Broker: store.ICICI}, d)
			if st := r.state(); isOn && (st.Phase != Active || dateOf(st.IssuedAt) != d) {
				t.Fatalf("seed %d: %s %s at 09:00: %s, session of %s", seed, d.Weekday(), d, st.Phase, st.IssuedAt.In(calendar.IST))
			}
			if diesAtNoon && r.state().IsActive {
				r.clock.Set(d.At(12 * time.Hour).Time())
				r.bank.killAll()
				r.live.last().Refused(nil)
				r.settle()
			}
			if list, _ := r.rows.Submissions(t.Context(), client, d); len(list) > autosMax {
				t.Fatalf("seed %d: %s: %d submissions", seed, d, len(list))
			}
			r.until(d.At(23*time.Hour+50*time.Minute), 2*time.Hour)
			if endsAtMidnight {
				r.bank.killAll()
			}
			r.until(d.Add(1).At(time.Minute), time.Minute)
			if st := r.state(); endsAtMidnight && st.IsActive {
				t.Fatalf("seed %d: %s after midnight: active though the broker refuses it", seed, d)
			}
		}
	}
}
