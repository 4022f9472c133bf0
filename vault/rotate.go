package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// Row is a sealed text where its keeper has it; Of is the keeper's own.
type Row struct {
	Place Place
	Blob  []byte
	Of    any
}

// Change gives a row another blob.
type Change struct {
	Row  Row
	Blob []byte
}

// Rows is the keeper of sealed texts. What a method answered with nil is durable; otherwise nothing of it happened.
type Rows interface {
	// After lists up to limit rows in a fixed order that a change of blobs does not change, behind the last row of the
	// page before, from the first one on when that is nil.
	After(ctx context.Context, last *Row, limit int) ([]Row, error)
	// Replace changes blobs in one transaction. A row that no longer has the old blob is left as it is.
	Replace(ctx context.Context, changes []Change) error
	// SetCheck keeps the current key's check value, and the trail of it.
	SetCheck(ctx context.Context, check []byte) error
}

// batchLen is how many rows are resealed in one transaction.
const batchLen = 100

// ErrLeft says that earlier keys were not dropped because something is still sealed under them.
var ErrLeft = errors.New("vault: some texts are still sealed under an earlier key")

// Rotation puts a new master key in force: (1) the key file with the new key before the old ones, (2) the new check
// value, (3) every row sealed again, (4) where asked, the key file without the old keys, once nothing needs them. It may be
// killed between any two writes: every row opens with the keys of the file, and the next Run goes on where it was.
// Nobody else may write rows meanwhile.
type Rotation struct {
	Rows Rows
	Salt [32]byte
	// Keys are those in force; their check value was found right.
	Keys Keys
	// File is the key file to write: that of Keys, or another one when theirs cannot be written.
	File string
	// IsDropping takes earlier keys out of the file at the end; where there are some, no new one is made.
	IsDropping bool

	writer writer
}

// Report counts rows after a rotation.
type Report struct {
	// Seen rows in all, Resealed in this run; Left are still under an earlier key, Lost under a key that is not in the ring,
	// or damaged.
	Seen, Resealed, Left, Lost int
	// Current is the id of the key in force now. IsNew says that this run made it, IsDropped that earlier keys are gone.
	Current          [4]byte
	IsNew, IsDropped bool
}

// Run rotates, or finishes what an earlier run began. With ErrLeft everything but the dropping was done.
func (r *Rotation) Run(ctx context.Context) (Report, error) {
	ring, isNew, err := r.begin(ctx)
	if err != nil {
		return Report{}, err
	}
	v := New(r.Salt, ring[0], ring[1:]...)
	report := Report{Current: v.CurrentKey(), IsNew: isNew}
	if err := r.Rows.SetCheck(ctx, v.Check()); err != nil {
		return report, fmt.Errorf("vault: storing the key's check value: %w", err)
	}
	err = r.eachPage(ctx, func(page []Row) error { return r.reseal(ctx, v, page, &report) })
	if err != nil {
		return report, fmt.Errorf("vault: sealing again: %w", err)
	}
	if report.Left, err = r.countLeft(ctx, v); err != nil || !r.IsDropping || len(ring) == 1 {
		return report, err
	}
	if report.Left > 0 {
		return report, fmt.Errorf("%w: %d", ErrLeft, report.Left)
	}
	if err := r.writer.replace(r.File, ring[:1]); err != nil {
		return report, err
	}
	report.IsDropped = true
	return report, nil
}

// begin settles which ring to seal under, with a new key in front unless a rotation is to be finished.
func (r *Rotation) begin(ctx context.Context) (ring []Key, isNew bool, err error) {
	ring = append([]Key{r.Keys.Current}, r.Keys.Previous...)
	isOther := r.File != r.Keys.Path
	if isOther {
		begun, err := ReadKeyFile(r.File)
		if err == nil {
			return begun, false, continues(begun, r.Keys.Current, r.File)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, false, err
		}
	}
	isUnfinished, err := r.isUnfinished(ctx, ring)
	if err != nil || isUnfinished && !isOther {
		return ring, false, err
	}
	fresh := newKeyBeside(ring)
	ring = append([]Key{fresh}, ring...)
	if len(ring) > keysMax {
		return nil, false, fmt.Errorf("vault: %s holds %d keys already: drop the earlier ones first", r.File, len(ring)-1)
	}
	if isOther {
		return ring, true, r.writer.create(r.File, ring)
	}
	return ring, true, r.writer.replace(r.File, ring)
}

// continues refuses a key file that was not begun from the key in force.
func continues(ring []Key, current Key, path string) error {
	for _, k := range ring {
		if k.ID() == current.ID() {
			return nil
		}
	}
	return fmt.Errorf("%w: %s exists and does not hold the key in force", ErrKey, path)
}

// isUnfinished: there are earlier keys, and they are to be dropped or something is sealed under them.
func (r *Rotation) isUnfinished(ctx context.Context, ring []Key) (bool, error) {
	if len(ring) == 1 || r.IsDropping {
		return len(ring) > 1, nil
	}
	left, err := r.countLeft(ctx, New(r.Salt, ring[0], ring[1:]...))
	return left > 0, err
}

// countLeft counts rows under an earlier key of the ring, damaged ones too: their key stays until somebody has looked.
func (r *Rotation) countLeft(ctx context.Context, v *Vault) (left int, err error) {
	err = r.eachPage(ctx, func(page []Row) error {
		for _, row := range page {
			if kid, isBlob := v.KeyOf(row.Blob); isBlob && v.find(kid) != nil && !v.IsCurrent(row.Blob) {
				left++
			}
		}
		return nil
	})
	return left, err
}

func newKeyBeside(ring []Key) Key {
	for {
		k, _ := NewKey()
		isTaken := false
		for _, other := range ring {
			isTaken = isTaken || other.ID() == k.ID()
		}
		if !isTaken {
			return k
		}
	}
}

func (r *Rotation) eachPage(ctx context.Context, f func([]Row) error) error {
	var last *Row
	for {
		page, err := r.Rows.After(ctx, last, batchLen)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := f(page); err != nil {
			return err
		}
		last = &page[len(page)-1]
	}
}

func (r *Rotation) reseal(ctx context.Context, v *Vault, page []Row, report *Report) error {
	var changes []Change
	lost := 0
	for _, row := range page {
		plain, err := v.Open(row.Blob, row.Place)
		switch {
		case err != nil:
			lost++
		case !v.IsCurrent(row.Blob):
			changes = append(changes, Change{Row: row, Blob: v.Seal(plain, row.Place)})
		}
	}
	if len(changes) > 0 {
		if err := r.Rows.Replace(ctx, changes); err != nil {
			return err
		}
	}
	report.Seen += len(page)
	report.Resealed += len(changes)
	report.Lost += lost
	return nil
}
