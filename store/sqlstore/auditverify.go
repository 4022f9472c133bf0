package sqlstore

import (
	"bytes"
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"paperport/store"
)

// AuditReport says what VerifyAudit found.
type AuditReport struct {
	Rows int64
	// Unchained rows are from before the chain, Lost ones under keys that are gone: who wrote them cannot be told.
	Unchained, Lost int64
	// Head is the number of the last row; HeadHash begins its hash, as AuditHead gives it.
	Head     int64
	HeadHash string
	// Broken is the number of the first row that is not as written, 0 when all are; Fault says in words what is wrong.
	Broken int64
	Fault  string
}

// VerifyAudit checks the audit trail of a data directory, also beside a running server. It reads one consistent state
// and changes nothing. It finds every row that was changed, moved, put in or taken out since it was written, but not a
// trail that was set back whole, head and all, to an earlier state: the heads in the log tell that.
func VerifyAudit(ctx context.Context, dir string) (AuditReport, error) {
	path, err := existing(dir)
	if err != nil {
		return AuditReport{}, err
	}
	key, err := loadAuditKey(dir)
	if err != nil {
		return AuditReport{}, err
	}
	db, err := sql.Open("sqlite", "file:"+path+dsnReader)
	if err != nil {
		return AuditReport{}, fmt.Errorf("sqlstore: opening to verify: %w", err)
	}
	defer db.Close()
	if err := checkSchema(ctx, db); err != nil {
		return AuditReport{}, err
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return AuditReport{}, fmt.Errorf("sqlstore: verifying the audit trail: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return verifyAudit(ctx, tx, key)
}

func verifyAudit(ctx context.Context, db rows, key *auditKey) (AuditReport, error) {
	found, err := db.QueryContext(ctx, `SELECT `+auditColumns+`, hash, key_id FROM audit ORDER BY number`)
	if err != nil {
		return AuditReport{}, fmt.Errorf("sqlstore: verifying the audit trail: %w", err)
	}
	defer found.Close()
	w := auditWalk{key: key, before: make([]byte, 32)}
	for found.Next() {
		var hash, keyID []byte
		row, err := scanAudit(func(to ...any) error { return found.Scan(append(to, &hash, &keyID)...) })
		if err != nil {
			return AuditReport{}, err
		}
		w.row(row, hash, keyID)
	}
	if err := errors.Join(found.Err(), found.Close()); err != nil {
		return AuditReport{}, fmt.Errorf("sqlstore: verifying the audit trail: %w", err)
	}
	head, err := readHead(ctx, db)
	if err != nil && !errors.Is(err, store.ErrAbsent) {
		return AuditReport{}, err
	}
	w.end(head, err == nil)
	return w.report, nil
}

// auditWalk goes over the rows in order.
type auditWalk struct {
	key        *auditKey
	report     AuditReport
	before     []byte // hash of the row before
	hasChain   bool
	isAfterOld bool // the row before is under another key
}

// fault keeps the first one.
func (w *auditWalk) fault(number int64, format string, args ...any) {
	if w.report.Fault == "" {
		w.report.Broken, w.report.Fault = number, fmt.Sprintf(format, args...)
	}
}

func (w *auditWalk) row(r store.AuditRow, hash, keyID []byte) {
	w.report.Rows++
	if want := w.report.Head + 1; r.Number > want {
		w.fault(want, "row %d is missing", want)
	} else if r.Number < want {
		w.fault(r.Number, "row %d was never given out", r.Number)
	}
	w.report.Head = r.Number
	switch {
	case len(hash) == 0 && len(keyID) == 0:
		w.report.Unchained++
		if w.hasChain {
			w.fault(r.Number, "row %d is not bound to the one before", r.Number)
		}
		w.before = w.key.rowHash(w.before, r)
		return
	case bytes.Equal(keyID, w.key.id()):
		if !hmac.Equal(hash, w.key.rowHash(w.before, r)) {
			w.fault(r.Number, "row %d is not as it was written, or does not follow the one before", r.Number)
		}
		if w.isAfterOld && r.Action != auditKeyChanged {
			w.fault(r.Number, "the key changed at row %d without a record of it", r.Number)
		}
		if r.Action == auditBroken {
			w.fault(r.Number, "row %d records that the trail was broken then: %s", r.Number, r.Detail)
		}
		w.isAfterOld = false
	default:
		w.report.Lost++
		if w.hasChain && !w.isAfterOld && r.Action != auditKeyChanged {
			w.fault(r.Number, "the key changed at row %d without a record of it", r.Number)
		}
		w.isAfterOld = true
	}
	w.hasChain, w.before = true, hash
}

// end compares the last row with the record of it.
func (w *auditWalk) end(head auditHead, isThere bool) {
	w.report.HeadHash = hex.EncodeToString(w.before[:min(8, len(w.before))])
	last := w.report.Head
	switch {
	case !isThere:
		w.fault(last, "the record of the last row is missing")
	case w.isAfterOld, !bytes.Equal(head.keyID, w.key.id()):
		w.fault(last, "the trail is under another key than %s", auditKeyName)
	case head.number > last && head.isBy(w.key):
		w.fault(last+1, "rows %d to %d are missing at the end", last+1, head.number)
	case !head.isBy(w.key), head.number != last, !bytes.Equal(head.hash, w.before):
		w.fault(last, "the last row is not the one that was recorded as last")
	}
}
