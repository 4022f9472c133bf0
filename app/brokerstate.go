package app

import (
	"context"
	"fmt"
	"strings"

	"paperport/auth"
	"paperport/store"
)

const attemptsShown = 10

// State is what Settings shows.
func (b *Brokers) State(ctx context.Context, user auth.UserID) (BrokerState, error) {
	conn, rows, err := b.rowsOf(ctx, b.opt.Rows, user)
	if err != nil {
		return BrokerState{}, err
	}
	session, err := b.sessionOf(ctx, b.opt.Rows, user)
	if err != nil {
		return BrokerState{}, err
	}
	sum, err := b.spentOf(ctx, b.opt.Rows, user, conn.Broker, rows)
	if err != nil {
		return BrokerState{}, err
	}
	st := BrokerState{Broker: conn.Broker, BrokerName: BrokerName(conn.Broker), Fields: fieldsOf(rows),
		HasKeys: len(missing(rows, keyFields)) == 0,
		Missing: missing(rows, loginFields), IdentityHint: rows[store.FieldIdentity].Hint, IsHeld: conn.IsHeld, IsEveryDay: conn.IsEveryDay,
		Budget: sum.budget(conn), RedirectURL: b.opt.RedirectURL, KeyNote: b.opt.Seals.Note()}
	st.HasAutoLogin = st.HasKeys && len(st.Missing) == 0
	if conn.Broker != store.NoBroker {
		st.PopupRefusal = b.opt.Gateway.PopupRefusal(conn.Broker)
		st.Requests = b.opt.Gateway.Requests(user, conn.Broker)
	}
	if _, isPinned := rows[store.FieldIdentity]; isPinned { // the first accepted session opened it
		st.Venue = LiveID(user, conn.Broker)
	}
	b.fillSession(&st, conn, session)
	if st.NextRenewal, st.NextText, err = b.nextRenewal(user, conn, st); err != nil {
		return BrokerState{}, err
	}
	return st, b.fillAttempts(ctx, &st, user)
}

func fieldsOf(rows map[store.SecretField]store.Sealed) (list []BrokerField) {
	for _, f := range fieldNames {
		row, isStored := rows[f.field]
		list = append(list, BrokerField{Field: f.field, IsStored: isStored, SetAt: row.SetAt, Hint: row.Hint})
	}
	return list
}

// fillSession says what stands of the session, and in what phase the connection is.
func (b *Brokers) fillSession(st *BrokerState, conn store.Connection, session store.BrokerSession) {
	now := b.opt.Clock.Now()
	b.mu.Lock()
	s := b.seat(conn.User)
	isOpen := s.open != nil && s.open.issuedAt.Equal(session.IssuedAt) && !s.open.isRefused
	isRenewing := s.run != nil
	b.mu.Unlock()
	standing := standingOf(session, now, isOpen)
	st.IsActive = standing == provedSession
	switch standing {
	case provedSession, unprovedSession:
		st.IssuedAt, st.ExpiresAt, st.ExpiryText = session.IssuedAt, expiresAt(session), expiryText(conn, session, now)
	case noSession, endedSession:
		if st.HasKeys {
			st.SessionText = noSessionText
		}
	}
	if standing == unprovedSession && !b.opt.Seals.IsLocked() {
		st.SessionText = "Not confirmed yet: one call to " + BrokerName(conn.Broker) + " decides."
	}
	st.Phase = phaseOf(conn, st, standing, isRenewing, b.opt.Seals.IsLocked())
}

// phaseOf names the one state a connection is in: what hides everything first, then what works, then what is in the way.
func phaseOf(conn store.Connection, st *BrokerState, standing standing, isRenewing, isLocked bool) BrokerPhase {
	switch {
	case isLocked && conn.Broker != store.NoBroker:
		return LockedKey
	case !st.HasKeys:
		return NoCredentials
	case isRenewing:
		return Renewing
	case standing == provedSession:
		return Active
	case standing == unprovedSession:
		return Unverified
	case conn.NeedsUser != "":
		return NeedsUser
	case conn.IsHeld:
		return Held
	case standing == endedSession:
		return Expired
	default:
		return KeysStored
	}
}

func (b *Brokers) fillAttempts(ctx context.Context, st *BrokerState, user auth.UserID) error {
	list, err := b.opt.Rows.Attempts(ctx, user, 100)
	if err != nil {
		return fmt.Errorf("app: read attempts: %w", err)
	}
	for i, a := range list {
		switch a.Trigger {
		case byButton, byPopup, byPaste:
			continue
		}
		st.LastRenewal = &list[i]
		break
	}
	st.Attempts = list[:min(len(list), attemptsShown)]
	return nil
}

func sixDigits(text string) (string, bool) {
	text = strings.ReplaceAll(strings.TrimSpace(text), " ", "")
	if len(text) != 6 {
		return "", false
	}
	for _, r := range text {
		if r < '0' || r > '9' {
			return "", false
		}
	}
	return text, true
}

// stepsText says by how much the phone's clock differs.
func stepsText(steps int) string {
	if steps > 0 {
		return fmt.Sprintf("the phone is %d steps of 30 s ahead of this computer. Set both to automatic time.", steps)
	}
	return fmt.Sprintf("the phone is %d steps of 30 s behind this computer. Set both to automatic time.", -steps)
}
