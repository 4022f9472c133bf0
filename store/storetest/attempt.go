package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paperport/auth"
	"paperport/store"
)

func brokerSubmissions(t *testing.T, s store.Brokers) {
	ctx := t.Context()
	early, late := submission("1", asha, day, at), submission("0", asha, day, at.Add(time.Second))
	late.IsManual, late.Broker = true, store.DemoBroker
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		return errors.Join(tx.AddSubmission(ctx, late), tx.AddSubmission(ctx, early),
			tx.AddSubmission(ctx, submission("2", asha, day+1, at)), tx.AddSubmission(ctx, submission("3", bina, day, at)))
	})
	refuses(t, "an id twice", s, store.ErrConflict, func(ctx context.Context, tx store.BrokerTx) error { return tx.AddSubmission(ctx, early) })
	same(t, "of the day", []store.Submission{early, late})(s.Submissions(ctx, asha, day))
	settled := early
	settled.Step, settled.Outcome, settled.SettledAt = "code", "rejected", at.Add(time.Minute)
	odd := settled
	odd.User, odd.Day, odd.IsManual, odd.At = bina, day+9, true, at.Add(time.Hour) // none of these is overwritten
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error { return tx.SaveSubmission(ctx, odd) })
	same(t, "settled", []store.Submission{settled, late})(s.Submissions(ctx, asha, day))
}

func brokerAttempts(t *testing.T, s store.Brokers) {
	var want []store.Attempt
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) (err error) {
		for i, way := range []string{"browser", "direct", "popup"} {
			a := store.Attempt{ID: string(rune('c' - i)), User: asha, Broker: store.ICICI, At: at, Trigger: "08:00", Way: way, Outcome: "ok", Text: "Session active."}
			want = append([]store.Attempt{a}, want...)
			err = errors.Join(err, tx.AddAttempt(ctx, a))
		}
		return errors.Join(err, tx.AddAttempt(ctx, store.Attempt{ID: "z", User: bina, At: at}))
	})
	same(t, "newest two, of one instant", want[:2])(s.Attempts(t.Context(), asha, 2))
	refuses(t, "an id twice", s, store.ErrConflict, func(ctx context.Context, tx store.BrokerTx) error { return tx.AddAttempt(ctx, want[0]) })
}

func usePopup(p store.Popup, when time.Time) func(context.Context, store.BrokerTx) error {
	return func(ctx context.Context, tx store.BrokerTx) error {
		_, err := tx.UsePopup(ctx, p.Binding, when)
		return err
	}
}

func brokerPopupOnce(t *testing.T, s store.Brokers) {
	ctx := t.Context()
	p, other := popup("p"), popup("q")
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		return errors.Join(tx.AddPopup(ctx, p), tx.AddPopup(ctx, other))
	})
	same(t, "waiting", p)(s.Popup(ctx, p.ID))
	refuses(t, "expired", s, store.ErrAbsent, usePopup(p, p.ExpiresAt))
	p.UsedAt = at.Add(time.Minute)
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		same(t, "used", p)(tx.UsePopup(ctx, p.Binding, p.UsedAt))
		return nil
	})
	refuses(t, "used twice", s, store.ErrAbsent, usePopup(p, p.UsedAt))
	p.Outcome, p.Text = "ok", "Session token captured and saved from popup"
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		return tx.SettlePopup(ctx, p.ID, p.Outcome, p.Text)
	})
	same(t, "settled", p)(s.Popup(ctx, p.ID))
	same(t, "the other one", other)(s.Popup(ctx, other.ID))
}

func brokerPopupRace(t *testing.T, s store.Brokers) {
	p := popup("p")
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error { return tx.AddPopup(ctx, p) })
	var won, lost atomic.Int32
	var tries sync.WaitGroup
	for range 100 {
		tries.Go(func() {
			err := s.WriteBrokers(t.Context(), func(tx store.BrokerTx) error { return usePopup(p, at)(t.Context(), tx) })
			switch {
			case err == nil:
				won.Add(1)
			case errors.Is(err, store.ErrAbsent):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	tries.Wait()
	if won.Load() != 1 || lost.Load() != 99 {
		t.Errorf("%d won and %d lost, want 1 and 99", won.Load(), lost.Load())
	}
}

func notice(id string, user auth.UserID) store.Notice {
	return store.Notice{ID: id, User: user, At: at, Kind: "renewal-failed", Text: "Renewal failed.", Action: "popup"}
}

func brokerNotices(t *testing.T, s store.Brokers) {
	ctx := t.Context()
	a, b, c := notice("a", asha), notice("b", asha), notice("c", asha)
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		return errors.Join(tx.AddNotice(ctx, a), tx.AddNotice(ctx, b), tx.AddNotice(ctx, c), tx.AddNotice(ctx, notice("d", bina)))
	})
	refuses(t, "somebody else's", s, store.ErrAbsent, func(ctx context.Context, tx store.BrokerTx) error { return tx.AckNotice(ctx, bina, "c", at) })
	c.AckedAt = at.Add(time.Minute)
	for range 2 { // the second time changes nothing
		mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error { return tx.AckNotice(ctx, asha, "c", c.AckedAt) })
	}
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		return tx.AckNotice(ctx, asha, "c", at.Add(time.Hour))
	})
	same(t, "all", []store.Notice{c, b, a})(s.Notices(ctx, asha, 10))
	same(t, "unacknowledged ones first", []store.Notice{b, a})(s.Notices(ctx, asha, 2))
}

func brokerRequests(t *testing.T, s store.Brokers) {
	ctx := t.Context()
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		return errors.Join(tx.SaveRequestsUsed(ctx, asha, store.ICICI, day, 10), tx.SaveRequestsUsed(ctx, asha, store.ICICI, day, 20),
			tx.SaveRequestsUsed(ctx, asha, store.ICICI, day+1, 1), tx.SaveRequestsUsed(ctx, asha, store.DemoBroker, day, 2),
			tx.SaveRequestsUsed(ctx, bina, store.ICICI, day, 3))
	})
	same(t, "stored", 20)(s.RequestsUsed(ctx, asha, store.ICICI, day))
	same(t, "another day", 1)(s.RequestsUsed(ctx, asha, store.ICICI, day+1))
	same(t, "another broker", 2)(s.RequestsUsed(ctx, asha, store.DemoBroker, day))
}
