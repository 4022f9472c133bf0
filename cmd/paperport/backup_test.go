package main

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"paperport/calendar"
	"paperport/store"
	"paperport/store/sqlstore"
)

// bookTables are what a user calls his books, with the journal that they follow from.
var bookTables = []string{"accounts", "entries", "funds", "journal", "orders", "order_events", "positions", "postings", "trades"}

// hashOfBooks is the hash of all rows of the books, in order; the database may be in use.
func hashOfBooks(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	hash := sha256.New()
	for _, table := range bookTables {
		rows, err := tx.Query("SELECT * FROM " + table + " ORDER BY 1, 2, 3, 4")
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		cells, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range cells {
			to[i] = &cells[i]
		}
		for rows.Next() {
			if err := rows.Scan(to...); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(hash, table, cells)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// buyWhile buys one share after the other until done; it returns how many orders were taken.
func buyWhile(p *program, account string, instrument int, done <-chan struct{}) (taken int) {
	order := map[string]any{"instrument": instrument, "side": "buy", "product": "CNC", "type": "market", "validity": "day", "qty": 1}
	for n := 0; ; n++ {
		select {
		case <-done:
			return taken
		default:
		}
		order["client_order_id"] = fmt.Sprintf("load-%08d", n)
		if p.call("POST", "/api/accounts/"+account+"/orders", order, nil) == 201 {
			taken++
		}
	}
}

// rest places an order far below the market; false when the market is closed.
func rest(p *program, account string, instrument int) bool {
	p.t.Helper()
	if !isTrading() {
		return false
	}
	var trades struct{ Trades []struct{ Price string } }
	p.must(200, "GET", "/api/accounts/"+account+"/trades", nil, &trades)
	price, err := strconv.ParseFloat(trades.Trades[0].Price, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	p.must(201, "POST", "/api/accounts/"+account+"/orders", map[string]any{"client_order_id": "resting-1", "instrument": instrument, "side": "buy",
		"product": "CNC", "type": "limit", "validity": "day", "qty": 1, "price": fmt.Sprintf("%d.00", int(price*0.97))}, nil)
	return true
}

// afterStop reports whether the resting order still works, and counts cancelled orders.
func afterStop(t *testing.T, path string) (isWorking bool, cancelled int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.QueryRow(`SELECT COUNT(*) FILTER (WHERE client_order_id = 'resting-1' AND leaves_qty = 1) = 1, COUNT(*) FILTER (WHERE cancelled_qty > 0)
		FROM orders`).Scan(&isWorking, &cancelled)
	if err != nil {
		t.Fatal(err)
	}
	return isWorking, cancelled
}

// keysIn looks for the keys of a data directory in a file, as they are kept and as bytes.
func keysIn(t *testing.T, dataDir, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{keyFileName, auditKeyName} {
		kept, err := os.ReadFile(filepath.Join(dataDir, name))
		if err != nil {
			t.Fatal(err)
		}
		line := strings.TrimSpace(strings.SplitN(string(kept), "\n", 2)[0])
		raw, err := hex.DecodeString(line)
		if err != nil {
			raw, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(line), "="))
		}
		if err != nil || len(raw) != 32 {
			t.Fatalf("%s has %d bytes, %v", name, len(raw), err)
		}
		for _, form := range [][]byte{[]byte(line), raw, []byte(hex.EncodeToString(raw))} {
			if bytes.Contains(text, form) {
				t.Errorf("%s is in the backup", name)
			}
		}
	}
}

// TestBackupOfATradingServer backs up while orders come in, and restores elsewhere: whole, balanced, held, and equal to
// the original at that instant; no key travels with it.
func TestBackupOfATradingServer(t *testing.T) {
	dir, env := emptyWorld(t)
	data := t.TempDir()
	env = append(env, "PAPERPORT_DATA_DIR="+data, "PAPERPORT_METRICS_ADDR=127.0.0.1:0", "PAPERPORT_ORDER_RATE=0")
	p := mustServe(t, dir, env)
	p.must(201, "POST", "/api/setup", owner, nil)
	var me struct{ Accounts []struct{ ID string } }
	p.until("the first account is there", func() bool {
		p.must(200, "GET", "/api/me", nil, &me)
		return len(me.Accounts) == 1
	})
	var hits struct{ Instruments []struct{ ID int } }
	p.until("the market has instruments", func() bool {
		p.must(200, "GET", "/api/instruments?venue=demo&q=reliance&limit=1", nil, &hits)
		return len(hits.Instruments) == 1
	})
	trade(p, me.Accounts[0].ID, hits.Instruments[0].ID)

	under, done := filepath.Join(t.TempDir(), "under load.db"), make(chan struct{})
	go func() {
		defer close(done)
		for range 3 {
			if out, talk, code := run(t, dir, env, "backup", "--to", under); code != 0 || !strings.Contains(out, "schema ") {
				t.Errorf("backup under load: %d %s %s", code, out, talk)
			}
		}
	}()
	t.Logf("%d orders were taken meanwhile", buyWhile(p, me.Accounts[0].ID, hits.Instruments[0].ID, done))
	if info, err := os.Stat(under); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the backup: %v, %v", info.Mode(), err)
	}
	keysIn(t, data, under)

	mustCount(t, p)
	isResting := rest(p, me.Accounts[0].ID, hits.Instruments[0].ID)

	began := time.Now()
	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Fatalf("stopped with %d: %s", code, p.said())
	}
	if took := time.Since(began); took > drainMax {
		t.Errorf("SIGTERM took %s", took)
	}
	if isWorking, cancelled := afterStop(t, filepath.Join(data, "paperport.db")); isWorking != isResting || cancelled != 0 {
		t.Errorf("after SIGTERM the resting order works: %t, want %t; %d orders were cancelled", isWorking, isResting, cancelled)
	}
	quiet := filepath.Join(t.TempDir(), "quiet.db")
	mustPaperport(t, data, "backup", "--to", quiet)
	live := hashOfBooks(t, filepath.Join(data, "paperport.db"))
	if got := hashOfBooks(t, quiet); got != live {
		t.Errorf("books of the backup are %s, those of the original %s", got, live)
	}
	for _, file := range []string{under, quiet} {
		mustRestoreElsewhere(t, env, data, file)
	}
}

var (
	metricsLine = regexp.MustCompile(`"msg":"metrics","addr":"([^"]+)"`)
	takenLine   = regexp.MustCompile(`(?m)^pp_orders_total\{type="market",result="accepted"\} [1-9]`)
	filledLine  = regexp.MustCompile(`(?m)^pp_fills_total\{source="tick"\} [1-9]`)
	storedLine  = regexp.MustCompile(`(?m)^pp_db_tx_seconds_count [1-9]`)
)

// mustCount reads the metrics of a server that has traded.
func mustCount(t *testing.T, p *program) {
	t.Helper()
	m := metricsLine.FindStringSubmatch(p.said())
	if m == nil {
		t.Fatalf("it does not say where its metrics are: %s", p.said())
	}
	response, err := p.client.Get("http://" + m[1] + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []*regexp.Regexp{takenLine, filledLine, storedLine} {
		if isTrading() && !line.Match(text) {
			t.Errorf("no line like %s", line)
		}
	}
}

// isTrading: from 23:55 to 00:00 IST the demo market is closed.
func isTrading() bool {
	return calendar.Demo().At(calendar.Board{Exchange: calendar.NSE, Segment: calendar.Equity}, calendar.FromTime(time.Now())).Phase == calendar.Open
}

// mustRestoreElsewhere restores a file beside the original's audit key and starts a server on it.
func mustRestoreElsewhere(t *testing.T, env []string, data, file string) {
	t.Helper()
	before := hashOfBooks(t, file)
	elsewhere := t.TempDir()
	key, err := os.ReadFile(filepath.Join(data, auditKeyName))
	if err := errors.Join(err, os.WriteFile(filepath.Join(elsewhere, auditKeyName), key, 0o400)); err != nil {
		t.Fatal(err)
	}
	if out := mustPaperport(t, elsewhere, "restore", "--from", file); strings.Contains(out, "No audit.key") || !strings.Contains(out, "held for everybody") {
		t.Errorf("restore says %s", out)
	}
	if got := hashOfBooks(t, filepath.Join(elsewhere, "paperport.db")); got != before {
		t.Errorf("restored books are %s, the backup's %s", got, before)
	}
	if out := mustPaperport(t, elsewhere, "verify-ledger"); !strings.Contains(out, "balanced: 1 accounts") {
		t.Errorf("verify-ledger: %s", out)
	}
	if out := mustPaperport(t, elsewhere, "verify-audit"); !strings.Contains(out, "unbroken") || strings.Contains(out, "key that is gone") {
		t.Errorf("verify-audit: %s", out)
	}
	again := mustServe(t, t.TempDir(), append(env, "PAPERPORT_DATA_DIR="+elsewhere), "serve", "--demo=off")
	again.must(200, "POST", "/api/login", owner, nil)
	if code := again.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the copy stopped with %d: %s", code, again.said())
	}
	if out := mustPaperport(t, elsewhere, "verify-audit"); !strings.Contains(out, "unbroken") {
		t.Errorf("verify-audit after a start: %s", out)
	}
}

// mustRecipient makes an age recipient and the file with its identity.
func mustRecipient(t *testing.T) (name, keyFile string) {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	keyFile = filepath.Join(t.TempDir(), "key.txt")
	if err := os.WriteFile(keyFile, []byte("# made by a test\n"+identity.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return identity.Recipient().String(), keyFile
}

// TestEncryptedBackup: only the right identity opens it, a changed or shortened file opens with none, and nothing in the
// clear is left anywhere.
func TestEncryptedBackup(t *testing.T) {
	h := mustHouse(t)
	addConnection(t, h.store.Brokers(), store.Connection{User: "a", Broker: store.ICICI})
	recipient, key := mustRecipient(t)
	_, otherKey := mustRecipient(t)
	file := filepath.Join(t.TempDir(), "b.age")
	mustPaperport(t, h.config.DataDir, "backup", "--to", file, "--recipient", recipient)
	whole, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(whole), ageHead) || bytes.Contains(whole, []byte("SQLite format 3")) {
		t.Fatalf("not encrypted: %d bytes, %v", len(whole), err)
	}
	short, changed := filepath.Join(t.TempDir(), "short.age"), filepath.Join(t.TempDir(), "changed.age")
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	if err := errors.Join(os.WriteFile(short, whole[:len(whole)-70_000], 0o600), os.WriteFile(changed, flipped, 0o600)); err != nil {
		t.Fatal(err)
	}
	into := filepath.Join(t.TempDir(), "new")
	for _, row := range []struct {
		name, says string
		args       []string
	}{
		{"no identity", "--identity", []string{"--from", file}},
		{"another's identity", "cannot be decrypted", []string{"--from", file, "--identity", otherKey}},
		{"no identity file", "no file of age identities", []string{"--from", file, "--identity", file}},
		{"shortened", "decrypting", []string{"--from", short, "--identity", key}},
		{"changed", "decrypting", []string{"--from", changed, "--identity", key}},
		{"nothing named", "--from", nil},
		{"absent", "no such file", []string{"--from", file + "x"}},
	} {
		_, err := paperport(t, into, append([]string{"restore"}, row.args...)...)
		if err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v, want %q", row.name, err, row.says)
		}
		if exists(filepath.Join(into, "paperport.db")) {
			t.Fatalf("%s: a database was made", row.name)
		}
	}
	if out := mustPaperport(t, into, "restore", "--from", file, "--identity", key, "--dry-run"); !strings.Contains(out, "is whole: schema ") || exists(filepath.Join(into, "paperport.db")) {
		t.Errorf("dry run: %s", out)
	}
	if out := mustPaperport(t, into, "restore", "--from", file, "--identity", key); !strings.Contains(out, "No audit.key was there") {
		t.Errorf("restore without an audit key says %s", out)
	}
	for _, dir := range []string{h.config.DataDir, into, filepath.Dir(file)} {
		if left, err := filepath.Glob(filepath.Join(dir, ".paperport-backup-*")); err != nil || len(left) > 0 {
			t.Errorf("left in the clear: %v, %v", left, err)
		}
	}
	if _, err := paperport(t, into, "restore", "--from", file, "--identity", key); err == nil || !strings.Contains(err.Error(), "there is a database") {
		t.Errorf("over a database: %v", err)
	}
	mustBeHeld(t, into)
}

// mustBeHeld looks at what Settings of a restored copy shows, and at the trail.
func mustBeHeld(t *testing.T, dataDir string) {
	t.Helper()
	h := mustHouse(t, "PAPERPORT_DATA_DIR="+dataDir)
	state, err := h.brokers.System(t.Context())
	if err != nil || !state.IsHeldAll {
		t.Errorf("Settings of the copy: %+v, %v; want automatic login held", state, err)
	}
	found, err := sqlstore.VerifyAudit(t.Context(), dataDir)
	if err != nil || found.Fault != "" || found.Lost == 0 {
		t.Errorf("trail of a copy under a new key: %+v, %v", found, err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dataDir, "paperport.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow(`SELECT COUNT(*) FROM audit WHERE action = 'restore' AND result = 'ok'`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows of a restore in the trail, %v", n, err)
	}
}

func TestBackupRefuses(t *testing.T) {
	h := mustHouse(t)
	good := filepath.Join(t.TempDir(), "b.db")
	for _, row := range []struct {
		name, says string
		args       []string
	}{
		{"no file named", "--to", nil},
		{"in the data directory", "data directory itself", []string{"--to", filepath.Join(h.config.DataDir, "paperport.db")}},
		{"a directory", "is no file", []string{"--to", filepath.Dir(good)}},
		{"no such directory", "no such file", []string{"--to", filepath.Join(good, "b.db")}},
		{"a recipient that is none", "age1", []string{"--to", good, "--recipient", "age1nonsense"}},
		{"a secret as recipient", "age1", []string{"--to", good, "--recipient", "AGE-SECRET-KEY-1CANARY"}},
	} {
		out, err := paperport(t, h.config.DataDir, append([]string{"backup"}, row.args...)...)
		if err == nil || !strings.Contains(err.Error(), row.says) || strings.Contains(out+err.Error(), "CANARY") {
			t.Errorf("%s: %v, want %q", row.name, err, row.says)
		}
	}
	if exists(good) {
		t.Error("a refused backup was written")
	}
	if _, err := paperport(t, t.TempDir(), "backup", "--to", good); err == nil || !strings.Contains(err.Error(), "no database") {
		t.Errorf("without a database: %v", err)
	}
}
