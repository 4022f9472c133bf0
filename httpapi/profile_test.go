package httpapi

import (
	"fmt"
	"testing"
)

// TestProfileOfAnAccount: an account is opened with a fidelity profile of the three; without one it is realistic.
func TestProfileOfAnAccount(t *testing.T) {
	w := newWorld(t)
	owner := w.mustOwner()
	for given, want := range map[string]string{"": "realistic", `,"profile":"learner"`: "learner", `,"profile":"pessimistic"`: "pessimistic"} {
		var account Account
		body := fmt.Sprintf(`{"name":"Book","capital":"100000","plan":"flat20","venue":"demo"%s}`, given)
		mustJSON(t, w.mustDo(201, ask{method: "POST", path: "/api/accounts", cookie: owner, body: body}), &account)
		if account.Profile != want {
			t.Errorf("opened with %q: profile %q, want %q", given, account.Profile, want)
		}
	}
	r := w.do(ask{method: "POST", path: "/api/accounts", cookie: owner, body: `{"name":"Book","capital":"100000","plan":"flat20","venue":"demo","profile":"lucky"}`})
	if r.Code < 400 || r.Code > 499 {
		t.Errorf("an unknown profile answers %d: %s", r.Code, r.Body)
	}
}
