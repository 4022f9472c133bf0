// Package house reads the project's own source for the house tests: package map, banned calls, sizes, comments. It parses
// and, for the core alone, works out types without looking outside it, so that all rules together take about a second.
// Known limit: what needs the types of other modules is not seen.
package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Module is the path that the project's own imports start with.
const Module = "paperport"

// File is one parsed Go file. Path is relative to the root, with slashes.
type File struct {
	Path   string
	Syntax *ast.File
	Lines  int
	IsTest bool
}

// Package is the Go files of one folder. Dir is relative to the root ("." never occurs: nothing lives there).
type Package struct {
	Dir   string
	Files []*File
}

// Tree is the parsed project.
type Tree struct {
	Root     string
	Fset     *token.FileSet
	Packages map[string]*Package
}

// Load parses every Go file below root except node_modules, testdata, hidden folders and other modules.
func Load(root string) (*Tree, error) {
	t := &Tree{Root: root, Fset: token.NewFileSet(), Packages: map[string]*Package{}}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != root && isForeign(name) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		return t.add(name)
	})
	if err != nil {
		return nil, fmt.Errorf("house: read %s: %w", root, err)
	}
	return t, nil
}

func isForeign(dir string) bool {
	base := filepath.Base(dir)
	if base == "node_modules" || base == "testdata" || base == "bin" || strings.HasPrefix(base, ".") {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func (t *Tree) add(name string) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	syntax, err := parser.ParseFile(t.Fset, name, src, parser.ParseComments)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(t.Root, name)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	dir := path.Dir(rel)
	p := t.Packages[dir]
	if p == nil {
		p = &Package{Dir: dir}
		t.Packages[dir] = p
	}
	p.Files = append(p.Files, &File{
		Path:   rel,
		Syntax: syntax,
		Lines:  strings.Count(string(src), "\n"),
		IsTest: strings.HasSuffix(rel, "_test.go"),
	})
	return nil
}

// At writes a position as "file:line", relative to the root.
func (t *Tree) At(pos token.Pos) string {
	p := t.Fset.Position(pos)
	rel, err := filepath.Rel(t.Root, p.Filename)
	if err != nil {
		rel = p.Filename
	}
	return fmt.Sprintf("%s:%d", filepath.ToSlash(rel), p.Line)
}

// IsGenerated reports whether the file says that it is.
func (f *File) IsGenerated() bool { return ast.IsGenerated(f.Syntax) }
