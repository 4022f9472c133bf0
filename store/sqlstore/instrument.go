package sqlstore

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

const (
	instrumentsPerPage = 2000
	layoutOld          = 1 // without sources
	layoutNow          = 2
)

// AddInstruments appends rows, so many to a page.
func (s *Store) AddInstruments(ctx context.Context, rows []instrument.Stored) error {
	return s.Write(ctx, func(tx *sql.Tx) error {
		var page int64
		if err := tx.QueryRowContext(ctx, `SELECT CAST(COALESCE(MAX(page), 0) AS BIGINT) FROM instruments`).Scan(&page); err != nil {
			return fmt.Errorf("sqlstore: reading the last page of instruments: %w", err)
		}
		for len(rows) > 0 {
			n := min(len(rows), instrumentsPerPage)
			page++
			if _, err := tx.ExecContext(ctx, `INSERT INTO instruments (page, body) VALUES ($1, $2)`, page, packInstruments(rows[:n])); err != nil {
				return fmt.Errorf("sqlstore: storing instruments: %w", err)
			}
			rows = rows[n:]
		}
		return nil
	})
}

// Instruments returns all rows in the order they were added.
func (s *Store) Instruments(ctx context.Context) (all []instrument.Stored, err error) {
	scan := func(scan func(...any) error) (body []byte, err error) { return body, scan(&body) }
	pages, err := list(ctx, s.read, "instruments", scan, `SELECT body FROM instruments ORDER BY page`)
	if err != nil {
		return nil, err
	}
	for i, p := range pages {
		if all, err = unpackInstruments(all, p); err != nil {
			return nil, fmt.Errorf("sqlstore: reading page %d of instruments: %w", i+1, err)
		}
	}
	return all, nil
}

// packInstruments writes a layout byte, the number of rows, then each row: fifteen varints and five texts. Layout 1, still
// read, had no source: its rows are all of the demo market or of recorded days.
func packInstruments(rows []instrument.Stored) []byte {
	b := binary.AppendUvarint([]byte{layoutNow}, uint64(len(rows)))
	for i := range rows {
		r := &rows[i]
		flags := bit(r.Terms.HasDerivatives) | bit(r.Terms.IsETF)<<1 | bit(r.Terms.IsIntradayBarred)<<2 | bit(r.Terms.UnderlyingIsIndex)<<3
		for _, v := range [...]int64{int64(r.From), int64(r.ID), int64(r.Exchange), int64(r.Segment), int64(r.Kind), int64(r.Right),
			int64(r.UnderlyingID), int64(r.Expiry), int64(r.Strike), int64(r.Terms.LotSize), int64(r.Terms.FreezeQty),
			int64(r.Terms.TickSize), r.Terms.Multiplier, flags, int64(r.Source)} {
			b = binary.AppendVarint(b, v)
		}
		for _, text := range [...]string{r.Symbol, r.Name, r.ISIN, r.Series, r.Underlying} {
			b = binary.AppendUvarint(b, uint64(len(text)))
			b = append(b, text...)
		}
	}
	return b
}

var errInstruments = errors.New("sqlstore: a stored page of instruments cannot be read")

// cursor reads varints and texts; the first that does not fit sets isBad.
type cursor struct {
	b     []byte
	isBad bool
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.isBad, n = true, 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) varint() int64 {
	v, n := binary.Varint(c.b)
	if n <= 0 {
		c.isBad, n = true, 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) text() string {
	n := c.uvarint()
	if n > uint64(len(c.b)) {
		c.isBad, n = true, 0
	}
	s := string(c.b[:n])
	c.b = c.b[n:]
	return s
}

func unpackInstruments(to []instrument.Stored, b []byte) ([]instrument.Stored, error) {
	if len(b) == 0 || b[0] != layoutOld && b[0] != layoutNow {
		return nil, errInstruments
	}
	hasSource := b[0] == layoutNow
	c := cursor{b: b[1:]}
	for range c.uvarint() {
		var r instrument.Stored
		var v [14]int64
		for i := range v {
			v[i] = c.varint()
		}
		if hasSource {
			r.Source = instrument.Source(c.varint())
		}
		r.From, r.ID = calendar.Date(v[0]), instrument.ID(v[1])
		r.Exchange, r.Segment, r.Kind, r.Right = calendar.Exchange(v[2]), calendar.Segment(v[3]), instrument.Kind(v[4]), instrument.Right(v[5])
		r.UnderlyingID, r.Expiry, r.Strike = instrument.ID(v[6]), calendar.Date(v[7]), money.Price(v[8])
		r.Terms = instrument.Terms{LotSize: money.Qty(v[9]), FreezeQty: money.Qty(v[10]), TickSize: money.Price(v[11]), Multiplier: v[12],
			HasDerivatives: v[13]&1 != 0, IsETF: v[13]&2 != 0, IsIntradayBarred: v[13]&4 != 0, UnderlyingIsIndex: v[13]&8 != 0}
		r.Symbol, r.Name, r.ISIN, r.Series, r.Underlying = c.text(), c.text(), c.text(), c.text(), c.text()
		if c.isBad {
			return nil, errInstruments
		}
		to = append(to, r)
	}
	return to, nil
}
