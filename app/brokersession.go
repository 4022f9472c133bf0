package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/secret"
	"paperport/store"
)

// sessionLife is how long a session lives at most (setup guide; breeze-wire 5.7).
const sessionLife = 24 * time.Hour

// Lives that were observed.
const (
	lifeMidnight = "midnight"
	lifeDay      = "24h"
)

var zeroTime time.Time

// standing is what can be said of a session at a moment.
type standing uint8

const (
	noSession standing = iota
	endedSession
	unprovedSession // not refused, but nothing accepted it since 00:00 IST or since the start
	provedSession
)

func expiresAt(s store.BrokerSession) time.Time { return s.IssuedAt.Add(sessionLife) }

func dateOf(t time.Time) calendar.Date { return calendar.FromTime(t).Date() }

// standingOf never calls a session proved from a clock alone: the broker accepted it today, and this process holds it.
func standingOf(s store.BrokerSession, now time.Time, isOpen bool) standing {
	switch {
	case s.IssuedAt.IsZero():
		return noSession
	case !s.EndedAt.IsZero() || !now.Before(expiresAt(s)):
		return endedSession
	case isOpen && dateOf(s.ProvedAt) == dateOf(now):
		return provedSession
	default:
		return unprovedSession
	}
}

// sessionOf reads the row; the zero value when there is none.
func (b *Brokers) sessionOf(ctx context.Context, r store.BrokerReader, user auth.UserID) (store.BrokerSession, error) {
	s, err := r.BrokerSession(ctx, user)
	if errors.Is(err, store.ErrAbsent) {
		return store.BrokerSession{}, nil
	}
	if err != nil {
		return store.BrokerSession{}, fmt.Errorf("app: read broker session: %w", err)
	}
	return s, nil
}

// lockSeat takes the order of changes of a user's session; the caller unlocks edit.
func (b *Brokers) lockSeat(user auth.UserID) *seat {
	b.mu.Lock()
	s := b.seat(user)
	b.mu.Unlock()
	s.edit.Lock()
	return s
}

// drop forgets the open session and pauses the live market. The caller holds the seat's edit.
func (b *Brokers) drop(user auth.UserID, broker store.BrokerID, why string) {
	b.mu.Lock()
	s := b.seat(user)
	wasOpen := s.open != nil
	s.open, s.kept = nil, keptLogin{}
	b.mu.Unlock()
	if wasOpen {
		b.opt.Live.Ended(user, broker, why)
	}
}

// begin holds a session in memory and hands it to the live side. The caller holds the seat's edit.
func (b *Brokers) begin(ctx context.Context, user auth.UserID, keys BrokerKeys, token secret.Text, issuedAt time.Time) {
	open := &openSession{keys: keys, token: token, issuedAt: issuedAt}
	b.mu.Lock()
	s := b.seat(user)
	s.open = open
	b.mu.Unlock()
	b.handOver(ctx, user, open)
}

// handOver tells the live side of a session; trouble there does not end the session, the next look tries again.
func (b *Brokers) handOver(ctx context.Context, user auth.UserID, open *openSession) {
	_, err := b.opt.Live.Began(ctx, LiveSession{User: user, Keys: open.keys, Token: open.token,
		Refused: func(cause error) { b.refused(user, open, cause) }})
	if err != nil {
		b.opt.Log.ErrorContext(ctx, "live market did not begin", "user_id", string(user), "err", err)
		return
	}
	b.mu.Lock()
	open.isTold = true
	b.mu.Unlock()
}

// openOf returns the session in force, nil when none is in memory.
func (b *Brokers) openOf(user auth.UserID) *openSession {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seat(user).open
}

// end marks the session that was issued then as refused or over, in one transaction with its line in the trail, and
// pauses the live market. It does nothing when another session took its place meanwhile.
func (b *Brokers) end(ctx context.Context, user auth.UserID, issuedAt time.Time, action, why string) error {
	s := b.lockSeat(user)
	defer s.edit.Unlock()
	isEnded := false
	var broker store.BrokerID
	err := b.write(ctx, "end session", func(tx store.BrokerTx) error {
		row, err := b.sessionOf(ctx, tx, user)
		if err != nil || !row.IssuedAt.Equal(issuedAt) || !row.EndedAt.IsZero() {
			return err
		}
		now, today := b.now()
		isEnded, broker = true, row.Broker
		diedOvernight := dateOf(row.ProvedAt) < today && now.Before(expiresAt(row))
		if err := b.learnLife(ctx, tx, row, lifeMidnight, diedOvernight); err != nil {
			return err
		}
		row.CheckedAt, row.EndedAt = now, now
		if err := tx.SaveBrokerSession(ctx, row); err != nil {
			return err
		}
		return b.audit(ctx, tx, who{}, user, action, "broker="+string(row.Broker), "ok")
	})
	if err != nil {
		return err
	}
	if open := b.openOf(user); open != nil && open.issuedAt.Equal(issuedAt) {
		b.drop(user, open.keys.Broker, why)
	} else if isEnded {
		b.opt.Live.Ended(user, broker, why)
	}
	if isEnded {
		b.tell(user)
	}
	return nil
}

// learnLife remembers how long sessions live, when this one showed it.
func (b *Brokers) learnLife(ctx context.Context, tx store.BrokerTx, s store.BrokerSession, life string, isShown bool) error {
	if !isShown {
		return nil
	}
	conn, err := tx.Connection(ctx, s.User)
	if err != nil || conn.Life == life {
		return err
	}
	conn.Life = life
	return tx.SaveConnection(ctx, conn)
}
