package options

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"paperport/calendar"
	"paperport/money"
)

// Limits of an exchange risk file (india-rules 4.5: 50-60 MB, about 159,000 options, 239 underlyings).
const (
	SPNBytesMax       = 512 << 20
	SPNContractsMax   = 1_000_000
	SPNUnderlyingsMax = 10_000
	spnDepthMax       = 32
	spnTextMax        = 256
)

// ErrSPN says that a file is not a readable risk file: not XML, entity declarations, beyond a limit, or a value missing
// or malformed.
var ErrSPN = errors.New("options: not a readable SPAN file")

// SPNFile is a risk file without its contracts.
type SPNFile struct {
	// Format is "4.00"; Created is YYYYMMDDHHMM in IST, as the file writes it.
	Format, Created string
	Date            calendar.Date
	IsSettlement    bool
	// Underlyings are in the order of the file.
	Underlyings []*SPNUnderlying
}

// SPNUnderlying is what the file says of one underlying. Code is the trading symbol.
type SPNUnderlying struct {
	Code string
	// Spot is 0 when the file has no price of the underlying. PriceScan is in rupees, VolScan in ten-thousandths (0.04 is 400).
	Spot, PriceScan, VolScan money.Price
	// ShortMin is the short option minimum, 0 in NSE's files.
	ShortMin money.Price
	// Spreads are in the order of the file, Tiers the ranges of expiries that are scanned together (both ends included).
	Spreads []SPNSpread
	Tiers   []SPNTier
}

// SPNSpread is a calendar spread charge per unit of delta.
type SPNSpread struct {
	Priority int
	// Method is "F", a flat charge.
	Method string
	Charge money.Price
	Legs   []SPNLeg
}

// SPNLeg is one side of a spread, Side "A" or "B". Ratio is in ten-thousandths: 10,000 is one unit of delta.
type SPNLeg struct {
	Code, Side string
	Expiry     calendar.Date
	Ratio      money.Price
}

// SPNTier is a range of expiries.
type SPNTier struct{ From, To calendar.Date }

// SPNContract is one future or option. It is handed on once and not kept.
type SPNContract struct {
	Code            string
	IsFuture, IsPut bool
	Expiry          calendar.Date
	Strike          money.Price
	// ContractValue is the file's cvf in ten-thousandths: 10,000 for NSE equity, whose arrays are per unit.
	ContractValue money.Price
	Array         ScanArray
}

// ReadSPN reads a risk file (unzipped by the caller) and hands each contract to contract, whose error ends the reading.
// Memory does not grow with the number of contracts. Errors: ErrSPN, those of r and contract.
func ReadSPN(r io.Reader, contract func(SPNContract) error) (*SPNFile, error) {
	capped := &capReader{r: r, left: SPNBytesMax}
	d := xml.NewDecoder(bufio.NewReaderSize(capped, 1<<16))
	d.CharsetReader = latin1
	s := &spnReader{file: &SPNFile{}, byCode: map[string]*SPNUnderlying{}, contract: contract}
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSPN, err)
		}
		if err := s.token(tok); err != nil {
			return nil, fmt.Errorf("options: SPAN file, byte %d: %w", d.InputOffset(), err)
		}
	}
	if len(s.stack) > 0 || s.file.Format == "" || s.file.Date == 0 {
		return nil, fmt.Errorf("%w: it ends early or lacks its format or date", ErrSPN)
	}
	return s.file, nil
}

// capReader fails when more than left bytes come.
type capReader struct {
	r    io.Reader
	left int64
}

func (c *capReader) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, fmt.Errorf("%w: over %d bytes", ErrSPN, int64(SPNBytesMax))
	}
	n, err := c.r.Read(b[:min(int64(len(b)), c.left)])
	c.left -= int64(n)
	return n, err
}

// latin1 reads the one charset the files declare.
func latin1(charset string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "iso-8859-1", "latin-1", "latin1":
		return &latin1Reader{r: bufio.NewReaderSize(r, 1<<16)}, nil
	case "us-ascii":
		return r, nil
	default:
		return nil, fmt.Errorf("%w: charset %q", ErrSPN, charset)
	}
}

// latin1Reader turns Latin-1 into UTF-8. It is a ByteReader, so that the decoder does not buffer it again.
type latin1Reader struct {
	r    *bufio.Reader
	rest byte
}

func (l *latin1Reader) ReadByte() (byte, error) {
	if l.rest != 0 {
		b := l.rest
		l.rest = 0
		return b, nil
	}
	b, err := l.r.ReadByte()
	if err != nil || b < 0x80 {
		return b, err
	}
	l.rest = 0x80 | b&0x3f
	return 0xc0 | b>>6, nil
}

func (l *latin1Reader) Read(p []byte) (int, error) {
	for i := range p {
		b, err := l.ReadByte()
		if err != nil {
			if i > 0 {
				return i, nil
			}
			return 0, err
		}
		p[i] = b
	}
	return len(p), nil
}

// spnDate reads YYYYMMDD; "00000000" is no date.
func spnDate(s string) (calendar.Date, error) {
	if s == "00000000" {
		return 0, nil
	}
	if len(s) != 8 {
		return 0, fmt.Errorf("%w: date %q", ErrSPN, s)
	}
	d, err := calendar.ParseDate(s[:4] + "-" + s[4:6] + "-" + s[6:])
	if err != nil {
		return 0, fmt.Errorf("%w: date %q", ErrSPN, s)
	}
	return d, nil
}

// spnPrice reads a decimal number into ten-thousandths, rounded half away from zero.
func spnPrice(s string) (money.Price, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > 1e11 {
		return 0, fmt.Errorf("%w: number %q", ErrSPN, s)
	}
	return money.Price(math.Round(v * money.PriceScale)), nil
}
