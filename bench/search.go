package main

import (
	"database/sql"
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"paperport/instrument"
)

const queriesLen = 10_000

// searchRows is P12: one query over 150,000 instruments, twenty best, on recorded keystrokes.
func searchRows(b *bench) error {
	all := universe(universeLen)
	asked := queries(all, queriesLen)
	texts := make([]string, len(all))
	for i := range all {
		texts[i] = searchText(&all[i])
	}
	floor := newTrigrams(texts)
	fts, err := b.newFTS(texts)
	if err != nil {
		return err
	}
	defer fts.Close()

	finder, built, bytes := buildFinder(all)
	p99 := func(find func(string) int) func() (sample, error) {
		return func() (sample, error) { return timeQueries(asked, find) }
	}
	var ids []int32
	ours := p99(func(q string) int { return len(finder.Search(q, searchLimit)) })
	note := fmt.Sprintf("index built in %d ms (goal 150), %.0f bytes an instrument (goal 100); words: %s; half-typed contract symbols: %s",
		built.Milliseconds(), float64(bytes)/universeLen, checkHits(finder, texts, asked), checkHits(finder, texts, gluedQueries(all, 1000)))
	err = b.measure(row{
		ID: "P12", Name: "search 150 k, p99 of a query", Unit: "us", Note: note,
		ours:  ours,
		floor: p99(func(q string) int { ids = floor.search(q, ids); return len(ids) }),
	})
	if err != nil {
		return err
	}
	b.judge(searchGoalUs, "us")
	whole := wholeWords(asked, ftsQueries)
	return b.measure(row{
		ID: "P12", Name: "search 150 k, mean of a query", Unit: "us", PeerName: "FTS5 trigram", PeerGoal: 20,
		ours: meanOf(whole, func(q string) int { return len(finder.Search(q, searchLimit)) }),
		peer: meanOf(whole, func(q string) int { return searchFTS(fts, q) }),
	})
}

const (
	searchGoalUs = 12
	// ftsQueries is fewer, for the peer takes longer.
	ftsQueries = 300
)

// wholeWords are the first n queries that the peer's index can answer alone: one word of three letters or more.
func wholeWords(asked []string, n int) []string {
	var out []string
	for _, q := range asked {
		if len(q) >= 3 && !strings.Contains(q, " ") && len(out) < n {
			out = append(out, q)
		}
	}
	return out
}

func searchText(i *instrument.Instrument) string {
	return strings.ToLower(strings.Join([]string{i.Symbol, i.Name, i.ISIN, i.Underlying, i.Strike.String(), i.Right.String()}, " "))
}

func buildFinder(all []instrument.Instrument) (*instrument.Finder, time.Duration, uint64) {
	before := heap()
	began := time.Now()
	f := instrument.NewFinder(entries(all))
	took := time.Since(began)
	return f, took, heap() - before
}

func entries(all []instrument.Instrument) iter.Seq[instrument.Entry] {
	return func(yield func(instrument.Entry) bool) {
		for i := range all {
			if !yield(instrument.Entry{Instrument: all[i]}) {
				return
			}
		}
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// checkHits counts the queries that find something, and those whose every hit contains every word.
func checkHits(f *instrument.Finder, texts, asked []string) string {
	found, right := 0, 0
	for _, q := range asked {
		hits := f.Search(q, searchLimit)
		if len(hits) == 0 {
			continue
		}
		found++
		if !slices.ContainsFunc(hits, func(h instrument.Hit) bool { return !containsAll(texts[h.ID-1], strings.Fields(q)) }) {
			right++
		}
	}
	return fmt.Sprintf("%d of %d found something, all hits of %d hold every word", found, len(asked), right)
}

// timeQueries is the 99th percentile of one query, in microseconds of wall time, over all of them.
func timeQueries(asked []string, find func(string) int) (sample, error) {
	took := make([]time.Duration, len(asked))
	found := 0
	for i, q := range asked {
		began := time.Now()
		n := find(q)
		took[i] = time.Since(began)
		found += min(n, 1)
	}
	slices.Sort(took)
	return sample{cost: micros(took[len(took)*99/100]), proof: foundProof(found, len(asked))}, nil
}

func meanOf(asked []string, find func(string) int) func() (sample, error) {
	return func() (sample, error) {
		began := cpuSelf()
		found := 0
		for _, q := range asked {
			found += min(find(q), 1)
		}
		return sample{cost: micros(cpuSelf()-began) / float64(len(asked)), proof: foundProof(found, len(asked))}, nil
	}
}

// foundProof is what the sides must agree on: how many queries found anything.
func foundProof(found, asked int) string {
	return fmt.Sprintf("%d of %d queries found something", found, asked)
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// newFTS is the peer: SQLite's own trigram index.
func (b *bench) newFTS(texts []string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.dir, "fts.db"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE VIRTUAL TABLE names USING fts5(text, tokenize='trigram'); BEGIN`); err != nil {
		return nil, err
	}
	stmt, err := db.Prepare(`INSERT INTO names (rowid, text) VALUES ($1, $2)`)
	if err != nil {
		return nil, err
	}
	for i, text := range texts {
		if _, err := stmt.Exec(i, text); err != nil {
			return nil, err
		}
	}
	_, err = db.Exec(`COMMIT`)
	return db, err
}

// searchFTS asks for every word of three letters or more; shorter words it cannot index, and are left to LIKE.
func searchFTS(db *sql.DB, q string) int {
	var match []string
	for _, w := range strings.Fields(q) {
		if len(w) >= 3 {
			match = append(match, `"`+strings.ReplaceAll(w, `"`, ``)+`"`)
		}
	}
	query, arg := `SELECT rowid FROM names WHERE text LIKE $1 LIMIT 20`, "%"+q+"%"
	if len(match) > 0 {
		query, arg = `SELECT rowid FROM names WHERE names MATCH $1 ORDER BY rank LIMIT 20`, strings.Join(match, " AND ")
	}
	rows, err := db.Query(query, arg)
	if err != nil {
		return -1
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if rows.Err() != nil {
		return -1
	}
	return n
}
