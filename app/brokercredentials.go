package app

import (
	"context"

	"paperport/secret"
	"paperport/store"
)

// SaveCredentials stores what was typed and returns the sentence to show. An empty field keeps what is stored. A key of
// the other broker wipes everything that belonged to the one before, in the same transaction.
func (b *Brokers) SaveCredentials(ctx context.Context, a Actor, f BrokerFields, from From) (string, error) {
	if err := b.keyLocked(); err != nil {
		return "", err
	}
	list, err := typedFields(f)
	if err != nil {
		return "", err
	}
	s := b.lockSeat(a.User.ID)
	defer s.edit.Unlock()
	b.mu.Lock()
	c := change{b: b, who: who{a.User.ID, from}, typed: list, lastCode: s.lastCode}
	b.mu.Unlock()
	if err := b.write(ctx, "save credentials", func(tx store.BrokerTx) error { return c.store(ctx, tx) }); err != nil {
		return "", err
	}
	if c.left != store.NoBroker {
		b.drop(a.User.ID, c.left, "another broker's API Key was saved")
	} else if c.isRekeyed {
		b.drop(a.User.ID, c.conn.Broker, "the API Key or Secret Key was changed")
	}
	b.mu.Lock()
	s.retryAt, s.retries, s.kept = zeroTime, 0, keptLogin{}
	b.mu.Unlock()
	b.tell(a.User.ID)
	return c.sentence(), nil
}

// change is one press of Update Credentials.
type change struct {
	b     *Brokers
	who   who
	typed []typed
	// lastCode is the step of the last code of a connection that was removed before this one.
	lastCode int64

	conn store.Connection
	left store.BrokerID // the broker whose fields were wiped
	// isRekeyed: a key was replaced, so what was won with it goes; endsSession: there was a session.
	isRekeyed, endsSession bool
	lacking                []store.SecretField // what automatic login still needs afterwards
}

func (c *change) store(ctx context.Context, tx store.BrokerTx) error {
	conn, rows, err := c.b.rowsOf(ctx, tx, c.who.actor)
	if err != nil {
		return err
	}
	isFirst := conn.Broker == store.NoBroker
	if isFirst {
		conn = store.Connection{User: c.who.actor, LastCode: c.lastCode, CreatedAt: c.b.opt.Clock.Now()}
	}
	if err := c.choose(&conn, rows); err != nil {
		return err
	}
	if c.left != store.NoBroker {
		if err := c.wipe(ctx, tx, rows); err != nil {
			return err
		}
		rows = nil
	}
	conn.NeedsUser = ""
	c.conn = conn
	if err := tx.SaveConnection(ctx, conn); err != nil {
		return err
	}
	if err := c.seal(ctx, tx, rows); err != nil {
		return err
	}
	return c.note(ctx, tx, isFirst)
}

// choose settles the broker by the API key and refuses what would leave the keys incomplete.
func (c *change) choose(conn *store.Connection, rows map[store.SecretField]store.Sealed) error {
	if len(c.typed) == 0 && len(rows) > 0 {
		return &Refusal{Code: BrokerFieldBad, Text: "Nothing was entered: every field is empty, so everything stored stays as it is."}
	}
	apiKey, isTyped := c.text(store.FieldAPIKey)
	broker := conn.Broker
	if isTyped {
		broker = brokerOf(apiKey)
	}
	_, hasSecret := c.text(store.FieldSecretKey)
	if isTyped && conn.Broker != store.NoBroker && broker != conn.Broker {
		if !hasSecret {
			return &Refusal{Code: BrokerFieldBad, Field: string(store.FieldSecretKey), Next: "Enter the Secret Key that belongs to this API Key, too.",
				Text: "This API Key belongs to the other broker (" + BrokerName(broker) + "): the stored Secret Key is never sent there."}
		}
		c.left = conn.Broker
		*conn = store.Connection{User: conn.User, IsHeld: conn.IsHeld, IsEveryDay: conn.IsEveryDay, LastCode: conn.LastCode, CreatedAt: conn.CreatedAt}
		rows = nil
	}
	_, hasStoredKey := rows[store.FieldAPIKey]
	_, hasStoredSecret := rows[store.FieldSecretKey]
	switch {
	case !isTyped && !hasStoredKey:
		return firstTime(store.FieldAPIKey)
	case !hasSecret && !hasStoredSecret:
		return firstTime(store.FieldSecretKey)
	}
	conn.Broker = broker
	return nil
}

func firstTime(field store.SecretField) error {
	return &Refusal{Code: BrokerMissing, Field: string(field), Text: fieldName(field) + " not provided: the first time, API Key and Secret Key are needed.",
		Next: "Nothing was saved. Enter both as Step 1 of the Setup Guide shows."}
}

func (c *change) text(field store.SecretField) (secret.Text, bool) {
	for _, t := range c.typed {
		if t.field == field {
			return t.text, true
		}
	}
	return secret.Text{}, false
}

// wipe removes everything of the broker that is left.
func (c *change) wipe(ctx context.Context, tx store.BrokerTx, rows map[store.SecretField]store.Sealed) error {
	for field := range rows {
		if err := tx.RemoveSealed(ctx, c.who.actor, c.left, field); err != nil {
			return err
		}
	}
	if err := tx.RemoveBrokerSession(ctx, c.who.actor); err != nil {
		return err
	}
	return c.b.audit(ctx, tx, c.who, c.who.actor, "broker-wipe", "broker="+string(c.left)+" reason=other-broker", "ok")
}

func (c *change) seal(ctx context.Context, tx store.BrokerTx, rows map[store.SecretField]store.Sealed) error {
	after := map[store.SecretField]store.Sealed{}
	for field, row := range rows {
		after[field] = row
	}
	for _, t := range c.typed {
		if err := c.b.seal(ctx, tx, c.conn, rows[t.field], t); err != nil {
			return err
		}
		after[t.field] = store.Sealed{}
		_, isReplaced := rows[t.field]
		c.isRekeyed = c.isRekeyed || isReplaced && (t.field == store.FieldAPIKey || t.field == store.FieldSecretKey)
	}
	c.lacking = missing(after, loginFields)
	if !c.isRekeyed {
		return nil
	}
	session, err := c.b.sessionOf(ctx, tx, c.who.actor)
	if err != nil {
		return err
	}
	st := standingOf(session, c.b.opt.Clock.Now(), false)
	c.endsSession = st != noSession && st != endedSession
	if err := tx.RemoveSealed(ctx, c.who.actor, c.conn.Broker, store.FieldSession); err != nil {
		return err
	}
	return tx.RemoveBrokerSession(ctx, c.who.actor)
}

// note writes the trail and tells the user of a change that he may not have made.
func (c *change) note(ctx context.Context, tx store.BrokerTx, isFirst bool) error {
	var fields []store.SecretField
	detail := "broker=" + string(c.conn.Broker) + " fields="
	for i, t := range c.typed {
		if i > 0 {
			detail += ","
		}
		detail += string(t.field)
		fields = append(fields, t.field)
	}
	if err := c.b.audit(ctx, tx, c.who, c.who.actor, "broker-credentials", detail, "ok"); err != nil {
		return err
	}
	if c.endsSession {
		if err := c.b.audit(ctx, tx, c.who, c.who.actor, "broker-session-ended", "reason=keys-changed", "ok"); err != nil {
			return err
		}
	}
	if err := c.b.settleNotices(ctx, tx, c.who.actor, noticeNeedsUser); err != nil || isFirst {
		return err
	}
	return c.b.notify(ctx, tx, store.Notice{User: c.who.actor, Kind: noticeCredentials, Action: "settings",
		Text: "Your broker credentials were changed: " + listNames(fields) + ". If it was not you, change your PaperPort password and disconnect the broker."})
}

// sentence is the guide's where it is true, else what is still missing.
func (c *change) sentence() string {
	text := "Credentials saved! Auto-login is enabled"
	if len(c.lacking) > 0 {
		text = "Credentials saved. Auto-login still needs " + listNames(c.lacking) + "; Generate Session Popup and Save Session work without."
	} else if c.conn.IsHeld {
		text += ". It is paused; resume it below to renew automatically."
	}
	if c.left != store.NoBroker {
		text = asSentence(text) + " Everything stored for " + BrokerName(c.left) + " was wiped, as this API Key belongs to " + BrokerName(c.conn.Broker) + "."
	} else if c.endsSession {
		text = asSentence(text) + " The session made with the old key has ended: generate a new one."
	}
	return text
}
