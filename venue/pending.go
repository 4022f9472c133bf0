package venue

import (
	"paperport/calendar"
	"paperport/engine"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/order"
	"paperport/store"
)

// pending is what was stepped and not yet handed to the committer, merged to whole rows.
type pending struct {
	batch     store.Batch
	orders    map[order.ID]int
	positions map[positionKey]int
	holdings  map[holdingKey]int
	funds     map[order.AccountID]int
	waiters   []waiter
	inputs    int
	// isUrgent: somebody waits for it, or something happened to an account.
	isUrgent bool
	since    calendar.Instant // of the oldest input that is not urgent; 0 when empty
}

type positionKey struct {
	account    order.AccountID
	instrument instrument.ID
	product    order.Product
}

type holdingKey struct {
	account    order.AccountID
	instrument instrument.ID
}

// waiter is a command and the answer it gets when its batch is durable.
type waiter struct {
	command *command
	receipt engine.Receipt
}

func newPending(id store.VenueID) *pending {
	return &pending{batch: store.Batch{Venue: id}, orders: map[order.ID]int{}, positions: map[positionKey]int{},
		holdings: map[holdingKey]int{}, funds: map[order.AccountID]int{}}
}

// isEmpty reports whether there is nothing to store and nobody to answer.
func (p *pending) isEmpty() bool {
	return p.inputs == 0 && len(p.waiters) == 0 && p.since == 0
}

// touch makes sure that it is stored soon although nobody waits.
func (p *pending) touch(now calendar.Instant) {
	if p.since == 0 {
		p.since = max(now, 1)
	}
}

// addInput appends an input to the batch's journal row.
func (p *pending) addInput(in *engine.Input) (err error) {
	j := p.batch.Journal
	if j == nil {
		j = &store.Journal{First: in.Seq, Version: engine.Version}
		p.batch.Journal = j
	}
	j.Payload, err = appendInput(j.Payload, in)
	j.Last, j.At = in.Seq, in.At
	p.inputs++
	p.touch(in.At)
	return err
}

// addOutput merges an output into the rows. n counts the order events of one input.
func (p *pending) addOutput(seq uint64, n *int, o *engine.Output) {
	b := &p.batch
	switch {
	case o.Order != nil:
		b.Events = append(b.Events, store.OrderEvent{Seq: seq, N: *n, Kind: o.Order.Kind, At: o.At, Order: o.Order.Order})
		*n++
		put(&b.Orders, p.orders, o.Order.Order.ID, o.Order.Order)
	case o.Trade != nil:
		b.Trades = append(b.Trades, store.Trade{Seq: seq, TradeEvent: *o.Trade})
	case o.Entry != nil:
		entry := *o.Entry
		entry.Postings = append([]ledger.Posting(nil), entry.Postings...)
		b.Entries = append(b.Entries, entry)
	case o.Position != nil:
		put(&b.Positions, p.positions, positionKey{o.Position.Account, o.Position.Instrument, o.Position.Product}, *o.Position)
	case o.Holding != nil:
		put(&b.Holdings, p.holdings, holdingKey{o.Holding.Account, o.Holding.Instrument}, *o.Holding)
	case o.Funds != nil:
		put(&b.Funds, p.funds, o.Funds.Account, *o.Funds)
	case o.Receipt != nil:
		if !o.Receipt.IsRepeat {
			b.Receipts = append(b.Receipts, store.Receipt{Seq: seq, Receipt: *o.Receipt})
		}
	default:
		return
	}
	p.isUrgent = true
}

// put replaces the row of a key or appends it.
func put[K comparable, V any](rows *[]V, index map[K]int, key K, row V) {
	if i, ok := index[key]; ok {
		(*rows)[i] = row
		return
	}
	index[key] = len(*rows)
	*rows = append(*rows, row)
}
