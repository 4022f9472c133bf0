package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/clock"
	"paperport/store/sqlstore"
)

const goodPassword = "violet kettle under rain"

// world is the real handler over a database in a temporary directory, at 11:30 IST.
type world struct {
	t      *testing.T
	server *Server
	clock  *clock.Manual
	store  *sqlstore.Store
	users  *app.Users
	app    *app.App
	log    *bytes.Buffer
	broker *brokerSide
	market bazaar
}

var testFiles = fstest.MapFS{
	"index.html":                  {Data: []byte("<!doctype html><title>PaperPort</title>")},
	"assets/index-AbCd1234.js":    {Data: []byte("export const one = 1;")},
	"assets/index-AbCd1234.js.br": {Data: []byte("packed by br")},
	"assets/index-AbCd1234.js.gz": {Data: []byte("packed by gz")},
	"icon.svg":                    {Data: []byte("<svg/>")},
	".keep":                       {Data: []byte("")},
}

func newWorld(t *testing.T, edits ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, clock: clock.NewManual(time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)), log: &bytes.Buffer{}}
	log := slog.New(slog.NewJSONHandler(w.log, nil))
	var err error
	if w.store, err = sqlstore.Open(context.Background(), sqlstore.Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	w.users = mustUsers(t, w.store, w.clock)
	w.openMarket()
	limits := DefaultLimits
	limits.APIPerSecond, limits.EntryPerSecond = 0, 0
	options := Options{Clock: w.clock, Log: log, Files: testFiles, Port: 8000, Limits: limits, Version: "test"}
	for _, edit := range edits {
		edit(&options)
	}
	w.server = New(options)
	w.broker = newBrokerSide(w.clock.Now)
	w.server.Attach(w.app, w.users, w.broker)
	t.Cleanup(func() {
		w.server.Close()
		if err := errors.Join(w.app.Close(), w.store.Close()); err != nil {
			t.Error(err)
		}
	})
	return w
}

func mustUsers(t *testing.T, s *sqlstore.Store, c clock.Clock) *app.Users {
	t.Helper()
	hasher, err := auth.NewHasher(auth.FloorCost)
	if err != nil {
		t.Fatal(err)
	}
	span := auth.Span{Until: 23*time.Hour + 59*time.Minute, Zone: time.FixedZone("IST", 19800), Idle: 8 * time.Hour, Max: 24 * time.Hour}
	return app.NewUsers(app.UsersOptions{Rows: s.Users(), Hasher: hasher, Clock: c, Span: span})
}

// ask is one request; the zero value of a field means the ordinary.
type ask struct {
	method, path, body string
	host, remote       string
	cookie             string
	header             map[string]string
}

func (w *world) do(a ask) *httptest.ResponseRecorder {
	w.t.Helper()
	var body io.Reader
	if a.body != "" {
		body = strings.NewReader(a.body)
	}
	r := httptest.NewRequest(first(a.method, "GET"), a.path, body)
	r.Host = first(a.host, "localhost:8000")
	r.RemoteAddr = first(a.remote, "127.0.0.1:40000")
	if a.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.cookie != "" {
		r.Header.Set("Cookie", cookiePlain+"="+a.cookie)
	}
	for name, value := range a.header {
		r.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, r)
	return recorder
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// codeOf is the code of a problem, "" when the answer is none.
func codeOf(t *testing.T, r *httptest.ResponseRecorder) string {
	t.Helper()
	if !strings.HasPrefix(r.Header().Get("Content-Type"), "application/problem+json") {
		return ""
	}
	var p Problem
	if err := json.Unmarshal(r.Body.Bytes(), &p); err != nil {
		t.Fatalf("problem %q: %v", r.Body, err)
	}
	if p.Status != r.Code || p.Title == "" || p.Detail == "" || p.Code == "" || p.Context == nil {
		t.Errorf("incomplete problem %s with status %d", r.Body, r.Code)
	}
	return p.Code
}

// tokenOf is the login cookie an answer sets, "" when none.
func tokenOf(r *httptest.ResponseRecorder) string {
	for _, c := range r.Result().Cookies() {
		if c.Name == cookiePlain || c.Name == cookieSecure {
			return c.Value
		}
	}
	return ""
}

func (w *world) mustDo(status int, a ask) *httptest.ResponseRecorder {
	w.t.Helper()
	r := w.do(a)
	if r.Code != status {
		w.t.Fatalf("%s %s: got %d %s, want %d", first(a.method, "GET"), a.path, r.Code, r.Body, status)
	}
	return r
}

// mustOwner creates the owner and returns his cookie.
func (w *world) mustOwner() string {
	w.t.Helper()
	return tokenOf(w.mustDo(201, ask{method: "POST", path: "/api/setup", body: credentials("owner")}))
}

func credentials(name string) string {
	return `{"username":"` + name + `","password":"` + goodPassword + `"}`
}

// mustUser creates a user by invite and returns his cookie and id.
func (w *world) mustUser(owner, name string, role auth.Role) (cookie, id string) {
	w.t.Helper()
	var link InviteLink
	mustJSON(w.t, w.mustDo(200, ask{method: "POST", path: "/api/invites", body: `{"role":"` + string(role) + `"}`, cookie: owner}), &link)
	token := link.URL[strings.LastIndex(link.URL, "/")+1:]
	r := w.mustDo(201, ask{method: "POST", path: "/api/invites/" + token, body: credentials(name)})
	var answer UserAnswer
	mustJSON(w.t, r, &answer)
	return tokenOf(r), answer.User.ID
}

func mustJSON(t *testing.T, r *httptest.ResponseRecorder, into any) {
	t.Helper()
	if err := json.Unmarshal(r.Body.Bytes(), into); err != nil {
		t.Fatalf("answer %q: %v", r.Body, err)
	}
}

func (w *world) mustLogin(name string) string {
	w.t.Helper()
	return tokenOf(w.mustDo(200, ask{method: "POST", path: "/api/login", body: credentials(name)}))
}

func expect(t *testing.T, what string, r *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	if got := codeOf(t, r); r.Code != status || got != code {
		t.Errorf("%s: got %d %q (%s), want %d %q", what, r.Code, got, r.Body, status, code)
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
