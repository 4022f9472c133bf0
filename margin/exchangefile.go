package margin

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"paperport/calendar"
	"paperport/money"
)

// Limits of the exchange files read here.
const (
	fileRowsMax  = 100_000
	fileBytesMax = 32 << 20
)

// ErrFile says that an exchange file does not have the columns or values it should.
var ErrFile = errors.New("margin: not the exchange file it should be")

// VaRFile is NSE's daily file of VaR margins of shares, C_VAR1_DDMMYYYY_N.DAT.
type VaRFile struct {
	Date calendar.Date
	Rows []VaRRow
}

// VaRRow are the rates of one symbol and series.
type VaRRow struct {
	Symbol, Series, ISIN string
	Rates                EquityRates
}

// ReadVaR reads such a file. Its columns: a first record of type 10 with date, index VaR and the number of records
// (nseindia.com nsccl_eqvarformat.htm), then records of type 20 with symbol, series, ISIN, security VaR, index VaR, VaR
// margin, extreme loss rate, ad hoc margin and applicable rate, in percent (checked 2026-11-24 against a public reader of
// these files; we hold no original). Where the applicable rate is more than the sum, the rest counts as ad hoc. Least is
// from the caller's tables. The error is ErrFile or the reader's.
func ReadVaR(r io.Reader, least money.Rate) (*VaRFile, error) {
	lines, err := records(r)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 || len(lines[0]) < 4 || lines[0][0] != "10" {
		return nil, fmt.Errorf("%w: no control record", ErrFile)
	}
	f := &VaRFile{}
	if f.Date, err = dayMonthYear(lines[0][1]); err != nil {
		return nil, err
	}
	total, err := strconv.Atoi(lines[0][3])
	if err != nil || total != len(lines)-1 {
		return nil, fmt.Errorf("%w: %d records, the control record says %q", ErrFile, len(lines)-1, lines[0][3])
	}
	for i, c := range lines[1:] {
		row, err := varRow(c)
		if err != nil {
			return nil, fmt.Errorf("margin: VaR file, record %d: %w", i+2, err)
		}
		row.Rates.Least = least
		f.Rows = append(f.Rows, row)
	}
	return f, nil
}

func varRow(c []string) (VaRRow, error) {
	if len(c) < 10 || c[0] != "20" || c[1] == "" {
		return VaRRow{}, fmt.Errorf("%w: not a detail record", ErrFile)
	}
	row := VaRRow{Symbol: c[1], Series: c[2], ISIN: c[3], Rates: EquityRates{Label: ExchangeFile}}
	applicable := money.Rate(0)
	for _, x := range []struct {
		to   *money.Rate
		text string
	}{{&row.Rates.VaR, c[6]}, {&row.Rates.ELM, c[7]}, {&row.Rates.AdHoc, c[8]}, {&applicable, c[9]}} {
		rate, err := money.ParsePercent(x.text)
		if err != nil || rate < 0 || rate > 10*money.RateScale {
			return VaRRow{}, fmt.Errorf("%w: rate %q", ErrFile, x.text)
		}
		*x.to = rate
	}
	row.Rates.AdHoc = max(row.Rates.AdHoc, applicable-row.Rates.VaR-row.Rates.ELM)
	return row, nil
}

// ELMRow are the exposure rates of one underlying: the usual one, and that of deep out-of-the-money options.
type ELMRow struct {
	Symbol         string
	Exposure, Deep money.Rate
}

// ReadELM reads NSE's daily file of exposure (ELM) rates of futures and options, ael_DDMMYYYY.csv, whose heading is
// "Sr No.,Symbol,Instrument Type,Normal ELM Margin%,Additional ELM% ...,Total applicable ELM%" with types OTH and OTM (file of
// 2025-08-20). Rows come in the order of the file; a rate it does not have is 0. The error is ErrFile or the reader's.
func ReadELM(r io.Reader) ([]ELMRow, error) {
	lines, err := records(r)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 || len(lines[0]) < 6 || lines[0][1] != "Symbol" || !strings.HasPrefix(lines[0][5], "Total applicable ELM") {
		return nil, fmt.Errorf("%w: no heading of an ELM file", ErrFile)
	}
	var rows []ELMRow
	at := map[string]int{}
	for i, c := range lines[1:] {
		if len(c) < 6 || c[1] == "" {
			return nil, fmt.Errorf("%w: ELM row %d is short", ErrFile, i+2)
		}
		rate, err := money.ParsePercent(c[5])
		if err != nil || rate <= 0 || rate > money.RateScale {
			return nil, fmt.Errorf("%w: ELM row %d, rate %q", ErrFile, i+2, c[5])
		}
		n, isKnown := at[c[1]]
		if !isKnown {
			n = len(rows)
			at[c[1]], rows = n, append(rows, ELMRow{Symbol: c[1]})
		}
		switch c[2] {
		case "OTH":
			rows[n].Exposure = rate
		case "OTM":
			rows[n].Deep = rate
		default:
			return nil, fmt.Errorf("%w: ELM row %d, type %q", ErrFile, i+2, c[2])
		}
	}
	return rows, nil
}

// records reads comma-separated lines of any length with their spaces trimmed.
func records(r io.Reader) ([][]string, error) {
	c := csv.NewReader(bufio.NewReader(io.LimitReader(r, fileBytesMax)))
	c.FieldsPerRecord = -1
	c.LazyQuotes = true
	var lines [][]string
	for {
		line, err := c.Read()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFile, err)
		}
		if len(lines) > fileRowsMax {
			return nil, fmt.Errorf("%w: more than %d rows", ErrFile, fileRowsMax)
		}
		for i := range line {
			line[i] = strings.TrimSpace(line[i])
		}
		lines = append(lines, line)
	}
}

// dayMonthYear reads DDMMYYYY.
func dayMonthYear(s string) (calendar.Date, error) {
	if len(s) != 8 {
		return 0, fmt.Errorf("%w: date %q", ErrFile, s)
	}
	d, err := calendar.ParseDate(s[4:] + "-" + s[2:4] + "-" + s[:2])
	if err != nil {
		return 0, fmt.Errorf("%w: date %q", ErrFile, s)
	}
	return d, nil
}
