package secret

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const canary = "canary-7f3a"

// TestNothingPrints tries every way a struct around a secret could show it.
func TestNothingPrints(t *testing.T) {
	type inner struct{ hidden Text }
	held := struct {
		Shown  Text
		hidden Text
		deep   *inner
	}{New(canary), New(canary), &inner{New(canary)}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+"\n", held)
		fmt.Fprintf(&out, verb+"\n", &held)
		fmt.Fprintf(&out, verb+"\n", held.Shown)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "held", held, "text", held.Shown)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "held", held, "text", held.Shown)
	fmt.Fprintln(&out, fmt.Errorf("wrapped %v: %w", held, errors.New("cause")))
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("printed as %s in:\n%s", form, out.String())
		}
	}
	if _, err := json.Marshal(held); !errors.Is(err, ErrDocument) {
		t.Errorf("json.Marshal = %v, want ErrDocument", err)
	}
}

func TestRevealAndEqual(t *testing.T) {
	var zero Text
	if zero.Reveal() != "" || !zero.IsEmpty() || New(canary).IsEmpty() || New(canary).Reveal() != canary {
		t.Error("Reveal or IsEmpty is wrong")
	}
	if !New("a").Equal(New("a")) || New("a").Equal(New("b")) || New("a").Equal(New("ab")) || !zero.Equal(New("")) {
		t.Error("Equal is wrong")
	}
}
