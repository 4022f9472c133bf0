package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"paperport/app"
	"paperport/auth"
	"paperport/clock"
	"paperport/config"
	"paperport/httpapi"
	"paperport/store/sqlstore"
)

func newUser() *cobra.Command {
	user := &cobra.Command{Use: "user", Short: "Look after users; works beside a running server", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	user.AddCommand(&cobra.Command{Use: "list", Short: "List all users", Args: noArgs, RunE: runUserList},
		&cobra.Command{Use: "reset-link NAME", Short: "Print a link with which a user can set a new password within the hour",
			Args: oneArg, RunE: runResetLink})
	return user
}

func oneArg(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%w: want exactly one user name", errUsage)
	}
	return nil
}

// withUsers opens the user tables beside a server that may be running.
func withUsers(cmd *cobra.Command, f func(config.Config, *app.Users, *sqlstore.Users) error) error {
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	rows, closeRows, err := sqlstore.OpenUsersBeside(cmd.Context(), c.DataDir)
	if err != nil {
		return err
	}
	defer closeRows()
	return f(c, app.NewUsers(app.UsersOptions{Rows: rows, Clock: clock.System{}, Span: loginSpan(c)}), rows)
}

func runUserList(cmd *cobra.Command, _ []string) error {
	return withUsers(cmd, func(_ config.Config, _ *app.Users, rows *sqlstore.Users) error {
		all, err := rows.Users(cmd.Context())
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
		fmt.Fprintln(table, "NAME\tROLE\tTWO-STEP\tSTATE\tSINCE")
		for _, u := range all {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", u.Username, u.Role, word(u.TwoStep.IsOn, "on", "off"),
				word(u.IsDisabled, "disabled", "active"), u.CreatedAt.Format("2006-01-02"))
		}
		return table.Flush()
	})
}

func word(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

func runResetLink(cmd *cobra.Command, args []string) error {
	return withUsers(cmd, func(c config.Config, users *app.Users, _ *sqlstore.Users) error {
		token, until, err := users.NewResetToken(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		port, err := portOf(c.Addr)
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "Give this link to %s; it works once, until %s:\n", args[0], until.Local().Format("15:04"))
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s/reset/%s\n", httpapi.BaseURL(c.PublicURL, port, c.TLSCert != ""), token)
		return err
	})
}

func loginSpan(c config.Config) auth.Span {
	return auth.Span{Until: c.LoginUntil, Zone: istZone, Idle: c.LoginIdle, Max: loginMax}
}
