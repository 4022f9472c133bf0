package house

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

var (
	getter = regexp.MustCompile(`^Get[A-Z]`)
	// theirs are names that an interface of a module asks for (huma.StatusError, huma.HeadersError).
	theirs   = regexp.MustCompile(`^Get(Status|Headers)$`)
	american = regexp.MustCompile(`Canceled|canceled|Realized|realized|Settlor`)
	// hollow endings add nothing to a type's name.
	hollow = regexp.MustCompile(`[a-z](Impl|Helper|Manager)$`)
)

func TestNames(t *testing.T) {
	tree := mustLoad(t)
	for _, p := range sorted(tree) {
		for _, f := range p.Files {
			if f.IsGenerated() || strings.HasPrefix(f.Path, "internal/house/") {
				continue
			}
			for _, d := range f.Syntax.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if getter.MatchString(d.Name.Name) && !theirs.MatchString(d.Name.Name) {
						t.Errorf("%s: no Get prefix: %s", tree.At(d.Pos()), d.Name.Name)
					}
				case *ast.GenDecl:
					checkTypeNames(t, tree, p, d)
				}
			}
			ast.Inspect(f.Syntax, func(n ast.Node) bool {
				if field, ok := n.(*ast.Field); ok {
					for _, name := range field.Names {
						if american.MatchString(name.Name) {
							t.Errorf("%s: British spelling: %s", tree.At(name.Pos()), name.Name)
						}
					}
				}
				return true
			})
		}
	}
}

func checkTypeNames(t *testing.T, tree *Tree, p *Package, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			name := s.Name.Name
			pkg := p.Dir[strings.LastIndex(p.Dir, "/")+1:]
			if hollow.MatchString(name) {
				t.Errorf("%s: type name %s says nothing", tree.At(s.Pos()), name)
			}
			if s.Name.IsExported() && len(name) > len(pkg) && strings.HasPrefix(strings.ToLower(name), pkg) && isUpper(name[len(pkg)]) {
				t.Errorf("%s: %s.%s stutters", tree.At(s.Pos()), pkg, name)
			}
		case *ast.ValueSpec:
			for _, id := range s.Names {
				if american.MatchString(id.Name) {
					t.Errorf("%s: British spelling: %s", tree.At(id.Pos()), id.Name)
				}
			}
		}
	}
}

func isUpper(b byte) bool { return b >= 'A' && b <= 'Z' }
