package breezesim

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/instrument"
	"paperport/sim"
)

// masterFile makes the security master of a date once and keeps the last one.
type masterFile struct {
	market *sim.Market

	mu   sync.Mutex // guards date and zip
	date calendar.Date
	zip  []byte
}

// masterTime is when ICICI makes the file, in IST (4.1).
const masterTime = 7 * time.Hour

func (f *masterFile) of(date calendar.Date) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.date == date {
		return f.zip, nil
	}
	var b bytes.Buffer
	if err := breezewire.WriteMasterZip(&b, breezewire.Master{At: date.At(masterTime).IST(), Rows: masterRows(f.market, date)}); err != nil {
		return nil, err
	}
	f.date, f.zip = date, b.Bytes()
	return f.zip, nil
}

func (s *Server) serveMaster(w http.ResponseWriter, r *http.Request) {
	date := s.now().Date()
	file, err := s.master.of(date)
	if err != nil {
		http.Error(w, "the master could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	http.ServeContent(w, r, "SecurityMaster.zip", date.At(masterTime).Time(), bytes.NewReader(file))
}

// serveMember serves one member as a plain file.
func (s *Server) serveMember(w http.ResponseWriter, r *http.Request) {
	file, err := s.master.of(s.now().Date())
	if err != nil {
		http.Error(w, "the master could not be made", http.StatusInternalServerError)
		return
	}
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		http.Error(w, "the master could not be read", http.StatusInternalServerError)
		return
	}
	for _, member := range archive.File {
		if !strings.EqualFold(member.Name, r.PathValue("member")) {
			continue
		}
		if text, err := member.Open(); err == nil {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.Copy(w, text) // the client went away
			_ = text.Close()
			return
		}
	}
	reply(w, &answer{http.StatusNotFound, breezewire.Failure(http.StatusNotFound, textNotFound)})
}

// masterRows are the rows of everything that is listed on date.
func masterRows(m *sim.Market, date calendar.Date) []breezewire.MasterRow {
	contracts := m.Contracts(date)
	rows := make([]breezewire.MasterRow, 0, len(contracts))
	for _, c := range contracts {
		t := m.TermsOf(c, date)
		if c.IsDerivative() {
			rows = append(rows, contractRow(m, c, t, date))
		} else {
			rows = append(rows, cashRow(m, c, t))
		}
	}
	return rows
}

func cashRow(m *sim.Market, c sim.Contract, t sim.Terms) breezewire.MasterRow {
	u := m.Underlying(c)
	row := breezewire.MasterRow{
		Member: breezewire.MasterNSE, Token: m.Token(c), StockCode: u.StockCode, Symbol: u.CashLabel, Series: u.Series,
		CompanyName: u.Name, ISIN: u.ISIN, LotSize: 1, LowerCircuit: t.Lower, UpperCircuit: t.Upper,
	}
	if u.IsIndex {
		row.Series = "0"
	}
	if c.Exchange == calendar.BSE {
		row.Member, row.Series = breezewire.MasterBSE, "DR"
	}
	return row
}

func contractRow(m *sim.Market, c sim.Contract, t sim.Terms, date calendar.Date) breezewire.MasterRow {
	u := m.Underlying(c)
	row := breezewire.MasterRow{
		Member: breezewire.MasterNFO, Token: m.Token(c), StockCode: u.StockCode, Symbol: u.DerivativeLabel, CompanyName: u.Name,
		InstrumentName: instrumentName(c, u), Series: "FUTURE", Expiry: c.Expiry, Strike: c.Strike, Right: c.Right, LotSize: u.Lot,
		TickSize: t.Tick, LowerCircuit: t.Lower, UpperCircuit: t.Upper, BasePrice: t.Base, Bucket: m.Bucket(c, date),
	}
	if c.Kind == instrument.Option {
		row.Series = "OPTION"
	}
	if c.Exchange == calendar.BSE {
		row.Member, row.Bucket = breezewire.MasterBFO, "0-XXX"
	}
	return row
}

// instrumentName is FUTIDX, FUTSTK, OPTIDX or OPTSTK on NSE and FUTIND, OPTIND on BSE (4.2).
func instrumentName(c sim.Contract, u *sim.Underlying) string {
	name := "FUT"
	if c.Kind == instrument.Option {
		name = "OPT"
	}
	switch {
	case !u.IsIndex:
		return name + "STK"
	case c.Exchange == calendar.BSE:
		return name + "IND"
	default:
		return name + "IDX"
	}
}
