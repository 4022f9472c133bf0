package app

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"paperport/secret"
	"paperport/store"
)

// Limits of the credentials. The broker's keys seen in samples are 32 characters with punctuation (breeze-wire 5.6).
const (
	keyMax       = 128 // characters of an API Key or Secret Key
	loginMax     = 64  // of a Login ID or Password
	totpBitsMin  = 80
	totpCharsMax = 256
	demoPrefix   = "DEMO"
)

// fieldNames are the guide's five, in its order.
var fieldNames = []struct {
	field store.SecretField
	name  string
}{
	{store.FieldAPIKey, "API Key"}, {store.FieldSecretKey, "Secret Key"}, {store.FieldLoginID, "Login ID"},
	{store.FieldPassword, "Password"}, {store.FieldTOTP, "TOTP Secret"},
}

func fieldName(field store.SecretField) string {
	for _, f := range fieldNames {
		if f.field == field {
			return f.name
		}
	}
	return string(field)
}

// typed is one field as the user sent it.
type typed struct {
	field store.SecretField
	text  secret.Text
}

// typedFields are those that are not empty, in the guide's order, each made regular by its own rule; an error is a
// *Refusal BROKER_FIELD_BAD that names the first wrong one.
func typedFields(f BrokerFields) ([]typed, error) {
	all := []typed{{store.FieldAPIKey, f.APIKey}, {store.FieldSecretKey, f.SecretKey}, {store.FieldLoginID, f.LoginID},
		{store.FieldPassword, f.Password}, {store.FieldTOTP, f.TOTP}}
	var list []typed
	for _, t := range all {
		if t.text.IsEmpty() {
			continue
		}
		text, wrong := regular(t.field, t.text.Reveal())
		if wrong != "" {
			return nil, &Refusal{Code: BrokerFieldBad, Field: string(t.field), Text: fieldName(t.field) + ": " + wrong,
				Next: "Nothing was saved. Correct this field and try again."}
		}
		list = append(list, typed{t.field, secret.New(text)})
	}
	return list, nil
}

// regular returns a field in the form that is stored, or what is wrong with it.
func regular(field store.SecretField, text string) (string, string) {
	switch {
	case len(text) > 4*totpCharsMax:
		return "", "this is far too long"
	case !utf8.ValidString(text):
		return "", "this is not text"
	case strings.TrimSpace(text) == "":
		return "", "it holds only spaces; leave it empty to keep what is stored"
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", "it holds a line break or another control character; copy it again without"
	case isMasked(text):
		return "", "these are the dots that stand for a stored value, not the value; leave the field empty to keep what is stored"
	}
	switch field {
	case store.FieldAPIKey, store.FieldSecretKey:
		return regularKey(strings.TrimSpace(text))
	case store.FieldLoginID:
		return regularLogin(strings.TrimSpace(text))
	case store.FieldPassword: // any characters, spaces at the ends, too: it is the user's own
		if utf8.RuneCountInString(text) > loginMax {
			return "", fmt.Sprintf("it is longer than %d characters", loginMax)
		}
		return text, ""
	case store.FieldTOTP:
		return regularTOTP(text)
	case store.FieldSession, store.FieldIdentity:
		return "", "this field cannot be typed"
	default:
		return "", "there is no such field"
	}
}

// isMasked tells what a browser shows in place of a secret from a secret.
func isMasked(text string) bool {
	text = strings.TrimSpace(text)
	return strings.EqualFold(text, secret.Masked) || strings.Trim(text, "•●*") == ""
}

func regularKey(text string) (string, string) {
	if len(text) > keyMax {
		return "", fmt.Sprintf("it is longer than %d characters", keyMax)
	}
	for i, r := range text {
		if r < '!' || r > '~' {
			return "", fmt.Sprintf("character %d is %s; keys are letters, digits and punctuation without spaces", 1+utf8.RuneCountInString(text[:i]), spell(r))
		}
	}
	return text, ""
}

func regularLogin(text string) (string, string) {
	if utf8.RuneCountInString(text) > loginMax {
		return "", fmt.Sprintf("it is longer than %d characters", loginMax)
	}
	for i, r := range text {
		if !unicode.IsPrint(r) {
			return "", fmt.Sprintf("character %d does not print", 1+utf8.RuneCountInString(text[:i]))
		}
	}
	return text, ""
}

// regularTOTP drops spaces and dashes, raises case and checks Base32. Positions count what is left.
func regularTOTP(text string) (string, string) {
	text = strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text))
	text = strings.TrimRight(text, "=")
	at := 0
	for _, r := range text {
		at++
		switch {
		case r >= 'A' && r <= 'Z' || r >= '2' && r <= '7':
		case r == '0' || r == '1' || r == '8' || r == '9':
			return "", fmt.Sprintf("character %d is the digit %c. A TOTP secret is Base32: the letters A to Z and the digits 2 to 7,"+
				" so 0, 1, 8 and 9 cannot occur (0 may be the letter O, 1 the letter I or L, 8 the letter B)."+
				" Copy it again from the broker's page; the guide's sample is only a sample", at, r)
		default:
			return "", fmt.Sprintf("character %d is %s; a TOTP secret is Base32: the letters A to Z and the digits 2 to 7", at, spell(r))
		}
	}
	if len(text) > totpCharsMax {
		return "", fmt.Sprintf("it is longer than %d characters", totpCharsMax)
	}
	if bits := len(text) * 5; bits < totpBitsMin {
		return "", fmt.Sprintf("it has %d characters, which is %d bits; a TOTP secret has at least %d characters (%d bits)",
			len(text), bits, totpBitsMin/5, totpBitsMin)
	}
	switch len(text) % 8 { // lengths that whole bytes never encode to (RFC 4648, 6)
	case 1, 3, 6:
		return "", fmt.Sprintf("%d characters are no whole Base32 secret; one or more are missing", len(text))
	}
	return text, ""
}

// spell names a character so that invisible ones can be found.
func spell(r rune) string {
	switch {
	case r == ' ':
		return "a space"
	case unicode.IsPrint(r):
		return fmt.Sprintf("“%c”", r)
	default:
		return fmt.Sprintf("U+%04X, which does not print", r)
	}
}

// brokerOf tells a key's broker by its beginning.
func brokerOf(apiKey secret.Text) store.BrokerID {
	if strings.HasPrefix(apiKey.Reveal(), demoPrefix) {
		return store.DemoBroker
	}
	return store.ICICI
}

// hint is the last two characters of what is no secret by itself, if it is long enough that they do not tell it.
func hint(field store.SecretField, text secret.Text) string {
	switch field {
	case store.FieldAPIKey, store.FieldLoginID, store.FieldIdentity:
		if runes := []rune(text.Reveal()); len(runes) >= 6 {
			return string(runes[len(runes)-2:])
		}
		return ""
	case store.FieldSecretKey, store.FieldPassword, store.FieldTOTP, store.FieldSession:
		return ""
	default:
		return ""
	}
}

// listNames joins names as a sentence does: "A", "A and B", "A, B and C".
func listNames(fields []store.SecretField) string {
	var names []string
	for _, f := range fields {
		names = append(names, fieldName(f))
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
