package app

import (
	"context"
	"slices"
	"testing"
	"time"

	"paperport/auth"
	"paperport/secret"
	"paperport/store"
)

// exchanged is one API session as it reached the bank, with the key it came with.
type exchanged struct{ apiKey, apiSession string }

// watched is a bank that notes each exchange, and whose login may be disturbed before its answer comes.
type watched struct {
	*bank
	disturb   func()
	exchanges []exchanged
}

func (w *watched) Login(ctx context.Context, keys BrokerKeys, login BrokerLogin, before func(context.Context, string) error) (LoginWon, error) {
	won, err := w.bank.Login(ctx, keys, login, before)
	if w.disturb != nil {
		w.disturb()
		w.disturb = nil
	}
	return won, err
}

func (w *watched) Exchange(ctx context.Context, keys BrokerKeys, apiSession secret.Text) (BrokerToken, error) {
	w.exchanges = append(w.exchanges, exchanged{keys.APIKey.Reveal(), apiSession.Reveal()})
	return w.bank.Exchange(ctx, keys, apiSession)
}

func demoFields() BrokerFields {
	return fields("DEMOKEY1", "demo-secret", "DEMO0001", "right", goodTOTP)
}

// press lets the button be pressed with the count in sight, and returns how many passwords left.
func (r *rig) press() int {
	r.t.Helper()
	_, before, _ := r.bank.count()
	if _, err := r.Generate(r.t.Context(), r.actor(client), true, From{}); err != nil {
		r.wantRefusal(err, AutoSessionFailed)
	}
	_, after, _ := r.bank.count()
	return after - before
}

func (r *rig) mustBeWrong(times int) {
	r.t.Helper()
	for i := range times {
		if r.press() != 1 {
			r.t.Fatalf("wrong password %d did not leave", i+1)
		}
	}
}

// TestStreakOfOneBroker: a login at the demo broker does not make wrong ones at ICICI forgotten, and theirs does not stop
// the demo broker's.
func TestStreakOfOneBroker(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("wrong")
	r.mustBeWrong(handWrongMax)
	r.mustSave(demoFields())
	r.mustGenerate()
	r.mustConnect("wrong")
	if r.press() != 0 {
		t.Error("a fifth wrong password in a row went to ICICI")
	}
}

// TestPasteForgetsNoWrongLogin: a pasted API session may be older than the wrong logins, so it shows nothing of them, not
// even when the direct way exchanges it anew; a popup does.
func TestPasteForgetsNoWrongLogin(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("wrong")
	old := secretOf(r.bank.open())
	r.mustBeWrong(handWrongMax)
	r.clock.Advance(time.Minute)
	if _, err := r.PasteSession(t.Context(), r.actor(client), old, From{}); err != nil {
		t.Fatal(err)
	}
	if r.press() != 0 {
		t.Error("another wrong password left after an old session was pasted")
	}
	r.clock.Advance(time.Minute)
	if r.press() != 0 {
		t.Error("another wrong password left after the direct way took the pasted session again")
	}
	start, err := r.StartPopup(t.Context(), r.actor(client), From{})
	if err != nil {
		t.Fatal(err)
	}
	end, err := r.FinishPopup(t.Context(), start.Binding, secretOf(r.bank.open()), From{})
	if err != nil || !end.IsOK {
		t.Fatal(end, err)
	}
	r.clock.Advance(time.Minute)
	r.press() // the direct way takes the popup's session
	if st := r.state(); st.Budget.Rejected > 1 {
		t.Errorf("%d wrong in a row after a login by hand, want 1", st.Budget.Rejected)
	}
}

// TestStreakOverClockJump: what was sent tomorrow counts when the clock goes back over midnight.
func TestStreakOverClockJump(t *testing.T) {
	r := mustRigAt(t, monday.At(24*time.Hour).Time())
	r.mustConnect("wrong")
	r.mustBeWrong(handWrongMax)
	r.clock.Set(monday.At(24*time.Hour - 30*time.Second).Time())
	if r.press() != 0 {
		t.Error("a wrong password left once the clock had gone back")
	}
}

// TestKeptLoginStaysWithItsKeys: the credentials change to the demo broker's while ICICI's login page answers. What it
// gave never goes to the demo broker.
func TestKeptLoginStaysWithItsKeys(t *testing.T) {
	r := mustRig(t)
	bank := &watched{bank: r.bank}
	r.opt.Gateway = bank
	r.mustConnect("right")
	bank.disturb = func() { r.mustSave(demoFields()) }
	_, err := r.Generate(t.Context(), r.actor(client), false, From{})
	r.wantRefusal(err, AutoSessionFailed)
	r.clock.Advance(time.Minute)
	r.mustGenerate()
	if slices.Contains(bank.exchanges, exchanged{"DEMOKEY1", "50000001"}) {
		t.Errorf("ICICI's API session went to the demo broker: %v", bank.exchanges)
	}
}

// TestKeptLoginAge: a session of a login page is as old as the login, however late its exchange gets through.
func TestKeptLoginAge(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	won := r.clock.Now()
	r.bank.exchangeErr = &BrokerFailure{Class: FailedOutage}
	_, err := r.Generate(t.Context(), r.actor(client), false, From{})
	r.wantRefusal(err, AutoSessionFailed)
	r.bank.exchangeErr = nil
	r.clock.Advance(3 * time.Hour)
	r.mustGenerate()
	if st := r.state(); !st.ExpiresAt.Equal(won.Add(sessionLife)) {
		t.Errorf("expires at %s, want 24 hours after the login at %s", st.ExpiresAt, won)
	}
}

// TestNoCodeTwiceAfterDisconnect: who disconnects and connects again in one half minute sends no code again.
func TestNoCodeTwiceAfterDisconnect56(t *testing.T) {
	r := mustRig(t)
	for range 3 {
		r.mustConnect("right")
		r.mustGenerate()
		if err := r.Disconnect(t.Context(), r.actor(client), From{}); err != nil {
			t.Fatal(err)
		}
	}
	codes := slices.Clone(r.bank.codes)
	if slices.Sort(codes); len(slices.Compact(codes)) != 3 {
		t.Errorf("codes of the steps %v left", r.bank.codes)
	}
}

// TestKeysReplacedWithoutSession: nothing is said to have ended where there was nothing.
func TestKeysReplacedWithoutSession(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	if text := r.mustSave(fields("", "new-secret", "", "", "")); text != "Credentials saved! Auto-login is enabled" {
		t.Errorf("said %q", text)
	}
	if n := r.audited()["broker-session-ended"]; n != 0 {
		t.Errorf("%d sessions ended by the trail, want none", n)
	}
}

// TestPageChangedAfterThePassword: nothing that left is said not to have left, then and later.
func TestPageChangedAfterThePassword(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.bank.late = &BrokerFailure{Class: FailedPage, IsSubmitted: true}
	_, err := r.Generate(t.Context(), r.actor(client), false, From{})
	const want = "Auto session failed. Browser flow: the login page is not as PaperPort knows it"
	if refusal := r.refusal(err, AutoSessionFailed); refusal.Text != want {
		t.Errorf("%q, want %q", refusal.Text, want)
	}
	if next := r.state().NextText; next != "None until you act: the login page is not as PaperPort knows it." {
		t.Errorf("next: %q", next)
	}
}

// TestDisabledUserRunsNothing: with the user his live market ends, and nothing goes to the broker in his name until he may
// come in again; then it goes on.
func TestDisabledUserRunsNothing(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.mustGenerate()
	setDisabled := func(isDisabled bool) {
		err := r.rows.WriteBrokers(t.Context(), func(tx store.BrokerTx) error {
			user := auth.User{ID: client, Username: "asha", IsDisabled: isDisabled}
			if !isDisabled {
				return tx.Users().SaveUser(t.Context(), user)
			}
			return tx.Users().AddUser(t.Context(), user)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	setDisabled(true)
	r.settle()
	if _, ended := r.live.counts(); ended != 1 {
		t.Errorf("live market ended %d times once its user was disabled, want 1", ended)
	}
	asked := r.bank.probes
	r.until(monday.Add(1).At(12*time.Hour), 10*time.Minute)
	if logins, _, _ := r.bank.count(); logins != 1 || r.bank.probes != asked {
		t.Errorf("%d logins and %d calls for a disabled user", logins-1, r.bank.probes-asked)
	}
	setDisabled(false)
	r.until(monday.Add(1).At(12*time.Hour+10*time.Minute), time.Minute)
	r.wantPhase(Active)
}

// TestSlowLogin: who waits for a slow broker is told that it goes on, and it does.
func TestSlowLogin(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	answer := make(chan struct{})
	r.bank.onPassword = func() { <-answer }
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	_, err := r.Generate(ctx, r.actor(client), false, From{})
	if refusal := r.refusal(err, BrokerFailed); refusal.Next == "" {
		t.Errorf("%q says nothing of what to do", refusal.Text)
	}
	r.wantPhase(Renewing)
	close(answer)
	r.work.Wait()
	r.wantPhase(Active)
}

// TestLockedSaysNoCall: without the master key no call decides anything.
func TestLockedSaysNoCall(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.mustGenerate()
	r.seals.isLocked = true
	r.restart()
	r.settle()
	if st := r.state(); st.Phase != LockedKey || st.SessionText != "" || st.IsActive {
		t.Errorf("%s, session %q, active %v", st.Phase, st.SessionText, st.IsActive)
	}
}
