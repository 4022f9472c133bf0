package main

import (
	"encoding/json"
	"log/slog"
	"testing/fstest"

	"github.com/spf13/cobra"

	"paperport/clock"
	"paperport/httpapi"
)

// apiVersion is the version of the described interface, not of the program: the file must not change with every build.
const apiVersion = "0.1"

func newOpenAPI() *cobra.Command {
	return &cobra.Command{Use: "openapi", Short: "Print the description of the REST interface", Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		server := httpapi.New(httpapi.Options{Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Files: fstest.MapFS{}, Port: 8000, Version: apiVersion})
		encoder := json.NewEncoder(cmd.OutOrStdout())
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(server.OpenAPI())
	}}
}
