package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"paperport/calendar"
	"paperport/clock"
	"paperport/engine"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
	"paperport/order"
	"paperport/store"
	"paperport/store/sqlstore"
	"paperport/venue"
)

const (
	callersMany   = 256
	ordersEach    = 30  // orders of one caller in one sample
	ordersOneCall = 100 // orders of the lone caller in one sample
	ceilingRows   = 100 // rows a commit of the ceiling carries
	batchedGoal   = 1 / 0.7
)

// durableRows is P4 in process: an order is checked, its money reserved, numbered, journaled and answered only when all
// of that is on disk (WAL, synchronous FULL). The ceiling is the same database taking rows a hundred a commit, with
// nothing to decide; the peer is what most programs do, one row a commit.
func durableRows(b *bench) error {
	h, err := b.openVenue()
	if err != nil {
		return err
	}
	defer h.close()
	floor, err := b.newSQLFloor()
	if err != nil {
		return err
	}
	defer floor.close()
	perOrder, err := h.rowsPerOrder()
	if err != nil {
		return err
	}
	proof := fmt.Sprintf("%d rows durable", callersMany*ordersEach*perOrder)
	err = b.measure(row{
		ID: "P4", Name: "durable row, 256 callers", Unit: "us", Goal: batchedGoal, PeerName: "one row a commit", PeerGoal: 15,
		Note: fmt.Sprintf("an order writes %d rows; goal: 0.7 x the batched ceiling", perOrder),
		ours: func() (sample, error) {
			took, err := h.orders(callersMany, ordersEach)
			return sample{cost: micros(took) / float64(callersMany*ordersEach*perOrder), proof: proof}, err
		},
		floor: func() (sample, error) {
			each, err := floor.perRow(ceilingRows, callersMany*ordersEach*perOrder/ceilingRows/4)
			return sample{cost: micros(each), proof: proof}, err
		},
		peer: func() (sample, error) {
			each, err := floor.perRow(1, 150)
			return sample{cost: micros(each), proof: proof}, err
		},
	})
	if err != nil {
		return err
	}
	last := &b.results[len(b.results)-1]
	last.Note += fmt.Sprintf("; %.0f orders a second", 1e6/(last.Ours*float64(perOrder)))
	err = b.measure(row{
		ID: "P4", Name: "durable order, 1 caller, p50", Unit: "us", Goal: 2, Note: "floor: one row a commit of the same engine",
		ours:  func() (sample, error) { return h.alone(ordersOneCall) },
		floor: func() (sample, error) { return floor.alone(ordersOneCall) },
	})
	if err != nil {
		return err
	}
	return h.check(&b.results[len(b.results)-2])
}

// alone is the median of one-row commits.
func (f *sqlFloor) alone(n int) (sample, error) {
	took := make([]time.Duration, n)
	for i := range took {
		began := time.Now()
		if err := f.commit(1); err != nil {
			return sample{}, err
		}
		took[i] = time.Since(began)
	}
	return medianSample(took), nil
}

func medianSample(took []time.Duration) sample {
	slices.Sort(took)
	return sample{cost: micros(took[len(took)/2]), proof: fmt.Sprintf("%d durable answers", len(took))}
}

// hall is a venue on a database of its own, with one share and as many accounts as callers.
type hall struct {
	store *sqlstore.Store
	feed  *feed.Feed
	venue *venue.Venue
	share instrument.Instrument
	stop  context.CancelFunc
	tasks sync.WaitGroup
	acked atomic.Int64
	next  atomic.Int64
}

func (b *bench) openVenue() (*hall, error) {
	ctx, stop := context.WithCancel(context.Background())
	dir, err := os.MkdirTemp(b.dir, "venue-")
	if err != nil {
		stop()
		return nil, err
	}
	h := &hall{stop: stop, share: newFlow(1, 1, 0, 0).instrument(0)}
	if h.store, err = sqlstore.Open(ctx, sqlstore.Options{Dir: dir}); err != nil {
		stop()
		return nil, err
	}
	known := func(id instrument.ID) (*instrument.Instrument, bool) { return &h.share, id == h.share.ID }
	h.feed = feed.New(feed.Options{Clock: clock.System{}, Instrument: known})
	h.feed.Up()
	h.quote()
	if err := h.store.AddVenue(ctx, store.Venue{ID: "demo", Kind: "demo", Name: "Bench"}); err != nil {
		stop()
		return nil, err
	}
	h.venue, err = venue.Open(ctx, venue.Options{
		ID: "demo", Store: h.store, Clock: clock.System{}, Calendar: calendar.Demo(), Feed: h.feed, Boards: []calendar.Board{flowBoard},
		Instrument: func(id instrument.ID, _ calendar.Date) (*instrument.Instrument, bool) { return known(id) },
		Engine:     engine.Options{Seed: 1},
	})
	if err != nil {
		stop()
		return nil, err
	}
	h.tasks.Go(func() { h.beat(ctx) })
	return h, h.openAccounts(ctx)
}

// beat keeps the feed alive as a stream would.
func (h *hall) beat(ctx context.Context) {
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			h.quote()
		}
	}
}

func (h *hall) quote() {
	h.feed.Heartbeat()
	now := calendar.FromTime(time.Now())
	q := market.Quote{
		Instrument: h.share.ID, At: now, Bid: 6_000_000 - flowTickSize, Ask: 6_000_000 + flowTickSize, BidQty: displayedQty, AskQty: displayedQty,
		Last: 6_000_000, LastQty: 25, Open: 6_000_000, High: 6_100_000, Low: 5_900_000, PrevClose: 6_000_000, AvgPrice: 6_000_000, LowerCircuit: 4_800_000,
		UpperCircuit: 7_200_000, Volume: dayVolume,
	}
	h.feed.Quote(q)
}

func (h *hall) openAccounts(ctx context.Context) error {
	for a := range callersMany {
		account := store.Account{ID: accountID(a), Owner: "bench", Venue: "demo", Name: "Bench", Plan: "flat20", Profile: "realistic", Capital: 1e13}
		receipt, err := h.venue.OpenAccount(ctx, account, "open-"+string(account.ID))
		if err != nil || receipt.Code != "" {
			return fmt.Errorf("open account: %w %s %s", err, receipt.Code, receipt.Reason)
		}
	}
	return nil
}

// place sends one limit order far below the market and waits for its durable receipt.
func (h *hall) place(caller int) error {
	n := h.next.Add(1)
	receipt, err := h.venue.Place(context.Background(), order.Place{
		Account: accountID(caller), ClientOrderID: fmt.Sprintf("bench-%08d", n), Instrument: h.share.ID, Side: order.Buy, Product: order.CNC,
		Type: order.Limit, Validity: order.Day, Qty: 1, LimitPrice: 5_500_000,
	})
	if err != nil {
		return err
	}
	if receipt.Code != "" {
		return fmt.Errorf("denied: %s %s", receipt.Code, receipt.Reason)
	}
	h.acked.Add(1)
	return nil
}

// orders sends each orders from callers at once and returns the wall time of all.
func (h *hall) orders(callers, each int) (time.Duration, error) {
	var (
		wg     sync.WaitGroup
		failed atomic.Value
	)
	began := time.Now()
	for caller := range callers {
		wg.Go(func() {
			for range each {
				if err := h.place(caller); err != nil {
					failed.CompareAndSwap(nil, err)
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	err, _ := failed.Load().(error)
	return took, err
}

func (h *hall) alone(n int) (sample, error) {
	took := make([]time.Duration, n)
	for i := range took {
		began := time.Now()
		if err := h.place(0); err != nil {
			return sample{}, err
		}
		took[i] = time.Since(began)
	}
	return medianSample(took), nil
}

// rowsPerOrder counts what one order leaves in the database, over a few hundred of them, once all is quiet.
func (h *hall) rowsPerOrder() (int, error) {
	before, err := h.rows()
	if err != nil {
		return 0, err
	}
	const orders = 256
	if _, err := h.orders(orders, 1); err != nil {
		return 0, err
	}
	time.Sleep(time.Second) // the orders reach the simulated exchange
	after, err := h.rows()
	if err != nil {
		return 0, err
	}
	return (after - before) / orders, nil
}

// rows counts all rows of the venue's tables.
func (h *hall) rows() (int, error) {
	names, err := h.store.Reader().Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'`)
	if err != nil {
		return 0, err
	}
	defer names.Close()
	var counts []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			return 0, err
		}
		counts = append(counts, `(SELECT count(*) FROM "`+name+`")`)
	}
	if err := names.Err(); err != nil {
		return 0, err
	}
	total := 0
	err = h.store.Reader().QueryRow(`SELECT ` + strings.Join(counts, " + ")).Scan(&total)
	return total, err
}

// check proves that every acknowledged order is stored, once.
func (h *hall) check(r *result) error {
	stored := 0
	if err := h.store.Reader().QueryRow(`SELECT count(*) FROM orders`).Scan(&stored); err != nil {
		return err
	}
	r.Note += fmt.Sprintf("; %d orders acknowledged, %d stored", h.acked.Load(), stored)
	if int64(stored) != h.acked.Load() {
		r.Equal, r.Met = false, "void"
	}
	return nil
}

func (h *hall) close() {
	h.stop()
	h.tasks.Wait()
	h.venue.Close()
	h.store.Close()
}
