package sqlstore

import (
	"bytes"
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"paperport/auth"
	"paperport/store"
)

// Actions that this package writes itself.
const (
	auditKeyChanged = "audit-key-changed" // the key file was lost or exchanged: earlier rows cannot be checked any more
	auditBroken     = "audit-broken"      // at a start the end of the trail was not as written
)

// auditHead is the end of the trail.
type auditHead struct {
	number           int64
	hash, keyID, mac []byte
}

func (h auditHead) isBy(k *auditKey) bool {
	return bytes.Equal(h.keyID, k.id()) && hmac.Equal(h.mac, k.headMAC(h.number, h.hash))
}

// readHead returns store.ErrAbsent while there is no chain.
func readHead(ctx context.Context, db rows) (h auditHead, err error) {
	err = db.QueryRowContext(ctx, `SELECT number, hash, key_id, mac FROM audit_head WHERE one = 1`).Scan(&h.number, &h.hash, &h.keyID, &h.mac)
	return h, absent(err, "read the head of the audit trail")
}

func (t *userTx) saveHead(ctx context.Context, number int64, hash []byte) error {
	return t.one(ctx, "save the head of the audit trail", `INSERT INTO audit_head (one, number, hash, key_id, mac) VALUES (1, $1, $2, $3, $4)
		ON CONFLICT (one) DO UPDATE SET number = excluded.number, hash = excluded.hash, key_id = excluded.key_id, mac = excluded.mac`,
		number, hash, t.key.id(), t.key.headMAC(number, hash))
}

// AddAudit appends to the trail. A head that is not as written refuses every change that must leave a trace, until the
// next start has put that on record.
func (t *userTx) AddAudit(ctx context.Context, a store.Audit) error {
	if t.key == nil {
		return fmt.Errorf("sqlstore: add audit row: %s is missing: put it back, or restart the server to start a new chain", auditKeyName)
	}
	head, err := readHead(ctx, t.tx)
	switch {
	case err != nil && !errors.Is(err, store.ErrAbsent):
		return err
	case err != nil, !head.isBy(t.key):
		return fmt.Errorf("sqlstore: add audit row: the end of the trail is not as written; restart and run verify-audit: %w", store.ErrCorrupt)
	}
	return t.appendAudit(ctx, head.number, head.hash, a)
}

func (t *userTx) appendAudit(ctx context.Context, last int64, before []byte, a store.Audit) error {
	row := store.AuditRow{Number: last + 1, Audit: a}
	row.Actor, row.Subject = auth.UserID(storable(string(a.Actor))), auth.UserID(storable(string(a.Subject)))
	for _, text := range []*string{&row.Action, &row.Detail, &row.Result, &row.IP, &row.RequestID} {
		*text = storable(*text)
	}
	hash := t.key.rowHash(before, row)
	err := t.one(ctx, "add audit row", `INSERT INTO audit (`+auditColumns+`, hash, key_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		row.Number, micros(row.At), string(row.Actor), string(row.Subject), row.Action, row.Detail, row.Result, row.IP, row.RequestID,
		hash, t.key.id())
	if err != nil {
		return err
	}
	return t.saveHead(ctx, row.Number, hash)
}

// storable drops what a TEXT column does not give back as it was.
func storable(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
}

// startAudit makes sure that the trail can go on: it begins the chain behind the rows from before it, and puts a change
// of the key or an end that is not as written on record.
func startAudit(ctx context.Context, db *sql.DB, key *auditKey) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return classify(fmt.Errorf("sqlstore: opening the audit trail: %w", err))
	}
	if err := newUserTx(tx, key).startAudit(ctx); err != nil {
		_ = tx.Rollback()
		return classify(err)
	}
	return classify(tx.Commit())
}

func (t *userTx) startAudit(ctx context.Context) error {
	last, hash, err := lastAudit(ctx, t.tx)
	if err != nil {
		return err
	}
	hasChain := len(hash) > 0
	if !hasChain {
		if hash, err = t.fold(ctx); err != nil {
			return err
		}
	}
	head, err := readHead(ctx, t.tx)
	isAbsent := errors.Is(err, store.ErrAbsent)
	switch {
	case err != nil && !isAbsent:
		return err
	case isAbsent && !hasChain:
		return t.saveHead(ctx, last, hash)
	case isAbsent:
		return t.record(ctx, last, hash, auditBroken, "the record of the last row is missing")
	case !bytes.Equal(head.keyID, t.key.id()):
		return t.record(ctx, last, hash, auditKeyChanged, fmt.Sprintf("rows to %d are under key %x, the record of the last one says %d", last, head.keyID, head.number))
	case !head.isBy(t.key), head.number != last, !bytes.Equal(head.hash, hash):
		return t.record(ctx, last, hash, auditBroken, fmt.Sprintf("the last row is %d, the record of it says %d", last, head.number))
	}
	return nil
}

func (t *userTx) record(ctx context.Context, last int64, before []byte, action, detail string) error {
	return t.appendAudit(ctx, last, before, store.Audit{At: time.Now().UTC(), Action: action, Detail: detail, Result: "ok"})
}

// fold hashes the rows from before the chain, so that from then on a change of theirs is found, too.
func (t *userTx) fold(ctx context.Context) ([]byte, error) {
	hash := make([]byte, 32)
	before, err := query(ctx, t.tx, "read the audit trail", scanAudit, `SELECT `+auditColumns+` FROM audit ORDER BY number`)
	for _, row := range before {
		hash = t.key.rowHash(hash, row)
	}
	return hash, err
}

// lastAudit is the newest row's number and hash; 0 and an empty hash when there is none.
func lastAudit(ctx context.Context, db rows) (number int64, hash []byte, err error) {
	err = db.QueryRowContext(ctx, `SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1`).Scan(&number, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	return number, hash, absent(err, "read the last audit row")
}

// AuditHead is the number of the newest row of the trail and the beginning of its hash, in hex: enough, written down
// elsewhere, to tell whether a trail was cut back or written anew.
func (s *Store) AuditHead(ctx context.Context) (number int64, hash string, err error) {
	head, err := readHead(ctx, s.read)
	if err != nil {
		return 0, "", err
	}
	return head.number, hex.EncodeToString(head.hash[:min(8, len(head.hash))]), nil
}
