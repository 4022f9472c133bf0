package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"paperport/auth"
	"paperport/secret"
	"paperport/store"
)

// loginSpan bounds an automatic login with both its ways: a login page waits up to 90 s for a fresh code.
const loginSpan = 3 * time.Minute

// Triggers of attempts.
const (
	byButton = "button"
	byStart  = "start"
	byMidday = "midday"
	byPopup  = "popup"
	byPaste  = "paste"
)

// Ways to a session.
const (
	wayBrowser = "browser"
	wayDirect  = "direct"
	wayPopup   = "popup"
	wayPaste   = "paste"
)

// loginTask is one automatic login, asked for by the user (isManual) or by the program.
type loginTask struct {
	who         who
	user        auth.UserID
	trigger     string
	isManual    bool
	isConfirmed bool
}

// loginRun is a login under way; done is closed when the rest is set.
type loginRun struct {
	done chan struct{}
	text string
	err  error
	// browser is how the first way failed, nil when it did not or was not tried.
	browser *BrokerFailure
}

// Generate is the green button: browser flow first, direct API second. isConfirmed says that the user saw how many
// submissions are left and wants one more. It returns the sentence to show; a failure is a *Refusal AUTO_SESSION_FAILED.
func (b *Brokers) Generate(ctx context.Context, a Actor, isConfirmed bool, from From) (string, error) {
	run, err := b.logIn(ctx, loginTask{who: who{a.User.ID, from}, user: a.User.ID, trigger: byButton, isManual: true, isConfirmed: isConfirmed})
	if errors.Is(err, context.DeadlineExceeded) {
		return "", &Refusal{Code: BrokerFailed, Text: "The broker answers slowly: the login is still under way.",
			Next: "Wait and press nothing: how it ends is shown here."}
	}
	if err != nil {
		return "", err
	}
	return run.text, run.err
}

// logIn runs a task, or waits for the one that is running already for this user and shares its end: however many ask
// at once, one is sent. The login goes on when the caller goes away, so that its answer is known.
func (b *Brokers) logIn(ctx context.Context, t loginTask) (*loginRun, error) {
	b.mu.Lock()
	s := b.seat(t.user)
	run := s.run
	isOwn := run == nil
	if isOwn {
		run = &loginRun{done: make(chan struct{})}
		s.run = run
		b.work.Add(1)
	}
	b.mu.Unlock()
	if isOwn {
		go b.perform(context.WithoutCancel(ctx), t, s, run)
	}
	select {
	case <-run.done:
		return run, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (b *Brokers) perform(ctx context.Context, t loginTask, s *seat, run *loginRun) {
	defer b.work.Done()
	ctx, cancel := context.WithTimeout(ctx, loginSpan)
	defer cancel()
	defer context.AfterFunc(b.quit, cancel)()
	b.tell(t.user) // renewing
	run.text, run.err = b.tryWays(ctx, t, run)
	b.mu.Lock()
	s.run = nil
	b.mu.Unlock()
	close(run.done)
	b.tell(t.user)
}

// tryWays tries the browser flow, then the direct API, and makes the sentence from what they answered.
func (b *Brokers) tryWays(ctx context.Context, t loginTask, run *loginRun) (string, error) {
	purpose := forRenewal
	if t.isManual {
		purpose = forSignIn
	}
	conn, rows, err := b.rowsOf(ctx, b.opt.Rows, t.user)
	if err != nil {
		return "", err
	}
	if len(missing(rows, keyFields)) > 0 {
		return "", waysFailed(conn.Broker, &BrokerFailure{Class: FailedMissing, Text: "API Key or Secret Key not provided",
			Next: "Fill in all five fields under Breeze API Credentials and click Update Credentials."}, nil)
	}
	if lacking := missing(rows, loginFields); t.isManual && len(lacking) > 0 {
		return "", b.lackingLogin(ctx, t, conn, lacking)
	}
	o, err := b.open(ctx, t.who, t.user, purpose, append(signInFields(), store.FieldSession)...)
	if err != nil {
		return "", err
	}
	browser, err := b.byBrowser(ctx, t, o)
	run.browser = browser
	if browser == nil || err != nil {
		return textGenerated, err
	}
	direct, err := b.byDirect(ctx, t, o)
	if direct == nil || err != nil {
		return wonBeside(o.conn.Broker, browser), err
	}
	return "", waysFailed(o.conn.Broker, browser, direct)
}

// wonBeside is the success of the second way. A wrong entry that the first one spent is not hidden behind it.
func wonBeside(broker store.BrokerID, browser *BrokerFailure) string {
	if !isStop(browser.Class) || !browser.IsSubmitted {
		return textGenerated
	}
	return textGenerated + ", by the Direct API. " + textBrowser + asSentence(sentenceOf(broker, browser)) + " " + nextOf(browser)
}

// lackingLogin is the guide's sentence for a press with something missing; nothing is submitted.
func (b *Brokers) lackingLogin(ctx context.Context, t loginTask, conn store.Connection, lacking []store.SecretField) error {
	f := &BrokerFailure{Class: FailedMissing, Text: lackingText(lacking)}
	err := b.write(ctx, "note an attempt", func(tx store.BrokerTx) error {
		return b.addAttempt(ctx, tx, t, conn.Broker, wayBrowser, f)
	})
	if err != nil {
		return err
	}
	return waysFailed(conn.Broker, f, nil)
}

func lackingText(lacking []store.SecretField) string {
	if len(lacking) == 1 && lacking[0] == store.FieldTOTP {
		return "TOTP Secret not provided"
	}
	return textNoLogin
}

// waysFailed joins the answers of both ways as the guide does. direct is nil, or of class FailedNothingHeld, when the
// second way was not tried.
func waysFailed(broker store.BrokerID, browser, direct *BrokerFailure) *Refusal {
	text := textFailed + textBrowser + strings.TrimSuffix(sentenceOf(broker, browser), ".")
	next := nextOf(browser)
	if direct != nil && direct.Class != FailedNothingHeld {
		text += ". " + textDirect + strings.TrimSuffix(sentenceOf(broker, direct), ".")
	}
	return &Refusal{Code: AutoSessionFailed, Text: text, Next: next, Wait: browser.Wait}
}

// byBrowser logs in at the broker's pages and exchanges what they give. It returns nil, nil when a session is kept, a
// failure of the way, or an error: trouble of our own, or a question to the user (*Refusal), after which the second way
// is not tried.
func (b *Brokers) byBrowser(ctx context.Context, t loginTask, o opened) (*BrokerFailure, error) {
	if kept := b.keptOf(o); !kept.apiSession.IsEmpty() {
		f, err := b.exchange(ctx, t, o, wayBrowser, kept.apiSession, kept.wonAt)
		if f == nil || err != nil || f.Class != FailedSession && f.Class != FailedNoToken {
			return f, err
		}
		b.keepLogin(t.user, keptLogin{})
	}
	if lacking := o.lacking(loginFields); len(lacking) > 0 {
		return &BrokerFailure{Class: FailedMissing, Text: lackingText(lacking)}, nil
	}
	if f, err := b.gate(ctx, t, o); f != nil || err != nil {
		return f, err
	}
	sub := &submission{b: b, task: t, o: o}
	won, err := b.opt.Gateway.Login(ctx, o.keys(), o.login(sub.beforeCode), sub.before)
	ctx = context.WithoutCancel(ctx)
	if err != nil && sub.question != nil && sub.row.ID == "" {
		return nil, sub.question
	}
	failure := sub.failure(err)
	wonAt := b.opt.Clock.Now()
	if failure == nil {
		b.keepLogin(t.user, keptLogin{won.APISession, wonAt, o.conn.Broker, o.marks[store.FieldAPIKey]})
	}
	if err := b.settleLogin(ctx, sub, won, failure); err != nil || failure != nil {
		return failure, err
	}
	return b.exchange(ctx, t, o, wayBrowser, won.APISession, wonAt)
}

// failure classes how the login ended, our own word against sending first; nil when it was accepted.
func (s *submission) failure(err error) *BrokerFailure {
	f := failureOf(err, s.row.ID != "")
	if f == nil {
		return nil
	}
	if s.stopped != nil {
		stopped := *s.stopped
		stopped.CodeStep = f.CodeStep
		f = &stopped
	}
	f.IsSubmitted = f.IsSubmitted || s.row.ID != ""
	return f
}

// gate refuses what the budget does not allow before anything is opened at the broker; before asks again, in the
// transaction that counts.
func (b *Brokers) gate(ctx context.Context, t loginTask, o opened) (*BrokerFailure, error) {
	conn, rows, err := b.rowsOf(ctx, b.opt.Rows, t.user)
	if err != nil {
		return nil, err
	}
	sum, err := b.spentOf(ctx, b.opt.Rows, t.user, conn.Broker, rows)
	if err != nil {
		return nil, err
	}
	if !t.isManual && conn.NeedsUser != "" {
		why := sentenceOf(o.conn.Broker, stopOf(conn))
		return &BrokerFailure{Class: FailedBudget, Text: why + "; nothing more is sent automatically until you act"}, nil
	}
	if f := sum.refusal(o.conn.Broker, t.isManual); f != nil {
		return f, b.noteGate(ctx, t, conn.Broker, f, sum.hasWaste && !t.isManual && !sum.isInFlight)
	}
	if t.isManual && !t.isConfirmed && sum.needsWord(conn) {
		return nil, sum.confirm(conn)
	}
	return nil, nil
}

// noteGate shows the attempt that was not made; isStop says that it takes the user to go on.
func (b *Brokers) noteGate(ctx context.Context, t loginTask, broker store.BrokerID, f *BrokerFailure, isStop bool) error {
	return b.write(ctx, "note a refused login", func(tx store.BrokerTx) error {
		conn, _, err := b.rowsOf(ctx, tx, t.user)
		if err != nil {
			return err
		}
		if isStop && conn.Broker == broker {
			conn.NeedsUser = string(FailedBudget)
			if err := tx.SaveConnection(ctx, conn); err != nil {
				return err
			}
			if err := b.noticeStop(ctx, tx, t, conn, f); err != nil {
				return err
			}
		}
		return b.addAttempt(ctx, tx, t, broker, wayBrowser, f)
	})
}

// failureOf classes an error of the gateway; isSubmitted says that something was written ahead.
func failureOf(err error, isSubmitted bool) *BrokerFailure {
	if err == nil {
		return nil
	}
	var f *BrokerFailure
	if errors.As(err, &f) {
		return f
	}
	if isSubmitted {
		return &BrokerFailure{Class: FailedUncertain, IsSubmitted: true, Cause: err}
	}
	return &BrokerFailure{Class: FailedUnreachable, Cause: err}
}

// settleLogin stores the answer to a submission, the attempt if it failed, and whether automatic logins stop.
func (b *Brokers) settleLogin(ctx context.Context, sub *submission, won LoginWon, failure *BrokerFailure) error {
	t := sub.task
	if failure != nil && failure.Cause != nil {
		b.opt.Log.WarnContext(ctx, "broker login failed", "user_id", string(t.user), "class", string(failure.Class), "err", failure.Cause)
	}
	return b.write(ctx, "settle a login", func(tx store.BrokerTx) error {
		conn, rows, err := b.rowsOf(ctx, tx, t.user)
		if err != nil {
			return err
		}
		codeStep := won.CodeStep
		if failure != nil {
			codeStep = failure.CodeStep
		}
		if err := sub.settle(ctx, tx, &conn, codeStep, failure); err != nil {
			return err
		}
		isCurrent := sub.o.isCurrent(conn, rows, signInFields())
		if failure != nil && isStop(failure.Class) && isCurrent {
			conn.NeedsUser = string(failure.Class)
			if err := b.noticeStop(ctx, tx, t, conn, failure); err != nil {
				return err
			}
		}
		if conn.Broker != store.NoBroker {
			if err := tx.SaveConnection(ctx, conn); err != nil {
				return err
			}
		}
		if failure == nil {
			return nil
		}
		return b.addAttempt(ctx, tx, t, sub.o.conn.Broker, wayBrowser, failure)
	})
}

// isStop reports the failures after which nothing is sent automatically until the user acts: a repetition cannot help,
// or could lock the account.
func isStop(class BrokerClass) bool {
	switch class {
	case FailedPassword, FailedLocked, FailedSMS, FailedCaptcha, FailedCode, FailedPage, FailedRefused, FailedUnknownKey, FailedStaticIP,
		FailedChecksum, FailedForeignKey, FailedIdentity:
		return true
	default:
		return false
	}
}

// noticeStop tells the user that his automatic logins wait for him, once per cause.
func (b *Brokers) noticeStop(ctx context.Context, tx store.BrokerTx, t loginTask, conn store.Connection, f *BrokerFailure) error {
	if t.isManual { // he sees the answer to his press
		return nil
	}
	left, err := b.leftText(ctx, tx, t.user)
	if err != nil {
		return err
	}
	return b.notify(ctx, tx, store.Notice{User: t.user, Kind: noticeNeedsUser, Action: "popup",
		Text: "Automatic login has stopped: " + asSentence(sentenceOf(conn.Broker, f)) + " " + nextOf(f) + left})
}

// leftText says how many sign-ins the user may still let leave, where some did not work.
func (b *Brokers) leftText(ctx context.Context, tx store.BrokerTx, user auth.UserID) (string, error) {
	conn, rows, err := b.rowsOf(ctx, tx, user)
	if err != nil {
		return "", err
	}
	sum, err := b.spentOf(ctx, tx, user, conn.Broker, rows)
	if err != nil || sum.wrong == 0 {
		return "", err
	}
	return fmt.Sprintf(" %d of the last sign-ins did not work; PaperPort would send at most %d more, each only when you press the button,"+
		" as %s locks an account after %d.", sum.wrong, sum.left(), shortName(conn.Broker), brokerWrong), nil
}

// byDirect exchanges the last API session we hold; it sends no password, code or secret.
func (b *Brokers) byDirect(ctx context.Context, t loginTask, o opened) (*BrokerFailure, error) {
	kept := b.keptOf(o)
	apiSession, issuedAt := kept.apiSession, kept.wonAt
	if apiSession.IsEmpty() {
		row, err := b.sessionOf(ctx, b.opt.Rows, t.user)
		if err != nil {
			return nil, err
		}
		_, apiSession = splitSession(o.texts[store.FieldSession])
		issuedAt = row.IssuedAt.Add(time.Microsecond) // it is as old as the login that gave it, and yet another session
	}
	if apiSession.IsEmpty() || b.opt.Clock.Now().Sub(issuedAt) >= sessionLife-time.Second {
		return &BrokerFailure{Class: FailedNothingHeld}, nil
	}
	return b.exchange(ctx, t, o, wayDirect, apiSession, issuedAt)
}

// keptLogin is an API session that a login page gave and no exchange has turned into a token yet.
type keptLogin struct {
	apiSession secret.Text
	wonAt      time.Time
	// broker and key are whose it is: it goes nowhere else.
	broker store.BrokerID
	key    mark
}

// keptOf returns what is kept of the broker and API Key that were opened; the zero value when nothing is.
func (b *Brokers) keptOf(o opened) keptLogin {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := b.seat(o.user).kept
	key := o.marks[store.FieldAPIKey]
	if kept.broker != o.conn.Broker || kept.key.version != key.version || !kept.key.setAt.Equal(key.setAt) {
		return keptLogin{}
	}
	return kept
}

func (b *Brokers) keepLogin(user auth.UserID, kept keptLogin) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seat(user).kept = kept
}

func (b *Brokers) addAttempt(ctx context.Context, tx store.BrokerTx, t loginTask, broker store.BrokerID, way string, f *BrokerFailure) error {
	a := store.Attempt{ID: randomHex(16), User: t.user, Broker: broker, At: b.opt.Clock.Now(), Trigger: t.trigger, Way: way, Outcome: "ok"}
	switch {
	case f != nil:
		a.Outcome, a.Text = string(f.Class), sentenceOf(broker, f)
	case way == wayPopup:
		a.Text = textFromPopup
	case way == wayPaste:
		a.Text = textSessionSave
	default:
		a.Text = textGenerated
	}
	return tx.AddAttempt(ctx, a)
}
