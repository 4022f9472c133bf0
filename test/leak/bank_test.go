package leak

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"paperport/breezesim"
)

// bank is the simulated broker, whose every token and session becomes a secret that is looked for.
type bank struct {
	*breezesim.Server
	d    *day
	http *httptest.Server
}

func mustBank(t *testing.T, d *day, callback string) *bank {
	t.Helper()
	b := &bank{d: d, Server: breezesim.New(breezesim.Options{Seed: 1, RedirectURL: func(string) string { return callback }})}
	b.http = httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(func() {
		b.Server.Close()
		b.http.CloseClientConnections()
		b.http.Close()
	})
	keys := b.Credentials()
	d.plant("the demo market's key", keys.Key)
	d.plant("the demo market's secret key", keys.Secret)
	d.plant("the demo market's API session", keys.APISession)
	return b
}

// The places in the broker's answers that hold a session.
var (
	tokenText      = regexp.MustCompile(`"session_token"\s*:\s*"([^"]+)"`)
	apiSessionText = regexp.MustCompile(`(?i)(?:apisession=|API_Session" value=")([0-9A-Za-z]{6,})`)
)

func (b *bank) serve(w http.ResponseWriter, r *http.Request) {
	isLogin := strings.HasPrefix(r.URL.Path, "/apiuser/")
	if !isLogin && !strings.HasSuffix(r.URL.Path, "/customerdetails") && !strings.HasPrefix(r.URL.Path, "/demo/") {
		b.Server.Handler().ServeHTTP(w, r)
		return
	}
	kept := &copier{ResponseWriter: w}
	b.Server.Handler().ServeHTTP(kept, r)
	all := kept.body.String() + " " + w.Header().Get("Location")
	for _, m := range tokenText.FindAllStringSubmatch(all, -1) {
		b.d.plant("session token", m[1])
		if plain, err := base64.StdEncoding.DecodeString(m[1]); err == nil {
			_, key, _ := strings.Cut(string(plain), ":")
			b.d.plant("key in a session token", key)
		}
	}
	for _, m := range apiSessionText.FindAllStringSubmatch(all, -1) {
		b.d.plant("API session", m[1])
	}
}

// copier keeps what it passes on.
type copier struct {
	http.ResponseWriter
	body bytes.Buffer
}

// Write passes p on.
func (c *copier) Write(p []byte) (int, error) {
	c.body.Write(p)
	return c.ResponseWriter.Write(p)
}
