package config

import (
	"errors"
	"net"
	"strconv"
)

// BackupOff as BackupDir switches the nightly backup off.
const BackupOff = "off"

// operateFields are those of who looks after an installation.
func operateFields() []Field {
	return []Field{
		{Env: "PAPERPORT_RULES_DIR", Default: "", Rule: "a directory; need not exist",
			Text: "Where tables are that override ours: holidays, special sessions, hours. Read again within 30 seconds of a change. Default: rules in the data directory. See [reference-data.md](domain/reference-data.md).",
			set:  setText(func(c *Config) *string { return &c.RulesDir }), show: func(c *Config) string { return c.RulesDir }},
		{Env: "PAPERPORT_BACKUP_DIR", Default: "", Rule: "a directory, or off",
			Text: "Where the nightly backup (03:30 IST) goes. Default: backups in the data directory; another disk is better. See [operations.md](operations.md).",
			set:  setText(func(c *Config) *string { return &c.BackupDir }), show: func(c *Config) string { return c.BackupDir }},
		{Env: "PAPERPORT_BACKUP_KEEP", Default: "7", Unit: "files", Rule: "1 to 365", Text: "How many nightly backups stay.",
			set: setInt(1, 365, func(c *Config) *int { return &c.BackupKeep }), show: func(c *Config) string { return strconv.Itoa(c.BackupKeep) }},
		{Env: "PAPERPORT_METRICS_ADDR", Default: "", Rule: "loopback host:port, or nothing",
			Text: "Where metrics are served for Prometheus, at /metrics, to this machine alone. Default: nowhere.",
			set:  setMetricsAddr, show: func(c *Config) string { return c.MetricsAddr }},
	}
}

func setMetricsAddr(c *Config, v string) error {
	if v == "" {
		c.MetricsAddr = ""
		return nil
	}
	if err := setAddr(func(c *Config) *string { return &c.MetricsAddr })(c, v); err != nil {
		return err
	}
	if host, _, _ := net.SplitHostPort(v); !IsLoopbackHost(host) {
		return errors.New("metrics are for this machine alone: want a loopback address, like 127.0.0.1:9100")
	}
	return nil
}
