package vault

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paperport/secret"
)

// badKeys is half of test 69: texts that are no key, each with the word of its reason.
func badKeys(t *testing.T) map[string][2]string {
	t.Helper()
	good := mustKey(t).bytes()
	few := make([]byte, 32)
	for i := range few {
		few[i] = byte(0x80 + i%15)
	}
	return map[string][2]string{
		"empty":                     {"", "empty"},
		"spaces":                    {"  \n", "empty"},
		"one byte short":            {base64.StdEncoding.EncodeToString(good[:31]), "31 bytes"},
		"one byte long":             {base64.StdEncoding.EncodeToString(append([]byte{1}, good...)), "33 bytes"},
		"half in hex":               {hex.EncodeToString(good[:16]), "24 bytes"},
		"one hex digit short":       {hex.EncodeToString(good)[1:], "47 bytes"},
		"a passphrase":              {"correct horse battery staple", "neither"},
		"a word of 16 letters":      {"abcdefghijklmnop", "12 bytes"},
		"all the same":              {strings.Repeat("ab", 32), "same"},
		"all zero":                  {strings.Repeat("00", 32), "same"},
		"fifteen different bytes":   {hex.EncodeToString(few), "few"},
		"text in base64":            {base64.StdEncoding.EncodeToString([]byte("abcdefghijklmnopqrstuvwxyz012345")), "text"},
		"a sample":                  {hex.EncodeToString(vectorKey(1).bytes()), "sample"},
		"a sample in base64":        {base64.RawURLEncoding.EncodeToString(vectorKey(2).bytes()), "sample"},
		"two keys on one line":      {hex.EncodeToString(good) + " " + hex.EncodeToString(good), "neither"},
		"a megabyte":                {strings.Repeat("A", 1<<20), "long"},
		"not ASCII":                 {"पासवर्ड", "neither"},
		"an address instead of one": {"https://vault.example/key", "neither"},
	}
}

func TestParseKey(t *testing.T) {
	for name, row := range badKeys(t) {
		_, err := ParseKey([]byte(row[0]))
		if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), row[1]) {
			t.Errorf("%s: got %v, want ErrKey with %q", name, err, row[1])
		}
		mustNotTell(t, name, err, row[0])
	}
	want := mustKey(t)
	for name, text := range map[string]string{
		"hex": hex.EncodeToString(want.bytes()), "upper-case hex": strings.ToUpper(hex.EncodeToString(want.bytes())),
		"base64": base64.StdEncoding.EncodeToString(want.bytes()), "unpadded": base64.RawStdEncoding.EncodeToString(want.bytes()),
		"URL": base64.URLEncoding.EncodeToString(want.bytes()), "unpadded URL": base64.RawURLEncoding.EncodeToString(want.bytes()),
		"with a line end": want.Text().Reveal() + "\r\n",
	} {
		if got, err := ParseKey([]byte(text)); err != nil || got.ID() != want.ID() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// mustNotTell fails when an error holds a piece of a key's text.
func mustNotTell(t *testing.T, name string, err error, text string) {
	t.Helper()
	for at := 0; err != nil && at+6 <= len(text) && at < 200; at++ {
		if piece := text[at : at+6]; strings.TrimSpace(piece) != "" && strings.Contains(err.Error(), piece) {
			t.Errorf("%s: the refusal tells %q of the key: %v", name, piece, err)
			return
		}
	}
}

func mustWrite(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestReadKeyFile(t *testing.T) {
	dir := t.TempDir()
	one, two := mustKey(t), mustKey(t)
	a, b := one.Text().Reveal(), two.Text().Reveal()
	rows := []struct {
		name, text string
		mode       fs.FileMode
		want       []Key
		says       string
	}{
		{"one key", a, 0o400, []Key{one}, ""},
		{"with a line end", a + "\n", 0o600, []Key{one}, ""},
		{"an earlier key", a + "\n" + b + "\n", 0o400, []Key{one, two}, ""},
		{"comments", "# mine\n\n  " + a + "\r\n# old\n" + b, 0o400, []Key{one, two}, ""},
		{"empty", "", 0o400, nil, "no key"},
		{"comments only", "# " + a + "\n", 0o400, nil, "no key"},
		{"the same key twice", a + "\n" + a + "\n", 0o400, nil, "line 2"},
		{"bad second line", a + "\n" + b[1:] + "\n", 0o400, nil, "line 2"},
		{"too many", manyKeys(t, keysMax+1), 0o400, nil, "more than"},
		{"too long", strings.Repeat("#\n", keyFileMax), 0o400, nil, "too long"},
		{"the group may read", a, 0o440, nil, "chmod 400"},
		{"others may read", a, 0o404, nil, "chmod 400"},
		{"all may read", a, 0o644, nil, "chmod 400"},
		{"the group may write", a, 0o620, nil, "chmod 400"},
		{"others may run it", a, 0o401, nil, "chmod 400"},
	}
	for n, row := range rows {
		path := filepath.Join(dir, fmt.Sprint("key", n))
		mustWrite(t, path, row.text, row.mode)
		got, err := ReadKeyFile(path)
		if (err == nil) != (row.says == "") || err != nil && (!errors.Is(err, ErrKey) || !strings.Contains(err.Error(), row.says) || !strings.Contains(err.Error(), path)) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.says)
		}
		mustNotTell(t, row.name, err, a)
		if len(got) != len(row.want) {
			t.Errorf("%s: %d keys, want %d", row.name, len(got), len(row.want))
			continue
		}
		for i := range got {
			if got[i].ID() != row.want[i].ID() {
				t.Errorf("%s: key %d is another one", row.name, i)
			}
		}
	}
	if _, err := ReadKeyFile(dir); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("a directory: got %v", err)
	}
	if _, err := ReadKeyFile(filepath.Join(dir, "none")); !errors.Is(err, ErrKey) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got %v", err)
	}
}

func manyKeys(t *testing.T, n int) string {
	t.Helper()
	var text strings.Builder
	for range n {
		fmt.Fprintln(&text, mustKey(t).Text().Reveal())
	}
	return text.String()
}

// TestServiceCredential: systemd shows the mask of its access list as the group's right to read.
func TestServiceCredential(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	mustWrite(t, path, mustKey(t).Text().Reveal(), 0o440)
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if _, err := ReadKeyFile(path); err != nil {
		t.Errorf("in the service's own directory: %v", err)
	}
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKeyFile(path); !errors.Is(err, ErrKey) {
		t.Errorf("readable by all there: %v", err)
	}
	elsewhere := filepath.Join(t.TempDir(), "key")
	mustWrite(t, elsewhere, mustKey(t).Text().Reveal(), 0o440)
	if _, err := ReadKeyFile(elsewhere); !errors.Is(err, ErrKey) {
		t.Errorf("elsewhere: %v", err)
	}
}

func TestWriteKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "paperport.key")
	one, two := mustKey(t), mustKey(t)
	if err := CreateKeyFile(path, one); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("mode %v, %v, want 0400", info.Mode(), err)
	}
	if err := CreateKeyFile(path, two); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over an existing file: got %v, want ErrExist", err)
	}
	mustHold(t, path, one)
	mustWrite(t, path+".new", "left by a killed process", 0o400)
	if err := WriteKeyFile(path, two, one); err != nil {
		t.Fatal(err)
	}
	mustHold(t, path, two, one)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("mode %v, %v, want 0400", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("files left beside it: %v, %v", left, err)
	}
	if err := WriteKeyFile(filepath.Join(filepath.Dir(path), "none", "key"), one); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a directory that is not there: got %v", err)
	}
}

func mustHold(t *testing.T, path string, want ...Key) {
	t.Helper()
	got, err := ReadKeyFile(path)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%s: %d keys, %v, want %d", path, len(got), err, len(want))
	}
	for i := range got {
		if got[i].ID() != want[i].ID() {
			t.Fatalf("%s: key %d is another one", path, i)
		}
	}
}

// TestFindKeys is the other half of test 69.
func TestFindKeys(t *testing.T) {
	for name, row := range badKeys(t) {
		if strings.TrimSpace(row[0]) == "" {
			continue // an empty setting is none
		}
		_, state, err := FindKeys(Options{Text: secret.New(row[0]), TextSetting: "ENCRYPTION_KEY", Default: "never", HasSealed: mustNotAsk(t)})
		if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "ENCRYPTION_KEY") || !strings.Contains(err.Error(), "paperport key generate") || state.IsLocked() {
			t.Errorf("ENCRYPTION_KEY is %s: got %v", name, err)
		}
		mustNotTell(t, name, err, row[0])
		path := filepath.Join(t.TempDir(), "key")
		mustWrite(t, path, row[0], 0o400)
		_, _, err = FindKeys(Options{File: path, FileSetting: "PAPERPORT_KEY_FILE", Default: "never", HasSealed: mustNotAsk(t)})
		if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "paperport key generate") {
			t.Errorf("PAPERPORT_KEY_FILE holds %s: got %v", name, err)
		}
	}
	_, _, err := FindKeys(Options{File: filepath.Join(t.TempDir(), "none"), FileSetting: "PAPERPORT_KEY_FILE", Default: "never", HasSealed: mustNotAsk(t)})
	if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "PAPERPORT_KEY_FILE") {
		t.Errorf("PAPERPORT_KEY_FILE is absent: got %v", err)
	}
}

func mustNotAsk(t *testing.T) func() (bool, error) {
	return func() (bool, error) {
		t.Error("the database was asked although a setting names the key")
		return false, nil
	}
}

func answer(hasSealed bool) func() (bool, error) {
	return func() (bool, error) { return hasSealed, nil }
}

func TestKeySources(t *testing.T) {
	dir := t.TempDir()
	path, file := filepath.Join(dir, "paperport.key"), filepath.Join(dir, "mine")
	current, earlier, text := mustKey(t), mustKey(t), mustKey(t)
	if err := CreateKeyFile(file, current, earlier); err != nil {
		t.Fatal(err)
	}
	o := Options{File: file, FileSetting: "PAPERPORT_KEY_FILE", Text: text.Text(), TextSetting: "PAPERPORT_KEY", Default: path, HasSealed: mustNotAsk(t)}
	keys, state, err := FindKeys(o)
	if err != nil || state != Ready || keys.Current.ID() != current.ID() || len(keys.Previous) != 1 || keys.Path != file || keys.Source != "PAPERPORT_KEY_FILE" {
		t.Errorf("a file and a text: %+v %v %v", keys, state, err)
	}
	o.File = ""
	if keys, state, err = FindKeys(o); err != nil || state != Ready || keys.Current.ID() != text.ID() || keys.Path != "" || keys.Source != "PAPERPORT_KEY" {
		t.Errorf("a text: %+v %v %v", keys, state, err)
	}
}

func TestNoKeyNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "paperport.key")
	o := Options{Default: path, HasSealed: answer(true)}
	if keys, state, err := FindKeys(o); err != nil || state != LockedNoKey || !keys.Current.IsZero() || state.String() == "" {
		t.Errorf("something sealed, no key: %+v %v %v", keys, state, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal("a key was made although something is sealed")
	}
	o.HasSealed = func() (bool, error) { return false, errors.New("disk") }
	if _, _, err := FindKeys(o); err == nil {
		t.Error("the database does not answer, and that was taken for nothing sealed")
	}
	o.HasSealed, o.IsLooking = answer(false), true
	if keys, state, err := FindKeys(o); err != nil || state != Ready || !keys.Current.IsZero() {
		t.Errorf("just looking: %+v %v %v", keys, state, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal("a key was made just by looking")
	}
	o.IsLooking = false
	made, state, err := FindKeys(o)
	if err != nil || state != Ready || !made.IsNew || made.Path != path {
		t.Fatalf("nothing sealed: %+v %v %v", made, state, err)
	}
	mustHold(t, path, made.Current)
	o.HasSealed = mustNotAsk(t)
	again, state, err := FindKeys(o)
	if err != nil || state != Ready || again.IsNew || again.Current.ID() != made.Current.ID() {
		t.Errorf("the next start: %+v %v %v", again, state, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := FindKeys(o); !errors.Is(err, ErrKey) {
		t.Errorf("the file readable by all: got %v", err)
	}
}
