package venue

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"paperport/charges"
	"paperport/engine"
	"paperport/instrument"
	"paperport/order"
	"paperport/store"
)

// load rebuilds the engine, the projection and the subscriptions from what is durable. Nothing may be in flight.
func (l *loop) load(ctx context.Context) error {
	l.forgetMarket()
	l.scans = map[instrument.ID]scanned{}
	l.passAt, l.snapshot = 0, snapshotting{pruned: l.snapshot.pruned}
	venue, err := l.row(ctx)
	if err != nil {
		return err
	}
	rows, err := l.readRows(ctx)
	if err != nil {
		return err
	}
	l.loadBoards(rows.boards)
	l.v.books.load(rows)
	l.v.seq.Store(rows.last.Last)
	l.v.events.reset(rows.last.Last)
	l.seq, l.at = rows.last.Last, rows.last.At
	note := "started empty"
	if venue.Fault != "" {
		l.state, l.fault, l.engine = halted, venue.Fault, nil
		note = "halted"
	} else if note, err = l.loadEngine(ctx, rows); err != nil {
		// The books are sound enough to be read. Nothing is stored: the next start tries again.
		l.state, l.fault, l.engine = halted, err.Error(), nil
		note = "halted: " + err.Error()
	}
	l.subscribe(rows)
	l.v.log.Info("venue loaded", "how", note, "seq", l.seq)
	l.publishStatus()
	status := *l.v.Status()
	status.Note = note
	l.v.status.Store(&status)
	return nil
}

func (l *loop) row(ctx context.Context) (store.Venue, error) {
	venues, err := l.v.opt.Store.Venues(ctx)
	if err != nil {
		return store.Venue{}, err
	}
	for _, v := range venues {
		if v.ID == l.v.opt.ID {
			return v, nil
		}
	}
	return store.Venue{}, fmt.Errorf("venue: %s: %w", l.v.opt.ID, store.ErrNotFound)
}

// stored is everything the store holds of a venue but its journal.
type stored struct {
	store.VenueState
	last     store.Journal
	accounts []store.Account
	boards   []store.Board
	cash     []store.DayCash
}

func (l *loop) readRows(ctx context.Context) (rows stored, err error) {
	s, id := l.v.opt.Store, l.v.opt.ID
	if rows.last, err = s.LastJournal(ctx, id); err != nil {
		return rows, err
	}
	all, err := s.Accounts(ctx)
	if err != nil {
		return rows, err
	}
	for _, a := range all {
		if a.Venue == id {
			rows.accounts = append(rows.accounts, a)
		}
	}
	if rows.boards, err = s.Boards(ctx, id); err != nil {
		return rows, err
	}
	if rows.VenueState, err = s.VenueState(ctx, id); err != nil {
		return rows, err
	}
	for _, b := range rows.boards {
		l.v.books.setDate(b.TradingDate)
	}
	rows.cash, err = s.DayCash(ctx, id, l.v.books.date())
	return rows, err
}

func (l *loop) loadBoards(rows []store.Board) {
	l.boards = nil
	for _, b := range l.v.opt.Boards {
		state := board{Board: store.Board{Board: b}}
		for _, r := range rows {
			if r.Board == b {
				state.Board = r
			}
		}
		l.boards = append(l.boards, state)
	}
}

// errReplay says that the journal cannot be replayed to the stored state: rows are loaded instead.
var errReplay = errors.New("venue: replay")

// loadEngine takes way (a), the newest sound snapshot and the journal's tail, else way (b), the rows (style.md 2).
func (l *loop) loadEngine(ctx context.Context, rows stored) (note string, err error) {
	e, n, err := replay(ctx, l.v.opt.Store, l.v.opt.ID, l.v.opt.Engine, rows.last)
	if err == nil {
		l.engine = e
		l.snapshot.count, l.snapshot.seq = n, l.seq-uint64(n)
		return fmt.Sprintf("replayed %d inputs", n), nil
	}
	if !errors.Is(err, errReplay) {
		return "", err
	}
	l.v.log.Warn("the journal does not lead to the stored state: loading rows", "why", err)
	if l.engine, err = l.fromRows(ctx, rows); err != nil {
		return "", err
	}
	l.snapshot.isDue = true
	l.pending.touch(l.now())
	return "loaded rows: queues and latencies restart at their cautious default", nil
}

// replay returns an engine in the state of the newest journal row, and how many inputs it stepped to get there.
func replay(ctx context.Context, s store.Books, id store.VenueID, o engine.Options, last store.Journal) (*engine.Engine, int, error) {
	snapshots, err := s.Snapshots(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	why := fmt.Errorf("%w: no snapshot and no complete journal", errReplay)
	for _, snap := range append(snapshots, store.Snapshot{Version: engine.Version}) {
		e, n, err := replayFrom(ctx, s, id, o, snap, last)
		if err == nil {
			return e, n, nil
		}
		if !errors.Is(err, errReplay) {
			return nil, 0, err
		}
		why = err
	}
	return nil, 0, why
}

// replayFrom steps the journal behind a snapshot (the zero Seq: a new engine), checking the hash of every row.
func replayFrom(ctx context.Context, s store.Books, id store.VenueID, o engine.Options, snap store.Snapshot, last store.Journal) (*engine.Engine, int, error) {
	e := engine.New(o)
	if snap.Version != engine.Version {
		return nil, 0, fmt.Errorf("%w: snapshot %d is of engine version %d", errReplay, snap.Seq, snap.Version)
	}
	if snap.Seq != 0 {
		if sha256.Sum256(snap.State) != snap.StateHash {
			return nil, 0, fmt.Errorf("%w: snapshot %d is damaged", errReplay, snap.Seq)
		}
		if err := e.Restore(snap.State); err != nil {
			return nil, 0, fmt.Errorf("%w: snapshot %d: %w", errReplay, snap.Seq, err)
		}
	}
	seq, n := snap.Seq, 0
	err := s.JournalAfter(ctx, id, snap.Seq, func(j store.Journal) error {
		if j.Version != engine.Version {
			return fmt.Errorf("%w: input %d was stepped by engine version %d", errReplay, j.First, j.Version)
		}
		stepped, err := replayRow(e, j, seq)
		n += stepped
		seq = j.Last
		return err
	})
	if err == nil && seq != last.Last {
		err = fmt.Errorf("%w: it ends at input %d, not %d", errReplay, seq, last.Last)
	}
	return e, n, err
}

func replayRow(e *engine.Engine, j store.Journal, seq uint64) (n int, err error) {
	err = decodeInputs(j.Payload, func(in engine.Input) error {
		if in.Seq != seq+1 {
			return fmt.Errorf("%w: input %d follows %d", errReplay, in.Seq, seq)
		}
		e.Step(in)
		seq = in.Seq
		n++
		return nil
	})
	if errors.Is(err, errJournal) {
		err = fmt.Errorf("%w: %w", errReplay, err)
	}
	if err == nil && e.Hash() != j.Hash {
		err = fmt.Errorf("%w: the hash after input %d differs", errReplay, j.Last)
	}
	return n, err
}

// fromRows is way (b): nothing is decided again.
func (l *loop) fromRows(ctx context.Context, rows stored) (*engine.Engine, error) {
	s, id := l.v.opt.Store, l.v.opt.ID
	receipts, err := s.Receipts(ctx, id)
	if err != nil {
		return nil, err
	}
	balances, err := s.Balances(ctx, id)
	if err != nil {
		return nil, err
	}
	r := engine.Rows{Seq: rows.last.Last, At: rows.last.At, LastOrder: rows.LastOrder, LastTrade: rows.LastTrade, LastEntry: rows.LastEntry,
		Positions: rows.Positions, Holdings: rows.Holdings}
	for _, b := range rows.boards {
		r.Boards = append(r.Boards, engine.BoardRow{Board: b.Board, Phase: b.Phase, TradingDate: b.TradingDate, IsSquaredOff: b.IsSquaredOff})
	}
	for _, a := range rows.accounts {
		row := engine.AccountRow{Account: a.ID, Plan: a.Plan, Profile: a.Profile}
		for _, b := range balances {
			if b.Account == a.ID {
				row.Balances = append(row.Balances, engine.Balance{Book: b.Book, Amount: b.Amount})
			}
		}
		r.Accounts = append(r.Accounts, row)
	}
	for i := range receipts {
		r.Receipts = append(r.Receipts, receipts[i].Receipt)
	}
	r.Orders = workingRows(rows)
	l.contractsOf(&r)
	e := engine.New(l.v.opt.Engine)
	if err := e.LoadRows(r); err != nil {
		return nil, fmt.Errorf("venue: loading rows of %s: %w", id, err)
	}
	return e, nil
}

// workingRows are the working orders with what their trades were charged.
func workingRows(rows stored) (all []engine.OrderRow) {
	index := map[order.ID]int{}
	for _, o := range rows.Orders {
		if !o.Status.IsClosed() {
			index[o.ID] = len(all)
			all = append(all, engine.OrderRow{Order: o})
		}
	}
	for i := range rows.Trades {
		if at, ok := index[rows.Trades[i].Trade.Order]; ok {
			addNote(&all[at].Charged, &rows.Trades[i].Charges)
			all[at].Value += int64(rows.Trades[i].Trade.Price) * int64(rows.Trades[i].Trade.Qty)
		}
	}
	return all
}

func addNote(to, n *charges.Note) {
	to.Turnover += n.Turnover
	to.Brokerage += n.Brokerage
	to.STT += n.STT
	to.Exchange += n.Exchange
	to.SEBIFee += n.SEBIFee
	to.StampDuty += n.StampDuty
	to.GST += n.GST
	to.CTT += n.CTT
	to.DPCharge += n.DPCharge
}

// contractsOf adds every contract that the rows name.
func (l *loop) contractsOf(r *engine.Rows) {
	var ids idSet
	for i := range r.Orders {
		ids.add(r.Orders[i].Order.Instrument)
	}
	for i := range r.Positions {
		ids.add(r.Positions[i].Instrument)
	}
	for i := range r.Holdings {
		ids.add(r.Holdings[i].Instrument)
	}
	for _, id := range ids.sorted() {
		if c, ok := l.v.Instrument(id); ok {
			r.Instruments = append(r.Instruments, *c)
		}
	}
}

// subscribe asks for the market data of everything with a working order or a position, orders first.
func (l *loop) subscribe(rows stored) {
	for i := range rows.Orders {
		if o := &rows.Orders[i]; !o.Status.IsClosed() {
			l.watch.change(l, &engine.Watch{Instrument: o.Instrument, IsWanted: true})
		}
	}
	for i := range rows.Positions {
		p := &rows.Positions[i]
		l.watch.hold(l, positionKey{p.Account, p.Instrument, p.Product}, p.NetQty)
	}
	for i := range rows.Holdings {
		h := &rows.Holdings[i]
		l.watch.hold(l, positionKey{h.Account, h.Instrument, 0}, h.Qty+h.T1Qty)
	}
}
