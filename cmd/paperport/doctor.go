package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"paperport/clock"
	"paperport/config"
	"paperport/secret"
	"paperport/store"
	"paperport/store/sqlstore"
	"paperport/vault"
)

var errDoctor = errors.New("problems found")

func newDoctor() *cobra.Command {
	return &cobra.Command{Use: "doctor", Short: "Examine settings, files, key, database and clock; works beside a running server", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			d := &doctor{config: c, now: clock.System{}.Now()}
			d.examine(cmd.Context())
			return d.report(cmd.OutOrStdout())
		}}
}

// doctor examines one installation. It changes nothing and prints no secret.
type doctor struct {
	config   config.Config
	now      time.Time
	findings []finding
}

// finding is one line of the report.
type finding struct{ mark, what, text string }

// The marks. Only a problem makes the command fail.
const (
	markOK      = "ok"
	markNote    = "note"
	markProblem = "PROBLEM"
)

func (d *doctor) add(mark, what, format string, args ...any) {
	d.findings = append(d.findings, finding{mark, what, fmt.Sprintf(format, args...)})
}

func (d *doctor) ok(what, format string, args ...any) { d.add(markOK, what, format, args...) }

func (d *doctor) problem(what, format string, args ...any) { d.add(markProblem, what, format, args...) }

func (d *doctor) report(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	problems := 0
	for _, f := range d.findings {
		if f.mark == markProblem {
			problems++
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.mark, f.what, f.text)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if problems > 0 {
		return fmt.Errorf("%w: %d", errDoctor, problems)
	}
	return nil
}

func (d *doctor) examine(ctx context.Context) {
	d.ok("settings", "read from flags, the environment and %s", word(d.config.File != "", d.config.File, "defaults"))
	d.modes()
	d.clock()
	version, err := sqlstore.CheckBeside(ctx, d.config.DataDir)
	if errors.Is(err, fs.ErrNotExist) {
		d.ok("database", "none yet: the server makes it at its first start")
		d.keyAlone(ctx)
		return
	}
	if err != nil {
		d.problem("database", "%v", err)
		return
	}
	d.ok("database", "schema %d, the file is sound", version)
	d.books(ctx)
	d.trail(ctx)
	d.sealed(ctx)
}

// privateFiles are those that hold secrets, or hashes of them.
var privateFiles = []string{"paperport.db", "paperport.db-wal", "paperport.db-shm", "paperport.lock", keyFileName, keyFileName + ".new", "audit.key"}

// modes looks at who may read the data directory and what is in it.
func (d *doctor) modes() {
	dir := d.config.DataDir
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.ok("files", "no data directory yet: %s", dir)
		return
	case err != nil:
		d.problem("files", "%v", err)
		return
	case info.Mode().Perm()&0o022 != 0:
		d.problem("files", "others may write in %s (mode %#o); run: chmod 700 %s", dir, info.Mode().Perm(), dir)
	}
	isPrivate := true
	for _, name := range privateFiles {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
			d.problem("files", "others may use %s (mode %#o); run: chmod 600 %s", path, info.Mode().Perm(), path)
			isPrivate = false
		}
	}
	if isPrivate {
		d.ok("files", "those with secrets in %s are its owner's alone", dir)
	}
}

// The clock is believed within these bounds.
var (
	clockMin = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	clockMax = time.Date(2100, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// clock finds a clock that cannot be right. One-time codes need it within seconds; how far it is off from the broker's
// shows in Settings, for which the broker must be asked.
func (d *doctor) clock() {
	if d.now.Before(clockMin) || d.now.After(clockMax) {
		d.problem("clock", "says %s", d.now.UTC().Format(time.RFC3339))
		return
	}
	for _, name := range []string{"paperport.db", "paperport.db-wal"} {
		info, err := os.Stat(filepath.Join(d.config.DataDir, name))
		if err == nil && info.ModTime().After(d.now.Add(time.Minute)) {
			d.problem("clock", "says %s, and the database was written later, at %s", d.now.UTC().Format(time.RFC3339), info.ModTime().UTC().Format(time.RFC3339))
			return
		}
	}
	if !isClockSynchronised() {
		d.add(markNote, "clock", "%s; no time service (NTP) is known to keep it right, and one-time codes need it within seconds", d.now.UTC().Format(time.RFC3339))
		return
	}
	d.ok("clock", "%s", d.now.UTC().Format(time.RFC3339))
}

func (d *doctor) books(ctx context.Context) {
	seen, faults, err := sqlstore.VerifyBeside(ctx, d.config.DataDir)
	switch {
	case err != nil:
		d.problem("ledger", "%v", err)
	case len(faults) > 0:
		d.problem("ledger", "%d faults; paperport verify-ledger lists them", len(faults))
	default:
		d.ok("ledger", "%d accounts, %d orders and %d trades balance", seen.Accounts, seen.Orders, seen.Trades)
	}
}

func (d *doctor) trail(ctx context.Context) {
	found, err := sqlstore.VerifyAudit(ctx, d.config.DataDir)
	switch {
	case err != nil:
		d.problem("audit", "%v", err)
	case found.Fault != "":
		d.problem("audit", "%s; see paperport verify-audit", found.Fault)
	default:
		d.ok("audit", "%d rows, unbroken", found.Rows)
	}
}

func (d *doctor) keyAlone(ctx context.Context) {
	r, err := lookAlone(ctx, d.config)
	if err != nil {
		d.problem("key", "%v", err)
		return
	}
	d.key(r, false)
}

func (d *doctor) key(r ring, isStored bool) {
	text, err := r.verdict(isStored)
	if err != nil {
		d.problem("key", "%v", err)
		return
	}
	d.ok("key", "%s", text)
}

// sealed looks at the key and opens everything that is sealed, telling nothing of it.
func (d *doctor) sealed(ctx context.Context) {
	rows, closeRows, err := sqlstore.OpenBrokersBeside(ctx, d.config.DataDir)
	if err != nil {
		d.problem("key", "%v", err)
		return
	}
	defer closeRows()
	r, err := lookBeside(ctx, d.config, rows)
	if err != nil {
		d.problem("key", "%v", err)
		return
	}
	d.key(r, true)
	opened, left, lost, err := openAll(ctx, rows, r)
	switch {
	case err != nil:
		d.problem("secrets", "%v", err)
	case lost > 0:
		d.problem("secrets", "%d open, %d do not; nothing was changed", opened, lost)
	case left > 0:
		d.problem("secrets", "%d open, but %d of them under an earlier key: run paperport key rotate to finish", opened, left)
	default:
		d.ok("secrets", "all %d open", opened)
	}
}

// openAll opens every sealed value; left are those under an earlier key, lost those that do not open.
func openAll(ctx context.Context, rows store.BrokerReader, r ring) (opened, left, lost int, err error) {
	var after *store.Sealed
	for {
		page, err := rows.SealedAfter(ctx, after, 100)
		if err != nil || len(page) == 0 {
			return opened, left, lost, err
		}
		for _, sealed := range page {
			if _, err := r.open(sealed); err != nil {
				lost++
				continue
			}
			opened++
			if !r.vault.IsCurrent(sealed.Blob) {
				left++
			}
		}
		after = &page[len(page)-1]
	}
}

// open opens a stored row; without a key nothing opens.
func (r ring) open(s store.Sealed) (secret.Text, error) {
	if r.vault == nil {
		return secret.Text{}, vault.ErrSealed
	}
	return r.vault.Open(s.Blob, placeOfRow(r.install, s))
}
