package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"paperport/config"
	"paperport/store"
	"paperport/store/sqlstore"
	"paperport/vault"
)

var errKey = errors.New("key")

func newKey() *cobra.Command {
	key := &cobra.Command{Use: "key", Short: "Look after the key that broker credentials are sealed with", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	key.AddCommand(newKeyGenerate(),
		&cobra.Command{Use: "check", Short: "Check that the key in force is usable and the right one; works beside a running server", Args: noArgs, RunE: runKeyCheck},
		&cobra.Command{Use: "status", Short: "Show where the key is and what is sealed under which key; works beside a running server", Args: noArgs, RunE: runKeyStatus},
		newKeyRotate(), newKeyAdopt())
	return key
}

func newKeyGenerate() *cobra.Command {
	file := ""
	cmd := &cobra.Command{Use: "generate", Short: "Make a new key and print it, or write it to a file", Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		key, text := vault.NewKey()
		if file == "" {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), text.Reveal())
			return err
		}
		if err := vault.CreateKeyFile(file, key); err != nil {
			return err
		}
		_, err := fmt.Fprintf(cmd.ErrOrStderr(), "key %x is in %s (mode 0400); keep a copy of it apart from your backups\n", key.ID(), file)
		return err
	}}
	cmd.Flags().StringVar(&file, "out", "", "write to this new file instead, readable by you alone")
	return cmd
}

// withRing finds the keys beside a server that may be running. Without a database there is nothing that a key could be
// compared with: then the ring has the keys alone and isStored is false.
func withRing(cmd *cobra.Command, f func(c config.Config, r ring, isStored bool) error) error {
	ctx := cmd.Context()
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	rows, closeRows, err := sqlstore.OpenBrokersBeside(ctx, c.DataDir)
	if errors.Is(err, fs.ErrNotExist) {
		r, keyErr := lookAlone(ctx, c)
		if keyErr != nil {
			return keyErr
		}
		fmt.Fprintln(cmd.ErrOrStderr(), err)
		return f(c, r, false)
	}
	if err != nil {
		return err
	}
	defer closeRows()
	r, err := lookBeside(ctx, c, rows)
	if err != nil {
		return err
	}
	return f(c, r, true)
}

// lookBeside is findRing without making a key.
func lookBeside(ctx context.Context, c config.Config, rows store.BrokerReader) (ring, error) {
	o := keyOptions(ctx, c, rows)
	o.IsLooking = true
	return findRing(ctx, o, rows)
}

func lookAlone(ctx context.Context, c config.Config) (r ring, err error) {
	o := keyOptions(ctx, c, nil)
	o.IsLooking = true
	r.Keys, r.state, err = vault.FindKeys(o)
	return r, err
}

func runKeyCheck(cmd *cobra.Command, _ []string) error {
	return withRing(cmd, func(_ config.Config, r ring, isStored bool) error {
		text, err := r.verdict(isStored)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), text)
		return err
	})
}

// verdict says what the key is worth.
func (r ring) verdict(isStored bool) (string, error) {
	switch {
	case r.state.IsLocked():
		return "", fmt.Errorf("%w: LOCKED: %s", errKey, r.state)
	case r.Current.IsZero():
		return "no key yet, and nothing is sealed: the server makes one at its next start", nil
	case !isStored || r.install.KeyCheck == nil:
		return fmt.Sprintf("key %x from %s is usable; there is nothing yet to compare it with", r.Current.ID(), r.Source), nil
	case !r.vault.Matches(r.install.KeyCheck):
		return fmt.Sprintf("key %x from %s is usable; the database knows another one, but nothing is sealed under it", r.Current.ID(), r.Source), nil
	default:
		return fmt.Sprintf("key %x from %s is usable and the right one", r.Current.ID(), r.Source), nil
	}
}

func runKeyStatus(cmd *cobra.Command, _ []string) error {
	return withRing(cmd, func(_ config.Config, r ring, _ bool) error {
		table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
		source := r.Source
		if source == "" {
			source = "none"
		}
		fmt.Fprintf(table, "source\t%s\n", source)
		if r.Path != "" {
			fmt.Fprintf(table, "file\t%s\n", r.Path)
		}
		state := "ready"
		if r.state.IsLocked() {
			state = "LOCKED: " + r.state.String()
		}
		fmt.Fprintf(table, "state\t%s\n\nKEY\tROLE\tSEALED ROWS\n", state)
		left := 0
		for _, row := range r.table() {
			fmt.Fprintf(table, "%x\t%s\t%d\n", row.Key, r.role(row.Key), row.N)
			if r.role(row.Key) == roleEarlier {
				left += row.N
			}
		}
		if len(r.Previous) > 0 {
			fmt.Fprintf(table, "\nleft under earlier keys\t%d\n", left)
		}
		return table.Flush()
	})
}

// table counts the sealed rows of every key of the ring, and of every other key that something is sealed under.
func (r ring) table() []store.SealedCount {
	var list []store.SealedCount
	if !r.Current.IsZero() {
		for _, k := range append([]vault.Key{r.Current}, r.Previous...) {
			list = append(list, store.SealedCount{Key: k.ID()})
		}
	}
	for _, c := range r.counts {
		isOurs := false
		for i := range list {
			if list[i].Key == c.Key {
				list[i].N, isOurs = c.N, true
			}
		}
		if !isOurs {
			list = append(list, c)
		}
	}
	return list
}
