package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"paperport/auth"
	"paperport/secret"
	"paperport/store"
)

func (r *rig) mustPopup(user auth.UserID) PopupStart {
	r.t.Helper()
	p, err := r.StartPopup(r.t.Context(), r.actor(user), From{})
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

func (r *rig) mustFinish(binding, apiSession secret.Text) PopupEnd {
	r.t.Helper()
	end, err := r.FinishPopup(r.t.Context(), binding, apiSession, From{})
	if err != nil {
		r.t.Fatal(err)
	}
	return end
}

func TestPopup(t *testing.T) {
	r := mustRig(t)
	r.mustSave(fields("43Xk29!bH7", "Mn92@pL5z", "", "", ""))
	p := r.mustPopup(client)
	address, err := r.PopupAddress(t.Context(), r.actor(client), p.ID)
	if err != nil || !strings.HasPrefix(address.Reveal(), "https://bank.example/login?api_key=") {
		t.Errorf("address %q, %v", address.Reveal(), err)
	}
	end := r.mustFinish(p.Binding, secretOf(r.bank.open()))
	if !end.IsOK || end.ID != p.ID || end.Text != "Session token captured and saved from popup" {
		t.Errorf("end %+v", end)
	}
	row, err := r.Popup(t.Context(), r.actor(client), p.ID)
	if err != nil || row.Outcome != "ok" || row.Text != end.Text {
		t.Errorf("popup %+v, %v", row, err)
	}
	r.wantPhase(Active)
	if _, err := r.Popup(t.Context(), r.actor(intruder), p.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("somebody else's popup: %v", err)
	}
	r.bank.popupRefusal = "The demo broker's pages are not reachable from a browser elsewhere."
	_, err = r.StartPopup(t.Context(), r.actor(client), From{})
	r.wantRefusal(err, PopupRefused)
	if r.state().PopupRefusal == "" {
		t.Error("Settings does not say so before anything opens")
	}
}

// TestPopupRefusals60: the twelve ways a return from the broker is not the one that was waited for. Nothing is saved.
func TestPopupRefusals60(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(r *rig, p PopupStart) PopupEnd
		want string
	}{
		{"used already, and failed", func(r *rig, p PopupStart) PopupEnd {
			r.mustFinish(p.Binding, secretOf("50009999"))
			return r.mustFinish(p.Binding, secretOf(r.bank.open()))
		}, "No sign-in is waiting"},
		{"expired", func(r *rig, p PopupStart) PopupEnd {
			r.clock.Advance(10 * time.Minute)
			return r.mustFinish(p.Binding, secretOf(r.bank.open()))
		}, "No sign-in is waiting"},
		{"another browser", func(r *rig, _ PopupStart) PopupEnd {
			other, _ := auth.NewToken()
			return r.mustFinish(secretOf(other), secretOf(r.bank.open()))
		}, "No sign-in is waiting"},
		{"no binding", func(r *rig, _ PopupStart) PopupEnd { return r.mustFinish(secret.Text{}, secretOf(r.bank.open())) }, "No sign-in is waiting"},
		{"the id for the binding", func(r *rig, p PopupStart) PopupEnd { return r.mustFinish(secretOf(p.ID), secretOf(r.bank.open())) }, "No sign-in is waiting"},
		{"signed out meanwhile", func(r *rig, p PopupStart) PopupEnd {
			clear(r.signedIn)
			return r.mustFinish(p.Binding, secretOf(r.bank.open()))
		}, "You signed out of PaperPort meanwhile"},
		{"no token came", func(r *rig, p PopupStart) PopupEnd { return r.mustFinish(p.Binding, secret.Text{}) }, "without a session token"},
		{"a script for a token", func(r *rig, p PopupStart) PopupEnd {
			return r.mustFinish(p.Binding, secretOf("<script>alert(1)</script>"))
		}, "without a session token"},
		{"refused by the broker", func(r *rig, p PopupStart) PopupEnd { return r.mustFinish(p.Binding, secretOf("50009999")) }, "No session token in response"},
		{"API key changed meanwhile", func(r *rig, p PopupStart) PopupEnd {
			r.clock.Advance(time.Second)
			r.mustSave(fields("other-key!", "", "", "", ""))
			return r.mustFinish(p.Binding, secretOf(r.bank.open()))
		}, "changed meanwhile"},
		{"broker changed meanwhile", func(r *rig, p PopupStart) PopupEnd {
			r.mustSave(fields("DEMO-1", "demo", "", "", ""))
			return r.mustFinish(p.Binding, secretOf(r.bank.open()))
		}, "changed meanwhile"},
		{"disconnected meanwhile", func(r *rig, p PopupStart) PopupEnd {
			if err := r.Disconnect(r.t.Context(), r.actor(client), From{}); err != nil {
				r.t.Fatal(err)
			}
			return r.mustFinish(p.Binding, secretOf(r.bank.open()))
		}, "No sign-in is waiting"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := mustRig(t)
			r.mustSave(fields("43Xk29!bH7", "Mn92@pL5z", "", "", ""))
			p := r.mustPopup(client)
			if end := test.run(r, p); end.IsOK || !strings.Contains(end.Text, test.want) {
				t.Errorf("end %+v, want %q", end, test.want)
			}
			if began, _ := r.live.counts(); began != 0 {
				t.Error("a session began")
			}
			if _, err := r.rows.BrokerSession(t.Context(), client); !errors.Is(err, store.ErrAbsent) {
				t.Errorf("a session is stored: %v", err)
			}
		})
	}
}

// TestOtherUsersToken: another user's return never becomes this user's session, and the popup of one is not the other's.
func TestOtherUsersToken(t *testing.T) {
	r := mustRig(t)
	r.mustSave(fields("43Xk29!bH7", "Mn92@pL5z", "", "", ""))
	if end := r.mustFinish(r.mustPopup(client).Binding, secretOf(r.bank.open())); !end.IsOK {
		t.Fatalf("first login: %+v", end)
	}
	r.bank.identity = "EVIL01" // an attacker's page posts his own token into the victim's waiting popup
	end := r.mustFinish(r.mustPopup(client).Binding, secretOf(r.bank.open()))
	if end.IsOK || !strings.Contains(end.Text, "another person's account") {
		t.Errorf("end %+v", end)
	}
	if began, _ := r.live.counts(); began != 1 {
		t.Errorf("%d sessions began, want 1", began)
	}
	if kinds := r.unseen(); len(kinds) != 1 || kinds[0] != "identity" {
		t.Errorf("notices %v", kinds)
	}
	if n := r.audited()["broker-identity-mismatch"]; n != 1 {
		t.Errorf("%d lines of the mismatch", n)
	}
	p := r.mustPopup(client)
	if _, err := r.PopupAddress(t.Context(), r.actor(intruder), p.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("somebody else's address: %v", err)
	}
	other := r.actor(client)
	other.Login.TokenHash = auth.HashToken("the user's other browser")
	_, err := r.PopupAddress(t.Context(), other, p.ID)
	r.wantRefusal(err, PopupRefused)
}

// TestCallbackWithoutAttempt57: whatever comes to the callback, nothing is stored; the trail has a line without the token.
func TestCallbackWithoutAttempt57(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	if err := r.RefuseCallback(t.Context(), "no binding cookie", From{IP: "203.0.113.7"}); err != nil {
		t.Fatal(err)
	}
	token := r.bank.open()
	if end := r.mustFinish(secretOf("guess"), secretOf(token)); end.IsOK || end.ID != "" || strings.Contains(end.Text, token) {
		t.Errorf("end %+v", end)
	}
	rows, err := r.rows.AuditOf(t.Context(), "", 0, 10)
	if err != nil || len(rows) < 2 {
		t.Fatalf("trail %+v, %v", rows, err)
	}
	for _, row := range rows {
		if strings.Contains(row.Detail+row.Result, token) {
			t.Errorf("the trail holds the token: %+v", row)
		}
	}
	if r.bank.exchanges != 0 {
		t.Error("an unasked token was exchanged")
	}
	r.wantPhase(KeysStored)
}

func TestPaste(t *testing.T) {
	r := mustRig(t)
	r.mustSave(fields("43Xk29!bH7", "Mn92@pL5z", "", "", ""))
	for _, shape := range []string{"%s", " %s\n", "apisession=%s", "API_Session=%s", "APISESSION=%s&x=1", "https://127.0.0.1/cb?apisession=%s",
		"http://localhost:8000/api/auth/breeze-callback?x=1&API_Session=%s#top", "?ApiSession=%s"} {
		token := r.bank.open()
		text := strings.ReplaceAll(shape, "%s", token)
		said, err := r.PasteSession(t.Context(), r.actor(client), secretOf(text), From{})
		if err != nil || said != "Session token saved" {
			t.Errorf("%q: %q, %v", shape, said, err)
		}
	}
	row, err := r.rows.BrokerSession(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	for text, code := range map[string]RefusalCode{"": BrokerFieldBad, "   ": BrokerFieldBad, "••••••••": BrokerFieldBad, "https://127.0.0.1/cb?code=1": BrokerFieldBad,
		"12 34 56 78": BrokerFieldBad, "123": BrokerFieldBad, "5000\x000001": BrokerFieldBad, strings.Repeat("1", 300): BrokerFieldBad,
		strings.Repeat("x", 5000): BrokerFieldBad, "\xff\xfe\xfd\xfc\xfb\xfa": BrokerFieldBad, "50009999": SessionRefused} {
		_, err := r.PasteSession(t.Context(), r.actor(client), secretOf(text), From{})
		f := r.refusal(err, code)
		if strings.Contains(f.Text, "saved") && !strings.Contains(f.Text, "not saved") || len(text) > 6 && strings.Contains(f.Text, text) {
			t.Errorf("%q: %q", text, f.Text)
		}
	}
	after, err := r.rows.BrokerSession(t.Context(), client)
	if err != nil || after != row {
		t.Errorf("a refused token changed the session: %+v, was %+v", after, row)
	}
	r.bank.exchangeErr = &BrokerFailure{Class: FailedUnreachable}
	_, err = r.PasteSession(t.Context(), r.actor(client), secretOf(r.bank.open()), From{})
	r.wantRefusal(err, BrokerFailed)
	r.wantPhase(Active)
}
