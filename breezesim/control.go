package breezesim

import (
	"net/http"
	"sync"
	"time"

	"paperport/calendar"
	"paperport/socketio"
)

// faults are what the control handler can switch on.
type faults struct {
	mu       sync.Mutex       // guards both
	frozenAt calendar.Instant // 0 = running
	garbage  bool
}

// time is now, or the moment the feed was frozen at.
func (f *faults) time(now calendar.Instant) calendar.Instant {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.frozenAt != 0 {
		return f.frozenAt
	}
	return now
}

func (f *faults) isFrozen() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.frozenAt != 0
}

func (f *faults) hasGarbage() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.garbage
}

// Freeze makes every stream repeat its last tick, with the same trade time, and quotes and history stand still.
func (s *Server) Freeze() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if s.faults.frozenAt == 0 {
		s.faults.frozenAt = s.now()
	}
}

// Unfreeze ends Freeze; prices go on where they would have been.
func (s *Server) Unfreeze() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.frozenAt = 0
}

// SendGarbage makes every tick be followed by one that cannot be right, or ends that.
func (s *Server) SendGarbage(on bool) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.garbage = on
}

// DropSockets cuts every connection of the streams; clients may come back at once.
func (s *Server) DropSockets() { s.rooms.cut(func(issued) bool { return true }) }

// garbageFrame is a tick of the room that a sane reader refuses: too short, and of no price.
func garbageFrame(f *room) []byte {
	room, _ := f.code.Room(f.level)
	return socketio.AppendEvent(nil, "stock", []byte(`["`+room.String()+`",-1,null,"x"]`))
}

// feedFaults is the body of POST /control/feed; what is left out stays as it is.
type feedFaults struct {
	Frozen  *bool `json:"frozen"`
	Garbage *bool `json:"garbage"`
}

// ControlHandler switches faults, for tests (docs/demo-market.md lists the paths). Every request needs "Authorization:
// Bearer " and the token. Only the stand-alone command mounts it.
func (s *Server) ControlHandler(token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /control/feed", command(func(f feedFaults) error { s.switchFeed(f); return nil }))
	mux.HandleFunc("POST /control/drop", func(w http.ResponseWriter, _ *http.Request) {
		s.DropSockets()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /control/login", command(s.changeLogin))
	mux.HandleFunc("POST /control/rest", command(s.changeREST))
	mux.HandleFunc("POST /control/clock", command(func(c clockSkew) error {
		s.SetSkew(time.Duration(c.SkewSeconds) * time.Second)
		return nil
	}))
	mux.HandleFunc("POST /control/sessions", command(s.controlSessions))
	mux.HandleFunc("POST /control/redirect", command(func(c redirectChange) error { return s.SetRedirectURL(c.Tag, c.URL) }))
	mux.HandleFunc("GET /control/counts", func(w http.ResponseWriter, _ *http.Request) { replyJSON(w, s.AllCounts()) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token == "" || !same(r.Header.Get("Authorization"), "Bearer "+token) {
			http.Error(w, "wrong token", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (s *Server) switchFeed(f feedFaults) {
	if f.Garbage != nil {
		s.SendGarbage(*f.Garbage)
	}
	switch {
	case f.Frozen == nil:
	case *f.Frozen:
		s.Freeze()
	default:
		s.Unfreeze()
	}
}
