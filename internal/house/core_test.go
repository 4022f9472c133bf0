package house

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// lastCore ends the deterministic core in the package table; everything from the first row to here is bound by it.
const lastCore = "engine"

func core(t *testing.T) []*Package {
	t.Helper()
	tree := mustLoad(t)
	var out []*Package
	for _, row := range mustRows(t) {
		if p := tree.Packages[row.Package]; p != nil {
			out = append(out, p)
		}
		if row.Package == lastCore {
			return out
		}
	}
	t.Fatalf("no row `%s` in the package table", lastCore)
	return nil
}

var bannedImports = []string{
	"math/rand", "math/rand/v2", "crypto/rand", "os", "os/exec", "net", "net/http", "log", "log/slog", "syscall", "unsafe",
	"context", "runtime", "io/ioutil", "database/sql",
}

// bannedCalls are selectors that read a clock or wait; the rest of those packages is fine (time.Duration, strconv.ParseInt).
var bannedCalls = map[string][]string{
	"time":    {"Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Sleep", "Local"},
	"strconv": {"ParseFloat", "FormatFloat", "AppendFloat"},
	"fmt":     {"Print", "Println", "Printf"},
}

func TestCoreIsDeterministic(t *testing.T) {
	tree := mustLoad(t)
	for _, p := range core(t) {
		vars := packageVars(p)
		for _, f := range p.Files {
			if f.IsTest {
				continue
			}
			for _, spec := range f.Syntax.Imports {
				if name, err := strconv.Unquote(spec.Path.Value); err != nil || slices.Contains(bannedImports, name) {
					t.Errorf("%s: the core may not import %s", tree.At(spec.Pos()), spec.Path.Value)
				}
			}
			ast.Inspect(f.Syntax, func(n ast.Node) bool {
				if why := bannedInCore(n, f, vars); why != "" {
					t.Errorf("%s: %s in the core", tree.At(n.Pos()), why)
				}
				return true
			})
		}
	}
}

// bannedInCore names what is wrong with one node, or "".
func bannedInCore(n ast.Node, f *File, vars map[string]bool) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "goroutine"
	case *ast.ChanType, *ast.SendStmt, *ast.SelectStmt:
		return "channel"
	case *ast.Ident:
		if n.Name == "float64" || n.Name == "float32" {
			return n.Name
		}
	case *ast.BasicLit:
		if n.Kind == token.FLOAT {
			return "float literal " + n.Value
		}
	case *ast.FuncDecl:
		if n.Name.Name == "init" && n.Recv == nil {
			return "init"
		}
	case *ast.SelectorExpr:
		if x, ok := n.X.(*ast.Ident); ok && x.Obj == nil && slices.Contains(bannedCalls[x.Name], n.Sel.Name) {
			return x.Name + "." + n.Sel.Name
		}
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE {
			return ""
		}
		for _, left := range n.Lhs {
			if name := changedVar(left, f, vars); name != "" {
				return "change of package variable " + name
			}
		}
	case *ast.IncDecStmt:
		if name := changedVar(n.X, f, vars); name != "" {
			return "change of package variable " + name
		}
	}
	return ""
}

func packageVars(p *Package) map[string]bool {
	vars := map[string]bool{}
	for _, f := range p.Files {
		for _, d := range f.Syntax.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
				for _, s := range g.Specs {
					for _, name := range s.(*ast.ValueSpec).Names {
						vars[name.Name] = true
					}
				}
			}
		}
	}
	return vars
}

// changedVar returns the package variable that an assignment to e would change, or "".
func changedVar(e ast.Expr, f *File, vars map[string]bool) string {
	for {
		switch x := e.(type) {
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.Ident:
			isLocal := x.Obj != nil && f.Syntax.Scope.Lookup(x.Name) != x.Obj
			if x.Name != "_" && vars[x.Name] && !isLocal {
				return x.Name
			}
			return ""
		default:
			return ""
		}
	}
}

// TestCoreMapOrder flags `range` over a map, unless the function sorts something or a comment on the line or the one
// above says "any order:" and why order cannot reach an output.
func TestCoreMapOrder(t *testing.T) {
	tree := mustLoad(t)
	checked := map[string]*types.Package{}
	for _, p := range core(t) {
		info := p.typesOf(tree, checked)
		for _, f := range p.Files {
			if f.IsTest {
				continue
			}
			excused := excuses(tree, f)
			for _, d := range f.Syntax.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || fn.Body == nil {
					continue
				}
				for _, r := range unorderedRanges(fn, info) {
					if line := tree.Fset.Position(r.Pos()).Line; !excused[line] {
						t.Errorf("%s: ranges over a map; sort, or say `// any order: why`", tree.At(r.Pos()))
					}
				}
			}
		}
	}
}

// typesOf works out the types of a package's expressions. Imports from outside the core are left empty and what cannot be
// known for that stays unknown: it is quick, and the maps of the core are made of its own types.
func (p *Package) typesOf(tree *Tree, checked map[string]*types.Package) *types.Info {
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	var files []*ast.File
	for _, f := range p.Files {
		if !f.IsTest {
			files = append(files, f.Syntax)
		}
	}
	config := types.Config{Error: func(error) {}, Importer: importer(checked)}
	// Errors are expected: see above.
	checked[Module+"/"+p.Dir], _ = config.Check(Module+"/"+p.Dir, tree.Fset, files, info)
	return info
}

// importer answers with packages that were checked before, and with empty ones for the rest.
type importer map[string]*types.Package

func (i importer) Import(name string) (*types.Package, error) {
	if p := i[name]; p != nil {
		return p, nil
	}
	p := types.NewPackage(name, path.Base(name))
	p.MarkComplete()
	return p, nil
}

// unorderedRanges are the map ranges of fn; none when fn sorts something.
func unorderedRanges(fn *ast.FuncDecl, info *types.Info) []*ast.RangeStmt {
	var found []*ast.RangeStmt
	sorts := false
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			sorts = sorts || isSort(n)
		case *ast.RangeStmt:
			if t := info.Types[n.X].Type; t != nil {
				if _, isMap := t.Underlying().(*types.Map); isMap {
					found = append(found, n)
				}
			}
		}
		return true
	})
	if sorts {
		return nil
	}
	return found
}

func isSort(call *ast.CallExpr) bool {
	name := callName(call)
	return strings.HasPrefix(name, "sort") || strings.HasPrefix(name, "slices.Sort") || strings.HasPrefix(name, "Sort")
}

func callName(call *ast.CallExpr) string {
	switch fn := call.Fun.(type) {
	case *ast.Ident:
		return fn.Name
	case *ast.SelectorExpr:
		if x, ok := fn.X.(*ast.Ident); ok {
			return x.Name + "." + fn.Sel.Name
		}
	}
	return ""
}

// excuses are the lines that an "any order:" comment covers: its own and the next.
func excuses(tree *Tree, f *File) map[int]bool {
	lines := map[int]bool{}
	for _, g := range f.Syntax.Comments {
		if strings.Contains(g.Text(), "any order:") {
			for line := tree.Fset.Position(g.Pos()).Line; line <= tree.Fset.Position(g.End()).Line+1; line++ {
				lines[line] = true
			}
		}
	}
	return lines
}
