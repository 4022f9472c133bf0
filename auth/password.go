package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Cost is what one argon2id hash costs.
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// DefaultCost took about 140 ms on the machine it was chosen on (reliability.md T3).
var DefaultCost = Cost{MemoryKiB: 64 * 1024, Passes: 3, Lanes: 1}

// FloorCost is the least we accept (OWASP's second choice: 19 MiB, two passes).
var FloorCost = Cost{MemoryKiB: 19 * 1024, Passes: 2, Lanes: 1}

// ErrBusy says that too many hashes are waiting; the caller answers "slow down".
var ErrBusy = errors.New("auth: too many sign-ins at once")

const (
	hashSlots    = 2
	hashQueueMax = 32
	saltLen      = 16
	keyLen       = 32
)

// Hasher hashes and checks passwords, two at a time, so that sign-ins cannot
// eat the memory. It is safe for concurrent use.
type Hasher struct {
	cost    Cost
	slots   chan struct{}
	waiting atomic.Int32
	dummy   string
}

// NewHasher refuses a cost below FloorCost.
func NewHasher(cost Cost) (*Hasher, error) {
	if cost.MemoryKiB < FloorCost.MemoryKiB || cost.Passes < FloorCost.Passes || cost.Lanes < 1 {
		return nil, fmt.Errorf("auth: password cost %+v is below the floor %+v", cost, FloorCost)
	}
	h := &Hasher{cost: cost, slots: make(chan struct{}, hashSlots)}
	// Any key of the right length makes checking an unknown user take as long.
	h.dummy = encodePHC(cost, randomBytes(saltLen), randomBytes(keyLen))
	return h, nil
}

// Hash returns the PHC string to store. It waits for a slot; ErrBusy when the
// queue is full.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	release, err := h.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	salt := randomBytes(saltLen)
	key := argon2.IDKey([]byte(password), salt, h.cost.Passes, h.cost.MemoryKiB, h.cost.Lanes, keyLen)
	return encodePHC(h.cost, salt, key), nil
}

// Check is the outcome of Verify.
type Check struct {
	IsMatch bool
	// IsOutdated says that the stored hash has another cost than ours: hash again.
	IsOutdated bool
}

// Verify compares a password with a stored hash. An empty hash (no such user)
// costs the same time and never matches.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (Check, error) {
	isKnown := stored != ""
	if !isKnown {
		stored = h.dummy
	}
	cost, salt, key, err := decodePHC(stored)
	if err != nil {
		return Check{}, err
	}
	release, err := h.acquire(ctx)
	if err != nil {
		return Check{}, err
	}
	defer release()
	got := argon2.IDKey([]byte(password), salt, cost.Passes, cost.MemoryKiB, cost.Lanes, uint32(len(key)))
	isMatch := subtle.ConstantTimeCompare(got, key) == 1 && isKnown
	return Check{IsMatch: isMatch, IsOutdated: isMatch && cost != h.cost}, nil
}

func (h *Hasher) acquire(ctx context.Context) (func(), error) {
	if h.waiting.Add(1) > hashSlots+hashQueueMax {
		h.waiting.Add(-1)
		return nil, ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; h.waiting.Add(-1) }, nil
	case <-ctx.Done():
		h.waiting.Add(-1)
		return nil, ctx.Err()
	}
}

func encodePHC(c Cost, salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.MemoryKiB, c.Passes, c.Lanes,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

func decodePHC(text string) (c Cost, salt, key []byte, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errors.New("auth: stored password hash is not argon2id")
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Passes, &c.Lanes); err != nil {
		return c, nil, nil, fmt.Errorf("auth: stored password hash: %w", err)
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err == nil {
		key, err = base64.RawStdEncoding.DecodeString(parts[5])
	}
	if err != nil || len(key) < 16 || c.Passes < 1 || c.Lanes < 1 || c.MemoryKiB > 1<<20 {
		return c, nil, nil, errors.New("auth: stored password hash is damaged")
	}
	return c, salt, key, nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// Password length in characters; there are no composition rules.
const (
	PasswordMin = 12
	PasswordMax = 256
)

//go:embed common.txt
var commonText string

// CheckPassword returns "" for an acceptable password, else the sentence that
// says what is wrong with it.
func CheckPassword(password, username string) string {
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return "The password contains bytes that are not text."
	case n < PasswordMin:
		return fmt.Sprintf("The password needs at least %d characters.", PasswordMin)
	case n > PasswordMax:
		return fmt.Sprintf("The password may have at most %d characters.", PasswordMax)
	case isTooPlain(password), isCommon(password):
		return "This password is easy to guess. A few unrelated words make a good one."
	case len(username) >= 4 && strings.Contains(strings.ToLower(password), strings.ToLower(username)):
		return "The password must not contain the user name."
	}
	return ""
}

// isCommon reports whether the password, or what is left of it without digits
// and signs around it, is built only of entries of the common list.
func isCommon(password string) bool {
	lower := strings.ToLower(password)
	core := strings.TrimFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) })
	for line := range strings.Lines(commonText) {
		word := strings.TrimSpace(line)
		if word == "" || strings.HasPrefix(word, "#") {
			continue
		}
		isRepeat := core != "" && strings.ReplaceAll(core, word, "") == ""
		if lower == word || isRepeat {
			return true
		}
	}
	return false
}

// isTooPlain reports fewer than five different characters, or a plain run such
// as "123456789012" or "abcdefghijkl".
func isTooPlain(password string) bool {
	seen := map[rune]bool{}
	steps := 0
	var prev rune
	for _, r := range password {
		seen[r] = true
		if r-prev == 1 || prev-r == 1 || r == prev {
			steps++
		}
		prev = r
	}
	return len(seen) < 5 || steps >= utf8.RuneCountInString(password)-2
}

// CheckUsername returns "" for an acceptable name, else the sentence that says
// what is wrong with it: 2 to 32 of letters, digits, dot, dash and underscore.
func CheckUsername(name string) string {
	if len(name) < 2 || len(name) > 32 {
		return "The user name needs 2 to 32 characters."
	}
	for _, c := range []byte(name) {
		isWord := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !isWord && c != '.' && c != '-' && c != '_' {
			return "The user name may use letters, digits, dot, dash and underscore."
		}
	}
	return ""
}
