package main

import (
	"fmt"
	"slices"
	"strconv"

	"paperport/breezewire"
	"paperport/clock"
	"paperport/engine"
	"paperport/feed"
	"paperport/instrument"
	"paperport/market"
)

const (
	decodeInstruments = 10_000
	decodeResting     = 100_000
	decodeTicks       = 60_000
)

// decodeRows is P3(b): ticks a CPU second from Breeze's JSON frames. The first row decodes only, the second goes the whole
// way: decode, check and keep (latest value visible to readers), engine.
func decodeRows(b *bench) error {
	work := newFlow(decodeInstruments, flowAccounts, decodeResting, decodeTicks)
	texts := work.frames()
	peer := perTick(texts, decodeStandard)
	err := b.measure(row{
		ID: "P3", Name: "(b) decode a JSON frame", Unit: "ns", PeerName: "encoding/json", PeerGoal: 8, peer: peer,
		ours: perTick(texts, decodeOurs), floor: perTick(texts, decodeFloor),
	})
	if err != nil {
		return err
	}
	path, err := newPath(work)
	if err != nil {
		return err
	}
	floor := work.floor()
	// Each sample takes the next part of the flow on both sides; the peer only decodes that part.
	part := len(texts) / b.pairs
	ours := &parts{of: texts, len: part}
	theirs := &parts{of: texts, len: part}
	alone := &parts{of: texts, len: part}
	err = b.measure(row{
		ID: "P3", Name: "(b) frame to engine, 10 k instruments, 100 k resting", Unit: "ns", PeerName: "encoding/json alone", PeerGoal: 8,
		ours:  func() (sample, error) { return perTick(ours.next(), path.take)() },
		floor: func() (sample, error) { return perTick(theirs.next(), floorPath(floor))() },
		peer:  func() (sample, error) { return perTick(alone.next(), decodeStandard)() },
	})
	if err != nil {
		return err
	}
	last := &b.results[len(b.results)-1]
	last.Note = fmt.Sprintf("%.2f M ticks per CPU second; %d fills on both sides; %d refused by the feed", 1000/last.Ours, floor.fills, path.refused)
	if path.core.fills != floor.fills || path.core.turnover != floor.turnover {
		last.Equal, last.Met = false, "void"
		last.Error = fmt.Sprintf("unequal fills: ours %d, floor %d", path.core.fills, floor.fills)
	}
	return nil
}

// parts hands out a slice piece by piece.
type parts struct {
	of  [][]byte
	len int
	at  int
}

func (p *parts) next() [][]byte {
	out := p.of[p.at : p.at+p.len]
	p.at += p.len
	return out
}

// perTick is the CPU time of one frame. take returns the last price in 1/10,000 rupee; their sum is the proof.
func perTick(texts [][]byte, take func([]byte) (int64, error)) func() (sample, error) {
	return func() (sample, error) {
		sum := int64(0)
		began := cpuSelf()
		for _, text := range texts {
			last, err := take(text)
			if err != nil {
				return sample{}, fmt.Errorf("%s: %w", text, err)
			}
			sum += last
		}
		took := cpuSelf() - began
		return sample{cost: float64(took) / float64(len(texts)), proof: fmt.Sprintf("%d ticks, last prices sum to %d", len(texts), sum)}, nil
	}
}

var stock breezewire.Stock

func decodeOurs(text []byte) (int64, error) {
	err := breezewire.DecodeStock(text, &stock)
	return int64(stock.Quote.Last), err
}

func decodeFloor(text []byte) (int64, error) {
	var t plainTick
	if !parseFloor(text, &t) {
		return 0, fmt.Errorf("refused")
	}
	return t.fields[2], nil
}

func decodeStandard(text []byte) (int64, error) {
	event, err := parsePeer(text)
	if err != nil {
		return 0, err
	}
	last, ok := event[2].(float64)
	if !ok {
		return 0, fmt.Errorf("no last price")
	}
	return int64(last*10_000 + 0.5), nil
}

func floorPath(b *floorBook) func([]byte) (int64, error) {
	return func(text []byte) (int64, error) {
		var t plainTick
		if !parseFloor(text, &t) {
			return 0, fmt.Errorf("refused")
		}
		b.tick(&flowTick{instrument: int32(t.token - firstToken), bid: t.fields[6], ask: t.fields[8], last: t.fields[2]})
		return t.fields[2], nil
	}
}

// wirePath is the way of a frame: decode, room to instrument, feed, engine.
type wirePath struct {
	core    *core
	feed    *feed.Feed
	clock   *clock.Manual
	rooms   map[string]instrument.ID
	seen    int
	refused int
}

func newPath(work *flow) (*wirePath, error) {
	c, err := work.core()
	if err != nil {
		return nil, err
	}
	p := &wirePath{core: c, clock: clock.NewManual(c.at.Time()), rooms: map[string]instrument.ID{}}
	known := make([]instrument.Instrument, work.instruments)
	for i := range known {
		known[i] = work.instrument(i)
		p.rooms["4.1!"+strconv.Itoa(firstToken+i)] = known[i].ID
	}
	p.feed = feed.New(feed.Options{
		Clock: p.clock,
		Instrument: func(id instrument.ID) (*instrument.Instrument, bool) {
			if id == 0 || int(id) > len(known) {
				return nil, false
			}
			return &known[id-1], true
		},
		Refused: func(_ instrument.ID, reason feed.Reason) {
			if !slices.Contains([]feed.Reason{feed.Duplicate}, reason) {
				p.refused++
			}
		},
	})
	p.feed.Up()
	return p, nil
}

func (p *wirePath) take(text []byte) (int64, error) {
	if err := breezewire.DecodeStock(text, &stock); err != nil {
		return 0, err
	}
	q := &stock.Quote
	last := int64(q.Last)
	q.Instrument = p.rooms[string(stock.Symbol)]
	if p.seen%ticksPerSecond == 0 && p.seen > 0 {
		p.clock.Advance(1e9)
	}
	p.seen++
	p.feed.Quote(*q)
	kept, ok := p.feed.LastQuote(q.Instrument)
	if ok {
		p.step(&kept)
	}
	return last, nil
}

func (p *wirePath) step(q *market.Quote) {
	p.core.at = q.ReceivedAt
	p.core.step(engine.Input{Quote: q})
}
