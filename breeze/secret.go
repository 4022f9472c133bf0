package breeze

import (
	"errors"
	"fmt"
	"log/slog"

	"paperport/breezewire"
)

const masked = "[masked]"

// Secret is a text that never prints. The zero Secret is empty.
type Secret struct {
	text *string
}

// NewSecret wraps a text.
func NewSecret(text string) Secret { return Secret{text: &text} }

// reveal returns the text, for signing and sending only.
func (s Secret) reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsEmpty reports whether there is nothing in it.
func (s Secret) IsEmpty() bool { return s.reveal() == "" }

// String hides the text.
func (s Secret) String() string { return masked }

// GoString hides the text.
func (s Secret) GoString() string { return masked }

// Format hides the text from every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(masked)) }

// LogValue hides the text from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText refuses: a secret never becomes part of a document.
func (s Secret) MarshalText() ([]byte, error) {
	return nil, errors.New("breeze: a secret is not for documents")
}

// Token is the broker session of one user and day: what customerdetails gives for a login. It prints masked.
type Token struct {
	session *breezewire.Session
}

// NewToken reads the encoded session_token; breezewire.ErrSessionToken when it is not one.
func NewToken(encoded Secret) (Token, error) {
	s, err := breezewire.ParseSession(encoded.reveal())
	if err != nil {
		return Token{}, fmt.Errorf("breeze: session token: %w", err)
	}
	return Token{session: &s}, nil
}

// Encoded is the inverse of NewToken, for storing; empty for the zero Token.
func (t Token) Encoded() Secret {
	if t.session == nil {
		return Secret{}
	}
	return NewSecret(t.session.Encode())
}

// String hides the token.
func (t Token) String() string { return masked }

// GoString hides the token.
func (t Token) GoString() string { return masked }

// Format hides the token from every verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(masked)) }

// LogValue hides the token from logs.
func (t Token) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText refuses: a token never becomes part of a document.
func (t Token) MarshalText() ([]byte, error) {
	return nil, errors.New("breeze: a token is not for documents")
}
