// Package leak runs the real program through a day with every fault, and looks for planted secrets in everything that comes out of it.
package leak

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
)

// headLen is the shortest text that is looked for; shorter ones occur by chance.
const headLen = 8

// needle is one form of one secret.
type needle struct {
	text     string
	name     string // which secret in which form; never the secret
	isDigits bool   // found only where no other digit touches it: numbers are full of short ones
}

// scanner finds any form of any secret in one pass.
type scanner struct {
	heads map[uint64][]needle
	known map[string]bool
	count int
}

func newScanner() *scanner { return &scanner{heads: map[uint64][]needle{}, known: map[string]bool{}} }

// plant adds a secret in all forms: raw, reversed, halves, hex, base64 in all three alignments, and escaped as URLs, JSON and HTML do.
func (s *scanner) plant(name, secret string) {
	if len(secret) < headLen || s.known[secret] {
		return
	}
	s.known[secret] = true
	s.count++
	for _, part := range []struct{ name, text string }{{"", secret}, {" first half", secret[:len(secret)/2]}, {" second half", secret[len(secret)/2:]}} {
		if len(part.text) < headLen {
			continue
		}
		s.add(name+part.name, part.text)
		s.add(name+part.name+" reversed", reversed(part.text))
		for form, text := range forms(part.text) {
			s.add(name+part.name+" "+form, text)
		}
	}
}

func reversed(text string) string {
	b := []byte(text)
	slices.Reverse(b)
	return string(b)
}

func forms(text string) map[string]string {
	quoted, _ := json.Marshal(text) // a string always can be
	all := map[string]string{
		"hex": hex.EncodeToString([]byte(text)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(text))), "query": url.QueryEscape(text),
		"path": url.PathEscape(text), "percent": percent(text), "PERCENT": strings.ToUpper(percent(text)),
		"json": strings.Trim(string(quoted), `"`), "html": html.EscapeString(text), "quoted": strings.Trim(fmt.Sprintf("%q", text), `"`),
	}
	for shift := range 3 {
		all[fmt.Sprintf("base64+%d", shift)] = middle64(base64.RawStdEncoding, text, shift)
		all[fmt.Sprintf("base64url+%d", shift)] = middle64(base64.RawURLEncoding, text, shift)
	}
	return all
}

func percent(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, "%%%02x", text[i])
	}
	return b.String()
}

// middle64 is the part of the base64 of any text with this one in it, shift bytes after a boundary, that depends on this one alone.
func middle64(enc *base64.Encoding, text string, shift int) string {
	all := enc.EncodeToString([]byte(strings.Repeat("\x00", shift) + text))
	from := (shift*8 + 5) / 6
	to := (shift + len(text)) * 8 / 6
	return all[from:to]
}

func (s *scanner) add(name, text string) {
	if len(text) < headLen {
		return
	}
	head := binary.LittleEndian.Uint64([]byte(text))
	if slices.ContainsFunc(s.heads[head], func(n needle) bool { return n.text == text }) {
		return
	}
	s.heads[head] = append(s.heads[head], needle{text: text, name: name, isDigits: isDigits(text)})
}

func isDigits(text string) bool {
	return strings.Trim(text, "0123456789") == ""
}

// scan names what was found in a haystack, and where.
func (s *scanner) scan(where string, hay []byte) (hits []string) {
	var filter [1 << 13]uint64 // a bit for each head, by hash
	for head := range s.heads {
		h := hashOf(head)
		filter[h>>6] |= 1 << (h & 63)
	}
	for i := 0; i+headLen <= len(hay); i++ {
		head := binary.LittleEndian.Uint64(hay[i:])
		if h := hashOf(head); filter[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		for _, n := range s.heads[head] {
			if bytes.HasPrefix(hay[i:], []byte(n.text)) && !(n.isDigits && isTouched(hay, i, i+len(n.text))) {
				hits = append(hits, fmt.Sprintf("%s at byte %d of %s", n.name, i, where))
			}
		}
	}
	return hits
}

func hashOf(head uint64) uint64 { return head * 0x9e3779b97f4a7c15 >> 45 }

func isTouched(hay []byte, from, to int) bool {
	isDigit := func(i int) bool { return i >= 0 && i < len(hay) && hay[i] >= '0' && hay[i] <= '9' }
	return isDigit(from-1) || isDigit(to)
}
