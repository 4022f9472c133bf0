package httpapi

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/http-codes.md")

func TestCodesAreDocumented(t *testing.T) {
	var want bytes.Buffer
	if err := CodePage(&want); err != nil {
		t.Fatal(err)
	}
	const path = "../docs/http-codes.md"
	if *update {
		if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("docs/http-codes.md is out of date (%v); run: go test ./httpapi -run Codes -update", err)
	}
}

// TestCodesOfTheSource compares the table with every code that the source can answer with.
func TestCodesOfTheSource(t *testing.T) {
	listed := map[string]bool{}
	for _, c := range Codes() {
		if listed[c.Name] || c.Status < 400 || c.Meaning == "" {
			t.Errorf("row %+v is incomplete or there twice", c)
		}
		listed[c.Name] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	literal := regexp.MustCompile(`"([A-Z]+(?:_[A-Z]+)+|INTERNAL|STARTING|UNAVAILABLE)"`)
	used := map[string]bool{}
	for _, file := range append(files, "../app/user.go") {
		if strings.HasSuffix(file, "_test.go") || file == "code.go" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllStringSubmatch(string(text), -1) {
			used[m[1]] = true
			if !listed[m[1]] {
				t.Errorf("%s answers with %s, which is not in the table", file, m[1])
			}
		}
	}
	for name := range listed {
		if !used[name] {
			t.Errorf("%s is in the table and nowhere in the source", name)
		}
	}
}
