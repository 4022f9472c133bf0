package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"paperport/breezesim"
	"paperport/config"
)

// TestSimulatorOptions: the flag wins over the environment, and what cannot be is refused as a bad setting.
func TestSimulatorOptions(t *testing.T) {
	const seed = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	for _, c := range []struct {
		name, seed, env, flag string
		want                  string
		isRefused             bool
	}{
		{"nothing", "", "", "", "", false},
		{"environment", seed, "https://a.example/cb", "", "https://a.example/cb", false},
		{"flag", "", "https://a.example/cb", "http://localhost:1/cb", "http://localhost:1/cb", false},
		{"short seed", seed[2:], "", "", "", true},
		{"seed that is not hex", strings.Repeat("z", 64), "", "", "", true},
		{"relative URL", "", "", "/cb", "", true},
		{"fragment", "", "https://a.example/cb#x", "", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(accountSeedName, c.seed)
			t.Setenv(redirectURLName, c.env)
			cmd := newBreezesim()
			if err := cmd.Flags().Set("redirect-url", c.flag); err != nil {
				t.Fatal(err)
			}
			o, err := simulatorOptions(cmd)
			if errors.Is(err, config.ErrInvalid) != c.isRefused {
				t.Fatalf("err = %v", err)
			}
			if (o.RedirectURL != nil) != (c.want != "") || (o.RedirectURL != nil && o.RedirectURL("x") != c.want) {
				t.Errorf("the redirect URL is not %q", c.want)
			}
			if isSeeded := o.AccountSeed != [32]byte{}; isSeeded != (c.seed == seed) {
				t.Errorf("seeded: %t", isSeeded)
			}
		})
	}
}

// TestPrintSimulator: one word, a space and a value a line, for scripts.
func TestPrintSimulator(t *testing.T) {
	s := breezesim.New(breezesim.Options{AccountSeed: [32]byte{1}})
	defer s.Close()
	var out bytes.Buffer
	printSimulator(&out, "http://127.0.0.1:8001", s, "token")
	var words []string
	for line := range strings.Lines(out.String()) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			t.Fatalf("a line of %d words", len(fields))
		}
		words = append(words, fields[0])
	}
	if got, want := strings.Join(words, " "), "url key secret session control user password totp redirect"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
