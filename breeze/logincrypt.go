package breeze

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"paperport/breezewire"
	"paperport/secret"
)

// pemMark begins a key of the second generation.
const pemMark = "-----BEGIN"

// bitsMax is the largest RSA key we compute with.
const bitsMax = 8192

// passwordKey is the key on a password page and how its cipher text is spelled (5.3).
type passwordKey struct {
	generation breezewire.LoginGeneration
	public     *rsa.PublicKey
}

// readKey picks the generation as the reference says: PEM if there is one, else exponent~modulus, else none.
func readKey(pem, hexPair string) (passwordKey, error) {
	var (
		key passwordKey
		err error
	)
	switch {
	case strings.HasPrefix(strings.TrimSpace(pem), pemMark):
		key.generation = breezewire.LoginPEM
		key.public, err = readPEM(pem)
	case strings.Contains(hexPair, "~"):
		key.generation = breezewire.LoginHex
		key.public, err = readHex(hexPair)
	default:
		return passwordKey{}, notPinned("no key of either generation")
	}
	if err != nil {
		return passwordKey{}, err
	}
	if bits := key.public.N.BitLen(); bits < 1024 || bits > bitsMax {
		return passwordKey{}, notPinned("an RSA key of %d bits", bits)
	}
	return key, nil
}

// readPEM reads a public key; an attribute of a page may have lost its line breaks, which encoding/pem insists on.
func readPEM(text string) (*rsa.PublicKey, error) {
	_, body, _ := strings.Cut(strings.TrimSpace(text), pemMark)
	_, body, _ = strings.Cut(body, "-----")
	body, _, isEnded := strings.Cut(body, "-----END")
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(body), ""))
	if err != nil || !isEnded {
		return nil, notPinned("a PEM key that cannot be read")
	}
	if any, err := x509.ParsePKIXPublicKey(der); err == nil {
		if public, ok := any.(*rsa.PublicKey); ok {
			return public, nil
		}
		return nil, notPinned("a key that is not RSA")
	}
	public, err := x509.ParsePKCS1PublicKey(der)
	if err != nil {
		return nil, notPinned("a PEM key that cannot be read")
	}
	return public, nil
}

func readHex(pair string) (*rsa.PublicKey, error) {
	exponent, modulus, _ := strings.Cut(strings.TrimSpace(pair), "~")
	e, err := strconv.ParseInt(exponent, 16, 32)
	if err != nil || e < 3 || e%2 == 0 || len(modulus) > bitsMax/4+2 {
		return nil, notPinned("a hex key that cannot be read")
	}
	n, ok := new(big.Int).SetString(modulus, 16)
	if !ok || n.Sign() <= 0 {
		return nil, notPinned("a hex key that cannot be read")
	}
	return &rsa.PublicKey{N: n, E: int(e)}, nil
}

// encrypt spells PKCS#1 v1.5 over the UTF-8 text: lower-case hex as long as the modulus, or base64.
func (k passwordKey) encrypt(text secret.Text) (secret.Text, error) {
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, k.public, []byte(text.Reveal())) //nolint:staticcheck // the page's script pads so, and its server expects nothing else
	switch {
	case errors.Is(err, rsa.ErrMessageTooLong):
		return secret.Text{}, notPinned("a key too short for the password")
	case err != nil:
		return secret.Text{}, fmt.Errorf("breeze: encrypting the password: %w", err)
	case k.generation == breezewire.LoginHex:
		return secret.New(hex.EncodeToString(sealed)), nil
	default:
		return secret.New(base64.StdEncoding.EncodeToString(sealed)), nil
	}
}
