package sqlstore

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"paperport/store"
	"paperport/store/storetest"
)

func mustOpen(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestBooks(t *testing.T) {
	storetest.Books(t, func(t *testing.T) store.Books { return mustOpen(t, t.TempDir()) })
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	if _, err := Open(t.Context(), Options{Dir: dir}); !errors.Is(err, store.ErrLocked) {
		t.Errorf("second Open: %v, want ErrLocked", err)
	}
	s.Close()
	mustOpen(t, dir)
}

// TestFilesArePrivate: nobody else on the machine reads password hashes, also when the directory lets him in.
func TestFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), nil, 0o644); err != nil { // as an older version left it
		t.Fatal(err)
	}
	mustOpen(t, dir)
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files, %v; want database, log, index and lock", len(files), err)
	}
	for _, file := range files {
		info, err := file.Info()
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v, %v", file.Name(), info.Mode(), err)
		}
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	if _, err := s.write.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(t.Context(), Options{Dir: dir}); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("Open: %v, want ErrNewerSchema", err)
	}
}

func TestDamagedFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	s.Close()
	path := filepath.Join(dir, fileName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(b); i++ {
		b[i] ^= 0x5a
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Dir: dir}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("Open: %v, want ErrCorrupt", err)
	}
}

// TestDiskFull lets the database grow no further: nothing is half stored, and it goes on when there is room again.
func TestDiskFull(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	var pages int
	if err := s.write.QueryRow(`PRAGMA page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(n int) {
		t.Helper()
		if err := s.write.QueryRow(`PRAGMA max_page_count = ` + strconv.Itoa(n)).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages)
	big := store.Venue{ID: "big", Settings: make([]byte, 1<<20)}
	if err := s.AddVenue(t.Context(), big); !errors.Is(err, store.ErrDiskFull) {
		t.Fatalf("AddVenue: %v, want ErrDiskFull", err)
	}
	if venues, err := s.Venues(t.Context()); err != nil || len(venues) != 0 {
		t.Errorf("reads while full: %v, %v", venues, err)
	}
	limit(1 << 30)
	if err := s.AddVenue(t.Context(), big); err != nil {
		t.Errorf("AddVenue when there is room again: %v", err)
	}
}

// TestBrokenStorageEndsWriting swaps the file's descriptors for a failing write: one alarm, and no write is tried again.
func TestBrokenStorageEndsWriting(t *testing.T) {
	var alarms atomic.Int32
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Fatal: func(error) { alarms.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	broken := func(*sql.Tx) error { return store.ErrBroken }
	if err := s.Write(t.Context(), broken); !errors.Is(err, store.ErrBroken) {
		t.Fatalf("Write: %v, want ErrBroken", err)
	}
	if err := s.AddVenue(t.Context(), store.Venue{ID: "later"}); !errors.Is(err, store.ErrBroken) {
		t.Errorf("a write after the failure: %v, want ErrBroken", err)
	}
	if alarms.Load() != 1 {
		t.Errorf("%d alarms, want 1", alarms.Load())
	}
}

func TestPanickingWriterHurtsOnlyItself(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	if err := s.Write(t.Context(), func(*sql.Tx) error { panic("no") }); err == nil {
		t.Error("a panic was stored as success")
	}
	if err := s.AddVenue(t.Context(), store.Venue{ID: "v"}); err != nil {
		t.Errorf("AddVenue afterwards: %v", err)
	}
}

func TestClosedStoreRefuses(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	s.Close()
	if err := s.AddVenue(t.Context(), store.Venue{ID: "v"}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("AddVenue: %v, want ErrClosed", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}
