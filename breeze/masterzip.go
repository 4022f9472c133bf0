package breeze

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"paperport/breezewire"
)

// Limits of a security master zip (reliability.md T13). The real one is 2.9 MB, 32 MB unpacked, seven files, ratio 17.
const (
	zipBytesMax     = 64 << 20
	zipUnpackedMax  = 512 << 20
	zipFilesMax     = 64
	zipRatioMax     = 200
	zipDirectoryMax = 64 << 10
)

// ErrMasterZip says that an archive is not a security master we accept. The master in use stays.
var ErrMasterZip = errors.New("breeze: security master refused")

// masterZip is an archive whose directory has been checked: one file a member, sizes as declared within the limits.
type masterZip struct {
	files [8]*zip.File // by member
}

// openMasterZip checks the archive's directory. Nothing is unpacked yet and names are only compared, never used as paths.
func openMasterZip(r io.ReaderAt, size int64) (*masterZip, error) {
	if size > zipBytesMax {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrMasterZip, size, zipBytesMax)
	}
	if err := checkDirectory(r, size); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMasterZip, err)
	}
	m := &masterZip{}
	var total uint64
	for _, f := range z.File {
		if total += f.UncompressedSize64; total > zipUnpackedMax {
			return nil, fmt.Errorf("%w: more than %d bytes unpacked", ErrMasterZip, zipUnpackedMax)
		}
		if err := m.take(f); err != nil {
			return nil, err
		}
	}
	if m.files[breezewire.MasterNSE] == nil {
		return nil, fmt.Errorf("%w: it has no %s", ErrMasterZip, breezewire.MasterNSE)
	}
	return m, nil
}

func (m *masterZip) take(f *zip.File) error {
	name := breezewire.CleanText(f.Name)
	switch {
	case strings.ContainsAny(f.Name, `/\`) || strings.Contains(f.Name, ".."):
		return fmt.Errorf("%w: %q is a path", ErrMasterZip, name)
	case f.Mode()&fs.ModeType != 0:
		return fmt.Errorf("%w: %q is not a plain file", ErrMasterZip, name)
	case f.Flags&1 != 0 || (f.Method != zip.Deflate && f.Method != zip.Store):
		return fmt.Errorf("%w: %q is encrypted or packed in an unknown way", ErrMasterZip, name)
	case f.UncompressedSize64 > zipRatioMax*max(f.CompressedSize64, 1):
		return fmt.Errorf("%w: %q unpacks to more than %d times its size", ErrMasterZip, name, zipRatioMax)
	}
	member, ok := breezewire.MasterMemberOf(f.Name)
	if !ok {
		return nil
	}
	if m.files[member] != nil {
		return fmt.Errorf("%w: two files for %s", ErrMasterZip, member)
	}
	m.files[member] = f
	return nil
}

// checkDirectory reads the end record before archive/zip does, which would build a list of as many files as a hostile
// directory names. Masters need neither zip64, nor several disks, nor bytes before the archive.
func checkDirectory(r io.ReaderAt, size int64) error {
	const endLen, commentMax, signature = 22, 1<<16 - 1, 0x06054b50
	tail := make([]byte, min(size, endLen+commentMax))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("breeze: read security master: %w", err)
	}
	for i := len(tail) - endLen; i >= 0; i-- {
		if binary.LittleEndian.Uint32(tail[i:]) != signature {
			continue
		}
		end := tail[i : i+endLen]
		files := binary.LittleEndian.Uint16(end[10:])
		dirLen, dirAt := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
		switch endAt := size - int64(len(tail)) + int64(i); {
		case files > zipFilesMax:
			return fmt.Errorf("%w: %d files, at most %d", ErrMasterZip, files, zipFilesMax)
		case dirLen > zipDirectoryMax || dirAt+dirLen != endAt:
			return fmt.Errorf("%w: the directory is too large or not where it says", ErrMasterZip)
		}
		return nil
	}
	return fmt.Errorf("%w: not a zip file, or cut off", ErrMasterZip)
}

// read streams one member, absent ones as empty. More bytes than declared, a wrong checksum and a cut-off stream are errors.
func (m *masterZip) read(member breezewire.MasterMember, each func(*breezewire.MasterRow) error) (breezewire.MasterCount, error) {
	f := m.files[member]
	if f == nil {
		return breezewire.MasterCount{}, nil
	}
	stream, err := f.Open()
	if err != nil {
		return breezewire.MasterCount{}, fmt.Errorf("%w: open %s: %w", ErrMasterZip, member, err)
	}
	defer stream.Close()
	capped := &cappedReader{r: stream, left: int64(f.UncompressedSize64)}
	count, err := breezewire.ReadMasterMember(member, capped, each)
	if err != nil {
		return count, fmt.Errorf("%w: %w", ErrMasterZip, err)
	}
	return count, nil
}

// cappedReader fails once more bytes come than were declared.
type cappedReader struct {
	r    io.Reader
	left int64
}

// Read reads on; it returns ErrMasterZip beyond the declared size.
func (c *cappedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, fmt.Errorf("%w: it unpacks to more than it declares", ErrMasterZip)
	}
	return n, err
}
