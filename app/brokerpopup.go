package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"paperport/auth"
	"paperport/secret"
	"paperport/store"
)

// popupSpan is how long a popup may take from the button to the broker's return.
const popupSpan = 10 * time.Minute

// noAttemptText is the page for whatever comes back without a wait of its own.
const noAttemptText = "No sign-in is waiting in this browser: it was used already, is older than 10 minutes, or began somewhere else. Nothing was saved."

// StartPopup begins a wait for the broker's login page.
func (b *Brokers) StartPopup(ctx context.Context, a Actor, from From) (PopupStart, error) {
	if err := b.keyLocked(); err != nil {
		return PopupStart{}, err
	}
	binding, hash := auth.NewToken()
	now, _ := b.now()
	p := store.Popup{ID: randomHex(16), Binding: hash, User: a.User.ID, Login: a.Login.TokenHash, CreatedAt: now, ExpiresAt: now.Add(popupSpan)}
	err := b.write(ctx, "start a popup", func(tx store.BrokerTx) error {
		conn, rows, err := b.rowsOf(ctx, tx, a.User.ID)
		if err != nil {
			return err
		}
		if err := needKeys(rows); err != nil {
			return err
		}
		if why := b.opt.Gateway.PopupRefusal(conn.Broker); why != "" {
			return &Refusal{Code: PopupRefused, Text: why, Next: "Use Auto Generate Session or paste the session token."}
		}
		p.Broker = conn.Broker
		if err := tx.AddPopup(ctx, p); err != nil {
			return err
		}
		return b.audit(ctx, tx, who{a.User.ID, from}, a.User.ID, "broker-popup", "broker="+string(conn.Broker), "ok")
	})
	if err != nil {
		return PopupStart{}, err
	}
	return PopupStart{ID: p.ID, ExpiresAt: p.ExpiresAt, Binding: secret.New(binding)}, nil
}

// PopupAddress is where the popup goes: the broker's login page.
func (b *Brokers) PopupAddress(ctx context.Context, a Actor, id string) (secret.Text, error) {
	p, err := b.Popup(ctx, a, id)
	if err != nil {
		return secret.Text{}, err
	}
	if !p.UsedAt.IsZero() || !b.opt.Clock.Now().Before(p.ExpiresAt) || p.Login != a.Login.TokenHash {
		return secret.Text{}, &Refusal{Code: PopupRefused, Text: noAttemptText, Next: nextOf(&BrokerFailure{Class: FailedAttempt})}
	}
	o, err := b.open(ctx, who{actor: a.User.ID}, a.User.ID, forPopup, keyFields...)
	if err != nil {
		return secret.Text{}, err
	}
	if o.conn.Broker != p.Broker || len(o.lacking(keyFields)) > 0 {
		return secret.Text{}, b.refusalOf(o.conn.Broker, changedMeanwhile())
	}
	address, err := b.opt.Gateway.LoginAddress(o.keys())
	var failure *BrokerFailure
	if errors.As(err, &failure) {
		return secret.Text{}, b.refusalOf(p.Broker, failure)
	}
	return address, err
}

// Popup tells how a popup of the user's own went.
func (b *Brokers) Popup(ctx context.Context, a Actor, id string) (store.Popup, error) {
	p, err := b.opt.Rows.Popup(ctx, id)
	if errors.Is(err, store.ErrAbsent) || err == nil && p.User != a.User.ID {
		return store.Popup{}, ErrNotFound
	}
	if err != nil {
		return store.Popup{}, fmt.Errorf("app: read popup: %w", err)
	}
	return p, nil
}

// FinishPopup takes the API session that came back to a browser that holds the binding. A failure to get a session is a
// PopupEnd, too; only trouble of our own is an error.
func (b *Brokers) FinishPopup(ctx context.Context, binding, apiSession secret.Text, from From) (PopupEnd, error) {
	p, err := b.usePopup(ctx, binding, from)
	if err != nil {
		return PopupEnd{}, err
	}
	if p.ID == "" {
		return PopupEnd{Text: noAttemptText}, nil
	}
	t := loginTask{who: who{p.User, from}, user: p.User, trigger: byPopup, isManual: true}
	failure, err := b.returned(ctx, t, p, apiSession)
	if err != nil {
		failure = &BrokerFailure{Class: FailedUncertain, Text: "the session could not be saved", Cause: err}
	}
	end := PopupEnd{ID: p.ID, IsOK: failure == nil, Text: textFromPopup}
	outcome := "ok"
	if failure != nil {
		outcome, end.Text = string(failure.Class), asSentence(sentenceOf(p.Broker, failure))+" "+nextOf(failure)
	}
	settleErr := b.write(context.WithoutCancel(ctx), "settle a popup", func(tx store.BrokerTx) error {
		return tx.SettlePopup(ctx, p.ID, outcome, end.Text)
	})
	b.tell(p.User)
	return end, errors.Join(err, settleErr)
}

// usePopup spends the wait behind a binding; the zero Popup when there is none, which the trail notes.
func (b *Brokers) usePopup(ctx context.Context, binding secret.Text, from From) (p store.Popup, err error) {
	err = b.write(ctx, "use a popup", func(tx store.BrokerTx) error {
		p, err = tx.UsePopup(ctx, auth.HashToken(binding.Reveal()), b.opt.Clock.Now())
		if errors.Is(err, store.ErrAbsent) {
			p = store.Popup{}
			return b.audit(ctx, tx, who{from: from}, "", "broker-callback", "no attempt is waiting", string(FailedAttempt))
		}
		if err != nil {
			return err
		}
		return b.audit(ctx, tx, who{p.User, from}, p.User, "broker-popup-used", "broker="+string(p.Broker), "ok")
	})
	return p, err
}

// returned checks that the wait is still the user's and the credentials those it began with, then exchanges.
func (b *Brokers) returned(ctx context.Context, t loginTask, p store.Popup, apiSession secret.Text) (*BrokerFailure, error) {
	var f *BrokerFailure
	switch {
	case !b.opt.IsSignedIn(p.Login):
		f = &BrokerFailure{Class: FailedAttempt, Text: "you signed out of PaperPort meanwhile; nothing was saved"}
	case !isAPISession(apiSession):
		f = &BrokerFailure{Class: FailedNoToken, Text: "the broker's page came back without a session token"}
	}
	if f != nil {
		return f, b.refusePopup(ctx, t, p, f)
	}
	o, err := b.open(ctx, t.who, t.user, forExchange, keyFields...)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		f = &BrokerFailure{Class: FailedKeyLocked, Text: refusal.Text, Next: refusal.Next}
		return f, b.refusePopup(ctx, t, p, f)
	}
	if err != nil {
		return nil, err
	}
	if o.conn.Broker != p.Broker || len(o.lacking(keyFields)) > 0 || o.marks[store.FieldAPIKey].setAt.After(p.CreatedAt) {
		f = changedMeanwhile()
		return f, b.refusePopup(ctx, t, p, f)
	}
	return b.exchange(ctx, t, o, wayPopup, apiSession, b.opt.Clock.Now())
}

func (b *Brokers) refusePopup(ctx context.Context, t loginTask, p store.Popup, f *BrokerFailure) error {
	return b.write(ctx, "refuse a popup", func(tx store.BrokerTx) error {
		if err := b.audit(ctx, tx, t.who, t.user, "broker-popup-refused", "broker="+string(p.Broker), string(f.Class)); err != nil {
			return err
		}
		return b.addAttempt(ctx, tx, t, p.Broker, wayPopup, f)
	})
}

// RefuseCallback notes in the trail that something came to the callback without a waiting attempt.
func (b *Brokers) RefuseCallback(ctx context.Context, why string, from From) error {
	return b.write(ctx, "note a callback", func(tx store.BrokerTx) error {
		return b.audit(ctx, tx, who{from: from}, "", "broker-callback", why, string(FailedAttempt))
	})
}
