package main

import (
	"strings"
	"testing"
)

// The floors are the yardstick, so they are tested, too.

func TestFloorParsesFrames(t *testing.T) {
	var got plainTick
	if !parseFloor([]byte(`["4.1!2885",1219.45,1209.05,1226.9,1193.35,-2.09,1209.05,13,1209.35,34,1,1208.86,10991550,762919,619405,"1328.72C","",1111.4,1358.3,1739338940,1234.85]`), &got) {
		t.Fatal("refused")
	}
	if got.token != 2885 || got.fields[2] != 12_090_500 || got.fields[5] != -20_900 || got.fields[7] != 130_000 || got.fields[20] != 12_348_500 {
		t.Errorf("got %+v", got)
	}
	for _, frame := range newFlow(100, 1, 0, 1000).frames() {
		if !parseFloor(frame, &got) {
			t.Fatalf("refused %s", frame)
		}
		if _, err := parsePeer(frame); err != nil {
			t.Fatalf("the standard library refuses %s: %v", frame, err)
		}
	}
}

func TestFloorSearch(t *testing.T) {
	all := universe(5000)
	texts := make([]string, len(all))
	for i := range all {
		texts[i] = searchText(&all[i])
	}
	floor := newTrigrams(texts)
	for _, q := range queries(all, 500) {
		want := 0
		for _, text := range texts {
			if containsAll(text, strings.Fields(q)) {
				want++
			}
		}
		got := floor.search(q, nil)
		if len(strings.Fields(q)) == 1 && len(got) != min(want, searchLimit) || want > 0 && len(got) == 0 {
			t.Errorf("%q: %d found, want %d", q, len(got), min(want, searchLimit))
		}
	}
}

func TestUniverseIsDense(t *testing.T) {
	all := universe(universeLen)
	if len(all) != universeLen {
		t.Fatalf("%d contracts, want %d", len(all), universeLen)
	}
	for i := range all {
		if int(all[i].ID) != i+1 {
			t.Fatalf("contract %d has id %d", i, all[i].ID)
		}
	}
}

// TestFloorBook: what the floor fills equals a slow walk over all orders after every tick.
func TestFloorBook(t *testing.T) {
	f := newFlow(50, 20, 2000, 20_000)
	b := f.floor()
	filled := make([]bool, len(f.orders))
	want := 0
	for i := range f.ticks {
		tick := &f.ticks[i]
		b.tick(tick)
		for j, o := range f.orders {
			if !filled[j] && o.instrument == int(tick.instrument) && (o.isBuy && tick.ask <= o.price || !o.isBuy && tick.bid >= o.price) {
				filled[j] = true
				want++
			}
		}
	}
	if b.fills != int64(want) || want == 0 {
		t.Errorf("%d fills, want %d", b.fills, want)
	}
}
