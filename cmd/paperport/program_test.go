package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"paperport/calendar"
)

// binary builds the program once, as a user would get it.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("PAPERPORT_BIN"); path != "" {
		return filepath.Abs(path)
	}
	dir, err := os.MkdirTemp("", "paperport-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "paperport")
	output, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", errors.New(string(output))
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil && os.Getenv("PAPERPORT_BIN") == "" {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// program is one run of the binary in a directory with nothing in it and an environment with nothing of ours.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	base   string
	client *http.Client

	mu   sync.Mutex // guards talk
	talk bytes.Buffer
	done chan struct{} // standard error ended
}

func mustBinary(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs the binary to its end.
func run(t *testing.T, dir string, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, mustBinary(t), args...)
	cmd.Dir, cmd.Env = dir, env
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), talk.String(), cmd.ProcessState.ExitCode()
}

var baseLine = regexp.MustCompile(`PaperPort is at (\S+)`)

// mustServe starts the server and waits until it says where it is.
func mustServe(t *testing.T, dir string, env []string, args ...string) *program {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, cmd: exec.Command(mustBinary(t), args...), done: make(chan struct{}),
		client: &http.Client{Jar: jar, Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}}
	p.cmd.Dir, p.cmd.Env = dir, env
	pipe, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); <-p.done; _ = p.cmd.Wait() })
	found := make(chan string, 1)
	go p.listen(pipe, found)
	select {
	case p.base = <-found:
	case <-p.done:
		t.Fatalf("ended at once: %s", p.said())
	case <-time.After(time.Minute):
		t.Fatalf("does not say where it is: %s", p.said())
	}
	return p
}

func (p *program) listen(pipe io.Reader, found chan<- string) {
	defer close(p.done)
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.talk.Write(append(lines.Bytes(), '\n'))
		p.mu.Unlock()
		if m := baseLine.FindStringSubmatch(lines.Text()); m != nil {
			found <- m[1]
		}
	}
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.talk.String()
}

// stop asks the program to end and returns its exit code.
func (p *program) stop(signal os.Signal) int {
	p.t.Helper()
	p.client.CloseIdleConnections() // the server waits five seconds for one that was dialled and never used
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	<-p.done
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

// call makes one JSON request and decodes the answer into answer.
func (p *program) call(method, path string, body, answer any) int {
	p.t.Helper()
	text := []byte{}
	if body != nil {
		text, _ = json.Marshal(body)
	}
	r, err := http.NewRequest(method, p.base+path, bytes.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	if answer != nil && json.NewDecoder(response.Body).Decode(answer) != nil {
		p.t.Fatalf("%s %s: status %d, no JSON", method, path, response.StatusCode)
	}
	return response.StatusCode
}

func (p *program) must(status int, method, path string, body, answer any) {
	p.t.Helper()
	var raw json.RawMessage
	if got := p.call(method, path, body, &raw); got != status {
		p.t.Fatalf("%s %s: got %d %s, want %d", method, path, got, raw, status)
	}
	if answer != nil && json.Unmarshal(raw, answer) != nil {
		p.t.Fatalf("%s %s: got %s", method, path, raw)
	}
}

// until asks again until isSo, as a page would.
func (p *program) until(what string, isSo func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); !isSo(); <-time.After(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("not within a minute: %s; it said: %s", what, p.said())
		}
	}
}

// emptyWorld is a directory with nothing in it and an environment that knows only where home is.
func emptyWorld(t *testing.T) (dir string, env []string) {
	t.Helper()
	home := t.TempDir()
	return t.TempDir(), []string{"HOME=" + home, "PAPERPORT_ADDR=127.0.0.1:0", "PAPERPORT_SIM_ADDR=127.0.0.1:0"}
}

const goodPassword = "violet kettle under rain"

var owner = map[string]string{"username": "owner", "password": goodPassword}

func TestNothingBesideTheBinary(t *testing.T) {
	dir, env := emptyWorld(t)
	p := mustServe(t, dir, env)
	p.must(201, "POST", "/api/setup", owner, nil)
	var me struct {
		Accounts []struct{ ID, Name, Capital string }
	}
	p.until("the first account is there", func() bool {
		p.must(200, "GET", "/api/me", nil, &me)
		return len(me.Accounts) == 1
	})
	if me.Accounts[0].Name != "Main" || me.Accounts[0].Capital != "1000000.00" {
		t.Errorf("first account %+v", me.Accounts[0])
	}
	var lists struct{ Lists []struct{ Instruments []int } }
	p.until("the first watch list is there", func() bool {
		p.must(200, "GET", "/api/watchlists", nil, &lists)
		return len(lists.Lists) == 1
	})
	if len(lists.Lists[0].Instruments) < 8 {
		t.Errorf("watch list %+v", lists)
	}
	var hits struct{ Instruments []struct{ ID int } }
	p.must(200, "GET", "/api/instruments?venue=demo&q=reliance&limit=1", nil, &hits)
	var venues struct{ Venues []struct{ Budget *struct{} } }
	p.must(200, "GET", "/api/venues", nil, &venues)
	if len(venues.Venues) == 0 || venues.Venues[0].Budget != nil {
		t.Errorf("the demo market counts requests: %+v", venues)
	}
	trade(p, me.Accounts[0].ID, hits.Instruments[0].ID)

	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("stopped with %d: %s", code, p.said())
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left in the working directory: %v, %v", left, err)
	}
	if out, talk, code := run(t, dir, env, "verify-ledger"); code != 0 || !strings.Contains(out, "1 accounts, ") {
		t.Errorf("verify-ledger: %d %s %s", code, out, talk)
	}
	if out, talk, code := run(t, dir, env, "verify-audit"); code != 0 || !strings.Contains(out, "unbroken") {
		t.Errorf("verify-audit: %d %s %s", code, out, talk)
	}
	again := mustServe(t, dir, env, "serve", "--demo=off")
	again.must(200, "POST", "/api/login", owner, nil)
}

// trade buys once the market is there, and looks for the fill. From 23:55 to 00:00 IST there is none to trade in.
func trade(p *program, account string, instrument int) {
	p.t.Helper()
	soon := calendar.FromTime(time.Now()).Add(time.Minute)
	if calendar.Demo().At(calendar.Board{Exchange: calendar.NSE, Segment: calendar.Equity}, soon).Phase != calendar.Open {
		p.t.Log("the demo market is closed until midnight IST: nothing is bought")
		return
	}
	type receipt struct {
		OrderID string `json:"order_id"`
		Code    string `json:"code"`
	}
	order := map[string]any{"instrument": instrument, "side": "buy", "product": "CNC", "type": "market", "validity": "day", "qty": 10}
	n := 0
	p.until("an order is taken", func() bool {
		n++
		order["client_order_id"] = "order-" + strings.Repeat("0", n)
		var r receipt
		status := p.call("POST", "/api/accounts/"+account+"/orders", order, &r)
		return status == 201 && r.OrderID != ""
	})
	var trades struct{ Trades []struct{ Qty int } }
	p.until("the order is filled", func() bool {
		p.must(200, "GET", "/api/accounts/"+account+"/trades", nil, &trades)
		return len(trades.Trades) > 0
	})
}

func TestExitCodes(t *testing.T) {
	dir, env := emptyWorld(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	rows := []struct {
		name string
		env  []string
		args []string
		code int
		says string
	}{
		{"version", nil, []string{"version"}, 0, ""},
		{"settings", nil, []string{"config"}, 0, ""},
		{"unknown command", nil, []string{"fly"}, 2, "fly"},
		{"unknown flag", nil, []string{"serve", "--fly"}, 2, "fly"},
		{"argument", nil, []string{"serve", "now"}, 2, "now"},
		{"no user named", nil, []string{"user", "reset-link"}, 2, "user name"},
		{"no database yet", nil, []string{"user", "list"}, 1, "no database"},
		{"address in use", []string{"PAPERPORT_ADDR=" + taken.Addr().String()}, nil, 1, "in use"},
		{"data directory is a file", []string{"PAPERPORT_ADDR=127.0.0.1:0", "PAPERPORT_DATA_DIR=" + os.Args[0]}, nil, 1, "PAPERPORT_DATA_DIR"},
		{"in the clear to everybody", []string{"PAPERPORT_ADDR=0.0.0.0:0"}, nil, 78, "Three ways out"},
		{"bad setting", []string{"PAPERPORT_DEMO=maybe"}, nil, 78, "PAPERPORT_DEMO"},
		{"no certificate", []string{"PAPERPORT_TLS_CERT=none.pem", "PAPERPORT_TLS_KEY=none.pem"}, nil, 78, "none.pem"},
	}
	for _, row := range rows {
		_, talk, code := run(t, dir, append(append([]string{}, env...), row.env...), row.args...)
		if code != row.code || !strings.Contains(talk, row.says) {
			t.Errorf("%s: got %d %q, want %d and %q", row.name, code, talk, row.code, row.says)
		}
	}
}

func TestSecondProcessAndTools(t *testing.T) {
	dir, env := emptyWorld(t)
	p := mustServe(t, dir, env, "serve", "--demo=off", "--log-level=debug")
	p.must(201, "POST", "/api/setup", owner, nil)
	if _, talk, code := run(t, dir, env, "serve", "--demo=off"); code != 3 {
		t.Errorf("second server: got %d %s, want 3", code, talk)
	}
	if out, _, code := run(t, dir, env, "user", "list"); code != 0 || !strings.Contains(out, "owner") {
		t.Errorf("user list: %d %s", code, out)
	}
	link, talk, code := run(t, dir, env, "user", "reset-link", "owner")
	if code != 0 {
		t.Fatalf("reset-link: %d %s", code, talk)
	}
	token := strings.TrimSpace(link[strings.LastIndex(link, "/")+1:])
	if got := p.call("POST", "/api/reset", map[string]string{"token": token, "password": "amber spoon above snow"}, nil); got != 204 {
		t.Errorf("reset beside a running server: got %d", got)
	}
	var refused struct{ Code string }
	if got := p.call("POST", "/api/login", owner, &refused); got != 401 || refused.Code != "LOGIN_FAILED" {
		t.Errorf("old password: got %d %s", got, refused.Code)
	}
	if _, _, code := run(t, dir, env, "user", "reset-link", "nobody"); code != 1 {
		t.Errorf("reset-link for nobody: got %d", code)
	}
	cookies := []string{goodPassword, "amber spoon", token}
	for _, secret := range cookies {
		if strings.Contains(p.said(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if code := p.stop(os.Interrupt); code != 0 {
		t.Errorf("interrupted: got %d", code)
	}
}

func TestOwnTLS(t *testing.T) {
	dir, env := emptyWorld(t)
	cert, key := mustCertificate(t)
	env = append(env, "PAPERPORT_ADDR=0.0.0.0:0", "PAPERPORT_TLS_CERT="+cert, "PAPERPORT_TLS_KEY="+key)
	p := mustServe(t, dir, env, "serve", "--demo=off")
	if !strings.HasPrefix(p.base, "https://localhost:") {
		t.Fatalf("base %q", p.base)
	}
	p.until("it prints the one-time link", func() bool { return strings.Contains(p.said(), "?link=") })
	response, err := p.client.Post(p.base+"/api/setup", "application/json", strings.NewReader(`{"username":"owner","password":"`+goodPassword+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got := response.Header.Get("Set-Cookie"); response.StatusCode != 201 || !strings.HasPrefix(got, "__Host-pp_login=") || !strings.Contains(got, "Secure") {
		t.Errorf("setup over TLS: %d, cookie %q", response.StatusCode, got)
	}
	p.must(200, "GET", "/api/me", nil, nil)
	plain, err := http.Get("http" + strings.TrimPrefix(p.base, "https") + "/")
	if err == nil {
		defer plain.Body.Close()
		if plain.StatusCode != 400 {
			t.Errorf("plain http on the TLS port: got %d", plain.StatusCode)
		}
	}
}

// mustCertificate writes a self-signed certificate for localhost.
func mustCertificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
