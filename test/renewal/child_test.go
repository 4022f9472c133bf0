// Package renewal kills a process around its automatic broker logins, again and again, and counts at the broker what
// reached it. The process is this test's own binary, started anew with the real storage, vault, client and renewals; the
// broker is the simulator in the test. Both run on one clock that is faster than the wall's.
package renewal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/breeze"
	"paperport/broker"
	"paperport/calendar"
	"paperport/clock"
	"paperport/secret"
	"paperport/store"
	"paperport/store/sqlstore"
	"paperport/vault"
)

const (
	user auth.UserID = "0000000000000000000000000000000a"
	// speed is how many seconds of the story pass in one.
	speed = 30
)

// begin is when the story starts: ten seconds before a Monday's first renewal.
var begin = calendar.NewDate(2026, time.November, 23).At(8*time.Hour - 10*time.Second).Time()

// fast is the story's clock. epoch is the wall's time at begin.
type fast struct{ epoch time.Time }

func (f fast) Now() time.Time { return begin.Add(time.Since(f.epoch) * speed).UTC() }

func (f fast) After(d time.Duration) <-chan time.Time { return time.After(d / speed) }

var _ clock.Clock = fast{}

// silent is a live side without markets.
type silent struct{}

func (silent) Began(_ context.Context, l app.LiveSession) (app.VenueID, error) {
	return app.LiveID(l.User, l.Keys.Broker), nil
}
func (silent) Ended(auth.UserID, store.BrokerID, string) {}

// seals is the real vault under a key that the test chose.
type seals struct {
	vault   *vault.Vault
	install string
}

func (s *seals) place(p app.SealPlace) vault.Place {
	return vault.Place{Install: s.install, Table: store.SealedTable, Owner: string(p.User), Field: string(p.Broker) + "/" + string(p.Field), Version: p.Version}
}

func (s *seals) Seal(plain secret.Text, at app.SealPlace) ([]byte, error) {
	return s.vault.Seal(plain, s.place(at)), nil
}
func (s *seals) Open(blob []byte, at app.SealPlace) (secret.Text, error) {
	return s.vault.Open(blob, s.place(at))
}
func (s *seals) IsLocked() bool { return false }
func (s *seals) Note() string   { return "" }

// side is the broker side of one process.
type side struct {
	*app.Brokers
	db   *sqlstore.Store
	desk *broker.Desk
}

// openSide opens it on a data directory, with the key in a file, at a simulator.
func openSide(ctx context.Context, dir, keyFile, simulator string, c clock.Clock) (*side, error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	db, err := sqlstore.Open(ctx, sqlstore.Options{Dir: dir, Log: log})
	if err != nil {
		return nil, err
	}
	install, err := db.Brokers().Install(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := vault.ReadKeyFile(keyFile)
	if err != nil {
		return nil, err
	}
	times, err := calendar.Load(nil)
	if err != nil {
		return nil, err
	}
	place := &broker.Place{Hosts: func() (breeze.Hosts, error) { return breeze.AllAt(simulator), nil }, PerMinute: breeze.Unlimited, PerDay: breeze.Unlimited,
		Calendar: func() (*calendar.Calendar, error) { return times, nil }, Master: broker.NewMaster(broker.MasterOptions{Name: "demo", Log: log})}
	desk := broker.NewDesk(broker.Options{Rows: db.Brokers(), Clock: c, Log: log, Places: map[store.BrokerID]*broker.Place{store.DemoBroker: place}})
	return &side{db: db, desk: desk, Brokers: app.NewBrokers(app.BrokersOptions{Rows: db.Brokers(), Jobs: db.Jobs(),
		Seals: &seals{vault: vault.New(install.Salt, keys[0], keys[1:]...), install: install.ID}, Gateway: desk, Live: silent{}, Clock: c, Calendar: times,
		IsSignedIn: func(auth.TokenHash) bool { return true }, Log: log})}, nil
}

func (s *side) close() error {
	s.desk.Close()
	return s.db.Close()
}

// The environment of a child.
const (
	childDir   = "PAPERPORT_RENEWAL_DIR"
	childKey   = "PAPERPORT_RENEWAL_KEY"
	childURL   = "PAPERPORT_RENEWAL_URL"
	childEpoch = "PAPERPORT_RENEWAL_EPOCH"
)

var errEpoch = errors.New("renewal: no epoch")

// child renews until it is killed.
func child() error {
	epoch, err := strconv.ParseInt(os.Getenv(childEpoch), 10, 64)
	if err != nil {
		return errEpoch
	}
	ctx := context.Background()
	s, err := openSide(ctx, os.Getenv(childDir), os.Getenv(childKey), os.Getenv(childURL), fast{time.Unix(0, epoch)})
	if err != nil {
		return fmt.Errorf("renewal: %w", err)
	}
	s.Run(ctx)
	return nil
}
