package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"

	"paperport/app"
	"paperport/clock"
	"paperport/config"
	"paperport/secret"
	"paperport/store"
	"paperport/vault"
)

// keyFileName is the key that no setting names, in the data directory.
const keyFileName = "paperport.key"

// keyOptions says where the settings have the master key. rows may be nil: then nothing is taken for sealed.
func keyOptions(ctx context.Context, c config.Config, rows store.BrokerReader) vault.Options {
	o := vault.Options{File: c.KeyFile, FileSetting: "PAPERPORT_KEY_FILE", Text: c.Key, TextSetting: "PAPERPORT_KEY",
		Default: filepath.Join(c.DataDir, keyFileName)}
	if c.Key.IsEmpty() {
		o.Text, o.TextSetting = c.EncryptionKey, "ENCRYPTION_KEY"
	}
	o.HasSealed = func() (bool, error) {
		if rows == nil {
			return false, nil
		}
		counts, err := rows.CountSealed(ctx)
		return len(counts) > 0, err
	}
	return o
}

// ring is the master key of an installation as found at one moment.
type ring struct {
	vault.Keys
	state   vault.State
	install store.Install
	counts  []store.SealedCount
	// vault is nil without a key; in LockedWrongKey it is there and opens nothing.
	vault *vault.Vault
}

// findRing finds the keys and compares them with what the database knows. It writes nothing to the database.
func findRing(ctx context.Context, o vault.Options, rows store.BrokerReader) (r ring, err error) {
	if r.install, err = rows.Install(ctx); err != nil {
		return r, err
	}
	if r.counts, err = rows.CountSealed(ctx); err != nil {
		return r, err
	}
	if r.Keys, r.state, err = vault.FindKeys(o); err != nil || r.Current.IsZero() {
		return r, err
	}
	r.vault = vault.New(r.install.Salt, r.Current, r.Previous...)
	if len(r.counts) > 0 && !r.isKnown() {
		r.state = vault.LockedWrongKey
	}
	return r, nil
}

// isKnown: the check value is of one of our keys, or there is none and something is sealed under one of them.
func (r ring) isKnown() bool {
	if r.install.KeyCheck != nil {
		return r.vault.Matches(r.install.KeyCheck)
	}
	for _, c := range r.counts {
		if r.role(c.Key) != roleUnknown {
			return true
		}
	}
	return false
}

// What a key id is to a ring.
const (
	roleCurrent = "current"
	roleEarlier = "earlier"
	roleUnknown = "unknown"
)

func (r ring) role(id [4]byte) string {
	if r.Current.IsZero() {
		return roleUnknown
	}
	if id == r.Current.ID() {
		return roleCurrent
	}
	for _, k := range r.Previous {
		if k.ID() == id {
			return roleEarlier
		}
	}
	return roleUnknown
}

// checkNamedKey refuses a key that a setting names and that cannot be used, before anything else is begun.
func checkNamedKey(ctx context.Context, c config.Config) error {
	_, err := vault.NamedKeys(keyOptions(ctx, c, nil))
	return err
}

// openSeals finds the master key, makes one where nothing is sealed yet, and has the database know it. A missing or wrong
// key is no error: everything that needs no secret goes on.
func openSeals(ctx context.Context, c config.Config, rows store.Brokers) (*seals, error) {
	r, err := findRing(ctx, keyOptions(ctx, c, rows), rows)
	if err != nil {
		return nil, err
	}
	s := &seals{ring: r}
	if r.state.IsLocked() || r.install.KeyCheck != nil && r.vault.Matches(r.install.KeyCheck) {
		return s, nil
	}
	return s, setKeyCheck(ctx, rows, r.vault.Check(), store.Audit{Action: "key-set", Detail: fmt.Sprintf("key %x", r.Current.ID())})
}

// setKeyCheck has the database know a key, and its trail tell it.
func setKeyCheck(ctx context.Context, rows store.Brokers, check []byte, trail store.Audit) error {
	trail.At, trail.Result = clock.System{}.Now().UTC(), "ok"
	return rows.WriteBrokers(ctx, func(tx store.BrokerTx) error {
		if err := tx.SetKeyCheck(ctx, check); err != nil {
			return err
		}
		return tx.AddAudit(ctx, trail)
	})
}

// seals seals and opens users' secrets for app.
type seals struct {
	ring
	// lockedOpens and failedOpens count what did not open: without a key, and with one.
	lockedOpens, failedOpens atomic.Uint64
}

var _ app.Seals = (*seals)(nil)

// announce says on the terminal where a new key is, or that the key is missing.
func (s *seals) announce(w io.Writer) {
	switch {
	case s.IsLocked():
		fmt.Fprintln(w, s.Note())
	case s.IsNew:
		fmt.Fprintf(w, "A new key for broker credentials is in %s: keep a copy of it apart from your backups.\n", s.Path)
	}
}

// lockedError is what sealing and opening answer in LOCKED mode.
func (s *seals) lockedError() error { return fmt.Errorf("%w: %s", app.ErrLocked, s.state) }

// Seal seals a secret for its place.
func (s *seals) Seal(plain secret.Text, at app.SealPlace) ([]byte, error) {
	if s.IsLocked() {
		return nil, s.lockedError()
	}
	return s.vault.Seal(plain, placeOf(s.install, at)), nil
}

// Open opens a secret in its place.
func (s *seals) Open(blob []byte, at app.SealPlace) (secret.Text, error) {
	if s.IsLocked() {
		s.lockedOpens.Add(1)
		return secret.Text{}, s.lockedError()
	}
	plain, err := s.vault.Open(blob, placeOf(s.install, at))
	if err != nil {
		s.failedOpens.Add(1)
	}
	return plain, err
}

// IsLocked reports whether there are sealed values and no key that opens them.
func (s *seals) IsLocked() bool { return s.state.IsLocked() }

// Note says where the key is, or what to do.
func (s *seals) Note() string {
	switch {
	case s.IsLocked():
		return "LOCKED: " + s.state.String() + ". Broker connections are off; nothing stored is lost. Put the right key back and restart PaperPort."
	case s.Path == "":
		return "Sealed with the key in " + s.Source + ". Keep a copy of it apart from the backups: without it nobody can open what is sealed."
	default:
		return "Sealed with the key in " + s.Path + ". Keep a copy of that file apart from the backups: without it nobody can open what is sealed."
	}
}

// placeOf is where a sealed value belongs, for the vault.
func placeOf(install store.Install, at app.SealPlace) vault.Place {
	return vault.Place{Install: install.ID, Table: store.SealedTable, Owner: string(at.User) + "/" + string(at.Broker), Field: string(at.Field), Version: at.Version}
}

// placeOfRow is placeOf for a stored row.
func placeOfRow(install store.Install, s store.Sealed) vault.Place {
	return placeOf(install, app.SealPlace{User: s.User, Broker: s.Broker, Field: s.Field, Version: s.Version})
}
