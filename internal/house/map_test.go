package house

import (
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const root = "../.."

var loadOnce = sync.OnceValues(func() (*Tree, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	return Load(abs)
})

func mustLoad(t *testing.T) *Tree {
	t.Helper()
	tree, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func mustRows(t *testing.T) []Row {
	t.Helper()
	rows, err := Rows(root)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// sorted gives the packages in a fixed order, so that failures come out the same way each time.
func sorted(tree *Tree) []*Package {
	out := make([]*Package, 0, len(tree.Packages))
	for _, p := range tree.Packages {
		out = append(out, p)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Dir < out[j].Dir })
	return out
}

// isFree reports whether a folder holds helpers or whole-binary tests, which the table does not bind.
func isFree(dir string) bool {
	top, _, _ := strings.Cut(dir, "/")
	return top == "internal" || top == "test" || top == "bench"
}

// testModules are for _test.go files of any package, beside every module that the table names.
var testModules = []string{"google/go-cmp", "pgregory.net/rapid", "go.uber.org/goleak"}

func TestMapNamesEveryPackage(t *testing.T) {
	tree := mustLoad(t)
	named := map[string]bool{}
	for _, row := range mustRows(t) {
		named[row.Package] = true
		if tree.Packages[row.Package] == nil {
			t.Errorf("ARCHITECTURE.md has a row for `%s`, but there is no such package", row.Package)
		}
	}
	for _, p := range sorted(tree) {
		if !named[p.Dir] && !isFree(p.Dir) {
			t.Errorf("package %s has no row in ARCHITECTURE.md", p.Dir)
		}
	}
}

func TestImportsFollowTheMap(t *testing.T) {
	tree, rows := mustLoad(t), mustRows(t)
	forTests := slices.Clone(testModules)
	for _, row := range rows {
		forTests = append(forTests, row.Modules...)
	}
	for _, row := range rows {
		p := tree.Packages[row.Package]
		if p == nil {
			continue
		}
		for _, f := range p.Files {
			for _, spec := range f.Syntax.Imports {
				name, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if why := forbidden(row, f, name, forTests); why != "" {
					t.Errorf("%s: %s", tree.At(spec.Pos()), why)
				}
			}
		}
	}
}

// forbidden says why a file of a row may not import name, or "".
func forbidden(row Row, f *File, name string, forTests []string) string {
	if own, isOwn := strings.CutPrefix(name, Module+"/"); isOwn {
		switch {
		case f.IsTest || own == row.Package || row.IsAll && !isFree(own) || row.Imports[own]:
			return ""
		default:
			return "`" + row.Package + "` may not import `" + own + "` (ARCHITECTURE.md)"
		}
	}
	first, _, _ := strings.Cut(name, "/")
	if !strings.Contains(first, ".") {
		return ""
	}
	allowed := row.Modules
	if f.IsTest {
		allowed = forTests
	}
	for _, m := range allowed {
		if strings.HasPrefix(name, m) || strings.Contains(name, "/"+m) {
			return ""
		}
	}
	return "`" + row.Package + "` may not import module " + name + " (ARCHITECTURE.md, ADR 6)"
}

func TestPackageNames(t *testing.T) {
	banned := []string{"util", "utils", "common", "models", "types", "manager", "helpers", "base", "core", "shared"}
	for _, p := range sorted(mustLoad(t)) {
		for _, f := range p.Files {
			if name := strings.TrimSuffix(f.Syntax.Name.Name, "_test"); slices.Contains(banned, name) {
				t.Errorf("%s: package name %q says nothing", f.Path, name)
			}
		}
	}
}
