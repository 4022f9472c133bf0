// Package vault seals secrets for storing and opens them again: a versioned, authenticated format bound to its place
// (installation, table, owner, field, version), the master keys it needs, and their rotation. It stores nothing but key
// files.
//
// The format, version 1. A sealed text is
//
//	"PPS" | version 0x01 | algorithm 0x01 | key id, 4 bytes | IV, 16 bytes | ciphertext | tag, 32 bytes
//
// Algorithm 0x01 is AES-256-CBC with PKCS#7 padding, then HMAC-SHA-256 with its full tag (encrypt-then-MAC); 0x02 is
// reserved for AES-256-GCM, neither written nor read. The master key is 32 random bytes; its id is the first four bytes
// of SHA-256("paperport/kid" | master). HKDF-SHA-256 of the master key with the installation's salt (32 bytes) and the
// info "paperport/cred/v1/" | algorithm byte gives 64 bytes: the key for AES, then the key for HMAC.
//
// What is encrypted is the text's length (uint16), the text, and zeros up to a multiple of 64 bytes, so that the length
// of a blob does not tell the length of a password. The tag covers everything before it, then the place, then the
// place's length in bytes (uint64). The place is installation, table, owner, field and version (uint64), each after its
// length in bytes (uint32). All integers are big-endian.
//
// Invariants: a text opens only in the place it was sealed for and only as a whole; every failure is ErrSealed and
// nothing is decrypted before its tag was found right; IVs come from crypto/rand.
//
// Known limits: who can write the database can put an older row back whole, version and all; who can read this process's
// memory has the keys. docs/keys.md says the same to operators.
package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"paperport/secret"
)

// ErrSealed says that a blob cannot be opened: damaged, moved from another place, of an unknown format, or sealed under
// a key that is not here. It never says which.
var ErrSealed = errors.New("vault: cannot be opened")

// Place is where a sealed text belongs: it opens nowhere else. Version grows with each change of the field.
type Place struct {
	Install, Table, Owner, Field string
	Version                      uint64
}

// Vault seals under the current key and opens under any of its keys. It may be used from any goroutine.
type Vault struct {
	ring []*sealer // current first
}

// New derives the keys of an installation. It panics on a zero Key, and on two keys of one id, which ReadKeyFile refuses.
func New(salt [32]byte, current Key, previous ...Key) *Vault {
	v := &Vault{}
	for _, k := range append([]Key{current}, previous...) {
		if k.IsZero() {
			panic("vault: no key")
		}
		if v.find(k.ID()) != nil {
			panic("vault: two keys of one id")
		}
		v.ring = append(v.ring, newSealer(k, salt))
	}
	return v
}

// Seal seals a text for a place, under a fresh IV. It panics on a text longer than TextMax bytes.
func (v *Vault) Seal(plain secret.Text, at Place) []byte {
	return v.ring[0].seal(plain.Reveal(), at, newIV())
}

// Open opens a blob in its place, or answers ErrSealed.
func (v *Vault) Open(blob []byte, at Place) (secret.Text, error) {
	p, isBlob := parse(blob)
	if !isBlob {
		return secret.Text{}, ErrSealed
	}
	s := v.find(p.kid)
	if s == nil || !hmac.Equal(s.tag(p.signed, at), p.tag) {
		return secret.Text{}, ErrSealed
	}
	text, isText := s.decrypt(p.iv, p.ciphertext)
	if !isText {
		return secret.Text{}, ErrSealed
	}
	return secret.New(text), nil
}

func (v *Vault) find(kid [kidLen]byte) *sealer {
	for _, s := range v.ring {
		if s.kid == kid {
			return s
		}
	}
	return nil
}

// KeyOf reads the id of the key that a blob says it is sealed under; false when it is none of ours by its form.
func (v *Vault) KeyOf(blob []byte) ([4]byte, bool) {
	p, isBlob := parse(blob)
	return p.kid, isBlob
}

// IsCurrent reports whether a blob is sealed under the current key.
func (v *Vault) IsCurrent(blob []byte) bool {
	kid, isBlob := v.KeyOf(blob)
	return isBlob && kid == v.ring[0].kid
}

// CurrentKey is the id of the key that Seal uses.
func (v *Vault) CurrentKey() [4]byte { return v.ring[0].kid }

// Check is the value by which the current key is known again. It may be stored in the clear.
func (v *Vault) Check() []byte { return append([]byte(nil), v.ring[0].check...) }

// Matches reports whether a stored check value was made by one of the keys.
func (v *Vault) Matches(check []byte) bool {
	isOurs := false
	for _, s := range v.ring {
		isOurs = hmac.Equal(s.check, check) || isOurs
	}
	return isOurs
}

// Format hides the keys from every verb of fmt.
func (v *Vault) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(secret.Masked)) }

// checkInfo is what a key's check value is derived for.
const checkInfo = "paperport/check/v1"

// keyID names a master key without telling it.
func keyID(master []byte) (id [kidLen]byte) {
	sum := sha256.Sum256(append([]byte("paperport/kid"), master...))
	copy(id[:], sum[:])
	return id
}
