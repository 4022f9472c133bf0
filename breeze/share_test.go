package breeze

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"paperport/clock"
	"paperport/secret"
)

// TestMeterAndWith: a key's budget goes on in a client made later and in one with another session; sessions stay apart.
func TestMeterAndWith(t *testing.T) {
	sent := 0
	answer := roundTrip(func(*http.Request) (*http.Response, error) { sent++; return nil, errors.New("no network in this test") })
	options := Options{Hosts: ICICI(), Clock: clock.NewManual(time.Unix(1_800_000_000, 0)), AppKey: secret.New("k"), Secret: secret.New("s"),
		PerMinute: 3, PerDay: 10, Reserve: 1, Transport: answer}
	first := New(options)
	token, err := NewToken(secret.New(testSession))
	if err != nil {
		t.Fatal(err)
	}
	with := first.With(token)
	if err := first.Probe(t.Context()); !errors.Is(err, ErrNoToken) {
		t.Errorf("the client that was copied has the copy's session: %v", err)
	}
	if err := with.Probe(t.Context()); errors.Is(err, ErrNoToken) || sent != 1 {
		t.Errorf("the copy sent %d requests: %v", sent, err)
	}
	options.Meter = first.Meter()
	second := New(options).With(token)
	for range 5 {
		_ = second.Probe(t.Context())
	}
	if sent != 3 || second.Spent().Used != 3 || first.Budget().MinuteUsed != 3 {
		t.Errorf("%d requests left within a limit of 3 a minute; counted %+v and %+v", sent, second.Spent(), first.Budget())
	}
}
