package breeze

import (
	"cmp"
	"encoding/json"
	"slices"
	"sync"

	"paperport/breezewire"
	"paperport/instrument"
	"paperport/socketio"
)

// wantedRoom is a room with whose it is.
type wantedRoom struct {
	id   instrument.ID
	room string
}

const (
	// joinMax is how many rooms one join message names.
	joinMax = 100
	// roomMax is how many rooms one socket holds; no number is published, other clients stop at 2,000.
	roomMax = 2000
)

// rooms are the rooms a socket shall be in, and what still has to be said to the server.
type rooms struct {
	mu     sync.Mutex // guards wanted, joins and leaves
	wanted map[string]instrument.ID
	joins  []string
	leaves []string
	wake   chan struct{} // capacity 1
}

func newRooms() *rooms {
	return &rooms{wanted: map[string]instrument.ID{}, wake: make(chan struct{}, 1)}
}

func (r *rooms) add(list []wantedRoom) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range list {
		if _, ok := r.wanted[w.room]; ok {
			r.wanted[w.room] = w.id
			continue
		}
		if len(r.wanted) >= roomMax {
			continue
		}
		r.wanted[w.room] = w.id
		r.joins = append(r.joins, w.room)
		r.leaves = slices.DeleteFunc(r.leaves, func(room string) bool { return room == w.room })
	}
	r.nudge()
}

func (r *rooms) remove(list []wantedRoom) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range list {
		if _, ok := r.wanted[w.room]; !ok {
			continue
		}
		delete(r.wanted, w.room)
		r.leaves = append(r.leaves, w.room)
		r.joins = slices.DeleteFunc(r.joins, func(room string) bool { return room == w.room })
	}
	r.nudge()
}

func (r *rooms) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// rejoin asks for every room on a fresh connection, priority first.
func (r *rooms) rejoin(socket *socketio.Client, isFirst func(instrument.ID) bool) error {
	r.mu.Lock()
	list := make([]wantedRoom, 0, len(r.wanted))
	for room, id := range r.wanted {
		list = append(list, wantedRoom{id, room})
	}
	r.joins, r.leaves = nil, nil
	r.mu.Unlock()
	first := make(map[instrument.ID]int, len(list))
	for _, w := range list {
		if _, ok := first[w.id]; !ok {
			first[w.id] = 1
			if isFirst(w.id) {
				first[w.id] = 0
			}
		}
	}
	slices.SortFunc(list, func(a, b wantedRoom) int {
		return cmp.Or(cmp.Compare(first[a.id], first[b.id]), cmp.Compare(a.id, b.id), cmp.Compare(a.room, b.room))
	})
	names := make([]string, len(list))
	for i, w := range list {
		names[i] = w.room
	}
	return emit(socket, breezewire.EventJoin, names)
}

// keep says what changes until the connection ends.
func (r *rooms) keep(socket *socketio.Client, ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case <-r.wake:
		}
		r.mu.Lock()
		joins, leaves := r.joins, r.leaves
		r.joins, r.leaves = nil, nil
		r.mu.Unlock()
		if emit(socket, breezewire.EventLeave, leaves) != nil || emit(socket, breezewire.EventJoin, joins) != nil {
			socket.Close()
			return
		}
	}
}

// emit sends the names in messages of at most joinMax; nothing when there are none.
func emit(socket *socketio.Client, event string, names []string) error {
	for part := range slices.Chunk(names, joinMax) {
		arg, err := json.Marshal(part)
		if err != nil {
			panic("breeze: encoding rooms: " + err.Error())
		}
		if err := socket.Emit(event, arg); err != nil {
			return err
		}
	}
	return nil
}
