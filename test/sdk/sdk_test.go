// Package sdk holds the test that the official Breeze SDK, unedited, works against our simulator. Its node_modules are
// installed by `make test` (npm ci).
package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"paperport/breezesim"
	"paperport/calendar"
)

// checks is how many lines the script prints when all is well; fewer means that a check was lost.
const checks = 19

func TestOfficialSDK(t *testing.T) {
	if _, err := os.Stat("node_modules/breezeconnect"); err != nil {
		if os.Getenv("CI") == "" {
			t.Skip("node_modules is absent: run `npm ci --ignore-scripts` in test/sdk first")
		}
		t.Fatal("node_modules is absent although this is CI")
	}
	now := calendar.FromTime(time.Now())
	if state := calendar.Demo().At(calendar.Board{Exchange: calendar.NSE, Segment: calendar.Equity}, now.Add(time.Minute)); state.Phase != calendar.Open {
		t.Skip("the demo market is closed from 23:55 to 00:00 IST: no ticks to stream")
	}
	simulator := breezesim.New(breezesim.Options{Seed: 1})
	defer simulator.Close()
	server := httptest.NewServer(simulator.Handler())
	defer server.Close()
	keys := simulator.Credentials()
	input, err := json.Marshal(map[string]string{"url": server.URL, "key": keys.Key, "secret": keys.Secret, "session": keys.APISession})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	command := exec.CommandContext(ctx, "node", "conformance.cjs")
	command.Env = append(os.Environ(), "TZ=UTC", "NODE_NO_WARNINGS=1")
	command.Stdin = bytes.NewReader(input)
	out, err := command.CombinedOutput()
	server.CloseClientConnections()
	if err != nil || strings.Count(string(out), "ok ") != checks {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("\n%s", out)
}
