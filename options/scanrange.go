package options

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"paperport/calendar"
)

//go:embed tables/scan.csv
var scanCSV string

// ErrNoRange says that the table has no row for a class and date.
var ErrNoRange = errors.New("options: no scan range for that class and date")

// ScanClass selects the floors of a scan range.
type ScanClass uint8

// The classes. LongIndexScan is an index option with more than nine months left.
const (
	IndexScan ScanClass = iota + 1
	LongIndexScan
	StockScan
)

// String returns the class as the table spells it.
func (c ScanClass) String() string {
	switch c {
	case IndexScan:
		return "index"
	case LongIndexScan:
		return "index_long"
	case StockScan:
		return "stock"
	default:
		return "unknown"
	}
}

// ScanRanges are the dated floors of the scan ranges. Read-only after LoadScanRanges.
type ScanRanges struct{ rows []scanRow }

type scanRow struct {
	class      string
	from, to   calendar.Date
	price, vol float64
}

// LoadScanRanges reads the embedded table.
func LoadScanRanges() (*ScanRanges, error) {
	r := csv.NewReader(strings.NewReader(scanCSV))
	r.Comment = '#'
	lines, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("options: scan.csv: %w", err)
	}
	t := &ScanRanges{}
	for _, c := range lines[1:] {
		x := scanRow{class: c[0]}
		var errs [4]error
		x.from, errs[0] = calendar.ParseDate(c[1])
		errs[1] = x.to.UnmarshalText([]byte(c[2]))
		x.price, errs[2] = strconv.ParseFloat(c[3], 64)
		x.vol, errs[3] = strconv.ParseFloat(c[4], 64)
		if err := errors.Join(errs[:]...); err != nil {
			return nil, fmt.Errorf("options: scan.csv: %w", err)
		}
		x.price, x.vol = x.price/100, x.vol/100
		t.rows = append(t.rows, x)
	}
	return t, nil
}

// Of returns the scan ranges on a date as fractions: PSR max(floor, 6 sigma sqrt 2), VSR its floor. sigma is the daily
// volatility (DailyVol), 0 without a history. The error is ErrNoRange.
func (t *ScanRanges) Of(class ScanClass, date calendar.Date, sigma float64) (psr, vsr float64, err error) {
	for _, r := range t.rows {
		if r.class == class.String() && date >= r.from && (r.to == 0 || date <= r.to) {
			return math.Max(r.price, 6*sigma*math.Sqrt2), r.vol, nil
		}
	}
	return 0, 0, ErrNoRange
}

// ewmaLambda is the decay of the exchange's daily volatility (india-rules 4.4: from memory, unverified).
const ewmaLambda = 0.995

// DailyVol is the exponentially weighted volatility of daily log returns, oldest close first. It starts from their mean
// square. Fewer than two closes, or one that is not a positive number, give 0: the floor then holds.
func DailyVol(closes []float64) float64 {
	if len(closes) < 2 {
		return 0
	}
	squares := make([]float64, 0, len(closes)-1)
	mean := 0.0
	for i := 1; i < len(closes); i++ {
		if !isAbove(closes[i-1], 0) || !isAbove(closes[i], 0) {
			return 0
		}
		r := math.Log(closes[i] / closes[i-1])
		squares = append(squares, r*r)
		mean += r * r
	}
	variance := mean / float64(len(squares))
	for _, s := range squares {
		variance = ewmaLambda*variance + (1-ewmaLambda)*s
	}
	return math.Sqrt(variance)
}
