package sqlstore

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paperport/calendar"
	"paperport/instrument"
)

// TestOldPagesOfInstruments: what was stored before instruments had a source belongs to the demo market.
func TestOldPagesOfInstruments(t *testing.T) {
	old := []byte{layoutOld, 2}
	for id := range int64(2) {
		for _, v := range [14]int64{20_000, id + 1, int64(calendar.NSE), int64(calendar.Equity), int64(instrument.Equity), 0, 0, 0, 0, 1, 0, 500, 1, 1} {
			old = binary.AppendVarint(old, v)
		}
		for _, text := range []string{"RELIANCE", "Reliance Industries", "INE002A01018", "EQ", ""} {
			old = append(append(old, byte(len(text))), text...)
		}
	}
	row := instrument.Stored{From: 20_000, Instrument: instrument.Instrument{ID: 1, Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity,
		Symbol: "RELIANCE", Name: "Reliance Industries", ISIN: "INE002A01018", Series: "EQ",
		Terms: instrument.Terms{LotSize: 1, TickSize: 500, Multiplier: 1, HasDerivatives: true}}}
	second := row
	second.ID = 2
	got, err := unpackInstruments(nil, old)
	if diff := cmp.Diff([]instrument.Stored{row, second}, got); err != nil || diff != "" {
		t.Errorf("old page: %v (-want +got)\n%s", err, diff)
	}
	for cut := 2; cut < len(old); cut++ {
		if _, err := unpackInstruments(nil, old[:cut]); !errors.Is(err, errInstruments) {
			t.Fatalf("cut at %d of %d: %v", cut, len(old), err)
		}
	}
	if _, err := unpackInstruments(nil, append([]byte{layoutNow + 1}, old[1:]...)); !errors.Is(err, errInstruments) {
		t.Errorf("a layout of a newer version: %v", err)
	}
}
