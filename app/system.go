package app

import (
	"context"
	"fmt"
	"time"
)

// SystemState is what Settings shows of the installation itself. Times are zero when unknown.
type SystemState struct {
	// IsKeyLocked: there are sealed secrets and no key that opens them. KeyNote says where the key is or what to do.
	IsKeyLocked bool
	KeyNote     string
	// LastBackupAt and NextBackupAt are of the nightly backup; BackupNote says what is wrong with it, "" when nothing is.
	LastBackupAt, NextBackupAt time.Time
	BackupNote                 string
	// ClockOffset is by how much our clock is ahead of the broker's, 0 when unknown.
	ClockOffset time.Duration
	// IsHeldAll: automatic login is paused for everybody, as after a restore.
	IsHeldAll bool
}

// System tells how the installation is.
func (b *Brokers) System(ctx context.Context) (SystemState, error) {
	if b.opt.Rows == nil || b.opt.Seals == nil {
		return SystemState{}, ErrUnavailable
	}
	connections, err := b.opt.Rows.Connections(ctx)
	if err != nil {
		return SystemState{}, fmt.Errorf("app: system state: %w", err)
	}
	state := SystemState{IsKeyLocked: b.opt.Seals.IsLocked(), KeyNote: b.opt.Seals.Note(), IsHeldAll: len(connections) > 0}
	for _, c := range connections {
		state.IsHeldAll = state.IsHeldAll && c.IsHeld
	}
	if b.opt.Installation != nil {
		b.opt.Installation(&state)
	}
	return state, nil
}
