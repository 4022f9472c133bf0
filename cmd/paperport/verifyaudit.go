package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"paperport/store/sqlstore"
)

var errTrail = errors.New("the audit trail is not as it was written")

func newVerifyAudit() *cobra.Command {
	return &cobra.Command{Use: "verify-audit", Short: "Check that no row of the audit trail was changed or taken out; works beside a running server",
		Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			found, err := sqlstore.VerifyAudit(cmd.Context(), c.DataDir)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "rows: %d, the last is number %d with hash %s\n", found.Rows, found.Head, found.HeadHash)
			if found.Unchained > 0 {
				fmt.Fprintf(out, "rows from before the chain: %d\n", found.Unchained)
			}
			if found.Lost > 0 {
				fmt.Fprintf(out, "rows under a key that is gone, which nobody can check: %d\n", found.Lost)
			}
			if found.Fault != "" {
				fmt.Fprintf(out, "first broken row: %d: %s\n", found.Broken, found.Fault)
				return errTrail
			}
			_, err = fmt.Fprintln(out, "unbroken")
			return err
		}}
}

// logAuditHead writes down where the trail ends, when that is no longer at row last: whoever can set the database back to
// an earlier state cannot set back a log that is kept elsewhere.
func (h *house) logAuditHead(last int64) int64 {
	number, hash, err := h.store.AuditHead(h.ctx)
	switch {
	case err != nil:
		h.log.Error("reading the end of the audit trail failed", "err", err)
	case number != last:
		h.log.Info("audit trail", "number", number, "hash", hash)
		return number
	}
	return last
}
