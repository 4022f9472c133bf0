package sqlstore

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"paperport/calendar"
	"paperport/money"
	"paperport/order"
	"paperport/store"
)

const orderColumns = `id, account, client_order_id, instrument, side, product, type, validity, order_qty, cum_qty, leaves_qty,
 cancelled_qty, limit_price, avg_price, status, code, reason, reserved, accepted_at, active_at, updated_at, trading_date, revision, tag,
 trigger_price, triggered_at, minutes, expires_at`

const putOrder = `INSERT INTO orders (` + orderColumns + `)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
 ON CONFLICT (account, id) DO UPDATE SET type = excluded.type, validity = excluded.validity, order_qty = excluded.order_qty,
 cum_qty = excluded.cum_qty, leaves_qty = excluded.leaves_qty, cancelled_qty = excluded.cancelled_qty,
 limit_price = excluded.limit_price, avg_price = excluded.avg_price, status = excluded.status, code = excluded.code,
 reason = excluded.reason, reserved = excluded.reserved, active_at = excluded.active_at, updated_at = excluded.updated_at,
 revision = excluded.revision, trigger_price = excluded.trigger_price, triggered_at = excluded.triggered_at,
 minutes = excluded.minutes, expires_at = excluded.expires_at`

func (t *transaction) orders(list []order.Order) error {
	for i := range list {
		o := &list[i]
		_, err := t.exec(putOrder, int64(o.ID), string(o.Account), o.ClientOrderID, int64(o.Instrument), int64(o.Side),
			int64(o.Product), int64(o.Type), int64(o.Validity), int64(o.OrderQty), int64(o.CumQty), int64(o.LeavesQty),
			int64(o.CancelledQty), int64(o.LimitPrice), int64(o.AvgPrice), int64(o.Status), o.Code, o.Reason,
			int64(o.Reserved), int64(o.AcceptedAt), int64(o.ActiveAt), int64(o.UpdatedAt), int64(o.TradingDate),
			int64(o.Revision), o.Tag, int64(o.TriggerPrice), int64(o.TriggeredAt), int64(o.Minutes), int64(o.ExpiresAt))
		if err != nil {
			return fmt.Errorf("sqlstore: storing order %d: %w", o.ID, err)
		}
	}
	return nil
}

func scanOrder(scan func(...any) error) (o order.Order, err error) {
	err = scan(&o.ID, &o.Account, &o.ClientOrderID, &o.Instrument, &o.Side, &o.Product, &o.Type, &o.Validity, &o.OrderQty,
		&o.CumQty, &o.LeavesQty, &o.CancelledQty, &o.LimitPrice, &o.AvgPrice, &o.Status, &o.Code, &o.Reason, &o.Reserved,
		&o.AcceptedAt, &o.ActiveAt, &o.UpdatedAt, &o.TradingDate, &o.Revision, &o.Tag, &o.TriggerPrice, &o.TriggeredAt,
		&o.Minutes, &o.ExpiresAt)
	return o, err
}

// OrdersOn lists an account's orders of a trading date by id.
func (s *Store) OrdersOn(ctx context.Context, a order.AccountID, d calendar.Date) ([]order.Order, error) {
	return list(ctx, s.read, "orders", scanOrder,
		`SELECT `+orderColumns+` FROM orders WHERE account = $1 AND trading_date = $2 ORDER BY id`, string(a), int64(d))
}

// Order returns one order of an account or store.ErrNotFound.
func (s *Store) Order(ctx context.Context, a order.AccountID, id order.ID) (order.Order, error) {
	row := s.read.QueryRowContext(ctx, `SELECT `+orderColumns+` FROM orders WHERE account = $1 AND id = $2`, string(a), int64(id))
	o, err := scanOrder(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return o, store.ErrNotFound
	}
	if err != nil {
		return o, fmt.Errorf("sqlstore: reading order %d: %w", id, classify(err))
	}
	return o, nil
}

// Days lists the trading dates on which an account had orders, newest first.
func (s *Store) Days(ctx context.Context, a order.AccountID) ([]calendar.Date, error) {
	scan := func(scan func(...any) error) (d calendar.Date, err error) { return d, scan(&d) }
	return list(ctx, s.read, "days", scan,
		`SELECT DISTINCT trading_date FROM orders WHERE account = $1 ORDER BY trading_date DESC`, string(a))
}

const addEvent = `INSERT INTO order_events (account, order_id, seq, n, kind, at, body) VALUES ($1, $2, $3, $4, $5, $6, $7)`

func (t *transaction) events(list []store.OrderEvent) error {
	var body []byte
	for i := range list {
		e := &list[i]
		body = packOrder(body[:0], &e.Order)
		if _, err := t.exec(addEvent, string(e.Order.Account), int64(e.Order.ID), int64(e.Seq), int64(e.N), e.Kind, int64(e.At), body); err != nil {
			return fmt.Errorf("sqlstore: storing a step of order %d: %w", e.Order.ID, err)
		}
	}
	return nil
}

// OrderEvents lists the steps of an order, oldest first. Of the order as it stood, what never changes is taken from its row.
func (s *Store) OrderEvents(ctx context.Context, a order.AccountID, id order.ID) ([]store.OrderEvent, error) {
	fixed, err := s.Order(ctx, a, id)
	if err != nil {
		return nil, err
	}
	scan := func(scan func(...any) error) (e store.OrderEvent, err error) {
		var body []byte
		e.Order = fixed
		if err := scan(&e.Seq, &e.N, &e.Kind, &e.At, &body); err != nil {
			return e, err
		}
		return e, unpackOrder(body, &e.Order)
	}
	return list(ctx, s.read, "order steps", scan,
		`SELECT seq, n, kind, at, body FROM order_events WHERE account = $1 AND order_id = $2 ORDER BY seq, n`, string(a), int64(id))
}

// packedFields is how many numbers a step of an order has, by its layout byte; later layouts only add.
var packedFields = [...]int{1: 13, 2: 17}

// packOrder writes what may change of an order: a layout byte, its varints, then code and reason with their lengths.
func packOrder(b []byte, o *order.Order) []byte {
	b = append(b, 2)
	for _, v := range [...]int64{int64(o.Type), int64(o.Validity), int64(o.OrderQty), int64(o.CumQty), int64(o.LeavesQty),
		int64(o.CancelledQty), int64(o.LimitPrice), int64(o.AvgPrice), int64(o.Status), int64(o.Reserved), int64(o.ActiveAt),
		int64(o.UpdatedAt), int64(o.Revision), int64(o.TriggerPrice), int64(o.TriggeredAt), int64(o.Minutes), int64(o.ExpiresAt)} {
		b = binary.AppendVarint(b, v)
	}
	b = binary.AppendUvarint(b, uint64(len(o.Code)))
	b = append(b, o.Code...)
	return append(b, o.Reason...)
}

var errPacked = errors.New("sqlstore: a stored order step cannot be read")

func unpackOrder(b []byte, o *order.Order) error {
	if len(b) == 0 || b[0] == 0 || int(b[0]) >= len(packedFields) {
		return errPacked
	}
	count := packedFields[b[0]]
	b = b[1:]
	var v [17]int64
	for i := range count {
		n := 0
		if v[i], n = binary.Varint(b); n <= 0 {
			return errPacked
		}
		b = b[n:]
	}
	o.Type, o.Validity = order.Type(v[0]), order.Validity(v[1])
	o.OrderQty, o.CumQty, o.LeavesQty, o.CancelledQty = money.Qty(v[2]), money.Qty(v[3]), money.Qty(v[4]), money.Qty(v[5])
	o.LimitPrice, o.AvgPrice, o.Status, o.Reserved = money.Price(v[6]), money.Price(v[7]), order.Status(v[8]), money.Paise(v[9])
	o.ActiveAt, o.UpdatedAt, o.Revision = calendar.Instant(v[10]), calendar.Instant(v[11]), int32(v[12])
	o.TriggerPrice, o.TriggeredAt, o.Minutes, o.ExpiresAt = money.Price(v[13]), calendar.Instant(v[14]), int16(v[15]), calendar.Instant(v[16])
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) {
		return errPacked
	}
	o.Code, o.Reason = string(b[n:n+int(length)]), string(b[n+int(length):])
	return nil
}
