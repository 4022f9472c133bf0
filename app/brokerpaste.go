package app

import (
	"context"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"paperport/secret"
)

// pasteMax is longer than any redirect URL with a session in it.
const pasteMax = 4096

func isAPISession(text secret.Text) bool { return IsAPISession(text.Reveal()) }

// IsAPISession reports whether a text may be an API session, as pasted or as it comes to the callback (reliability.md
// 2.2): samples are 7 or 8 digits, the docs say alphanumeric; 6 to 256 of what a URL may hold.
func IsAPISession(text string) bool {
	for _, c := range []byte(text) {
		isAlphanumeric := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !isAlphanumeric && !strings.ContainsRune("._%=+/-", rune(c)) {
			return false
		}
	}
	return len(text) >= 6 && len(text) <= 256
}

// PasteSession takes a bare token, "apisession=…" or a whole redirect URL, and returns the sentence to show.
func (b *Brokers) PasteSession(ctx context.Context, a Actor, text secret.Text, from From) (string, error) {
	apiSession, wrong := pasted(text.Reveal())
	if wrong != "" {
		return "", &Refusal{Code: BrokerFieldBad, Field: "session_token", Text: "Session Token: " + wrong,
			Next: "Copy the apisession value from the address bar after logging in at the broker. Nothing was saved."}
	}
	t := loginTask{who: who{a.User.ID, from}, user: a.User.ID, trigger: byPaste, isManual: true}
	_, rows, err := b.rowsOf(ctx, b.opt.Rows, a.User.ID)
	if err != nil {
		return "", err
	}
	if err := needKeys(rows); err != nil {
		return "", err
	}
	o, err := b.open(ctx, t.who, t.user, forExchange, keyFields...)
	if err != nil {
		return "", err
	}
	failure, err := b.exchange(ctx, t, o, wayPaste, apiSession, b.opt.Clock.Now())
	if err != nil {
		return "", err
	}
	if failure != nil {
		refusal := b.refusalOf(o.conn.Broker, failure)
		refusal.Text = asSentence(refusal.Text) + " The token was not saved."
		return "", refusal
	}
	return textSessionSave, nil
}

// pasted finds the API session in what was pasted, or says what is wrong with it.
func pasted(text string) (secret.Text, string) {
	switch {
	case len(text) > pasteMax:
		return secret.Text{}, "this is far too long"
	case !utf8.ValidString(text):
		return secret.Text{}, "this is not text"
	}
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return secret.Text{}, "it is empty"
	case strings.ContainsFunc(text, unicode.IsControl):
		return secret.Text{}, "it holds a line break or another control character"
	case isMasked(text):
		return secret.Text{}, "these are the dots that stand for a stored value, not a token"
	}
	value, isNamed := named(text)
	if !isNamed && (strings.Contains(text, "://") || strings.ContainsAny(text, "?&")) {
		return secret.Text{}, "this address holds no apisession parameter"
	}
	if !isNamed {
		value = text
	}
	if !IsAPISession(value) {
		return secret.Text{}, "a session token has 6 to 256 letters and digits without spaces"
	}
	return secret.New(value), ""
}

// named finds apisession=… or API_Session=…, in any case, in a query or a whole address.
func named(text string) (string, bool) {
	text, _, _ = strings.Cut(text, "#")
	if _, query, isAddress := strings.Cut(text, "?"); isAddress {
		text = query
	}
	for part := range strings.SplitSeq(text, "&") {
		name, value, isPair := strings.Cut(part, "=")
		if !isPair || !strings.EqualFold(strings.ReplaceAll(name, "_", ""), "apisession") {
			continue
		}
		if plain, err := url.PathUnescape(value); err == nil {
			value = plain
		}
		return value, true
	}
	return "", false
}

// asSentence starts with a capital and ends with a full stop.
func asSentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
