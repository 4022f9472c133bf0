package venue

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"paperport/engine"
	"paperport/order"
	"paperport/store"
)

// Report is what Verify found. Faults are sentences, none when journal and rows agree.
type Report struct {
	Inputs    int
	Orders    int
	Trades    int
	StateHash [32]byte
	// IsWhole says that the journal reaches back to the first input, so that rows could be compared too.
	IsWhole bool
	Faults  []string
}

// Verify replays a venue's journal in a new engine, from the beginning where it is kept and else from the older
// snapshot, and compares every hash on the way, every snapshot, and the rows that come out with those stored. It reads
// only; o must be the options the venue runs with.
func Verify(ctx context.Context, s store.Books, id store.VenueID, o engine.Options) (Report, error) {
	v := verifier{options: o, engine: engine.New(o), made: newPending(id), snapshots: map[uint64]store.Snapshot{}}
	snapshots, err := s.Snapshots(ctx, id)
	if err != nil {
		return v.report, err
	}
	for _, snap := range snapshots {
		v.snapshots[snap.Seq] = snap
	}
	v.report.IsWhole = true
	err = s.JournalAfter(ctx, id, 0, v.row)
	if errors.Is(err, errTorn) {
		err = v.fromSnapshot(ctx, s, id, snapshots)
	}
	if err != nil && !errors.Is(err, errReplay) && !errors.Is(err, errTorn) {
		return v.report, err
	}
	if err != nil {
		v.fault("%v", err)
		return v.report, nil
	}
	v.report.StateHash = v.engine.StateHash()
	if v.report.IsWhole {
		err = v.compare(ctx, s, id)
	}
	return v.report, err
}

// errTorn says that the journal cannot be replayed from its beginning: it was cut, or another version stepped some of it.
var errTorn = errors.New("venue: the journal does not reach back")

type verifier struct {
	options   engine.Options
	engine    *engine.Engine
	made      *pending
	seq       uint64
	snapshots map[uint64]store.Snapshot
	report    Report
}

func (v *verifier) fault(format string, args ...any) {
	v.report.Faults = append(v.report.Faults, fmt.Sprintf(format, args...))
}

// fromSnapshot replays what comes behind the oldest snapshot of this engine's version. Without one there is nothing that
// this program could check.
func (v *verifier) fromSnapshot(ctx context.Context, s store.Books, id store.VenueID, newestFirst []store.Snapshot) error {
	v.report = Report{}
	for _, snap := range slices.Backward(newestFirst) {
		if snap.Version != engine.Version {
			continue
		}
		v.engine = engine.New(v.options)
		if err := v.engine.Restore(snap.State); err != nil {
			return fmt.Errorf("%w: snapshot %d: %w", errReplay, snap.Seq, err)
		}
		v.seq = snap.Seq
		return s.JournalAfter(ctx, id, snap.Seq, v.row)
	}
	return nil
}

// row replays one journal row. A snapshot is checked where it was taken: at the end of a row.
func (v *verifier) row(j store.Journal) error {
	if j.Version != engine.Version || v.seq == 0 && j.First != 1 {
		return errTorn
	}
	if j.First != v.seq+1 {
		return fmt.Errorf("%w: input %d follows %d", errReplay, j.First, v.seq)
	}
	err := decodeInputs(j.Payload, func(in engine.Input) error {
		events := 0
		for _, o := range v.engine.Step(in) {
			v.made.addOutput(in.Seq, &events, &o)
		}
		v.seq = in.Seq
		v.report.Inputs++
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errReplay, err)
	}
	if v.engine.Hash() != j.Hash {
		return fmt.Errorf("%w: the hash after input %d differs", errReplay, j.Last)
	}
	if snap, ok := v.snapshots[j.Last]; ok {
		if sha256.Sum256(snap.State) != snap.StateHash || v.engine.StateHash() != snap.StateHash {
			v.fault("snapshot %d is not the state that the journal leads to", snap.Seq)
		}
	}
	return nil
}

// compare holds the rows that the replay made against those stored.
func (v *verifier) compare(ctx context.Context, s store.Books, id store.VenueID) error {
	b := &v.made.batch
	v.report.Orders, v.report.Trades = len(b.Orders), len(b.Trades)
	for i := range b.Orders {
		o := &b.Orders[i]
		stored, err := s.Order(ctx, o.Account, o.ID)
		if errors.Is(err, store.ErrNotFound) {
			v.fault("order %d of the journal is not stored", o.ID)
			continue
		}
		if err != nil {
			return err
		}
		if stored != *o {
			v.fault("order %d is stored as %+v, the journal gives %+v", o.ID, stored, *o)
		}
	}
	state, err := s.VenueState(ctx, id)
	if err != nil {
		return err
	}
	v.same("positions", index(state.Positions, positionOf), index(b.Positions, positionOf))
	v.same("holdings", index(state.Holdings, holdingOf), index(b.Holdings, holdingOf))
	v.same("funds", index(state.Funds, fundsOf), index(b.Funds, fundsOf))
	var last order.TradeID
	if len(b.Trades) > 0 {
		last = b.Trades[len(b.Trades)-1].Trade.ID
	}
	if state.LastTrade != last {
		v.fault("the last trade stored is %d, the journal's is %d", state.LastTrade, last)
	}
	return nil
}

func (v *verifier) same(what string, stored, made any) {
	if !reflect.DeepEqual(stored, made) {
		v.fault("%s are stored as %+v, the journal gives %+v", what, stored, made)
	}
}
