package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/store"
)

// The submission budget (reliability.md 2.3): what may be sent to a login page of a user's account.
const (
	autosMax     = 2 // automatic submissions of an IST day, whatever came of them
	autoRejects  = 1 // refused ones after which nothing is sent automatically until the user edits the credentials
	brokerWrong  = 5 // wrong entries in a row after which ICICI locks an account (broker-connection.md 2)
	handWrongMax = 4 // wrong ones in a row after which we send none by hand either: the last is the user's own
	streakDays   = 7 // how far back wrong ones in a row are counted
	// inFlightMax is how long a submission without an outcome keeps others from starting: longer than any login takes.
	inFlightMax = 3 * time.Minute
)

// Outcomes of submissions.
const (
	outcomeAccepted = "accepted"
	outcomeRejected = "rejected"
	outcomeUnknown  = "unknown"
)

// spent is what the submissions so far leave.
type spent struct {
	day   calendar.Date
	autos int
	// rejected counts refused ones of the day since the login fields were edited last.
	rejected int
	// wrong counts those in a row at this broker, newest first, that were or may have been refused, since a login there worked.
	wrong int
	// isInFlight: another login is under way.
	isInFlight bool
	// hasWaste: one of today's automatic ones was not accepted.
	hasWaste bool
}

// spentOf counts a user's submissions; those in a row are counted at one broker, as each counts its own.
func (b *Brokers) spentOf(ctx context.Context, r store.BrokerReader, user auth.UserID, broker store.BrokerID,
	rows map[store.SecretField]store.Sealed) (spent, error) {
	now, today := b.now()
	s := spent{day: today}
	session, err := b.sessionOf(ctx, r, user)
	if err != nil {
		return spent{}, err
	}
	var edited time.Time
	for _, field := range loginFields {
		if at := rows[field].SetAt; at.After(edited) {
			edited = at
		}
	}
	inRow := true
	for back := -1; back < streakDays; back++ { // tomorrow's, too: a clock may have gone back over midnight
		list, err := r.Submissions(ctx, user, today.Add(-back))
		if err != nil {
			return spent{}, fmt.Errorf("app: read submissions: %w", err)
		}
		for i := len(list) - 1; i >= 0; i-- {
			sub := list[i]
			if back == 0 {
				s.count(sub, edited, now)
			}
			if sub.Broker != broker {
				continue
			}
			if inRow = inRow && sub.Outcome != outcomeAccepted && !showsLogin(session, sub); inRow {
				s.wrong++
			}
		}
	}
	return s, nil
}

// showsLogin reports whether a session proves a login at the broker later than a submission. A pasted one does not: its
// API session may be older.
func showsLogin(session store.BrokerSession, sub store.Submission) bool {
	return session.Broker == sub.Broker && session.Way != wayPaste && session.IssuedAt.After(sub.At)
}

// count takes in one submission of today.
func (s *spent) count(sub store.Submission, edited, now time.Time) {
	if !sub.IsManual {
		s.autos++
		s.hasWaste = s.hasWaste || sub.Outcome != outcomeAccepted
	}
	if sub.Outcome == outcomeRejected && sub.At.After(edited) {
		s.rejected++
	}
	if sub.Outcome == "" && now.Sub(sub.At) < inFlightMax && !sub.At.After(now) {
		s.isInFlight = true
	}
}

// refusal says why the next submission may not leave, nil when it may.
func (s spent) refusal(broker store.BrokerID, isManual bool) *BrokerFailure {
	name := BrokerName(broker)
	switch {
	case s.isInFlight:
		return &BrokerFailure{Class: FailedBudget, Text: "another sign-in was sent less than 3 minutes ago and its answer is not known yet",
			Next: "Wait 3 minutes and try again.", Wait: inFlightMax}
	case s.wrong >= handWrongMax:
		return &BrokerFailure{Class: FailedBudget, Text: fmt.Sprintf("%d sign-ins in a row did not work. %s locks an account after %d wrong ones,"+
			" so PaperPort sends no more and leaves the last one to you", s.wrong, name, brokerWrong),
			Next: "Log in with Generate Session Popup: a login that works starts the count again."}
	case isManual:
		return nil
	case s.rejected >= autoRejects:
		return &BrokerFailure{Class: FailedBudget, Text: name + " refused a sign-in today; none is sent automatically until you act",
			Next: nextOf(&BrokerFailure{Class: FailedPassword})}
	case s.autos >= autosMax:
		return &BrokerFailure{Class: FailedBudget, Text: fmt.Sprintf("today's %d automatic sign-ins are used", autosMax)}
	default:
		return nil
	}
}

// needsWord reports whether a press of the button must be confirmed with the remaining count in sight.
func (s spent) needsWord(conn store.Connection) bool { return conn.NeedsUser != "" || s.rejected > 0 }

func (s spent) left() int { return max(0, handWrongMax-s.wrong) }

// confirm is the question before one more submission.
func (s spent) confirm(conn store.Connection) *Refusal {
	why := ""
	if conn.NeedsUser != "" {
		why = "The last one ended so: " + sentenceOf(conn.Broker, stopOf(conn)) + ". "
	}
	return &Refusal{Code: ConfirmSubmission, Text: fmt.Sprintf("%s%s locks an account after %d wrong sign-ins in a row; %d of the last ones did"+
		" not work. PaperPort would send at most %d more and leaves one to you.", why, BrokerName(conn.Broker), brokerWrong, s.wrong, s.left()), Next: "Press again to send one more, or use Generate Session Popup."}
}

// budget is what Settings shows of it.
func (s spent) budget(conn store.Connection) SubmissionBudget {
	return SubmissionBudget{Day: s.day, Used: s.autos, Max: autosMax, Rejected: s.wrong, BrokerMax: brokerWrong, IsConfirmationNeeded: s.needsWord(conn)}
}

// submission writes ahead what is about to leave for one login page.
type submission struct {
	b    *Brokers
	task loginTask
	o    opened
	// row is the newest one; ID is "" while nothing was sent.
	row store.Submission
	// stopped or question is why we let nothing more leave.
	stopped  *BrokerFailure
	question *Refusal
}

// before is called before each secret leaves; what it returns stops the login.
func (s *submission) before(ctx context.Context, step string) error {
	err := s.b.write(context.WithoutCancel(ctx), "write ahead", func(tx store.BrokerTx) error {
		conn, rows, err := s.b.rowsOf(ctx, tx, s.task.user)
		if err != nil {
			return err
		}
		if err := s.mayGo(conn, rows); err != nil {
			return err
		}
		if s.row.ID == "" || step == "code" && s.row.Step == "code" {
			if err := s.next(ctx, tx, conn, rows); err != nil {
				return err
			}
		}
		return s.save(ctx, tx, step)
	})
	s.noteStop(err)
	return err
}

// noteStop keeps our own word against sending, which the login may wrap into one of its own.
func (s *submission) noteStop(err error) {
	var f *BrokerFailure
	var question *Refusal
	switch {
	case errors.As(err, &f):
		s.stopped = f
	case errors.As(err, &question):
		s.question = question
	}
}

// mayGo refuses when the user changed his mind since the secrets were opened.
func (s *submission) mayGo(conn store.Connection, rows map[store.SecretField]store.Sealed) error {
	if !s.o.isCurrent(conn, rows, signInFields()) {
		return changedMeanwhile()
	}
	if !s.task.isManual && conn.IsHeld {
		return &BrokerFailure{Class: FailedHeld}
	}
	return nil
}

func changedMeanwhile() *BrokerFailure {
	return &BrokerFailure{Class: FailedAttempt, Text: "the credentials were changed meanwhile", Next: "Try again with the new ones."}
}

// next starts another submission within the budget. A code that is to be sent a second time counts as one of its own,
// after the first as refused.
func (s *submission) next(ctx context.Context, tx store.BrokerTx, conn store.Connection, rows map[store.SecretField]store.Sealed) error {
	if s.row.ID != "" {
		s.row.Outcome, s.row.SettledAt = outcomeRejected, s.b.opt.Clock.Now()
		if err := tx.SaveSubmission(ctx, s.row); err != nil {
			return err
		}
	}
	sum, err := s.b.spentOf(ctx, tx, s.task.user, conn.Broker, rows)
	if err != nil {
		return err
	}
	if refusal := sum.refusal(conn.Broker, s.task.isManual); refusal != nil {
		if s.row.ID != "" { // the transaction is undone; the answer that is settled is the refused code
			return &BrokerFailure{Class: FailedCode, Text: textNoCode, IsSubmitted: true}
		}
		return refusal
	}
	if s.task.isManual && !s.task.isConfirmed && s.row.ID == "" && sum.needsWord(conn) {
		return sum.confirm(conn)
	}
	s.row = store.Submission{}
	return nil
}

// beforeCode keeps the step of a code that is about to leave, so that it is never sent again, even if the process dies
// now.
func (s *submission) beforeCode(ctx context.Context, step int64) error {
	err := s.b.write(context.WithoutCancel(ctx), "burn a code", func(tx store.BrokerTx) error {
		conn, err := tx.Connection(ctx, s.task.user)
		if errors.Is(err, store.ErrAbsent) {
			return changedMeanwhile()
		}
		if err != nil {
			return err
		}
		conn.LastCode = max(conn.LastCode, step)
		return tx.SaveConnection(ctx, conn)
	})
	s.noteStop(err)
	return err
}

func (s *submission) save(ctx context.Context, tx store.BrokerTx, step string) error {
	now, today := s.b.now()
	isNew := s.row.ID == ""
	if isNew {
		s.row = store.Submission{ID: randomHex(16), User: s.task.user, Broker: s.o.conn.Broker, Day: today, IsManual: s.task.isManual, At: now}
	}
	s.row.Step = step
	save := tx.SaveSubmission
	if isNew {
		save = tx.AddSubmission
	}
	if err := save(ctx, s.row); err != nil {
		return err
	}
	return s.b.audit(ctx, tx, s.task.who, s.task.user, "broker-submission", "step="+step+" trigger="+s.task.trigger, "ok")
}

// settle stores what came of the submission; failure is nil when the login page accepted it. The caller's transaction
// saves the connection.
func (s *submission) settle(ctx context.Context, tx store.BrokerTx, conn *store.Connection, codeStep int64, failure *BrokerFailure) error {
	if s.row.ID == "" {
		return nil
	}
	conn.LastCode = max(conn.LastCode, codeStep)
	s.row.Outcome, s.row.SettledAt = submissionOutcome(failure), s.b.opt.Clock.Now()
	if err := tx.SaveSubmission(ctx, s.row); err != nil {
		return err
	}
	class := "ok"
	if failure != nil {
		class = string(failure.Class)
	}
	return s.b.audit(ctx, tx, s.task.who, s.task.user, "broker-submission-answer", "step="+s.row.Step+" outcome="+s.row.Outcome, class)
}

// submissionOutcome is how the broker's count of wrong entries may have seen it.
func submissionOutcome(failure *BrokerFailure) string {
	if failure == nil {
		return outcomeAccepted
	}
	switch failure.Class {
	case FailedPassword, FailedLocked, FailedCode, FailedRefused:
		return outcomeRejected
	default:
		return outcomeUnknown
	}
}
