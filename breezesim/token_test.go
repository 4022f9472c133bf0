package breezesim

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/socketio"
)

const (
	fine        = `{"Success":[],"Status":200,"Error":null}`
	unsigned    = `{"Status":5,"Error":"Authentication Fail :: Invalid Checksum."}`
	overForREST = `{"Success":null,"Status":500,"Error":"Resource not available."}`
)

// TestLives: when a login of 11:00 ends, by either rule, for REST and for customerdetails.
func TestLives(t *testing.T) {
	for _, c := range []struct {
		life Life
		at   calendar.Instant
		want bool
	}{
		{LifeDefault, (date + 1).At(-time.Microsecond), true},
		{LifeDefault, (date + 1).At(0), false},
		{LifeMidnight, (date + 1).At(0), false},
		{LifeDay, (date + 1).At(11*time.Hour - time.Microsecond), true},
		{LifeDay, (date + 1).At(11 * time.Hour), false},
	} {
		b := mustStart(t, start)
		b.mustSwitch(LoginSwitches{Life: c.life})
		a := b.Account("ada")
		apiSession := b.mustLogin(a, a)
		token := mustToken(t, b.exchange(a, apiSession))
		b.clock.Set(c.at.Time())
		wantREST, wantExchange := fine, `"Status":200`
		if !c.want {
			wantREST, wantExchange = unsigned, overForREST
		}
		name := fmt.Sprintf("%s at %s", c.life, c.at.IST())
		wantText(t, name, string(b.rest(a, token)), wantREST)
		wantText(t, name, string(b.exchange(a, apiSession)), wantExchange)
		if got := string(b.v1("dematholdings", "{}")); got != fine {
			t.Errorf("%s: the demo market's own session: %s", name, got)
		}
		b.end()
	}
}

// TestSessionsBelongToKeyAndUser: several at once, none good for another key, and a stranger's login through one's key is
// told by its user.
func TestSessionsBelongToKeyAndUser(t *testing.T) {
	b := mustStart(t, start)
	ada, bob := b.Account("ada"), b.Account("bob")
	first := b.mustLogin(ada, ada)
	b.clock.Advance(stepTime)
	second := b.mustLogin(ada, ada)
	if first == second {
		t.Error("two logins share an API session")
	}
	tokens := []string{mustToken(t, b.exchange(ada, first)), mustToken(t, b.exchange(ada, second))}
	for i, token := range tokens {
		wantText(t, fmt.Sprint("login ", i), string(b.rest(ada, token)), fine)
		wantText(t, "through another key", string(b.rest(bob, token)), unsigned)
	}
	wantText(t, "exchange through another key", string(b.exchange(bob, first)), breezewire.TextInvalidSession)
	foreign := b.exchange(ada, b.mustLogin(ada, bob))
	wantText(t, "bob through ada's key", string(foreign), `"idirect_userid":"`+bob.UserID.Reveal())
	wantText(t, "his token with her key", string(b.rest(ada, mustToken(t, foreign))), fine)
	wantText(t, "his token with his key", string(b.rest(bob, mustToken(t, foreign))), unsigned)
}

// TestDirectAPI: an API session given again.
func TestDirectAPI(t *testing.T) {
	b := mustStart(t, start)
	a := b.Account("ada")
	for direct, want := range map[DirectAPI]string{DirectDefault: `"session_token":"`, DirectWorks: `"session_token":"`, DirectRefused: breezewire.TextInvalidSession} {
		b.mustSwitch(LoginSwitches{DirectAPI: direct})
		apiSession := b.mustLogin(a, a)
		token := mustToken(t, b.exchange(a, apiSession))
		again := string(b.exchange(a, apiSession))
		wantText(t, string(direct), again, want)
		if direct != DirectRefused && mustToken(t, []byte(again)) != token {
			t.Errorf("%q: another token", direct)
		}
		wantText(t, "the first token", string(b.rest(a, token)), fine)
		b.clock.Advance(stepTime)
	}
	b.mustSwitch(LoginSwitches{DirectAPI: DirectNoToken})
	apiSession := b.mustLogin(a, a)
	mustToken(t, b.exchange(a, apiSession))
	var reply struct {
		Success map[string]any
		Status  int
	}
	mustDecode(t, b.exchange(a, apiSession), &reply)
	if token := reply.Success["session_token"]; reply.Status != 200 || (token != nil && token != "") {
		t.Errorf("no_token: status %d, a token is there: %t", reply.Status, token != nil)
	}
}

// dial connects to the quote stream with a token.
func (b *bench) dial(token string) (*socketio.Client, error) {
	session, err := breezewire.ParseSession(token)
	if err != nil {
		b.t.Fatal(err)
	}
	return socketio.Dial(context.Background(), socketio.DialOptions{URL: "ws" + strings.TrimPrefix(b.http.URL, "http") + "/socket.io/", Auth: session.StreamAuth()})
}

// TestKill: a login that dies at midday is refused by REST and cut from the streams; others go on.
func TestKill(t *testing.T) {
	b := mustStart(t, start)
	ada, bob := b.Account("ada"), b.Account("bob")
	adaAPI := b.mustLogin(ada, ada)
	adaToken, bobToken := mustToken(t, b.exchange(ada, adaAPI)), mustToken(t, b.exchange(bob, b.mustLogin(bob, bob)))
	socket, err := b.dial(adaToken)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	other, err := b.dial(bobToken)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	b.KillSessions("ada")
	if _, err := socket.Next(); err == nil {
		t.Error("the socket lives on")
	}
	if again, err := b.dial(adaToken); err == nil {
		again.Close()
		t.Error("the token connects again")
	}
	wantText(t, "REST", string(b.rest(ada, adaToken)), unsigned)
	wantText(t, "customerdetails", string(b.exchange(ada, adaAPI)), overForREST)
	wantText(t, "another account", string(b.rest(bob, bobToken)), fine)
	b.clock.Advance(stepTime)
	fresh := mustToken(t, b.exchange(ada, b.mustLogin(ada, ada)))
	wantText(t, "a new login", string(b.rest(ada, fresh)), fine)
	b.KillSessions("")
	wantText(t, "all killed", string(b.rest(bob, bobToken)), unsigned)
	if got := string(b.v1("dematholdings", "{}")); got != fine {
		t.Errorf("the demo market's own: %s", got)
	}
	b.KillSessions(House)
	if got := string(b.v1("dematholdings", "{}")); got != unsigned {
		t.Errorf("the demo market's own, killed by name: %s", got)
	}
}

// TestRESTFaults shows each fault on v1, v2 and customerdetails, for one account only.
func TestRESTFaults(t *testing.T) {
	b := mustStart(t, start)
	ada, bob := b.Account("ada"), b.Account("bob")
	apiSession := b.mustLogin(ada, ada)
	token := mustToken(t, b.exchange(ada, apiSession))
	bobToken := mustToken(t, b.exchange(bob, b.mustLogin(bob, bob)))
	for fault, want := range map[RESTFault]string{
		RESTThrottled: "429 Too Many Requests", RESTMinute: `{"Status":5,"Error":"Limit exceed: API call per minute:Try after some time"}`,
		RESTDay: `{"Status":5,"Error":"Limit exceed: API call per day: "}`, RESTOutage: "Faithfully yours, nginx.", RESTDown: "502 Bad Gateway",
		RESTStaticIP: textStaticIP,
	} {
		if err := b.SetREST("ada", RESTSwitches{Fault: fault}); err != nil {
			t.Fatal(err)
		}
		wantText(t, string(fault), string(b.rest(ada, token)), want)
		wantText(t, string(fault), string(b.exchange(ada, apiSession)), want)
		wantText(t, string(fault), string(b.send("GET", v2, "", http.Header{breezewire.HeaderKeyV2: {ada.Key.Reveal()}, breezewire.HeaderSession: {token}})), want)
		wantText(t, string(fault)+" of another", string(b.rest(bob, bobToken)), fine)
	}
	if err := b.SetREST("", RESTSwitches{}); err != nil {
		t.Fatal(err)
	}
	wantText(t, "over", string(b.rest(ada, token)), fine)
}

// TestSkew: the broker's clock is what Date tells and what signatures and codes are checked against.
func TestSkew(t *testing.T) {
	b := mustStart(t, start)
	b.SetSkew(5 * time.Minute)
	answer, err := http.Get(b.http.URL + master)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if want := start.Add(5 * time.Minute).Time().UTC().Format(http.TimeFormat); answer.Header.Get("Date") != want {
		t.Errorf("Date %s, want %s", answer.Header.Get("Date"), want)
	}
	if got := string(b.v1("trades", "{}")); got != unsigned {
		t.Errorf("a signature by our clock: %s", got)
	}
	a := b.Account("ada")
	w := b.mustPanel(a)
	wantText(t, "a code by our clock", w.code(a.CodeAt(b.clock.Now()).Reveal()).text, textWrongTOTP)
	if w.code(a.CodeAt(b.brokerNow().Time()).Reveal()).apiSession() == "" {
		t.Error("a code by the broker's clock was refused")
	}
}

// TestRequestCounts: REST calls are counted by key, and the busiest minute slides.
func TestRequestCounts(t *testing.T) {
	b := mustStart(t, start)
	a := b.Account("ada")
	token := mustToken(t, b.exchange(a, b.mustLogin(a, a))) // the first request
	for _, wait := range []time.Duration{59 * time.Second, time.Second, 0, 0, time.Minute, 59 * time.Second} {
		b.clock.Advance(wait)
		b.rest(a, token)
	}
	if got := b.Counts("ada"); got.Requests != 7 || got.Busiest != 4 {
		t.Errorf("%d requests, busiest minute %d; want 7 and 4", got.Requests, got.Busiest)
	}
	b.exchange(Account{Key: b.Account("bob").Secret}, "12345678")
	if got := b.Counts(""); got.Requests != 1 {
		t.Errorf("%d requests with a key of nobody", got.Requests)
	}
}
