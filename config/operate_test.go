package config

import (
	"errors"
	"testing"
)

func TestOperate(t *testing.T) {
	c, err := Load(nil, []string{"HOME=/home/asha"})
	if err != nil || c.BackupDir != "/home/asha/.local/share/paperport/backups" || c.BackupKeep != 7 || c.MetricsAddr != "" {
		t.Errorf("defaults: backups in %q, %d kept, metrics at %q, %v", c.BackupDir, c.BackupKeep, c.MetricsAddr, err)
	}
	c, err = Load(nil, []string{"PAPERPORT_BACKUP_DIR=off", "PAPERPORT_BACKUP_KEEP=30", "PAPERPORT_METRICS_ADDR=[::1]:9100"})
	if err != nil || c.BackupDir != BackupOff || c.BackupKeep != 30 || c.MetricsAddr != "[::1]:9100" {
		t.Errorf("given: backups in %q, %d kept, metrics at %q, %v", c.BackupDir, c.BackupKeep, c.MetricsAddr, err)
	}
	for _, pair := range []string{"PAPERPORT_BACKUP_KEEP=0", "PAPERPORT_METRICS_ADDR=0.0.0.0:9100", "PAPERPORT_METRICS_ADDR=:9100",
		"PAPERPORT_METRICS_ADDR=192.168.1.5:9100", "PAPERPORT_METRICS_ADDR=9100", "PAPERPORT_METRICS_ADDR=metrics.example.org:80"} {
		if _, err := Load(nil, []string{pair}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", pair, err)
		}
	}
}
