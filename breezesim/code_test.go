package breezesim

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"paperport/breezewire"
)

// mustPanel logs an account in up to the OTP panel.
func (b *bench) mustPanel(a Account) *browser {
	b.t.Helper()
	w := b.browser().mustReach(a).fill(a.UserID.Reveal(), a.Password.Reveal())
	wantText(b.t, "panel", w.submit().text, breezewire.IDOTPPanel)
	return w
}

// wrongCode is six digits that the account's authenticator does not show around now.
func (b *bench) wrongCode(a Account) string {
	for n := 0; ; n++ {
		digits := fmt.Sprintf("%06d", n)
		isShown := false
		for step := -3; step <= 3; step++ {
			isShown = isShown || a.CodeAt(b.clock.Now().Add(time.Duration(step)*stepTime)).Reveal() == digits
		}
		if !isShown {
			return digits
		}
	}
}

func TestTOTPVectors(t *testing.T) {
	// RFC 6238, appendix B, SHA-1, cut to six digits.
	for unix, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"} {
		if got := totpCode([]byte("12345678901234567890"), stepOf(time.Unix(unix, 0))); got != want {
			t.Errorf("at %d: got %s, want %s", unix, got, want)
		}
	}
}

// TestCodes tells which codes are taken, with and without a window.
func TestCodes(t *testing.T) {
	b := mustStart(t, start)
	n := 0
	for _, c := range []struct {
		window int
		steps  int
		want   bool
	}{{0, 0, true}, {0, -1, false}, {0, 1, false}, {1, -1, true}, {1, 1, true}, {1, 2, false}} {
		n++
		a := b.Account(fmt.Sprintf("codes%d", n))
		b.mustSwitch(LoginSwitches{Window: c.window})
		answer := b.mustPanel(a).code(a.CodeAt(b.clock.Now().Add(time.Duration(c.steps) * stepTime)).Reveal())
		if got := answer.apiSession() != ""; got != c.want {
			t.Errorf("window %d, %d steps off: taken %t", c.window, c.steps, got)
		}
		if !c.want {
			wantText(t, "refusal", answer.text, textWrongTOTP, breezewire.IDOTPPanel, `id="otperr"`)
		}
	}
}

// TestCodeOnce: a code that was taken is refused for the rest of its time, and so is an older one in the window.
func TestCodeOnce(t *testing.T) {
	b := mustStart(t, start)
	a := b.Account("ada")
	b.mustSwitch(LoginSwitches{Window: 1})
	b.mustLogin(a, a)
	used := a.CodeAt(b.clock.Now()).Reveal()
	w := b.mustPanel(a)
	wantText(t, "the same code", w.code(used).text, textWrongTOTP)
	wantText(t, "the code before it", w.code(a.CodeAt(b.clock.Now().Add(-stepTime)).Reveal()).text, textWrongTOTP)
	if got := b.Counts("ada"); got.Repeats != 1 || got.Codes != 3 || got.Wrong != 2 || got.Logins != 1 {
		t.Errorf("counts %+v", got)
	}
	b.clock.Advance(stepTime)
	if w.code(a.CodeAt(b.clock.Now()).Reveal()).apiSession() == "" {
		t.Error("the next code was refused")
	}
}

// TestCodeRefusals spoils the request of the OTP panel.
func TestCodeRefusals(t *testing.T) {
	b := mustStart(t, start)
	n := 0
	for _, generation := range generations {
		b.mustSwitch(LoginSwitches{Generation: generation})
		for name, spoil := range map[string]func(url.Values){
			"no panel values":           func(v url.Values) { v.Del(breezewire.IDToken) },
			"another panel's token":     func(v url.Values) { v.Set(breezewire.IDToken, "x") },
			"login fields left out":     func(v url.Values) { v.Del(breezewire.IDUser) },
			"another password":          func(v url.Values) { v.Set(breezewire.IDEncrypted, "x") },
			"5 minutes and 1 s later":   func(url.Values) { b.clock.Advance(301 * time.Second) },
			"a field of its own absent": func(v url.Values) { v.Del(breezewire.IDForOTP) },
		} {
			n++
			a := b.Account(fmt.Sprintf("refused%d", n))
			w := b.mustPanel(a)
			spoil(w.fields)
			wantText(t, fmt.Sprintf("generation %d, %s", generation, name), w.code(a.CodeAt(b.clock.Now()).Reveal()).text, breezewire.TextInvalid+".")
			if _, codes := b.Submissions(a.Tag); codes != 0 {
				t.Errorf("generation %d, %s: %d codes counted", generation, name, codes)
			}
		}
	}
	a := b.Account("early")
	w := b.browser().mustReach(a).fill(a.UserID.Reveal(), a.Password.Reveal())
	wantText(t, "before the password", w.code(a.CodeAt(b.clock.Now()).Reveal()).text, breezewire.TextInvalid)
	w = b.mustPanel(a)
	old := url.Values{}
	for id := range w.fields {
		old.Set(id, w.fields.Get(id))
	}
	w.code(b.wrongCode(a))
	w.fields = old
	wantText(t, "a panel used before", w.code(a.CodeAt(b.clock.Now()).Reveal()).text, breezewire.TextInvalid)
	w = b.mustPanel(a)
	if w.code(a.CodeAt(b.clock.Now()).Reveal()).apiSession() == "" {
		t.Fatal("no login")
	}
	b.clock.Advance(stepTime)
	wantText(t, "after the login", w.code(a.CodeAt(b.clock.Now()).Reveal()).text, breezewire.TextInvalid)
}

// TestLockout: the fifth wrong entry in a row locks until the next day in IST, passwords and codes counted together.
func TestLockout(t *testing.T) {
	b := mustStart(t, date.At(23*time.Hour+50*time.Minute))
	a, other := b.Account("ada"), b.Account("bob")
	wrong := func() got { return b.browser().mustReach(a).fill(a.UserID.Reveal(), "wrong").submit() }
	for range 4 {
		wantText(t, "wrong password", wrong().text, textWrongPassword)
	}
	b.mustLogin(a, a)
	if got := b.Counts("ada"); got.Wrong != 0 {
		t.Errorf("a login leaves %d wrong entries", got.Wrong)
	}
	for range 3 {
		wrong()
	}
	w := b.mustPanel(a)
	wantText(t, "fourth", w.code(b.wrongCode(a)).text, textWrongTOTP)
	wantText(t, "fifth", w.code(b.wrongCode(a)).text, textLocked)
	locked := b.browser().mustReach(a).fill(a.UserID.Reveal(), a.Password.Reveal())
	wantText(t, "the right password", locked.submit().text, textLocked)
	b.mustLogin(other, other)
	want := Counts{Passwords: 10, Codes: 3, Repeats: 1, Logins: 1, Wrong: 5, IsLocked: true}
	if got := b.Counts("ada"); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	b.clock.Set((date + 1).At(-time.Microsecond).Time())
	wantText(t, "just before midnight", b.browser().mustReach(a).fill(a.UserID.Reveal(), a.Password.Reveal()).submit().text, textLocked)
	b.clock.Set((date + 1).At(0).Time())
	b.mustLogin(a, a)
	if got := b.Counts("ada"); got.IsLocked || got.Wrong != 0 || got.Passwords != 12 {
		t.Errorf("after midnight: %+v", got)
	}
}

// TestLoginFaults shows each fault where a login meets it, and what is counted.
func TestLoginFaults(t *testing.T) {
	b := mustStart(t, start)
	for _, c := range []struct {
		fault            LoginFault
		first, page      string // texts of the first two pages
		password, code   string // texts after the password and the code; "" is not reached
		passwords, codes int
	}{
		{LoginOutage, "Faithfully yours, nginx.", "", "", "", 0, 0},
		{LoginDown, "502 Bad Gateway", "", "", "", 0, 0},
		{LoginStaticIP, textStaticIP, "", "", "", 0, 0},
		{LoginChanged, breezewire.LoginForm, `id="txtuidNew"`, "", "", 0, 0},
		{LoginCaptchaPage, breezewire.LoginForm, breezewire.TextCaptcha, "", "", 0, 0},
		{LoginCaptcha, breezewire.LoginForm, "dvgetotp", breezewire.TextCaptcha, "", 1, 0},
		{LoginLocked, breezewire.LoginForm, "dvgetotp", textLocked, "", 1, 0},
		{LoginWrongPassword, breezewire.LoginForm, "dvgetotp", textWrongPassword, "", 1, 0},
		{LoginSMS, breezewire.LoginForm, "dvgetotp", "Verify OTP", textWrongOTP, 1, 1},
		{LoginChangedOTP, breezewire.LoginForm, "dvgetotp", `id="hiotpNew"`, "", 1, 0},
		{LoginWrongCode, breezewire.LoginForm, "dvgetotp", breezewire.TextTOTP, textWrongTOTP, 1, 1},
		{LoginNoSession, breezewire.LoginForm, "dvgetotp", breezewire.TextTOTP, textNoSession, 1, 1},
	} {
		a := b.Account("f" + strings.ReplaceAll(strings.ReplaceAll(string(c.fault), "_", ""), "5", ""))
		if err := b.SetLogin(a.Tag, LoginSwitches{Fault: c.fault}); err != nil {
			t.Fatal(err)
		}
		w := b.browser()
		wantText(t, string(c.fault), w.open(a.Key.Reveal()).text, c.first)
		if c.page != "" {
			wantText(t, string(c.fault), w.next().text, c.page)
		}
		if c.password != "" {
			wantText(t, string(c.fault), w.fill(a.UserID.Reveal(), a.Password.Reveal()).submit().text, c.password)
		}
		if c.code != "" {
			answer := w.code(a.CodeAt(b.clock.Now()).Reveal())
			wantText(t, string(c.fault), answer.text, c.code)
			if answer.apiSession() != "" {
				t.Errorf("%s: an API session", c.fault)
			}
		}
		if passwords, codes := b.Submissions(a.Tag); passwords != c.passwords || codes != c.codes {
			t.Errorf("%s: %d passwords and %d codes counted, want %d and %d", c.fault, passwords, codes, c.passwords, c.codes)
		}
	}
	b.mustLogin(b.Account("well"), b.Account("well"))
}

// TestCaptchaClears: the letters solve it, and the next login is not asked.
func TestCaptchaClears(t *testing.T) {
	for _, fault := range []LoginFault{LoginCaptcha, LoginCaptchaPage} {
		b := mustStart(t, start)
		b.mustSwitch(LoginSwitches{Fault: fault})
		a := b.Account("ada")
		w := b.browser()
		w.open(a.Key.Reveal())
		page := w.next().text
		w.fill(a.UserID.Reveal(), a.Password.Reveal())
		if fault == LoginCaptcha {
			page = w.submit().text
		}
		w.fields.Set("txtcaptcha", "WRONG"+lettersIn(page))
		if again := w.submit().text; fault == LoginCaptcha { // other letters after a mistake
			page = again
		}
		w.fields.Set("txtcaptcha", strings.ToLower(lettersIn(page)))
		wantText(t, string(fault), w.submit().text, breezewire.TextTOTP)
		if w.code(a.CodeAt(b.clock.Now()).Reveal()).apiSession() == "" {
			t.Errorf("%s: no login", fault)
		}
		b.clock.Advance(stepTime)
		b.mustLogin(a, a)
		b.end()
	}
}

func lettersIn(page string) string {
	_, rest, _ := strings.Cut(page, `<b id="capletters">`)
	letters, _, _ := strings.Cut(rest, "<")
	return letters
}

// TestSMS: the code that the page shows is taken once.
func TestSMS(t *testing.T) {
	b := mustStart(t, start)
	b.mustSwitch(LoginSwitches{Fault: LoginSMS})
	a := b.Account("ada")
	w := b.browser().mustReach(a).fill(a.UserID.Reveal(), a.Password.Reveal())
	panel := w.submit().text
	if w.fields.Get(breezewire.IDIsTOTP) == breezewire.IsTOTP {
		t.Error("the panel says that it asks for TOTP")
	}
	_, rest, _ := strings.Cut(panel, "telephone shows ")
	if w.code(rest[:6]).apiSession() == "" {
		t.Error("the code was refused")
	}
}

// TestSlowPage: the answer waits for the simulator's clock.
func TestSlowPage(t *testing.T) {
	b := mustStart(t, start)
	b.mustSwitch(LoginSwitches{Fault: LoginSlow, DelaySeconds: 30})
	a := b.Account("ada")
	done := make(chan got)
	go func() { done <- b.browser().open(a.Key.Reveal()) }()
	for isDone := false; !isDone; {
		select {
		case page := <-done:
			wantText(t, "late", page.text, breezewire.LoginForm)
			isDone = true
		case <-time.After(time.Millisecond):
			b.clock.Advance(10 * time.Second)
		}
	}
	if b.clock.Now().Sub(start.Time()) < 30*time.Second {
		t.Errorf("it answered after %s", b.clock.Now().Sub(start.Time()))
	}
}
