package app

import (
	"context"
	"errors"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/schedule"
	"paperport/store"
)

const (
	stopGrace  = 5 * time.Second // how long a login under way may go on when the program ends
	countEvery = time.Minute     // how far the stored request counts may lag
	// streamDeath is what a refusal reported by a live market is called where it has no words of its own.
	streamDeath = "the broker refused the session"
)

// Run renews, probes and ends sessions until ctx ends; then it waits for what is under way.
func (b *Brokers) Run(ctx context.Context) {
	b.start(ctx)
	for ctx.Err() == nil {
		b.look(ctx)
		select {
		case <-ctx.Done():
		case <-b.wake:
		case <-b.opt.Clock.After(schedule.Every):
		}
	}
	b.finish()
	b.countRequests(context.WithoutCancel(ctx), true)
}

// finish gives logins under way a moment to hear their answer, so that it is known, and then ends them.
func (b *Brokers) finish() {
	done := make(chan struct{})
	go func() {
		b.work.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-b.opt.Clock.After(stopGrace):
		b.stop()
		<-done
	}
	b.stop()
}

// start settles what a process before this one left open and plans the look 15 s after the start.
func (b *Brokers) start(ctx context.Context) {
	now, today := b.now()
	due := now.Add(bootWait)
	if calendar.FromTime(now).TimeOfDay() < nightEnd {
		due = today.At(firstRenewal).Time()
	}
	conns, err := b.opt.Rows.Connections(ctx)
	if err != nil {
		b.opt.Log.ErrorContext(ctx, "broker connections", "err", err)
	}
	b.mu.Lock()
	b.bootDue = due
	for _, conn := range conns {
		b.seat(conn.User).isBootPending = true
	}
	b.mu.Unlock()
	isLocked := b.opt.Seals.IsLocked()
	for _, conn := range conns {
		err := b.write(ctx, "settle what was open", func(tx store.BrokerTx) error {
			if err := b.settleOpen(ctx, tx, conn.User); err != nil {
				return err
			}
			if !isLocked {
				return b.settleNotices(ctx, tx, conn.User, noticeLocked)
			}
			return b.notify(ctx, tx, store.Notice{User: conn.User, Kind: noticeLocked, Action: "settings",
				Text: "The broker connection is locked: the master key that opens your credentials is missing or wrong. Nothing stored was changed."})
		})
		if err != nil && ctx.Err() == nil {
			b.opt.Log.ErrorContext(ctx, "settling broker rows", "user_id", string(conn.User), "err", err)
		}
	}
}

// settleOpen calls submissions unknown whose process died before the answer came.
func (b *Brokers) settleOpen(ctx context.Context, tx store.BrokerTx, user auth.UserID) error {
	now, today := b.now()
	for _, day := range []calendar.Date{today.Add(-1), today} {
		list, err := tx.Submissions(ctx, user, day)
		if err != nil {
			return err
		}
		for _, sub := range list {
			if sub.Outcome != "" {
				continue
			}
			sub.Outcome, sub.SettledAt = outcomeUnknown, now
			if err := tx.SaveSubmission(ctx, sub); err != nil {
				return err
			}
			detail := "step=" + sub.Step + " outcome=unknown reason=restart"
			if err := b.audit(ctx, tx, who{}, user, "broker-submission-answer", detail, string(FailedUncertain)); err != nil {
				return err
			}
		}
	}
	return nil
}

// look looks after every connection, each on a goroutine of its own, so that one slow broker delays nobody else.
func (b *Brokers) look(ctx context.Context) {
	conns, err := b.opt.Rows.Connections(ctx)
	if err != nil {
		if ctx.Err() == nil {
			b.opt.Log.ErrorContext(ctx, "broker connections", "err", err)
		}
		return
	}
	for _, conn := range conns {
		b.mu.Lock()
		s := b.seat(conn.User)
		isFree := !s.isLooking
		if isFree {
			s.isLooking = true
			b.work.Add(1)
		}
		b.mu.Unlock()
		if isFree {
			go b.lookAt(ctx, conn)
		}
	}
	b.countRequests(ctx, false)
	b.prune(ctx)
}

func (b *Brokers) lookAt(ctx context.Context, conn store.Connection) {
	defer b.work.Done()
	if !b.opt.Seals.IsLocked() {
		isAllowed, err := b.mayLook(ctx, conn)
		if isAllowed {
			err = b.lookAfter(ctx, conn)
		}
		if err != nil && ctx.Err() == nil {
			b.opt.Log.ErrorContext(ctx, "looking after a broker session", "user_id", string(conn.User), "err", err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.seat(conn.User)
	s.isLooking = false
	if s.open != nil && s.open.isRefused {
		b.rouse()
	}
}

// mayLook reports whether anything may be done for a user. What still runs for one who was disabled ends; the stored session
// stays, for the day on which he may come in again.
func (b *Brokers) mayLook(ctx context.Context, conn store.Connection) (bool, error) {
	err := b.write(ctx, "look", func(tx store.BrokerTx) error { return mayAct(ctx, tx, conn.User) })
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return err == nil, err
	}
	s := b.lockSeat(conn.User)
	defer s.edit.Unlock()
	b.drop(conn.User, conn.Broker, "this user is disabled")
	return false, nil
}

// rouse wakes Run. It never blocks.
func (b *Brokers) rouse() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// refused is what a live market calls when the broker refused its session: however often, one renewal follows.
func (b *Brokers) refused(user auth.UserID, open *openSession, cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seat(user).open != open || open.isRefused {
		return
	}
	open.isRefused, open.cause = true, cause
	b.rouse()
}

// lookAfter does what is due for one connection: an end, a proof, a renewal, a warning.
func (b *Brokers) lookAfter(ctx context.Context, conn store.Connection) error {
	isDead, err := b.bury(ctx, conn)
	if err != nil {
		return err
	}
	if isDead {
		return b.midday(ctx, conn)
	}
	if err := b.proveDue(ctx, conn); err != nil {
		return err
	}
	if err := b.renewDue(ctx, conn); err != nil {
		return err
	}
	return b.warn(ctx, conn)
}

// bury ends a session that a live market reported as refused or whose 24 hours are over.
func (b *Brokers) bury(ctx context.Context, conn store.Connection) (bool, error) {
	b.mu.Lock()
	open := b.seat(conn.User).open
	isRefused := open != nil && open.isRefused
	why := streamDeath
	if isRefused && open.cause != nil {
		var f *BrokerFailure
		if errors.As(open.cause, &f) {
			why = sentenceOf(conn.Broker, f)
		}
	}
	b.mu.Unlock()
	if isRefused {
		return true, b.end(ctx, conn.User, open.issuedAt, "broker-session-refused", why)
	}
	row, err := b.sessionOf(ctx, b.opt.Rows, conn.User)
	if err != nil || row.IssuedAt.IsZero() || !row.EndedAt.IsZero() || b.opt.Clock.Now().Before(expiresAt(row)) {
		return false, err
	}
	return true, b.end(ctx, conn.User, row.IssuedAt, "broker-session-expired", "the session's 24 hours are over")
}

// midday renews a session that died, once, if a session is of use now; at night the morning's renewal does it.
func (b *Brokers) midday(ctx context.Context, conn store.Connection) error {
	now := b.opt.Clock.Now()
	if !b.isUseful(conn, now) {
		return nil
	}
	b.mu.Lock()
	s := b.seat(conn.User)
	isTooSoon := now.Sub(s.middayAt) < middayEvery && !s.middayAt.After(now)
	if isTooSoon {
		s.retryAt, s.trigger, s.retries = s.middayAt.Add(middayEvery), byMidday, 0
	} else {
		s.middayAt, s.retries = now, 0
	}
	b.mu.Unlock()
	if !isTooSoon {
		b.renew(ctx, conn.User, byMidday)
	}
	return nil
}

// proveDue makes the cheap call that decides on a session of a day or process before, and later one now and then.
func (b *Brokers) proveDue(ctx context.Context, conn store.Connection) error {
	row, err := b.sessionOf(ctx, b.opt.Rows, conn.User)
	if err != nil {
		return err
	}
	now, today := b.now()
	b.mu.Lock()
	s := b.seat(conn.User)
	open := s.open
	sinceProbe := now.Sub(s.probedAt)
	isDue := false
	switch standingOf(row, now, open != nil) {
	case unprovedSession:
		isDue = s.probedAt.IsZero() || sinceProbe >= probeAgain || sinceProbe < 0 || dateOf(s.probedAt) < today
	case provedSession:
		isDue = dateOf(row.IssuedAt) < today && now.Sub(row.CheckedAt) >= probeEvery || !open.isTold && sinceProbe >= probeAgain
	case noSession, endedSession:
	}
	if isDue {
		s.probedAt = now
	}
	b.mu.Unlock()
	if !isDue {
		return nil
	}
	err = b.probe(ctx, conn.User)
	var failure *BrokerFailure
	if errors.As(err, &failure) {
		if isSessionRefusal(failure.Class) {
			return b.midday(ctx, conn)
		}
		return nil // undecided; asked again
	}
	return err
}

// renewDue runs the look after the start, the newest due slot, or a repetition.
func (b *Brokers) renewDue(ctx context.Context, conn store.Connection) error {
	now := b.opt.Clock.Now()
	b.mu.Lock()
	s := b.seat(conn.User)
	isBooting, bootDue := s.isBootPending, b.bootDue
	b.mu.Unlock()
	if isBooting && now.Before(bootDue) {
		return nil
	}
	slot, isDue, err := b.jobs.Claim(ctx, "renewal/"+string(conn.User), b.planOf(conn))
	if err != nil {
		return err
	}
	b.mu.Lock()
	s.isBootPending = false
	trigger := ""
	switch {
	case isDue:
		trigger = slot.Due.IST().Format("15:04")
	case isBooting:
		trigger = byStart
	case !s.retryAt.IsZero() && !now.Before(s.retryAt):
		trigger = s.trigger
		s.retryAt = zeroTime
	}
	if isDue || isBooting {
		s.retryAt, s.retries, s.trigger = zeroTime, 0, trigger
	}
	b.mu.Unlock()
	if trigger == "" {
		return nil
	}
	if isDue || isBooting {
		b.jitter(ctx)
	}
	status := b.renew(ctx, conn.User, trigger)
	if isDue {
		return b.jobs.Finish(context.WithoutCancel(ctx), slot, status)
	}
	return nil
}

// warn tells once a day that a session ends before the close.
func (b *Brokers) warn(ctx context.Context, conn store.Connection) error {
	now, today := b.now()
	tod := calendar.FromTime(now).TimeOfDay()
	end := b.opt.Calendar.LastClose(today)
	b.mu.Lock()
	isTold := b.seat(conn.User).warnedOn == today
	isOpen := b.seat(conn.User).open != nil
	b.mu.Unlock()
	if isTold || tod < warnFrom || end == 0 || !now.Before(end.Time()) {
		return nil
	}
	row, err := b.sessionOf(ctx, b.opt.Rows, conn.User)
	if err != nil || standingOf(row, now, isOpen) != provedSession || b.lasts(row, now, false) {
		return err
	}
	b.mu.Lock()
	b.seat(conn.User).warnedOn = today
	b.mu.Unlock()
	err = b.write(ctx, "warn", func(tx store.BrokerTx) error {
		return b.notify(ctx, tx, store.Notice{User: conn.User, Kind: noticeEnded, Action: "popup",
			Text: "Your broker session ends at " + clockText(expiresAt(row)) + " today, before the market closes. Generate a new one before then."})
	})
	b.tell(conn.User)
	return err
}

// countRequests stores what was used of the brokers' budgets, about once a minute.
func (b *Brokers) countRequests(ctx context.Context, isLast bool) {
	now, today := b.now()
	b.mu.Lock()
	isDue := isLast || now.Sub(b.countedAt) >= countEvery
	open := map[auth.UserID]store.BrokerID{}
	if isDue {
		b.countedAt = now
		for user, s := range b.seats {
			if s.open != nil {
				open[user] = s.open.keys.Broker
			}
		}
	}
	b.mu.Unlock()
	for user, broker := range open {
		used := b.opt.Gateway.Requests(user, broker)
		b.mu.Lock()
		isSame := b.seat(user).counted == used.DayUsed && b.seat(user).countedOn == today
		b.mu.Unlock()
		if isSame || used.DayMax < 0 {
			continue
		}
		err := b.write(ctx, "count requests", func(tx store.BrokerTx) error {
			return tx.SaveRequestsUsed(ctx, user, broker, today, used.DayUsed)
		})
		if err != nil {
			b.opt.Log.ErrorContext(ctx, "counting broker requests", "err", err)
			return
		}
		b.mu.Lock()
		b.seat(user).counted, b.seat(user).countedOn = used.DayUsed, today
		b.mu.Unlock()
	}
}

// prune removes rows that can no longer matter, once an hour.
func (b *Brokers) prune(ctx context.Context) {
	now := b.opt.Clock.Now()
	b.mu.Lock()
	isDue := now.Sub(b.prunedAt) >= pruneEvery
	if isDue {
		b.prunedAt = now
	}
	b.mu.Unlock()
	if !isDue {
		return
	}
	if err := b.write(ctx, "prune", func(tx store.BrokerTx) error { return tx.PruneBrokers(ctx, now) }); err != nil && ctx.Err() == nil {
		b.opt.Log.ErrorContext(ctx, "pruning broker rows", "err", err)
	}
}
