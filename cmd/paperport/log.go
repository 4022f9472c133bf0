package main

import (
	"io"
	"log/slog"
	"regexp"
)

// secretKey is the second net under the rule that secrets are never logged.
var secretKey = regexp.MustCompile(`(?i)password|secret|token|totp|otp|session|authorization|cookie|apikey`)

// newLog writes JSON lines; values under suspicious keys are masked.
func newLog(w io.Writer, level string) *slog.Logger {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		least = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: least, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if secretKey.MatchString(a.Key) {
			return slog.String(a.Key, "***")
		}
		return a
	}}))
}
