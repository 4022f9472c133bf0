package breeze

import (
	"archive/zip"
	"bytes"
	"testing"
	"time"

	"paperport/breezewire"
	"paperport/calendar"
)

// datedZip makes an archive of empty members with the given times.
func datedZip(t *testing.T, at map[breezewire.MasterMember]time.Time) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for member, modified := range at {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: member.String(), Method: zip.Deflate, Modified: modified}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestMasterDate: the oldest of the traded boards' files decides, in the maker's wall clock; the rest does not count.
func TestMasterDate(t *testing.T) {
	today, yesterday := calendar.NewDate(2026, time.November, 24), calendar.NewDate(2026, time.November, 23)
	seven := func(d calendar.Date) time.Time { return d.At(7 * time.Hour).IST() }
	for name, tc := range map[string]struct {
		at   map[breezewire.MasterMember]time.Time
		want calendar.Date
	}{
		"all of today": {map[breezewire.MasterMember]time.Time{breezewire.MasterNSE: seven(today), breezewire.MasterBFO: seven(today)}, today},
		"one of yesterday": {map[breezewire.MasterMember]time.Time{breezewire.MasterNSE: seven(today), breezewire.MasterBFO: seven(yesterday)},
			yesterday},
		"currency and funds late": {map[breezewire.MasterMember]time.Time{breezewire.MasterNSE: seven(today), breezewire.MasterNDX: seven(yesterday),
			breezewire.MasterMF: seven(yesterday)}, today},
		"made just after midnight, IST": {map[breezewire.MasterMember]time.Time{breezewire.MasterNSE: today.At(time.Minute).IST()}, today},
		"no times":                      {map[breezewire.MasterMember]time.Time{breezewire.MasterNSE: {}}, 0},
	} {
		b := datedZip(t, tc.at)
		if got, err := MasterDate(bytes.NewReader(b), int64(len(b))); got != tc.want || err != nil {
			t.Errorf("%s: %s, %v; want %s", name, got, err, tc.want)
		}
	}
	if _, err := MasterDate(bytes.NewReader([]byte("no zip")), 6); err == nil {
		t.Error("what is no zip has a date")
	}
}

// TestMasterDateOfTheRealFile: the copy of 2026-07-30 was made between 07:00 and 07:42.
func TestMasterDateOfTheRealFile(t *testing.T) {
	b := mustRealMaster(t)
	want := calendar.NewDate(2026, time.July, 30)
	if got, err := MasterDate(bytes.NewReader(b), int64(len(b))); got != want || err != nil {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}
