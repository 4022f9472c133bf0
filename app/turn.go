package app

import (
	"context"
	"sync"
)

// turns lets one try per key go at a time. Tries made side by side would otherwise all start before the first failure is
// counted, as many as password hashes may wait. The zero value is ready.
type turns struct {
	mu    sync.Mutex // guards what follows
	lines map[string]*turnLine
}

type turnLine struct {
	free    chan struct{} // holds a token while it is nobody's turn
	waiting int
}

// take waits for the key's turn; the result gives it on. The error is that of ctx.
func (t *turns) take(ctx context.Context, key string) (func(), error) {
	t.mu.Lock()
	if t.lines == nil {
		t.lines = map[string]*turnLine{}
	}
	line := t.lines[key]
	if line == nil {
		line = &turnLine{free: make(chan struct{}, 1)}
		line.free <- struct{}{}
		t.lines[key] = line
	}
	line.waiting++
	t.mu.Unlock()
	select {
	case <-line.free:
		return func() { line.free <- struct{}{}; t.leave(key, line) }, nil
	case <-ctx.Done():
		t.leave(key, line)
		return nil, ctx.Err()
	}
}

func (t *turns) leave(key string, line *turnLine) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if line.waiting--; line.waiting == 0 {
		delete(t.lines, key)
	}
}
