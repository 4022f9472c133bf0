package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
)

// sample is one measurement. Cost is in the row's unit, lower is better. Proof tells what was done (counts, hashes);
// the sides of a pair must agree on it.
type sample struct {
	cost  float64
	proof string
}

// row is one line of the table: what is measured, and the functions that measure it.
type row struct {
	ID, Name, Unit string
	// Goal is the largest ratio to the floor that meets the goal; 0: no such goal.
	Goal float64
	// PeerGoal is the least factor by which the peer must be slower; 0: no such goal.
	PeerGoal float64
	PeerName string
	// Note says what a reader must know to read the numbers.
	Note string

	ours, floor, peer func() (sample, error)
}

// result is what one row came to; it is printed as one JSON line.
type result struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	Unit       string  `json:"unit"`
	Ours       float64 `json:"ours"`
	Floor      float64 `json:"floor,omitempty"`
	Peer       float64 `json:"peer,omitempty"`
	RatioFloor float64 `json:"ratio_floor,omitempty"`
	RatioPeer  float64 `json:"ratio_peer,omitempty"`
	Pairs      int     `json:"pairs"`
	Min        float64 `json:"min,omitempty"`
	Med        float64 `json:"med,omitempty"`
	Max        float64 `json:"max,omitempty"`
	Equal      bool    `json:"equal"`
	Proof      string  `json:"proof,omitempty"`
	Goal       float64 `json:"goal,omitempty"`
	PeerName   string  `json:"peer_name,omitempty"`
	PeerGoal   float64 `json:"peer_goal,omitempty"`
	Met        string  `json:"met"`
	Note       string  `json:"note,omitempty"`
	Noise      float64 `json:"noise,omitempty"`
	Error      string  `json:"error,omitempty"`
}

// bench holds the results and the scratch folder of one run.
type bench struct {
	options
	root    string
	dir     string
	results []result
}

func newBench(o options) (*bench, error) {
	root, err := findRoot()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "paperport-bench-")
	if err != nil {
		return nil, err
	}
	if o.binary != "" {
		if o.binary, err = filepath.Abs(o.binary); err != nil {
			return nil, err
		}
	}
	return &bench{options: o, root: root, dir: dir}, nil
}

func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "ARCHITECTURE.md")); err == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", fmt.Errorf("run it inside the project")
		}
		dir = filepath.Dir(dir)
	}
}

func (b *bench) close() { os.RemoveAll(b.dir) }

func (b *bench) fail(id string, err error) {
	b.results = append(b.results, result{ID: id, Name: "not measured", Met: "void", Error: err.Error()})
}

func (b *bench) isBroken() bool {
	return slices.ContainsFunc(b.results, func(r result) bool { return r.Error != "" })
}

// measure runs one row in alternation, ours floor peer ours floor peer, and keeps the pairwise ratios.
func (b *bench) measure(r row) error {
	out := result{ID: r.ID, Name: r.Name, Unit: r.Unit, Goal: r.Goal, PeerGoal: r.PeerGoal, PeerName: r.PeerName, Note: r.Note, Pairs: b.pairs, Equal: true}
	var ours, floors, peers, ratios, peerRatios []float64
	noise := watchNoise()
	for range b.pairs {
		a, err := r.ours()
		if err != nil {
			return fmt.Errorf("%s %s: ours: %w", r.ID, r.Name, err)
		}
		ours = append(ours, a.cost)
		out.Proof = a.proof
		if r.floor != nil {
			f, err := r.floor()
			if err != nil {
				return fmt.Errorf("%s %s: floor: %w", r.ID, r.Name, err)
			}
			out.note(a, f, "floor")
			floors, ratios = append(floors, f.cost), append(ratios, a.cost/f.cost)
		}
		if r.peer != nil {
			p, err := r.peer()
			if err != nil {
				return fmt.Errorf("%s %s: peer: %w", r.ID, r.Name, err)
			}
			out.note(a, p, "peer")
			peers, peerRatios = append(peers, p.cost), append(peerRatios, p.cost/a.cost)
		}
	}
	out.Noise = noise()
	out.Ours, out.Floor, out.Peer = median(ours), median(floors), median(peers)
	out.RatioFloor, out.RatioPeer = median(ratios), median(peerRatios)
	if len(ratios) > 0 {
		out.Min, out.Med, out.Max = slices.Min(ratios), out.RatioFloor, slices.Max(ratios)
	}
	out.Met = out.verdict()
	b.results = append(b.results, out)
	return nil
}

// note marks the row unequal when the two sides did different work.
func (r *result) note(ours, other sample, who string) {
	if ours.proof != other.proof {
		r.Equal = false
		r.Error = fmt.Sprintf("unequal work: ours %q, %s %q", ours.proof, who, other.proof)
	}
}

func (r *result) verdict() string {
	switch {
	case !r.Equal:
		return "void"
	case r.Goal > 0 && r.RatioFloor > r.Goal:
		return fmt.Sprintf("no, %.2f x the goal", r.RatioFloor/r.Goal)
	case r.PeerGoal > 0 && r.RatioPeer < r.PeerGoal:
		return fmt.Sprintf("no, %.2f of the goal", r.RatioPeer/r.PeerGoal)
	case r.Goal == 0 && r.PeerGoal == 0:
		return "-"
	default:
		return "yes"
	}
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Clone(v)
	slices.Sort(s)
	return s[len(s)/2]
}

func (b *bench) print(w io.Writer) {
	for _, r := range b.results {
		line, err := json.Marshal(r)
		if err != nil {
			line = []byte(fmt.Sprintf(`{"id":%q,"error":%q}`, r.ID, err))
		}
		fmt.Fprintf(w, "%s\n", line)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "row\twhat\tours\tfloor\tours / floor (min med max)\tgoal\tpeer\tpeer / ours\tgoal\tequal\tmet")
	for _, r := range b.results {
		if r.Name == "not measured" {
			fmt.Fprintf(t, "%s\tnot measured: %s\n", r.ID, r.Error)
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Name,
			number(r.Ours)+" "+r.Unit, number(r.Floor), spread(r), bound("<= ", r.Goal), peerCell(r), number(r.RatioPeer), bound(">= ", r.PeerGoal),
			equalCell(r), r.Met)
	}
	t.Flush()
	for _, r := range b.results {
		if r.Note != "" || r.Error != "" || r.Noise > noiseMax {
			fmt.Fprintf(w, "%s %s: %s%s%s\n", r.ID, r.Name, r.Note, prefixed(" ", r.Error), noisy(r.Noise))
		}
	}
}

func spread(r result) string {
	if r.Floor == 0 {
		return "-"
	}
	return fmt.Sprintf("%s %s %s", number(r.Min), number(r.Med), number(r.Max))
}

func bound(sign string, v float64) string {
	if v == 0 {
		return "-"
	}
	return sign + number(v)
}

func peerCell(r result) string {
	if r.PeerName == "" {
		return "-"
	}
	return r.PeerName + " " + number(r.Peer)
}

func equalCell(r result) string {
	if !r.Equal {
		return "NO"
	}
	return "yes"
}

func prefixed(sign, s string) string {
	if s == "" {
		return ""
	}
	return sign + s
}

func noisy(share float64) string {
	if share <= noiseMax {
		return ""
	}
	return fmt.Sprintf(" (other processes took %.0f%% of a core meanwhile)", share*100)
}

func number(v float64) string {
	switch a := math.Abs(v); {
	case v == 0:
		return "-"
	case a >= 1000:
		return fmt.Sprintf("%.0f", v)
	case a >= 100:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.3g", v)
	}
}
