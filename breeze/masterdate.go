package breeze

import (
	"io"

	"paperport/breezewire"
	"paperport/calendar"
)

// datedMembers are the files whose dates make a master's: those of the boards that are traded here. ICICI makes the files
// between 07:00 and 07:45, so an early download holds some of yesterday. Source: member times of the copies of
// 2025-09-05 and 2026-07-30 (4.1).
var datedMembers = [...]breezewire.MasterMember{breezewire.MasterNSE, breezewire.MasterBSE, breezewire.MasterNFO, breezewire.MasterBFO}

// MasterDate tells the day a security master was made: the oldest of its files' dates, 0 when the archive names none.
// ErrMasterZip when it is no master we accept.
func MasterDate(r io.ReaderAt, size int64) (calendar.Date, error) {
	z, err := openMasterZip(r, size)
	if err != nil {
		return 0, err
	}
	oldest := calendar.Date(0)
	for _, member := range datedMembers {
		f := z.files[member]
		if f == nil {
			continue
		}
		// A zip holds the maker's wall clock, which is IST.
		year, month, day := f.Modified.Date()
		if year < 2000 {
			return 0, nil
		}
		if d := calendar.NewDate(year, month, day); oldest == 0 || d < oldest {
			oldest = d
		}
	}
	return oldest, nil
}
