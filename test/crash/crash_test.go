package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"paperport/app"
	"paperport/order"
	"paperport/store"
	"paperport/store/sqlstore"
)

const (
	tradersCount = 8
	killsDefault = 300
	checkEvery   = 100 // kills between two full checks of the books
	stopEvery    = 50  // every so many ends are orderly: the next start has a snapshot
	lifeMax      = 60 * time.Millisecond
)

func kills(t *testing.T) int {
	t.Helper()
	for _, name := range []string{"PAPERPORT_CRASH_KILLS", "CRASH_KILLS"} {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return n
		}
	}
	if testing.Short() {
		return 20
	}
	return killsDefault
}

func seed(t *testing.T) uint64 {
	t.Helper()
	if n, err := strconv.ParseUint(os.Getenv("PAPERPORT_CRASH_SEED"), 10, 64); err == nil {
		return n
	}
	return rand.Uint64()
}

// TestKill kills the program at random instants while eight clients trade, and starts it again each time.
func TestKill(t *testing.T) {
	n, s := kills(t), seed(t)
	t.Logf("%d kills, seed %d (PAPERPORT_CRASH_SEED repeats the choices, not the timing)", n, s)
	random := rand.New(rand.NewPCG(s, 1))
	h := mustHarness(t, random)
	begun := time.Now()
	for i := range n {
		h.cycle(i, time.Duration(random.Int64N(int64(lifeMax))))
		if (i+1)%checkEvery == 0 || i == n-1 {
			h.check()
		}
	}
	took := time.Since(begun)
	t.Logf("%d kills in %s (%s each), %d commands acknowledged, 0 lost, 0 doubled, seed %d", n, took.Round(time.Second),
		(took / time.Duration(n)).Round(time.Millisecond), h.acked(), s)
}

// harness is the program, its data and its clients.
type harness struct {
	t        *testing.T
	dir      string
	random   *rand.Rand
	program  *program
	traders  []*trader
	worlds   int
	receipts map[string]int
}

func mustHarness(t *testing.T, random *rand.Rand) *harness {
	t.Helper()
	dir := t.TempDir()
	h := &harness{t: t, dir: filepath.Join(dir, "data"), random: random}
	recorded := filepath.Join(dir, "recorded")
	if err := os.Mkdir(recorded, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := writeDay(filepath.Join(recorded, "chain1m_NIFTY_2026-08-18_scripted.csv.gz"), random); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "paperport")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/paperport").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	port := freePort(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	h.program = &program{binary: binary, base: "http://localhost:" + strconv.Itoa(port),
		client: &http.Client{Jar: jar, Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * tradersCount}},
		env: []string{"PAPERPORT_DATA_DIR=" + h.dir, "PAPERPORT_ADDR=127.0.0.1:" + strconv.Itoa(port), "PAPERPORT_RECORDED_DIR=" + recorded,
			"PAPERPORT_API_RATE=0", "PAPERPORT_ORDER_RATE=0", "PAPERPORT_ACCESS_LOG=off", "PAPERPORT_LOGIN_IDLE=0"}}
	h.mustStart()
	t.Cleanup(func() {
		if h.program.cmd.ProcessState == nil {
			h.program.kill()
		}
	})
	h.mustDo(http.MethodPost, "/api/setup", `{"username":"owner","password":"a long enough password 7"}`, nil)
	h.openWorld()
	h.program.kill()
	return h
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (h *harness) mustStart() {
	h.t.Helper()
	if err := h.program.start(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *harness) mustDo(method, path, body string, to any) {
	h.t.Helper()
	status, answer, err := h.program.do(context.Background(), method, path, body)
	if err != nil || status >= 300 {
		h.t.Fatalf("%s %s: %d %s %v\n%s", method, path, status, answer, err, h.program.output)
	}
	if to != nil {
		if err := json.Unmarshal(answer, to); err != nil {
			h.t.Fatalf("%s %s: %s: %v", method, path, answer, err)
		}
	}
}

// openWorld opens a replay at full speed with an account for every client. Clients of an older one go on being checked.
func (h *harness) openWorld() {
	h.t.Helper()
	h.worlds++
	at := "replay"
	for i := range tradersCount {
		var account struct{ ID, Venue string }
		h.mustDo(http.MethodPost, "/api/accounts", fmt.Sprintf(`{"name":"World %d client %d","capital":"10000000.00","plan":"flat20","venue":%q}`, h.worlds, i, at), &account)
		at = account.Venue
		h.traders = append(h.traders, &trader{program: h.program, account: account.ID, prefix: fmt.Sprintf("w%dc%d", h.worlds, i),
			random: rand.New(rand.NewPCG(h.random.Uint64(), uint64(i))), acked: map[string]acked{}})
	}
	h.mustDo(http.MethodPut, "/api/venues/"+at+"/clock", `{"speed":60,"is_paused":false}`, nil)
	var found struct{ Instruments []struct{ ID uint32 } }
	h.mustDo(http.MethodGet, "/api/instruments?venue="+at+"&q=nifty+18aug&limit=50", "", &found)
	if len(found.Instruments) < 40 {
		h.t.Fatalf("only %d instruments found", len(found.Instruments))
	}
	for _, t := range h.current() {
		for _, i := range found.Instruments {
			t.ids = append(t.ids, i.ID)
		}
	}
}

// current are the clients of the newest world.
func (h *harness) current() []*trader { return h.traders[len(h.traders)-tradersCount:] }

// cycle starts the program, lets the clients trade for a life and ends it.
func (h *harness) cycle(i int, life time.Duration) {
	h.t.Helper()
	h.mustStart()
	if i > 0 && i%1200 == 0 {
		h.openWorld() // the tape of the last one is nearly over
	}
	ctx, cancel := context.WithCancel(context.Background())
	var clients sync.WaitGroup
	failures := make(chan error, tradersCount)
	for _, t := range h.current() {
		clients.Go(func() {
			if err := t.trade(ctx); err != nil {
				failures <- err
			}
		})
	}
	time.Sleep(life) // the instant of the kill is the point
	if i%stopEvery == stopEvery-1 {
		if err := h.program.stop(); err != nil {
			h.t.Error(err)
		}
	} else {
		h.program.kill()
	}
	cancel()
	clients.Wait()
	close(failures)
	for err := range failures {
		h.t.Errorf("kill %d: %v", i, err)
	}
	if h.t.Failed() {
		h.t.Fatalf("broken at kill %d\n%s", i, h.program.output)
	}
}

func (h *harness) acked() (n int) {
	for _, t := range h.traders {
		n += len(t.acked)
	}
	return n
}

// check opens the data of the dead program: every acknowledged command once, no order twice, books balanced, and the
// journal leading to what is stored.
func (h *harness) check() {
	h.t.Helper()
	ctx := context.Background()
	s, err := sqlstore.Open(ctx, sqlstore.Options{Dir: h.dir})
	if err != nil {
		h.t.Fatal(err)
	}
	defer s.Close()
	seen, faults, err := sqlstore.VerifyBeside(ctx, h.dir)
	if err != nil || len(faults) > 0 {
		h.t.Fatalf("books: %v, %v", faults, err)
	}
	checks, err := app.Verify(ctx, s)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range checks {
		if len(c.Faults) > 0 || c.Inputs == 0 {
			h.t.Fatalf("venue %s: %+v", c.Venue, c.Report)
		}
		h.t.Logf("%s: %d inputs replayed to state %x, %d orders, %d trades; %d entries balanced", c.Venue, c.Inputs, c.StateHash[:6], c.Orders, c.Trades, seen.Entries)
	}
	for _, t := range h.traders {
		h.checkTrader(ctx, s, t)
	}
	if h.t.Failed() {
		h.t.FailNow()
	}
}

// checkTrader finds every acknowledged order of a client once, under its id.
func (h *harness) checkTrader(ctx context.Context, s store.Books, t *trader) {
	h.t.Helper()
	found := map[string]int{}
	days, err := s.Days(ctx, accountID(t.account))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, d := range days {
		orders, err := s.OrdersOn(ctx, accountID(t.account), d)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, o := range orders {
			found[o.ClientOrderID]++
			if found[o.ClientOrderID] > 1 {
				h.t.Errorf("%s is there twice", o.ClientOrderID)
			}
			if a, ok := t.acked[o.ClientOrderID]; ok && a.Order != strconv.FormatInt(int64(o.ID), 10) {
				h.t.Errorf("%s was acknowledged as order %s and is %d", o.ClientOrderID, a.Order, o.ID)
			}
		}
	}
	for id, a := range t.acked {
		isOrder := a.method == http.MethodPost && a.Order != "" && a.Order != "0"
		if isOrder && found[id] != 1 {
			h.t.Errorf("%s was acknowledged as order %s and is there %d times", id, a.Order, found[id])
		}
	}
	h.checkReceipts(ctx, s, t)
}

// checkReceipts finds the receipt of every acknowledged command.
func (h *harness) checkReceipts(ctx context.Context, s store.Books, t *trader) {
	h.t.Helper()
	if h.receipts == nil {
		h.receipts = map[string]int{}
	}
	clear(h.receipts)
	venues, err := s.Venues(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, v := range venues {
		receipts, err := s.Receipts(ctx, v.ID)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, r := range receipts {
			if r.Account == accountID(t.account) {
				h.receipts[r.RequestID]++
			}
		}
	}
	for id := range t.acked {
		if h.receipts[id] != 1 {
			h.t.Errorf("%s was acknowledged and has %d receipts", id, h.receipts[id])
		}
	}
}

func accountID(text string) order.AccountID { return order.AccountID(text) }
