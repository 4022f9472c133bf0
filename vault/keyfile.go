package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Limits of a key file.
const (
	keyFileMax = 16 << 10 // bytes
	keysMax    = 16
)

// ReadKeyFile reads a key file: the current key on the first line, earlier keys on further lines; empty lines and lines
// that begin with # are ignored. It refuses with ErrKey a file that others may read (any right of group or others), that
// is no regular file, or that holds an unusable key; a missing file is also fs.ErrNotExist. Errors name the path and the
// line, never what is in it.
func ReadKeyFile(path string) ([]Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %s is not a file", ErrKey, path)
	case info.Mode().Perm()&0o077 != 0 && !isCredential(path, info.Mode().Perm()):
		return nil, fmt.Errorf("%w: %s has mode %#o, so that others may use it; run: chmod 400 %s", ErrKey, path, info.Mode().Perm(), path)
	case info.Size() > keyFileMax:
		return nil, fmt.Errorf("%w: %s is too long for a key file", ErrKey, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, keyFileMax))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	defer clear(text)
	return parseKeyFile(path, text)
}

// isCredential excuses the group's right to read for a file that systemd laid out for this service: there it is the mask
// of an access list and no group has it. Source: systemd issue 29435 and systemd.exec(5), LoadCredential=.
func isCredential(path string, mode fs.FileMode) bool {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	return dir != "" && filepath.Dir(path) == filepath.Clean(dir) && mode&0o037 == 0
}

func parseKeyFile(path string, text []byte) ([]Key, error) {
	var keys []Key
	seen := map[[kidLen]byte]bool{}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		k, err := ParseKey(line)
		if err != nil {
			return nil, fmt.Errorf("%s line %d: %w", path, number, err)
		}
		if seen[k.ID()] || len(keys) == keysMax {
			return nil, fmt.Errorf("%s line %d: %w: it is there twice, or there are more than %d", path, number, ErrKey, keysMax)
		}
		seen[k.ID()] = true
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: %s holds no key", ErrKey, path)
	}
	return keys, nil
}

// CreateKeyFile writes a new key file with mode 0400, current key first. A file that is there already is fs.ErrExist and
// stays as it is. When it returns nil the file survives a power loss; otherwise there is the whole file or none.
func CreateKeyFile(path string, keys ...Key) error {
	return writer{}.create(path, keys)
}

// WriteKeyFile puts a key file in the place of an earlier one: at any moment there is the old file or the new one, whole.
func WriteKeyFile(path string, keys ...Key) error {
	return writer{}.replace(path, keys)
}

// writer writes key files; tests stop it between two steps, as a killed process would.
type writer struct {
	step func(name string) error // nil goes on
}

func (w writer) at(name string) error {
	if w.step == nil {
		return nil
	}
	return w.step(name)
}

func (w writer) create(path string, keys []Key) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("vault: %s: %w", path, fs.ErrExist)
	}
	return w.write(path, keys, func(fresh string) error {
		err := os.Link(fresh, path) // unlike a rename it never takes a file's place
		if err == nil {
			return os.Remove(fresh)
		}
		if errors.Is(err, fs.ErrExist) {
			_ = os.Remove(fresh)
			return err
		}
		return os.Rename(fresh, path) // a file system without links
	})
}

func (w writer) replace(path string, keys []Key) error {
	return w.write(path, keys, func(fresh string) error { return os.Rename(fresh, path) })
}

// write makes the file beside its place, has it on the disk, and puts it there.
func (w writer) write(path string, keys []Key, put func(fresh string) error) error {
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("vault: writing a key file: %w", err)
	}
	if err := w.at("before the file"); err != nil {
		return err
	}
	if err := writeSynced(fresh, keys); err != nil {
		return fmt.Errorf("vault: writing a key file: %w", err)
	}
	if err := w.at("file beside its place"); err != nil {
		return err
	}
	if err := put(fresh); err != nil {
		return fmt.Errorf("vault: writing a key file: %w", err)
	}
	if err := w.at("file in place"); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("vault: writing a key file: %w", err)
	}
	return nil
}

func writeSynced(path string, keys []Key) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o400)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, k := range keys {
		text.WriteString(k.Text().Reveal())
		text.WriteByte('\n')
	}
	_, err = f.Write(text.Bytes())
	clear(text.Bytes())
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
