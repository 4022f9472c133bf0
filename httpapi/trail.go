package httpapi

import (
	"context"
)

// TrailRow is one line of the trail of who did what.
type TrailRow struct {
	Number int64  `json:"number"`
	At     string `json:"at" format:"date-time"`
	Action string `json:"action"`
	Detail string `json:"detail"`
	Result string `json:"result" doc:"ok, or the code of the refusal"`
	IP     string `json:"ip"`
}

// Trail is a page of it, newest first; next is 0 on the last page.
type Trail struct {
	Rows []TrailRow `json:"rows"`
	Next int64      `json:"next"`
}

type trailIn struct {
	Before int64 `query:"before" minimum:"0" maximum:"9007199254740991" doc:"Rows numbered below it; 0 for the newest"`
	Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type trailOut struct{ Body Trail }

// System is what Settings shows of the installation itself.
type System struct {
	KeyState      string `json:"key_state" enum:"ok,locked"`
	KeyNote       string `json:"key_note"`
	LastBackupAt  string `json:"last_backup_at"`
	NextBackupAt  string `json:"next_backup_at"`
	BackupNote    string `json:"backup_note"`
	ClockOffsetMs int64  `json:"clock_offset_ms" doc:"By how much our clock is ahead of the broker's, 0 when unknown"`
	IsHeldAll     bool   `json:"is_held_all" doc:"Automatic login is paused for everybody, as after a restore"`
}

type systemOut struct{ Body System }

func (s *Server) registerTrail() {
	brokerRoute(s, operation{id: "trail", method: "GET", path: "/api/me/trail", access: SignedIn, summary: "What is written down of me"}, s.trail)
	brokerRoute(s, operation{id: "system", method: "GET", path: "/api/system", access: SignedIn, summary: "How is this installation?"}, s.system)
}

func (s *Server) trail(ctx context.Context, in *trailIn) (*trailOut, error) {
	rows, err := s.Brokers.Trail(ctx, actorOf(ctx).User.ID, in.Before, in.Limit)
	if err != nil {
		return nil, err
	}
	page := Trail{Rows: make([]TrailRow, len(rows))}
	for i, r := range rows {
		page.Rows[i] = TrailRow{Number: r.Number, At: wireTime(r.At), Action: r.Action, Detail: r.Detail, Result: r.Result, IP: r.IP}
	}
	if len(rows) == in.Limit {
		page.Next = rows[len(rows)-1].Number
	}
	return &trailOut{Body: page}, nil
}

func (s *Server) system(ctx context.Context, _ *emptyIn) (*systemOut, error) {
	state, err := s.Brokers.System(ctx)
	if err != nil {
		return nil, err
	}
	w := System{KeyState: "ok", KeyNote: state.KeyNote, LastBackupAt: wireMoment(state.LastBackupAt), NextBackupAt: wireMoment(state.NextBackupAt),
		BackupNote: state.BackupNote, ClockOffsetMs: state.ClockOffset.Milliseconds(), IsHeldAll: state.IsHeldAll}
	switch {
	case state.IsKeyLocked:
		w.KeyState = "locked"
	case !actorOf(ctx).User.Role.CanManage():
		w.KeyNote = "" // it names a file of the server: for the owner
	}
	return &systemOut{Body: w}, nil
}
