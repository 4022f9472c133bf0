package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDefaults(t *testing.T) {
	c, err := Load(nil, []string{"HOME=/home/asha"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:8000" || c.SimAddr != "127.0.0.1:8001" || c.Demo != "on" || c.BudgetMinute != 100 || c.BudgetDay != 5000 {
		t.Errorf("defaults %+v", c)
	}
	if c.DataDir != "/home/asha/.local/share/paperport" || c.RecordedDir != c.DataDir+"/recorded" {
		t.Errorf("data directory %q, recorded %q", c.DataDir, c.RecordedDir)
	}
	if c.LoginUntil != 23*time.Hour+59*time.Minute || c.LoginIdle != 8*time.Hour || !c.AccessLog {
		t.Errorf("login until %v, idle %v, access log %v", c.LoginUntil, c.LoginIdle, c.AccessLog)
	}
}

func TestLaterSourcesWin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings")
	if err := os.WriteFile(file, []byte("# mine\n\nPAPERPORT_DEMO=off\nPAPERPORT_API_RATE = \"7\"\nPAPERPORT_LOG_LEVEL=debug\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"PAPERPORT_CONFIG=" + file, "PAPERPORT_API_RATE=8", "PAPERPORT_LOG_LEVEL=warn"}
	c, err := Load(map[string]string{"log-level": "error"}, env)
	if err != nil {
		t.Fatal(err)
	}
	if c.Demo != "off" || c.APIPerSecond != 8 || c.LogLevel != "error" {
		t.Errorf("demo %q from the file, rate %d from the environment, level %q from the flag", c.Demo, c.APIPerSecond, c.LogLevel)
	}
}

func TestPortVariable(t *testing.T) {
	rows := []struct {
		env  []string
		want string
	}{
		{[]string{"PORT=9000"}, "127.0.0.1:9000"},
		{[]string{"PORT=9000", "PAPERPORT_ADDR=127.0.0.1:7000"}, "127.0.0.1:7000"},
		{[]string{"PORT=99999"}, ""},
		{[]string{"PORT=http"}, ""},
	}
	for _, row := range rows {
		c, err := Load(nil, row.env)
		if (err == nil) != (row.want != "") || err == nil && c.Addr != row.want {
			t.Errorf("%v: got %q, %v, want %q", row.env, c.Addr, err, row.want)
		}
	}
}

func TestExposureIsRefused(t *testing.T) {
	rows := []struct {
		name string
		env  []string
		isOK bool
	}{
		{"loopback", []string{"PAPERPORT_ADDR=127.0.0.1:8000"}, true},
		{"localhost", []string{"PAPERPORT_ADDR=localhost:8000"}, true},
		{"IPv6 loopback", []string{"PAPERPORT_ADDR=[::1]:8000"}, true},
		{"all addresses", []string{"PAPERPORT_ADDR=0.0.0.0:8000"}, false},
		{"all addresses, short", []string{"PAPERPORT_ADDR=:8000"}, false},
		{"one address", []string{"PAPERPORT_ADDR=192.168.1.5:8000"}, false},
		{"a name", []string{"PAPERPORT_ADDR=paper.example.org:8000"}, false},
		{"with TLS", []string{"PAPERPORT_ADDR=0.0.0.0:8443", "PAPERPORT_TLS_CERT=c.pem", "PAPERPORT_TLS_KEY=k.pem"}, true},
		{"behind a proxy", []string{"PAPERPORT_ADDR=0.0.0.0:8000", "PAPERPORT_PUBLIC_URL=https://paper.example.org", "PAPERPORT_TRUSTED_PROXIES=10.0.0.1"}, true},
		{"public address without the proxy's", []string{"PAPERPORT_ADDR=0.0.0.0:8000", "PAPERPORT_PUBLIC_URL=https://paper.example.org"}, false},
		{"proxy without a public address", []string{"PAPERPORT_ADDR=0.0.0.0:8000", "PAPERPORT_TRUSTED_PROXIES=10.0.0.1"}, false},
	}
	for _, row := range rows {
		_, err := Load(nil, row.env)
		if (err == nil) != row.isOK {
			t.Errorf("%s: got %v, want accepted %v", row.name, err, row.isOK)
		}
		if err == nil {
			continue
		}
		for _, way := range []string{"PAPERPORT_TLS_CERT", "PAPERPORT_PUBLIC_URL", "ssh -L"} {
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), way) {
				t.Errorf("%s: the refusal does not name %s: %v", row.name, way, err)
			}
		}
	}
}

// TestOwnProxyIsTrusted: a loopback listener with a public https address has its proxy on the same machine.
func TestOwnProxyIsTrusted(t *testing.T) {
	public := "PAPERPORT_PUBLIC_URL=https://paper.example.org"
	for _, row := range []struct {
		name string
		env  []string
		want string
	}{
		{"no public address", nil, ""},
		{"public address", []string{public}, "127.0.0.0/8,::1/128"},
		{"proxy named", []string{public, "PAPERPORT_TRUSTED_PROXIES=127.0.0.9"}, "127.0.0.9/32"},
		{"our own TLS", []string{public, "PAPERPORT_TLS_CERT=c.pem", "PAPERPORT_TLS_KEY=k.pem"}, ""},
		{"plain public address", []string{"PAPERPORT_PUBLIC_URL=http://localhost:9000"}, ""},
	} {
		c, err := Load(nil, row.env)
		if got := proxiesText(c.TrustedProxies); err != nil || got != row.want {
			t.Errorf("%s: trusts %q, %v, want %q", row.name, got, err, row.want)
		}
	}
}

func TestBadSettings(t *testing.T) {
	for _, pair := range []string{
		"PAPERPORT_ADDR=8000", "PAPERPORT_ADDR=127.0.0.1:http", "PAPERPORT_ADDR=127.0.0.1:70000", "PAPERPORT_SIM_ADDR=0.0.0.0:8001",
		"PAPERPORT_PUBLIC_URL=paper.example.org", "PAPERPORT_PUBLIC_URL=https://x/path", "PAPERPORT_PUBLIC_URL=http://paper.example.org",
		"PAPERPORT_PUBLIC_URL=https://user@x", "PAPERPORT_SIM_PUBLIC_URL=http://sim.example.org", "PAPERPORT_SIM_PUBLIC_URL=sim.example.org",
		"PAPERPORT_TRUSTED_PROXIES=all", "PAPERPORT_TLS_CERT=only.pem", "PAPERPORT_DEMO=maybe",
		"PAPERPORT_DEMO=https://breeze.example", "PAPERPORT_DEMO=http://203.0.113.9:8001", "PAPERPORT_BUDGET_MINUTE=0", "PAPERPORT_BUDGET_MINUTE=101",
		"PAPERPORT_BUDGET_DAY=5001", "PAPERPORT_BOOK_MAX_AGE=60", "PAPERPORT_LOGIN_UNTIL=24:00", "PAPERPORT_LOGIN_IDLE=1s",
		"PAPERPORT_API_RATE=-1", "PAPERPORT_LOG_LEVEL=loud", "PAPERPORT_ACCESS_LOG=yes", "PAPERPORT_CONFIG=/nowhere/settings",
	} {
		if _, err := Load(nil, []string{pair}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", pair, err)
		}
	}
}

func TestBadFile(t *testing.T) {
	for _, text := range []string{"PAPERPORT_DEMO", "PAPERPORT_UNKNOWN=1", "PAPERPORT_DEMO=off\nPAPERPORT_DEMO=on", "demo=off"} {
		file := filepath.Join(t.TempDir(), "settings")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(map[string]string{"config": file}, nil); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: got %v, want ErrInvalid", text, err)
		}
	}
}

func TestShownSettingsCanBeReadBack(t *testing.T) {
	env := []string{"PAPERPORT_ADDR=127.0.0.1:9", "PAPERPORT_PUBLIC_URL=https://paper.example.org", "PAPERPORT_TRUSTED_PROXIES=10.0.0.0/8,127.0.0.1",
		"PAPERPORT_LOGIN_UNTIL=15:30", "PAPERPORT_LOGIN_IDLE=0", "PAPERPORT_DATA_DIR=/srv/paperport", "PAPERPORT_ACCESS_LOG=off"}
	c, err := Load(nil, env)
	if err != nil {
		t.Fatal(err)
	}
	var once, twice bytes.Buffer
	if err := c.Show(&once); err != nil {
		t.Fatal(err)
	}
	again, err := Load(nil, strings.Split(strings.TrimSpace(once.String()), "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Show(&twice); err != nil || once.String() != twice.String() {
		t.Errorf("read back as\n%s\nwant\n%s (%v)", &twice, &once, err)
	}
}

func TestManualIsUpToDate(t *testing.T) {
	var want bytes.Buffer
	if err := Manual(&want); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../docs/configuration.md")
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("docs/configuration.md is out of date (%v); run: go run ./cmd/paperport config --manual > docs/configuration.md", err)
	}
}

func TestEveryFieldIsDescribed(t *testing.T) {
	for _, f := range Fields() {
		isOurs := strings.HasPrefix(f.Env, "PAPERPORT_") || f.Env == "ENCRYPTION_KEY" // the setup guide's name
		if f.Text == "" || f.Rule == "" || f.set == nil || f.show == nil || !isOurs {
			t.Errorf("field %+v is incomplete", f.Env)
		}
	}
}

// TestKeysAreNotShown: no way of looking at the settings shows a key, and a file that others may read cannot hold one.
func TestKeysAreNotShown(t *testing.T) {
	const canary = "kWq3canary8-Zt0_vB5nL2xY7sD4fG6hJ1mP9rT8uA0"
	for _, name := range []string{"PAPERPORT_KEY", "ENCRYPTION_KEY"} {
		c, err := Load(nil, []string{name + "=" + canary})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Key.Reveal() + c.EncryptionKey.Reveal(); got != canary {
			t.Errorf("%s was not read", name)
		}
		var shown bytes.Buffer
		if err := c.Show(&shown); err != nil {
			t.Fatal(err)
		}
		if text := shown.String() + fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(text, canary) {
			t.Errorf("%s is shown", name)
		}
		if !strings.Contains(shown.String(), "\n# "+name+"=set\n") {
			t.Errorf("%s: not shown as set:\n%s", name, shown.String())
		}
		file := filepath.Join(t.TempDir(), "settings")
		if err := os.WriteFile(file, []byte(name+"="+canary), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = Load(map[string]string{"config": file}, nil)
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "PAPERPORT_KEY_FILE") || strings.Contains(err.Error(), canary) {
			t.Errorf("%s in the file: got %v", name, err)
		}
		_, err = Load(nil, []string{"PAPERPORT_KEY_FILE=/srv/key", name + "=" + canary})
		if isRefused := errors.Is(err, ErrInvalid); isRefused != (name == "PAPERPORT_KEY") || err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s beside a key file: got %v", name, err)
		}
	}
}
