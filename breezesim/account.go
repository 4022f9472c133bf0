package breezesim

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"paperport/secret"
)

// House is the tag of the demo market's own account.
const House = "house"

// Account is one customer of the simulated broker: his app and his login. It is a function of the account seed and the
// tag, so nothing is stored and it is the same after a restart.
type Account struct {
	// Tag names the account: 1 to 16 of a-z and 0-9.
	Tag string
	// Key begins with KeyPrefix and holds, like Secret, characters that need escaping in a URL.
	Key, Secret secret.Text
	// UserID and Password are what the login page asks for.
	UserID, Password secret.Text
	// TOTPSecret is Base32 without padding, 160 bits.
	TOTPSecret secret.Text
	// RedirectURL is where the login page leads after a login.
	RedirectURL string
}

const (
	keyLen    = 32
	tagMax    = 16
	totpBytes = 20
	stepTime  = 30 * time.Second
	// keyMark stands between tag and proof in a key: characters that break a key escaped carelessly (5.6).
	keyMark = "&%+"
	// userPrefix begins every user id; no id may hold a colon (1.5).
	userPrefix = KeyPrefix
	// letters are 64, so that a byte picks one without bias; twelve of them are punctuation seen in real keys (5.6).
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()+=@^~"
)

// Account returns the account of a tag. It panics for a tag that IsTag refuses.
func (s *Server) Account(tag string) Account {
	if !IsTag(tag) {
		panic(fmt.Sprintf("breezesim: %q is no account tag", tag))
	}
	a := s.login.book.account(tag)
	a.RedirectURL = s.login.redirectURL(tag)
	return a
}

// IsTag reports whether a text can name an account.
func IsTag(tag string) bool {
	if tag == "" || len(tag) > tagMax {
		return false
	}
	for _, c := range tag {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// CodeAt is the six digits that the account's authenticator shows at an instant (5.4: SHA-1, 30 seconds).
func (a Account) CodeAt(at time.Time) secret.Text {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(a.TOTPSecret.Reveal())
	if err != nil {
		panic("breezesim: an account's TOTP secret is not Base32")
	}
	return secret.New(totpCode(key, stepOf(at)))
}

// stepOf numbers the half minutes since the epoch.
func stepOf(at time.Time) int64 { return at.Unix() / int64(stepTime/time.Second) }

// totpCode is RFC 6238 over RFC 4226, six digits.
func totpCode(key []byte, step int64) string {
	h := hmac.New(sha1.New, key)
	_ = binary.Write(h, binary.BigEndian, step) // a hash takes everything
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
}

// book computes accounts.
type book struct {
	seed [32]byte
	// houseKey and houseSecret, where given, replace the house's.
	houseKey, houseSecret string
}

// draw gives 32 bytes that only the holder of the seed can know.
func (b *book) draw(what, tag string) []byte {
	h := hmac.New(sha256.New, b.seed[:])
	h.Write([]byte(what + "\x00" + tag))
	return h.Sum(nil)
}

func (b *book) text(what, tag string, n int) string {
	out := b.draw(what, tag)[:n]
	for i, c := range out {
		out[i] = letters[c%byte(len(letters))]
	}
	return string(out)
}

func (b *book) account(tag string) Account {
	return Account{
		Tag: tag, Key: secret.New(b.key(tag)), Secret: secret.New(b.secret(tag)), UserID: secret.New(userOf(tag)),
		Password:   secret.New(b.text("password", tag, 11) + "#7a"),
		TOTPSecret: secret.New(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b.totp(tag))),
	}
}

func (b *book) totp(tag string) []byte { return b.draw("totp", tag)[:totpBytes] }

func (b *book) key(tag string) string {
	if tag == House && b.houseKey != "" {
		return b.houseKey
	}
	head := KeyPrefix + tag + keyMark
	return head + b.text("key", tag, keyLen-len(head))
}

func (b *book) secret(tag string) string {
	if tag == House && b.houseSecret != "" {
		return b.houseSecret
	}
	return b.text("secret", tag, keyLen)
}

// keyTag names the account that a key belongs to; false for a key that is none of ours.
func (b *book) keyTag(key string) (string, bool) {
	if b.houseKey != "" && same(key, b.houseKey) {
		return House, true
	}
	tag, _, _ := strings.Cut(strings.TrimPrefix(key, KeyPrefix), keyMark)
	if !IsTag(tag) || !same(key, b.key(tag)) {
		return "", false
	}
	return tag, true
}

func userOf(tag string) string { return userPrefix + strings.ToUpper(tag) }

// userTag is the inverse of userOf; letter case does not matter, as in ICICI's login.
func userTag(user string) (string, bool) {
	tag, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(user)), strings.ToLower(userPrefix))
	return tag, ok && IsTag(tag)
}
