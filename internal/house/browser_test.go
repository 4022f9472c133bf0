package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// browserRules are found by pattern in web/src; the compiler and svelte-check hold the rest.
var browserRules = []struct {
	pattern *regexp.Regexp
	why     string
}{
	{regexp.MustCompile(`[:<,|] *any\b *([;,)>=|\[{]|$)|\bas any\b|\bany\[\]`), "no `any`"},
	{regexp.MustCompile(`^\s*export default\b`), "no default export"},
	{regexp.MustCompile(`\sstyle=["{]`), "no inline style attribute (the policy forbids it; use style:name or a class)"},
	{regexp.MustCompile(`@ts-ignore|@ts-nocheck`), "no switched-off type check"},
	{regexp.MustCompile(`\{@html\b`), "no raw HTML"},
	{regexp.MustCompile(`FIXME|\bXXX\b`), "FIXME never reaches main"},
	{regexp.MustCompile(`TODO(\s|:|$)`), "a TODO carries its owner and issue: TODO(name, #12)"},
	{regexp.MustCompile(`\b(local|session)Storage\b.*(token|secret|password)`), "no secret in browser storage"},
}

func TestBrowserCode(t *testing.T) {
	walk(t, func(rel string, _ fs.FileInfo) {
		ext := filepath.Ext(rel)
		if !strings.HasPrefix(rel, "web/src/") || ext != ".ts" && ext != ".svelte" || rel == "web/src/imports.test.ts" {
			return // the last one holds the same patterns
		}
		text, err := os.ReadFile(filepath.Join(root, rel))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		if len(lines) > fileLinesMax && !strings.HasPrefix(rel, "web/src/wire/") {
			t.Errorf("%s: %d lines, the limit is %d", rel, len(lines), fileLinesMax)
		}
		for i, line := range lines {
			code := strings.TrimSpace(line)
			if strings.HasPrefix(code, "//") || strings.HasPrefix(code, "*") || strings.HasPrefix(code, "/*") {
				continue
			}
			for _, rule := range browserRules {
				if rule.pattern.MatchString(line) && !strings.HasPrefix(rel, "web/src/wire/") {
					t.Errorf("%s:%d: %s", rel, i+1, rule.why)
				}
			}
		}
	})
}

// folders are the browser folders in order: each may import those before it.
var folders = []string{"value", "wire", "live", "model", "chart", "view", "page"}

// allowed follows style: wire, live and model build on value; chart does not know live; view and page see no wire.
var allowed = map[string]string{
	"value": "", "wire": "", "live": "value wire", "model": "value wire live", "chart": "value model",
	"view": "value model chart", "page": "value model chart view",
}

var importFrom = regexp.MustCompile(`(?:from|import)\s*\(?\s*['"](?:\$|@/|(?:\.\./)+)(?:lib/|src/)?([a-z]+)[/'"]`)

func TestBrowserFolders(t *testing.T) {
	walk(t, func(rel string, _ fs.FileInfo) {
		own, _, isIn := strings.Cut(strings.TrimPrefix(rel, "web/src/"), "/")
		if rel == "web/src/page/main.ts" || rel == "web/src/page/world.ts" {
			return // the wiring sees everything, like cmd/paperport
		}
		if !strings.HasPrefix(rel, "web/src/") || !isIn || allowed[own] == "" && own != "value" && own != "wire" {
			return
		}
		text, err := os.ReadFile(filepath.Join(root, rel))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range importFrom.FindAllStringSubmatch(string(text), -1) {
			for _, folder := range folders {
				if m[1] == folder && folder != own && !strings.Contains(" "+allowed[own]+" ", " "+folder+" ") {
					t.Errorf("%s: `%s` may not import `%s`", rel, own, folder)
				}
			}
		}
	})
}
