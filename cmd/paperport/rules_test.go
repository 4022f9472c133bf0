package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrintRules: the table names values and sources, an override by file and line, and fails when a file is refused.
func TestPrintRules(t *testing.T) {
	dir := t.TempDir()
	mustWrite := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PAPERPORT_RULES_DIR", dir)
	mustWrite("specials.csv", "date,exchange,segment,auction,kind,phase,start,end,name,source,checked\n"+
		"2026-11-08,NSE+BSE,equity+fno,any,muhurat,open,18:00,19:00,Muhurat trading,NSE notice 99,2026-11-01\n")
	run := func(args ...string) (string, error) {
		var out bytes.Buffer
		root := newRoot()
		root.SetArgs(append([]string{"rules"}, args...))
		root.SetOut(&out)
		err := root.Execute()
		return out.String(), err
	}
	out, err := run("--date", "2026-11-08")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Rules in force on 2026-11-08 (Sunday)", "NSE fno (Muhurat trading)", "NSE notice 99 (overridden by specials.csv line 2)",
		"18:00 to 19:00", "stt, futures, sell", "Finance Act 2026", "1800", "MCX commodity", "times not announced"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	mustWrite("specials.csv", "date\n")
	if out, err = run(); exitCode(err) != exitFailed || !strings.Contains(out, "refused") || !strings.Contains(out, "specials.csv: the first line must be") {
		t.Errorf("error %v with a bad file\n%s", err, out)
	}
	if _, err = run("--date", "soon"); exitCode(err) != exitUsage {
		t.Errorf("a date that is none: %v", err)
	}
}
