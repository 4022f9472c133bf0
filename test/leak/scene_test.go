package leak

import (
	"crypto/rand"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// scene is the program, the broker, and what came out so far.
type scene struct {
	t       *testing.T
	day     *day
	bank    *bank
	program *program
	metrics string
	data    string
}

func mustScene(t *testing.T) *scene {
	t.Helper()
	dir := t.TempDir()
	binary := mustBuild(t, dir)
	port, metrics := freePort(t), "127.0.0.1:"+freePort(t)
	s := &scene{t: t, day: &day{t: t, base: "http://localhost:" + port, secrets: newScanner()}, metrics: metrics, data: filepath.Join(dir, "data")}
	s.bank = mustBank(t, s.day, s.day.base+"/api/auth/breeze-callback")
	s.program = &program{t: t, binary: binary, dir: dir, base: s.day.base, args: []string{"--demo=" + s.bank.http.URL}, env: append(os.Environ(),
		"PAPERPORT_DATA_DIR="+s.data, "PAPERPORT_ADDR=localhost:"+port, "PAPERPORT_LOG_LEVEL=debug", "PAPERPORT_METRICS_ADDR="+metrics,
		"PAPERPORT_API_RATE=0", "PAPERPORT_ORDER_RATE=0", "GOTRACEBACK=all")}
	s.program.mustStart()
	return s
}

// mustBuild builds the program; PAPERPORT_BIN names one that is there.
func mustBuild(t *testing.T, dir string) string {
	t.Helper()
	if binary := os.Getenv("PAPERPORT_BIN"); binary != "" {
		return binary
	}
	binary := filepath.Join(dir, "paperport")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/paperport").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// customer is a user of PaperPort with an account at the broker.
type customer struct {
	*visitor
	account struct {
		APIKey     string `json:"api_key"`
		SecretKey  string `json:"secret_key"`
		LoginID    string `json:"login_id"`
		Password   string `json:"password"`
		TOTPSecret string `json:"totp_secret"`
	}
	tag string
}

func (s *scene) mustOwner() *customer {
	v := s.day.visitor("owner")
	password := s.canary("password of owner")
	v.must(201, v.post("/api/setup", map[string]string{"username": "owner", "password": password}))
	v.must(204, v.post("/api/me/proof", map[string]string{"password": password}))
	if got := v.post("/api/me/proof", map[string]string{"password": s.canary("wrong password of owner")}); got.status == 204 {
		s.t.Errorf("a wrong password proves with status %d", got.status)
	}
	return s.mustAccount(v)
}

// canary makes up a secret and plants it.
func (s *scene) canary(name string) string {
	text := "Kanari7-" + rand.Text()
	s.day.plant(name, text)
	return text
}

func (s *scene) mustCustomer(owner *customer, name string) *customer {
	s.t.Helper()
	var link struct{ URL string }
	owner.must(200, owner.post("/api/invites", map[string]string{"role": "trader"})).into(&link)
	at, err := url.Parse(link.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	v := s.day.visitor(name)
	v.must(201, v.post("/api/invites/"+filepath.Base(at.Path), map[string]string{"username": name, "password": s.canary("password of " + name)}))
	return s.mustAccount(v)
}

// mustAccount plants all that the user's account at the broker is made of.
func (s *scene) mustAccount(v *visitor) *customer {
	s.t.Helper()
	c := &customer{visitor: v}
	v.must(200, v.get("/api/broker/demo")).into(&c.account)
	a := c.account
	for name, value := range map[string]string{"API key": a.APIKey, "secret key": a.SecretKey, "login ID": a.LoginID, "broker password": a.Password, "TOTP secret": a.TOTPSecret} {
		if len(value) < headLen {
			s.t.Fatalf("the %s of %s is too short to be looked for", name, v.name)
		}
		s.day.plant(name+" of "+v.name, value)
	}
	c.tag = tagOf(a.LoginID)
	return c
}
