package sqlstore

import (
	"testing"

	"paperport/store"
	"paperport/store/storetest"
)

func TestBrokers(t *testing.T) {
	storetest.Brokers(t, func(t *testing.T) store.Brokers { return mustOpen(t, t.TempDir()).Brokers() })
}

func TestBrokersBesideARunningServer(t *testing.T) {
	storetest.Brokers(t, func(t *testing.T) store.Brokers {
		dir := t.TempDir()
		mustOpen(t, dir)
		beside, closeBeside, err := OpenBrokersBeside(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(closeBeside)
		return beside
	})
}

func TestJobs(t *testing.T) {
	storetest.Jobs(t, func(t *testing.T) store.Jobs { return mustOpen(t, t.TempDir()).Jobs() })
}

// TestInstallStays: id and salt are made once; sealed rows are bound to them.
func TestInstallStays(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	first, err := s.Brokers().Install(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	again, err := mustOpen(t, dir).Brokers().Install(t.Context())
	if err != nil || again.ID != first.ID || again.Salt != first.Salt {
		t.Errorf("install %s became %s, %v", first.ID, again.ID, err)
	}
	other, err := mustOpen(t, t.TempDir()).Brokers().Install(t.Context())
	if err != nil || other.ID == first.ID || other.Salt == first.Salt {
		t.Errorf("two installations are called %s, %v", other.ID, err)
	}
}
