// Command floorserver is the floor of the server rows: net/http and SQLite (WAL, synchronous FULL) with nothing of ours
// between. It answers GET / with a word, GET /page with a bare table, GET /list with twenty rows from memory, and POST /order after a group commit
// of one row; what it leaves out (users, checks, money, a ledger) is what those rows measure.
package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: floorserver ADDR DATABASE")
		os.Exit(2)
	}
	if err := serve(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "floorserver:", err)
		os.Exit(1)
	}
}

func serve(addr, path string) error {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, account TEXT, instrument INTEGER, side INTEGER, product INTEGER,
		qty INTEGER, price INTEGER, status INTEGER, placed_at INTEGER, client_order_id TEXT);
		CREATE INDEX IF NOT EXISTS orders_account ON orders (account, placed_at)`)
	if err != nil {
		return err
	}
	s := &server{queue: make(chan *job, 4096)}
	s.nextID.Store(time.Now().UnixNano())
	go s.commit(db)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<!doctype html><title>floor</title>ok") })
	mux.HandleFunc("GET /page", page)
	mux.HandleFunc("GET /list", s.list)
	mux.HandleFunc("POST /order", s.order)
	return http.ListenAndServe(addr, mux)
}

type order struct {
	ClientOrderID string `json:"client_order_id"`
	Instrument    int64  `json:"instrument"`
	Side          string `json:"side"`
	Product       string `json:"product"`
	Type          string `json:"type"`
	Validity      string `json:"validity"`
	Qty           int64  `json:"qty"`
	Price         string `json:"price"`
	Tag           string `json:"tag"`
}

type job struct {
	order order
	id    int64
	done  chan error
}

type server struct {
	queue  chan *job
	nextID atomic.Int64
}

// batchMax is how many orders one commit carries at most.
const batchMax = 512

// commit writes what waits in one transaction, one sync.
func (s *server) commit(db *sql.DB) {
	for first := range s.queue {
		batch := []*job{first}
		for len(batch) < batchMax && len(s.queue) > 0 {
			batch = append(batch, <-s.queue)
		}
		err := write(db, batch)
		for _, j := range batch {
			j.done <- err
		}
	}
}

func write(db *sql.DB, batch []*job) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	stmt, err := tx.Prepare(`INSERT INTO orders VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	if err != nil {
		tx.Rollback()
		return err
	}
	for _, j := range batch {
		if _, err := stmt.Exec(j.id, "a", j.order.Instrument, 1, 1, j.order.Qty, 1, 1, time.Now().UnixMicro(), j.order.ClientOrderID); err != nil {
			tx.Rollback()
			return err
		}
	}
	return tx.Commit()
}

func (s *server) order(w http.ResponseWriter, r *http.Request) {
	j := &job{id: s.nextID.Add(1), done: make(chan error, 1)}
	if err := json.NewDecoder(r.Body).Decode(&j.order); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.queue <- j
	if err := <-j.done; err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(map[string]string{"client_order_id": j.order.ClientOrderID, "order_id": strconv.FormatInt(j.id, 10), "code": "", "reason": "", "at": time.Now().UTC().Format(time.RFC3339Nano)})
}

// position has the fields that our positions have.
type position struct {
	Instrument    int64  `json:"instrument"`
	Label         string `json:"label"`
	Exchange      string `json:"exchange"`
	Product       string `json:"product"`
	NetQty        int64  `json:"net_qty"`
	AvgPrice      string `json:"avg_price"`
	Last          string `json:"last"`
	PnL           string `json:"pnl"`
	RealisedPnL   string `json:"realised_pnl"`
	UnrealisedPnL string `json:"unrealised_pnl"`
	DayBuyQty     int64  `json:"day_buy_qty"`
	DaySellQty    int64  `json:"day_sell_qty"`
	Charges       string `json:"charges"`
	Blocked       string `json:"blocked"`
	IsStale       bool   `json:"is_stale"`
}

func (s *server) list(w http.ResponseWriter, _ *http.Request) {
	rows := make([]position, 20)
	for i := range rows {
		last := int64(100_000 + i)
		rows[i] = position{
			Instrument: int64(i + 1), Label: "RELIANCE", Exchange: "NSE", Product: "CNC", NetQty: 10, AvgPrice: "1000.00", Last: decimal(last), PnL: decimal(last * 10),
			RealisedPnL: "0.00", UnrealisedPnL: decimal(last * 10), DayBuyQty: 10, Charges: "11.50", Blocked: "0.00",
		}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"positions": rows})
}

func decimal(paise int64) string { return fmt.Sprintf("%d.%02d", paise/100, paise%100) }

// page is the floor of first paint: a table of forty rows, no script.
func page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<!doctype html><title>floor</title><style>body{font:13px sans-serif;background:#0f1115;color:#ddd}td{padding:4px 12px}</style><table>")
	for i := range 40 {
		fmt.Fprintf(w, "<tr><td>INSTRUMENT %d<td>%s<td>%s<td>%d</tr>", i, decimal(int64(100_000+i*7)), decimal(int64(100_050+i*7)), 100+i)
	}
	fmt.Fprint(w, "</table>")
}
