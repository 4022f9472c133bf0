package demo

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"paperport/breeze"
	"paperport/breezesim"
	"paperport/breezewire"
	"paperport/internal/memnet"
	"paperport/secret"
)

// mustDoor returns a simulator, one of its accounts and a client with the account's keys, in synthetic time.
func mustDoor(t *testing.T) (*breezesim.Server, breezesim.Account, *breeze.Client) {
	t.Helper()
	c := lateClock{ahead: time.Until(now.Time())}
	server := breezesim.New(breezesim.Options{Seed: seed, Clock: c})
	account := server.Account("asha")
	client := breeze.New(breeze.Options{
		Hosts: breeze.AllAt("http://demo.test"), Clock: c, AppKey: account.Key, Secret: account.Secret,
		Transport: memnet.Serve(t, server.Handler(), server.Close),
	})
	t.Cleanup(client.Close)
	return server, account, client
}

func keysOf(a breezesim.Account) breeze.LoginKeys {
	return breeze.LoginKeys{UserID: a.UserID, Password: a.Password, TOTP: a.TOTPSecret}
}

// TestLoginPages walks the simulator's login pages, which were written without this client in mind, in both generations
// and every way of leading back; the session won is worth a token, and the token a call.
func TestLoginPages(t *testing.T) {
	for _, generation := range []breezewire.LoginGeneration{breezewire.LoginHex, breezewire.LoginPEM} {
		for _, finish := range []breezesim.Finish{breezesim.FinishForm, breezesim.FinishScript, breezesim.FinishRedirect} {
			synctest.Test(t, func(t *testing.T) {
				server, account, client := mustDoor(t)
				if err := server.SetLogin("asha", breezesim.LoginSwitches{Generation: generation, Finish: finish}); err != nil {
					t.Fatal(err)
				}
				won, err := client.Login(t.Context(), keysOf(account), breeze.LoginOptions{})
				if err != nil || won.Generation != int(generation) {
					t.Fatalf("generation %d, %s: %v", generation, finish, err)
				}
				exchanged, err := client.Exchange(t.Context(), won.APISession)
				if err != nil || !exchanged.Identity.Equal(account.UserID) {
					t.Fatalf("generation %d, %s: exchange: %v", generation, finish, err)
				}
				client.SetToken(exchanged.Token)
				if err := client.Probe(t.Context()); err != nil {
					t.Errorf("generation %d, %s: probe: %v", generation, finish, err)
				}
				if passwords, codes := server.Submissions("asha"); passwords != 1 || codes != 1 {
					t.Errorf("generation %d, %s: %d passwords, %d codes", generation, finish, passwords, codes)
				}
				server.KillSessions("asha")
				if err := client.Probe(t.Context()); !errors.Is(err, breeze.ErrSession) && !errors.Is(err, breeze.ErrChecksum) {
					t.Errorf("generation %d, %s: probe of a dead session: %v", generation, finish, err)
				}
			})
		}
	}
}

// TestLoginFaults: each fault of the simulator's pages ends in its class with no more submitted than it takes to meet it.
func TestLoginFaults(t *testing.T) {
	for fault, want := range map[breezesim.LoginFault]struct {
		class            breeze.LoginClass
		passwords, codes int
	}{
		breezesim.LoginOutage:        {breeze.LoginOutage, 0, 0},
		breezesim.LoginDown:          {breeze.LoginOutage, 0, 0},
		breezesim.LoginSlow:          {breeze.LoginUnreachable, 0, 0},
		breezesim.LoginStaticIP:      {breeze.LoginStaticIP, 0, 0},
		breezesim.LoginChanged:       {breeze.LoginPageChanged, 0, 0},
		breezesim.LoginCaptchaPage:   {breeze.LoginCaptcha, 0, 0},
		breezesim.LoginCaptcha:       {breeze.LoginCaptcha, 1, 0},
		breezesim.LoginLocked:        {breeze.LoginLocked, 1, 0},
		breezesim.LoginWrongPassword: {breeze.LoginWrongPassword, 1, 0},
		breezesim.LoginSMS:           {breeze.LoginSMS, 1, 0},
		breezesim.LoginChangedOTP:    {breeze.LoginPageChanged, 1, 0},
		breezesim.LoginWrongCode:     {breeze.LoginCodeRefused, 1, 2},
		breezesim.LoginNoSession:     {breeze.LoginCodeRefused, 1, 1},
	} {
		for _, generation := range []breezewire.LoginGeneration{breezewire.LoginHex, breezewire.LoginPEM} {
			synctest.Test(t, func(t *testing.T) {
				server, account, client := mustDoor(t)
				if err := server.SetLogin("asha", breezesim.LoginSwitches{Fault: fault, Generation: generation, DelaySeconds: 40}); err != nil {
					t.Fatal(err)
				}
				_, err := client.Login(t.Context(), keysOf(account), breeze.LoginOptions{})
				var e *breeze.LoginError
				if !errors.As(err, &e) || e.Class != want.class || e.Submitted != (want.passwords > 0) {
					t.Fatalf("%s, generation %d: %v, want %s", fault, generation, err, want.class)
				}
				if passwords, codes := server.Submissions("asha"); passwords != want.passwords || codes != want.codes {
					t.Errorf("%s: %d passwords, %d codes, want %d and %d (%v)", fault, passwords, codes, want.passwords, want.codes, err)
				}
				t.Logf("%s: %s %q", fault, e.Class, e.Text)
			})
		}
	}
}

// TestLoginWrongKeys: what a user mistyped, as the simulator judges it.
func TestLoginWrongKeys(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*breeze.LoginKeys)
		class  breeze.LoginClass
	}{
		"password": {func(k *breeze.LoginKeys) { k.Password = secret.New("wrong one") }, breeze.LoginWrongPassword},
		"user":     {func(k *breeze.LoginKeys) { k.UserID = secret.New("NOBODY") }, breeze.LoginWrongPassword},
		"seed":     {func(k *breeze.LoginKeys) { k.TOTP = secret.New("GUZ2ASKWSB2M2ZVX3PMSSJHA") }, breeze.LoginCodeRefused},
	} {
		synctest.Test(t, func(t *testing.T) {
			server, account, client := mustDoor(t)
			keys := keysOf(account)
			c.change(&keys)
			_, err := client.Login(t.Context(), keys, breeze.LoginOptions{})
			var e *breeze.LoginError
			if !errors.As(err, &e) || e.Class != c.class {
				t.Errorf("%s: %v, want %s", name, err, c.class)
			}
			if passwords, _ := server.Submissions("asha"); passwords > 1 {
				t.Errorf("%s: %d passwords", name, passwords)
			}
		})
	}
}

// TestLoginApartClocks is test 56 against the simulator, which takes the current code only and none twice.
func TestLoginApartClocks(t *testing.T) {
	for _, skew := range []time.Duration{-20 * time.Second, 20 * time.Second, -59 * time.Second, 59 * time.Second} {
		for into := range 30 {
			synctest.Test(t, func(t *testing.T) {
				server, account, client := mustDoor(t)
				server.SetSkew(skew)
				time.Sleep(time.Duration(into) * time.Second)
				won, err := client.Login(t.Context(), keysOf(account), breeze.LoginOptions{})
				if err != nil {
					t.Fatalf("skew %s, %d s into it: %v", skew, into, err)
				}
				again, err := client.Login(t.Context(), keysOf(account), breeze.LoginOptions{LastCode: won.CodeStep})
				if err != nil || again.CodeStep <= won.CodeStep {
					t.Fatalf("skew %s, %d s into it, again: %v", skew, into, err)
				}
			})
		}
	}
	synctest.Test(t, func(t *testing.T) {
		server, account, client := mustDoor(t)
		server.SetSkew(5 * time.Minute)
		_, err := client.Login(t.Context(), keysOf(account), breeze.LoginOptions{})
		var e *breeze.LoginError
		if !errors.As(err, &e) || e.Class != breeze.LoginClockOff || isTouched(server) {
			t.Errorf("5 min ahead: %v", err)
		}
	})
}

// isTouched reports whether anything was submitted.
func isTouched(server *breezesim.Server) bool {
	passwords, codes := server.Submissions("asha")
	return passwords+codes > 0
}

// TestDirectAPI: the API session of an earlier login is taken again within its day, or the answer says why not.
func TestDirectAPI(t *testing.T) {
	for direct, want := range map[breezesim.DirectAPI]error{
		breezesim.DirectWorks: nil, breezesim.DirectNoToken: breeze.ErrNoSessionToken, breezesim.DirectRefused: breeze.ErrSession,
	} {
		synctest.Test(t, func(t *testing.T) {
			server, account, client := mustDoor(t)
			won, err := client.Login(t.Context(), keysOf(account), breeze.LoginOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.Exchange(t.Context(), won.APISession); err != nil {
				t.Fatal(err)
			}
			if err := server.SetLogin("asha", breezesim.LoginSwitches{DirectAPI: direct}); err != nil {
				t.Fatal(err)
			}
			if _, err := client.Exchange(t.Context(), won.APISession); !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Errorf("%s: %v, want %v", direct, err, want)
			}
		})
	}
}
