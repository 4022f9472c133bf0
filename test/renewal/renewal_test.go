package renewal

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/breezesim"
	"paperport/breezewire"
	"paperport/calendar"
	"paperport/secret"
	"paperport/store"
	"paperport/vault"
)

func TestMain(m *testing.M) {
	if os.Getenv(childDir) != "" {
		fmt.Fprintln(os.Stderr, child())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func kills() int {
	if os.Getenv("PAPERPORT_SOAK") != "" {
		return 20
	}
	return 4
}

const tag = "asha"

// door is the broker: the simulator behind a hook on its login pages.
type door struct {
	simulator *breezesim.Server
	mu        sync.Mutex // guards hook
	hook      func(path string, isAnswered bool)
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	hook := d.hook
	d.mu.Unlock()
	if hook != nil {
		hook(r.URL.Path, false)
	}
	d.simulator.Handler().ServeHTTP(w, r)
	if hook != nil {
		hook(r.URL.Path, true)
	}
}

func (d *door) on(hook func(string, bool)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hook = hook
}

// story is one data directory at one broker.
type story struct {
	t     *testing.T
	dir   string
	key   string
	url   string
	epoch time.Time
	door  *door
	logs  bytes.Buffer
}

// mustStory stores the credentials of a fresh account, the password as given ("" for the right one).
func mustStory(t *testing.T, password string) (*story, breezesim.Account) {
	t.Helper()
	dir := t.TempDir()
	s := &story{t: t, dir: filepath.Join(dir, "data"), key: filepath.Join(dir, "key"), epoch: time.Now()}
	key, _ := vault.NewKey()
	if err := vault.CreateKeyFile(s.key, key); err != nil {
		t.Fatal(err)
	}
	s.door = &door{simulator: breezesim.New(breezesim.Options{Clock: fast{s.epoch}})}
	server := httptest.NewServer(s.door)
	t.Cleanup(func() { s.door.simulator.Close(); server.Close() })
	s.url = server.URL
	account := s.door.simulator.Account(tag)
	f := app.BrokerFields{APIKey: account.Key, SecretKey: account.Secret, LoginID: account.UserID, Password: account.Password, TOTP: account.TOTPSecret}
	if password != "" {
		f.Password = secret.New(password)
	}
	s.with(func(own *side) {
		if _, err := own.SaveCredentials(t.Context(), app.Actor{User: auth.User{ID: user}}, f, app.From{}); err != nil {
			t.Fatal(err)
		}
	})
	return s, account
}

// with opens the broker side in this process, while no child runs.
func (s *story) with(f func(*side)) {
	s.t.Helper()
	own, err := openSide(s.t.Context(), s.dir, s.key, s.url, fast{s.epoch})
	if err != nil {
		s.t.Fatal(err)
	}
	f(own)
	if err := own.close(); err != nil {
		s.t.Error(err)
	}
}

// run starts a child and kills it when told to or after max.
func (s *story) run(kill <-chan struct{}, most time.Duration) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childDir+"="+s.dir, childKey+"="+s.key, childURL+"="+s.url, childEpoch+"="+strconv.FormatInt(s.epoch.UnixNano(), 10))
	cmd.Stdout, cmd.Stderr = &s.logs, &s.logs
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-kill:
	case <-time.After(most):
	case err := <-ended:
		s.t.Fatalf("the child ended by itself: %v\n%s", err, s.logs.String())
	}
	_ = cmd.Process.Kill()
	if err := <-ended; err == nil {
		s.t.Error("the child ended in order, though it was killed")
	}
}

// points are where a process may die in a login: before and after each page has the request.
var points = []struct {
	path       string
	isAnswered bool
}{
	{breezewire.PathLogin, false}, {breezewire.PathTradeLogin, true}, {breezewire.PathGetOTP, false}, {breezewire.PathGetOTP, true},
	{breezewire.PathValidateUser, false}, {breezewire.PathValidateUser, true},
}

// TestKills: whatever the moment at which the process dies, at most two passwords reach the broker that day, no code
// comes twice, the account is not locked, and each submission was written before it left.
func TestKills(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	for _, password := range []string{"wrong password 7", ""} {
		s, account := mustStory(t, password)
		first := random.IntN(len(points))
		for i := range kills() {
			point := points[(first+i)%len(points)]
			kill := make(chan struct{})
			var once sync.Once
			late := time.Duration(random.IntN(3)) * time.Millisecond
			s.door.on(func(path string, isAnswered bool) {
				if path == point.path && isAnswered == point.isAnswered {
					once.Do(func() { time.AfterFunc(late, func() { close(kill) }) })
				}
			})
			s.run(kill, 1500*time.Millisecond)
		}
		s.door.on(nil)
		s.run(nil, 2*time.Second)
		counts := s.door.simulator.Counts(tag)
		t.Logf("password %q: %+v", password, counts)
		if counts.Passwords < 1 || counts.Passwords > 2 || counts.Codes > 2 || counts.Repeats > 0 || counts.IsLocked {
			t.Errorf("password %q: %+v, want at most 2 submissions", password, counts)
		}
		s.check(password, counts)
		s.checkSecrets(account, password)
	}
}

// check compares what is on record with what the broker saw.
func (s *story) check(password string, counts breezesim.Counts) {
	s.t.Helper()
	s.with(func(own *side) {
		list, err := own.db.Brokers().Submissions(s.t.Context(), user, calendar.FromTime(begin).Date())
		if err != nil || len(list) < counts.Passwords || len(list) > 2 {
			s.t.Errorf("%d submissions on record, %d at the broker, %v", len(list), counts.Passwords, err)
		}
		conn, err := own.db.Brokers().Connection(s.t.Context(), user)
		if err != nil || password != "" && conn.NeedsUser == "" {
			s.t.Errorf("connection %+v, %v: want it to wait for the user", conn, err)
		}
		if password == "" && conn.NeedsUser != "" && conn.NeedsUser != string(app.FailedBudget) {
			s.t.Errorf("the right password waits for the user: %s", conn.NeedsUser)
		}
		if row, err := own.db.Brokers().BrokerSession(s.t.Context(), user); password == "" && conn.NeedsUser == "" && (err != nil || row.Broker != store.DemoBroker) {
			s.t.Errorf("no session though nothing is in the way: %+v, %v", row, err)
		}
	})
}

// checkSecrets looks for the account's secrets in everything that was written.
func (s *story) checkSecrets(account breezesim.Account, password string) {
	s.t.Helper()
	canaries := map[string]string{"API key": account.Key.Reveal(), "secret key": account.Secret.Reveal(), "password": account.Password.Reveal(), "TOTP secret": account.TOTPSecret.Reveal()}
	if password != "" {
		canaries["password"] = password
	}
	find := func(where string, text []byte) {
		for name, canary := range canaries {
			if bytes.Contains(text, []byte(canary)) {
				s.t.Errorf("%s holds the %s", where, name)
			}
		}
	}
	find("the log", s.logs.Bytes())
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		find(path, text)
		return err
	})
	if err != nil {
		s.t.Error(err)
	}
}
