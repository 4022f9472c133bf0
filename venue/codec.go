package venue

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"paperport/calendar"
	"paperport/engine"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// The journal holds inputs as records: a kind byte, the length of the rest, Seq, At and ReceivedAt as varints, then the
// body: varints for quotes and ladders, of which there are many, JSON for the others, which people may want to read.
const (
	kindJSON  = 'j'
	kindQuote = 'q'
	kindDepth = 'd'
	kindTimer = 't'
)

// body is an Input without its header and market data, as JSON.
type body struct {
	OpenAccount *engine.OpenAccount    `json:",omitempty"`
	Cash        *engine.Cash           `json:",omitempty"`
	Place       *order.Place           `json:",omitempty"`
	Modify      *order.Modify          `json:",omitempty"`
	Cancel      *order.Cancel          `json:",omitempty"`
	Phase       *engine.PhaseChange    `json:",omitempty"`
	DayEnd      *engine.DayEnd         `json:",omitempty"`
	SquareOff   *engine.SquareOff      `json:",omitempty"`
	Expire      *engine.Expire         `json:",omitempty"`
	Feed        *engine.FeedState      `json:",omitempty"`
	Instrument  *instrument.Instrument `json:",omitempty"`
	Charges     *engine.ChargesEvent   `json:",omitempty"`
	Rules       *engine.Rules          `json:",omitempty"`
	Scan        *engine.Scan           `json:",omitempty"`
}

func appendInput(b []byte, in *engine.Input) ([]byte, error) {
	start := len(b)
	b = append(b, 0, 0, 0, 0, 0)
	b = binary.AppendUvarint(b, in.Seq)
	b = binary.AppendVarint(b, int64(in.At))
	b = binary.AppendVarint(b, int64(in.ReceivedAt-in.At))
	kind := byte(kindJSON)
	switch {
	case in.Quote != nil:
		kind, b = kindQuote, appendQuote(b, in.Quote)
	case in.Depth != nil:
		kind, b = kindDepth, appendDepth(b, in.Depth)
	case in.Timer:
		kind = kindTimer
	default:
		text, err := json.Marshal(body{in.OpenAccount, in.Cash, in.Place, in.Modify, in.Cancel,
			in.Phase, in.DayEnd, in.SquareOff, in.Expire, in.Feed, in.Instrument, in.Charges, in.Rules, in.Scan})
		if err != nil {
			return b[:start], fmt.Errorf("venue: encoding input %d: %w", in.Seq, err)
		}
		b = append(b, text...)
	}
	b[start] = kind
	binary.BigEndian.PutUint32(b[start+1:], uint32(len(b)-start-5))
	return b, nil
}

var errJournal = errors.New("venue: a journal row cannot be read")

// decodeInputs calls f with each input of a payload, in order.
func decodeInputs(payload []byte, f func(engine.Input) error) error {
	for len(payload) > 0 {
		if len(payload) < 5 {
			return errJournal
		}
		kind, n := payload[0], int(binary.BigEndian.Uint32(payload[1:]))
		if n > len(payload)-5 {
			return errJournal
		}
		in, err := decodeInput(kind, payload[5:5+n])
		if err != nil {
			return err
		}
		if err := f(in); err != nil {
			return err
		}
		payload = payload[5+n:]
	}
	return nil
}

func decodeInput(kind byte, b []byte) (in engine.Input, err error) {
	r := reader{b: b}
	in.Seq = r.uvarint()
	in.At = calendar.Instant(r.varint())
	in.ReceivedAt = in.At + calendar.Instant(r.varint())
	switch kind {
	case kindQuote:
		in.Quote = r.quote()
	case kindDepth:
		in.Depth = r.depth()
	case kindTimer:
		in.Timer = true
	case kindJSON:
		var j body
		if err := json.Unmarshal(r.b, &j); err != nil {
			return in, fmt.Errorf("%w: input %d: %w", errJournal, in.Seq, err)
		}
		j.fill(&in)
		r.b = nil
	default:
		return in, errJournal
	}
	if r.isBad || len(r.b) != 0 {
		return in, errJournal
	}
	return in, nil
}

func (j *body) fill(in *engine.Input) {
	in.OpenAccount, in.Cash, in.Phase, in.DayEnd = j.OpenAccount, j.Cash, j.Phase, j.DayEnd
	in.SquareOff, in.Expire, in.Feed, in.Instrument, in.Charges = j.SquareOff, j.Expire, j.Feed, j.Instrument, j.Charges
	in.Place, in.Modify, in.Cancel = j.Place, j.Modify, j.Cancel
	in.Rules, in.Scan = j.Rules, j.Scan
}

// quoteFieldCount is how many numbers a quote has beside its instrument and Seq.
const quoteFieldCount = 20

func quoteFields(q *market.Quote) [quoteFieldCount]*int64 {
	return [quoteFieldCount]*int64{(*int64)(&q.At), (*int64)(&q.ReceivedAt), (*int64)(&q.Bid), (*int64)(&q.Ask), (*int64)(&q.BidQty), (*int64)(&q.AskQty),
		(*int64)(&q.Last), (*int64)(&q.LastQty), (*int64)(&q.Open), (*int64)(&q.High), (*int64)(&q.Low), (*int64)(&q.PrevClose),
		(*int64)(&q.AvgPrice), (*int64)(&q.LowerCircuit), (*int64)(&q.UpperCircuit), (*int64)(&q.Volume), (*int64)(&q.TotalBid),
		(*int64)(&q.TotalAsk), (*int64)(&q.OI), (*int64)(&q.OIChange)}
}

func appendQuote(b []byte, q *market.Quote) []byte {
	b = binary.AppendUvarint(b, uint64(q.Instrument))
	b = binary.AppendUvarint(b, q.Seq)
	b = append(b, flag(q.IsFromBars))
	for _, f := range quoteFields(q) {
		b = binary.AppendVarint(b, *f)
	}
	return b
}

func flag(isSet bool) byte {
	if isSet {
		return 1
	}
	return 0
}

func appendDepth(b []byte, d *market.Depth) []byte {
	b = binary.AppendUvarint(b, uint64(d.Instrument))
	b = binary.AppendUvarint(b, d.Seq)
	b = append(b, flag(d.IsFromBars), d.BidLevels, d.AskLevels)
	b = binary.AppendVarint(b, int64(d.At))
	b = binary.AppendVarint(b, int64(d.ReceivedAt))
	for _, side := range [...]*[market.MaxLevels]market.Level{&d.Bids, &d.Asks} {
		for _, l := range side {
			b = binary.AppendVarint(b, int64(l.Price))
			b = binary.AppendVarint(b, int64(l.Qty))
			b = binary.AppendVarint(b, int64(l.Orders))
		}
	}
	return b
}

// reader takes varints off b; the first that does not fit sets isBad.
type reader struct {
	b     []byte
	isBad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.isBad, n = true, 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.isBad, n = true, 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.isBad = true
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) quote() *market.Quote {
	q := &market.Quote{Instrument: instrument.ID(r.uvarint()), Seq: r.uvarint(), IsFromBars: r.byte() != 0}
	for _, f := range quoteFields(q) {
		*f = r.varint()
	}
	return q
}

func (r *reader) depth() *market.Depth {
	d := &market.Depth{Instrument: instrument.ID(r.uvarint()), Seq: r.uvarint(), IsFromBars: r.byte() != 0}
	d.BidLevels, d.AskLevels = r.byte(), r.byte()
	d.At, d.ReceivedAt = calendar.Instant(r.varint()), calendar.Instant(r.varint())
	for _, side := range [...]*[market.MaxLevels]market.Level{&d.Bids, &d.Asks} {
		for i := range side {
			side[i] = market.Level{Price: money.Price(r.varint()), Qty: money.Qty(r.varint()), Orders: int32(r.varint())}
		}
	}
	return d
}
