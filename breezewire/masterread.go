package breezewire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"paperport/instrument"
	"paperport/money"
)

// ErrMaster says that a file is not the security master member it should be.
var ErrMaster = errors.New("breezewire: not a security master file")

// Limits of one master file (T13). The largest real member has 70,950 rows of 69 columns and 900 bytes at most.
const (
	masterLineMax = 16 << 10
	masterRowsMax = 1_000_000
	masterTextMax = 512
)

// MasterCount says what became of a member's rows.
type MasterCount struct {
	// Rows is how many data rows there are, the header apart; Broken of them could not be read and were left out:
	// another number of columns, an unreadable date, number or side.
	Rows, Broken int
}

// ReadMasterMember reads one member as it streams in and calls each for every row it can read. The row is reused: keep a
// copy. It returns ErrMaster when the header lacks a column, a line or the file is too long, or more than one row in
// a hundred (and more than ten) is broken, and the error of each, which stops it. For mutual funds each is not called.
func ReadMasterMember(member MasterMember, r io.Reader, each func(*MasterRow) error) (MasterCount, error) {
	lines := bufio.NewReaderSize(r, masterLineMax)
	header, err := readLine(lines)
	if err != nil {
		return MasterCount{}, fmt.Errorf("breezewire: read %s: header: %w", member, err)
	}
	d, err := newRowDecoder(member, header)
	if err != nil {
		return MasterCount{}, err
	}
	var count MasterCount
	for {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return count, fmt.Errorf("breezewire: read %s row %d: %w", member, count.Rows+1, err)
		}
		if len(line) == 0 {
			continue
		}
		if count.Rows++; count.Rows > masterRowsMax {
			return count, fmt.Errorf("%w: %s has more than %d rows", ErrMaster, member, masterRowsMax)
		}
		if !d.decode(line) {
			count.Broken++
			continue
		}
		if member == MasterMF {
			continue
		}
		if err := each(&d.row); err != nil {
			return count, err
		}
	}
	if count.Broken > 10 && count.Broken*100 > count.Rows {
		return count, fmt.Errorf("%w: %d of %d rows of %s cannot be read", ErrMaster, count.Broken, count.Rows, member)
	}
	return count, nil
}

// readLine returns one line without its end, valid until the next call. A line longer than masterLineMax is ErrMaster.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("%w: a line is longer than %d bytes", ErrMaster, masterLineMax)
	case errors.Is(err, io.EOF) && len(line) > 0:
	case err != nil:
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// splitFields cuts a line at its commas into dst, reused. Fields may be quoted, with quotes doubled inside and spaces
// before; the quotes are taken off. ok is false when a quote is not closed or followed by other text.
func splitFields(line []byte, dst [][]byte) (fields [][]byte, ok bool) {
	dst = dst[:0]
	for {
		for len(line) > 0 && line[0] == ' ' {
			line = line[1:]
		}
		if len(line) == 0 || line[0] != '"' {
			field, rest, more := bytes.Cut(line, []byte{','})
			dst = append(dst, bytes.TrimRight(field, " "))
			if !more {
				return dst, true
			}
			line = rest
			continue
		}
		field, rest, closed := cutQuoted(line[1:])
		if !closed {
			return dst, false
		}
		dst = append(dst, field)
		for len(rest) > 0 && rest[0] == ' ' {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			return dst, true
		}
		if rest[0] != ',' {
			return dst, false
		}
		line = rest[1:]
	}
}

// cutQuoted returns the text up to the closing quote and what follows it.
func cutQuoted(s []byte) (field, rest []byte, ok bool) {
	i := bytes.IndexByte(s, '"')
	if i < 0 {
		return nil, nil, false
	}
	if i+1 == len(s) || s[i+1] != '"' {
		return s[:i], s[i+1:], true
	}
	var out []byte
	for {
		i := bytes.IndexByte(s, '"')
		if i < 0 {
			return nil, nil, false
		}
		out = append(out, s[:i]...)
		if i+1 == len(s) || s[i+1] != '"' {
			return out, s[i+1:], true
		}
		out = append(out, '"')
		s = s[i+2:]
	}
}

// rowDecoder turns the lines of one member into rows. Columns are found by name, so their order does not matter.
type rowDecoder struct {
	member  MasterMember
	columns int
	at      [columnCount]int
	fields  [][]byte
	row     MasterRow
	// words keeps the texts seen, for most repeat thousands of times.
	words map[string]string
	bad   bool
}

// column is a column we read; its place in a file comes from the header.
type column uint8

const (
	colToken column = iota
	colShortName
	colSeries
	colCompanyName
	colExchangeCode
	colISINCode
	colLotsizeNSE
	colLotSize
	colWarningPercent
	colFreezePercent
	colTickSize
	colIssuePrice
	colInstrumentName
	colExpiryDate
	colStrikePrice
	colOptionType
	colLowPriceRange
	colHighPriceRange
	colMF
	colBasePrice
	colQuantityUnit
	colPriceUnit
	colCompanyCode
	colSchemeCode
	colAmfiCd
	colNAV
	colSchemeName
	columnCount
)

var columnNames = [columnCount]string{
	colToken:          "Token",
	colShortName:      "ShortName",
	colSeries:         "Series",
	colCompanyName:    "CompanyName",
	colExchangeCode:   "ExchangeCode",
	colISINCode:       "ISINCode",
	colLotsizeNSE:     "Lotsize",
	colLotSize:        "LotSize",
	colWarningPercent: "WarningPercent",
	colFreezePercent:  "FreezePercent",
	colTickSize:       "TickSize",
	colIssuePrice:     "IssuePrice",
	colInstrumentName: "InstrumentName",
	colExpiryDate:     "ExpiryDate",
	colStrikePrice:    "StrikePrice",
	colOptionType:     "OptionType",
	colLowPriceRange:  "LowPriceRange",
	colHighPriceRange: "HighPriceRange",
	colMF:             "MF",
	colBasePrice:      "BasePrice",
	colQuantityUnit:   "QuantityUnit",
	colPriceUnit:      "PriceUnit",
	colCompanyCode:    "CompanyCode",
	colSchemeCode:     "SchemeCode",
	colAmfiCd:         "AmfiCd",
	colNAV:            "NAV",
	colSchemeName:     "SchemeName",
}

// masterColumns are the columns that a member must have.
var masterColumns = map[MasterMember][]column{
	MasterNSE: {colToken, colShortName, colSeries, colCompanyName, colLotsizeNSE, colISINCode, colWarningPercent, colFreezePercent, colExchangeCode},
	MasterBSE: {colToken, colShortName, colSeries, colCompanyName, colLotSize, colISINCode, colTickSize, colIssuePrice, colExchangeCode},
	MasterNFO: contractNames, MasterBFO: contractNames, MasterNDX: contractNames,
	MasterMCX: {colToken, colInstrumentName, colShortName, colSeries, colCompanyName, colTickSize, colLotSize, colExpiryDate,
		colOptionType, colStrikePrice, colLowPriceRange, colHighPriceRange, colQuantityUnit, colPriceUnit, colExchangeCode},
	MasterMF: {colCompanyCode, colSchemeCode, colAmfiCd, colNAV, colSchemeName},
}

var contractNames = []column{colToken, colInstrumentName, colShortName, colSeries, colExpiryDate, colStrikePrice, colOptionType, colLotSize,
	colTickSize, colCompanyName, colLowPriceRange, colHighPriceRange, colMF, colBasePrice, colExchangeCode}

func newRowDecoder(member MasterMember, header []byte) (*rowDecoder, error) {
	fields, ok := splitFields(bytes.TrimPrefix(header, []byte("\xef\xbb\xbf")), nil)
	if !ok {
		return nil, fmt.Errorf("%w: header of %s", ErrMaster, member)
	}
	d := &rowDecoder{member: member, columns: len(fields), words: map[string]string{}}
	for _, c := range masterColumns[member] {
		d.at[c] = slices.IndexFunc(fields, func(f []byte) bool { return string(bytes.Trim(f, ` "`)) == columnNames[c] })
		if d.at[c] < 0 {
			return nil, fmt.Errorf("%w: %s has no column %s", ErrMaster, member, columnNames[c])
		}
	}
	return d, nil
}

// decode fills row from a line; false when the line cannot be read.
func (d *rowDecoder) decode(line []byte) bool {
	fields, ok := splitFields(line, d.fields)
	d.fields = fields
	if !ok || len(fields) != d.columns {
		return false
	}
	d.bad = false
	d.row = MasterRow{Member: d.member}
	switch d.member {
	case MasterNSE:
		d.share(colLotsizeNSE, colWarningPercent, colFreezePercent)
	case MasterBSE:
		d.share(colLotSize, colTickSize, colIssuePrice)
	case MasterNFO, MasterBFO:
		d.contract(money.PaiseScale)
		d.row.BasePrice = d.price(colBasePrice, money.PaiseScale)
		d.row.Bucket = d.word(colMF)
	case MasterNDX:
		d.contract(1)
		d.row.BasePrice = d.price(colBasePrice, 1)
		d.row.Bucket = d.word(colMF)
	case MasterMCX:
		d.contract(money.PaiseScale)
		d.row.QuantityUnit, d.row.PriceUnit = d.word(colQuantityUnit), d.word(colPriceUnit)
	case MasterMF:
	}
	return !d.bad
}

func (d *rowDecoder) share(lot, upper, lower column) {
	r := &d.row
	r.Token, r.StockCode, r.Symbol = d.text(colToken), d.text(colShortName), d.text(colExchangeCode)
	r.Series, r.CompanyName, r.ISIN = d.word(colSeries), d.text(colCompanyName), d.text(colISINCode)
	r.LotSize = d.qty(lot)
	r.UpperCircuit, r.LowerCircuit = d.price(upper, 1), d.price(lower, 1)
}

// contract reads what all contracts have; tickUnits is how many of the file's tick units make a rupee.
func (d *rowDecoder) contract(tickUnits money.Price) {
	r := &d.row
	r.Token, r.StockCode, r.Symbol = d.text(colToken), d.word(colShortName), d.word(colExchangeCode)
	r.InstrumentName, r.Series, r.CompanyName = d.word(colInstrumentName), d.word(colSeries), d.word(colCompanyName)
	r.LotSize = d.qty(colLotSize)
	r.TickSize = d.price(colTickSize, tickUnits)
	r.LowerCircuit, r.UpperCircuit = d.price(colLowPriceRange, 1), d.price(colHighPriceRange, 1)
	r.Strike = d.price(colStrikePrice, 1)
	expiry, ok := readDate(d.word(colExpiryDate))
	r.Expiry, d.bad = expiry, d.bad || !ok
	switch d.word(colOptionType) {
	case "CE":
		r.Right = instrument.Call
	case "PE":
		r.Right = instrument.Put
	case "XX":
		r.Right = instrument.NoRight
	default:
		d.bad = true
	}
}

func (d *rowDecoder) raw(c column) []byte { return bytes.TrimSpace(d.fields[d.at[c]]) }

// text returns a cleaned copy of a field; word the same from the words seen before.
func (d *rowDecoder) text(c column) string { return cleanField(d.raw(c)) }

func (d *rowDecoder) word(c column) string {
	raw := d.raw(c)
	if w, ok := d.words[string(raw)]; ok {
		return w
	}
	w := cleanField(raw)
	d.words[string(raw)] = w
	return w
}

// cleanField keeps printable ASCII and cuts at masterTextMax: what reaches a screen is text we understand (T14).
func cleanField(raw []byte) string {
	raw = raw[:min(len(raw), masterTextMax)]
	for i := range raw {
		if raw[i] < ' ' || raw[i] > '~' {
			out := make([]byte, 0, len(raw))
			for _, c := range raw {
				if c >= ' ' && c <= '~' {
					out = append(out, c)
				}
			}
			return string(out)
		}
	}
	return string(raw)
}

// price reads a decimal of the given units per rupee; an empty field is zero. A part finer than a Price is refused.
func (d *rowDecoder) price(c column, units money.Price) money.Price {
	raw := d.raw(c)
	if len(raw) == 0 {
		return 0
	}
	p, err := money.ParsePrice(string(raw))
	if err != nil || p < 0 || p%units != 0 {
		d.bad = true
	}
	return p / units
}

func (d *rowDecoder) qty(c column) money.Qty {
	raw := d.raw(c)
	if len(raw) == 0 {
		return 0
	}
	q, err := money.ParseQty(string(raw))
	if err != nil || q < 0 {
		d.bad = true
	}
	return q
}
