package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"paperport/secret"
)

// Hint tells how to come by a key; it ends every refusal of one.
const Hint = "make a key with: paperport key generate --out FILE   and name it: PAPERPORT_KEY_FILE=FILE"

// Options are the places where a key may be, the first that is set counts.
type Options struct {
	// File is a key file named by the setting FileSetting.
	File, FileSetting string
	// Text is a key given by the setting TextSetting itself.
	Text        secret.Text
	TextSetting string
	// Default is the file that is read when no setting names a key, and made when nothing was sealed yet.
	Default string
	// HasSealed reports whether anything sealed, or a key's check value, is stored. It is asked only where Default is
	// missing.
	HasSealed func() (bool, error)
	// IsLooking makes no key: where there is none, and nothing sealed, Keys stay empty and the state is Ready.
	IsLooking bool
}

// Keys are the master keys found.
type Keys struct {
	Current  Key
	Previous []Key
	// Path is the file they came from, "" when they came from a setting.
	Path string
	// Source says it in words for people: the setting's name, or "data directory".
	Source string
	// IsNew says that the file was made just now: its owner must be told to keep a copy.
	IsNew bool
}

// State says whether sealed texts can be used.
type State uint8

// The states. In the locked ones all that needs no secret goes on, and nothing sealed is removed or overwritten.
const (
	Ready State = iota
	// LockedNoKey: sealed texts are stored and no key is found.
	LockedNoKey
	// LockedWrongKey: the key is not the one that the database knows.
	LockedWrongKey
)

// IsLocked reports whether sealed texts cannot be used.
func (s State) IsLocked() bool { return s != Ready }

// String is a sentence for the operator, "" when ready.
func (s State) String() string {
	switch s {
	case Ready:
		return ""
	case LockedNoKey:
		return "the key that your broker credentials are sealed with is missing"
	case LockedWrongKey:
		return "the key is not the one that your broker credentials are sealed with"
	default:
		panic(fmt.Sprintf("vault: state %d", s))
	}
}

// dataDirSource is the Source of a key that no setting names.
const dataDirSource = "data directory"

// FindKeys finds the keys in force. A key named by a setting must be usable, else ErrKey with Hint. Without a setting the
// default file counts; where it is missing a key is made, but never while something sealed is stored: then the state is
// LockedNoKey and there are no keys.
func FindKeys(o Options) (Keys, State, error) {
	if o.File != "" || !o.Text.IsEmpty() {
		keys, err := NamedKeys(o)
		return keys, Ready, err
	}
	found, err := ReadKeyFile(o.Default)
	if err == nil {
		return Keys{Current: found[0], Previous: found[1:], Path: o.Default, Source: dataDirSource}, Ready, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return Keys{}, Ready, fmt.Errorf("%w; it was made there by PaperPort, and a copy of it may be in your backups", err)
	}
	hasSealed, err := o.HasSealed()
	switch {
	case err != nil:
		return Keys{}, Ready, err
	case hasSealed:
		return Keys{}, LockedNoKey, nil
	case o.IsLooking:
		return Keys{}, Ready, nil
	}
	k, _ := NewKey()
	if err := CreateKeyFile(o.Default, k); err != nil {
		return Keys{}, Ready, err
	}
	if _, err := ReadKeyFile(o.Default); err != nil { // a file system without rights, say: better now than at the next start
		_ = os.Remove(o.Default)
		return Keys{}, Ready, fmt.Errorf("%w\n%s", err, Hint)
	}
	return Keys{Current: k, Path: o.Default, Source: dataDirSource, IsNew: true}, Ready, nil
}

// NamedKeys reads the keys that a setting names: Keys without a current one when none does. It needs no database, so that
// a bad key ends the program before anything else is begun.
func NamedKeys(o Options) (Keys, error) {
	if o.File != "" {
		found, err := ReadKeyFile(o.File)
		if err != nil {
			return Keys{}, fmt.Errorf("%s: %w\n%s", o.FileSetting, err, Hint)
		}
		return Keys{Current: found[0], Previous: found[1:], Path: o.File, Source: o.FileSetting}, nil
	}
	if o.Text.IsEmpty() {
		return Keys{}, nil
	}
	k, err := ParseKey([]byte(o.Text.Reveal()))
	if err != nil {
		return Keys{}, fmt.Errorf("%s: %w\n%s", o.TextSetting, err, Hint)
	}
	return Keys{Current: k, Source: o.TextSetting}, nil
}
