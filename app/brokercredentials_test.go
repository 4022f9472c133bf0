package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"
	"pgregory.net/rapid"

	"paperport/auth"
	"paperport/store"
)

func TestSaveCredentials(t *testing.T) {
	r := mustRig(t)
	for _, step := range []struct {
		fields BrokerFields
		want   string
	}{
		{fields("43Xk29!bH7", "Mn92@pL5z", "", "", ""), "Credentials saved. Auto-login still needs Login ID, Password and TOTP Secret; Generate Session Popup and Save Session work without."},
		{fields("", "", "nagender4512", " 1234 ", ""), "Credentials saved. Auto-login still needs TOTP Secret; Generate Session Popup and Save Session work without."},
		{fields("", "", "", "", "guz2-askw sb2m 2zvx 3pms sjha"), "Credentials saved! Auto-login is enabled"},
		{fields("", "", "", "4321", ""), "Credentials saved! Auto-login is enabled"},
	} {
		if got := r.mustSave(step.fields); got != step.want {
			t.Errorf("%q, want %q", got, step.want)
		}
	}
	o, err := r.open(t.Context(), who{}, client, forCode, store.FieldPassword, store.FieldTOTP, store.FieldAPIKey)
	if err != nil || o.texts[store.FieldTOTP].Reveal() != goodTOTP || o.texts[store.FieldPassword].Reveal() != "4321" || o.texts[store.FieldAPIKey].Reveal() != "43Xk29!bH7" {
		t.Errorf("stored otherwise than typed, %v", err)
	}
	var hints []string
	for _, f := range r.state().Fields {
		hints = append(hints, fmt.Sprintf("%s %t %q", f.Field, f.IsStored, f.Hint))
	}
	want := []string{`api_key true "H7"`, `secret_key true ""`, `login_id true "12"`, `password true ""`, `totp_secret true ""`}
	if diff := cmp.Diff(want, hints); diff != "" {
		t.Error(diff)
	}
	if kinds := r.unseen(); len(kinds) != 1 || kinds[0] != "credentials" {
		t.Errorf("notices %v", kinds)
	}
	if n := r.audited()["broker-credentials"]; n != 4 {
		t.Errorf("%d lines in the trail, want 4", n)
	}
}

// TestFieldRules: each wrong field names its reason, and nothing is stored (74: what stands for a stored value never
// overwrites it).
func TestFieldRules74(t *testing.T) {
	good := fields("43Xk29!bH7", "Mn92@pL5z", "nagender4512", "right", goodTOTP)
	for _, test := range []struct {
		name, field, value, want string
	}{
		{"key with a space", "api_key", "43Xk 29bH7", "character 5 is a space"},
		{"key with an accent", "api_key", "43Xké", "character 5 is “é”"},
		{"long key", "api_key", strings.Repeat("x", 129), "longer than 128"},
		{"secret of spaces", "secret_key", "   ", "only spaces"},
		{"masked key", "api_key", "••••••••••", "dots that stand for"},
		{"masked secret", "secret_key", "**********", "dots that stand for"},
		{"masked by us", "password", "[masked]", "dots that stand for"},
		{"masked password", "password", "••••••", "dots that stand for"},
		{"password of spaces", "password", "    ", "only spaces"},
		{"long password", "password", strings.Repeat("é", 65), "longer than 64"},
		{"password with NUL", "password", "a\x00b", "control character"},
		{"binary password", "password", "a\xff\xfeb", "not text"},
		{"huge password", "password", strings.Repeat("x", 1<<20), "far too long"},
		{"long login", "login_id", strings.Repeat("a", 65), "longer than 64"},
		{"login with a line break", "login_id", "na\ngender", "control character"},
		{"the guide's sample secret", "totp_secret", "GUZ1ASKWSB1M1ZVX3PMSSJHA", "character 4 is the digit 1. A TOTP secret is Base32: the letters A to Z and the digits 2 to 7, so 0, 1, 8 and 9 cannot occur"},
		{"secret with a stroke", "totp_secret", "GUZ2_ASKWSB2M2ZVX", "character 5 is “_”"},
		{"short secret", "totp_secret", "GUZ2ASKWSB2M2ZV", "15 characters, which is 75 bits"},
		{"secret with a lost letter", "totp_secret", "GUZ2ASKWSB2M2ZVXA", "no whole Base32 secret"},
		{"masked secret with dashes", "totp_secret", "••••-••••", "“•”"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := mustRig(t)
			r.mustSave(good)
			before, _ := r.rows.SealedOf(t.Context(), client, store.ICICI)
			typed := map[string]BrokerFields{
				"api_key": fields(test.value, "", "", "", ""), "secret_key": fields("", test.value, "", "", ""), "login_id": fields("", "", test.value, "", ""),
				"password": fields("", "", "", test.value, ""), "totp_secret": fields("", "", "", "", test.value)}[test.field]
			_, err := r.SaveCredentials(t.Context(), r.actor(client), typed, From{})
			f := r.refusal(err, BrokerFieldBad)
			if f.Field != test.field || !strings.Contains(f.Text, test.want) || len(f.Text) > 400 {
				t.Errorf("%s: %q", f.Field, f.Text)
			}
			after, _ := r.rows.SealedOf(t.Context(), client, store.ICICI)
			if diff := cmp.Diff(before, after); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAnyPasswordIsKept: 1 to 64 characters, PINs and spaces at the ends included, come back as they were typed.
func TestAnyPasswordIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("aZ09 ~!é₹*&<\"'%")), 1, 64, -1).Draw(t, "password")
		got, wrong := regular(store.FieldPassword, text)
		isRefused := strings.TrimSpace(text) == "" || isMasked(text)
		if !isRefused && (got != text || wrong != "") || isRefused && wrong == "" {
			t.Errorf("%q became %q, %q", text, got, wrong)
		}
	})
}

func TestFirstTimeNeedsBothKeys(t *testing.T) {
	for _, f := range []BrokerFields{fields("", "", "", "", ""), fields("43Xk29!bH7", "", "", "", ""), fields("", "Mn92@pL5z", "", "", ""), fields("", "", "nagender4512", "right", goodTOTP)} {
		r := mustRig(t)
		_, err := r.SaveCredentials(t.Context(), r.actor(client), f, From{})
		r.wantRefusal(err, BrokerMissing)
		r.wantPhase(NoCredentials)
	}
}

// TestOtherBroker: a key of the other broker wipes everything of the one before; nothing of one ever reaches the other.
func TestOtherBroker(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.mustGenerate()
	_, err := r.SaveCredentials(t.Context(), r.actor(client), fields("DEMO-1234", "", "", "", ""), From{})
	if f := r.refusal(err, BrokerFieldBad); f.Field != "secret_key" {
		t.Errorf("asked for %s", f.Field)
	}
	r.wantPhase(Active)
	text := r.mustSave(fields("DEMO-1234", "demo-secret", "", "", ""))
	if !strings.Contains(text, "Everything stored for ICICI Breeze was wiped") || !strings.Contains(text, "still needs Login ID, Password and TOTP Secret") {
		t.Errorf("said %q", text)
	}
	st := r.state()
	if st.Phase != KeysStored || st.BrokerName != "Demo broker" || st.IdentityHint != "" || st.Venue != "" || st.HasAutoLogin {
		t.Errorf("state %+v", st)
	}
	if left, _ := r.rows.SealedOf(t.Context(), client, store.ICICI); len(left) != 0 {
		t.Errorf("%d fields of the old broker are left", len(left))
	}
	if _, ended := r.live.counts(); ended != 1 {
		t.Errorf("live side heard of %d ends, want 1", ended)
	}
	r.mustSave(fields("", "", "demo", "right", goodTOTP))
	r.bank.identity = "DEMO01"
	r.mustGenerate()
	for i, key := range r.bank.keysSeen[2:] {
		if key != "DEMO-1234" {
			t.Errorf("call %d used key %q", i, key)
		}
	}
}

// TestKeyChangeEndsTheSession and leaves the login fields.
func TestKeyChangeEndsTheSession(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.mustGenerate()
	if text := r.mustSave(fields("", "new-secret", "", "", "")); text != "Credentials saved! Auto-login is enabled. The session made with the old key has ended: generate a new one." {
		t.Errorf("said %q", text)
	}
	r.wantPhase(KeysStored)
	r.mustGenerate()
	r.mustSave(fields("", "", "", "other", ""))
	r.wantPhase(Active)
}

// TestEditMeanwhile: what was typed while a login ran wins; the login sends nothing more and keeps nothing.
func TestEditMeanwhile(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.bank.onPassword = func() {
		r.bank.onPassword = nil
		r.mustSave(fields("", "newer-secret", "", "", ""))
	}
	_, err := r.Generate(t.Context(), r.actor(client), false, From{})
	if f := r.refusal(err, AutoSessionFailed); !strings.Contains(f.Text, "changed meanwhile") {
		t.Errorf("said %q", f.Text)
	}
	if _, _, codes := r.bank.count(); codes != 0 {
		t.Errorf("%d codes left after the change", codes)
	}
	r.wantPhase(KeysStored)
}

func TestCheckCode(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	for _, test := range []struct {
		ahead  time.Duration
		result string
		steps  int
	}{{0, "match", 0}, {30 * time.Second, "match", 1}, {-90 * time.Second, "clock_off", -3}, {time.Hour, "no_match", 0}} {
		code, err := totp.GenerateCode(goodTOTP, r.clock.Now().Add(test.ahead))
		if err != nil {
			t.Fatal(err)
		}
		check, err := r.CheckCode(t.Context(), r.actor(client), secretOf(code[:3]+" "+code[3:]), From{})
		if err != nil || check.Result != test.result || check.Steps != test.steps || strings.Contains(check.Text, code) {
			t.Errorf("a code of %s: %+v, %v", test.ahead, check, err)
		}
	}
	if _, err := r.CheckCode(t.Context(), r.actor(client), secretOf("12345x"), From{}); err == nil {
		t.Error("letters are no code")
	}
	_, _ = r.CheckCode(t.Context(), r.actor(client), secretOf("000000"), From{})
	_, err := r.CheckCode(t.Context(), r.actor(client), secretOf("000000"), From{})
	if f := r.refusal(err, SlowDown); f.Wait <= 0 {
		t.Errorf("wait %s", f.Wait)
	}
	if n := r.audited()["broker-code-check"]; n != 5 {
		t.Errorf("%d lines in the trail, want 5", n)
	}
}

// TestPlaceBinding66: a blob moved to another user, broker, field or version is not opened, and the user is told to
// enter it again.
func TestPlaceBinding66(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	if _, err := r.SaveCredentials(t.Context(), r.actor(intruder), fields("43Xk29!bH7", "other-secret", "", "", ""), From{}); err != nil {
		t.Fatal(err)
	}
	rows, _ := r.rows.SealedOf(t.Context(), client, store.ICICI)
	for _, row := range rows {
		for _, place := range []store.Sealed{
			{User: intruder, Broker: row.Broker, Field: row.Field, Version: row.Version},
			{User: row.User, Broker: store.DemoBroker, Field: row.Field, Version: row.Version},
			{User: row.User, Broker: row.Broker, Field: store.FieldSession, Version: row.Version},
			{User: row.User, Broker: row.Broker, Field: row.Field, Version: row.Version + 1},
		} {
			if _, err := r.seals.Open(row.Blob, placeOf(place)); err == nil {
				t.Errorf("%s opened at %+v", row.Field, placeOf(place))
			}
		}
	}
	err := r.rows.WriteBrokers(t.Context(), func(tx store.BrokerTx) error { // the intruder copies a blob over his own
		theirs, err := tx.SealedOf(t.Context(), intruder, store.ICICI)
		if err != nil {
			return err
		}
		for _, own := range theirs {
			for _, row := range rows {
				if row.Field == own.Field {
					if err := tx.ReplaceSealed(t.Context(), own, row.Blob); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.PasteSession(t.Context(), r.actor(intruder), secretOf("50000001"), From{})
	r.wantRefusal(err, BrokerMissing)
	if r.bank.exchanges != 0 {
		t.Error("somebody else's key reached the broker")
	}
}

// TestLockedKey: everything that opens or seals refuses and says what to do; no row changes; with the key back all works.
func TestLockedKey(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.mustGenerate()
	before, _ := r.rows.SealedOf(t.Context(), client, store.ICICI)
	r.seals.isLocked = true
	r.restart()
	a := r.actor(client)
	calls := map[string]func() error{
		"save": func() error {
			_, err := r.SaveCredentials(t.Context(), a, fields("", "", "", "new", ""), From{})
			return err
		},
		"generate": func() error { _, err := r.Generate(t.Context(), a, true, From{}); return err },
		"popup":    func() error { _, err := r.StartPopup(t.Context(), a, From{}); return err },
		"paste":    func() error { _, err := r.PasteSession(t.Context(), a, secretOf("50000001"), From{}); return err },
		"code":     func() error { _, err := r.CheckCode(t.Context(), a, secretOf("123456"), From{}); return err },
		"test":     func() error { _, err := r.Test(t.Context(), a, From{}); return err },
	}
	for name, call := range calls {
		if f := r.refusal(call(), KeyLocked); f.Next == "" {
			t.Errorf("%s does not say what to do", name)
		}
	}
	r.until(monday.Add(1).At(12*time.Hour), time.Hour)
	r.wantPhase(LockedKey)
	if kinds := r.unseen(); len(kinds) != 1 || kinds[0] != "key-locked" {
		t.Errorf("notices %v", kinds)
	}
	after, _ := r.rows.SealedOf(t.Context(), client, store.ICICI)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
	r.seals.isLocked = false
	r.restart()
	r.until(monday.Add(1).At(12*time.Hour+time.Minute), 15*time.Second)
	r.wantPhase(Active)
	if kinds := r.unseen(); len(kinds) != 0 {
		t.Errorf("notices with the key back %v", kinds)
	}
}

// TestDisconnect wipes rows, memory and sockets; what happened stays on record.
func TestDisconnect(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	r.mustGenerate()
	p, err := r.StartPopup(t.Context(), r.actor(client), From{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Disconnect(t.Context(), r.actor(client), From{}); err != nil {
		t.Fatal(err)
	}
	rows, _ := r.rows.SealedOf(t.Context(), client, store.ICICI)
	_, ended := r.live.counts()
	st := r.state()
	if len(rows) != 0 || ended != 1 || st.Phase != NoCredentials || st.IsActive || len(st.Attempts) != 1 || r.openOf(client) != nil {
		t.Errorf("%d rows, %d ends, %+v", len(rows), ended, st)
	}
	if end, err := r.FinishPopup(t.Context(), p.Binding, secretOf(r.bank.open()), From{}); err != nil || end.IsOK {
		t.Errorf("a popup from before: %+v, %v", end, err)
	}
	r.wantRefusal(r.Disconnect(t.Context(), r.actor(client), From{}), BrokerMissing)
	r.wantRefusal(r.Hold(t.Context(), r.actor(client), true, From{}), BrokerMissing)
}

func TestTestConnection(t *testing.T) {
	r := mustRig(t)
	_, err := r.Test(t.Context(), r.actor(client), From{})
	r.wantRefusal(err, BrokerMissing)
	r.mustConnect("right")
	_, err = r.Test(t.Context(), r.actor(client), From{})
	if f := r.refusal(err, SessionRefused); f.Text != "No Session — enter session token below" {
		t.Errorf("said %q", f.Text)
	}
	r.mustGenerate()
	if text, err := r.Test(t.Context(), r.actor(client), From{}); err != nil || text != "Connection works: ICICI Breeze answered a read-only call." {
		t.Errorf("%q, %v", text, err)
	}
	r.bank.probeErr = &BrokerFailure{Class: FailedUnreachable}
	_, err = r.Test(t.Context(), r.actor(client), From{})
	r.wantRefusal(err, BrokerFailed)
	r.wantPhase(Active)
	r.bank.probeErr = nil
	r.bank.killAll()
	_, err = r.Test(t.Context(), r.actor(client), From{})
	r.wantRefusal(err, SessionRefused)
	r.wantPhase(Expired)
}

func TestHeldAndNotices(t *testing.T) {
	r := mustRig(t)
	r.mustConnect("right")
	changes := 0
	stop := r.Follow(client, func() { changes++ })
	if err := r.Hold(t.Context(), r.actor(client), true, From{}); err != nil {
		t.Fatal(err)
	}
	r.wantPhase(Held)
	stop()
	r.until(monday.At(12*time.Hour), 10*time.Minute)
	if logins, _, _ := r.bank.count(); logins != 0 || changes != 1 {
		t.Errorf("%d logins while held, %d changes told; want 0 and 1", logins, changes)
	}
	if st := r.state(); st.NextText != "None: automatic login is paused." {
		t.Errorf("next %q", st.NextText)
	}
	r.mustGenerate() // by hand it goes
	if err := r.Hold(t.Context(), r.actor(client), false, From{}); err != nil {
		t.Fatal(err)
	}
	r.mustSave(fields("", "", "", "right", ""))
	list, err := r.Notices(t.Context(), client)
	if err != nil || len(list) != 1 {
		t.Fatalf("notices %+v, %v", list, err)
	}
	if err := r.AckNotice(t.Context(), r.actor(intruder), list[0].ID); err == nil {
		t.Error("somebody else acknowledged a notice")
	}
	if err := r.AckNotice(t.Context(), r.actor(client), list[0].ID); err != nil || len(r.unseen()) != 0 {
		t.Errorf("%v, unseen %v", err, r.unseen())
	}
	if st, err := r.State(t.Context(), auth.UserID("nobody")); err != nil || st.Phase != NoCredentials || len(st.Fields) != 5 {
		t.Errorf("a stranger's state %+v, %v", st, err)
	}
}
