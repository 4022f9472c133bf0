package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/vectors.json again")

const vectorFile = "testdata/vectors.json"

// vectors is the published file: what any implementation of the format must open, and must refuse.
type vectors struct {
	Format string   `json:"format"`
	Cases  []vector `json:"cases"`
}

// vector is one case. Salt, keys, blob and text are hex; the version is a decimal number in quotes. Text is what must
// come out, null where nothing may.
type vector struct {
	Name    string   `json:"name"`
	Salt    string   `json:"salt"`
	Keys    []string `json:"keys"` // current first
	Install string   `json:"install"`
	Table   string   `json:"table"`
	Owner   string   `json:"owner"`
	Field   string   `json:"field"`
	Version uint64   `json:"version,string"`
	Blob    string   `json:"blob"`
	Text    *string  `json:"text"`
}

// vectorKey makes the sample keys of the file. ParseKey refuses them: everybody knows them.
func vectorKey(n int) Key {
	return keyOf(sha256.Sum256(fmt.Appendf(nil, "paperport vector key %d", n)))
}

const vectorKeys = 4

func TestVectors(t *testing.T) {
	want, err := json.MarshalIndent(makeVectors(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(vectorFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the code makes; a change of the format needs a new version of it", vectorFile)
	}
	var file vectors
	if err := json.Unmarshal(got, &file); err != nil {
		t.Fatal(err)
	}
	opened, refused := 0, 0
	for _, c := range file.Cases {
		if c.Text == nil {
			refused++
		} else {
			opened++
		}
		checkVector(t, c)
	}
	if opened < 60 || refused < 200 {
		t.Errorf("%d cases to open and %d to refuse, want 60 and 200 at least", opened, refused)
	}
}

func checkVector(t *testing.T, c vector) {
	t.Helper()
	var ring []Key
	for _, k := range c.Keys {
		ring = append(ring, keyOf([32]byte(mustHex(t, k))))
	}
	v := New([32]byte(mustHex(t, c.Salt)), ring[0], ring[1:]...)
	text, err := v.Open(mustHex(t, c.Blob), Place{Install: c.Install, Table: c.Table, Owner: c.Owner, Field: c.Field, Version: c.Version})
	switch {
	case c.Text == nil && !isErrSealed(err):
		t.Errorf("%s: got %v, want ErrSealed", c.Name, err)
	case c.Text != nil && (err != nil || hex.EncodeToString([]byte(text.Reveal())) != *c.Text):
		t.Errorf("%s: does not open as written (%v)", c.Name, err)
	}
}

func mustHex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestIndependentScript has the file checked by a program that shares no code with this one: HKDF and HMAC from Python,
// AES from OpenSSL.
func TestIndependentScript(t *testing.T) {
	if testing.Short() {
		t.Skip("starts openssl some 130 times")
	}
	for _, program := range []string{"python3", "openssl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not here; make test installs it", program)
		}
	}
	output, err := exec.CommandContext(t.Context(), "python3", "../tools/vectors.py", vectorFile).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if !strings.Contains(string(output), "all agree") {
		t.Errorf("the script says %s", output)
	}
}

// TestSamples: no key that is printed in this repository is accepted.
func TestSamples(t *testing.T) {
	for n := range vectorKeys {
		k := vectorKey(n)
		for _, text := range []string{hex.EncodeToString(k.bytes()), base64.StdEncoding.EncodeToString(k.bytes())} {
			if _, err := ParseKey([]byte(text)); err == nil || !strings.Contains(err.Error(), "sample") {
				t.Errorf("sample key %d, id %x: got %v", n, k.ID(), err)
			}
		}
	}
	if len(samples) != vectorKeys {
		t.Errorf("%d samples listed, want %d", len(samples), vectorKeys)
	}
}

// maker builds the file.
type maker struct {
	cases []vector
	salt  [32]byte
	ring  []Key
	at    Place
	count uint16
}

func makeVectors() vectors {
	m := &maker{salt: sha256.Sum256([]byte("paperport vector salt")), ring: []Key{vectorKey(0)},
		at: Place{Install: "4f2a8c1de09b7735a1c64b2290de7f13", Table: "broker_secrets", Owner: "asha/icici", Field: "password", Version: 1}}
	m.lengths()
	m.places()
	m.rings()
	m.damaged()
	m.misplaced()
	m.malformed()
	return vectors{Format: "PaperPort sealed text, version 1: see docs/keys.md", Cases: m.cases}
}

func (m *maker) iv() (iv [16]byte) {
	m.count++
	sum := sha256.Sum256(fmt.Appendf(nil, "iv %d", m.count))
	copy(iv[:], sum[:])
	return iv
}

func (m *maker) add(name string, blob []byte, at Place, text *string) {
	c := vector{Name: name, Salt: hex.EncodeToString(m.salt[:]), Install: at.Install, Table: at.Table, Owner: at.Owner, Field: at.Field,
		Version: at.Version, Blob: hex.EncodeToString(blob)}
	for _, k := range m.ring {
		c.Keys = append(c.Keys, hex.EncodeToString(k.bytes()))
	}
	if text != nil {
		h := hex.EncodeToString([]byte(*text))
		c.Text = &h
	}
	m.cases = append(m.cases, c)
}

func (m *maker) sealer(k Key) *sealer { return newSealer(k, m.salt) }

func (m *maker) good(name, text string, at Place) []byte {
	blob := m.sealer(m.ring[0]).seal(text, at, m.iv())
	m.add(name, blob, at, &text)
	return blob
}

func (m *maker) bad(name string, blob []byte, at Place) { m.add("refuse: "+name, blob, at, nil) }

// lengths: every edge of the filling, and texts of all kinds.
func (m *maker) lengths() {
	for _, n := range []int{0, 1, 2, 13, 14, 15, 16, 17, 29, 30, 31, 32, 45, 46, 47, 48, 61, 62, 63, 64, 65, 125, 126, 127, 128, 189, 190, 191,
		253, 254, 255, 256, 257, 511, 1000, 1022, 1023, 4094, 4096} {
		m.good(fmt.Sprintf("a text of %d bytes", n), strings.Repeat("x", n), m.at)
	}
	for name, text := range []string{"  spaces around  ", "पासवर्ड", "🔑", "\x00", "\x00\x00\x00", "ends with zeros\x00\x00", "\xff\xfe not UTF-8", "line\nbreak",
		"\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10\x10", "PPS\x01\x01"} {
		m.good(fmt.Sprintf("an odd text, %d", name), text, m.at)
	}
}

// places: every part, empty and odd ones.
func (m *maker) places() {
	for _, field := range fields {
		m.good("field "+field, "text", Place{m.at.Install, m.at.Table, m.at.Owner, field, 7})
	}
	for _, version := range []uint64{0, 2, 255, 256, 1 << 32, math.MaxUint64} {
		m.good(fmt.Sprintf("version %d", version), "text", Place{m.at.Install, m.at.Table, m.at.Owner, m.at.Field, version})
	}
	m.good("an empty place", "text", Place{})
	m.good("a place with zeros in it", "text", Place{"a\x00", "\x00b", "c", "d\x00\x00", 1})
	m.good("a place that is not ASCII", "text", Place{"घर", "🗄", "é", "ñ", 1})
}

// rings: earlier keys open, the current one seals.
func (m *maker) rings() {
	home := m.ring
	for n := 1; n < vectorKeys; n++ {
		m.ring = []Key{vectorKey(n)}
		blob := m.good(fmt.Sprintf("sample key %d", n), "text", m.at)
		text := "text"
		m.ring = []Key{vectorKey(0), vectorKey(n)}
		m.add(fmt.Sprintf("earlier key, %d", n), blob, m.at, &text)
		m.ring = []Key{vectorKey(n%3 + 1), vectorKey(0)}
		if n%3+1 != n {
			m.bad(fmt.Sprintf("key %d is not in the ring", n), blob, m.at)
		}
	}
	m.ring = home
	salt := m.salt
	m.salt = sha256.Sum256([]byte("another salt"))
	blob := m.good("another salt", "text", m.at)
	m.salt = salt
	m.bad("sealed under another salt", blob, m.at)
}

// damaged: changed bytes in every part, cut and longer blobs.
func (m *maker) damaged() {
	whole := m.sealer(m.ring[0]).seal("correct horse", m.at, m.iv())
	for i := range len(whole) {
		b := bytes.Clone(whole)
		b[i] ^= 1 << (i % 8)
		m.bad(fmt.Sprintf("bit %d of byte %d flipped", i%8, i), b, m.at)
	}
	for _, n := range []int{0, 1, 3, 4, 5, 8, 9, 24, 25, 41, 57, 73, 89, 105, 121, 136} {
		m.bad(fmt.Sprintf("cut to %d bytes", n), whole[:n], m.at)
	}
	for _, n := range []int{1, 16, 32, 63, 64, 128} {
		m.bad(fmt.Sprintf("%d bytes longer", n), append(bytes.Clone(whole), make([]byte, n)...), m.at)
	}
	for _, alg := range []byte{0, 2, 3, 255} {
		b := bytes.Clone(whole)
		b[4] = alg
		m.bad(fmt.Sprintf("algorithm %d with a right tag", alg), m.signed(b, m.at), m.at)
	}
	for _, version := range []byte{0, 2, 255} {
		b := bytes.Clone(whole)
		b[3] = version
		m.bad(fmt.Sprintf("format version %d with a right tag", version), m.signed(b, m.at), m.at)
	}
	m.bad("other letters at the front, with a right tag", m.signed(append([]byte("pps"), whole[3:]...), m.at), m.at)
	m.bad("the text itself", []byte("correct horse"), m.at)
	m.bad("hex of IV and ciphertext, as an older program wrote it", []byte(hex.EncodeToString(whole[9:25])+":"+hex.EncodeToString(whole[25:105])), m.at)
	m.bad("all zeros", make([]byte, len(whole)), m.at)
	m.bad("no tag", append(bytes.Clone(whole[:len(whole)-tagLen]), make([]byte, tagLen)...), m.at)
}

// signed puts a right tag behind a blob.
func (m *maker) signed(blob []byte, at Place) []byte {
	end := len(blob) - tagLen
	return append(bytes.Clone(blob[:end]), m.sealer(m.ring[0]).tag(blob[:end], at)...)
}

// misplaced: right blobs at other places.
func (m *maker) misplaced() {
	blob := m.sealer(m.ring[0]).seal("correct horse", m.at, m.iv())
	p := m.at
	for i, at := range []Place{
		{"another", p.Table, p.Owner, p.Field, p.Version}, {"", p.Table, p.Owner, p.Field, p.Version}, {p.Install, "users", p.Owner, p.Field, p.Version},
		{p.Install, p.Table, "ravi/icici", p.Field, p.Version}, {p.Install, p.Table, "asha/demo", p.Field, p.Version}, {p.Install, p.Table, "", p.Field, p.Version},
		{p.Install, p.Table, p.Owner, "login_id", p.Version}, {p.Install, p.Table, p.Owner, "totp_secret", p.Version}, {p.Install, p.Table, p.Owner, "", p.Version},
		{p.Install, p.Table, p.Owner, p.Field, 0}, {p.Install, p.Table, p.Owner, p.Field, 2}, {p.Install, p.Table, p.Owner, p.Field, math.MaxUint64},
		{p.Install, p.Table, p.Owner + "p", p.Field[1:], p.Version}, {p.Install + "b", p.Table[1:], p.Owner, p.Field, p.Version},
		{p.Table, p.Install, p.Owner, p.Field, p.Version}, {p.Install, p.Table, p.Field, p.Owner, p.Version}, {p.Install + p.Table, "", p.Owner, p.Field, p.Version},
		{p.Install, p.Table, p.Owner, p.Field + "\x00", p.Version}, {p.Install, p.Table, "Asha/icici", p.Field, p.Version}, {}} {
		m.bad(fmt.Sprintf("moved, %d", i), blob, at)
	}
}

// malformed: rightly signed blobs whose plaintext no seal makes.
func (m *maker) malformed() {
	s := m.sealer(m.ring[0])
	broken := func(name string, change func(plain []byte)) {
		plain := fill("correct horse")
		change(plain)
		m.bad("rightly signed, "+name, s.sealBytes(plain, m.at, m.iv()), m.at)
	}
	for _, pad := range []byte{0, 1, 15, 17, 255} {
		broken(fmt.Sprintf("last byte %d", pad), func(p []byte) { p[len(p)-1] = pad })
	}
	broken("first byte of the padding wrong", func(p []byte) { p[64] = 0 })
	broken("a padding of one byte", func(p []byte) { clear(p[64:79]); p[79] = 1 })
	broken("length one too small", func(p []byte) { p[1]-- })
	broken("length beyond the filling", func(p []byte) { p[1] = 63 })
	broken("length within the padding", func(p []byte) { p[1] = 70 })
	broken("length 65535", func(p []byte) { p[0], p[1] = 255, 255 })
	broken("filling not zero at its start", func(p []byte) { p[15] = 1 })
	broken("filling not zero at its end", func(p []byte) { p[63] = 1 })
	for _, blocks := range []int{0, 1, 2, 3, 4, 6, 7, 8} {
		plain := make([]byte, 16*blocks)
		for i := max(0, len(plain)-16); i < len(plain); i++ {
			plain[i] = 16
		}
		m.bad(fmt.Sprintf("rightly signed, %d blocks", blocks), s.sealBytes(plain, m.at, m.iv()), m.at)
	}
	long := make([]byte, 9*16)
	long[1] = 13
	copy(long[2:], "correct horse")
	for i := 128; i < len(long); i++ {
		long[i] = 16
	}
	m.bad("rightly signed, filled further than needed", s.sealBytes(long, m.at, m.iv()), m.at)
}

// maybeKey is what could be 32 bytes in base64 or hex.
var maybeKey = regexp.MustCompile(`[A-Za-z0-9+/_-]{43,64}=?`)

// TestNoKeyInDocuments: what somebody may copy from a page of ours as a key must be refused as a sample.
func TestNoKeyInDocuments(t *testing.T) {
	seen := 0
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/*/*.md", "../deploy/*", "../.env*", "../Dockerfile", "../*.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				continue // a directory
			}
			seen++
			for _, word := range maybeKey.FindAllString(string(text), -1) {
				if _, err := ParseKey([]byte(word)); err == nil {
					t.Errorf("%s holds %s, which would be taken for a key: add it to samples", name, word)
				}
			}
		}
	}
	if seen < 5 {
		t.Errorf("looked at %d files only", seen)
	}
}
