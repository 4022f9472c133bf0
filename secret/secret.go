// Package secret holds texts that must never be seen: passwords, keys, tokens, codes. A Text prints masked wherever a
// program could print it: with every verb of fmt, in logs, in JSON, inside other structs and wrapped errors.
//
// Invariant: only Reveal gives the text back, and only packages that seal, send or compare secrets call it (a house test
// lists them). Known limit: Go copies memory; a Text cannot be wiped reliably.
package secret

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
)

// Masked is what a Text prints as.
const Masked = "[masked]"

// ErrDocument says that a secret was about to become part of a document.
var ErrDocument = errors.New("secret: not for documents")

// Text is a text that never prints. It holds a pointer, because fmt prints the fields of a struct around it without
// asking its methods. The zero Text is empty.
type Text struct {
	text *string
}

// New wraps a text.
func New(text string) Text { return Text{text: &text} }

// Reveal returns the text: for sealing, signing, sending and comparing only.
func (t Text) Reveal() string {
	if t.text == nil {
		return ""
	}
	return *t.text
}

// IsEmpty reports whether there is nothing in it.
func (t Text) IsEmpty() bool { return t.Reveal() == "" }

// Equal compares without telling by its time where two texts differ; their lengths may show.
func (t Text) Equal(other Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// String hides the text.
func (Text) String() string { return Masked }

// GoString hides the text.
func (Text) GoString() string { return Masked }

// Format hides the text from every verb.
func (Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Masked)) }

// LogValue hides the text from logs.
func (Text) LogValue() slog.Value { return slog.StringValue(Masked) }

// MarshalText refuses with ErrDocument.
func (Text) MarshalText() ([]byte, error) { return nil, ErrDocument }

// MarshalJSON refuses with ErrDocument.
func (Text) MarshalJSON() ([]byte, error) { return nil, ErrDocument }
