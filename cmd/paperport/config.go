package main

import (
	"github.com/spf13/cobra"

	"paperport/config"
)

func newConfig() *cobra.Command {
	isManual := false
	cmd := &cobra.Command{Use: "config", Short: "Print the settings in force", Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if isManual {
			return config.Manual(cmd.OutOrStdout())
		}
		c, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		return c.Show(cmd.OutOrStdout())
	}}
	cmd.Flags().BoolVar(&isManual, "manual", false, "print the manual page docs/configuration.md instead")
	return cmd
}
