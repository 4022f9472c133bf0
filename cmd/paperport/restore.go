package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"paperport/config"
	"paperport/store"
	"paperport/store/sqlstore"
)

// auditKeyName is the file of the audit trail's key, in the data directory.
const auditKeyName = "audit.key"

// ageHead begins an encrypted file. Source: age-encryption.org/v1, "Header", read 2026-11.
const ageHead = "age-encryption.org/v1\n"

func newRestore() *cobra.Command {
	restore := &cobra.Command{Use: "restore --from FILE --data-dir DIR", Short: "Make a data directory's database from a backup, automatic broker logins held",
		Args: noArgs, RunE: runRestore}
	restore.Flags().String("from", "", "the backup")
	restore.Flags().String("identity", "", "file with the age identity (AGE-SECRET-KEY-1...) of an encrypted backup")
	restore.Flags().Bool("dry-run", false, "only check the backup and say what is in it")
	return restore
}

func runRestore(cmd *cobra.Command, _ []string) error {
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	from, _ := cmd.Flags().GetString("from")
	identity, _ := cmd.Flags().GetString("identity")
	isDry, _ := cmd.Flags().GetBool("dry-run")
	if from == "" {
		return fmt.Errorf("%w: name the backup with --from", errUsage)
	}
	scratch := c.DataDir
	if isDry {
		if scratch, err = os.MkdirTemp("", "paperport-restore-"); err != nil {
			return err
		}
		defer os.RemoveAll(scratch)
	}
	plain, err := openBackup(from, identity, scratch)
	if err != nil {
		return err
	}
	if plain != from {
		defer os.Remove(plain)
	}
	if isDry {
		info, err := sqlstore.CheckBackup(cmd.Context(), plain)
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s is whole: %s\n", from, booksText(info))
		return faultsOf(cmd.ErrOrStderr(), info)
	}
	return restoreInto(cmd.Context(), cmd.OutOrStdout(), c, plain)
}

// openBackup returns the path of the backup in the clear: its own, or that of a private file in scratch.
func openBackup(from, identity, scratch string) (string, error) {
	f, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	if head, _ := in.Peek(len(ageHead)); string(head) != ageHead {
		return from, nil
	}
	if identity == "" {
		return "", fmt.Errorf("%w: this backup is encrypted: name the file with its key with --identity", errUsage)
	}
	keys, err := readIdentity(identity)
	if err != nil {
		return "", err
	}
	out, err := age.Decrypt(in, keys...)
	if err != nil {
		return "", fmt.Errorf("the backup cannot be decrypted with %s: %w", identity, err)
	}
	return spill(out, scratch)
}

func readIdentity(path string) ([]age.Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	keys, err := age.ParseIdentities(f)
	if err != nil {
		return nil, fmt.Errorf("%s is no file of age identities", path) // the cause may quote it
	}
	return keys, nil
}

// spill writes a private file in a directory, which is made when missing. A file cut short or changed is an error.
func spill(r io.Reader, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, partPattern)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", fmt.Errorf("decrypting the backup: %w", err)
	}
	return f.Name(), nil
}

// restoreInto makes the database, tells the trail, and says what else is to be done.
func restoreInto(ctx context.Context, w io.Writer, c config.Config, plain string) error {
	hasAuditKey := exists(filepath.Join(c.DataDir, auditKeyName))
	info, err := sqlstore.Restore(ctx, c.DataDir, plain)
	if err != nil {
		return err
	}
	s, err := sqlstore.Open(ctx, sqlstore.Options{Dir: c.DataDir, Fatal: func(error) {}})
	if err != nil {
		return err
	}
	err = addAudit(ctx, s.Brokers(), store.Audit{Action: "restore", Detail: "automatic logins held"})
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	fmt.Fprintf(w, "restored into %s: %s\n", c.DataDir, booksText(info))
	fmt.Fprintln(w, "Automatic broker logins are held for everybody, so that this copy does not fight the original for its sessions: resume them in Settings, or all with paperport broker hold --release, once the original is gone.")
	if !hasAuditKey {
		fmt.Fprintln(w, "No audit.key was there: the trail begins a new chain, and rows from before can no longer be checked. To keep the chain, empty the directory, put the old audit.key into it and restore again.")
	}
	tellKey(ctx, w, c)
	return faultsOf(w, info)
}

// tellKey says whether the key that is in force opens what is sealed.
func tellKey(ctx context.Context, w io.Writer, c config.Config) {
	rows, closeRows, err := sqlstore.OpenBrokersBeside(ctx, c.DataDir)
	if err != nil {
		return // what was restored is there all the same; the server says so at its start
	}
	defer closeRows()
	r, err := lookBeside(ctx, c, rows)
	if err == nil {
		_, err = r.verdict(true)
	}
	if err != nil {
		fmt.Fprintf(w, "The key of the original is not here (%v): put it where it was there, see docs/keys.md.\n", err)
	}
}
