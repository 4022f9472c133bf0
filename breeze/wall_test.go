package breeze

import (
	"errors"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"paperport/secret"
)

// recorder notes what passed the wall.
type recorder struct{ passed []string }

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	r.passed = append(r.passed, request.Method+" "+request.URL.Scheme+"://"+request.URL.Host+request.URL.EscapedPath())
	return nil, errors.New("recorded")
}

// endpoints are all of breeze-wire 2.1, with the login pages, the streams, the files, and spellings that a lenient
// server might take for one of them.
var endpoints = []string{
	"/breezeapi/api/v1/customerdetails", "/breezeapi/api/v1/dematholdings", "/breezeapi/api/v1/funds", "/breezeapi/api/v1/historicalcharts",
	"/api/v2/historicalcharts", "/breezeapi/api/v1/margin", "/breezeapi/api/v1/order", "/breezeapi/api/v1/portfolioholdings",
	"/breezeapi/api/v1/portfoliopositions", "/breezeapi/api/v1/quotes", "/breezeapi/api/v1/optionchain", "/breezeapi/api/v1/squareoff",
	"/breezeapi/api/v1/trades", "/breezeapi/api/v1/preview_order", "/breezeapi/api/v1/fnolmtpriceandqtycal",
	"/breezeapi/api/v1/margincalculator", "/breezeapi/api/v1/gttorder", "/socket.io/", "/ohlcvstream/", "/MotherAppMaster/SecurityMaster.zip",
	"/apiuser/login", "/apiuser/tradelogin", "/apiuser/tradelogin/getotp", "/apiuser/tradelogin/validateuser", "/apiuser/home",
	"/apiuser/tradelogin/goforotp", "/apiuser", "/apiuser/", "/apiuser/login/", "/apiuser/Login", "/apiuser/tradelogin/../home", "/apiuser/tradelogin/getotp/",
	"/breezeapi/api/v1/Order", "/breezeapi/api/v1/order/", "/breezeapi/api/v1//order", "/breezeapi/api/v1/quotes/../order", "/breezeapi/api/v1/%6frder",
	"/breezeapi/api/v1/quotes%2f..%2forder", "/breezeapi/api/v1/quotes;/order", "/breezeapi/api/v1/", "/breezeapi/api/v2/order", "/api/v1/order", "/order", "/", "",
	"/breezeapi/api/v1/quotes/", "/socket.io", "/socket.io/x", "/socket.io/../breezeapi/api/v1/order",
}

var methods = []string{"", "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "get", "Post"}

// TestWall offers every endpoint with every method at every host and asserts that exactly the allow-list passes.
func TestWall(t *testing.T) {
	const api, history, quotes, orders, master = "https://api.icicidirect.com", "https://breezeapi.icicidirect.com", "https://livestream.icicidirect.com", "https://livefeeds.icicidirect.com", "https://directlink.icicidirect.com"
	want := []string{
		"GET " + api + "/breezeapi/api/v1/customerdetails", "GET " + api + "/breezeapi/api/v1/dematholdings", "GET " + api + "/breezeapi/api/v1/funds",
		"GET " + api + "/breezeapi/api/v1/historicalcharts", "GET " + api + "/breezeapi/api/v1/portfolioholdings", "GET " + api + "/breezeapi/api/v1/portfoliopositions",
		"GET " + api + "/breezeapi/api/v1/quotes", "GET " + api + "/breezeapi/api/v1/optionchain", "GET " + api + "/breezeapi/api/v1/preview_order",
		"POST " + api + "/breezeapi/api/v1/margincalculator",
		"GET " + api + "/apiuser/login", "POST " + api + "/apiuser/tradelogin", "POST " + api + "/apiuser/tradelogin/getotp",
		"POST " + api + "/apiuser/tradelogin/validateuser",
		"GET " + history + "/api/v2/historicalcharts", "GET " + history + "/ohlcvstream/", "GET " + quotes + "/socket.io/", "GET " + orders + "/socket.io/",
		"GET " + master + "/MotherAppMaster/SecurityMaster.zip",
	}
	rec := &recorder{}
	w := newWall(ICICI(), secret.New("a key of ICICI"), rec)
	hosts := []string{api, history, quotes, orders, master, "http://api.icicidirect.com", "https://api.icicidirect.com:444", "https://API.icicidirect.com", "https://api.icicidirect.com.evil.example", "https://uatapi.icicidirect.com", "https://secure.icicidirect.com", "https://127.0.0.1", "http://localhost:8001"}
	for _, host := range hosts {
		for _, path := range endpoints {
			for _, method := range methods {
				request, err := http.NewRequestWithContext(t.Context(), "GET", host+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				if request.Method = method; method == "" {
					continue // net/http sends it as GET; the wall treats it so too, tested below
				}
				if response, err := w.RoundTrip(request); err == nil {
					t.Fatalf("%s %s%s was answered: %v", method, host, path, response)
				}
			}
		}
	}
	slices.Sort(want)
	slices.Sort(rec.passed)
	if !slices.Equal(rec.passed, want) {
		t.Errorf("passed:\n%s\nwant:\n%s", strings.Join(rec.passed, "\n"), strings.Join(want, "\n"))
	}
}

// TestWallRefusesDisguises: a method override, another Host header, credentials in the URL.
func TestWallRefusesDisguises(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"method override": func(r *http.Request) { r.Header.Set("X-HTTP-Method-Override", "DELETE") },
		"other host":      func(r *http.Request) { r.Host = "secure.icicidirect.com" },
		"credentials":     func(r *http.Request) { r.URL.User = nil; r.URL.Opaque = "//api.icicidirect.com/breezeapi/api/v1/order" },
		"empty method put back": func(r *http.Request) {
			r.Method = ""
			r.URL.Path = "/breezeapi/api/v1/order"
		},
		"raw path": func(r *http.Request) {
			r.URL.RawPath = "/breezeapi/api/v1/quotes%2F"
			r.URL.Path = "/breezeapi/api/v1/quotes/"
		},
	} {
		rec := &recorder{}
		request, err := http.NewRequestWithContext(t.Context(), "GET", "https://api.icicidirect.com/breezeapi/api/v1/quotes", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		change(request)
		_, err = newWall(ICICI(), secret.New("a key of ICICI"), rec).RoundTrip(request)
		if !errors.Is(err, ErrWall) && !errors.Is(err, ErrForeignKey) || len(rec.passed) != 0 {
			t.Errorf("%s: %v, passed %v", name, err, rec.passed)
		}
	}
}

// TestWallBetweenBrokers: a simulator's key never reaches ICICI and no other key reaches anything else, by any path, not
// even by a listed one; ICICI is not reached in plain text.
func TestWallBetweenBrokers(t *testing.T) {
	const icici, other, demo = "https://api.icicidirect.com", "http://127.0.0.1:8001", "DEMO1234"
	for name, c := range map[string]struct {
		key, base string
		isAllowed bool
	}{
		"demo key at the simulator":      {demo, other, true},
		"ICICI key at ICICI":             {"4f7!", icici, true},
		"demo key at ICICI":              {demo, icici, false},
		"demo key at a name in capitals": {demo, "https://API.ICICIDIRECT.COM", false},
		"demo key at a rooted name":      {demo, "https://api.icicidirect.com.", false},
		"demo key at another port":       {demo, "https://api.icicidirect.com:8443", false},
		"demo key at ICICI in clear":     {demo, "http://api.icicidirect.com", false},
		"ICICI key at the simulator":     {"4f7!", other, false},
		"ICICI key in clear":             {"4f7!", "http://api.icicidirect.com", false},
		"ICICI key at a look-alike":      {"4f7!", "https://api.icicidirect.com.evil.example", false},
		"ICICI key at another":           {"4f7!", "https://evilicicidirect.com", false},
		"no key at the simulator":        {"", other, false},
		"demo not at the start":          {"xDEMO", other, false},
		"demo in small letters":          {"demo1", other, false},
	} {
		rec := &recorder{}
		w := newWall(AllAt(c.base), secret.New(c.key), rec)
		for _, call := range [][2]string{
			{"GET", "/breezeapi/api/v1/customerdetails"}, {"GET", "/breezeapi/api/v1/quotes"}, {"GET", "/socket.io/?EIO=4"}, {"GET", "/ohlcvstream/"},
			{"GET", "/MotherAppMaster/SecurityMaster.zip"}, {"GET", "/apiuser/login"}, {"POST", "/apiuser/tradelogin/getotp"},
		} {
			request, err := http.NewRequestWithContext(t.Context(), call[0], c.base+call[1], http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			before := len(rec.passed)
			_, err = w.RoundTrip(request) //nolint:bodyclose // the recorder answers nothing
			if passed := len(rec.passed) > before; passed != c.isAllowed || !passed && !errors.Is(err, ErrForeignKey) {
				t.Errorf("%s: %s %s passed: %v, error %v", name, call[0], call[1], passed, err)
			}
		}
	}
	if !ICICI().IsICICI() || AllAt(other).IsICICI() || AllAt("http://api.icicidirect.com").IsICICI() {
		t.Error("IsICICI is wrong")
	}
}

// TestWallAfterRedirect: a broker's redirect is not followed, and if somebody made the client follow it, the wall stops it.
func TestWallAfterRedirect(t *testing.T) {
	c := mustClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/breezeapi/api/v1/order", http.StatusTemporaryRedirect)
	}), nil)
	if _, err := c.Quote(t.Context(), reliance); !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrGarbled) && !errors.Is(err, ErrOutage) {
		t.Errorf("an answer by redirect gave %v", err)
	}
	following := *c.http
	following.CheckRedirect = nil
	if _, err := following.Get(c.options.Hosts.API + pathV1 + "quotes"); !errors.Is(err, ErrWall) {
		t.Errorf("a followed redirect gave %v, want ErrWall", err)
	}
}

// eachLiteral visits every string literal of the non-test Go files below dir.
func eachLiteral(t *testing.T, dir string, visit func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == gotoken.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil {
					visit(path, text)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNoOtherPackageNamesTheBroker: only this package knows the broker's hosts, so only it can dial them.
func TestNoOtherPackageNamesTheBroker(t *testing.T) {
	found := false
	eachLiteral(t, "..", func(path, text string) {
		if !strings.Contains(strings.ToLower(text), "icicidirect.") {
			return
		}
		if filepath.Dir(path) != filepath.Join("..", "breeze") {
			t.Errorf("%s holds a broker host: %q", path, text)
		}
		found = true
	})
	if !found {
		t.Error("no broker host anywhere: the test looks at the wrong tree")
	}
}

// TestNoOrderPath: this package names no path by which anything is placed, changed, cancelled or moved.
func TestNoOrderPath(t *testing.T) {
	forbidden := []string{"order", "squareoff", "gtt", "fnolmt", "tradelogin", "margin"}
	exempt := []string{"preview_order", "margincalculator"}
	eachLiteral(t, ".", func(path, text string) {
		if strings.Contains(text, " ") || slices.Contains(exempt, text) {
			return // sentences are not paths
		}
		for _, word := range forbidden {
			if strings.Contains(strings.ToLower(text), word) {
				t.Errorf("%s names %q", path, text)
			}
		}
	})
	for _, call := range readCalls {
		if call.method != http.MethodGet && call.name != "margincalculator" {
			t.Errorf("%s %s is not a read", call.method, call.name)
		}
	}
}
