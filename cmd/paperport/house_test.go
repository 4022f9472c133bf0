package main

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"paperport/config"
	"paperport/store"
)

// mustNewHouse builds a house that is not open yet, on an empty data directory and without a demo market.
func mustNewHouse(t *testing.T, settings ...string) *house {
	t.Helper()
	c, err := config.Load(nil, append([]string{"PAPERPORT_DATA_DIR=" + t.TempDir(), "PAPERPORT_DEMO=off", "PAPERPORT_ADDR=127.0.0.1:0"}, settings...))
	if err != nil {
		t.Fatal(err)
	}
	return newHouse(t.Context(), c, 8000, slog.New(slog.DiscardHandler))
}

// mustHouse opens it; it is closed at the end of the test.
func mustHouse(t *testing.T, settings ...string) *house {
	t.Helper()
	h := mustNewHouse(t, settings...)
	if err := h.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// paperport runs a command in this process on a data directory.
func paperport(t *testing.T, dataDir string, args ...string) (string, error) {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	root := newRoot()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append(args, "--data-dir", dataDir))
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func mustPaperport(t *testing.T, dataDir string, args ...string) string {
	t.Helper()
	out, err := paperport(t, dataDir, args...)
	if err != nil {
		t.Fatalf("paperport %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func ask(h http.Handler, host, path string) (int, string) {
	r := httptest.NewRequest(http.MethodGet, "http://"+host+path, nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	text, _ := io.ReadAll(w.Result().Body)
	return w.Code, string(text)
}

// TestReadyOnlyOnceOpen: the door answers first; requests can be served in full only behind an open, writable database.
// Without the right key and without a broker it is ready all the same.
func TestReadyOnlyOnceOpen(t *testing.T) {
	h := mustNewHouse(t)
	if code, _ := ask(h.api, "localhost:8000", "/livez"); code != 200 {
		t.Errorf("livez before the database is open: %d", code)
	}
	if code, text := ask(h.api, "localhost:8000", "/readyz"); code != 503 || !strings.Contains(text, "NOT_READY") {
		t.Errorf("readyz before the database is open: %d %s", code, text)
	}
	if err := h.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/livez", "/readyz"} {
		if code, text := ask(h.api, "localhost:8000", path); code != 200 || text != "ok\n" {
			t.Errorf("%s of an open house: %d %q, want ok and nothing of versions", path, code, text)
		}
	}
	h.ready = writeProbe{} // as if probeEvery had passed
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	if code, _ := ask(h.api, "localhost:8000", "/readyz"); code != 503 {
		t.Errorf("readyz when nothing can be written: %d", code)
	}
	if code, _ := ask(h.api, "localhost:8000", "/livez"); code != 200 {
		t.Errorf("livez when nothing can be written: %d", code)
	}
}

// addConnection gives a user a connection, as one that he made himself.
func addConnection(t *testing.T, rows store.Brokers, c store.Connection) {
	t.Helper()
	if err := rows.WriteBrokers(t.Context(), func(tx store.BrokerTx) error { return tx.SaveConnection(t.Context(), c) }); err != nil {
		t.Fatal(err)
	}
}
