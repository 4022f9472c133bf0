package httpapi

import (
	"fmt"
	"strings"
	"testing"
)

// TestRefusedNumbers: a refusal names the field in the words of the interface, never those of our types.
func TestRefusedNumbers(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	account := w.mustAccount(owner)
	terms := func(instrument, qty string) string {
		return fmt.Sprintf(`{"client_order_id":"order-0001","instrument":%s,"side":"buy","product":"CNC","type":"market","validity":"day","qty":%s}`, instrument, qty)
	}
	for _, row := range []struct{ name, body, field, words string }{
		{"a fraction of nothing", terms("1", "1.0"), "qty", "whole number"},
		{"an exponent", terms("1", "1e3"), "qty", "whole number"},
		{"beyond the schema", terms("1", "1000000001"), "qty", "at most 1000000000"},
		{"zero", terms("1", "0"), "qty", "at least 1"},
		{"2^63", terms("1", "9223372036854775808"), "qty", "at most 1000000000"},
		{"2^32", terms("4294967296", "1"), "instrument", "at most 4294967295"},
		{"beyond any number", terms("1", "1e400"), "body", "too large"},
		{"missing", strings.Replace(terms("1", "1"), `,"qty":1`, "", 1), "qty", "missing"},
		{"unknown instrument", terms("4294967295", "1"), "instrument", "unknown"},
	} {
		r := w.do(ask{method: "POST", path: account + "/orders", body: row.body, cookie: owner})
		var p Problem
		mustJSON(t, r, &p)
		if r.Code != 400 || p.Code != "BAD_FIELD" || p.Context["field"] != row.field || !strings.Contains(p.Detail, row.words) {
			t.Errorf("%s: got %d %s", row.name, r.Code, r.Body)
		}
		for _, inner := range []string{"json:", "Go ", "NewOrder", "e+0", ".."} {
			if strings.Contains(p.Detail, inner) {
				t.Errorf("%s: %q shows %q", row.name, p.Detail, inner)
			}
		}
	}
}

// TestInstrumentIDsDoNotWrap: an id of 2^32 and more is nobody's, not that of the instrument its low half names.
func TestInstrumentIDsDoNotWrap(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	for _, path := range []string{"/api/instruments/%d?venue=demo", "/api/depth?venue=demo&id=%d", "/api/quotes?venue=demo&ids=%d",
		"/api/candles?venue=demo&id=%d&interval=1m&from=2026-11-24T03:45:00Z&to=2026-11-24T04:45:00Z"} {
		path = fmt.Sprintf(path, 1<<32+1)
		expect(t, path, w.do(ask{path: path, cookie: owner}), 400, "BAD_FIELD")
	}
}
