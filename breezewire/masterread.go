package breezewire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

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
	at      map[string]int
	fields  [][]byte
	row     MasterRow
	// words keeps the texts seen, for most repeat thousands of times.
	words map[string]string
	bad   bool
}

// masterColumns are the columns that a member must have.
var masterColumns = map[MasterMember][]string{
	MasterNSE: {"Token", "ShortName", "Series", "CompanyName", "Lotsize", "ISINCode", "WarningPercent", "FreezePercent", "ExchangeCode"},
	MasterBSE: {"Token", "ShortName", "Series", "CompanyName", "LotSize", "ISINCode", "TickSize", "IssuePrice", "ExchangeCode"},
	MasterNFO: contractNames, MasterBFO: contractNames, MasterNDX: contractNames,
	MasterMCX: {"Token", "InstrumentName", "ShortName", "Series", "CompanyName", "TickSize", "LotSize", "ExpiryDate",
		"OptionType", "StrikePrice", "LowPriceRange", "HighPriceRange", "QuantityUnit", "PriceUnit", "ExchangeCode"},
	MasterMF: {"CompanyCode", "SchemeCode", "AmfiCd", "NAV", "SchemeName"},
}

var contractNames = []string{"Token", "InstrumentName", "ShortName", "Series", "ExpiryDate", "StrikePrice", "OptionType", "LotSize",
	"TickSize", "CompanyName", "LowPriceRange", "HighPriceRange", "MF", "BasePrice", "ExchangeCode"}

func newRowDecoder(member MasterMember, header []byte) (*rowDecoder, error) {
	fields, ok := splitFields(bytes.TrimPrefix(header, []byte("\xef\xbb\xbf")), nil)
	if !ok {
		return nil, fmt.Errorf("%w: header of %s", ErrMaster, member)
	}
	d := &rowDecoder{member: member, columns: len(fields), at: map[string]int{}, words: map[string]string{}}
	for i, f := range fields {
		name := string(bytes.Trim(f, ` "`))
		if _, twice := d.at[name]; !twice {
			d.at[name] = i
		}
	}
	for _, name := range masterColumns[member] {
		if _, ok := d.at[name]; !ok {
			return nil, fmt.Errorf("%w: %s has no column %s", ErrMaster, member, name)
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
		d.share("Lotsize", "WarningPercent", "FreezePercent")
	case MasterBSE:
		d.share("LotSize", "TickSize", "IssuePrice")
	case MasterNFO, MasterBFO:
		d.contract(money.PaiseScale)
		d.row.BasePrice = d.price("BasePrice", money.PaiseScale)
		d.row.Bucket = d.word("MF")
	case MasterNDX:
		d.contract(1)
		d.row.BasePrice = d.price("BasePrice", 1)
		d.row.Bucket = d.word("MF")
	case MasterMCX:
		d.contract(money.PaiseScale)
		d.row.QuantityUnit, d.row.PriceUnit = d.word("QuantityUnit"), d.word("PriceUnit")
	case MasterMF:
	}
	return !d.bad
}

func (d *rowDecoder) share(lot, upper, lower string) {
	r := &d.row
	r.Token, r.StockCode, r.Symbol = d.text("Token"), d.text("ShortName"), d.text("ExchangeCode")
	r.Series, r.CompanyName, r.ISIN = d.word("Series"), d.text("CompanyName"), d.text("ISINCode")
	r.LotSize = d.qty(lot)
	r.UpperCircuit, r.LowerCircuit = d.price(upper, 1), d.price(lower, 1)
}

// contract reads what all contracts have; tickUnits is how many of the file's tick units make a rupee.
func (d *rowDecoder) contract(tickUnits money.Price) {
	r := &d.row
	r.Token, r.StockCode, r.Symbol = d.text("Token"), d.word("ShortName"), d.word("ExchangeCode")
	r.InstrumentName, r.Series, r.CompanyName = d.word("InstrumentName"), d.word("Series"), d.word("CompanyName")
	r.LotSize = d.qty("LotSize")
	r.TickSize = d.price("TickSize", tickUnits)
	r.LowerCircuit, r.UpperCircuit = d.price("LowPriceRange", 1), d.price("HighPriceRange", 1)
	r.Strike = d.price("StrikePrice", 1)
	expiry, ok := readDate(d.word("ExpiryDate"))
	r.Expiry, d.bad = expiry, d.bad || !ok
	switch d.word("OptionType") {
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

func (d *rowDecoder) raw(column string) []byte { return bytes.TrimSpace(d.fields[d.at[column]]) }

// text returns a cleaned copy of a field; word the same from the words seen before.
func (d *rowDecoder) text(column string) string { return cleanField(d.raw(column)) }

func (d *rowDecoder) word(column string) string {
	raw := d.raw(column)
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
func (d *rowDecoder) price(column string, units money.Price) money.Price {
	raw := d.raw(column)
	if len(raw) == 0 {
		return 0
	}
	p, err := money.ParsePrice(string(raw))
	if err != nil || p < 0 || p%units != 0 {
		d.bad = true
	}
	return p / units
}

func (d *rowDecoder) qty(column string) money.Qty {
	raw := d.raw(column)
	if len(raw) == 0 {
		return 0
	}
	q, err := money.ParseQty(string(raw))
	if err != nil || q < 0 {
		d.bad = true
	}
	return q
}
