package breezewire

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// SkewMax is how far X-Timestamp may be from the server's clock, either way (1.2).
const SkewMax = 60 * time.Second

// The headers of 1.2 and 1.4, spelled as the broker's own SDKs do; assign them to the map, Header.Set would respell some.
const (
	HeaderChecksum  = "X-Checksum"
	HeaderTimestamp = "X-Timestamp"
	HeaderAppKey    = "X-AppKey"
	HeaderSession   = "X-SessionToken"
	HeaderKeyV2     = "apikey"
)

const timestampLayout = "2006-01-02T15:04:05"

// Timestamp prints t as X-Timestamp: UTC, whole seconds, a literal ".000Z".
func Timestamp(t time.Time) string { return t.UTC().Format(timestampLayout) + ".000Z" }

// ParseTimestamp reads an X-Timestamp.
func ParseTimestamp(s string) (time.Time, error) {
	t, err := time.Parse(timestampLayout+".000Z", s)
	if err != nil {
		return time.Time{}, errors.New("breezewire: not a timestamp of the form 2026-11-23T15:43:30.000Z")
	}
	return t, nil
}

// checksumWord stands before the digest in X-Checksum.
const checksumWord = "token "

// Checksum returns the value of X-Checksum over the exact bytes of a body (1.2).
func Checksum(timestamp string, body []byte, secret string) string {
	h := sha256.New()
	h.Write([]byte(timestamp))
	h.Write(body)
	h.Write([]byte(secret))
	return checksumWord + hex.EncodeToString(h.Sum(nil))
}

// Marshal encodes a request body: no HTML escapes and no newline at the end, so that what is hashed is what is sent.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("breezewire: encoding a body: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// Session is the decoded session_token: whose it is and the key of the day (1.5). It prints masked.
type Session struct {
	User, Key string
}

// ErrSessionToken says that a text is not base64 of "user:key".
var ErrSessionToken = errors.New("breezewire: not a session token")

const sessionMax = 4096

// ParseSession decodes a session_token. Both halves must be there; a second colon is refused, because the official SDKs
// disagree about it.
func ParseSession(token string) (Session, error) {
	if len(token) > sessionMax {
		return Session{}, ErrSessionToken
	}
	plain, err := base64.StdEncoding.DecodeString(token)
	if err != nil || !utf8.Valid(plain) {
		return Session{}, ErrSessionToken
	}
	user, key, ok := strings.Cut(string(plain), ":")
	if !ok || user == "" || key == "" || strings.Contains(key, ":") {
		return Session{}, ErrSessionToken
	}
	return Session{User: user, Key: key}, nil
}

// Encode is the inverse of ParseSession: the value of X-SessionToken.
func (s Session) Encode() string {
	return base64.StdEncoding.EncodeToString([]byte(s.User + ":" + s.Key))
}

// String hides both halves.
func (s Session) String() string { return "[masked]" }

// GoString hides both halves.
func (s Session) GoString() string { return "breezewire.Session{[masked]}" }

// MarshalJSON refuses: a session never becomes part of a document by accident.
func (s Session) MarshalJSON() ([]byte, error) {
	return nil, errors.New("breezewire: a session is not for documents")
}

// StreamAuth is the auth payload of the streams: the two halves as strings (3.1).
func (s Session) StreamAuth() []byte {
	b, err := Marshal(struct {
		User  string `json:"user"`
		Token string `json:"token"`
	}{s.User, s.Key})
	if err != nil {
		panic("breezewire: " + err.Error())
	}
	return b
}
