package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"paperport/breeze"
	"paperport/calendar"
)

// The files of a Daily's directory. They hold nothing of any user.
const (
	keptZip     = "SecurityMaster.zip"
	keptReport  = "report.json"
	changesGlob = "changes-*.json"
	halfGlob    = "download-*"
	changesKept = 30
	// previousMax is the age of a report, in days, up to which counts are compared with it.
	previousMax = 10
)

// kept says what the kept file is.
type kept struct {
	On     string               `json:"on"`
	Size   int64                `json:"size"`
	SHA256 string               `json:"sha256"`
	Report *breeze.MasterReport `json:"report"`
}

// on is 0 for nothing kept.
func (k kept) on() calendar.Date {
	d, err := calendar.ParseDate(k.On)
	if err != nil {
		return 0
	}
	return d
}

// previous is the report to compare an import of a day with: none when it is from long ago, as after a holiday of the
// whole program, when counts may differ for good reasons.
func (k kept) previous(on calendar.Date) *breeze.MasterReport {
	if k.on() == 0 || on-k.on() > previousMax {
		return nil
	}
	return k.Report
}

// openKept opens the kept file; os.ErrNotExist when there is none. The caller closes it.
func openKept(dir string) (*os.File, kept, error) {
	var k kept
	text, err := os.ReadFile(filepath.Join(dir, keptReport))
	if err != nil {
		return nil, k, fmt.Errorf("broker: kept security master: %w", err)
	}
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, k, fmt.Errorf("broker: kept security master: %w", err)
	}
	file, err := os.Open(filepath.Join(dir, keptZip))
	if err != nil {
		return nil, k, fmt.Errorf("broker: kept security master: %w", err)
	}
	info, err := file.Stat()
	if err != nil || info.Size() != k.Size || k.on() == 0 {
		return nil, k, errors.Join(fmt.Errorf("broker: the kept security master and its report do not belong together: %w", fs.ErrInvalid), err, file.Close())
	}
	return file, k, nil
}

// newMasterFile makes a file to download into.
func newMasterFile(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("broker: storing the security master: %w", err)
	}
	file, err := os.CreateTemp(dir, halfGlob)
	if err != nil {
		return nil, fmt.Errorf("broker: storing the security master: %w", err)
	}
	return file, nil
}

// dropHalves removes what downloads of killed runs left.
func dropHalves(dir string) error {
	found, err := filepath.Glob(filepath.Join(dir, halfGlob))
	if err != nil {
		return fmt.Errorf("broker: listing downloads: %w", err)
	}
	for _, path := range found {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// dropFile closes a download and removes it, where it was not kept.
func dropFile(file *os.File) {
	_ = file.Close()
	_ = os.Remove(file.Name())
}

// keep puts a download in the kept file's place, with its report and what changed. A crash in between leaves a pair that
// does not belong together, which is fetched anew.
func keep(dir string, file *os.File, k kept, changes *Changes) error {
	if err := file.Sync(); err != nil {
		return fmt.Errorf("broker: keeping the security master: %w", err)
	}
	if err := os.Rename(file.Name(), filepath.Join(dir, keptZip)); err != nil {
		return fmt.Errorf("broker: keeping the security master: %w", err)
	}
	if err := writeJSON(filepath.Join(dir, keptReport), k); err != nil {
		return err
	}
	if changes == nil {
		return nil
	}
	if err := writeJSON(filepath.Join(dir, "changes-"+changes.On+".json"), changes); err != nil {
		return err
	}
	return pruneChanges(dir)
}

func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return fmt.Errorf("broker: encoding %s: %w", filepath.Base(path), err)
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("broker: keeping the security master: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("broker: keeping the security master: %w", err)
	}
	return nil
}

// pruneChanges removes all but the newest lists of changes; their names sort by date.
func pruneChanges(dir string) error {
	found, err := filepath.Glob(filepath.Join(dir, changesGlob))
	if err != nil {
		return fmt.Errorf("broker: listing changes: %w", err)
	}
	slices.Sort(found)
	for len(found) > changesKept {
		if err := os.Remove(found[0]); err != nil {
			return fmt.Errorf("broker: removing old changes: %w", err)
		}
		found = found[1:]
	}
	return nil
}
