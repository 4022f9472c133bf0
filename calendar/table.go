package calendar

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// tables is one layer of parsed files. Slices keep file order; maps are only looked up, never ranged over.
type tables struct {
	sessions    []session
	squareOffs  []squareOff
	expiries    []expiryRule
	expiryTimes []expiryTime
	holidays    map[dayKey]holiday
	specials    map[boardDay]special
	unsettled   map[exchangeDay]bool
	lastHoliday Date
}

type (
	dayKey struct {
		date     Date
		exchange Exchange
		segment  Segment
	}
	boardDay struct {
		date  Date
		board Board
	}
	exchangeDay struct {
		date     Date
		exchange Exchange
	}
	// session is one phase of the day of a board, from a first to a last date (zero: open-ended).
	session struct {
		board    Board
		from, to Date
		phase    Phase
		start    time.Duration
		end      time.Duration
		clock    usClock
	}
	squareOff struct {
		board    Board
		from, to Date
		before   time.Duration
	}
	expiryRule struct {
		exchange Exchange
		from     Date
		weekday  time.Weekday
	}
	// expiryTime is the time of day at which expiring contracts of a board stop trading.
	expiryTime struct {
		board    Board
		from, to Date
		at       time.Duration
	}
	holiday struct {
		closed closure
		name   string
	}
	// special is a session outside the rules: the day's usual timetable when isNormal, else its own phases (none: the
	// times are not announced).
	special struct {
		isNormal bool
		name     string
		phases   []session
	}
)

// closure says how much of a day a holiday takes; MCX splits days at 17:00.
type closure uint8

const (
	closedNot closure = iota
	closedDay
	closedMorning
	closedEvening
)

// usClock marks sessions that follow US daylight saving.
type usClock uint8

const (
	anyClock usClock = iota
	usSummer
	usWinter
)

func newTables() *tables {
	return &tables{
		holidays:  map[dayKey]holiday{},
		specials:  map[boardDay]special{},
		unsettled: map[exchangeDay]bool{},
	}
}

// readTables reads the files that exist in source; a missing file is an empty table.
func readTables(source fs.FS) (*tables, error) {
	t := newTables()
	for _, file := range []struct {
		name    string
		columns string
		read    func(row) error
	}{
		{"sessions.csv", "exchange,segment,auction,from,to,phase,start,end,clock,source,checked", t.addSession},
		{"holidays.csv", "date,exchange,segment,closed,name,source,checked", t.addHoliday},
		{"specials.csv", "date,exchange,segment,auction,kind,phase,start,end,name,source,checked", t.addSpecial},
		{"settlement_holidays.csv", "date,exchange,name,source,checked", t.addSettlementHoliday},
		{"square_off.csv", "exchange,segment,auction,from,to,minutes_before_close,source,checked", t.addSquareOff},
		{"expiry_weekdays.csv", "exchange,from,weekday,source,checked", t.addExpiry},
		{"expiry_times.csv", "exchange,segment,from,to,time,source,checked", t.addExpiryTime},
	} {
		if err := readCSV(source, file.name, file.columns, file.read); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// row is one line of a table by column name. The first conversion that fails is kept in err.
type row struct {
	columns []string
	fields  []string
}

func (r row) text(column string) string {
	for i, c := range r.columns {
		if c == column {
			return r.fields[i]
		}
	}
	panic("calendar: no column " + column)
}

func readCSV(source fs.FS, name, columns string, read func(row) error) error {
	f, err := source.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("calendar: open %s: %w", name, err)
	}
	defer f.Close()
	lines := csv.NewReader(f)
	header, err := lines.Read()
	if err != nil || strings.Join(header, ",") != columns {
		return fmt.Errorf("calendar: %s: the first line must be %q", name, columns)
	}
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = read(row{header, fields})
		}
		if err != nil {
			line, _ := lines.FieldPos(0)
			return fmt.Errorf("calendar: %s line %d: %w", name, line, err)
		}
	}
}

func (t *tables) addSession(r row) error {
	boards, err := r.boards()
	if err != nil {
		return err
	}
	s, err := r.phase()
	if err != nil {
		return err
	}
	if s.from, s.to, err = r.dates(); err != nil {
		return err
	}
	switch r.text("clock") {
	case "":
	case "us-summer":
		s.clock = usSummer
	case "us-winter":
		s.clock = usWinter
	default:
		return fmt.Errorf("clock %q is none of us-summer, us-winter or empty", r.text("clock"))
	}
	for _, s.board = range boards {
		t.sessions = append(t.sessions, s)
	}
	return nil
}

func (t *tables) addHoliday(r row) error {
	date, err := ParseDate(r.text("date"))
	if err != nil {
		return err
	}
	closures := map[string]closure{"day": closedDay, "morning": closedMorning, "evening": closedEvening, "no": closedNot}
	closed, ok := closures[r.text("closed")]
	if !ok {
		return fmt.Errorf("closed %q is none of day, morning, evening, no", r.text("closed"))
	}
	exchanges, segments, err := r.places()
	if err != nil {
		return err
	}
	for _, e := range exchanges {
		for _, s := range segments {
			t.holidays[dayKey{date, e, s}] = holiday{closed, r.text("name")}
		}
	}
	t.lastHoliday = max(t.lastHoliday, date)
	return nil
}

func (t *tables) addSpecial(r row) error {
	date, err := ParseDate(r.text("date"))
	if err != nil {
		return err
	}
	boards, err := r.boards()
	if err != nil {
		return err
	}
	kind := r.text("kind")
	if kind != "normal" && kind != "muhurat" {
		return fmt.Errorf("kind %q is neither normal nor muhurat", kind)
	}
	var phases []session
	if r.text("start") != "" || r.text("phase") != "" {
		s, err := r.phase()
		if err != nil {
			return err
		}
		phases = []session{s}
	}
	for _, b := range boards {
		key := boardDay{date, b}
		own := t.specials[key]
		own.isNormal, own.name = kind == "normal", r.text("name")
		own.phases = append(own.phases, phases...)
		t.specials[key] = own
	}
	return nil
}

func (t *tables) addSettlementHoliday(r row) error {
	date, err := ParseDate(r.text("date"))
	if err != nil {
		return err
	}
	exchanges, err := parseAll(r.text("exchange"), parseExchange)
	if err != nil {
		return err
	}
	for _, e := range exchanges {
		t.unsettled[exchangeDay{date, e}] = true
	}
	return nil
}

func (t *tables) addSquareOff(r row) error {
	boards, err := r.boards()
	if err != nil {
		return err
	}
	var s squareOff
	if s.from, s.to, err = r.dates(); err != nil {
		return err
	}
	minutes, err := strconv.Atoi(r.text("minutes_before_close"))
	if err != nil || minutes < 0 || minutes > 24*60 {
		return fmt.Errorf("minutes_before_close %q is not a number of minutes", r.text("minutes_before_close"))
	}
	s.before = time.Duration(minutes) * time.Minute
	for _, s.board = range boards {
		t.squareOffs = append(t.squareOffs, s)
	}
	return nil
}

func (t *tables) addExpiry(r row) error {
	exchange, err := parseExchange(r.text("exchange"))
	if err != nil {
		return err
	}
	from, err := ParseDate(r.text("from"))
	if err != nil {
		return err
	}
	for day := time.Sunday; day <= time.Saturday; day++ {
		if day.String() == r.text("weekday") {
			t.expiries = append(t.expiries, expiryRule{exchange, from, day})
			return nil
		}
	}
	return fmt.Errorf("weekday %q is not a day of the week", r.text("weekday"))
}
