package venue

import (
	"crypto/sha256"
	"errors"
	"time"

	"paperport/calendar"
	"paperport/engine"
	"paperport/store"
)

// submit hands the open batch to the committer when somebody waits for it, or it is old enough, or it must.
func (l *loop) submit(isForced bool) {
	p := l.pending
	if p.isEmpty() || l.state == diskFull || l.state == broken {
		return
	}
	isDue := p.isUrgent || p.inputs >= batchInputsMax || l.now() >= p.since.Add(flushAfter)
	if !isForced && (!isDue || len(l.inflight) >= inflightMax) {
		return
	}
	if p.batch.Journal != nil {
		p.batch.Journal.Hash = l.engine.Hash()
	}
	p.batch.Boards = l.changedBoards()
	if err := l.guard("snapshot", func() error { return l.snapshot.take(l) }); err != nil {
		return
	}
	l.inflight = append(l.inflight, p)
	l.pending = newPending(l.v.opt.ID)
	l.v.opt.Store.Submit(&p.batch, func(err error) { l.results <- result{p, err} })
}

// committed shows, publishes and answers a durable batch, or throws away what cannot be stored.
func (l *loop) committed(r result) {
	l.inflight = l.inflight[1:]
	if r.err != nil {
		l.lost(r)
		return
	}
	b := &r.batch.batch
	if b.Journal != nil {
		l.v.seq.Store(b.Journal.Last)
	}
	changed := l.v.books.apply(b)
	l.v.events.publish(b, changed)
	if l.v.opt.Filled != nil && len(b.Trades) > 0 {
		l.v.opt.Filled(len(b.Trades))
	}
	if len(b.Boards) > 0 {
		l.publishStatus()
	}
	for _, w := range r.batch.waiters {
		w.command.reply(w.receipt, nil)
	}
	if b.Snapshot != nil {
		l.snapshot.prune(l)
	}
}

// lost answers a batch that was not stored and everything stepped after it, and starts again from what is durable.
func (l *loop) lost(r result) {
	l.v.log.Error("a batch was not stored", "err", r.err, "seq", l.seq)
	answerAll(r.batch, r.err)
	l.drain(r.err)
	l.dropPending(r.err)
	l.engine = nil
	l.generation++
	switch {
	case errors.Is(r.err, store.ErrBroken), errors.Is(r.err, store.ErrClosed):
		l.state = broken
	case errors.Is(r.err, store.ErrDiskFull):
		l.state = diskFull
	case l.state != halted:
		if err := l.rebuild(); err != nil {
			l.v.log.Error("rebuilding failed", "err", err)
		}
	}
	l.publishStatus()
}

func answerAll(p *pending, err error) {
	for _, w := range p.waiters {
		w.command.reply(engine.Receipt{}, err)
	}
}

// drain waits for every batch behind a lost one; they stand on it, so none of them counts.
func (l *loop) drain(err error) {
	for range l.inflight {
		r := <-l.results
		answerAll(r.batch, err)
	}
	l.inflight = nil
}

// errRestarted says that a commit failed and the loop began anew meanwhile: what was being done is to be dropped.
var errRestarted = errors.New("venue: started again from what is durable")

// settle waits for every batch on its way and takes it. errRestarted when one of them was lost.
func (l *loop) settle() error {
	before := l.generation
	for len(l.inflight) > 0 {
		l.committed(<-l.results)
	}
	if l.generation != before {
		return errRestarted
	}
	return nil
}

// probe tries a small write while the disk is full, and starts again when it succeeds.
func (l *loop) probe() {
	answer := make(chan error, 1)
	none := "" // what is stored already: a probe must not carry anything that was lost
	l.v.opt.Store.Submit(&store.Batch{Venue: l.v.opt.ID, Fault: &none}, func(err error) { answer <- err })
	switch err := <-answer; {
	case err == nil:
		l.v.log.Info("the disk has room again")
		if err := l.rebuild(); err != nil {
			l.v.log.Error("rebuilding failed", "err", err)
		}
		l.publishStatus()
	case errors.Is(err, store.ErrBroken):
		l.state = broken
	}
}

// stop finishes what was begun: the open batch is stored with a snapshot, and whoever waits in the inbox is told.
func (l *loop) stop() {
	if l.state == running && l.seq > l.snapshot.seq {
		l.snapshot.isDue = true
		l.pending.touch(l.now())
	}
	l.submit(true)
	for len(l.inflight) > 0 {
		l.committed(<-l.results)
	}
	l.forgetMarket()
	for {
		select {
		case c := <-l.v.inbox:
			c.reply(engine.Receipt{}, ErrClosed)
		default:
			return
		}
	}
}

// snapshotting decides when the engine's state is stored whole.
type snapshotting struct {
	count int    // inputs since the last one
	seq   uint64 // of the last one
	isDue bool
	// pruned is when the journal was last cut.
	pruned calendar.Instant
}

// take adds a snapshot to the open batch when one is due. The batch must hold every input stepped.
func (s *snapshotting) take(l *loop) error {
	if l.state != running || (!s.isDue && s.count < snapshotEvery) {
		return nil
	}
	state, err := l.engine.Snapshot()
	if err != nil {
		return err
	}
	l.pending.batch.Snapshot = &store.Snapshot{Seq: l.seq, At: l.at, Version: engine.Version, State: state, Hash: l.engine.Hash(),
		StateHash: sha256.Sum256(state)}
	*s = snapshotting{seq: l.seq, pruned: s.pruned}
	return nil
}

// journalKept is how long the journal is kept at least.
const journalKept = 7 * 24 * time.Hour

// prune cuts the journal once a day, beside the loop.
func (s *snapshotting) prune(l *loop) {
	now := l.now()
	if now < s.pruned.Add(24*time.Hour) {
		return
	}
	s.pruned = now
	v, ctx := l.v, l.watch.ctx
	v.done.Go(func() {
		if err := v.opt.Store.PruneJournal(ctx, v.opt.ID, now.Add(-journalKept)); err != nil && ctx.Err() == nil {
			v.log.Warn("the journal was not cut", "err", err)
		}
	})
}
