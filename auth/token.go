package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// TokenHash is the SHA-256 of a secret we handed out, as 64 hex digits. It is
// all that is stored: a reader of the database cannot sign in with it.
type TokenHash string

// NewToken returns a secret of 256 random bits for a cookie or a link, and the
// hash to store.
func NewToken() (string, TokenHash) {
	b := make([]byte, 32)
	rand.Read(b)
	token := base64.RawURLEncoding.EncodeToString(b)
	return token, HashToken(token)
}

// HashToken returns what is stored for a token. Tokens are random and long, so
// a fast hash is enough and looking one up leaks nothing useful by its time.
func HashToken(token string) TokenHash {
	sum := sha256.Sum256([]byte(token))
	return TokenHash(hex.EncodeToString(sum[:]))
}

// RecoveryCodeCount is how many recovery codes a user gets at a time.
const RecoveryCodeCount = 10

// NewRecoveryCodes returns fresh codes of 80 random bits, written in groups
// ("k3v5-…"), and the hashes to store in the same order.
func NewRecoveryCodes() ([]string, []TokenHash) {
	codes := make([]string, RecoveryCodeCount)
	hashes := make([]TokenHash, RecoveryCodeCount)
	for i := range codes {
		b := make([]byte, 10)
		rand.Read(b)
		text := strings.ToLower(base32.StdEncoding.EncodeToString(b))
		codes[i] = fmt.Sprintf("%s-%s-%s-%s", text[:4], text[4:8], text[8:12], text[12:])
		hashes[i] = HashRecoveryCode(codes[i])
	}
	return codes, hashes
}

// HashRecoveryCode returns what is stored for a recovery code; case, spaces and
// dashes do not matter.
func HashRecoveryCode(code string) TokenHash {
	code = strings.NewReplacer("-", "", " ", "").Replace(strings.ToLower(code))
	return HashToken("recovery:" + code)
}

// LooksLikeRecoveryCode tells a recovery code from a six-digit code.
func LooksLikeRecoveryCode(code string) bool {
	return len(strings.NewReplacer("-", "", " ", "").Replace(code)) == 16
}
