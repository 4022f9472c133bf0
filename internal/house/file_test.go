package house

import (
	"bytes"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// walk visits the project's own files: no node_modules, builds or hidden folders (but .ci).
func walk(t *testing.T, visit func(rel string, info fs.FileInfo)) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			if name != root && (base == "node_modules" || base == "bin" || base == "dist" || strings.HasPrefix(base, ".") && base != ".ci") {
				return fs.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(rel), info)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

const (
	// copiedMin is the size from which a file equal to one of ../shared/data counts as copied.
	copiedMin = 512
	// tableMax is the largest data table that we keep: ours are small and typed by hand from sources.
	tableMax = 256 << 10
)

// TestNoCopiedData keeps the real market data out of the repository: tests read it from beside the clone.
func TestNoCopiedData(t *testing.T) {
	theirs := map[int64][]string{}
	shared := filepath.Join(root, "..", "shared", "data")
	if _, err := os.Stat(shared); err == nil {
		err := filepath.WalkDir(shared, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err == nil && info.Size() >= copiedMin {
				theirs[info.Size()] = append(theirs[info.Size()], name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	walk(t, func(rel string, info fs.FileInfo) {
		for _, name := range theirs[info.Size()] {
			if mustHash(t, name) == mustHash(t, filepath.Join(root, rel)) {
				t.Errorf("%s is a copy of %s", rel, filepath.Base(name))
			}
		}
		if ext := filepath.Ext(rel); (ext == ".csv" || ext == ".zip" || ext == ".gz") && info.Size() > tableMax {
			t.Errorf("%s: %d KiB of data; tables here are small and sourced", rel, info.Size()>>10)
		}
	})
}

func mustHash(t *testing.T, name string) [32]byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(text)
}

// TestNoMachinePaths finds the folder that the project lies in on this machine, and package hosts in lock files.
func TestNoMachinePaths(t *testing.T) {
	abs, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	parent := []byte(filepath.Dir(abs) + "/")
	walk(t, func(rel string, info fs.FileInfo) {
		if info.Size() > 4<<20 || !isText(rel) {
			return
		}
		text, err := os.ReadFile(filepath.Join(root, rel))
		if err != nil {
			t.Fatal(err)
		}
		if len(parent) > 2 && bytes.Contains(text, parent) {
			t.Errorf("%s names %s, which is only on this machine", rel, parent)
		}
		if filepath.Base(rel) == "package-lock.json" && bytes.Contains(text, []byte(`"resolved"`)) {
			t.Errorf("%s names package hosts", rel)
		}
	})
}

func isText(rel string) bool {
	switch filepath.Ext(rel) {
	case ".go", ".ts", ".js", ".mjs", ".svelte", ".json", ".md", ".sh", ".yml", ".yaml", ".txt", ".csv", ".sql", "":
		return true
	default:
		return false
	}
}

func TestDocumentsExist(t *testing.T) {
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "GLOSSARY.md", "Makefile", ".ci/run", "api/openapi.json", "web/dist/.keep"} {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

// TestLinks follows the relative links of every Markdown page.
func TestLinks(t *testing.T) {
	walk(t, func(rel string, _ fs.FileInfo) {
		if filepath.Ext(rel) != ".md" {
			return
		}
		text, err := os.ReadFile(filepath.Join(root, rel))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(rel), m[1])); err != nil {
				t.Errorf("%s: link to %s leads nowhere", rel, m[1])
			}
		}
	})
}
