package house

import (
	"go/ast"
	"go/token"
	"path"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// enum is a named type with a block of constants. Keys are "dir.Name".
type enum struct {
	typeName string
	members  []string
}

// TestEnumSwitches wants every switch over one of our enums to list all members or to have a default. Aliases (two
// names of one value) are not known here: list both or add a default.
func TestEnumSwitches(t *testing.T) {
	tree := mustLoad(t)
	owner, enums := collectEnums(tree)
	for _, p := range sorted(tree) {
		for _, f := range p.Files {
			if f.IsTest {
				continue
			}
			aliases := importDirs(f)
			ast.Inspect(f.Syntax, func(n ast.Node) bool {
				s, ok := n.(*ast.SwitchStmt)
				if !ok || s.Tag == nil {
					return true
				}
				if missing := missingMembers(s, p.Dir, aliases, owner, enums); len(missing) > 0 {
					t.Errorf("%s: switch leaves out %s and has no default", tree.At(s.Pos()), strings.Join(missing, ", "))
				}
				return true
			})
		}
	}
}

// collectEnums finds const blocks whose first constant has a type of the same package. owner maps a constant to its enum.
func collectEnums(tree *Tree) (owner map[string]string, enums map[string]*enum) {
	owner, enums = map[string]string{}, map[string]*enum{}
	for _, p := range sorted(tree) {
		for _, f := range p.Files {
			for _, d := range f.Syntax.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok || g.Tok != token.CONST || len(g.Specs) < 2 {
					continue
				}
				current := ""
				for _, spec := range g.Specs {
					v := spec.(*ast.ValueSpec)
					if id, ok := v.Type.(*ast.Ident); ok {
						current = p.Dir + "." + id.Name
					} else if len(v.Values) > 0 {
						current = ""
					}
					if current == "" || !isOwnType(current) {
						continue
					}
					if enums[current] == nil {
						enums[current] = &enum{typeName: current}
					}
					for _, name := range v.Names {
						if name.Name != "_" {
							owner[p.Dir+"."+name.Name] = current
							enums[current].members = append(enums[current].members, name.Name)
						}
					}
				}
			}
		}
	}
	return owner, enums
}

// isOwnType leaves out constants of built-in types, which are numbers and words, not enums.
func isOwnType(name string) bool {
	switch name[strings.LastIndex(name, ".")+1:] {
	case "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "string", "byte", "rune", "float64", "uintptr":
		return false
	default:
		return true
	}
}

func importDirs(f *File) map[string]string {
	out := map[string]string{}
	for _, spec := range f.Syntax.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if dir, isOwn := strings.CutPrefix(name, Module+"/"); isOwn {
			local := path.Base(dir)
			if spec.Name != nil {
				local = spec.Name.Name
			}
			out[local] = dir
		}
	}
	return out
}

func missingMembers(s *ast.SwitchStmt, dir string, aliases, owner map[string]string, enums map[string]*enum) []string {
	of := ""
	seen := map[string]bool{}
	for _, stmt := range s.Body.List {
		clause := stmt.(*ast.CaseClause)
		if clause.List == nil {
			return nil
		}
		for _, e := range clause.List {
			key := constKey(e, dir, aliases)
			if owner[key] == "" || of != "" && owner[key] != of {
				return nil
			}
			of = owner[key]
			seen[key[strings.LastIndex(key, ".")+1:]] = true
		}
	}
	if of == "" {
		return nil
	}
	var missing []string
	for _, m := range enums[of].members {
		if !seen[m] {
			missing = append(missing, m)
		}
	}
	sort.Strings(missing)
	return missing
}

func constKey(e ast.Expr, dir string, aliases map[string]string) string {
	switch e := e.(type) {
	case *ast.Ident:
		return dir + "." + e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok && aliases[x.Name] != "" {
			return aliases[x.Name] + "." + e.Sel.Name
		}
	}
	return ""
}
