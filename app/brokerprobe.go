package app

import (
	"context"
	"errors"

	"time"

	"paperport/auth"
	"paperport/store"
)

// How often a session is asked for. An accepted call decides; a call that did not get through decides nothing.
const (
	probeEvery = 30 * time.Minute // after an accepted one, on the days after the session's own
	probeAgain = 5 * time.Minute  // after one that did not get through
	proofFresh = time.Minute      // a proof so young needs no other
)

// probe makes one cheap call on the session in force: accepted, refused (the session ends), or undecided with the
// failure. Without a session in memory the stored one is opened first.
func (b *Brokers) probe(ctx context.Context, user auth.UserID) error {
	open := b.openOf(user)
	if open == nil {
		var err error
		if open, err = b.recall(ctx, user); err != nil {
			return err
		}
	}
	err := b.opt.Gateway.Probe(ctx, open.keys, open.token)
	var failure *BrokerFailure
	if errors.As(err, &failure) && isSessionRefusal(failure.Class) {
		if endErr := b.end(context.WithoutCancel(ctx), user, open.issuedAt, "broker-session-refused", failure.Text); endErr != nil {
			return endErr
		}
		return err
	}
	if noteErr := b.noteProbe(context.WithoutCancel(ctx), user, open, err == nil); noteErr != nil {
		return noteErr
	}
	return err
}

// isSessionRefusal reports the answers that end a session that was accepted before.
func isSessionRefusal(class BrokerClass) bool {
	return class == FailedSession || class == FailedChecksum
}

// noteProbe stores that the session was asked for and, if so, accepted; then the live side hears of it if it has not.
func (b *Brokers) noteProbe(ctx context.Context, user auth.UserID, open *openSession, isProved bool) error {
	s := b.lockSeat(user)
	defer s.edit.Unlock()
	isChanged := false
	err := b.write(ctx, "note a probe", func(tx store.BrokerTx) error {
		row, err := b.sessionOf(ctx, tx, user)
		if err != nil || !row.IssuedAt.Equal(open.issuedAt) || !row.EndedAt.IsZero() {
			return err
		}
		now, today := b.now()
		row.CheckedAt = now
		if isProved {
			isChanged = dateOf(row.ProvedAt) != today
			row.ProvedAt = now
			if err := b.learnLife(ctx, tx, row, lifeDay, dateOf(row.IssuedAt) < today); err != nil {
				return err
			}
		}
		return tx.SaveBrokerSession(ctx, row)
	})
	if err != nil {
		return err
	}
	b.mu.Lock()
	isInForce, isTold := s.open == open, open.isTold
	b.mu.Unlock()
	if isProved && isInForce && !isTold {
		b.handOver(ctx, user, open)
		isChanged = true
	}
	if isChanged {
		b.tell(user)
	}
	return nil
}

// recall opens the stored session of a process before this one. The live side hears of it once it is proved.
func (b *Brokers) recall(ctx context.Context, user auth.UserID) (*openSession, error) {
	row, err := b.sessionOf(ctx, b.opt.Rows, user)
	if err != nil {
		return nil, err
	}
	if st := standingOf(row, b.opt.Clock.Now(), false); st == noSession || st == endedSession {
		return nil, &BrokerFailure{Class: FailedSession, Text: noSessionText, Next: noSessionNext}
	}
	o, err := b.open(ctx, who{}, user, forCalls, store.FieldAPIKey, store.FieldSecretKey, store.FieldSession)
	if err != nil {
		return nil, err
	}
	token, _ := splitSession(o.texts[store.FieldSession])
	if token.IsEmpty() {
		return nil, &BrokerFailure{Class: FailedSession, Text: noSessionText, Next: noSessionNext}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.seat(user)
	if s.open == nil {
		s.open = &openSession{keys: o.keys(), token: token, issuedAt: row.IssuedAt}
	}
	return s.open, nil
}

const (
	noSessionText = "No Session — enter session token below"
	noSessionNext = "Click Auto Generate Session, or use the popup or the Session Token field."
)

// Test makes one cheap call and returns the sentence to show.
func (b *Brokers) Test(ctx context.Context, a Actor, from From) (string, error) {
	conn, rows, err := b.rowsOf(ctx, b.opt.Rows, a.User.ID)
	if err != nil {
		return "", err
	}
	if err := needKeys(rows); err != nil {
		return "", err
	}
	if err := b.keyLocked(); err != nil {
		return "", err
	}
	err = b.probe(ctx, a.User.ID)
	if err == nil {
		return "Connection works: " + BrokerName(conn.Broker) + " answered a read-only call.", nil
	}
	var failure *BrokerFailure
	if !errors.As(err, &failure) {
		return "", err
	}
	return "", b.refusalOf(conn.Broker, failure)
}

// refusalOf shows a failure of a session or of reaching the broker to the user.
func (b *Brokers) refusalOf(broker store.BrokerID, f *BrokerFailure) *Refusal {
	code := BrokerFailed
	switch f.Class {
	case FailedSession, FailedNoToken, FailedChecksum, FailedIdentity, FailedStaticIP, FailedUnknownKey, FailedForeignKey, FailedRefused:
		code = SessionRefused
	case FailedKeyLocked:
		code = KeyLocked
	case FailedMissing:
		code = BrokerMissing
	default: // the broker could not be asked
	}
	return &Refusal{Code: code, Text: sentenceOf(broker, f), Next: nextOf(f), Wait: f.Wait}
}
