package instrument

import (
	"bytes"
	_ "embed" // the freeze quantities
	"encoding/csv"
	"fmt"

	"paperport/calendar"
	"paperport/money"
)

//go:embed tables/freeze.csv
var freezeCSV []byte

// FreezeTable is the dated table of the largest quantity of one order in index contracts (india-rules 2.4). The master
// does not carry it, and for stock contracts no source was found. It is immutable.
type FreezeTable struct{ rows []freezeRow }

type freezeRow struct {
	underlying string
	from       calendar.Date
	qty        money.Qty
}

// NewFreezeTable returns the embedded table. It panics when the embedded table is broken, which a test excludes.
func NewFreezeTable() *FreezeTable {
	t, err := parseFreeze(freezeCSV)
	if err != nil {
		panic(err.Error())
	}
	return t
}

func parseFreeze(table []byte) (*FreezeTable, error) {
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("instrument: read freeze table: %w", err)
	}
	t := &FreezeTable{}
	for i, r := range rows[min(1, len(rows)):] {
		row := freezeRow{underlying: r[0]}
		if row.from, err = calendar.ParseDate(r[1]); err != nil {
			return nil, fmt.Errorf("instrument: freeze table row %d: %w", i+1, err)
		}
		if row.qty, err = money.ParseQty(r[2]); err != nil || row.qty <= 0 {
			return nil, fmt.Errorf("instrument: freeze table row %d: qty %q: %w", i+1, r[2], err)
		}
		t.rows = append(t.rows, row)
	}
	return t, nil
}

// FreezeQty returns the largest quantity of one order (units) in contracts of an underlying on a date, 0 when none is known.
func (t *FreezeTable) FreezeQty(underlying string, on calendar.Date) (qty money.Qty) {
	var from calendar.Date
	for _, r := range t.rows {
		if r.underlying == underlying && r.from <= on && r.from >= from {
			from, qty = r.from, r.qty
		}
	}
	return qty
}
