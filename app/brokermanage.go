package app

import (
	"context"
	"errors"
	"time"

	"paperport/auth"
	"paperport/secret"
	"paperport/store"
)

// Disconnect wipes rows, memory and sockets. The live venue and its books stay, and so do attempts, submissions and the
// trail.
func (b *Brokers) Disconnect(ctx context.Context, a Actor, from From) error {
	s := b.lockSeat(a.User.ID)
	defer s.edit.Unlock()
	var broker store.BrokerID
	var lastCode int64
	err := b.write(ctx, "disconnect", func(tx store.BrokerTx) error {
		conn, err := tx.Connection(ctx, a.User.ID)
		if errors.Is(err, store.ErrAbsent) {
			return noConnection()
		}
		if err != nil {
			return err
		}
		broker, lastCode = conn.Broker, conn.LastCode
		if err := tx.RemoveConnection(ctx, a.User.ID); err != nil {
			return err
		}
		if err := b.settleNotices(ctx, tx, a.User.ID, noticeRenewal, noticeNeedsUser, noticeIdentity, noticeEnded, noticeLocked); err != nil {
			return err
		}
		return b.audit(ctx, tx, who{a.User.ID, from}, a.User.ID, "broker-disconnect", "broker="+string(broker), "ok")
	})
	if err != nil {
		return err
	}
	b.mu.Lock()
	s.open, s.kept, s.retryAt, s.retries, s.isBootPending = nil, keptLogin{}, zeroTime, 0, false
	s.lastCode = max(s.lastCode, lastCode)
	b.mu.Unlock()
	b.opt.Live.Ended(a.User.ID, broker, "the broker was disconnected")
	b.tell(a.User.ID)
	return nil
}

func noConnection() *Refusal {
	return &Refusal{Code: BrokerMissing, Text: "No broker is connected.", Next: "Enter API Key and Secret Key under Breeze API Credentials first."}
}

// Hold pauses or resumes automatic login.
func (b *Brokers) Hold(ctx context.Context, a Actor, isHeld bool, from From) error {
	action := "broker-resume"
	if isHeld {
		action = "broker-hold"
	}
	return b.edit(ctx, a, action, from, func(conn *store.Connection) { conn.IsHeld = isHeld })
}

// RenewEveryDay switches renewals on days without any session on or off.
func (b *Brokers) RenewEveryDay(ctx context.Context, a Actor, isOn bool, from From) error {
	action := "broker-every-day-off"
	if isOn {
		action = "broker-every-day-on"
	}
	return b.edit(ctx, a, action, from, func(conn *store.Connection) { conn.IsEveryDay = isOn })
}

func (b *Brokers) edit(ctx context.Context, a Actor, action string, from From, edit func(*store.Connection)) error {
	err := b.write(ctx, "edit connection", func(tx store.BrokerTx) error {
		conn, err := tx.Connection(ctx, a.User.ID)
		if errors.Is(err, store.ErrAbsent) {
			return noConnection()
		}
		if err != nil {
			return err
		}
		edit(&conn)
		if err := tx.SaveConnection(ctx, conn); err != nil {
			return err
		}
		return b.audit(ctx, tx, who{a.User.ID, from}, a.User.ID, action, "broker="+string(conn.Broker), "ok")
	})
	if err == nil {
		b.tell(a.User.ID)
	}
	return err
}

// DemoAccount returns the demo credentials that the Setup Guide offers.
func (b *Brokers) DemoAccount(ctx context.Context, a Actor) (BrokerFields, error) {
	fields, err := b.opt.Gateway.DemoAccount(ctx, a.User.ID)
	var failure *BrokerFailure
	if errors.As(err, &failure) {
		return BrokerFields{}, b.refusalOf(store.DemoBroker, failure)
	}
	return fields, err
}

// Limits of comparing codes: a thief of a sign-in must not find today's codes by trying.
const (
	codeChecksMax  = 5
	codeChecksSpan = 5 * time.Minute
	codeReach      = 10 // steps of 30 s either way
)

// CheckCode compares six digits from the user's phone with the stored secret; it never shows a code.
func (b *Brokers) CheckCode(ctx context.Context, a Actor, code secret.Text, from From) (CodeCheck, error) {
	digits, isCode := sixDigits(code.Reveal())
	if !isCode {
		return CodeCheck{}, &Refusal{Code: BrokerFieldBad, Field: "code", Text: "Enter the six digits that your authenticator app shows now."}
	}
	if err := b.mayCheck(a.User.ID); err != nil {
		return CodeCheck{}, err
	}
	o, err := b.open(ctx, who{a.User.ID, from}, a.User.ID, forCode, store.FieldTOTP)
	if err != nil {
		return CodeCheck{}, err
	}
	totp := o.texts[store.FieldTOTP]
	if totp.IsEmpty() {
		return CodeCheck{}, &Refusal{Code: BrokerMissing, Field: string(store.FieldTOTP), Text: "TOTP Secret not provided.",
			Next: "Save it first, then compare a code."}
	}
	check := codeCheck(totp, digits, b.opt.Clock.Now())
	err = b.write(ctx, "note a code check", func(tx store.BrokerTx) error {
		return b.audit(ctx, tx, who{a.User.ID, from}, a.User.ID, "broker-code-check", "", check.Result)
	})
	return check, err
}

func codeCheck(totp secret.Text, digits string, now time.Time) CodeCheck {
	steps, isFound := auth.CodeStepsOff(totp.Reveal(), digits, now, codeReach)
	switch {
	case !isFound:
		return CodeCheck{Result: "no_match", Text: "No match: this code does not come from the stored TOTP Secret." +
			" Copy the secret again, or wait for the next code and retry."}
	case steps < -1 || steps > 1:
		return CodeCheck{Result: "clock_off", Steps: steps, Text: "The secret matches, but the clocks differ: " + stepsText(steps)}
	default:
		return CodeCheck{Result: "match", Steps: steps, Text: "Match: the stored TOTP Secret gives the codes of your phone."}
	}
}

// mayCheck refuses the sixth comparison in five minutes.
func (b *Brokers) mayCheck(user auth.UserID) error {
	now := b.opt.Clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.seat(user)
	kept := s.checks[:0]
	for _, at := range s.checks {
		if now.Sub(at) < codeChecksSpan {
			kept = append(kept, at)
		}
	}
	s.checks = kept
	if len(kept) >= codeChecksMax {
		return &Refusal{Code: SlowDown, Text: "Too many codes compared. Try again in a few minutes.", Wait: codeChecksSpan - now.Sub(kept[0])}
	}
	s.checks = append(s.checks, now)
	return nil
}
