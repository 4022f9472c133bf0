package breeze

import (
	"fmt"
	"io"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// MasterImport is what ImportMaster is given.
type MasterImport struct {
	// On is the day the master is for: terms hold from it, contracts that expired before it are left out.
	On calendar.Date
	// Registry receives the instruments: the view of the source that the master comes from.
	Registry *instrument.View
	// Previous is the report of the last accepted import, nil for the first. Counts that differ by more than three in
	// ten are refused, and share ticks of the same month stay.
	Previous *MasterReport
}

// MasterReport says what an import found. It is kept (as JSON) for the next one.
type MasterReport struct {
	On      calendar.Date
	Members []MemberReport
	// Skipped counts the rows that made no instrument, by member and reason, in the order of both.
	Skipped []Skip
	// Instruments is how many were listed. GuessedTicks of them are shares whose tick tier comes from today's price limits
	// because neither a stock future nor the month's first master says it.
	Instruments, GuessedTicks int
	// SharedTokens counts stream tokens that two instruments have; the first one keeps it.
	SharedTokens int
}

// MemberReport counts the rows of one file.
type MemberReport struct {
	File         string
	Rows, Broken int
}

// Skip counts rows of one file left out for one reason.
type Skip struct {
	File   string
	Reason SkipReason
	Rows   int
}

// rowsSpan is how much a member may shrink or grow against the previous import, in percent (T13).
const rowsSpan = 30

// masterOrder is the order in which members are read: shares and indices before the contracts on them.
var masterOrder = [...]breezewire.MasterMember{
	breezewire.MasterNSE, breezewire.MasterBSE, breezewire.MasterNFO, breezewire.MasterBFO,
	breezewire.MasterNDX, breezewire.MasterMCX, breezewire.MasterMF,
}

// ImportMaster reads a security master zip into the registry and returns the codes of the day with a report. The archive is
// read twice: whole and checked first, then applied, so that a bad one (ErrMasterZip) changes nothing.
func ImportMaster(r io.ReaderAt, size int64, in MasterImport) (*Codes, *MasterReport, error) {
	z, err := openMasterZip(r, size)
	if err != nil {
		return nil, nil, err
	}
	report := &MasterReport{On: in.On}
	survey, err := surveyMaster(z, report)
	if err != nil {
		return nil, nil, err
	}
	if err := checkCounts(report, in.Previous); err != nil {
		return nil, nil, err
	}
	l := newLister(in, survey, report)
	for _, member := range masterOrder {
		if member == breezewire.MasterMF {
			continue
		}
		if _, err := z.read(member, l.list); err != nil {
			return nil, nil, fmt.Errorf("breeze: second reading: %w", err)
		}
	}
	l.finish()
	return l.codes, report, nil
}

// survey is what the first reading learns about contracts before the shares under them are listed.
type survey struct {
	// futureTicks are the ticks of stock futures by ISEC code: the tier of the share for the month, as the exchange fixed it.
	futureTicks map[string]tickOf
	// derived are the ISEC codes of shares with contracts on NSE.
	derived map[string]bool
	// lastOfMonth is the last expiry of an underlying's futures or options in each month: the monthly one.
	lastOfMonth map[monthKey]calendar.Date
}

type tickOf struct {
	expiry calendar.Date
	tick   money.Price
}

type monthKey struct {
	member breezewire.MasterMember
	stock  string
	series string // FUTURE or OPTION: a commodity's options expire on another day than its future
	month  int
}

func monthKeyOf(r *breezewire.MasterRow) monthKey {
	return monthKey{r.Member, r.StockCode, r.Series, monthOf(r.Expiry)}
}

func monthOf(d calendar.Date) int {
	year, month, _ := d.YMD()
	return year*12 + int(month)
}

// surveyMaster reads every member once, counting its rows.
func surveyMaster(z *masterZip, report *MasterReport) (*survey, error) {
	s := &survey{futureTicks: map[string]tickOf{}, derived: map[string]bool{}, lastOfMonth: map[monthKey]calendar.Date{}}
	for _, member := range masterOrder {
		count, err := z.read(member, s.note)
		if err != nil {
			return nil, err
		}
		report.Members = append(report.Members, MemberReport{member.String(), count.Rows, count.Broken})
	}
	if report.Members[0].Rows == 0 {
		return nil, fmt.Errorf("%w: %s has no rows", ErrMasterZip, breezewire.MasterNSE)
	}
	return s, nil
}

func (s *survey) note(r *breezewire.MasterRow) error {
	if r.Expiry == 0 {
		return nil
	}
	key := monthKeyOf(r)
	s.lastOfMonth[key] = max(s.lastOfMonth[key], r.Expiry)
	if r.Member != breezewire.MasterNFO || (r.InstrumentName != "FUTSTK" && r.InstrumentName != "OPTSTK") {
		return nil
	}
	s.derived[r.StockCode] = true
	known, ok := s.futureTicks[r.StockCode]
	if r.InstrumentName == "FUTSTK" && r.TickSize > 0 && (!ok || r.Expiry < known.expiry) {
		s.futureTicks[r.StockCode] = tickOf{r.Expiry, r.TickSize}
	}
	return nil
}

func checkCounts(report, previous *MasterReport) error {
	if previous == nil {
		return nil
	}
	for i, m := range report.Members {
		if i >= len(previous.Members) || previous.Members[i].File != m.File {
			continue
		}
		before := previous.Members[i].Rows
		if change := m.Rows - before; before > 0 && max(change, -change)*100 > before*rowsSpan {
			return fmt.Errorf("%w: %s has %d rows, %d on %s; more than %d %% apart",
				ErrMasterZip, m.File, m.Rows, before, previous.On, rowsSpan)
		}
	}
	return nil
}
