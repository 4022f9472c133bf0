package broker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"paperport/breeze"
	"paperport/calendar"
	"paperport/clock"
)

// When a day's master is looked for, in IST: the file of the day is made from 07:00 on, and complete by 07:45 (4.1).
const masterFrom = 7*time.Hour + 20*time.Minute

// The waits between attempts while the day's master is not there.
const (
	dailyRetryMin = time.Minute
	dailyRetryMax = 30 * time.Minute
)

// DailyOptions say what a Daily stands on; all are needed.
type DailyOptions struct {
	Master *Master
	// Fetch downloads the file; it needs no user's credentials.
	Fetch func(context.Context, io.Writer) error
	// Dir keeps the file, so that a restart needs no download.
	Dir string
	// Calendar tells on which days there is a master to expect.
	Calendar func() (*calendar.Calendar, error)
	Clock    clock.Clock
	Log      *slog.Logger
}

// Daily keeps a master at today's file: it is fetched from 07:20 IST on every day that has a session, again and again
// until its date is today's; until then the older one serves. Nothing is fetched before Need.
type Daily struct {
	opt    DailyOptions
	need   chan struct{}
	once   sync.Once
	failed atomic.Bool // the last attempt ended in an error
	kept   kept        // used by Run's goroutine alone
}

// NewDaily returns one that does nothing yet.
func NewDaily(o DailyOptions) *Daily { return &Daily{opt: o, need: make(chan struct{})} }

// Need says that somebody uses this broker. It does not block and may be called often.
func (d *Daily) Need() { d.once.Do(func() { close(d.need) }) }

// Run works until ctx ends.
func (d *Daily) Run(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-d.need:
	}
	times, err := d.opt.Calendar()
	if err != nil {
		d.opt.Log.Error("the security master has no calendar", "err", err)
		return
	}
	d.load(ctx)
	wait := dailyRetryMin
	for ctx.Err() == nil {
		now := calendar.FromTime(d.opt.Clock.Now())
		pause := untilMaster(now)
		if d.opt.Master.On() < expected(times, now) {
			err := d.refresh(ctx)
			d.failed.Store(err != nil)
			if err != nil && ctx.Err() == nil {
				d.opt.Log.Warn("the day's security master is not there; the older one stays", "err", err)
			}
		}
		if now = calendar.FromTime(d.opt.Clock.Now()); d.opt.Master.On() < expected(times, now) {
			pause, wait = min(pause, wait), min(2*wait, dailyRetryMax)
		} else {
			wait = dailyRetryMin
		}
		select {
		case <-ctx.Done():
		case <-d.opt.Clock.After(pause):
		}
	}
}

// expected is the day whose master should be in use: the newest with a session whose 07:20 has come.
func expected(times *calendar.Calendar, now calendar.Instant) calendar.Date {
	day := now.Date()
	if now < day.At(masterFrom) {
		day--
	}
	for range 30 {
		if has, _ := times.AnySession(day); has {
			break
		}
		day--
	}
	return day
}

// untilMaster is how long it is to the next 07:20.
func untilMaster(now calendar.Instant) time.Duration {
	next := now.Date().At(masterFrom)
	if next <= now {
		next = (now.Date() + 1).At(masterFrom)
	}
	return next.Sub(now)
}

// Note is what a market should say about its list of instruments now, "" when it is as it should be.
func (d *Daily) Note() string {
	on := d.opt.Master.On()
	if on == 0 {
		if d.failed.Load() {
			return "the security master could not be fetched; trying again"
		}
		return "the security master is being fetched"
	}
	times, err := d.opt.Calendar()
	if err != nil || on >= expected(times, calendar.FromTime(d.opt.Clock.Now())) {
		return ""
	}
	return "security master of " + on.At(0).IST().Format("2 Jan")
}

// errOld says that the file is not newer than the one in use.
var errOld = errors.New("broker: the security master is still an older day's")

// load imports the kept file, if there is one.
func (d *Daily) load(ctx context.Context) {
	if err := dropHalves(d.opt.Dir); err != nil {
		d.opt.Log.Warn("an old download was not removed", "err", err)
	}
	file, k, err := openKept(d.opt.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err == nil {
		defer file.Close()
		d.kept = k
		_, _, err = d.opt.Master.Import(ctx, file, k.Size, k.on(), k.Report)
	}
	if err != nil {
		d.opt.Log.Warn("the kept security master cannot be used; a fresh one is fetched", "err", err)
	}
}

// refresh downloads the file and imports it when it is newer than the one in use.
func (d *Daily) refresh(ctx context.Context) error {
	file, err := newMasterFile(d.opt.Dir)
	if err != nil {
		return err
	}
	defer dropFile(file)
	sum := sha256.New()
	if err := d.opt.Fetch(ctx, io.MultiWriter(file, sum)); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("broker: storing the security master: %w", err)
	}
	fresh := kept{Size: info.Size(), SHA256: hex.EncodeToString(sum.Sum(nil))}
	on, err := d.dateOf(file, fresh)
	if err != nil {
		return err
	}
	if d.opt.Master.On() != 0 && on <= d.opt.Master.On() {
		return fmt.Errorf("%w: %s", errOld, on)
	}
	report, changes, err := d.opt.Master.Import(ctx, file, fresh.Size, on, d.kept.previous(on))
	if err != nil {
		return err
	}
	fresh.On, fresh.Report = on.String(), report
	d.kept = fresh
	d.logChanges(changes)
	return keep(d.opt.Dir, file, fresh, changes)
}

// dateOf is the file's day. One that tells none is of today when its content is new, else of the day it was first seen.
func (d *Daily) dateOf(file *os.File, fresh kept) (calendar.Date, error) {
	on, err := breeze.MasterDate(file, fresh.Size)
	if err != nil || on != 0 {
		return on, err
	}
	if fresh.SHA256 == d.kept.SHA256 && d.kept.on() != 0 {
		return d.kept.on(), nil
	}
	return calendar.FromTime(d.opt.Clock.Now()).Date(), nil
}

func (d *Daily) logChanges(c *Changes) {
	if c == nil {
		return
	}
	d.opt.Log.Info("security master compared", "trading_date", c.On, "before", c.Before, "new", c.New, "gone", c.Gone,
		"lots", c.LotCount, "ticks", c.TickCount, "names", c.NameCount)
}
