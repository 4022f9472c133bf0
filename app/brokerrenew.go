package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"paperport/auth"
	"paperport/store"
)

// Ends of a renewal, beside the classes of failures.
const (
	renewOK      = "ok"
	renewProved  = "proved"       // a session that lasts is there
	renewHeld    = "held"         // the user paused it
	renewWaits   = "needs_user"   // nothing is sent until the user acts
	renewLacking = "no_autologin" // a field is not stored
	renewLocked  = "locked_key"
)

// middayEvery keeps sessions that die again and again from being renewed without pause.
const middayEvery = 5 * time.Minute

// renew asks whether there is a session that lasts to today's last close and that a cheap call proves, and logs in when
// there is none.
func (b *Brokers) renew(ctx context.Context, user auth.UserID, trigger string) string {
	status, err := b.tryRenew(ctx, user, trigger)
	if err != nil && ctx.Err() == nil {
		b.opt.Log.ErrorContext(ctx, "broker renewal", "user_id", string(user), "trigger", trigger, "err", err)
	}
	b.opt.Log.InfoContext(ctx, "broker renewal", "user_id", string(user), "trigger", trigger, "status", status)
	return status
}

func (b *Brokers) tryRenew(ctx context.Context, user auth.UserID, trigger string) (string, error) {
	if b.opt.Seals.IsLocked() {
		return renewLocked, nil
	}
	conn, rows, err := b.rowsOf(ctx, b.opt.Rows, user)
	switch {
	case err != nil:
		return "failed", err
	case conn.IsHeld:
		return renewHeld, nil
	case len(missing(rows, keyFields)) > 0 || trigger != byMidday && len(missing(rows, loginFields)) > 0:
		return renewLacking, nil
	}
	isLasting, err := b.isLasting(ctx, user, isMorning(trigger))
	var failure *BrokerFailure
	switch {
	case isLasting:
		return renewProved, nil
	case errors.As(err, &failure):
		if err := b.noteUnproved(ctx, conn, trigger, failure); err != nil {
			return "failed", err
		}
		return b.renewFailed(ctx, user, trigger, &loginRun{browser: failure, err: waysFailed(conn.Broker, failure, nil)})
	case err != nil:
		return "failed", err
	}
	if conn.NeedsUser != "" && trigger != byMidday {
		return renewWaits, b.remind(ctx, conn)
	}
	run, err := b.logIn(ctx, loginTask{user: user, trigger: trigger})
	if err != nil {
		return "failed", err
	}
	if run.err == nil {
		return renewOK, nil
	}
	return b.renewFailed(ctx, user, trigger, run)
}

// noteUnproved shows that a renewal could not even ask whether the session works.
func (b *Brokers) noteUnproved(ctx context.Context, conn store.Connection, trigger string, f *BrokerFailure) error {
	return b.write(ctx, "note an unproved session", func(tx store.BrokerTx) error {
		return b.addAttempt(ctx, tx, loginTask{user: conn.User, trigger: trigger}, conn.Broker, wayBrowser, f)
	})
}

// isLasting proves a session that is old enough to last. The error is that the call did not get through.
func (b *Brokers) isLasting(ctx context.Context, user auth.UserID, isPlanned bool) (bool, error) {
	row, err := b.sessionOf(ctx, b.opt.Rows, user)
	if err != nil {
		return false, err
	}
	now, _ := b.now()
	isOpen := b.openOf(user) != nil
	switch st := standingOf(row, now, isOpen); {
	case st == noSession || st == endedSession || !b.lasts(row, now, isPlanned):
		return false, nil
	case st == provedSession && now.Sub(row.ProvedAt) < proofFresh:
		return true, nil
	}
	err = b.probe(ctx, user)
	var failure *BrokerFailure
	if errors.As(err, &failure) && isSessionRefusal(failure.Class) {
		return false, nil
	}
	return err == nil, err
}

// renewFailed plans a repetition where that is safe, and tells the user.
func (b *Brokers) renewFailed(ctx context.Context, user auth.UserID, trigger string, run *loginRun) (string, error) {
	var refusal *Refusal
	if !errors.As(run.err, &refusal) {
		return "failed", run.err
	}
	switch refusal.Code {
	case AutoSessionFailed:
	case BrokerMissing: // a stored value that cannot be opened
		return strings.ToLower(string(refusal.Code)), b.noticeRenewalFailed(ctx, user, trigger, refusal)
	default: // the shared end of a press of the button, or a locked key: the user sees it himself
		return strings.ToLower(string(refusal.Code)), nil
	}
	class := FailedUncertain
	if run.browser != nil {
		class = run.browser.Class
		if isRepeatable(run.browser) {
			b.planRetry(user, trigger)
		}
		if isStop(class) || class == FailedHeld { // told of already, or the user's own wish
			return string(class), nil
		}
	}
	if class == FailedMissing { // without stored login fields nothing was promised
		refusal = &Refusal{Text: "Your broker session has ended", Next: "Log in again with Generate Session Popup, or paste a session token."}
		trigger = ""
	}
	return string(class), b.noticeRenewalFailed(ctx, user, trigger, refusal)
}

// noticeRenewalFailed tells the user what happened at a trigger ("" when nothing automatic was due) and what to do.
func (b *Brokers) noticeRenewalFailed(ctx context.Context, user auth.UserID, trigger string, refusal *Refusal) error {
	kind, text := noticeRenewal, "Automatic login "+whenOf(trigger)+" failed. "
	switch trigger {
	case byMidday:
		kind, text = noticeEnded, "Your broker session has ended and automatic login did not bring it back. "
	case "":
		kind, text = noticeEnded, ""
	}
	text += asSentence(strings.TrimPrefix(refusal.Text, textFailed)) + " " + refusal.Next
	err := b.write(ctx, "tell of a failed renewal", func(tx store.BrokerTx) error {
		return b.notify(ctx, tx, store.Notice{User: user, Kind: kind, Action: "popup", Text: strings.TrimSpace(text)})
	})
	b.tell(user)
	return err
}

// isRepeatable reports failures before anything secret left, which time may cure.
func isRepeatable(f *BrokerFailure) bool {
	switch f.Class {
	case FailedUnreachable, FailedOutage, FailedRate, FailedClock, FailedNotConfigured:
		return !f.IsSubmitted
	default:
		return false
	}
}

// planRetry sets the next repetition: at most four after each trigger, those of the morning until 09:10.
func (b *Brokers) planRetry(user auth.UserID, trigger string) {
	now, today := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.seat(user)
	s.retryAt = zeroTime
	if s.trigger != trigger {
		s.trigger, s.retries = trigger, 0
	}
	if s.retries >= len(backoff) {
		return
	}
	at := now.Add(backoff[s.retries])
	end := today.At(retriesEnd).Time()
	if isMorning(trigger) && now.Before(end) && at.After(end) { // a slot caught up later has its four, too
		return
	}
	s.retryAt = at
	s.retries++
}

func isMorning(trigger string) bool { return trigger != byStart && trigger != byMidday }

func whenOf(trigger string) string {
	switch trigger {
	case byStart:
		return "after the start"
	case byMidday:
		return "after the session ended"
	default:
		return "at " + trigger + " IST"
	}
}

// remind tells once more that nothing is sent until the user acts, with what is left.
func (b *Brokers) remind(ctx context.Context, conn store.Connection) error {
	f := stopOf(conn)
	return b.write(ctx, "remind", func(tx store.BrokerTx) error {
		left, err := b.leftText(ctx, tx, conn.User)
		if err != nil {
			return err
		}
		return b.notify(ctx, tx, store.Notice{User: conn.User, Kind: noticeNeedsUser, Action: "popup",
			Text: "Automatic login waits for you: " + asSentence(sentenceOf(conn.Broker, f)) + " " + nextOf(f) + left})
	})
}

// jitter is a random delay, so that many installations do not log in at the same second.
func (b *Brokers) jitter(ctx context.Context) {
	if b.opt.Jitter <= 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-b.opt.Clock.After(rand.N(b.opt.Jitter)):
	}
}
