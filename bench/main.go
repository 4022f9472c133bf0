// Command bench measures PaperPort against two things in the same run: a floor, our own minimal program that does only
// the unavoidable work, and a peer, public software that does the same job. It prints ratios, because only they hold on
// another machine, and one JSON line per metric. Rows and goals are those of the performance paper; equal work is
// proven row by row, else the row is void.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	var o options
	flag.IntVar(&o.pairs, "pairs", 5, "A B pairs per metric; 5 is the least that counts")
	flag.StringVar(&o.only, "only", "", "comma-separated rows, for example P1,P12; empty: all")
	flag.StringVar(&o.binary, "binary", "", "the paperport binary; empty: build it")
	flag.BoolVar(&o.isFull, "full", false, "the larger sizes, too (minutes instead of seconds)")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	pairs  int
	only   string
	binary string
	isFull bool
}

func (o options) wants(id string) bool {
	if o.only == "" {
		return true
	}
	for _, want := range strings.Split(o.only, ",") {
		if strings.EqualFold(want, id) {
			return true
		}
	}
	return false
}

// suite is one metric: it measures and returns its rows.
type suite struct {
	id  string
	run func(*bench) error
}

var suites = []suite{
	{"P1", tickRows},
	{"P3", decodeRows},
	{"P4", durableRows},
	{"P9", startRows},
	{"P10", memoryRows},
	{"P11", pageRows},
	{"P12", searchRows},
	{"P14", httpRows},
}

func run(o options) error {
	b, err := newBench(o)
	if err != nil {
		return err
	}
	defer b.close()
	started := time.Now()
	for _, s := range suites {
		if !o.wants(s.id) {
			continue
		}
		at := time.Now()
		if err := s.run(b); err != nil {
			b.fail(s.id, err)
		}
		fmt.Fprintf(os.Stderr, "%-4s %5.1f s\n", s.id, time.Since(at).Seconds())
	}
	b.print(os.Stdout)
	fmt.Fprintf(os.Stderr, "all  %5.1f s\n", time.Since(started).Seconds())
	if b.isBroken() {
		return fmt.Errorf("some rows could not be measured")
	}
	return nil
}
