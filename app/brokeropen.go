package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"paperport/auth"
	"paperport/secret"
	"paperport/store"
)

// opened are a user's secrets, opened for one purpose, and which versions of them these are.
type opened struct {
	user  auth.UserID
	conn  store.Connection
	texts map[store.SecretField]secret.Text
	// marks tell the stored versions of the two keys and the login fields at that time, opened or not.
	marks map[store.SecretField]mark
}

// mark tells one stored value of a field from every other.
type mark struct {
	version uint64
	setAt   time.Time
}

func markOf(s store.Sealed) mark { return mark{s.Version, s.SetAt} }

// Purposes of opening, as they stand in the audit trail.
const (
	forSignIn   = "sign-in"
	forRenewal  = "renewal"
	forExchange = "exchange"
	forPopup    = "popup"
	forCalls    = "rest_sign"
	forCode     = "code_check"
	forIdentity = "identity"
)

var (
	keyFields   = []store.SecretField{store.FieldAPIKey, store.FieldSecretKey}
	loginFields = []store.SecretField{store.FieldLoginID, store.FieldPassword, store.FieldTOTP}
)

// signInFields are all five: a fresh slice.
func signInFields() []store.SecretField { return slices.Concat(keyFields, loginFields) }

// open opens those of the fields that are stored, and notes in the trail that and why they were opened. Without a
// connection nothing is there and nothing is noted. KEY_LOCKED when no key opens them.
func (b *Brokers) open(ctx context.Context, w who, user auth.UserID, purpose string, fields ...store.SecretField) (opened, error) {
	if err := b.keyLocked(); err != nil {
		return opened{}, err
	}
	o := opened{user: user, texts: map[store.SecretField]secret.Text{}, marks: map[store.SecretField]mark{}}
	var found []store.Sealed
	err := b.write(ctx, "open secrets", func(tx store.BrokerTx) error {
		conn, rows, err := b.rowsOf(ctx, tx, user)
		if err != nil || conn.Broker == store.NoBroker {
			return err
		}
		if w.actor == "" {
			if err := mayAct(ctx, tx, user); err != nil {
				return err
			}
		}
		o.conn = conn
		var names []string
		for _, field := range fields {
			if row, isStored := rows[field]; isStored {
				found = append(found, row)
				names = append(names, string(field))
			}
		}
		for field, row := range rows {
			o.marks[field] = markOf(row)
		}
		if len(found) == 0 {
			return nil
		}
		return b.audit(ctx, tx, w, user, "broker-open", "purpose="+purpose+" fields="+strings.Join(names, ","), "ok")
	})
	if err != nil {
		return opened{}, err
	}
	for _, row := range found {
		text, err := b.opt.Seals.Open(row.Blob, placeOf(row))
		if err != nil {
			return opened{}, b.cannotOpen(row.Field, err)
		}
		o.texts[row.Field] = text
	}
	return o, nil
}

// mayAct keeps the program from acting for a user who was disabled.
func mayAct(ctx context.Context, tx store.BrokerTx, id auth.UserID) error {
	user, err := tx.Users().User(ctx, id)
	if errors.Is(err, store.ErrAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	if user.IsDisabled {
		return refuse(NotAllowed, "This user is disabled: nothing is done for him.")
	}
	return nil
}

func (b *Brokers) cannotOpen(field store.SecretField, err error) error {
	if errors.Is(err, ErrLocked) {
		return b.keyLockedAs(err)
	}
	b.opt.Log.Error("a sealed value cannot be opened", "field", string(field), "err", err)
	return &Refusal{Code: BrokerMissing, Field: string(field),
		Text: "The stored " + fieldName(field) + " cannot be opened: it is damaged or was sealed with another key.",
		Next: "Enter it again under Update Credentials; where that does not help, press Disconnect and connect again."}
}

// keyLockedAs is keyLocked also where the vault noticed before IsLocked did.
func (b *Brokers) keyLockedAs(err error) error {
	if refusal := b.keyLocked(); refusal != nil {
		return refusal
	}
	return &Refusal{Code: KeyLocked, Text: "The stored credentials cannot be opened now.", Next: b.opt.Seals.Note()}
}

// rowsOf reads a user's connection and its sealed fields; the zero Connection when there is none.
func (b *Brokers) rowsOf(ctx context.Context, r store.BrokerReader, user auth.UserID) (store.Connection, map[store.SecretField]store.Sealed, error) {
	conn, err := r.Connection(ctx, user)
	if errors.Is(err, store.ErrAbsent) {
		return store.Connection{}, nil, nil
	}
	if err != nil {
		return store.Connection{}, nil, fmt.Errorf("app: read connection: %w", err)
	}
	list, err := r.SealedOf(ctx, user, conn.Broker)
	if err != nil {
		return store.Connection{}, nil, fmt.Errorf("app: read sealed fields: %w", err)
	}
	rows := map[store.SecretField]store.Sealed{}
	for _, s := range list {
		rows[s.Field] = s
	}
	return conn, rows, nil
}

// seal stores one field under its next version.
func (b *Brokers) seal(ctx context.Context, tx store.BrokerTx, conn store.Connection, old store.Sealed, t typed) error {
	row := store.Sealed{User: conn.User, Broker: conn.Broker, Field: t.field, Version: old.Version + 1,
		Hint: hint(t.field, t.text), SetAt: b.opt.Clock.Now()}
	blob, err := b.opt.Seals.Seal(t.text, placeOf(row))
	if errors.Is(err, ErrLocked) {
		return b.keyLockedAs(err)
	}
	if err != nil {
		return fmt.Errorf("app: seal %s: %w", t.field, err)
	}
	row.Blob = blob
	return tx.SaveSealed(ctx, row)
}

func placeOf(s store.Sealed) SealPlace {
	return SealPlace{User: s.User, Broker: s.Broker, Field: s.Field, Version: s.Version}
}

func (o opened) keys() BrokerKeys {
	return BrokerKeys{User: o.user, Broker: o.conn.Broker, APIKey: o.texts[store.FieldAPIKey], SecretKey: o.texts[store.FieldSecretKey]}
}

func (o opened) login(beforeCode func(context.Context, int64) error) BrokerLogin {
	return BrokerLogin{LoginID: o.texts[store.FieldLoginID], Password: o.texts[store.FieldPassword], TOTP: o.texts[store.FieldTOTP],
		LastCode: o.conn.LastCode, BeforeCode: beforeCode}
}

// isCurrent reports whether the stored fields are still those that were opened.
func (o opened) isCurrent(conn store.Connection, rows map[store.SecretField]store.Sealed, fields []store.SecretField) bool {
	if conn.Broker != o.conn.Broker {
		return false
	}
	for _, field := range fields {
		row, isStored := rows[field]
		was, wasStored := o.marks[field]
		if isStored != wasStored || markOf(row).version != was.version || !row.SetAt.Equal(was.setAt) {
			return false
		}
	}
	return true
}

// lacking lists those of the fields that were asked for and are not stored.
func (o opened) lacking(fields []store.SecretField) (list []store.SecretField) {
	for _, field := range fields {
		if o.texts[field].IsEmpty() {
			list = append(list, field)
		}
	}
	return list
}

// missing lists those of the fields that are not stored.
func missing(rows map[store.SecretField]store.Sealed, fields []store.SecretField) (list []store.SecretField) {
	for _, field := range fields {
		if _, isStored := rows[field]; !isStored {
			list = append(list, field)
		}
	}
	return list
}

// needKeys refuses what cannot work without API Key and Secret Key.
func needKeys(rows map[store.SecretField]store.Sealed) error {
	lacking := missing(rows, keyFields)
	if len(lacking) == 0 {
		return nil
	}
	return &Refusal{Code: BrokerMissing, Text: listNames(lacking) + " not provided.", Field: string(lacking[0]),
		Next: "Enter it under Breeze API Credentials and press Update Credentials."}
}

// sealedSession is how the token of the day and the API session it came from are sealed together.
func sealedSession(token, apiSession secret.Text) secret.Text {
	return secret.New(token.Reveal() + "\n" + apiSession.Reveal())
}

func splitSession(text secret.Text) (token, apiSession secret.Text) {
	t, a, _ := strings.Cut(text.Reveal(), "\n")
	return secret.New(t), secret.New(a)
}
