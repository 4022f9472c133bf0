package house

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const dependencyPage = "docs/adr/0006-dependencies.md"

var directModule = regexp.MustCompile(`^\s*(?:require )?([a-z0-9./_-]+\.[a-z]+/[^ ]+) v[^ ]+$`)

// TestDependenciesAreExplained compares the direct modules of go.mod and the npm packages with ADR 6.
func TestDependenciesAreExplained(t *testing.T) {
	page := mustRead(t, dependencyPage)
	for _, line := range strings.Split(mustRead(t, "go.mod"), "\n") {
		if m := directModule.FindStringSubmatch(strings.TrimRight(line, " \r")); m != nil && !strings.Contains(page, "`"+m[1]+"`") {
			t.Errorf("go.mod needs %s, which %s does not explain", m[1], dependencyPage)
		}
	}
	for _, dir := range []string{"web", "test/sdk", "test/journey"} {
		name := dir + "/package.json"
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			continue
		}
		var manifest struct {
			Dependencies    map[string]string `json:"dependencies"`
			DevDependencies map[string]string `json:"devDependencies"`
		}
		if err := json.Unmarshal([]byte(mustRead(t, name)), &manifest); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, group := range []map[string]string{manifest.Dependencies, manifest.DevDependencies} {
			for pkg, version := range group {
				if !strings.Contains(page, "`"+pkg+"`") {
					t.Errorf("%s needs %s, which %s does not explain", name, pkg, dependencyPage)
				}
				if strings.ContainsAny(version, "^~*") {
					t.Errorf("%s: %s is not pinned: %s", name, pkg, version)
				}
			}
		}
	}
}

func mustRead(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
