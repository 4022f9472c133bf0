package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"paperport/calendar"
	"paperport/clock"
)

// rulesEvery is how often the folder of rules is looked at: a change is in force well within 30 seconds.
const rulesEvery = 10 * time.Second

// ruleFileMax bounds a file of rules, in bytes: ten times our largest.
const ruleFileMax = 1 << 20

// RulebookOptions say where rules are kept that override ours.
type RulebookOptions struct {
	// Dir holds files of the names of calendar.Files; it need not exist. "" is none.
	Dir   string
	Clock clock.Clock
	Log   *slog.Logger
}

// Rulebook is the exchanges' calendar with the files of a folder laid over it, read again when they change. A file that
// cannot be used is refused whole, and the newest good version of it stays in force.
type Rulebook struct {
	opt      RulebookOptions
	calendar *calendar.Calendar

	mu    sync.Mutex // guards the rest
	files map[string]ruleFile
	good  ruleTexts
}

// RuleFile is what became of a file in the folder of rules.
type RuleFile struct {
	Name string
	// Status is "in force", "refused" (Fault says why, with the line; an older version may be in force: IsOlderInForce) or
	// "ignored": nothing of that name can be overridden.
	Status, Fault  string
	IsOlderInForce bool
	ChangedAt      time.Time
}

type ruleFile struct {
	RuleFile
	size int64
}

// NewRulebook reads the folder for the first time. Bad files do not make an error: they are refused and logged.
func NewRulebook(o RulebookOptions) (*Rulebook, error) {
	times, err := calendar.Load(nil)
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &Rulebook{opt: o, calendar: times, files: map[string]ruleFile{}, good: ruleTexts{}}
	r.Reload()
	return r, nil
}

// Calendar is the timetable in force; it changes in place.
func (r *Rulebook) Calendar() *calendar.Calendar { return r.calendar }

// Dir is the folder that is looked at, "" for none.
func (r *Rulebook) Dir() string { return r.opt.Dir }

// Run looks for changes until ctx ends, at once when asked.
func (r *Rulebook) Run(ctx context.Context, asked <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.opt.Clock.After(rulesEvery):
			r.look(false)
		case <-asked:
			r.opt.Log.Info("rules are read again, as asked")
			r.look(true)
		}
	}
}

// Reload reads every file again.
func (r *Rulebook) Reload() { r.look(true) }

// Files lists what is in the folder, by name.
func (r *Rulebook) Files() []RuleFile {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]RuleFile, 0, len(r.files))
	for _, f := range r.files {
		all = append(all, f.RuleFile)
	}
	slices.SortFunc(all, func(a, b RuleFile) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// look reads what is new or, when isForced, everything, and puts it in force.
func (r *Rulebook) look(isForced bool) {
	if r.opt.Dir == "" {
		return
	}
	entries, err := os.ReadDir(r.opt.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.opt.Log.Error("the folder of rules cannot be read; the rules stay as they are", "err", err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	isChanged, there := false, map[string]bool{}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".csv") {
			continue
		}
		there[e.Name()] = true
		isChanged = r.read(e.Name(), isForced) || isChanged
	}
	for name := range r.files { // any order: entries are only deleted
		if !there[name] {
			_, was := r.good[name]
			delete(r.files, name)
			delete(r.good, name)
			isChanged = isChanged || was
			r.opt.Log.Info("a file of rules is gone; ours count again", "file", name)
		}
	}
	if isChanged {
		r.enforce()
	}
}

// read takes a file in when it is new; it reports whether the rules change.
func (r *Rulebook) read(name string, isForced bool) bool {
	path := filepath.Join(r.opt.Dir, name)
	info, err := os.Stat(path)
	if err != nil {
		r.refuse(name, ruleFile{}, err)
		return false
	}
	f := ruleFile{RuleFile{Name: name, ChangedAt: info.ModTime().UTC()}, info.Size()}
	if was, isKnown := r.files[name]; isKnown && !isForced && was.size == f.size && was.ChangedAt.Equal(f.ChangedAt) {
		return false
	}
	if !slices.Contains(calendar.Files(), name) {
		f.Status, f.Fault = "ignored", "no table of this name can be overridden; they are "+strings.Join(calendar.Files(), ", ")
		r.files[name] = f
		r.opt.Log.Warn("a file in the folder of rules is ignored", "file", name)
		return false
	}
	text, err := readRules(path, info)
	if err == nil {
		_, err = calendar.Load(ruleTexts{name: text})
	}
	if err != nil {
		r.refuse(name, f, err)
		return false
	}
	f.Status = "in force"
	r.files[name], r.good[name] = f, text
	r.opt.Log.Info("rules were read", "file", name, "changed_at", f.ChangedAt)
	return true
}

func readRules(path string, info fs.FileInfo) ([]byte, error) {
	if !info.Mode().IsRegular() || info.Size() > ruleFileMax {
		return nil, fmt.Errorf("%s is no file of at most %d bytes", info.Name(), ruleFileMax)
	}
	return os.ReadFile(path)
}

func (r *Rulebook) refuse(name string, f ruleFile, err error) {
	_, f.IsOlderInForce = r.good[name]
	f.Name, f.Status, f.Fault = name, "refused", strings.TrimPrefix(err.Error(), "calendar: ")
	if was, isKnown := r.files[name]; !isKnown || was.Fault != f.Fault || was.size != f.size {
		r.opt.Log.Error("a file of rules is refused; the rules stay as they are", "file", name, "err", err)
	}
	r.files[name] = f
}

// enforce makes the good files count.
func (r *Rulebook) enforce() {
	next, err := calendar.Load(r.good)
	if err != nil { // each file was good alone
		r.opt.Log.Error("files of rules do not fit together; the rules stay as they are", "err", err)
		return
	}
	r.calendar.Replace(next)
}

// ruleTexts are files in memory, so that what was checked is what is used.
type ruleTexts map[string][]byte

// Open finds nothing: files are only read whole.
func (t ruleTexts) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadFile returns the text of a file; the caller must not change it.
func (t ruleTexts) ReadFile(name string) ([]byte, error) {
	if text, ok := t[name]; ok {
		return text, nil
	}
	return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
}

// openRules gives an App without a rulebook ours.
func (a *App) openRules() (err error) {
	if a.opt.Rulebook == nil {
		if a.opt.Rulebook, err = NewRulebook(RulebookOptions{Clock: a.opt.Clock, Log: a.log}); err != nil {
			return fmt.Errorf("app: loading the calendar: %w", err)
		}
	}
	if a.opt.Calendar == nil {
		a.opt.Calendar = a.opt.Rulebook.Calendar()
	}
	return nil
}
