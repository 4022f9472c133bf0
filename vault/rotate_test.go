package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"paperport/secret"
)

var errKilled = errors.New("killed")

// keeper keeps rows in memory and dies at the n-th write, before or after it.
type keeper struct {
	rows  []Row
	check []byte
	// left counts writes down to the death; the death is after the write when isAfter is set. The key file's steps count,
	// too.
	left    int
	isAfter bool
	isDead  bool
}

func (k *keeper) After(_ context.Context, last *Row, limit int) ([]Row, error) {
	if k.isDead {
		return nil, errKilled
	}
	from := 0
	if last != nil {
		from = last.Of.(int) + 1
	}
	var page []Row
	for _, r := range k.rows[from:min(from+limit, len(k.rows))] {
		page = append(page, Row{Place: r.Place, Blob: bytes.Clone(r.Blob), Of: r.Of})
	}
	return page, nil
}

// at counts one write down.
func (k *keeper) at(write func()) error {
	if k.isDead {
		return errKilled
	}
	k.left--
	k.isDead = k.left == 0
	if !k.isDead || k.isAfter {
		write()
	}
	if k.isDead {
		return errKilled
	}
	return nil
}

func (k *keeper) Replace(_ context.Context, changes []Change) error {
	return k.at(func() {
		for _, c := range changes {
			if row := &k.rows[c.Row.Of.(int)]; bytes.Equal(row.Blob, c.Row.Blob) {
				row.Blob = c.Blob
			}
		}
	})
}

func (k *keeper) SetCheck(_ context.Context, check []byte) error {
	return k.at(func() { k.check = check })
}

// installation is a key file and rows sealed under its key.
type installation struct {
	*keeper
	salt [32]byte
	path string
}

func mustInstall(t *testing.T, rows int) *installation {
	t.Helper()
	k := mustKey(t)
	in := &installation{keeper: &keeper{}, salt: newSalt(), path: filepath.Join(t.TempDir(), "paperport.key")}
	if err := CreateKeyFile(in.path, k); err != nil {
		t.Fatal(err)
	}
	v := New(in.salt, k)
	in.check = v.Check()
	for n := range rows {
		at := Place{Install: "i", Table: "t", Owner: fmt.Sprint(n / 6), Field: fields[n%6], Version: 1}
		in.rows = append(in.rows, Row{Place: at, Blob: v.Seal(secret.New(fmt.Sprint("secret ", n)), at), Of: n})
	}
	return in
}

func (in *installation) mustKeys(t *testing.T) Keys {
	t.Helper()
	found, err := ReadKeyFile(in.path)
	if err != nil {
		t.Fatalf("the key file does not read: %v", err)
	}
	return Keys{Current: found[0], Previous: found[1:], Path: in.path}
}

func (in *installation) rotation(t *testing.T, isDropping bool) *Rotation {
	t.Helper()
	return &Rotation{Rows: in, Salt: in.salt, Keys: in.mustKeys(t), File: in.path, IsDropping: isDropping,
		writer: writer{step: func(string) error { return in.at(func() {}) }}}
}

// mustOpenAll opens every row with the keys of the file, which must also fit the check value.
func (in *installation) mustOpenAll(t *testing.T, when string) (earlier int) {
	t.Helper()
	keys := in.mustKeys(t)
	v := New(in.salt, keys.Current, keys.Previous...)
	if !v.Matches(in.check) {
		t.Fatalf("%s: the check value does not fit the key file", when)
	}
	for n, row := range in.rows {
		text, err := v.Open(row.Blob, row.Place)
		if err != nil || text.Reveal() != fmt.Sprint("secret ", n) {
			t.Fatalf("%s: row %d does not open: %v", when, n, err)
		}
		if !v.IsCurrent(row.Blob) {
			earlier++
		}
	}
	return earlier
}

func TestRotate(t *testing.T) {
	in := mustInstall(t, 250)
	old := in.mustKeys(t).Current
	report, err := in.rotation(t, false).Run(t.Context())
	keys := in.mustKeys(t)
	want := Report{Seen: 250, Resealed: 250, Current: keys.Current.ID(), IsNew: true}
	if err != nil || report != want {
		t.Fatalf("got %+v, %v, want %+v", report, err, want)
	}
	if keys.Current.ID() == old.ID() || len(keys.Previous) != 1 || keys.Previous[0].ID() != old.ID() || in.mustOpenAll(t, "rotated") != 0 {
		t.Error("the key file does not hold the new key before the old one, or rows are left under it")
	}
	report, err = in.rotation(t, true).Run(t.Context())
	want = Report{Seen: 250, Current: keys.Current.ID(), IsDropped: true}
	if err != nil || report != want || len(in.mustKeys(t).Previous) != 0 {
		t.Errorf("dropping: got %+v, %v, want %+v", report, err, want)
	}
	in.mustOpenAll(t, "dropped")
}

// TestRotationKilled is test 71: killed anywhere, every row opens with the keys of the file, and running again ends it.
func TestRotationKilled(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range share(40, 500) {
		in := mustInstall(t, 1+random.IntN(450))
		when := fmt.Sprintf("seed %d, round %d", seed, round)
		isDropping, deaths := random.IntN(2) == 0, 0
		for {
			in.left, in.isAfter, in.isDead = 1+random.IntN(11), random.IntN(2) == 0, false
			report, err := in.rotation(t, isDropping).Run(t.Context())
			if err == nil {
				if left := in.mustOpenAll(t, when+", finished"); left != 0 || report.Left != 0 || report.Lost != 0 {
					t.Fatalf("%s: %d rows left, report %+v", when, left, report)
				}
				if isDropping && len(in.mustKeys(t).Previous) != 0 {
					t.Fatalf("%s: earlier keys are still there", when)
				}
				break
			}
			if !errors.Is(err, errKilled) {
				t.Fatalf("%s: %v", when, err)
			}
			if deaths++; deaths > 200 {
				t.Fatalf("%s: never ends", when)
			}
			in.isDead = false
			in.mustOpenAll(t, when)
		}
	}
}

func TestDamagedRowsKeepTheirKey(t *testing.T) {
	in := mustInstall(t, 3)
	in.rows[1].Blob[40] ^= 1
	damaged := bytes.Clone(in.rows[1].Blob)
	other := mustKey(t)
	in.rows[2].Blob = New(in.salt, other).Seal(secret.New("x"), in.rows[2].Place)
	foreign := bytes.Clone(in.rows[2].Blob)
	report, err := in.rotation(t, true).Run(t.Context())
	if err != nil || report.Seen != 3 {
		t.Logf("first run: %+v %v", report, err)
	}
	if !errors.Is(err, ErrLeft) || report.Resealed != 1 || report.Left != 1 || report.Lost != 2 || len(in.mustKeys(t).Previous) != 1 {
		t.Errorf("got %+v, %v, want ErrLeft with the earlier key kept", report, err)
	}
	if !bytes.Equal(in.rows[1].Blob, damaged) || !bytes.Equal(in.rows[2].Blob, foreign) {
		t.Error("a row that does not open was overwritten")
	}
}

// TestRotateToAnotherFile: a key that came from the environment cannot be changed there.
func TestRotateToAnotherFile(t *testing.T) {
	in := mustInstall(t, 120)
	file := in.path + "2"
	old := in.mustKeys(t).Current
	rotation := func() *Rotation {
		return &Rotation{Rows: in, Salt: in.salt, Keys: Keys{Current: old, Source: "ENCRYPTION_KEY"}, File: file,
			writer: writer{step: func(string) error { return in.at(func() {}) }}}
	}
	in.left = 5 // at a page of rows
	if _, err := rotation().Run(t.Context()); !errors.Is(err, errKilled) {
		t.Fatalf("got %v", err)
	}
	in.isDead, in.left = false, 0
	report, err := rotation().Run(t.Context())
	if err != nil || report.IsNew || report.Left != 0 {
		t.Fatalf("going on: %+v, %v", report, err)
	}
	in.path = file
	if in.mustOpenAll(t, "finished") != 0 || in.mustKeys(t).Previous[0].ID() != old.ID() {
		t.Error("rows are left, or the old key is not in the new file")
	}
	foreign := filepath.Join(t.TempDir(), "key")
	if err := CreateKeyFile(foreign, mustKey(t)); err != nil {
		t.Fatal(err)
	}
	r := rotation()
	r.File = foreign
	if _, err := r.Run(t.Context()); !errors.Is(err, ErrKey) {
		t.Errorf("a file with foreign keys: got %v, want ErrKey", err)
	}
}
