package house

import (
	"go/ast"
	"go/types"
	"os"
	"path/filepath"
	"testing"
)

// TestRulesCatch: a rule that never fires proves nothing, so a package with one breach of each kind must be caught.
func TestRulesCatch(t *testing.T) {
	dir := t.TempDir()
	source := `// Package bad breaks the rules of the core.
package bad

import "time"

var counter int

type book struct{ rows map[int]int }

func init() {}

func (b *book) sum() (n float64) {
	counter++
	_ = time.Now()
	go func() {}()
	ch := make(chan int)
	ch <- 1
	for _, v := range b.rows {
		n += float64(v) * 1.5
	}
	return n
}
`
	if err := os.MkdirAll(filepath.Join(dir, "bad"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bad", "bad.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	tree, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	p := tree.Packages["bad"]
	f := p.Files[0]
	caught := map[string]bool{}
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		caught[bannedInCore(n, f, packageVars(p))] = true
		return true
	})
	for _, want := range []string{"init", "float64", "float literal 1.5", "goroutine", "channel", "time.Now", "change of package variable counter"} {
		if !caught[want] {
			t.Errorf("%q is not caught; caught: %v", want, caught)
		}
	}
	info := p.typesOf(tree, map[string]*types.Package{})
	ranges := 0
	for _, d := range f.Syntax.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			ranges += len(unorderedRanges(fn, info))
		}
	}
	if ranges != 1 {
		t.Errorf("%d ranges over a map caught, want 1", ranges)
	}
}
