package sqlstore

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paperport/store"
	"paperport/store/storetest"
)

func TestUsers(t *testing.T) {
	storetest.Users(t, func(t *testing.T) store.Users { return mustOpen(t, t.TempDir()).Users() })
}

func TestUsersBesideARunningServer(t *testing.T) {
	storetest.Users(t, func(t *testing.T) store.Users {
		dir := t.TempDir()
		mustOpen(t, dir)
		beside, closeBeside, err := OpenUsersBeside(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(closeBeside)
		return beside
	})
	if _, _, err := OpenUsersBeside(t.Context(), filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no database: %v", err)
	}
}

func TestVerifyFindsWhatDoesNotAddUp(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	spoil := func(query string) {
		t.Helper()
		if err := s.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.ExecContext(t.Context(), query); return err }); err != nil {
			t.Fatal(err)
		}
	}
	if seen, faults, err := VerifyBeside(t.Context(), dir); err != nil || len(faults) != 0 || seen != (Books{}) {
		t.Errorf("empty books: %+v, %v, %v", seen, faults, err)
	}
	spoil(`INSERT INTO entries (account, number, kind, ref, body, at, trading_date, balance) VALUES ('a', 1, 'opening', '', '', 0, 0, 100), ('a', 2, 'payin', '', '', 0, 0, 150)`)
	spoil(`INSERT INTO postings (account, entry, n, book, amount) VALUES ('a', 1, 0, 'cash', 100), ('a', 1, 1, 'capital', -100), ('a', 2, 0, 'cash', 50), ('a', 2, 1, 'capital', -50)`)
	spoil(`INSERT INTO funds (account, cash, blocked, free, order_blocked, position_blocked) VALUES ('a', 150, 20, 130, 15, 5)`)
	if _, faults, err := VerifyBeside(t.Context(), dir); err != nil || len(faults) != 0 {
		t.Errorf("sound books: %v, %v", faults, err)
	}
	rows := []struct{ spoil, repair, want string }{
		{`UPDATE postings SET amount = -99 WHERE entry = 1 AND n = 1`, `UPDATE postings SET amount = -100 WHERE entry = 1 AND n = 1`, "entry a/1: its postings sum to 1"},
		{`UPDATE entries SET balance = 151 WHERE number = 2`, `UPDATE entries SET balance = 150 WHERE number = 2`, "entry a/2: says balance 151, the postings so far give 150"},
		{`UPDATE funds SET cash = 151, free = 131`, `UPDATE funds SET cash = 150, free = 130`, "funds say cash 151, the postings give 150"},
		{`UPDATE funds SET free = 131`, `UPDATE funds SET free = 130`, "cash 150 is not free 131 plus blocked 20"},
		{`UPDATE funds SET order_blocked = 14`, `UPDATE funds SET order_blocked = 15`, "blocked 20 is not orders 14 plus positions 5"},
		{`INSERT INTO entries (account, number, kind, ref, body, at, trading_date, balance) VALUES ('a', 3, 'payin', '', '', 0, 0, 150)`, `DELETE FROM entries WHERE number = 3`, "entry a/3: has no postings"},
	}
	for _, row := range rows {
		spoil(row.spoil)
		_, faults, err := VerifyBeside(t.Context(), dir)
		if err != nil || !strings.Contains(strings.Join(faults, "\n"), row.want) {
			t.Errorf("%s: found %v, %v, want %q", row.spoil, faults, err, row.want)
		}
		spoil(row.repair)
	}
}
