package feed

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// ErrTape says that a day file cannot be read; the text after it names the line.
var ErrTape = errors.New("feed: not a recorded day")

// tapeHeader begins the only layout we read: one-minute rows of an option chain, each with the last price, the day's
// volume and the open interest, both in contracts (data of 2026-08-18).
const tapeHeader = "timestamp,symbol,expiry,strike,option_type,spot,ltp,volume,oi,oi_chg"

// Recording is a recorded day: the chain of one index by the minute. It is immutable and may be played by many at once.
type Recording struct {
	Date       calendar.Date
	Underlying string // the exchange's symbol: "NIFTY"
	// From is the first minute, To the end of the last.
	From, To calendar.Instant
	Strips   []Strip // by expiry, strike and right
	spots    []spot
}

// Strip is one contract's day.
type Strip struct {
	Contract instrument.Instrument // without id; terms are filled by the caller
	bars     []bar                 // by minute, gaps left out
}

// bar is one row: the last price known in a minute, the day's volume so far and the open interest, in units.
type bar struct {
	minute     int16 // since From
	last       money.Price
	volume, oi money.Qty
	oiChange   money.Qty
}

type spot struct {
	minute int16
	price  money.Price
}

// minutesMax bounds a day file; rowsMax what we keep of it.
const (
	minutesMax = 24 * 60
	rowsMax    = 2_000_000
)

// OpenTape reads a day file (gzip when its name ends in .gz). lot turns contracts into units.
func OpenTape(path string, lot money.Qty) (*Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("feed: opening a recorded day: %w", err)
	}
	defer f.Close()
	if !strings.HasSuffix(path, ".gz") {
		return ReadTape(f, lot)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTape, err)
	}
	defer z.Close()
	return ReadTape(z, lot)
}

// ReadTape reads the text of a day file.
func ReadTape(r io.Reader, lot money.Qty) (*Recording, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 4096), 4096)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), tapeHeader) {
		return nil, fmt.Errorf("%w: the first line must begin %q", ErrTape, tapeHeader)
	}
	b := builder{tape: &Recording{}, index: map[contractKey]int{}, lot: lot}
	for number := 2; lines.Scan(); number++ {
		if number > rowsMax {
			return nil, fmt.Errorf("%w: more than %d rows", ErrTape, rowsMax)
		}
		if err := b.add(lines.Text()); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrTape, number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTape, err)
	}
	return b.finish()
}

type contractKey struct {
	expiry calendar.Date
	strike money.Price
	right  instrument.Right
}

type builder struct {
	tape  *Recording
	index map[contractKey]int
	lot   money.Qty
	last  int16 // minute of the row before
}

// add takes one row. Rows are in time order; a contract has at most one a minute.
func (b *builder) add(line string) error {
	f := strings.SplitN(line, ",", 11)
	if len(f) < 10 {
		return errors.New("too few fields")
	}
	at, err := time.ParseInLocation("200601021504", f[0], calendar.IST)
	if err != nil {
		return errors.New("timestamp is not yyyymmddHHMM")
	}
	minute, err := b.minute(calendar.FromTime(at), f[1])
	if err != nil {
		return err
	}
	key, err := parseContract(f[2], f[3], f[4])
	if err != nil {
		return err
	}
	spotPrice, err := parseCut(f[5])
	if err != nil {
		return fmt.Errorf("spot: %w", err)
	}
	row, err := b.bar(minute, f[6:10])
	if err != nil {
		return err
	}
	if n := len(b.tape.spots); n == 0 || b.tape.spots[n-1].minute != minute {
		b.tape.spots = append(b.tape.spots, spot{minute, spotPrice.RoundToTick(money.PricePerPaisa, money.HalfUp)})
	}
	i, ok := b.index[key]
	if !ok {
		i = len(b.tape.Strips)
		b.index[key] = i
		b.tape.Strips = append(b.tape.Strips, Strip{Contract: b.contract(key)})
	}
	strip := &b.tape.Strips[i]
	if n := len(strip.bars); n > 0 && strip.bars[n-1].minute == minute {
		return errors.New("a second row of one contract and minute")
	}
	strip.bars = append(strip.bars, row)
	return nil
}

// minute counts from the first row. The symbol must not change: a file holds one chain.
func (b *builder) minute(at calendar.Instant, symbol string) (int16, error) {
	t := b.tape
	// The source writes NIFTY50 for the index whose contracts are NIFTY's.
	symbol = strings.TrimSuffix(symbol, "50")
	if t.From == 0 {
		t.From, t.Date, t.Underlying = at, at.Date(), symbol
	}
	n := at.Sub(t.From) / time.Minute
	switch {
	case symbol != t.Underlying:
		return 0, errors.New("a second symbol")
	case n < 0 || n >= minutesMax || at.Date() != t.Date:
		return 0, errors.New("a row before the first or of another day")
	case int16(n) < b.last:
		return 0, errors.New("time goes back")
	}
	b.last = int16(n)
	return int16(n), nil
}

func parseContract(expiry, strike, right string) (key contractKey, err error) {
	day, err := time.Parse("02-Jan-2006", expiry)
	if err != nil {
		return key, errors.New("expiry is not dd-Mmm-yyyy")
	}
	key.expiry = calendar.NewDate(day.Date())
	if key.strike, err = money.ParsePrice(strike); err != nil || key.strike <= 0 {
		return key, errors.New("strike is not a price")
	}
	switch right {
	case "CE":
		key.right = instrument.Call
	case "PE":
		key.right = instrument.Put
	default:
		return key, errors.New("option_type is not CE or PE")
	}
	return key, nil
}

// parseCut reads a price of more than four decimals, cutting the rest.
func parseCut(s string) (money.Price, error) {
	if dot := strings.IndexByte(s, '.'); dot >= 0 && len(s) > dot+5 {
		s = s[:dot+5]
	}
	return money.ParsePrice(s)
}

func (b *builder) bar(minute int16, f []string) (row bar, err error) {
	row.minute = minute
	if row.last, err = money.ParsePrice(f[0]); err != nil || row.last <= 0 {
		return row, errors.New("ltp is not a price above 0")
	}
	for i, to := range [...]*money.Qty{&row.volume, &row.oi, &row.oiChange} {
		q, err := money.ParseQty(f[i+1])
		if err != nil || q > 1<<40 || i < 2 && q < 0 {
			return row, errors.New("volume, oi or oi_chg is not a number")
		}
		*to = q * b.lot
	}
	return row, nil
}

func (b *builder) contract(k contractKey) instrument.Instrument {
	return instrument.Instrument{Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Option, Right: k.right,
		Underlying: b.tape.Underlying, Expiry: k.expiry, Strike: k.strike}
}

// finish sorts the contracts and lifts volumes that fall: a day's volume only grows, the source's falls at times.
func (b *builder) finish() (*Recording, error) {
	t := b.tape
	if len(t.spots) == 0 {
		return nil, fmt.Errorf("%w: no rows", ErrTape)
	}
	t.To = t.From.Add(time.Duration(b.last+1) * time.Minute)
	for i := range t.Strips {
		var most money.Qty
		for j := range t.Strips[i].bars {
			most = max(most, t.Strips[i].bars[j].volume)
			t.Strips[i].bars[j].volume = most
		}
		t.Strips[i].bars = slices.Clip(t.Strips[i].bars)
	}
	sort.Slice(t.Strips, func(i, j int) bool {
		x, y := &t.Strips[i].Contract, &t.Strips[j].Contract
		if x.Expiry != y.Expiry {
			return x.Expiry < y.Expiry
		}
		if x.Strike != y.Strike {
			return x.Strike < y.Strike
		}
		return x.Right < y.Right
	})
	return t, nil
}

// Minute is which minute of the tape an instant lies in, before 0 or beyond the last when outside.
func (t *Recording) Minute(at calendar.Instant) int {
	d := at.Sub(t.From)
	if d < 0 {
		return -1
	}
	return int(d / time.Minute)
}

// spotAt is the index value of a minute, or the newest before it; 0 before the first.
func (t *Recording) spotAt(minute int) (price money.Price, at int) {
	i, ok := slices.BinarySearchFunc(t.spots, minute, func(s spot, m int) int { return int(s.minute) - m })
	if !ok {
		i--
	}
	if i < 0 {
		return 0, 0
	}
	return t.spots[i].price, int(t.spots[i].minute)
}

// find returns the row of a minute and the one before it; nil when there is none.
func (s *Strip) find(minute int) (now, before *bar) {
	i, ok := slices.BinarySearchFunc(s.bars, minute, func(b bar, m int) int { return int(b.minute) - m })
	if i > 0 {
		before = &s.bars[i-1]
	}
	if ok {
		now = &s.bars[i]
	}
	return now, before
}
