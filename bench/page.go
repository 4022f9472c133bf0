package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// Goals of P11, compressed bytes: to the live order ticket, and the whole app.
const (
	ticketGoalKB = 30
	appGoalKB    = 110
	benchUser    = "bench"
	benchPass    = "the monsoon came early this year"
)

// pageRows is P11: bytes of the page and first paint in headless Chromium at full speed and slowed down four times.
func pageRows(b *bench) error {
	if err := b.budgetRows(); err != nil {
		return err
	}
	ours, err := b.oursServer("on")
	if err != nil {
		return err
	}
	p, _, err := b.launch(ours, "/livez", "")
	if err != nil {
		return err
	}
	defer p.kill()
	t := &trader{url: baseOf(p.url), client: newClient(1)}
	if err := t.call(http.MethodPost, "/api/setup", map[string]string{"username": benchUser, "password": benchPass}, nil); err != nil {
		return err
	}
	floor, err := b.floorServer()
	if err != nil {
		return err
	}
	f, _, err := b.launch(floor, "/", "")
	if err != nil {
		return err
	}
	defer f.kill()
	return b.paintRows(baseOf(p.url), baseOf(f.url)+"/page")
}

// budgetRows takes the sizes that the budget of the browser app's own build reports.
func (b *bench) budgetRows() error {
	cmd := exec.Command("node", "scripts/budget.mjs")
	cmd.Dir = filepath.Join(b.root, "web")
	// It exits 1 above its gate; what it prints is what counts here.
	text, err := cmd.CombinedOutput()
	sizes := map[string]float64{}
	for _, m := range budgetLine.FindAllStringSubmatch(string(text), -1) {
		sizes[m[1]], _ = strconv.ParseFloat(m[2], 64)
	}
	if sizes["ticket"] == 0 || sizes["app"] == 0 {
		return fmt.Errorf("page budget (is the app built? make build): %w: %.300s", err, text)
	}
	for _, r := range []struct {
		name     string
		kB, goal float64
		peer     string
	}{
		{"JS + CSS to the live ticket, compressed", sizes["ticket"], ticketGoalKB, "an earlier implementation: 195 kB"},
		{"whole app, compressed", sizes["app"], appGoalKB, "an earlier implementation: 428 kB"},
	} {
		b.results = append(b.results, result{ID: "P11", Name: r.name, Unit: "kB", Ours: r.kB, Equal: true, Pairs: 1, Note: r.peer})
		b.judge(r.goal, "kB")
	}
	return nil
}

var budgetLine = regexp.MustCompile(`(?m)^(ticket|app): ([0-9.]+) kB`)

// painted is one page load, in milliseconds since navigation: first contentful paint, first price on screen, and long
// tasks beyond 50 ms.
type painted struct{ FCP, Tick, Long float64 }

func (b *bench) paintRows(ours, floor string) error {
	ask, err := json.Marshal(map[string]any{"ours": ours, "floor": floor, "username": benchUser, "password": benchPass, "pairs": b.pairs, "throttles": []int{1, 4}})
	if err != nil {
		return err
	}
	cmd := exec.Command("node", "paint.mjs", string(ask))
	cmd.Dir = filepath.Join(b.root, "test/journey")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("paint in Chromium (npm packages: tools/modules.sh test/journey): %w", err)
	}
	var samples map[string]struct{ Ours, Floor, Terminal []painted }
	if err := json.Unmarshal(out.Bytes(), &samples); err != nil {
		return err
	}
	for _, throttle := range []string{"1", "4"} {
		s := samples[throttle]
		first, long, tick := &ratios{}, 0.0, &ratios{}
		for i := range s.Ours {
			first.add(s.Ours[i].FCP, s.Floor[i].FCP)
			tick.add(s.Terminal[i].Tick, s.Floor[i].FCP)
			long = max(long, s.Terminal[i].Long)
		}
		b.results = append(b.results,
			first.result(result{ID: "P11", Name: "first contentful paint, sign-in page, CPU " + throttle + "x slower", Unit: "ms", Goal: 1.15}),
			tick.result(result{ID: "P11", Name: "first live price in the terminal, CPU " + throttle + "x slower", Unit: "ms",
				Note: fmt.Sprintf("longest sum of long tasks: %.0f ms (goal 0 at 1x, 60 at 4x)", long)}))
	}
	return nil
}
