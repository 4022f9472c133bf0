package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"paperport/auth"
	"paperport/store"
)

var someTime = time.Date(2026, 11, 24, 6, 0, 0, 123_000, time.UTC)

func line(i int) store.Audit {
	return store.Audit{At: someTime.Add(time.Duration(i) * time.Second), Actor: "a", Subject: "s", Action: fmt.Sprintf("action %d", i), Detail: "d\x00\xff", Result: "ok", IP: "::1", RequestID: "r"}
}

func mustAudit(t *testing.T, s store.Users, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := s.WriteUsers(t.Context(), func(tx store.UserTx) error { return tx.AddAudit(t.Context(), line(i)) }); err != nil {
			t.Fatal(err)
		}
	}
}

func mustVerify(t *testing.T, dir string) AuditReport {
	t.Helper()
	report, err := VerifyAudit(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// mustOldTrail leaves a database of the version before the chain, with so many rows.
func mustOldTrail(t *testing.T, dir string, rows int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, fileName)+dsnWriter)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if _, err := db.Exec(`INSERT INTO audit (`+auditColumns+`) VALUES ($1, 5, 'a', '', 'sign-in', '', 'ok', '', '')`, i+1); err != nil {
			t.Fatal(err)
		}
	}
}

// mustTamper opens a database as somebody would who has the file and not the key.
func mustTamper(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, fileName)+dsnWriter)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	for _, name := range []string{"update", "delete", "replace"} {
		mustExec(t, db, `DROP TRIGGER IF EXISTS audit_no_`+name)
	}
	return db
}

func mustExec(t *testing.T, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestAuditChain(t *testing.T) {
	dir := t.TempDir()
	mustOldTrail(t, dir, 3)
	s := mustOpen(t, dir)
	if got := mustVerify(t, dir); got.Fault != "" || got.Rows != 3 || got.Unchained != 3 {
		t.Errorf("rows from before the chain: %+v", got)
	}
	mustAudit(t, s.Users(), 0, 5)
	beside, closeBeside, err := OpenUsersBeside(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer closeBeside()
	mustAudit(t, beside, 5, 8)
	mustAudit(t, s.Users(), 8, 10)
	got := mustVerify(t, dir)
	number, hash, err := s.AuditHead(t.Context())
	if err != nil || number != 13 || len(hash) != 16 {
		t.Fatalf("head %d %q, %v", number, hash, err)
	}
	if want := (AuditReport{Rows: 13, Unchained: 3, Head: 13, HeadHash: hash}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	s.Close()
	mustOpen(t, dir)
	if again := mustVerify(t, dir); again != got {
		t.Errorf("after a restart: %+v, want %+v", again, got)
	}
}

// TestAuditIsAppendOnly: the database itself refuses to change what was written.
func TestAuditIsAppendOnly(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	mustAudit(t, s.Users(), 0, 2)
	for _, query := range []string{`UPDATE audit SET detail = 'x' WHERE number = 1`, `DELETE FROM audit WHERE number = 2`,
		`INSERT OR REPLACE INTO audit (` + auditColumns + `) VALUES (1, 0, '', '', '', '', '', '', '')`} {
		err := s.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.ExecContext(t.Context(), query); return err })
		if !errors.Is(err, store.ErrConflict) || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// TestAuditIsOneWithItsChange: neither is ever there without the other.
func TestAuditIsOneWithItsChange(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	u := s.Users()
	broken := errors.New("broken")
	invite := auth.Invite{TokenHash: "i", Role: auth.Viewer, CreatedBy: "nobody", CreatedAt: someTime, ExpiresAt: someTime}
	for what, f := range map[string]func(store.UserTx) error{
		"change fails after its line": func(tx store.UserTx) error {
			return errors.Join(tx.AddAudit(t.Context(), line(0)), tx.AddInvite(t.Context(), invite)) // its maker does not exist
		},
		"caller fails after both": func(tx store.UserTx) error {
			return errors.Join(tx.AddUser(t.Context(), auth.User{ID: "u", Username: "asha"}), tx.AddAudit(t.Context(), line(0)), broken)
		},
	} {
		if err := u.WriteUsers(t.Context(), f); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	tamper := mustTamper(t, dir)
	mustExec(t, tamper, `UPDATE audit_head SET number = 7`) // the line cannot be written
	err := u.WriteUsers(t.Context(), func(tx store.UserTx) error {
		if err := tx.AddUser(t.Context(), auth.User{ID: "u", Username: "asha"}); err != nil {
			return err
		}
		return tx.AddAudit(t.Context(), line(0))
	})
	if !errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrBroken) {
		t.Errorf("a head that is not ours: %v", err)
	}
	n, err := u.CountUsers(t.Context())
	if err != nil || n != 0 || mustVerify(t, dir).Rows != 0 {
		t.Errorf("%d users and %d lines are left, %v", n, mustVerify(t, dir).Rows, err)
	}
	if err := s.AddVenue(t.Context(), store.Venue{ID: "v"}); err != nil {
		t.Errorf("books are no business of the trail: %v", err)
	}
}

// TestAuditTampering spoils a copy 1,000 times in ways that need no key; each must be found. The seed of one that is not
// stands in the failure.
func TestAuditTampering(t *testing.T) {
	const rows, old = 60, 4
	dir := t.TempDir()
	mustOldTrail(t, dir, old)
	s := mustOpen(t, dir)
	mustAudit(t, s.Users(), 0, rows-old)
	key := s.auditKey
	s.Close()
	db := mustTamper(t, dir)
	for seed := range uint64(1000) {
		random := rand.New(rand.NewPCG(seed, 110))
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		what := tamper(t, tx, random, rows)
		got, err := verifyAudit(t.Context(), tx, key)
		if err != nil || got.Fault == "" || got.Broken < -rows || got.Broken > rows+1 {
			t.Errorf("seed %d: %s: %+v, %v", seed, what, got, err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
	if got := mustVerify(t, dir); got.Fault != "" || got.Rows != rows {
		t.Errorf("untouched: %+v", got)
	}
}

// tamper does one thing and says what.
func tamper(t *testing.T, tx *sql.Tx, random *rand.Rand, rows int64) string {
	n, m := 1+random.Int64N(rows), 1+random.Int64N(rows-1)
	if m >= n {
		m++ // another row
	}
	text := []string{"actor", "subject", "action", "detail", "result", "ip", "request_id"}
	moved := strings.Join(append(text, "at"), ", ")
	switch random.IntN(9) {
	case 0:
		column := text[random.IntN(len(text))]
		mustExec(t, tx, `UPDATE audit SET `+column+` = `+column+` || 'x' WHERE number = $1`, n)
		return fmt.Sprintf("%s of row %d edited", column, n)
	case 1:
		mustExec(t, tx, `UPDATE audit SET at = at + $2 WHERE number = $1`, n, 1+random.Int64N(1000))
		return fmt.Sprintf("time of row %d edited", n)
	case 2:
		mustExec(t, tx, `UPDATE audit SET action = action || SUBSTR(detail, 1, 1), detail = SUBSTR(detail, 2) || 'd' WHERE number = $1`, n)
		return fmt.Sprintf("text of row %d moved over a border", n)
	case 3:
		mustExec(t, tx, `DELETE FROM audit WHERE number >= $1 AND number < $2`, n, n+1+random.Int64N(5))
		return fmt.Sprintf("rows from %d deleted", n)
	case 4:
		mustExec(t, tx, `DELETE FROM audit WHERE number = $1`, n)
		mustExec(t, tx, `UPDATE audit SET number = -number WHERE number > $1`, n)
		mustExec(t, tx, `UPDATE audit SET number = -number - 1 WHERE number < 0`)
		mustExec(t, tx, `UPDATE audit_head SET number = number - 1`)
		return fmt.Sprintf("row %d deleted and the gap closed", n)
	case 5:
		for _, step := range [][2]int64{{n, -1}, {m, n}, {-1, m}} {
			mustExec(t, tx, `UPDATE audit SET number = $2 WHERE number = $1`, step[0], step[1])
		}
		return fmt.Sprintf("rows %d and %d swapped", n, m)
	case 6:
		mustExec(t, tx, `INSERT INTO audit (`+auditColumns+`, hash, key_id) SELECT $1, at, actor, subject, action, detail, result, ip, request_id,
			hash, key_id FROM audit WHERE number = $2`, []int64{0, -n, rows + 1, rows + n}[random.IntN(4)], m)
		return fmt.Sprintf("row %d inserted again", m)
	case 7:
		mustExec(t, tx, `UPDATE audit SET hash = '', key_id = '', detail = 'new' WHERE number <= $1`, n)
		return fmt.Sprintf("rows to %d passed off as older than the chain", n)
	default:
		mustExec(t, tx, `UPDATE audit SET (`+moved+`) = (SELECT `+moved+` FROM audit WHERE number = $2), action = $3, key_id = X'01020304' WHERE number = $1`,
			n, m, auditKeyChanged)
		return fmt.Sprintf("row %d passed off as one of a lost key", n)
	}
}

// TestAuditKeyLost: a new chain goes on behind the old rows, and both are told apart.
func TestAuditKeyLost(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	mustAudit(t, s.Users(), 0, 4)
	s.Close()
	path := filepath.Join(dir, auditKeyName)
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("mode of the key file: %v, %v", info.Mode(), err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	beside, closeBeside, err := OpenUsersBeside(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	err = beside.WriteUsers(t.Context(), func(tx store.UserTx) error { return tx.AddAudit(t.Context(), line(9)) })
	closeBeside()
	if err == nil {
		t.Error("a command wrote to the trail without its key")
	}
	s = mustOpen(t, dir)
	mustAudit(t, s.Users(), 4, 6)
	s.Close()
	if got := mustVerify(t, dir); got.Fault != "" || got.Rows != 7 || got.Lost != 4 {
		t.Errorf("a new key: %+v", got)
	}
	// The old key comes back: its rows can be checked again, the others no longer.
	if err := errors.Join(os.Remove(path), os.WriteFile(path, first, 0o400)); err != nil {
		t.Fatal(err)
	}
	if got := mustVerify(t, dir); !strings.Contains(got.Fault, "another key") {
		t.Errorf("before the next start: %+v", got)
	}
	mustOpen(t, dir)
	if got := mustVerify(t, dir); got.Fault != "" || got.Rows != 8 || got.Lost != 3 {
		t.Errorf("the old key again: %+v", got)
	}
	db := mustTamper(t, dir)
	mustExec(t, db, `UPDATE audit SET detail = 'x' WHERE number = 2`)
	if got := mustVerify(t, dir); got.Broken != 2 {
		t.Errorf("an edit under the old key: %+v", got)
	}
}

// TestAuditStartAfterTampering: a start does not heal what it finds; it puts it on record.
func TestAuditStartAfterTampering(t *testing.T) {
	for what, query := range map[string]string{
		"last row deleted":     `DELETE FROM audit WHERE number = 4`,
		"head deleted":         `DELETE FROM audit_head`,
		"last row, head moved": `DELETE FROM audit WHERE number = 4; UPDATE audit_head SET number = 3, hash = (SELECT hash FROM audit WHERE number = 3)`,
		"row appended":         `INSERT INTO audit SELECT 5, at, actor, subject, action, detail, result, ip, request_id, hash, key_id FROM audit WHERE number = 4`,
	} {
		dir := t.TempDir()
		s := mustOpen(t, dir)
		mustAudit(t, s.Users(), 0, 4)
		mustExec(t, mustTamper(t, dir), query)
		if got := mustVerify(t, dir); got.Fault == "" {
			t.Errorf("%s: not found: %+v", what, got)
		}
		s.Close()
		s = mustOpen(t, dir)
		mustAudit(t, s.Users(), 5, 7)
		if got := mustVerify(t, dir); got.Fault == "" {
			t.Errorf("%s: healed by a start: %+v", what, got)
		}
	}
}

func TestAuditKeyDamaged(t *testing.T) {
	for what, text := range map[string]string{"empty": "", "short": strings.Repeat("a", 63), "long": strings.Repeat("a", 66), "no hex": strings.Repeat("g", 64), "two keys": strings.Repeat("a", 64) + "\n" + strings.Repeat("a", 64)} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, auditKeyName), []byte(text), 0o400); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), Options{Dir: dir})
		if err == nil {
			s.Close()
			t.Errorf("%s: opened", what)
			continue
		}
		if !strings.Contains(err.Error(), "damaged") || strings.Contains(err.Error(), "aaaa") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
