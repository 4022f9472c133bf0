package app

import (
	"strings"
	"testing"
)

// TestIsAPISession: 6 to 256 characters that a URL may hold; nothing else, line ends included.
func TestIsAPISession(t *testing.T) {
	for text, want := range map[string]bool{
		"12345678": true, "aB3._%=+/-": true, "123456": true, strings.Repeat("x", 256): true,
		"": false, "12345": false, strings.Repeat("x", 257): false, "1234 5678": false, "12345678\n": false, "1234567é": false, "<b>12345": false, "12345678\x00": false,
	} {
		if IsAPISession(text) != want {
			t.Errorf("%q: %v, want %v", text, !want, want)
		}
	}
}
