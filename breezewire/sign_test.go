package breezewire

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestChecksum holds the vectors of 1.2, observed from the official SDKs.
func TestChecksum(t *testing.T) {
	for _, c := range []struct{ timestamp, body, want string }{
		{"2026-11-23T15:43:30.000Z", `{}`, "1e320e1815a00bc6c8ee0711d1bab1526b584f02d890372981c4e9adbc9f03e9"},
		{"2026-11-23T15:43:30.000Z", `{"exchange_code":"NSE","order_id":"1"}`, "7ae3a5bead138cfa8f99cfa8fbbd792d1bde6bac7ed41eb337e89e9479acf1cc"},
		{"2026-11-23T15:44:26.000Z", `{}`, "94153e4a69f9a8e63dc60411c9169ff1c2eb7a1e9464ef540afd6c240c7c7613"},
	} {
		if got := Checksum(c.timestamp, []byte(c.body), "se(ret!"); got != "token "+c.want {
			t.Errorf("Checksum(%s, %s) = %s, want token %s", c.timestamp, c.body, got, c.want)
		}
	}
}

func TestTimestamp(t *testing.T) {
	at := time.Date(2026, 11, 23, 21, 13, 30, 999, time.FixedZone("IST", 19800))
	text := Timestamp(at)
	if text != "2026-11-23T15:43:30.000Z" {
		t.Fatalf("Timestamp = %s", text)
	}
	if back, err := ParseTimestamp(text); err != nil || !back.Equal(at.Truncate(time.Second)) {
		t.Errorf("read back as %v, %v", back, err)
	}
	for _, bad := range []string{"", "2026-11-23T15:43:30Z", "2026-11-23 15:43:30.000Z"} {
		if _, err := ParseTimestamp(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// TestMarshal: what is hashed is what is sent: no escapes of < > &, no newline.
func TestMarshal(t *testing.T) {
	got, err := Marshal(map[string]string{"a": "<M&M>"})
	if err != nil || string(got) != `{"a":"<M&M>"}` {
		t.Errorf("Marshal = %q, %v", got, err)
	}
}

func TestSession(t *testing.T) {
	s, err := ParseSession("WFk2MDQ3MjE6OTk4ODc3NjY=")
	if err != nil || s.User != "XY604721" || s.Key != "99887766" || s.Encode() != "WFk2MDQ3MjE6OTk4ODc3NjY=" {
		t.Fatalf("got another session, %v", err)
	}
	if got := string(s.StreamAuth()); got != `{"user":"XY604721","token":"99887766"}` {
		t.Errorf("StreamAuth = %s", got)
	}
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s), fmt.Sprintf("%s", s), fmt.Sprint(&s)} {
		if strings.Contains(text, "XY604721") || strings.Contains(text, "99887766") {
			t.Errorf("a session prints itself: %s", text)
		}
	}
	if _, err := Marshal(s); err == nil {
		t.Error("a session became JSON")
	}
	for _, bad := range []string{"", "SNjhweuihjndmsbdhjqgy*", "bm9jb2xvbg==", "OnRva2Vu", "dXNlcjo=", "YTpiOmM=", strings.Repeat("A", 5000)} {
		if _, err := ParseSession(bad); !errors.Is(err, ErrSessionToken) {
			t.Errorf("ParseSession(%.20q) = %v, want ErrSessionToken", bad, err)
		}
	}
}

// TestEnvelope holds every shape of 1.6 and every text of 1.7.
func TestEnvelope(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   error
		sub    string
	}{
		{"object", 200, `{"Success":{"a":1},"Status":200,"Error":null}`, nil, `{"a":1}`},
		{"array, other order", 200, `{"Error":null,"Status":200,"Success":[1]}`, nil, `[1]`},
		{"empty array", 200, `{"Success":[],"Status":200,"Error":null}`, nil, `[]`},
		{"status as text", 200, `{"Success":[],"Status":"200","Error":""}`, nil, `[]`},
		{"null success", 200, `{"Success":null,"Status":200,"Error":null}`, nil, ``},
		{"empty success", 200, `{"Success":"","Status":200,"Error":null}`, nil, ``},
		{"byte order", 200, "\n {\"Success\":[],\"Status\":200,\"Error\":null}\n", nil, `[]`},
		{"invalid session", 200, `{"Success":null,"Status":500,"Error":"Invalid session."}`, FaultSession, ``},
		{"session over", 200, `{"Success":null,"Status":500,"Error":"Resource not available."}`, FaultSession, ``},
		{"unknown key", 200, `{"Success":null,"Status":500,"Error":"Public Key does not exist."}`, FaultKey, ``},
		{"gateway checksum, no Success", 200, `{"Status":5,"Error":"Authentication Fail :: Invalid Checksum."}`, FaultChecksum, ``},
		{"gateway checksum by 401", 401, `{"Status":5,"Error":"Authentication Fail :: Invalid Checksum."}`, FaultChecksum, ``},
		{"minute limit", 401, `{"Status":5,"Error":"Limit exceed: API call per minute:Try after some time"}`, FaultRateMinute, ``},
		{"day limit", 200, `{"Status":5,"Error":"Limit exceed: API call per day: "}`, FaultRateDay, ``},
		{"day limit, null status", 200, `{"Success":null,"Status":null,"Error":"Limit exceed: API call per day"}`, FaultRateDay, ``},
		{"limit with Success null", 200, `{"Success":null,"Status":5,"Error":"Limit exceed..."}`, FaultRateMinute, ``},
		{"no data", 200, `{"Success":null,"Status":500,"Error":"No Data Found"}`, FaultNoData, ``},
		{"sporadic", 200, `{"Success":null,"Status":500,"Error":"Invalid User Details"}`, FaultSporadic, ``},
		{"backend outage", 200, `{"Success":null,"Status":500,"Error":"Error while calling service, Please contact admin (T2:155)"}`, FaultOutage, ``},
		{"unknown text", 200, `{"Success":null,"Status":500,"Error":"Something new"}`, FaultOther, ``},
		{"error as object", 200, `{"Success":null,"Status":500,"Error":{"x":1}}`, FaultOther, ``},
		{"success with status 500", 200, `{"Success":[1],"Status":500,"Error":null}`, FaultOther, ``},
		{"good body, HTTP 500", 500, `{"Success":[1],"Status":200,"Error":null}`, FaultUnavailable, ``},
		{"exception", 500, `{"Message":"An error has occurred.","ExceptionMessage":"NRE","ExceptionType":"System.NullReferenceException","StackTrace":"at ..."}`, FaultException, ``},
		{"outage page", 200, `<html><body>An error occurred. Faithfully yours, nginx.</body></html>`, FaultOutage, ``},
		{"throttled page", 429, `<html>429</html>`, FaultRateMinute, ``},
		{"bad gateway", 502, `<html>502</html>`, FaultUnavailable, ``},
		{"unavailable", 503, ``, FaultUnavailable, ``},
		{"unauthorised without body", 401, ``, FaultSession, ``},
		{"not found without body", 404, ``, FaultUnavailable, ``},
		{"empty", 200, ``, FaultGarbled, ``},
		{"cut short", 200, `{"Success":[{"a":`, FaultGarbled, ``},
		{"array", 200, `[1,2]`, FaultGarbled, ``},
		{"other object", 200, `{"hello":1}`, FaultGarbled, ``},
	} {
		got, err := OpenEnvelope(c.status, []byte(c.body))
		if !errors.Is(err, c.want) || string(got) != c.sub {
			t.Errorf("%s: got %q, %v; want %q, %v", c.name, got, err, c.sub, c.want)
		}
	}
}

func TestEnvelopeKeepsTheBrokersTextApart(t *testing.T) {
	_, err := OpenEnvelope(200, Failure(500, "<script>\x1b[2J evil\r\n"+strings.Repeat("x", 500)))
	var refused *Refused
	if !errors.As(err, &refused) || strings.Contains(err.Error(), "script") {
		t.Fatalf("got %v", err)
	}
	if len(refused.Text) > textMax || strings.ContainsAny(refused.Text, "\x1b\r\n") {
		t.Errorf("text not cleaned: %q", refused.Text)
	}
}

func TestEnvelopeThereAndBack(t *testing.T) {
	body, err := Success([]int{1})
	if err != nil || string(body) != `{"Success":[1],"Status":200,"Error":null}` {
		t.Errorf("Success = %s, %v", body, err)
	}
	if got := string(Failure(500, TextNoData)); got != `{"Success":null,"Status":500,"Error":"No Data Found"}` {
		t.Errorf("Failure = %s", got)
	}
	if got := string(GatewayFailure(TextDayLimit)); got != `{"Status":5,"Error":"Limit exceed: API call per day: "}` {
		t.Errorf("GatewayFailure = %s", got)
	}
}
