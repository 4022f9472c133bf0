package house

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// TestPackageComments wants exactly one package comment, starting "Package name" (or "Command name").
func TestPackageComments(t *testing.T) {
	for _, p := range sorted(mustLoad(t)) {
		var found []string
		name, hasSource := "", false
		for _, f := range p.Files {
			if f.IsTest {
				continue
			}
			hasSource = true
			name = f.Syntax.Name.Name
			if f.Syntax.Doc != nil {
				found = append(found, f.Path)
				text := f.Syntax.Doc.Text()
				if !strings.HasPrefix(text, "Package "+name) && !(name == "main" && strings.HasPrefix(text, "Command ")) {
					t.Errorf("%s: package comment does not start with %q", f.Path, "Package "+name)
				}
			}
		}
		if hasSource && len(found) != 1 {
			t.Errorf("package %s has %d package comments %v, want one", p.Dir, len(found), found)
		}
	}
}

func TestExportedNamesHaveComments(t *testing.T) {
	tree := mustLoad(t)
	for _, p := range sorted(tree) {
		for _, f := range p.Files {
			if f.IsTest || f.IsGenerated() {
				continue
			}
			for _, d := range f.Syntax.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if isPublic(d) && d.Doc == nil {
						t.Errorf("%s: exported %s has no comment", tree.At(d.Pos()), d.Name.Name)
					}
				case *ast.GenDecl:
					for _, id := range uncommented(d) {
						t.Errorf("%s: exported %s has no comment", tree.At(id.Pos()), id.Name)
					}
				}
			}
		}
	}
}

// isPublic reports an exported function, or an exported method of an exported type.
func isPublic(d *ast.FuncDecl) bool {
	if !d.Name.IsExported() || d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.IsExported()
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// uncommented are the exported names of a declaration that neither the group nor the line explains.
func uncommented(d *ast.GenDecl) []*ast.Ident {
	if d.Doc != nil {
		return nil
	}
	var out []*ast.Ident
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc == nil && s.Comment == nil {
				out = append(out, s.Name)
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() && s.Doc == nil && s.Comment == nil && d.Tok != token.IMPORT {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

var ownedTodo = regexp.MustCompile(`TODO\([a-z][a-z0-9_-]*, #[0-9]+\)`)

func TestOpenEndsHaveOwners(t *testing.T) {
	tree := mustLoad(t)
	for _, p := range sorted(tree) {
		for _, f := range p.Files {
			if strings.HasPrefix(f.Path, "internal/house/") {
				continue
			}
			for _, g := range f.Syntax.Comments {
				text := g.Text()
				if strings.Contains(text, "FIXME") || strings.Contains(text, "XXX") {
					t.Errorf("%s: FIXME and XXX never reach main", tree.At(g.Pos()))
				}
				if strings.Contains(text, "TODO") && !ownedTodo.MatchString(text) {
					t.Errorf("%s: a TODO carries its owner and issue: TODO(name, #12)", tree.At(g.Pos()))
				}
			}
		}
	}
}
