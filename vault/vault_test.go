package vault

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"paperport/secret"
)

// soak tells whether to do a soak's share of the random tests (make soak).
var soak = os.Getenv("PAPERPORT_SOAK") != ""

func share(usual, full int) int {
	if soak {
		return full
	}
	return usual
}

func mustKey(t testing.TB) Key {
	t.Helper()
	k, text := NewKey()
	again, err := ParseKey([]byte(text.Reveal()))
	if err != nil || again.ID() != k.ID() {
		t.Fatalf("a new key does not parse back: %v", err)
	}
	return k
}

func newSalt() (salt [32]byte) {
	_, _ = rand.Read(salt[:])
	return salt
}

var fields = []string{"api_key", "secret_key", "login_id", "password", "totp_secret", "session_token"}

func placeOf(field string) Place {
	return Place{Install: "4f2a", Table: "broker_secrets", Owner: "asha", Field: field, Version: 3}
}

func TestSealAndOpen(t *testing.T) {
	v := New(newSalt(), mustKey(t))
	for n := range 200 {
		mustRoundTrip(t, v, strings.Repeat("ß", n))
	}
	mustRoundTrip(t, v, strings.Repeat("x", 4096))
	mustRoundTrip(t, v, strings.Repeat("x", TextMax))
	mustRoundTrip(t, v, "\x00\x01\xff")
	defer func() {
		if recover() == nil {
			t.Error("a text that is too long was sealed")
		}
	}()
	v.Seal(secret.New(strings.Repeat("x", TextMax+1)), Place{})
}

func mustRoundTrip(t *testing.T, v *Vault, text string) {
	t.Helper()
	at := placeOf("password")
	blob := v.Seal(secret.New(text), at)
	got, err := v.Open(blob, at)
	if err != nil || got.Reveal() != text {
		t.Fatalf("a text of %d bytes did not come back: %v", len(text), err)
	}
	if !v.IsCurrent(blob) || text != "" && len(text) > 3 && bytes.Contains(blob, []byte(text)) {
		t.Fatalf("a text of %d bytes: not current, or in the clear", len(text))
	}
}

func TestLengthIsHidden(t *testing.T) {
	v := New(newSalt(), mustKey(t))
	short, long := v.Seal(secret.New(""), Place{}), v.Seal(secret.New(strings.Repeat("x", 62)), Place{})
	if len(short) != len(long) || len(short) != blobLenMin {
		t.Errorf("blobs of %d and %d bytes for texts of 0 and 62, want both %d", len(short), len(long), blobLenMin)
	}
}

// TestEveryFlippedBit is test 65: no single flipped bit of a blob is accepted, and each fails in the same way.
func TestEveryFlippedBit(t *testing.T) {
	v := New(newSalt(), mustKey(t), mustKey(t))
	for i, field := range fields {
		at := placeOf(field)
		blob := v.Seal(secret.New(strings.Repeat("s", 20*i)), at)
		for bit := range 8 * len(blob) {
			blob[bit/8] ^= 1 << (bit % 8)
			mustFail(t, v, blob, at, fmt.Sprintf("%s, bit %d", field, bit))
			blob[bit/8] ^= 1 << (bit % 8)
		}
		if _, err := v.Open(blob, at); err != nil {
			t.Fatalf("%s: the blob itself: %v", field, err)
		}
	}
}

// TestRandomDamage is the random share of test 65: several changed, cut, repeated or exchanged bytes.
func TestRandomDamage(t *testing.T) {
	v := New(newSalt(), mustKey(t))
	at := placeOf("session_token")
	blob := v.Seal(secret.New(strings.Repeat("t", 100)), at)
	noise := make([]byte, 64)
	for n := range share(100_000, 10_000_000) {
		_, _ = rand.Read(noise)
		bad := damage(blob, noise)
		if bytes.Equal(bad, blob) {
			continue
		}
		if text, err := v.Open(bad, at); !isErrSealed(err) || !text.IsEmpty() {
			t.Fatalf("round %d: %x from %x: got %v, want ErrSealed", n, bad, blob, err)
		}
	}
}

func damage(blob, noise []byte) []byte {
	bad := bytes.Clone(blob)
	at := int(noise[0])<<8 | int(noise[1])
	switch noise[2] % 6 {
	case 0:
		return bad[:at%len(bad)]
	case 1:
		return append(bad, noise[3:3+at%61]...)
	case 2: // a block to another place
		copy(bad[headerLen+at%9*16:], bad[headerLen+at/9%9*16:headerLen+at/9%9*16+16])
	default:
		for i := range 1 + at%8 {
			bad[(int(noise[3+i*3])<<8|int(noise[4+i*3]))%len(bad)] ^= noise[5+i*3]
		}
	}
	return bad
}

// isErrSealed wants the one value, not one that wraps it: every failure is the same.
func isErrSealed(err error) bool { return err == ErrSealed } //nolint:errorlint // see above

func mustFail(t *testing.T, v *Vault, blob []byte, at Place, name string) {
	t.Helper()
	if text, err := v.Open(blob, at); !isErrSealed(err) || !text.IsEmpty() {
		t.Fatalf("%s: got %v, want ErrSealed itself and no text", name, err)
	}
}

// TestMoved is test 66: a blob opens in its own place only.
func TestMoved(t *testing.T) {
	salt, key := newSalt(), mustKey(t)
	v, elsewhere := New(salt, key), New(newSalt(), key)
	names := rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00\xff/é")), 0, 4, -1)
	place := rapid.Custom(func(t *rapid.T) Place {
		return Place{Install: names.Draw(t, "install"), Table: names.Draw(t, "table"), Owner: names.Draw(t, "owner"), Field: names.Draw(t, "field"),
			Version: rapid.Uint64Range(0, 3).Draw(t, "version")}
	})
	for range share(1, 100) {
		rapid.Check(t, func(t *rapid.T) {
			home := place.Draw(t, "home")
			blob := v.Seal(secret.New("canary"), home)
			if text, err := v.Open(blob, home); err != nil || text.Reveal() != "canary" {
				t.Fatalf("at home: %v", err)
			}
			if _, err := elsewhere.Open(blob, home); !isErrSealed(err) {
				t.Fatalf("at another installation: %v", err)
			}
			for range 100 {
				if away := place.Draw(t, "away"); away != home {
					if _, err := v.Open(blob, away); !isErrSealed(err) {
						t.Fatalf("%+v opens at %+v", home, away)
					}
				}
			}
		})
	}
}

func TestEarlierKeys(t *testing.T) {
	salt, old, fresh, other := newSalt(), mustKey(t), mustKey(t), mustKey(t)
	at := placeOf("password")
	blob := New(salt, old).Seal(secret.New("canary"), at)
	ring := New(salt, fresh, old)
	if text, err := ring.Open(blob, at); err != nil || text.Reveal() != "canary" {
		t.Errorf("under an earlier key: %v", err)
	}
	if kid, isBlob := ring.KeyOf(blob); ring.IsCurrent(blob) || !isBlob || kid != old.ID() {
		t.Errorf("key of the blob: %x %v, want %x", kid, isBlob, old.ID())
	}
	if !ring.IsCurrent(ring.Seal(secret.New("x"), at)) || ring.CurrentKey() != fresh.ID() {
		t.Error("the ring does not seal under its current key")
	}
	mustFail(t, New(salt, fresh, other), blob, at, "without its key")
	if _, isBlob := ring.KeyOf([]byte("43Xk29")); isBlob || ring.IsCurrent(nil) {
		t.Error("a text that was never sealed has a key")
	}
}

func TestCheckValue(t *testing.T) {
	salt, old, fresh := newSalt(), mustKey(t), mustKey(t)
	check := New(salt, old).Check()
	rows := []struct {
		name  string
		vault *Vault
		check []byte
		want  bool
	}{
		{"the same key", New(salt, old), check, true},
		{"an earlier key", New(salt, fresh, old), check, true},
		{"another key", New(salt, fresh), check, false},
		{"another installation", New(newSalt(), old), check, false},
		{"cut off", New(salt, old), check[:31], false},
		{"none", New(salt, old), nil, false},
	}
	for _, row := range rows {
		if got := row.vault.Matches(row.check); got != row.want {
			t.Errorf("%s: matches %v, want %v", row.name, got, row.want)
		}
	}
}

func TestMisuse(t *testing.T) {
	k := mustKey(t)
	for name, f := range map[string]func(){
		"no key": func() { New(newSalt(), Key{}) }, "no earlier key": func() { New(newSalt(), k, Key{}) }, "a key twice": func() { New(newSalt(), k, k) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// TestFreshIV is test 72: no IV comes twice, and IVs are not related to what is sealed.
func TestFreshIV(t *testing.T) {
	v := New(newSalt(), mustKey(t))
	n := share(100_000, 1_000_000)
	seen := make(map[[16]byte]bool, n)
	plain := secret.New("same text, same place")
	for range n {
		blob := v.Seal(plain, Place{})
		seen[[16]byte(blob[headerLen:])] = true
	}
	if len(seen) != n {
		t.Errorf("%d seals, %d different IVs", n, len(seen))
	}
}

// TestRandomness is the other half of test 72: randomness has one source here.
func TestRandomness(t *testing.T) {
	files, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	isFound := false
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			isFound = isFound || path == "crypto/rand"
			if !strings.HasSuffix(name, "_test.go") && (strings.HasPrefix(path, "math/rand") || path == "time" || path == "unsafe") {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
	if !isFound {
		t.Error("nothing here imports crypto/rand")
	}
}

func TestNothingPrints(t *testing.T) {
	k, text := NewKey()
	v := New(newSalt(), k)
	holder := struct {
		Key   Key
		key   Key
		Keys  Keys
		Vault *Vault
	}{k, k, Keys{Current: k, Previous: []Key{k}}, v}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{k, &k, v, holder, &holder, []Key{k}} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
	}
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("keys", "key", k, "holder", holder, "vault", v)
	master, mac := k.bytes(), v.ring[0].mac
	for name, canary := range map[string]string{"text": text.Reveal(), "hex": fmt.Sprintf("%x", master), "numbers": numbers(master[:6]),
		"bytes": string(master[:6]), "hex of the HMAC key": fmt.Sprintf("%x", mac[:6]), "numbers of the HMAC key": numbers(mac[:6])} {
		if strings.Contains(out.String(), canary) {
			t.Errorf("printed as %s", name)
		}
	}
	if _, err := k.MarshalJSON(); !errors.Is(err, secret.ErrDocument) {
		t.Errorf("as JSON: %v", err)
	}
	if _, err := k.MarshalText(); !errors.Is(err, secret.ErrDocument) {
		t.Errorf("as text: %v", err)
	}
}

// numbers is how fmt prints bytes.
func numbers(b []byte) string { return strings.Trim(fmt.Sprint(any(b)), "[]") }

func TestTogether(t *testing.T) {
	v := New(newSalt(), mustKey(t))
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			at := placeOf(strconv.Itoa(n))
			for range 100 {
				if text, err := v.Open(v.Seal(secret.New(at.Field), at), at); err != nil || text.Reveal() != at.Field {
					t.Errorf("%d: %v", n, err)
				}
			}
		})
	}
	all.Wait()
}

func FuzzOpen(f *testing.F) {
	v := New([32]byte{1}, vectorKey(0))
	at := placeOf("password")
	f.Add(v.Seal(secret.New("canary"), at))
	f.Add(v.Seal(secret.New("canary"), placeOf("login_id")))
	f.Add([]byte("PPS\x01\x01"))
	f.Fuzz(func(t *testing.T, blob []byte) {
		text, err := v.Open(blob, at)
		if err == nil && text.Reveal() != "canary" || err != nil && !isErrSealed(err) {
			t.Fatalf("%x: got %v", blob, err)
		}
	})
}
