package calendar

import (
	"bytes"
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
	subPhases   []subPhase
	windows     []closingWindow
	holidays    map[dayKey]holiday
	specials    map[boardDay]special
	unsettled   map[exchangeDay]unsettled
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
		origin   *Origin
	}
	squareOff struct {
		board    Board
		from, to Date
		before   time.Duration
		origin   *Origin
	}
	expiryRule struct {
		exchange Exchange
		from     Date
		weekday  time.Weekday
		origin   *Origin
	}
	// expiryTime is the time of day at which expiring contracts of a board stop trading.
	expiryTime struct {
		board    Board
		from, to Date
		at       time.Duration
		origin   *Origin
	}
	holiday struct {
		closed closure
		name   string
		origin *Origin
	}
	unsettled struct {
		name   string
		origin *Origin
	}
	// special is a session outside the rules: the day's usual timetable when isNormal, else its own phases (none: the
	// times are not announced).
	special struct {
		isNormal bool
		name     string
		phases   []session
		origin   *Origin
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
		unsettled: map[exchangeDay]unsettled{},
	}
}

// files lists the tables: their names, columns and readers.
func (t *tables) files() []tableFile {
	return []tableFile{
		{"sessions.csv", "exchange,segment,auction,from,to,phase,start,end,clock,source,checked", t.addSession},
		{"subphases.csv", "exchange,segment,auction,from,to,phase,name,start_minute,end_minute,random_minute,source,checked", t.addSubPhase},
		{"holidays.csv", "date,exchange,segment,closed,name,source,checked", t.addHoliday},
		{"specials.csv", "date,exchange,segment,auction,kind,phase,start,end,name,source,checked", t.addSpecial},
		{"settlement_holidays.csv", "date,exchange,name,source,checked", t.addSettlementHoliday},
		{"square_off.csv", "exchange,segment,auction,from,to,minutes_before_close,source,checked", t.addSquareOff},
		{"closing_windows.csv", "exchange,segment,auction,from,to,minutes,source,checked", t.addClosingWindow},
		{"expiry_weekdays.csv", "exchange,from,weekday,source,checked", t.addExpiry},
		{"expiry_times.csv", "exchange,segment,from,to,time,source,checked", t.addExpiryTime},
	}
}

type tableFile struct {
	name, columns string
	read          func(row) error
}

// Files lists the names of the files that Load reads.
func Files() (names []string) {
	for _, f := range newTables().files() {
		names = append(names, f.name)
	}
	return names
}

// readTables reads the files that exist in source; a missing file is an empty table.
func readTables(source fs.FS, isOverride bool) (*tables, error) {
	t := newTables()
	for _, file := range t.files() {
		if err := readCSV(source, file, isOverride); err != nil {
			return nil, err
		}
	}
	return t, t.check()
}

// row is one line of a table by column name.
type row struct {
	columns []string
	fields  []string
	origin  *Origin
}

func (r row) text(column string) string {
	for i, c := range r.columns {
		if c == column {
			return r.fields[i]
		}
	}
	panic("calendar: no column " + column)
}

func readCSV(source fs.FS, file tableFile, isOverride bool) error {
	text, err := fs.ReadFile(source, file.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("calendar: open %s: %w", file.name, err)
	}
	lines := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))) // spreadsheets begin with a mark
	lines.Comment = '#'
	header, err := lines.Read()
	if err != nil || strings.Join(header, ",") != file.columns {
		return fmt.Errorf("calendar: %s: the first line must be %q", file.name, file.columns)
	}
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return fmt.Errorf("calendar: %s line %d: %w", file.name, broken.Line, broken.Err)
		}
		if err != nil {
			return fmt.Errorf("calendar: reading %s: %w", file.name, err)
		}
		line, _ := lines.FieldPos(0)
		r := row{columns: header, fields: fields}
		r.origin = &Origin{File: file.name, Line: line, Source: r.text("source"), Checked: r.text("checked"), IsOverride: isOverride}
		if err := r.read(file.read); err != nil {
			return fmt.Errorf("calendar: %s line %d: %w", file.name, line, err)
		}
	}
}

// read refuses a row without a source: no source, no rule.
func (r row) read(add func(row) error) error {
	if strings.TrimSpace(r.text("source")) == "" {
		return errors.New("source is empty: name the circular, notice or page")
	}
	return add(r)
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
	s.origin = r.origin
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
			t.holidays[dayKey{date, e, s}] = holiday{closed, r.text("name"), r.origin}
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
		s.origin = r.origin
		phases = []session{s}
	}
	for _, b := range boards {
		key := boardDay{date, b}
		own := t.specials[key]
		own.isNormal, own.name, own.origin = kind == "normal", r.text("name"), r.origin
		for _, s := range phases {
			s.board = b
			if err := checkPhase(s, own.phases); err != nil {
				return err
			}
			own.phases = append(own.phases, s)
		}
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
		t.unsettled[exchangeDay{date, e}] = unsettled{r.text("name"), r.origin}
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
	s.origin = r.origin
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
			t.expiries = append(t.expiries, expiryRule{exchange, from, day, r.origin})
			return nil
		}
	}
	return fmt.Errorf("weekday %q is not a day of the week", r.text("weekday"))
}
