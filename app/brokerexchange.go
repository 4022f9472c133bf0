package app

import (
	"context"
	"errors"
	"time"

	"paperport/secret"
	"paperport/store"
)

// exchange turns an API session into a token, proves the token with one call, and keeps it. It returns nil, nil when it is
// kept, else the failure: a token that was refused is never stored.
func (b *Brokers) exchange(ctx context.Context, t loginTask, o opened, way string, apiSession secret.Text, issuedAt time.Time) (*BrokerFailure, error) {
	won, err := b.opt.Gateway.Exchange(ctx, o.keys(), apiSession)
	if err == nil {
		err = b.prove(ctx, o, won)
	}
	ctx = context.WithoutCancel(ctx)
	failure := failureOf(err, false)
	if failure == nil {
		k := &keeping{b: b, task: t, o: o, way: way, won: won, apiSession: apiSession, issuedAt: issuedAt.Truncate(time.Microsecond)}
		return k.keep(ctx)
	}
	if failure.Cause != nil {
		b.opt.Log.WarnContext(ctx, "broker exchange failed", "user_id", string(t.user), "class", string(failure.Class), "err", failure.Cause)
	}
	return failure, b.noteRefusedToken(ctx, t, o, way, failure)
}

// prove makes one signed call with a fresh token: the exchange itself is not signed and would accept a wrong Secret Key.
// A call that does not get through proves nothing against it.
func (b *Brokers) prove(ctx context.Context, o opened, won BrokerToken) error {
	if won.Token.IsEmpty() || won.Identity.IsEmpty() {
		return &BrokerFailure{Class: FailedNoToken, Text: textNoToken}
	}
	err := b.opt.Gateway.Probe(ctx, o.keys(), won.Token)
	var f *BrokerFailure
	if errors.As(err, &f) && (isSessionRefusal(f.Class) || f.Class == FailedStaticIP) {
		return err
	}
	return nil
}

// noteRefusedToken shows that a way gave no session.
func (b *Brokers) noteRefusedToken(ctx context.Context, t loginTask, o opened, way string, f *BrokerFailure) error {
	return b.write(ctx, "note a refused token", func(tx store.BrokerTx) error {
		conn, _, err := b.rowsOf(ctx, tx, t.user)
		if err != nil {
			return err
		}
		if way == wayBrowser && isStop(f.Class) && conn.Broker == o.conn.Broker {
			conn.NeedsUser = string(f.Class)
			if err := tx.SaveConnection(ctx, conn); err != nil {
				return err
			}
			if err := b.noticeStop(ctx, tx, t, conn, f); err != nil {
				return err
			}
		}
		if err := b.audit(ctx, tx, t.who, t.user, "broker-token-refused", "way="+way, string(f.Class)); err != nil {
			return err
		}
		return b.addAttempt(ctx, tx, t, o.conn.Broker, way, f)
	})
}

// keeping stores an accepted session.
type keeping struct {
	b          *Brokers
	task       loginTask
	o          opened
	way        string
	won        BrokerToken
	apiSession secret.Text
	issuedAt   time.Time
	// refusal is set in the transaction when the session may not be kept; what it did is stored nevertheless.
	refusal *BrokerFailure
}

func (k *keeping) keep(ctx context.Context) (*BrokerFailure, error) {
	s := k.b.lockSeat(k.task.user)
	defer s.edit.Unlock()
	if err := k.b.write(ctx, "keep a session", func(tx store.BrokerTx) error { return k.store(ctx, tx) }); err != nil {
		return nil, err
	}
	if k.refusal != nil {
		return k.refusal, nil
	}
	k.b.mu.Lock()
	s.kept, s.retryAt, s.retries = keptLogin{}, zeroTime, 0
	k.b.mu.Unlock()
	k.b.begin(ctx, k.task.user, k.o.keys(), k.won.Token, k.issuedAt)
	k.b.tell(k.task.user)
	return nil, nil
}

func (k *keeping) store(ctx context.Context, tx store.BrokerTx) error {
	conn, rows, err := k.b.rowsOf(ctx, tx, k.task.user)
	if err != nil {
		return err
	}
	if !k.o.isCurrent(conn, rows, keyFields) {
		return k.refuse(ctx, tx, changedMeanwhile(), "broker-token-refused")
	}
	isSame, err := k.pin(ctx, tx, conn, rows[store.FieldIdentity])
	if err != nil {
		return err
	}
	if !isSame {
		return k.mismatch(ctx, tx, conn)
	}
	if err := k.b.seal(ctx, tx, conn, rows[store.FieldSession], typed{store.FieldSession, sealedSession(k.won.Token, k.apiSession)}); err != nil {
		return err
	}
	now, _ := k.b.now()
	way, err := k.wonBy(ctx, tx)
	if err != nil {
		return err
	}
	row := store.BrokerSession{User: k.task.user, Broker: conn.Broker, IssuedAt: k.issuedAt, ProvedAt: now, CheckedAt: now, Way: way}
	if err := tx.SaveBrokerSession(ctx, row); err != nil {
		return err
	}
	if err := k.release(ctx, tx, conn); err != nil {
		return err
	}
	detail := "broker=" + string(conn.Broker) + " way=" + k.way + " trigger=" + k.task.trigger
	if err := k.b.audit(ctx, tx, k.task.who, k.task.user, "broker-session", detail, "ok"); err != nil {
		return err
	}
	return k.b.addAttempt(ctx, tx, k.task, conn.Broker, k.way, nil)
}

// wonBy is the way of the login behind the session: a direct exchange is of the one before it.
func (k *keeping) wonBy(ctx context.Context, tx store.BrokerTx) (string, error) {
	if k.way != wayDirect {
		return k.way, nil
	}
	before, err := k.b.sessionOf(ctx, tx, k.task.user)
	if err != nil || before.Way == "" {
		return k.way, err
	}
	return before.Way, nil
}

// pin compares the broker's name of the user with the one of the first accepted login, or stores it as that.
func (k *keeping) pin(ctx context.Context, tx store.BrokerTx, conn store.Connection, old store.Sealed) (bool, error) {
	if old.Version > 0 {
		err := k.b.audit(ctx, tx, k.task.who, k.task.user, "broker-open", "purpose="+forIdentity+" fields="+string(store.FieldIdentity), "ok")
		if err != nil {
			return false, err
		}
		pinned, err := k.b.opt.Seals.Open(old.Blob, placeOf(old))
		if err != nil {
			return false, k.b.cannotOpen(store.FieldIdentity, err)
		}
		return pinned.Equal(k.won.Identity), nil
	}
	if err := k.b.seal(ctx, tx, conn, old, typed{store.FieldIdentity, k.won.Identity}); err != nil {
		return false, err
	}
	return true, k.b.audit(ctx, tx, k.task.who, k.task.user, "broker-identity-pinned", "broker="+string(conn.Broker), "ok")
}

func (k *keeping) refuse(ctx context.Context, tx store.BrokerTx, f *BrokerFailure, action string) error {
	k.refusal = f
	if err := k.b.audit(ctx, tx, k.task.who, k.task.user, action, "way="+k.way, string(f.Class)); err != nil {
		return err
	}
	return k.b.addAttempt(ctx, tx, k.task, k.o.conn.Broker, k.way, f)
}

func (k *keeping) mismatch(ctx context.Context, tx store.BrokerTx, conn store.Connection) error {
	f := &BrokerFailure{Class: FailedIdentity}
	if !k.task.isManual {
		conn.NeedsUser = string(FailedIdentity)
		if err := tx.SaveConnection(ctx, conn); err != nil {
			return err
		}
	}
	err := k.b.notify(ctx, tx, store.Notice{User: k.task.user, Kind: noticeIdentity, Action: "settings",
		Text: "A session of another " + BrokerName(conn.Broker) + " account than yours was refused. If you did not try to change accounts, somebody may have."})
	if err != nil {
		return err
	}
	return k.refuse(ctx, tx, f, "broker-identity-mismatch")
}

// release lets automatic logins go on, where the session shows that they can, and takes away what is no longer true.
func (k *keeping) release(ctx context.Context, tx store.BrokerTx, conn store.Connection) error {
	kinds := []string{noticeRenewal, noticeEnded}
	if conn.NeedsUser != "" && k.clears(BrokerClass(conn.NeedsUser)) {
		conn.NeedsUser = ""
		kinds = append(kinds, noticeNeedsUser)
		if err := tx.SaveConnection(ctx, conn); err != nil {
			return err
		}
	}
	return k.b.settleNotices(ctx, tx, k.task.user, kinds...)
}

// clears reports whether this session shows that a stop has no cause any more: a login by hand does not make a wrong
// stored password right, and an old API session shows nothing of the login page.
func (k *keeping) clears(class BrokerClass) bool {
	if k.way == wayDirect {
		return false
	}
	switch class {
	case FailedPassword, FailedCode, FailedSMS, FailedPage, FailedRefused:
		return k.way == wayBrowser
	default:
		return true
	}
}
