package breeze

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"paperport/secret"
)

const (
	// safeMax is the longest text of a broker that we show, in bytes.
	safeMax = 512
	// rawMax is how much of a page's text is looked at for those.
	rawMax = 16 << 10
)

// mask makes a text of the broker safe to show: text only, in one line, with everything we hold replaced.
type mask struct {
	secrets []*regexp.Regexp
	longest int
}

// mask returns one that knows the client's own secrets; hide adds to it.
func (c *Client) mask() *mask {
	m := &mask{}
	m.hide(c.options.AppKey, c.options.Secret)
	if token := c.token.Load(); token != nil && token.session != nil {
		m.hide(token.Encoded(), secret.New(token.session.User), secret.New(token.session.Key))
	}
	return m
}

// hide adds secrets, in every spelling in which a page could send them back.
func (m *mask) hide(texts ...secret.Text) {
	for _, text := range texts {
		plain := text.Reveal()
		forms := []string{
			plain, oneLine(plain), html.EscapeString(plain), url.QueryEscape(plain), url.PathEscape(plain),
			base64.StdEncoding.EncodeToString([]byte(plain)), base64.RawStdEncoding.EncodeToString([]byte(plain)),
			base64.URLEncoding.EncodeToString([]byte(plain)), hex.EncodeToString([]byte(plain)),
		}
		slices.Sort(forms)
		for _, form := range slices.Compact(forms) {
			if strings.TrimSpace(form) == "" {
				continue
			}
			m.secrets = append(m.secrets, regexp.MustCompile("(?i)"+regexp.QuoteMeta(form)))
			m.longest = max(m.longest, len(form))
		}
	}
}

// line makes one safe line of at most safeMax bytes of s.
func (m *mask) line(s string) string {
	s = oneLine(s)
	limit := len(s)
	if len(s) > rawMax {
		s = cut(s, rawMax)
		limit = rawMax - m.longest // what begins later may be half a secret
	}
	hidden := m.spans(s)
	var b strings.Builder
	for at := 0; at < limit; {
		if len(hidden) > 0 && hidden[0][0] == at {
			b.WriteString(secret.Masked)
			at, hidden = hidden[0][1], hidden[1:]
			continue
		}
		end := limit
		if len(hidden) > 0 {
			end = min(end, hidden[0][0])
		}
		b.WriteString(s[at:end])
		at = end
	}
	return cut(b.String(), safeMax)
}

// spans returns where secrets stand in s, sorted and merged where they touch.
func (m *mask) spans(s string) [][2]int {
	var all [][2]int
	for _, form := range m.secrets {
		for from := 0; from < len(s); {
			found := form.FindStringIndex(s[from:])
			if found == nil {
				break
			}
			all = append(all, [2]int{from + found[0], from + found[1]})
			from += found[0] + 1
		}
	}
	slices.SortFunc(all, func(a, b [2]int) int { return a[0] - b[0] })
	merged := all[:0]
	for _, span := range all {
		if n := len(merged); n > 0 && span[0] <= merged[n-1][1] {
			merged[n-1][1] = max(merged[n-1][1], span[1])
			continue
		}
		merged = append(merged, span)
	}
	return merged
}

// oneLine drops controls, bidirectional marks and other characters without a shape, and folds white space.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError || !unicode.IsGraphic(r):
			return -1
		default:
			return r
		}
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// cut shortens s to limit bytes without halving a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return strings.TrimSpace(s[:limit])
}
