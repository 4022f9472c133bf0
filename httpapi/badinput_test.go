package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestBadBodies sends every kind of broken body to every route that takes one.
func TestBadBodies(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	nobody := strings.Repeat("0", 32)
	for _, route := range w.server.Routes() {
		good := someBody[route.Method+" "+route.Path]
		if good == "" {
			continue
		}
		bodies := []struct{ name, body, codes string }{
			{"none", "", "BAD_JSON"},
			{"not JSON", "order 10 RELIANCE", "BAD_JSON"},
			{"cut off", good[:len(good)-1], "BAD_JSON"},
			{"trailing", good + good, "BAD_JSON"},
			{"null", "null", "BAD_FIELD"},
			{"array", "[" + good + "]", "BAD_FIELD"},
			{"number", "1e400", "BAD_JSON BAD_FIELD"},
			{"empty object", "{}", "BAD_FIELD"},
			{"unknown key", strings.Replace(good, "{", `{"cash":1,`, 1), "BAD_JSON"},
			{"injected user_id", strings.Replace(good, "{", `{"user_id":"`+nobody+`",`, 1), "BAD_JSON"},
			{"injected created_at", strings.Replace(good, "{", `{"created_at":"2020-01-01",`, 1), "BAD_JSON"},
			{"first key twice", twice(good), "BAD_JSON"},
			{"first key in capitals", capital(good), "BAD_JSON BAD_FIELD"},
			{"deep", strings.Repeat("[", 40) + strings.Repeat("]", 40), "BAD_JSON"},
			{"very deep", strings.Repeat("[", 4000), "BAD_JSON"},
			{"not UTF-8", strings.Replace(good, `:"`, ":\"\xff", 1), "BAD_JSON BAD_FIELD"},
			{"too large", `{"x":"` + strings.Repeat("y", 70<<10) + `"}`, "BODY_TOO_LARGE"},
		}
		for _, bad := range bodies {
			if bad.body == good || bad.body == "{}" && route.Path == "/api/broker/credentials" { // which may leave every field out
				continue // this kind of damage does not apply
			}
			a := askFor(route, nobody, nobody)
			a.cookie, a.body = owner, bad.body
			if bad.body == "" {
				a.header = map[string]string{"Content-Type": "application/json"}
			}
			r := w.do(a)
			code := codeOf(t, r)
			if r.Code < 400 || r.Code >= 500 || !strings.Contains(bad.codes, code) || code == "" {
				t.Errorf("%s %s, %s: got %d %s, want %s", a.method, a.path, bad.name, r.Code, r.Body, bad.codes)
			}
		}
		a := askFor(route, nobody, nobody)
		a.cookie, a.header = owner, map[string]string{"Content-Type": "text/plain"}
		expect(t, a.method+" "+a.path+" as text/plain", w.do(a), 415, "BAD_CONTENT_TYPE")
		a.header = map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
		expect(t, a.method+" "+a.path+" as a form", w.do(a), 415, "BAD_CONTENT_TYPE")
	}
	if out := w.log.String(); strings.Contains(out, "panicked") || strings.Contains(out, goodPassword) {
		t.Errorf("log shows a panic or a password: %.2000s", out)
	}
}

func twice(object string) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(object), &fields) != nil {
		return object
	}
	key := object[2 : 2+strings.Index(object[2:], `"`)]
	return fmt.Sprintf(`{"%s":%s,%s`, key, fields[key], object[1:])
}

func capital(object string) string {
	end := 2 + strings.Index(object[2:], `"`)
	return object[:2] + strings.ToUpper(object[2:end]) + object[end:]
}

// TestBadFields changes one field of an order at a time.
func TestBadFields(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	nobody := strings.Repeat("0", 32)
	order := func(field, value string) string {
		fields := map[string]string{"client_order_id": `"order-0001"`, "instrument": "1", "side": `"buy"`, "product": `"CNC"`, "type": `"limit"`,
			"validity": `"day"`, "qty": "1", "price": `"100.05"`}
		fields[field] = value
		parts := []string{}
		for name, text := range fields {
			if text != "" {
				parts = append(parts, fmt.Sprintf("%q:%s", name, text))
			}
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	rows := map[string][]string{
		"client_order_id": {"", `""`, `"short"`, `"has space"`, `"has/slash00"`, `"` + strings.Repeat("x", 65) + `"`, "12345678", "null"},
		"instrument":      {"", "0", "-1", "1.5", "1e3", `"1"`, "4294967296", "null"},
		"side":            {"", `"BUY"`, `"b"`, `""`, "1", "null"},
		"product":         {"", `"cnc"`, `"BO"`, "null"},
		"type":            {"", `"stop"`, `"LIMIT"`, "null"},
		"validity":        {"", `"gtt"`, "null"},
		"qty":             {"", "0", "-1", "1.5", "1e3", "9223372036854775808", "1000000001", `"1"`, `"NaN"`, "null", "1e999"},
		"price":           {"", `""`, `"0"`, `"-1"`, `"1e3"`, `"1,300.10"`, `"NaN"`, `"Inf"`, `"0x10"`, `" 1"`, `"+1"`, `"1."`, `".5"`, `"1.00001"`, `"99999999999999999999"`, "100.05", "null"},
		"tag":             {`"` + strings.Repeat("x", 41) + `"`, "1"},
	}
	for field, values := range rows {
		for _, value := range values {
			r := w.do(ask{method: "POST", path: "/api/accounts/" + nobody + "/orders", cookie: owner, body: order(field, value)})
			if code := codeOf(t, r); r.Code != 400 || code != "BAD_FIELD" && code != "BAD_JSON" {
				t.Errorf("%s=%s: got %d %s, want 400", field, value, r.Code, r.Body)
			}
		}
	}
	market := order("type", `"market"`)
	expect(t, "market order with a price", w.do(ask{method: "POST", path: "/api/accounts/" + nobody + "/orders", cookie: owner, body: market}), 400, "BAD_FIELD")
}

func TestBadQueries(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	nobody := strings.Repeat("0", 32)
	rows := []struct {
		path   string
		status int
		code   string
	}{
		{"/api/instruments?q=rel", 400, "BAD_FIELD"},
		{"/api/instruments?venue=demo&limit=0", 400, "BAD_FIELD"},
		{"/api/instruments?venue=demo&limit=51", 400, "BAD_FIELD"},
		{"/api/instruments?venue=demo&limit=x", 400, "BAD_FIELD"},
		{"/api/instruments?venue=demo&q=" + strings.Repeat("a", 65), 400, "BAD_FIELD"},
		{"/api/instruments?venue=demo&admin=1", 400, "BAD_FIELD"},
		{"/api/instruments/0?venue=demo", 400, "BAD_FIELD"},
		{"/api/instruments/-1?venue=demo", 400, "BAD_FIELD"},
		{"/api/instruments/x?venue=demo", 400, "BAD_FIELD"},
		{"/api/quotes?venue=demo&ids=", 400, "BAD_FIELD"},
		{"/api/quotes?venue=demo&ids=1,,2", 400, "BAD_FIELD"},
		{"/api/quotes?venue=demo&ids=1;2", 400, "BAD_FIELD"},
		{"/api/quotes?venue=demo&ids=" + strings.TrimSuffix(strings.Repeat("1,", 201), ","), 400, "BAD_FIELD"},
		{"/api/depth?venue=demo&id=0", 400, "BAD_FIELD"},
		{"/api/candles?venue=demo&id=1&interval=2m&from=2026-11-24T03:45:00Z&to=2026-11-24T04:45:00Z", 400, "BAD_FIELD"},
		{"/api/candles?venue=demo&id=1&interval=1m&from=today&to=2026-11-24T04:45:00Z", 400, "BAD_FIELD"},
		{"/api/candles?venue=demo&id=1&interval=1m&from=2026-11-24T04:45:00Z&to=2026-11-24T04:45:00Z", 400, "BAD_FIELD"},
		{"/api/accounts/" + nobody + "/orders?date=24-11-2026", 400, "BAD_FIELD"},
		{"/api/accounts/" + nobody + "/orders?date=2026-02-30", 400, "BAD_FIELD"},
		{"/api/accounts/" + nobody + "/orders/x", 404, "NOT_FOUND"},
		{"/api/accounts/" + nobody + "/orders/-1", 404, "NOT_FOUND"},
		{"/api/accounts/" + nobody + "/orders/01", 404, "NOT_FOUND"},
		{"/api/accounts/" + nobody + "/ledger?cursor=-1", 400, "BAD_FIELD"},
		{"/api/accounts/" + nobody + "/ledger?limit=201", 400, "BAD_FIELD"},
		{"/api/nothing", 404, "NO_ROUTE"},
		{"/api/users/../../etc/passwd", 404, "NO_ROUTE"},
		{"/api/login", 405, "METHOD_NOT_ALLOWED"},
		{"/missing.js", 404, "NO_ROUTE"},
	}
	for _, row := range rows {
		r := w.do(ask{path: row.path, cookie: owner})
		if r.Code == 301 || r.Code == 307 {
			continue // a path that is not clean is sent to its clean form
		}
		expect(t, row.path, r, row.status, row.code)
	}
}

func TestStrictJSON(t *testing.T) {
	rows := []struct {
		text string
		isOK bool
	}{
		{`{}`, true}, {`{"a":{"a":1},"b":{"a":1}}`, true}, {`[{"a":1},{"a":2}]`, true}, {` {"a" : [1, "x", null, true]} `, true},
		{`"a"`, true}, {`{"a":1,"a":2}`, false}, {`{"a":{"b":1,"b":1}}`, false}, {`[{"a":1,"a":1}]`, false}, {`{"a":1,"\u0061":2}`, false},
		{``, false}, {` `, false}, {`{`, false}, {`{"a"}`, false}, {`{"a":1}}`, false}, {`{"a":1} x`, false}, {`{} {}`, false},
		{`{'a':1}`, false}, {`{a:1}`, false}, {`[1,]`, false}, {"\"\xff\"", false}, {`NaN`, false}, {`01`, false},
		{strings.Repeat("[", 32) + strings.Repeat("]", 32), true}, {strings.Repeat("[", 33) + strings.Repeat("]", 33), false},
	}
	for _, row := range rows {
		var v any
		if err := unmarshalStrict([]byte(row.text), &v); (err == nil) != row.isOK {
			t.Errorf("%.40q: %v, want accepted %v", row.text, err, row.isOK)
		}
	}
}

func FuzzStrictJSON(f *testing.F) {
	for _, seed := range []string{`{"a":1,"a":2}`, `[{"a":[1,"x",null]}]`, `{"a":{"b":{}}} `, "\"\xff\"", `{"a":1}{}`, `{"a\u0062":1,"ab":2}`, `{"1":1,"2":2,"3":3,"4":4,"5":5,"6":6,"7":7,"8":8,"9":9,"10":1,"11":1,"12":1,"13":1,"14":1,"15":1,"16":1,"17":1,"18":1,"17":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		got, want := unmarshalStrict(data, &v) == nil, isStrict(data)
		if got != want {
			t.Errorf("%q: accepted %v, a slow reader says %v", data, got, want)
		}
	})
}

// isStrict says the same as unmarshalStrict, the slow and obvious way: token by token.
func isStrict(data []byte) bool {
	if !utf8.Valid(data) || !json.Valid(data) {
		return false
	}
	return isStrictValue(json.NewDecoder(bytes.NewReader(data)), 0)
}

func isStrictValue(d *json.Decoder, depth int) bool {
	token, err := d.Token()
	delim, isOpen := token.(json.Delim)
	if err != nil || !isOpen {
		return err == nil
	}
	if depth == jsonDepthMax {
		return false
	}
	names := map[string]bool{}
	for d.More() {
		if delim == '{' {
			name, err := d.Token()
			if err != nil || names[name.(string)] {
				return false
			}
			names[name.(string)] = true
		}
		if !isStrictValue(d, depth+1) {
			return false
		}
	}
	_, err = d.Token()
	return err == nil
}
