package breeze

import (
	"errors"
	"fmt"
	"log/slog"

	"paperport/breezewire"
	"paperport/secret"
)

// Token is the broker session of one user and day: what customerdetails gives for a login. It prints masked.
type Token struct {
	session *breezewire.Session
}

// NewToken reads the encoded session_token; breezewire.ErrSessionToken when it is not one.
func NewToken(encoded secret.Text) (Token, error) {
	s, err := breezewire.ParseSession(encoded.Reveal())
	if err != nil {
		return Token{}, fmt.Errorf("breeze: session token: %w", err)
	}
	return Token{session: &s}, nil
}

// Encoded is the inverse of NewToken, for storing; empty for the zero Token.
func (t Token) Encoded() secret.Text {
	if t.session == nil {
		return secret.Text{}
	}
	return secret.New(t.session.Encode())
}

// String hides the token.
func (t Token) String() string { return secret.Masked }

// GoString hides the token.
func (t Token) GoString() string { return secret.Masked }

// Format hides the token from every verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(secret.Masked)) }

// LogValue hides the token from logs.
func (t Token) LogValue() slog.Value { return slog.StringValue(secret.Masked) }

// MarshalText refuses: a token never becomes part of a document.
func (t Token) MarshalText() ([]byte, error) {
	return nil, errors.New("breeze: a token is not for documents")
}
