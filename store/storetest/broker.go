package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"paperport/auth"
	"paperport/calendar"
	"paperport/store"
)

const (
	asha   = auth.UserID("000000000000000000000000000000a1")
	bina   = auth.UserID("000000000000000000000000000000b2")
	nobody = auth.UserID("000000000000000000000000000000c3")
)

// Brokers proves an implementation of the broker tables; open returns an empty one.
func Brokers(t *testing.T, open func(t *testing.T) store.Brokers) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, store.Brokers)
	}{
		{"the installation has a name", brokerInstall},
		{"rows that do not exist", brokerAbsent},
		{"connections", brokerConnections},
		{"sealed fields", brokerSealed},
		{"sealed fields are counted and paged", brokerSealedPages},
		{"session of the day", brokerSessions},
		{"submissions of a day", brokerSubmissions},
		{"attempts", brokerAttempts},
		{"a popup is used once", brokerPopupOnce},
		{"a popup is used by one of 100", brokerPopupRace},
		{"notices", brokerNotices},
		{"requests of a day", brokerRequests},
		{"a removed connection leaves its history", brokerRemove},
		{"a failed transaction leaves nothing", brokerRollback},
		{"the trail is written with the change", brokerAudit},
		{"pruning", brokerPrune},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

func mustChange(t *testing.T, s store.Brokers, f func(context.Context, store.BrokerTx) error) {
	t.Helper()
	if err := s.WriteBrokers(t.Context(), func(tx store.BrokerTx) error { return f(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// refuses runs f in a transaction that must fail with want.
func refuses(t *testing.T, what string, s store.Brokers, want error, f func(context.Context, store.BrokerTx) error) {
	t.Helper()
	if err := s.WriteBrokers(t.Context(), func(tx store.BrokerTx) error { return f(t.Context(), tx) }); !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

// same compares a read with what was written.
func same[T any](t *testing.T, what string, want T) func(got T, err error) {
	t.Helper()
	return func(got T, err error) {
		t.Helper()
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", what, err, diff)
		}
	}
}

func connection(user auth.UserID) store.Connection {
	return store.Connection{User: user, Broker: store.ICICI, CreatedAt: at}
}

func sealed(user auth.UserID, broker store.BrokerID, field store.SecretField, key string) store.Sealed {
	return store.Sealed{User: user, Broker: broker, Field: field, Version: 1, Blob: []byte("PPS\x01\x01" + key + "rest of it"), Hint: "42", SetAt: at}
}

func popup(id string) store.Popup {
	return store.Popup{ID: id, Binding: auth.HashToken("binding of " + id), User: asha, Login: auth.HashToken("login"), Broker: store.ICICI,
		CreatedAt: at, ExpiresAt: at.Add(10 * time.Minute)}
}

func submission(id string, user auth.UserID, day calendar.Date, when time.Time) store.Submission {
	return store.Submission{ID: id, User: user, Broker: store.ICICI, Day: day, Step: "password", At: when}
}

func brokerInstall(t *testing.T, s store.Brokers) {
	install, err := s.Install(t.Context())
	if err != nil || len(install.ID) != 32 || install.Salt == [32]byte{} || install.KeyCheck != nil {
		t.Fatalf("install %q, key check %v, %v", install.ID, install.KeyCheck, err)
	}
	install.KeyCheck = []byte("check")
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error { return tx.SetKeyCheck(ctx, install.KeyCheck) })
	same(t, "with a key check", install)(s.Install(t.Context()))
}

func brokerAbsent(t *testing.T, s store.Brokers) {
	ctx := t.Context()
	_, err1 := s.Connection(ctx, asha)
	_, err2 := s.BrokerSession(ctx, asha)
	_, err3 := s.Popup(ctx, "none")
	for i, err := range []error{err1, err2, err3} {
		if !errors.Is(err, store.ErrAbsent) {
			t.Errorf("read %d: %v, want ErrAbsent", i+1, err)
		}
	}
	same(t, "connections", []store.Connection(nil))(s.Connections(ctx))
	same(t, "sealed fields", []store.Sealed(nil))(s.SealedOf(ctx, asha, store.ICICI))
	same(t, "submissions", []store.Submission(nil))(s.Submissions(ctx, asha, day))
	same(t, "attempts", []store.Attempt(nil))(s.Attempts(ctx, asha, 10))
	same(t, "notices", []store.Notice(nil))(s.Notices(ctx, asha, 10))
	same(t, "requests", 0)(s.RequestsUsed(ctx, asha, store.ICICI, day))
	same(t, "counts", []store.SealedCount(nil))(s.CountSealed(ctx))
	same(t, "pages", []store.Sealed(nil))(s.SealedAfter(ctx, nil, 10))
	for what, change := range map[string]func(context.Context, store.BrokerTx) error{
		"submission": func(ctx context.Context, tx store.BrokerTx) error {
			return tx.SaveSubmission(ctx, submission("none", asha, day, at))
		},
		"popup to use": func(ctx context.Context, tx store.BrokerTx) error {
			_, err := tx.UsePopup(ctx, auth.HashToken("none"), at)
			return err
		},
		"popup to settle": func(ctx context.Context, tx store.BrokerTx) error { return tx.SettlePopup(ctx, "none", "ok", "") },
		"notice":          func(ctx context.Context, tx store.BrokerTx) error { return tx.AckNotice(ctx, asha, "none", at) },
		"sealed field": func(ctx context.Context, tx store.BrokerTx) error {
			return tx.ReplaceSealed(ctx, sealed(asha, store.ICICI, store.FieldAPIKey, "key1"), []byte("x"))
		},
	} {
		refuses(t, what, s, store.ErrAbsent, change)
	}
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		return errors.Join(tx.RemoveConnection(ctx, asha), tx.RemoveSealed(ctx, asha, store.ICICI, store.FieldTOTP),
			tx.RemoveBrokerSession(ctx, asha), tx.HoldAll(ctx), tx.PruneBrokers(ctx, at))
	})
}

func brokerConnections(t *testing.T, s store.Brokers) {
	ctx := t.Context()
	mine, other := connection(asha), connection(bina)
	other.CreatedAt = at.Add(-time.Second)
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		return errors.Join(tx.SaveConnection(ctx, mine), tx.SaveConnection(ctx, other))
	})
	mine = store.Connection{User: asha, Broker: store.DemoBroker, IsHeld: true, NeedsUser: "wrong-password", IsEveryDay: true,
		LastCode: 59_713_200, Life: "midnight", CreatedAt: at.Add(time.Second)}
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		if err := tx.SaveConnection(ctx, mine); err != nil {
			return err
		}
		same(t, "within the transaction", mine)(tx.Connection(ctx, asha))
		return nil
	})
	same(t, "overwritten", mine)(s.Connection(ctx, asha))
	same(t, "all", []store.Connection{other, mine})(s.Connections(ctx))
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error { return tx.HoldAll(ctx) })
	other.IsHeld = true
	same(t, "all held", []store.Connection{other, mine})(s.Connections(ctx))
}

func brokerSealed(t *testing.T, s store.Brokers) {
	ctx := t.Context()
	key, totp := sealed(asha, store.ICICI, store.FieldAPIKey, "key1"), sealed(asha, store.ICICI, store.FieldTOTP, "key1")
	demo, other := sealed(asha, store.DemoBroker, store.FieldAPIKey, "key1"), sealed(bina, store.ICICI, store.FieldAPIKey, "key1")
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		return errors.Join(tx.SaveSealed(ctx, totp), tx.SaveSealed(ctx, key), tx.SaveSealed(ctx, demo), tx.SaveSealed(ctx, other))
	})
	same(t, "by field", []store.Sealed{key, totp})(s.SealedOf(ctx, asha, store.ICICI))
	stale := key
	key.Version, key.Blob, key.Hint, key.SetAt = 2, []byte("PPS\x01\x01key2new"), "", at.Add(time.Hour)
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error { return tx.SaveSealed(ctx, key) })
	refuses(t, "an older version", s, store.ErrConflict, func(ctx context.Context, tx store.BrokerTx) error { return tx.SaveSealed(ctx, stale) })
	refuses(t, "the same version", s, store.ErrConflict, func(ctx context.Context, tx store.BrokerTx) error { return tx.SaveSealed(ctx, key) })
	refuses(t, "replace what was changed", s, store.ErrAbsent, func(ctx context.Context, tx store.BrokerTx) error {
		return tx.ReplaceSealed(ctx, stale, []byte("x"))
	})
	rotated := key
	rotated.Blob = []byte("PPS\x01\x01key3rotated")
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error { return tx.ReplaceSealed(ctx, key, rotated.Blob) })
	refuses(t, "replace twice", s, store.ErrAbsent, func(ctx context.Context, tx store.BrokerTx) error {
		return tx.ReplaceSealed(ctx, key, []byte("x"))
	})
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		return tx.RemoveSealed(ctx, asha, store.ICICI, store.FieldTOTP)
	})
	same(t, "after all", []store.Sealed{rotated})(s.SealedOf(ctx, asha, store.ICICI))
	same(t, "with the other broker", []store.Sealed{demo})(s.SealedOf(ctx, asha, store.DemoBroker))
	same(t, "the other user's", []store.Sealed{other})(s.SealedOf(ctx, bina, store.ICICI))
}

func brokerSealedPages(t *testing.T, s store.Brokers) {
	ctx := t.Context()
	all := []store.Sealed{
		sealed(asha, store.DemoBroker, store.FieldAPIKey, "new1"),
		sealed(asha, store.ICICI, store.FieldAPIKey, "old1"),
		sealed(asha, store.ICICI, store.FieldTOTP, "new1"),
		sealed(bina, store.DemoBroker, store.FieldAPIKey, "old1"),
		sealed(bina, store.ICICI, store.FieldAPIKey, "old1"),
	}
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) (err error) {
		for i := range all {
			err = errors.Join(err, tx.SaveSealed(ctx, all[len(all)-1-i]))
		}
		return err
	})
	same(t, "counts", []store.SealedCount{{Key: [4]byte([]byte("new1")), N: 2}, {Key: [4]byte([]byte("old1")), N: 3}})(s.CountSealed(ctx))
	var paged []store.Sealed
	var last *store.Sealed
	for range 4 {
		page, err := s.SealedAfter(ctx, last, 2)
		if err != nil {
			t.Fatal(err)
		}
		paged = append(paged, page...)
		if len(page) > 0 {
			last = &page[len(page)-1]
		}
	}
	if diff := cmp.Diff(all, paged); diff != "" {
		t.Errorf("pages (-want +got)\n%s", diff)
	}
}

func brokerSessions(t *testing.T, s store.Brokers) {
	ctx := t.Context()
	mine := store.BrokerSession{User: asha, Broker: store.ICICI, IssuedAt: at, ProvedAt: at, CheckedAt: at, Way: "popup"}
	other := store.BrokerSession{User: bina, Broker: store.DemoBroker, IssuedAt: at, Way: "paste"}
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		return errors.Join(tx.SaveBrokerSession(ctx, mine), tx.SaveBrokerSession(ctx, other))
	})
	same(t, "stored", mine)(s.BrokerSession(ctx, asha))
	mine.CheckedAt, mine.EndedAt, mine.Way = at.Add(time.Hour), at.Add(time.Hour), "browser"
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error { return tx.SaveBrokerSession(ctx, mine) })
	same(t, "ended", mine)(s.BrokerSession(ctx, asha))
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error { return tx.RemoveBrokerSession(ctx, asha) })
	if _, err := s.BrokerSession(ctx, asha); !errors.Is(err, store.ErrAbsent) {
		t.Errorf("removed: %v", err)
	}
	same(t, "the other user's", other)(s.BrokerSession(ctx, bina))
}

// everything writes one row of each kind for a user.
func everything(ctx context.Context, tx store.BrokerTx, user auth.UserID) error {
	waiting, used := popup("waiting-"+string(user)), popup("used-"+string(user))
	waiting.User, used.User, used.UsedAt = user, user, at
	return errors.Join(tx.SaveConnection(ctx, connection(user)), tx.SaveSealed(ctx, sealed(user, store.ICICI, store.FieldAPIKey, "key1")),
		tx.SaveSealed(ctx, sealed(user, store.DemoBroker, store.FieldAPIKey, "key1")),
		tx.SaveBrokerSession(ctx, store.BrokerSession{User: user, Broker: store.ICICI, IssuedAt: at}),
		tx.AddSubmission(ctx, submission("s-"+string(user), user, day, at)), tx.AddAttempt(ctx, store.Attempt{ID: "a-" + string(user), User: user, At: at}),
		tx.AddPopup(ctx, waiting), tx.AddPopup(ctx, used), tx.AddNotice(ctx, notice("n-"+string(user), user)),
		tx.SaveRequestsUsed(ctx, user, store.ICICI, day, 7),
		tx.AddAudit(ctx, store.Audit{At: at, Actor: user, Subject: user, Action: "connect", Result: "ok"}))
}

func brokerRemove(t *testing.T, s store.Brokers) {
	ctx := t.Context()
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		return errors.Join(everything(ctx, tx, asha), everything(ctx, tx, bina))
	})
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error { return tx.RemoveConnection(ctx, asha) })
	_, err1 := s.Connection(ctx, asha)
	_, err2 := s.BrokerSession(ctx, asha)
	_, err3 := s.Popup(ctx, "waiting-"+string(asha))
	for i, err := range []error{err1, err2, err3} {
		if !errors.Is(err, store.ErrAbsent) {
			t.Errorf("read %d after removal: %v", i+1, err)
		}
	}
	same(t, "the other user's connections", []store.Connection{connection(bina)})(s.Connections(ctx))
	for _, broker := range []store.BrokerID{store.ICICI, store.DemoBroker} {
		same(t, "sealed fields", []store.Sealed(nil))(s.SealedOf(ctx, asha, broker))
		same(t, "the other user's sealed fields", []store.Sealed{sealed(bina, broker, store.FieldAPIKey, "key1")})(s.SealedOf(ctx, bina, broker))
	}
	attempts, err4 := s.Attempts(ctx, asha, 10)
	submissions, err5 := s.Submissions(ctx, asha, day)
	notices, err6 := s.Notices(ctx, asha, 10)
	trail, err7 := s.AuditOf(ctx, asha, 0, 10)
	_, err8 := s.Popup(ctx, "used-"+string(asha))
	_, err9 := s.Popup(ctx, "waiting-"+string(bina))
	if err := errors.Join(err4, err5, err6, err7, err8, err9); err != nil || len(attempts) != 1 || len(submissions) != 1 || len(notices) != 1 || len(trail) != 1 {
		t.Errorf("history: %d attempts, %d submissions, %d notices, %d lines of the trail, want one each; %v",
			len(attempts), len(submissions), len(notices), len(trail), err)
	}
	same(t, "requests", 7)(s.RequestsUsed(ctx, asha, store.ICICI, day))
}

func brokerRollback(t *testing.T, s store.Brokers) {
	broken := errors.New("broken")
	refuses(t, "a step after all others", s, broken, func(ctx context.Context, tx store.BrokerTx) error {
		return errors.Join(everything(ctx, tx, asha), tx.Users().AddUser(ctx, person("asha")), broken)
	})
	trail, err := s.AuditOf(t.Context(), asha, 0, 10)
	connections, err2 := s.Connections(t.Context())
	attempts, err3 := s.Attempts(t.Context(), asha, 10)
	if err := errors.Join(err, err2, err3); err != nil || len(trail)+len(connections)+len(attempts) != 0 {
		t.Errorf("%d lines of the trail, %d connections, %d attempts; %v", len(trail), len(connections), len(attempts), err)
	}
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) error {
		return errors.Join(everything(ctx, tx, asha), tx.Users().AddUser(ctx, person("asha")))
	})
}

func brokerAudit(t *testing.T, s store.Brokers) {
	ctx := t.Context()
	line := func(actor, subject auth.UserID, action string) store.Audit {
		return store.Audit{At: at, Actor: actor, Subject: subject, Action: action, Detail: "d", Result: "ok", IP: "::1", RequestID: "r"}
	}
	lines := []store.Audit{line(asha, asha, "one"), line(bina, asha, "two"), line(bina, bina, "three"), line(asha, bina, "four"), line("", asha, "five")}
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) (err error) {
		for i, a := range lines {
			if i%2 == 0 {
				err = errors.Join(err, tx.AddAudit(ctx, a))
			} else {
				err = errors.Join(err, tx.Users().AddAudit(ctx, a))
			}
		}
		return err
	})
	trail, err := s.AuditOf(ctx, asha, 0, 3)
	if err != nil || len(trail) != 3 {
		t.Fatalf("%d lines, %v", len(trail), err)
	}
	equal(t, "newest", []store.Audit{trail[0].Audit, trail[1].Audit, trail[2].Audit}, []store.Audit{lines[4], lines[3], lines[1]})
	same(t, "the rest", []store.AuditRow{{Number: trail[2].Number - 1, Audit: lines[0]}})(s.AuditOf(ctx, asha, trail[2].Number, 10))
	same(t, "a stranger's", []store.AuditRow(nil))(s.AuditOf(ctx, nobody, 0, 10))
}

func brokerPrune(t *testing.T, s store.Brokers) {
	ctx := t.Context()
	const quarter = 90 * 24 * time.Hour
	acked, waiting := notice("acked", asha), notice("waiting", asha)
	acked.AckedAt = at
	fresh := popup("fresh")
	fresh.ExpiresAt = at.Add(quarter)
	mustChange(t, s, func(ctx context.Context, tx store.BrokerTx) (err error) {
		for i := range 103 {
			err = errors.Join(err, tx.AddAttempt(ctx, store.Attempt{ID: "a" + string(rune(i)), User: asha, At: at}))
		}
		return errors.Join(err, tx.AddAttempt(ctx, store.Attempt{ID: "b", User: bina, At: at}), tx.AddPopup(ctx, popup("old")), tx.AddPopup(ctx, fresh),
			tx.AddNotice(ctx, acked), tx.AddNotice(ctx, waiting), tx.AddSubmission(ctx, submission("old", asha, day, at)),
			tx.AddSubmission(ctx, submission("new", asha, day, at.Add(time.Second))), tx.PruneBrokers(ctx, at.Add(quarter)))
	})
	attempts, err := s.Attempts(ctx, asha, 1000)
	others, err2 := s.Attempts(ctx, bina, 1000)
	if errors.Join(err, err2) != nil || len(attempts) != 100 || len(others) != 1 || attempts[0].ID != "a"+string(rune(102)) {
		t.Errorf("%d and %d attempts, want the newest 100 and 1; %v, %v", len(attempts), len(others), err, err2)
	}
	if _, err := s.Popup(ctx, "old"); !errors.Is(err, store.ErrAbsent) {
		t.Errorf("an old popup: %v", err)
	}
	same(t, "popup", fresh)(s.Popup(ctx, "fresh"))
	same(t, "notices", []store.Notice{waiting})(s.Notices(ctx, asha, 10))
	same(t, "submissions", []store.Submission{submission("new", asha, day, at.Add(time.Second))})(s.Submissions(ctx, asha, day))
}
