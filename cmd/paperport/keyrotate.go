package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/spf13/cobra"

	"paperport/config"
	"paperport/store"
	"paperport/store/sqlstore"
	"paperport/vault"
)

func newKeyRotate() *cobra.Command {
	file, isDropping := "", false
	cmd := &cobra.Command{Use: "rotate", Short: "Put a new key in force and seal everything again; the server must be stopped", Args: noArgs,
		Long: "Puts a new key before the old one in the key file, then seals every stored secret again under it. Killed at any\n" +
			"point, nothing is lost: run it again and it goes on. The old key stays in the file until --drop; while some rows are\n" +
			"left under it, it is never dropped. Where the file has earlier keys already, --drop finishes with them and makes no new key.",
		RunE: func(cmd *cobra.Command, _ []string) error { return runKeyRotate(cmd, file, isDropping) }}
	cmd.Flags().StringVar(&file, "new-file", "", "write the keys to this file; needed when the key is no file that can be written")
	cmd.Flags().BoolVar(&isDropping, "drop", false, "take earlier keys out of the file once nothing is sealed under them")
	return cmd
}

// withStore opens the database of a stopped server, and its key ring. A running one is store.ErrLocked.
func withStore(cmd *cobra.Command, f func(context.Context, store.Brokers, ring) error) (err error) {
	ctx := cmd.Context()
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	_, closeRows, err := sqlstore.OpenBrokersBeside(ctx, c.DataDir) // opening for good would make a missing database
	if err != nil {
		return err
	}
	closeRows()
	opened, err := sqlstore.Open(ctx, sqlstore.Options{Dir: c.DataDir, Fatal: func(error) {}})
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("stop the server first: it holds the keys in its memory: %w", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	rows := opened.Brokers()
	r, err := lookBeside(ctx, c, rows)
	if err != nil {
		return err
	}
	return f(ctx, rows, r)
}

func runKeyRotate(cmd *cobra.Command, file string, isDropping bool) error {
	return withStore(cmd, func(ctx context.Context, rows store.Brokers, r ring) error {
		if r.Current.IsZero() || r.state.IsLocked() {
			_, err := r.verdict(true)
			return errors.Join(fmt.Errorf("%w: there is no key to rotate from", errKey), err)
		}
		if file == "" {
			file = r.Path
		}
		if file == "" {
			return fmt.Errorf("%w: the key comes from %s, which this program cannot change: name a file for the keys with --new-file", errUsage, r.Source)
		}
		rotation := vault.Rotation{Rows: &sealedRows{rows: rows, install: r.install, key: r.Current.ID()}, Salt: r.install.Salt, Keys: r.Keys, File: file, IsDropping: isDropping}
		report, err := rotation.Run(ctx)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
			return fmt.Errorf("%s cannot be written: name another file for the keys with --new-file: %w", file, err)
		}
		if err != nil && !errors.Is(err, vault.ErrLeft) {
			return fmt.Errorf("not finished, and nothing is lost; run it again: %w", err)
		}
		tellRotation(cmd, r, file, report)
		return err
	})
}

func tellRotation(cmd *cobra.Command, r ring, file string, report vault.Report) {
	w := cmd.OutOrStdout()
	if report.IsNew {
		fmt.Fprintf(w, "new key %x is in force, in %s\n", report.Current, file)
	} else {
		fmt.Fprintf(w, "went on with key %x, in %s\n", report.Current, file)
	}
	fmt.Fprintf(w, "%d rows, %d sealed again, %d left under earlier keys, %d that no key opens\n", report.Seen, report.Resealed, report.Left, report.Lost)
	if report.IsDropped {
		fmt.Fprintln(w, "earlier keys are dropped; backups from before need the copy you kept")
	}
	if file != r.Path {
		fmt.Fprintf(cmd.ErrOrStderr(), "before the next start: set PAPERPORT_KEY_FILE=%s and take %s out\n", file, r.Source)
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "keep a copy of the key file apart from your backups")
}

func newKeyAdopt() *cobra.Command {
	return &cobra.Command{Use: "adopt", Short: "Give up on a lost key: take the key in force though the database knows another; the server must be stopped", Args: noArgs,
		Long: "For a key that is lost for good. What is sealed under it stays and cannot be opened; its users press Disconnect and\n" +
			"connect their broker again. If the old key is found later, put it into the key file on a line of its own below the new one.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd, func(ctx context.Context, rows store.Brokers, r ring) error {
				switch {
				case r.Current.IsZero():
					return fmt.Errorf("%w: %w\n%s", config.ErrInvalid, errNoKey, vault.Hint)
				case !r.state.IsLocked():
					_, err := fmt.Fprintln(cmd.OutOrStdout(), "nothing to adopt: the key in force is the right one")
					return err
				}
				if err := setKeyCheck(ctx, rows, r.vault.Check(), store.Audit{Action: "key-adopted", Detail: fmt.Sprintf("key %x", r.Current.ID())}); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "key %x is in force; users whose secrets do not open press Disconnect and connect again\n", r.Current.ID())
				return err
			})
		}}
}

var errNoKey = errors.New("there is no key")

// sealedRows is the keeper of sealed texts for a rotation.
type sealedRows struct {
	rows    store.Brokers
	install store.Install
	key     [4]byte // the one rotated from
}

// After pages through all sealed rows.
func (s *sealedRows) After(ctx context.Context, last *vault.Row, limit int) ([]vault.Row, error) {
	var after *store.Sealed
	if last != nil {
		sealed := last.Of.(store.Sealed)
		after = &sealed
	}
	page, err := s.rows.SealedAfter(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	rows := make([]vault.Row, len(page))
	for i, sealed := range page {
		rows[i] = vault.Row{Place: placeOfRow(s.install, sealed), Blob: sealed.Blob, Of: sealed}
	}
	return rows, nil
}

// Replace gives rows other blobs in one transaction.
func (s *sealedRows) Replace(ctx context.Context, changes []vault.Change) error {
	return s.rows.WriteBrokers(ctx, func(tx store.BrokerTx) error {
		for _, c := range changes {
			err := tx.ReplaceSealed(ctx, c.Row.Of.(store.Sealed), c.Blob)
			if err != nil && !errors.Is(err, store.ErrAbsent) {
				return err
			}
		}
		return nil
	})
}

// SetCheck has the database know the new key.
func (s *sealedRows) SetCheck(ctx context.Context, check []byte) error {
	return setKeyCheck(ctx, s.rows, check, store.Audit{Action: "key-rotated", Detail: fmt.Sprintf("from key %x", s.key)})
}
