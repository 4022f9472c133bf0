package socketio

import (
	"bytes"
	"errors"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, in string
		kind     Kind
		event    string
		body     string
		err      error
	}{
		{"open", `0{"sid":"a"}`, Open, "", `{"sid":"a"}`, nil},
		{"close", `1`, Close, "", "", nil},
		{"ping", `2`, Ping, "", "", nil},
		{"ping with probe text", `2probe`, Ping, "", "", nil},
		{"pong", `3`, Pong, "", "", nil},
		{"upgrade", `5`, Ignored, "", "", nil},
		{"noop", `6`, Ignored, "", "", nil},
		{"connect with auth", `40{"user":"u"}`, Connect, "", `{"user":"u"}`, nil},
		{"connect bare", `40`, Connect, "", "", nil},
		{"connect root namespace spelled out", `40/,{"a":1}`, Connect, "", `{"a":1}`, nil},
		{"connect other namespace", `40/admin,{"a":1}`, Ignored, "", "", nil},
		{"disconnect", `41`, Disconnect, "", "", nil},
		{"event string", `42["join","4.1!2885"]`, Event, "join", `"4.1!2885"`, nil},
		{"event array", `42["join",["a","b"]]`, Event, "join", `["a","b"]`, nil},
		{"event of two arguments", `42["x",1,2]`, Event, "x", `1,2`, nil},
		{"event without argument", `42["x"]`, Event, "x", "", nil},
		{"event named disconnect", `42["disconnect","transport close"]`, Event, "disconnect", `"transport close"`, nil},
		{"event with ack id", `4217["x",1]`, Event, "x", "1", nil},
		{"event with escaped name", `42["a\"b",1]`, Event, `a"b`, "1", nil},
		{"ack", `43["x"]`, Ignored, "", "", nil},
		{"refusal", `44{"message":"no"}`, Refusal, "", `{"message":"no"}`, nil},
		{"binary event", `451-["x"]`, Ignored, "", "", nil},
		{"empty", ``, Ignored, "", "", ErrPacket},
		{"unknown type", `9`, Ignored, "", "", ErrPacket},
		{"bare message", `4`, Ignored, "", "", ErrPacket},
		{"unknown message", `48`, Ignored, "", "", ErrPacket},
		{"event without array", `42`, Ignored, "", "", ErrPacket},
		{"event cut short", `42["join","4.1`, Ignored, "", "", ErrPacket},
		{"event name not closed", `42["join]`, Ignored, "", "", ErrPacket},
		{"event name a number", `42[1,2]`, Ignored, "", "", ErrPacket},
		{"event with bad escape", `42["\q",2]`, Ignored, "", "", ErrPacket},
		{"event without comma", `42["a"2]`, Ignored, "", "", ErrPacket},
	} {
		got, err := Parse([]byte(c.in))
		if got.Kind != c.kind || string(got.Name) != c.event || string(got.Body) != c.body || !errors.Is(err, c.err) {
			t.Errorf("%s: Parse(%s) = %d %q %q, %v; want %d %q %q, %v", c.name, c.in, got.Kind, got.Name, got.Body, err, c.kind, c.event, c.body, c.err)
		}
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	frame := []byte(`42["stock",["4.1!2885",1219.45]]`)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := Parse(frame); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("Parse allocates %v times", n)
	}
}

// FuzzParse: no input panics, and what parses as an event is written and read back unchanged.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`0{}`, `2`, `3`, `40{"user":"u","token":"t"}`, `41`, `42["join",["4.1!2885"]]`, `4212["x"]`, `44{"message":"m"}`, `42["\u0041\"",1,2]`, `40/admin,`, `42["`, `4`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		p, err := Parse(frame)
		if err != nil || p.Kind != Event {
			return
		}
		again, err := Parse(AppendEvent(nil, string(p.Name), p.Body))
		if err != nil || again.Kind != Event || !bytes.Equal(again.Body, p.Body) {
			t.Fatalf("%q read as %q %q, read back as %q %q, %v", frame, p.Name, p.Body, again.Name, again.Body, err)
		}
	})
}
