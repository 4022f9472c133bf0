package sqlstore

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"paperport/store"
)

const auditKeyName = "audit.key"

// auditKey seals the trail. It is no vault key: it stays when that one is rotated, lost or locked. It sits behind a
// pointer so that no print of a struct shows it.
type auditKey struct{ key *[32]byte }

// loadAuditKey reads the key file of a data directory; fs.ErrNotExist when there is none.
func loadAuditKey(dir string) (*auditKey, error) {
	path := filepath.Join(dir, auditKeyName)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: reading the key of the audit trail: %w", err)
	}
	k := &auditKey{new([32]byte)}
	if n, err := hex.Decode(k.key[:], bytes.TrimSpace(text[:min(len(text), 65)])); err != nil || n != len(k.key) || len(bytes.TrimSpace(text)) != 64 {
		return nil, fmt.Errorf("sqlstore: %s is damaged: put the right file back, or move it away to start a new chain", path)
	}
	return k, nil
}

// makeAuditKey is loadAuditKey, with a new key when there is none. The caller holds the lock of the directory.
func makeAuditKey(dir string) (*auditKey, error) {
	k, err := loadAuditKey(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	k = &auditKey{new([32]byte)}
	_, _ = rand.Read(k.key[:]) // never fails
	path := filepath.Join(dir, auditKeyName)
	if err := os.Remove(path + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("sqlstore: making the key of the audit trail: %w", err)
	}
	if err := writeDurably(path+".new", []byte(hex.EncodeToString(k.key[:])+"\n"), 0o400); err != nil {
		return nil, fmt.Errorf("sqlstore: making the key of the audit trail: %w", err)
	}
	if err := renameDurably(path+".new", path); err != nil {
		return nil, fmt.Errorf("sqlstore: making the key of the audit trail: %w", err)
	}
	return k, nil
}

// writeDurably makes a new file.
func writeDurably(path string, text []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// renameDurably renames within one directory; when it returns nil, the new name survives power loss.
func renameDurably(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (k *auditKey) mac(parts ...[]byte) []byte {
	h := hmac.New(sha256.New, k.key[:])
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// id names the key and tells nothing of it. Inputs of mac differ in length by purpose: the id's is the shortest, a
// head's has 44 bytes, a row's more.
func (k *auditKey) id() []byte { return k.mac([]byte("id"))[:4] }

// rowHash binds a row to the hash before it.
func (k *auditKey) rowHash(before []byte, r store.AuditRow) []byte {
	return k.mac(before, canonical(r))
}

// headMAC says that the trail ends with this number and hash.
func (k *auditKey) headMAC(number int64, hash []byte) []byte {
	return k.mac(binary.BigEndian.AppendUint64([]byte("head"), uint64(number)), hash)
}

// canonical writes each field of a row behind its length.
func canonical(r store.AuditRow) (b []byte) {
	for _, n := range []int64{r.Number, micros(r.At)} {
		b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, 8), uint64(n))
	}
	for _, text := range []string{string(r.Actor), string(r.Subject), r.Action, r.Detail, r.Result, r.IP, r.RequestID} {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
	}
	return b
}
