package risk

import "strings"

// ContextOf takes the figures out of a reason made by Denial.Reason: {"price": "1300.05", "tick": "0.10"}. It is empty,
// never nil, for a reason without figures or with a code of its own that is unknown.
func ContextOf(code, reason string) map[string]string {
	context := map[string]string{}
	for _, e := range table[1:] {
		if e.Name != code {
			continue
		}
		inner, hasFigures := strings.CutPrefix(reason, e.Sentence+" (")
		if !hasFigures || !strings.HasSuffix(inner, ")") {
			return context
		}
		fold(context, strings.TrimSuffix(inner, ")"))
	}
	return context
}

// fold reads key=value pairs. A part without a key belongs to the value before it: names of holidays may hold commas.
func fold(context map[string]string, pairs string) {
	last := ""
	for _, part := range strings.Split(pairs, ", ") {
		key, value, isPair := strings.Cut(part, "=")
		if isPair && isKey(key) {
			context[key], last = value, key
		} else if last != "" {
			context[last] += ", " + part
		}
	}
}

func isKey(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return s != ""
}
