package breezewire

import (
	"archive/zip"
	"fmt"
	"io"
	"strings"
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// MasterMember is one file of the security master's zip (4.1).
type MasterMember uint8

// The members.
const (
	MasterNSE MasterMember = iota + 1
	MasterBSE
	MasterNFO
	MasterBFO
	MasterNDX
	MasterMCX
	MasterMF
)

// masterNames are upper-cased parts of member names. As in the SDKs the first match counts, but CDNSE comes before NSE,
// where the SDKs get it wrong.
var masterNames = [...]struct {
	part   string
	member MasterMember
	file   string
}{
	{"FONSE", MasterNFO, "FONSEScripMaster.txt"},
	{"FOBSE", MasterBFO, "FOBSEScripMaster.txt"},
	{"CDNSE", MasterNDX, "CDNSEScripMaster.txt"},
	{"MCX", MasterMCX, "MCXScripMaster.txt"},
	{"MFSCRIP", MasterMF, "MFScripMaster.txt"},
	{"NSESCRIP", MasterNSE, "NSEScripMaster.txt"},
	{"BSESCRIP", MasterBSE, "BSEScripMaster.txt"},
}

// MasterMemberOf tells which member a file name inside the zip stands for; false for files we do not know.
func MasterMemberOf(name string) (MasterMember, bool) {
	upper := strings.ToUpper(name)
	for _, n := range masterNames {
		if strings.Contains(upper, n.part) {
			return n.member, true
		}
	}
	return 0, false
}

// String returns the member's file name.
func (m MasterMember) String() string {
	for _, n := range masterNames {
		if n.member == m {
			return n.file
		}
	}
	return "?"
}

// ExchangeCode returns the code requests use for the member's instruments; "" for mutual funds.
func (m MasterMember) ExchangeCode() ExchangeCode {
	switch m {
	case MasterNSE:
		return NSE
	case MasterBSE:
		return BSE
	case MasterNFO:
		return NFO
	case MasterBFO:
		return BFO
	case MasterNDX:
		return NDX
	case MasterMCX:
		return MCX
	case MasterMF:
		return ""
	default:
		return ""
	}
}

// MasterRow is one row of the security master, its traps removed (4.3). Fields that a member does not have are zero.
type MasterRow struct {
	Member MasterMember
	// Token is as written: usually digits, for indices a name ("NIFTY 50"), for dead rows "0", "NA" or "nul".
	Token string
	// StockCode is the column ShortName: RELIND, CNXBAN.
	StockCode string
	// Symbol is the column ExchangeCode: the exchange's ticker (RELIANCE), for indices a label ("NIFTY BANK").
	Symbol string
	// InstrumentName is FUTIDX, FUTSTK, OPTIDX, OPTSTK (NSE, MCX), FUTIND, OPTIND (BSE), UNDCUR ...; empty for shares.
	InstrumentName string
	// Series is EQ, BE ... or "0" for indices on NSE; FUTURE, OPTION or SPOT for contracts.
	Series, CompanyName, ISIN string
	Expiry                    calendar.Date
	Strike                    money.Price
	Right                     instrument.Right
	LotSize                   money.Qty
	// TickSize is in rupees, whatever the file's unit. It is zero for NSE and BSE shares: their column is no tick.
	TickSize money.Price
	// LowerCircuit and UpperCircuit are the day's price limits; shares keep them in misnamed columns.
	LowerCircuit, UpperCircuit money.Price
	// BasePrice is the contract's base price in rupees, on options the underlying's. Contracts only.
	BasePrice money.Price
	// Bucket is the contract's place in the cycle: "1-Mon", "2-Wek". Contracts only.
	Bucket string
	// QuantityUnit and PriceUnit are MCX's words: "KGS" and "RS/10GRMS".
	QuantityUnit, PriceUnit string
}

// Master is a whole security master to write. Rows of one member keep their order.
type Master struct {
	// At stamps the members.
	At   time.Time
	Rows []MasterRow
}

// WriteMasterZip writes a zip as ICICI does: the members of NSE, BSE, FONSE and FOBSE, each with its original header
// even when it has no rows. It returns an error for a row of another member, and for text that would break the format.
func WriteMasterZip(w io.Writer, m Master) error {
	z := zip.NewWriter(w)
	for _, member := range []MasterMember{MasterBSE, MasterBFO, MasterNFO, MasterNSE} {
		f, err := z.CreateHeader(&zip.FileHeader{Name: member.String(), Method: zip.Deflate, Modified: m.At})
		if err != nil {
			return fmt.Errorf("breezewire: write master: %w", err)
		}
		if err := writeMember(f, member, m.Rows); err != nil {
			return err
		}
	}
	for i := range m.Rows {
		switch m.Rows[i].Member {
		case MasterNSE, MasterBSE, MasterNFO, MasterBFO:
		default:
			return fmt.Errorf("breezewire: write master: row %d belongs to %s, which is not written", i, m.Rows[i].Member)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("breezewire: write master: %w", err)
	}
	return nil
}
