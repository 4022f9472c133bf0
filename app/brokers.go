package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"paperport/auth"
	"paperport/calendar"
	"paperport/schedule"
	"paperport/secret"
	"paperport/store"
)

// ErrLocked says that there are sealed values and no key that opens them.
var ErrLocked = errors.New("app: the master key is missing or wrong")

// Brokers is the broker side of the application: one method per intent of a user, and the renewals that run by
// themselves. Safe for concurrent use.
type Brokers struct {
	opt  BrokersOptions
	jobs *schedule.Runner
	// wake tells Run that a live market reported a refused session.
	wake chan struct{}
	// work counts the goroutines of looks and renewals.
	work sync.WaitGroup
	// quit ends logins that are still under way when Run has ended.
	quit context.Context
	stop context.CancelFunc

	mu        sync.Mutex // guards what follows
	seats     map[auth.UserID]*seat
	followers map[auth.UserID]map[int]func()
	followed  int
	bootDue   time.Time
	prunedAt  time.Time
	countedAt time.Time
}

// seat is what memory holds of one user's connection. Brokers.mu guards all of it but edit.
type seat struct {
	// edit keeps a stored change of the session and what the live side is told of it in one order.
	edit sync.Mutex
	// run is the automatic login under way, nil when there is none.
	run *loginRun
	// open is the session in force, nil when there is none or it was not opened since the start.
	open *openSession
	kept keptLogin
	// lastCode is the step of the last code that a connection sent which was removed since.
	lastCode int64
	// retryAt is when a failed renewal tries again by itself, zero for not.
	retryAt time.Time
	retries int
	trigger string // of the renewal to be retried
	// isBootPending: the look 15 s after the start is still to come.
	isBootPending bool
	// isLooking: a look at this user's connection is under way.
	isLooking bool
	// warnedOn is the day on which the user was told that his session ends before the close.
	warnedOn calendar.Date
	// checks are the times of the last comparisons of a code.
	checks []time.Time
	// counted is the request count stored last, of the day countedOn.
	counted   int
	countedOn calendar.Date
	// probedAt is when this process last asked for a session of a day or process before; middayAt when it last renewed
	// one that died.
	probedAt, middayAt time.Time
}

// openSession is a broker session whose token is in memory.
type openSession struct {
	keys     BrokerKeys
	token    secret.Text
	issuedAt time.Time
	// isTold: the live side runs on it. isRefused: the live side reported that the broker refused it.
	isTold, isRefused bool
	cause             error
}

// NewBrokers returns the broker side; Run starts what it does by itself.
func NewBrokers(o BrokersOptions) *Brokers {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	b := &Brokers{opt: o, jobs: schedule.New(o.Jobs, o.Clock, o.Log), wake: make(chan struct{}, 1),
		seats: map[auth.UserID]*seat{}, followers: map[auth.UserID]map[int]func(){}}
	b.quit, b.stop = context.WithCancel(context.Background())
	return b
}

// seat returns what memory holds of a user. The caller holds mu.
func (b *Brokers) seat(user auth.UserID) *seat {
	s := b.seats[user]
	if s == nil {
		s = &seat{}
		b.seats[user] = s
	}
	return s
}

// Follow calls changed after every change of a user's connection or notices until stop is called. It must not block.
func (b *Brokers) Follow(user auth.UserID, changed func()) (stop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.followed++
	n := b.followed
	if b.followers[user] == nil {
		b.followers[user] = map[int]func(){}
	}
	b.followers[user][n] = changed
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.followers[user], n)
		if len(b.followers[user]) == 0 {
			delete(b.followers, user)
		}
	}
}

// tell calls everybody who follows a user.
func (b *Brokers) tell(user auth.UserID) {
	b.mu.Lock()
	var calls []func()
	for _, f := range b.followers[user] {
		calls = append(calls, f)
	}
	b.mu.Unlock()
	for _, f := range calls {
		f()
	}
}

// now is the time and its IST date.
func (b *Brokers) now() (time.Time, calendar.Date) {
	now := b.opt.Clock.Now()
	return now, calendar.FromTime(now).Date()
}

// who is behind a change: the user himself on a sign-in, or the program (zero).
type who struct {
	actor auth.UserID
	from  From
}

func (b *Brokers) audit(ctx context.Context, tx store.BrokerTx, w who, user auth.UserID, action, detail, result string) error {
	err := tx.AddAudit(ctx, store.Audit{At: b.opt.Clock.Now(), Actor: w.actor, Subject: user, Action: action, Detail: detail, Result: result,
		IP: w.from.IP, RequestID: w.from.RequestID})
	if err != nil {
		return fmt.Errorf("app: broker audit: %w", err)
	}
	return nil
}

// write runs f in a transaction. A *Refusal or *BrokerFailure of f comes back as it is.
func (b *Brokers) write(ctx context.Context, doing string, f func(store.BrokerTx) error) error {
	err := b.opt.Rows.WriteBrokers(ctx, f)
	var refusal *Refusal
	var failure *BrokerFailure
	if err == nil || errors.As(err, &refusal) || errors.As(err, &failure) {
		return err
	}
	return fmt.Errorf("app: %s: %w", doing, err)
}

// keyLocked is the refusal of everything that opens or seals while the master key is missing.
func (b *Brokers) keyLocked() error {
	if !b.opt.Seals.IsLocked() {
		return nil
	}
	return &Refusal{Code: KeyLocked, Text: "The broker connection is locked: the master key that opens the stored credentials is missing or wrong." +
		" Nothing stored was changed.", Next: b.opt.Seals.Note()}
}
