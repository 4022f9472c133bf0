package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/config"
	"paperport/secret"
	"paperport/store"
	"paperport/store/sqlstore"
	"paperport/vault"
)

// chest is an installation with sealed secrets in it, each of them a canary.
type chest struct {
	dir, data, canary string
	env               []string
}

// mustFill makes an installation with n sealed rows.
func mustFill(t *testing.T, n int) chest {
	t.Helper()
	dir, env := emptyWorld(t)
	c := chest{dir: dir, data: filepath.Join(t.TempDir(), "data"), canary: "canary-" + rawText(t)[:12]}
	c.env = append(env, "PAPERPORT_DATA_DIR="+c.data)
	opened, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: c.data})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	rows := opened.Brokers()
	s, err := openSeals(t.Context(), config.Config{DataDir: c.data}, rows)
	if err != nil || !s.IsNew || s.IsLocked() {
		t.Fatalf("first start: new %v, locked %v, %v", s.IsNew, s.IsLocked(), err)
	}
	fields := []store.SecretField{store.FieldAPIKey, store.FieldSecretKey, store.FieldLoginID, store.FieldPassword, store.FieldTOTP, store.FieldSession}
	err = rows.WriteBrokers(t.Context(), func(tx store.BrokerTx) error {
		for i := range n {
			at := app.SealPlace{User: auth.UserID(fmt.Sprintf("%032x", i/len(fields))), Broker: store.ICICI, Field: fields[i%len(fields)], Version: 1}
			blob, err := s.Seal(secret.New(c.secret(i)), at)
			if err != nil {
				return err
			}
			if err := tx.SaveSealed(t.Context(), store.Sealed{User: at.User, Broker: at.Broker, Field: at.Field, Version: 1, Blob: blob}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c chest) secret(n int) string { return fmt.Sprint(c.canary, n) }

func rawText(t *testing.T) string {
	t.Helper()
	_, text := vault.NewKey()
	return text.Reveal()
}

// blobs reads all sealed rows and the check value, beside whoever else has the database.
func (c chest) blobs(t *testing.T) (list []store.Sealed, install store.Install) {
	t.Helper()
	rows, closeRows, err := sqlstore.OpenBrokersBeside(t.Context(), c.data)
	if err != nil {
		t.Fatal(err)
	}
	defer closeRows()
	if install, err = rows.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, err = rows.SealedAfter(t.Context(), nil, 100_000); err != nil {
		t.Fatal(err)
	}
	return list, install
}

// mustOpenAll opens every row with the keys of a file, and counts those under earlier keys.
func (c chest) mustOpenAll(t *testing.T, file, when string) (earlier int) {
	t.Helper()
	keys, err := vault.ReadKeyFile(file)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	list, install := c.blobs(t)
	v := vault.New(install.Salt, keys[0], keys[1:]...)
	if !v.Matches(install.KeyCheck) {
		t.Fatalf("%s: the check value does not fit the keys", when)
	}
	for _, row := range list {
		text, err := v.Open(row.Blob, placeOfRow(install, row))
		if err != nil || !strings.HasPrefix(text.Reveal(), c.canary) {
			t.Fatalf("%s: a row does not open: %v", when, err)
		}
		if !v.IsCurrent(row.Blob) {
			earlier++
		}
	}
	return earlier
}

// run runs a command that must neither print a secret nor a key.
func (c chest) run(t *testing.T, code int, says string, env []string, args ...string) string {
	t.Helper()
	out, talk, got := run(t, c.dir, append(slices.Clone(c.env), env...), args...)
	all := out + talk
	if got != code || !strings.Contains(all, says) {
		t.Errorf("%v %v: got %d %q, want %d and %q", env, args, got, all, code, says)
	}
	if strings.Contains(all, c.canary) {
		t.Errorf("%v prints a secret: %s", args, all)
	}
	for _, pair := range env {
		if name, value, _ := strings.Cut(pair, "="); (name == "PAPERPORT_KEY" || name == "ENCRYPTION_KEY") && len(value) > 5 && strings.Contains(all, value[:6]) {
			t.Errorf("%v prints a key: %s", args, all)
		}
	}
	return all
}

func mustWriteKey(t *testing.T, text string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBadKeySettings is test 69 at the door: the server does not start, at once, and says what to do.
func TestBadKeySettings(t *testing.T) {
	c := mustFill(t, 1)
	good := rawText(t)
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	few := make([]byte, 32)
	for i := range few {
		few[i] = 0x80 + byte(i%8)
	}
	bad := map[string]string{"short": hex.EncodeToString(raw[:16]), "long": hex.EncodeToString(append(raw, 1)), "a passphrase": "correct horse battery staple",
		"all the same": strings.Repeat("7f", 32), "few bytes": hex.EncodeToString(few), "text": base64.StdEncoding.EncodeToString([]byte("this-is-my-32-letter-passphrase!")),
		"a sample": sampleKey(t)}
	rows := map[string][]string{
		"absent file":         {"PAPERPORT_KEY_FILE=" + filepath.Join(c.dir, "none")},
		"a directory":         {"PAPERPORT_KEY_FILE=" + c.dir},
		"readable by all":     {"PAPERPORT_KEY_FILE=" + mustWriteKey(t, good, 0o444)},
		"readable by a group": {"PAPERPORT_KEY_FILE=" + mustWriteKey(t, good, 0o440)},
		"an empty file":       {"PAPERPORT_KEY_FILE=" + mustWriteKey(t, "", 0o400)},
		"two settings":        {"PAPERPORT_KEY_FILE=" + mustWriteKey(t, good, 0o400), "PAPERPORT_KEY=" + rawText(t)},
	}
	for name, text := range bad {
		rows["PAPERPORT_KEY: "+name] = []string{"PAPERPORT_KEY=" + text}
		rows["ENCRYPTION_KEY: "+name] = []string{"ENCRYPTION_KEY=" + text}
		rows["PAPERPORT_KEY_FILE: "+name] = []string{"PAPERPORT_KEY_FILE=" + mustWriteKey(t, text, 0o400)}
	}
	if len(rows) < 20 {
		t.Fatalf("%d cases, want 20", len(rows))
	}
	var times []time.Duration
	for name, env := range rows {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			all := c.run(t, 78, "", env, "serve", "--demo=off")
			times = append(times, time.Since(began))
			if name != "two settings" && !strings.Contains(all, "paperport key generate") {
				t.Errorf("no hint: %s", all)
			}
		})
	}
	slices.Sort(times)
	if usual := times[len(times)/4]; usual > time.Second { // the rest may have waited for a busy machine
		t.Errorf("refused after %v, want 1 s at most", usual)
	}
}

// sampleKey reads a key from the published vectors.
func sampleKey(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../vault/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), `"keys": [`)
	return strings.Split(after, `"`)[1]
}

// TestLockedMode is test 70: with a wrong key or none everything but the broker side works and nothing sealed changes;
// with the right one all is as before.
func TestLockedMode(t *testing.T) {
	c := mustFill(t, 12)
	file := filepath.Join(c.data, keyFileName)
	before, install := c.blobs(t)
	other := []string{"PAPERPORT_KEY=" + rawText(t)}
	hidden := filepath.Join(c.dir, "kept")
	for _, locked := range []struct {
		name string
		env  []string
	}{{"a wrong key", other}, {"no key", nil}} {
		if locked.env == nil {
			if err := os.Rename(file, hidden); err != nil {
				t.Fatal(err)
			}
		}
		p := mustServe(t, c.dir, append(slices.Clone(c.env), locked.env...), "serve", "--demo=off")
		p.until("it says LOCKED", func() bool { return strings.Contains(p.said(), "LOCKED") })
		if response, err := p.client.Get(p.base + "/readyz"); err != nil || response.StatusCode != 200 || response.Body.Close() != nil {
			t.Errorf("%s: readyz says %v, %v", locked.name, response, err)
		}
		if locked.env != nil {
			p.must(201, "POST", "/api/setup", owner, nil)
		}
		c.run(t, 1, "LOCKED", locked.env, "key", "check")
		c.run(t, 0, "unknown", locked.env, "key", "status")
		if all := c.run(t, 1, "PROBLEM", locked.env, "doctor"); !strings.Contains(all, "12 do not") {
			t.Errorf("%s: doctor says %s", locked.name, all)
		}
		c.run(t, 3, "stop the server", locked.env, "key", "rotate")
		if code := p.stop(os.Interrupt); code != 0 {
			t.Errorf("%s: stopped with %d: %s", locked.name, code, p.said())
		}
		c.run(t, 1, "no key to rotate from", locked.env, "key", "rotate")
		after, now := c.blobs(t)
		if len(after) != len(before) || string(now.KeyCheck) != string(install.KeyCheck) {
			t.Fatalf("%s: %d rows of %d are left, or the check value changed", locked.name, len(after), len(before))
		}
		for i := range after {
			if string(after[i].Blob) != string(before[i].Blob) {
				t.Errorf("%s: a sealed row changed", locked.name)
			}
		}
	}
	if _, err := os.Stat(file); err == nil {
		t.Fatal("a new key was made while something is sealed")
	}
	if err := os.Rename(hidden, file); err != nil {
		t.Fatal(err)
	}
	c.run(t, 0, "the right one", nil, "key", "check")
	if all := c.run(t, 0, "all 12 open", nil, "doctor"); strings.Contains(all, "PROBLEM") {
		t.Errorf("with the right key: %s", all)
	}
	c.mustOpenAll(t, file, "with the right key")
}

// TestLockedUser is test 70 as a user meets it.
func TestLockedUser(t *testing.T) {
	dir, env := emptyWorld(t)
	c := chest{dir: dir, data: filepath.Join(dir, "data"), env: append(env, "PAPERPORT_DATA_DIR="+filepath.Join(dir, "data")), canary: "canary-" + rawText(t)[:12]}
	serve := func(env ...string) *program {
		return mustServe(t, dir, append(slices.Clone(c.env), env...), "serve", "--demo=off")
	}
	var state struct{ Phase string }
	keys := map[string]string{"api_key": c.secret(1), "secret_key": c.secret(2)}

	p := serve()
	p.must(201, "POST", "/api/setup", owner, nil)
	p.must(200, "POST", "/api/broker/credentials", keys, nil)
	p.must(200, "GET", "/api/broker", nil, &state)
	if state.Phase != "keys_stored" {
		t.Errorf("after saving: %s", state.Phase)
	}
	p.stop(os.Interrupt)
	before, _ := c.blobs(t)

	p = serve("ENCRYPTION_KEY=" + rawText(t))
	p.must(200, "POST", "/api/login", owner, nil)
	p.must(200, "GET", "/api/broker", nil, &state)
	var refused struct{ Code string }
	if got := p.call("POST", "/api/broker/credentials", keys, &refused); state.Phase != "locked_key" || got < 400 || refused.Code != "KEY_LOCKED" {
		t.Errorf("with another key: %s, saving is answered %d %s", state.Phase, got, refused.Code)
	}
	p.stop(os.Interrupt)
	after, _ := c.blobs(t)
	if len(before) != 2 || len(after) != 2 || string(after[0].Blob) != string(before[0].Blob) || string(after[1].Blob) != string(before[1].Blob) {
		t.Errorf("%d rows sealed, then %d, or they changed", len(before), len(after))
	}

	p = serve()
	p.must(200, "POST", "/api/login", owner, nil)
	p.must(200, "GET", "/api/broker", nil, &state)
	if state.Phase != "keys_stored" {
		t.Errorf("with the right key again: %s", state.Phase)
	}
	p.stop(os.Interrupt)
	c.mustOpenAll(t, filepath.Join(c.data, keyFileName), "as a user left it")
	for _, name := range []string{"paperport.db", "paperport.db-wal"} {
		if bytes, err := os.ReadFile(filepath.Join(c.data, name)); err == nil && strings.Contains(string(bytes), c.canary) {
			t.Errorf("%s holds a secret in the clear", name)
		}
	}
}

// TestLostKey: the way out when a key is gone for good.
func TestLostKey(t *testing.T) {
	c := mustFill(t, 6)
	file := filepath.Join(c.data, keyFileName)
	lost := file + ".lost"
	if err := os.Rename(file, lost); err != nil {
		t.Fatal(err)
	}
	c.run(t, 78, "paperport key generate", nil, "key", "adopt")
	c.run(t, 0, "keep a copy", nil, "key", "generate", "--out", file)
	c.run(t, 1, "exists", nil, "key", "generate", "--out", file)
	c.run(t, 1, "LOCKED", nil, "key", "check")
	c.run(t, 0, "in force", nil, "key", "adopt")
	c.run(t, 0, "the right one", nil, "key", "check")
	c.run(t, 1, "6 do not", nil, "doctor")
	fresh, err := vault.ReadKeyFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found, err := vault.ReadKeyFile(lost)
	if err != nil {
		t.Fatal(err)
	}
	if err := vault.WriteKeyFile(file, fresh[0], found[0]); err != nil {
		t.Fatal(err)
	}
	c.run(t, 0, "6 sealed again", nil, "key", "rotate", "--drop")
	c.mustOpenAll(t, file, "the lost key was found")
}

func TestKeyRotate(t *testing.T) {
	c := mustFill(t, 300)
	file := filepath.Join(c.data, keyFileName)
	c.run(t, 0, "300 sealed again, 0 left", nil, "key", "rotate")
	if all := c.run(t, 0, "earlier", nil, "key", "status"); !strings.Contains(all, "left under earlier keys  0") {
		t.Errorf("status: %s", all)
	}
	c.run(t, 0, "earlier keys are dropped", nil, "key", "rotate", "--drop")
	if keys, err := vault.ReadKeyFile(file); err != nil || len(keys) != 1 || c.mustOpenAll(t, file, "rotated") != 0 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	c.run(t, 0, "unbroken", nil, "verify-audit")
	c.run(t, 0, "all 300 open", nil, "doctor")
}

// TestRotateFromEnvironment: the guide's variable cannot be changed by a program, so the keys move to a file.
func TestRotateFromEnvironment(t *testing.T) {
	c := mustFill(t, 30)
	text, err := os.ReadFile(filepath.Join(c.data, keyFileName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(c.data, keyFileName)); err != nil {
		t.Fatal(err)
	}
	env := []string{"ENCRYPTION_KEY=" + strings.TrimSpace(string(text))}
	c.run(t, 0, "from ENCRYPTION_KEY is usable and the right one", env, "key", "check")
	c.run(t, 2, "--new-file", env, "key", "rotate")
	file := filepath.Join(c.dir, "keys")
	c.run(t, 0, "PAPERPORT_KEY_FILE="+file, env, "key", "rotate", "--new-file", file)
	c.run(t, 1, "LOCKED", env, "key", "check")
	c.run(t, 0, "the right one", append(env, "PAPERPORT_KEY_FILE="+file), "key", "check")
	c.mustOpenAll(t, file, "moved to a file")
}

// TestRotateKilled is test 71 with a real process: killed anywhere, all opens, and running it again ends it.
func TestRotateKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a process again and again")
	}
	c := mustFill(t, 900)
	file := filepath.Join(c.data, keyFileName)
	rounds := 12
	if os.Getenv("PAPERPORT_SOAK") != "" {
		rounds = 500
	}
	killed := 0
	for n := range rounds {
		cmd := exec.CommandContext(t.Context(), mustBinary(t), "key", "rotate", "--drop")
		cmd.Dir, cmd.Env = c.dir, c.env
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(20+rand.IntN(150))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		if err := cmd.Wait(); err != nil {
			killed++
		}
		timer.Stop()
		c.mustOpenAll(t, file, fmt.Sprintf("killed, round %d", n))
	}
	t.Logf("%d of %d runs were killed before their end", killed, rounds)
	c.run(t, 0, "earlier keys are dropped", nil, "key", "rotate", "--drop")
	if left := c.mustOpenAll(t, file, "finished"); left != 0 {
		t.Errorf("%d rows left", left)
	}
}

func TestNoCoreFiles(t *testing.T) {
	dir, env := emptyWorld(t)
	p := mustServe(t, dir, env, "serve", "--demo=off")
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", p.cmd.Process.Pid))
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(limits)) {
		if strings.HasPrefix(line, "Max core file size") && len(strings.Fields(line)) > 5 && strings.Join(strings.Fields(line)[4:6], " ") != "0 0" {
			t.Errorf("core files are allowed: %s", line)
		}
	}
}
