package clock

import (
	"testing"
	"time"
)

func TestManualWakesOnlyWhatIsDue(t *testing.T) {
	m := NewManual(time.Unix(0, 0))
	soon, late := m.After(time.Second), m.After(time.Hour)
	m.Advance(time.Minute)
	select {
	case <-soon:
	default:
		t.Error("a waiter that is due was not woken")
	}
	select {
	case <-late:
		t.Error("a waiter was woken before it is due")
	default:
	}
	if got := <-m.After(0); !got.Equal(m.Now()) {
		t.Errorf("After(0) delivered %v, want %v", got, m.Now())
	}
}
