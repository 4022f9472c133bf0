package house

import (
	"go/ast"
	"testing"
)

const (
	funcLinesMax = 70
	fileLinesMax = 800
)

func TestFileLength(t *testing.T) {
	for _, p := range sorted(mustLoad(t)) {
		for _, f := range p.Files {
			if f.Lines > fileLinesMax && !f.IsGenerated() {
				t.Errorf("%s: %d lines, the limit is %d", f.Path, f.Lines, fileLinesMax)
			}
		}
	}
}

// TestFunctionLength counts lines from signature to closing brace. In tests the lines of a table (a composite literal)
// do not count: a long table is one idea.
func TestFunctionLength(t *testing.T) {
	tree := mustLoad(t)
	for _, p := range sorted(tree) {
		for _, f := range p.Files {
			if f.IsGenerated() {
				continue
			}
			for _, d := range f.Syntax.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				lines := tree.span(fn)
				if f.IsTest {
					lines -= tableLines(tree, fn)
				}
				if lines > funcLinesMax {
					t.Errorf("%s: %s has %d lines, the limit is %d", tree.At(fn.Pos()), fn.Name.Name, lines, funcLinesMax)
				}
			}
		}
	}
}

func (t *Tree) span(n ast.Node) int {
	return t.Fset.Position(n.End()).Line - t.Fset.Position(n.Pos()).Line + 1
}

func tableLines(tree *Tree, fn *ast.FuncDecl) int {
	lines := 0
	ast.Inspect(fn, func(n ast.Node) bool {
		if c, ok := n.(*ast.CompositeLit); ok {
			lines += tree.span(c) - 1
			return false
		}
		return true
	})
	return lines
}
