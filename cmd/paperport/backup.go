package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"paperport/clock"
	"paperport/store"
	"paperport/store/sqlstore"
)

// partPattern names files that are not whole yet; the next backup removes what a killed one left.
const partPattern = ".paperport-backup-*"

func newBackup() *cobra.Command {
	backup := &cobra.Command{Use: "backup --to FILE", Short: "Copy the database into a file, beside a running server; no key is in it",
		Args: noArgs, RunE: runBackup}
	backup.Flags().String("to", "", "the file to write; an older one is replaced once the new one is whole")
	backup.Flags().StringArray("recipient", nil, "encrypt the file for this age recipient (age1...); may be given more than once")
	return backup
}

func runBackup(cmd *cobra.Command, _ []string) error {
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	to, _ := cmd.Flags().GetString("to")
	names, _ := cmd.Flags().GetStringArray("recipient")
	recipients, err := parseRecipients(names)
	if err != nil {
		return err
	}
	if err := checkTarget(c.DataDir, to); err != nil {
		return err
	}
	info, err := backupTo(cmd.Context(), c.DataDir, to, recipients)
	if err != nil {
		return err
	}
	detail := fmt.Sprintf("by=command encrypted=%s", word(len(recipients) > 0, "yes", "no"))
	if err := auditBeside(cmd.Context(), c.DataDir, store.Audit{Action: "backup", Detail: detail}); err != nil {
		return fmt.Errorf("the backup is whole, but the audit trail does not know of it: %w", err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", to, booksText(info))
	return faultsOf(cmd.ErrOrStderr(), info)
}

func parseRecipients(names []string) (recipients []age.Recipient, err error) {
	for _, name := range names {
		r, err := age.ParseX25519Recipient(name)
		if err != nil {
			return nil, fmt.Errorf("%w: --recipient wants a name that begins with age1, as age-keygen prints it", errUsage)
		}
		recipients = append(recipients, r)
	}
	return recipients, nil
}

// checkTarget keeps a backup from replacing what it must not: a file of the data directory, or what is no file.
func checkTarget(dataDir, to string) error {
	if to == "" {
		return fmt.Errorf("%w: name the file with --to", errUsage)
	}
	target, err := os.Stat(filepath.Dir(to))
	if err != nil {
		return err
	}
	if ours, err := os.Stat(dataDir); err == nil && os.SameFile(target, ours) {
		return fmt.Errorf("%w: --to is in the data directory itself; choose another directory, best on another disk", errUsage)
	}
	if info, err := os.Stat(to); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is no file", errUsage, to)
	}
	return nil
}

// backupTo writes a checked copy. An encrypted one is never in the clear outside the data directory.
func backupTo(ctx context.Context, dataDir, to string, recipients []age.Recipient) (info sqlstore.BackupInfo, err error) {
	if len(recipients) == 0 {
		if err := sqlstore.BackupBeside(ctx, dataDir, to); err != nil {
			return info, err
		}
		return sqlstore.CheckBackup(ctx, to)
	}
	plain, err := emptyPart(dataDir)
	if err != nil {
		return info, err
	}
	defer os.Remove(plain)
	if err := sqlstore.BackupBeside(ctx, dataDir, plain); err != nil {
		return info, err
	}
	if info, err = sqlstore.CheckBackup(ctx, plain); err != nil {
		return info, err
	}
	return info, sealFile(plain, to, recipients)
}

// emptyPart makes an empty private file.
func emptyPart(dir string) (string, error) {
	f, err := os.CreateTemp(dir, partPattern)
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

// sealFile writes an encrypted copy, whole or not at all.
func sealFile(from, to string, recipients []age.Recipient) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	part, err := os.CreateTemp(filepath.Dir(to), partPattern)
	if err != nil {
		return err
	}
	w, err := age.Encrypt(part, recipients...)
	if err == nil {
		_, err = io.Copy(w, in)
		err = errors.Join(err, w.Close())
	}
	if err = errors.Join(err, part.Sync(), part.Close()); err == nil {
		err = os.Rename(part.Name(), to)
	}
	if err != nil {
		_ = os.Remove(part.Name())
		return fmt.Errorf("encrypting the backup: %w", err)
	}
	return syncDir(filepath.Dir(to))
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// auditBeside adds a line to the trail, also beside a running server.
func auditBeside(ctx context.Context, dataDir string, line store.Audit) error {
	rows, closeRows, err := sqlstore.OpenBrokersBeside(ctx, dataDir)
	if err != nil {
		return err
	}
	defer closeRows()
	return addAudit(ctx, rows, line)
}

func addAudit(ctx context.Context, rows store.Brokers, line store.Audit) error {
	line.At, line.Result = clock.System{}.Now().UTC(), "ok"
	return rows.WriteBrokers(ctx, func(tx store.BrokerTx) error { return tx.AddAudit(ctx, line) })
}

func booksText(i sqlstore.BackupInfo) string {
	return fmt.Sprintf("schema %d, %d accounts, %d entries, %d orders, %d trades", i.Schema, i.Books.Accounts, i.Books.Entries, i.Books.Orders, i.Books.Trades)
}

// faultsOf tells what is wrong with the books of a copy that is whole.
func faultsOf(w io.Writer, i sqlstore.BackupInfo) error {
	if len(i.Faults) == 0 {
		return nil
	}
	fmt.Fprintln(w, strings.Join(i.Faults, "\n"))
	return fmt.Errorf("%w: %d faults", errBooks, len(i.Faults))
}

// exists reports whether there is something at a path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
