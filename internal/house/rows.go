package house

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Row is one line of the package table of ARCHITECTURE.md.
type Row struct {
	Package string
	// Imports are the packages that this one may import, all spelled out; IsAll allows every package of the table.
	Imports map[string]bool
	IsAll   bool
	// Modules are ends of module paths ("coder/websocket"), without version.
	Modules []string
}

// Rows reads the package table. Order is the table's; a row may name only rows above it.
func Rows(root string) ([]Row, error) {
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		return nil, err
	}
	var rows []Row
	inTable := false
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "| Package |") {
			inTable = true
			continue
		}
		if !inTable || strings.HasPrefix(line, "|---") {
			continue
		}
		if !strings.HasPrefix(line, "|") {
			break
		}
		row, err := parseRow(line, rows)
		if err != nil {
			return nil, fmt.Errorf("house: ARCHITECTURE.md: %w", err)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("house: ARCHITECTURE.md has no package table")
	}
	return rows, nil
}

func parseRow(line string, above []Row) (Row, error) {
	cells := strings.Split(strings.Trim(line, "| "), "|")
	if len(cells) != 4 {
		return Row{}, fmt.Errorf("row with %d cells, want 4: %s", len(cells), line)
	}
	row := Row{Package: strings.Trim(cells[0], " `"), Imports: map[string]bool{}}
	for _, m := range list(cells[3]) {
		row.Modules = append(row.Modules, m)
	}
	imports := strings.TrimSpace(cells[2])
	if imports == "all" {
		row.IsAll = true
		return row, nil
	}
	isClosed := false
	for _, tail := range []string{" and what it imports", " and what they import"} {
		if strings.HasSuffix(imports, tail) {
			imports, isClosed = strings.TrimSuffix(imports, tail), true
		}
	}
	for _, part := range list(imports) {
		if err := row.allow(part, above, isClosed); err != nil {
			return Row{}, err
		}
	}
	return row, nil
}

// allow adds what one part of the cell names: a package, or "first to last".
func (r *Row) allow(part string, above []Row, isClosed bool) error {
	first, last, isRange := strings.Cut(part, " to ")
	if !isRange {
		last = first
	}
	isIn, found := false, 0
	for _, row := range above {
		if row.Package == first {
			isIn = true
			found++
		}
		if isIn {
			r.Imports[row.Package] = true
			if isClosed {
				for name := range row.Imports {
					r.Imports[name] = true
				}
			}
		}
		if row.Package == last {
			if isIn {
				found++
			}
			isIn = false
		}
	}
	if found != 2 {
		return fmt.Errorf("`%s` may import %q, which no row above names", r.Package, part)
	}
	return nil
}

func list(cell string) []string {
	var out []string
	for _, part := range strings.Split(cell, ",") {
		if part = strings.Trim(part, " `"); part != "" && part != "-" {
			out = append(out, part)
		}
	}
	return out
}
