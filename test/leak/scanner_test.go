package leak

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestScanner: every form of a planted secret is found in the midst of other text, and nothing where there is none.
func TestScanner(t *testing.T) {
	const secret = `Aq9&%+"x\#4~kuZ(rM=2<ow`
	s := newScanner()
	s.plant("canary", secret)
	s.plant("number", "38730510")
	text := []byte(secret)
	slices.Reverse(text)
	wide := "some text before it " + secret + " and after it"
	for name, form := range map[string]string{
		"raw": secret, "reversed": string(text), "first half": secret[:12], "second half": secret[11:], "hex": hex.EncodeToString([]byte(secret)),
		"HEX": strings.ToUpper(hex.EncodeToString([]byte(secret))), "query": url.QueryEscape(secret), "path": url.PathEscape(secret),
		"html": html.EscapeString(secret), "json": `Aq9\u0026%+\"x\\#4~kuZ(rM=2\u003cow`, "base64 of it": base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 around it":      base64.StdEncoding.EncodeToString([]byte(wide)),
		"base64 one further":    base64.StdEncoding.EncodeToString([]byte("1" + wide)),
		"base64 two further":    base64.URLEncoding.EncodeToString([]byte("22" + wide)),
		"a number":              `{"session":38730510}`,
		"a number after a name": "apisession=38730510&",
	} {
		if got := s.scan(name, []byte("xxxxx"+form+"yyy")); len(got) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
	for name, clean := range map[string]string{"other text": strings.Repeat("nothing to see here ", 50), "a longer number": "1387305102", "short": "Aq9", "empty": ""} {
		if got := s.scan(name, []byte(clean)); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}
