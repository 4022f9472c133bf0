package breeze

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"paperport/breezewire"
)

// notShown are elements whose text a browser does not show.
var notShown = []string{"script", "style", "noscript", "template", "head", "select", "option", "textarea"}

// inline are elements that do not end a word.
var inline = []string{"a", "b", "em", "font", "i", "span", "strong", "u", "wbr", "small", "label"}

var (
	alertCall = late(`(?i)\balert\s*\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')`)
	moveCall  = late(`(?i)\blocation(?:\s*\.\s*href)?\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')|\blocation\s*\.\s*(?:replace|assign)\s*\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')`)
	scriptHex = late(`\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(.))`)
)

// words is what a page tells its user of a refusal: the lines it marks as errors and what its scripts pop up, else its
// visible text. A page that only asks for something we do not answer refuses nothing, and its labels are no help.
func (p *page) words(class LoginClass) string {
	if p.doc == nil || class == LoginSMS || class == LoginCaptcha {
		return ""
	}
	said := append([]string{visibleText(p.doc.Find("#" + breezewire.IDOTPError)), visibleText(p.doc.Find("#" + breezewire.IDPageError))}, p.alerts()...)
	said = slices.DeleteFunc(said, func(s string) bool { return s == "" })
	switch {
	case len(said) > 0:
		return strings.Join(said, " ")
	case class == LoginPageChanged && p.isAsking():
		return ""
	default:
		return p.shownText()
	}
}

// isAsking reports whether there is anything to type into.
func (p *page) isAsking() bool {
	for _, input := range p.doc.Find("input, select, textarea").EachIter() {
		if isVisible(input) {
			return true
		}
	}
	return false
}

// allWords is all that a page says, for classing it.
func (p *page) allWords() string {
	if p.doc == nil {
		return ""
	}
	return strings.TrimSpace(oneLine(strings.Join(append(p.alerts(), p.shownText()), " ")))
}

// shownText is the visible text, or the title of a page that shows none.
func (p *page) shownText() string {
	if text := visibleText(p.doc.Selection); text != "" {
		return text
	}
	return oneLine(p.doc.Find("title").First().Text())
}

// alerts are the texts that scripts of the page pop up.
func (p *page) alerts() []string {
	return p.scriptTexts(alertCall())
}

// scriptAddresses are where scripts of the page, or its refresh element, lead.
func (p *page) scriptAddresses() []string {
	addresses := p.scriptTexts(moveCall())
	for _, meta := range p.doc.Find("meta[http-equiv]").EachIter() {
		_, address, ok := strings.Cut(meta.AttrOr("content", ""), "=")
		if ok && strings.EqualFold(meta.AttrOr("http-equiv", ""), "refresh") {
			addresses = append(addresses, strings.Trim(strings.TrimSpace(address), `'"`))
		}
	}
	return addresses
}

// scriptTexts are the quoted texts that a pattern finds in the page's scripts, unescaped.
func (p *page) scriptTexts(pattern *regexp.Regexp) []string {
	var texts []string
	for _, script := range p.doc.Find("script").EachIter() {
		for _, groups := range pattern.FindAllStringSubmatch(script.Text(), -1) {
			texts = append(texts, unescape(strings.Join(groups[1:], "")))
		}
	}
	return texts
}

// unescape undoes the escapes of a script's text.
func unescape(s string) string {
	return scriptHex().ReplaceAllStringFunc(s, func(escape string) string {
		groups := scriptHex().FindStringSubmatch(escape)
		if code, err := strconv.ParseUint(groups[1]+groups[2], 16, 32); err == nil {
			return string(rune(code))
		}
		switch groups[3] {
		case "n", "r", "t":
			return " "
		default:
			return groups[3]
		}
	})
}

// visibleText is the text of elements in one line; blocks are parted by spaces.
func visibleText(s *goquery.Selection) string {
	var b strings.Builder
	var walk func(*goquery.Selection)
	walk = func(inside *goquery.Selection) {
		for _, n := range inside.EachIter() {
			switch name := goquery.NodeName(n); {
			case name == "#text":
				b.WriteString(n.Text())
			case slices.Contains(notShown, name), strings.HasPrefix(name, "#c"):
			case slices.Contains(inline, name):
				walk(n.Contents())
			default:
				b.WriteByte(' ')
				walk(n.Contents())
				b.WriteByte(' ')
			}
		}
	}
	walk(s)
	return oneLine(b.String())
}

// isCaptchaShown reports whether an element of the page is a CAPTCHA. Scripts are not asked: they may speak of one on
// every page.
func (p *page) isCaptchaShown() bool {
	if p.doc == nil {
		return false
	}
	for _, element := range p.doc.Find("body *").EachIter() {
		if slices.Contains(notShown, goquery.NodeName(element)) {
			continue
		}
		for _, name := range []string{"id", "name", "src", "class", "placeholder", "alt"} {
			if captchaWords().MatchString(element.AttrOr(name, "")) {
				return true
			}
		}
	}
	return captchaWords().MatchString(visibleText(p.doc.Selection))
}
