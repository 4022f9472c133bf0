package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// sqlFloor is the engine's own speed: an order row of ten columns with one index, WAL, synchronous FULL.
type sqlFloor struct {
	db   *sql.DB
	path string
	next int64
}

func (b *bench) newSQLFloor() (*sqlFloor, error) {
	dir, err := os.MkdirTemp(b.dir, "sql-")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "floor.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`CREATE TABLE orders (id INTEGER PRIMARY KEY, account TEXT, instrument INTEGER, side INTEGER, product INTEGER,
		qty INTEGER, price INTEGER, status INTEGER, placed_at INTEGER, client_order_id TEXT);
		CREATE INDEX orders_account ON orders (account, placed_at)`)
	if err != nil {
		return nil, err
	}
	return &sqlFloor{db: db, path: path}, nil
}

// commit writes n rows in one transaction.
func (f *sqlFloor) commit(n int) error {
	tx, err := f.db.Begin()
	if err != nil {
		return err
	}
	stmt, err := tx.Prepare(`INSERT INTO orders VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	if err != nil {
		tx.Rollback()
		return err
	}
	for range n {
		f.next++
		if _, err := stmt.Exec(f.next, "0123456789abcdef0123456789abcdef", 17, 1, 1, 10, 13_000_000, 2, time.Now().UnixMicro(), fmt.Sprintf("order-%d", f.next)); err != nil {
			tx.Rollback()
			return err
		}
	}
	return tx.Commit()
}

// perRow is the wall time of one row at rows per commit, over commits of them.
func (f *sqlFloor) perRow(rows, commits int) (time.Duration, error) {
	began := time.Now()
	for range commits {
		if err := f.commit(rows); err != nil {
			return 0, err
		}
	}
	return time.Since(began) / time.Duration(rows*commits), nil
}

func (f *sqlFloor) close() { f.db.Close() }
