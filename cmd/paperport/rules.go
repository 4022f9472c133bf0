package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"paperport/app"
	"paperport/calendar"
	"paperport/clock"
)

// followRules keeps the folder of rules in force; SIGHUP has it read at once.
func (h *house) followRules() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	defer signal.Stop(asked)
	h.rules.Run(h.ctx, asked)
}

func newRules() *cobra.Command {
	date := ""
	cmd := &cobra.Command{Use: "rules", Short: "Print the rules in force: sessions, holidays, charges, margins, lots", Args: noArgs,
		Long: "Prints what a server with the same settings trades by on a date, each row with its dates and source, and which rows of the folder\n" +
			"of rules override ours (docs/domain/reference-data.md). Exit code 1 when a file there is refused.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := calendar.FromTime(clock.System{}.Now()).Date()
			if date != "" {
				var err error
				if d, err = calendar.ParseDate(date); err != nil {
					return fmt.Errorf("%w: --date: %w", errUsage, err)
				}
			}
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			book, err := app.NewRulebook(app.RulebookOptions{Dir: c.RulesDir, Clock: clock.System{}})
			if err != nil {
				return err
			}
			return printRules(cmd.OutOrStdout(), c.RulesDir, book.InForce(d))
		}}
	cmd.Flags().StringVar(&date, "date", "", "the date, like 2026-11-24 (default today)")
	return cmd
}

// printRules writes tables; the error names the files that are refused.
func printRules(w io.Writer, dir string, r app.RulesInForce) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "Rules in force on %s (%s); holidays are known until %s\n", r.Date, r.Date.Weekday(), r.KnownUntil)
	fmt.Fprintf(t, "\nSESSIONS (IST)\tPHASE\tFROM\tTO\tMAY END FROM\tRULE SINCE\tUNTIL\tSOURCE\n")
	for _, b := range r.Boards {
		printBoard(t, b)
	}
	fmt.Fprintf(t, "\nAHEAD\tWHAT\tNAME\tEXTENT\tFOR\tSOURCE\n")
	for _, e := range r.Events {
		fmt.Fprintf(t, "%s %s\t%s\t%s\t%s\t%s\t%s\n", e.Date, e.Date.Weekday().String()[:3], e.Kind, e.Name, e.Extent, strings.Join(e.Places, ", "), sourceOf(e.In.Source, app.OverrideOf(e.In)))
	}
	fmt.Fprintf(t, "\nRULE\tFOR\tNAME\tVALUE\tUNIT\tFROM\tTO\tSOURCE\n")
	for _, x := range r.Rules {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", x.Group, x.Place, x.Name, x.Value, x.Unit, x.From, x.To, sourceOf(x.Source, x.Override))
	}
	fmt.Fprintf(t, "\nFILES IN %s\tSTATUS\tWHY\n", dir)
	refused := 0
	for _, f := range r.Files {
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.Name, f.Status, f.Fault)
		if f.Status == "refused" {
			refused++
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("printing the rules: %w", err)
	}
	if refused > 0 {
		return fmt.Errorf("%d files of rules are refused", refused)
	}
	return nil
}

func printBoard(w io.Writer, b app.BoardRules) {
	if len(b.Parts) == 0 {
		fmt.Fprintf(w, "%s\tclosed: %s\n", b.Name, b.Reason)
		return
	}
	name := b.Name
	if b.Reason != "" {
		name += " (" + b.Reason + ")"
	}
	for _, p := range b.Parts {
		phase, random := p.Phase.String(), ""
		if p.SubPhase != calendar.NoSubPhase {
			phase = "  " + p.SubPhase.String()
		}
		if p.RandomFrom != 0 {
			random = p.RandomFrom.IST().Format("15:04")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, phase, p.Start.IST().Format("15:04"), p.End.IST().Format("15:04"), random,
			p.In.From, p.In.To, sourceOf(p.In.Source, app.OverrideOf(p.In)))
		name = ""
	}
}

// sourceOf names a source, and the line that overrides ours.
func sourceOf(source, override string) string {
	if override == "" {
		return source
	}
	return source + " (overridden by " + override + ")"
}
