package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// TextMax is the longest text that can be sealed, in bytes.
const TextMax = 32 << 10

// The parts of a blob, in bytes.
const (
	magic      = "PPS"
	formatV1   = 0x01
	algCBC     = 0x01 // AES-256-CBC, then HMAC-SHA-256
	kidLen     = 4
	headerLen  = len(magic) + 2 + kidLen
	tagLen     = sha256.Size
	lengthLen  = 2  // of the text's length
	fillTo     = 64 // the text with its length is filled up to a multiple of this
	blobLenMin = headerLen + aes.BlockSize + fillTo + aes.BlockSize + tagLen
	blobLenMax = headerLen + aes.BlockSize + (lengthLen+TextMax+fillTo-1)/fillTo*fillTo + aes.BlockSize + tagLen
	credInfo   = "paperport/cred/v1/" // the algorithm's byte follows
)

// parts are slices of a blob.
type parts struct {
	kid                 [kidLen]byte
	iv, ciphertext, tag []byte
	signed              []byte // all before the tag
}

// parse cuts a blob; false when it is not of the one form that is written.
func parse(blob []byte) (p parts, isBlob bool) {
	if len(blob) < blobLenMin || len(blob) > blobLenMax || (len(blob)-blobLenMin)%fillTo != 0 {
		return parts{}, false
	}
	if string(blob[:len(magic)]) != magic || blob[len(magic)] != formatV1 || blob[len(magic)+1] != algCBC {
		return parts{}, false
	}
	copy(p.kid[:], blob[len(magic)+2:])
	end := len(blob) - tagLen
	p.signed, p.tag = blob[:end], blob[end:]
	p.iv, p.ciphertext = blob[headerLen:headerLen+aes.BlockSize], blob[headerLen+aes.BlockSize:end]
	return p, true
}

// sealer is one master key at one installation.
type sealer struct {
	kid   [kidLen]byte
	block cipher.Block
	mac   []byte
	check []byte
}

func newSealer(k Key, salt [32]byte) *sealer {
	derived := derive(k.bytes(), salt, credInfo+string([]byte{algCBC}), 64)
	block, err := aes.NewCipher(derived[:32])
	if err != nil {
		panic("vault: " + err.Error()) // only another key length does that
	}
	clear(derived[:32])
	return &sealer{kid: k.ID(), block: block, mac: derived[32:], check: derive(k.bytes(), salt, checkInfo, 32)}
}

func derive(master []byte, salt [32]byte, info string, n int) []byte {
	key, err := hkdf.Key(sha256.New, master, salt[:], info, n)
	if err != nil {
		panic("vault: " + err.Error()) // only an absurd length does that
	}
	return key
}

func newIV() (iv [aes.BlockSize]byte) {
	_, _ = rand.Read(iv[:]) // never fails: it ends the program instead
	return iv
}

// seal writes a blob.
func (s *sealer) seal(text string, at Place, iv [aes.BlockSize]byte) []byte {
	if len(text) > TextMax {
		panic(fmt.Sprintf("vault: a text of %d bytes is too long to seal", len(text)))
	}
	plain := fill(text)
	defer clear(plain)
	return s.sealBytes(plain, at, iv)
}

// sealBytes encrypts and signs bytes whose number is a multiple of a block.
func (s *sealer) sealBytes(plain []byte, at Place, iv [aes.BlockSize]byte) []byte {
	blob := make([]byte, 0, headerLen+len(iv)+len(plain)+tagLen)
	blob = append(blob, magic...)
	blob = append(blob, formatV1, algCBC)
	blob = append(blob, s.kid[:]...)
	blob = append(blob, iv[:]...)
	blob = blob[:len(blob)+len(plain)]
	cipher.NewCBCEncrypter(s.block, iv[:]).CryptBlocks(blob[headerLen+len(iv):], plain)
	return append(blob, s.tag(blob, at)...)
}

// tag signs what comes before it in a blob, and the place.
func (s *sealer) tag(signed []byte, at Place) []byte {
	place := at.encode()
	h := hmac.New(sha256.New, s.mac)
	h.Write(signed)
	h.Write(place)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(place))))
	return h.Sum(nil)
}

// encode writes each part after its length, so that no two places are written alike.
func (p Place) encode() []byte {
	var b []byte
	for _, part := range []string{p.Install, p.Table, p.Owner, p.Field, string(binary.BigEndian.AppendUint64(nil, p.Version))} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	return b
}

// fill writes length and text, zeros up to a multiple of fillTo, and the block that PKCS#7 adds to it.
func fill(text string) []byte {
	n := (lengthLen + len(text) + fillTo - 1) / fillTo * fillTo
	plain := make([]byte, n+aes.BlockSize)
	binary.BigEndian.PutUint16(plain, uint16(len(text)))
	copy(plain[lengthLen:], text)
	for i := n; i < len(plain); i++ {
		plain[i] = aes.BlockSize
	}
	return plain
}

// decrypt undoes fill; it is called on signed ciphertexts only, so what it refuses was sealed by another program.
func (s *sealer) decrypt(iv, ciphertext []byte) (text string, isText bool) {
	plain := make([]byte, len(ciphertext))
	defer clear(plain)
	cipher.NewCBCDecrypter(s.block, iv).CryptBlocks(plain, ciphertext)
	n := int(binary.BigEndian.Uint16(plain))
	if lengthLen+n > len(plain)-aes.BlockSize {
		return "", false
	}
	text = string(plain[lengthLen : lengthLen+n])
	want := fill(text)
	defer clear(want)
	return text, hmac.Equal(plain, want)
}
