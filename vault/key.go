package vault

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"paperport/secret"
)

// ErrKey marks every refusal of a key or key file. Its text tells the reason, never a byte of the key.
var ErrKey = errors.New("vault: not a usable key")

// Key is a master key: 32 random bytes. It prints masked. The zero Key is none.
type Key struct {
	// A pointer, because fmt prints the fields of a struct around it without asking its methods; to a string, because it
	// prints what a pointer to an array points at when the verb is a wrong one.
	master *string
}

// distinctMin is the least number of different byte values in a key. Of 32 random bytes 30 differ on average; fewer than
// 16 do not occur by chance.
const distinctMin = 16

// ParseKey reads 32 bytes written in base64 (standard or URL alphabet, padded or not) or in 64 hex digits. Spaces around
// it are ignored. It refuses with ErrKey what cannot be random: repeated bytes, readable text, keys printed in our own
// repository.
func ParseKey(text []byte) (Key, error) {
	bytes, err := decodeKey(strings.TrimSpace(string(text)))
	if err != nil {
		return Key{}, err
	}
	defer clear(bytes)
	if len(bytes) != 32 {
		return Key{}, fmt.Errorf("%w: it holds %d bytes, want 32", ErrKey, len(bytes))
	}
	if err := checkStrength(bytes); err != nil {
		return Key{}, err
	}
	return keyOf([32]byte(bytes)), nil
}

func keyOf(master [32]byte) Key {
	text := string(master[:])
	return Key{master: &text}
}

// decodeKey leaves the length of what it decoded to its caller.
func decodeKey(text string) ([]byte, error) {
	if text == "" {
		return nil, fmt.Errorf("%w: it is empty", ErrKey)
	}
	if len(text) > 1024 {
		return nil, fmt.Errorf("%w: it is too long", ErrKey)
	}
	if len(text) == 64 {
		if b, err := hex.DecodeString(text); err == nil {
			return b, nil
		}
	}
	plain := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	if b, err := base64.RawStdEncoding.DecodeString(plain); err == nil {
		return b, nil
	}
	return nil, fmt.Errorf("%w: it is neither base64 nor 64 hex digits", ErrKey)
}

func checkStrength(b []byte) error {
	seen := map[byte]bool{}
	isText := true
	for _, c := range b {
		seen[c] = true
		isText = isText && c < 0x80
	}
	switch {
	case len(seen) == 1:
		return fmt.Errorf("%w: all its bytes are the same", ErrKey)
	case len(seen) < distinctMin:
		return fmt.Errorf("%w: it repeats too few different bytes", ErrKey)
	case isText:
		return fmt.Errorf("%w: it is text, not random bytes", ErrKey)
	}
	if samples[keyID(b)] {
		return fmt.Errorf("%w: it is a sample from PaperPort's own files, known to everybody", ErrKey)
	}
	return nil
}

// samples are the ids of keys that are printed in this repository: those of testdata/vectors.json.
var samples = map[[kidLen]byte]bool{
	{0xb3, 0x06, 0xa8, 0x8d}: true, {0x42, 0xe1, 0x1e, 0x23}: true, {0x40, 0xa3, 0x37, 0x3d}: true, {0x58, 0x64, 0xa4, 0xcd}: true,
}

// NewKey makes a random key and the text to store it as: 43 characters of base64 with the URL alphabet.
func NewKey() (Key, secret.Text) {
	for {
		var b [32]byte
		_, _ = rand.Read(b[:]) // never fails: it ends the program instead
		if checkStrength(b[:]) == nil {
			k := keyOf(b)
			return k, k.Text()
		}
	}
}

// Text is the key as it is written to a key file.
func (k Key) Text() secret.Text { return secret.New(base64.RawURLEncoding.EncodeToString(k.bytes())) }

// ID names the key without telling it: the first four bytes of SHA-256("paperport/kid" | key).
func (k Key) ID() [4]byte { return keyID(k.bytes()) }

func (k Key) bytes() []byte { return []byte(*k.master) }

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.master == nil }

// String hides the key.
func (Key) String() string { return secret.Masked }

// GoString hides the key.
func (Key) GoString() string { return secret.Masked }

// Format hides the key from every verb.
func (Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(secret.Masked)) }

// LogValue hides the key from logs.
func (Key) LogValue() slog.Value { return slog.StringValue(secret.Masked) }

// MarshalText refuses with secret.ErrDocument.
func (Key) MarshalText() ([]byte, error) { return nil, secret.ErrDocument }

// MarshalJSON refuses with secret.ErrDocument.
func (Key) MarshalJSON() ([]byte, error) { return nil, secret.ErrDocument }
