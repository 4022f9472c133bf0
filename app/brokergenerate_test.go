package app

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"paperport/store"
)

func TestGenerate(t *testing.T) {
	r := mustRig(t)
	r.wantPhase(NoCredentials)
	r.mustConnect("right")
	r.wantPhase(KeysStored)
	r.mustGenerate()
	st := r.state()
	if st.Phase != Active || !st.IsActive || !st.HasAutoLogin || st.ExpiryText != "by 07:00 tomorrow, ICICI may end it at 00:00" || st.IdentityHint != "21" || st.BrokerName != "ICICI Breeze" {
		t.Errorf("state %+v", st)
	}
	if l := r.live.last(); l.User != client || l.Token.IsEmpty() || st.Venue != LiveID(client, store.ICICI) {
		t.Errorf("live side was told of %+v, venue %s", l, st.Venue)
	}
	want := map[string]int{"broker-credentials": 1, "broker-open": 1, "broker-submission": 2, "broker-submission-answer": 1,
		"broker-identity-pinned": 1, "broker-session": 1}
	if diff := cmp.Diff(want, r.audited()); diff != "" {
		t.Error(diff)
	}
}

// TestGenerateTexts: the sentences are the guide's and made from the answers.
func TestGenerateTexts(t *testing.T) {
	for _, test := range []struct {
		name              string
		edit              func(*rig)
		want, next, class string
		passwords         int
	}{
		{"login missing", func(r *rig) { r.mustSave(fields("43Xk29!bH7", "Mn92@pL5z", "", "", "")) },
			"Auto session failed. Browser flow: Login ID or Password not provided", "Fill in Login ID, Password and TOTP Secret", "missing", 0},
		{"nothing stored", func(*rig) {}, "Auto session failed. Browser flow: API Key or Secret Key not provided", "all five fields", "", 0},
		{"code refused", func(r *rig) { r.mustConnect("right"); r.bank.atCode = &BrokerFailure{Class: FailedCode} },
			"Auto session failed. Browser flow: TOTP submitted but no session returned", "Check code", "code_refused", 1},
		{"direct tried, too", func(r *rig) {
			r.mustConnect("right")
			r.mustGenerate()
			r.bank.killAll()
			r.bank.atCode = &BrokerFailure{Class: FailedCode}
		}, "Auto session failed. Browser flow: TOTP submitted but no session returned. Direct API: No session token in response", "popup", "no_token", 2},
		{"broker's own words", func(r *rig) {
			r.mustConnect("right")
			r.bank.late = &BrokerFailure{Class: FailedRefused, IsSubmitted: true, Text: "Dear customer, come later."}
		}, "Auto session failed. Browser flow: Dear customer, come later", "Nothing more is sent", "refused", 1},
		{"unreachable", func(r *rig) { r.mustConnect("right"); r.bank.early = &BrokerFailure{Class: FailedUnreachable} },
			"Auto session failed. Browser flow: ICICI Breeze could not be reached; nothing secret was sent", "later", "unreachable", 0},
		{"page changed", func(r *rig) { r.mustConnect("right"); r.bank.early = &BrokerFailure{Class: FailedPage} },
			"Auto session failed. Browser flow: the login page has changed; nothing was sent", "Popup", "page_changed", 0},
		{"wrong secret key", func(r *rig) { r.mustConnect("right"); r.bank.probeErr = &BrokerFailure{Class: FailedChecksum} },
			"Auto session failed. Browser flow: ICICI Breeze refused the signature", "Secret Key", "checksum", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := mustRig(t)
			test.edit(r)
			_, err := r.Generate(t.Context(), r.actor(client), false, From{})
			f := r.refusal(err, AutoSessionFailed)
			if !strings.HasPrefix(f.Text, test.want) || !strings.Contains(f.Next, test.next) && !strings.Contains(strings.ToLower(f.Next), test.next) {
				t.Errorf("%q, next %q", f.Text, f.Next)
			}
			if _, passwords, _ := r.bank.count(); passwords != test.passwords {
				t.Errorf("%d passwords left, want %d", passwords, test.passwords)
			}
			if a := r.state().Attempts; test.class != "" && (len(a) == 0 || a[0].Outcome != test.class) {
				t.Errorf("attempts %+v, want the newest to be %s", a, test.class)
			}
		})
	}
}

// TestDirectAPISucceeds: the browser flow fails before anything is sent, the API session of the morning still works.
func TestDirectAPISucceeds(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.mustGenerate()
	r.clock.Advance(time.Hour)
	r.bank.early = &BrokerFailure{Class: FailedOutage}
	r.mustGenerate()
	st := r.state()
	if st.Attempts[0].Way != "direct" || st.Attempts[1].Outcome != "outage" || !st.IssuedAt.Before(r.clock.Now().Add(-59*time.Minute)) {
		t.Errorf("attempts %+v, issued %s", st.Attempts, st.IssuedAt)
	}
}

// TestDirectAPIProvesNothing of the login page: a stop stays, though the old API session gave a session.
func TestDirectAPIProvesNothing(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.mustGenerate()
	r.mustSave(fields("", "", "", "wrong", ""))
	r.clock.Advance(time.Minute)
	text, err := r.Generate(t.Context(), r.actor(client), false, From{})
	if err != nil || !strings.HasPrefix(text, "Session generated automatically, by the Direct API. Browser flow: ") || !strings.Contains(text, "password") {
		t.Errorf("Generate = %q, %v; want the success with the refusal beside it", text, err)
	}
	conn, err := r.rows.Connection(t.Context(), client)
	if err != nil || conn.NeedsUser != "wrong_password" {
		t.Errorf("needs user %q, %v; want wrong_password", conn.NeedsUser, err)
	}
}

// TestExchangeGoesOnAfterATrouble: the login page accepted, the exchange did not get through. The next press sends no
// password.
func TestExchangeGoesOnAfterATrouble(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.bank.exchangeErr = &BrokerFailure{Class: FailedOutage}
	_, err := r.Generate(t.Context(), r.actor(client), false, From{})
	r.wantRefusal(err, AutoSessionFailed)
	r.bank.exchangeErr = nil
	r.mustGenerate()
	if _, passwords, _ := r.bank.count(); passwords != 1 {
		t.Errorf("%d passwords left, want 1", passwords)
	}
}

// TestConfirmSubmission: after a refusal the button asks, with the remaining count, and stops one before the broker's
// lock.
func TestConfirmSubmission(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("wrong")
	_, err := r.Generate(t.Context(), r.actor(client), false, From{})
	r.wantRefusal(err, AutoSessionFailed)
	r.wantPhase(NeedsUser)
	for left := 3; left > 0; left-- {
		r.clock.Advance(5 * time.Minute)
		_, err = r.Generate(t.Context(), r.actor(client), false, From{})
		ask := r.refusal(err, ConfirmSubmission)
		if !strings.Contains(ask.Text, "at most "+string(rune('0'+left))+" more") {
			t.Errorf("asked %q, want %d left", ask.Text, left)
		}
		_, err = r.Generate(t.Context(), r.actor(client), true, From{})
		r.wantRefusal(err, AutoSessionFailed)
	}
	_, err = r.Generate(t.Context(), r.actor(client), true, From{})
	if f := r.refusal(err, AutoSessionFailed); !strings.Contains(f.Text, "leaves the last one to you") {
		t.Errorf("the fifth: %q", f.Text)
	}
	if _, passwords, _ := r.bank.count(); passwords != 4 {
		t.Errorf("%d passwords left, want 4", passwords)
	}
	// A login that works by hand starts the count again.
	r.clock.Advance(time.Minute)
	if end := r.mustFinish(r.mustPopup(client).Binding, secretOf(r.bank.open())); !end.IsOK {
		t.Fatalf("popup: %+v", end)
	}
	if st := r.state(); st.Budget.Rejected != 0 || st.Phase != Active {
		t.Errorf("after a popup: %+v, %s", st.Budget, st.Phase)
	}
	// Editing lifts the stop; nothing needs to be confirmed.
	r.mustSave(fields("", "", "", "right", ""))
	r.mustGenerate()
}

// TestSameMoment54: two programs on one database, and presses of the button, at the same moment: one submission.
func TestSameMoment54(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	a := r.actor(client)
	for round := range soak(20, 1000) {
		r.clock.Advance(5 * time.Minute)
		other := r.second()
		_, before, _ := r.bank.count()
		arrived, release := make(chan struct{}), make(chan struct{})
		var once sync.Once
		r.bank.onPassword = func() { once.Do(func() { close(arrived) }); <-release }
		ends := make(chan struct{}, 2)
		press := func(b *Brokers, times int) {
			var all sync.WaitGroup
			for range times {
				all.Go(func() { _, _ = b.Generate(t.Context(), a, true, From{}) })
			}
			all.Wait()
			ends <- struct{}{}
		}
		go press(r.Brokers, 3)
		go press(other, 1)
		<-arrived
		<-ends // those who came second
		close(release)
		<-ends
		if _, after, _ := r.bank.count(); after-before != 1 {
			t.Fatalf("round %d: %d passwords left, want 1", round, after-before)
		}
	}
}

// TestNoCodeTwice56: whatever happens to the process, no time step is sent twice.
func TestNoCodeTwice56(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	for range 6 {
		r.mustGenerate()
		r.restart()
		r.clock.Advance(time.Second)
	}
	r.bank.killAll()
	r.bank.atCode = &BrokerFailure{Class: FailedCode}
	_, err := r.Generate(t.Context(), r.actor(client), false, From{})
	r.wantRefusal(err, AutoSessionFailed)
	seen := map[int64]bool{}
	for _, step := range r.bank.codes {
		if seen[step] {
			t.Errorf("the code of step %d was sent twice: %v", step, r.bank.codes)
		}
		seen[step] = true
	}
	if len(seen) != 7 {
		t.Errorf("%d codes left, want 7", len(seen))
	}
}

// TestSecondCodeCounts: a login that wants to send another code after a refused one spends the budget again, and
// automatically it may not.
func TestSecondCodeCounts(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.bank.codeTries, r.bank.atCode = 2, &BrokerFailure{Class: FailedCode}
	r.until(monday.At(8*time.Hour), time.Minute)
	if _, passwords, codes := r.bank.count(); passwords != 1 || codes != 1 {
		t.Errorf("automatically %d passwords and %d codes left, want 1 and 1", passwords, codes)
	}
	r.wantPhase(NeedsUser)
	r.clock.Advance(time.Hour)
	_, err := r.Generate(t.Context(), r.actor(client), true, From{})
	r.wantRefusal(err, AutoSessionFailed)
	if st := r.state(); st.Budget.Rejected != 3 {
		t.Errorf("%d refused, want 3: one code automatically, two by hand", st.Budget.Rejected)
	}
}
