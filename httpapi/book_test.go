package httpapi

import (
	"encoding/json"
	"strings"
	"testing"

	"paperport/app"
	"paperport/instrument"
)

// TestPositionNote: what an expired position waits for is in the answer; the key is there when there is nothing to say.
func TestPositionNote(t *testing.T) {
	for note, want := range map[string]string{"waits since 15:40": `"note":"waits since 15:40"`, "": `"note":""`} {
		text, err := json.Marshal(wirePosition(app.Position{Contract: &instrument.Instrument{Kind: instrument.Option}, Note: note}))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("got %s, %v; want it to have %s", text, err, want)
		}
	}
}
