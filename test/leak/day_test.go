package leak

import (
	"context"
	"encoding/json"
	"sync"
	"syscall"
	"testing"
	"time"

	"paperport/breeze"
	"paperport/breezesim"
	"paperport/clock"
	"paperport/secret"
)

// TestLeak is tests 73, 75 and 76 of the design: a day with every fault of the broker, every way to a session, every route fed with
// garbage and two crashes; then no form of any secret is in anything that came out, but in the places that are meant for it.
func TestLeak(t *testing.T) {
	s := mustScene(t)
	owner := s.mustOwner()
	ctx, hangUp := context.WithCancel(t.Context())
	ended := owner.listen(ctx)

	var side sync.WaitGroup // faults in which a half minute has to pass
	for i, fault := range []breezesim.LoginFault{breezesim.LoginWrongCode, breezesim.LoginNoSession} {
		c := s.mustCustomer(owner, "slow"+string(rune('a'+i)))
		side.Go(func() { s.fault(c, fault) })
	}
	s.connect(owner)
	s.wrongSaves(owner)
	s.popupAndPaste(owner)
	for i, fault := range []breezesim.LoginFault{breezesim.LoginOutage, breezesim.LoginDown, breezesim.LoginSlow, breezesim.LoginStaticIP, breezesim.LoginChanged,
		breezesim.LoginCaptchaPage, breezesim.LoginCaptcha, breezesim.LoginLocked, breezesim.LoginWrongPassword, breezesim.LoginSMS, breezesim.LoginChangedOTP} {
		s.fault(s.mustCustomer(owner, "fault"+string(rune('a'+i))), fault)
	}
	s.restFaults(owner)
	s.garbage(owner)
	s.operate()
	s.midday(owner)
	side.Wait()

	s.program.mustCrash(syscall.SIGQUIT)
	hangUp()
	<-ended
	s.day.gather("log and trace of the first process", s.program.out.bytes())
	s.program.mustStart()
	owner.post("/api/broker/test", struct{}{}) // opens what is sealed
	s.program.mustCrash(syscall.SIGABRT)
	s.day.gather("log and trace of the second process", s.program.out.bytes())
	s.files()
	s.judge()
}

// generate presses the green button and answers its question with yes.
func (c *customer) generate() reply {
	return c.post("/api/broker/generate", map[string]bool{"is_confirmed": true})
}

// connect is the guide's first way: save, generate, check a code.
func (s *scene) connect(c *customer) {
	s.t.Helper()
	c.must(200, c.post("/api/broker/credentials", c.account))
	c.must(200, c.generate())
	c.must(200, c.post("/api/broker/test", struct{}{}))
	c.post("/api/broker/code-check", map[string]string{"code": "123456"})
	for _, path := range []string{"/api/broker", "/api/me", "/api/venues", "/api/notices", "/api/me/trail", "/api/system", "/", "/settings/broker"} {
		c.must(200, c.get(path))
	}
}

// wrongSaves types things that are refused, and others that are only found wrong at the broker.
func (s *scene) wrongSaves(owner *customer) {
	for _, field := range []string{"api_key", "secret_key", "login_id", "password", "totp_secret"} {
		secret := s.canary("wrong " + field)
		for _, text := range []string{secret + "\x00", secret + "\n", "   " + secret + " é☃", secret + string(make([]byte, 2000)), "•••" + secret} {
			owner.post("/api/broker/credentials", map[string]string{field: text, "login_id ": secret})
			if field != "password" {
				owner.post("/api/broker/credentials", map[string]string{field: text + "\x01"})
			}
		}
		owner.post("/api/broker/credentials", map[string]any{field: []string{secret}})
		owner.do("POST", "/api/broker/credentials", "application/json", `{"`+field+`":"`+secret+`","`+field+`":"`+secret+`"}`)
		owner.do("POST", "/api/broker/credentials", "application/json", `{"`+field+`":"`+secret)
		owner.do("POST", "/api/broker/credentials", "text/plain", secret)
	}
	c := s.mustCustomer(owner, "mistaken")
	wrong := c.account
	wrong.SecretKey, wrong.Password = s.canary("wrong secret key"), s.canary("wrong broker password")
	c.must(200, c.post("/api/broker/credentials", wrong))
	c.generate()
	wrong.APIKey, wrong.TOTPSecret = "DEMO"+s.canary("unknown API key"), "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	s.day.plant("another TOTP secret", wrong.TOTPSecret)
	c.must(200, c.post("/api/broker/credentials", wrong))
	c.generate()
	if passwords, _ := s.bank.Submissions(c.tag); passwords == 0 {
		s.t.Error("the wrong password was never sent: the day shows nothing")
	}
}

// mustLogin logs in at the broker by itself and returns the API session.
func (s *scene) mustLogin(c *customer) string {
	s.t.Helper()
	client := breeze.New(breeze.Options{Clock: clock.System{}, Hosts: breeze.AllAt(s.bank.http.URL), AppKey: secret.New(c.account.APIKey), Secret: secret.New(c.account.SecretKey)})
	defer client.Close()
	won, err := client.Login(s.t.Context(), breeze.LoginKeys{UserID: secret.New(c.account.LoginID), Password: secret.New(c.account.Password),
		TOTP: secret.New(c.account.TOTPSecret)}, breeze.LoginOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return won.APISession.Reveal()
}

// popupAndPaste are the guide's second and third way, with what strangers send to the callback.
func (s *scene) popupAndPaste(owner *customer) {
	s.t.Helper()
	c := s.mustCustomer(owner, "popup")
	c.must(200, c.post("/api/broker/credentials", map[string]string{"api_key": c.account.APIKey, "secret_key": c.account.SecretKey}))
	won := s.mustLogin(c)
	const callback = "/api/auth/breeze-callback"
	form := "application/x-www-form-urlencoded"
	strange := s.canary("token of a stranger")
	begin := func() {
		var popup struct{ ID, Address string }
		c.must(200, c.post("/api/broker/popup", struct{}{})).into(&popup)
		c.must(303, c.get(popup.Address))
	}
	for range 2 { // the second time with an attempt that waits
		c.get(callback + "?apisession=" + strange)
		c.get("/api/auth/breeze-finish")
		c.do("POST", callback, form, "API_Session="+strange)
		c.do("POST", callback, form, "API_Session="+strange+"&apisession=other"+strange)
		c.do("POST", callback, "application/json", `{"API_Session":"`+strange+`"}`)
		c.do("POST", callback, form, "API_Session="+strange+string(make([]byte, 5000)))
		begin()
	}
	c.must(303, c.do("POST", callback, form, "API_Session="+strange))
	c.get("/api/auth/breeze-finish")
	begin()
	c.must(303, c.do("POST", callback, form, "API_Session="+won))
	c.must(200, c.get("/api/auth/breeze-finish"))
	c.must(200, c.post("/api/broker/session", map[string]string{"token": "http://localhost/?apisession=" + won}))
	for _, text := range []string{strange, "apisession=" + strange, strange + " é", strange + "\x00", "http://localhost/?x=" + strange} {
		c.post("/api/broker/session", map[string]string{"token": text})
	}
	c.must(200, c.post("/api/broker/disconnect", struct{}{}))
}

// fault walks a customer into a fault of the login pages, with a session held for the second way and without.
func (s *scene) fault(c *customer, fault breezesim.LoginFault) {
	c.must(200, c.post("/api/broker/credentials", c.account))
	if err := s.bank.SetLogin(c.tag, breezesim.LoginSwitches{Fault: fault, DelaySeconds: 1, DirectAPI: breezesim.DirectNoToken}); err != nil {
		s.t.Error(err)
	}
	if got := c.generate(); got.status != 502 && fault != breezesim.LoginSlow {
		s.t.Errorf("%s: status %d: %.200s", fault, got.status, got.body)
	}
	for _, path := range []string{"/api/broker", "/api/notices", "/api/me/trail"} {
		c.get(path)
	}
}

// restFaults breaks every call after the login, and the clock.
func (s *scene) restFaults(c *customer) {
	for _, fault := range []breezesim.RESTFault{breezesim.RESTThrottled, breezesim.RESTMinute, breezesim.RESTDay, breezesim.RESTOutage, breezesim.RESTDown,
		breezesim.RESTSlow, breezesim.RESTStaticIP} {
		if err := s.bank.SetREST(c.tag, breezesim.RESTSwitches{Fault: fault, DelaySeconds: 1}); err != nil {
			s.t.Error(err)
		}
		c.post("/api/broker/test", struct{}{})
	}
	if err := s.bank.SetREST(c.tag, breezesim.RESTSwitches{}); err != nil {
		s.t.Error(err)
	}
	for _, direct := range []breezesim.DirectAPI{breezesim.DirectNoToken, breezesim.DirectRefused, breezesim.DirectWorks} {
		if err := s.bank.SetLogin(c.tag, breezesim.LoginSwitches{Fault: breezesim.LoginChanged, DirectAPI: direct}); err != nil {
			s.t.Error(err)
		}
		c.generate()
	}
	s.bank.SetSkew(5 * time.Minute)
	c.generate()
	s.bank.SetSkew(0)
	s.bank.SendGarbage(true)
	s.bank.DropSockets()
	if err := s.bank.SetLogin(c.tag, breezesim.LoginSwitches{}); err != nil {
		s.t.Error(err)
	}
}

// midday ends the session and waits until the program has found another.
func (s *scene) midday(c *customer) {
	s.t.Helper()
	before := s.attempts(c)
	s.bank.KillSessions(c.tag)
	c.post("/api/broker/test", struct{}{})
	for end := time.Now().Add(75 * time.Second); s.attempts(c) == before; time.Sleep(50 * time.Millisecond) { // the program's own clock decides
		if time.Now().After(end) {
			s.t.Fatal("no renewal after the session's end")
		}
	}
}

// attempts names the newest attempt.
func (s *scene) attempts(c *customer) string {
	var state struct{ Attempts []json.RawMessage }
	c.get("/api/broker").into(&state)
	if len(state.Attempts) == 0 {
		return ""
	}
	return string(state.Attempts[0])
}
